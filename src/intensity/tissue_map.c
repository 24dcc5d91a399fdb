/* Maps of the three tissues that fuzzy c-means finds.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"
#include "intensity/intensity.h"
#include "intensity/tissue.h"

enum { CHUNK = 512, ROWS = 64 }; /* voxels of a row at a time; rows of a piece */

typedef struct mapping {
    const lar_image *image, *mask;
    double centres[3];
    uint8_t *labels;    /* NULL: not wanted */
    float *memberships; /* of three volumes; NULL: not wanted */
    int64_t *counts;    /* of each label; 3 per piece */
} mapping;

static lar_status map_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const mapping *job = arg;
    const int64_t *size = job->image->grid.size, volume = size[0] * size[1] * size[2];
    float room[CHUNK];
    uint8_t mask_room[CHUNK];
    for (int64_t r = begin; r < end; r++) {
        const int64_t j = r % size[1], k = r / size[1];
        for (int64_t i = 0; i < size[0]; i += CHUNK) {
            const int64_t count = size[0] - i < CHUNK ? size[0] - i : CHUNK;
            const float *row = lar_row_floats(room, job->image, i, j, k, 0, count);
            const uint8_t *set =
                job->mask ? lar_row_mask(mask_room, job->mask, i, j, k, count) : NULL;
            for (int64_t n = 0; n < count; n++) {
                double shares[3];
                if (set && !set[n]) continue;
                const int64_t at = r * size[0] + i + n;
                lar_tissues_membership(shares, job->centres, (double)row[n]);
                int most = shares[1] > shares[0];
                if (shares[2] > shares[most]) most = 2;
                if (job->labels) job->labels[at] = (uint8_t)(most + 1);
                job->counts[3 * piece + most]++;
                for (int t = 0; job->memberships && t < 3; t++)
                    job->memberships[t * volume + at] = (float)shares[t];
            }
        }
    }
    return LAR_OK;
}

static void tell(lar_tissue_report *out, const lar_tissues *tissues, const mapping *job,
                 int64_t pieces)
{
    double spacing[3];
    lar_grid_spacing(&job->image->grid, spacing);
    const double voxel_ml = spacing[0] * spacing[1] * spacing[2] / 1000;
    for (int t = 0; t < 3; t++) {
        int64_t count = 0;
        for (int64_t p = 0; p < pieces; p++) count += job->counts[3 * p + t];
        out->centres[t] = tissues->centres[t];
        out->means[t] = tissues->means[t];
        out->millilitres[t] = (double)count * voxel_ml;
    }
}

/* Of one volume; mask: NULL for every voxel; each of the first three: NULL where not wanted. */
static lar_status map_tissues(lar_image **labels, lar_image **memberships,
                              lar_tissue_report *report, const lar_image *in, const lar_image *mask)
{
    lar_status status = LAR_OK;
    const int64_t rows = in->grid.size[1] * in->grid.size[2], pieces = lar_piece_count(rows, ROWS);
    lar_image *label = NULL, *share = NULL;
    int64_t *counts = lar_alloc(3 * pieces, sizeof *counts);
    lar_sample sample = { 0 };
    lar_tissues tissues;

    if (!counts) return LAR_EMEMORY;
    LAR_TRY(lar_sample_take(&sample, in, mask));
    LAR_TRY(lar_tissues_find(&tissues, &sample));
    if (labels) LAR_TRY(lar_image_new(&label, &in->grid, 1, LAR_U8));
    if (memberships) LAR_TRY(lar_image_new(&share, &in->grid, 3, LAR_F32));
    mapping job = { .image = in,
                    .mask = mask,
                    .labels = label ? label->voxels : NULL,
                    .memberships = share ? share->voxels : NULL,
                    .counts = counts };
    memcpy(job.centres, tissues.centres, sizeof job.centres);
    LAR_TRY(lar_parallel(rows, ROWS, map_rows, &job));
    if (report) tell(report, &tissues, &job, pieces);
    if (labels) *labels = label;
    if (memberships) *memberships = share;
    label = share = NULL;
done:
    lar_image_free(label);
    lar_image_free(share);
    lar_sample_clear(&sample);
    lar_free(counts);
    return status;
}

lar_status lar_tissue_map(lar_image **out, const lar_image *t1, const lar_image *mask)
{
    *out = NULL;
    return map_tissues(NULL, out, NULL, t1, mask);
}

lar_status lar_tissue(lar_image **labels, lar_image **memberships, lar_tissue_report *report,
                      const lar_image *in, const lar_image *mask)
{
    lar_status status = LAR_OK;
    lar_image *own = NULL, *first = NULL;

    *labels = NULL;
    if (memberships) *memberships = NULL;
    LAR_TRY(lar_mask_on_grid(in, mask, "mask"));
    LAR_TRY(lar_image_channel(&first, in, 0));
    if (!mask) LAR_TRY(lar_foreground(&own, first, LAR_FOREGROUND_HEAD));
    LAR_TRY(map_tissues(labels, memberships, report, first, mask ? mask : own));
done:
    lar_image_free(first);
    lar_image_free(own);
    return status;
}
