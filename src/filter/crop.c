/* Part of an image along an anatomical axis, whatever the storage order.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"

lar_status lar_crop_range(lar_image **out, const lar_image *in, char axis, double low, double high)
{
    lar_grid grid;
    int64_t first[3];
    *out = NULL;
    const lar_status status = lar_grid_crop_range(&grid, first, &in->grid, axis, low, high);
    if (status != LAR_OK) return status;
    return lar_image_box(out, in, first, grid.size);
}
