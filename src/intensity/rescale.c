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

lar_status lar_rescale_curve(lar_curve *out, const lar_image *in, const lar_image *mask,
                             const lar_rescale_params *p)
{
    double from[2] = { p->from.at[0], p->from.at[1] };
    if (p->to.count != 2 || p->to.at[0] == p->to.at[1])
        return lar_fail(LAR_EARGUMENT, "an image is rescaled to two different values");
    if (p->from.count == 0) {
        const lar_status status = lar_percentile_ends(from, in, mask, &p->percentiles);
        if (status != LAR_OK) return status;
    } else if (p->from.count != 2 || !(from[0] < from[1])) {
        return lar_fail(LAR_EARGUMENT,
                        "an image is rescaled from two values, the smaller one first");
    } else if (mask) {
        return lar_fail(LAR_EARGUMENT, "a mask is where percentiles are taken; values need none");
    }
    *out = (lar_curve){ .count = 2,
                        .from = { from[0], from[1] },
                        .to = { p->to.at[0], p->to.at[1] },
                        .clips = p->clip };
    return LAR_OK;
}

lar_status lar_rescale(lar_image **out, const lar_image *in, const lar_image *mask,
                       const lar_rescale_params *params)
{
    lar_curve curve;
    *out = NULL;
    const lar_status status = lar_rescale_curve(&curve, in, mask, params);
    if (status != LAR_OK) return status;
    return lar_curve_apply(out, &curve, in);
}
