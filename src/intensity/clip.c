/* Values held between two ends.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "image/image.h"
#include "intensity/intensity.h"

const lar_param lar_clip_table[] = {
    LAR_P_REALS(lar_clip_params, range, "range", 'r', "", -1e30, 1e30, "value",
                "lowest and highest value"),
    LAR_P_REALS(lar_clip_params, percentiles, "percentiles", 'p', "", 0, 100, "percent",
                "or the values at these two percentiles of the image"),
    LAR_P_END,
};

lar_clip_params lar_clip_default(void)
{
    lar_clip_params params;
    lar_param_defaults(lar_clip_table, &params);
    return params;
}

lar_status lar_clip(lar_image **out, const lar_image *in, const lar_image *mask,
                    const lar_clip_params *params)
{
    (void)in, (void)mask, (void)params;
    *out = NULL;
    return lar_fail(LAR_EUNSUPPORTED, "clipping is not built yet");
}
