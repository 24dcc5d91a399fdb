/* Ghosts, motion and spikes against a slow Fourier transform.
 * SPDX-License-Identifier: Apache-2.0 */
#include "changes.h"

/* The Fourier transform along an axis, slowly: planes times factors, and the real part back. */
static void through_k_space(float *line, int64_t count, const double *factor)
{
    double real[64], imaginary[64];
    for (int64_t f = 0; f < count; f++) {
        real[f] = imaginary[f] = 0;
        for (int64_t t = 0; t < count; t++) {
            const double angle = -2 * acos(-1) * (double)((f - count / 2) * t) / (double)count;
            real[f] += (double)line[t] * cos(angle) * factor[f];
            imaginary[f] += (double)line[t] * sin(angle) * factor[f];
        }
    }
    for (int64_t t = 0; t < count; t++) {
        double sum = 0;
        for (int64_t f = 0; f < count; f++) {
            const double angle = 2 * acos(-1) * (double)((f - count / 2) * t) / (double)count;
            sum += real[f] * cos(angle) - imaginary[f] * sin(angle);
        }
        line[t] = (float)(sum / (double)count);
    }
}

static void ghosts_are_made_in_k_space(void **state)
{
    (void)state;
    for (int axis = 0; axis < 3; axis++) { /* of 18, 15 (odd) and 12 voxels */
        bench b;
        bench_init(&b, "ghosting", 18, 15, 12);
        set_value(&b, "axis", axis);
        set_value(&b, "ghosts", 4);
        set_value(&b, "intensity", 0.6);
        set_value(&b, "restore", 0.1);
        const float *after = run(&b);
        const int64_t step = axis == 0 ? 1 : axis == 1 ? 18 : 18 * 15, length = b.box.size[axis];
        double factor[64];
        for (int64_t f = 0; f < length; f++) {
            const int64_t frequency = f - length / 2;
            const bool stays = fabs((double)frequency) <= 0.05 * (double)length;
            factor[f] = frequency % 4 == 0 && !stays ? 0.4 : 1;
        }
        for (int64_t n = 0; n < b.count; n++) {
            float line[64];
            if (n / step % length) continue;
            for (int64_t t = 0; t < length; t++) line[t] = b.before[n + t * step];
            through_k_space(line, length, factor);
            for (int64_t t = 0; t < length; t++)
                CHECK_NEAR((double)after[n + t * step], (double)line[t], 5e-6);
        }
        bench_clear(&b);
    }
}

static void gibbs_loses_the_outer_planes(void **state)
{
    (void)state;
    bench b;
    bench_init(&b, "gibbs", 18, 15, 12);
    set_value(&b, "alpha_y", 0.3);
    const float *after = run(&b);
    double factor[64];
    for (int64_t f = 0; f < 15; f++) factor[f] = fabs((double)(f - 7)) <= 0.7 * 7.5;
    for (int64_t n = 0; n < 18 * 12; n++) {
        const int64_t start = n / 18 * 18 * 15 + n % 18;
        float line[64];
        for (int64_t t = 0; t < 15; t++) line[t] = b.before[start + t * 18];
        through_k_space(line, 15, factor);
        for (int64_t t = 0; t < 15; t++)
            CHECK_NEAR((double)after[start + t * 18], (double)line[t], 5e-6);
    }
    bench_clear(&b);
}

/* A bright bar has faint copies an n-th of the field of view apart. */
static void ghosts_are_as_many_as_asked(void **state)
{
    (void)state;
    bench b;
    bench_init(&b, "ghosting", 32, 8, 8);
    fill(&b, 0);
    for (int64_t n = 0; n < size[1] * size[2]; n++)
        ((float *)b.s.volumes[0]->voxels)[n * size[0] + 5 + 10] = 1;
    set_value(&b, "ghosts", 4);
    set_value(&b, "intensity", 0.8);
    b.s.images[0].outside = 0;
    const float *after = run(&b);
    for (int64_t i = 0; i < 32;
         i++) { /* 0.8 / 4 is taken from each; the middle plane gives back 0.8 / 32 */
        const double right = (i == 10 ? 1 : 0) - ((i - 10) % 8 == 0 ? 0.2 : 0) + 0.8 / 32;
        CHECK_NEAR((double)after[i], right, 1e-6);
    }
    bench_clear(&b);
}

/* The head at rest while the middle of k-space is measured; parts before and after from elsewhere.
 * Shifts by whole voxels, so that nothing is interpolated. */
static void motion_puts_k_space_together(void **state)
{
    (void)state;
    static const double times[2] = { 0.3, 0.8 }; /* of 16 planes: 0-3, 4-11 at rest, 12-15 */
    static const int64_t shifts[2] = { 2, -3 };
    bench b;
    bench_init(&b, "motion", 18, 14, 16);
    set_value(&b, "axis", 2);
    set_value(&b, "transforms", 2);
    set_value(&b, "time_1", times[0]);
    set_value(&b, "translation_y_1", 1.25 * (double)shifts[0]);
    set_value(&b, "time_2", times[1]);
    set_value(&b, "translation_y_2", 1.25 * (double)shifts[1]);
    const float *after = run(&b);
    for (int64_t n = 0; n < 18 * 14; n++) {
        const int64_t i = n % 18, j = n / 18;
        double sums[16] = { 0 };
        for (int part = 0; part < 3; part++) {
            const int64_t begin = part == 0   ? 0
                                  : part == 1 ? 4
                                              : 12,
                          end = part == 0   ? 4
                                : part == 1 ? 12
                                            : 16;
            int64_t from = j - (part == 0 ? shifts[0] : part == 2 ? shifts[1] : 0);
            from = from < 0 ? 0 : from > 13 ? 13 : from;
            double factor[64];
            float line[64];
            for (int64_t f = 0; f < 16; f++) factor[f] = f >= begin && f < end;
            for (int64_t t = 0; t < 16; t++) line[t] = b.before[(t * 14 + from) * 18 + i];
            through_k_space(line, 16, factor);
            for (int64_t t = 0; t < 16; t++) sums[t] += (double)line[t];
        }
        for (int64_t t = 0; t < 16; t++)
            CHECK_NEAR((double)after[(t * 14 + j) * 18 + i], sums[t], 1e-5);
    }
    bench_clear(&b);
}

/* One point of k-space and its mirror have all that was added, as much as was asked for. */
static void a_spike_is_a_wave(void **state)
{
    (void)state;
    for (int trial = 0; trial < 5; trial++) {
        bench b;
        bench_init(&b, "spike", 12, 10, 9);
        set_value(&b, "spikes", 1);
        set_value(&b, "intensity", 2);
        set_value(&b, "seed", 99 + trial);
        const float *after = run(&b);
        const double strength = 2 * (moments_of(b.before, b.count).mean + 3.5);
        double power = 0, largest = 0;
        for (int64_t n = 0; n < b.count; n++) {
            power += pow((double)(after[n] - b.before[n]), 2);
            largest = fmax(largest, fabs((double)(after[n] - b.before[n])));
        }
        assert_true(largest <= strength * 1.00001);
        /* the frequency with most power, by looking at them all: it has half of it, its mirror the
         * other (where they are one, all) */
        double best = 0;
        for (int64_t f = 0; f < b.count; f++) {
            const double at[3] = { (double)(f % 12) / 12, (double)(f / 12 % 10) / 10,
                                   (double)(f / 120) / 9 };
            double real = 0, imaginary = 0;
            for (int64_t n = 0; n < b.count; n++) {
                const double angle = 2 * acos(-1) *
                                     (at[0] * (double)(n % 12) + at[1] * (double)(n / 12 % 10) +
                                      at[2] * (double)(n / 120));
                real += (double)(after[n] - b.before[n]) * cos(angle);
                imaginary += (double)(after[n] - b.before[n]) * sin(angle);
            }
            best = fmax(best, real * real + imaginary * imaginary);
        }
        CHECK_NEAR(best / (double)b.count / power, 0.5, 0.01);
        CHECK_NEAR(sqrt(2 * power / (double)b.count), strength, 1e-4 * strength);
        /* the second is another wave: the power of two different ones is the sum of both */
        double both = 0;
        set_value(&b, "spikes", 2);
        after = run(&b);
        for (int64_t n = 0; n < b.count; n++) both += pow((double)(after[n] - b.before[n]), 2);
        CHECK_NEAR(both, 2 * power, 0.01 * power);
        bench_clear(&b);
    }
}

/* Of 8 voxels: frequencies -4 to 3, each as often; those that differ by their sign look alike. */
static void spikes_are_anywhere(void **state)
{
    (void)state;
    enum { SEEDS = 1600 };
    bench b;
    double found[5] = { 0 }, phase[2] = { 0 }; /* of those in the middle */
    bench_init(&b, "spike", 8, 1, 1);
    set_value(&b, "spikes", 1);
    set_value(&b, "intensity", 2);
    for (int seed = 0; seed < SEEDS; seed++) {
        set_value(&b, "seed", seed);
        const float *after = run(&b);
        double best = -1, wave[2] = { 0 };
        int where = 0;
        for (int f = 0; f <= 4; f++) {
            double real = 0, imaginary = 0;
            for (int n = 0; n < 8; n++) {
                real += (double)(after[n] - b.before[n]) * cos(acos(-1) / 4 * f * n);
                imaginary += (double)(after[n] - b.before[n]) * sin(acos(-1) / 4 * f * n);
            }
            const double power = real * real + imaginary * imaginary;
            if (power > best + 1e-6) {
                best = power;
                where = f;
                wave[0] = real;
                wave[1] = imaginary;
            }
        }
        found[where]++;
        for (int part = 0; part < 2 && where == 2; part++) phase[part] += wave[part] / sqrt(best);
    }
    for (int part = 0; part < 2; part++) /* cosine and sine of a phase that is anything */
        CHECK_NEAR(phase[part] / found[2], 0, 4 * sqrt(0.5 / found[2]));
    for (int f = 0; f <= 4; f++) {
        const double share = f == 0 || f == 4 ? 0.125 : 0.25;
        CHECK_NEAR(found[f] / SEEDS, share, 4 * sqrt(share * (1 - share) / SEEDS));
    }
    bench_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ghosts_are_made_in_k_space),
        cmocka_unit_test(gibbs_loses_the_outer_planes),
        cmocka_unit_test(ghosts_are_as_many_as_asked),
        cmocka_unit_test(motion_puts_k_space_together),
        cmocka_unit_test(a_spike_is_a_wave),
        cmocka_unit_test(spikes_are_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
