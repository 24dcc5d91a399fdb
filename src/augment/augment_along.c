/* Sums along one axis of a sample: each value becomes a weighed sum of those of its line. What is
 * done in k-space to whole planes is such a sum, exactly, for any length.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "augment/augment_parts.h"

enum { CHUNK = 256 };

LAR_CLONES static void add_weighed(float *restrict out, const float *restrict in, float weight,
                                   int64_t count)
{
    for (int64_t n = 0; n < count; n++) out[n] += weight * in[n];
}

void lar_along_add(float *out, const float *in, const int64_t size[3], int axis,
                   const float *weights)
{
    const int64_t count = size[axis];
    const int64_t inner = axis == 0 ? 1 : axis == 1 ? size[0] : size[0] * size[1];
    const int64_t outer = size[0] * size[1] * size[2] / (inner * count);
    for (int64_t o = 0; o < outer; o++) {
        float *to = out + o * inner * count;
        const float *from = in + o * inner * count;
        if (axis == 0) {
            for (int64_t s = 0; s < count; s++)
                add_weighed(to, weights + s * count, from[s], count);
            continue;
        }
        for (int64_t begin = 0; begin < inner; begin += CHUNK) {
            const int64_t width = inner - begin < CHUNK ? inner - begin : CHUNK;
            for (int64_t t = 0; t < count; t++)
                for (int64_t s = 0; s < count; s++)
                    if (weights[s * count + t] != 0)
                        add_weighed(to + t * inner + begin, from + s * inner + begin,
                                    weights[s * count + t], width);
        }
    }
}

void lar_along_planes(float *weights, int64_t count, const double *planes, double *room)
{
    const double turn = 2 * acos(-1) / (double)count;
    for (int64_t d = 0; d < count; d++) { /* what a value gives to the one d further */
        double sum = 0;
        for (int64_t n = 0; n < count; n++) {
            const int64_t frequency = n - count / 2, turns = frequency * d % count;
            sum += planes[n] * cos(turn * (double)turns);
        }
        room[d] = sum / (double)count;
    }
    for (int64_t s = 0; s < count; s++)
        for (int64_t t = 0; t < count; t++)
            weights[s * count + t] = (float)room[(t - s + count) % count];
}
