/* Histogram shift: values through a curve that rises from the sample's least to its greatest one,
 * with bends drawn at random. SPDX-License-Identifier: Apache-2.0 */
#include "augment/augment_parts.h"

enum { POINTS_MAX = 16 };

typedef struct histogram_params {
    lar_ints points;
} histogram_params;

/* Name, default and draw: MONAI's RandHistogramShift (num_control_points). */
static const lar_param table[] = {
    LAR_P_INTS(histogram_params, points, "control-points", 0, "10", 3, POINTS_MAX, "count",
               "of the curve, its ends included; one number or a range"),
    LAR_P_END,
};

enum { POINTS, FIRST };
static const char *const names[] = { "points", "at_1",  "at_2",  "at_3", "at_4",  "at_5",
                                     "at_6",   "at_7",  "at_8",  "at_9", "at_10", "at_11",
                                     "at_12",  "at_13", "at_14", NULL };

static lar_status check(const void *params)
{
    return lar_counts_check(&((const histogram_params *)params)->points, "control-points");
}

/* Each point between the one before, which has moved, and the one after, which has not. */
static void draw(double *values, const void *params, lar_dice *dice)
{
    const histogram_params *p = params;
    const int64_t points = lar_dice_count(dice, &p->points);
    double before = 0;
    values[POINTS] = (double)points;
    for (int64_t n = 1; n < points - 1; n++) {
        const double after = (double)(n + 1) / (double)(points - 1);
        before = lar_dice_between(dice, before, after);
        values[FIRST + n - 1] = before;
    }
}

LAR_CLONES static void shift(float *restrict voxels, int64_t count, float low, float high,
                             int64_t pieces, const float *restrict curve)
{
    const float scale = (float)pieces / (high - low), width = high - low;
    const int32_t last = (int32_t)pieces - 1;
    for (int64_t n = 0; n < count; n++) {
        const float at = (voxels[n] - low) * scale;
        int32_t piece = (int32_t)at;
        piece = piece > last ? last : piece;
        const float f = at - (float)piece;
        voxels[n] = low + width * (curve[piece] + (curve[piece + 1] - curve[piece]) * f);
    }
}

static lar_status change(lar_augment_work *work, const double *values)
{
    const int64_t points = lar_value_whole(values[POINTS], 2, POINTS_MAX);
    float curve[POINTS_MAX] = { 0 }, low, high;
    bool moves = false;
    lar_work_range(work, &low, &high);
    if (!(high > low) || !(high - low < 3e38f)) return LAR_OK;
    for (int64_t n = 1; n < points - 1; n++) {
        curve[n] = (float)values[FIRST + n - 1];
        moves = moves || values[FIRST + n - 1] != (double)n / (double)(points - 1);
    }
    curve[points - 1] = 1;
    if (moves) shift(work->voxels, lar_work_count(work), low, high, points - 1, curve);
    return LAR_OK;
}

const lar_augment_kind lar_augment_histogram = {
    .name = "histogram-shift",
    .summary = "values through a random rising curve",
    .table = table,
    .size = sizeof(histogram_params),
    .names = names,
    .check = check,
    .draw = draw,
    .change = change,
};
