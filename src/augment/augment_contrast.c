/* Contrast: further from the sample's mean, or nearer.
 * SPDX-License-Identifier: Apache-2.0 */
#include "augment/augment_parts.h"

typedef struct contrast_params {
    lar_reals factor;
    bool widen;
} contrast_params;

/* Default: nnU-Net's ContrastAugmentation (Isensee 2021, doi:10.1038/s41592-020-01008-z), which
 * preserves the range. */
static const lar_param table[] = {
    LAR_P_REALS(contrast_params, factor, "factor", 0, "0.75 1.25", 0, 100, "factor",
                "of the distance to the mean; a range"),
    LAR_P_FLAG(contrast_params, widen, "widen", 0,
               "values may leave the range that the sample had"),
    LAR_P_END,
};

enum { FACTOR, WIDEN };
static const char *const names[] = { "factor", "widen", NULL };

static lar_status check(const void *params)
{
    return lar_range_check(&((const contrast_params *)params)->factor, "factor", false);
}

static void draw(double *values, const void *params, lar_dice *dice)
{
    const contrast_params *p = params;
    values[FACTOR] = lar_dice_range(dice, &p->factor, 0, false);
    values[WIDEN] = p->widen;
}

LAR_CLONES static void stretch(float *voxels, int64_t count, float mean, float factor, float low,
                               float high)
{
    for (int64_t n = 0; n < count; n++) {
        float x = mean + (voxels[n] - mean) * factor;
        x = x < low ? low : x;
        voxels[n] = x > high ? high : x;
    }
}

static lar_status change(lar_augment_work *work, const double *values)
{
    float low, high;
    if (values[FACTOR] == 1) return LAR_OK;
    lar_work_range(work, &low, &high);
    if (!(high > low)) return LAR_OK; /* nothing differs from the mean */
    if (values[WIDEN] != 0) low = -3e38f, high = 3e38f;
    stretch(work->voxels, lar_work_count(work), (float)lar_work_spread(work).mean,
            (float)values[FACTOR], low, high);
    return LAR_OK;
}

const lar_augment_kind lar_augment_contrast = {
    .name = "contrast",
    .summary = "further from the mean, or nearer",
    .table = table,
    .size = sizeof(contrast_params),
    .names = names,
    .check = check,
    .draw = draw,
    .change = change,
};
