/* Quarter turns: by 90, 180 or 270 degrees about one axis.
 * SPDX-License-Identifier: Apache-2.0 */
#include "augment/augment_parts.h"

typedef struct quarter_params {
    const char *axes;
    lar_ints turns;
} quarter_params;

/* MONAI's RandRotate90 (max_k: 3, in the plane of its first two axes). */
static const lar_param table[] = {
    LAR_P_TEXT(quarter_params, axes, "axes", 0, "z", "axes",
               "about which it is turned; one is drawn: z, xy, xyz ..."),
    LAR_P_INTS(quarter_params, turns, "turns", 0, "1 3", 0, 3, "count",
               "how many quarters; one number or a range"),
    LAR_P_END,
};

enum { AXIS, TURNS };
static const char *const names[] = { "axis", "turns", NULL };

static lar_status check(const void *params)
{
    const quarter_params *p = params;
    const lar_status status = lar_axes_check(p->axes, "axes");
    return status == LAR_OK ? lar_counts_check(&p->turns, "turns") : status;
}

static void draw(double *values, const void *params, lar_dice *dice)
{
    const quarter_params *p = params;
    values[AXIS] = (double)lar_dice_axis(dice, p->axes);
    values[TURNS] = (double)lar_dice_count(dice, &p->turns);
}

static void place(lar_augment_map *map, const double *values)
{
    static const double cosines[4] = { 1, 0, -1, 0 }, sines[4] = { 0, 1, 0, -1 }; /* exactly */
    const int axis = (int)lar_value_whole(values[AXIS], 0, 2), p = (axis + 1) % 3,
              q = (axis + 2) % 3;
    const int64_t turns = lar_value_whole(values[TURNS], 0, 3);
    const double shift[3] = { 0 };
    double linear[3][3] = { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } };
    if (map->still[p] || map->still[q]) return;
    linear[p][p] = linear[q][q] = cosines[turns];
    linear[p][q] = -sines[turns];
    linear[q][p] = sines[turns];
    lar_map_push(map, linear, shift);
}

const lar_augment_kind lar_augment_quarter = {
    .name = "quarter_turn",
    .summary = "by 90, 180 or 270 degrees",
    .table = table,
    .size = sizeof(quarter_params),
    .names = names,
    .spatial = true,
    .check = check,
    .draw = draw,
    .place = place,
};
