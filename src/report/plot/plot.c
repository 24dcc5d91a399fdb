/* Line plots: loss curves and the learning-rate range test. Curves in the colours of Okabe and Ito
 * on white, marks with their words above the axes, so that nothing covers a curve.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "report/axis.h"
#include "report/canvas.h"
#include "report/plot/plot.h"
#include "report/report.h"

static const lar_colour paper = { 1, 1, 1 }, ink = { 0.13, 0.14, 0.16 },
                        soft = { 0.38, 0.40, 0.43 }, grid_line = { 0.90, 0.905, 0.91 };

enum { MARK_ROW = 18 }; /* pixels */

typedef struct scale {
    double low, high;
    bool log;
    double from, to; /* where low and high are on the page */
    lar_ticks ticks;
} scale;

typedef struct plot {
    const lar_plot_params *params;
    const lar_series *series;
    int64_t count;
    scale x, y;
    bool empty;
} plot;

static bool is_drawable(const scale *axis, double value)
{
    return isfinite(value) && (!axis->log || value > 0);
}

/* Far off the page stays off the page: cairo counts in 24 bits. */
static double place(const scale *axis, double value)
{
    const double part = axis->log
                            ? (log(value) - log(axis->low)) / (log(axis->high) - log(axis->low))
                            : (value - axis->low) / (axis->high - axis->low);
    return fmin(fmax(axis->from + part * (axis->to - axis->from), -3e4), 3e4);
}

static bool point_of(double xy[2], const plot *p, const lar_series *series, int64_t n)
{
    xy[0] = series->x ? series->x[n] : (double)(n + 1);
    xy[1] = series->y[n];
    return is_drawable(&p->x, xy[0]) && is_drawable(&p->y, xy[1]);
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The upper end that shows three quarters of the points in the lower half: what shoots beyond is
 * a curve on its way out. */
static lar_status robust_high(double *out, const plot *p)
{
    int64_t count = 0, room = 0;
    for (int64_t s = 0; s < p->count; s++) room += p->series[s].count;
    double *sorted = lar_alloc(room, sizeof *sorted), xy[2];
    if (!sorted) return LAR_EMEMORY;
    for (int64_t s = 0; s < p->count; s++)
        for (int64_t n = 0; n < p->series[s].count; n++)
            if (point_of(xy, p, &p->series[s], n)) sorted[count++] = p->y.log ? log(xy[1]) : xy[1];
    qsort(sorted, (size_t)count, sizeof *sorted, compare);
    const double most = count ? sorted[3 * (count - 1) / 4] : 0;
    const double high = count ? most + (most - sorted[0]) : 0;
    *out = p->y.log ? exp(high) : high;
    lar_free(sorted);
    return LAR_OK;
}

static void include(scale *axis, double value)
{
    axis->low = fmin(axis->low, value);
    axis->high = fmax(axis->high, value);
}

/* A little air at both ends, and a length where there is none. */
static void widen(scale *axis, double share)
{
    if (axis->log) {
        if (!(log(axis->high) - log(axis->low) > 1e-9)) {
            axis->low /= 2;
            axis->high *= 2;
        }
        const double factor = exp(share * (log(axis->high) - log(axis->low)));
        axis->low = fmax(axis->low / factor, 1e-300);
        axis->high = fmin(axis->high * factor, 1e300);
        return;
    }
    if (!(axis->high - axis->low > 1e-9 * fmax(fabs(axis->low), fabs(axis->high)))) {
        const double half = axis->low == 0 ? 1 : fabs(axis->low) / 2;
        axis->low -= half;
        axis->high += half;
    }
    const double air = share * (axis->high - axis->low);
    axis->low -= air;
    axis->high += air;
}

static lar_status find_ranges(plot *p)
{
    double xy[2], cut;
    p->x = (scale){ .low = INFINITY, .high = -INFINITY, .log = p->params->log_x };
    p->y = (scale){ .low = INFINITY, .high = -INFINITY, .log = p->params->log_y };
    for (int64_t s = 0; s < p->count; s++)
        for (int64_t n = 0; n < p->series[s].count; n++)
            if (point_of(xy, p, &p->series[s], n)) {
                include(&p->x, xy[0]);
                include(&p->y, xy[1]);
            }
    p->empty = p->x.low > p->x.high;
    if (p->empty) {
        p->x.low = p->y.low = p->x.log || p->y.log ? 0.1 : 0;
        p->x.high = p->y.high = 1;
    } else if (p->params->robust_y) {
        const lar_status status = robust_high(&cut, p);
        if (status != LAR_OK) return status;
        if (cut > p->y.low && cut < p->y.high) p->y.high = cut;
    }
    if (!isfinite(p->x.high - p->x.low) || !isfinite(p->y.high - p->y.low))
        return lar_fail(LAR_ENUMERIC, "the values of the plot are too far apart to be drawn");
    widen(&p->x, p->empty ? 0 : 0.015);
    widen(&p->y, p->empty ? 0 : 0.04);
    if (p->params->y_range[1] > p->params->y_range[0]) {
        p->y.low = p->params->y_range[0];
        p->y.high = p->params->y_range[1];
    }
    return LAR_OK;
}

/* Of series `number`, of `count` in all: many have hues all around, equally light. */
static lar_colour colour_of(const lar_series *series, int64_t number, int64_t count)
{
    if (series->dark) return ink;
    if (series->thin)
        return lar_colour_from_lch(60, 52, 360 * (double)number / (double)(count > 0 ? count : 1));
    return lar_colour_series(number);
}

double lar_plot_legend(cairo_t *cr, const lar_series *series, int64_t count, double y, double width)
{
    const lar_style words = { .size = 14, .colour = ink };
    int64_t colour = 0;
    bool any = false;
    double x = 24;
    for (int64_t s = 0; s < count; s++, series++) {
        const lar_colour c = colour_of(series, colour, count);
        if (!series->faint) colour++;
        if (!series->name) continue;
        const double needed = 34 + lar_canvas_text_width(cr, series->name, &words) + 24;
        if (!any || x + needed > width) {
            y += any ? 20 : 24;
            x = 24;
        }
        any = true;
        cairo_set_source_rgba(cr, c.r, c.g, c.b, series->faint ? 0.4 : series->thin ? 0.75 : 1);
        cairo_set_line_width(cr, series->faint || series->thin ? 1.2 : 2.4);
        if (series->dashed) cairo_set_dash(cr, (const double[]){ 6, 4 }, 2, 0);
        cairo_move_to(cr, x, y - 5);
        cairo_line_to(cr, x + 26, y - 5);
        cairo_stroke(cr);
        cairo_set_dash(cr, NULL, 0, 0);
        lar_canvas_text(cr, series->name, x + 34, y, &words);
        x += needed;
    }
    return y;
}

static double draw_head(cairo_t *cr, const plot *p, double width)
{
    double y = 20, x = 24;
    if (p->params->title) {
        y += 20;
        lar_canvas_text(
            cr, p->params->title, x, y,
            &(lar_style){ .size = 19, .bold = true, .colour = ink, .widest = width - 2 * x });
    }
    return lar_plot_legend(cr, p->series, p->count, y, width);
}

static void draw_grid(cairo_t *cr, const plot *p)
{
    lar_style style = { .size = 13, .align = 0.5, .colour = soft };
    for (int n = 0; n < p->x.ticks.count; n++) {
        const double x = floor(place(&p->x, p->x.ticks.at[n]));
        const bool numbered = p->x.ticks.text[n][0];
        if (numbered) lar_canvas_box(cr, x, p->y.to, 1, p->y.from - p->y.to, grid_line);
        lar_canvas_box(cr, x, p->y.from, 1, numbered ? 6 : 3, soft);
        lar_canvas_text(cr, p->x.ticks.text[n], x, p->y.from + 21, &style);
    }
    style.align = 1;
    for (int n = 0; n < p->y.ticks.count; n++) {
        const double y = floor(place(&p->y, p->y.ticks.at[n]));
        const bool numbered = p->y.ticks.text[n][0];
        if (numbered) lar_canvas_box(cr, p->x.from, y, p->x.to - p->x.from, 1, grid_line);
        lar_canvas_box(cr, p->x.from - (numbered ? 6 : 3), y, numbered ? 6 : 3, 1, soft);
        lar_canvas_text(cr, p->y.ticks.text[n], p->x.from - 10, y + 5, &style);
    }
    lar_canvas_box(cr, p->x.from, p->y.to, 1, p->y.from - p->y.to, soft);
    lar_canvas_box(cr, p->x.from, p->y.from, p->x.to - p->x.from, 1, soft);
}

static void draw_series(cairo_t *cr, const plot *p, const lar_series *series, lar_colour c)
{
    double xy[2], next[2];
    bool drawing = false;
    const bool light = series->faint || series->thin;
    cairo_set_source_rgba(cr, c.r, c.g, c.b, series->faint ? 0.35 : series->thin ? 0.75 : 1);
    cairo_set_line_width(cr, light ? 1.2 : 2.2);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    if (series->dashed) cairo_set_dash(cr, (const double[]){ 7, 4 }, 2, 0);
    for (int64_t n = 0; n < series->count; n++) {
        if (!point_of(xy, p, series, n)) {
            drawing = false;
            continue;
        }
        const double x = place(&p->x, xy[0]), y = place(&p->y, xy[1]);
        if (drawing) {
            cairo_line_to(cr, x, y);
            continue;
        }
        if (n + 1 < series->count && point_of(next, p, series, n + 1)) {
            cairo_move_to(cr, x, y);
            drawing = true;
        } else { /* alone between two gaps */
            cairo_stroke(cr);
            cairo_arc(cr, x, y, light ? 1.5 : 3, 0, 6.3);
            cairo_fill(cr);
        }
    }
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
}

/* Rows of words from left to right go down: no line to a point crosses the words of another. */
static double words_y_of(const plot *p, int64_t n, double top)
{
    int64_t row = 1;
    for (int64_t m = 0; m < p->params->mark_count; m++) {
        const double x = p->params->marks[n].x, other = p->params->marks[m].x;
        row += other < x || (other == x && m < n);
    }
    return top + MARK_ROW * (double)row;
}

static bool is_in_sight(const plot *p, const lar_mark *mark)
{
    return !p->empty && is_drawable(&p->x, mark->x) && mark->x >= p->x.low && mark->x <= p->x.high;
}

static void draw_mark(cairo_t *cr, const plot *p, const lar_mark *mark, double words_y)
{
    const double x = place(&p->x, mark->x);
    const bool is_line = !is_drawable(&p->y, mark->y);
    const double y = is_line ? p->y.from : fmin(fmax(place(&p->y, mark->y), p->y.to), p->y.from);
    cairo_set_line_width(cr, 1);
    lar_canvas_colour(cr, soft);
    cairo_set_dash(cr, (const double[]){ 2, 3 }, 2, 0);
    cairo_move_to(cr, floor(x) + 0.5, words_y - 10);
    cairo_line_to(cr, floor(x) + 0.5, y - (is_line ? 0 : 5));
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
    if (!is_line) {
        cairo_arc(cr, x, y, 4.5, 0, 6.3);
        lar_canvas_colour(cr, paper);
        cairo_fill_preserve(cr);
        lar_canvas_colour(cr, ink);
        cairo_set_line_width(cr, 1.8);
        cairo_stroke(cr);
    }
}

static void draw_mark_words(cairo_t *cr, const plot *p, const lar_mark *mark, double words_y)
{
    lar_style style = { .size = 13, .colour = ink, .widest = (p->x.to - p->x.from) / 2 };
    if (!mark->text) return;
    const double x = place(&p->x, mark->x), width = lar_canvas_text_width(cr, mark->text, &style);
    if (x + 6 + width > p->x.to + 20) style.align = 1;
    const double from = style.align > 0 ? x - 6 - width : x + 6;
    lar_canvas_box(cr, from - 2, words_y - 12, width + 4, 16, paper);
    lar_canvas_text(cr, mark->text, style.align > 0 ? x - 6 : x + 6, words_y, &style);
}

static void draw_axis_words(cairo_t *cr, const plot *p, double height)
{
    const lar_style style = { .size = 14, .align = 0.5, .colour = ink };
    if (p->params->x_label)
        lar_canvas_text(cr, p->params->x_label, (p->x.from + p->x.to) / 2, height - 14, &style);
    if (!p->params->y_label) return;
    cairo_save(cr);
    cairo_translate(cr, 28, (p->y.from + p->y.to) / 2);
    cairo_rotate(cr, -3.14159265358979323846 / 2);
    lar_canvas_text(cr, p->params->y_label, 0, 0, &style);
    cairo_restore(cr);
}

static void draw(cairo_t *cr, plot *p, double width, double height)
{
    const lar_plot_params *params = p->params;
    double numbers = 0;
    lar_canvas_box(cr, 0, 0, width, height, paper);
    const double marks_y = draw_head(cr, p, width) + 8;
    p->y.from = height - (params->x_label ? 62 : 40);
    p->y.to = marks_y + 10 + MARK_ROW * (double)params->mark_count;
    if (p->y.to > p->y.from - 80) p->y.to = p->y.from - 80;
    (p->y.log ? lar_ticks_log : lar_ticks_linear)(&p->y.ticks, p->y.low, p->y.high, 7);
    for (int n = 0; n < p->y.ticks.count; n++)
        numbers = fmax(numbers,
                       lar_canvas_text_width(cr, p->y.ticks.text[n], &(lar_style){ .size = 13 }));
    p->x.from = floor(24 + (params->y_label ? 22 : 0) + numbers);
    p->x.to = width - 28;
    (p->x.log ? lar_ticks_log : lar_ticks_linear)(&p->x.ticks, p->x.low, p->x.high, 9);
    draw_grid(cr, p);
    draw_axis_words(cr, p, height);
    if (p->empty)
        lar_canvas_text(cr, "no point to draw", (p->x.from + p->x.to) / 2,
                        (p->y.from + p->y.to) / 2,
                        &(lar_style){ .size = 15, .align = 0.5, .colour = soft });
    cairo_save(cr);
    cairo_rectangle(cr, p->x.from - 3, p->y.to - 3, p->x.to - p->x.from + 6,
                    p->y.from - p->y.to + 6);
    cairo_clip(cr);
    int64_t colour = 0;
    for (int64_t s = 0; s < p->count; s++) {
        draw_series(cr, p, &p->series[s], colour_of(&p->series[s], colour, p->count));
        if (!p->series[s].faint) colour++;
    }
    cairo_restore(cr);
    for (int words = 0; words < 2; words++)
        for (int64_t n = 0; n < params->mark_count; n++)
            if (is_in_sight(p, &params->marks[n]))
                (words ? draw_mark_words : draw_mark)(cr, p, &params->marks[n],
                                                      words_y_of(p, n, marks_y));
}

lar_status lar_plot_draw(cairo_t *cr, const lar_plot_params *params, const lar_series *series,
                         int64_t count, double width, double height)
{
    plot p = { .params = params, .series = series, .count = count };
    const lar_status status = find_ranges(&p);
    if (status == LAR_OK) draw(cr, &p, width, height);
    return status;
}

static lar_status plot_on(lar_canvas *canvas, const lar_plot_params *params,
                          const lar_series *series, int64_t count)
{
    lar_status status = LAR_OK;
    cairo_t *cr = NULL;
    const double width = params->width ? (double)params->width : 960,
                 height = params->height ? (double)params->height : 600;

    if (width < 240 || width > 16384 || height < 180 || height > 16384)
        return lar_fail(LAR_EARGUMENT,
                        "a plot of %.0f x %.0f pixels, expected 240 x 180 to 16384 x 16384", width,
                        height);
    LAR_TRY(lar_canvas_begin(&cr, canvas, width, height));
    LAR_TRY(lar_plot_draw(cr, params, series, count, width, height));
    LAR_TRY(lar_canvas_finish(canvas));
done:
    return status;
}

lar_status lar_plot(const lar_plot_params *params, const lar_series *series, int64_t count,
                    const char *path, bool force)
{
    lar_canvas *canvas = NULL;
    lar_status status = lar_canvas_open(&canvas, path, force);
    if (status == LAR_OK) status = plot_on(canvas, params, series, count);
    lar_canvas_free(canvas);
    return status;
}

lar_status lar_plot_svg(lar_text *out, const lar_plot_params *params, const lar_series *series,
                        int64_t count)
{
    lar_canvas *canvas = NULL;
    lar_status status = lar_canvas_keep(&canvas, out, ".svg");
    if (status == LAR_OK) status = plot_on(canvas, params, series, count);
    lar_canvas_free(canvas);
    return status;
}
