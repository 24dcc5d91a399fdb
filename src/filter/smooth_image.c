/* Gaussian smoothing of an image by millimetres, inside a mask by choice: the mask's own smoothed
 * share of each place divides (normalized convolution, Knutsson & Westin 1993,
 * doi:10.1109/CVPR.1993.341081).
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"

const lar_param lar_smooth_table[] = {
    LAR_P_REALS(lar_smooth_params, fwhm, "fwhm", 'w', "", 0, 1000, "mm",
                "full width of the kernel at half its height; one number, or along x y z"),
    LAR_P_REALS(lar_smooth_params, sigma, "sigma", 's', "", 0, 1000, "mm",
                "or its standard deviation; one number, or along x y z"),
    LAR_P_END,
};

lar_smooth_params lar_smooth_default(void)
{
    lar_smooth_params params;
    lar_param_defaults(lar_smooth_table, &params);
    return params;
}

lar_status lar_smooth(lar_image **out, const lar_image *in, const lar_image *mask,
                      const lar_smooth_params *params)
{
    (void)in, (void)mask, (void)params;
    *out = NULL;
    return lar_fail(LAR_EUNSUPPORTED, "smoothing is not built yet");
}
