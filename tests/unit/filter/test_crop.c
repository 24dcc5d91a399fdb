/* Crops of an anatomical axis, and grids of a common size.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"

static void range_is_anatomical_in_48_orientations(void **state)
{
    (void)state;
    static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                      { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    for (int n = 0; n < 48; n++)
        for (int world = 0; world < 3; world++) {
            lar_grid grid = { .size = { 10, 12, 15 } };
            int a = 0; /* the voxel axis along `world` */
            for (int v = 0; v < 3; v++) {
                grid.to_world.m[orders[n / 8][v]][v] = (n >> v & 1 ? -1 : 1) * 2.0;
                if (orders[n / 8][v] == world) a = v;
            }
            lar_image *in, *out;
            CHECK_OK(lar_image_new(&in, &grid, 1, LAR_U8));
            CHECK_OK(lar_crop_range(&out, in, (char)('x' + world), 0.2, 0.65));
            /* the coordinate of the first voxel of the whole and of the part, from the low side */
            const double whole = lar_grid_to_ras(&grid).to_world.m[world][3];
            const double part = lar_grid_to_ras(&out->grid).to_world.m[world][3];
            const int64_t first = (int64_t)(0.2 * (double)grid.size[a] + 1e-9);
            const int64_t end = (int64_t)(0.65 * (double)grid.size[a] + 1e-9);
            for (int v = 0; v < 3; v++)
                assert_int_equal(out->grid.size[v], v == a ? end - first : grid.size[v]);
            CHECK_NEAR(part - whole, 2.0 * (double)first, 1e-12);
            assert_true(out->buffer == in->buffer);
            lar_image_free(out);
            lar_image_free(in);
        }
}

static void fractions_do_not_fall_below_their_voxel(void **state)
{
    (void)state;
    lar_grid grid = { .size = { 4, 4, 100 }, .to_world = lar_affine_identity() }, out;
    int64_t first[3];
    for (int n = 0; n < 100; n++) { /* 0.29 * 100 is 28.999999999999996 */
        CHECK_OK(lar_grid_crop_range(&out, first, &grid, 'z', n / 100.0, 1));
        assert_int_equal(first[2], n);
        assert_int_equal(out.size[2], 100 - n);
    }
}

static void wrong_ranges_are_errors(void **state)
{
    (void)state;
    const lar_grid grid = { .size = { 4, 4, 4 }, .to_world = lar_affine_identity() };
    lar_grid out;
    int64_t first[3];
    CHECK_FAILS(lar_grid_crop_range(&out, first, &grid, 'k', 0, 1), LAR_EARGUMENT, "'k' is not");
    CHECK_FAILS(lar_grid_crop_range(&out, first, &grid, 'z', 0.8, 0.2), LAR_EARGUMENT,
                "from 0.8 to 0.2");
    CHECK_FAILS(lar_grid_crop_range(&out, first, &grid, 'z', -0.1, 0.2), LAR_EARGUMENT, "-0.1");
    CHECK_FAILS(lar_grid_crop_range(&out, first, &grid, 'z', 0, 1.01), LAR_EARGUMENT, "1.01");
    CHECK_FAILS(lar_grid_crop_range(&out, first, &grid, 'z', NAN, 1), LAR_EARGUMENT, "nan");
    CHECK_FAILS(lar_grid_crop_range(&out, first, &grid, 'z', 0.3, 0.4), LAR_EARGUMENT,
                "there is none");
}

static void fit_keeps_the_centre(void **state)
{
    (void)state;
    const lar_grid grid = { .size = { 10, 11, 12 },
                            .to_world = {
                                .m = { { 0, -2, 0, 5 }, { 1, 0, 0, 6 }, { 0, 0, 3, 7 } } } };
    const int64_t sizes[3] = { 4, 11, 20 };
    lar_grid out, back;
    CHECK_OK(lar_grid_fit(&out, &grid, sizes));
    double first[3], expected[3];
    lar_grid_to_world(&out, (double[3]){ 0, 0, 0 }, first);
    lar_grid_to_world(&grid, (double[3]){ 3, 0, -4 }, expected);
    for (int a = 0; a < 3; a++) {
        assert_int_equal(out.size[a], sizes[a]);
        CHECK_NEAR(first[a], expected[a], 0);
    }
    CHECK_OK(lar_grid_fit(&back, &out, grid.size)); /* even or odd: the same way back */
    assert_true(lar_grid_matches(&back, &grid));
    for (int64_t size = 1; size < 20; size++) {
        CHECK_OK(lar_grid_fit(&out, &grid, (int64_t[3]){ size, size, size }));
        CHECK_OK(lar_grid_fit(&back, &out, grid.size));
        assert_true(lar_grid_matches(&back, &grid));
    }
    CHECK_FAILS(lar_grid_fit(&out, &grid, (int64_t[3]){ 1, 0, 1 }), LAR_EARGUMENT, "0 voxels");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(range_is_anatomical_in_48_orientations),
        cmocka_unit_test(fractions_do_not_fall_below_their_voxel),
        cmocka_unit_test(wrong_ranges_are_errors),
        cmocka_unit_test(fit_keeps_the_centre),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
