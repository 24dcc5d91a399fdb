/* Two percentiles of an image as the ends of a map of its values.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"
#include "intensity/intensity.h"
#include "math/math.h"

/* The values inside the mask, one after another, in place; how many. */
static int64_t gather(float *values, const uint8_t *mask, int64_t count, int64_t channels)
{
    int64_t kept = 0;
    for (int64_t c = 0; c < channels; c++)
        for (int64_t n = 0; n < count; n++) {
            values[kept] = values[c * count + n];
            kept += mask[n];
        }
    return kept;
}

lar_status lar_percentile_ends(double ends[2], const lar_image *in, const lar_image *mask,
                               const lar_reals *percentiles)
{
    lar_status status = LAR_OK;
    lar_image *floats = NULL, *inside = NULL, *copy = NULL;
    int64_t count = lar_image_voxel_count(in) * in->channels;

    if (percentiles->count != 2)
        return lar_fail(LAR_EARGUMENT, "percentiles are two numbers, not %lld",
                        (long long)percentiles->count);
    const double low = percentiles->at[0], high = percentiles->at[1];
    if (!(low >= 0 && low < high && high <= 100))
        return lar_fail(LAR_EARGUMENT,
                        "percentiles from %g to %g were asked for; they must satisfy "
                        "0 <= low < high <= 100",
                        low, high);
    if (mask) LAR_TRY(lar_mask_bytes(&inside, mask, &in->grid));
    LAR_TRY(lar_finite_floats(&floats, in));
    const float *values = floats->voxels;
    if (inside) {
        LAR_TRY(lar_image_copy(&copy, floats));
        count = gather(copy->voxels, inside->voxels, lar_image_voxel_count(in), in->channels);
        values = copy->voxels;
    }
    LAR_TRY(lar_quantiles(ends, (double[2]){ low / 100, high / 100 }, 2, values, count));
    if (!(ends[0] < ends[1])) {
        status = lar_fail(LAR_ENUMERIC, "the percentiles %g and %g of %lld voxels are both %.9g",
                          low, high, (long long)count, ends[0]);
        lar_hint(status, "percentiles farther apart, or values");
    }
done:
    lar_image_free(copy);
    lar_image_free(inside);
    lar_image_free(floats);
    return status;
}
