/* Slices of an image as pictures in memory, and what is drawn over them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "pictures.h"
#include "report/colour.h"
#include "report/report.h"

static double three_codes(const double xyz[3])
{
    if (fabs(xyz[1]) > 20 || fabs(xyz[2]) > 20) return 0;
    return xyz[0] < -20 ? NAN : xyz[0] < 0 ? 1 : xyz[0] < 20 ? 3 : -2;
}

static double along_x(const double xyz[3])
{
    return xyz[0];
}

static lar_peek *peek_at(const lar_grid *grid, scene_fn scene)
{
    lar_peek *peek;
    lar_image *image = fill(grid, scene, LAR_F32);
    CHECK_OK(lar_peek_new(&peek, image));
    lar_image_free(image);
    return peek;
}

static picture drawn(const lar_peek *peek, const lar_peek_params *params)
{
    lar_text png = { 0 };
    CHECK_OK(lar_peek_png(&png, peek, params));
    CHECK_OK(lar_file_write(file("peek.png"), png.at, png.length, true));
    lar_text_clear(&png);
    return open_picture(file("peek.png"));
}

/* 100 mm in 200 pixels: the pixel of a place. */
static uint32_t at(const picture *p, double x, double y)
{
    return pixel(p, (int)(2 * (x + 50)), (int)(2 * (50 - y)));
}

static lar_peek_params whole(void)
{
    return (lar_peek_params){ .plane = LAR_PEEK_AXIAL,
                              .low = { -50, -50, -50 },
                              .high = { 50, 50, 50 },
                              .window = { 0, 200 },
                              .longest = 200 };
}

/* Within one of 255 in each colour. */
static void check_mixed(uint32_t found, uint32_t below, lar_colour above, double opacity)
{
    const double colour[3] = { above.r, above.g, above.b };
    for (int c = 0; c < 3; c++) {
        const double under = below >> (16 - 8 * c) & 255;
        CHECK_NEAR(found >> (16 - 8 * c) & 255, (1 - opacity) * under + opacity * 255 * colour[c],
                   0.51);
    }
}

static void labels_lie_where_they_are(void **state)
{
    (void)state;
    const lar_grid fine = box_grid(2, 2, 2, 100);
    lar_grid coarse = box_grid(5, 4, 3, 90); /* and not aligned */
    lar_peek *below = peek_at(&fine, distance), *over = peek_at(&coarse, three_codes);
    lar_peek_params params = whole();
    picture plain = drawn(below, &params);
    params.over = over;
    params.labels = true;
    params.opacity = 0;
    picture none = drawn(below, &params);
    params.opacity = 0.6;
    picture some = drawn(below, &params);
    int64_t changed = 0;
    for (int y = 0; y < 200; y++)
        for (int x = 0; x < 200; x++) {
            assert_int_equal(pixel(&none, x, y), pixel(&plain, x, y));
            changed += pixel(&some, x, y) != pixel(&plain, x, y);
        }
    /* columns of voxels from -20 (that at -20 is 1) to 47.5 and rows of |y| up to 20 */
    CHECK_NEAR((double)changed, 4 * (45 + 22.5) * 40, 4 * 400);
    check_mixed(at(&some, -10, 3), at(&plain, -10, 3), lar_colour_label(0), 0.6);
    check_mixed(at(&some, 11, 3), at(&plain, 11, 3), lar_colour_label(2), 0.6);
    check_mixed(at(&some, 31, 3), at(&plain, 31, 3), lar_colour_label(1), 0.6); /* of -2 */
    assert_int_equal(at(&some, -31, 3), at(&plain, -31, 3));                    /* NaN */
    assert_int_equal(at(&some, 10, 33), at(&plain, 10, 33));                    /* 0 */
    assert_int_equal(at(&some, 48, 3), at(&plain, 48, 3));                      /* outside */
    /* between two labels there is no third: no pixel but of these colours over grey */
    for (int x = 62; x < 190; x++) {
        const uint32_t p = pixel(&some, x, 100);
        assert_true((p >> 16) != (p & 255) || (p >> 8 & 255) != (p & 255));
    }
    params.opacity = 1.5;
    lar_text png = { 0 };
    CHECK_FAILS(lar_peek_png(&png, below, &params), LAR_EARGUMENT, "opacity of 1.5");
    lar_text_clear(&png);
    cairo_surface_destroy(plain.surface);
    cairo_surface_destroy(none.surface);
    cairo_surface_destroy(some.surface);
    lar_peek_free(below);
    lar_peek_free(over);
}

static void maps_begin_where_they_are_told_to(void **state)
{
    (void)state;
    const lar_grid fine = box_grid(2, 2, 2, 100), coarse = box_grid(4, 4, 4, 100);
    lar_peek *below = peek_at(&fine, distance), *over = peek_at(&coarse, along_x);
    lar_peek_params params = whole();
    picture plain = drawn(below, &params);
    params.over = over;
    params.opacity = 1;
    params.over_window[0] = 10;
    params.over_window[1] = 30;
    picture p = drawn(below, &params);
    for (int x = -45; x < 46; x += 2) {
        const double value = x + 0.25; /* in the middle of a pixel */
        if (value < 10)
            assert_int_equal(at(&p, value, 7), at(&plain, value, 7));
        else
            assert_int_equal(at(&p, value, 7),
                             lar_colour_pixel(lar_colour_sequential((value - 10) / 20)));
    }
    cairo_surface_destroy(plain.surface);
    cairo_surface_destroy(p.surface);
    lar_peek_free(below);
    lar_peek_free(over);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_lie_where_they_are),
        cmocka_unit_test(maps_begin_where_they_are_told_to),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
