/* One straight line through two percentiles.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "intensity/intensity.h"
#include "intensity/sample.h"
#include "math/math.h"

/* Two numbers, the second larger; `given` or else two others. */
static lar_status two_of(double out[2], const lar_reals *given, double low, double high,
                         const char *what)
{
    out[0] = given->count ? given->at[0] : low;
    out[1] = given->count ? given->at[1] : high;
    if (given->count && given->count != 2)
        return lar_fail(LAR_EARGUMENT, "%s are %lld numbers, and two are needed", what,
                        (long long)given->count);
    if (!(out[1] > out[0]))
        return lar_fail(LAR_EARGUMENT, "%s %.9g and %.9g do not rise", what, out[0], out[1]);
    return LAR_OK;
}

static lar_status percentile_fit(lar_found *out, const lar_fitting *of)
{
    lar_status status = LAR_OK;
    lar_sample sample = { 0 };
    double percent[2], range[2], values[2];

    LAR_TRY(two_of(percent, &of->params->percentiles, 0.5, 99.5, "the percentiles"));
    LAR_TRY(two_of(range, &of->params->range, 0, 1, "the ends of the range"));
    LAR_TRY(lar_sample_take(&sample, of->image, of->mask));
    const double fractions[2] = { percent[0] / 100, percent[1] / 100 };
    LAR_TRY(lar_quantiles(values, fractions, 2, sample.values, sample.count));
    if (!(values[1] > values[0])) {
        status = lar_fail(LAR_ENUMERIC, "percentiles %.9g and %.9g are both %.9g", percent[0],
                          percent[1], values[0]);
        lar_hint(status, "percentiles further apart, or a mask");
        goto done;
    }
    out->values = (lar_reals){ 2, { values[0], values[1] } };
    out->curve = (lar_curve){ .count = 2,
                              .from = { values[0], values[1] },
                              .to = { range[0], range[1] },
                              .clips = of->params->clip };
done:
    lar_sample_clear(&sample);
    return status;
}

static const char *const value_names[] = { "low", "high", NULL };
static const char *const keys[] = { "foreground", "percentiles", "range", "clip", NULL };

const lar_normalizer_method lar_normalizer_percentile = {
    .name = "percentile",
    .summary = "two percentiles become 0 and 1",
    .about = "The values at two percentiles (0.5 and 99.5, or --percentiles) of the voxels of "
             "--mask, or without one of the head, become 0 and 1, or --range, by one straight "
             "line. What lies beyond goes on, or with --clip is held at the ends.",
    .value_names = value_names,
    .keys = keys,
    .foreground = LAR_FOREGROUND_HEAD,
    .fit = percentile_fit,
};
