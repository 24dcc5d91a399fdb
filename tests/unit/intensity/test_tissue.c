/* The sample of an image, its points, and fuzzy c-means on them against the same on voxels.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "image/image.h"
#include "intensity/sample.h"
#include "intensity/tissue.h"
#include "math/math.h"

static const lar_grid grid = { .size = { 531, 40, 7 },
                               .to_world = { .m = { { 1 }, { 0, 1 }, { 0, 0, 1 } } } };
enum { COUNT = 531 * 40 * 7 };

/* Three tissues, 20 % 45 % 35 %, and a few bright voxels. */
static double drawn_value(uint64_t n)
{
    static const double means[3] = { 80, 210, 330 }, deviations[3] = { 25, 22, 16 };
    const double u = lar_random_uniform(3, 0, n);
    const int tissue = u < 0.2 ? 0 : u < 0.65 ? 1 : 2;
    if (n % 9973 == 17) return 4000;
    return means[tissue] + deviations[tissue] * lar_random_normal(3, 1, n);
}

static lar_image *drawn(lar_type type)
{
    lar_image *image, *out;
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_F64));
    for (int64_t n = 0; n < COUNT; n++)
        ((double *)image->voxels)[n] = round(drawn_value((uint64_t)n));
    CHECK_OK(lar_image_to_type(&out, image, type));
    lar_image_free(image);
    return out;
}

static lar_image *every_third(lar_type type)
{
    lar_image *mask, *out;
    CHECK_OK(lar_image_new(&mask, &grid, 1, LAR_U8));
    for (int64_t n = 0; n < COUNT; n++)
        ((uint8_t *)mask->voxels)[n] = n % 3 == 1 && n % 2000 > 600 ? 2 : 0;
    CHECK_OK(lar_image_to_type(&out, mask, type));
    lar_image_free(mask);
    return out;
}

static void a_sample_is_the_voxels_that_count_in_order(void **state)
{
    (void)state;
    static const lar_type types[] = { LAR_I16, LAR_U16, LAR_I32, LAR_F32, LAR_F64 };
    lar_image *model = drawn(LAR_F64);
    const double *want = model->voxels;
    for (int t = 0; t < 10; t++) {
        lar_image *image = drawn(types[t % 5]), *mask = every_third(t < 5 ? LAR_U8 : LAR_F32);
        lar_sample sample;
        CHECK_OK(lar_sample_take(&sample, image, mask));
        int64_t at = 0;
        double low = 1e30, high = -1e30;
        for (int64_t n = 0; n < COUNT; n++) {
            if (!(n % 3 == 1 && n % 2000 > 600)) continue;
            const double value = types[t % 5] == LAR_U16 && want[n] < 0 ? 0 : want[n];
            assert_true((double)sample.values[at++] == value);
            low = fmin(low, value);
            high = fmax(high, value);
        }
        assert_int_equal(at, sample.count);
        assert_true(low == sample.low && high == sample.high);
        lar_sample_clear(&sample);
        lar_image_free(image);
        lar_image_free(mask);
    }
    lar_image_free(model);
}

static void a_view_gives_the_same_values_as_its_copy(void **state)
{
    (void)state;
    static const int axis[3] = { 2, 0, 1 };
    static const bool flipped[3] = { true, false, true };
    lar_image *image = drawn(LAR_F32), *mask = every_third(LAR_U8), *image_view, *mask_view, *copy;
    CHECK_OK(lar_image_to_axes(&image_view, image, axis, flipped));
    CHECK_OK(lar_image_to_axes(&mask_view, mask, axis, flipped));
    CHECK_OK(lar_image_to_type(&copy, image_view, LAR_F64));
    lar_sample a, b;
    CHECK_OK(lar_sample_take(&a, image_view, mask_view));
    CHECK_OK(lar_sample_take(&b, copy, mask_view));
    assert_int_equal(a.count, b.count);
    assert_memory_equal(a.values, b.values, (size_t)a.count * sizeof *a.values);
    lar_sample_clear(&a);
    lar_sample_clear(&b);
    lar_image_free(copy);
    lar_image_free(image_view);
    lar_image_free(mask_view);
    lar_image_free(image);
    lar_image_free(mask);
}

static void bins_count_what_is_in_them(void **state)
{
    (void)state;
    enum { BINS = 50 };
    lar_image *image = drawn(LAR_F32);
    lar_sample sample;
    CHECK_OK(lar_sample_take(&sample, image, NULL));
    int64_t counts[BINS], want[BINS] = { 0 };
    double beyond[BINS], sums[BINS] = { 0 };
    CHECK_OK(lar_bin(counts, beyond, BINS, 0, 8, sample.high, &sample));
    for (int64_t n = 0; n < sample.count; n++) {
        const double at = fmin(fmax((double)sample.values[n] / 8, 0), BINS - 1e-9);
        want[(int)at]++;
        sums[(int)at] += at - floor(at);
    }
    for (int b = 0; b < BINS; b++) {
        assert_int_equal(counts[b], want[b]);
        CHECK_NEAR(beyond[b], sums[b], 2e-5 * (double)want[b]);
    }
    lar_sample_clear(&sample);
    lar_image_free(image);
}

static void points_hold_every_value_once(void **state)
{
    (void)state;
    lar_image *image = drawn(LAR_F32);
    for (int outlier = 0; outlier < 3; outlier++) {
        lar_sample sample;
        lar_points points;
        ((float *)image->voxels)[5] = outlier == 0 ? 1 : outlier == 1 ? 1e6F : 1e9F;
        CHECK_OK(lar_sample_take(&sample, image, NULL));
        CHECK_OK(lar_points_of(&points, &sample));
        double count = 0, sum = 0, want = 0;
        for (int64_t n = 0; n < points.count; n++) {
            count += points.weights[n];
            sum += points.values[n] * points.weights[n];
            assert_true(n == 0 || points.values[n] > points.values[n - 1]);
        }
        for (int64_t n = 0; n < sample.count; n++) want += (double)sample.values[n];
        assert_true(count == (double)sample.count);
        CHECK_NEAR(sum, want, 1e-6 * want);
        if (outlier < 2) assert_true(points.count > 300); /* the outlier squeezes nothing */
        lar_points_clear(&points);
        lar_sample_clear(&sample);
    }
    lar_image_free(image);
}

/* The definition, on every voxel. */
static void by_voxels(double centres[3], const lar_sample *sample)
{
    for (int round = 0; round < 300; round++) {
        double sums[3] = { 0 }, weights[3] = { 0 };
        for (int64_t n = 0; n < sample->count; n++) {
            const double x = (double)sample->values[n];
            double near[3], all = 0;
            for (int t = 0; t < 3; t++)
                all += near[t] = 1 / fmax((x - centres[t]) * (x - centres[t]), 1e-30);
            for (int t = 0; t < 3; t++) {
                const double u = near[t] / all;
                weights[t] += u * u;
                sums[t] += u * u * x;
            }
        }
        for (int t = 0; t < 3; t++) centres[t] = sums[t] / weights[t];
    }
}

static void centres_are_those_of_the_voxels(void **state)
{
    (void)state;
    lar_image *image = drawn(LAR_F32), *mask = every_third(LAR_U8);
    lar_sample sample;
    lar_tissues found;
    CHECK_OK(lar_sample_take(&sample, image, mask));
    CHECK_OK(lar_tissues_find(&found, &sample));
    double centres[3] = { 50, 200, 300 };
    by_voxels(centres, &sample);
    for (int t = 0; t < 3; t++) CHECK_NEAR(found.centres[t], centres[t], 2e-5 * centres[t]);
    CHECK_NEAR(found.shares[0] + found.shares[1] + found.shares[2], 1, 1e-12);
    lar_sample_clear(&sample);
    lar_image_free(image);
    lar_image_free(mask);
}

static void threads_do_not_change_bits(void **state)
{
    (void)state;
    lar_image *image = drawn(LAR_F32), *mask = every_third(LAR_U8);
    lar_tissues found[2] = { 0 };
    for (int t = 0; t < 2; t++) {
        lar_sample sample;
        lar_threads_set(1 + 2 * t);
        CHECK_OK(lar_sample_take(&sample, image, mask));
        CHECK_OK(lar_tissues_find(&found[t], &sample));
        lar_sample_clear(&sample);
    }
    lar_threads_set(0);
    assert_memory_equal(&found[0], &found[1], sizeof *found);
    lar_image_free(image);
    lar_image_free(mask);
}

static void refusals_say_why(void **state)
{
    (void)state;
    lar_image *image = drawn(LAR_F32), *mask = every_third(LAR_U8);
    lar_sample sample;
    lar_tissues found;
    float *voxels = image->voxels;
    voxels[1] = NAN; /* outside the mask */
    CHECK_OK(lar_sample_take(&sample, image, mask));
    lar_sample_clear(&sample);
    voxels[1000] = INFINITY;
    CHECK_FAILS(lar_sample_take(&sample, image, mask), LAR_ENUMERIC, "inside the mask are not");
    CHECK_FAILS(lar_sample_take(&sample, image, NULL), LAR_ENUMERIC, "2 of 148680 voxels");
    assert_null(sample.values);
    memset(mask->voxels, 0, COUNT);
    CHECK_FAILS(lar_sample_take(&sample, image, mask), LAR_ENUMERIC, "mask is empty");
    for (int kinds = 1; kinds <= 2; kinds++) {
        for (int n = 0; n < COUNT; n++) voxels[n] = (float)(n % kinds);
        CHECK_OK(lar_sample_take(&sample, image, NULL));
        CHECK_FAILS(lar_tissues_find(&found, &sample), LAR_ENUMERIC,
                    kinds == 1 ? "only 1 different value" : "only 2 different values");
        lar_sample_clear(&sample);
    }
    for (int n = 0; n < COUNT; n++) voxels[n] = (float)(n % 3);
    CHECK_OK(lar_sample_take(&sample, image, NULL));
    CHECK_OK(lar_tissues_find(&found, &sample));
    for (int t = 0; t < 3; t++) CHECK_NEAR(found.centres[t], t, 1e-4);
    lar_sample_clear(&sample);
    lar_image_free(image);
    lar_image_free(mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sample_is_the_voxels_that_count_in_order),
        cmocka_unit_test(a_view_gives_the_same_values_as_its_copy),
        cmocka_unit_test(bins_count_what_is_in_them),
        cmocka_unit_test(points_hold_every_value_once),
        cmocka_unit_test(centres_are_those_of_the_voxels),
        cmocka_unit_test(threads_do_not_change_bits),
        cmocka_unit_test(refusals_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
