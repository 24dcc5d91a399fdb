/* Layers over an image, mixed into its pixels.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "report/figure/over.h"

lar_colour lar_over_label(const lar_codes *codes, double code)
{
    const double number = fmod(fabs(rint(code)) - 1, LAR_LABEL_COLOURS);
    int64_t low = 0, high = codes ? codes->count : 0;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (codes->at[middle] == code) return lar_colour_label(codes->colour[middle]);
        if (codes->at[middle] < code)
            low = middle + 1;
        else
            high = middle;
    }
    return lar_colour_label(number > 0 ? (int64_t)number : 0);
}

lar_colour lar_over_map(const lar_over *over, double value)
{
    const double *w = over->window;
    if (over->kind == LAR_OVER_SIGNED) return lar_colour_diverging(value / w[1]);
    return lar_colour_sequential((value - w[0]) / (w[1] - w[0]));
}

static bool is_drawn(const lar_over *over, double value)
{
    if (!isfinite(value)) return false;
    if (over->kind == LAR_OVER_MAP) return value >= over->window[0];
    if (over->kind == LAR_OVER_SIGNED) return fabs(value) >= over->window[0];
    return value != 0;
}

static uint32_t mix(uint32_t below, lar_colour colour, double opacity)
{
    const double above[3] = { colour.r, colour.g, colour.b };
    uint32_t out = 0;
    for (int c = 0; c < 3; c++) {
        const int shift = 16 - 8 * c;
        const double under = below >> shift & 255;
        out |= (uint32_t)lrint(under + opacity * (255 * above[c] - under)) << shift;
    }
    return out;
}

lar_status lar_over_blend(uint32_t *pixels, const lar_over *over, const lar_slice *slice)
{
    lar_status status = LAR_OK;
    const int64_t count = slice->width * slice->height;
    const bool smooth = over->kind == LAR_OVER_MAP || over->kind == LAR_OVER_SIGNED;
    double *values = lar_alloc_raw(count, sizeof *values), last = NAN;
    lar_colour colour = over->colour;

    if (!values) return LAR_EMEMORY;
    LAR_TRY(lar_slice_sample(values, over->look, slice, smooth ? LAR_LINEAR : LAR_NEAREST));
    for (int64_t n = 0; n < count; n++) {
        if (!is_drawn(over, values[n])) continue;
        if (over->kind != LAR_OVER_MASK && values[n] != last) {
            colour =
                smooth ? lar_over_map(over, values[n]) : lar_over_label(over->codes, values[n]);
            last = values[n];
        }
        pixels[n] = mix(pixels[n], colour, over->opacity);
    }
done:
    lar_free(values);
    return status;
}
