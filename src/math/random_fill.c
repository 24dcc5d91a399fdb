/* Random numbers by the thousand: Philox for many counters side by side, and Box and Muller's
 * normal deviates of them (1958, doi:10.1214/aoms/1177706645), as loops that compile to vectors.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "math/floats.h"
#include "math/math.h"

enum { SIDE = 64, WORDS = 4 }; /* counters side by side; words of each */

/* Words of the counters first .. first + SIDE - 1, as lar_random_bits() has them. */
static inline void philox(uint32_t out[WORDS][SIDE], uint64_t seed, uint64_t stream, uint64_t first)
{
    for (int n = 0; n < SIDE; n++) {
        const uint64_t index = first + (uint64_t)n;
        uint32_t a = (uint32_t)index, b = (uint32_t)(index >> 32);
        uint32_t c = (uint32_t)stream, d = (uint32_t)(stream >> 32);
        uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
        for (int round = 0; round < 10; round++) {
            const uint64_t p0 = (uint64_t)0xD2511F53 * a, p1 = (uint64_t)0xCD9E8D57 * c;
            a = (uint32_t)(p1 >> 32) ^ b ^ key0;
            c = (uint32_t)(p0 >> 32) ^ d ^ key1;
            b = (uint32_t)p1;
            d = (uint32_t)p0;
            key0 += 0x9E3779B9;
            key1 += 0xBB67AE85;
        }
        out[0][n] = a;
        out[1][n] = b;
        out[2][n] = c;
        out[3][n] = d;
    }
}

/* Two deviates from two words: a radius, and an angle of which the upper two bits are the quarter
 * and the others lie about its middle. */
static inline void deviates(float *restrict even, float *restrict odd,
                            const uint32_t *restrict how_far, const uint32_t *restrict where)
{
    for (int n = 0; n < SIDE; n++) {
        const float u = ((float)(how_far[n] >> 8) + 0.5f) * 0x1p-24f; /* in (0, 1) */
        const float radius = lar_root(-2 * lar_log_of(u));
        const float a = ((float)(int32_t)(where[n] & 0x3FFFFFFF) * 0x1p-30f - 0.5f) * 1.57079633f;
        const float s = lar_sine_near(a), c = lar_cosine_near(a);
        const bool turned = where[n] & 0x40000000, opposite = where[n] & 0x80000000;
        const float x = turned ? -s : c, y = turned ? c : s;
        even[n] = radius * (opposite ? -x : x);
        odd[n] = radius * (opposite ? -y : y);
    }
}

LAR_CLONES void lar_random_normals(float *out, int64_t count, uint64_t seed, uint64_t stream)
{
    uint32_t words[WORDS][SIDE];
    float drawn[WORDS * SIDE];
    for (int64_t begin = 0; begin < count; begin += WORDS * SIDE) {
        const int64_t left = count - begin;
        const bool whole = left >= WORDS * SIDE;
        float *to = whole ? out + begin : drawn;
        philox(words, seed, stream, (uint64_t)(begin / WORDS));
        deviates(to, to + SIDE, words[0], words[1]);
        deviates(to + 2 * SIDE, to + 3 * SIDE, words[2], words[3]);
        if (!whole) memcpy(out + begin, drawn, (size_t)left * sizeof *out);
    }
}
