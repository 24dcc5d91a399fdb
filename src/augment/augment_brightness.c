/* Brightness: the signal times a factor, and a shift.
 * SPDX-License-Identifier: Apache-2.0 */
#include "augment/augment_parts.h"

typedef struct brightness_params {
    lar_reals factor, shift;
} brightness_params;

/* Default: nnU-Net's BrightnessMultiplicative (Isensee 2021, doi:10.1038/s41592-020-01008-z);
 * MONAI's RandScaleIntensity and RandShiftIntensity are the two keys. */
static const lar_param table[] = {
    LAR_P_REALS(brightness_params, factor, "factor", 0, "0.75 1.25", 0, 100, "factor",
                "of the signal; no signal is the least value of the sample, or what lies outside "
                "the volume if that is less; a range"),
    LAR_P_REALS(brightness_params, shift, "shift", 0, "0", -1e15, 1e15, "value",
                "added, in units of the prepared image; n: from -n to n; a range"),
    LAR_P_END,
};

enum { FACTOR, SHIFT };
static const char *const names[] = { "factor", "shift", NULL };

static lar_status check(const void *params)
{
    const brightness_params *p = params;
    const lar_status status = lar_range_check(&p->factor, "factor", false);
    return status == LAR_OK ? lar_range_check(&p->shift, "shift", false) : status;
}

static void draw(double *values, const void *params, lar_dice *dice)
{
    const brightness_params *p = params;
    values[FACTOR] = lar_dice_range(dice, &p->factor, 0, false);
    values[SHIFT] = lar_dice_range(dice, &p->shift, 0, true);
}

LAR_CLONES static void apply(float *voxels, int64_t count, float zero, float factor, float added)
{
    for (int64_t n = 0; n < count; n++) voxels[n] = (voxels[n] - zero) * factor + added;
}

static lar_status change(lar_augment_work *work, const double *values)
{
    if (values[FACTOR] == 1 && values[SHIFT] == 0) return LAR_OK;
    const float zero = values[FACTOR] == 1 ? 0 : lar_work_zero(work);
    apply(work->voxels, lar_work_count(work), zero, (float)values[FACTOR],
          zero + (float)values[SHIFT]);
    return LAR_OK;
}

const lar_augment_kind lar_augment_brightness = {
    .name = "brightness",
    .summary = "the signal times a factor, and a shift",
    .table = table,
    .size = sizeof(brightness_params),
    .names = names,
    .check = check,
    .draw = draw,
    .change = change,
};
