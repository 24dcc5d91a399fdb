/* Histograms of many images, before and after something was done to them: one curve per image.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "report/canvas.h"
#include "report/plot/plot.h"
#include "report/report.h"

enum { PANEL_WIDTH = 660, PANEL_HEIGHT = 470, COLOURS = 7, NAMED = 12, ROW = 20 };

static const double least = 0.5;     /* voxels: below, a curve of logarithms ends */
static const double visible = 0.002; /* of the peak: on a linear axis the rest is a flat line */

/* The bins that show anything. */
static void find_part(int64_t *first, int64_t *last, const lar_histograms *group, bool linear)
{
    double peak = 0;
    for (int64_t n = 0; n < group->images * group->bins; n++) peak = fmax(peak, group->counts[n]);
    *first = group->bins - 1;
    *last = 0;
    for (int64_t n = 0; n < group->images * group->bins; n++) {
        if (group->counts[n] < (linear ? visible * peak : least)) continue;
        *first = n % group->bins < *first ? n % group->bins : *first;
        *last = n % group->bins > *last ? n % group->bins : *last;
    }
    if (*first > *last) {
        *first = 0;
        *last = group->bins - 1;
    }
}

/* One group's curves; `x` and `series` belong to the arena. */
static lar_status curves_of(lar_series **out, const lar_histograms *group, bool linear,
                            lar_arena *arena)
{
    const int64_t bins = group->bins;
    lar_series *series = lar_arena_take(arena, group->images, sizeof *series);
    double *x = lar_arena_take(arena, bins, sizeof *x);
    double *y = lar_arena_take(arena, group->images * bins, sizeof *y);
    if (!series || !x || !y) return LAR_EMEMORY;
    int64_t first, last;
    find_part(&first, &last, group, linear);
    const double width = (group->high - group->low) / (double)bins;
    for (int64_t b = 0; b < bins; b++) x[b] = group->low + ((double)b + 0.5) * width;
    for (int64_t n = 0; n < group->images * bins; n++)
        y[n] = linear || group->counts[n] >= least ? group->counts[n] : 0; /* a gap */
    for (int64_t n = 0; n < group->images; n++)
        series[n] = (lar_series){ .x = x + first,
                                  .y = y + n * bins + first,
                                  .count = last + 1 - first,
                                  .dashed = n / COLOURS % 2 == 1 };
    *out = series;
    return LAR_OK;
}

/* Names of the first images, and how many there are beyond. */
static lar_status legend_of(lar_series *legend, int64_t *count, const char *const *names,
                            int64_t images, lar_arena *arena)
{
    const int64_t named = images > NAMED ? NAMED - 1 : images;
    for (int64_t n = 0; n < named; n++)
        legend[n] = (lar_series){ .name = names[n], .dashed = n / COLOURS % 2 == 1 };
    *count = named;
    if (named == images) return LAR_OK;
    legend[named] = (lar_series){ .faint = true };
    legend[named].name = lar_arena_format(arena, "and %lld more", (long long)(images - named));
    *count = named + 1;
    return legend[named].name ? LAR_OK : LAR_EMEMORY;
}

static lar_status draw_on(lar_canvas *canvas, const lar_histograms *groups, int64_t count,
                          const char *const *names, bool linear)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    lar_series legend[NAMED], *series;
    int64_t legend_count = 0;
    cairo_t *cr;
    const double width = (double)(count * PANEL_WIDTH);

    LAR_TRY(lar_arena_new(&arena));
    LAR_TRY(legend_of(legend, &legend_count, names, groups[0].images, arena));
    const double head = 16 + ROW * (count > 1 ? 2 : 4);
    LAR_TRY(lar_canvas_begin(&cr, canvas, width, PANEL_HEIGHT + head));
    lar_canvas_box(cr, 0, 0, width, PANEL_HEIGHT + head, (lar_colour){ 1, 1, 1 });
    lar_plot_legend(cr, legend, legend_count, 8, width);
    for (int64_t n = 0; n < count; n++) {
        const lar_plot_params params = { .title = groups[n].title,
                                         .x_label = "intensity",
                                         .y_label = "voxels per bin",
                                         .log_y = !linear };
        LAR_TRY(curves_of(&series, &groups[n], linear, arena));
        cairo_save(cr);
        cairo_translate(cr, (double)(n * PANEL_WIDTH), head);
        status = lar_plot_draw(cr, &params, series, groups[n].images, PANEL_WIDTH, PANEL_HEIGHT);
        cairo_restore(cr);
        if (status != LAR_OK) goto done;
    }
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
