/* Histograms that keep the mean of each bin, so that a few thousand points stand for millions of
 * voxels: what is computed from them differs from the voxels' own by the square of a bin's width.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "intensity/sample.h"

/* A bin is one number: values in it above bit 40, and below the sum of their places inside the
 * bin, 16 bits each. A piece holds at most 2^20 values, so neither runs over. */
enum { PLACE_BITS = 16, SUM_BITS = 40, LEAST = 1 << 16, MOST = 1 << 20, PIECES = 16 };
static const int64_t place_mask = ((int64_t)1 << PLACE_BITS) - 1;
static const uint64_t sum_mask = ((uint64_t)1 << SUM_BITS) - 1;

/* Bins first to first + bins - 1 of `all`; one more bin takes what lies in none of them. */
typedef struct binning {
    const float *values;
    int64_t first, bins, all;
    double low, scale, most;
    uint64_t *tables; /* pieces x (bins + 1) */
} binning;

enum { BLOCK = 256, TURNS = 4, FEW = 256 };

/* Places in units of 2^-16 bins, from 0 to `last`; what is above `most` gets -1. */
LAR_CLONES
static void place_values(double *restrict at, const float *restrict values, int64_t count,
                         double low, double scale, double last, double most)
{
    for (int64_t n = 0; n < count; n++) {
        const double value = (double)values[n];
        double x = (value - low) * scale;
        x = x < 0 ? 0 : x;
        x = x > last ? last : x;
        at[n] = value > most ? -1 : x;
    }
}

static lar_status bin_values(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const binning *job = arg;
    const float *values = job->values;
    uint64_t *table = job->tables + piece * (job->bins + 1);
    const double scale = job->scale * (double)(place_mask + 1);
    const double last = (double)(job->all << PLACE_BITS) - 1;
    const uint64_t first = (uint64_t)job->first, bins = (uint64_t)job->bins;
    double at[BLOCK];
    uint64_t few[TURNS][FEW] = { { 0 } }; /* values side by side are often of one bin: in turns */
    for (int64_t n = begin; n < end; n += BLOCK) {
        const int64_t count = end - n < BLOCK ? end - n : BLOCK;
        place_values(at, values + n, count, job->low, scale, last, job->most);
        for (int64_t b = 0; b < count; b++) {
            const int64_t place = (int64_t)at[b];
            const uint64_t bin = (uint64_t)(place >> PLACE_BITS) - first; /* of -1: very large */
            uint64_t *turn = few[b % TURNS];
            (bins < FEW ? turn : table)[bin < bins ? bin : bins] +=
                ((uint64_t)1 << SUM_BITS) + (uint64_t)(place & place_mask);
        }
    }
    for (int t = 0; t < TURNS && bins < FEW; t++)
        for (uint64_t b = 0; b <= bins; b++) table[b] += few[t][b];
    return LAR_OK;
}

static lar_status bin_part(int64_t *counts, double *beyond, int64_t first, int64_t bins,
                           int64_t all, double low, double width, double most,
                           const lar_sample *sample)
{
    const int64_t share = lar_piece_count(sample->count, PIECES);
    const int64_t grain = share < LEAST ? LEAST : share > MOST ? MOST : share;
    const int64_t pieces = lar_piece_count(sample->count, grain);
    uint64_t *tables = lar_alloc(pieces * (bins + 1), sizeof *tables);
    if (!tables) return LAR_EMEMORY;
    binning job = { sample->values, first, bins, all, low, 1 / width, most, tables };
    const lar_status status = lar_parallel(sample->count, grain, bin_values, &job);
    for (int64_t b = 0; b < bins; b++) {
        uint64_t count = 0, sum = 0;
        for (int64_t p = 0; p < pieces; p++) {
            const uint64_t cell = tables[p * (bins + 1) + b];
            count += cell >> SUM_BITS;
            sum += cell & sum_mask;
        }
        counts[b] = (int64_t)count;
        beyond[b] = (double)sum / (double)(place_mask + 1);
    }
    lar_free(tables);
    return status;
}

lar_status lar_bin(int64_t *counts, double *beyond, int64_t bins, double low, double width,
                   double most, const lar_sample *sample)
{
    return bin_part(counts, beyond, 0, bins, bins, low, width, most, sample);
}

/* ---- points ---------------------------------------------------------------------------- */

enum { COARSE = 1024, FINE = 4096 };

/* Coarse bins first to last hold all but a few of 10000 values at each end: one bright voxel does
 * not make the bins of all others wide. */
static void trim(int64_t *first, int64_t *last, const int64_t *counts, int64_t total)
{
    const int64_t few = total / 2000;
    int64_t sum = counts[ *first = 0];
    while (sum <= few) sum += counts[++*first];
    sum = counts[ *last = COARSE - 1];
    while (sum <= few) sum += counts[--*last];
}

/* The points of bins `from` to `to` - 1; bin b begins at low + (first + b) * width. */
static void add_points(lar_points *out, const int64_t *counts, const double *beyond, int64_t first,
                       int64_t from, int64_t to, double low, double width)
{
    for (int64_t b = from; b < to; b++) {
        if (counts[b] == 0) continue;
        const double place = (double)(first + b) + beyond[b] / (double)counts[b];
        out->values[out->count] = low + width * place;
        out->weights[out->count++] = (double)counts[b];
    }
}

/* A coarse bin is parted in a power of two, so that no rounding moves a value between bins. */
static lar_status fill_points(lar_points *out, int64_t *counts, double *beyond,
                              const lar_sample *sample)
{
    int64_t *fine_counts = counts + COARSE, first, last, parts = 1;
    double *fine_beyond = beyond + COARSE;
    const double width = (sample->high - sample->low) / COARSE;
    lar_status status = LAR_OK;
    if (!(width > 0)) {
        *out->values = sample->low;
        *out->weights = (double)sample->count;
        out->count = 1;
        return status;
    }
    LAR_TRY(bin_part(counts, beyond, 0, COARSE, COARSE, sample->low, width, sample->high, sample));
    trim(&first, &last, counts, sample->count);
    while ((last + 1 - first) * parts * 2 <= FINE) parts *= 2;
    const int64_t bins = (last + 1 - first) * parts;
    LAR_TRY(bin_part(fine_counts, fine_beyond, first * parts, bins, COARSE * parts, sample->low,
                     width / (double)parts, sample->high, sample));
    add_points(out, counts, beyond, 0, 0, first, sample->low, width);
    add_points(out, fine_counts, fine_beyond, first * parts, 0, bins, sample->low,
               width / (double)parts);
    add_points(out, counts, beyond, 0, last + 1, COARSE, sample->low, width);
done:
    return status;
}

lar_status lar_points_of(lar_points *out, const lar_sample *sample)
{
    lar_status status = LAR_OK;
    int64_t *counts = lar_alloc(COARSE + FINE, sizeof *counts);
    double *beyond = lar_alloc(COARSE + FINE, sizeof *beyond);

    *out = (lar_points){ 0 };
    out->values = lar_alloc(2 * (COARSE + FINE), sizeof *out->values);
    if (!counts || !beyond || !out->values) {
        status = LAR_EMEMORY;
        goto done;
    }
    out->weights = out->values + COARSE + FINE;
    LAR_TRY(fill_points(out, counts, beyond, sample));
done:
    if (status != LAR_OK) lar_points_clear(out);
    lar_free(counts);
    lar_free(beyond);
    return status;
}

void lar_points_clear(lar_points *points)
{
    lar_free(points->values);
    *points = (lar_points){ 0 };
}
