/* The parts of resampling; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_RESAMPLE_PARTS_H
#define LAR_RESAMPLE_PARTS_H

#include <larmor/larmor.h>

/* A point up to half a voxel outside the outermost centres is inside the field of view; the margin
 * is for affines that went through float32. In voxels. */
#define LAR_EDGE (0.5 + 1e-4)

/* Where the outputs along one axis take their values: output n is the sum over t of
 * weight[n * taps + t] times the sample at index[n * taps + t]. One tap: all outputs lie on
 * samples, so that values are copied and no prefilter is due. */
typedef struct lar_axis_taps {
    int64_t count;
    int taps;           /* 1, 2 or 4 */
    int64_t begin, end; /* the outputs inside the field of view */
    int64_t *index;
    float *weight;
} lar_axis_taps;

/* Output n lies at start + n * step (step > 0) of `size` samples. */
lar_status lar_axis_taps_init(lar_axis_taps *axis, double start, double step, int64_t count,
                              int64_t size, int interpolation);
void lar_axis_taps_clear(lar_axis_taps *axis);

/* The samplers fill one volume `out` of `size`; a point outside the field of view becomes `pad`.
 * `volume` is contiguous: values, or spline coefficients along the axes of 4 taps. */
lar_status lar_sample_aligned(float *out, const float *volume, const int64_t volume_size[3],
                              const lar_axis_taps axes[3], float pad);
/* `map` takes a voxel of the output to a position in the volume. */
lar_status lar_sample_oblique(float *out, const int64_t size[3], const float *volume,
                              const int64_t volume_size[3], const lar_affine *map,
                              int interpolation, float pad);
/* Any type and strides; `pad` is one voxel of that type. */
lar_status lar_sample_nearest(lar_image *out, const lar_image *in, const lar_affine *map,
                              const void *pad);

#endif
