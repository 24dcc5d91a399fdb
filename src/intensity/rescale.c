/* One straight line from two values of an image to two others.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "image/image.h"
#include "intensity/intensity.h"

const lar_param lar_rescale_table[] = {
    LAR_P_REALS(lar_rescale_params, from, "from", 0, "", -1e30, 1e30, "value",
                "two values of the image; else by --percentiles"),
    LAR_P_REALS(lar_rescale_params, percentiles, "percentiles", 'p', "0 100", 0, 100, "percent",
                "two percentiles of the image, whose values are taken"),
    LAR_P_REALS(lar_rescale_params, to, "to", 't', "0 1", -1e30, 1e30, "value",
                "what the two values become"),
    LAR_P_FLAG(lar_rescale_params, clip, "clip", 'c', "hold the result between these two"),
    LAR_P_END,
};

lar_rescale_params lar_rescale_default(void)
{
    lar_rescale_params params;
    lar_param_defaults(lar_rescale_table, &params);
    return params;
}

lar_status lar_rescale(lar_image **out, const lar_image *in, const lar_image *mask,
                       const lar_rescale_params *params)
{
    (void)in, (void)mask, (void)params;
    *out = NULL;
    return lar_fail(LAR_EUNSUPPORTED, "rescaling is not built yet");
}
