/* Values held between two ends.
 * SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>

#include "base/base.h"
#include "image/image.h"
#include "intensity/intensity.h"

enum { CHUNK = 512, ROWS = 64 }; /* voxels of a row at a time; rows of a piece */

const lar_param lar_clip_table[] = {
    LAR_P_REALS(lar_clip_params, range, "range", 'r', "", -1e30, 1e30, "value",
                "lowest and highest value"),
    LAR_P_REALS(lar_clip_params, percentiles, "percentiles", 'p', "", 0, 100, "percent",
                "or the values at these two percentiles of the image"),
    LAR_P_END,
};

lar_clip_params lar_clip_default(void)
{
    lar_clip_params params;
    lar_param_defaults(lar_clip_table, &params);
    return params;
}

lar_status lar_clip_curve(lar_curve *out, const lar_image *in, const lar_image *mask,
                          const lar_clip_params *p)
{
    double ends[2] = { p->range.at[0], p->range.at[1] };
    if ((p->range.count > 0) == (p->percentiles.count > 0)) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT, p->range.count ? "a range and percentiles exclude each other"
                                                   : "the values to clip at are missing");
        return lar_hint(status, "a range of values, or percentiles such as 1 and 99");
    }
    if (p->percentiles.count) {
        const lar_status status = lar_percentile_ends(ends, in, mask, &p->percentiles);
        if (status != LAR_OK) return status;
    } else if (p->range.count != 2) {
        return lar_fail(LAR_EARGUMENT, "a range is two numbers, not %lld",
                        (long long)p->range.count);
    } else if (mask) {
        return lar_fail(LAR_EARGUMENT, "a mask is where percentiles are taken; a range needs none");
    }
    if (!(ends[0] < ends[1]))
        return lar_fail(LAR_EARGUMENT, "the range from %.9g to %.9g holds no value", ends[0],
                        ends[1]);
    *out = (lar_curve){
        .count = 2, .from = { ends[0], ends[1] }, .to = { ends[0], ends[1] }, .clips = true
    };
    return LAR_OK;
}

typedef struct clipping {
    const lar_image *in;
    lar_image *out;
    double low, high;
    int64_t *not_finite; /* per piece */
} clipping;

static lar_status clip_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const clipping *job = arg;
    const int64_t *size = job->in->grid.size;
    const double low = job->low, high = job->high;
    double row[CHUNK];
    int64_t not_finite = 0;
    for (int64_t r = begin; r < end; r++) {
        const int64_t j = r % size[1], k = r / size[1] % size[2], c = r / (size[1] * size[2]);
        for (int64_t i = 0; i < size[0]; i += CHUNK) {
            const int64_t count = size[0] - i < CHUNK ? size[0] - i : CHUNK;
            lar_image_load(row, job->in, i, j, k, c, count);
            for (int64_t n = 0; n < count; n++) {
                const double value = row[n];
                not_finite += !(fabs(value) <= DBL_MAX);
                const double floor_at = value > low ? value : low;
                row[n] = floor_at < high ? floor_at : high;
            }
            lar_image_store(job->out, i, j, k, c, row, count);
        }
    }
    job->not_finite[piece] = not_finite;
    return LAR_OK;
}

lar_status lar_clip(lar_image **out, const lar_image *in, const lar_image *mask,
                    const lar_clip_params *params)
{
    lar_status status = LAR_OK;
    lar_curve curve;
    lar_image *result = NULL;
    int64_t *not_finite = NULL, bad = 0;
    const int64_t rows = in->grid.size[1] * in->grid.size[2] * in->channels;
    const int64_t pieces = lar_piece_count(rows, ROWS);

    *out = NULL;
    LAR_TRY(lar_clip_curve(&curve, in, mask, params));
    const double low = curve.from[0], high = curve.from[1];
    lar_type type = in->type;
    unsigned char voxel[8];
    if (lar_type_store(voxel, type, low) != LAR_OK || lar_type_store(voxel, type, high) != LAR_OK)
        type = LAR_F32;
    LAR_TRY(lar_image_like(&result, in, type));
    not_finite = lar_alloc(pieces, sizeof *not_finite);
    if (!not_finite) {
        status = LAR_EMEMORY;
        goto done;
    }
    clipping job = { .in = in, .out = result, .low = low, .high = high, .not_finite = not_finite };
    LAR_TRY(lar_parallel(rows, ROWS, clip_rows, &job));
    for (int64_t n = 0; n < pieces; n++) bad += not_finite[n];
    if (bad) {
        status = lar_fail(LAR_ENUMERIC, "%lld of %lld voxels are not finite", (long long)bad,
                          (long long)(lar_image_voxel_count(in) * in->channels));
        lar_hint(status, "larmor info --voxels");
        goto done;
    }
    *out = result;
    result = NULL;
done:
    lar_free(not_finite);
    lar_image_free(result);
    return status;
}
