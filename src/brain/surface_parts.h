/* The parts of the surface of least cost; for this room only. All of it works on a grid of its own,
 * voxels of one edge length, i fastest.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SURFACE_PARTS_H
#define LAR_SURFACE_PARTS_H

#include <larmor/larmor.h>

typedef struct lar_surface_box {
    int64_t size[3], count;
    double mm; /* edge of a voxel */
} lar_surface_box;

/* How far each voxel's centre lies from the nearest voxel whose byte is `value`, in mm: 0 there.
 * 1e9 everywhere where there is none (Felzenszwalb & Huttenlocher 2012,
 * doi:10.4086/toc.2012.v008a019). */
lar_status lar_surface_distance(float *out, const uint8_t *mask, uint8_t value,
                                const lar_surface_box *box);

/* From `u` (0 to 1) towards the region of least cost: the integral of `edge` over its surface and
 * of `inside` (per mm) over its volume; u comes out nearly 0 or 1. The functional is convex in u,
 * so that there is one minimum whatever the start (Chan 2006, doi:10.1137/040615286); found by the
 * primal-dual steps of Chambolle & Pock 2011, doi:10.1007/s10851-010-0251-1. */
lar_status lar_surface_minimize(float *u, const float *edge, const float *inside, int64_t steps,
                                const lar_surface_box *box);

/* Means of eight voxels, of less at the far ends: `coarse` has half the size, rounded up. */
void lar_surface_halve(float *out, const lar_surface_box *coarse, const float *in,
                       const lar_surface_box *fine);
/* The other way, linear. */
void lar_surface_refine(float *out, const lar_surface_box *fine, const float *in,
                        const lar_surface_box *coarse);
/* The box of a mask that is not empty, with a margin of two voxels as far as there are any. */
void lar_surface_box_of(int64_t first[3], lar_surface_box *out, const uint8_t *mask,
                        const lar_surface_box *whole);

/* A brain of mean shape: its middle (voxels), its turn (lar_shape_turn), and along each of its own
 * axes the radius of a ball of its volume. */
typedef struct lar_brain_pose {
    double middle[3], turn[3], radius_mm[3];
} lar_brain_pose;
/* Where one lies in a head of which `depth` is mm below the skin, below 0 outside; z is up. */
void lar_surface_place_in_head(lar_brain_pose *pose, const float *depth,
                               const lar_surface_box *box);
/* Where one lies, near where `pose` is, of which `outside` is mm from its surface, below 0
 * inside. */
void lar_surface_place_on_mask(lar_brain_pose *pose, const float *outside,
                               const lar_surface_box *box);
/* About how many mm outside of it each voxel is, below 0 inside. */
void lar_surface_of_pose(float *out, const lar_brain_pose *pose, const lar_surface_box *box);

/* The region of a scan of MR, or of CT in Hounsfield units, that the brain fills: 1 in `u`, else 0.
 * Axes are right, front, top. contrast: LAR_STRIP_CONTRAST_AUTO ...; AUTO is MR. LAR_ENUMERIC where
 * there is no head, or no brain in it. */
lar_status lar_surface_find(float *u, const lar_image *scan, int contrast,
                            const lar_surface_box *box);

#endif
