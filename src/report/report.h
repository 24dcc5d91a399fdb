/* report: what people look at. Line plots; the comparison of images is lar_figure() of larmor.h.
 * Files are PNG, SVG or PDF by the suffix of their name, and appear complete or not at all.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_REPORT_H
#define LAR_REPORT_H

#include "base/base.h"

/* LAR_EARGUMENT where the suffix is none of a picture: to be asked before the work. */
lar_status lar_picture_check(const char *path);

/* One curve. A point that is not finite (or not positive on a logarithmic axis) is a gap; a point
 * between two gaps is drawn as a dot. */
typedef struct lar_series {
    const char *name;    /* for the legend; NULL: none */
    const double *x, *y; /* `count` each; x NULL: 1, 2, 3 ... */
    int64_t count;
    bool faint;  /* thin and pale, in the colour of the next series: raw values behind a mean */
    bool dashed; /* such as the held-out curve beside the training curve */
    bool thin;   /* one of so many that they are told apart as a bundle only */
    bool dark;   /* in the colour of the text: one curve that is pointed out */
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
    double y_range[2];     /* 0 0: by the series */
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
    double low, high;    /* first bin begins, last ends */
    const char *heading; /* above all groups: that of the first; NULL: none */
    bool percent;        /* of each image's voxels; else their number */
    bool cut;            /* the first and the last bin hold what lies outside too: not drawn */
    int64_t picked;      /* number of an image that is drawn over the others, from 1; 0: none */
} lar_histograms;

/* Groups side by side, one curve per image, the same colour in each. names: one per image, shown
 * where images are a dozen at most; more are thin lines, told by number. linear: counts, not their
 * logarithm, of which the uppermost four decades are drawn. */
lar_status lar_histograms_draw(const lar_histograms *groups, int64_t count,
                               const char *const *names, bool linear, const char *path, bool force);

lar_status lar_histograms_svg(lar_text *out, const lar_histograms *groups, int64_t count,
                              const char *const *names, bool linear);

/* Small pictures in rows, voxel by voxel: what a network is about to see. Each is a plane of
 * voxels, the first one below and at the left. */
typedef struct lar_sheet_cell {
    const float *values;
    int64_t size[2], stride[2];
    double edge[2];   /* of a voxel, mm */
    double window[2]; /* black and white */
    bool labels;      /* whole numbers, each in its own colour, 0 black */
} lar_sheet_cell;
typedef struct lar_sheet {
    const char *title;        /* NULL: none */
    int64_t rows, columns;    /* 4096 pictures at most */
    int64_t span;             /* pictures under one heading, side by side */
    const char *const *heads; /* columns / span */
    const lar_sheet_cell *cells;
    const char *const *names; /* one line below each row */
    int64_t note_lines;       /* and so many in small letters; NULL: left empty */
    const char *const *notes;
} lar_sheet;
lar_status lar_sheet_draw(const lar_sheet *sheet, const char *path, bool force);

/* Words for LAR_OVER_AUTO ... of larmor.h; NULL at the end. */
extern const char *const lar_overlay_kinds[];

/* An image that is looked at slice by slice: by the viewer, without WebGL. The first
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
    bool labels; /* whole numbers, each in its own colour, 0 none; else a map in colours of heat */
    double over_window[2]; /* of a map: begins (less is not drawn), ends; equal: its own window */
} lar_peek_params;
/* One plane as PNG, added to `out`; the patient's left is on the left. */
lar_status lar_peek_png(lar_text *out, const lar_peek *peek, const lar_peek_params *params);
/* The value at a place of the world and the voxel it is from, in the order of the image that was
 * given; false outside. */
bool lar_peek_value(double *out, int64_t ijk[3], const lar_peek *peek, const double xyz[3]);

/* ---- pages ------------------------------------------------------------------------------- */

/* Text as it may stand between the tags and in the quoted attributes of HTML and XML: markup and
 * quotes become references; control characters (but tab and line end), what turns the direction of
 * writing, and bytes that are no UTF-8, become U+FFFD. */
void lar_page_escape(lar_text *out, const char *text);
/* RFC 4648, with padding. */
void lar_base64(lar_text *out, const void *bytes, size_t count);

/* One HTML page in one file: its style and pictures are in it, it has no script, and it loads
 * nothing, which its content policy forbids too. It is also well-formed XML. Every text that is
 * given is plain and is escaped. What fails on the way is kept until lar_page_write(). */
typedef struct lar_page lar_page;
/* reload_s: the browser loads the file again after so many seconds; 0: never. */
lar_status lar_page_new(lar_page **out, const char *title, int64_t reload_s);
void lar_page_free(lar_page *page);
/* Closes what is open; an existing file is LAR_EEXISTS without `force`. */
lar_status lar_page_write(lar_page *page, const char *path, bool force);

/* A section ends the one before and has a line in the list of contents; anchor: letters. */
void lar_page_section(lar_page *page, const char *anchor, const char *title);
void lar_page_heading(lar_page *page, const char *title); /* inside a section */

enum { LAR_PAGE_PLAIN, LAR_PAGE_SOFT, LAR_PAGE_WARNING, LAR_PAGE_BAD, LAR_PAGE_GOOD };
void lar_page_text(lar_page *page, int kind, const char *format, ...) LAR_PRINTF(3, 4);
void lar_page_code(lar_page *page, const char *text); /* as it is, line by line */

/* Large numbers with what they count; then names with their values. */
void lar_page_tiles_open(lar_page *page);
void lar_page_tile(lar_page *page, int kind, const char *name, const char *format, ...)
    LAR_PRINTF(4, 5);
void lar_page_facts_open(lar_page *page);
void lar_page_fact(lar_page *page, const char *name, const char *format, ...) LAR_PRINTF(3, 4);
void lar_page_close(lar_page *page); /* tiles, facts, table, fold, card or row */

typedef struct lar_page_column {
    const char *name;
    bool number; /* aligned at the right */
} lar_page_column;
/* Cells follow one by one, row by row. A wide table scrolls by itself. */
void lar_page_table_open(lar_page *page, const lar_page_column *columns, int64_t count);
void lar_page_cell(lar_page *page, const char *format, ...) LAR_PRINTF(2, 3);

/* A part that a click opens. */
void lar_page_fold_open(lar_page *page, bool open, const char *format, ...) LAR_PRINTF(3, 4);
/* A frame with a title and words beside it; kind: its colour. */
void lar_page_card_open(lar_page *page, int kind, const char *title, const char *beside);
/* Pictures side by side, after a name. */
void lar_page_row_open(lar_page *page, const char *name);

typedef struct lar_page_image {
    const char *alt;     /* in words what is to be seen */
    const char *caption; /* NULL: none */
    const char *base64;  /* of the file, or */
    const void *bytes;   /* the file itself */
    size_t count;
    bool svg;     /* else PNG */
    bool plot;    /* as wide as the page, dark on a dark page; else in its own size */
    double scale; /* so many times larger, of base64; 0: 1 */
} lar_page_image;
void lar_page_picture(lar_page *page, const lar_page_image *image);

/* ---- small pictures ---------------------------------------------------------------------- */

/* Where to look in an image, and in others that lie on it: the box and the centre of its head, and
 * points that spread over it. Keeps no voxel of the image. */
typedef struct lar_glance lar_glance;
lar_status lar_glance_new(lar_glance **out, const lar_image *image);
void lar_glance_free(lar_glance *glance);
/* Black and white for an image: percentiles 1 and 99.5 of the head below skin and skull. */
lar_status lar_glance_window(double out[2], const lar_glance *glance, const lar_image *image);

enum { LAR_GLANCE_AXIAL, LAR_GLANCE_BESIDE, LAR_GLANCE_BELOW }; /* one plane, or three */
typedef struct lar_glance_params {
    int planes;
    int64_t longest;  /* edge of the box of the head, pixels */
    double window[2]; /* of the grey image; equal: as lar_glance_window() */
} lar_glance_params;
/* PNG added to `out`, the patient's left on the left; 48 levels of grey keep it small. */
lar_status lar_glance_png(lar_text *out, const lar_glance *glance, const lar_image *image,
                          const lar_glance_params *params);
/* With the contours of another image over it. */
lar_status lar_glance_contours_png(lar_text *out, const lar_glance *glance, const lar_image *image,
                                   const lar_image *moved, const lar_glance_params *params);
/* With the outline of a mask over it. */
lar_status lar_glance_outline_png(lar_text *out, const lar_glance *glance, const lar_image *image,
                                  const lar_image *mask, const lar_glance_params *params);
/* b - a in colours, from -limit (blue) to limit (orange); limit: NaN asks for the 99.5th percentile
 * of the differences in the head, and is told. */
lar_status lar_glance_difference_png(lar_text *out, double *limit, const lar_glance *glance,
                                     const lar_image *a, const lar_image *b,
                                     const lar_glance_params *params);

enum { LAR_GLANCE_BINS = 256 };
/* How many of the points of the head have a value in each of the bins from low to high, which are
 * the percentiles 0.1 and 99.9, and as much beyond as a tenth. */
typedef struct lar_glance_counts {
    double low, high, at[LAR_GLANCE_BINS];
} lar_glance_counts;
lar_status lar_glance_count(lar_glance_counts *out, const lar_glance *glance,
                            const lar_image *image);
/* The same in other bins: each count is spread evenly over its own. */
void lar_glance_recount(double *out, double low, double high, int64_t bins,
                        const lar_glance_counts *counts);

#endif
