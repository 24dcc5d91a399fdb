/* The voxels that count where no mask is given, by one of the rules that are in use.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"

static lar_status level_of(double *level, const float *values, int64_t count, int kind)
{
    lar_otsu otsu;
    double sum = 0;
    if (kind == LAR_FOREGROUND_OTSU) {
        const lar_status status = lar_otsu_split(&otsu, values, count);
        *level = otsu.threshold;
        return status;
    }
    for (int64_t n = 0; n < count; n++) sum += (double)values[n];
    *level = kind == LAR_FOREGROUND_MEAN ? sum / (double)count : 0;
    return LAR_OK;
}

lar_status lar_foreground(lar_image **out, const lar_image *in, int kind)
{
    lar_status status = LAR_OK;
    lar_image *first = NULL, *floats = NULL, *mask = NULL;
    double level;
    int64_t inside = 0;

    *out = NULL;
    if (kind == LAR_FOREGROUND_WHOLE || kind == LAR_FOREGROUND_AUTO) return LAR_OK;
    if (kind == LAR_FOREGROUND_HEAD) return lar_head_mask(out, in);
    LAR_TRY(lar_image_channel(&first, in, 0));
    LAR_TRY(lar_image_to_type(&floats, first, LAR_F32));
    const float *values = floats->voxels;
    const int64_t count = lar_image_voxel_count(floats);
    LAR_TRY(level_of(&level, values, count, kind));
    LAR_TRY(lar_image_new(&mask, &in->grid, 1, LAR_U8));
    uint8_t *set = mask->voxels;
    for (int64_t n = 0; n < count; n++) {
        set[n] = (double)values[n] > level;
        inside += set[n];
    }
    if (inside == 0) {
        status = lar_fail(LAR_ENUMERIC, "no voxel is above %.9g, so nothing is foreground", level);
        goto done;
    }
    *out = mask;
    mask = NULL;
done:
    lar_image_free(mask);
    lar_image_free(floats);
    lar_image_free(first);
    return status;
}
