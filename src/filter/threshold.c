/* One threshold for two classes, from the histogram.
 * Otsu 1979, doi:10.1109/TSMC.1979.4310076.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "filter/filter.h"
#include "math/math.h"

enum { BINS = LAR_OTSU_BINS };

lar_status lar_otsu_split(lar_otsu *out, const float *values, int64_t count)
{
    static const double fractions[2] = { 0.001, 0.999 };
    double limits[2];
    lar_status status = lar_quantiles(limits, fractions, 2, values, count);
    if (status != LAR_OK) return status;
    if (!(limits[1] > limits[0])) { /* nearly all of one value: the rest may still differ */
        static const double ends[2] = { 0, 1 };
        status = lar_quantiles(limits, ends, 2, values, count);
        if (status != LAR_OK) return status;
    }
    if (!(limits[1] > limits[0]))
        return lar_fail(LAR_ENUMERIC, "the image is constant: every value is %.9g", limits[0]);
    *out = (lar_otsu){ .low = limits[0], .width = (limits[1] - limits[0]) / BINS };
    const int64_t total = lar_histogram(out->counts, BINS, limits[0], limits[1], values, count);
    int first = 0;
    double sum = 0, below = 0, sum_below = 0, best = -1;
    for (int b = 0; b < BINS; b++) sum += (double)out->counts[b] * (b + 0.5);
    for (int b = 0; b < BINS - 1; b++) {
        below += (double)out->counts[b];
        sum_below += (double)out->counts[b] * (b + 0.5);
        const double above = (double)total - below;
        if (below == 0 || above == 0) continue;
        const double mean_below = sum_below / below, mean_above = (sum - sum_below) / above;
        const double between =
            below * above * (mean_above - mean_below) * (mean_above - mean_below);
        if (between < best) continue;
        if (between > best) first = b + 1;
        best = between;
        out->split = (first + b + 1) / 2; /* between two classes far apart: in the middle */
        out->means[0] = out->low + mean_below * out->width;
        out->means[1] = out->low + mean_above * out->width;
    }
    out->threshold = out->low + out->split * out->width;
    return LAR_OK;
}
