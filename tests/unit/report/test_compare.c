/* Columns that compare two images: each part of them comes from the image that it should.
 * SPDX-License-Identifier: Apache-2.0 */
#include "pictures.h"

enum { EDGE = 240 }; /* pixels of a panel: 120 mm */

static double whole_field(const double xyz[3])
{
    (void)xyz;
    return 50;
}

static double other_field(const double xyz[3])
{
    (void)xyz;
    return 70;
}

static double filled_ball(const double xyz[3])
{
    return distance(xyz) < 40 ? 100 : 0;
}

static lar_figure_params one_panel(void)
{
    lar_figure_params params = lar_figure_default();
    params.planes = "axial";
    params.at = (lar_reals){ 3, { 0.2, 0.3, 0.4 } };
    params.zoom = 2;
    return params;
}

static bool is_letter(int x, int y)
{
    return x < 26 || x >= EDGE - 26 || y < 22 || y >= EDGE - 22;
}

static void draw(lar_image *const *images, const lar_figure_params *params)
{
    CHECK_OK(lar_figure((const lar_image *const *)images, NULL, 2, params, file("c.png"), true));
}

static void squares_come_in_turns(void **state)
{
    (void)state;
    const lar_grid grid = box_grid(3, 3, 3, 120);
    lar_image *images[] = { fill(&grid, whole_field, LAR_F32), fill(&grid, other_field, LAR_F32) };
    lar_figure_params params = one_panel();
    params.square_mm = 17;
    params.alone = true;
    for (int turned = 0; turned < 2; turned++) {
        params.checker = (lar_ints){ 2, { 1 + turned, 2 - turned } };
        params.window = "0 100";
        draw(images, &params);
        picture p = open_picture(file("c.png"));
        assert_int_equal(p.width, LEFT + EDGE + 22);
        for (int y = 22; y < EDGE - 22; y++)
            for (int x = 26; x < EDGE - 26; x++) {
                const int square = (int)((x + 0.5) / 34) + (int)((y + 0.5) / 34);
                const int value = (square + turned) % 2 ? 70 : 50;
                CHECK_NEAR(green(&p, LEFT + x, TOP + y), 2.55 * value, 1);
            }
        cairo_surface_destroy(p.surface);
    }
    /* each in its own window: 50 of 0 to 100, 70 of 20 to 220 */
    params.window = "0 100 20 220";
    params.checker = (lar_ints){ 2, { 1, 2 } };
    draw(images, &params);
    picture p = open_picture(file("c.png"));
    CHECK_NEAR(green(&p, LEFT + 50, TOP + 55), 127.5, 1);
    CHECK_NEAR(green(&p, LEFT + 50, TOP + 75), 255 * 0.25, 1);
    cairo_surface_destroy(p.surface);
    for (int n = 0; n < 2; n++) lar_image_free(images[n]);
}

/* The contours of a ball over a constant image run along its surface. */
static void contours_are_of_the_second(void **state)
{
    (void)state;
    const lar_grid grid = box_grid(3, 3, 3, 120), fine = box_grid(1, 1, 1, 110);
    lar_image *images[] = { fill(&grid, whole_field, LAR_F32), fill(&fine, filled_ball, LAR_F32) };
    lar_figure_params params = one_panel();
    params.window = "0 100";
    params.contours = (lar_ints){ 2, { 1, 2 } };
    params.alone = true;
    draw(images, &params);
    picture p = open_picture(file("c.png"));
    int turns[36] = { 0 };
    for (int y = 0; y < EDGE; y++)
        for (int x = 0; x < EDGE; x++) {
            const uint32_t v = pixel(&p, LEFT + x, TOP + y);
            if (is_letter(x, y) || abs((int)(v >> 16) - (int)(v & 255)) < 40) continue;
            const double mm[2] = { (x + 0.5) / 2 - 60, 60 - (y + 0.5) / 2 };
            CHECK_NEAR(hypot(mm[0], mm[1]), 40, 2);
            turns[(int)((atan2(mm[1], mm[0]) + 3.1416) / 6.2833 * 36) % 36]++;
        }
    for (int n = 0; n < 36; n++) assert_true(turns[n] > 5);
    cairo_surface_destroy(p.surface);
    /* of the other the contours are refused: it has none */
    params.contours = (lar_ints){ 2, { 2, 1 } };
    CHECK_FAILS(lar_figure((const lar_image *const *)images, NULL, 2, &params, file("d.png"), true),
                LAR_ENUMERIC, "'image 1' has no contours");
    for (int n = 0; n < 2; n++) lar_image_free(images[n]);
}

/* In a mosaic each comparison shows the slices of the images. */
static void mosaics_compare_too(void **state)
{
    (void)state;
    const lar_grid grid = box_grid(3, 3, 3, 120);
    lar_image *images[] = { fill(&grid, whole_field, LAR_F32), fill(&grid, filled_ball, LAR_F32) };
    lar_figure_params params = lar_figure_default();
    params.zoom = 0.5; /* 60 pixels, so no letters */
    params.window = "0 100";
    params.mosaic = (lar_ints){ 2, { 1, 3 } };
    params.span = (lar_reals){ 2, { -50, 50 } };
    params.difference = (lar_ints){ 2, { 1, 2 } };
    params.difference_limit = 100;
    params.checker = (lar_ints){ 2, { 1, 2 } };
    params.square_mm = 1000;
    draw(images, &params);
    picture p = open_picture(file("c.png"));
    static const double values[4][3] = { { 50, 50, 50 }, { 0, 100, 0 }, { 0 }, { 50, 50, 50 } };
    for (int block = 0; block < 4; block++)
        for (int n = 0; n < 3; n++) {
            const uint32_t v = pixel(&p, 22 + n * 64 + 30, 22 + 30 + block * (60 + 10 + 30) + 25);
            if (block == 2) /* minus 50 is blue, plus 50 orange */
                assert_int_equal((v >> 16) > (v & 255), n == 1);
            else
                CHECK_NEAR(v & 255, 2.55 * values[block][n], 1);
        }
    cairo_surface_destroy(p.surface);
    for (int n = 0; n < 2; n++) lar_image_free(images[n]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(squares_come_in_turns),
        cmocka_unit_test(contours_are_of_the_second),
        cmocka_unit_test(mosaics_compare_too),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
