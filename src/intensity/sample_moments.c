/* Mean and standard deviation of part of a sample.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "intensity/sample.h"

enum { LANES = 8, GRAIN = 1 << 16 };

typedef struct summing {
    const float *values;
    double low, high, centre;
    double *counts, *first, *second; /* per piece: of x - centre, and its square */
} summing;

/* LANES sums side by side, over whole groups of values. */
LAR_CLONES
static void add_values(double *restrict counts, double *restrict first, double *restrict second,
                       const float *restrict values, int64_t count, double low, double high,
                       double centre)
{
    for (int64_t n = 0; n < count; n += LANES)
        for (int l = 0; l < LANES; l++) {
            const double x = (double)values[n + l];
            const bool counted = x > low && x < high;
            const double away = counted ? x - centre : 0;
            counts[l] += counted ? 1 : 0;
            first[l] += away;
            second[l] += away * away;
        }
}

static lar_status sum_values(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const summing *job = arg;
    const double low = job->low, high = job->high;
    const int64_t whole = (end - begin) / LANES * LANES;
    float rest[LANES];
    double counts[LANES] = { 0 }, first[LANES] = { 0 }, second[LANES] = { 0 };
    for (int64_t l = 0; l < LANES; l++) /* what is missing is above `high` */
        rest[l] = begin + whole + l < end ? job->values[begin + whole + l] : INFINITY;
    add_values(counts, first, second, job->values + begin, whole, low, high, job->centre);
    add_values(counts, first, second, rest, LANES, low, high, job->centre);
    job->counts[piece] = lar_sum_pairs(counts, LANES);
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
    enum { BLOCK = 1 << 12 };
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
