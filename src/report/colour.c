/* Colours by formula. The map of differences is dark in the middle, so that "no difference" looks
 * like air, and runs through CIELAB (CIE 15:2004) at an even pace in two hues that all kinds of
 * colour vision tell apart (advice of Moreland 2009, doi:10.1007/978-3-642-10520-3_9, and of
 * Crameri 2020, doi:10.1038/s41467-020-19160-7).
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "report/colour.h"

static double lab_inverse(double t)
{
    return t > 6.0 / 29 ? t * t * t : 3 * (6.0 / 29) * (6.0 / 29) * (t - 4.0 / 29);
}

/* The transfer curve of sRGB, IEC 61966-2-1. */
static double srgb(double linear)
{
    if (!(linear > 0)) return 0;
    if (linear >= 1) return 1;
    return linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055;
}

lar_colour lar_colour_from_lch(double lightness, double chroma, double hue)
{
    const double radians = hue * 3.14159265358979323846 / 180;
    const double fy = (lightness + 16) / 116;
    const double x = 0.95047 * lab_inverse(fy + chroma * cos(radians) / 500); /* white D65 */
    const double y = lab_inverse(fy);
    const double z = 1.08883 * lab_inverse(fy - chroma * sin(radians) / 200);
    return (lar_colour){ srgb(3.2404542 * x - 1.5371385 * y - 0.4985314 * z),
                         srgb(-0.9692660 * x + 1.8760108 * y + 0.0415560 * z),
                         srgb(0.0556434 * x - 0.2040259 * y + 1.0572252 * z) };
}

lar_colour lar_colour_diverging(double t)
{
    /* lightness and chroma from the middle to the ends; inside sRGB for both hues */
    static const double anchors[3][2] = { { 5, 0 }, { 52, 42 }, { 86, 18 } };
    const double hue = t < 0 ? 268 : 55;
    double lengths[2], along = fabs(t) > 1 ? 1 : fabs(t);
    for (int n = 0; n < 2; n++)
        lengths[n] = hypot(anchors[n + 1][0] - anchors[n][0], anchors[n + 1][1] - anchors[n][1]);
    along *= lengths[0] + lengths[1];
    const int n = along > lengths[0];
    const double part = (n ? along - lengths[0] : along) / lengths[n];
    return lar_colour_from_lch(anchors[n][0] + part * (anchors[n + 1][0] - anchors[n][0]),
                               anchors[n][1] + part * (anchors[n + 1][1] - anchors[n][1]), hue);
}

lar_colour lar_colour_sequential(double t)
{
    /* a helix: lightness and hue advance evenly at one chroma, so the pace in CIELAB is even;
     * inside sRGB, and at each turn of it far from the greys of the image below */
    const double along = t > 0 ? t < 1 ? t : 1 : 0;
    return lar_colour_from_lch(25 + 67 * along, 54, 305 + 155 * along);
}

lar_colour lar_colour_label(int64_t n)
{
    /* The seven of Okabe and Ito (below), then always the colour that is farthest in CIELAB from
     * all before it, of those with lightness 38 to 90 and chroma 32 and more; any two are 26 or
     * more apart. tests/golden/make_colours.py finds them. */
    static const uint8_t colours[LAR_LABEL_COLOURS][3] = {
        { 213, 94, 0 },    { 86, 180, 233 },  { 240, 228, 66 },  { 0, 158, 115 },
        { 204, 121, 167 }, { 230, 159, 0 },   { 0, 114, 178 },   { 104, 0, 255 },
        { 0, 255, 0 },     { 255, 24, 216 },  { 255, 0, 96 },    { 144, 112, 248 },
        { 112, 96, 40 },   { 72, 168, 8 },    { 255, 216, 160 }, { 0, 255, 160 },
        { 0, 248, 255 },   { 160, 56, 56 },   { 192, 240, 144 }, { 200, 8, 128 },
        { 255, 0, 24 },    { 168, 240, 0 },   { 255, 144, 255 }, { 255, 152, 136 },
        { 136, 144, 8 },   { 176, 168, 255 }, { 152, 8, 200 },   { 32, 104, 16 },
        { 112, 72, 152 },  { 0, 72, 248 },    { 144, 168, 112 }, { 0, 152, 160 },
        { 0, 136, 255 },   { 144, 232, 192 }, { 192, 128, 56 },  { 112, 248, 96 },
        { 255, 96, 80 },   { 160, 40, 160 },  { 255, 104, 144 }, { 255, 200, 255 },
        { 88, 200, 112 },  { 232, 0, 255 }
    };
    const uint8_t *c = colours[n % LAR_LABEL_COLOURS];
    return (lar_colour){ c[0] / 255.0, c[1] / 255.0, c[2] / 255.0 };
}

lar_colour lar_colour_series(int64_t n)
{
    /* Okabe and Ito 2008, https://jfly.uni-koeln.de/color/; without black, and yellow last: pale
     * on white */
    static const uint8_t colours[7][3] = { { 0, 114, 178 },   { 213, 94, 0 },   { 0, 158, 115 },
                                           { 204, 121, 167 }, { 86, 180, 233 }, { 230, 159, 0 },
                                           { 240, 228, 66 } };
    const uint8_t *c = colours[n % 7];
    return (lar_colour){ c[0] / 255.0, c[1] / 255.0, c[2] / 255.0 };
}

uint32_t lar_colour_pixel(lar_colour colour)
{
    const uint32_t r = (uint32_t)lrint(255 * colour.r), g = (uint32_t)lrint(255 * colour.g),
                   b = (uint32_t)lrint(255 * colour.b);
    return r << 16 | g << 8 | b;
}
