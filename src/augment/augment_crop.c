/* Crop: a box of the sample at a random place is kept, the rest is as what lies outside the volume.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "augment/augment_parts.h"

typedef struct crop_params {
    lar_reals keep;
} crop_params;

/* MONAI's RandScaleCrop with random_size, padded back; it has no default of its own. */
static const lar_param table[] = {
    LAR_P_REALS(crop_params, keep, "keep", 0, "0.7 1", 0.01, 1, "fraction",
                "of each axis; a range, or along x y z"),
    LAR_P_END,
};

enum { KEEP, AT = 3 };
static const char *const names[] = { "keep_x", "keep_y", "keep_z", "at_x", "at_y", "at_z", NULL };

static lar_status check(const void *params)
{
    return lar_range_check(&((const crop_params *)params)->keep, "keep", true);
}

static void draw(double *values, const void *params, lar_dice *dice)
{
    const crop_params *p = params;
    for (int a = 0; a < 3; a++) {
        values[KEEP + a] = lar_dice_range(dice, &p->keep, a, false);
        values[AT + a] = lar_dice_between(dice, 0, 1); /* of the places where the box fits */
    }
}

static void place(lar_augment_map *map, const double *values)
{
    for (int a = 0; a < 3; a++) {
        if (map->still[a]) continue;
        const double size = (double)map->size[a], wanted = round(values[KEEP + a] * size);
        const double kept = wanted < 1 ? 1 : wanted > size ? size : wanted;
        const double first = floor(values[AT + a] * (size - kept + 1));
        const double last = first + kept - 1;
        if (first > map->low[a]) map->low[a] = first;
        if (last < map->high[a]) map->high[a] = last;
    }
}

const lar_augment_kind lar_augment_crop = {
    .name = "crop",
    .summary = "a box at a random place is kept, the rest blank",
    .table = table,
    .size = sizeof(crop_params),
    .names = names,
    .spatial = true,
    .check = check,
    .draw = draw,
    .place = place,
};
