/* Pieces, holes, growing and shrinking, smoothing, thresholds: what the head mask is made of.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "filter/filter.h"
#include "math/math.h"

enum { SIZE = 15, COUNT = SIZE * SIZE * SIZE };
static const int64_t size[3] = { SIZE, SIZE, SIZE };

static void draw(uint8_t *mask, uint64_t seed, double filled)
{
    for (int n = 0; n < COUNT; n++) mask[n] = lar_random_uniform(seed, 0, (uint64_t)n) < filled;
}

/* The plain way: floods from one voxel, over voxels of `value`, and returns how many. */
static int flood(const uint8_t *mask, int *label, int from, int with, uint8_t value)
{
    static const int steps[3] = { 1, SIZE, SIZE * SIZE };
    int stack[COUNT], depth = 0, count = 0;
    stack[depth++] = from;
    label[from] = with;
    while (depth > 0) {
        const int n = stack[--depth];
        const int ijk[3] = { n % SIZE, n / SIZE % SIZE, n / SIZE / SIZE };
        count++;
        for (int a = 0; a < 3; a++)
            for (int way = -1; way <= 1; way += 2) {
                if (ijk[a] + way < 0 || ijk[a] + way >= SIZE) continue;
                const int next = n + way * steps[a];
                if (mask[next] != value || label[next]) continue;
                label[next] = with;
                stack[depth++] = next;
            }
    }
    return count;
}

static void largest_piece_is_that_of_flooding(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 30; seed++) {
        uint8_t mask[COUNT], expected[COUNT];
        int label[COUNT] = { 0 }, largest = 0, most = 0, labels = 0;
        draw(mask, seed, 0.1 + 0.01 * (double)seed); /* from dust to one large piece */
        for (int n = 0; n < COUNT; n++) {
            if (!mask[n] || label[n]) continue;
            const int count = flood(mask, label, n, ++labels, 1);
            if (count <= most) continue;
            most = count;
            largest = labels;
        }
        for (int n = 0; n < COUNT; n++) expected[n] = mask[n] && label[n] == largest;
        CHECK_OK(lar_mask_keep_largest(mask, size));
        assert_memory_equal(mask, expected, COUNT);
    }
    uint8_t empty[COUNT] = { 0 };
    CHECK_OK(lar_mask_keep_largest(empty, size));
    for (int n = 0; n < COUNT; n++) assert_int_equal(empty[n], 0);
}

static void holes_are_what_the_border_cannot_flood(void **state)
{
    (void)state;
    int filled_ever = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        uint8_t mask[COUNT], expected[COUNT];
        int label[COUNT] = { 0 };
        draw(mask, seed + 100, 0.5 + 0.02 * (double)seed);
        for (int n = 0; n < COUNT; n++) {
            const int i = n % SIZE, j = n / SIZE % SIZE, k = n / SIZE / SIZE;
            const bool border =
                i == 0 || j == 0 || k == 0 || i == SIZE - 1 || j == SIZE - 1 || k == SIZE - 1;
            if (border && !mask[n] && !label[n]) flood(mask, label, n, 1, 0);
        }
        for (int n = 0; n < COUNT; n++) expected[n] = mask[n] || !label[n];
        for (int n = 0; n < COUNT; n++) filled_ever += expected[n] != mask[n];
        CHECK_OK(lar_mask_fill_holes(mask, size));
        assert_memory_equal(mask, expected, COUNT);
    }
    assert_true(filled_ever > 100);
}

/* A tube along an axis is a hole of the slices across that axis alone. */
static void slices_are_filled_across_their_axis(void **state)
{
    (void)state;
    for (int tube = 0; tube < 3; tube++)
        for (int axis = 0; axis < 3; axis++) {
            uint8_t mask[COUNT];
            int filled = 0;
            for (int n = 0; n < COUNT; n++) {
                const int ijk[3] = { n % SIZE, n / SIZE % SIZE, n / SIZE / SIZE };
                const int b = (tube + 1) % 3, c = (tube + 2) % 3;
                mask[n] = !(ijk[b] == 7 && ijk[c] == 6);
            }
            CHECK_OK(lar_mask_fill_slices(mask, size, axis));
            for (int n = 0; n < COUNT; n++) filled += mask[n];
            assert_int_equal(filled, axis == tube ? COUNT : COUNT - SIZE);
        }
}

static void box_reaches_as_far_as_its_radius(void **state)
{
    (void)state;
    static const int64_t radii[][3] = { { 1, 1, 1 }, { 2, 0, 3 }, { 0, 4, 1 }, { 20, 20, 20 } };
    for (int r = 0; r < 4; r++)
        for (uint64_t seed = 0; seed < 5; seed++) {
            uint8_t mask[COUNT], grown[COUNT], shrunk[COUNT];
            draw(mask, seed + 40, seed % 2 ? 0.02 : 0.97);
            memcpy(grown, mask, COUNT);
            memcpy(shrunk, mask, COUNT);
            CHECK_OK(lar_mask_grow(grown, size, radii[r]));
            CHECK_OK(lar_mask_shrink(shrunk, size, radii[r]));
            for (int n = 0; n < COUNT; n++) {
                const int64_t at[3] = { n % SIZE, n / SIZE % SIZE, n / SIZE / SIZE };
                bool any = false, all = true;
                for (int m = 0; m < COUNT; m++) {
                    const int64_t by[3] = { m % SIZE, m / SIZE % SIZE, m / SIZE / SIZE };
                    bool near = true;
                    for (int a = 0; a < 3; a++) near = near && llabs(at[a] - by[a]) <= radii[r][a];
                    if (near && mask[m]) any = true;
                    if (near && !mask[m]) all = false;
                }
                assert_int_equal(grown[n], any);
                assert_int_equal(shrunk[n], all);
            }
        }
}

static void smoothing_of_a_point_is_the_gaussian(void **state)
{
    (void)state;
    const double sigma[3] = { 1, 1.5, 0 };
    float voxels[COUNT] = { 0 };
    const int middle = 7 + SIZE * (7 + SIZE * 7);
    voxels[middle] = 1000;
    CHECK_OK(lar_smooth_voxels(voxels, size, sigma));
    double sum = 0, spread[3] = { 0 };
    for (int n = 0; n < COUNT; n++) {
        const int ijk[3] = { n % SIZE, n / SIZE % SIZE, n / SIZE / SIZE };
        sum += voxels[n];
        for (int a = 0; a < 3; a++) spread[a] += (double)voxels[n] * (ijk[a] - 7) * (ijk[a] - 7);
    }
    CHECK_NEAR(sum, 1000, 1e-2);
    for (int a = 0; a < 3; a++) CHECK_NEAR(spread[a] / sum, sigma[a] * sigma[a], 5e-3);
    CHECK_NEAR(voxels[middle + 1] / voxels[middle], exp(-0.5), 1e-5);
    float flat[COUNT];
    for (int n = 0; n < COUNT; n++) flat[n] = 3;
    CHECK_OK(
        lar_smooth_voxels(flat, size, (double[3]){ 2, 30, 5 })); /* wider than the volume too */
    for (int n = 0; n < COUNT; n++) CHECK_NEAR(flat[n], 3, 1e-5);
}

static void otsu_parts_two_classes(void **state)
{
    (void)state;
    float values[3000];
    for (int n = 0; n < 3000; n++)
        values[n] = (float)((n % 3 ? 10 : 50) + 3 * lar_random_normal(2, 0, (uint64_t)n));
    lar_otsu otsu;
    CHECK_OK(lar_otsu_split(&otsu, values, 3000));
    CHECK_NEAR(otsu.threshold, 30, 8);
    CHECK_NEAR(otsu.means[0], 10, 0.5);
    CHECK_NEAR(otsu.means[1], 50, 0.5);
    for (int n = 0; n < 3000; n++) values[n] = 4;
    CHECK_FAILS(lar_otsu_split(&otsu, values, 3000), LAR_ENUMERIC, "constant");
    values[7] = 5; /* rarer than the quantiles that bound the histogram */
    CHECK_OK(lar_otsu_split(&otsu, values, 3000));
    assert_true(otsu.threshold >= 4 && otsu.threshold < 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(largest_piece_is_that_of_flooding),
        cmocka_unit_test(holes_are_what_the_border_cannot_flood),
        cmocka_unit_test(slices_are_filled_across_their_axis),
        cmocka_unit_test(box_reaches_as_far_as_its_radius),
        cmocka_unit_test(smoothing_of_a_point_is_the_gaussian),
        cmocka_unit_test(otsu_parts_two_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
