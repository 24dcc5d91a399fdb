/* The spatial augmentations of a history as one map from a sample's voxels to a volume's.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "augment/augment_parts.h"
#include "math/math.h"

void lar_map_init(lar_augment_map *map, const lar_grid *volume, const lar_sample_box *box,
                  const lar_history *history)
{
    *map = (lar_augment_map){ .affine = lar_affine_identity() };
    lar_grid_spacing(volume, map->spacing_mm);
    for (int a = 0; a < 3; a++) {
        map->size[a] = box->size[a];
        map->still[a] = box->size[a] == 1 || box->across == a;
        map->high[a] = (double)(box->size[a] - 1);
    }
    for (int64_t n = 0; n < history->count; n++)
        if (history->at[n].kind->spatial) history->at[n].kind->place(map, history->at[n].values);
}

void lar_map_turn(double linear[3][3], const lar_augment_map *map, const double degrees[3])
{
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++) linear[r][c] = r == c;
    for (int a = 0; a < 3; a++) {
        const int p = (a + 1) % 3, q = (a + 2) % 3;
        const double angle = degrees[a] * (acos(-1) / 180), cosine = cos(angle), sine = sin(angle);
        if (map->still[p] || map->still[q]) continue;
        for (int n = 0; n < 3; n++) {
            const double at_p = linear[p][n], at_q = linear[q][n];
            linear[p][n] = cosine * at_p - sine * at_q;
            linear[q][n] = sine * at_p + cosine * at_q;
        }
    }
}

/* A point of the result comes from where the inverse puts it; this map is asked before those that
 * stand earlier in the list. */
void lar_map_push(lar_augment_map *map, const double linear[3][3], const double shift_mm[3])
{
    lar_affine forward = { { { 0 } } }, back;
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++) forward.m[r][c] = linear[r][c];
    if (!lar_affine_invert(&back, &forward)) return; /* tables let no such numbers through */
    lar_affine voxels;
    for (int r = 0; r < 3; r++) {
        const double middle = (double)(map->size[r] - 1) / 2;
        double start = middle;
        for (int c = 0; c < 3; c++) {
            /* the quotient comes first: exactly 1 on the diagonal */
            voxels.m[r][c] = back.m[r][c] * (map->spacing_mm[c] / map->spacing_mm[r]);
            start -= voxels.m[r][c] *
                     ((double)(map->size[c] - 1) / 2 + shift_mm[c] / map->spacing_mm[c]);
        }
        voxels.m[r][3] = start;
    }
    map->affine = lar_affine_chain(&voxels, &map->affine);
}
