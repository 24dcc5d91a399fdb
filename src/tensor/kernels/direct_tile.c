/* Sums of products for a tile of voxels: float in vectors of the block, and bfloat16 by vdpbf16ps
 * (AVX512_BF16), which takes two channels at once.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/direct_tile.h"

#include "tensor/kernels/clones.h"

typedef float vector16 __attribute__((vector_size(64), may_alias));
typedef float vector8 __attribute__((vector_size(32), may_alias));

#define TILE(BLOCK, VOXELS, STEP)                                                                  \
    FMA_CLONES static void tile_##BLOCK##_##VOXELS##_##STEP(float *out, const lar_direct_sum *s)   \
    {                                                                                              \
        vector##BLOCK sum[VOXELS] = { { 0 } };                                                     \
        for (int64_t n = 0; n < s->count; n++) {                                                   \
            const float *in = s->sources[n].in;                                                    \
            const vector##BLOCK *weights =                                                         \
                (const vector##BLOCK *)((const float *)s->weights + s->sources[n].weights);        \
            for (int c = 0; c < BLOCK; c++) {                                                      \
                const vector##BLOCK w = weights[c];                                                \
                __builtin_prefetch(in + (VOXELS + c * VOXELS / BLOCK) * STEP * BLOCK);             \
                _Pragma("GCC unroll 32") for (int v = 0; v < VOXELS; v++) sum[v] +=                \
                    in[v * STEP * BLOCK + c] * w;                                                  \
            }                                                                                      \
        }                                                                                          \
        for (int v = 0; v < VOXELS; v++) ((vector##BLOCK *)out)[v] = sum[v];                       \
    }

TILE(16, 24, 1)
TILE(16, 12, 1)
TILE(16, 6, 1)
TILE(16, 3, 1)
TILE(16, 1, 1)
TILE(16, 24, 2)
TILE(16, 12, 2)
TILE(16, 6, 2)
TILE(16, 3, 2)
TILE(16, 1, 2)
TILE(8, 12, 1)
TILE(8, 6, 1)
TILE(8, 3, 1)
TILE(8, 1, 1)
TILE(8, 12, 2)
TILE(8, 6, 2)
TILE(8, 3, 2)
TILE(8, 1, 2)

enum { LENGTHS = 5 };
static const int lengths[LENGTHS] = { 24, 12, 6, 3, 1 };
typedef void tile_code(float *out, const lar_direct_sum *s);
/* Blocks of 8 are for processors with half as many registers. */
static tile_code *const tiles_16[2][LENGTHS] = {
    { tile_16_24_1, tile_16_12_1, tile_16_6_1, tile_16_3_1, tile_16_1_1 },
    { tile_16_24_2, tile_16_12_2, tile_16_6_2, tile_16_3_2, tile_16_1_2 }
};
static tile_code *const tiles_8[2][LENGTHS] = {
    { NULL, tile_8_12_1, tile_8_6_1, tile_8_3_1, tile_8_1_1 },
    { NULL, tile_8_12_2, tile_8_6_2, tile_8_3_2, tile_8_1_2 }
};

static int length_of(int block, int64_t left)
{
    int n = block == 16 ? 0 : 1;
    while (lengths[n] > left) n++;
    return n;
}

int lar_direct_tile_voxels(int block, int64_t left)
{
    return lengths[length_of(block, left)];
}

void lar_direct_tile_sum(int block, int voxels, float *out, const lar_direct_sum *s)
{
    const int n = length_of(block, voxels);
    (block == 16 ? tiles_16[s->step - 1][n] : tiles_8[s->step - 1][n])(out, s);
}

#ifdef __x86_64__
#include <immintrin.h>

#define PAIRS __attribute__((target("avx512bf16,avx512bw,avx512vl,avx512f")))

#define TILE_PAIRS(VOXELS, STEP)                                                                   \
    PAIRS static void pairs_##VOXELS##_##STEP(float *out, const lar_direct_sum *s)                 \
    {                                                                                              \
        __m512 sum[VOXELS];                                                                        \
        for (int v = 0; v < VOXELS; v++) sum[v] = _mm512_setzero_ps();                             \
        for (int64_t n = 0; n < s->count; n++) {                                                   \
            const uint16_t *in = s->sources[n].in;                                                 \
            const uint16_t *weights = (const uint16_t *)s->weights + s->sources[n].weights;        \
            for (int c = 0; c < 16; c += 2, weights += 32) {                                       \
                const __m512bh w = (__m512bh)_mm512_loadu_si512(weights);                          \
                __builtin_prefetch(in + (VOXELS + c * VOXELS / 16) * STEP * 16);                   \
                _Pragma("GCC unroll 32") for (int v = 0; v < VOXELS; v++)                          \
                {                                                                                  \
                    int32_t pair;                                                                  \
                    memcpy(&pair, in + v * STEP * 16 + c, sizeof pair);                            \
                    sum[v] = _mm512_dpbf16_ps(sum[v], w, (__m512bh)_mm512_set1_epi32(pair));       \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
        for (int v = 0; v < VOXELS; v++) _mm512_storeu_ps(out + v * 16, sum[v]);                   \
    }

TILE_PAIRS(24, 1)
TILE_PAIRS(12, 1)
TILE_PAIRS(6, 1)
TILE_PAIRS(3, 1)
TILE_PAIRS(1, 1)
TILE_PAIRS(24, 2)
TILE_PAIRS(12, 2)
TILE_PAIRS(6, 2)
TILE_PAIRS(3, 2)
TILE_PAIRS(1, 2)

static tile_code *const pairs_16[2][LENGTHS] = {
    { pairs_24_1, pairs_12_1, pairs_6_1, pairs_3_1, pairs_1_1 },
    { pairs_24_2, pairs_12_2, pairs_6_2, pairs_3_2, pairs_1_2 }
};

void lar_direct_tile_sum_pairs(int voxels, float *out, const lar_direct_sum *s)
{
    pairs_16[s->step - 1][length_of(16, voxels)](out, s);
}
#else
void lar_direct_tile_sum_pairs(int voxels, float *out, const lar_direct_sum *s)
{
    (void)voxels, (void)out, (void)s;
}
#endif
