/* Blur: smoothed by a Gaussian.
 * SPDX-License-Identifier: Apache-2.0 */
#include "augment/augment_parts.h"
#include "filter/filter.h"

#define STD_MAX 100.0

typedef struct blur_params {
    lar_reals std;
} blur_params;

/* Default: TorchIO's RandomBlur. */
static const lar_param table[] = {
    LAR_P_REALS(blur_params, std, "std", 0, "0 2", 0, STD_MAX, "mm",
                "standard deviation; a range, or along x y z"),
    LAR_P_END,
};

static const char *const names[] = { "std_x", "std_y", "std_z", NULL };

static lar_status check(const void *params)
{
    return lar_range_check(&((const blur_params *)params)->std, "std", true);
}

static void draw(double *values, const void *params, lar_dice *dice)
{
    const blur_params *p = params;
    for (int a = 0; a < 3; a++) values[a] = lar_dice_range(dice, &p->std, a, false);
}

static lar_status change(lar_augment_work *work, const double *values)
{
    double spacing_mm[3], sigma[3];
    lar_grid_spacing(&work->image->volume->grid, spacing_mm);
    for (int a = 0; a < 3; a++) {
        const bool still = work->box->size[a] == 1 || work->box->across == a;
        const double mm = values[a] < STD_MAX ? values[a] : STD_MAX;
        sigma[a] = still ? 0 : mm / spacing_mm[a];
    }
    return lar_smooth_voxels(work->voxels, work->box->size, sigma);
}

const lar_augment_kind lar_augment_blur = {
    .name = "blur",
    .summary = "smoothed by a Gaussian",
    .table = table,
    .size = sizeof(blur_params),
    .names = names,
    .check = check,
    .draw = draw,
    .change = change,
};
