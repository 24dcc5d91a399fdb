/* Gamma: values as fractions of the sample's range, to a power, and back to the range (Isensee
 * 2021, doi:10.1038/s41592-020-01008-z, does it so); a normalized image, with values below zero, is
 * then like any other. SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "augment/augment_parts.h"
#include "math/math.h"

typedef struct gamma_params {
    lar_reals log_gamma;
    bool invert, retain;
} gamma_params;

/* Default range: TorchIO's RandomGamma. invert, retain-stats: as nnU-Net and MONAI's
 * RandAdjustContrast have them. */
static const lar_param table[] = {
    LAR_P_REALS(gamma_params, log_gamma, "log-gamma", 0, "0.3", -3, 3, "number",
                "the power is exp of it, above 0 darkens; n: from -n to n; a range"),
    LAR_P_FLAG(gamma_params, invert, "invert", 0, "of the image with bright and dark swapped"),
    LAR_P_FLAG(gamma_params, retain, "retain-stats", 0,
               "keep the sample's mean and standard deviation"),
    LAR_P_END,
};

enum { LOG_GAMMA, INVERT, RETAIN };
static const char *const names[] = { "log_gamma", "invert", "retain_stats", NULL };

static lar_status check(const void *params)
{
    return lar_range_check(&((const gamma_params *)params)->log_gamma, "log-gamma", false);
}

static void draw(double *values, const void *params, lar_dice *dice)
{
    const gamma_params *p = params;
    values[LOG_GAMMA] = lar_dice_range(dice, &p->log_gamma, 0, true);
    values[INVERT] = p->invert;
    values[RETAIN] = p->retain;
}

LAR_CLONES static void stretch(float *at, int64_t count, float zero, float one)
{
    const float scale = 1 / (one - zero);
    for (int64_t n = 0; n < count; n++) {
        const float x = (at[n] - zero) * scale;
        at[n] = x < 0 ? 0 : x > 1 ? 1 : x;
    }
}

LAR_CLONES static void stretch_back(float *at, int64_t count, float zero, float one)
{
    for (int64_t n = 0; n < count; n++) at[n] = zero * (1 - at[n]) + one * at[n];
}

static lar_status change(lar_augment_work *work, const double *values)
{
    const int64_t count = lar_work_count(work);
    lar_spread before;
    float low, high;
    lar_work_range(work, &low, &high);
    if (values[LOG_GAMMA] == 0 || !(high > low) || !isfinite(1 / (high - low))) return LAR_OK;
    if (values[RETAIN] != 0) before = lar_work_spread(work);
    const float zero = values[INVERT] != 0 ? high : low, one = values[INVERT] != 0 ? low : high;
    stretch(work->voxels, count, zero, one);
    lar_floats_power(work->voxels, count, (float)exp(values[LOG_GAMMA]));
    stretch_back(work->voxels, count, zero, one);
    if (values[RETAIN] != 0) lar_work_set_spread(work, before);
    return LAR_OK;
}

const lar_augment_kind lar_augment_gamma = {
    .name = "gamma",
    .summary = "to a power, within the sample's range",
    .table = table,
    .size = sizeof(gamma_params),
    .names = names,
    .check = check,
    .draw = draw,
    .change = change,
};
