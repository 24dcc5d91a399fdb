/* The mean of an image under a map of one tissue.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "image/image.h"
#include "intensity/tissue.h"

enum { CHUNK = 512, ROWS = 64 }; /* voxels of a row at a time; rows of a piece */

typedef struct weighing {
    const lar_image *image, *mask, *map;
    int64_t channel; /* of the map */
    double label;    /* above 0: voxels of this label weigh 1 */
    double *weights, *sums;
    int64_t *broken; /* voxels under the map that are not finite; per piece, as all of these */
} weighing;

static lar_status weigh_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const weighing *job = arg;
    const int64_t *size = job->image->grid.size;
    float room[CHUNK], map_room[CHUNK];
    uint8_t mask_room[CHUNK];
    double weights = 0, sums = 0;
    int64_t broken = 0;
    for (int64_t r = begin; r < end; r++) {
        const int64_t j = r % size[1], k = r / size[1];
        for (int64_t i = 0; i < size[0]; i += CHUNK) {
            const int64_t count = size[0] - i < CHUNK ? size[0] - i : CHUNK;
            const float *map = lar_row_floats(map_room, job->map, i, j, k, job->channel, count);
            const float *row = lar_row_floats(room, job->image, i, j, k, 0, count);
            const uint8_t *set =
                job->mask ? lar_row_mask(mask_room, job->mask, i, j, k, count) : NULL;
            for (int64_t n = 0; n < count; n++) {
                const double value = (double)map[n];
                const double weight = job->label > 0 ? value == job->label : value;
                if (weight == 0 || (set && !set[n])) continue;
                broken += !isfinite(row[n]);
                weights += weight;
                sums += weight * (double)row[n];
            }
        }
    }
    job->weights[piece] = weights;
    job->sums[piece] = sums;
    job->broken[piece] = broken;
    return LAR_OK;
}

/* What kind of map it is. */
static lar_status understand(weighing *job, int tissue)
{
    lar_range range;
    const lar_image *map = job->map;
    lar_status status = lar_image_range(&range, map);
    if (status != LAR_OK) return status;
    if (map->channels != 1 && map->channels != 3)
        return lar_fail(LAR_EARGUMENT,
                        "the map of a tissue has %lld volumes, and one or three "
                        "are expected",
                        (long long)map->channels);
    job->channel = map->channels == 3 ? tissue : 0;
    if (map->channels == 1 && range.low == 0 && (range.high == 2 || range.high == 3) &&
        map->type != LAR_F32 && map->type != LAR_F64)
        job->label = tissue + 1;
    else if (range.not_finite || range.low < 0 || range.high > 1.001) {
        lar_fail(LAR_EARGUMENT,
                 "the map of a tissue holds values from %.9g to %.9g%s, and memberships from 0 to "
                 "1 are expected",
                 range.low, range.high, range.not_finite ? " and some that are not finite" : "");
        return lar_hint(LAR_EARGUMENT, "larmor tissue T1 -o TISSUE");
    }
    return LAR_OK;
}

lar_status lar_tissue_mean(double *out, const lar_image *image, const lar_image *mask,
                           const lar_image *map, int tissue)
{
    lar_status status = LAR_OK;
    const int64_t rows = image->grid.size[1] * image->grid.size[2];
    const int64_t pieces = lar_piece_count(rows, ROWS);
    double *sums = lar_alloc(2 * pieces, sizeof *sums);
    int64_t *broken = lar_alloc(pieces, sizeof *broken), total = 0;
    weighing job = { image, mask, map, 0, 0, sums, sums + pieces, broken };

    if (!sums || !broken) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(understand(&job, tissue));
    LAR_TRY(lar_parallel(rows, ROWS, weigh_rows, &job));
    for (int64_t p = 0; p < pieces; p++) total += broken[p];
    if (total > 0) {
        status =
            lar_fail(LAR_ENUMERIC, "%lld voxels of the tissue are not finite", (long long)total);
        goto done;
    }
    const double weight = lar_sum_pairs(job.weights, pieces);
    if (!(weight > 0)) {
        status = lar_fail(LAR_ENUMERIC, "the map holds nothing of the tissue%s",
                          mask ? " within the mask" : "");
        goto done;
    }
    *out = lar_sum_pairs(job.sums, pieces) / weight;
done:
    lar_free(sums);
    lar_free(broken);
    return status;
}
