/* The two doors through which voxels and masks come into this room: in one type, finite, and on one
 * grid.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"

enum { PIECE = 1 << 16, ROWS = 64, CHUNK = 512 };

typedef struct checking {
    const float *values;
    int64_t *not_finite; /* per piece */
} checking;

static lar_status count_not_finite(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const checking *job = arg;
    int32_t count = 0;
    for (int64_t n = begin; n < end; n++) count += !(fabsf(job->values[n]) <= 3.4028235e38F);
    job->not_finite[piece] = count;
    return LAR_OK;
}

lar_status lar_finite_floats(lar_image **out, const lar_image *in)
{
    lar_status status = LAR_OK;
    lar_image *floats = NULL;
    checking job = { 0 };
    int64_t not_finite = 0;

    *out = NULL;
    LAR_TRY(lar_image_to_type(&floats, in, LAR_F32));
    const int64_t count = lar_image_voxel_count(in) * in->channels;
    if (in->type == LAR_F32 || in->type == LAR_F64) {
        const int64_t pieces = lar_piece_count(count, PIECE);
        job.values = floats->voxels;
        job.not_finite = lar_alloc(pieces, sizeof *job.not_finite);
        if (!job.not_finite) {
            status = LAR_EMEMORY;
            goto done;
        }
        LAR_TRY(lar_parallel(count, PIECE, count_not_finite, &job));
        for (int64_t n = 0; n < pieces; n++) not_finite += job.not_finite[n];
    }
    if (not_finite) {
        status = lar_fail(LAR_ENUMERIC, "%lld of %lld voxels are not finite", (long long)not_finite,
                          (long long)count);
        lar_hint(status, "larmor info --voxels");
        goto done;
    }
    *out = floats;
    floats = NULL;
done:
    lar_free(job.not_finite);
    lar_image_free(floats);
    return status;
}

lar_status lar_first_channel(lar_image **out, const lar_image *in)
{
    lar_image *first;
    *out = NULL;
    lar_status status = lar_image_channel(&first, in, 0);
    if (status != LAR_OK) return status;
    status = lar_finite_floats(out, first);
    lar_image_free(first);
    return status;
}

int64_t lar_mask_count(const uint8_t *mask, int64_t count)
{
    int64_t sum = 0;
    for (int64_t n = 0; n < count;) { /* in pieces that a narrow sum holds */
        const int64_t end = n + PIECE < count ? n + PIECE : count;
        uint32_t part = 0;
        for (; n < end; n++) part += mask[n];
        sum += part;
    }
    return sum;
}

typedef struct masking {
    const lar_image *mask;
    lar_image *out;
    int64_t *not_finite; /* per piece */
} masking;

static lar_status mask_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const masking *job = arg;
    const int64_t *size = job->mask->grid.size;
    double row[CHUNK];
    for (int64_t r = begin; r < end; r++) {
        uint8_t *to = (uint8_t *)job->out->voxels + r * size[0];
        for (int64_t i = 0; i < size[0]; i += CHUNK) {
            const int64_t count = size[0] - i < CHUNK ? size[0] - i : CHUNK;
            lar_image_load(row, job->mask, i, r % size[1], r / size[1], 0, count);
            for (int64_t n = 0; n < count; n++) {
                to[i + n] = row[n] != 0;
                job->not_finite[piece] += !(fabs(row[n]) <= 1.7976931348623157e308);
            }
        }
    }
    return LAR_OK;
}

lar_status lar_mask_bytes(lar_image **out, const lar_image *mask, const lar_grid *grid)
{
    lar_status status = LAR_OK;
    lar_image *bytes = NULL;
    int64_t *not_finite = NULL, bad = 0;
    const int64_t rows = mask->grid.size[1] * mask->grid.size[2];
    const int64_t count = lar_image_voxel_count(mask);

    *out = NULL;
    if (!lar_grid_matches(&mask->grid, grid)) {
        char on_image[96], on_mask[96];
        lar_grid_words(grid, on_image, sizeof on_image);
        lar_grid_words(&mask->grid, on_mask, sizeof on_mask);
        status = lar_fail(LAR_EGEOMETRY, "the mask (%s) is not on the grid of the image (%s)",
                          on_mask, on_image);
        return lar_hint(status, "larmor resample MASK -o NEW --like IMAGE --interpolation nearest");
    }
    if (mask->channels != 1)
        return lar_fail(LAR_EARGUMENT, "a mask is one volume, not %lld", (long long)mask->channels);
    LAR_TRY(lar_image_new(&bytes, &mask->grid, 1, LAR_U8));
    not_finite = lar_alloc(lar_piece_count(rows, ROWS), sizeof *not_finite);
    if (!not_finite) {
        status = LAR_EMEMORY;
        goto done;
    }
    masking job = { .mask = mask, .out = bytes, .not_finite = not_finite };
    LAR_TRY(lar_parallel(rows, ROWS, mask_rows, &job));
    for (int64_t n = 0; n < lar_piece_count(rows, ROWS); n++) bad += not_finite[n];
    if (bad) {
        status = lar_fail(LAR_ENUMERIC, "%lld of %lld voxels of the mask are not finite",
                          (long long)bad, (long long)count);
        goto done;
    }
    if (lar_mask_count(bytes->voxels, count) == 0) {
        status = lar_fail(LAR_ENUMERIC, "the mask is empty: none of its %lld voxels is set",
                          (long long)count);
        goto done;
    }
    *out = bytes;
    bytes = NULL;
done:
    lar_free(not_finite);
    lar_image_free(bytes);
    return status;
}
