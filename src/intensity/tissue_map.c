/* How much of each tissue every voxel of a T1 is: the memberships of fuzzy c-means, as an image for
 * the other scans of the same head.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "image/image.h"
#include "intensity/intensity.h"
#include "intensity/tissue.h"

enum { CHUNK = 512, ROWS = 64 }; /* voxels of a row at a time; rows of a piece */

typedef struct mapping {
    const lar_image *t1, *mask;
    lar_image *out;
    const double *centres;
} mapping;

static lar_status map_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const mapping *job = arg;
    const int64_t *size = job->t1->grid.size, plane = size[0] * size[1] * size[2];
    float room[CHUNK];
    uint8_t mask_room[CHUNK];
    for (int64_t r = begin; r < end; r++) {
        const int64_t j = r % size[1], k = r / size[1];
        float *out = (float *)job->out->voxels + r * size[0];
        for (int64_t i = 0; i < size[0]; i += CHUNK) {
            const int64_t count = size[0] - i < CHUNK ? size[0] - i : CHUNK;
            const float *row = lar_row_floats(room, job->t1, i, j, k, 0, count);
            const uint8_t *set =
                job->mask ? lar_row_mask(mask_room, job->mask, i, j, k, count) : NULL;
            for (int64_t n = 0; n < count; n++) {
                double shares[3];
                if (set && !set[n]) continue;
                lar_tissues_membership(shares, job->centres, (double)row[n]);
                for (int t = 0; t < 3; t++) out[t * plane + i + n] = (float)shares[t];
            }
        }
    }
    return LAR_OK;
}

lar_status lar_tissue_map(lar_image **out, const lar_image *t1, const lar_image *mask)
{
    lar_status status = LAR_OK;
    lar_sample sample = { 0 };
    lar_tissues tissues;
    lar_image *map = NULL;

    *out = NULL;
    LAR_TRY(lar_sample_take(&sample, t1, mask));
    LAR_TRY(lar_tissues_find(&tissues, &sample));
    LAR_TRY(lar_image_new(&map, &t1->grid, 3, LAR_F32));
    mapping job = { .t1 = t1, .mask = mask, .out = map, .centres = tissues.centres };
    LAR_TRY(lar_parallel(t1->grid.size[1] * t1->grid.size[2], ROWS, map_rows, &job));
    *out = map;
    map = NULL;
done:
    lar_image_free(map);
    lar_sample_clear(&sample);
    return status;
}
