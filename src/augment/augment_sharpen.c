/* Sharpen: what a second blur takes from a blurred sample is added to it many times over.
 * SPDX-License-Identifier: Apache-2.0 */
#include "augment/augment_parts.h"
#include "filter/filter.h"

typedef struct sharpen_params {
    lar_reals std, again, alpha;
} sharpen_params;

/* MONAI's RandGaussianSharpen (sigma1, sigma2, alpha), in millimetres in place of voxels. */
static const lar_param table[] = {
    LAR_P_REALS(sharpen_params, std, "std", 0, "0.5 1", 0, 100, "mm",
                "of the first Gaussian; a range"),
    LAR_P_REALS(sharpen_params, again, "again", 0, "0.5", 0, 100, "mm",
                "standard deviation of the second; a range"),
    LAR_P_REALS(sharpen_params, alpha, "alpha", 0, "10 30", 0, 1000, "factor",
                "how many times the difference is added; a range"),
    LAR_P_END,
};

enum { STD, AGAIN, ALPHA };
static const char *const names[] = { "std", "again", "alpha", NULL };

static lar_status check(const void *params)
{
    const sharpen_params *p = params;
    lar_status status = lar_range_check(&p->std, "std", false);
    if (status == LAR_OK) status = lar_range_check(&p->again, "again", false);
    return status == LAR_OK ? lar_range_check(&p->alpha, "alpha", false) : status;
}

static void draw(double *values, const void *params, lar_dice *dice)
{
    const sharpen_params *p = params;
    values[STD] = lar_dice_range(dice, &p->std, 0, false);
    values[AGAIN] = lar_dice_range(dice, &p->again, 0, false);
    values[ALPHA] = lar_dice_range(dice, &p->alpha, 0, false);
}

LAR_CLONES static void add_difference(float *restrict voxels, const float *restrict blurred,
                                      int64_t count, float alpha)
{
    for (int64_t n = 0; n < count; n++) voxels[n] += alpha * (voxels[n] - blurred[n]);
}

static lar_status change(lar_augment_work *work, const double *values)
{
    const int64_t count = lar_work_count(work), bytes = count * (int64_t)sizeof(float);
    const double first[3] = { values[STD], values[STD], values[STD] };
    const double second[3] = { values[AGAIN], values[AGAIN], values[AGAIN] };
    lar_status status = LAR_OK;
    float *blurred = lar_scratch_take(work->scratch, bytes);
    if (!blurred) return LAR_EMEMORY;
    LAR_TRY(lar_work_blur(work->voxels, work, first));
    if (values[ALPHA] == 0) goto done;
    memcpy(blurred, work->voxels, (size_t)bytes);
    LAR_TRY(lar_work_blur(blurred, work, second));
    add_difference(work->voxels, blurred, count, (float)values[ALPHA]);
done:
    return status;
}

const lar_augment_kind lar_augment_sharpen = {
    .name = "sharpen",
    .summary = "details stand out",
    .table = table,
    .size = sizeof(sharpen_params),
    .names = names,
    .check = check,
    .draw = draw,
    .change = change,
};
