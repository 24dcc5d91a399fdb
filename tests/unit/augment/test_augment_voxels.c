/* What changes intensities, against its definition.
 * SPDX-License-Identifier: Apache-2.0 */
#include "changes.h"
#include "filter/filter.h"

/* ---- noise ------------------------------------------------------------------------------- */

static void gaussian_noise_is_added(void **state)
{
    (void)state;
    bench b;
    bench_init(&b, "noise", 32, 32, 32);
    set_value(&b, "std", 0.25);
    set_value(&b, "mean", 0.5);
    set_value(&b, "seed", 123456);
    const float *after = run(&b);
    for (int64_t n = 0; n < b.count; n++) b.before[n] = after[n] - b.before[n];
    const moments m = moments_of(b.before, b.count);
    CHECK_NEAR(m.mean, 0.5, 4 * 0.25 / 181);
    CHECK_NEAR(m.std, 0.25, 4 * 0.25 / 256);
    /* the other image has other noise, and no number is used twice */
    double product = 0;
    for (int64_t n = 0; n < b.count; n++)
        product += ((double)b.before[n] - 0.5) *
                   ((double)(b.s.out[1][n] - plain_at(&b.s, 1, &b.box, n)) - 0.5);
    CHECK_NEAR(product / (double)b.count, 0, 4 * 0.0625 / 181);
    bench_clear(&b);
}

/* Rice 1944: of a signal A in noise of deviation s the square has mean A^2 + 2 s^2; without signal
 * the mean is s sqrt(pi / 2); of a strong signal nearly sqrt(A^2 + s^2). */
static void rician_noise_has_the_means_of_rice(void **state)
{
    (void)state;
    static const double signals[] = { 0, 0.4, 2, 10 };
    const double std = 0.5, zero = -2;
    for (int n = 0; n < 4; n++) {
        bench b;
        bench_init(&b, "noise", 32, 32, 32);
        fill(&b, zero + signals[n]);
        b.s.images[0].outside = (float)zero; /* what no signal is */
        set_value(&b, "std", std);
        set_value(&b, "rician", 1);
        set_value(&b, "seed", 7 + n);
        const float *after = run(&b);
        double mean = 0, square = 0;
        for (int64_t v = 0; v < b.count; v++) {
            const double magnitude = (double)after[v] - zero;
            assert_true(magnitude >= -1e-6);
            mean += magnitude / (double)b.count;
            square += magnitude * magnitude / (double)b.count;
        }
        const double spread = 4 * (2 * signals[n] * std + 2 * std * std) / 181;
        CHECK_NEAR(square, signals[n] * signals[n] + 2 * std * std, spread);
        if (n == 0) CHECK_NEAR(mean, std * sqrt(acos(-1) / 2), 4 * 0.655 * std / 181);
        if (n == 3) CHECK_NEAR(mean, sqrt(100 + std * std), 4 * std / 181);
        bench_clear(&b);
    }
}

/* ---- curves ------------------------------------------------------------------------------ */

static void gamma_is_a_power_within_the_range(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        const bool invert = way & 1, retain = way & 2;
        bench b;
        bench_init(&b, "gamma", 20, 18, 16);
        set_value(&b, "log_gamma", 0.7);
        set_value(&b, "invert", invert);
        set_value(&b, "retain_stats", retain);
        const float *after = run(&b);
        const moments was = moments_of(b.before, b.count), is = moments_of(after, b.count);
        double *right = lar_alloc(b.count, sizeof *right), mean = 0, square = 0;
        for (int64_t n = 0; n < b.count; n++) {
            const double x = ((double)b.before[n] - was.low) / (was.high - was.low);
            const double y = invert ? 1 - pow(1 - x, exp(0.7)) : pow(x, exp(0.7));
            right[n] = was.low + y * (was.high - was.low);
            mean += right[n] / (double)b.count;
        }
        for (int64_t n = 0; n < b.count; n++) square += pow(right[n] - mean, 2) / (double)b.count;
        for (int64_t n = 0; n < b.count; n++) {
            if (retain) right[n] = was.mean + (right[n] - mean) * was.std / sqrt(square);
            CHECK_NEAR((double)after[n], right[n], 2e-5);
        }
        if (retain) {
            CHECK_NEAR(is.mean, was.mean, 1e-6);
            CHECK_NEAR(is.std, was.std, 1e-6);
        } else { /* the ends stay, to the bit */
            assert_true(is.low == was.low && is.high == was.high);
            assert_true(invert ? is.mean > was.mean : is.mean < was.mean);
        }
        lar_free(right);
        bench_clear(&b);
    }
}

static void contrast_and_brightness(void **state)
{
    (void)state;
    bench b;
    for (int widen = 0; widen < 2; widen++) {
        bench_init(&b, "contrast", 20, 18, 16);
        set_value(&b, "factor", 1.2);
        set_value(&b, "widen", widen);
        const float *after = run(&b);
        const moments was = moments_of(b.before, b.count);
        int64_t held = 0;
        for (int64_t n = 0; n < b.count; n++) {
            double right = was.mean + ((double)b.before[n] - was.mean) * 1.2;
            if (right < was.low || right > was.high) held++;
            if (!widen) right = fmin(fmax(right, was.low), was.high);
            CHECK_NEAR((double)after[n], right, 1e-5);
        }
        assert_true(held > 0);
        bench_clear(&b);
    }
    bench_init(&b, "brightness", 20, 18, 16); /* about -3.5, the value of air */
    set_value(&b, "factor", 1.2);
    set_value(&b, "shift", 0.25);
    const float *after = run(&b);
    for (int64_t n = 0; n < b.count; n++)
        CHECK_NEAR((double)after[n], -3.5 + ((double)b.before[n] + 3.5) * 1.2 + 0.25, 1e-5);
    bench_clear(&b);
}

static void histogram_shift_is_the_curve(void **state)
{
    (void)state;
    static const double curve[5] = { 0, 0.1, 0.15, 0.9, 1 };
    bench b;
    bench_init(&b, "histogram_shift", 20, 18, 16);
    set_value(&b, "points", 5);
    set_value(&b, "at_1", curve[1]);
    set_value(&b, "at_2", curve[2]);
    set_value(&b, "at_3", curve[3]);
    const float *after = run(&b);
    const moments was = moments_of(b.before, b.count), is = moments_of(after, b.count);
    const double width = was.high - was.low;
    for (int64_t n = 0; n < b.count; n++) {
        const double at = ((double)b.before[n] - was.low) / width * 4;
        const int piece = at >= 4 ? 3 : (int)at;
        const double y = curve[piece] + (curve[piece + 1] - curve[piece]) * (at - piece);
        CHECK_NEAR((double)after[n], was.low + y * width, 1e-5);
    }
    CHECK_NEAR(is.low, was.low, 1e-6);
    CHECK_NEAR(is.high, was.high, 1e-6);
    bench_clear(&b);
}

/* ---- fields and filters ------------------------------------------------------------------ */

/* Two samples see their pieces of one field, which is exp of the polynomial of the volume. */
static void the_bias_field_belongs_to_the_volume(void **state)
{
    (void)state;
    for (int place = 0; place < 3; place++) {
        bench b;
        bench_init(&b, "bias", 20, 18, 16);
        for (int a = 0; a < 3; a++) b.box.corner[a] = place * 9 - 6;
        fill(&b, 1);
        b.s.images[0].outside = 0;
        set_value(&b, "1", 0.1);
        set_value(&b, "x", -0.4);
        set_value(&b, "yz", 0.3);
        set_value(&b, "xxz", 0.2);
        set_value(&b, "zzz", -0.25);
        const float *after = run(&b);
        for (int64_t n = 0; n < b.count; n++) {
            double at[3];
            const int64_t v[3] = { n % 20, n / 20 % 18, n / 360 };
            bool inside = true;
            for (int a = 0; a < 3; a++) {
                at[a] = 2.0 * (double)(b.box.corner[a] + v[a]) / (double)(size[a] - 1) - 1;
                inside = inside && fabs(at[a]) <= 1;
            }
            const double x = at[0], y = at[1], z = at[2];
            const double field =
                exp(0.1 - 0.4 * x + 0.3 * y * z + 0.2 * x * x * z - 0.25 * z * z * z);
            CHECK_NEAR((double)after[n], inside ? field : 0, 2e-6);
        }
        bench_clear(&b);
    }
}

/* A Gaussian of so many millimetres keeps a line of slope 1 in the middle, and of one bright voxel
 * leaves the variance that it has. */
static void blur_has_its_width(void **state)
{
    (void)state;
    bench b;
    bench_init(&b, "blur", 31, 31, 29);
    fill(&b, 0);
    ((float *)b.s.volumes[0]->voxels)[((2 + 14) * size[1] + 3 + 15) * size[0] + 5 + 15] = 1;
    set_value(&b, "std_x", 1.5);
    set_value(&b, "std_y", 2);
    set_value(&b, "std_z", 3);
    const float *after = run(&b);
    double sum = 0, square[3] = { 0 };
    for (int64_t n = 0; n < b.count; n++) {
        const double at[3] = { (double)(n % 31) - 15, (double)(n / 31 % 31) - 15,
                               (double)(n / 961) - 14 };
        sum += (double)after[n];
        for (int a = 0; a < 3; a++) square[a] += (double)after[n] * pow(at[a] * spacing_mm[a], 2);
    }
    CHECK_NEAR(sum, 1, 1e-5);
    CHECK_NEAR(sqrt(square[0]), 1.5, 0.02);
    CHECK_NEAR(sqrt(square[1]), 2, 0.02);
    CHECK_NEAR(sqrt(square[2]), 3, 0.02);
    bench_clear(&b);
}

/* Against both blurs by themselves. */
static void sharpening_adds_what_a_blur_takes(void **state)
{
    (void)state;
    bench b;
    double sigma[3], again[3];
    bench_init(&b, "sharpen", 20, 18, 16);
    set_value(&b, "std", 1.5);
    set_value(&b, "again", 2);
    set_value(&b, "alpha", 12);
    const float *after = run(&b);
    float *twice = lar_alloc(b.count, sizeof *twice);
    for (int a = 0; a < 3; a++) {
        sigma[a] = 1.5 / spacing_mm[a];
        again[a] = 2 / spacing_mm[a];
    }
    CHECK_OK(lar_smooth_voxels(b.before, b.box.size, sigma));
    memcpy(twice, b.before, (size_t)b.count * sizeof *twice);
    CHECK_OK(lar_smooth_voxels(twice, b.box.size, again));
    for (int64_t n = 0; n < b.count; n++)
        CHECK_NEAR((double)after[n], (double)b.before[n] + 12 * (double)(b.before[n] - twice[n]),
                   1e-5);
    lar_free(twice);
    bench_clear(&b);
}

/* Slices of three voxels: the middle one of each is their mean, those between lie on lines. */
static void thick_slices_are_averages(void **state)
{
    (void)state;
    for (int axis = 0; axis < 3; axis++) {
        bench b;
        bench_init(&b, "anisotropy", 18, 15, 12);
        set_value(&b, "axis", axis);
        set_value(&b, "downsampling", 3);
        set_value(&b, "offset", 0);
        const float *after = run(&b);
        const int64_t step = axis == 0 ? 1 : axis == 1 ? 18 : 18 * 15, length = b.box.size[axis];
        for (int64_t n = 0; n < b.count; n++) {
            const int64_t t = n / step % length, start = n - t * step;
            double means[8];
            for (int64_t m = 0; m < length / 3; m++) {
                means[m] = 0;
                for (int64_t v = 0; v < 3; v++)
                    means[m] += (double)b.before[start + (3 * m + v) * step] / 3;
            }
            double at = ((double)t - 1) / 3; /* in slices, from the middle of the first */
            at = at < 0 ? 0 : at > (double)(length / 3 - 1) ? (double)(length / 3 - 1) : at;
            const int64_t below = (int64_t)at < length / 3 - 1 ? (int64_t)at : length / 3 - 2;
            const double f = at - (double)below;
            CHECK_NEAR((double)after[n], means[below] * (1 - f) + means[below + 1] * f, 2e-6);
        }
        bench_clear(&b);
    }
}

/* Whatever thickness and place: a constant stays, and no value lies beyond those that were. */
static void thick_slices_keep_the_range(void **state)
{
    (void)state;
    bench b;
    bench_init(&b, "anisotropy", 18, 15, 12);
    const moments was = moments_of(b.before, b.count);
    for (int trial = 0; trial < 60; trial++) {
        set_value(&b, "axis", trial % 3);
        set_value(&b, "downsampling", 1 + trial * 0.37);
        set_value(&b, "offset", trial * 0.137 - floor(trial * 0.137));
        const moments is = moments_of(run(&b), b.count);
        assert_true(is.low >= was.low - 1e-5 && is.high <= was.high + 1e-5);
    }
    fill(&b, 2.5);
    const moments is = moments_of(run(&b), b.count);
    CHECK_NEAR(is.low, 2.5, 1e-6);
    CHECK_NEAR(is.high, 2.5, 1e-6);
    bench_clear(&b);
}

/* ---- boxes ------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void swaps_lose_no_voxel(void **state)
{
    (void)state;
    bench b;
    bench_init(&b, "swap", 20, 18, 16);
    set_value(&b, "size_x", 7);
    set_value(&b, "size_y", 5);
    set_value(&b, "size_z", 30); /* more than there are: the whole axis */
    set_value(&b, "iterations", 40);
    set_value(&b, "seed", 5);
    float *after = b.s.out[0];
    (void)run(&b);
    int64_t moved = 0;
    for (int64_t n = 0; n < b.count; n++) moved += after[n] != b.before[n];
    assert_true(moved > b.count / 2);
    qsort(after, (size_t)b.count, sizeof *after, by_value);
    qsort(b.before, (size_t)b.count, sizeof *after, by_value);
    assert_memory_equal(after, b.before, (size_t)b.count * sizeof *after);
    bench_clear(&b);
}

static void holes_are_boxes(void **state)
{
    (void)state;
    for (int fill_with = 0; fill_with < 3; fill_with++)
        for (int seed = 0; seed < 30; seed++) {
            bench b;
            bench_init(&b, "cutout", 20, 18, 16);
            set_value(&b, "holes", 1);
            set_value(&b, "size_low", 4);
            set_value(&b, "size_high", 9);
            set_value(&b, "fill", fill_with);
            set_value(&b, "seed", seed);
            const float *after = run(&b);
            const moments was = moments_of(b.before, b.count);
            int64_t low[3] = { 20, 20, 20 }, high[3] = { -1, -1, -1 }, cut = 0;
            for (int64_t n = 0; n < b.count; n++) {
                const int64_t at[3] = { n % 20, n / 20 % 18, n / 360 };
                if (after[n] == b.before[n]) continue;
                cut++;
                if (fill_with == 0) assert_true(after[n] == -3.5F);
                if (fill_with == 1) CHECK_NEAR((double)after[n], was.mean, 1e-6);
                assert_true((double)after[n] <= was.high + 1e-6);
                for (int a = 0; a < 3; a++) {
                    low[a] = at[a] < low[a] ? at[a] : low[a];
                    high[a] = at[a] > high[a] ? at[a] : high[a];
                }
            }
            int64_t product = 1;
            for (int a = 0; a < 3; a++) {
                const int64_t edge = high[a] - low[a] + 1;
                assert_true(edge >= 4 && edge <= 9);
                product *= edge;
            }
            assert_int_equal(cut, product);
            bench_clear(&b);
        }
}

/* Of 12 voxels in a row: edges from 3 to 5 as often, and each edge at every place as often; the
 * second hole knows nothing of the first. */
static void holes_are_anywhere(void **state)
{
    (void)state;
    enum { SEEDS = 6000 };
    bench b;
    int64_t edges[6] = { 0 }, places[10] = { 0 }, cut = 0;
    bench_init(&b, "cutout", 12, 1, 1);
    set_value(&b, "size_low", 3);
    set_value(&b, "size_high", 5);
    for (int seed = 0; seed < SEEDS; seed++) {
        int first = -1, edge = 0;
        set_value(&b, "seed", seed);
        set_value(&b, "holes", 1);
        const float *after = run(&b);
        for (int n = 0; n < 12; n++)
            if (after[n] != b.before[n]) {
                if (first < 0) first = n;
                edge++;
            }
        edges[edge]++;
        if (edge == 3) places[first]++;
        set_value(&b, "holes", 2);
        after = run(&b);
        for (int n = 0; n < 12 && edge == 3; n++) cut += after[n] != b.before[n];
    }
    for (int n = 3; n <= 5; n++)
        CHECK_NEAR((double)edges[n] / SEEDS, 1.0 / 3, 4 * sqrt(2.0 / 9 / SEEDS));
    for (int n = 0; n < 10; n++)
        CHECK_NEAR((double)places[n] / (double)edges[3], 0.1, 4 * sqrt(0.09 / (double)edges[3]));
    assert_true(cut > edges[3] * 5 &&
                cut < edges[3] * 7); /* 3 were the same hole twice, 8 the most */
    bench_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaussian_noise_is_added),
        cmocka_unit_test(rician_noise_has_the_means_of_rice),
        cmocka_unit_test(gamma_is_a_power_within_the_range),
        cmocka_unit_test(contrast_and_brightness),
        cmocka_unit_test(histogram_shift_is_the_curve),
        cmocka_unit_test(the_bias_field_belongs_to_the_volume),
        cmocka_unit_test(blur_has_its_width),
        cmocka_unit_test(sharpening_adds_what_a_blur_takes),
        cmocka_unit_test(thick_slices_are_averages),
        cmocka_unit_test(thick_slices_keep_the_range),
        cmocka_unit_test(swaps_lose_no_voxel),
        cmocka_unit_test(holes_are_boxes),
        cmocka_unit_test(holes_are_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
