/* What a learning-rate range test (Smith 2017, doi:10.1109/WACV.2017.58) suggests. Four readings
 * of the curve: those that fastai version 1 draws (steepest descent, minimum / 10), and version
 * 2's valley and slide.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "train/train.h"

/* Slope of the smoothed loss over the logarithm of the rate: the points are evenly spaced there.
 * Central differences; one-sided at the ends. */
static double slope(const double *loss, int64_t count, int64_t n)
{
    if (n == 0) return loss[1] - loss[0];
    if (n == count - 1) return loss[n] - loss[n - 1];
    return (loss[n + 1] - loss[n - 1]) / 2;
}

static int64_t steepest(const double *loss, int64_t count)
{
    int64_t best = 0;
    for (int64_t n = 1; n < count; n++)
        if (slope(loss, count, n) < slope(loss, count, best)) best = n;
    return best;
}

static int64_t lowest(const double *loss, int64_t count)
{
    int64_t best = 0;
    for (int64_t n = 1; n < count; n++)
        if (loss[n] < loss[best]) best = n;
    return best;
}

/* The longest strictly falling subsequence that ends at each point; of the longest one, the place
 * a third and a half of a third in. */
static lar_status valley(int64_t *out, const double *loss, int64_t count)
{
    int64_t *length = lar_alloc(count, sizeof *length);
    if (!length) return LAR_EMEMORY;
    int64_t longest = 1, end = 0;
    for (int64_t n = 0; n < count; n++) {
        length[n] = 1;
        for (int64_t m = 0; m < n; m++)
            if (loss[m] > loss[n] && length[m] + 1 > length[n]) length[n] = length[m] + 1;
        if (length[n] > longest) {
            longest = length[n];
            end = n;
        }
    }
    const int64_t start = end - longest, third = longest / 3;
    const int64_t index = start + third + third / 2;
    *out = index < 0 ? 0 : index;
    lar_free(length);
    return LAR_OK;
}

/* Two points 15 apart slide from the right end to the left for as long as the slopes at them differ
 * by more than a threshold; the last left one stands before the loss has stopped falling. */
static int64_t slide(const double *loss, int64_t count)
{
    enum { APART = 15 };
    const double threshold = 0.005;
    int64_t right = count - 1, left = right - APART;
    int64_t found = left > 0 ? left : 0;
    while (left >= 0 && fabs(slope(loss, count, right) - slope(loss, count, left)) > threshold) {
        found = left--;
        right--;
    }
    return found;
}

lar_status lar_rate_suggest(lar_rate_suggestion *out, const double *rate, const double *loss,
                            int64_t count)
{
    /* version 1 plots and reads the curve without its first 10 and last 5 points */
    enum { SKIP_START = 10, SKIP_END = 5 };
    int64_t first = SKIP_START, kept = count - SKIP_START - SKIP_END, at;
    *out = (lar_rate_suggestion){ .steepest = NAN, .minimum = NAN, .valley = NAN, .slide = NAN };
    if (kept < 4) {
        const lar_status status =
            lar_fail(LAR_ENUMERIC, "the range test has %lld points, too few to read a rate from",
                     (long long)count);
        return lar_hint(status, "more --steps, or a smaller --stop-rate: the loss grew at once");
    }
    out->steepest = rate[first + steepest(loss + first, kept)];
    out->minimum = rate[first + lowest(loss + first, kept)] / 10;
    out->slide = rate[first + slide(loss + first, kept)];
    const lar_status status = valley(&at, loss + first, kept);
    if (status == LAR_OK) out->valley = rate[first + at];
    return status;
}
