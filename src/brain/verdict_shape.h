/* The shape of a mask beside that of brains; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_VERDICT_SHAPE_H
#define LAR_VERDICT_SHAPE_H

#include "brain/verdict_rim.h"

typedef struct lar_shape_fit {
    double apart;      /* mean distance of the surface from the mean shape, in radii */
    double dent, bump; /* the farthest that a part of it lies inside, and outside, in radii */
    double dent_at[3], bump_at[3]; /* directions from the middle, x y z */
    double turn[3][3];             /* of the mean shape onto it: columns x y z */
    double symmetry; /* Dice of the mask and its mirror image across the middle found */
} lar_shape_fit;
lar_status lar_shape_compare(lar_shape_fit *out, const lar_rim *rim);

/* Degrees between the middle plane of the mask and that of the head: of a brain of mean shape that
 * lies where the outline of the head wants it. turn: of lar_shape_compare(). */
lar_status lar_turn_compare(double *degrees, const lar_rim *rim, double turn[3][3]);

#endif
