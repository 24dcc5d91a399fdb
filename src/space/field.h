/* A displacement at every point of a grid; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_FIELD_H
#define LAR_FIELD_H

#include <larmor/larmor.h>

typedef struct lar_field {
    lar_image *vectors;  /* float32, contiguous, 3 channels: mm along x y z; held */
    lar_affine to_voxel; /* from the world */
    bool inverse;        /* stands for its inverse */
} lar_field;

lar_status lar_field_init(lar_field *field, const lar_image *displacement_mm);
void lar_field_clear(lar_field *field);
/* Adds to each point its displacement, linear between voxels, none outside the field of view. */
void lar_field_move(const lar_field *field, double *restrict x, double *restrict y,
                    double *restrict z, int64_t count);
/* The inverse of lar_field_move(). */
void lar_field_move_back(const lar_field *field, double *restrict x, double *restrict y,
                         double *restrict z, int64_t count);

#endif
