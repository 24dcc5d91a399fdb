/* What the two ways to smooth share; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SMOOTH_PARTS_H
#define LAR_SMOOTH_PARTS_H

#include <larmor/larmor.h>

/* Deviations, after which the kernel is cut: the tails beyond hold 6e-5. */
#define LAR_SMOOTH_REACH 4

/* Vectors as wide as the processor has. Multiplication and addition stay two roundings
 * (-ffp-contract=off), so that all of these give the same bits. */
#if defined(__x86_64__) && defined(__has_attribute) && !defined(__SANITIZE_ADDRESS__) &&           \
    !defined(__SANITIZE_THREAD__)
#if __has_attribute(target_clones)
#define SMOOTH_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#endif
#endif
#ifndef SMOOTH_CLONES
#define SMOOTH_CLONES
#endif

/* In place, as lar_smooth_voxels(): by a sum over all voxels within reach. */
lar_status lar_smooth_narrow(float *voxels, const int64_t size[3], const double sigma[3]);
/* The axes that are `wide` by the spline through every n-th sample, where sigma is at least 8. */
lar_status lar_smooth_wide(float *voxels, const int64_t size[3], const double sigma[3],
                           const bool wide[3]);

#endif
