/* Our side of bench_register.py: one registration, several times.
 *   register_ours KIND RUNS THREADS FIXED MOVING [FIXED_MASK MOVING_MASK]
 *   register_ours deformable RUNS THREADS FIXED MOVING FIXED_LABELS MOVING_LABELS
 * First line: the median CPU and wall seconds of the work alone, the peak memory above what was
 * there before in kB, 1 where the result is doubtful, the affine map from fixed to moving (3 x 4,
 * RAS), the mean Dice of labels, the voxels that fold, the least and the greatest Jacobian. Second
 * line: why it is doubtful. Files are read before.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "ours.h"

enum { RUNS_MAX = 100, CODES = 1 << 16 };

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- labels ------------------------------------------------------------------------------ */

static lar_image *codes_of(const lar_image *labels)
{
    lar_image *codes;
    check(lar_image_to_type(&codes, labels, LAR_U16));
    return codes;
}

/* The mean over the labels of either, 0 left out. */
static double dice(const lar_image *fixed, const lar_image *moved)
{
    static int64_t there[2][CODES], both[CODES];
    lar_image *codes[2] = { codes_of(fixed), codes_of(moved) };
    const uint16_t *a = codes[0]->voxels, *b = codes[1]->voxels;
    const int64_t *size = fixed->grid.size, count = size[0] * size[1] * size[2];
    double sum = 0;
    int labels = 0;
    for (int64_t v = 0; v < count; v++) {
        there[0][a[v]]++;
        there[1][b[v]]++;
        if (a[v] == b[v]) both[a[v]]++;
    }
    for (int c = 1; c < CODES; c++) {
        const int64_t all = there[0][c] + there[1][c];
        if (all == 0) continue;
        sum += 2.0 * (double)both[c] / (double)all;
        labels++;
    }
    lar_image_free(codes[0]);
    lar_image_free(codes[1]);
    return sum / labels;
}

static double dice_through(const lar_registration *found, const lar_image *fixed,
                           const lar_image *moving)
{
    lar_resample_params params = lar_resample_default();
    lar_chain *chain;
    lar_image *moved;
    params.interpolation = LAR_NEAREST;
    params.antialias = false;
    params.pad = 0;
    check(lar_registration_chain(&chain, found, false));
    check(lar_resample_through(&moved, moving, &fixed->grid, chain, &params));
    const double mean = dice(fixed, moved);
    lar_chain_free(chain);
    lar_image_free(moved);
    return mean;
}

static int kind_of(const char *name)
{
    const char *const *names = lar_register_table[0].choices; /* the first row is "kind" */
    for (int k = 0; names[k]; k++)
        if (strcmp(names[k], name) == 0) return k;
    exit(2);
}

int main(int argc, char **argv)
{
    double cpu[RUNS_MAX], wall[RUNS_MAX];
    lar_image *image[4] = { NULL };
    lar_registration *found = NULL;
    lar_register_params params = lar_register_default();
    if (argc != 6 && argc != 8) return 2;
    params.kind = kind_of(argv[1]);
    const bool labels = params.kind == LAR_REGISTER_DEFORMABLE && argc == 8;
    const int runs = atoi(argv[2]);
    if (runs < 1 || runs > RUNS_MAX) return 2;
    lar_threads_set(atoi(argv[3]));
    for (int f = 4; f < argc; f++) check(lar_image_read(&image[f - 4], argv[f]));
    const long base = memory_kb("VmRSS");
    FILE *clear = fopen("/proc/self/clear_refs", "w"); /* the peak begins here */
    if (clear) {
        fputs("5", clear);
        fclose(clear);
    }
    for (int r = 0; r < runs; r++) {
        const double c = seconds(CLOCK_PROCESS_CPUTIME_ID), w = seconds(CLOCK_MONOTONIC);
        lar_registration_free(found);
        check(lar_register(&found, image[0], image[1], labels ? NULL : image[2],
                           labels ? NULL : image[3], NULL, &params));
        cpu[r] = seconds(CLOCK_PROCESS_CPUTIME_ID) - c;
        wall[r] = seconds(CLOCK_MONOTONIC) - w;
    }
    const long peak = memory_kb("VmHWM") - base;
    qsort(cpu, (size_t)runs, sizeof *cpu, by_size);
    qsort(wall, (size_t)runs, sizeof *wall, by_size);
    const lar_register_verdict *verdict = &found->verdict;
    printf("%.6f %.6f %ld %d", cpu[runs / 2], wall[runs / 2], peak, verdict->doubtful);
    for (int n = 0; n < 12; n++) printf(" %.17g", found->affine.m[n / 4][n % 4]);
    printf(" %.6f %lld %.6f %.6f\n%s\n", labels ? dice_through(found, image[2], image[3]) : NAN,
           (long long)verdict->folded, verdict->jacobian[0], verdict->jacobian[1], verdict->reason);
    lar_registration_free(found);
    for (int f = 0; f < 4; f++) lar_image_free(image[f]);
    return 0;
}
