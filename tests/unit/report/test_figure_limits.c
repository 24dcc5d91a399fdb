/* Figures: what is refused, that nothing is left behind then, and odd images that are drawn.
 * SPDX-License-Identifier: Apache-2.0 */
#include "pictures.h"

static char noted[512];

static void note(void *user, lar_log_level level, const char *line)
{
    (void)user, (void)level;
    snprintf(noted, sizeof noted, "%s", line);
}

static void several_volumes_are_noted(void **state)
{
    (void)state;
    const lar_grid grid = box_grid(5, 5, 5, 60);
    lar_image *image;
    const lar_figure_params params = lar_figure_default();
    CHECK_OK(lar_image_new(&image, &grid, 3, LAR_F32));
    lar_log_to(note, NULL);
    CHECK_OK(
        lar_figure((const lar_image *const *)&image, NULL, 1, &params, file("several.png"), true));
    lar_log_to(NULL, NULL);
    assert_string_equal(noted, "'image 1' has 3 volumes; the first is drawn");
    lar_image_free(image);
}

static void wrong_requests_are_refused(void **state)
{
    (void)state;
    const lar_grid grid = box_grid(5, 5, 5, 60);
    lar_image *image = fill(&grid, head, LAR_F32);
    const lar_image *pair[] = { image, image };
    const lar_figure_params good = lar_figure_default();
    lar_figure_params p = good;
    char *bytes;
    size_t count;
#define REFUSED(status, path, words)                                                               \
    do {                                                                                           \
        CHECK_FAILS(lar_figure(pair, NULL, 2, &p, path, false), status, words);                    \
        p = good;                                                                                  \
    } while (0)
    REFUSED(LAR_EARGUMENT, file("a.jpg"), "which kind of picture");
    REFUSED(LAR_EEXISTS, file("absent/a.png"), "cannot create");
    p.planes = "axial,coronl";
    REFUSED(LAR_EARGUMENT, file("a.png"), "try coronal");
    p.planes = "";
    REFUSED(LAR_EARGUMENT, file("a.png"), "no plane");
    p.planes = "axial axial";
    REFUSED(LAR_EARGUMENT, file("a.png"), "twice");
    p.at = (lar_reals){ 2, { 0, 0 } };
    REFUSED(LAR_EARGUMENT, file("a.png"), "at has 2 numbers");
    p.at = (lar_reals){ 3, { 0, 0, 500 } };
    REFUSED(LAR_EARGUMENT, file("a.png"), "outside of every image");
    p.window = "5 5";
    REFUSED(LAR_EARGUMENT, file("a.png"), "is empty");
    p.window = "5 6 7";
    REFUSED(LAR_EARGUMENT, file("a.png"), "low end without a high one");
    p.percentiles = (lar_reals){ 2, { 99, 1 } };
    REFUSED(LAR_EARGUMENT, file("a.png"), "percentiles");
    p.share = (lar_ints){ 2, { 1, 3 } };
    REFUSED(LAR_EARGUMENT, file("a.png"), "names image 3");
    p.difference = (lar_ints){ 1, { 1 } };
    REFUSED(LAR_EARGUMENT, file("a.png"), "difference is of 2");
    p.contours = (lar_ints){ 1, { 1 } };
    REFUSED(LAR_EARGUMENT, file("a.png"), "contours is of 2");
    p.checker = (lar_ints){ 2, { 0, 1 } };
    REFUSED(LAR_EARGUMENT, file("a.png"), "checker names image 0, expected 1 to 2");
    p.alone = true;
    REFUSED(LAR_EARGUMENT, file("a.png"), "nothing is left to draw");
    p.mosaic = (lar_ints){ 3, { 2, 2, 2 } };
    REFUSED(LAR_EARGUMENT, file("a.png"), "mosaic has 3 numbers");
    p.mosaic = (lar_ints){ 1, { 0 } };
    REFUSED(LAR_EARGUMENT, file("a.png"), "a mosaic of 0");
    p.mosaic = (lar_ints){ 1, { 4 } };
    p.planes = "axial,coronal";
    REFUSED(LAR_EARGUMENT, file("a.png"), "a mosaic is of one plane");
    p.mosaic = (lar_ints){ 2, { 1000, 1000 } };
    REFUSED(LAR_EARGUMENT, file("a.png"), "fewer slices");
    p.mosaic = (lar_ints){ 1, { 4 } };
    p.at = (lar_reals){ 3, { 0, 0, 0 } };
    REFUSED(LAR_EARGUMENT, file("a.png"), "try --span");
    p.span = (lar_reals){ 2, { 0, 1 } };
    REFUSED(LAR_EARGUMENT, file("a.png"), "there is none");
    p.mosaic = (lar_ints){ 1, { 4 } };
    p.span = (lar_reals){ 2, { 1, 0 } };
    REFUSED(LAR_EARGUMENT, file("a.png"), "span is two numbers");
    p.mosaic = (lar_ints){ 1, { 4 } };
    p.span = (lar_reals){ 2, { 900, 901 } };
    REFUSED(LAR_EARGUMENT, file("a.png"), "outside of every image; the first reaches from -30.0");
    lar_overlay over = { .image = image, .opacity = 2, .name = "it" };
    p.overlays = &over;
    p.overlay_count = 1;
    const lar_figure_params covered = p;
    REFUSED(LAR_EARGUMENT, file("a.png"), "an opacity of 2");
    p = covered;
    p.alone = true;
    p.checker = (lar_ints){ 2, { 1, 2 } };
    REFUSED(LAR_EARGUMENT, file("a.png"), "overlays lie over images");
    over.opacity = NAN;
    over.on = 3;
    p = covered;
    REFUSED(LAR_EARGUMENT, file("a.png"), "'it' is for image 3");
    over.on = 0;
    over.as = 99;
    p = covered;
    REFUSED(LAR_EARGUMENT, file("a.png"), "no overlay of kind 99");
    over.as = LAR_OVER_LABELS;
    p = covered;
    REFUSED(LAR_EARGUMENT, file("a.png"), "'it' holds fractions");
    p.zoom = 1000;
    REFUSED(LAR_EARGUMENT, file("a.png"), "smaller --zoom");
    CHECK_FAILS(lar_figure(pair, NULL, 0, &p, file("a.png"), false), LAR_EARGUMENT, "at least one");
    assert_false(lar_path_exists(file("a.png")));

    CHECK_OK(lar_file_write(file("old.png"), "old", 3, false));
    REFUSED(LAR_EEXISTS, file("old.png"), "exists already");
    CHECK_OK(lar_file_read(&bytes, &count, file("old.png"), 100));
    assert_int_equal(count, 3);
    lar_free(bytes);
    lar_image_free(image);
}

static double zero(const double xyz[3])
{
    (void)xyz;
    return 0;
}

static double nothing(const double xyz[3])
{
    (void)xyz;
    return NAN;
}

static double fractions(const double xyz[3])
{
    return xyz[0] > 0 ? xyz[1] / 7 : NAN;
}

/* Anything over anything, of any kind that can be, is a picture. */
static void odd_overlays_are_drawn(void **state)
{
    (void)state;
    const scene_fn scenes[] = { zero, nothing, fractions, head };
    lar_grid far = box_grid(4, 5, 6, 40);
    far.to_world.m[0][3] += 5000;
    const lar_grid grids[] = { box_grid(5, 5, 5, 60), far, { .size = { 1, 1, 1 } } };
    lar_grid one = { .size = { 1, 1, 1 } };
    for (int a = 0; a < 3; a++) one.to_world.m[a][a] = 1;
    lar_image *images[] = { fill(&grids[0], head, LAR_F32), fill(&one, zero, LAR_U8) };
    lar_figure_params params = lar_figure_default();
    lar_log_to(note, NULL);
    for (int i = 0; i < 2; i++)
        for (int g = 0; g < 3; g++)
            for (int s = 0; s < 4; s++)
                for (int as = LAR_OVER_AUTO; as < LAR_OVER_CONTOURS; as++) {
                    lar_image *image = fill(g == 2 ? &one : &grids[g], scenes[s], LAR_F32);
                    const lar_overlay over = { .image = image, .opacity = NAN, .as = as };
                    params.overlays = &over;
                    params.overlay_count = 1;
                    params.mosaic = (lar_ints){ s % 2, { 3 } };
                    noted[0] = 0;
                    const lar_status status = lar_figure((const lar_image *const *)&images[i], NULL,
                                                         1, &params, file("odd.png"), true);
                    if (as == LAR_OVER_LABELS && s >= 2 && g < 2)
                        assert_int_equal(status, LAR_EARGUMENT); /* fractions */
                    else
                        CHECK_OK(status);
                    if (status == LAR_OK && g == 1)
                        assert_non_null(strstr(noted, "lies outside of what it is drawn over"));
                    else if (status == LAR_OK && s < 2 && g == 0)
                        assert_non_null(strstr(noted, "is empty"));
                    lar_image_free(image);
                }
    lar_log_to(NULL, NULL);
    for (int i = 0; i < 2; i++) lar_image_free(images[i]);
}

static void every_kind_begins_as_it_should(void **state)
{
    (void)state;
    static const struct {
        const char *name, *begin;
    } kinds[] = { { "k.png", "\x89PNG" }, { "k.SVG", "<?xml" }, { "k.pdf", "%PDF-" } };
    const lar_grid grid = box_grid(5, 5, 5, 60);
    lar_image *image = fill(&grid, head, LAR_F32);
    const lar_figure_params params = lar_figure_default();
    /* wrong bytes, a control character, and a label longer than its column */
    const char *label =
        "caf\xc3\xa9 \xff\xfe \xed\xa0\x80 \x01 and a label that is by far too long for one column";
    for (int n = 0; n < 3; n++) {
        char *bytes;
        size_t count;
        CHECK_OK(lar_figure((const lar_image *const *)&image, &label, 1, &params,
                            file(kinds[n].name), true));
        CHECK_OK(lar_file_read(&bytes, &count, file(kinds[n].name), 1 << 24));
        assert_true(count > 1000 && lar_text_starts(bytes, kinds[n].begin));
        lar_free(bytes);
    }
    lar_image_free(image);
}

static void short_memory_leaves_nothing(void **state)
{
    (void)state;
    const lar_grid grid = box_grid(6, 6, 6, 60);
    lar_image *image = fill(&grid, head, LAR_F32);
    const lar_image *pair[] = { image, image };
    lar_figure_params params = lar_figure_default();
    params.planes = "axial";
    params.zoom = 1;
    params.difference = (lar_ints){ 2, { 1, 2 } };
    params.checker = (lar_ints){ 2, { 1, 2 } };
    lar_overlay overlays[] = { { .image = image, .opacity = NAN },
                               { .image = image, .opacity = NAN, .as = LAR_OVER_OUTLINE } };
    params.overlays = overlays;
    params.overlay_count = 2;
    params.mosaic = (lar_ints){ 1, { 2 } };
    int64_t n = 1;
    for (;; n++) {
        lar_alloc_fail_at(n, true);
        const lar_status status = lar_figure(pair, NULL, 2, &params, file("m.png"), false);
        lar_alloc_fail_at(0, false);
        if (status == LAR_OK) break;
        assert_int_equal(status, LAR_EMEMORY);
        assert_false(lar_path_exists(file("m.png")));
    }
    assert_true(n > 10);
    lar_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_volumes_are_noted),
        cmocka_unit_test(wrong_requests_are_refused),
        cmocka_unit_test(odd_overlays_are_drawn),
        cmocka_unit_test(every_kind_begins_as_it_should),
        cmocka_unit_test(short_memory_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
