/* Part of an image: along an anatomical axis whatever the storage order, the box of a mask or of
 * the head, a box of voxels, or the middle.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"

static const char *const axes[] = { "x", "y", "z", NULL };

const lar_param lar_crop_table[] = {
    LAR_P_CHOICE(lar_crop_params, axis, "axis", 'a', "z", axes,
                 "of --range: left to right, back to front, or foot to head"),
    LAR_P_REALS(lar_crop_params, range, "range", 'r', "", 0, 1, "fraction",
                "what to keep, as two fractions of the extent along the axis; 0.2 0.8 where "
                "nothing else is said"),
    LAR_P_INTS(lar_crop_params, box, "box", 'b', "", 0, 65536, "count",
               "or voxels i0 to i1 - 1, j0 to j1 - 1, k0 to k1 - 1 of the axes in the file: i0 i1 "
               "j0 j1 k0 k1"),
    LAR_P_INTS(lar_crop_params, size, "size", 'n', "", 1, 65536, "count",
               "or the middle: voxels along x y z, or one number for all"),
    LAR_P_FLAG(lar_crop_params, head, "head", 0, "or the box around the head"),
    LAR_P_REAL(lar_crop_params, margin_mm, "margin", 0, "0", 0, 1000, "mm",
               "around the box of the head or of a mask, as far as there are voxels"),
    LAR_P_END,
};

lar_crop_params lar_crop_default(void)
{
    lar_crop_params params;
    lar_param_defaults(lar_crop_table, &params);
    return params;
}

lar_status lar_crop_range(lar_image **out, const lar_image *in, char axis, double low, double high)
{
    lar_grid grid;
    int64_t first[3];
    *out = NULL;
    const lar_status status = lar_grid_crop_range(&grid, first, &in->grid, axis, low, high);
    if (status != LAR_OK) return status;
    return lar_image_box(out, in, first, grid.size);
}

/* `three` along x y z, or one for all, at the voxel axes that run so. */
static void to_voxel_axes(int64_t out[3], const lar_grid *grid, const lar_ints *given)
{
    int axis[3];
    bool flipped[3];
    lar_grid_axis_order(grid, axis, flipped);
    for (int r = 0; r < 3; r++) out[axis[r]] = given->at[given->count == 3 ? r : 0];
}

static lar_status middle_box(int64_t first[3], int64_t size[3], const lar_grid *grid,
                             const lar_ints *asked)
{
    if (asked->count != 1 && asked->count != 3)
        return lar_fail(LAR_EARGUMENT, "a size is one number or three, not %lld",
                        (long long)asked->count);
    to_voxel_axes(size, grid, asked);
    for (int a = 0; a < 3; a++) {
        if (size[a] > grid->size[a]) {
            const lar_status status = lar_fail(
                LAR_EARGUMENT, "%lld voxels cannot be cut out of %lld along axis %c of the file",
                (long long)size[a], (long long)grid->size[a], "ijk"[a]);
            return lar_hint(status, "a smaller size, or larmor pad --size");
        }
        first[a] = (grid->size[a] - size[a]) / 2; /* as lar_grid_fit() */
    }
    return LAR_OK;
}

static lar_status voxel_box(int64_t first[3], int64_t size[3], const lar_grid *grid,
                            const lar_ints *box)
{
    if (box->count != 6)
        return lar_fail(LAR_EARGUMENT, "a box is six numbers, i0 i1 j0 j1 k0 k1, not %lld",
                        (long long)box->count);
    for (int a = 0; a < 3; a++) {
        const int64_t begin = box->at[2 * a], end = box->at[2 * a + 1];
        if (begin < 0 || begin >= end || end > grid->size[a])
            return lar_fail(LAR_EARGUMENT,
                            "the box %lld %lld along axis %c is not in the image: it must satisfy "
                            "0 <= %c0 < %c1 <= %lld",
                            (long long)begin, (long long)end, "ijk"[a], "ijk"[a], "ijk"[a],
                            (long long)grid -> size[a]);
        first[a] = begin;
        size[a] = end - begin;
    }
    return LAR_OK;
}

/* First and last voxel along each axis of a mask that is not empty. */
static void bounds(int64_t first[3], int64_t last[3], const uint8_t *mask, const int64_t size[3])
{
    for (int a = 0; a < 3; a++) {
        first[a] = size[a];
        last[a] = -1;
    }
    for (int64_t r = 0; r < size[1] * size[2]; r++) {
        const uint8_t *row = mask + r * size[0];
        const uint8_t *begin = memchr(row, 1, (size_t)size[0]);
        if (!begin) continue;
        int64_t end = size[0] - 1;
        while (!row[end]) end--;
        const int64_t low[3] = { begin - row, r % size[1], r / size[1] };
        const int64_t high[3] = { end, low[1], low[2] };
        for (int a = 0; a < 3; a++) {
            if (low[a] < first[a]) first[a] = low[a];
            if (high[a] > last[a]) last[a] = high[a];
        }
    }
}

static void mask_box(int64_t first[3], int64_t size[3], const lar_image *mask, double margin_mm)
{
    const lar_grid *grid = &mask->grid;
    double spacing[3];
    int64_t last[3];
    lar_grid_spacing(grid, spacing);
    bounds(first, last, mask->voxels, grid->size);
    for (int a = 0; a < 3; a++) {
        /* 1e-4 of a voxel: a spacing comes through an affine in float32 */
        const int64_t margin = (int64_t)ceil(margin_mm / spacing[a] - 1e-4);
        first[a] = first[a] > margin ? first[a] - margin : 0;
        last[a] = last[a] + margin < grid->size[a] ? last[a] + margin : grid->size[a] - 1;
        size[a] = last[a] - first[a] + 1;
    }
}

static lar_status crop_check(const lar_image *mask, const lar_crop_params *p)
{
    const int ways =
        (p->range.count > 0) + (p->box.count > 0) + (p->size.count > 0) + p->head + (mask != NULL);
    if (ways > 1) {
        const lar_status status = lar_fail(
            LAR_EARGUMENT, "a range, a box, a size, the head and a mask exclude each other");
        return lar_hint(status, "one of them, or one crop after the other");
    }
    if (!(p->margin_mm >= 0))
        return lar_fail(LAR_EARGUMENT, "a margin of %g mm was asked for; it cannot be negative",
                        p->margin_mm);
    if (p->margin_mm > 0 && !p->head && !mask)
        return lar_fail(LAR_EARGUMENT, "a margin goes around the box of the head or of a mask");
    if (p->range.count != 0 && p->range.count != 2)
        return lar_fail(LAR_EARGUMENT, "a range is two numbers, not %lld",
                        (long long)p->range.count);
    if (p->axis < 0 || p->axis > 2) return lar_fail(LAR_EARGUMENT, "an axis is one of x y z");
    return LAR_OK;
}

lar_status lar_crop_box(int64_t first[3], int64_t size[3], const lar_image *in,
                        const lar_image *mask, const lar_crop_params *params)
{
    lar_status status = LAR_OK;
    lar_image *inside = NULL;

    LAR_TRY(crop_check(mask, params));
    if (params->head)
        LAR_TRY(lar_head_mask(&inside, in));
    else if (mask)
        LAR_TRY(lar_mask_bytes(&inside, mask, &in->grid));
    if (inside)
        mask_box(first, size, inside, params->margin_mm);
    else if (params->box.count)
        LAR_TRY(voxel_box(first, size, &in->grid, &params->box));
    else if (params->size.count)
        LAR_TRY(middle_box(first, size, &in->grid, &params->size));
    else {
        lar_grid grid;
        const bool given = params->range.count == 2;
        LAR_TRY(lar_grid_crop_range(&grid, first, &in->grid, axes[params->axis][0],
                                    given ? params->range.at[0] : 0.2,
                                    given ? params->range.at[1] : 0.8));
        memcpy(size, grid.size, sizeof grid.size);
    }
done:
    lar_image_free(inside);
    return status;
}

lar_status lar_crop(lar_image **out, const lar_image *in, const lar_image *mask,
                    const lar_crop_params *params)
{
    int64_t first[3], size[3];
    *out = NULL;
    const lar_status status = lar_crop_box(first, size, in, mask, params);
    if (status != LAR_OK) return status;
    return lar_image_box(out, in, first, size);
}
