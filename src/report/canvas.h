/* A page to draw on with cairo, and text on it. Inside report/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_CANVAS_H
#define LAR_CANVAS_H

#include <cairo.h>

#include "report/colour.h"

typedef struct lar_canvas lar_canvas;

/* Looks at the name first, before anything is computed: an unknown suffix is LAR_EARGUMENT, an
 * existing file without `force` LAR_EEXISTS. */
lar_status lar_canvas_open(lar_canvas **out, const char *path, bool force);
/* The same, added to `bytes` instead of a file; suffix: ".png", ".svg" or ".pdf". */
lar_status lar_canvas_keep(lar_canvas **out, lar_text *bytes, const char *suffix);
/* The page: one unit is a pixel of a PNG, 1/96 inch of an SVG or a PDF.
 * The context is the canvas's own. */
lar_status lar_canvas_begin(cairo_t **out, lar_canvas *canvas, double width, double height);
/* Writes the page; until it returns LAR_OK there is no file. */
lar_status lar_canvas_finish(lar_canvas *canvas);
void lar_canvas_free(lar_canvas *canvas);

typedef struct lar_style {
    double size; /* of the font, pixels */
    bool bold, halo;
    double align;  /* 0: starts at x, 0.5: centred, 1: ends at x */
    double widest; /* longer text ends in an ellipsis; 0: any */
    lar_colour colour;
} lar_style;

/* `y` is the base line. Bytes that are no UTF-8, and control characters, become '?'. */
void lar_canvas_text(cairo_t *cr, const char *text, double x, double y, const lar_style *style);
double lar_canvas_text_width(cairo_t *cr, const char *text, const lar_style *style);
void lar_canvas_colour(cairo_t *cr, lar_colour colour);
/* A box filled with a colour. */
void lar_canvas_box(cairo_t *cr, double x, double y, double width, double height,
                    lar_colour colour);

#endif
