/* Anisotropy: as if scanned in thick slices along one axis: averages over the thickness, brought
 * back to the sample's voxels by linear interpolation. Of the images alone: labels stay sharp.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "augment/augment_parts.h"

typedef struct anisotropy_params {
    const char *axes;
    lar_reals downsampling;
} anisotropy_params;

/* Names and defaults: TorchIO's RandomAnisotropy, which takes single slices; nnU-Net's simulated
 * low resolution is the same along three axes. */
static const lar_param table[] = {
    LAR_P_TEXT(anisotropy_params, axes, "axes", 0, "xyz", "axes",
               "of which one is drawn: z, xy, xyz ..."),
    LAR_P_REALS(anisotropy_params, downsampling, "downsampling", 0, "1.5 5", 1, 64, "factor",
                "thickness of a slice in voxels; a range"),
    LAR_P_END,
};

enum { AXIS, FACTOR, OFFSET };
static const char *const names[] = { "axis", "downsampling", "offset", NULL };

static lar_status check(const void *params)
{
    const anisotropy_params *p = params;
    const lar_status status = lar_axes_check(p->axes, "axes");
    return status == LAR_OK ? lar_range_check(&p->downsampling, "downsampling", false) : status;
}

static void draw(double *values, const void *params, lar_dice *dice)
{
    const anisotropy_params *p = params;
    values[AXIS] = (double)lar_dice_axis(dice, p->axes);
    values[FACTOR] = lar_dice_range(dice, &p->downsampling, 0, false);
    values[OFFSET] = lar_dice_between(dice, 0, 1); /* where slices begin, in slices */
}

/* What voxel s, from s to s + 1, has of the slice from `begin` to `end`. */
static double share(int64_t s, double begin, double end)
{
    const double low = (double)s > begin ? (double)s : begin;
    const double high = (double)(s + 1) < end ? (double)(s + 1) : end;
    return high > low ? high - low : 0;
}

/* Adds `part` of a slice's average to output t. Slices are cut at the ends of the sample. */
static void add_slice(float *weights, int64_t count, int64_t t, double begin, double thick,
                      double part)
{
    const double low = begin > 0 ? begin : 0;
    const double high = begin + thick < (double)count ? begin + thick : (double)count;
    for (int64_t s = (int64_t)low; s < count && (double)s < high; s++)
        weights[s * count + t] += (float)(part * share(s, low, high) / (high - low));
}

static void find_weights(float *weights, int64_t count, double thick, double offset)
{
    const double first = -offset * thick; /* of slice 0; the last one holds the sample's end */
    const double last = ceil(((double)count - first) / thick) - 1;
    memset(weights, 0, (size_t)(count * count) * sizeof *weights);
    for (int64_t t = 0; t < count; t++) {
        double at = ((double)t + 0.5 - first) / thick - 0.5; /* in slices, from the middle of 0 */
        at = at < 0 ? 0 : at > last ? last : at;
        const double below = floor(at);
        if (below + 1 - at > 0)
            add_slice(weights, count, t, first + below * thick, thick, below + 1 - at);
        if (at > below)
            add_slice(weights, count, t, first + (below + 1) * thick, thick, at - below);
    }
}

static lar_status change(lar_augment_work *work, const double *values)
{
    const int axis = lar_work_axis(work, values[AXIS]);
    const int64_t count = work->box->size[axis], all = lar_work_count(work);
    const double thick = values[FACTOR];
    if (!(thick > 1) || count == 1) return LAR_OK;
    float *weights =
        lar_scratch_take(work->scratch, (count * count + all) * (int64_t)sizeof *weights);
    if (!weights) return LAR_EMEMORY;
    float *before = weights + count * count;
    find_weights(weights, count, thick < (double)count ? thick : (double)count, values[OFFSET]);
    memcpy(before, work->voxels, (size_t)all * sizeof *before);
    memset(work->voxels, 0, (size_t)all * sizeof *before);
    lar_along_add(work->voxels, before, work->box->size, axis, weights);
    return LAR_OK;
}

const lar_augment_kind lar_augment_anisotropy = {
    .name = "anisotropy",
    .summary = "as if scanned in thick slices",
    .table = table,
    .size = sizeof(anisotropy_params),
    .names = names,
    .check = check,
    .draw = draw,
    .change = change,
};
