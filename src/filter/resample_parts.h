/* The parts of resampling; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_RESAMPLE_PARTS_H
#define LAR_RESAMPLE_PARTS_H

#include <larmor/larmor.h>

/* A point up to half a voxel outside the outermost centres is inside the field of view; the margin
 * is for affines that went through float32. In voxels. */
#define LAR_EDGE (0.5 + 1e-4)

/* Samples to each side under the window of the sinc, as SimpleITK has them. */
enum { LAR_SINC_RADIUS = 5, LAR_SINC_TAPS = 2 * LAR_SINC_RADIUS };

/* The window of the sinc at fraction 0 to 1 above a sample: weights of the samples from
 * 1 - LAR_SINC_RADIUS to LAR_SINC_RADIUS, which sum to 1. */
void lar_sinc_weights(double weights[LAR_SINC_TAPS], double fraction);

/* ---- where the output's voxels lie ------------------------------------------------------- */

/* Voxels of the output to positions in the input. */
typedef struct lar_place {
    lar_affine map;         /* to a voxel of the input; with a chain: to the fixed image's world */
    const lar_chain *chain; /* NULL: none */
    lar_affine to_voxel;    /* with a chain: from the moving image's world */
    int64_t size[3];        /* of the input */
    int border;             /* LAR_BORDER_EDGE and _MIRROR: positions come out inside */
} lar_place;

enum { LAR_PLACES = 256 }; /* at most, at a time */

/* The positions of `count` voxels from (i, j, k) along i. False where a chain puts all of them
 * outside the field of view. */
bool lar_place_row(const lar_place *place, int64_t i, int64_t j, int64_t k, int64_t count,
                   double at[3][LAR_PLACES]);

/* What stands for a position outside: the nearest one inside, or the mirrored one. */
double lar_place_fold(double at, int64_t size, int border);

static inline bool lar_place_inside(double x, double y, double z, const int64_t size[3])
{
    return x >= -LAR_EDGE && x <= (double)size[0] - 1 + LAR_EDGE && y >= -LAR_EDGE &&
           y <= (double)size[1] - 1 + LAR_EDGE && z >= -LAR_EDGE &&
           z <= (double)size[2] - 1 + LAR_EDGE;
}

/* ---- sampling along axes that are parallel ----------------------------------------------- */

/* Where the outputs along one axis take their values: output n is the sum over t of
 * weight[n * taps + t] times the sample at index[n * taps + t]. One tap: all outputs lie on
 * samples, so that values are copied and no prefilter is due. */
typedef struct lar_axis_taps {
    int64_t count;
    int taps;           /* 1, 2, 4 or LAR_SINC_TAPS */
    int64_t begin, end; /* the outputs inside the field of view; all where the border goes on */
    int64_t *index;
    float *weight;
} lar_axis_taps;

/* Output n lies at start + n * step (step > 0) of `size` samples. */
lar_status lar_axis_taps_init(lar_axis_taps *axis, double start, double step, int64_t count,
                              int64_t size, const lar_resample_params *params);
void lar_axis_taps_clear(lar_axis_taps *axis);

/* The samplers fill one volume `out` of `size`; a point outside the field of view becomes `pad`.
 * `volume` is contiguous: values, or spline coefficients along the axes of 4 taps. */
lar_status lar_sample_aligned(float *out, const float *volume, const int64_t volume_size[3],
                              const lar_axis_taps axes[3], float pad);

/* ---- sampling anywhere ------------------------------------------------------------------- */

enum { LAR_PLACE_ROWS = 16 }; /* output rows of a piece */

/* `seen` (one for each piece of LAR_PLACE_ROWS rows, of all channels) becomes 1 where a voxel lies
 * in the field of view. */
lar_status lar_sample_anywhere(float *out, const int64_t size[3], const float *volume,
                               const lar_place *place, int interpolation, float pad, char *seen);
/* Any type and strides; `pad` is one voxel of that type. */
lar_status lar_sample_nearest(lar_image *out, const lar_image *in, const lar_place *place,
                              const void *pad, char *seen);
/* Of the labels around a point the one with the most linear weight; of those equal to 1e-6 the
 * smallest. */
lar_status lar_sample_labels(lar_image *out, const lar_image *in, const lar_place *place,
                             const void *pad, char *seen);

#endif
