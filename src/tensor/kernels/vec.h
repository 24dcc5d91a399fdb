/* Sixteen floats side by side, in whatever registers the file is compiled for: vectors of the
 * compiler, and intrinsics where AVX-512 chooses between lanes in one instruction. Only for files
 * that are compiled once per kind of processor (values_*.c).
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_VEC_H
#define LAR_VEC_H

#include "tensor/kernels/voxel.h"
#ifdef __x86_64__
#include <immintrin.h>
#endif

typedef float vec __attribute__((vector_size(64), may_alias));
typedef int32_t vec_mask __attribute__((vector_size(64), may_alias));
typedef uint32_t vec_words __attribute__((vector_size(64), may_alias));
typedef uint16_t vec_halves __attribute__((vector_size(32), may_alias));

enum { LANES = 16 };

INLINE vec vec_of(float x)
{
    return (vec){ x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x };
}

INLINE vec vec_from(const float *floats)
{
    vec x;
    memcpy(&x, floats, sizeof x);
    return x;
}

/* mask: all bits of a lane, or none */
INLINE vec vec_choose(vec_mask mask, vec yes, vec no)
{
    return (vec)((mask & (vec_mask)yes) | (~mask & (vec_mask)no));
}

/* The first `lanes` (a constant, 16 or 8) values from `at` on; the others are 0. */
INLINE vec vec_load(lar_precision type, const void *tensor, int64_t at, int lanes)
{
    vec x = { 0 };
    vec_halves half = { 0 };
    if (type == LAR_FLOAT32) {
        memcpy(&x, (const float *)tensor + at, (size_t)lanes * sizeof(float));
        return x;
    }
    memcpy(&half, (const uint16_t *)tensor + at, (size_t)lanes * sizeof(uint16_t));
    return (vec)(__builtin_convertvector(half, vec_words) << 16);
}

/* The processor's own conversion takes numbers below 2^-126 for 0, which nothing here notices. */
INLINE vec_halves vec_to_halves(vec x)
{
#ifdef __AVX512BF16__
    return (vec_halves)_mm512_cvtneps_pbh((__m512)x);
#else
    const vec_words bits = (vec_words)x, high = bits >> 16;
    const vec_words rounded = (bits + 0x7fff + (high & 1)) >> 16;
#ifdef __AVX512BW__
    const __mmask16 is_nan = _mm512_cmp_ps_mask((__m512)x, (__m512)x, _CMP_UNORD_Q);
    return (vec_halves)_mm512_cvtepi32_epi16(
        _mm512_mask_or_epi32((__m512i)rounded, is_nan, (__m512i)high, _mm512_set1_epi32(0x40)));
#else
    const vec_words is_nan = (vec_words)(x != x);
    return __builtin_convertvector((rounded & ~is_nan) | ((high | 0x40) & is_nan), vec_halves);
#endif
#endif
}

INLINE void vec_store(lar_precision type, void *tensor, int64_t at, int lanes, vec x)
{
    if (type == LAR_FLOAT32) {
        memcpy((float *)tensor + at, &x, (size_t)lanes * sizeof(float));
    } else {
        const vec_halves half = vec_to_halves(x);
        memcpy((uint16_t *)tensor + at, &half, (size_t)lanes * sizeof(uint16_t));
    }
}

/* Past the caches, where memory need not be read before it is written: for floats at an address
 * that 64 divides. A row of them ends with vec_stream_end(). */
INLINE void vec_stream(void *tensor, int64_t at, vec x)
{
    float *to = (float *)tensor + at;
#if defined(__AVX512BW__)
    _mm512_stream_ps(to, (__m512)x);
#elif defined(__x86_64__)
    __m128 parts[4];
    memcpy(parts, &x, sizeof x);
    for (int n = 0; n < 4; n++) _mm_stream_ps(to + 4 * n, parts[n]);
#else
    memcpy(to, &x, sizeof x);
#endif
}

INLINE void vec_stream_end(void)
{
#ifdef __x86_64__
    _mm_sfence();
#endif
}

/* Multiplies what is negative by `slope`, after raising all to `floor`: 0 for a ReLU, so that minus
 * infinity gives 0, and minus infinity for others. NaN stays NaN. */
INLINE vec vec_activate(vec x, vec floor, vec slope)
{
#ifdef __AVX512BW__
    const __m512 raised = _mm512_max_ps((__m512)floor, (__m512)x); /* the second where NaN */
    const __mmask16 negative = _mm512_cmp_ps_mask(raised, _mm512_setzero_ps(), _CMP_LT_OQ);
    return (vec)_mm512_mask_mul_ps(raised, negative, raised, (__m512)slope);
#else
    const vec raised = vec_choose(x < floor, floor, x);
    return vec_choose(raised < (vec){ 0 }, raised * slope, raised);
#endif
}

/* y where x is positive, else y * slope */
INLINE vec vec_derive(vec x, vec y, vec slope)
{
#ifdef __AVX512BW__
    const __mmask16 other = _mm512_cmp_ps_mask((__m512)x, _mm512_setzero_ps(), _CMP_NGT_UQ);
    return (vec)_mm512_mask_mul_ps((__m512)y, other, (__m512)y, (__m512)slope);
#else
    return vec_choose(x > (vec){ 0 }, y, y * slope);
#endif
}

#endif
