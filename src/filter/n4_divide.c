/* The last step of N4: the field at every voxel, and the image divided by it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/n4_parts.h"
#include "image/image.h"
#include "math/math.h"

typedef struct dividing {
    lar_image *out, *field; /* field: NULL where it is not wanted */
    const lar_image *in, *kept;
    const lar_n4_taps *taps;
    const float *rows;
    int64_t points; /* along y */
} dividing;

LAR_CLONES
static void divide_row(float *restrict out, float *restrict field, const double *restrict in,
                       const float *restrict a, int64_t width, const float *w, int64_t count)
{
    const float *restrict b = a + width, *restrict c = b + width, *restrict d = c + width;
    for (int64_t i = 0; i < count; i++) {
        const float value = lar_exp_of((w[0] * a[i] + w[1] * b[i]) + (w[2] * c[i] + w[3] * d[i]));
        field[i] = value;
        out[i] = (float)in[i] / value;
    }
}

static lar_status divide_planes(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const dividing *job = arg;
    const int64_t *size = job->in->grid.size, width = job->taps[0].width;
    double *row = lar_alloc_raw(2 * size[0], sizeof *row), *kept = row + size[0];
    float *plane = lar_alloc_raw(job->points * width, sizeof *plane);
    float *values = lar_alloc_raw(size[0], sizeof *values);
    const bool made = row && plane && values;
    for (int64_t k = begin; made && k < end; k++) {
        lar_n4_spread_plane(plane, job->rows, job->points * width, &job->taps[2], k);
        for (int64_t j = 0; j < size[1]; j++) {
            const int64_t at = (k * size[1] + j) * size[0];
            float *out = (float *)job->out->voxels + at;
            lar_image_load(row, job->in, 0, j, k, 0, size[0]);
            divide_row(out, job->field ? (float *)job->field->voxels + at : values, row,
                       plane + job->taps[1].first[j] * width, width, job->taps[1].weights + 4 * j,
                       size[0]);
            if (!job->kept) continue;
            lar_image_load(kept, job->kept, 0, j, k, 0, size[0]);
            for (int64_t i = 0; i < size[0]; i++)
                if (kept[i] == 0) out[i] = (float)row[i];
        }
    }
    lar_free(values);
    lar_free(plane);
    lar_free(row);
    return made ? LAR_OK : LAR_EMEMORY;
}

lar_status lar_n4_divide(lar_image *out, lar_image *field, const lar_image *in,
                         const lar_image *kept, const lar_n4_lattice *lattice,
                         const lar_n4_axis axes[3])
{
    lar_status status = LAR_OK;
    lar_n4_taps taps[3] = { { 0 } };
    float *rows = NULL;
    for (int a = 0; a < 3; a++)
        LAR_TRY(lar_n4_taps_init(&taps[a], axes[a].voxel_places, axes[a].voxels, axes[a].mesh,
                                 lattice->pieces[a], axes[a].voxel_rim, LAR_N4_VALUE));
    rows = lar_alloc(lattice->size[2] * lattice->size[1] * taps[0].width, sizeof *rows);
    if (!rows) {
        status = LAR_EMEMORY;
        goto done;
    }
    lar_n4_spread_rows(rows, lattice, &taps[0]);
    dividing job = { .out = out,
                     .field = field,
                     .in = in,
                     .kept = kept,
                     .taps = taps,
                     .rows = rows,
                     .points = lattice->size[1] };
    status = lar_parallel(in->grid.size[2], 1 + in->grid.size[2] / 64, divide_planes, &job);
done:
    lar_free(rows);
    for (int a = 0; a < 3; a++) lar_n4_taps_clear(&taps[a]);
    return status;
}
