/* Laws of grids: reorienting and resizing keep the world.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "image/image.h"
#include "math/math.h"

/* One of the 48 orientations, oblique by a few degrees, with unequal spacing. */
static lar_grid oriented(int n)
{
    static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                      { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    lar_grid grid = { .size = { 7, 5, 4 } };
    const double spacing[3] = { 1, 2, 3.5 };
    for (int a = 0; a < 3; a++) {
        const int axis = orders[n / 8][a];
        const double sign = n >> a & 1 ? -1 : 1;
        for (int r = 0; r < 3; r++)
            grid.to_world.m[r][a] = sign * spacing[a] * (r == axis ? 1 : 0.05 * (r - axis));
    }
    for (int r = 0; r < 3; r++) grid.to_world.m[r][3] = 10 * r - 17;
    return grid;
}

static void ras_view_keeps_the_world(void **state)
{
    (void)state;
    for (int n = 0; n < 48; n++) {
        const lar_grid grid = oriented(n);
        lar_image *image, *ras;
        char code[4];
        CHECK_OK(lar_image_new(&image, &grid, 1, LAR_F32));
        ((float *)image->voxels)[2 + 7 * (3 + 5 * 1)] = 5; /* voxel (2, 3, 1) */
        CHECK_OK(lar_image_to_ras(&ras, image));
        lar_grid_axes(&ras->grid, code);
        assert_string_equal(code, "RAS");
        double world[3], found[3] = { 1e9, 1e9, 1e9 };
        lar_grid_to_world(&grid, (double[3]){ 2, 3, 1 }, world);
        for (int64_t k = 0; k < ras->grid.size[2]; k++)
            for (int64_t j = 0; j < ras->grid.size[1]; j++)
                for (int64_t i = 0; i < ras->grid.size[0]; i++)
                    if (lar_image_at(ras, i, j, k, 0) == 5)
                        lar_grid_to_world(&ras->grid,
                                          (double[3]){ (double)i, (double)j, (double)k }, found);
        for (int r = 0; r < 3; r++) CHECK_NEAR(found[r], world[r], 1e-12);
        lar_image_free(ras);
        lar_image_free(image);
    }
}

/* Where the voxel of value 5 is. */
static void find_marker(const lar_image *image, double found[3])
{
    for (int r = 0; r < 3; r++) found[r] = 1e9;
    for (int64_t k = 0; k < image->grid.size[2]; k++)
        for (int64_t j = 0; j < image->grid.size[1]; j++)
            for (int64_t i = 0; i < image->grid.size[0]; i++)
                if (lar_image_at(image, i, j, k, 0) == 5)
                    lar_grid_to_world(&image->grid, (double[3]){ (double)i, (double)j, (double)k },
                                      found);
}

/* From each of the 48 to each of the 48 codes, and back. */
static void reorienting_keeps_the_world(void **state)
{
    (void)state;
    for (int n = 0; n < 48; n++) {
        const lar_grid grid = oriented(n);
        lar_image *image, *turned, *back;
        char own[4], code[4];
        double world[3], found[3];
        lar_grid_axes(&grid, own);
        CHECK_OK(lar_image_new(&image, &grid, 1, LAR_F32));
        ((float *)image->voxels)[2 + 7 * (3 + 5 * 1)] = 5;
        find_marker(image, world);
        for (int m = 0; m < 48; m++) {
            const lar_grid other = oriented(m);
            lar_grid_axes(&other, code);
            CHECK_OK(lar_image_reorient(&turned, image, code));
            char is[4];
            lar_grid_axes(&turned->grid, is);
            assert_string_equal(is, code);
            find_marker(turned, found);
            for (int r = 0; r < 3; r++) CHECK_NEAR(found[r], world[r], 1e-12);
            CHECK_OK(lar_image_reorient(&back, turned, own));
            assert_true(back->voxels == image->voxels && back->stride[0] == 1);
            for (int r = 0; r < 3; r++)
                for (int c = 0; c < 4; c++)
                    CHECK_NEAR(back->grid.to_world.m[r][c], grid.to_world.m[r][c], 1e-12);
            lar_image_free(back);
            lar_image_free(turned);
        }
        static const char *const wrong[] = { "", "R", "RA", "RAR", "RAL", "RASS", "ras", "XYZ" };
        for (int w = 0; w < 8; w++) {
            CHECK_FAILS(lar_image_reorient(&turned, image, wrong[w]), LAR_EARGUMENT,
                        "no code of axes");
            assert_null(turned);
        }
        lar_image_free(image);
    }
}

static void spacing_keeps_the_field_of_view(void **state)
{
    (void)state;
    for (int n = 0; n < 48; n++) {
        const lar_grid grid = oriented(n);
        const lar_grid fine = lar_grid_with_spacing(&grid, (double[3]){ 0.5, 1, 1.75 });
        for (int a = 0; a < 3; a++) assert_int_equal(fine.size[a], 2 * grid.size[a]);
        double centre[3], fine_centre[3];
        lar_grid_to_world(&grid, (double[3]){ 3, 2, 1.5 }, centre);
        lar_grid_to_world(&fine, (double[3]){ 6.5, 4.5, 3.5 }, fine_centre);
        for (int r = 0; r < 3; r++) CHECK_NEAR(centre[r], fine_centre[r], 1e-12);
        double back_spacing[3];
        lar_grid_spacing(&grid, back_spacing);
        const lar_grid back = lar_grid_with_spacing(&fine, back_spacing);
        assert_true(lar_grid_matches(&grid, &back));
    }
}

static void matching_is_in_millimetres(void **state)
{
    (void)state;
    const lar_grid a = oriented(0);
    lar_grid b = a;
    b.to_world.m[0][3] += 0.9e-3; /* smallest edge is 1 mm */
    assert_true(lar_grid_matches(&a, &b));
    b.to_world.m[0][3] += 0.2e-3;
    assert_false(lar_grid_matches(&a, &b));
    b = a;
    b.size[2]++;
    assert_false(lar_grid_matches(&a, &b));
}

static void integers_saturate_and_are_counted(void **state)
{
    (void)state;
    const lar_grid grid = { .size = { 4, 1, 1 }, .to_world = lar_affine_identity() };
    lar_image *image, *bytes;
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_F64));
    const double in[4] = { -3, 254.5, 300, NAN }, out[4] = { 0, 254, 255, 0 };
    memcpy(image->voxels, in, sizeof in);
    CHECK_OK(lar_image_to_type(&bytes, image, LAR_U8));
    for (int n = 0; n < 4; n++) CHECK_NEAR(lar_image_at(bytes, n, 0, 0, 0), out[n], 0);
    lar_image_free(bytes);
    lar_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ras_view_keeps_the_world),
        cmocka_unit_test(reorienting_keeps_the_world),
        cmocka_unit_test(spacing_keeps_the_field_of_view),
        cmocka_unit_test(matching_is_in_millimetres),
        cmocka_unit_test(integers_saturate_and_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
