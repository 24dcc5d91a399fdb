/* report: what people look at. Line plots; the comparison of images is lar_figure() of larmor.h.
 * Files are PNG, SVG or PDF by the suffix of their name, and appear complete or not at all.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_REPORT_H
#define LAR_REPORT_H

#include "base/base.h"

/* One curve. A point that is not finite (or not positive on a logarithmic axis) is a gap; a point
 * between two gaps is drawn as a dot. */
typedef struct lar_series {
    const char *name;    /* for the legend; NULL: none */
    const double *x, *y; /* `count` each; x NULL: 1, 2, 3 ... */
    int64_t count;
    bool faint;  /* thin and pale, in the colour of the next series: raw values behind a mean */
    bool dashed; /* such as the held-out curve beside the training curve */
} lar_series;

/* A point that is pointed out. */
typedef struct lar_mark {
    double x, y; /* y NaN: a line at x over the whole height */
    const char *text;
} lar_mark;

typedef struct lar_plot_params {
    const char *title, *x_label, *y_label; /* NULL: none */
    bool log_x, log_y;
    bool robust_y; /* the range of y leaves a diverged tail out, and the curve runs off the top */
    const lar_mark *marks;
    int64_t mark_count;
    int64_t width, height; /* pixels; 0: 960 x 600 */
} lar_plot_params;

/* Series may be empty and params all zero. */
lar_status lar_plot(const lar_plot_params *params, const lar_series *series, int64_t count,
                    const char *path, bool force);

/* The same as SVG, added to `out`. */
lar_status lar_plot_svg(lar_text *out, const lar_plot_params *params, const lar_series *series,
                        int64_t count);

/* Histograms of one group of images, on bins that they share. */
typedef struct lar_histograms {
    const char *title;
    const double *counts; /* of image n in bin b at [n * bins + b] */
    int64_t images, bins;
    double low, high; /* first bin begins, last ends */
} lar_histograms;

/* Groups side by side, one curve per image, the same colour in each. names: one per image; at most
 * a dozen stand in the legend. linear: counts, not their logarithm. */
lar_status lar_histograms_draw(const lar_histograms *groups, int64_t count,
                               const char *const *names, bool linear, const char *path, bool force);

lar_status lar_histograms_svg(lar_text *out, const lar_histograms *groups, int64_t count,
                              const char *const *names, bool linear);

/* Words for LAR_OVER_AUTO ... of larmor.h; NULL at the end. */
extern const char *const lar_overlay_kinds[];

/* An image that is looked at slice by slice: thumbnails, and the viewer without WebGL. The first
 * volume; the image need not be kept. One peek may be drawn by several threads. */
typedef struct lar_peek lar_peek;
lar_status lar_peek_new(lar_peek **out, const lar_image *image);
void lar_peek_free(lar_peek *peek);

enum { LAR_PEEK_AXIAL, LAR_PEEK_CORONAL, LAR_PEEK_SAGITTAL };

/* Where to look: boxes in millimetres, `field` of the whole image, `head` of what is in it. */
typedef struct lar_peek_place {
    double field_low[3], field_high[3], head_low[3], head_high[3], centre[3];
    double window[2]; /* black and white, as lar_figure() chooses them */
} lar_peek_place;
void lar_peek_find(lar_peek_place *out, const lar_peek *peek);

typedef struct lar_peek_params {
    int plane;
    double low[3], high[3], at[3]; /* the box that is drawn, and a point of the plane */
    double window[2];
    int64_t longest; /* side of the picture, pixels */
    bool sides;      /* letters: which side of the patient is where */
    /* What is drawn over the slice, sampled at the same places of the world; NULL: nothing. */
    const lar_peek *over;
    double opacity; /* of it, 0 to 1 */
    bool labels;    /* whole numbers, each in a colour of its own, 0 none; else a map in colours of
                       heat */
    double
        over_window[2]; /* of a map: begins (less is not drawn) and ends; equal: its own window */
} lar_peek_params;
/* One plane as PNG, added to `out`; the patient's left is on the left. */
lar_status lar_peek_png(lar_text *out, const lar_peek *peek, const lar_peek_params *params);
/* The value at a place of the world and the voxel it is from, in the order of the image that was
 * given; false outside. */
bool lar_peek_value(double *out, int64_t ijk[3], const lar_peek *peek, const double xyz[3]);

#endif
