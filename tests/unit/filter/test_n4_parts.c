/* The parts of N4 against what they stand for: the exponential, the fit to scattered data sample by
 * sample, the refined lattice, and sharpening of a histogram that is known.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "filter/n4_parts.h"
#include "math/math.h"

static void exponential_is_close(void **state)
{
    (void)state;
    double worst = 0;
    for (double x = -87; x <= 88; x += 1e-3) {
        const float value = lar_exp_of((float)x);
        worst = fmax(worst, fabs((double)value / exp((double)(float)x) - 1));
    }
    CHECK_NEAR(worst, 0, 3e-7);
    assert_true(lar_exp_of(0) == 1);
    assert_true(isfinite(lar_exp_of(1e30f)) && lar_exp_of(-1e30f) > 0);
}

enum { NX = 13, NY = 9, NZ = 6, PX = 3, PY = 2, PZ = 1 };

/* Places with gaps, some at the ends. */
static void places_of(double *places, int64_t count, int64_t mesh)
{
    for (int64_t n = 0; n < count; n++) {
        const double at = (double)n / (double)(count - 1);
        places[n] = (double)mesh * at * (0.8 + 0.2 * at);
    }
}

static void weights_at(double w[4], int64_t *first, double place, int64_t pieces)
{
    *first = (int64_t)place < pieces ? (int64_t)place : pieces - 1;
    lar_spline_weights(w, place - (double)*first);
}

/* Gathering planes of sums along y, as the estimate does, is Lee's formula for every sample; so is
 * spreading its value. */
static void separable_is_scattered(void **state)
{
    (void)state;
    const int64_t count[3] = { NX, NY, NZ }, pieces[3] = { PX, PY, PZ };
    double places[3][NX], expected[6 * 5 * 4] = { 0 };
    lar_n4_taps fit[3], value[3];
    lar_n4_lattice lattice;
    CHECK_OK(lar_n4_lattice_init(&lattice, pieces));
    for (int a = 0; a < 3; a++) {
        places_of(places[a], count[a], pieces[a]);
        CHECK_OK(
            lar_n4_taps_init(&fit[a], places[a], count[a], pieces[a], pieces[a], 0, LAR_N4_FIT));
        CHECK_OK(lar_n4_taps_init(&value[a], places[a], count[a], pieces[a], pieces[a], 0,
                                  LAR_N4_VALUE));
    }
    const int64_t width = fit[0].width, py = PY + 3, plane = py * width;
    float *planes = lar_alloc(NZ * plane, sizeof *planes);
    float *rows = lar_alloc((PZ + 3) * plane, sizeof *rows);
    for (int64_t n = 0; n < NX * NY * NZ; n++) {
        const int64_t at[3] = { n % NX, n / NX % NY, n / NX / NY };
        const double sample = lar_random_normal(5, 0, (uint64_t)n);
        double w[3][4], squares = 0;
        int64_t first[3];
        for (int a = 0; a < 3; a++) weights_at(w[a], &first[a], places[a][at[a]], pieces[a]);
        for (int t = 0; t < 64; t++) {
            const double all = w[0][t % 4] * w[1][t / 4 % 4] * w[2][t / 16];
            squares += all * all;
        }
        for (int t = 0; t < 64; t++) {
            const double all = w[0][t % 4] * w[1][t / 4 % 4] * w[2][t / 16];
            const int64_t point =
                first[0] + t % 4 + (PX + 3) * (first[1] + t / 4 % 4 + py * (first[2] + t / 16));
            expected[point] += all * all * all / squares * sample;
        }
        for (int t = 0; t < 4; t++)
            planes[at[2] * plane + (fit[1].first[at[1]] + t) * width + at[0]] +=
                fit[1].weights[4 * at[1] + t] * (float)sample;
    }
    lar_n4_gather(&lattice, rows, planes, &fit[0], &fit[2]);
    for (int64_t n = 0; n < 6 * 5 * 4; n++) CHECK_NEAR(lattice.points[n], expected[n], 2e-5);

    lar_n4_spread_rows(rows, &lattice, &value[0]);
    for (int64_t n = 0; n < NX * NY * NZ; n++) {
        const int64_t at[3] = { n % NX, n / NX % NY, n / NX / NY };
        double w[3][4], sum = 0;
        int64_t first[3];
        for (int a = 0; a < 3; a++) weights_at(w[a], &first[a], places[a][at[a]], pieces[a]);
        for (int t = 0; t < 64; t++)
            sum += w[0][t % 4] * w[1][t / 4 % 4] * w[2][t / 16] *
                   expected[first[0] + t % 4 +
                            (PX + 3) * (first[1] + t / 4 % 4 + py * (first[2] + t / 16))];
        lar_n4_spread_plane(planes, rows, plane, &value[2], at[2]);
        double got = 0;
        for (int t = 0; t < 4; t++)
            got += (double)(value[1].weights[4 * at[1] + t] *
                            planes[(value[1].first[at[1]] + t) * width + at[0]]);
        CHECK_NEAR(got, sum, 5e-5);
    }
    lar_free(planes);
    lar_free(rows);
    lar_n4_lattice_clear(&lattice);
    for (int a = 0; a < 3; a++) {
        lar_n4_taps_clear(&fit[a]);
        lar_n4_taps_clear(&value[a]);
    }
}

static double lattice_at(const lar_n4_lattice *l, const double place[3])
{
    double w[3][4], sum = 0;
    int64_t first[3];
    for (int a = 0; a < 3; a++) weights_at(w[a], &first[a], place[a], l->pieces[a]);
    for (int t = 0; t < 64; t++)
        sum += w[0][t % 4] * w[1][t / 4 % 4] * w[2][t / 16] *
               l->points[first[0] + t % 4 +
                         l->size[0] * (first[1] + t / 4 % 4 + l->size[1] * (first[2] + t / 16))];
    return sum;
}

static void refining_changes_nothing(void **state)
{
    (void)state;
    const int64_t pieces[3] = { 3, 1, 2 };
    const bool along[3] = { true, false, true };
    lar_n4_lattice lattice;
    double before[50], places[50][3];
    CHECK_OK(lar_n4_lattice_init(&lattice, pieces));
    for (int64_t n = 0; n < 6 * 4 * 5; n++)
        lattice.points[n] = lar_random_normal(7, 0, (uint64_t)n);
    for (uint64_t n = 0; n < 50; n++) {
        for (int a = 0; a < 3; a++)
            places[n][a] = (double)pieces[a] * lar_random_uniform(7, (uint64_t)a + 1, n);
        before[n] = lattice_at(&lattice, places[n]);
    }
    CHECK_OK(lar_n4_lattice_refine(&lattice, along));
    assert_int_equal(lattice.pieces[0], 6);
    assert_int_equal(lattice.pieces[1], 1);
    assert_int_equal(lattice.size[2], 7);
    for (int n = 0; n < 50; n++) {
        for (int a = 0; a < 3; a++) places[n][a] *= along[a] ? 2 : 1;
        CHECK_NEAR(lattice_at(&lattice, places[n]), before[n], 1e-12);
    }
    lar_n4_lattice_clear(&lattice);
}

/* Two classes, each spread by the field: what is expected of a value near a class is the class. */
static void sharpening_pulls_to_the_classes(void **state)
{
    (void)state;
    enum { BINS = 200 };
    const double low = 3, slope = 0.01, fwhm = 0.15, deviation = fwhm / 2.3548;
    double counts[BINS];
    lar_n4_expected table[BINS];
    lar_n4_sharpener *sharpener;
    for (int b = 0; b < BINS; b++) {
        const double x = low + b * slope, first = (x - 3.6) / deviation,
                     second = (x - 4.5) / deviation;
        counts[b] = 1000 * exp(-0.5 * first * first) + 400 * exp(-0.5 * second * second);
    }
    CHECK_OK(lar_n4_sharpener_new(&sharpener, BINS, fwhm, 0.01));
    lar_n4_sharpen(sharpener, table, counts, low, slope);
    for (int b = 50; b <= 70; b++) CHECK_NEAR((double)table[b].value, 3.6, 0.04);
    for (int b = 140; b <= 160; b++) CHECK_NEAR((double)table[b].value, 4.5, 0.04);
    for (int b = 0; b + 1 < BINS; b++)
        CHECK_NEAR((double)(table[b].value + table[b].rise), (double)table[b + 1].value, 1e-5);
    lar_n4_sharpener_free(sharpener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential_is_close),
        cmocka_unit_test(separable_is_scattered),
        cmocka_unit_test(refining_changes_nothing),
        cmocka_unit_test(sharpening_pulls_to_the_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
