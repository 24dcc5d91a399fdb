/* Displacements on a grid, in voxels of it: images and displacements seen through them, their
 * inverse. Three volumes one after another: along i, j, k.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "register/register_parts.h"
#include "register/spots.h"

enum { ROWS = 32 };

#define NEAR 5e-3F /* voxels: an inverse so near is one */

typedef struct bending {
    float *out;
    const float *in, *by;
    const int64_t *size;
} bending;

/* Row r of `in` at the places that the displacements `by` (of its row) lead to; channel c of the
 * result is at out[c * apart]. Beyond the outermost centres their values hold, or (blank) NaN. */
LAR_SPOTS_INLINE void bend_row(float *restrict out, int64_t apart, const float *restrict in,
                               const float *restrict by, const int64_t size[3], int64_t r,
                               int channels, bool blank)
{
    const int64_t count = size[0] * size[1] * size[2];
    const float j = (float)(r % size[1]), k = (float)(r / size[1]);
    float x[LAR_SPOTS], y[LAR_SPOTS], z[LAR_SPOTS];
    lar_spots spots;
    for (int64_t first = 0; first < size[0]; first += LAR_SPOTS) {
        const int64_t some = size[0] - first < LAR_SPOTS ? size[0] - first : LAR_SPOTS;
        const float *di = by + first, *dj = di + count, *dk = dj + count;
        for (int64_t n = 0; n < some; n++) {
            x[n] = (float)(first + n) + di[n];
            y[n] = j + dj[n];
            z[n] = k + dk[n];
        }
        lar_spots_find(&spots, x, y, z, some, size);
        for (int c = 0; c < channels; c++)
            lar_spots_look(out + c * apart + first, NULL, NULL, NULL, &spots, some, in + c * count,
                           size);
        for (int64_t n = 0; n < some && blank; n++) out[first + n] += spots.beyond[n];
    }
}

LAR_CLONES static lar_status bend_image(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const bending *job = arg;
    const int64_t row = job->size[0];
    for (int64_t r = begin; r < end; r++)
        bend_row(job->out + r * row, 0, job->in, job->by + r * row, job->size, r, 1, true);
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
        bend_row(out, count, job->in, first, size, r, 3, false);
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
    enum { TURNS = 30, STRIDES = 12 };
    (void)piece;
    const bending *job = arg;
    const int64_t *size = job->size, row = size[0], count = row * size[1] * size[2];
    float *next = lar_alloc_raw(3 * row, sizeof *next);
    if (!next) return LAR_EMEMORY;
    for (int64_t r = begin; r < end; r++) {
        float *v = job->out + r * row, most = 1;
        for (int c = 0; c < 3; c++) /* the row before is a good guess */
            for (int64_t n = 0; n < row; n++)
                v[c * count + n] =
                    r > begin ? v[c * count + n - row] : -job->in[r * row + c * count + n];
        for (int turn = 0; turn < TURNS && most > NEAR; turn++) {
            const float part = turn < STRIDES ? 1 : 0.5F;
            bend_row(next, row, job->in, v, size, r, 3, false);
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
