/* The contours of an image over a panel. Inside report/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_OUTLINES_H
#define LAR_OUTLINES_H

#include "report/figure/panel.h"

enum { LAR_LEVELS_MAX = 2 };

/* The image whose contours are drawn. */
typedef struct lar_outlines {
    lar_look look, surface; /* surface: a mask of the head, where no level shows its skin */
    double levels[LAR_LEVELS_MAX];
    int level_count;
    bool mask; /* its pieces are drawn however small they are */
} lar_outlines;

/* LAR_ENUMERIC where the image is constant or not finite. */
lar_status lar_outlines_init(lar_outlines *out, const lar_image *image);
/* The surface of a mask, 0 and 1; of an empty or full one there is none. */
lar_status lar_outlines_init_mask(lar_outlines *out, const lar_image *mask);
void lar_outlines_clear(lar_outlines *o);
/* What of the image below is drawn black and white. */
lar_status lar_outlines_window(double out[2], const lar_head *head);
extern const lar_colour lar_outlines_colour;
/* Strokes the contours over a panel whose upper left corner is at x, y, as far as the image below
 * reaches: `below` are its values, INFINITY outside. */
lar_status lar_outlines_draw(cairo_t *cr, const lar_outlines *o, const lar_slice *slice,
                             const double *below, double zoom, double x, double y);
/* By a Gaussian, in place, as far as there are numbers: values beside their end count as much more
 * as those beyond are missing. sigma in pixels. */
lar_status lar_outlines_smooth(double *values, int64_t width, int64_t height, double sigma);

#endif
