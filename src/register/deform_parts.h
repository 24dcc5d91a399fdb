/* One level of a diffeomorphism, on its way; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_DEFORM_PARTS_H
#define LAR_DEFORM_PARTS_H

#include "register/register_parts.h"

/* One level: both images on one grid, the moving one as the affine map places it. */
typedef struct lar_bending {
    lar_grid grid;
    int64_t count;
    double spacing[3], voxel_mm; /* of the voxels: each edge, and the cube root of the volume */
    lar_image *fixed, *moving;
    float *bend[2];  /* from the middle to the fixed and to the moving image: voxels, 3 volumes */
    float *seen[2];  /* both images as seen from the middle */
    float *slope[2]; /* of the likeness along their values */
    float *step, *next; /* 3 volumes each */
    lar_lncc *lncc;
    uint8_t *bins; /* in place of lncc, for mutual information */
    int metric;
    double sigma[3]; /* of the smoothing, in voxels */
} lar_bending;

/* Both images at a spacing, and the displacements of a coarser level (all zero: none). */
lar_status lar_bending_init(lar_bending *level, const lar_side *fixed, const lar_side *moving,
                            const lar_affine *map, double spacing_mm, const lar_bending *coarse);
/* Lets go of what steps need and the displacements do not. */
void lar_bending_slim(lar_bending *level);
void lar_bending_clear(lar_bending *level);
/* One step of both displacements up the slope. */
lar_status lar_bending_step(lar_bending *level);

#endif
