/* Flip: left and right change places, or back and front, or foot and head.
 * SPDX-License-Identifier: Apache-2.0 */
#include "augment/augment_parts.h"

typedef struct flip_params {
    const char *axes;
    double each;
} flip_params;

/* Defaults: TorchIO's RandomFlip. */
static const lar_param table[] = {
    LAR_P_TEXT(flip_params, axes, "axes", 0, "x", "axes",
               "along which it may be flipped: x, xy, xyz ..."),
    LAR_P_REAL(flip_params, each, "each", 0, "0.5", 0, 1, "fraction",
               "chance of each axis by itself"),
    LAR_P_END,
};

static const char *const names[] = { "x", "y", "z", NULL };

static lar_status check(const void *params)
{
    const flip_params *p = params;
    return lar_axes_check(p->axes, "axes");
}

static void draw(double *values, const void *params, lar_dice *dice)
{
    const flip_params *p = params;
    for (int a = 0; a < 3; a++) {
        const bool flips = lar_dice_between(dice, 0, 1) < p->each;
        values[a] = flips && lar_axes_has(p->axes, a);
    }
}

static void place(lar_augment_map *map, const double *values)
{
    const double shift[3] = { 0 };
    double linear[3][3] = { { 0 } };
    for (int a = 0; a < 3; a++) linear[a][a] = values[a] != 0 && !map->still[a] ? -1 : 1;
    lar_map_push(map, linear, shift);
}

const lar_augment_kind lar_augment_flip = {
    .name = "flip",
    .summary = "mirrored along axes",
    .table = table,
    .size = sizeof(flip_params),
    .names = names,
    .spatial = true,
    .check = check,
    .draw = draw,
    .place = place,
};
