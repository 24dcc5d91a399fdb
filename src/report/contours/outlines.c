/* The contours of an image over a panel, smoothed, whole lines at a time.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "filter/filter.h"
#include "report/contours/contour_lines.h"
#include "report/contours/outlines.h"

static const double SMOOTH_MM = 1, /* sigma, in the plane: noise frays lines, anatomy stays */
    SHORTEST_MM = 20,              /* line; noise and vessels make shorter ones */
    LINE = 1.2;                    /* pixels wide */

/* Orange: seen on black, grey and white, by any colour vision. */
const lar_colour lar_outlines_colour = { 1, 0.45, 0.05 };

lar_status lar_outlines_smooth(double *values, int64_t width, int64_t height, double sigma)
{
    const int64_t size[3] = { width, height, 1 }, count = width * height;
    const double sigmas[3] = { sigma, sigma, 0 };
    lar_status status = LAR_OK;
    float *sums = lar_alloc_raw(2 * count, sizeof *sums);

    if (!sums) return LAR_EMEMORY;
    float *weights = sums + count;
    for (int64_t n = 0; n < count; n++) {
        weights[n] = isfinite(values[n]);
        sums[n] = isfinite(values[n]) ? (float)values[n] : 0;
    }
    LAR_TRY(lar_smooth_voxels(sums, size, sigmas));
    LAR_TRY(lar_smooth_voxels(weights, size, sigmas));
    for (int64_t n = 0; n < count; n++)
        if (isfinite(values[n])) values[n] = (double)sums[n] / (double)weights[n];
done:
    lar_free(sums);
    return status;
}

typedef struct pen {
    cairo_t *cr;
    double x, y, shortest;
    bool outside; /* the images have no part of the panel in common */
} pen;

static void trace(void *user, const lar_contour_line *line)
{
    const pen *p = user;
    if (lar_contour_length(line) < p->shortest) return;
    for (int64_t n = 0; n < line->count; n++) /* the middle of pixel 0 lies at 0.5 */
        cairo_line_to(p->cr, p->x + line->points[n][0] + 0.5, p->y + line->points[n][1] + 0.5);
    if (line->closed) cairo_close_path(p->cr);
    cairo_new_sub_path(p->cr);
}

/* Adds the lines of one image to the path. */
static lar_status trace_levels(pen *p, double *values, const lar_look *look, const double *levels,
                               int level_count, const lar_slice *slice, const double *below,
                               double zoom)
{
    lar_status status = LAR_OK;
    const int64_t count = slice->width * slice->height;
    LAR_TRY(lar_slice_sample(values, look, slice, LAR_LINEAR));
    LAR_TRY(lar_outlines_smooth(values, slice->width, slice->height, SMOOTH_MM * zoom));
    for (int64_t n = 0; n < count; n++)
        if (isinf(below[n])) values[n] = INFINITY;
    p->outside = lar_panel_is_outside(values, count);
    for (int n = 0; n < level_count; n++)
        LAR_TRY(lar_contour_lines(values, slice->width, slice->height, levels[n], trace, p));
done:
    return status;
}

lar_status lar_outlines_draw(cairo_t *cr, const lar_outlines *o, const lar_slice *slice,
                             const double *below, double zoom, double x, double y)
{
    lar_status status = LAR_OK;
    const double surface = 0.5; /* of a mask, 0 and 1 */
    pen p = { cr, x, y, o->mask ? 0 : SHORTEST_MM * zoom, false };
    double *values = lar_alloc_raw(slice->width * slice->height, sizeof *values);

    if (!values) return LAR_EMEMORY;
    cairo_new_path(cr);
    if (o->surface.ras)
        LAR_TRY(trace_levels(&p, values, &o->surface, &surface, 1, slice, below, zoom));
    LAR_TRY(trace_levels(&p, values, &o->look, o->levels, o->level_count, slice, below, zoom));
    cairo_set_line_width(cr, LINE);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    lar_canvas_colour(cr, lar_outlines_colour);
    cairo_stroke(cr);
    if (p.outside)
        lar_canvas_text(
            cr, o->mask ? "outside the mask's image" : "outside the moved image",
            x + (double)slice->width / 2, y + (double)slice->height / 2,
            &(lar_style){
                .size = 14, .bold = true, .halo = true, .align = 0.5, .colour = lar_panel_bright });
done:
    lar_free(values);
    return status;
}
