/* What a figure shows, decided; drawing it is panels.c. Inside report/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SCENE_H
#define LAR_SCENE_H

#include "report/figure/panel.h"

/* One column; the difference has `minus` and draws b - a of look and minus. */
typedef struct lar_column {
    const lar_look *look, *minus;
    const char *label;
    double window[2];
    char window_words[96];
} lar_column;

typedef struct lar_scene {
    const char *title;
    const lar_plane *const *planes;
    int64_t plane_count;
    const lar_column *columns;
    int64_t column_count;
    double low[3], high[3], at[3]; /* the box that is drawn and the point the planes go through */
    double zoom;                   /* pixels per millimetre; NaN: choose */
    int interpolation;
    bool radiological;
} lar_scene;

lar_status lar_scene_draw(const lar_scene *scene, lar_canvas *canvas);

#endif
