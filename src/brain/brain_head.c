/* The head around a brain, and what is in the middle of it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "brain/strip_parts.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"

lar_status lar_brain_median(float *out, const float *values, const uint8_t *mask, int64_t count,
                            float *room)
{
    static const double half = 0.5;
    double median;
    int64_t found = 0;
    for (int64_t n = 0; n < count; n++)
        if (mask[n]) room[found++] = values[n];
    const lar_status status = lar_quantiles(&median, &half, 1, room, found);
    *out = (float)median;
    return status;
}

lar_status lar_brain_head(lar_image **out, const lar_image *scan, bool ct)
{
    lar_status status = LAR_OK;
    lar_image *first = NULL, *clipped = NULL;
    float *room = NULL, middle;
    const int64_t count = lar_image_voxel_count(scan);
    if (ct) return lar_head_mask(out, scan);
    LAR_TRY(lar_head_mask(&first, scan));
    LAR_TRY(lar_image_copy(&clipped, scan));
    room = lar_alloc_raw(count, sizeof *room);
    if (!room) {
        status = LAR_EMEMORY;
        goto done;
    }
    float *values = clipped->voxels;
    LAR_TRY(lar_brain_median(&middle, values, first->voxels, count, room));
    for (int64_t n = 0; n < count; n++) values[n] = fminf(values[n], middle);
    LAR_TRY(lar_head_mask(out, clipped));
done:
    lar_image_free(first);
    lar_image_free(clipped);
    lar_free(room);
    return status;
}
