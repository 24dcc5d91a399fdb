/* Elementary functions of floats, made of what compiles to vectors: for loops of one's own.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_FLOATS_H
#define LAR_FLOATS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline float lar_root(float x)
{
    return sqrtf(x);
}

/* Within 2e-7 of the true value, or of it relatively, for normal numbers above 0: x is 2^n m with m
 * from 0.7 to 1.4, and log m the series of the inverse hyperbolic tangent. */
static inline float lar_log_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int32_t raised = (int32_t)(bits - 0x3F3504F3); /* 0 at the root of 1/2 */
    const int32_t n = raised >> 23;
    bits -= (uint32_t)n << 23;
    float m;
    memcpy(&m, &bits, sizeof m);
    const float s = (m - 1) / (m + 1), s2 = s * s;
    float sum = 2.0f / 9;
    sum = sum * s2 + 2.0f / 7;
    sum = sum * s2 + 2.0f / 5;
    sum = sum * s2 + 2.0f / 3;
    const float whole = (float)n;
    return whole * 0.693359375f + (2 * s + (s * s2 * sum - whole * 2.12194440e-4f));
}

/* Within 3e-7 of the true value, relatively, from -87 to 88; beyond, as at these ends. x is n log 2
 * + rest, and exp(rest) Taylor's polynomial of degree 6. */
static inline float lar_exp_of(float x)
{
    const float whole = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    const float turns = x * 1.44269504f + whole, n = turns - whole;
    const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f; /* log 2 in two parts */
    float sum = 1.0f / 720;
    sum = sum * r + 1.0f / 120;
    sum = sum * r + 1.0f / 24;
    sum = sum * r + 1.0f / 6;
    sum = sum * r + 0.5f;
    sum = sum * r + 1.0f;
    sum = sum * r + 1.0f;
    uint32_t bits;
    float power;
    memcpy(&bits, &turns, sizeof bits);
    bits = (bits << 23) + 0x3f800000u;
    memcpy(&power, &bits, sizeof power);
    return sum * power;
}

/* Taylor's polynomials: within 1e-7 up to an eighth of a turn to each side. */
static inline float lar_sine_near(float a)
{
    const float q = a * a;
    return a + a * q * (-1.0f / 6 + q * (1.0f / 120 + q * (-1.0f / 5040 + q * (1.0f / 362880))));
}
static inline float lar_cosine_near(float a)
{
    const float q = a * a;
    return 1 + q * (-0.5f + q * (1.0f / 24 + q * (-1.0f / 720 + q * (1.0f / 40320))));
}

#endif
