/* Philox 4x32-10: random numbers as a function of a counter.
 * Salmon, Moraes, Dror, Shaw 2011, doi:10.1145/2063384.2063405.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/banned.h"
#include "math/math.h"

void lar_random_bits(uint32_t out[4], uint64_t seed, uint64_t stream, uint64_t index)
{
    uint32_t key[2] = { (uint32_t)seed, (uint32_t)(seed >> 32) };
    uint32_t c[4] = { (uint32_t)index, (uint32_t)(index >> 32), (uint32_t)stream,
                      (uint32_t)(stream >> 32) };
    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = (uint64_t)0xD2511F53 * c[0], p1 = (uint64_t)0xCD9E8D57 * c[2];
        const uint32_t next[4] = { (uint32_t)(p1 >> 32) ^ c[1] ^ key[0], (uint32_t)p1,
                                   (uint32_t)(p0 >> 32) ^ c[3] ^ key[1], (uint32_t)p0 };
        for (int n = 0; n < 4; n++) c[n] = next[n];
        key[0] += 0x9E3779B9;
        key[1] += 0xBB67AE85;
    }
    for (int n = 0; n < 4; n++) out[n] = c[n];
}

static double uniform_of(uint32_t high, uint32_t low)
{
    const uint64_t bits = ((uint64_t)high << 32 | low) >> 12; /* 52 bits, then to the middle */
    return ((double)bits + 0.5) * 0x1p-52;
}

double lar_random_uniform(uint64_t seed, uint64_t stream, uint64_t index)
{
    uint32_t bits[4];
    lar_random_bits(bits, seed, stream, index);
    return uniform_of(bits[0], bits[1]);
}

double lar_random_normal(uint64_t seed, uint64_t stream, uint64_t index)
{
    uint32_t bits[4];
    lar_random_bits(bits, seed, stream, index); /* Box and Muller 1958 */
    const double radius = sqrt(-2 * log(uniform_of(bits[0], bits[1])));
    return radius * cos(6.283185307179586 * uniform_of(bits[2], bits[3]));
}

void lar_random_order(int64_t *order, int64_t count, uint64_t seed, uint64_t stream)
{
    for (int64_t n = 0; n < count; n++) order[n] = n;
    for (int64_t n = count - 1; n > 0; n--) {
        const int64_t other =
            (int64_t)(lar_random_uniform(seed, stream, (uint64_t)n) * (double)(n + 1));
        const int64_t kept = order[n];
        order[n] = order[other];
        order[other] = kept;
    }
}
