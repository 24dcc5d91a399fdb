/* What the colours of a figure mean, in columns beside its panels: bars of values, and the colours
 * of masks and labels.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "report/axis.h"
#include "report/figure/scene.h"

/* pixels */
enum {
    ALONE = 78,   /* wide: the bar of a difference without other blocks */
    WIDEST = 160, /* column */
    LETTER = 7,
    INDENT = 16,
    LINE = 18,
    BAR = 140, /* high */
    APART = 14,
    LEAST = 176 /* height for blocks, however small the panels are */
};

/* Walks over the blocks; draws them where there is a page, else measures. */
typedef struct walk {
    cairo_t *cr; /* or NULL */
    double x, y, top, bottom, lowest, column;
} walk;

/* Moves on to a block so high; to the next column where it has no place in this one. */
static void begin_block(walk *w, double height)
{
    if (w->y > w->top && w->y + height > w->bottom + 1) {
        w->x += w->column;
        w->y = w->top;
    }
    w->lowest = fmax(w->lowest, w->y + height);
}

static void draw_text(const walk *w, const char *text, double x, double y, lar_colour colour)
{
    if (!w->cr) return;
    const lar_style style = { .size = 12, .colour = colour, .widest = w->x + w->column - x };
    lar_canvas_text(w->cr, text, x, y, &style);
}

static lar_colour bar_colour(const lar_over *over, double value)
{
    return over ? lar_over_map(over, value) : lar_colour_diverging(value);
}

/* Of a map from low to high; over NULL: of a difference. */
static void draw_bar(const walk *w, const lar_over *over, double low, double high, double height)
{
    enum { STEPS = 96 };
    const double x = w->x, y = w->y;
    char text[LAR_TICK_ROOM];
    if (!w->cr) return;
    cairo_pattern_t *ramp = cairo_pattern_create_linear(0, y + height, 0, y);
    for (int n = 0; n <= STEPS; n++) {
        const double part = (double)n / STEPS;
        const lar_colour c = bar_colour(over, over ? low + part * (high - low) : 2 * part - 1);
        cairo_pattern_add_color_stop_rgb(ramp, part, c.r, c.g, c.b);
    }
    cairo_rectangle(w->cr, x, y, 14, height);
    cairo_set_source(w->cr, ramp);
    cairo_fill(w->cr);
    cairo_pattern_destroy(ramp);
    if (over && over->as == LAR_OVER_SIGNED) { /* what is not drawn */
        const double gap = height * over->from / high;
        lar_canvas_box(w->cr, x, y + (height - gap) / 2, 14, gap, lar_panel_page);
    }
    for (int n = 0; n <= 4; n++) {
        const double at = y + height * (1 - n / 4.0);
        lar_number_words(text, low + n / 4.0 * (high - low), 4);
        lar_canvas_box(w->cr, x + 14, fmin(floor(at), y + height - 1), 4, 1, lar_panel_soft);
        draw_text(w, text, x + 22, fmin(fmax(at + 4, y + 9), y + height), lar_panel_soft);
    }
}

static void bar_block(walk *w, const char *title, const lar_over *over, double low, double high)
{
    begin_block(w, LINE + BAR);
    draw_text(w, title, w->x, w->y + 11, lar_panel_bright);
    w->y += LINE;
    draw_bar(w, over, low, high, BAR);
    w->y += BAR + APART;
}

/* A filled square, or a line for outlines. */
static void draw_swatch(walk *w, lar_colour colour, bool line, const char *text)
{
    if (w->cr) lar_canvas_box(w->cr, w->x, w->y + (line ? 6 : 1), 14, line ? 2 : 12, colour);
    draw_text(w, text, w->x + 22, w->y + 11, lar_panel_soft);
    w->y += LINE;
}

static void labels_block(walk *w, const lar_layer *layer)
{
    const bool line = layer->over.as == LAR_OVER_OUTLINE;
    const int64_t room = (int64_t)((w->bottom - w->top) / LINE) - 2, count = layer->codes.count;
    int64_t listed = count <= room ? count : room - 1;
    char text[128];
    begin_block(w, (double)((listed < count || layer->many) + listed + 1) * LINE);
    draw_text(w, layer->name, w->x, w->y + 11, lar_panel_bright);
    w->y += LINE;
    for (int64_t n = 0; n < listed; n++) {
        lar_layer_code_words(text, sizeof text, layer, layer->codes.at[n]);
        draw_swatch(w, lar_over_label(&layer->codes, layer->codes.at[n]), line, text);
    }
    if (listed < count || layer->many) {
        snprintf(text, sizeof text, layer->many ? "and more" : "and %lld more",
                 (long long)(count - listed));
        draw_text(w, text, w->x + 22, w->y + 11, lar_panel_soft);
        w->y += LINE;
    }
    w->y += APART;
}

static void layer_block(walk *w, const lar_layer *layer)
{
    const lar_over *over = &layer->over;
    char text[256];
    if (layer->empty) {
        begin_block(w, LINE);
        snprintf(text, sizeof text, "%s: empty", layer->name);
        draw_text(w, text, w->x, w->y + 11, lar_panel_soft);
        w->y += LINE + APART;
    } else if (over->as == LAR_OVER_MAP) {
        bar_block(w, layer->name, over, over->window[0], over->window[1]);
    } else if (over->as == LAR_OVER_SIGNED) {
        bar_block(w, layer->name, over, -over->window[1], over->window[1]);
    } else if (over->as == LAR_OVER_CONTOURS) {
        begin_block(w, LINE);
        draw_swatch(w, lar_outlines_colour, true, layer->name);
        w->y += APART;
    } else if (over->single) {
        begin_block(w, LINE);
        draw_swatch(w, over->colour, over->as == LAR_OVER_OUTLINE, layer->name);
        w->y += APART;
    } else {
        labels_block(w, layer);
    }
}

/* Width of a column: of its longest words, before there is a page to measure them on. */
static double column_width(const lar_scene *s)
{
    size_t most = strlen("difference");
    char text[128];
    for (int64_t n = 0; n < s->layer_count; n++) {
        const lar_layer *layer = &s->layers[n];
        const bool lists = layer->over.as == LAR_OVER_LABELS || layer->over.as == LAR_OVER_OUTLINE;
        size_t length = strlen(layer->name) + (layer->empty ? 7 : 3);
        most = length > most ? length : most;
        for (int64_t c = 0; c < layer->codes.count && lists; c++) {
            lar_layer_code_words(text, sizeof text, layer, layer->codes.at[c]);
            length = strlen(text) + 3;
            most = length > most ? length : most;
        }
    }
    return fmin((double)most * LETTER + INDENT, WIDEST);
}

/* Labels that a layer before has too, in the same colours: of images that have each their own. */
static bool is_told(const lar_scene *s, int64_t n)
{
    const lar_layer *layer = &s->layers[n];
    if (layer->codes.count < 2 || layer->over.single) return false;
    for (int64_t k = 0; k < n; k++) {
        const lar_layer *other = &s->layers[k];
        if (other->over.as == layer->over.as && other->codes.count == layer->codes.count &&
            memcmp(other->codes.at, layer->codes.at,
                   (size_t)layer->codes.count * sizeof *layer->codes.at) == 0)
            return true;
    }
    return false;
}

/* Width of all blocks. */
static double walk_blocks(const lar_scene *s, lar_layout *l, cairo_t *cr)
{
    const lar_column *difference = NULL;
    for (int64_t c = 0; c < s->column_count; c++)
        if (s->columns[c].shows == LAR_SHOWS_DIFFERENCE) difference = &s->columns[c];
    walk w = { .cr = cr,
               .x = l->right + INDENT,
               .y = l->legend_y,
               .top = l->legend_y,
               .column = column_width(s) };
    w.bottom = fmax(l->bottom, w.top + LEAST);
    if (!difference && s->layer_count == 0) return 0;
    if (s->layer_count == 0) {
        draw_bar(&w, NULL, difference->window[0], difference->window[1],
                 fmax(l->legend_bottom - w.y, 1));
        return ALONE;
    }
    if (difference) bar_block(&w, "difference", NULL, difference->window[0], difference->window[1]);
    for (int64_t n = 0; n < s->layer_count; n++)
        if (!is_told(s, n)) layer_block(&w, &s->layers[n]);
    l->legend_bottom = fmax(l->legend_bottom, w.lowest);
    return w.x + w.column - l->right;
}

double lar_legend_width(const lar_scene *scene, lar_layout *layout)
{
    return walk_blocks(scene, layout, NULL);
}

void lar_legend_draw(cairo_t *cr, const lar_scene *scene, lar_layout *layout)
{
    walk_blocks(scene, layout, cr);
}
