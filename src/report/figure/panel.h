/* One panel of a picture: a plane through the world, drawn true to the millimetre on the dark page
 * of a viewer. Inside report/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PANEL_H
#define LAR_PANEL_H

#include "report/canvas.h"
#include "report/figure/look.h"

typedef struct lar_plane {
    const char *name;
    int across, up, normal; /* axes of the world */
} lar_plane;

enum { LAR_AXIAL, LAR_CORONAL, LAR_SAGITTAL, LAR_PLANES };
extern const lar_plane lar_planes[LAR_PLANES];

/* Of the page, of titles and labels, and of the rest of the text. */
extern const lar_colour lar_panel_page, lar_panel_bright, lar_panel_soft;

/* Pixels of a panel, of the box from low to high. At least 1. */
void lar_panel_size(double size[2], const lar_plane *plane, const double low[3],
                    const double high[3], double zoom);
/* The plane through `at`, of so many pixels; mirrored: the patient's left on the right. */
lar_slice lar_panel_slice(const lar_plane *plane, const double low[3], const double high[3],
                          const double at[3], double zoom, const int64_t size[2], bool mirrored);
/* A value of lar_slice_sample() as grey of a window; the page's colour outside, violet where it is
 * not a number. */
uint32_t lar_panel_grey(double value, const double window[2]);
lar_status lar_panel_paint(cairo_t *cr, const uint32_t *pixels, int64_t width, int64_t height,
                           double x, double y);
/* Nothing but values outside of the image. */
bool lar_panel_is_outside(const double *values, int64_t count);
/* Which side of the patient is where, on the four edges. */
void lar_panel_sides(cairo_t *cr, const lar_plane *plane, bool mirrored, double x, double y,
                     double width, double height);
/* A bar of a round number of millimetres, about `widest` pixels or less, that ends at `right`.
 * Returns where it begins. */
double lar_panel_ruler(cairo_t *cr, double zoom, double widest, double right, double y);

#endif
