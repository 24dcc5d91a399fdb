/* Sums of products for a tile of voxels: float in vectors of the block, and bfloat16 by vdpbf16ps
 * (AVX512_BF16), which takes two channels at once.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/direct_tile.h"

typedef float vector16 __attribute__((vector_size(64), may_alias));
typedef float vector8 __attribute__((vector_size(32), may_alias));

/* AVX2 processors have FMA too, and it is FMA that counts here. */
#if defined(__x86_64__) && defined(__has_attribute) && !defined(__SANITIZE_ADDRESS__) &&           \
    !defined(__SANITIZE_THREAD__)
#if __has_attribute(target_clones)
#define FMA_CLONES __attribute__((target_clones("avx512f", "fma", "default")))
#endif
#endif
#ifndef FMA_CLONES
#define FMA_CLONES
#endif

#define TILE(BLOCK, VOXELS)                                                                        \
    FMA_CLONES static void tile_##BLOCK##_##VOXELS(float *out, const lar_direct_sum *s)            \
    {                                                                                              \
        vector##BLOCK sum[VOXELS] = { { 0 } };                                                     \
        for (int64_t n = 0; n < s->count; n++) {                                                   \
            const float *in = s->sources[n].in;                                                    \
            const vector##BLOCK *weights =                                                         \
                (const vector##BLOCK *)((const float *)s->weights + s->sources[n].weights);        \
            for (int c = 0; c < BLOCK; c++) {                                                      \
                const vector##BLOCK w = weights[c];                                                \
                _Pragma("GCC unroll 32") for (int v = 0; v < VOXELS; v++) sum[v] +=                \
                    in[v * BLOCK + c] * w;                                                         \
            }                                                                                      \
        }                                                                                          \
        for (int v = 0; v < VOXELS; v++) ((vector##BLOCK *)out)[v] = sum[v];                       \
    }

TILE(16, 24)
TILE(16, 12)
TILE(16, 6)
TILE(16, 3)
TILE(16, 1)
TILE(8, 12)
TILE(8, 6)
TILE(8, 3)
TILE(8, 1)

int lar_direct_tile_voxels(int block, int64_t left)
{
    return left >= 24 && block == 16 ? 24 : left >= 12 ? 12 : left >= 6 ? 6 : left >= 3 ? 3 : 1;
}

void lar_direct_tile_sum(int block, int voxels, float *out, const lar_direct_sum *s)
{
    if (block == 16)
        (voxels == 24   ? tile_16_24
         : voxels == 12 ? tile_16_12
         : voxels == 6  ? tile_16_6
         : voxels == 3  ? tile_16_3
                        : tile_16_1)(out, s);
    else
        (voxels == 12  ? tile_8_12
         : voxels == 6 ? tile_8_6
         : voxels == 3 ? tile_8_3
                       : tile_8_1)(out, s);
}

#ifdef __x86_64__
#include <immintrin.h>

#define PAIRS __attribute__((target("avx512bf16,avx512bw,avx512vl,avx512f")))

#define TILE_PAIRS(VOXELS)                                                                         \
    PAIRS static void pairs_##VOXELS(float *out, const lar_direct_sum *s)                          \
    {                                                                                              \
        __m512 sum[VOXELS];                                                                        \
        for (int v = 0; v < VOXELS; v++) sum[v] = _mm512_setzero_ps();                             \
        for (int64_t n = 0; n < s->count; n++) {                                                   \
            const uint16_t *in = s->sources[n].in;                                                 \
            const uint16_t *weights = (const uint16_t *)s->weights + s->sources[n].weights;        \
            for (int c = 0; c < 16; c += 2, weights += 32) {                                       \
                const __m512bh w = (__m512bh)_mm512_loadu_si512(weights);                          \
                _Pragma("GCC unroll 32") for (int v = 0; v < VOXELS; v++)                          \
                {                                                                                  \
                    int32_t pair;                                                                  \
                    memcpy(&pair, in + v * 16 + c, sizeof pair);                                   \
                    sum[v] = _mm512_dpbf16_ps(sum[v], w, (__m512bh)_mm512_set1_epi32(pair));       \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
        for (int v = 0; v < VOXELS; v++) _mm512_storeu_ps(out + v * 16, sum[v]);                   \
    }

TILE_PAIRS(24)
TILE_PAIRS(12)
TILE_PAIRS(6)
TILE_PAIRS(3)
TILE_PAIRS(1)

void lar_direct_tile_sum_pairs(int voxels, float *out, const lar_direct_sum *s)
{
    (voxels == 24   ? pairs_24
     : voxels == 12 ? pairs_12
     : voxels == 6  ? pairs_6
     : voxels == 3  ? pairs_3
                    : pairs_1)(out, s);
}
#else
void lar_direct_tile_sum_pairs(int voxels, float *out, const lar_direct_sum *s)
{
    (void)voxels, (void)out, (void)s;
}
#endif
