/* Mutual information of two lists of values, plain or normalized, and its slope.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "register/register_parts.h"

enum { GRAIN = 32768 };

lar_bins lar_bins_between(double low, double high, int64_t count)
{
    /* the first and the last bin take only the margin of the spline */
    const double width = (high - low) / (double)(count - 3);
    return (
        lar_bins){ .count = count, .low = (float)(low - width), .per_value = (float)(1 / width) };
}

typedef struct counting {
    const uint8_t *fixed;
    const float *moving;
    const lar_bins *bins;
    int64_t cells;      /* of the joint histogram */
    double *joint;      /* of each piece: (fixed, moving) */
    int64_t *used;      /* of each piece */
    const float *table; /* (fixed, moving): what one more count in a cell is worth */
    float *slope;
} counting;

/* The bin before a value, and how far it is from there to the next; false where the value lies
 * beyond the ends, whose slope is 0. */
static inline bool place(int64_t *bin, float *fraction, float value, const lar_bins *bins)
{
    const float last = (float)(bins->count - 2), at = (value - bins->low) * bins->per_value;
    if (at >= 1 && at < last) {
        *bin = (int64_t)at;
        *fraction = at - (float)*bin;
        return true;
    }
    *bin = at < 1 ? 1 : bins->count - 3;
    *fraction = at < 1 ? 0 : 1;
    return false;
}

static lar_status count_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const counting *job = arg;
    const int64_t width = job->bins->count;
    double *joint = job->joint + piece * job->cells;
    int64_t used = 0;
    for (int64_t n = begin; n < end; n++) {
        const float value = job->moving[n];
        if (value != value) continue;
        int64_t bin;
        float t;
        place(&bin, &t, value, job->bins);
        double *row = joint + job->fixed[n] * width + bin - 1;
        const float u = 1 - t, sixth = 1 / 6.0F;
        row[0] += (double)(u * u * u * sixth);
        row[1] += (double)((4 - 3 * t * t * (2 - t)) * sixth);
        row[2] += (double)((4 - 3 * u * u * (2 - u)) * sixth);
        row[3] += (double)(t * t * t * sixth);
        used++;
    }
    job->used[piece] = used;
    return LAR_OK;
}

static lar_status slope_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const counting *job = arg;
    const int64_t width = job->bins->count;
    const float per_value = job->bins->per_value;
    for (int64_t n = begin; n < end; n++) {
        const float value = job->moving[n];
        int64_t bin;
        float t;
        job->slope[n] = 0;
        if (value != value || !place(&bin, &t, value, job->bins)) continue;
        const float *row = job->table + job->fixed[n] * width + bin - 1, u = 1 - t;
        job->slope[n] = per_value * 0.5F *
                        (-u * u * row[0] + t * (3 * t - 4) * row[1] + u * (4 - 3 * u) * row[2] +
                         t * t * row[3]);
    }
    return LAR_OK;
}

static double entropy_of(const double *share, int64_t count)
{
    double sum = 0;
    for (int64_t n = 0; n < count; n++)
        if (share[n] > 0) sum -= share[n] * log(share[n]);
    return sum;
}

/* The value of a joint histogram, and what one more count in a cell is worth, less what is the same
 * for all cells (which the spline's weights, summing to 1, never show). */
static double weigh(float *table, double *joint, int64_t rows, int64_t width, int metric,
                    int64_t used)
{
    double row[LAR_BINS_MAX] = { 0 }, column[LAR_BINS_MAX] = { 0 };
    for (int64_t f = 0; f < rows; f++)
        for (int64_t m = 0; m < width; m++) {
            joint[f * width + m] /= (double)used;
            row[f] += joint[f * width + m];
            column[m] += joint[f * width + m];
        }
    const double fixed = entropy_of(row, rows), moving = entropy_of(column, width);
    const double both = entropy_of(joint, rows * width);
    const bool normalized = metric == LAR_METRIC_NMI && both > 0;
    /* d(-H(m)) = log p(m), d(-H(f, m)) = log p(f, m), each per count */
    const double a = normalized ? 1 / both : 1;
    const double b = normalized ? (fixed + moving) / (both * both) : 1;
    for (int64_t m = 0; m < width; m++) {
        const double alone = column[m] > 0 ? log(column[m]) : 0;
        for (int64_t f = 0; f < rows; f++) {
            const double p = joint[f * width + m];
            table[f * width + m] = p > 0 ? (float)((b * log(p) - a * alone) / (double)used) : 0;
        }
    }
    if (!normalized) return fixed + moving - both;
    return (fixed + moving) / both - 1;
}

lar_status lar_mi_value(double *value, int64_t *used, float *slope, int metric,
                        const uint8_t *fixed, int64_t fixed_bins, const float *moving,
                        const lar_bins *bins, int64_t count)
{
    lar_status status = LAR_OK;
    const int64_t pieces = lar_piece_count(count, GRAIN), cells = fixed_bins * bins->count;
    counting job = {
        .fixed = fixed, .moving = moving, .bins = bins, .cells = cells, .slope = slope
    };
    float *table = lar_alloc_raw(cells, sizeof *table);
    job.joint = lar_alloc(pieces * cells, sizeof *job.joint);
    job.used = lar_alloc(pieces, sizeof *job.used);
    job.table = table;
    *value = 0;
    *used = 0;
    if (!table || !job.joint || !job.used) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_parallel(count, GRAIN, count_piece, &job));
    for (int64_t p = 0; p < pieces; p++) {
        *used += job.used[p];
        for (int64_t n = 0; p > 0 && n < cells; n++) job.joint[n] += job.joint[p * cells + n];
    }
    if (*used > 0) *value = weigh(table, job.joint, fixed_bins, bins->count, metric, *used);
    if (slope && *used > 0) LAR_TRY(lar_parallel(count, GRAIN, slope_piece, &job));
    if (slope && *used == 0) memset(slope, 0, (size_t)count * sizeof *slope);
done:
    lar_free(job.used);
    lar_free(job.joint);
    lar_free(table);
    return status;
}
