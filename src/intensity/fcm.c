/* Normalization by the mean of one tissue, which fuzzy c-means finds on the T1.
 * Reinhold 2019, doi:10.1117/12.2513089.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "image/image.h"
#include "intensity/intensity.h"
#include "intensity/tissue.h"

static lar_status find_in_image(lar_found *out, const lar_fitting *of)
{
    lar_status status = LAR_OK;
    lar_sample sample = { 0 };
    lar_tissues tissues;
    const int contrast = of->params->contrast;

    if (contrast != LAR_CONTRAST_AUTO && contrast != LAR_CONTRAST_T1) {
        lar_fail(LAR_EARGUMENT, "fcm finds its tissue on a T1, and this scan has another contrast");
        return lar_hint(LAR_EARGUMENT,
                        "larmor tissue T1 -o TISSUE, then --tissue-map TISSUE on the same grid");
    }
    LAR_TRY(lar_sample_take(&sample, of->image, of->mask));
    LAR_TRY(lar_tissues_find(&tissues, &sample));
    LAR_TRY(lar_found_scale(out, tissues.means[of->params->tissue], of->params->to,
                            "the mean of the tissue"));
done:
    lar_sample_clear(&sample);
    return status;
}

static lar_status find_under_map(lar_found *out, const lar_fitting *of)
{
    double mean;
    lar_status status = lar_tissue_mean(&mean, of->image, of->mask, of->tissue, of->params->tissue);
    if (status != LAR_OK) return status;
    return lar_found_scale(out, mean, of->params->to, "the mean of the tissue");
}

static lar_status fcm_fit(lar_found *out, const lar_fitting *of)
{
    return of->tissue ? find_under_map(out, of) : find_in_image(out, of);
}

static const char *const value_names[] = { "mean", NULL };
static const char *const keys[] = { "contrast", "foreground", "tissue", "to", NULL };

const lar_normalizer_method lar_normalizer_fcm = {
    .name = "fcm",
    .summary = "the mean of white matter, found by fuzzy c-means, becomes 1",
    .about = "On a T1, parts the voxels of --mask (without one: of the head; a mask of the brain "
             "is wanted) in three tissues by fuzzy c-means, takes the mean of --tissue, each voxel "
             "weighted with its membership, and divides the image by it, times --to. For scans of "
             "other contrasts the tissue comes from the T1 of the same head, on the same grid: "
             "--tissue-map takes what `larmor tissue` writes, or any membership from 0 to 1.",
    .cite = "Reinhold 2019, doi:10.1117/12.2513089",
    .value_names = value_names,
    .keys = keys,
    .foreground = LAR_FOREGROUND_HEAD,
    .takes_tissue = true,
    .fit = fcm_fit,
};
