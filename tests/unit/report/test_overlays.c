/* What lies over an image lies where it is in the world, in its own colours, and nowhere else.
 * SPDX-License-Identifier: Apache-2.0 */
#include "pictures.h"
#include "report/colour.h"
#include "report/figure/over.h"

enum { EDGE = 240, ZOOM = 2 }; /* pixels of a panel of 120 mm */

static void draw(const lar_image *image, const lar_overlay *overlays, int64_t count,
                 const lar_figure_params *given, const char *name)
{
    lar_figure_params params = *given;
    params.overlays = overlays;
    params.overlay_count = count;
    CHECK_OK(lar_figure(&image, NULL, 1, &params, file(name), true));
}

/* One axial panel of 120 mm around 0 0 0, whose upper left corner is at LEFT, TOP. */
static lar_figure_params one_panel(void)
{
    lar_figure_params params = lar_figure_default();
    params.planes = "axial";
    params.at = (lar_reals){ 3, { 0.2, 0.3, 0.4 } };
    params.zoom = ZOOM;
    params.window = "0 200";
    return params;
}

static uint32_t at(const picture *p, double x, double y)
{
    return pixel(p, LEFT + (int)(ZOOM * (x + 60)), TOP + (int)(ZOOM * (60 - y)));
}

static bool is_letter(int x, int y)
{
    return x < 26 || x >= EDGE - 26 || y < 22 || y >= EDGE - 22;
}

/* Of a constant image all of the field of view is drawn. */
static double whole_field(const double xyz[3])
{
    (void)xyz;
    return 50;
}

/* Labels 2, 5 and 1000 in three blocks; nothing symmetric. */
static double blocks(const double xyz[3])
{
    if (fabs(xyz[2]) > 25 || xyz[1] < -20 || xyz[1] > 30) return 0;
    return xyz[0] < -30 ? 0 : xyz[0] < -10 ? 2 : xyz[0] < 5 ? 5 : xyz[0] < 40 ? 1000 : 0;
}

static double ball(const double xyz[3])
{
    return distance(xyz) < 30;
}

static double slope(const double xyz[3])
{
    return fabs(xyz[1]) < 40 ? xyz[0] / 10 : 0;
}

static double probability(const double xyz[3])
{
    return fmax(0, 1 - distance(xyz) / 40);
}

static double nothing(const double xyz[3])
{
    (void)xyz;
    return 0;
}

static double sevens(const double xyz[3])
{
    return 7 * ball(xyz);
}

static double many_whole(const double xyz[3])
{
    return rint(300 * fabs(sin(xyz[0] * 3 + xyz[1] * 7 + xyz[2])));
}

/* A scan of 8 bits: few values, no regions. */
static double noisy(const double xyz[3])
{
    return rint(180 * fabs(sin(xyz[0] * 3 + xyz[1] * 7 + xyz[2])));
}

/* A parcellation: 200 regions. */
static double regions(const double xyz[3])
{
    return 1 + floor((xyz[1] + 60) / 12) * 10 + floor((xyz[2] + 60) / 12) + 500 * (xyz[0] > 0);
}

static double with_holes(const double xyz[3])
{
    return xyz[0] < 0 ? NAN : blocks(xyz);
}

/* Per 255, the mix of a grey or a colour below with a colour above. */
static void check_mixed(uint32_t found, uint32_t below, lar_colour above, double opacity)
{
    const double colour[3] = { above.r, above.g, above.b };
    for (int c = 0; c < 3; c++)
        CHECK_NEAR(found >> (16 - 8 * c) & 255,
                   (1 - opacity) * (below >> (16 - 8 * c) & 255) + opacity * 255 * colour[c], 0.51);
}

static void kinds_follow_from_values(void **state)
{
    (void)state;
    const struct {
        scene_fn scene;
        int as;
        int64_t codes;
        bool empty;
    } cases[] = {
        { nothing, LAR_OVER_MASK, 0, true },       { ball, LAR_OVER_MASK, 1, false },
        { sevens, LAR_OVER_MASK, 1, false },       { blocks, LAR_OVER_LABELS, 3, false },
        { with_holes, LAR_OVER_LABELS, 2, false }, { probability, LAR_OVER_MAP, -1, false },
        { slope, LAR_OVER_SIGNED, -1, false },     { many_whole, LAR_OVER_MAP, -1, false },
        { noisy, LAR_OVER_MAP, -1, false },        { regions, LAR_OVER_LABELS, -1, false },
    };
    const lar_grid grid = box_grid(3, 3, 3, 120);
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        lar_image *image = fill(&grid, cases[n].scene, LAR_F32);
        lar_layer layer;
        const lar_overlay overlay = { .image = image, .opacity = NAN };
        CHECK_OK(lar_layer_init(&layer, &overlay, LAR_INT_AUTO, 0));
        assert_int_equal(layer.over.as, cases[n].as);
        assert_int_equal(layer.empty, cases[n].empty);
        if (cases[n].codes >= 0) assert_int_equal(layer.codes.count, cases[n].codes);
        lar_layer_clear(&layer);
        lar_image_free(image);
    }
}

static void labels_have_colours_of_their_own(void **state)
{
    (void)state;
    lar_codes codes = { .count = 3, .at = { 1, 43, 85 }, .colour = { 0, 1, 2 } };
    assert_int_equal(lar_colour_pixel(lar_over_label(&codes, 43)),
                     lar_colour_pixel(lar_colour_label(1)));
    /* by its number alone 43 would look like 1 */
    assert_int_equal(lar_colour_pixel(lar_over_label(NULL, 43)),
                     lar_colour_pixel(lar_colour_label(0)));
    /* 1 and 43 and 85 in one image differ */
    lar_grid grid = box_grid(3, 3, 3, 30);
    lar_image *image;
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_I16));
    for (int n = 0; n < 3; n++) ((int16_t *)image->voxels)[5 + n] = (int16_t)(1 + 42 * n);
    lar_layer layer;
    CHECK_OK(
        lar_layer_init(&layer, &(lar_overlay){ .image = image, .opacity = NAN }, LAR_INT_AUTO, 0));
    assert_int_equal(layer.codes.count, 3);
    assert_int_equal(layer.codes.colour[0], 0);
    for (int n = 1; n < 3; n++)
        for (int k = 0; k < n; k++)
            assert_int_not_equal(layer.codes.colour[n], layer.codes.colour[k]);
    lar_layer_clear(&layer);
    lar_image_free(image);
}

/* All 48 ways to store the overlay, and another grid than the image's: one picture. */
static void storage_does_not_show(void **state)
{
    (void)state;
    const lar_grid below = box_grid(3, 3, 3, 120), over = box_grid(4, 2.5, 5, 110);
    lar_image *image = fill(&below, whole_field, LAR_F32), *labels = fill(&over, blocks, LAR_I16);
    const lar_figure_params params = one_panel();
    lar_overlay overlay = { .image = labels, .opacity = NAN, .name = "labels" };
    char first[256];
    draw(image, &overlay, 1, &params, "first.png");
    snprintf(first, sizeof first, "%s", file("first.png"));
    for (int n = 1; n < 48; n++) {
        lar_image *other = stored(labels, n);
        overlay.image = other;
        draw(image, &overlay, 1, &params, "other.png");
        assert_int_equal(different_pixels(first, file("other.png")), 0);
        lar_image_free(other);
    }
    lar_image_free(image);
    lar_image_free(labels);
}

static void labels_lie_where_they_are(void **state)
{
    (void)state;
    const lar_grid below = box_grid(3, 3, 3, 120), over = box_grid(2.5, 2.5, 2.5, 120);
    lar_image *image = fill(&below, whole_field, LAR_F32), *labels = fill(&over, blocks, LAR_F64);
    const lar_figure_params params = one_panel();
    const lar_overlay overlay = { .image = labels, .opacity = 0.7 };
    draw(image, NULL, 0, &params, "plain.png");
    picture plain = open_picture(file("plain.png"));
    draw(image, &overlay, 1, &params, "labels.png");
    picture p = open_picture(file("labels.png"));
    int64_t wrong = 0, painted = 0;
    for (int y = 22; y < EDGE - 22; y++)
        for (int x = 26; x < EDGE - 26; x++) {
            const double xyz[3] = { (x + 0.5) / ZOOM - 60, 60 - (y + 0.5) / ZOOM, 0.4 };
            double nearest[3]; /* the middle of the voxel that the pixel lies in */
            for (int a = 0; a < 3; a++) nearest[a] = (floor(xyz[a] / 2.5) + 0.5) * 2.5;
            const double code = blocks(nearest);
            const uint32_t found = pixel(&p, LEFT + x, TOP + y),
                           was = pixel(&plain, LEFT + x, TOP + y);
            painted += code != 0;
            if (code == 0) {
                wrong += found != was;
                continue;
            }
            check_mixed(found, was, lar_colour_label((int64_t)fmod(code - 1, 42)), 0.7);
        }
    assert_int_equal(wrong, 0);
    assert_true(painted > 10000);
    cairo_surface_destroy(plain.surface);
    cairo_surface_destroy(p.surface);
    lar_image_free(image);
    lar_image_free(labels);
}

static void maps_have_a_threshold(void **state)
{
    (void)state;
    const lar_grid below = box_grid(3, 3, 3, 120), over = box_grid(5, 5, 5, 120);
    lar_image *image = fill(&below, whole_field, LAR_F32), *map = fill(&over, slope, LAR_F32);
    const lar_figure_params params = one_panel();
    lar_overlay overlay = { .image = map, .opacity = 1, .window = { 1, 3 }, .as = LAR_OVER_MAP };
    draw(image, NULL, 0, &params, "plain.png");
    picture plain = open_picture(file("plain.png"));
    for (int is_signed = 0; is_signed < 2; is_signed++) {
        overlay.as = is_signed ? LAR_OVER_SIGNED : LAR_OVER_MAP;
        draw(image, &overlay, 1, &params, "map.png");
        picture p = open_picture(file("map.png"));
        for (int x = -45; x < 45; x++) {
            const double value = (x + 0.25) / 10; /* in the middle of the pixel */
            const bool drawn = is_signed ? fabs(value) >= 1 : value >= 1;
            const lar_colour colour = is_signed ? lar_colour_diverging(value / 3)
                                                : lar_colour_sequential((value - 1) / 2);
            assert_int_equal(at(&p, x, 7), drawn ? lar_colour_pixel(colour) : at(&plain, x, 7));
        }
        cairo_surface_destroy(p.surface);
    }
    /* without a window all that is not 0 is drawn: from here on |y| > 40 is 0 */
    overlay = (lar_overlay){ .image = map, .opacity = 1, .as = LAR_OVER_MAP };
    draw(image, &overlay, 1, &params, "map.png");
    picture p = open_picture(file("map.png"));
    assert_int_not_equal(at(&p, -20, 7), at(&plain, -20, 7));
    assert_int_equal(at(&p, -20, 48), at(&plain, -20, 48));
    cairo_surface_destroy(p.surface);
    cairo_surface_destroy(plain.surface);
    lar_image_free(image);
    lar_image_free(map);
}

/* Of a ball of 30 mm: coloured pixels lie on its rim, all around, and nowhere else. */
static void outlines_run_along_the_edge(void **state)
{
    (void)state;
    const lar_grid below = box_grid(3, 3, 3, 120), over = box_grid(1, 1, 1, 100);
    lar_image *image = fill(&below, whole_field, LAR_F32), *mask = fill(&over, ball, LAR_U8);
    const lar_figure_params params = one_panel();
    const lar_overlay overlay = { .image = mask, .opacity = NAN, .as = LAR_OVER_OUTLINE };
    draw(image, &overlay, 1, &params, "outline.png");
    picture p = open_picture(file("outline.png"));
    int turns[36] = { 0 };
    for (int y = 0; y < EDGE; y++)
        for (int x = 0; x < EDGE; x++) {
            const uint32_t v = pixel(&p, LEFT + x, TOP + y);
            if (is_letter(x, y) || abs((int)(v >> 16) - (int)(v & 255)) < 40) continue;
            const double mm[2] = { (x + 0.5) / ZOOM - 60, 60 - (y + 0.5) / ZOOM };
            CHECK_NEAR(hypot(mm[0], mm[1]), 30, 1.6);
            turns[(int)((atan2(mm[1], mm[0]) + 3.1416) / 6.2833 * 36) % 36]++;
        }
    for (int n = 0; n < 36; n++) assert_true(turns[n] > 5);
    cairo_surface_destroy(p.surface);
    lar_image_free(image);
    lar_image_free(mask);
}

/* Over the image that it is for, and not over the page beyond an image. */
static void overlays_keep_to_their_image(void **state)
{
    (void)state;
    const lar_grid wide = box_grid(3, 3, 3, 120), narrow = box_grid(3, 3, 3, 60);
    lar_image *images[] = { fill(&wide, whole_field, LAR_F32),
                            fill(&narrow, whole_field, LAR_F32) },
              *mask = fill(&wide, ball, LAR_U8);
    lar_figure_params params = one_panel();
    lar_overlay overlay = { .image = mask, .opacity = 0.5 };
    params.overlays = &overlay;
    params.overlay_count = 1;
    const uint32_t page = 0x131417;
    for (int on = 0; on < 3; on++) {
        overlay.on = on;
        CHECK_OK(
            lar_figure((const lar_image *const *)images, NULL, 2, &params, file("on.png"), true));
        picture p = open_picture(file("on.png"));
        for (int c = 0; c < 2; c++) {
            const int x = LEFT + c * (EDGE + GAP) + EDGE / 2 + 20, y = TOP + EDGE / 2 + 20;
            const uint32_t v = pixel(&p, x, y);
            assert_int_equal((v >> 16) != (v & 255), on == 0 || on == c + 1);
        }
        /* 45 mm from the middle only the first image is; the ball of 30 mm is not */
        assert_int_equal(pixel(&p, LEFT + EDGE + GAP + EDGE / 2 + 45 * ZOOM, TOP + EDGE / 2 - 30),
                         page);
        cairo_surface_destroy(p.surface);
    }
    lar_image *all = fill(&wide, sevens, LAR_U8);
    for (int64_t n = 0; n < lar_image_voxel_count(all); n++) ((uint8_t *)all->voxels)[n] = 1;
    overlay = (lar_overlay){ .image = all, .opacity = 1 };
    CHECK_OK(lar_figure((const lar_image *const *)images, NULL, 2, &params, file("on.png"), true));
    picture p = open_picture(file("on.png"));
    assert_int_equal(pixel(&p, LEFT + EDGE / 2 + 90, TOP + EDGE / 2 - 30),
                     lar_colour_pixel(lar_colour_label(0)));
    assert_int_equal(pixel(&p, LEFT + EDGE + GAP + EDGE / 2 + 90, TOP + EDGE / 2 - 30), page);
    cairo_surface_destroy(p.surface);
    lar_image_free(all);
    lar_image_free(mask);
    for (int n = 0; n < 2; n++) lar_image_free(images[n]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_follow_from_values),
        cmocka_unit_test(labels_have_colours_of_their_own),
        cmocka_unit_test(storage_does_not_show),
        cmocka_unit_test(labels_lie_where_they_are),
        cmocka_unit_test(maps_have_a_threshold),
        cmocka_unit_test(outlines_run_along_the_edge),
        cmocka_unit_test(overlays_keep_to_their_image),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
