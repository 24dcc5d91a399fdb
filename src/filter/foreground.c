/* Where to learn about an image when no mask is given: everywhere, above a threshold of its values,
 * or the head.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"

enum { PIECE = 1 << 16 };

typedef struct choosing {
    const float *values;
    uint8_t *mask;
    double low, high; /* both belong to it */
    double *sums;     /* per piece; NULL where they are not asked for */
} choosing;

static lar_status sum_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const choosing *job = arg;
    double lanes[8] = { 0 }; /* so that the sum runs in parallel, in a fixed order */
    int64_t n = begin;
    for (; n + 8 <= end; n += 8)
        for (int64_t l = 0; l < 8; l++) lanes[l] += (double)job->values[n + l];
    for (; n < end; n++) lanes[0] += (double)job->values[n];
    job->sums[piece] = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
                       ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
    return LAR_OK;
}

static lar_status mean_of(double *mean, const float *values, int64_t count)
{
    const int64_t pieces = lar_piece_count(count, PIECE);
    choosing job = { .values = values, .sums = lar_alloc(pieces, sizeof *job.sums) };
    if (!job.sums) return LAR_EMEMORY;
    const lar_status status = lar_parallel(count, PIECE, sum_piece, &job);
    *mean = lar_sum_pairs(job.sums, pieces) / (double)count;
    lar_free(job.sums);
    return status;
}

static lar_status choose_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const choosing *job = arg;
    const double low = job->low, high = job->high;
    for (int64_t n = begin; n < end; n++) {
        const double value = (double)job->values[n];
        job->mask[n] = (uint8_t)((value >= low) & (value <= high));
    }
    return LAR_OK;
}

lar_status lar_threshold(lar_image **out, const lar_image *floats, double low, double high)
{
    lar_status status = lar_image_new(out, &floats->grid, 1, LAR_U8);
    if (status != LAR_OK) return status;
    choosing job = { .values = floats->voxels, .mask = (*out)->voxels, .low = low, .high = high };
    return lar_parallel(lar_image_voxel_count(floats), PIECE, choose_piece, &job);
}

lar_status lar_foreground(lar_image **out, const lar_image *in, int kind)
{
    lar_status status = LAR_OK;
    lar_image *floats = NULL, *mask = NULL;
    double level = 0;
    const char *what = "0";

    *out = NULL;
    if (kind == LAR_FOREGROUND_WHOLE || kind == LAR_FOREGROUND_AUTO) return LAR_OK;
    if (kind == LAR_FOREGROUND_HEAD) return lar_head_mask(out, in);
    LAR_TRY(lar_first_channel(&floats, in));
    const int64_t count = lar_image_voxel_count(floats);
    if (kind == LAR_FOREGROUND_MEAN) {
        LAR_TRY(mean_of(&level, floats->voxels, count));
        what = "its mean";
    } else if (kind == LAR_FOREGROUND_OTSU) {
        lar_otsu otsu;
        LAR_TRY(lar_otsu_split(&otsu, floats->voxels, count));
        level = otsu.threshold;
        what = "Otsu's threshold";
    } else if (kind != LAR_FOREGROUND_POSITIVE) {
        status = lar_fail(LAR_EARGUMENT, "there is no foreground of kind %d", kind);
        goto done;
    }
    LAR_TRY(lar_threshold(&mask, floats, nextafter(level, INFINITY), INFINITY));
    if (lar_mask_count(mask->voxels, count) == 0) {
        status = lar_fail(LAR_ENUMERIC, "no voxel of the image is above %s, %.9g", what, level);
        goto done;
    }
    *out = mask;
    mask = NULL;
done:
    lar_image_free(mask);
    lar_image_free(floats);
    return status;
}
