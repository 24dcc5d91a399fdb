/* What lar_figure() decides, part by part. Inside report/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_FIGURE_PARTS_H
#define LAR_FIGURE_PARTS_H

#include "report/figure/scene.h"

typedef struct lar_window {
    double at[2]; /* NaN: by percentiles */
    const char *name;
} lar_window;

/* "0 80", "brain, auto": one for all, or `count`. */
lar_status lar_windows_read(lar_window *windows, int64_t count, const char *list);
lar_status lar_window_choose(lar_column *column, const lar_head *head, const lar_window *asked,
                             const lar_figure_params *p);
void lar_windows_share(lar_column *columns, const lar_ints *share);

/* Refuses what no picture can be made of, before anything is computed. */
lar_status lar_figure_check(const lar_figure_params *p, int64_t count);
lar_status lar_figure_planes(lar_scene *scene, const lar_figure_params *p);
/* One slice makes one plane: the others would be lines. */
void lar_figure_drop_flat(lar_scene *scene, const lar_look *looks, int64_t count);

/* The frames of all columns of images, and of a mosaic the slices in them. */
lar_status lar_place_frames(lar_scene *scene, const lar_look *looks, const lar_head *heads,
                            int64_t count, const lar_figure_params *p);
lar_status lar_place_slices(lar_scene *scene, const lar_look *looks, const lar_head *heads,
                            int64_t count, const lar_figure_params *p);

/* Adds the columns that compare two images. `contours` is the caller's to clear. */
lar_status lar_compare(lar_scene *scene, lar_outlines *contours, const lar_look *looks,
                       const lar_head *heads, const lar_image *const *images,
                       const lar_figure_params *p, lar_arena *arena);

#endif
