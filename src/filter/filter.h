/* filter: images onto other grids, and masks. lar_resample() and lar_crop_range() are in larmor.h.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_FILTER_H
#define LAR_FILTER_H

#include <larmor/larmor.h>

/* The head against air, MR of any contrast or CT: uint8 on the grid of `in` (its first channel),
 * 1 inside; one piece without holes. Works on normalized images too. LAR_ENUMERIC where the image
 * is constant or holds voxels that are not finite. */
lar_status lar_head_mask(lar_image **out, const lar_image *in);

/* The threshold that best parts the values in two classes (Otsu 1979,
 * doi:10.1109/TSMC.1979.4310076), from a histogram between their 0.1 % and 99.9 % quantiles. Values
 * above it are of the upper class. LAR_ENUMERIC where the values are constant. */
lar_status lar_otsu(double *threshold, const float *values, int64_t count);

/* Masks below are contiguous bytes, 0 or 1, i fastest; changed in place. */

/* Keeps the largest piece; voxels that share a face are of one piece. Of equal pieces the first. */
lar_status lar_mask_keep_largest(uint8_t *mask, const int64_t size[3]);
/* Fills what no path over faces through zeros connects with the border of the volume. */
lar_status lar_mask_fill_holes(uint8_t *mask, const int64_t size[3]);

#endif
