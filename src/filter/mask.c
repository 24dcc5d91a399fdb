/* Masks: voxels chosen by value or as the head, then shaped in a fixed order, each step making
 * sense of what the one before left: threads are cut before the largest piece is taken, gaps are
 * closed before holes are filled, and the size is changed last.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"

static const char *const methods[] = { "head", "otsu", "mean", "positive", "threshold", NULL };

#define MM_MOST 1000

const lar_param lar_mask_table[] = {
    LAR_P_CHOICE(
        lar_mask_params, method, "method", 'm', "head", methods,
        "the head against air; above Otsu's threshold; above the mean; above 0; or between "
        "--low and --high"),
    LAR_P_REAL(lar_mask_params, low, "low", 0, "auto", -1e30, 1e30, "value",
               "lowest value of the threshold; auto: no end"),
    LAR_P_REAL(lar_mask_params, high, "high", 0, "auto", -1e30, 1e30, "value",
               "highest value of the threshold; auto: no end"),
    LAR_P_REAL(lar_mask_params, open_mm, "open", 0, "0", 0, MM_MOST, "mm",
               "first, take away what a ball of this radius does not fit into"),
    LAR_P_FLAG(lar_mask_params, largest, "largest", 0, "then keep the largest piece alone"),
    LAR_P_REAL(lar_mask_params, close_mm, "close", 0, "0", 0, MM_MOST, "mm",
               "then close the gaps that a ball of this radius does not fit into"),
    LAR_P_FLAG(lar_mask_params, fill, "fill", 0, "then fill the holes"),
    LAR_P_REAL(lar_mask_params, dilate_mm, "dilate", 0, "0", 0, MM_MOST, "mm",
               "then grow by so much to all sides"),
    LAR_P_REAL(lar_mask_params, erode_mm, "erode", 0, "0", 0, MM_MOST, "mm",
               "then shrink by so much from all sides"),
    LAR_P_FLAG(lar_mask_params, invert, "invert", 0, "then take what is outside instead"),
    LAR_P_END,
};

lar_mask_params lar_mask_default(void)
{
    lar_mask_params params;
    lar_param_defaults(lar_mask_table, &params);
    return params;
}

lar_status lar_mask(lar_image **out, const lar_image *in, const lar_mask_params *params)
{
    (void)in, (void)params;
    *out = NULL;
    return lar_fail(LAR_EUNSUPPORTED, "masks are not built yet");
}

lar_status lar_mask_apply(lar_image **out, const lar_image *in, const lar_image *mask, double value)
{
    (void)in, (void)mask, (void)value;
    *out = NULL;
    return lar_fail(LAR_EUNSUPPORTED, "masks are not built yet");
}
