/* The shape of a mask beside that of brains; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_VERDICT_SHAPE_H
#define LAR_VERDICT_SHAPE_H

#include "brain/verdict_rim.h"

typedef struct lar_shape_fit {
    double apart;      /* mean distance of the surface from the mean shape, in radii */
    double dent, bump; /* the farthest that a part of it lies inside, and outside, in radii */
    double dent_at[3], bump_at[3]; /* directions from the middle, x y z */
    double turn[3][3], middle[3];  /* of the mean shape onto it: columns x y z; voxels */
    double symmetry; /* Dice of the mask and its mirror image across the middle found */
} lar_shape_fit;
lar_status lar_shape_compare(lar_shape_fit *out, const lar_rim *rim);

/* How far the plane that the image is most symmetric about is turned from that of the mask, and how
 * much less (1 - correlation) of the image differs from its mirror image there. */
typedef struct lar_plane_fit {
    double degrees, gain;
} lar_plane_fit;
void lar_plane_compare(lar_plane_fit *out, const lar_rim *rim, double turn[3][3],
                       const double middle[3]);

#endif
