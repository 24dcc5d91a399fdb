/* filter: images onto other grids, masks, and small filters around both. What users call is in
 * larmor.h.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_FILTER_H
#define LAR_FILTER_H

#include <larmor/larmor.h>

/* The first channel as contiguous float32; shares the voxels where they are so. LAR_ENUMERIC where
 * one of them is not finite. */
lar_status lar_first_channel(lar_image **out, const lar_image *in);
/* The same of all channels. */
lar_status lar_finite_floats(lar_image **out, const lar_image *in);
/* A mask that someone gave, as contiguous uint8, 0 and 1. LAR_EGEOMETRY where it is not on `grid`,
 * LAR_EARGUMENT where it has several channels, LAR_ENUMERIC where it is empty or not finite. */
lar_status lar_mask_bytes(lar_image **out, const lar_image *mask, const lar_grid *grid);
int64_t lar_mask_count(const uint8_t *mask, int64_t count); /* bytes that are 1 */

/* 1 where low <= value <= high of a contiguous float32 volume. */
lar_status lar_threshold(lar_image **out, const lar_image *floats, double low, double high);

/* The head against air, MR of any contrast or CT: uint8 on the grid of `in` (its first channel),
 * 1 inside; one piece without holes. Works on normalized images too. LAR_ENUMERIC where the image
 * is constant, holds voxels that are not finite, or no piece of it is as large as 0.5 %. */
lar_status lar_head_mask(lar_image **out, const lar_image *in);

/* The threshold that best parts values in two classes (Otsu 1979,
 * doi:10.1109/TSMC.1979.4310076), and the histogram that it was found in: equal bins between the
 * 0.1 % and 99.9 % quantiles, the end bins take what lies outside. */
enum { LAR_OTSU_BINS = 256 };
typedef struct lar_otsu {
    double threshold;  /* values above it are of the upper class */
    double means[2];   /* of the lower and the upper class */
    double low, width; /* bin b begins at low + b * width */
    int split;         /* the first bin of the upper class */
    int64_t counts[LAR_OTSU_BINS];
} lar_otsu;
/* LAR_ENUMERIC where the values are constant. */
lar_status lar_otsu_split(lar_otsu *out, const float *values, int64_t count);

/* Gaussian smoothing in place of a contiguous volume (i fastest); sigma in voxels along each axis,
 * below 0.1 nothing is done. */
lar_status lar_smooth_voxels(float *voxels, const int64_t size[3], const double sigma[3]);

/* Labels at `count` places of one volume's first channel, in its voxels along i j k, by the rule of
 * LAR_LABELS: of those around a place the one with the most linear weight, of those equal to 1e-6
 * the smallest. `outside` beyond the field of view. Any type. */
void lar_label_row(float *out, const lar_image *in, const double *const at[3], int64_t count,
                   float outside);

/* Masks below are contiguous bytes, 0 or 1, i fastest; changed in place. */

/* Keeps the largest piece; voxels that share a face are of one piece. Of equal pieces the first. */
lar_status lar_mask_keep_largest(uint8_t *mask, const int64_t size[3]);
/* Fills what no path over faces through zeros connects with the border of the volume. */
lar_status lar_mask_fill_holes(uint8_t *mask, const int64_t size[3]);
/* The same in each slice across `axis` (0 to 2) alone. */
lar_status lar_mask_fill_slices(uint8_t *mask, const int64_t size[3], int axis);
/* By a box of so many voxels to both sides along each axis. Outside the volume there is nothing
 * that grows in, and nothing that shrinks it. */
lar_status lar_mask_grow(uint8_t *mask, const int64_t size[3], const int64_t radius[3]);
lar_status lar_mask_shrink(uint8_t *mask, const int64_t size[3], const int64_t radius[3]);
/* By a ball: voxels whose centre lies at most `mm` (to 1e-4 of the smallest spacing) from that of a
 * voxel of the mask become part of it; or from that of one outside it are taken away. Beyond the
 * volume there is nothing, as above. */
lar_status lar_mask_dilate(uint8_t *mask, const int64_t size[3], const double spacing_mm[3],
                           double mm);
lar_status lar_mask_erode(uint8_t *mask, const int64_t size[3], const double spacing_mm[3],
                          double mm);

/* Millimetres from each voxel's centre to the nearest point of the mask's surface, exactly; below 0
 * inside. The surface is made of the faces between voxels of the mask and others, so that the least
 * is half a spacing; the border of the volume is none. mask: of contiguous bytes. INFINITY
 * (-INFINITY inside) where there is no surface. float32. */
lar_status lar_mask_distance(lar_image **out, const lar_image *mask);

/* The box of lar_crop() in voxels of `in`, and how many voxels lar_pad() adds before the first and
 * after the last along each voxel axis: for what moves grids and not voxels. */
lar_status lar_crop_box(int64_t first[3], int64_t size[3], const lar_image *in,
                        const lar_image *mask, const lar_crop_params *params);
lar_status lar_pad_sides(int64_t before[3], int64_t after[3], const lar_grid *grid,
                         const lar_pad_params *params);

#endif
