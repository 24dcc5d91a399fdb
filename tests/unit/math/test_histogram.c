/* Quantiles against sorting, and histograms.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void quantiles_are_those_of_the_sorted(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static const double fractions[] = { 1, 0, 0.5, 0.02, 0.98, 0.123456, 0.999 };
    float values[COUNT], sorted[COUNT];
    double out[7];
    for (int64_t count = 1; count <= COUNT; count = count * 3 + 1) {
        for (int64_t n = 0; n < count; n++) {
            const double z = lar_random_normal(9, (uint64_t)count, (uint64_t)n);
            values[n] = (float)(n % 5 == 0    ? 0
                                : n % 7 == 0  ? 1e30 * z
                                : n % 11 == 0 ? 1e-30 * z
                                              : z);
        }
        memcpy(sorted, values, sizeof sorted);
        qsort(sorted, (size_t)count, sizeof *sorted, by_value);
        CHECK_OK(lar_quantiles(out, fractions, 7, values, count));
        for (int f = 0; f < 7; f++) {
            const double rank = fractions[f] * (double)(count - 1);
            const int64_t below = (int64_t)rank, next = below + 1 < count ? below + 1 : below;
            const double a = sorted[below], b = sorted[next];
            const double expected = a + (rank - (double)below) * (b - a);
            CHECK_NEAR(out[f], expected, 1e-12 * fabs(expected));
        }
    }
}

static void what_is_not_finite_is_left_out(void **state)
{
    (void)state;
    const float values[] = { NAN, 3, -INFINITY, 1, INFINITY, 2 };
    const double half = 0.5;
    double out;
    CHECK_OK(lar_quantiles(&out, &half, 1, values, 6));
    CHECK_NEAR(out, 2, 0);
    CHECK_FAILS(lar_quantiles(&out, &half, 1, values, 1), LAR_ENUMERIC, "no value of 1 is finite");
    int64_t counts[2];
    assert_int_equal(lar_histogram(counts, 2, 0, 4, values, 6), 3);
    assert_int_equal(counts[0], 1);
    assert_int_equal(counts[1], 2);
}

static void histogram_has_half_open_bins_and_catching_ends(void **state)
{
    (void)state;
    const float values[] = { -5, 0, 0.5F, 1, 1.5F, 2, 9 };
    int64_t counts[2];
    assert_int_equal(lar_histogram(counts, 2, 0, 2, values, 7), 7);
    assert_int_equal(counts[0], 3);
    assert_int_equal(counts[1], 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_the_sorted),
        cmocka_unit_test(what_is_not_finite_is_left_out),
        cmocka_unit_test(histogram_has_half_open_bins_and_catching_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
