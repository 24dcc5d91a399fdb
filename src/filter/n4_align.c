/* Which voxels ITK picks when it shrinks an image. The centres of both grids agree, so half of the
 * time a sample lies midway between two voxels, and which is taken hangs on the rounding of ITK's
 * arithmetic in millimetres. The field depends on it by a per cent, so the arithmetic is followed:
 * in double, in LPS coordinates, with the voxel edges of the file.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/n4_parts.h"
#include "image/image.h"

typedef struct frame {
    double m[3][3], origin[3]; /* index to LPS millimetres */
} frame;

static void place(double out[3], const frame *f, const double index[3])
{
    for (int r = 0; r < 3; r++) {
        double sum = 0;
        for (int c = 0; c < 3; c++) sum += f->m[r][c] * index[c];
        out[r] = sum + f->origin[r];
    }
}

/* The edges that the file says, where they are those of the affine but for rounding. */
static void find_edges(double edges[3], const lar_image *in)
{
    lar_grid_spacing(&in->grid, edges);
    for (int a = 0; a < 3 && in->notes; a++)
        if (fabs(in->notes->edges_mm[a] - edges[a]) <= 1e-5 * edges[a])
            edges[a] = in->notes->edges_mm[a];
}

void lar_n4_axes_align(lar_n4_axis axes[3], const lar_image *in)
{
    const lar_affine *world = &in->grid.to_world;
    frame fine, coarse;
    double spacing[3], edges[3], fine_centre[3], coarse_centre[3], a[3], b[3];
    double begin[3];
    lar_grid_spacing(&in->grid, spacing);
    find_edges(edges, in);
    for (int r = 0; r < 3; r++) {
        const double sign = r < 2 ? -1 : 1;
        for (int c = 0; c < 3; c++) {
            const double direction = sign * world->m[r][c] / spacing[c];
            fine.m[r][c] = direction * edges[c];
            coarse.m[r][c] = direction * (edges[c] * (double)axes[c].step);
        }
        fine.origin[r] = coarse.origin[r] = sign * world->m[r][3];
    }
    for (int c = 0; c < 3; c++) {
        begin[c] = ceil(-(double)axes[c].before / (double)axes[c].step);
        fine_centre[c] = -(double)axes[c].before + (double)(axes[c].padded - 1) / 2;
        coarse_centre[c] = begin[c] + (double)(axes[c].samples - 1) / 2;
    }
    place(a, &fine, fine_centre);
    place(b, &coarse, coarse_centre);
    for (int r = 0; r < 3; r++) coarse.origin[r] = fine.origin[r] + (a[r] - b[r]);

    double back[3][3];
    if (!lar_n4_invert(back, fine.m)) return; /* a valid grid has an inverse */
    place(b, &coarse, begin);
    for (int r = 0; r < 3; r++) b[r] -= fine.origin[r];
    for (int c = 0; c < 3; c++) {
        double index = 0;
        for (int r = 0; r < 3; r++) index += back[c][r] * b[r];
        const double start = begin[c] * (double)axes[c].step, picked = floor(index + 0.5);
        axes[c].first = (int64_t)(picked > start ? picked : start);
    }
}
