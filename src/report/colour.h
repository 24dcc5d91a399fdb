/* Colours: sRGB, CIELAB, the two maps of values, labels. Inside report/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_COLOUR_H
#define LAR_COLOUR_H

#include "base/base.h"

typedef struct lar_colour {
    double r, g, b; /* sRGB, 0 to 1 */
} lar_colour;

/* CIELAB (white point D65) as lightness, chroma and hue in degrees; outside sRGB it is clipped. */
lar_colour lar_colour_from_lch(double lightness, double chroma, double hue);
/* -1 blue, 0 nearly black, 1 orange; equal steps of t are equal distances in CIELAB. */
lar_colour lar_colour_diverging(double t);
/* 0 dark violet, through red and orange, 1 light yellow: never grey, ever lighter, and equal steps
 * of t are equal distances in CIELAB. */
lar_colour lar_colour_sequential(double t);
/* Colours of labels: any two of the first LAR_LABEL_COLOURS are told apart; n from 0, repeats. */
enum { LAR_LABEL_COLOURS = 42 };
lar_colour lar_colour_label(int64_t n);
/* Colours of curves by Okabe and Ito, readable with any colour vision; n from 0, repeats. */
lar_colour lar_colour_series(int64_t n);
/* As cairo keeps a pixel: 0x00RRGGBB. */
uint32_t lar_colour_pixel(lar_colour colour);

#endif
