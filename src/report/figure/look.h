/* An image as the eye takes it: its value at a place of the world, where the head is in it, and
 * what to draw black and white. Inside report/ only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_LOOK_H
#define LAR_LOOK_H

#include "base/base.h"
#include "image/image.h"

/* The first volume, axes in RAS order: what follows does not depend on how it was stored. */
typedef struct lar_look {
    lar_image *ras;
    lar_affine world_to_voxel;
    double spacing_mm[3];
} lar_look;

/* A voxel, of the types that scans have without a call. */
static inline double lar_look_voxel(const lar_look *look, int64_t i, int64_t j, int64_t k)
{
    const lar_image *ras = look->ras;
    const int64_t n = i * ras->stride[0] + j * ras->stride[1] + k * ras->stride[2];
    switch (ras->type) {
    case LAR_U8:
        return ((const uint8_t *)ras->voxels)[n];
    case LAR_I16:
        return ((const int16_t *)ras->voxels)[n];
    case LAR_U16:
        return ((const uint16_t *)ras->voxels)[n];
    case LAR_F32:
        return (double)((const float *)ras->voxels)[n];
    default:
        return lar_image_at(ras, i, j, k, 0);
    }
}

lar_status lar_look_init(lar_look *out, const lar_image *image);
void lar_look_clear(lar_look *look);
/* Up to half a voxel beyond the outer voxel centres is inside. INFINITY: outside of the field of
 * view; NaN: a voxel that is not finite has a part in it. */
double lar_look_at(const lar_look *look, const double xyz[3], int interpolation);
/* The box of the field of view along x, y, z. */
void lar_look_box(const lar_look *look, double low[3], double high[3]);

/* `width` x `height` values on a plane: the first at `origin`, the next across by `across_mm`, the
 * next row by `down_mm`. Where a step skips voxels, the values in between are averaged. */
typedef struct lar_slice {
    double origin[3], across_mm[3], down_mm[3];
    int64_t width, height;
} lar_slice;
lar_status lar_slice_sample(double *out, const lar_look *look, const lar_slice *slice,
                            int interpolation);

/* Of `count` values, at least one, none of them NaN; linear between neighbours in rank. Changes
 * their order. */
double lar_percentile_of(double *values, int64_t count, double percent);

/* Where the head is, on a coarse grid of at most 64 samples per axis. */
typedef struct lar_head {
    int64_t size[3], step[3];
    double *values;        /* i fastest; NaN where not finite */
    unsigned char *inside; /* 1: head, with the dark parts in it; 3: its core; 0: air */
    int64_t finite;        /* samples that are numbers; the rest counts only where there are any */
    bool constant;
    double at_all;          /* the value of a constant image */
    double low[3], high[3]; /* box of the head in the world; of the field of view without a head */
    double centre[3];       /* of the head without its neck, on the nearest voxel */
} lar_head;
lar_status lar_head_init(lar_head *out, const lar_look *look);
void lar_head_clear(lar_head *head);
/* Percentiles of the samples in the core of the head, made unequal where they are not. */
lar_status lar_head_window(double out[2], const lar_head *head, const double percentiles[2]);
/* The percentile of |b - a| over the core of a's head as far as b covers it; 0 where there are
 * none. */
lar_status lar_head_difference(double *out, const lar_head *head, const lar_look *a,
                               const lar_look *b, double percentile, int interpolation);

#endif
