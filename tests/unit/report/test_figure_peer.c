/* A figure of voxels as they are, beside the planes that nibabel makes of the same file.
 * SPDX-License-Identifier: Apache-2.0 */
#include "pictures.h"

static void planes_are_those_of_nibabel(void **state)
{
    (void)state;
    static const int sizes[3][2] = { { 60, 60 }, { 60, 60 }, { 60, 60 } };
    char *expected;
    size_t size, n = 0;
    lar_image *image;
    CHECK_OK(lar_image_read(&image, TEST_SOURCE "/tests/golden/figure.nii.gz"));
    CHECK_OK(lar_file_read(&expected, &size, TEST_SOURCE "/tests/golden/figure.bin", 1 << 20));
    assert_int_equal(size, 3 * 60 * 60);
    lar_figure_params params = lar_figure_default();
    params.at = (lar_reals){ 3, { 2, -2, 13 } };
    params.window = "0 255";
    params.interpolation = LAR_NEAREST;
    params.zoom = 1; /* less than 64 pixels, so no letters */
    CHECK_OK(lar_figure((const lar_image *const *)&image, NULL, 1, &params, file("p.png"), true));
    picture p = open_picture(file("p.png"));
    int y0 = TOP;
    for (int plane = 0; plane < 3; plane++) {
        const int x0 = LEFT + (p.width - LEFT - 22 - sizes[plane][0]) / 2;
        for (int y = 0; y < sizes[plane][1]; y++)
            for (int x = 0; x < sizes[plane][0]; x++, n++)
                assert_int_equal(pixel(&p, x0 + x, y0 + y), (unsigned char)expected[n] * 0x10101);
        y0 += sizes[plane][1] + GAP;
    }
    cairo_surface_destroy(p.surface);
    lar_free(expected);
    lar_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(planes_are_those_of_nibabel) };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
