/* What a figure shows, decided, and where its parts go. Inside report/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SCENE_H
#define LAR_SCENE_H

#include "report/contours/outlines.h"
#include "report/figure/over.h"
#include "report/figure/panel.h"

/* The box that is drawn, and the point the planes go through. */
typedef struct lar_frame {
    double low[3], high[3], at[3];
} lar_frame;

typedef enum lar_shows {
    LAR_SHOWS_IMAGE,
    LAR_SHOWS_DIFFERENCE, /* image minus other */
    LAR_SHOWS_CONTOURS,   /* of the other over the image */
    LAR_SHOWS_CHECKER     /* squares of both */
} lar_shows;

/* One column; in a mosaic one block. */
typedef struct lar_column {
    lar_shows shows;
    int64_t number; /* of the image, from 1; 0: a comparison, over which no layer lies */
    const lar_look *look, *other;
    const lar_outlines *contours; /* of the other */
    double window[2], other_window[2];
    double square_mm;
    lar_frame frame;
    const double *slices; /* of a mosaic: where they are; scene->slice_count */
    const char *label;
    char words[96];
} lar_column;

typedef struct lar_scene {
    const char *title;
    const lar_plane *planes[LAR_PLANES];
    int64_t plane_count;
    lar_column *columns;
    int64_t column_count;
    const lar_layer *layers;
    int64_t layer_count;
    bool own;                     /* frames of the columns differ */
    int64_t slice_count, per_row; /* of a mosaic; 0: there is none */
    double *slices;               /* of all columns: their memory */
    double zoom;                  /* pixels per millimetre; NaN: choose */
    int interpolation;
    bool radiological;
} lar_scene;

/* One panel. */
typedef struct lar_cell {
    const lar_column *column;
    const lar_plane *plane;
    double at[3];
    int64_t size[2];
    double x, y;
    bool lettered; /* its sides */
    bool placed;   /* says where it lies */
} lar_cell;

typedef struct lar_layout {
    double zoom, left, top, right, bottom, width, height; /* the panels lie from left to right */
    double column_width;                                  /* of a mosaic's block too */
    double legend_y, legend_bottom;
    double row_y[LAR_PLANES], row_height[LAR_PLANES];
    lar_cell *cells;
    int64_t cell_count;
} lar_layout;

/* pixels */
enum { LAR_PAGE_MARGIN = 22, LAR_PAGE_SIDE = 22, LAR_PAGE_LABELS = 44 };

lar_status lar_layout_init(lar_layout *out, const lar_scene *scene);
void lar_layout_clear(lar_layout *layout);

/* Colour bars and the colours of labels and masks, right of the panels: the width that they need, 0
 * where there is nothing to explain. How far down they reach goes to layout->legend_bottom. */
double lar_legend_width(const lar_scene *scene, lar_layout *layout);
void lar_legend_draw(cairo_t *cr, const lar_scene *scene, lar_layout *layout);

lar_status lar_scene_draw(const lar_scene *scene, lar_canvas *canvas);

#endif
