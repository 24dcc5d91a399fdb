/* Sampling voxel by voxel, wherever the voxels lie: grids at an angle to each other, displacement
 * fields, and nearest neighbours of any type.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "filter/resample_parts.h"
#include "math/math.h"

/* A point between two voxels goes to the upper one, also where rounding put it a little below. */
#define TIE 1e-6

/* Weights of the sinc in steps of 1 / SINC_STEPS: linear between them they are good to 1e-7. */
enum { SINC_STEPS = 2048 };

typedef struct sampling {
    float *out;
    const int64_t *size; /* of the output */
    const float *volume;
    const lar_place *place;
    const float *sinc; /* (SINC_STEPS + 1, LAR_SINC_TAPS), or NULL */
    float pad;
    char *seen;
} sampling;

static inline void weigh(float *weight, float t, int taps, const float *sinc)
{
    const float u = 1 - t;
    if (taps == LAR_SINC_TAPS) {
        const float at = t * SINC_STEPS;
        const int64_t below = at < SINC_STEPS ? (int64_t)at : SINC_STEPS - 1;
        const float over = at - (float)below, *low = sinc + below * LAR_SINC_TAPS;
        for (int n = 0; n < LAR_SINC_TAPS; n++)
            weight[n] = low[n] + over * (low[n + LAR_SINC_TAPS] - low[n]);
    } else if (taps == 4) {
        weight[0] = u * u * u * (1 / 6.0F);
        weight[1] = (4 - 3 * t * t * (2 - t)) * (1 / 6.0F);
        weight[2] = (4 - 3 * u * u * (2 - u)) * (1 / 6.0F);
        weight[3] = t * t * t * (1 / 6.0F);
    } else {
        weight[0] = u;
        weight[1] = t;
    }
}

/* The value at a point inside, from taps^3 samples; `taps` is a constant where this is inlined. */
static inline float sample_at(const sampling *job, const double at[3], int taps)
{
    const int64_t *size = job->place->size, row = size[0], plane = row * size[1];
    int64_t first[3];
    float weight[3][LAR_SINC_TAPS], sum[LAR_SINC_TAPS] = { 0 };
    bool within = true;
    for (int r = 0; r < 3; r++) {
        const int64_t below = (int64_t)(at[r] + 1) - 1; /* floor: at > -1 */
        first[r] = below - (taps / 2 - 1);
        weigh(weight[r], (float)(at[r] - (double)below), taps, job->sinc);
        within = within && first[r] >= 0 && first[r] + taps <= size[r];
    }
    if (within) {
        const float *corner = job->volume + first[2] * plane + first[1] * row + first[0];
        for (int c = 0; c < taps; c++)
            for (int b = 0; b < taps; b++) {
                const float w = weight[2][c] * weight[1][b], *from = corner + c * plane + b * row;
                for (int a = 0; a < taps; a++) sum[a] += w * from[a];
            }
    } else {
        int64_t index[3][LAR_SINC_TAPS];
        for (int r = 0; r < 3; r++)
            for (int n = 0; n < taps; n++) index[r][n] = lar_mirror(first[r] + n, size[r]);
        for (int c = 0; c < taps; c++)
            for (int b = 0; b < taps; b++) {
                const float w = weight[2][c] * weight[1][b];
                const float *from = job->volume + index[2][c] * plane + index[1][b] * row;
                for (int a = 0; a < taps; a++) sum[a] += w * from[index[0][a]];
            }
    }
    float value = 0;
    for (int a = 0; a < taps; a++) value += weight[0][a] * sum[a];
    return value;
}

static inline lar_status sample_rows(const sampling *job, int64_t piece, int64_t begin, int64_t end,
                                     int taps)
{
    const int64_t width = job->size[0], height = job->size[1];
    double at[3][LAR_PLACES];
    for (int64_t row = begin; row < end; row++)
        for (int64_t i = 0; i < width; i += LAR_PLACES) {
            const int64_t count = width - i < LAR_PLACES ? width - i : LAR_PLACES;
            float *out = job->out + row * width + i;
            if (lar_place_row(job->place, i, row % height, row / height, count, at))
                job->seen[piece] = 1;
            for (int64_t n = 0; n < count; n++) {
                const double point[3] = { at[0][n], at[1][n], at[2][n] };
                out[n] = lar_place_inside(point[0], point[1], point[2], job->place->size)
                             ? sample_at(job, point, taps)
                             : job->pad;
            }
        }
    return LAR_OK;
}

LAR_CLONES static lar_status sample_linear(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    return sample_rows(arg, piece, begin, end, 2);
}

LAR_CLONES static lar_status sample_cubic(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    return sample_rows(arg, piece, begin, end, 4);
}

LAR_CLONES static lar_status sample_sinc(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    return sample_rows(arg, piece, begin, end, LAR_SINC_TAPS);
}

static float *sinc_table(void)
{
    float *table = lar_alloc_raw((SINC_STEPS + 1) * LAR_SINC_TAPS, sizeof *table);
    if (!table) return NULL;
    for (int n = 0; n <= SINC_STEPS; n++) {
        double weights[LAR_SINC_TAPS];
        lar_sinc_weights(weights, (double)n / SINC_STEPS);
        for (int t = 0; t < LAR_SINC_TAPS; t++) table[n * LAR_SINC_TAPS + t] = (float)weights[t];
    }
    return table;
}

lar_status lar_sample_anywhere(float *out, const int64_t size[3], const float *volume,
                               const lar_place *place, int interpolation, float pad, char *seen)
{
    float *sinc = interpolation == LAR_SINC ? sinc_table() : NULL;
    if (interpolation == LAR_SINC && !sinc) return LAR_EMEMORY;
    sampling job = { .out = out,
                     .size = size,
                     .volume = volume,
                     .place = place,
                     .sinc = sinc,
                     .pad = pad,
                     .seen = seen };
    const lar_status status = lar_parallel(size[1] * size[2], LAR_PLACE_ROWS,
                                           interpolation == LAR_LINEAR ? sample_linear
                                           : sinc                      ? sample_sinc
                                                                       : sample_cubic,
                                           &job);
    lar_free(sinc);
    return status;
}

typedef struct picking {
    lar_image *out;
    const lar_image *in;
    const lar_place *place;
    const void *pad;
    char *seen;
} picking;

static lar_status pick_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const picking *job = arg;
    const lar_image *in = job->in;
    const int64_t *size = job->out->grid.size, *stride = in->stride;
    const size_t bytes = lar_type_size(in->type);
    double at[3][LAR_PLACES];
    for (int64_t row = begin; row < end; row++) {
        const int64_t j = row % size[1], k = row / size[1] % size[2], c = row / (size[1] * size[2]);
        char *out = (char *)job->out->voxels + (size_t)(row * size[0]) * bytes;
        for (int64_t i = 0; i < size[0]; i++, out += bytes) {
            const int64_t n = i % LAR_PLACES, left = size[0] - i;
            if (n == 0 &&
                lar_place_row(job->place, i, j, k, left < LAR_PLACES ? left : LAR_PLACES, at))
                job->seen[piece] = 1;
            const void *voxel = job->pad;
            if (lar_place_inside(at[0][n], at[1][n], at[2][n], in->grid.size)) {
                int64_t offset = c * stride[3];
                for (int r = 0; r < 3; r++) {
                    const int64_t nearest = (int64_t)(at[r][n] + 0.5 + TIE),
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

lar_status lar_sample_nearest(lar_image *out, const lar_image *in, const lar_place *place,
                              const void *pad, char *seen)
{
    picking job = { .out = out, .in = in, .place = place, .pad = pad, .seen = seen };
    return lar_parallel(out->grid.size[1] * out->grid.size[2] * out->channels, LAR_PLACE_ROWS,
                        pick_rows, &job);
}
