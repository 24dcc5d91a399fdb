/* How a displacement field changes volumes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "image/image.h"
#include "math/math.h"

typedef struct deriving {
    const float *vectors; /* three volumes */
    float *out;
    const int64_t *size;
    lar_affine to_voxel;
} deriving;

/* d / d axis of a volume at a voxel: central, one-sided at the ends; none of a single one. */
static inline double slope(const float *u, int64_t at, int64_t n, int64_t size, int64_t step)
{
    const int64_t before = n > 0 ? at - step : at, after = n + 1 < size ? at + step : at;
    if (before == after) return 0;
    return (double)(u[after] - u[before]) / (double)((n > 0) + (n + 1 < size));
}

static lar_status derive_slices(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const deriving *job = arg;
    const int64_t *size = job->size, row = size[0], plane = row * size[1], count = plane * size[2];
    const int64_t step[3] = { 1, row, plane };
    for (int64_t v = begin * plane; v < end * plane; v++) {
        const int64_t at[3] = { v % row, v / row % size[1], v / plane };
        lar_affine m = { 0 };
        for (int r = 0; r < 3; r++) {
            double along[3]; /* per voxel */
            for (int c = 0; c < 3; c++)
                along[c] = slope(job->vectors + r * count, v, at[c], size[c], step[c]);
            for (int c = 0; c < 3; c++) {
                m.m[r][c] = r == c;
                for (int k = 0; k < 3; k++) m.m[r][c] += along[k] * job->to_voxel.m[k][c];
            }
        }
        job->out[v] = (float)lar_affine_determinant(&m);
    }
    return LAR_OK;
}

lar_status lar_field_jacobian(lar_image **out, const lar_image *displacement_mm)
{
    lar_status status = LAR_OK;
    lar_image *floats = NULL, *result = NULL;
    const lar_grid *grid = &displacement_mm->grid;
    deriving job = { .size = grid->size };
    *out = NULL;
    if (displacement_mm->channels != 3)
        return lar_fail(LAR_EARGUMENT, "a displacement field has 3 channels, along x y z, not %lld",
                        (long long)displacement_mm->channels);
    if (!lar_affine_invert(&job.to_voxel, &grid->to_world))
        return lar_fail(LAR_EGEOMETRY, "the field's grid has no extent along some direction");
    LAR_TRY(lar_image_to_type(&floats, displacement_mm, LAR_F32));
    LAR_TRY(lar_image_new(&result, grid, 1, LAR_F32));
    job.vectors = floats->voxels;
    job.out = result->voxels;
    LAR_TRY(lar_parallel(grid->size[2], 1, derive_slices, &job));
    *out = result;
    result = NULL;
done:
    lar_image_free(result);
    lar_image_free(floats);
    return status;
}
