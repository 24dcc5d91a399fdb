/* Normalization by the mode of white matter in the smoothed histogram.
 * As intensity-normalization 2 has it (Reinhold 2019, doi:10.1117/12.2513089).
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "intensity/intensity.h"
#include "intensity/mode.h"

static lar_status kde_fit(lar_found *out, const lar_fitting *of)
{
    lar_status status = LAR_OK;
    lar_sample sample = { 0 };
    double mode;

    LAR_TRY(lar_sample_take(&sample, of->image, of->mask));
    LAR_TRY(lar_tissue_mode(&mode, &sample, of->params->contrast));
    LAR_TRY(lar_found_scale(out, mode, of->params->to, "the mode"));
done:
    lar_sample_clear(&sample);
    return status;
}

static const char *const value_names[] = { "mode", NULL };
static const char *const keys[] = { "contrast", "foreground", "to", NULL };

const lar_normalizer_method lar_normalizer_kde = {
    .name = "kde",
    .summary = "the mode of white matter, of the smoothed histogram, becomes 1",
    .about = "Smooths the histogram of the voxels of --mask (without one: of the head; a mask of "
             "the brain is better) with a Gaussian of an eightieth of its largest value, takes a "
             "maximum of it by the contrast (t1, other: the last one below the 96th percentile; "
             "t2, flair: the largest; pd, md: the first), and divides the image by it, times --to.",
    .cite = "Reinhold 2019, doi:10.1117/12.2513089",
    .value_names = value_names,
    .keys = keys,
    .foreground = LAR_FOREGROUND_HEAD,
    .fit = kde_fit,
};
