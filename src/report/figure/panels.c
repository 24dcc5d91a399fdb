/* Draws a scene on the dark page of a viewer: its panels, and the words around them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "report/axis.h"
#include "report/figure/scene.h"

static bool is_mirrored(const lar_scene *scene, const lar_plane *plane)
{
    return scene->radiological && plane->across == 0;
}

static lar_slice slice_of(const lar_scene *scene, const lar_layout *l, const lar_cell *cell)
{
    const lar_frame *frame = &cell->column->frame;
    return lar_panel_slice(cell->plane, frame->low, frame->high, cell->at, l->zoom, cell->size,
                           is_mirrored(scene, cell->plane));
}

/* Puts the values of the other image where they belong: subtracted, or in every second square. The
 * first square, at the upper left, is the image's. */
static void join(double *values, const double *others, const lar_column *column,
                 const lar_slice *slice, double zoom)
{
    const int64_t count = slice->width * slice->height;
    const double square = column->square_mm * zoom;
    for (int64_t n = 0; n < count; n++)
        if (column->shows == LAR_SHOWS_DIFFERENCE) {
            values[n] = isinf(values[n]) || isinf(others[n]) ? INFINITY : values[n] - others[n];
        } else {
            const double x = (double)(n % slice->width) + 0.5, y = (double)(n / slice->width) + 0.5;
            const bool second = ((int64_t)(x / square) + (int64_t)(y / square)) & 1;
            const double *w = column->window, *from = column->other_window;
            if (second) /* in the window of the image */
                values[n] = w[0] + (others[n] - from[0]) / (from[1] - from[0]) * (w[1] - w[0]);
        }
}

static lar_status colour_cell(uint32_t *pixels, double *values, const lar_scene *scene,
                              const lar_layout *l, const lar_cell *cell, const lar_slice *slice)
{
    lar_status status = LAR_OK;
    const lar_column *column = cell->column;
    const int64_t count = slice->width * slice->height;
    double *others = NULL;

    LAR_TRY(lar_slice_sample(values, column->look, slice, scene->interpolation));
    if (column->shows == LAR_SHOWS_DIFFERENCE || column->shows == LAR_SHOWS_CHECKER) {
        others = lar_alloc_raw(count, sizeof *others);
        if (!others) {
            status = LAR_EMEMORY;
            goto done;
        }
        LAR_TRY(lar_slice_sample(others, column->other, slice, scene->interpolation));
        join(values, others, column, slice, l->zoom);
    }
    for (int64_t n = 0; n < count; n++)
        pixels[n] = column->shows == LAR_SHOWS_DIFFERENCE && isfinite(values[n])
                        ? lar_colour_pixel(lar_colour_diverging(values[n] / column->window[1]))
                        : lar_panel_grey(values[n], column->window);
done:
    lar_free(others);
    return status;
}

static bool lies_over(const lar_layer *layer, const lar_column *column)
{
    return column->number && (layer->on == 0 || layer->on == column->number);
}

static bool is_lines(const lar_layer *layer)
{
    return layer->over.as == LAR_OVER_OUTLINE || layer->over.as == LAR_OVER_CONTOURS;
}

static lar_status stroke_cell(cairo_t *cr, const lar_scene *scene, const lar_layout *l,
                              const lar_cell *cell, const lar_slice *slice, const double *values)
{
    lar_status status = LAR_OK;
    const lar_column *column = cell->column;
    cairo_save(cr);
    cairo_rectangle(cr, cell->x, cell->y, (double)slice->width, (double)slice->height);
    cairo_clip(cr);
    if (column->shows == LAR_SHOWS_CONTOURS)
        LAR_TRY(lar_outlines_draw(cr, column->contours, slice, values, l->zoom, cell->x, cell->y));
    for (int64_t n = 0; n < scene->layer_count; n++) {
        const lar_layer *layer = &scene->layers[n];
        if (!lies_over(layer, column) || !is_lines(layer)) continue;
        if (layer->over.as == LAR_OVER_CONTOURS)
            LAR_TRY(
                lar_outlines_draw(cr, &layer->contours, slice, values, l->zoom, cell->x, cell->y));
        else
            LAR_TRY(lar_over_stroke(cr, &layer->over, slice, values, cell->x, cell->y));
    }
done:
    cairo_restore(cr);
    return status;
}

static void draw_place(cairo_t *cr, const lar_cell *cell)
{
    char text[LAR_TICK_ROOM + 8], number[LAR_TICK_ROOM];
    const int normal = cell->plane->normal;
    if (cell->size[0] < 40 || cell->size[1] < 24) return;
    lar_number_words(number, rint(cell->at[normal] * 10) / 10, 6);
    snprintf(text, sizeof text, "%c %s", "xyz"[normal], number);
    lar_canvas_text(cr, text, cell->x + 6, cell->y + (double)cell->size[1] - 6,
                    &(lar_style){ .size = 11, .halo = true, .colour = lar_panel_soft });
}

static lar_status draw_cell(cairo_t *cr, const lar_scene *scene, const lar_layout *l,
                            const lar_cell *cell)
{
    lar_status status = LAR_OK;
    const lar_slice slice = slice_of(scene, l, cell);
    const int64_t count = slice.width * slice.height;
    double *values = lar_alloc_raw(count, sizeof *values);
    uint32_t *pixels = lar_alloc_raw(count, sizeof *pixels);

    if (!values || !pixels) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(colour_cell(pixels, values, scene, l, cell, &slice));
    for (int64_t n = 0; n < scene->layer_count; n++)
        if (lies_over(&scene->layers[n], cell->column) && !is_lines(&scene->layers[n]))
            LAR_TRY(lar_over_blend(pixels, &scene->layers[n].over, &slice, values));
    LAR_TRY(lar_panel_paint(cr, pixels, slice.width, slice.height, cell->x, cell->y));
    LAR_TRY(stroke_cell(cr, scene, l, cell, &slice, values));
    if (lar_panel_is_outside(values, count) && slice.width >= 120)
        lar_canvas_text(cr, "outside the image", cell->x + (double)slice.width / 2,
                        cell->y + (double)slice.height / 2,
                        &(lar_style){ .size = 13, .align = 0.5, .colour = lar_panel_soft });
    if (cell->lettered)
        lar_panel_sides(cr, cell->plane, is_mirrored(scene, cell->plane), cell->x, cell->y,
                        (double)slice.width, (double)slice.height);
    if (cell->placed) draw_place(cr, cell);
done:
    lar_free(values);
    lar_free(pixels);
    return status;
}

/* Above a column. */
static void draw_label(cairo_t *cr, const lar_column *column, const lar_layout *l, double left)
{
    const double middle = left + l->column_width / 2;
    lar_style style = { .size = 17,
                        .bold = true,
                        .align = 0.5,
                        .colour = lar_panel_bright,
                        .widest = l->column_width };
    lar_canvas_text(cr, column->label, middle, l->top - LAR_PAGE_LABELS + 17, &style);
    style = (lar_style){
        .size = 12, .align = 0.5, .colour = lar_panel_soft, .widest = l->column_width
    };
    lar_canvas_text(cr, column->words, middle, l->top - LAR_PAGE_LABELS + 35, &style);
}

/* Above a block of slices: both in one line. */
static void draw_block_label(cairo_t *cr, const lar_column *column, const lar_layout *l, double y)
{
    lar_style style = {
        .size = 17, .bold = true, .colour = lar_panel_bright, .widest = l->column_width * 0.75
    };
    lar_canvas_text(cr, column->label, l->left, y - 9, &style);
    const double used = lar_canvas_text_width(cr, column->label, &style) + 14;
    style = (lar_style){ .size = 12, .colour = lar_panel_soft };
    style.widest = l->column_width - used;
    if (style.widest > 40) lar_canvas_text(cr, column->words, l->left + used, y - 9, &style);
}

static void draw_labels(cairo_t *cr, const lar_scene *scene, const lar_layout *l)
{
    for (int64_t c = 0; c < scene->column_count; c++)
        if (scene->slice_count)
            draw_block_label(cr, &scene->columns[c], l, l->cells[c * scene->slice_count].y);
        else
            draw_label(cr, &scene->columns[c], l,
                       l->left +
                           (double)c * (l->right - l->left + 10) / (double)scene->column_count);
}

static void draw_side_words(cairo_t *cr, const lar_scene *scene, const lar_layout *l)
{
    lar_style style = { .size = 13, .align = 0.5, .colour = lar_panel_soft };
    char text[96], number[LAR_TICK_ROOM];
    for (int64_t row = 0; row < scene->plane_count && !scene->slice_count; row++) {
        const lar_plane *plane = scene->planes[row];
        const double at = scene->columns[0].frame.at[plane->normal];
        lar_number_words(number, rint(at * 10) / 10, 6);
        if (scene->own)
            snprintf(text, sizeof text, "%s", plane->name);
        else
            snprintf(text, sizeof text, "%s  %c %s mm", plane->name, "xyz"[plane->normal], number);
        style.widest = l->row_height[row];
        if (style.widest < 40) continue;
        cairo_save(cr);
        cairo_translate(cr, LAR_PAGE_MARGIN + 10, l->row_y[row] + l->row_height[row] / 2);
        cairo_rotate(cr, -3.14159265358979323846 / 2);
        lar_canvas_text(cr, text, 0, 0, &style);
        cairo_restore(cr);
    }
}

static void draw_foot(cairo_t *cr, const lar_scene *scene, const lar_layout *l)
{
    static const char left_words[] = "L is the patient's left";
    const double y = l->height - LAR_PAGE_MARGIN + 4;
    const double widest =
        scene->slice_count ? 0.7 * (double)l->cells[0].size[0] : 0.3 * l->column_width;
    const double bar_left = lar_panel_ruler(cr, l->zoom, widest, l->right, y);
    lar_style style = { .size = 13, .colour = lar_panel_soft, .widest = bar_left - l->left - 12 };
    const lar_style free_style = { .size = style.size };
    char text[160], number[3][LAR_TICK_ROOM];
    if (scene->own || scene->slice_count) {
        if (style.widest > 40) lar_canvas_text(cr, left_words, l->left, y, &style);
        return;
    }
    const double *at = scene->columns[0].frame.at;
    for (int a = 0; a < 3; a++) lar_number_words(number[a], rint(at[a] * 10) / 10, 6);
    for (int words = 1; words >= 0; words--) { /* the second half only where there is room */
        snprintf(text, sizeof text, "x %s  y %s  z %s mm%s%s", number[0], number[1], number[2],
                 words ? "    " : "", words ? left_words : "");
        if (words && lar_canvas_text_width(cr, text, &free_style) > style.widest) continue;
        if (style.widest > 40) lar_canvas_text(cr, text, l->left, y, &style);
        break;
    }
}

lar_status lar_scene_draw(const lar_scene *scene, lar_canvas *canvas)
{
    lar_status status = LAR_OK;
    lar_layout l = { 0 };
    cairo_t *cr = NULL;

    LAR_TRY(lar_layout_init(&l, scene));
    LAR_TRY(lar_canvas_begin(&cr, canvas, l.width, l.height));
    lar_canvas_box(cr, 0, 0, l.width, l.height, lar_panel_page);
    if (scene->title)
        lar_canvas_text(cr, scene->title, l.left, LAR_PAGE_MARGIN + 20,
                        &(lar_style){ .size = 21,
                                      .bold = true,
                                      .colour = lar_panel_bright,
                                      .widest = l.width - l.left - LAR_PAGE_MARGIN });
    draw_labels(cr, scene, &l);
    for (int64_t n = 0; n < l.cell_count; n++) LAR_TRY(draw_cell(cr, scene, &l, &l.cells[n]));
    lar_legend_draw(cr, scene, &l);
    draw_side_words(cr, scene, &l);
    draw_foot(cr, scene, &l);
done:
    lar_layout_clear(&l);
    return status;
}
