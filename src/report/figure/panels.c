/* Draws a scene: rows of planes, columns of images, on the dark page of a viewer.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "report/axis.h"
#include "report/figure/scene.h"

/* pixels */
enum {
    MARGIN = 22,
    GAP = 10,
    TITLE = 40,
    LABELS = 44,
    SIDE = 22, /* the words on the left */
    BAR = 78,  /* colour bar with its numbers */
    FOOT = 40,
    NARROWEST = 200, /* column: its label wants to be read */
    LONGEST = 400,   /* side of a panel, by default */
    PAGE = 2400,     /* widest page, by default */
    PAGE_LIMIT = 20000
};

typedef struct layout {
    double zoom, top, left, column_width, width, height, row_y[3];
    int64_t panel_width[3], panel_height[3]; /* by row */
    bool has_bar;
} layout;

static double extent_of(const lar_scene *scene, int axis)
{
    return scene->high[axis] - scene->low[axis];
}

static double choose_zoom(const lar_scene *scene)
{
    double longest = 0, widest = 0;
    for (int64_t row = 0; row < scene->plane_count; row++) {
        const lar_plane *plane = scene->planes[row];
        widest = fmax(widest, extent_of(scene, plane->across));
        longest = fmax(longest, fmax(widest, extent_of(scene, plane->up)));
    }
    const double fit = (double)PAGE / (double)scene->column_count - GAP;
    return fmax(fmin(LONGEST / longest, fit / widest), NARROWEST / longest);
}

static lar_status lay_out(layout *out, const lar_scene *scene)
{
    layout l = { .zoom = isnan(scene->zoom) ? choose_zoom(scene) : scene->zoom,
                 .column_width = NARROWEST };
    double y = MARGIN + (scene->title ? TITLE : 0) + LABELS;
    for (int64_t c = 0; c < scene->column_count; c++) l.has_bar |= scene->columns[c].minus != NULL;
    for (int64_t row = 0; row < scene->plane_count; row++) {
        double size[2];
        lar_panel_size(size, scene->planes[row], scene->low, scene->high, l.zoom);
        if (!(size[0] <= PAGE_LIMIT && size[1] <= PAGE_LIMIT)) {
            const lar_status status =
                lar_fail(LAR_EARGUMENT, "one image would be %.0f x %.0f pixels, more than %d",
                         size[0], size[1], PAGE_LIMIT);
            return lar_hint(status, "a smaller --zoom");
        }
        l.panel_width[row] = (int64_t)size[0];
        l.panel_height[row] = (int64_t)size[1];
        l.column_width = fmax(l.column_width, size[0]);
        l.row_y[row] = y;
        y += (double)l.panel_height[row] + GAP;
    }
    l.left = MARGIN + SIDE;
    l.width = l.left + (double)scene->column_count * (l.column_width + GAP) - GAP + MARGIN +
              (l.has_bar ? BAR : 0);
    l.height = y - GAP + FOOT;
    if (!(l.width <= PAGE_LIMIT && l.height <= PAGE_LIMIT)) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT, "the picture would be %.0f x %.0f pixels, more than %d",
                     l.width, l.height, PAGE_LIMIT);
        return lar_hint(status, "fewer images or a smaller --zoom");
    }
    *out = l;
    return LAR_OK;
}

static bool is_mirrored(const lar_scene *scene, int64_t row)
{
    return scene->radiological && scene->planes[row]->across == 0;
}

static uint32_t pixel_of(double value, const lar_column *column)
{
    if (column->minus && isfinite(value))
        return lar_colour_pixel(lar_colour_diverging(value / column->window[1]));
    return lar_panel_grey(value, column->window);
}

static lar_status draw_slice(cairo_t *cr, const lar_scene *scene, const layout *l, int64_t row,
                             const lar_column *column, double x)
{
    lar_status status = LAR_OK;
    const int64_t size[2] = { l->panel_width[row], l->panel_height[row] };
    const lar_slice slice = lar_panel_slice(scene->planes[row], scene->low, scene->high, scene->at,
                                            l->zoom, size, is_mirrored(scene, row));
    const int64_t count = slice.width * slice.height;
    double *values = lar_alloc_raw(count, sizeof *values), *others = NULL;
    uint32_t *pixels = lar_alloc_raw(count, sizeof *pixels);

    if (!values || !pixels) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_slice_sample(values, column->look, &slice, scene->interpolation));
    if (column->minus) {
        others = lar_alloc_raw(count, sizeof *others);
        if (!others) {
            status = LAR_EMEMORY;
            goto done;
        }
        LAR_TRY(lar_slice_sample(others, column->minus, &slice, scene->interpolation));
        for (int64_t n = 0; n < count; n++)
            values[n] = isinf(values[n]) || isinf(others[n]) ? INFINITY : values[n] - others[n];
    }
    for (int64_t n = 0; n < count; n++) pixels[n] = pixel_of(values[n], column);
    LAR_TRY(lar_panel_paint(cr, pixels, slice.width, slice.height, x, l->row_y[row]));
    if (lar_panel_is_outside(values, count))
        lar_canvas_text(cr, "outside the image", x + (double)slice.width / 2,
                        l->row_y[row] + (double)slice.height / 2,
                        &(lar_style){ .size = 13, .align = 0.5, .colour = lar_panel_soft });
done:
    lar_free(values);
    lar_free(others);
    lar_free(pixels);
    return status;
}

static void draw_side_words(cairo_t *cr, const lar_scene *scene, const layout *l, int64_t row)
{
    const lar_plane *plane = scene->planes[row];
    const lar_style style = { .size = 13, .align = 0.5, .colour = lar_panel_soft };
    char text[96], number[LAR_TICK_ROOM];
    lar_number_words(number, rint(scene->at[plane->normal] * 10) / 10, 6);
    snprintf(text, sizeof text, "%s  %c %s mm", plane->name, "xyz"[plane->normal], number);
    cairo_save(cr);
    cairo_translate(cr, MARGIN + 10, l->row_y[row] + (double)l->panel_height[row] / 2);
    cairo_rotate(cr, -3.14159265358979323846 / 2);
    lar_canvas_text(cr, text, 0, 0, &style);
    cairo_restore(cr);
}

/* Beside the first row, from -limit to limit. */
static void draw_bar(cairo_t *cr, const layout *l, double limit)
{
    const double x = l->width - MARGIN - BAR + 14, y = l->row_y[0],
                 height = (double)l->panel_height[0];
    const lar_style style = { .size = 12, .colour = lar_panel_soft };
    cairo_pattern_t *ramp = cairo_pattern_create_linear(0, y + height, 0, y);
    for (int n = 0; n <= 64; n++) {
        const lar_colour colour = lar_colour_diverging(n / 32.0 - 1);
        cairo_pattern_add_color_stop_rgb(ramp, n / 64.0, colour.r, colour.g, colour.b);
    }
    cairo_rectangle(cr, x, y, 14, height);
    cairo_set_source(cr, ramp);
    cairo_fill(cr);
    cairo_pattern_destroy(ramp);
    for (int n = -2; n <= 2; n++) {
        const double at = y + height * (0.5 - n / 4.0);
        char text[LAR_TICK_ROOM];
        lar_number_words(text, limit * n / 2, 4);
        lar_canvas_box(cr, x + 14, fmin(floor(at), y + height - 1), 4, 1, lar_panel_soft);
        lar_canvas_text(cr, text, x + 22, fmin(fmax(at + 4, y + 9), y + height), &style);
    }
}

static void draw_foot(cairo_t *cr, const lar_scene *scene, const layout *l)
{
    const double y = l->height - MARGIN + 4, right = l->width - MARGIN - (l->has_bar ? BAR : 0);
    const double bar_left = lar_panel_ruler(cr, l->zoom, 0.3 * l->column_width, right, y);
    lar_style style = { .size = 13, .colour = lar_panel_soft };
    char text[160], number[3][LAR_TICK_ROOM];
    for (int a = 0; a < 3; a++) lar_number_words(number[a], rint(scene->at[a] * 10) / 10, 6);
    style.widest = bar_left - l->left - 12;
    for (int words = 1; words >= 0; words--) { /* the second half only where there is room */
        snprintf(text, sizeof text, "x %s  y %s  z %s mm%s", number[0], number[1], number[2],
                 words ? "    L is the patient's left" : "");
        const lar_style free_style = { .size = style.size };
        if (words && lar_canvas_text_width(cr, text, &free_style) > style.widest) continue;
        if (style.widest > 40) lar_canvas_text(cr, text, l->left, y, &style);
        break;
    }
}

lar_status lar_scene_draw(const lar_scene *scene, lar_canvas *canvas)
{
    lar_status status = LAR_OK;
    layout l = { 0 };
    cairo_t *cr = NULL;

    LAR_TRY(lay_out(&l, scene));
    LAR_TRY(lar_canvas_begin(&cr, canvas, l.width, l.height));
    lar_canvas_box(cr, 0, 0, l.width, l.height, lar_panel_page);
    if (scene->title)
        lar_canvas_text(cr, scene->title, l.left, MARGIN + 20,
                        &(lar_style){ .size = 21,
                                      .bold = true,
                                      .colour = lar_panel_bright,
                                      .widest = l.width - l.left - MARGIN });
    for (int64_t c = 0; c < scene->column_count; c++) {
        const lar_column *column = &scene->columns[c];
        const double left = l.left + (double)c * (l.column_width + GAP),
                     middle = left + l.column_width / 2;
        lar_canvas_text(cr, column->label, middle, l.row_y[0] - LABELS + 17,
                        &(lar_style){ .size = 17,
                                      .bold = true,
                                      .align = 0.5,
                                      .colour = lar_panel_bright,
                                      .widest = l.column_width });
        lar_canvas_text(
            cr, column->window_words, middle, l.row_y[0] - LABELS + 35,
            &(lar_style){
                .size = 12, .align = 0.5, .colour = lar_panel_soft, .widest = l.column_width });
        for (int64_t row = 0; row < scene->plane_count; row++) {
            const double x = left + floor((l.column_width - (double)l.panel_width[row]) / 2);
            LAR_TRY(draw_slice(cr, scene, &l, row, column, x));
            lar_panel_sides(cr, scene->planes[row], is_mirrored(scene, row), x, l.row_y[row],
                            (double)l.panel_width[row], (double)l.panel_height[row]);
        }
        if (column->minus) draw_bar(cr, &l, column->window[1]);
    }
    for (int64_t row = 0; row < scene->plane_count; row++) draw_side_words(cr, scene, &l, row);
    draw_foot(cr, scene, &l);
done:
    return status;
}
