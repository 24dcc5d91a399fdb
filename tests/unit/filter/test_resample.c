/* Laws of resampling, and agreement with scipy and ITK (tests/golden/make_resample.py).
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"

static lar_grid plain_grid(int64_t i, int64_t j, int64_t k)
{
    return (lar_grid){ .size = { i, j, k }, .to_world = lar_affine_identity() };
}

/* Oblique, anisotropic, not at the origin. */
static lar_grid oblique_grid(void)
{
    lar_grid grid = { .size = { 14, 12, 11 },
                      .to_world = { .m = { { 0.95, -0.2, 0.1, -7 },
                                           { 0.25, 1.1, -0.2, 3 },
                                           { -0.1, 0.3, 1.9, -20 } } } };
    return grid;
}

static lar_image *drawn_image(const lar_grid *grid, int64_t channels, lar_type type)
{
    lar_image *real, *image;
    CHECK_OK(lar_image_new(&real, grid, channels, LAR_F64));
    double *voxels = real->voxels;
    for (int64_t n = 0; n < lar_image_voxel_count(real) * channels; n++)
        voxels[n] = 200 * lar_random_uniform(11, 0, (uint64_t)n);
    CHECK_OK(lar_image_to_type(&image, real, type));
    lar_image_free(real);
    return image;
}

static lar_image *resampled(const lar_image *in, const lar_grid *onto, int interpolation)
{
    lar_resample_params params = lar_resample_default();
    lar_image *out;
    params.interpolation = interpolation;
    CHECK_OK(lar_resample(&out, in, onto, &params));
    return out;
}

static void own_grid_gives_the_same_bits(void **state)
{
    (void)state;
    const lar_grid grid = oblique_grid();
    for (int interpolation = LAR_NEAREST; interpolation <= LAR_CUBIC; interpolation++) {
        lar_image *in = drawn_image(&grid, 2, LAR_F32);
        lar_grid near = grid;
        near.to_world.m[0][3] += 1e-4; /* as a header in float32 would have it */
        lar_image *out = resampled(in, &near, interpolation);
        assert_true(in->voxels != out->voxels);
        assert_memory_equal(in->voxels, out->voxels,
                            (size_t)lar_image_voxel_count(in) * 2 * sizeof(float));
        lar_image_free(out);
        lar_image_free(in);
    }
}

static void shifted_lattice_is_copied_and_padded(void **state)
{
    (void)state;
    const lar_grid grid = oblique_grid();
    const lar_grid box = lar_grid_box(&grid, (int64_t[3]){ -2, 1, 3 }, (int64_t[3]){ 20, 9, 5 });
    for (int interpolation = LAR_NEAREST; interpolation <= LAR_CUBIC; interpolation++) {
        lar_image *in = drawn_image(&grid, 1, LAR_I16), *out = NULL;
        lar_resample_params params = { .interpolation = interpolation, .pad = -77 };
        CHECK_OK(lar_resample(&out, in, &box, &params));
        assert_int_equal(out->type, interpolation == LAR_NEAREST ? LAR_I16 : LAR_F32);
        for (int64_t k = 0; k < 5; k++)
            for (int64_t j = 0; j < 9; j++)
                for (int64_t i = 0; i < 20; i++) {
                    const bool inside = i >= 2 && i < 16;
                    CHECK_NEAR(lar_image_at(out, i, j, k, 0),
                               inside ? lar_image_at(in, i - 2, j + 1, k + 3, 0) : -77, 0);
                }
        lar_image_free(out);
        lar_image_free(in);
    }
}

static void ramp_stays_a_ramp(void **state)
{
    (void)state;
    const lar_grid grid = oblique_grid();
    lar_image *in;
    CHECK_OK(lar_image_new(&in, &grid, 1, LAR_F32));
    float *voxel = in->voxels;
    for (int64_t k = 0; k < 11; k++)
        for (int64_t j = 0; j < 12; j++)
            for (int64_t i = 0; i < 14; i++) {
                double xyz[3];
                lar_grid_to_world(&grid, (double[3]){ (double)i, (double)j, (double)k }, xyz);
                *voxel++ = (float)(3 * xyz[0] - 2 * xyz[1] + xyz[2] + 40);
            }
    /* finer along the same axes, and at an angle; cubic only far from the border, where a mirrored
     * ramp is none */
    lar_grid onto[2] = { lar_grid_with_spacing(&grid, (double[3]){ 0.7, 0.9, 1.1 }),
                         plain_grid(5, 5, 5) };
    const double middle[3] = { 6.5, 5.5, 5 };
    double centre[3];
    lar_grid_to_world(&grid, middle, centre);
    for (int r = 0; r < 3; r++) onto[1].to_world.m[r][3] = centre[r] - 2;
    lar_affine to_voxel;
    assert_true(lar_affine_invert(&to_voxel, &grid.to_world));
    int compared = 0;
    for (int interpolation = LAR_LINEAR; interpolation <= LAR_CUBIC; interpolation++)
        for (int g = 0; g < 2; g++) {
            lar_image *out = resampled(in, &onto[g], interpolation);
            const double margin = interpolation == LAR_CUBIC ? 4 : 0;
            for (int64_t k = 0; k < onto[g].size[2]; k++)
                for (int64_t j = 0; j < onto[g].size[1]; j++)
                    for (int64_t i = 0; i < onto[g].size[0]; i++) {
                        double xyz[3], at[3];
                        lar_grid_to_world(&onto[g], (double[3]){ (double)i, (double)j, (double)k },
                                          xyz);
                        lar_affine_point(&to_voxel, xyz, at);
                        bool inner = true;
                        for (int r = 0; r < 3; r++)
                            inner = inner && at[r] >= margin &&
                                    at[r] <= (double)grid.size[r] - 1 - margin;
                        if (!inner) continue;
                        const double expected = 3 * xyz[0] - 2 * xyz[1] + xyz[2] + 40;
                        /* linear: rounding; cubic: what the mirrored border still sends 4 in */
                        CHECK_NEAR(lar_image_at(out, i, j, k, 0), expected,
                                   margin > 0 ? 0.1 : 2e-5);
                        compared++;
                    }
            lar_image_free(out);
        }
    assert_true(compared > 2000);
    lar_image_free(in);
}

/* Smooth values come back from a finer grid and from one turned by a few degrees. */
static void there_and_back(void **state)
{
    (void)state;
    const lar_grid grid = plain_grid(24, 24, 24);
    lar_image *in;
    CHECK_OK(lar_image_new(&in, &grid, 1, LAR_F32));
    float *voxel = in->voxels;
    for (int k = 0; k < 24; k++)
        for (int j = 0; j < 24; j++)
            for (int i = 0; i < 24; i++)
                *voxel++ = (float)(100 + 50 * sin(i * 0.4) * cos(j * 0.3) * cos(k * 0.5 + 1));
    lar_grid turned = lar_grid_with_spacing(&grid, (double[3]){ 0.5, 0.5, 0.5 });
    const double c = cos(0.1), s = sin(0.1);
    const lar_affine turn = { .m = { { c, -s, 0, 1 }, { s, c, 0, -1 }, { 0, 0, 1, 0.3 } } };
    turned.to_world = lar_affine_chain(&turned.to_world, &turn);
    const lar_grid fine = lar_grid_with_spacing(&grid, (double[3]){ 0.5, 0.5, 0.5 });
    const lar_grid *ways[2] = { &fine, &turned };
    for (int w = 0; w < 2; w++) {
        lar_image *there = resampled(in, ways[w], LAR_CUBIC);
        lar_image *back = resampled(there, &grid, LAR_CUBIC);
        double worst = 0;
        for (int64_t k = 5; k < 19; k++)
            for (int64_t j = 5; j < 19; j++)
                for (int64_t i = 5; i < 19; i++)
                    worst = fmax(
                        worst, fabs(lar_image_at(back, i, j, k, 0) - lar_image_at(in, i, j, k, 0)));
        CHECK_NEAR(worst, 0, 0.05); /* of a range of 100 */
        lar_image_free(back);
        lar_image_free(there);
    }
    lar_image_free(in);
}

/* Every `at` line of a file of make_resample.py. */
static void compare_with_peers(const lar_image *in, const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char line[512], name[32];
    double range = 0;
    int grids = 0, voxels = 0;
    lar_image *out = NULL;
    while (fgets(line, sizeof line, file)) {
        lar_grid g;
        long long n[3];
        double(*m)[4] = g.to_world.m, scipy, itk;
        if (sscanf(line, "range %lf", &range) == 1) continue;
        if (sscanf(line, "grid %31s %lld %lld %lld %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf",
                   name, &n[0], &n[1], &n[2], &m[0][0], &m[0][1], &m[0][2], &m[0][3], &m[1][0],
                   &m[1][1], &m[1][2], &m[1][3], &m[2][0], &m[2][1], &m[2][2], &m[2][3]) == 16) {
            for (int a = 0; a < 3; a++) g.size[a] = n[a];
            lar_image_free(out);
            out = resampled(in, &g, LAR_CUBIC);
            grids++;
        } else if (sscanf(line, "at %lld %lld %lld %lf %lf", &n[0], &n[1], &n[2], &scipy, &itk) ==
                   5) {
            const double ours = lar_image_at(out, n[0], n[1], n[2], 0);
            CHECK_NEAR(ours, scipy, 1e-5 * range); /* the same formula in float32 */
            CHECK_NEAR(ours, itk, 1e-5 * range);
            voxels++;
        }
    }
    lar_image_free(out);
    fclose(file);
    assert_true(grids >= 2 && voxels == 60 * grids);
}

static void small_image_agrees_with_scipy_and_itk(void **state)
{
    (void)state;
    lar_image *in;
    CHECK_OK(lar_image_read(&in, TEST_SOURCE "/tests/golden/resample_in.nii.gz"));
    compare_with_peers(in, TEST_SOURCE "/tests/golden/resample.txt");
    lar_image_free(in);
}

static void real_scan_agrees_with_scipy_and_itk(void **state)
{
    (void)state;
    const char *path = check_data("openms/patient01/study1_T1W.nii.gz");
    lar_image *in;
    if (!path) {
        print_message("skipped: LARMOR_TEST_DATA has no openms scan\n");
        skip();
    }
    CHECK_OK(lar_image_read(&in, path));
    compare_with_peers(in, TEST_SOURCE "/tests/golden/openms.txt");
    lar_image_free(in);
}

static void marker_keeps_its_place_in_48_orientations(void **state)
{
    (void)state;
    static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                      { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    const double spacing[3] = { 1, 2, 3 };
    const int64_t marker[3] = { 2, 3, 1 };
    for (int n = 0; n < 48; n++)
        for (int interpolation = LAR_NEAREST; interpolation <= LAR_CUBIC; interpolation++) {
            lar_grid grid = { .size = { 7, 6, 4 } };
            for (int a = 0; a < 3; a++) {
                grid.to_world.m[orders[n / 8][a]][a] = (n >> a & 1 ? -1 : 1) * spacing[a];
                grid.to_world.m[a][3] = 10 * a - 17;
            }
            lar_image *in;
            CHECK_OK(lar_image_new(&in, &grid, 1, LAR_F32));
            ((float *)in->voxels)[marker[0] + 7 * (marker[1] + 6 * marker[2])] = 5;
            const lar_grid ras = lar_grid_to_ras(&grid);
            lar_image *out = resampled(in, &ras, interpolation);
            double world[3], found[3] = { 1e9, 1e9, 1e9 }, sum = 0;
            lar_grid_to_world(
                &grid, (double[3]){ (double)marker[0], (double)marker[1], (double)marker[2] },
                world);
            for (int64_t k = 0; k < ras.size[2]; k++)
                for (int64_t j = 0; j < ras.size[1]; j++)
                    for (int64_t i = 0; i < ras.size[0]; i++) {
                        const double value = lar_image_at(out, i, j, k, 0);
                        sum += fabs(value);
                        if (value == 5)
                            lar_grid_to_world(&ras, (double[3]){ (double)i, (double)j, (double)k },
                                              found);
                    }
            for (int r = 0; r < 3; r++) CHECK_NEAR(found[r], world[r], 1e-12);
            CHECK_NEAR(sum, 5, 0); /* an orientation is a lattice: copied */
            lar_image_free(out);
            lar_image_free(in);
        }
}

/* A view with other strides is the same image. */
static void views_give_the_same_values(void **state)
{
    (void)state;
    const lar_grid grid = oblique_grid();
    lar_image *in = drawn_image(&grid, 2, LAR_F32), *view;
    CHECK_OK(lar_image_to_axes(&view, in, (int[3]){ 2, 0, 1 }, (bool[3]){ true, false, true }));
    const lar_grid grids[2] = {
        lar_grid_with_spacing(&grid, (double[3]){ 1.3, 0.8, 1.5 }),
        { .size = { 9, 9, 9 },
          .to_world = { .m = { { 1, 0, 0, -4 }, { 0, 1, 0, 5 }, { 0, 0, 1, -14 } } } }
    };
    for (int g = 0; g < 2; g++)
        for (int interpolation = LAR_NEAREST; interpolation <= LAR_CUBIC; interpolation++) {
            lar_image *a = resampled(in, &grids[g], interpolation);
            lar_image *b = resampled(view, &grids[g], interpolation);
            const int64_t count = 2 * lar_image_voxel_count(a);
            for (int64_t n = 0; n < count; n++) /* the two maps differ by a rounding */
                CHECK_NEAR(((float *)a->voxels)[n], ((float *)b->voxels)[n], 1e-3);
            lar_image_free(a);
            lar_image_free(b);
        }
    lar_image_free(view);
    lar_image_free(in);
}

static void nearest_makes_no_new_value(void **state)
{
    (void)state;
    const lar_grid grid = oblique_grid(), onto = plain_grid(15, 15, 15);
    for (lar_type type = LAR_U8; type <= LAR_F64; type++) {
        lar_image *in = drawn_image(&grid, 1, type);
        lar_grid moved = onto;
        moved.to_world.m[0][3] = -9;
        moved.to_world.m[2][3] = -16;
        lar_image *out = resampled(in, &moved, LAR_NEAREST);
        assert_int_equal(out->type, type);
        for (int64_t n = 0; n < lar_image_voxel_count(out); n++) {
            const double value = lar_image_at(out, n % 15, n / 15 % 15, n / 225, 0);
            bool found = false;
            for (int64_t m = 0; m < lar_image_voxel_count(in) && !found; m++)
                found = value == lar_image_at(in, m % 14, m / 14 % 12, m / 168, 0);
            assert_true(found);
        }
        lar_image_free(out);
        lar_image_free(in);
    }
}

static void threads_do_not_change_bits(void **state)
{
    (void)state;
    const lar_grid grid = plain_grid(60, 55, 50), oblique = oblique_grid();
    lar_image *in = drawn_image(&grid, 1, LAR_F32);
    lar_grid onto[2] = { lar_grid_with_spacing(&grid, (double[3]){ 0.8, 1.3, 0.9 }), oblique };
    onto[1].to_world.m[2][3] = 5;
    for (int g = 0; g < 2; g++)
        for (int interpolation = LAR_NEAREST; interpolation <= LAR_CUBIC; interpolation++) {
            lar_threads_set(1);
            lar_image *one = resampled(in, &onto[g], interpolation);
            for (int threads = 2; threads <= 8; threads *= 2) {
                lar_threads_set(threads);
                lar_image *many = resampled(in, &onto[g], interpolation);
                assert_memory_equal(one->voxels, many->voxels,
                                    (size_t)lar_image_voxel_count(one) * sizeof(float));
                lar_image_free(many);
            }
            lar_image_free(one);
        }
    lar_threads_set(0);
    lar_image_free(in);
}

static void bad_input_is_named(void **state)
{
    (void)state;
    const lar_grid grid = plain_grid(8, 8, 8);
    const lar_grid finer = lar_grid_with_spacing(&grid, (double[3]){ 0.5, 0.5, 0.5 });
    lar_image *in = drawn_image(&grid, 1, LAR_F32), *out = NULL;
    lar_resample_params params = lar_resample_default();
    lar_grid far = grid;
    far.to_world.m[1][3] = 100;
    CHECK_FAILS(lar_resample(&out, in, &far, &params), LAR_EGEOMETRY, "do not overlap");
    assert_null(out);
    lar_grid flat = grid;
    flat.to_world.m[2][2] = 0;
    CHECK_FAILS(lar_resample(&out, in, &flat, &params), LAR_EGEOMETRY, "no extent");
    ((float *)in->voxels)[3] = NAN;
    ((float *)in->voxels)[300] = INFINITY;
    CHECK_FAILS(lar_resample(&out, in, &finer, &params), LAR_ENUMERIC,
                "2 of 512 voxels are not finite");
    CHECK_FAILS(lar_resample(&out, in, &finer, &params), LAR_ENUMERIC, "larmor info --voxels");
    params.interpolation = LAR_NEAREST;
    CHECK_OK(lar_resample(&out, in, &finer, &params));
    assert_true(isnan(lar_image_at(out, 6, 0, 0, 0)));
    lar_image_free(out);
    lar_image_free(in);
}

static void failing_memory_leaves_nothing(void **state)
{
    (void)state;
    const lar_grid grid = oblique_grid();
    const lar_grid onto[2] = { lar_grid_with_spacing(&grid, (double[3]){ 0.8, 1.3, 0.9 }),
                               plain_grid(4, 16, 4) };
    lar_image *in = drawn_image(&grid, 1, LAR_I16);
    lar_threads_set(1);
    for (int g = 0; g < 2; g++) {
        lar_grid moved = onto[g];
        if (g == 1) moved.to_world.m[2][3] = -12;
        lar_status status = LAR_EMEMORY;
        int failures = 0;
        for (int64_t n = 1; status != LAR_OK; n++) {
            lar_resample_params params = lar_resample_default();
            lar_image *out = NULL;
            lar_alloc_fail_at(n, false);
            status = lar_resample(&out, in, &moved, &params);
            lar_alloc_fail_at(0, false);
            assert_true(status == LAR_OK || (status == LAR_EMEMORY && !out));
            failures += status != LAR_OK;
            lar_image_free(out);
        }
        assert_true(failures >= 8);
    }
    lar_threads_set(0);
    lar_image_free(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_grid_gives_the_same_bits),
        cmocka_unit_test(shifted_lattice_is_copied_and_padded),
        cmocka_unit_test(ramp_stays_a_ramp),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(small_image_agrees_with_scipy_and_itk),
        cmocka_unit_test(real_scan_agrees_with_scipy_and_itk),
        cmocka_unit_test(marker_keeps_its_place_in_48_orientations),
        cmocka_unit_test(views_give_the_same_values),
        cmocka_unit_test(nearest_makes_no_new_value),
        cmocka_unit_test(threads_do_not_change_bits),
        cmocka_unit_test(bad_input_is_named),
        cmocka_unit_test(failing_memory_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
