/* Gaussian smoothing, one axis after the other, mirrored at the borders.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "filter/smooth_parts.h"
#include "math/math.h"

/* WIDE: voxels of sigma, from which on lar_smooth_wide() is faster. */
enum { WIDE = 8, RADIUS_MAX = LAR_SMOOTH_REACH * WIDE, PIECE_VOXELS = 1 << 16 };

/* Half of a kernel: weights[0] is the middle. */
typedef struct kernel {
    int64_t radius;
    float weights[RADIUS_MAX + 1];
} kernel;

static kernel kernel_of(double sigma)
{
    kernel k = { 0 };
    double weights[RADIUS_MAX + 1], sum = 0;
    k.radius = (int64_t)ceil(LAR_SMOOTH_REACH * sigma);
    for (int64_t n = 0; n <= k.radius; n++) {
        weights[n] = sigma > 0 ? exp(-0.5 * (double)(n * n) / (sigma * sigma)) : 1;
        sum += n ? 2 * weights[n] : weights[n];
    }
    for (int64_t n = 0; n <= k.radius; n++) k.weights[n] = (float)(weights[n] / sum);
    return k;
}

/* `width` lines side by side: sample n of line w is at[n * step + w]. `copy` holds size * width. */
LAR_CLONES static void smooth_across(float *restrict at, int64_t size, int64_t step, int64_t width,
                                     const kernel *k, float *restrict copy)
{
    for (int64_t n = 0; n < size; n++)
        memcpy(copy + n * width, at + n * step, (size_t)width * sizeof *copy);
    for (int64_t n = 0; n < size; n++) {
        float *restrict row = at + n * step;
        const float *middle = copy + n * width;
        for (int64_t w = 0; w < width; w++) row[w] = k->weights[0] * middle[w];
        for (int64_t t = 1; t <= k->radius; t++) {
            const float *before = copy + lar_mirror(n - t, size) * width;
            const float *after = copy + lar_mirror(n + t, size) * width;
            for (int64_t w = 0; w < width; w++) row[w] += k->weights[t] * (before[w] + after[w]);
        }
    }
}

/* One row along i; `room` holds the row with its mirrored ends. */
LAR_CLONES static void smooth_row(float *restrict row, int64_t size, const kernel *k,
                                  float *restrict room)
{
    float *middle = room + k->radius;
    memcpy(middle, row, (size_t)size * sizeof *row);
    for (int64_t t = 1; t <= k->radius; t++) {
        middle[-t] = row[lar_mirror(-t, size)];
        middle[size - 1 + t] = row[lar_mirror(size - 1 + t, size)];
    }
    for (int64_t i = 0; i < size; i++) row[i] = k->weights[0] * middle[i];
    for (int64_t t = 1; t <= k->radius; t++)
        for (int64_t i = 0; i < size; i++)
            row[i] += k->weights[t] * (middle[i - t] + middle[i + t]);
}

typedef struct smoothing {
    float *voxels;
    const int64_t *size;
    kernel kernels[3];
} smoothing;

static lar_status smooth_slices(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const smoothing *job = arg;
    const int64_t *size = job->size, plane = size[0] * size[1];
    float *room = lar_alloc_raw(plane + 2 * RADIUS_MAX, sizeof *room);
    if (!room) return LAR_EMEMORY;
    for (int64_t k = begin; k < end; k++) {
        float *slice = job->voxels + k * plane;
        for (int64_t j = 0; job->kernels[0].radius > 0 && j < size[1]; j++)
            smooth_row(slice + j * size[0], size[0], &job->kernels[0], room);
        if (job->kernels[1].radius > 0)
            smooth_across(slice, size[1], size[0], size[0], &job->kernels[1], room);
    }
    lar_free(room);
    return LAR_OK;
}

static lar_status smooth_columns(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const smoothing *job = arg;
    const int64_t *size = job->size;
    float *room = lar_alloc_raw(size[0] * size[2], sizeof *room);
    if (!room) return LAR_EMEMORY;
    for (int64_t j = begin; j < end; j++)
        smooth_across(job->voxels + j * size[0], size[2], size[0] * size[1], size[0],
                      &job->kernels[2], room);
    lar_free(room);
    return LAR_OK;
}

lar_status lar_smooth_narrow(float *voxels, const int64_t size[3], const double sigma[3])
{
    lar_status status = LAR_OK;
    smoothing job = { .voxels = voxels, .size = size };
    for (int a = 0; a < 3; a++) job.kernels[a] = kernel_of(sigma[a]);
    if (job.kernels[0].radius + job.kernels[1].radius > 0)
        LAR_TRY(lar_parallel(size[2], 1 + PIECE_VOXELS / (size[0] * size[1]), smooth_slices, &job));
    if (job.kernels[2].radius > 0)
        LAR_TRY(
            lar_parallel(size[1], 1 + PIECE_VOXELS / (size[0] * size[2]), smooth_columns, &job));
done:
    return status;
}

lar_status lar_smooth_voxels(float *voxels, const int64_t size[3], const double sigma[3])
{
    double asked[3];
    bool wide[3];
    for (int a = 0; a < 3; a++) {
        asked[a] = size[a] > 1 && sigma[a] > 0.1 ? sigma[a] : 0;
        wide[a] = asked[a] >= WIDE;
    }
    if (wide[0] || wide[1] || wide[2]) return lar_smooth_wide(voxels, size, asked, wide);
    return lar_smooth_narrow(voxels, size, asked);
}
