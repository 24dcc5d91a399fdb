/* Round numbers: ticks of an axis, and how to write them. Inside report/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_AXIS_H
#define LAR_AXIS_H

#include "base/base.h"

enum { LAR_TICKS_MAX = 32, LAR_TICK_ROOM = 32 };

typedef struct lar_ticks {
    int count;
    double at[LAR_TICKS_MAX];
    char text[LAR_TICKS_MAX][LAR_TICK_ROOM]; /* "" for a tick without a number */
} lar_ticks;

/* 1, 2 or 5 times a power of ten apart; about `wanted` of them from low to high. */
void lar_ticks_linear(lar_ticks *out, double low, double high, int wanted);
/* Powers of ten with unnumbered 2 to 9 between, or 1-2-5 where they are few; low above 0. */
void lar_ticks_log(lar_ticks *out, double low, double high, int wanted);
/* The round number (of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten) at or above value > 0.
 */
double lar_round_up(double value);
/* The largest of 1, 2, 5 times a power of ten at or below value > 0. */
double lar_round_down(double value);
/* As printf %.*g, with a true minus sign; NaN and infinities in words. */
void lar_number_words(char text[LAR_TICK_ROOM], double value, int digits);

#endif
