/* The slopes of every likeness against finite differences, and their values against ITK (mutual
 * information; tests/golden/make_register.py) and against the formula box by box (correlation).
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"
#include "register/register_parts.h"

enum { COUNT = 20000, BINS = 20, EDGE = 12, VOLUME = EDGE * EDGE * EDGE };

/* Values that depend on each other, but not by a function. */
static void make_values(float *fixed, float *moving, int64_t count)
{
    for (int64_t n = 0; n < count; n++) {
        const double a = lar_random_uniform(7, 0, (uint64_t)n);
        const double b = lar_random_uniform(7, 1, (uint64_t)n);
        fixed[n] = (float)a;
        moving[n] = (float)(0.5 + 0.35 * sin(5 * a) + 0.2 * (b - 0.5));
    }
}

static void check_mutual(int metric)
{
    static float fixed[COUNT], moving[COUNT], slope[COUNT];
    static uint8_t bin[COUNT];
    const lar_bins bins = lar_bins_between(0, 1, BINS);
    double value, up, down;
    int64_t used;
    make_values(fixed, moving, COUNT);
    for (int64_t n = 0; n < COUNT; n++) bin[n] = (uint8_t)(fixed[n] * BINS);
    for (int64_t n = 0; n < COUNT; n += 10) moving[n] = NAN;
    CHECK_OK(lar_mi_value(&value, &used, slope, metric, bin, BINS, moving, &bins, COUNT));
    assert_int_equal(used, COUNT - COUNT / 10);
    assert_true(value > 0.05);
    assert_true(slope[10] == 0); /* has no value */
    /* all along one direction at once, which adds up above the rounding */
    double along = 0;
    static float moved[COUNT];
    const float step = 1e-3F;
    for (int sign = -1; sign < 2; sign += 2) {
        for (int64_t n = 0; n < COUNT; n++)
            moved[n] = moving[n] + (float)sign * step * sinf((float)n) * fixed[n];
        CHECK_OK(lar_mi_value(sign > 0 ? &up : &down, &used, NULL, metric, bin, BINS, moved, &bins,
                              COUNT));
    }
    for (int64_t n = 0; n < COUNT; n++) along += (double)(slope[n] * sinf((float)n) * fixed[n]);
    CHECK_NEAR((up - down) / (2 * (double)step), along, 2e-4 * fabs(along) + 1e-7);
    assert_true(fabs(along) > 1e-5);
    /* and of single samples */
    for (int64_t n = 5; n < COUNT; n += COUNT / 8 + 1) {
        const float here = moving[n], reach = 0.002F;
        moving[n] = here + reach;
        CHECK_OK(lar_mi_value(&up, &used, NULL, metric, bin, BINS, moving, &bins, COUNT));
        moving[n] = here - reach;
        CHECK_OK(lar_mi_value(&down, &used, NULL, metric, bin, BINS, moving, &bins, COUNT));
        moving[n] = here;
        CHECK_NEAR((up - down) / (2 * (double)reach), (double)slope[n],
                   0.01 * fabs((double)slope[n]) + 1e-8);
    }
}

static void slope_of_mutual_information(void **state)
{
    (void)state;
    check_mutual(LAR_METRIC_MI);
}

static void slope_of_normalized_mutual_information(void **state)
{
    (void)state;
    check_mutual(LAR_METRIC_NMI);
}

static void laws_of_mutual_information(void **state)
{
    (void)state;
    static float fixed[COUNT], moving[COUNT];
    static uint8_t bin[COUNT], other[COUNT];
    const lar_bins bins = lar_bins_between(0, 1, BINS);
    double value, same, nothing;
    int64_t used;
    make_values(fixed, moving, COUNT);
    for (int64_t n = 0; n < COUNT; n++) {
        bin[n] = (uint8_t)(fixed[n] * BINS);
        other[n] = (uint8_t)(BINS - 1 - bin[n]); /* the same contrast the other way round */
    }
    CHECK_OK(lar_mi_value(&value, &used, NULL, LAR_METRIC_MI, bin, BINS, moving, &bins, COUNT));
    CHECK_OK(lar_mi_value(&same, &used, NULL, LAR_METRIC_MI, other, BINS, moving, &bins, COUNT));
    CHECK_NEAR(value, same, 1e-12);
    for (int64_t n = 0; n < COUNT; n++)
        moving[n] = (float)lar_random_uniform(7, 2, (uint64_t)n); /* of nothing else */
    CHECK_OK(lar_mi_value(&nothing, &used, NULL, LAR_METRIC_MI, bin, BINS, moving, &bins, COUNT));
    assert_true(nothing < 0.02 && nothing >= 0);
    for (int64_t n = 0; n < COUNT; n++) moving[n] = NAN;
    CHECK_OK(lar_mi_value(&nothing, &used, NULL, LAR_METRIC_MI, bin, BINS, moving, &bins, COUNT));
    assert_true(nothing == 0 && used == 0);
}

/* The volumes of make_register.py, whose least and largest values are 0 and 1; ITK's 50 bins have
 * two of margin to each side, which are 46 and the spline's 3. */
static void mutual_information_as_itk(void **state)
{
    (void)state;
    enum { SIDE = 24, N = SIDE * SIDE * SIDE };
    static float fixed[N], moving[N];
    static uint8_t bin[N];
    double value, wanted = NAN;
    int64_t used;
    FILE *file = fopen(TEST_SOURCE "/tests/golden/register.txt", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "mattes_50_bins %lf", &wanted), 1);
    fclose(file);
    for (int64_t n = 0; n < N; n++) {
        fixed[n] = (float)((n * 7919 + 13) % 1009) / 1008.0F;
        moving[n] = (float)((n * 7919 + 13) % 1009 / 3 + (n * 104729) % 673) / 1008.0F;
        bin[n] = (uint8_t)(fixed[n] * 46 < 46 ? fixed[n] * 46 : 45);
    }
    moving[0] = 0;
    moving[1] = 1;
    const lar_bins bins = lar_bins_between(0, 1, 49);
    CHECK_OK(lar_mi_value(&value, &used, NULL, LAR_METRIC_MI, bin, 46, moving, &bins, N));
    CHECK_NEAR(value, wanted, 2e-3 * wanted);
}

/* ---- local correlation ----------------------------------------------------------------------- */

static double box_by_box(const float *f, const float *m, const int64_t size[3],
                         const int64_t radius[3])
{
    double sum = 0;
    int64_t boxes = 0;
    for (int64_t v = 0; v < size[0] * size[1] * size[2]; v++) {
        const int64_t at[3] = { v % size[0], v / size[0] % size[1], v / (size[0] * size[1]) };
        double n = 0, sf = 0, sm = 0, ff = 0, mm = 0, fm = 0;
        for (int64_t k = at[2] - radius[2]; k <= at[2] + radius[2]; k++)
            for (int64_t j = at[1] - radius[1]; j <= at[1] + radius[1]; j++)
                for (int64_t i = at[0] - radius[0]; i <= at[0] + radius[0]; i++) {
                    if (i < 0 || j < 0 || k < 0 || i >= size[0] || j >= size[1] || k >= size[2])
                        continue;
                    const int64_t w = (k * size[1] + j) * size[0] + i;
                    if (isnan(f[w]) || isnan(m[w])) continue;
                    const double a = (double)f[w], b = (double)m[w];
                    n++;
                    sf += a;
                    sm += b;
                    ff += a * a;
                    mm += b * b;
                    fm += a * b;
                }
        if (n < 2) continue;
        boxes++;
        const double s = fm - sf * sm / n;
        sum += s * s / ((ff - sf * sf / n + 2.5e-4 * n) * (mm - sm * sm / n + 2.5e-4 * n));
    }
    return sum / (double)boxes;
}

static void local_correlation(void **state)
{
    (void)state;
    static float fixed[VOLUME], moving[VOLUME], of_fixed[VOLUME], of_moving[VOLUME];
    const int64_t size[3] = { EDGE + 4, EDGE - 2, EDGE - 3 }, radius[3] = { 2, 1, 3 };
    const int64_t count = size[0] * size[1] * size[2];
    lar_lncc *lncc;
    double value, up, down;
    assert_true(count <= VOLUME);
    make_values(fixed, moving, count);
    moving[17] = fixed[400] = NAN;
    CHECK_OK(lar_lncc_new(&lncc, size, radius, false));
    CHECK_OK(lar_lncc_value(&value, of_fixed, of_moving, lncc, fixed, moving));
    CHECK_NEAR(value, box_by_box(fixed, moving, size, radius), 1e-5);
    assert_true(of_moving[17] == 0 && of_moving[400] == 0 && of_fixed[400] == 0);
    for (int which = 0; which < 2; which++) {
        float *values = which ? moving : fixed;
        const float *slope = which ? of_moving : of_fixed;
        double most = 0;
        for (int64_t n = 0; n < count; n++) most = fmax(most, fabs((double)slope[n]));
        for (int64_t n = 3; n < count; n += 97) {
            const float here = values[n], step = 0.01F;
            values[n] = here + step;
            up = box_by_box(fixed, moving, size, radius);
            values[n] = here - step;
            down = box_by_box(fixed, moving, size, radius);
            values[n] = here;
            CHECK_NEAR((up - down) / (2 * (double)step), (double)slope[n], 0.01 * most);
        }
    }
    /* a line of the other, rising or falling, is as like as can be */
    for (int64_t n = 0; n < count; n++) moving[n] = 1 - fixed[n] / 2;
    CHECK_OK(lar_lncc_value(&value, NULL, NULL, lncc, fixed, moving));
    assert_true(value > 0.98 && value <= 1);
    for (int64_t n = 0; n < count; n++) moving[n] = NAN;
    CHECK_OK(lar_lncc_value(&value, of_fixed, of_moving, lncc, fixed, moving));
    assert_true(value == 0 && of_fixed[0] == 0);
    lar_lncc_free(lncc);
}

static void same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    enum { N = 200000 };
    float *fixed = lar_alloc(N, sizeof *fixed), *moving = lar_alloc(N, sizeof *moving);
    float *slope[2] = { lar_alloc(N, sizeof(float)), lar_alloc(N, sizeof(float)) };
    float *other[2] = { lar_alloc(N, sizeof(float)), lar_alloc(N, sizeof(float)) };
    uint8_t *bin = lar_alloc(N, 1);
    const int64_t size[3] = { 50, 40, 100 }, radius[3] = { 2, 2, 2 };
    const lar_bins bins = lar_bins_between(0, 1, BINS);
    double mutual[2], local[2];
    int64_t used;
    make_values(fixed, moving, N);
    for (int64_t n = 0; n < N; n++) bin[n] = (uint8_t)(fixed[n] * BINS);
    for (int t = 0; t < 2; t++) {
        lar_lncc *lncc;
        lar_threads_set(t ? 3 : 1);
        CHECK_OK(
            lar_mi_value(&mutual[t], &used, slope[t], LAR_METRIC_MI, bin, BINS, moving, &bins, N));
        CHECK_OK(lar_lncc_new(&lncc, size, radius, false));
        CHECK_OK(lar_lncc_value(&local[t], slope[t], other[t], lncc, fixed, moving));
        lar_lncc_free(lncc);
    }
    lar_threads_set(0);
    assert_true(mutual[0] == mutual[1] && local[0] == local[1]);
    assert_memory_equal(slope[0], slope[1], N * sizeof(float));
    assert_memory_equal(other[0], other[1], N * sizeof(float));
    for (int t = 0; t < 2; t++) {
        lar_free(slope[t]);
        lar_free(other[t]);
    }
    lar_free(bin);
    lar_free(moving);
    lar_free(fixed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slope_of_mutual_information),
        cmocka_unit_test(slope_of_normalized_mutual_information),
        cmocka_unit_test(laws_of_mutual_information),
        cmocka_unit_test(mutual_information_as_itk),
        cmocka_unit_test(local_correlation),
        cmocka_unit_test(same_bits_for_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
