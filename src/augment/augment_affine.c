/* Affine: the head larger or smaller, turned, sheared and shifted, about the sample's centre.
 * SPDX-License-Identifier: Apache-2.0 */
#include "augment/augment_parts.h"

typedef struct affine_params {
    lar_reals scale, degrees, translation, shear;
    bool isotropic;
} affine_params;

/* Defaults: TorchIO's RandomAffine; shear: MONAI's RandAffine has it, of the same meaning. */
static const lar_param table[] = {
    LAR_P_REALS(affine_params, scale, "scale", 0, "0.9 1.1", 0.05, 20, "factor",
                "above 1: the head becomes larger; a range, or along x y z"),
    LAR_P_FLAG(affine_params, isotropic, "isotropic", 0, "one factor for all axes"),
    LAR_P_REALS(affine_params, degrees, "degrees", 0, "10", -180, 180, "degrees",
                "turned about x, then y, then z; n: from -n to n; a range, or along x y z"),
    LAR_P_REALS(affine_params, translation, "translation", 0, "0", -1000, 1000, "mm",
                "n: from -n to n; a range, or along x y z"),
    LAR_P_REALS(affine_params, shear, "shear", 0, "0", -0.5, 0.5, "mm/mm",
                "of x along y, x along z and y along z; n: from -n to n; a range"),
    LAR_P_END,
};

enum { SCALE, DEGREES = 3, TRANSLATION = 6, SHEAR = 9 };
static const char *const names[] = { "scale_x",
                                     "scale_y",
                                     "scale_z",
                                     "degrees_x",
                                     "degrees_y",
                                     "degrees_z",
                                     "translation_x",
                                     "translation_y",
                                     "translation_z",
                                     "shear_xy",
                                     "shear_xz",
                                     "shear_yz",
                                     NULL };

static lar_status check(const void *params)
{
    const affine_params *p = params;
    lar_status status = LAR_OK;
    LAR_TRY(lar_range_check(&p->scale, "scale", true));
    LAR_TRY(lar_range_check(&p->degrees, "degrees", true));
    LAR_TRY(lar_range_check(&p->translation, "translation", true));
    LAR_TRY(lar_range_check(&p->shear, "shear", false));
done:
    return status;
}

static void draw(double *values, const void *params, lar_dice *dice)
{
    const affine_params *p = params;
    for (int a = 0; a < 3; a++) values[SCALE + a] = lar_dice_range(dice, &p->scale, a, false);
    for (int a = 0; a < 3; a++) values[DEGREES + a] = lar_dice_range(dice, &p->degrees, a, true);
    for (int a = 0; a < 3; a++)
        values[TRANSLATION + a] = lar_dice_range(dice, &p->translation, a, true);
    for (int n = 0; n < 3; n++) values[SHEAR + n] = lar_dice_range(dice, &p->shear, n, true);
    if (p->isotropic) values[SCALE + 1] = values[SCALE + 2] = values[SCALE];
}

static void place(lar_augment_map *map, const double *values)
{
    static const int pairs[3][2] = { { 0, 1 }, { 0, 2 }, { 1, 2 } };
    double linear[3][3] = { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } };
    double turn[3][3], all[3][3] = { { 0 } }, shift[3];
    for (int n = 0; n < 3; n++) { /* first sheared, then scaled, then turned */
        const int row = pairs[n][0], column = pairs[n][1];
        if (!map->still[row] && !map->still[column]) linear[row][column] = values[SHEAR + n];
    }
    for (int r = 0; r < 3; r++) {
        for (int c = 0; c < 3; c++)
            if (!map->still[r]) linear[r][c] *= values[SCALE + r];
        shift[r] = map->still[r] ? 0 : values[TRANSLATION + r];
    }
    lar_map_turn(turn, map, values + DEGREES);
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++)
            for (int n = 0; n < 3; n++) all[r][c] += turn[r][n] * linear[n][c];
    lar_map_push(map, all, shift);
}

const lar_augment_kind lar_augment_affine = {
    .name = "affine",
    .summary = "larger or smaller, turned, sheared and shifted",
    .table = table,
    .size = sizeof(affine_params),
    .names = names,
    .spatial = true,
    .check = check,
    .draw = draw,
    .place = place,
};
