/* The exponential of floats, as a loop that the compiler turns into vectors; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_N4_EXP_H
#define LAR_N4_EXP_H

#include <stdint.h>
#include <string.h>

/* Within 3e-7 of the true value, relatively, from -87 to 88; beyond, as at these ends. x is n log 2
 * + rest, and exp(rest) Taylor's polynomial of degree 6. */
static inline float lar_n4_exp(float x)
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

#endif
