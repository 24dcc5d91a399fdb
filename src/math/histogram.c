/* Histograms, and exact quantiles through the order of a float's bits: two counts of 16 bits each
 * find any number of ranks in two passes, without sorting.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "math/math.h"

int64_t lar_histogram(int64_t *counts, int64_t bins, double low, double high, const float *values,
                      int64_t count)
{
    const double scale = high > low ? (double)bins / (high - low) : 0;
    int64_t counted = 0;
    memset(counts, 0, (size_t)bins * sizeof *counts);
    for (int64_t n = 0; n < count; n++) {
        if (!isfinite(values[n])) continue;
        const double at = ((double)values[n] - low) * scale;
        counts[at <= 0 ? 0 : at >= (double)bins ? bins - 1 : (int64_t)at]++;
        counted++;
    }
    return counted;
}

enum { HALF = 1 << 16 };

/* Unsigned numbers in the order of the floats: negative ones have all bits turned over, the others
 * the sign alone. */
static uint32_t key_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits ^ (0x80000000U | (0U - (bits >> 31)));
}

static float value_of(uint32_t key)
{
    const uint32_t bits = key & 0x80000000U ? key & 0x7FFFFFFFU : ~key;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Bins by the upper 16 bits of the keys. Only those that hold a rank which is asked for are looked
 * into: their keys are gathered, and counted by the lower 16 bits. */
typedef struct ranking {
    const float *values;
    int64_t count, finite;
    int64_t *before; /* HALF + 1: finite values below each bin */
    int64_t *place;  /* HALF: where the next key of a bin goes; of bins that none asks for, aside */
    int64_t *lower;  /* HALF: counts of one bin */
    bool *asked;     /* HALF */
    uint32_t *keys;
} ranking;

/* Into two tables in turns: values side by side are often of one bin, and would wait for it. */
static void count_bins(ranking *r)
{
    int64_t *even = r->before + 1, *odd = r->lower;
    for (int64_t n = 0; n + 1 < r->count; n += 2) {
        even[key_of(r->values[n]) >> 16]++;
        odd[key_of(r->values[n + 1]) >> 16]++;
    }
    if (r->count % 2) even[key_of(r->values[r->count - 1]) >> 16]++;
    for (int64_t bin = 0; bin < HALF; bin++) even[bin] += odd[bin];
    /* exponents of infinities and NaN: the 128 bins at both ends */
    memset(r->before, 0, 129 * sizeof *r->before);
    memset(r->before + HALF + 1 - 128, 0, 128 * sizeof *r->before);
    for (int64_t bin = 0; bin < HALF; bin++) r->before[bin + 1] += r->before[bin];
    r->finite = r->before[HALF];
}

static int64_t bin_of(const ranking *r, int64_t rank)
{
    int64_t low = 0, high = HALF - 1; /* before[low] <= rank < before[high + 1] */
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (rank < r->before[middle + 1])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static lar_status gather(ranking *r, const double *fractions, int64_t fraction_count)
{
    int64_t total = 0;
    for (int64_t n = 0; n < 2 * fraction_count; n++) {
        const int64_t rank = (int64_t)floor(fractions[n / 2] * (double)(r->finite - 1)) + n % 2;
        const int64_t bin = bin_of(r, rank < r->finite ? rank : r->finite - 1);
        if (r->asked[bin]) continue;
        r->asked[bin] = true;
        r->place[bin] = total;
        total += r->before[bin + 1] - r->before[bin];
    }
    r->keys = lar_alloc_raw(total + 1, sizeof *r->keys);
    if (!r->keys) return LAR_EMEMORY;
    for (int64_t bin = 0; bin < HALF; bin++)
        if (!r->asked[bin]) r->place[bin] = total;
    for (int64_t n = 0; n < r->count; n++) { /* without a branch that cannot be foreseen */
        const uint32_t key = key_of(r->values[n]), bin = key >> 16;
        r->keys[r->place[bin]] = key;
        r->place[bin] += r->asked[bin];
    }
    return LAR_OK; /* each place is now the end of its keys */
}

/* The value at `rank`, and the one at the next. */
static void values_at(double out[2], ranking *r, int64_t rank)
{
    const int64_t bin = bin_of(r, rank), count = r->before[bin + 1] - r->before[bin];
    const uint32_t *keys = r->keys + r->place[bin] - count, top = (uint32_t)bin << 16;
    int64_t left = rank - r->before[bin];
    uint32_t low = 0;
    memset(r->lower, 0, HALF * sizeof *r->lower);
    for (int64_t n = 0; n < count; n++) r->lower[keys[n] & (HALF - 1)]++;
    while (left >= r->lower[low]) left -= r->lower[low++];
    out[0] = out[1] = (double)value_of(top | low);
    if (left + 1 < r->lower[low] || rank + 1 == r->finite) return;
    if (rank + 1 < r->before[bin + 1]) {
        do low++;
        while (r->lower[low] == 0);
        out[1] = (double)value_of(top | low);
        return;
    }
    const int64_t next = bin_of(r, rank + 1);
    uint32_t least = UINT32_MAX;
    for (int64_t n = r->place[next] - (r->before[next + 1] - r->before[next]); n < r->place[next];
         n++)
        if (r->keys[n] < least) least = r->keys[n];
    out[1] = (double)value_of(least);
}

lar_status lar_quantiles(double *out, const double *fractions, int64_t fraction_count,
                         const float *values, int64_t count)
{
    lar_status status = LAR_OK;
    int64_t *counts = lar_alloc(3 * HALF + 1, sizeof *counts);
    ranking r = { .values = values, .count = count, .before = counts };
    r.asked = lar_alloc(HALF, sizeof *r.asked);
    if (!counts || !r.asked) {
        status = LAR_EMEMORY;
        goto done;
    }
    r.place = counts + HALF + 1;
    r.lower = r.place + HALF;
    count_bins(&r);
    if (r.finite == 0) {
        status = lar_fail(LAR_ENUMERIC, "no value of %lld is finite", (long long)count);
        goto done;
    }
    LAR_TRY(gather(&r, fractions, fraction_count));
    for (int64_t f = 0; f < fraction_count; f++) {
        const double rank = fractions[f] * (double)(r.finite - 1), below = floor(rank);
        double at[2];
        values_at(at, &r, (int64_t)below);
        out[f] = at[0] + (rank - below) * (at[1] - at[0]);
    }
done:
    lar_free(r.keys);
    lar_free(r.asked);
    lar_free(counts);
    return status;
}
