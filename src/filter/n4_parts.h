/* The parts of N4; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_N4_PARTS_H
#define LAR_N4_PARTS_H

#include <larmor/larmor.h>

/* Rows of the coarse grid are padded to a multiple of this, and sums run in so many lanes. */
enum { LAR_N4_LANES = 16 };

/* What a preset and the user chose together. */
typedef struct lar_n4_plan {
    bool itk; /* ITK's grid, ITK's mask, ITK's logarithm */
    int64_t shrink[3];
    lar_ints iterations;
    double tolerance;
    double spline_mm; /* NaN: by mesh */
    int64_t mesh[3];
    int64_t bins;
    double fwhm, wiener;
    bool rescale;
} lar_n4_plan;

/* One axis: the image's voxels, the coarse grid's samples, and the spline's pieces. A place is
 * counted in pieces of the first level, from 0 to `mesh`. */
typedef struct lar_n4_axis {
    int64_t voxels, samples, mesh;
    int64_t first, step; /* sample n holds the voxels from first + n * step, `step` of them or 1 */
    double *sample_places;        /* of each sample */
    double *voxel_places;         /* of each voxel */
    double sample_rim, voxel_rim; /* so far inside of `mesh` lies what is at its very end */
    int64_t before, padded;       /* ITK's: zeros before the image, and the size with those */
} lar_n4_axis;
lar_status lar_n4_axis_init(lar_n4_axis *axis, int64_t voxels, double spacing, int a,
                            const lar_n4_plan *plan);
/* Lays the spline over the samples from `begin` to `end` - 1 alone. Not for ITK's. */
void lar_n4_axis_narrow(lar_n4_axis *axis, double spacing, int a, const lar_n4_plan *plan,
                        int64_t begin, int64_t end);
void lar_n4_axis_clear(lar_n4_axis *axis);
/* Sets `first` of the axes to the voxels that ITK's shrinking picks. */
void lar_n4_axes_align(lar_n4_axis axes[3], const lar_image *in);
/* Rounded as ITK's; false where it is singular. */
bool lar_n4_invert(double out[3][3], const double m[3][3]);

/* The coarse grid. Rows are `width` long, zero beyond size[0]; `weights` is 0 where a sample takes
 * no part. Of row r the samples from ends[2 * r] to ends[2 * r + 1] - 1, whole lanes, may. */
typedef struct lar_n4_grid {
    int64_t size[3], width, voxels;
    float *logs, *weights;
    int64_t *ends;
} lar_n4_grid;
lar_status lar_n4_grid_init(lar_n4_grid *grid, const lar_n4_axis axes[3], const lar_n4_plan *plan,
                            const lar_image *in, const lar_image *mask, const lar_image *weights);
/* The samples along each axis that hold all that take part: begin and end of each. */
void lar_n4_grid_box(int64_t box[3][2], const lar_n4_grid *grid);
void lar_n4_grid_clear(lar_n4_grid *grid);

/* Cubic B-splines at the places of one axis: place n lies in piece first[n], where points first[n]
 * to first[n] + 3 weigh weights[4 * n ...]. For an axis along rows the same as a matrix of
 * `points` rows of `width`, in which row p is zero outside ends[2 * p] to ends[2 * p + 1] - 1. */
typedef struct lar_n4_taps {
    int64_t count, points, width;
    int64_t *first, *ends;
    float *weights, *rows;
} lar_n4_taps;
/* What is done with the four weights: taken as they are, squared, or cubed over the sum of squares,
 * as Lee, Wolberg and Shin fit scattered data (1997, doi:10.1109/2945.620490). */
typedef enum lar_n4_kind { LAR_N4_VALUE, LAR_N4_SQUARE, LAR_N4_FIT } lar_n4_kind;
lar_status lar_n4_taps_init(lar_n4_taps *taps, const double *places, int64_t count, int64_t mesh,
                            int64_t pieces, double rim, lar_n4_kind kind);
void lar_n4_taps_clear(lar_n4_taps *taps);

/* A lattice of points (x fastest), size[a] = pieces[a] + 3. */
typedef struct lar_n4_lattice {
    int64_t pieces[3], size[3];
    double *points;
} lar_n4_lattice;
lar_status lar_n4_lattice_init(lar_n4_lattice *lattice, const int64_t pieces[3]);
/* The same spline with twice the pieces along the axes asked for. */
lar_status lar_n4_lattice_refine(lar_n4_lattice *lattice, const bool along[3]);
void lar_n4_lattice_clear(lar_n4_lattice *lattice);
/* The lattice evaluated along rows: `rows` is (z points, y points, x.width). */
void lar_n4_spread_rows(float *rows, const lar_n4_lattice *lattice, const lar_n4_taps *x);
/* And along z: (y points, x.width), for one place. */
void lar_n4_spread_plane(float *plane, const float *rows, int64_t plane_size, const lar_n4_taps *z,
                         int64_t k);
/* Back: `planes` (z places, y points, x.width) summed into the lattice. `rows` is scratch. */
void lar_n4_gather(lar_n4_lattice *lattice, float *rows, const float *planes, const lar_n4_taps *x,
                   const lar_n4_taps *z);

/* Sharpening: the histogram of the log image without its convolution by the field's distribution
 * (Sled 1998, doi:10.1109/42.668698), as a table of what is expected for each bin. */
typedef struct lar_n4_expected {
    float value, rise; /* at the bin, and from there to the next */
} lar_n4_expected;
typedef struct lar_n4_sharpener lar_n4_sharpener;
lar_status lar_n4_sharpener_new(lar_n4_sharpener **out, int64_t bins, double fwhm, double wiener);
/* counts: how many samples lie at each bin, shared between neighbours by distance. */
void lar_n4_sharpen(lar_n4_sharpener *sharpener, lar_n4_expected *table, const double *counts,
                    double low, double slope);
void lar_n4_sharpener_free(lar_n4_sharpener *sharpener);

/* The iterations: the lattice of the last level, whose logarithm is the field's. */
lar_status lar_n4_estimate(lar_n4_lattice *lattice, lar_n4_report *report, const lar_n4_grid *grid,
                           const lar_n4_axis axes[3], const lar_n4_plan *plan);

/* Divides. `out` and `field` (NULL: not wanted) are float32, contiguous, on the grid of `in`. */
lar_status lar_n4_divide(lar_image *out, lar_image *field, const lar_image *in,
                         const lar_image *kept, const lar_n4_lattice *lattice,
                         const lar_n4_axis axes[3]);

#endif
