/* The parameters of all normalizers, described once.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "image/image.h"
#include "intensity/intensity.h"
#include "intensity/ravel.h"

/* In the order of lar_normalizer_methods; a test holds them together. */
/* clang-format off */
static const char *const method_names[] = {
    "zscore", "fcm", "gmm", "kde", "whitestripe", "percentile", "ct", "nyul", "lsq", "ravel", NULL
};
/* clang-format on */
static const char *const contrasts[] = { "auto", "t1", "t2", "pd", "flair", "md", "other", NULL };
static const char *const tissues[] = { "csf", "grey", "white", NULL };
static const char *const foregrounds[] = {
    "auto", "whole", "positive", "mean", "otsu", "head", NULL
};

const lar_param lar_normalize_table[] = {
    LAR_P_CHOICE(lar_normalize_params, method, "method", 0, "zscore", method_names,
                 "how intensities are brought to one scale"),
    LAR_P_CHOICE(lar_normalize_params, contrast, "contrast", 'c', "auto", contrasts,
                 "what kind of scan it is; auto: what the study says of it, else t1"),
    LAR_P_CHOICE(lar_normalize_params, foreground, "foreground", 0, "auto", foregrounds,
                 "the voxels that count where no mask is given; auto: as the method needs"),
    LAR_P_CHOICE(lar_normalize_params, tissue, "tissue", 0, "white", tissues,
                 "the tissue whose value is the measure"),
    LAR_P_REAL(lar_normalize_params, to, "to", 0, "1", 1e-6, 1e6, "value",
               "what the measure becomes"),
    LAR_P_REAL(lar_normalize_params, width, "width", 0, "0.05", 0.0001, 0.5, "fraction",
               "of voxels to each side of the mode, in the stripe"),
    LAR_P_REALS(lar_normalize_params, percentiles, "percentiles", 0, "", 0, 100, "percent",
                "where landmarks lie, rising; left out: the method's own"),
    LAR_P_REALS(lar_normalize_params, range, "range", 0, "", -1e6, 1e6, "value",
                "ends of the scale; left out: the method's own"),
    LAR_P_FLAG(lar_normalize_params, clip, "clip", 0,
               "percentile: hold what lies beyond at the ends of the range"),
    LAR_P_CHOICE(lar_normalize_params, window, "window", 0, "brain", lar_window_names,
                 "CT: what becomes the range"),
    LAR_P_REALS(lar_normalize_params, limits, "limits", 0, "", -32768, 65535, "HU",
                "CT: lowest and highest value, in place of a window"),
    LAR_P_INT(lar_normalize_params, factors, "factors", 0, "1", 1, LAR_RAVEL_FACTORS, "count",
              "ravel: unwanted ones, that are taken out"),
    LAR_P_REAL(lar_normalize_params, control, "control", 0, "0.99", 0, 1, "membership",
               "ravel: in CSF, that a control voxel exceeds in every image"),
    LAR_P_END,
};

lar_normalize_params lar_normalize_default(void)
{
    lar_normalize_params params = { 0 };
    lar_param_defaults(lar_normalize_table, &params);
    return params;
}

lar_status lar_normalize_choose(lar_normalize_params *params, const char *method)
{
    for (int n = 0; lar_normalizer_methods[n]; n++)
        if (lar_text_is(lar_normalizer_methods[n]->name, method)) {
            params->method = n;
            return LAR_OK;
        }
    const lar_status status = lar_fail(LAR_EARGUMENT, "there is no normalizer '%s'", method);
    const char *nearest = lar_text_nearest(method, method_names);
    return nearest ? lar_hint(status, "%s", nearest) : status;
}
