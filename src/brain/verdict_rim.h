/* Lines through the surface of a mask, from the brain outwards; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_VERDICT_RIM_H
#define LAR_VERDICT_RIM_H

#include <larmor/larmor.h>

enum { LAR_RIM_INNER = 14, LAR_RIM_OUTER = 8, LAR_RIM_STEPS = LAR_RIM_INNER + 1 + LAR_RIM_OUTER };

typedef struct lar_rim_sample {
    float from_middle[3];        /* x y z, mm */
    float depth;                 /* mm below the skin */
    float values[LAR_RIM_STEPS]; /* one each mm, LAR_RIM_INNER inside first; NaN beyond the image */
    float depths[LAR_RIM_STEPS];
} lar_rim_sample;

/* Image, mask, and their distances on a grid of 2 mm in RAS order. The mask is closed there: what
 * is a gap of less than 12 mm, as fissures are, is no part of its outline. */
typedef struct lar_rim {
    lar_image *values, *mask, *distance,
        *depth;                   /* depth: above 0 outside the head; NULL: no head */
    double holes;                 /* ml that the closed mask encloses */
    double spacing_mm, middle[3]; /* voxels */
    double radius_mm;             /* of the ball of the same volume */
    lar_rim_sample *samples;      /* voxels at the surface, but those at the edge */
    int64_t count;
} lar_rim;
/* head: whether there is one around the brain. */
lar_status lar_rim_init(lar_rim *rim, const lar_image *floats, const lar_image *mask, bool head,
                        bool ct);
void lar_rim_clear(lar_rim *rim);

/* What is seen along the lines. */
typedef struct lar_rim_report {
    double skin;       /* share of the surface less than 4 mm below the skin */
    double depth_mm;   /* below the skin, of the upper half: median */
    double deepest_mm; /* and of the deepest twentieth of it */
    double skull;      /* share of the surface outside of which skull is seen */
    double worst;      /* the least such share of any part of the lower half */
    double worst_at[3];
    double missed; /* share outside of which there is more of what is inside */
} lar_rim_report;
lar_status lar_rim_measure(lar_rim_report *out, const lar_rim *rim, bool ct);

#endif
