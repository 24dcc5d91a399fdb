/* A chain of maps from the fixed image's world to the moving image's, of affines and displacement
 * fields. The last one is applied to a point first (the order of ITK's composite transform).
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "math/math.h"
#include "space/field.h"
#include "space/space.h"

typedef struct map {
    lar_affine affine;
    lar_field field; /* instead of the affine, where it has vectors */
} map;

struct lar_chain {
    map *maps;
    int64_t count, room;
};

lar_status lar_chain_new(lar_chain **out)
{
    *out = lar_alloc(1, sizeof **out);
    return *out ? LAR_OK : LAR_EMEMORY;
}

void lar_chain_free(lar_chain *chain)
{
    if (!chain) return;
    for (int64_t n = 0; n < chain->count; n++) lar_field_clear(&chain->maps[n].field);
    lar_free(chain->maps);
    lar_free(chain);
}

static lar_status make_room(lar_chain *chain)
{
    if (chain->count < chain->room) return LAR_OK;
    const int64_t room = 2 * chain->room + 4;
    map *maps = lar_alloc(room, sizeof *maps);
    if (!maps) return LAR_EMEMORY;
    if (chain->count) memcpy(maps, chain->maps, (size_t)chain->count * sizeof *maps);
    lar_free(chain->maps);
    chain->maps = maps;
    chain->room = room;
    return LAR_OK;
}

lar_status lar_chain_add_affine(lar_chain *chain, const lar_affine *fixed_to_moving)
{
    lar_affine inverse;
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++)
            if (!isfinite(fixed_to_moving->m[r][c]))
                return lar_fail(LAR_ENUMERIC, "an affine map holds a value that is not finite");
    if (!lar_affine_invert(&inverse, fixed_to_moving))
        return lar_fail(LAR_ENUMERIC, "an affine map is singular: its determinant is %g",
                        lar_affine_determinant(fixed_to_moving));
    const lar_status status = make_room(chain);
    if (status == LAR_OK) chain->maps[chain->count++] = (map){ .affine = *fixed_to_moving };
    return status;
}

static lar_status add_field(lar_chain *chain, const lar_image *displacement_mm, bool inverse)
{
    lar_status status = LAR_OK;
    LAR_TRY(make_room(chain));
    LAR_TRY(lar_field_init(&chain->maps[chain->count].field, displacement_mm));
    chain->maps[chain->count++].field.inverse = inverse;
done:
    return status;
}

lar_status lar_chain_add_field(lar_chain *chain, const lar_image *displacement_mm)
{
    return add_field(chain, displacement_mm, false);
}

lar_status lar_chain_add_field_inverse(lar_chain *chain, const lar_image *displacement_mm)
{
    return add_field(chain, displacement_mm, true);
}

bool lar_chain_affine(lar_affine *out, const lar_chain *chain)
{
    bool whole = true;
    *out = lar_affine_identity();
    for (int64_t n = chain->count - 1; n >= 0; n--)
        if (chain->maps[n].field.vectors)
            whole = false;
        else
            *out = lar_affine_chain(out, &chain->maps[n].affine);
    return whole;
}

void lar_chain_move(const lar_chain *chain, double *restrict x, double *restrict y,
                    double *restrict z, int64_t count)
{
    for (int64_t l = chain->count - 1; l >= 0; l--) {
        const double(*m)[4] = chain->maps[l].affine.m;
        const lar_field *field = &chain->maps[l].field;
        if (field->vectors) {
            (field->inverse ? lar_field_move_back : lar_field_move)(field, x, y, z, count);
            continue;
        }
        for (int64_t n = 0; n < count; n++) {
            const double from[3] = { x[n], y[n], z[n] };
            x[n] = m[0][0] * from[0] + m[0][1] * from[1] + m[0][2] * from[2] + m[0][3];
            y[n] = m[1][0] * from[0] + m[1][1] * from[1] + m[1][2] * from[2] + m[1][3];
            z[n] = m[2][0] * from[0] + m[2][1] * from[1] + m[2][2] * from[2] + m[2][3];
        }
    }
}

void lar_chain_points(const lar_chain *chain, double (*xyz)[3], int64_t count)
{
    for (int64_t n = 0; n < count; n++)
        lar_chain_move(chain, &xyz[n][0], &xyz[n][1], &xyz[n][2], 1);
}
