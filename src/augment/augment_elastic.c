/* Elastic: bent smoothly, by control points that move at random. Of those in the list the sample is
 * bent last, whatever stands after it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "augment/augment_parts.h"

typedef struct elastic_params {
    lar_ints points;
    lar_reals displacement;
    int64_t locked;
} elastic_params;

/* Names and defaults: TorchIO's RandomElasticDeformation (num_control_points, max_displacement,
 * locked_borders). */
static const lar_param table[] = {
    LAR_P_INTS(elastic_params, points, "control-points", 0, "7", 4, 64, "count",
               "along x y z, or one for all; over the sample, with one beyond each of its borders"),
    LAR_P_REALS(elastic_params, displacement, "displacement", 0, "7.5", 0, 1000, "mm",
                "a control point moves at most so far, along x y z, or one for all; and never more "
                "than 0.4 of the distance between two, so that nothing folds"),
    LAR_P_INT(elastic_params, locked, "locked-borders", 0, "2", 0, 2, "count",
              "outermost control points that do not move; with 2 the sample's border hardly does"),
    LAR_P_END,
};

enum { POINTS, LOCKED = 3, DISPLACEMENT, SEED = 7 };
static const char *const names[] = { "points_x",       "points_y",       "points_z",
                                     "locked_borders", "displacement_x", "displacement_y",
                                     "displacement_z", "seed",           NULL };

static int64_t points_along(const elastic_params *p, int axis)
{
    return p->points.at[p->points.count == 3 ? axis : 0];
}

static lar_status check(const void *params)
{
    const elastic_params *p = params;
    const int64_t counts[2] = { p->points.count, p->displacement.count };
    for (int n = 0; n < 2; n++)
        if (counts[n] != 1 && counts[n] != 3)
            return lar_fail(LAR_EARGUMENT, "'%s' has %lld numbers: it takes one, or three",
                            n ? "displacement" : "control-points", (long long)counts[n]);
    for (int a = 0; a < 3; a++)
        if (points_along(p, a) <= 2 * p->locked) {
            lar_fail(LAR_EARGUMENT,
                     "with %lld 'locked-borders' none of %lld 'control-points' can move",
                     (long long)p->locked, (long long)points_along(p, a));
            return lar_hint(LAR_EARGUMENT, "5 or more of them");
        }
    return LAR_OK;
}

static void draw(double *values, const void *params, lar_dice *dice)
{
    const elastic_params *p = params;
    for (int a = 0; a < 3; a++) {
        values[POINTS + a] = (double)points_along(p, a);
        values[DISPLACEMENT + a] = p->displacement.at[p->displacement.count == 3 ? a : 0];
    }
    values[LOCKED] = (double)p->locked;
    values[SEED] = lar_dice_seed(dice);
}

static void place(lar_augment_map *map, const double *values)
{
    for (int a = 0; a < 3; a++) {
        map->bend.points[a] = lar_value_whole(values[POINTS + a], 4, 64);
        map->bend.mm[a] = values[DISPLACEMENT + a];
    }
    map->bend.locked = lar_value_whole(values[LOCKED], 0, 2);
    map->bend.seed = lar_value_seed(values[SEED]);
}

const lar_augment_kind lar_augment_elastic = {
    .name = "elastic",
    .summary = "bent smoothly, without folds",
    .table = table,
    .size = sizeof(elastic_params),
    .names = names,
    .spatial = true,
    .once = true,
    .check = check,
    .draw = draw,
    .place = place,
};
