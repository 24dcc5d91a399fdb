/* What a map looks like to one who wonders whether to trust it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "math/math.h"
#include "register/register_parts.h"

#define BESIDE_MM 2.0
enum { SKIP = 5 }; /* every so many voxels of a mask are looked up in the other */

/* Of the smaller head, as far as it lies in the other's field of view, the part inside the other:
 * what only one of both images shows is nobody's fault. */
static double overlap_of(const lar_side *a, const lar_side *b, const lar_affine *map)
{
    const int64_t *size = a->mask->grid.size, *other = b->mask->grid.size;
    const uint8_t *mask = a->mask->voxels, *there = b->mask->voxels;
    lar_affine to_voxel, to;
    int64_t seen = 0, inside = 0;
    if (!lar_affine_invert(&to_voxel, &b->mask->grid.to_world)) return 0;
    to = lar_affine_chain(&a->mask->grid.to_world, map);
    to = lar_affine_chain(&to, &to_voxel);
    for (int64_t v = 0; v < size[0] * size[1] * size[2]; v += SKIP) {
        const double ijk[3] = { (double)(v % size[0]), (double)(v / size[0] % size[1]),
                                (double)(v / (size[0] * size[1])) };
        double at[3];
        int64_t n[3];
        bool within = true;
        if (!mask[v]) continue;
        lar_affine_point(&to, ijk, at);
        for (int r = 0; r < 3; r++) {
            n[r] = (int64_t)floor(at[r] + 0.5);
            within = within && n[r] >= 0 && n[r] < other[r];
        }
        seen += within;
        inside += within && there[(n[2] * other[1] + n[1]) * other[0] + n[0]];
    }
    return seen ? (double)inside / (double)seen : 0;
}

/* Singular values of the linear part, rising: roots of the eigenvalues of M'M. */
static lar_status find_scale(double scale[3], const lar_affine *map)
{
    double square[9], vectors[9], values[3];
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++) {
            square[3 * r + c] = 0;
            for (int k = 0; k < 3; k++) square[3 * r + c] += map->m[k][r] * map->m[k][c];
        }
    const lar_status status = lar_eigen_symmetric(values, vectors, square, 3);
    for (int r = 0; r < 3; r++) scale[r] = sqrt(values[2 - r] > 0 ? values[2 - r] : 0);
    return status;
}

/* The angle of the rotation nearest to a linear part: by averaging with the inverse transpose
 * (Higham 1986, doi:10.1137/0907079). */
static double angle_of(const lar_affine *map)
{
    lar_affine q = *map, inverse;
    for (int turn = 0; turn < 20 && lar_affine_invert(&inverse, &q); turn++)
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 3; c++) q.m[r][c] = (q.m[r][c] + inverse.m[c][r]) / 2;
    const double cosine = (q.m[0][0] + q.m[1][1] + q.m[2][2] - 1) / 2;
    return acos(fmin(1, fmax(-1, cosine))) * 180 / M_PI;
}

double lar_map_distance_mm(const lar_affine *a, const lar_affine *b, const lar_side *from)
{
    double square = 0;
    for (int r = 0; r < 3; r++) {
        double off = a->m[r][3] - b->m[r][3];
        for (int c = 0; c < 3; c++) {
            const double turn = a->m[r][c] - b->m[r][c];
            off += turn * from->centre_mm[c];
            square += turn * turn * from->radius_mm * from->radius_mm / 3;
        }
        square += off * off;
    }
    return sqrt(square);
}

/* Share of the likeness that is lost by moving to both sides along each axis. */
static lar_status find_sharpness(lar_register_verdict *v, lar_level *level, const lar_affine *map)
{
    lar_status status = LAR_OK;
    double beside = 0, step = BESIDE_MM;
    for (int a = 0; a < 3; a++) /* less than half a voxel shows nothing */
        step = fmax(step, level->samples.spacing_mm[a] / 2);
    LAR_TRY(lar_match_value(&v->metric_after, NULL, NULL, level->match, map));
    for (int side = 0; side < 6; side++) {
        lar_affine moved = *map;
        double value;
        moved.m[side / 2][3] += side % 2 ? step : -step;
        LAR_TRY(lar_match_value(&value, NULL, NULL, level->match, &moved));
        beside += value / 6;
    }
    v->sharpness = v->metric_after > 0 ? 1 - beside / v->metric_after : 0;
    v->beside_mm = step;
done:
    return status;
}

lar_status lar_measure_map(lar_register_verdict *v, lar_level *level, const lar_affine *map,
                           const lar_side *sampled, const lar_side *probed, bool backward)
{
    lar_status status = LAR_OK;
    const lar_affine none = lar_affine_identity();
    const lar_affine header = lar_linear_about(&none, sampled, probed);
    const lar_affine about = lar_linear_about(map, sampled, probed);
    const lar_side *fixed = backward ? probed : sampled;
    lar_affine forward = *map, back;
    double moved[3], square = 0;
    if (!lar_affine_invert(&back, map)) {
        v->sharpness = v->overlap = 0;
        return LAR_OK;
    }
    if (backward) {
        forward = back;
        back = *map;
    }
    const double a = overlap_of(sampled, probed, map);
    LAR_TRY(lar_match_value(&v->metric_before, NULL, NULL, level->match, &header));
    LAR_TRY(find_sharpness(v, level, &about));
    LAR_TRY(find_scale(v->scale, &forward));
    const double b = overlap_of(probed, sampled, backward ? &forward : &back);
    v->overlap = fmax(a, b);
    v->determinant = lar_affine_determinant(&forward);
    v->angle_degrees = angle_of(&forward);
    lar_affine_point(&forward, fixed->centre_mm, moved);
    for (int r = 0; r < 3; r++)
        square += (moved[r] - fixed->centre_mm[r]) * (moved[r] - fixed->centre_mm[r]);
    v->shift_mm = sqrt(square);
done:
    return status;
}
