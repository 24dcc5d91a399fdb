/* A row of places in a volume, and its values there, linear between voxels.
 * SPDX-License-Identifier: Apache-2.0 */
#include "augment/augment_parts.h"

/* A place up to half a voxel outside the outermost centres is inside the field of view, as
 * resampling has it. */
#define EDGE (0.5 + 1e-4)

LAR_CLONES static void find_axis(const double *restrict at, int64_t count, int64_t size,
                                 int64_t step, int32_t *restrict below, float *restrict above,
                                 int32_t *restrict inside)
{
    const double last = (double)(size - 1), high = last + EDGE;
    const int32_t most = size > 1 ? (int32_t)size - 2 : 0, stride = (int32_t)step;
    for (int64_t n = 0; n < count; n++) {
        double x = at[n];
        inside[n] &= (x >= -EDGE) & (x <= high);
        x = x > 0 ? x : 0; /* what is no number as well */
        x = x > last ? last : x;
        int32_t whole = (int32_t)x;
        whole = whole > most ? most : whole; /* the last voxel is the upper one of its pair */
        above[n] = (float)(x - (double)whole);
        below[n] += whole * stride;
    }
}

void lar_row_find(lar_row *row, const int64_t volume[3])
{
    int64_t step = 1;
    for (int64_t n = 0; n < row->count; n++) {
        row->below[n] = 0;
        row->inside[n] = 1;
    }
    for (int a = 0; a < 3; a++) {
        find_axis(row->at[a], row->count, volume[a], step, row->below, row->above[a], row->inside);
        step *= volume[a];
    }
}

enum { PIECE = 64, PAIRS = 4 };

/* The eight voxels around each place as four pairs along i: eight bytes are one move. */
static inline void fetch(float pairs[PAIRS][2 * PIECE], const float *volume, const int32_t *below,
                         int64_t count, const int64_t step[3])
{
    for (int64_t n = 0; n < count; n++) {
        const float *at = volume + below[n];
        memcpy(&pairs[0][2 * n], at, 2 * sizeof *at);
        memcpy(&pairs[1][2 * n], at + step[1], 2 * sizeof *at);
        memcpy(&pairs[2][2 * n], at + step[2], 2 * sizeof *at);
        memcpy(&pairs[3][2 * n], at + step[1] + step[2], 2 * sizeof *at);
    }
}

/* The same of a volume of one voxel along i. */
static void fetch_single(float pairs[PAIRS][2 * PIECE], const float *volume, const int32_t *below,
                         int64_t count, const int64_t step[3])
{
    for (int64_t n = 0; n < count; n++)
        for (int c = 0; c < PAIRS; c++)
            pairs[c][2 * n] = pairs[c][2 * n + 1] =
                volume[below[n] + (c & 1) * step[1] + (c >> 1) * step[2]];
}

/* Both weights are there, so that a whole position gives the voxel's own bits. */
static inline float mix(float a, float b, float f)
{
    return a * (1 - f) + b * f;
}

LAR_CLONES static void blend(float *restrict out, float pairs[PAIRS][2 * PIECE],
                             const float *restrict x, const float *restrict y,
                             const float *restrict z, const int32_t *restrict inside, int64_t count,
                             float outside)
{
    for (int64_t n = 0; n < count; n++) {
        const float near = mix(mix(pairs[0][2 * n], pairs[0][2 * n + 1], x[n]),
                               mix(pairs[1][2 * n], pairs[1][2 * n + 1], x[n]), y[n]);
        const float far = mix(mix(pairs[2][2 * n], pairs[2][2 * n + 1], x[n]),
                              mix(pairs[3][2 * n], pairs[3][2 * n + 1], x[n]), y[n]);
        const float value = mix(near, far, z[n]);
        out[n] = inside[n] ? value : outside;
    }
}

void lar_row_sample(float *out, const lar_row *row, const float *volume, const int64_t size[3],
                    float outside)
{
    float pairs[PAIRS][2 * PIECE];
    const int64_t step[3] = { 1, size[1] > 1 ? size[0] : 0, size[2] > 1 ? size[0] * size[1] : 0 };
    for (int64_t n = 0; n < row->count; n += PIECE) {
        const int64_t count = row->count - n < PIECE ? row->count - n : PIECE;
        if (size[0] > 1)
            fetch(pairs, volume, row->below + n, count, step);
        else
            fetch_single(pairs, volume, row->below + n, count, step);
        blend(out + n, pairs, row->above[0] + n, row->above[1] + n, row->above[2] + n,
              row->inside + n, count, outside);
    }
}
