/* Normal deviates by the thousand: of which words they are made, their distribution, and that a
 * deviate does not depend on how many are asked for.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"

enum { COUNT = 1 << 20, SIDE = 64 };

/* Box and Muller in double, of the words that lar_random_bits() gives: of every 64 counters first
 * those of words 0 and 1, then of 2 and 3. */
static double expected(int64_t n, uint64_t seed, uint64_t stream)
{
    const int64_t block = n / (4 * SIDE), place = n / SIDE % 4, lane = n % SIDE;
    uint32_t bits[4];
    lar_random_bits(bits, seed, stream, (uint64_t)(block * SIDE + lane));
    const uint32_t far = bits[place / 2 * 2], where = bits[place / 2 * 2 + 1];
    const double radius = sqrt(-2 * log(((far >> 8) + 0.5) * 0x1p-24));
    const double quarter = acos(-1) / 2;
    const double angle =
        quarter * (where >> 30) + quarter * ((double)(where & 0x3FFFFFFF) * 0x1p-30 - 0.5);
    return radius * (place % 2 ? sin(angle) : cos(angle));
}

static void deviates_are_those_of_the_words(void **state)
{
    (void)state;
    float some[1000];
    lar_random_normals(some, 1000, 0x123456789ABCDEF, 77);
    for (int64_t n = 0; n < 1000; n++)
        CHECK_NEAR((double)some[n], expected(n, 0x123456789ABCDEF, 77), 2e-6);
}

static void a_deviate_does_not_depend_on_the_count(void **state)
{
    (void)state;
    float many[1024], few[1024];
    lar_random_normals(many, 1024, 5, 6);
    for (int64_t count = 1; count <= 1024; count += 37) {
        memset(few, 0, sizeof few);
        lar_random_normals(few, count, 5, 6);
        assert_memory_equal(few, many, (size_t)count * sizeof *few);
        if (count < 1024) assert_true(few[count] == 0);
    }
}

/* Moments to four standard errors, and the share of each bin against the distribution function. */
static void they_are_normal(void **state)
{
    (void)state;
    enum { BINS = 32 };
    float *z = lar_alloc_raw(COUNT, sizeof *z);
    double sums[5] = { 0 }, product = 0, chi = 0;
    int64_t bins[BINS + 2] = { 0 };
    lar_random_normals(z, COUNT, 9, 0);
    for (int64_t n = 0; n < COUNT; n++) {
        const double x = (double)z[n];
        for (int p = 1; p < 5; p++) sums[p] += pow(x, p);
        if (n > 0) product += x * (double)z[n - 1];
        const double bin = floor((x + 4) * BINS / 8);
        bins[bin < 0 ? 0 : bin >= BINS ? BINS + 1 : (int)bin + 1]++;
        assert_true(fabs(x) < 5.9);
    }
    CHECK_NEAR(sums[1] / COUNT, 0, 4.0 / 1024);
    CHECK_NEAR(sums[2] / COUNT, 1, 4 * sqrt(2) / 1024);
    CHECK_NEAR(sums[3] / COUNT, 0, 4 * sqrt(15) / 1024);
    CHECK_NEAR(sums[4] / COUNT, 3, 4 * sqrt(96) / 1024);
    CHECK_NEAR(product / COUNT, 0, 4.0 / 1024); /* neighbours know nothing of each other */
    for (int b = 0; b < BINS + 2; b++) {
        const double low = b == 0 ? -40 : -4 + (b - 1) * 8.0 / BINS;
        const double high = b == BINS + 1 ? 40 : -4 + b * 8.0 / BINS;
        const double share = 0.5 * (erf(high / sqrt(2)) - erf(low / sqrt(2)));
        chi += pow((double)bins[b] - share * COUNT, 2) / (share * COUNT);
    }
    assert_true(chi < 70); /* 33 degrees of freedom: beyond in 0.02 % of seeds */
    lar_free(z);
}

static void streams_differ(void **state)
{
    (void)state;
    enum { SOME = 10000 };
    static float a[SOME], b[SOME], c[SOME];
    double with_b = 0, with_c = 0;
    lar_random_normals(a, SOME, 1, 1);
    lar_random_normals(b, SOME, 1, 2);
    lar_random_normals(c, SOME, 2, 1);
    for (int n = 0; n < SOME; n++) {
        with_b += (double)(a[n] * b[n]);
        with_c += (double)(a[n] * c[n]);
    }
    CHECK_NEAR(with_b / SOME, 0, 0.04);
    CHECK_NEAR(with_c / SOME, 0, 0.04);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deviates_are_those_of_the_words),
        cmocka_unit_test(a_deviate_does_not_depend_on_the_count),
        cmocka_unit_test(they_are_normal),
        cmocka_unit_test(streams_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
