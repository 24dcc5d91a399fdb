/* Values between the voxels of a volume, for a block of places at a time: first where they are,
 * then what is there. Both loops are free of jumps, so that the compiler takes many places at once.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SPOTS_H
#define LAR_SPOTS_H

#include <math.h>
#include <stdint.h>

/* Into the clones of whoever calls, for each kind of processor; not a function of its own, which
 * would be compiled for the oldest. */
#define LAR_SPOTS_INLINE static inline __attribute__((always_inline))

enum { LAR_SPOTS = 256 };

typedef struct lar_spots {
    int32_t corner[LAR_SPOTS];                      /* the lowest of the eight voxels around */
    float u[LAR_SPOTS], v[LAR_SPOTS], w[LAR_SPOTS]; /* how far on from it, along i j k */
    float beyond[LAR_SPOTS]; /* NaN outside of the outermost centres, else 0 */
} lar_spots;

/* Places in voxels; those outside are taken to the border. The volume has two voxels or more along
 * each axis, and fewer than 2^31. */
LAR_SPOTS_INLINE void lar_spots_find(lar_spots *restrict s, const float *restrict x,
                                     const float *restrict y, const float *restrict z,
                                     int64_t count, const int64_t size[3])
{
    const float last[3] = { (float)(size[0] - 1), (float)(size[1] - 1), (float)(size[2] - 1) };
    const int32_t below[3] = { (int32_t)size[0] - 2, (int32_t)size[1] - 2, (int32_t)size[2] - 2 };
    const int32_t row = (int32_t)size[0], plane = (int32_t)(size[0] * size[1]);
    for (int64_t n = 0; n < count; n++) {
        float a = x[n] > 0 ? x[n] : 0, b = y[n] > 0 ? y[n] : 0, c = z[n] > 0 ? z[n] : 0;
        a = a < last[0] ? a : last[0];
        b = b < last[1] ? b : last[1];
        c = c < last[2] ? c : last[2];
        int32_t i = (int32_t)a, j = (int32_t)b, k = (int32_t)c;
        i = i < below[0] ? i : below[0];
        j = j < below[1] ? j : below[1];
        k = k < below[2] ? k : below[2];
        s->corner[n] = i + j * row + k * plane;
        s->u[n] = a - (float)i;
        s->v[n] = b - (float)j;
        s->w[n] = c - (float)k;
        const float moved = fabsf(a - x[n]) + fabsf(b - y[n]) + fabsf(c - z[n]);
        s->beyond[n] = moved == 0 ? 0 : NAN;
    }
}

/* Trilinear values, and (where `di` is not NULL) their slopes along i j k, per voxel. */
LAR_SPOTS_INLINE void lar_spots_look(float *restrict out, float *restrict di, float *restrict dj,
                                     float *restrict dk, const lar_spots *restrict s, int64_t count,
                                     const float *restrict volume, const int64_t size[3])
{
    const int32_t row = (int32_t)size[0], plane = (int32_t)(size[0] * size[1]);
    for (int64_t n = 0; n < count; n++) {
        const int32_t at = s->corner[n];
        const float u = s->u[n], v = s->v[n], w = s->w[n];
        const float a = volume[at], b = volume[at + 1];
        const float c = volume[at + row], d = volume[at + row + 1];
        const float e = volume[at + plane], f = volume[at + plane + 1];
        const float g = volume[at + plane + row], h = volume[at + plane + row + 1];
        const float ab = a + u * (b - a), cd = c + u * (d - c);
        const float ef = e + u * (f - e), gh = g + u * (h - g);
        const float low = ab + v * (cd - ab), high = ef + v * (gh - ef);
        out[n] = low + w * (high - low);
        if (!di) continue; /* known when this is compiled into its caller */
        const float ba = (b - a) + v * ((d - c) - (b - a));
        const float fe = (f - e) + v * ((h - g) - (f - e));
        di[n] = ba + w * (fe - ba);
        dj[n] = (cd - ab) + w * ((gh - ef) - (cd - ab));
        dk[n] = high - low;
    }
}

#endif
