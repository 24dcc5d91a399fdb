/* What lies over an image: a mask, labels, a map of values. Inside report/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_OVER_H
#define LAR_OVER_H

#include "report/colour.h"
#include "report/figure/look.h"

enum { LAR_CODES_MAX = 256 };

/* The labels of an image: whole numbers but 0, ascending. */
typedef struct lar_codes {
    int64_t count;
    double at[LAR_CODES_MAX];
    int64_t colour[LAR_CODES_MAX]; /* of lar_colour_label(); different ones, as far as they go */
} lar_codes;

typedef enum lar_over_kind {
    LAR_OVER_MASK,
    LAR_OVER_LABELS,
    LAR_OVER_MAP,
    LAR_OVER_SIGNED
} lar_over_kind;

/* One layer. Values that are not finite are not drawn, as those outside of the overlay's field. */
typedef struct lar_over {
    const lar_look *look;
    lar_over_kind kind;
    double opacity;   /* 0 to 1 */
    double window[2]; /* of a map: less than its begin is not drawn; of a signed one: of |value| */
    const lar_codes *codes; /* of labels; NULL: a label's colour follows from its number alone */
    lar_colour colour;      /* of a mask */
} lar_over;

/* The colour of a label that is not 0. */
lar_colour lar_over_label(const lar_codes *codes, double code);
/* The colour of a map at `value`, which lies in the part that is drawn. */
lar_colour lar_over_map(const lar_over *over, double value);
/* Mixes the layer into the pixels of a slice, as lar_colour_pixel() makes them. Masks and labels
 * are those of the nearest voxel, maps are linear between voxels. */
lar_status lar_over_blend(uint32_t *pixels, const lar_over *over, const lar_slice *slice);

#endif
