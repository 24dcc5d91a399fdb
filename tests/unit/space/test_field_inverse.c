/* The inverse of a displacement field: there and back again, to the edge of its view and not
 * beyond; a chain as one field. SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "image/image.h"
#include "math/math.h"
#include "space/space.h"

static const double PI = 3.14159265358979323846;
static const lar_grid grid = {
    .size = { 24, 20, 16 },
    .to_world = { .m = { { -2.4, 0.5, 0, 20 }, { 0.4, 2.5, 0.3, -25 }, { 0, -0.3, 3, -18 } } }
};

/* Waves that vanish at the edge of the view; amplitude in mm. */
static lar_image *waves(double amplitude)
{
    lar_image *field;
    CHECK_OK(lar_image_new(&field, &grid, 3, LAR_F32));
    float *out = field->voxels;
    for (int c = 0; c < 3; c++)
        for (int64_t k = 0; k < grid.size[2]; k++)
            for (int64_t j = 0; j < grid.size[1]; j++)
                for (int64_t i = 0; i < grid.size[0]; i++) {
                    const double u = PI * (double)i / 23, v = PI * (double)j / 19,
                                 w = PI * (double)k / 15;
                    *out++ = (float)(amplitude * sin(u) * sin(v) * sin(w) *
                                     cos((c + 1) * u + v - w + c));
                }
    return field;
}

static void random_point(double xyz[3], uint64_t n)
{
    double ijk[3];
    for (int r = 0; r < 3; r++)
        ijk[r] = lar_random_uniform(3, 0, 3 * n + (uint64_t)r) * (double)(grid.size[r] - 1);
    lar_grid_to_world(&grid, ijk, xyz);
}

static double distance(const double a[3], const double b[3])
{
    return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                (a[2] - b[2]) * (a[2] - b[2]));
}

static void there_and_back_again(void **state)
{
    (void)state;
    lar_image *field = waves(4);
    lar_chain *there, *both[2];
    CHECK_OK(lar_chain_new(&there));
    CHECK_OK(lar_chain_add_field(there, field));
    for (int n = 0; n < 2; n++) { /* back after there, there after back */
        CHECK_OK(lar_chain_new(&both[n]));
        CHECK_OK((n ? lar_chain_add_field : lar_chain_add_field_inverse)(both[n], field));
        CHECK_OK((n ? lar_chain_add_field_inverse : lar_chain_add_field)(both[n], field));
    }
    double far = 0, moved = 0;
    for (uint64_t n = 0; n < 2000; n++) {
        double from[3], at[1][3];
        random_point(from, n);
        for (int order = 0; order < 2; order++) {
            memcpy(at[0], from, sizeof from);
            lar_chain_points(both[order], at, 1);
            far = fmax(far, distance(at[0], from));
        }
        memcpy(at[0], from, sizeof from);
        lar_chain_points(there, at, 1);
        moved = fmax(moved, distance(at[0], from));
    }
    assert_true(moved > 3);
    CHECK_NEAR(far, 0, 1e-5); /* a field is sampled in float32 on the way there */
    lar_chain_free(there);
    lar_chain_free(both[0]);
    lar_chain_free(both[1]);
    lar_image_free(field);
}

/* Stretched five times, where an iteration without damping runs away. */
static void strong_stretch_is_inverted(void **state)
{
    (void)state;
    lar_image *field;
    lar_chain *chain;
    CHECK_OK(lar_image_new(&field, &grid, 3, LAR_F32));
    const int64_t count = lar_image_voxel_count(field);
    for (int64_t n = 0; n < count; n++) {
        double xyz[3];
        lar_grid_to_world(
            &grid, (const double[3]){ (double)(n % 24), (double)(n / 24 % 20), (double)(n / 480) },
            xyz);
        for (int r = 0; r < 3; r++)
            ((float *)field->voxels)[r * count + n] = (float)(r == 1 ? 4 * xyz[r] : 0.5);
    }
    CHECK_OK(lar_chain_new(&chain));
    CHECK_OK(lar_chain_add_field_inverse(chain, field));
    double at[1][3] = { { 3, 10, -2 } };
    lar_chain_points(chain, at, 1);
    CHECK_NEAR(at[0][0], 2.5, 1e-5);
    CHECK_NEAR(at[0][1], 2, 1e-5);
    CHECK_NEAR(at[0][2], -2.5, 1e-5);
    lar_chain_free(chain);
    lar_image_free(field);
}

/* Outside the view nothing moves; a folded field gives some point, and ends. */
static void edges_and_folds_end(void **state)
{
    (void)state;
    lar_image *field = waves(60);
    lar_chain *chain;
    CHECK_OK(lar_chain_new(&chain));
    CHECK_OK(lar_chain_add_field_inverse(chain, field));
    double at[1][3] = { { 500, 0, 0 } };
    lar_chain_points(chain, at, 1);
    assert_true(at[0][0] == 500 && at[0][1] == 0 && at[0][2] == 0);
    for (uint64_t n = 0; n < 500; n++) {
        random_point(at[0], n);
        lar_chain_points(chain, at, 1);
        for (int r = 0; r < 3; r++) assert_true(isfinite(at[0][r]));
    }
    at[0][0] = NAN;
    lar_chain_points(chain, at, 1);
    assert_true(isnan(at[0][0]));
    lar_chain_free(chain);
    lar_image_free(field);
}

static void a_chain_becomes_a_field(void **state)
{
    (void)state;
    static const lar_affine turn = {
        .m = { { 0.98, -0.15, 0, 2 }, { 0.15, 1.02, 0.03, -1 }, { 0, 0, 1.05, 0.5 } }
    };
    lar_image *field = waves(2), *whole, *again;
    lar_chain *chain, *one;
    CHECK_OK(lar_chain_new(&chain));
    CHECK_OK(lar_chain_add_affine(chain, &turn));
    CHECK_OK(lar_chain_add_field(chain, field));
    lar_threads_set(1);
    CHECK_OK(lar_chain_to_field(&whole, chain, &grid));
    lar_threads_set(3);
    CHECK_OK(lar_chain_to_field(&again, chain, &grid));
    lar_threads_set(0);
    const size_t bytes = (size_t)lar_image_voxel_count(whole) * 3 * sizeof(float);
    assert_memory_equal(whole->voxels, again->voxels, bytes);
    CHECK_OK(lar_chain_new(&one));
    CHECK_OK(lar_chain_add_field(one, whole));
    for (uint64_t n = 0; n < 300; n++) { /* linear between voxels on both sides */
        double a[1][3], b[1][3];
        random_point(a[0], n);
        memcpy(b, a, sizeof b);
        lar_chain_points(chain, a, 1);
        lar_chain_points(one, b, 1);
        CHECK_NEAR(distance(a[0], b[0]), 0, 1e-5);
    }
    lar_chain_free(one);
    lar_chain_free(chain);
    lar_image_free(again);
    lar_image_free(whole);
    lar_image_free(field);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back_again),
        cmocka_unit_test(strong_stretch_is_inverted),
        cmocka_unit_test(edges_and_folds_end),
        cmocka_unit_test(a_chain_becomes_a_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
