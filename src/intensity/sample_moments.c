/* Mean and standard deviation of part of a sample.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "intensity/sample.h"

enum { LANES = 8, BLOCK = 1 << 12, GRAIN = 1 << 16 };

typedef struct summing {
    const float *values;
    double low, high, centre;
    double *counts, *first, *second; /* per piece: of x - centre, and its square */
} summing;

/* The values inside, in order; returns how many. Without a branch that cannot be foreseen. */
static int64_t pick(float out[BLOCK + 1], const float *values, int64_t count, double low,
                    double high)
{
    int64_t taken = 0;
    for (int64_t n = 0; n < count; n++) {
        const double x = (double)values[n];
        out[taken] = values[n];
        taken += (x > low) & (x < high);
    }
    return taken;
}

static lar_status sum_values(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const summing *job = arg;
    float inside[BLOCK + 1];
    int64_t counted = 0;
    double first[LANES] = { 0 }, second[LANES] = { 0 };
    for (int64_t n = begin; n < end; n += BLOCK) {
        const int64_t block = end - n < BLOCK ? end - n : BLOCK;
        const int64_t count = pick(inside, job->values + n, block, job->low, job->high);
        for (int64_t i = 0; i < count; i++) {
            const double away = (double)inside[i] - job->centre;
            first[i % LANES] += away;
            second[i % LANES] += away * away;
        }
        counted += count;
    }
    job->counts[piece] = (double)counted;
    job->first[piece] = lar_sum_pairs(first, LANES);
    job->second[piece] = lar_sum_pairs(second, LANES);
    return LAR_OK;
}

lar_status lar_moments_of(lar_moments *out, const lar_sample *sample, double low, double high,
                          double centre)
{
    const int64_t pieces = lar_piece_count(sample->count, GRAIN);
    double *sums = lar_alloc(3 * pieces, sizeof *sums);

    *out = (lar_moments){ 0 };
    if (!sums) return LAR_EMEMORY;
    summing job = { sample->values, low, high, centre, sums, sums + pieces, sums + 2 * pieces };
    const lar_status status = lar_parallel(sample->count, GRAIN, sum_values, &job);
    const double count = lar_sum_pairs(job.counts, pieces);
    if (count > 0) {
        const double shift = lar_sum_pairs(job.first, pieces) / count;
        const double square = lar_sum_pairs(job.second, pieces) / count - shift * shift;
        *out = (lar_moments){ (int64_t)count, centre + shift, sqrt(fmax(square, 0)) };
    }
    lar_free(sums);
    return status;
}

int64_t lar_sample_below(const lar_sample *sample, double limit)
{
    /* the least float that is not below, so that floats are compared */
    float least = (float)limit;
    if ((double)least < limit) least = nextafterf(least, INFINITY);
    int64_t below = 0;
    for (int64_t first = 0; first < sample->count; first += BLOCK) {
        const int64_t end = first + BLOCK < sample->count ? first + BLOCK : sample->count;
        int32_t some = 0;
        for (int64_t n = first; n < end; n++) some += sample->values[n] < least;
        below += some;
    }
    return below;
}
