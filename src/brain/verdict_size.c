/* What is counted of a mask on its own voxels: volume, pieces, holes, and how much of it the edge
 * of the image cuts.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "brain/brain.h"
#include "brain/strip_parts.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"

enum { MOST_PIECES = 9 };
#define PIECE_ML 2.0 /* less is no part of a brain, nor worth a look */

static double voxel_ml(const lar_image *mask)
{
    return fabs(lar_affine_determinant(&mask->grid.to_world)) / 1000;
}

double lar_strip_millilitres(const lar_image *mask)
{
    return (double)lar_mask_count(mask->voxels, lar_image_voxel_count(mask)) * voxel_ml(mask);
}

static lar_status count_pieces(lar_strip_verdict *v, const lar_image *mask)
{
    lar_status status = LAR_OK;
    lar_image *rest = NULL, *piece = NULL;
    const int64_t count = lar_image_voxel_count(mask);
    LAR_TRY(lar_image_copy(&rest, mask));
    for (v->pieces = 0; v->pieces < MOST_PIECES;) {
        LAR_TRY(lar_image_copy(&piece, rest));
        LAR_TRY(lar_mask_keep_largest(piece->voxels, mask->grid.size));
        const double millilitres = lar_strip_millilitres(piece);
        if (v->pieces == 0) v->largest = millilitres / v->millilitres;
        if (v->pieces > 0 && millilitres < PIECE_ML) break;
        v->pieces++;
        uint8_t *from = rest->voxels;
        const uint8_t *taken = piece->voxels;
        for (int64_t n = 0; n < count; n++) from[n] &= !taken[n];
        lar_image_free(piece);
        piece = NULL;
        if (lar_mask_count(rest->voxels, count) == 0) break;
    }
done:
    lar_image_free(piece);
    lar_image_free(rest);
    return status;
}

static lar_status measure_holes(lar_strip_verdict *v, const lar_image *mask)
{
    lar_status status = LAR_OK;
    lar_image *filled = NULL;
    LAR_TRY(lar_image_copy(&filled, mask));
    LAR_TRY(lar_mask_fill_holes(filled->voxels, mask->grid.size));
    v->holes = fmax(lar_strip_millilitres(filled) - v->millilitres, 0);
done:
    lar_image_free(filled);
    return status;
}

/* In square millimetres: faces between the mask and what is beside it, and those on the edge. */
static void measure_edge(lar_strip_verdict *v, const lar_image *mask)
{
    const uint8_t *at = mask->voxels;
    const int64_t *size = mask->grid.size, stride[3] = { 1, size[0], size[0] * size[1] };
    double mm[3], surface = 0, edge = 0;
    lar_grid_spacing(&mask->grid, mm);
    for (int a = 0; a < 3; a++) {
        int64_t inner = 0, outer = 0;
        for (int64_t n = 0; n < lar_image_voxel_count(mask); n++) {
            if (!at[n]) continue;
            const int64_t place = n / stride[a] % size[a];
            if (place == 0)
                outer++;
            else
                inner += !at[n - stride[a]];
            if (place == size[a] - 1)
                outer++;
            else
                inner += !at[n + stride[a]];
        }
        const double area = mm[0] * mm[1] * mm[2] / mm[a];
        surface += area * (double)(inner + outer);
        edge += area * (double)outer;
    }
    v->edge = edge / surface;
}

lar_status lar_verdict_size(lar_strip_verdict *v, const lar_image *mask)
{
    lar_status status = LAR_OK;
    v->millilitres = lar_strip_millilitres(mask);
    LAR_TRY(count_pieces(v, mask));
    LAR_TRY(measure_holes(v, mask));
    measure_edge(v, mask);
done:
    return status;
}
