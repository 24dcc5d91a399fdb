/* Cubic B-splines: the recursive prefilter that makes them interpolate, and their weights.
 * Unser 1999, "Splines: a perfect fit for signal and image processing", doi:10.1109/79.799930.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "math/math.h"

#define POLE (-0.26794919243112270647) /* sqrt(3) - 2 */
#define GAIN 6.0F                      /* (1 - POLE) (1 - 1 / POLE) */

/* HORIZON: |POLE|^32 is 5e-19, below the rounding of double.  LINES: rows along i that are filtered
 * side by side, because each step of one row waits for the step before. */
enum { HORIZON = 32, LINES = 8, PIECE_VOXELS = 1 << 16 };

/* What mirrors a line into its own past: the weights of its first samples in the first value of
 * the causal filter, the sum over one period 2 * size - 2 (the mirrored line repeats after that).
 */
typedef struct past {
    int64_t count;
    float weights[HORIZON];
} past;

static past past_of(int64_t size)
{
    past p = { .count = size < HORIZON ? size : HORIZON };
    const int64_t period = 2 * size - 2;
    const double whole = 1 - pow(POLE, (double)period);
    for (int64_t n = 0; n < p.count; n++) {
        double weight = pow(POLE, (double)n);
        if (n > 0 && n < size - 1) weight += pow(POLE, (double)(period - n));
        p.weights[n] = (float)(weight * GAIN / whole);
    }
    return p;
}

/* Filters `width` lines that lie side by side: sample n of line w is at[n * step + w]. */
static inline void filter_across(float *restrict at, int64_t size, int64_t step, int64_t width,
                                 const past *p, float *restrict first)
{
    const float pole = (float)POLE, last = (float)(POLE / (POLE * POLE - 1));
    for (int64_t w = 0; w < width; w++) first[w] = 0;
    for (int64_t n = 0; n < p->count; n++)
        for (int64_t w = 0; w < width; w++) first[w] += p->weights[n] * at[n * step + w];
    for (int64_t w = 0; w < width; w++) at[w] = first[w];
    for (int64_t n = 1; n < size; n++) {
        float *restrict row = at + n * step;
        const float *restrict before = row - step;
        for (int64_t w = 0; w < width; w++) row[w] = GAIN * row[w] + pole * before[w];
    }
    float *restrict end = at + (size - 1) * step;
    const float *restrict inner = end - step;
    for (int64_t w = 0; w < width; w++) end[w] = last * (end[w] + pole * inner[w]);
    for (int64_t n = size - 2; n >= 0; n--) {
        float *restrict row = at + n * step;
        const float *restrict after = row + step;
        for (int64_t w = 0; w < width; w++) row[w] = pole * (after[w] - row[w]);
    }
}

typedef struct filtering {
    float *voxels;
    int64_t size[3];
    bool along[3];
    past past[3];
} filtering;

/* Up to LINES rows, turned so that they lie side by side in `turned`, (size, LINES). */
static inline void filter_rows(const filtering *job, float *rows, int64_t count,
                               float *restrict turned, float *first)
{
    const int64_t size = job->size[0];
    for (int64_t l = 0; l < count; l++)
        for (int64_t i = 0; i < size; i++) turned[i * LINES + l] = rows[l * size + i];
    filter_across(turned, size, LINES, LINES, &job->past[0], first);
    for (int64_t l = 0; l < count; l++)
        for (int64_t i = 0; i < size; i++) rows[l * size + i] = turned[i * LINES + l];
}

/* Along i and j, slice by slice: a slice stays in the cache for both. */
LAR_CLONES static lar_status filter_slices(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const filtering *job = arg;
    const int64_t *size = job->size;
    float *turned = lar_alloc(size[0] * LINES, sizeof *turned);
    float *first = lar_alloc_raw(size[0] + LINES, sizeof *first);
    if (!turned || !first) {
        lar_free(turned);
        lar_free(first);
        return LAR_EMEMORY;
    }
    for (int64_t k = begin; k < end; k++) {
        float *slice = job->voxels + k * size[0] * size[1];
        for (int64_t j = 0; job->along[0] && j < size[1]; j += LINES)
            filter_rows(job, slice + j * size[0], size[1] - j < LINES ? size[1] - j : LINES, turned,
                        first);
        if (job->along[1]) filter_across(slice, size[1], size[0], size[0], &job->past[1], first);
    }
    lar_free(turned);
    lar_free(first);
    return LAR_OK;
}

/* Along k, for the rows j of all slices: as many bytes as one slice, not the volume. */
LAR_CLONES static lar_status filter_columns(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const filtering *job = arg;
    const int64_t *size = job->size;
    float *first = lar_alloc_raw(size[0], sizeof *first);
    if (!first) return LAR_EMEMORY;
    for (int64_t j = begin; j < end; j++)
        filter_across(job->voxels + j * size[0], size[2], size[0] * size[1], size[0], &job->past[2],
                      first);
    lar_free(first);
    return LAR_OK;
}

lar_status lar_spline_prefilter(float *voxels, const int64_t size[3], const bool along[3])
{
    lar_status status = LAR_OK;
    filtering job = { .voxels = voxels };
    for (int a = 0; a < 3; a++) {
        job.size[a] = size[a];
        job.along[a] = size[a] > 1 && (!along || along[a]); /* one sample is its own coefficient */
        if (job.along[a]) job.past[a] = past_of(size[a]);
    }
    const int64_t slices = 1 + PIECE_VOXELS / (size[0] * size[1]);
    const int64_t rows = 1 + PIECE_VOXELS / (size[0] * size[2]);
    if (job.along[0] || job.along[1]) LAR_TRY(lar_parallel(size[2], slices, filter_slices, &job));
    if (job.along[2]) LAR_TRY(lar_parallel(size[1], rows, filter_columns, &job));
done:
    return status;
}

void lar_spline_weights(double weights[4], double fraction)
{
    const double t = fraction, u = 1 - t;
    weights[0] = u * u * u / 6;
    weights[1] = (4 - 3 * t * t * (2 - t)) / 6;
    weights[2] = (4 - 3 * u * u * (2 - u)) / 6;
    weights[3] = t * t * t / 6;
}

int64_t lar_mirror(int64_t index, int64_t size)
{
    if (size == 1) return 0;
    const int64_t period = 2 * size - 2;
    int64_t n = index % period;
    if (n < 0) n += period;
    return n < size ? n : period - n;
}
