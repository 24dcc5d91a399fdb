/* Layers over an image: mixed into its pixels, or stroked as lines.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "report/contours/contour_lines.h"
#include "report/figure/over.h"

static const double LINE = 1.6, /* pixels wide */
    /* sigma in voxels: rounds the steps of voxels, and leaves a single one above one half */
    ROUND = 0.42;

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
    if (over->as == LAR_OVER_SIGNED) return lar_colour_diverging(value / w[1]);
    return lar_colour_sequential((value - w[0]) / (w[1] - w[0]));
}

static bool is_map(const lar_over *over)
{
    return over->as == LAR_OVER_MAP || over->as == LAR_OVER_SIGNED;
}

static bool is_drawn(const lar_over *over, double value)
{
    if (!isfinite(value)) return false;
    if (over->as == LAR_OVER_MAP)
        return value >= over->from && (value != 0 || isfinite(over->from));
    if (over->as == LAR_OVER_SIGNED) return fabs(value) >= over->from;
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

lar_status lar_over_blend(uint32_t *pixels, const lar_over *over, const lar_slice *slice,
                          const double *below)
{
    lar_status status = LAR_OK;
    const int64_t count = slice->width * slice->height;
    double *values = lar_alloc_raw(count, sizeof *values), last = NAN;
    lar_colour colour = over->colour;

    if (!values) return LAR_EMEMORY;
    LAR_TRY(lar_slice_sample(values, over->look, slice, is_map(over) ? LAR_LINEAR : LAR_NEAREST));
    for (int64_t n = 0; n < count; n++) {
        if (isinf(below[n]) || !is_drawn(over, values[n])) continue;
        if (over->as != LAR_OVER_MASK && values[n] != last) {
            colour = is_map(over) ? lar_over_map(over, values[n])
                                  : lar_over_label(over->codes, values[n]);
            last = values[n];
        }
        pixels[n] = mix(pixels[n], colour, over->opacity);
    }
done:
    lar_free(values);
    return status;
}

typedef struct pen {
    cairo_t *cr;
    double x, y;
} pen;

static void trace(void *user, const lar_contour_line *line)
{
    const pen *p = user;
    for (int64_t n = 0; n < line->count; n++) /* the middle of pixel 0 lies at 0.5 */
        cairo_line_to(p->cr, p->x + line->points[n][0] + 0.5, p->y + line->points[n][1] + 0.5);
    if (line->closed) cairo_close_path(p->cr);
    cairo_new_sub_path(p->cr);
}

/* The next larger label of a slice after `code`; NaN: there is none. */
static double next_code(const double *values, int64_t count, double code)
{
    double next = NAN;
    for (int64_t n = 0; n < count; n++)
        if (isfinite(values[n]) && values[n] > code && values[n] != 0 && !(values[n] >= next))
            next = values[n];
    return next;
}

lar_status lar_over_stroke(cairo_t *cr, const lar_over *over, const lar_slice *slice,
                           const double *below, double x, double y)
{
    lar_status status = LAR_OK;
    const int64_t count = slice->width * slice->height;
    const double *mm = over->look->spacing_mm,
                 step = hypot(hypot(slice->across_mm[0], slice->across_mm[1]), slice->across_mm[2]);
    const double sigma = ROUND * fmin(fmin(mm[0], mm[1]), mm[2]) / step;
    double *values = lar_alloc_raw(2 * count, sizeof *values), code = -INFINITY;
    pen p = { cr, x, y };

    if (!values) return LAR_EMEMORY;
    double *inside = values + count;
    LAR_TRY(lar_slice_sample(values, over->look, slice, LAR_NEAREST));
    cairo_set_line_width(cr, LINE);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    for (int64_t lines = 0; lines < LAR_CODES_MAX; lines++) {
        code = over->single ? 1 : next_code(values, count, code);
        if (isnan(code)) break;
        for (int64_t n = 0; n < count; n++)
            inside[n] = isinf(below[n]) ? INFINITY
                        : over->single  ? isfinite(values[n]) && values[n] != 0
                                        : values[n] == code;
        LAR_TRY(lar_outlines_smooth(inside, slice->width, slice->height, sigma));
        cairo_new_path(cr);
        LAR_TRY(lar_contour_lines(inside, slice->width, slice->height, 0.5, trace, &p));
        const lar_colour c = over->single ? over->colour : lar_over_label(over->codes, code);
        cairo_set_source_rgba(cr, c.r, c.g, c.b, over->opacity);
        cairo_stroke(cr);
        if (over->single) break;
    }
done:
    lar_free(values);
    return status;
}
