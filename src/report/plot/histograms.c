/* Histograms of many images, before and after something was done to them: one curve per image.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "report/canvas.h"
#include "report/plot/plot.h"
#include "report/report.h"

enum { PANEL_WIDTH = 660, PANEL_HEIGHT = 440, COLOURS = 7, NAMED = 12 };

/* Parts of the peak below which nothing is drawn: on a logarithmic axis four decades, and half a
 * voxel in any case; on a linear one it is a flat line. */
static const double decades = 1e-4, visible = 0.002;
/* Times that, and the axis goes on: a few voxels far out do not stretch it. */
static const double some = 5;

/* ---- what is drawn ------------------------------------------------------------------------ */

static double sum_of(const lar_histograms *group, int64_t image)
{
    double sum = 0;
    for (int64_t b = 0; b < group->bins; b++) sum += group->counts[image * group->bins + b];
    return sum;
}

/* Heights of the curves, and the range of those that are drawn; `y` belongs to the arena. */
typedef struct heights {
    double *y, least, peak;
    int64_t first, last; /* bins that show anything */
} heights;

static lar_status find_heights(heights *out, const lar_histograms *group, bool linear,
                               lar_arena *arena)
{
    const int64_t bins = group->bins, from = group->cut && bins > 2, to = bins - from;
    double smallest = INFINITY;
    *out = (heights){ .y = lar_arena_take(arena, group->images * bins, sizeof *out->y),
                      .first = bins,
                      .last = -1 };
    if (!out->y) return LAR_EMEMORY;
    for (int64_t n = 0; n < group->images; n++) {
        const double sum = group->percent ? sum_of(group, n) : 0;
        const double scale = sum > 0 ? 100 / sum : 1;
        smallest = fmin(smallest, scale);
        for (int64_t b = from; b < to; b++) {
            out->y[n * bins + b] = scale * group->counts[n * bins + b];
            out->peak = fmax(out->peak, out->y[n * bins + b]);
        }
    }
    out->least = linear ? visible * out->peak : fmax(decades * out->peak, 0.5 * smallest);
    for (int64_t n = 0; n < group->images; n++)
        for (int64_t b = from; b < to; b++) {
            double *y = &out->y[n * bins + b];
            if (!linear && *y < out->least) *y = 0; /* a gap */
            if (!(*y > (linear ? 1 : some) * out->least)) continue;
            out->first = b < out->first ? b : out->first;
            out->last = b > out->last ? b : out->last;
        }
    if (out->first > out->last) {
        out->first = from;
        out->last = to - 1;
    }
    return LAR_OK;
}

/* One group's curves, the picked one last: over the others. */
static lar_status curves_of(lar_series **out, const lar_histograms *group, const heights *h,
                            lar_arena *arena)
{
    const int64_t bins = group->bins, images = group->images, count = images + (group->picked > 0);
    lar_series *series = lar_arena_take(arena, count, sizeof *series);
    double *x = lar_arena_take(arena, bins, sizeof *x);
    if (!series || !x) return LAR_EMEMORY;
    const double width = (group->high - group->low) / (double)bins;
    for (int64_t b = 0; b < bins; b++) x[b] = group->low + ((double)b + 0.5) * width;
    for (int64_t n = 0; n < count; n++) {
        const bool picked = n == images;
        const int64_t of = picked ? group->picked - 1 : n;
        series[n] = (lar_series){ .x = x + h->first,
                                  .y = h->y + of * bins + h->first,
                                  .count = h->last + 1 - h->first,
                                  .thin = !picked && images > NAMED,
                                  .dark = picked,
                                  .dashed = images <= NAMED && n / COLOURS % 2 == 1 };
    }
    *out = series;
    return LAR_OK;
}

/* Names of a few images; of many that of the picked one. */
static lar_status legend_of(lar_series *legend, int64_t *count, const lar_histograms *group,
                            const char *const *names, lar_arena *arena)
{
    *count = group->images <= NAMED ? group->images : group->picked > 0;
    for (int64_t n = 0; n < *count; n++)
        legend[n] = (lar_series){ .name = names[n], .dashed = n / COLOURS % 2 == 1 };
    if (group->images <= NAMED || !group->picked) return LAR_OK;
    legend[0] = (lar_series){ .dark = true };
    legend[0].name =
        lar_arena_format(arena, "%s: farthest from the others", names[group->picked - 1]);
    return legend[0].name ? LAR_OK : LAR_EMEMORY;
}

/* ---- the page ----------------------------------------------------------------------------- */

/* The heading and the legend, and where they end. */
static double draw_head(cairo_t *cr, const lar_histograms *group, const lar_series *legend,
                        int64_t legend_count, double width)
{
    double y = 8;
    if (group->heading) {
        y += 30;
        lar_canvas_text(
            cr, group->heading, 24, y,
            &(lar_style){
                .size = 22, .bold = true, .colour = { 0.13, 0.14, 0.16 }, .widest = width - 48 });
        y += 4;
    }
    return lar_plot_legend(cr, legend, legend_count, y, width) + 6;
}

/* How high that is, from a page that is thrown away. */
static double measure_head(const lar_histograms *group, const lar_series *legend,
                           int64_t legend_count, double width)
{
    cairo_surface_t *surface = cairo_recording_surface_create(CAIRO_CONTENT_COLOR_ALPHA, NULL);
    cairo_t *cr = cairo_create(surface);
    const double height = draw_head(cr, group, legend, legend_count, width);
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    return height;
}

static lar_status draw_panels(cairo_t *cr, const lar_histograms *groups, int64_t count, bool linear,
                              lar_arena *arena)
{
    lar_status status = LAR_OK;
    lar_series *series;
    heights *h = lar_arena_take(arena, count, sizeof *h);
    double least = INFINITY, peak = 0;
    if (!h) return LAR_EMEMORY;
    for (int64_t n = 0; n < count; n++) {
        LAR_TRY(find_heights(&h[n], &groups[n], linear, arena));
        least = fmin(least, h[n].least);
        peak = fmax(peak, h[n].peak);
    }
    for (int64_t n = 0; n < count; n++) {
        lar_plot_params params = { .title = groups[n].title,
                                   .x_label = "intensity",
                                   .y_label = groups[n].percent ? "% of the voxels, per bin"
                                                                : "voxels per bin",
                                   .log_y = !linear };
        if (!linear && peak > least) { /* panels that can be compared */
            params.y_range[0] = least;
            params.y_range[1] = 1.4 * peak;
        }
        LAR_TRY(curves_of(&series, &groups[n], &h[n], arena));
        cairo_save(cr);
        cairo_translate(cr, (double)(n * PANEL_WIDTH), 0);
        status = lar_plot_draw(cr, &params, series, groups[n].images + (groups[n].picked > 0),
                               PANEL_WIDTH, PANEL_HEIGHT);
        cairo_restore(cr);
        if (status != LAR_OK) goto done;
    }
done:
    return status;
}

static lar_status draw_on(lar_canvas *canvas, const lar_histograms *groups, int64_t count,
                          const char *const *names, bool linear)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    lar_series legend[NAMED];
    int64_t legend_count = 0;
    cairo_t *cr;
    const double width = (double)(count * PANEL_WIDTH);

    LAR_TRY(lar_arena_new(&arena));
    LAR_TRY(legend_of(legend, &legend_count, &groups[0], names, arena));
    const double head = measure_head(&groups[0], legend, legend_count, width);
    LAR_TRY(lar_canvas_begin(&cr, canvas, width, PANEL_HEIGHT + head));
    lar_canvas_box(cr, 0, 0, width, PANEL_HEIGHT + head, (lar_colour){ 1, 1, 1 });
    draw_head(cr, &groups[0], legend, legend_count, width);
    cairo_translate(cr, 0, head);
    LAR_TRY(draw_panels(cr, groups, count, linear, arena));
    LAR_TRY(lar_canvas_finish(canvas));
done:
    lar_arena_free(arena);
    return status;
}

lar_status lar_histograms_draw(const lar_histograms *groups, int64_t count,
                               const char *const *names, bool linear, const char *path, bool force)
{
    lar_canvas *canvas = NULL;
    lar_status status = lar_canvas_open(&canvas, path, force);
    if (status == LAR_OK) status = draw_on(canvas, groups, count, names, linear);
    lar_canvas_free(canvas);
    return status;
}

lar_status lar_histograms_svg(lar_text *out, const lar_histograms *groups, int64_t count,
                              const char *const *names, bool linear)
{
    lar_canvas *canvas = NULL;
    lar_status status = lar_canvas_keep(&canvas, out, ".svg");
    if (status == LAR_OK) status = draw_on(canvas, groups, count, names, linear);
    lar_canvas_free(canvas);
    return status;
}
