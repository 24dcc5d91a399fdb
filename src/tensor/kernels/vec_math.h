/* exp and the normal distribution for sixteen floats at once. The coefficients are minimax fits of
 * our own (least squares reweighted after Lawson 1961, in 40 digits); with float's own rounding
 * both are good to about 3e-7 of the value. Only where vec.h is.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_VEC_MATH_H
#define LAR_VEC_MATH_H

#include "tensor/kernels/vec.h"

INLINE vec vec_least(vec x, float low)
{
    return vec_choose(x < vec_of(low), vec_of(low), x); /* NaN stays */
}

INLINE vec vec_most(vec x, float high)
{
    return vec_choose(x > vec_of(high), vec_of(high), x);
}

/* exp(a + b) = scale * (1 + result), for a small b; a is taken as at least -86 and at most 88:
 * about where float ends, and no product here is so small that processors stumble over it. */
INLINE vec vec_exp_parts(vec a, vec b, vec *scale)
{
    const vec clamped = vec_most(vec_least(a, -86), 88);
    /* adding 1.5 * 2^23 rounds to whole numbers, which are then the low bits */
    const vec shifted = clamped * vec_of(0x1.715476p+0f) + vec_of(0x1.8p23f);
    const vec n = shifted - vec_of(0x1.8p23f);
    /* ln(2) in two parts: the products with n are exact for the first */
    const vec r = (clamped - n * vec_of(0x1.62e4p-1f)) - n * vec_of(0x1.7f7d1cp-20f) + b;
    vec q = vec_of(0.0013814597623422742f); /* (exp(r) - 1 - r) / r^2 to 3e-9, |r| <= ln(2) / 2 */
    q = q * r + vec_of(0.008368716575205326f);
    q = q * r + vec_of(0.04166838899254799f);
    q = q * r + vec_of(0.1666652113199234f);
    q = q * r + vec_of(0.4999999403953552f);
    *scale = (vec)(((vec_words)shifted << 23) + 0x3f800000);
    return r + r * r * q;
}

INLINE vec vec_exp(vec x)
{
    vec scale;
    const vec part = vec_exp_parts(x, (vec){ 0 }, &scale);
    return scale + scale * part;
}

/* exp(x) - 1 */
INLINE vec vec_exp_less_one(vec x)
{
    vec scale;
    const vec part = vec_exp_parts(x, (vec){ 0 }, &scale);
    return scale * part + (scale - vec_of(1));
}

/* The normal density at t and the probability of more than t, for t from 0 to 14 (beyond, both are
 * less than a float). */
INLINE vec vec_normal_tail(vec t, vec *density)
{
    /* t = high + rest, of which high^2 is exact */
    const vec high = (vec)((vec_words)t & 0xfffff000U), rest = (t - high) * (t + high);
    vec scale;
    const vec part = vec_exp_parts(high * high * vec_of(-0.5f), rest * vec_of(-0.5f), &scale);
    const vec bell = scale + scale * part;
    /* probability / bell in u, relative error 3e-9 */
    const vec u = vec_of(1) / (vec_of(1) + vec_of(0.3f) * t);
    vec p = vec_of(-0.020612826570868492f);
    p = p * u + vec_of(0.11237576603889465f);
    p = p * u + vec_of(-0.22806747257709503f);
    p = p * u + vec_of(0.1915816366672516f);
    p = p * u + vec_of(-0.07924728840589523f);
    p = p * u + vec_of(0.09605780243873596f);
    p = p * u + vec_of(0.07842559367418289f);
    p = p * u + vec_of(0.1102273240685463f);
    p = p * u + vec_of(0.11957284063100815f);
    p = p * u + vec_of(0.11968663334846497f);
    *density = bell * vec_of(0x1.988454p-2f); /* 1 / sqrt(2 pi) */
    return bell * (p * u);
}

#endif
