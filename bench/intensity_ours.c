/* Our side of bench_intensity.py: one work, several times, on one or more threads.
 *   intensity_ours WORK RUNS THREADS OUT FILE ...
 * Prints the median CPU and wall seconds of the work alone, the peak memory above what was there
 * before in kB, and numbers to compare with the peer's. A field goes to OUT. Files are read before.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ours.h"

enum { FILES = 8, RUNS_MAX = 100 };

static lar_image *image[FILES], *result;
static double number[LAR_LIST_MAX];
static int numbers;

/* ---- the works: an image, and a mask behind it where there is one ------------------------ */

static void n4(int like)
{
    lar_n4_params params = lar_n4_default();
    lar_image *out;
    params.like = like;
    lar_image_free(result);
    check(lar_n4(&out, &result, NULL, image[0], image[1], NULL, &params));
    lar_image_free(out);
}

static void n4_ants(void)
{
    n4(LAR_N4_ANTS);
}

static void n4_default(void)
{
    n4(LAR_N4_DEFAULT);
}

static void n4_fast(void)
{
    n4(LAR_N4_FAST);
}

static lar_normalizer *normalizer(const char *method)
{
    lar_normalize_params params = lar_normalize_default();
    const char *const *names = lar_normalize_table[0].choices; /* the first row is "method" */
    lar_normalizer *n;
    while (strcmp(names[params.method], method) != 0) params.method++;
    check(lar_normalizer_new(&n, &params));
    return n;
}

/* Finds the measure, as the peers are timed: the image is not mapped. */
static void fit(const char *method)
{
    lar_normalizer *n = normalizer(method);
    check(lar_normalizer_fit(n, image[0], image[1], NULL));
    const lar_reals values = lar_normalizer_values(n);
    numbers = (int)values.count;
    memcpy(number, values.at, sizeof number);
    lar_normalizer_free(n);
}

static void fcm(void)
{
    fit("fcm");
}

static void kde(void)
{
    fit("kde");
}

static void whitestripe(void)
{
    fit("whitestripe");
}

/* Three images, each with its mask behind it. */
static lar_normalizer *nyul_learned(void)
{
    lar_normalizer *n = normalizer("nyul");
    for (int m = 0; m < 3; m++)
        check(lar_normalizer_learn(n, image[2 * m], image[2 * m + 1], NULL));
    check(lar_normalizer_end_pass(n));
    return n;
}

static void nyul_fit(void)
{
    lar_normalizer *n = nyul_learned();
    check(lar_normalizer_fit(n, image[0], image[1], NULL));
    const lar_curve *curve = lar_normalizer_curve(n);
    numbers = (int)curve->count;
    memcpy(number, curve->to, sizeof number);
    lar_normalizer_free(n);
}

static void nyul_apply(void)
{
    static lar_normalizer *n;
    if (!n) n = nyul_learned();
    check(lar_normalizer_fit(n, image[0], image[1], NULL));
    lar_image_free(result);
    check(lar_normalizer_apply(&result, n, image[0]));
}

static const struct {
    const char *name;
    void (*run)(void);
} works[] = {
    { "n4-ants", n4_ants },   { "n4-default", n4_default },
    { "n4-fast", n4_fast },   { "fcm", fcm },
    { "kde", kde },           { "whitestripe", whitestripe },
    { "nyul-fit", nyul_fit }, { "nyul-apply", nyul_apply },
};

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    double cpu[RUNS_MAX], wall[RUNS_MAX];
    void (*run)(void) = NULL;
    if (argc < 6 || argc > 5 + FILES) return 2;
    const int runs = atoi(argv[2]);
    if (runs < 1 || runs > RUNS_MAX) return 2;
    lar_threads_set(atoi(argv[3]));
    for (size_t w = 0; w < sizeof works / sizeof works[0]; w++)
        if (strcmp(works[w].name, argv[1]) == 0) run = works[w].run;
    if (!run) return 2;
    for (int f = 5; f < argc; f++)
        if (*argv[f]) check(lar_image_read(&image[f - 5], argv[f]));
    const long base = memory_kb("VmRSS");
    FILE *clear = fopen("/proc/self/clear_refs", "w"); /* the peak begins here */
    if (clear) {
        fputs("5", clear);
        fclose(clear);
    }
    for (int r = -1; r < runs; r++) { /* the first is not counted: memory is touched */
        if (r < 0 && runs == 1) continue;
        const double c = seconds(CLOCK_PROCESS_CPUTIME_ID), w = seconds(CLOCK_MONOTONIC);
        run();
        if (r < 0) continue;
        cpu[r] = seconds(CLOCK_PROCESS_CPUTIME_ID) - c;
        wall[r] = seconds(CLOCK_MONOTONIC) - w;
    }
    const long peak = memory_kb("VmHWM") - base;
    qsort(cpu, (size_t)runs, sizeof *cpu, by_size);
    qsort(wall, (size_t)runs, sizeof *wall, by_size);
    printf("%.6f %.6f %ld", cpu[runs / 2], wall[runs / 2], peak);
    for (int n = 0; n < numbers; n++) printf(" %.9g", number[n]);
    printf("\n");
    if (result && *argv[4]) check(lar_image_write(result, argv[4], true));
    return 0;
}
