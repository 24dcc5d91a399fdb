/* Where voxels sit in the patient.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "image/image.h"
#include "math/math.h"

void lar_grid_spacing(const lar_grid *grid, double spacing_mm[3])
{
    for (int a = 0; a < 3; a++) {
        const double(*m)[4] = grid->to_world.m;
        spacing_mm[a] = sqrt(m[0][a] * m[0][a] + m[1][a] * m[1][a] + m[2][a] * m[2][a]);
    }
}

bool lar_grid_is_valid(const lar_grid *grid)
{
    lar_affine inverse;
    for (int a = 0; a < 3; a++)
        if (grid->size[a] < 1) return false;
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++)
            if (!isfinite(grid->to_world.m[r][c])) return false;
    return lar_affine_invert(&inverse, &grid->to_world);
}

void lar_grid_to_world(const lar_grid *grid, const double ijk[3], double xyz[3])
{
    lar_affine_point(&grid->to_world, ijk, xyz);
}

void lar_grid_axis_order(const lar_grid *grid, int axis[3], bool flipped[3])
{
    /* of the six ways to pair voxel axes with x, y, z, the one with the largest product of
     * direction cosines: well defined for oblique grids too */
    static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                      { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    double spacing[3], best = -1;
    lar_grid_spacing(grid, spacing);
    for (int n = 0; n < 6; n++) {
        double product = 1;
        for (int r = 0; r < 3; r++)
            product *= fabs(grid->to_world.m[r][orders[n][r]]) / spacing[orders[n][r]];
        if (product > best) {
            best = product;
            for (int r = 0; r < 3; r++) axis[r] = orders[n][r];
        }
    }
    for (int r = 0; r < 3; r++) flipped[r] = grid->to_world.m[r][axis[r]] < 0;
}

void lar_grid_axes(const lar_grid *grid, char code[4])
{
    int axis[3];
    bool flipped[3];
    lar_grid_axis_order(grid, axis, flipped);
    for (int r = 0; r < 3; r++) code[axis[r]] = (flipped[r] ? "LPI" : "RAS")[r];
    code[3] = 0;
}

lar_status lar_axes_parse(int world[3], bool backward[3], const char *code)
{
    static const char toward[] = "RASLPI";
    int seen = 0;
    for (int n = 0; n < 3 && code[n]; n++) {
        const char *found = strchr(toward, code[n]);
        if (!found) break;
        world[n] = (int)(found - toward) % 3;
        backward[n] = found - toward >= 3;
        seen |= 1 << world[n];
    }
    if (seen == 7 && !code[3]) return LAR_OK;
    return lar_fail(
        LAR_EARGUMENT,
        "'%.20s' is no code of axes, expected one letter of each of R or L, A or P, S or "
        "I, such as RAS",
        code);
}

void lar_grid_words(const lar_grid *grid, char *text, size_t room)
{
    double spacing[3];
    char code[4];
    lar_grid_spacing(grid, spacing);
    lar_grid_axes(grid, code);
    snprintf(text, room, "%lldx%lldx%lld, %.4gx%.4gx%.4g mm, %s", (long long)grid->size[0],
             (long long)grid->size[1], (long long)grid->size[2], spacing[0], spacing[1], spacing[2],
             code);
}

bool lar_grid_matches(const lar_grid *a, const lar_grid *b)
{
    double spacing[3];
    lar_grid_spacing(a, spacing);
    const double edge = fmin(spacing[0], fmin(spacing[1], spacing[2]));
    for (int n = 0; n < 3; n++)
        if (a->size[n] != b->size[n]) return false;
    for (int corner = 0; corner < 8; corner++) {
        double ijk[3], at_a[3], at_b[3];
        for (int n = 0; n < 3; n++) ijk[n] = corner >> n & 1 ? (double)(a->size[n] - 1) : 0;
        lar_grid_to_world(a, ijk, at_a);
        lar_grid_to_world(b, ijk, at_b);
        for (int n = 0; n < 3; n++)
            if (!(fabs(at_a[n] - at_b[n]) <= 1e-3 * edge)) return false;
    }
    return true;
}

lar_grid lar_grid_with_spacing(const lar_grid *grid, const double spacing_mm[3])
{
    lar_grid out = *grid;
    double old[3], first[3];
    lar_grid_spacing(grid, old);
    for (int a = 0; a < 3; a++) {
        const double extent = (double)grid->size[a] * old[a];
        const double count = floor(extent / spacing_mm[a] + 0.5);
        out.size[a] = count < 1 ? 1 : (int64_t)count;
        const double factor = spacing_mm[a] / old[a];
        for (int r = 0; r < 3; r++) out.to_world.m[r][a] = grid->to_world.m[r][a] * factor;
        /* the centre of the field of view stays: its half voxels on both sides agree */
        first[a] = ((double)grid->size[a] - 1) / 2 - ((double)out.size[a] - 1) / 2 * factor;
    }
    double origin[3];
    lar_grid_to_world(grid, first, origin);
    for (int r = 0; r < 3; r++) out.to_world.m[r][3] = origin[r];
    return out;
}

lar_grid lar_grid_box(const lar_grid *grid, const int64_t first[3], const int64_t size[3])
{
    lar_grid out = *grid;
    const double ijk[3] = { (double)first[0], (double)first[1], (double)first[2] };
    double origin[3];
    lar_grid_to_world(grid, ijk, origin);
    for (int a = 0; a < 3; a++) {
        out.size[a] = size[a];
        out.to_world.m[a][3] = origin[a];
    }
    return out;
}

lar_grid lar_grid_to_axes(const lar_grid *grid, const int axis[3], const bool flipped[3])
{
    lar_grid out;
    double first[3] = { 0, 0, 0 }, origin[3];
    for (int n = 0; n < 3; n++) {
        out.size[n] = grid->size[axis[n]];
        for (int r = 0; r < 3; r++)
            out.to_world.m[r][n] = (flipped[n] ? -1 : 1) * grid->to_world.m[r][axis[n]];
        if (flipped[n]) first[axis[n]] = (double)(grid->size[axis[n]] - 1);
    }
    lar_grid_to_world(grid, first, origin);
    for (int r = 0; r < 3; r++) out.to_world.m[r][3] = origin[r];
    return out;
}

lar_grid lar_grid_to_ras(const lar_grid *grid)
{
    int axis[3];
    bool flipped[3];
    lar_grid_axis_order(grid, axis, flipped);
    return lar_grid_to_axes(grid, axis, flipped);
}
