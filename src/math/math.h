/* math: small matrices, random numbers, and what else needs no image.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_MATH_H
#define LAR_MATH_H

#include <larmor/larmor.h>

#include "math/floats.h"

/* ---- affine maps ----------------------------------------------------------------------- */

lar_affine lar_affine_identity(void);
void lar_affine_point(const lar_affine *a, const double in[3], double out[3]);
/* The map that applies `first`, then `then`. */
lar_affine lar_affine_chain(const lar_affine *first, const lar_affine *then);
double lar_affine_determinant(const lar_affine *a);
/* False where it is singular or not finite. */
bool lar_affine_invert(lar_affine *out, const lar_affine *a);

/* ---- symmetric matrices ------------------------------------------------------------------ */

/* Eigenvalues, the largest first, and eigenvectors, one per row of `vectors`, of length 1. Destroys
 * the n x n matrix. LAR_ENUMERIC where it is not finite. */
lar_status lar_eigen_symmetric(double *values, double *vectors, double *matrix, int64_t n);

/* ---- minima ------------------------------------------------------------------------------ */

enum { LAR_MINIMIZE_MAX = 16 };
/* The value at x and its slope along each variable. */
typedef lar_status (*lar_function)(void *arg, const double *x, double *value, double *slope);
typedef struct lar_minimizing {
    lar_function function;
    void *arg;
    int count;               /* of variables, at most LAR_MINIMIZE_MAX */
    const double *curvature; /* about the second derivatives, to a factor; NULL: not known */
    int64_t iterations;      /* at most */
    double first_step, largest_step; /* length of the first one, and of any */
    double tolerance;                /* ends where a step is shorter */
} lar_minimizing;
/* From x downhill to a minimum near. */
lar_status lar_minimize(double *x, double *value, const lar_minimizing *how);

/* ---- random numbers -------------------------------------------------------------------- */

/* Counter-based (Philox 4x32-10; Salmon 2011, doi:10.1145/2063384.2063405): draw `index` of
 * `stream` is a function of (seed, stream, index) and of nothing else, so any order and any number
 * of threads gives the same numbers. */
void lar_random_bits(uint32_t out[4], uint64_t seed, uint64_t stream, uint64_t index);
double lar_random_uniform(uint64_t seed, uint64_t stream, uint64_t index); /* in (0, 1) */
double lar_random_normal(uint64_t seed, uint64_t stream, uint64_t index);  /* mean 0, std 1 */
/* `count` normal deviates, mean 0 and deviation 1, as single floats: value n is a function of
 * (seed, stream, n) alone, but not the one of lar_random_normal(). None is beyond 5.9. */
void lar_random_normals(float *out, int64_t count, uint64_t seed, uint64_t stream);
/* A permutation of 0..count-1. */
void lar_random_order(int64_t *order, int64_t count, uint64_t seed, uint64_t stream);

/* ---- elementary functions of many floats ------------------------------------------------- */

/* In place; the same bits on every processor. */
void lar_floats_exp(float *values, int64_t count); /* within 3e-7, relatively, from -87 to 88 */
/* Of values 0 to 1, to an exponent above 0; within 1e-6 for exponents up to 8. 0 and 1 stay. */
void lar_floats_power(float *values, int64_t count, float exponent);

/* ---- cubic B-splines (Unser 1999, doi:10.1109/79.799930) --------------------------------- */

/* In place: the values of a contiguous volume (i fastest) become the coefficients of the spline
 * that takes these values at the voxels, mirrored about the first and last voxel of each axis.
 * Only along the axes that `along` names (NULL: all). */
lar_status lar_spline_prefilter(float *voxels, const int64_t size[3], const bool along[3]);
/* The spline at position n + fraction weighs the coefficients n - 1 to n + 2. Fraction 0 to 1. */
void lar_spline_weights(double weights[4], double fraction);
/* The index that stands for one outside 0..size-1: mirrored about the first and last. */
int64_t lar_mirror(int64_t index, int64_t size);

/* ---- histograms and quantiles ------------------------------------------------------------ */

/* Counts values in `bins` equal bins from low to high; what lies outside goes to the end bins.
 * Values that are not finite are left out. Returns how many were counted. */
int64_t lar_histogram(int64_t *counts, int64_t bins, double low, double high, const float *values,
                      int64_t count);
/* Exact quantiles, linear between neighbours in rank (as numpy.quantile), of the finite values.
 * Fractions from 0 to 1 in any order. LAR_ENUMERIC where no value is finite. */
lar_status lar_quantiles(double *out, const double *fractions, int64_t fraction_count,
                         const float *values, int64_t count);

/* ---- Fourier transform ------------------------------------------------------------------- */

/* In place, of `size` complex numbers, a power of two; neither direction divides by the size. One
 * thread at a time per lar_fft, which holds the scratch memory. */
typedef struct lar_fft lar_fft;
lar_status lar_fft_new(lar_fft **out, int64_t size);
void lar_fft_forward(lar_fft *fft, double *real, double *imaginary);
void lar_fft_backward(lar_fft *fft, double *real, double *imaginary);
void lar_fft_free(lar_fft *fft);

#endif
