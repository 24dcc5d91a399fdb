/* What the two ways to smooth share; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SMOOTH_PARTS_H
#define LAR_SMOOTH_PARTS_H

#include <larmor/larmor.h>

/* Deviations, after which the kernel is cut: the tails beyond hold 6e-5. */
#define LAR_SMOOTH_REACH 4

/* In place, as lar_smooth_voxels(): by a sum over all voxels within reach. */
lar_status lar_smooth_narrow(float *voxels, const int64_t size[3], const double sigma[3]);
/* The axes that are `wide` by the spline through every n-th sample, where sigma is at least 8. */
lar_status lar_smooth_wide(float *voxels, const int64_t size[3], const double sigma[3],
                           const bool wide[3]);

#endif
