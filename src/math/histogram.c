/* Histograms, and exact quantiles through the order of a float's bits: two counts of 16 bits each
 * find any rank, without sorting and without a copy.
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
    return bits & 0x80000000U ? ~bits : bits | 0x80000000U;
}

static float value_of(uint32_t key)
{
    const uint32_t bits = key & 0x80000000U ? key & 0x7FFFFFFFU : ~key;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

typedef struct ranking {
    const float *values;
    int64_t count;
    int64_t *upper, *lower; /* of HALF bins: by the upper 16 bits; by the lower of one such bin */
    int64_t upper_bin;      /* that `lower` counts, or -1 */
} ranking;

/* The bin where `rank` values have passed; what is left of the rank inside it. */
static uint32_t bin_of(const int64_t *counts, int64_t *rank)
{
    uint32_t bin = 0;
    while (*rank >= counts[bin]) *rank -= counts[bin++];
    return bin;
}

static float value_at_rank(ranking *r, int64_t rank)
{
    const uint32_t upper = bin_of(r->upper, &rank);
    if (r->upper_bin != (int64_t)upper) {
        memset(r->lower, 0, HALF * sizeof *r->lower);
        for (int64_t n = 0; n < r->count; n++) {
            const uint32_t key = key_of(r->values[n]);
            if (key >> 16 == upper && isfinite(r->values[n])) r->lower[key & (HALF - 1)]++;
        }
        r->upper_bin = upper;
    }
    return value_of(upper << 16 | bin_of(r->lower, &rank));
}

lar_status lar_quantiles(double *out, const double *fractions, int64_t fraction_count,
                         const float *values, int64_t count)
{
    int64_t finite = 0;
    int64_t *counts = lar_alloc(2 * HALF, sizeof *counts);
    if (!counts) return LAR_EMEMORY;
    ranking r = { values, count, counts, counts + HALF, -1 };
    for (int64_t n = 0; n < count; n++) {
        if (!isfinite(values[n])) continue;
        r.upper[key_of(values[n]) >> 16]++;
        finite++;
    }
    for (int64_t f = 0; finite && f < fraction_count; f++) {
        const double rank = fractions[f] * (double)(finite - 1), below = floor(rank);
        const double at = value_at_rank(&r, (int64_t)below);
        const double next = rank > below ? value_at_rank(&r, (int64_t)below + 1) : at;
        out[f] = at + (rank - below) * (next - at);
    }
    lar_free(counts);
    if (!finite) return lar_fail(LAR_ENUMERIC, "no value of %lld is finite", (long long)count);
    return LAR_OK;
}
