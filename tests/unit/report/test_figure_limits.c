/* Figures: what is refused, and that nothing is left behind then.
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
        cmocka_unit_test(every_kind_begins_as_it_should),
        cmocka_unit_test(short_memory_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
