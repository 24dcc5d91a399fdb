/* Planes of an image on one small sheet: grey, under contours, or as a difference in colours.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "codec/codec.h"
#include "report/contours/outlines.h"
#include "report/page/glance.h"
#include "report/page/palette_png.h"

enum {
    GAP = 3,       /* pixels between planes */
    LEVELS = 48,   /* of grey: noise below that is not seen, and is most of the file */
    COLOURED = 24, /* under contours, and of each half of a difference */
    FINE = 72,     /* voxels along an axis of which contours are drawn: half a pixel */
    SMALLEST = 8,
    LONGEST = 1024
};

/* Planes on one sheet. */
typedef struct sheet {
    int count;
    int64_t width, height;
    lar_slice slices[LAR_PLANES];
    int64_t left[LAR_PLANES], top[LAR_PLANES];
    double zoom;
    double *values; /* of one plane */
} sheet;

static lar_status lay_out(sheet *s, const lar_glance *g, const lar_glance_params *p)
{
    double longest_mm = 0;
    int64_t most = 0;
    *s = (sheet){ .count = p->planes == LAR_GLANCE_AXIAL ? 1 : LAR_PLANES };
    for (int a = 0; a < 3; a++) longest_mm = fmax(longest_mm, g->high[a] - g->low[a]);
    if (!(longest_mm > 0) || p->longest < SMALLEST || p->longest > LONGEST)
        return lar_fail(LAR_EARGUMENT, "a picture of %g mm in %lld pixels, expected %d to %d",
                        longest_mm, (long long)p->longest, SMALLEST, LONGEST);
    s->zoom = (double)p->longest / longest_mm;
    for (int n = 0; n < s->count; n++) {
        double side[2];
        lar_panel_size(side, &lar_planes[n], g->low, g->high, s->zoom);
        const int64_t size[2] = { (int64_t)side[0], (int64_t)side[1] };
        s->slices[n] =
            lar_panel_slice(&lar_planes[n], g->low, g->high, g->centre, s->zoom, size, false);
        const bool below = p->planes == LAR_GLANCE_BELOW;
        s->left[n] = below || n == 0 ? 0 : s->width + GAP;
        s->top[n] = below && n > 0 ? s->height + GAP : 0;
        s->width = below && s->width > size[0] ? s->width : s->left[n] + size[0];
        s->height = !below && s->height > size[1] ? s->height : s->top[n] + size[1];
        most = size[0] * size[1] > most ? size[0] * size[1] : most;
    }
    for (int n = 0; n < s->count; n++) { /* in the middle of the row, or of the column */
        if (p->planes == LAR_GLANCE_BELOW)
            s->left[n] = (s->width - s->slices[n].width) / 2;
        else
            s->top[n] = (s->height - s->slices[n].height) / 2;
    }
    s->values = lar_alloc_raw(most, sizeof *s->values);
    return s->values ? LAR_OK : LAR_EMEMORY;
}

static double step_of(double value, const double window[2], int levels)
{
    const double t = (value - window[0]) / (window[1] - window[0]);
    return rint((t > 0 ? t < 1 ? t : 1 : 0) * (levels - 1)) / (levels - 1); /* NaN is black */
}

static lar_status choose_window(double out[2], const lar_glance *g, const lar_image *image,
                                const lar_glance_params *p)
{
    out[0] = p->window[0];
    out[1] = p->window[1];
    return out[0] == out[1] ? lar_glance_window(out, g, image) : LAR_OK;
}

lar_status lar_glance_png(lar_text *out, const lar_glance *g, const lar_image *image,
                          const lar_glance_params *params)
{
    lar_status status = LAR_OK;
    sheet s = { 0 };
    lar_look look = { 0 };
    double window[2];
    unsigned char *pixels = NULL, *bytes = NULL;
    size_t count;
    const int page = (int)(255 * lar_panel_page.g + 0.5);

    LAR_TRY(lay_out(&s, g, params));
    LAR_TRY(choose_window(window, g, image, params));
    LAR_TRY(lar_look_init(&look, image));
    pixels = lar_alloc_raw(s.width * s.height, 1);
    if (!pixels) {
        status = LAR_EMEMORY;
        goto done;
    }
    memset(pixels, page, (size_t)(s.width * s.height));
    for (int n = 0; n < s.count; n++) {
        const lar_slice *slice = &s.slices[n];
        LAR_TRY(lar_slice_sample(s.values, &look, slice, LAR_LINEAR));
        for (int64_t v = 0; v < slice->width * slice->height; v++) {
            const int64_t at =
                (s.top[n] + v / slice->width) * s.width + s.left[n] + v % slice->width;
            if (!isinf(s.values[v]))
                pixels[at] = (unsigned char)(255 * step_of(s.values[v], window, LEVELS) + 0.5);
        }
    }
    const lar_png what = { .width = s.width, .height = s.height, .type = LAR_U8 };
    LAR_TRY(lar_png_write(&bytes, &count, &what, pixels, 9));
    lar_text_add_bytes(out, (const char *)bytes, count);
done:
    lar_free(bytes);
    lar_free(pixels);
    lar_free(s.values);
    lar_look_clear(&look);
    return status;
}

/* A sheet in colours: grey of an image with contours over it, or a difference. */
typedef struct coloured {
    const lar_look *look, *minus;
    double window[2], limit;
    const lar_outlines *outlines;
} coloured;

/* One plane's pixels. */
static lar_status fill(uint32_t *pixels, const sheet *s, const coloured *c, const lar_slice *slice)
{
    lar_status status = LAR_OK;
    const int64_t count = slice->width * slice->height;
    double *other = c->minus ? lar_alloc_raw(count, sizeof *other) : NULL;

    if (c->minus && !other) return LAR_EMEMORY;
    LAR_TRY(lar_slice_sample(s->values, c->look, slice, LAR_LINEAR));
    if (other) LAR_TRY(lar_slice_sample(other, c->minus, slice, LAR_LINEAR));
    for (int64_t v = 0; v < count; v++) {
        const double value = s->values[v], grey = step_of(value, c->window, COLOURED);
        const bool inside = isfinite(value) && (!other || isfinite(other[v]));
        lar_colour colour = { grey, grey, grey };
        if (!inside)
            colour = lar_panel_page;
        else if (other)
            colour =
                lar_colour_diverging(rint((value - other[v]) / c->limit * COLOURED) / COLOURED);
        pixels[v] = lar_colour_pixel(colour);
    }
done:
    lar_free(other);
    return status;
}

static lar_status draw_plane(cairo_t *cr, uint32_t *pixels, const sheet *s, const coloured *c,
                             int plane)
{
    lar_status status = LAR_OK;
    const lar_slice *slice = &s->slices[plane];
    const double x = (double)s->left[plane], y = (double)s->top[plane];

    LAR_TRY(fill(pixels, s, c, slice));
    LAR_TRY(lar_panel_paint(cr, pixels, slice->width, slice->height, x, y));
    if (!c->outlines) return LAR_OK;
    cairo_save(cr);
    cairo_rectangle(cr, x, y, (double)slice->width, (double)slice->height);
    cairo_clip(cr);
    status = lar_outlines_draw(cr, c->outlines, slice, s->values, s->zoom, x, y);
    cairo_restore(cr);
done:
    return status;
}

static lar_status draw(lar_text *out, const sheet *s, const coloured *c)
{
    lar_status status = LAR_OK;
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)s->width, (int)s->height);
    cairo_t *cr = cairo_create(surface);
    uint32_t *pixels = lar_alloc_raw(s->width * s->height, sizeof *pixels);

    if (!pixels || cairo_status(cr) != CAIRO_STATUS_SUCCESS) {
        status = lar_fail(LAR_EMEMORY, "no memory for a picture of %lld x %lld pixels",
                          (long long)s->width, (long long)s->height);
        goto done;
    }
    lar_canvas_box(cr, 0, 0, (double)s->width, (double)s->height, lar_panel_page);
    for (int n = 0; n < s->count; n++) LAR_TRY(draw_plane(cr, pixels, s, c, n));
    cairo_surface_flush(surface);
    const unsigned char *rows = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    for (int64_t row = 0; row < s->height; row++)
        memcpy(pixels + row * s->width, rows + row * stride, (size_t)s->width * sizeof *pixels);
    LAR_TRY(lar_palette_png(out, pixels, s->width, s->height));
done:
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    lar_free(pixels);
    return status;
}

static lar_status draw_lines(lar_text *out, const lar_glance *g, const lar_image *image,
                             const lar_outlines *outlines, const lar_glance_params *params)
{
    lar_status status = LAR_OK;
    sheet s = { 0 };
    lar_look look = { 0 };
    coloured c = { .look = &look, .outlines = outlines };

    LAR_TRY(lay_out(&s, g, params));
    LAR_TRY(choose_window(c.window, g, image, params));
    LAR_TRY(lar_look_init(&look, image));
    LAR_TRY(draw(out, &s, &c));
done:
    lar_free(s.values);
    lar_look_clear(&look);
    return status;
}

lar_status lar_glance_contours_png(lar_text *out, const lar_glance *g, const lar_image *image,
                                   const lar_image *moved, const lar_glance_params *params)
{
    lar_status status = LAR_OK;
    lar_outlines outlines = { 0 };
    lar_image *thin = NULL;

    LAR_TRY(lar_thinned(&thin, moved, FINE));
    LAR_TRY(lar_outlines_init(&outlines, thin));
    LAR_TRY(draw_lines(out, g, image, &outlines, params));
done:
    lar_outlines_clear(&outlines);
    lar_image_free(thin);
    return status;
}

lar_status lar_glance_outline_png(lar_text *out, const lar_glance *g, const lar_image *image,
                                  const lar_image *mask, const lar_glance_params *params)
{
    lar_status status = LAR_OK;
    lar_outlines outlines = { 0 };
    LAR_TRY(lar_outlines_init_mask(&outlines, mask));
    LAR_TRY(draw_lines(out, g, image, &outlines, params));
done:
    lar_outlines_clear(&outlines);
    return status;
}

lar_status lar_glance_difference_png(lar_text *out, double *limit, const lar_glance *g,
                                     const lar_image *a, const lar_image *b,
                                     const lar_glance_params *params)
{
    lar_status status = LAR_OK;
    sheet s = { 0 };
    lar_look look = { 0 }, minus = { 0 };
    double *sorted = NULL;
    int64_t count = 0;

    LAR_TRY(lay_out(&s, g, params));
    if (isnan(*limit)) {
        LAR_TRY(lar_glance_values(&sorted, &count, g, true, a, b));
        *limit = count ? lar_glance_percentile(sorted, count, 99.5) : 0;
    }
    LAR_TRY(lar_look_init(&look, b));
    LAR_TRY(lar_look_init(&minus, a));
    const coloured c = {
        .look = &look, .minus = &minus, .window = { 0, 1 }, .limit = *limit > 0 ? *limit : 1
    };
    LAR_TRY(draw(out, &s, &c));
done:
    lar_free(s.values);
    lar_free(sorted);
    lar_look_clear(&look);
    lar_look_clear(&minus);
    return status;
}
