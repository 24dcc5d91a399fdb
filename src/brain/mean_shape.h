/* The mean shape of brains, as how far the surface is from the middle in directions that are spread
 * over the sphere; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_MEAN_SHAPE_H
#define LAR_MEAN_SHAPE_H

enum { LAR_SHAPE_DIRECTIONS = 200 };

/* In radii of a ball of the same volume; directions are right, front, top. */
extern const float lar_brain_shape[LAR_SHAPE_DIRECTIONS];

/* Directions of length 1. */
void lar_shape_directions(double out[LAR_SHAPE_DIRECTIONS][3]);
/* What `values` of the directions are in another one; those that are NaN count nothing. */
double lar_shape_between(const double values[LAR_SHAPE_DIRECTIONS],
                         const double directions[LAR_SHAPE_DIRECTIONS][3], const double at[3]);
/* The turn about x, then y, then z (radians). */
void lar_shape_turn(double out[3][3], const double angle[3]);

#endif
