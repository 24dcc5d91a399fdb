/* A sheet of small pictures in rows, voxel by voxel: what a network is about to see.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "report/canvas.h"
#include "report/figure/over.h"
#include "report/figure/panel.h"
#include "report/report.h"

enum {
    EDGE = 14,
    GAP = 4,
    TITLE = 26,
    HEAD = 20,
    NAME = 18,
    NOTE = 15,
    CELLS_MAX = 4096,
    NARROWEST = 760
};
static const lar_colour page = { 0.08, 0.08, 0.09 }, text = { 0.93, 0.93, 0.93 },
                        soft = { 0.62, 0.64, 0.67 };
#define LONGEST 150.0 /* pixels that the longest side of a picture has */

typedef struct sheet {
    const lar_sheet *about;
    double *column_width, *row_height, zoom;
    int64_t note_lines;
} sheet;

static const lar_sheet_cell *cell_at(const sheet *s, int64_t row, int64_t column)
{
    return &s->about->cells[row * s->about->columns + column];
}

static void lay_out(sheet *s)
{
    double longest = 0;
    const lar_sheet *a = s->about;
    for (int64_t n = 0; n < a->rows * a->columns; n++) {
        const lar_sheet_cell *c = &a->cells[n];
        longest =
            fmax(longest, fmax((double)c->size[0] * c->edge[0], (double)c->size[1] * c->edge[1]));
    }
    s->zoom = LONGEST / longest;
    for (int64_t r = 0; r < a->rows; r++)
        for (int64_t c = 0; c < a->columns; c++) {
            const lar_sheet_cell *cell = cell_at(s, r, c);
            const double width = ceil((double)cell->size[0] * cell->edge[0] * s->zoom);
            const double height = ceil((double)cell->size[1] * cell->edge[1] * s->zoom);
            s->column_width[c] = fmax(s->column_width[c], width);
            s->row_height[r] = fmax(s->row_height[r], height);
        }
}

/* Voxels as they are, each a box; the first row of voxels below. */
static lar_status paint(cairo_t *cr, const sheet *s, const lar_sheet_cell *cell, double x, double y)
{
    const int64_t width = (int64_t)ceil((double)cell->size[0] * cell->edge[0] * s->zoom);
    const int64_t height = (int64_t)ceil((double)cell->size[1] * cell->edge[1] * s->zoom);
    uint32_t *pixels = lar_alloc_raw(width * height, sizeof *pixels);
    if (!pixels) return LAR_EMEMORY;
    for (int64_t v = 0; v < height; v++)
        for (int64_t u = 0; u < width; u++) {
            const int64_t i = u * cell->size[0] / width;
            const int64_t j = cell->size[1] - 1 - v * cell->size[1] / height;
            const double value = (double)cell->values[i * cell->stride[0] + j * cell->stride[1]];
            pixels[u + v * width] = cell->labels && value != 0
                                        ? lar_colour_pixel(lar_over_label(NULL, value))
                                        : lar_panel_grey(value, cell->window);
        }
    const lar_status status = lar_panel_paint(cr, pixels, width, height, x, y);
    lar_free(pixels);
    return status;
}

static lar_status draw(cairo_t *cr, const sheet *s, double width)
{
    const lar_sheet *a = s->about;
    const lar_style title = { .size = 14, .bold = true, .colour = text };
    const lar_style head = { .size = 12, .align = 0.5, .colour = text };
    const lar_style name = { .size = 12, .colour = text, .widest = width - 2 * EDGE };
    const lar_style note = { .size = 11, .colour = soft, .widest = width - 2 * EDGE };
    double y = EDGE;
    if (a->title) lar_canvas_text(cr, a->title, EDGE, y + 14, &title);
    if (a->title) y += TITLE;
    double x = EDGE;
    for (int64_t c = 0; c < a->columns; c += a->span) {
        double wide = -GAP;
        for (int64_t n = c; n < c + a->span; n++) wide += s->column_width[n] + GAP;
        lar_canvas_text(cr, a->heads[c / a->span], x + wide / 2, y + 12, &head);
        x += wide + GAP + (a->span > 1 ? 2 * GAP : 0);
    }
    y += HEAD;
    for (int64_t r = 0; r < a->rows; r++) {
        x = EDGE;
        for (int64_t c = 0; c < a->columns; c++) {
            const lar_status status = paint(cr, s, cell_at(s, r, c), x, y);
            if (status != LAR_OK) return status;
            x += s->column_width[c] + GAP;
            if (a->span > 1 && c % a->span == a->span - 1) x += 2 * GAP;
        }
        y += s->row_height[r];
        lar_canvas_text(cr, a->names[r], EDGE, y + NAME - 4, &name);
        y += NAME;
        for (int64_t n = 0; n < a->note_lines; n++, y += NOTE) {
            const char *line = a->notes[r * a->note_lines + n];
            if (line) lar_canvas_text(cr, line, EDGE, y + 11, &note);
        }
        y += 2 * GAP;
    }
    return LAR_OK;
}

lar_status lar_sheet_draw(const lar_sheet *about, const char *path, bool force)
{
    lar_status status = LAR_OK;
    lar_canvas *canvas = NULL;
    cairo_t *cr;
    sheet s = { .about = about };
    double width = 2 * EDGE, height = 2 * EDGE + HEAD + (about->title ? TITLE : 0);
    LAR_TRY(lar_canvas_open(&canvas, path, force));
    if (about->rows < 1 || about->columns < 1 || about->rows * about->columns > CELLS_MAX) {
        status = lar_fail(LAR_EARGUMENT, "a sheet of %lld x %lld pictures", (long long)about->rows,
                          (long long)about->columns);
        goto done;
    }
    s.column_width = lar_alloc(about->columns, sizeof *s.column_width);
    s.row_height = lar_alloc(about->rows, sizeof *s.row_height);
    if (!s.column_width || !s.row_height) {
        status = LAR_EMEMORY;
        goto done;
    }
    lay_out(&s);
    for (int64_t c = 0; c < about->columns; c++) width += s.column_width[c] + GAP;
    if (about->span > 1) width += 2.0 * GAP * (double)(about->columns / about->span);
    width = fmax(width, NARROWEST);
    for (int64_t r = 0; r < about->rows; r++)
        height += s.row_height[r] + NAME + (double)about->note_lines * NOTE + 2 * GAP;
    LAR_TRY(lar_canvas_begin(&cr, canvas, ceil(width), ceil(height)));
    lar_canvas_box(cr, 0, 0, ceil(width), ceil(height), page);
    LAR_TRY(draw(cr, &s, width));
    LAR_TRY(lar_canvas_finish(canvas));
done:
    lar_canvas_free(canvas);
    lar_free(s.column_width);
    lar_free(s.row_height);
    return status;
}
