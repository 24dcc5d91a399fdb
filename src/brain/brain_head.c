/* The head around a brain.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "brain/strip_parts.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"

lar_status lar_brain_head(lar_image **out, const lar_image *scan, bool ct)
{
    static const double half = 0.5;
    lar_status status = LAR_OK;
    lar_image *first = NULL, *clipped = NULL;
    float *room = NULL;
    double middle;
    int64_t found = 0;
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
    const uint8_t *inside = first->voxels;
    for (int64_t n = 0; n < count; n++)
        if (inside[n]) room[found++] = values[n];
    LAR_TRY(lar_quantiles(&middle, &half, 1, room, found));
    for (int64_t n = 0; n < count; n++) values[n] = fminf(values[n], (float)middle);
    LAR_TRY(lar_head_mask(out, clipped));
done:
    lar_image_free(first);
    lar_image_free(clipped);
    lar_free(room);
    return status;
}
