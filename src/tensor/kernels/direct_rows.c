/* Products of rows of voxels, summed in registers: float in vectors of the block, and bfloat16 by
 * vdpbf16ps (AVX512_BF16), which multiplies twice as much at once.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/direct_rows.h"

#include "tensor/kernels/clones.h"

typedef float vector16 __attribute__((vector_size(64), may_alias));
typedef float vector8 __attribute__((vector_size(32), may_alias));

#define ROWS(BLOCK, VECTOR)                                                                        \
    FMA_CLONES static void tile_##BLOCK(float *sum, const lar_direct_rows *r)                      \
    {                                                                                              \
        VECTOR *to = (VECTOR *)sum, tile[BLOCK] = { { 0 } };                                       \
        const int64_t step = r->step * BLOCK, count = r->count;                                    \
        for (int64_t y = 0; y < r->rows; y++) {                                                    \
            const float *in = (const float *)r->in + y * r->in_row;                                \
            const VECTOR *dout = (const VECTOR *)((const float *)r->dout + y * r->dout_row);       \
            for (int64_t x = 0; x < count; x++, in += step) {                                      \
                const VECTOR d = dout[x];                                                          \
                _Pragma("GCC unroll 16") for (int i = 0; i < BLOCK; i++) tile[i] += in[i] * d;     \
            }                                                                                      \
        }                                                                                          \
        for (int i = 0; i < BLOCK; i++) to[i] += tile[i];                                          \
    }                                                                                              \
    FMA_CLONES static void taps_##BLOCK(float *sum, const float *const in[LAR_DIRECT_TAPS],        \
                                        const lar_direct_rows *r)                                  \
    {                                                                                              \
        VECTOR *to = (VECTOR *)sum, tile[LAR_DIRECT_TAPS] = { { 0 } };                             \
        const int64_t count = r->count;                                                            \
        for (int64_t y = 0; y < r->rows; y++) {                                                    \
            const VECTOR *dout = (const VECTOR *)((const float *)r->dout + y * r->dout_row);       \
            const float *at[LAR_DIRECT_TAPS];                                                      \
            for (int t = 0; t < LAR_DIRECT_TAPS; t++) at[t] = in[t] + y * r->in_row;               \
            for (int64_t x = 0; x < count; x++) {                                                  \
                const VECTOR d = dout[x];                                                          \
                _Pragma("GCC unroll 16") for (int t = 0; t < LAR_DIRECT_TAPS; t++) tile[t] +=      \
                    at[t][x] * d;                                                                  \
            }                                                                                      \
        }                                                                                          \
        for (int t = 0; t < LAR_DIRECT_TAPS; t++) to[t] += tile[t];                                \
    }

ROWS(16, vector16)
ROWS(8, vector8)

void lar_direct_tile(int block, float *sum, const lar_direct_rows *r)
{
    if (block == 16)
        tile_16(sum, r);
    else
        tile_8(sum, r);
}

void lar_direct_taps(int block, float *sum, const float *const in[LAR_DIRECT_TAPS],
                     const lar_direct_rows *r)
{
    if (block == 16)
        taps_16(sum, in, r);
    else
        taps_8(sum, in, r);
}

#ifdef __x86_64__
#include <immintrin.h>

#define PAIRS __attribute__((target("avx512bf16,avx512bw,avx512vl,avx512f")))
enum { BLOCK = 16 };

bool lar_direct_has_pairs(void)
{
    return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl");
}

PAIRS static inline __m512bh broadcast(const uint16_t *pair)
{
    int32_t both;
    memcpy(&both, pair, sizeof both);
    return (__m512bh)_mm512_set1_epi32(both);
}

PAIRS void lar_direct_tile_pairs(float *sum, const lar_direct_rows *r)
{
    __m512 tile[BLOCK];
    for (int i = 0; i < BLOCK; i++) tile[i] = _mm512_setzero_ps();
    for (int64_t y = 0; y < r->rows; y++) {
        const uint16_t *in = (const uint16_t *)r->in + y * r->in_row;
        const uint16_t *dout = (const uint16_t *)r->dout + y * r->dout_row;
        for (int64_t p = 0; p < r->count; p++, in += 2 * BLOCK, dout += 2 * BLOCK) {
            const __m512bh d = (__m512bh)_mm512_loadu_si512(dout);
#pragma GCC unroll 16
            for (int i = 0; i < BLOCK; i++)
                tile[i] = _mm512_dpbf16_ps(tile[i], d, broadcast(in + 2 * i));
        }
    }
    for (int i = 0; i < BLOCK; i++)
        _mm512_storeu_ps(sum + i * BLOCK, _mm512_loadu_ps(sum + i * BLOCK) + tile[i]);
}

PAIRS void lar_direct_taps_pairs(float *sum, const uint16_t *const in[LAR_DIRECT_TAPS],
                                 const lar_direct_rows *r)
{
    __m512 tile[LAR_DIRECT_TAPS];
    for (int t = 0; t < LAR_DIRECT_TAPS; t++) tile[t] = _mm512_setzero_ps();
    for (int64_t y = 0; y < r->rows; y++) {
        const uint16_t *dout = (const uint16_t *)r->dout + y * r->dout_row;
        const uint16_t *at[LAR_DIRECT_TAPS];
        for (int t = 0; t < LAR_DIRECT_TAPS; t++) at[t] = in[t] + y * r->in_row;
        for (int64_t p = 0; p < r->count; p++) {
            const __m512bh d = (__m512bh)_mm512_loadu_si512(dout + p * 2 * BLOCK);
#pragma GCC unroll 16
            for (int t = 0; t < LAR_DIRECT_TAPS; t++)
                tile[t] = _mm512_dpbf16_ps(tile[t], d, broadcast(at[t] + 2 * p));
        }
    }
    for (int t = 0; t < LAR_DIRECT_TAPS; t++)
        _mm512_storeu_ps(sum + t * BLOCK, _mm512_loadu_ps(sum + t * BLOCK) + tile[t]);
}

/* Channels of two voxels side by side to (a0, b0), (a1, b1) ... */
PAIRS static inline __m512i zip(const uint16_t *a, const uint16_t *b)
{
    const __m512i wide_a = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)a));
    const __m512i wide_b = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)b));
    return _mm512_or_si512(wide_a, _mm512_slli_epi32(wide_b, 16));
}

PAIRS void lar_direct_pair(uint16_t *out, const uint16_t *row, int64_t width, int64_t first,
                           int64_t step, int64_t pairs)
{
    static const uint16_t none[BLOCK];
    for (int64_t p = 0; p < pairs; p++, out += 2 * BLOCK) {
        const int64_t a = first + 2 * step * p, b = a + step;
        const uint16_t *va = a >= 0 && a < width ? row + a * BLOCK : none;
        const uint16_t *vb = b >= 0 && b < width ? row + b * BLOCK : none;
        _mm512_storeu_si512(out, zip(va, vb));
    }
}
#else
bool lar_direct_has_pairs(void)
{
    return false;
}

void lar_direct_tile_pairs(float *sum, const lar_direct_rows *r)
{
    (void)sum, (void)r;
}

void lar_direct_taps_pairs(float *sum, const uint16_t *const in[LAR_DIRECT_TAPS],
                           const lar_direct_rows *r)
{
    (void)sum, (void)in, (void)r;
}

void lar_direct_pair(uint16_t *out, const uint16_t *row, int64_t width, int64_t first, int64_t step,
                     int64_t pairs)
{
    (void)out, (void)row, (void)width, (void)first, (void)step, (void)pairs;
}
#endif
