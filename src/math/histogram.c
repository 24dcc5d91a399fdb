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

enum { HALF = 1 << 16, FEW = 64 };

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
    int64_t *place;  /* HALF: where the keys of a bin are gathered, or -1 */
    int64_t *lower;  /* HALF: counts of one bin */
    uint32_t *keys;
} ranking;

static void count_bins(ranking *r)
{
    for (int64_t n = 0; n < r->count; n++) r->before[1 + (key_of(r->values[n]) >> 16)]++;
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
    for (int64_t bin = 0; bin < HALF; bin++) r->place[bin] = -1;
    for (int64_t n = 0; n < 2 * fraction_count; n++) {
        const int64_t rank = (int64_t)floor(fractions[n / 2] * (double)(r->finite - 1)) + n % 2;
        const int64_t bin = bin_of(r, rank < r->finite ? rank : r->finite - 1);
        if (r->place[bin] >= 0) continue;
        r->place[bin] = total;
        total += r->before[bin + 1] - r->before[bin];
    }
    r->keys = lar_alloc_raw(total, sizeof *r->keys);
    if (!r->keys) return LAR_EMEMORY;
    for (int64_t n = 0; n < r->count; n++) {
        const uint32_t key = key_of(r->values[n]);
        if (r->place[key >> 16] >= 0) r->keys[r->place[key >> 16]++] = key;
    }
    return LAR_OK; /* each place is now the end of its keys */
}

static int by_key(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static float value_at_rank(ranking *r, int64_t rank)
{
    const int64_t bin = bin_of(r, rank), count = r->before[bin + 1] - r->before[bin];
    uint32_t *keys = r->keys + r->place[bin] - count;
    int64_t left = rank - r->before[bin];
    if (count <= FEW) {
        qsort(keys, (size_t)count, sizeof *keys, by_key);
        return value_of(keys[left]);
    }
    memset(r->lower, 0, HALF * sizeof *r->lower);
    for (int64_t n = 0; n < count; n++) r->lower[keys[n] & (HALF - 1)]++;
    uint32_t low = 0;
    while (left >= r->lower[low]) left -= r->lower[low++];
    return value_of((uint32_t)bin << 16 | low);
}

lar_status lar_quantiles(double *out, const double *fractions, int64_t fraction_count,
                         const float *values, int64_t count)
{
    lar_status status = LAR_OK;
    int64_t *counts = lar_alloc(3 * HALF + 1, sizeof *counts);
    if (!counts) return LAR_EMEMORY;
    ranking r = { .values = values, .count = count, .before = counts };
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
        const double at = value_at_rank(&r, (int64_t)below);
        const double next = rank > below ? value_at_rank(&r, (int64_t)below + 1) : at;
        out[f] = at + (rank - below) * (next - at);
    }
done:
    lar_free(r.keys);
    lar_free(counts);
    return status;
}
