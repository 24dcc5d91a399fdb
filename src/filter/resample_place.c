/* Where the voxels of the output lie in the input, row by row: through an affine map, or through a
 * chain that has displacement fields.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/resample_parts.h"
#include "space/space.h"

double lar_place_fold(double at, int64_t size, int border)
{
    const double last = (double)(size - 1);
    if (border == LAR_BORDER_PAD) return at;
    if (border == LAR_BORDER_EDGE || last == 0) return at < 0 ? 0 : at > last ? last : at;
    if (at >= 0 && at <= last) return at;
    const double folded = fmod(fabs(at), 2 * last);
    return folded > last ? 2 * last - folded : folded;
}

/* Of `count` positions on a line. */
static void spread(double *restrict x, double start, double step, int64_t first, int64_t count)
{
    for (int64_t n = 0; n < count; n++) x[n] = start + step * (double)(first + n);
}

static void through(const lar_affine *map, double at[3][LAR_PLACES], int64_t count)
{
    const double(*m)[4] = map->m;
    double *restrict x = at[0], *restrict y = at[1], *restrict z = at[2];
    for (int64_t n = 0; n < count; n++) {
        const double from[3] = { x[n], y[n], z[n] };
        x[n] = m[0][0] * from[0] + m[0][1] * from[1] + m[0][2] * from[2] + m[0][3];
        y[n] = m[1][0] * from[0] + m[1][1] * from[1] + m[1][2] * from[2] + m[1][3];
        z[n] = m[2][0] * from[0] + m[2][1] * from[1] + m[2][2] * from[2] + m[2][3];
    }
}

bool lar_place_row(const lar_place *place, int64_t i, int64_t j, int64_t k, int64_t count,
                   double at[3][LAR_PLACES])
{
    const double(*m)[4] = place->map.m;
    bool seen = true;
    for (int r = 0; r < 3; r++)
        spread(at[r], m[r][1] * (double)j + m[r][2] * (double)k + m[r][3], m[r][0], i, count);
    if (place->chain) {
        lar_chain_move(place->chain, at[0], at[1], at[2], count);
        through(&place->to_voxel, at, count);
        seen = false;
        for (int64_t n = 0; n < count && !seen; n++)
            seen = lar_place_inside(at[0][n], at[1][n], at[2][n], place->size);
    }
    if (place->border != LAR_BORDER_PAD)
        for (int r = 0; r < 3; r++)
            for (int64_t n = 0; n < count; n++)
                at[r][n] = lar_place_fold(at[r][n], place->size[r], place->border);
    return seen;
}
