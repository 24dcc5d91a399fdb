/* Sampling voxel by voxel: grids at an angle to each other, and nearest neighbours of any type.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/resample_parts.h"
#include "math/math.h"

enum { ROWS = 16 }; /* output rows of a piece */

/* A point between two voxels goes to the upper one, also where rounding put it a little below. */
#define TIE 1e-6

typedef struct sampling {
    float *out;
    const int64_t *size; /* of the output */
    const float *volume;
    const int64_t *volume_size;
    const lar_affine *map;
    float pad;
} sampling;

static bool is_inside(const double at[3], const int64_t size[3])
{
    for (int r = 0; r < 3; r++)
        if (!(at[r] >= -LAR_EDGE && at[r] <= (double)size[r] - 1 + LAR_EDGE)) return false;
    return true;
}

/* The value at a point inside, from taps^3 samples; `taps` is a constant where this is inlined. */
static inline float sample_at(const sampling *job, const double at[3], int taps)
{
    int64_t index[3][4];
    float weight[3][4], sum[4] = { 0 };
    bool within = true;
    for (int r = 0; r < 3; r++) {
        const int64_t size = job->volume_size[r];
        const int64_t below = (int64_t)(at[r] + 1) - 1; /* floor: at > -1 */
        const int64_t first = below - (taps == 4);
        const float t = (float)(at[r] - (double)below), u = 1 - t;
        if (taps == 4) {
            weight[r][0] = u * u * u * (1 / 6.0F);
            weight[r][1] = (4 - 3 * t * t * (2 - t)) * (1 / 6.0F);
            weight[r][2] = (4 - 3 * u * u * (2 - u)) * (1 / 6.0F);
            weight[r][3] = t * t * t * (1 / 6.0F);
        } else {
            weight[r][0] = u;
            weight[r][1] = t;
        }
        const bool fits = first >= 0 && first + taps <= size;
        for (int n = 0; n < taps; n++) index[r][n] = fits ? first + n : lar_mirror(first + n, size);
        within = within && (r > 0 || fits);
    }
    const int64_t row = job->volume_size[0], plane = row * job->volume_size[1];
    for (int c = 0; c < taps; c++)
        for (int b = 0; b < taps; b++) {
            const float w = weight[2][c] * weight[1][b];
            const float *from = job->volume + index[2][c] * plane + index[1][b] * row;
            if (within) {
                from += index[0][0];
                for (int a = 0; a < taps; a++) sum[a] += w * from[a];
            } else {
                for (int a = 0; a < taps; a++) sum[a] += w * from[index[0][a]];
            }
        }
    float value = 0;
    for (int a = 0; a < taps; a++) value += weight[0][a] * sum[a];
    return value;
}

static inline lar_status sample_rows(const sampling *job, int64_t begin, int64_t end, int taps)
{
    const int64_t width = job->size[0], height = job->size[1];
    const double(*m)[4] = job->map->m;
    for (int64_t row = begin; row < end; row++) {
        const double start[3] = { 0, (double)(row % height), (double)(row / height) };
        double from[3];
        lar_affine_point(job->map, start, from);
        float *out = job->out + row * width;
        for (int64_t i = 0; i < width; i++) {
            double at[3];
            for (int r = 0; r < 3; r++) at[r] = from[r] + m[r][0] * (double)i;
            out[i] = is_inside(at, job->volume_size) ? sample_at(job, at, taps) : job->pad;
        }
    }
    return LAR_OK;
}

static lar_status sample_linear(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    return sample_rows(arg, begin, end, 2);
}

static lar_status sample_cubic(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    return sample_rows(arg, begin, end, 4);
}

lar_status lar_sample_oblique(float *out, const int64_t size[3], const float *volume,
                              const int64_t volume_size[3], const lar_affine *map,
                              int interpolation, float pad)
{
    sampling job = { .out = out,
                     .size = size,
                     .volume = volume,
                     .volume_size = volume_size,
                     .map = map,
                     .pad = pad };
    return lar_parallel(size[1] * size[2], ROWS,
                        interpolation == LAR_LINEAR ? sample_linear : sample_cubic, &job);
}

typedef struct picking {
    lar_image *out;
    const lar_image *in;
    const lar_affine *map;
    const void *pad;
} picking;

static lar_status pick_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const picking *job = arg;
    const lar_image *in = job->in;
    const int64_t *size = job->out->grid.size, *stride = in->stride;
    const size_t bytes = lar_type_size(in->type);
    const double(*m)[4] = job->map->m;
    for (int64_t row = begin; row < end; row++) {
        const int64_t j = row % size[1], k = row / size[1] % size[2], c = row / (size[1] * size[2]);
        const double start[3] = { 0, (double)j, (double)k };
        double from[3];
        lar_affine_point(job->map, start, from);
        char *out = (char *)job->out->voxels + (size_t)(row * size[0]) * bytes;
        for (int64_t i = 0; i < size[0]; i++, out += bytes) {
            double at[3];
            for (int r = 0; r < 3; r++) at[r] = from[r] + m[r][0] * (double)i;
            const void *voxel = job->pad;
            if (is_inside(at, in->grid.size)) {
                int64_t offset = c * stride[3];
                for (int r = 0; r < 3; r++) {
                    const int64_t nearest = (int64_t)(at[r] + 0.5 + TIE),
                                  last = in->grid.size[r] - 1;
                    offset += (nearest < last ? nearest : last) * stride[r];
                }
                voxel = (const char *)in->voxels + offset * (int64_t)bytes;
            }
            switch (bytes) { /* constant sizes: each is one move */
            case 1:
                memcpy(out, voxel, 1);
                break;
            case 2:
                memcpy(out, voxel, 2);
                break;
            case 4:
                memcpy(out, voxel, 4);
                break;
            default:
                memcpy(out, voxel, 8);
            }
        }
    }
    return LAR_OK;
}

lar_status lar_sample_nearest(lar_image *out, const lar_image *in, const lar_affine *map,
                              const void *pad)
{
    picking job = { .out = out, .in = in, .map = map, .pad = pad };
    return lar_parallel(out->grid.size[1] * out->grid.size[2] * out->channels, ROWS, pick_rows,
                        &job);
}
