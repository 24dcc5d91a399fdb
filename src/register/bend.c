/* Displacements on a grid, in voxels of it: images and displacements seen through them, their
 * inverse. Three volumes one after another: along i, j, k.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "register/register_parts.h"

enum { ROWS = 32 };

#define NEAR 2e-3F /* voxels: an inverse so near is one */

typedef struct bending {
    float *out;
    const float *in, *by;
    const int64_t *size;
} bending;

/* Row r of `in` at the places that the displacements `by` (of its row) lead to; channel c of the
 * result is at out[c * apart]. Beyond the outermost centres their values hold (edge), or NaN.
 * `channels` and `edge` are constants where this is inlined. */
static inline void bend_row(float *restrict out, int64_t apart, const float *restrict in,
                            const float *restrict by, const int64_t size[3], int64_t r,
                            int channels, bool edge)
{
    const int64_t count = size[0] * size[1] * size[2];
    const int32_t row = (int32_t)size[0], plane = (int32_t)(size[0] * size[1]);
    const int32_t below[3] = { (int32_t)size[0] - 2, (int32_t)size[1] - 2, (int32_t)size[2] - 2 };
    const float last[3] = { (float)(size[0] - 1), (float)(size[1] - 1), (float)(size[2] - 1) };
    const float j0 = (float)(r % size[1]), k0 = (float)(r / size[1]);
    const float *di = by, *dj = by + count, *dk = dj + count;
    for (int64_t n = 0; n < size[0]; n++) {
        float x = (float)n + di[n], y = j0 + dj[n], z = k0 + dk[n];
        const bool inside =
            x >= 0 && x <= last[0] && y >= 0 && y <= last[1] && z >= 0 && z <= last[2];
        x = x > 0 ? x < last[0] ? x : last[0] : 0;
        y = y > 0 ? y < last[1] ? y : last[1] : 0;
        z = z > 0 ? z < last[2] ? z : last[2] : 0;
        int32_t i = (int32_t)x, j = (int32_t)y, k = (int32_t)z;
        i = i < below[0] ? i : below[0];
        j = j < below[1] ? j : below[1];
        k = k < below[2] ? k : below[2];
        const float u = x - (float)i, v = y - (float)j, w = z - (float)k;
        const float *at = in + i + j * row + k * plane;
        for (int c = 0; c < channels; c++, at += count) {
            const float ab = at[0] + u * (at[1] - at[0]);
            const float cd = at[row] + u * (at[row + 1] - at[row]);
            const float ef = at[plane] + u * (at[plane + 1] - at[plane]);
            const float gh = at[plane + row] + u * (at[plane + row + 1] - at[plane + row]);
            const float low = ab + v * (cd - ab), high = ef + v * (gh - ef);
            const float value = low + w * (high - low);
            out[c * apart + n] = edge || inside ? value : NAN;
        }
    }
}

LAR_CLONES static lar_status bend_image(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const bending *job = arg;
    const int64_t row = job->size[0];
    for (int64_t r = begin; r < end; r++)
        bend_row(job->out + r * row, 0, job->in, job->by + r * row, job->size, r, 1, false);
    return LAR_OK;
}

LAR_CLONES static lar_status compose_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const bending *job = arg;
    const int64_t *size = job->size, row = size[0], count = row * size[1] * size[2];
    for (int64_t r = begin; r < end; r++) {
        float *out = job->out + r * row;
        const float *first = job->by + r * row;
        bend_row(out, count, job->in, first, size, r, 3, true);
        for (int c = 0; c < 3; c++)
            for (int64_t n = 0; n < row; n++) out[c * count + n] += first[c * count + n];
    }
    return LAR_OK;
}

lar_status lar_bend_image(float *out, const float *image, const float *by, const int64_t size[3])
{
    bending job = { .out = out, .in = image, .by = by, .size = size };
    return lar_parallel(size[1] * size[2], ROWS, bend_image, &job);
}

lar_status lar_bend_compose(float *out, const float *field, const float *first,
                            const int64_t size[3])
{
    bending job = { .out = out, .in = field, .by = first, .size = size };
    return lar_parallel(size[1] * size[2], ROWS, compose_rows, &job);
}

/* v = -u(x + v), over and over, each row until it stands: it converges where u is no steeper than
 * 1, as half a symmetric deformation mostly is (Chen 2008, doi:10.1118/1.2816107); by half strides
 * also where it is steeper. */
LAR_CLONES static lar_status invert_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    enum { TURNS = 30, STRIDES = 4 };
    (void)piece;
    const bending *job = arg;
    const int64_t *size = job->size, row = size[0], count = row * size[1] * size[2];
    float *next = lar_alloc_raw(3 * row, sizeof *next);
    if (!next) return LAR_EMEMORY;
    for (int64_t r = begin; r < end; r++) {
        float *v = job->out + r * row, most = 1;
        for (int c = 0; c < 3; c++)
            for (int64_t n = 0; n < row; n++) v[c * count + n] = -job->in[r * row + c * count + n];
        for (int turn = 0; turn < TURNS && most > NEAR; turn++) {
            const float part = turn < STRIDES ? 1 : 0.5F;
            bend_row(next, row, job->in, v, size, r, 3, true);
            most = 0;
            for (int c = 0; c < 3; c++)
                for (int64_t n = 0; n < row; n++) {
                    const float change = -next[c * row + n] - v[c * count + n];
                    most = fabsf(change) > most ? fabsf(change) : most;
                    v[c * count + n] += part * change;
                }
        }
    }
    lar_free(next);
    return LAR_OK;
}

lar_status lar_bend_invert(float *out, const float *field, const int64_t size[3])
{
    bending job = { .out = out, .in = field, .size = size };
    return lar_parallel(size[1] * size[2], ROWS, invert_rows, &job);
}
