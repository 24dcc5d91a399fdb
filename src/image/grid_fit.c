/* Grids cut from a grid: a common size, or a range of an anatomical axis.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "image/image.h"

lar_status lar_grid_fit(lar_grid *out, const lar_grid *in, const int64_t size[3])
{
    int64_t first[3];
    for (int a = 0; a < 3; a++) {
        if (size[a] < 1)
            return lar_fail(LAR_EARGUMENT, "a grid cannot have %lld voxels along an axis",
                            (long long)size[a]);
        const int64_t surplus = in->size[a] - size[a];
        first[a] = surplus >= 0 ? surplus / 2 : -(-surplus / 2);
    }
    *out = lar_grid_box(in, first, size);
    return LAR_OK;
}

lar_status lar_grid_crop_range(lar_grid *out, int64_t first[3], const lar_grid *in, char axis,
                               double low, double high)
{
    int order[3];
    bool flipped[3];
    if (axis < 'x' || axis > 'z')
        return lar_fail(LAR_EARGUMENT, "'%c' is not an anatomical axis (one of x y z)", axis);
    if (!(low >= 0 && low < high && high <= 1))
        return lar_fail(LAR_EARGUMENT,
                        "a range from %g to %g was asked for; it must satisfy 0 <= low < high <= 1",
                        low, high);
    lar_grid_axis_order(in, order, flipped);
    const int world = axis - 'x', a = order[world];
    const int64_t count = in->size[a];
    /* 1e-9: a fraction such as 0.29 times 100 must not fall just below its voxel */
    const int64_t begin = (int64_t)floor(low * (double)count + 1e-9);
    const int64_t end = (int64_t)floor(high * (double)count + 1e-9);
    if (end <= begin)
        return lar_fail(LAR_EARGUMENT, "from %g to %g of the %lld voxels along %c there is none",
                        low, high, (long long)count, axis);
    int64_t size[3];
    for (int n = 0; n < 3; n++) {
        first[n] = 0;
        size[n] = in->size[n];
    }
    first[a] = flipped[world] ? count - end : begin;
    size[a] = end - begin;
    *out = lar_grid_box(in, first, size);
    return LAR_OK;
}
