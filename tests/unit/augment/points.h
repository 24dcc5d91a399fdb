/* Where a sample's voxels come from, by the definition of the map and at any place between them:
 * written apart from the code that makes samples row by row.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_POINTS_H
#define LAR_POINTS_H

#include "augment/augment_parts.h"
#include "samples.h"

/* The uniform cubic B-spline of the control points: displacements in voxels. */
static inline void bend_at(double out[3], const lar_flex *b, const double ijk[3])
{
    double weight[3][4] = { { 1 }, { 1 }, { 1 } };
    int64_t first[3] = { 0 };
    for (int a = 0; a < 3; a++) {
        out[a] = 0;
        if (b->points[a] == 1) continue; /* alike along this axis */
        const double at = ijk[a] * (double)(b->points[a] - 3) / (double)(b->size[a] - 1);
        first[a] = (int64_t)fmin(fmax(floor(at), 0), (double)(b->points[a] - 4));
        const double f = at - (double)first[a], g = 1 - f;
        weight[a][0] = g * g * g / 6;
        weight[a][1] = (3 * f * f * f - 6 * f * f + 4) / 6;
        weight[a][2] = (3 * g * g * g - 6 * g * g + 4) / 6;
        weight[a][3] = f * f * f / 6;
    }
    for (int n = 0; n < 64; n++) {
        const int64_t t[3] = { n % 4, n / 4 % 4, n / 16 };
        const double product = weight[0][t[0]] * weight[1][t[1]] * weight[2][t[2]];
        if (product == 0) continue;
        const int64_t i = first[0] + t[0], j = first[1] + t[1], k = first[2] + t[2];
        const int64_t at = (k * b->points[1] + j) * b->points[0] + i;
        for (int a = 0; a < 3; a++) out[a] += product * b->control[a][at];
    }
}

/* Voxels of the sample become those of the volume, in place; by the history as it stands. */
static inline void come_from(double (*ijk)[3], int64_t count, const samples *s,
                             const lar_sample_box *box)
{
    lar_augment_map map;
    lar_flex bending;
    lar_map_init(&map, &s->volumes[0]->grid, box, &s->history);
    void *room = lar_alloc(lar_flex_room(&map), 1);
    const bool is_bent = map.bend.points[0] > 0;
    if (is_bent) lar_flex_init(&bending, &map, room);
    for (int64_t n = 0; n < count; n++) {
        double bent[3], off[3] = { 0 };
        if (is_bent) bend_at(off, &bending, ijk[n]);
        for (int a = 0; a < 3; a++) bent[a] = ijk[n][a] + off[a];
        lar_affine_point(&map.affine, bent, ijk[n]);
        for (int a = 0; a < 3; a++) ijk[n][a] += (double)box->corner[a];
    }
    lar_free(room);
}

#endif
