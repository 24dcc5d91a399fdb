/* The mode of a tissue: a Gaussian kernel estimate of the density on 128 points, as statsmodels'
 * KDEUnivariate makes it when it is asked for 80 points and a width of an eightieth of the largest
 * value, which is what intensity-normalization 2 asks: linear binning, and the kernel multiplied in
 * the frequency domain with Silverman's correction for the binning.
 * Silverman 1982, doi:10.2307/2347084; Shinohara 2014, doi:10.1016/j.nicl.2014.08.008.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "intensity/mode.h"
#include "math/math.h"

enum { POINTS = 128, WIDTHS = 80 };
static const double reach = 3;     /* the points go so many kernel widths beyond the values */
static const double noise = 1e-10; /* of the peak: less is the rounding of the transform */
static const double pi = 3.14159265358979323846;

typedef struct density {
    double first, step;
    double at[POINTS];
} density;

/* The kernel at distances of 0 to 127 points, which wrap around. */
static void kernel_of(double kernel[POINTS], double width, double range)
{
    const double narrow = 2 * (pi * width / range) * (pi * width / range);
    for (int d = 0; d < POINTS; d++) kernel[d] = 0;
    for (int f = 0; f <= POINTS / 2; f++) {
        const double turn = pi * f / POINTS;
        const double factor = exp(-narrow * f * f) / (1 - turn * turn / 3);
        const double times = (f == 0 || f == POINTS / 2 ? 1 : 2) * factor / POINTS;
        for (int d = 0; d < POINTS; d++)
            kernel[d] += times * cos(2 * pi * ((f * d) % POINTS) / POINTS);
    }
}

/* Of the values up to `most`, one of them. */
static lar_status estimate(density *out, const lar_sample *sample, double most)
{
    int64_t counts[POINTS - 1];
    double beyond[POINTS - 1], binned[POINTS] = { 0 }, kernel[POINTS], total = 0;
    const double width = most / WIDTHS;
    out->first = sample->low - reach * width;
    const double range = most + reach * width - out->first;
    out->step = range / (POINTS - 1);
    const lar_status status =
        lar_bin(counts, beyond, POINTS - 1, out->first, out->step, most, sample);
    if (status != LAR_OK) return status;
    for (int n = 0; n + 1 < POINTS; n++) {
        binned[n] += (double)counts[n] - beyond[n];
        binned[n + 1] += beyond[n];
        total += (double)counts[n];
    }
    kernel_of(kernel, width, range);
    for (int n = 0; n < POINTS; n++) {
        double sum = 0;
        for (int m = 0; m < POINTS; m++) sum += binned[m] * kernel[(n - m + POINTS) % POINTS];
        out->at[n] = sum / (out->step * total);
    }
    return LAR_OK;
}

static int largest(const density *of)
{
    int best = 0;
    for (int n = 1; n < POINTS; n++)
        if (of->at[n] > of->at[best]) best = n;
    return best;
}

/* The first or last point above both its neighbours; -1: there is none. */
static int maximum(const density *of, bool last)
{
    const double least = noise * of->at[largest(of)];
    int found = -1;
    for (int n = 1; n + 1 < POINTS && (last || found < 0); n++)
        if (of->at[n] > of->at[n - 1] + least && of->at[n] > of->at[n + 1] + least) found = n;
    return found;
}

/* The largest value that is not above this quantile, which may lie between two of them. */
static lar_status without_tail(double *out, const lar_sample *sample, double fraction)
{
    const double last = (double)(sample->count - 1);
    const double rank = last > 0 ? floor(fraction * last) / last : 0;
    const lar_status status = lar_quantiles(out, &rank, 1, sample->values, sample->count);
    if (status == LAR_OK) *out = (double)(float)*out; /* of the rank alone, without rounding */
    return status;
}

lar_status lar_tissue_mode(double *out, const lar_sample *sample, int contrast)
{
    lar_status status = LAR_OK;
    const bool by_size = contrast == LAR_CONTRAST_T2 || contrast == LAR_CONTRAST_FLAIR;
    const bool first = contrast == LAR_CONTRAST_PD || contrast == LAR_CONTRAST_MD;
    double most = sample->high;
    density found;

    if (!by_size) LAR_TRY(without_tail(&most, sample, first ? 0.99 : 0.96));
    if (!(most > 0) || !(most > sample->low)) {
        status = lar_fail(LAR_ENUMERIC,
                          "there is no mode: the %lld voxels that count lie between %.9g and %.9g "
                          "(brightest few per cent left out), and their histogram is smoothed by "
                          "an eightieth of the larger value",
                          (long long)sample->count, sample->low, most);
        lar_hint(status, "a mask of the brain, or --foreground positive");
        goto done;
    }
    LAR_TRY(estimate(&found, sample, most));
    const int at = by_size ? largest(&found) : maximum(&found, !first);
    if (at < 0) {
        status = lar_fail(LAR_ENUMERIC,
                          "there is no mode: the smoothed histogram of the %lld voxels that count "
                          "has no maximum between %.9g and %.9g",
                          (long long)sample->count, sample->low, most);
        lar_hint(status, "a mask of the brain, or --contrast t2, which takes the largest value");
        goto done;
    }
    *out = found.first + at * found.step;
done:
    return status;
}
