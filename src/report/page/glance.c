/* Small pictures of an image, for pages that show hundreds. Where the head is, is found once on a
 * coarse grid; what lies on the image is then looked at in the same places.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "codec/codec.h"
#include "report/contours/outlines.h"
#include "report/report.h"

enum {
    POINTS = 40000, /* of the head, at most: a tail of 1 in 1000 is still 40 of them */
    GAP = 3,        /* pixels between planes */
    LEVELS = 64,    /* of grey: noise below that is not seen, and is most of the file */
    SMALLEST = 8,
    LONGEST = 1024
};
static const double DRAWN_MM = 200, AIR_MM = 5;

struct lar_glance {
    double low[3], high[3], centre[3];
    int64_t count, core; /* points; the first `core` of them lie below skin and skull */
    double (*points)[3];
};

/* ---- where ----------------------------------------------------------------------------- */

static void take_points(lar_glance *g, const lar_head *head, const lar_look *look, bool core)
{
    const int64_t samples = head->size[0] * head->size[1] * head->size[2];
    int64_t inside = 0, met = 0;
    for (int64_t n = 0; n < samples; n++) inside += head->inside[n] && isfinite(head->values[n]);
    const int64_t every = inside / POINTS + 1;
    for (int64_t n = 0; n < samples; n++) {
        if (!head->inside[n] || !isfinite(head->values[n])) continue;
        if (met++ % every != 0 || (head->inside[n] == 3) != core) continue;
        const int64_t index[3] = { n % head->size[0], n / head->size[0] % head->size[1],
                                   n / head->size[0] / head->size[1] };
        double ijk[3];
        for (int a = 0; a < 3; a++)
            ijk[a] = (double)(index[a] * head->step[a] + head->step[a] / 2);
        lar_grid_to_world(&look->ras->grid, ijk, g->points[g->count++]);
    }
}

lar_status lar_glance_new(lar_glance **out, const lar_image *image)
{
    lar_status status = LAR_OK;
    lar_look look = { 0 };
    lar_head head = { 0 };
    lar_glance *g = lar_alloc(1, sizeof *g);

    *out = NULL;
    if (!g) return LAR_EMEMORY;
    LAR_TRY(lar_look_init(&look, image));
    LAR_TRY(lar_head_init(&head, &look));
    for (int a = 0; a < 3; a++) {
        g->low[a] = head.low[a] - AIR_MM;
        g->high[a] = head.high[a] + AIR_MM;
        g->centre[a] = head.centre[a];
    }
    g->low[2] = fmax(g->low[2], head.high[2] - DRAWN_MM); /* the neck is left out */
    g->points = lar_alloc_raw(POINTS + 1, sizeof *g->points);
    if (!g->points) {
        status = LAR_EMEMORY;
        goto done;
    }
    take_points(g, &head, &look, true);
    g->core = g->count;
    take_points(g, &head, &look, false);
    *out = g;
    g = NULL;
done:
    lar_glance_free(g);
    lar_head_clear(&head);
    lar_look_clear(&look);
    return status;
}

void lar_glance_free(lar_glance *g)
{
    if (!g) return;
    lar_free(g->points);
    lar_free(g);
}

/* ---- values ---------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The values at the points of the head or of its core, rising; of two images b - a, its amount.
 * Points outside either have none. */
static lar_status sorted_values(double **out, int64_t *count, const lar_glance *g, bool core,
                                const lar_image *a, const lar_image *b)
{
    lar_status status = LAR_OK;
    lar_look look = { 0 }, other = { 0 };
    const int64_t points = core && g->core > 0 ? g->core : g->count;

    *count = 0;
    *out = lar_alloc_raw(points + 1, sizeof **out);
    if (!*out) return LAR_EMEMORY;
    LAR_TRY(lar_look_init(&look, a));
    if (b) LAR_TRY(lar_look_init(&other, b));
    for (int64_t n = 0; n < points; n++) {
        double value = lar_look_at(&look, g->points[n], LAR_NEAREST);
        if (b) value = fabs(lar_look_at(&other, g->points[n], LAR_NEAREST) - value);
        if (isfinite(value)) (*out)[(*count)++] = value;
    }
    qsort(*out, (size_t)*count, sizeof **out, compare);
done:
    lar_look_clear(&look);
    lar_look_clear(&other);
    if (status != LAR_OK) {
        lar_free(*out);
        *out = NULL;
    }
    return status;
}

static double percentile_of(const double *sorted, int64_t count, double percent)
{
    return sorted[(int64_t)((double)(count - 1) * percent / 100 + 0.5)];
}

/* Two percentiles, made unequal where they are not. */
static lar_status find_range(double out[2], const lar_glance *g, bool core, const lar_image *image,
                             double low, double high)
{
    double *sorted;
    int64_t count;
    const lar_status status = sorted_values(&sorted, &count, g, core, image, NULL);
    if (status != LAR_OK) return status;
    out[0] = 0;
    out[1] = 1;
    if (count > 0) {
        out[0] = percentile_of(sorted, count, low);
        out[1] = percentile_of(sorted, count, high);
        if (out[0] == out[1]) { /* a mask, or an image with few values */
            out[0] = sorted[0];
            out[1] = sorted[count - 1];
        }
        if (out[0] == out[1]) out[1] = out[0] + fmax(1, fabs(out[0]));
    }
    lar_free(sorted);
    return LAR_OK;
}

lar_status lar_glance_window(double out[2], const lar_glance *g, const lar_image *image)
{
    return find_range(out, g, true, image, 1, 99.5);
}

lar_status lar_glance_count(lar_glance_counts *out, const lar_glance *g, const lar_image *image)
{
    lar_status status = LAR_OK;
    double range[2], *sorted = NULL;
    int64_t count;

    *out = (lar_glance_counts){ 0 };
    LAR_TRY(find_range(range, g, false, image, 0.1, 99.9));
    const double beyond = 0.1 * (range[1] - range[0]);
    out->low = range[0] - beyond;
    out->high = range[1] + beyond;
    const double width = (out->high - out->low) / LAR_GLANCE_BINS;
    LAR_TRY(sorted_values(&sorted, &count, g, false, image, NULL));
    for (int64_t n = 0; n < count; n++) {
        const double bin = floor((sorted[n] - out->low) / width);
        if (bin >= 0 && bin < LAR_GLANCE_BINS) out->at[(int)bin]++;
    }
done:
    lar_free(sorted);
    return status;
}

void lar_glance_recount(double *out, double low, double high, int64_t bins,
                        const lar_glance_counts *counts)
{
    const double own = (counts->high - counts->low) / LAR_GLANCE_BINS,
                 width = (high - low) / (double)bins;
    for (int64_t b = 0; b < bins; b++) out[b] = 0;
    if (!(own > 0) || !(width > 0)) return;
    for (int n = 0; n < LAR_GLANCE_BINS; n++) {
        const double begin = (counts->low + n * own - low) / width, end = begin + own / width;
        for (int64_t b = (int64_t)fmax(floor(begin), 0); b < bins && (double)b < end; b++) {
            const double shared = fmin(end, (double)b + 1) - fmax(begin, (double)b);
            if (shared > 0) out[b] += counts->at[n] * shared / (end - begin);
        }
    }
}

/* ---- pixels ---------------------------------------------------------------------------- */

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

static double step_of(double value, const double window[2])
{
    const double t = (value - window[0]) / (window[1] - window[0]);
    return rint((t > 0 ? t < 1 ? t : 1 : 0) * (LEVELS - 1)) / (LEVELS - 1); /* NaN is black */
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
            const int64_t at = (s.top[n] + v / slice->width) * s.width + s.left[n] + v % slice->width;
            if (!isinf(s.values[v]))
                pixels[at] = (unsigned char)(255 * step_of(s.values[v], window) + 0.5);
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

static lar_status draw(lar_text *out, const sheet *s, const coloured *c)
{
    lar_status status = LAR_OK;
    lar_canvas *canvas = NULL;
    cairo_t *cr = NULL;
    double *other = NULL;
    uint32_t *pixels = lar_alloc_raw(s->width * s->height, sizeof *pixels);

    if (!pixels) return LAR_EMEMORY;
    LAR_TRY(lar_canvas_keep(&canvas, out, ".png"));
    LAR_TRY(lar_canvas_begin(&cr, canvas, (double)s->width, (double)s->height));
    lar_canvas_box(cr, 0, 0, (double)s->width, (double)s->height, lar_panel_page);
    for (int n = 0; n < s->count; n++) {
        const lar_slice *slice = &s->slices[n];
        const int64_t count = slice->width * slice->height;
        const double x = (double)s->left[n], y = (double)s->top[n];
        LAR_TRY(lar_slice_sample(s->values, c->look, slice, LAR_LINEAR));
        if (c->minus) {
            lar_free(other);
            other = lar_alloc_raw(count, sizeof *other);
            if (!other) {
                status = LAR_EMEMORY;
                goto done;
            }
            LAR_TRY(lar_slice_sample(other, c->minus, slice, LAR_LINEAR));
        }
        for (int64_t v = 0; v < count; v++) {
            const double value = s->values[v], grey = step_of(value, c->window);
            const double apart = c->minus ? (value - other[v]) / c->limit : 0;
            const bool inside = isfinite(value) && (!c->minus || isfinite(other[v]));
            const lar_colour colour = !inside    ? lar_panel_page
                                      : c->minus ? lar_colour_diverging(rint(apart * 48) / 48)
                                                 : (lar_colour){ grey, grey, grey };
            pixels[v] = lar_colour_pixel(colour);
        }
        LAR_TRY(lar_panel_paint(cr, pixels, slice->width, slice->height, x, y));
        if (c->outlines) {
            cairo_save(cr);
            cairo_rectangle(cr, x, y, (double)slice->width, (double)slice->height);
            cairo_clip(cr);
            status = lar_outlines_draw(cr, c->outlines, slice, s->values, s->zoom, x, y);
            cairo_restore(cr);
            if (status != LAR_OK) goto done;
        }
    }
    LAR_TRY(lar_canvas_finish(canvas));
done:
    lar_canvas_free(canvas);
    lar_free(other);
    lar_free(pixels);
    return status;
}

lar_status lar_glance_contours_png(lar_text *out, const lar_glance *g, const lar_image *image,
                                   const lar_image *moved, const lar_glance_params *params)
{
    lar_status status = LAR_OK;
    sheet s = { 0 };
    lar_look look = { 0 };
    lar_outlines outlines = { 0 };
    coloured c = { .look = &look, .outlines = &outlines };

    LAR_TRY(lay_out(&s, g, params));
    LAR_TRY(choose_window(c.window, g, image, params));
    LAR_TRY(lar_look_init(&look, image));
    LAR_TRY(lar_outlines_init(&outlines, moved));
    LAR_TRY(draw(out, &s, &c));
done:
    lar_free(s.values);
    lar_outlines_clear(&outlines);
    lar_look_clear(&look);
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
        LAR_TRY(sorted_values(&sorted, &count, g, true, a, b));
        *limit = count ? percentile_of(sorted, count, 99.5) : 0;
    }
    LAR_TRY(lar_look_init(&look, b));
    LAR_TRY(lar_look_init(&minus, a));
    const coloured c = { .look = &look,
                         .minus = &minus,
                         .window = { 0, 1 },
                         .limit = *limit > 0 ? *limit : 1 };
    LAR_TRY(draw(out, &s, &c));
done:
    lar_free(s.values);
    lar_free(sorted);
    lar_look_clear(&look);
    lar_look_clear(&minus);
    return status;
}
