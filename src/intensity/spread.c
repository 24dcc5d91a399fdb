/* Scans are stored as integers, often of eight bits: in a histogram whose bins are as narrow as
 * their steps every second bin may be empty, and two such combs differ whatever the scans are. Each
 * value is one of a step's width, and is counted as such.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "intensity/spread.h"
#include "math/math.h"

enum { FEW = 4096, SLOTS = 4 * FEW };
static const double widest = 4; /* steps of the usual width, that a value alone is spread over */

typedef struct level {
    float value;
    int64_t count;
} level;

static uint32_t slot_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (bits * 2654435761U) >> 18; /* Knuth's multiplier; 32 - log2(SLOTS) */
}

/* The different values into `levels`, as a hash table; how many, or -1 where there are too many. */
static int64_t find_levels(level *levels, const lar_sample *sample)
{
    int64_t found = 0;
    for (int64_t n = 0; n < sample->count; n++) {
        const float value = sample->values[n] + 0.0F; /* one zero */
        uint32_t slot = slot_of(value);
        while (levels[slot].count && levels[slot].value != value) slot = (slot + 1) % SLOTS;
        if (levels[slot].count++ == 0) {
            levels[slot].value = value;
            if (++found > FEW) return -1;
        }
    }
    return found;
}

static int by_value(const void *a, const void *b)
{
    const level *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A count that lies evenly between two values. */
static void spread(double *counts, int64_t bins, double from, double to, double count)
{
    const int64_t first = from < 0 ? 0 : from >= (double)bins ? bins - 1 : (int64_t)from;
    const int64_t last = to < 0 ? 0 : to >= (double)bins ? bins - 1 : (int64_t)to;
    if (first == last) {
        counts[first] += count;
        return;
    }
    const double part = count / (to - from);
    counts[first] += part * ((double)(first + 1) - from);
    for (int64_t b = first + 1; b < last; b++) counts[b] += part;
    counts[last] += part * (to - (double)last);
}

static lar_status spread_levels(double *counts, int64_t bins, double low, double high,
                                const level *levels, int64_t count)
{
    double *steps = lar_alloc(2 * count, sizeof *steps), *sorted = steps + count;
    if (!steps) return LAR_EMEMORY;
    for (int64_t n = 0; n + 1 < count; n++)
        steps[n] = (double)levels[n + 1].value - (double)levels[n].value;
    memcpy(sorted, steps, (size_t)count * sizeof *steps);
    qsort(sorted, (size_t)(count - 1), sizeof *sorted, by_size);
    const double most = widest * sorted[(count - 1) / 2] / 2, scale = (double)bins / (high - low);
    for (int64_t n = 0; n < count; n++) {
        const double below = fmin(steps[n > 0 ? n - 1 : 0] / 2, most);
        const double above = fmin(steps[n + 1 < count ? n : n - 1] / 2, most);
        const double at = (double)levels[n].value - low;
        spread(counts, bins, (at - below) * scale, (at + above) * scale, (double)levels[n].count);
    }
    lar_free(steps);
    return LAR_OK;
}

lar_status lar_spread_histogram(double *counts, int64_t bins, double low, double high,
                                const lar_sample *sample)
{
    lar_status status = LAR_OK;
    level *levels = lar_alloc(SLOTS, sizeof *levels);
    int64_t *whole = NULL, found = 0;

    memset(counts, 0, (size_t)bins * sizeof *counts);
    if (!levels) return LAR_EMEMORY;
    if (find_levels(levels, sample) < 2) { /* too many, or one */
        whole = lar_alloc(bins, sizeof *whole);
        if (!whole) {
            status = LAR_EMEMORY;
            goto done;
        }
        lar_histogram(whole, bins, low, high, sample->values, sample->count);
        for (int64_t b = 0; b < bins; b++) counts[b] = (double)whole[b];
        goto done;
    }
    for (int64_t n = 0; n < SLOTS; n++)
        if (levels[n].count) levels[found++] = levels[n];
    qsort(levels, (size_t)found, sizeof *levels, by_value);
    LAR_TRY(spread_levels(counts, bins, low, high, levels, found));
done:
    lar_free(whole);
    lar_free(levels);
    return status;
}
