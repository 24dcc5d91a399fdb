/* Ghosting: copies of the head along the axis of phase encoding, of every n-th plane of k-space
 * measured weaker.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "augment/augment_parts.h"

typedef struct ghosting_params {
    lar_ints ghosts;
    const char *axes;
    lar_reals intensity;
    double restore;
} ghosting_params;

/* Names and defaults: TorchIO's RandomGhosting (num_ghosts, intensity, restore). */
static const lar_param table[] = {
    LAR_P_INTS(ghosting_params, ghosts, "ghosts", 0, "4 10", 1, 64, "count",
               "how many of the head there are; one number or a range"),
    LAR_P_TEXT(ghosting_params, axes, "axes", 0, "xyz", "axes",
               "of which one is drawn: z, xy, xyz ..."),
    LAR_P_REALS(ghosting_params, intensity, "intensity", 0, "0.5 1", 0, 1, "fraction",
                "of the planes' signal that is lost; a range"),
    LAR_P_REAL(ghosting_params, restore, "restore", 0, "0", 0, 1, "fraction",
               "of k-space, about its centre, that stays; 0: its middle plane alone"),
    LAR_P_END,
};

enum { AXIS, GHOSTS, INTENSITY, RESTORE };
static const char *const names[] = { "axis", "ghosts", "intensity", "restore", NULL };

static lar_status check(const void *params)
{
    const ghosting_params *p = params;
    lar_status status = lar_counts_check(&p->ghosts, "ghosts");
    if (status == LAR_OK) status = lar_axes_check(p->axes, "axes");
    return status == LAR_OK ? lar_range_check(&p->intensity, "intensity", false) : status;
}

static void draw(double *values, const void *params, lar_dice *dice)
{
    const ghosting_params *p = params;
    values[AXIS] = (double)lar_dice_axis(dice, p->axes);
    values[GHOSTS] = (double)lar_dice_count(dice, &p->ghosts);
    values[INTENSITY] = lar_dice_range(dice, &p->intensity, 0, false);
    values[RESTORE] = p->restore;
}

static lar_status change(lar_augment_work *work, const double *values)
{
    const int axis = lar_work_axis(work, values[AXIS]);
    const int64_t count = work->box->size[axis], all = lar_work_count(work);
    const int64_t ghosts = lar_value_whole(values[GHOSTS], 1, count);
    if (values[INTENSITY] == 0 || count == 1) return LAR_OK;
    double *planes =
        lar_scratch_take(work->scratch, 2 * count * (int64_t)sizeof(double) +
                                            (count * count + all) * (int64_t)sizeof(float));
    if (!planes) return LAR_EMEMORY;
    float *weights = (float *)(planes + 2 * count), *before = weights + count * count;
    for (int64_t n = 0; n < count; n++) {
        const int64_t frequency = n - count / 2;
        const bool restored = fabs((double)frequency) <= values[RESTORE] * (double)count / 2;
        planes[n] = frequency % ghosts == 0 && !restored ? 1 - values[INTENSITY] : 1;
    }
    lar_along_planes(weights, count, planes, planes + count);
    memcpy(before, work->voxels, (size_t)all * sizeof *before);
    memset(work->voxels, 0, (size_t)all * sizeof *before);
    lar_along_add(work->voxels, before, work->box->size, axis, weights);
    return LAR_OK;
}

const lar_augment_kind lar_augment_ghosting = {
    .name = "ghosting",
    .summary = "faint copies along an axis",
    .table = table,
    .size = sizeof(ghosting_params),
    .names = names,
    .check = check,
    .draw = draw,
    .change = change,
};
