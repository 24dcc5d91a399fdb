/* The parts of augmentation; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_AUGMENT_PARTS_H
#define LAR_AUGMENT_PARTS_H

#include "augment/augment.h"

/* ---- draws ------------------------------------------------------------------------------- */

/* Every draw is one more of a stream that belongs to one sample. */
struct lar_dice {
    uint64_t seed, stream, next;
};
double lar_dice_between(lar_dice *dice, double low, double high);
int64_t lar_dice_whole(lar_dice *dice, int64_t low, int64_t high); /* both included */
double lar_dice_seed(lar_dice *dice); /* a whole number that a double holds: 0 to 2^48 - 1 */
/* One of the axes that `axes` names ("xz"), 0 to 2. */
int64_t lar_dice_axis(lar_dice *dice, const char *axes);

/* Of a range: `both_sides` where one number n stands for [-n, n]. */
void lar_range_ends(double ends[2], const lar_reals *range, int axis, bool both_sides);
double lar_dice_range(lar_dice *dice, const lar_reals *range, int axis, bool both_sides);
/* LAR_EARGUMENT where it is upside down, or has not 1 or 2 numbers (each_axis: 1, 2, 3, 6). */
lar_status lar_range_check(const lar_reals *range, const char *name, bool each_axis);
/* A range of whole numbers, one or two. */
int64_t lar_dice_count(lar_dice *dice, const lar_ints *range);
lar_status lar_counts_check(const lar_ints *range, const char *name);
/* One whole number, or three along x y z. */
lar_status lar_sizes_check(const lar_ints *sizes, const char *name);
/* A drawn value as a whole number within limits, whatever a file of histories says. */
int64_t lar_value_whole(double value, int64_t low, int64_t high);
uint64_t lar_value_seed(double value);
/* A text of letters of x, y, z, none twice, at least one. LAR_EARGUMENT. */
lar_status lar_axes_check(const char *axes, const char *name);
bool lar_axes_has(const char *axes, int axis);

/* ---- spatial ----------------------------------------------------------------------------- */

/* A field of cubic B-splines over the sample, by its control points. */
typedef struct lar_bend {
    int64_t points[3]; /* along x y z; 0: there is none */
    int64_t locked;    /* outermost layers that do not move */
    double mm[3];      /* a control point moves at most so far along each axis */
    uint64_t seed;
} lar_bend;

/* From the sample's voxels to where they were before anything was done, in voxels of the sample. */
typedef struct lar_augment_map {
    int64_t size[3];
    double spacing_mm[3];
    bool still[3];     /* nothing happens along this axis */
    lar_affine affine; /* of the voxel, after it was bent */
    lar_bend bend;
    double low[3], high[3]; /* voxels of the sample outside this are `outside` */
} lar_augment_map;
void lar_map_init(lar_augment_map *map, const lar_grid *volume, const lar_sample_box *box,
                  const lar_history *history);
/* One more map of the image: what it does to points, linear about the sample's centre, then a
 * shift; mm along x y z. */
void lar_map_push(lar_augment_map *map, const double linear[3][3], const double shift_mm[3]);

/* The turns about x, then y, then z, but those that leave a slice. */
void lar_map_turn(double linear[3][3], const lar_augment_map *map, const double degrees[3]);

/* The bend at work: its control points as voxels, and what they weigh along each axis. */
typedef struct lar_flex {
    int64_t size[3], points[3];
    double *control[3]; /* displacement in voxels along i j k of control point (i, j, k) */
    double *weight[3];  /* of control point p at voxel v: weight[p * size + v] */
    int64_t *first[3];  /* the first control point that reaches voxel v; there are four, or all */
    int64_t *from, *to; /* the voxels from..to - 1 that control point p reaches along i */
    double *plane, *row;
} lar_flex;
/* Bytes that lar_flex_init() lays into `room`. */
int64_t lar_flex_room(const lar_augment_map *map);
void lar_flex_init(lar_flex *bending, const lar_augment_map *map, void *room);
void lar_flex_plane(lar_flex *bending, int64_t k); /* before rows of slice k */
/* Displacements of the voxels of row (j, k), along i j k. */
void lar_flex_row(const lar_flex *bending, int64_t j, double *const out[3]);

/* A row of the sample as places in the volume. */
typedef struct lar_row {
    int64_t count;
    double *at[3];   /* voxels of the volume */
    double *off[3];  /* how far the bend moves each voxel */
    int32_t *below;  /* index of the first of eight voxels around */
    float *above[3]; /* how near it is to the others, 0 to 1 */
    int32_t *inside;
} lar_row;
/* From at: below, above, inside. The volume has less than 2^31 voxels. */
void lar_row_find(lar_row *row, const int64_t volume[3]);
/* The values of a contiguous volume there. */
void lar_row_sample(float *out, const lar_row *row, const float *volume, const int64_t size[3],
                    float outside);

/* ---- voxels ------------------------------------------------------------------------------ */

/* One measured image of the sample at work. */
typedef struct lar_augment_work {
    float *voxels;
    const lar_sampled *image;
    const lar_sample_box *box;
    lar_augment_scratch *scratch;
} lar_augment_work;
int64_t lar_work_count(const lar_augment_work *work); /* of voxels */
/* Least and greatest value. */
void lar_work_range(const lar_augment_work *work, float *low, float *high);
/* Mean and standard deviation. */
typedef struct lar_spread {
    double mean, std;
} lar_spread;
lar_spread lar_work_spread(const lar_augment_work *work);
/* Shifts and scales the voxels to that; of a constant sample they stay. */
void lar_work_set_spread(lar_augment_work *work, lar_spread wanted);
/* What no signal is: the least value of the sample, or `outside` where that is less. */
float lar_work_zero(const lar_augment_work *work);

/* The axis that was drawn, or the next one that something happens along. */
int lar_work_axis(const lar_augment_work *work, double drawn);

/* Along one axis of `count` voxels, adds to out[t] the sum over s of weights[s * count + t] *
 * in[s].
 */
void lar_along_add(float *out, const float *in, const int64_t size[3], int axis,
                   const float *weights);
/* The weights that leave planes[n] of each frequency n - count / 2 of the axis' Fourier transform:
 * the real part of the image. room: of `count`. */
void lar_along_planes(float *weights, int64_t count, const double *planes, double *room);

/* Scratch memory for the weights of an axis and, in `planes`, twice its count; NULL: no memory.
 * Then the sample through these weights. */
float *lar_along_begin(lar_augment_work *work, int axis, double **planes);
void lar_along_end(lar_augment_work *work, int axis, float *weights);

/* The sample, or a copy of it, smoothed by a Gaussian; nothing happens across slices. */
lar_status lar_work_blur(float *voxels, const lar_augment_work *work, const double std_mm[3]);

/* `bytes` of the scratch memory, until it is asked for the next time; NULL: no memory. */
void *lar_scratch_take(lar_augment_scratch *scratch, int64_t bytes);

#endif
