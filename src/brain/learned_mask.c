/* The network's answer on its own grid as a mask on the scan's. Not the mask is brought there but
 * the logits: they are smooth, and where they are 0 lies the surface, between voxels of any size.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "brain/learned_box.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"

/* Voxels of the scan that are looked up at once. */
enum { AT_ONCE = 1 << 22 };

/* What is not of the largest piece turns below 0, what it encloses above. */
static lar_status clean(lar_image *logits)
{
    lar_status status = LAR_OK;
    float *values = logits->voxels;
    const int64_t count = lar_image_voxel_count(logits), *size = logits->grid.size;
    uint8_t *mask = lar_alloc_raw(count, 1);
    int64_t inside = 0;
    if (!mask) return LAR_EMEMORY;
    for (int64_t n = 0; n < count; n++) inside += mask[n] = values[n] > 0;
    if (inside == 0) {
        status = lar_fail(LAR_ENUMERIC, "the network found no brain");
        goto done;
    }
    LAR_TRY(lar_mask_keep_largest(mask, size));
    LAR_TRY(lar_mask_fill_holes(mask, size));
    for (int64_t n = 0; n < count; n++)
        if (mask[n] != (values[n] > 0)) values[n] = mask[n] ? fabsf(values[n]) + 1e-3f : -values[n];
done:
    lar_free(mask);
    return status;
}

/* The voxels of `grid` that may lie in a box on another grid. */
static void overlap(int64_t first[3], int64_t size[3], const lar_grid *grid, const lar_grid *box)
{
    double low[3] = { INFINITY, INFINITY, INFINITY };
    double high[3] = { -INFINITY, -INFINITY, -INFINITY };
    lar_affine to_grid;
    for (int a = 0; a < 3; a++) first[a] = size[a] = 0;
    if (!lar_affine_invert(&to_grid, &grid->to_world)) return;
    for (int corner = 0; corner < 8; corner++) {
        double ijk[3], xyz[3], at[3];
        for (int a = 0; a < 3; a++) ijk[a] = corner >> a & 1 ? (double)box->size[a] - 0.5 : -0.5;
        lar_grid_to_world(box, ijk, xyz);
        lar_affine_point(&to_grid, xyz, at);
        for (int a = 0; a < 3; a++) {
            low[a] = fmin(low[a], at[a]);
            high[a] = fmax(high[a], at[a]);
        }
    }
    for (int a = 0; a < 3; a++) {
        const double last = (double)(grid->size[a] - 1);
        const double from = fmax(0, ceil(low[a])), to = fmin(last, floor(high[a]));
        first[a] = (int64_t)fmin(from, last);
        size[a] = to < from ? 0 : (int64_t)(to - from) + 1;
    }
}

/* Slices [first[2], first[2] + size[2]) of a part of the mask. */
static lar_status look_up(lar_image *mask, const lar_image *logits, const int64_t first[3],
                          const int64_t size[3])
{
    lar_image *part = NULL;
    const lar_grid grid = lar_grid_box(&mask->grid, first, size);
    const lar_resample_params how = { .interpolation = LAR_LINEAR,
                                      .pad = -1,
                                      .border = LAR_BORDER_PAD };
    const lar_status status = lar_resample(&part, logits, &grid, &how);
    if (status != LAR_OK) return status;
    const float *from = part->voxels;
    for (int64_t k = 0; k < size[2]; k++)
        for (int64_t j = 0; j < size[1]; j++) {
            uint8_t *to = (uint8_t *)mask->voxels + (first[1] + j) * mask->stride[1] +
                          (first[2] + k) * mask->stride[2] + first[0];
            for (int64_t i = 0; i < size[0]; i++) to[i] = *from++ > 0;
        }
    lar_image_free(part);
    return LAR_OK;
}

lar_status lar_learned_mask(lar_image **out, lar_image *logits, const lar_image *in)
{
    lar_status status = LAR_OK;
    lar_image *mask = NULL;
    int64_t first[3], size[3];

    *out = NULL;
    LAR_TRY(clean(logits));
    LAR_TRY(lar_image_like(&mask, in, LAR_U8));
    overlap(first, size, &in->grid, &logits->grid);
    const int64_t plane = size[0] * size[1], all = first[2] + size[2];
    const int64_t slices = plane > 0 && AT_ONCE / plane > 1 ? AT_ONCE / plane : 1;
    for (; plane > 0 && first[2] < all; first[2] += size[2]) {
        size[2] = all - first[2] < slices ? all - first[2] : slices;
        LAR_TRY(look_up(mask, logits, first, size));
    }
    if (lar_mask_count(mask->voxels, lar_image_voxel_count(mask)) == 0) {
        status = lar_fail(LAR_ENUMERIC, "the network found no brain on the image's own voxels");
        goto done;
    }
    LAR_TRY(lar_mask_keep_largest(mask->voxels, mask->grid.size));
    LAR_TRY(lar_mask_fill_holes(mask->voxels, mask->grid.size));
    *out = mask;
    mask = NULL;
done:
    lar_image_free(mask);
    return status;
}
