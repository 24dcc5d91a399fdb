/* Gibbs: the outer part of k-space was not measured, so that edges ring (Gibbs 1899,
 * doi:10.1038/059606a0).
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "augment/augment_parts.h"

typedef struct gibbs_params {
    lar_reals alpha;
} gibbs_params;

/* Name: MONAI's RandGibbsNoise, whose range is 0 to 1 (nothing left) and whose k-space is cut to a
 * ball; scanners measure a box. */
static const lar_param table[] = {
    LAR_P_REALS(gibbs_params, alpha, "alpha", 0, "0 0.5", 0, 0.95, "fraction",
                "of the frequencies of each axis that are lost, the highest; a range, or along x y "
                "z"),
    LAR_P_END,
};

static const char *const names[] = { "alpha_x", "alpha_y", "alpha_z", NULL };

static lar_status check(const void *params)
{
    return lar_range_check(&((const gibbs_params *)params)->alpha, "alpha", true);
}

static void draw(double *values, const void *params, lar_dice *dice)
{
    const gibbs_params *p = params;
    for (int a = 0; a < 3; a++) values[a] = lar_dice_range(dice, &p->alpha, a, false);
}

static bool cut_axis(lar_augment_work *work, int axis, double alpha)
{
    const int64_t count = work->box->size[axis];
    const double kept = (1 - alpha) * (double)count / 2;
    double *planes;
    float *weights = lar_along_begin(work, axis, &planes);
    if (!weights) return false;
    for (int64_t n = 0; n < count; n++) planes[n] = fabs((double)(n - count / 2)) <= kept;
    lar_along_planes(weights, count, planes, planes + count);
    lar_along_end(work, axis, weights);
    return true;
}

static lar_status change(lar_augment_work *work, const double *values)
{
    const lar_sample_box *box = work->box;
    for (int a = 0; a < 3; a++)
        if (values[a] > 0 && box->size[a] > 1 && box->across != a && !cut_axis(work, a, values[a]))
            return LAR_EMEMORY;
    return LAR_OK;
}

const lar_augment_kind lar_augment_gibbs = {
    .name = "gibbs",
    .summary = "edges ring: the outer part of k-space is lost",
    .table = table,
    .size = sizeof(gibbs_params),
    .names = names,
    .check = check,
    .draw = draw,
    .change = change,
};
