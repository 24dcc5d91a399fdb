/* WhiteStripe: mean 0 and deviation 1 over the voxels around the mode of white matter.
 * Shinohara 2014, doi:10.1016/j.nicl.2014.08.008.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "intensity/intensity.h"
#include "intensity/mode.h"
#include "math/math.h"

static lar_status find_stripe(lar_found *out, const lar_sample *sample,
                              const lar_normalize_params *params)
{
    lar_status status = LAR_OK;
    lar_moments stripe;
    double mode, ends[2];

    LAR_TRY(lar_tissue_mode(&mode, sample, params->contrast));
    const double fraction = (double)lar_sample_below(sample, mode) / (double)sample->count;
    const double fractions[2] = { fmax(fraction - params->width, 0),
                                  fmin(fraction + params->width, 1) };
    LAR_TRY(lar_quantiles(ends, fractions, 2, sample->values, sample->count));
    LAR_TRY(lar_moments_of(&stripe, sample, ends[0], ends[1], mode));
    if (!(stripe.deviation > 1e-9 * fabs(stripe.mean))) {
        status = lar_fail(LAR_ENUMERIC,
                          "the stripe around the mode %.9g, from %.9g to %.9g, holds %lld voxels "
                          "without a deviation",
                          mode, ends[0], ends[1], (long long)stripe.count);
        lar_hint(status, "a larger --width");
        goto done;
    }
    out->values = (lar_reals){ 5, { mode, stripe.mean, stripe.deviation, ends[0], ends[1] } };
    out->curve = lar_curve_linear(stripe.mean, stripe.deviation);
done:
    return status;
}

static lar_status whitestripe_fit(lar_found *out, const lar_fitting *of)
{
    lar_status status = LAR_OK;
    lar_sample sample = { 0 };

    LAR_TRY(lar_sample_take(&sample, of->image, of->mask));
    LAR_TRY(find_stripe(out, &sample, of->params));
done:
    lar_sample_clear(&sample);
    return status;
}

static const char *const value_names[] = { "mode", "mean", "std", "low", "high", NULL };
static const char *const keys[] = { "contrast", "foreground", "width", NULL };

const lar_normalizer_method lar_normalizer_whitestripe = {
    .name = "whitestripe",
    .summary = "mean 0 and standard deviation 1 over normal white matter",
    .about = "Finds the mode of white matter as `kde` does, takes the voxels whose rank is within "
             "--width of the mode's, to each side, as the stripe, subtracts its mean and divides "
             "by its standard deviation. Learns from the voxels of --mask; without one, of the "
             "head; a mask of the brain is better.",
    .cite = "Shinohara 2014, doi:10.1016/j.nicl.2014.08.008",
    .value_names = value_names,
    .keys = keys,
    .foreground = LAR_FOREGROUND_HEAD,
    .fit = whitestripe_fit,
};
