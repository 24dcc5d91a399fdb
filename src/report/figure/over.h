/* What lies over an image: a mask, labels, a map of values. Inside report/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_OVER_H
#define LAR_OVER_H

#include <cairo.h>

#include "report/colour.h"
#include "report/contours/outlines.h"
#include "report/figure/look.h"

enum { LAR_CODES_MAX = 256 };

/* The labels of an image: whole numbers but 0, ascending. */
typedef struct lar_codes {
    int64_t count;
    double at[LAR_CODES_MAX];
    int64_t colour[LAR_CODES_MAX]; /* of lar_colour_label(); different ones, as far as they go */
} lar_codes;

typedef struct lar_over {
    const lar_look *look;
    int as;                 /* LAR_OVER_MASK ..., decided */
    double opacity;         /* 0 to 1 */
    double window[2];       /* of a map: where its colours begin and end */
    double from;            /* of a map: less is not drawn, of a signed one less |value| */
    const lar_codes *codes; /* NULL: a label's colour follows from its number alone */
    bool single;            /* outline: all that is not 0, in `colour` */
    lar_colour colour;      /* of a mask */
} lar_over;

/* The colour of a label that is not 0. */
lar_colour lar_over_label(const lar_codes *codes, double code);
/* The colour of a map at `value`, which lies in the part that is drawn. */
lar_colour lar_over_map(const lar_over *over, double value);
/* Mixes masks, labels and maps into the pixels of a slice, as lar_colour_pixel() makes them. Masks
 * and labels are those of the nearest voxel, maps are linear between voxels. Values that are not
 * finite are not drawn, nor anything where `below`, the values of the image, is INFINITY: outside
 * of its field of view. */
lar_status lar_over_blend(uint32_t *pixels, const lar_over *over, const lar_slice *slice,
                          const double *below);
/* Strokes outlines over a panel whose upper left corner is at x, y. */
lar_status lar_over_stroke(cairo_t *cr, const lar_over *over, const lar_slice *slice,
                           const double *below, double x, double y);

/* An overlay, looked at: what it is, its labels, its window. */
typedef struct lar_layer {
    lar_look look;
    lar_over over;
    lar_codes codes;
    lar_outlines contours; /* LAR_OVER_CONTOURS */
    const char *name, *names;
    int64_t on;
    bool many; /* more labels than are listed */
    bool empty;
} lar_layer;

/* `number` of masks before it, which have colours already. Borrows names. */
lar_status lar_layer_init(lar_layer *out, const lar_overlay *overlay, int64_t volume,
                          int64_t number);
void lar_layer_clear(lar_layer *layer);
/* The name of a label: of `names`, else its number. */
void lar_layer_code_words(char *text, size_t room, const lar_layer *layer, double code);

/* One volume of several, as a view; LAR_INT_AUTO: the first, with a note. An image of one volume is
 * what it is. */
lar_status lar_volume_of(lar_image **out, const lar_image *image, int64_t volume, const char *name);

#endif
