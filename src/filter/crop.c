/* Part of an image: along an anatomical axis whatever the storage order, the box of a mask or of
 * the head, a box of voxels, or the middle.
 * SPDX-License-Identifier: Apache-2.0 */
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

lar_status lar_crop(lar_image **out, const lar_image *in, const lar_image *mask,
                    const lar_crop_params *params)
{
    (void)in, (void)mask, (void)params;
    *out = NULL;
    return lar_fail(LAR_EUNSUPPORTED, "cropping is not built yet");
}
