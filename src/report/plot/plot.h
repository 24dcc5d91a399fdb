/* A plot as part of a page. Inside report/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PLOT_H
#define LAR_PLOT_H

#include <cairo.h>

#include "report/report.h"

/* At the origin of the context, all of `width` x `height` pixels. */
lar_status lar_plot_draw(cairo_t *cr, const lar_plot_params *params, const lar_series *series,
                         int64_t count, double width, double height);
/* The names of the series in rows of `width` pixels below y; returns the last row's base line. */
double lar_plot_legend(cairo_t *cr, const lar_series *series, int64_t count, double y,
                       double width);

#endif
