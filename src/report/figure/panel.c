/* One panel: where its pixels lie in the world, their colours, and the letters on its edges.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "report/axis.h"
#include "report/figure/panel.h"

const lar_plane lar_planes[LAR_PLANES] = {
    { "axial", 0, 1, 2 },
    { "coronal", 0, 2, 1 },
    { "sagittal", 1, 2, 0 },
};

const lar_colour lar_panel_page = { 0.075, 0.080, 0.090 }, lar_panel_bright = { 0.96, 0.96, 0.97 },
                 lar_panel_soft = { 0.68, 0.70, 0.73 };
static const lar_colour not_finite = { 0.42, 0.16, 0.44 }; /* no grey, no colour of differences */

void lar_panel_size(double size[2], const lar_plane *plane, const double low[3],
                    const double high[3], double zoom)
{
    const int axes[2] = { plane->across, plane->up };
    for (int n = 0; n < 2; n++) {
        const double pixels = ceil((high[axes[n]] - low[axes[n]]) * zoom - 1e-6);
        size[n] = pixels < 1 ? 1 : pixels;
    }
}

lar_slice lar_panel_slice(const lar_plane *plane, const double low[3], const double high[3],
                          const double at[3], double zoom, const int64_t size[2], bool mirrored)
{
    const int across = plane->across, up = plane->up;
    lar_slice slice = { .width = size[0], .height = size[1] };
    const double step = 1 / zoom;
    /* the rest of the last pixel is shared between both sides, so that mirroring is exact */
    const double spare_across = (double)size[0] * step - (high[across] - low[across]);
    const double spare_up = (double)size[1] * step - (high[up] - low[up]);
    for (int a = 0; a < 3; a++) slice.origin[a] = at[a];
    slice.origin[across] = mirrored ? high[across] + spare_across / 2 - step / 2
                                    : low[across] - spare_across / 2 + step / 2;
    slice.origin[up] = high[up] + spare_up / 2 - step / 2;
    slice.across_mm[across] = mirrored ? -step : step;
    slice.down_mm[up] = -step;
    return slice;
}

uint32_t lar_panel_grey(double value, const double window[2])
{
    if (isinf(value)) return lar_colour_pixel(lar_panel_page);
    if (isnan(value)) return lar_colour_pixel(not_finite);
    const double t = (value - window[0]) / (window[1] - window[0]);
    const double grey = t > 0 ? t < 1 ? t : 1 : 0;
    return lar_colour_pixel((lar_colour){ grey, grey, grey });
}

lar_status lar_panel_paint(cairo_t *cr, const uint32_t *pixels, int64_t width, int64_t height,
                           double x, double y)
{
    lar_status status = LAR_OK;
    cairo_surface_t *picture =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)width, (int)height);
    if (cairo_surface_status(picture) != CAIRO_STATUS_SUCCESS) {
        status = lar_fail(LAR_EMEMORY, "no memory for a picture of %lld x %lld pixels",
                          (long long)width, (long long)height);
        goto done;
    }
    unsigned char *bytes = cairo_image_surface_get_data(picture);
    const int stride = cairo_image_surface_get_stride(picture);
    for (int64_t row = 0; row < height; row++)
        memcpy(bytes + row * stride, pixels + row * width, (size_t)width * sizeof *pixels);
    cairo_surface_mark_dirty(picture);
    cairo_set_source_surface(cr, picture, x, y);
    cairo_paint(cr);
done:
    cairo_surface_destroy(picture);
    return status;
}

bool lar_panel_is_outside(const double *values, int64_t count)
{
    for (int64_t n = 0; n < count; n++)
        if (!isinf(values[n])) return false;
    return true;
}

void lar_panel_sides(cairo_t *cr, const lar_plane *plane, bool mirrored, double x, double y,
                     double width, double height)
{
    static const char *const low_sides[] = { "L", "P", "I" }, *const high_sides[] = { "R", "A",
                                                                                      "S" };
    lar_style style = { .size = 14, .bold = true, .halo = true, .colour = lar_panel_bright };
    if (width >= 64) {
        lar_canvas_text(cr, (mirrored ? high_sides : low_sides)[plane->across], x + 6,
                        y + height / 2 + 5, &style);
        style.align = 1;
        lar_canvas_text(cr, (mirrored ? low_sides : high_sides)[plane->across], x + width - 6,
                        y + height / 2 + 5, &style);
    }
    style.align = 0.5;
    if (height >= 64) {
        lar_canvas_text(cr, high_sides[plane->up], x + width / 2, y + 16, &style);
        lar_canvas_text(cr, low_sides[plane->up], x + width / 2, y + height - 6, &style);
    }
}

double lar_panel_ruler(cairo_t *cr, double zoom, double widest, double right, double y)
{
    const double bar_mm = lar_round_down(widest / zoom), bar = bar_mm * zoom;
    const lar_style style = { .size = 13, .align = 1, .colour = lar_panel_soft };
    char text[LAR_TICK_ROOM + 4], number[LAR_TICK_ROOM];
    lar_number_words(number, bar_mm, 6);
    snprintf(text, sizeof text, "%s mm", number);
    const double left = right - bar - lar_canvas_text_width(cr, text, &style) - 10;
    lar_canvas_text(cr, text, right, y, &style);
    lar_canvas_box(cr, left, y - 6, bar, 3, lar_panel_bright);
    lar_canvas_box(cr, left, y - 9, 1, 9, lar_panel_bright);
    lar_canvas_box(cr, left + bar - 1, y - 9, 1, 9, lar_panel_bright);
    return left;
}
