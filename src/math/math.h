/* math: small matrices, random numbers, and what else needs no image.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_MATH_H
#define LAR_MATH_H

#include <larmor/larmor.h>

/* ---- affine maps ----------------------------------------------------------------------- */

lar_affine lar_affine_identity(void);
void lar_affine_point(const lar_affine *a, const double in[3], double out[3]);
/* The map that applies `first`, then `then`. */
lar_affine lar_affine_chain(const lar_affine *first, const lar_affine *then);
double lar_affine_determinant(const lar_affine *a);
/* False where it is singular or not finite. */
bool lar_affine_invert(lar_affine *out, const lar_affine *a);

/* ---- random numbers -------------------------------------------------------------------- */

/* Counter-based (Philox 4x32-10; Salmon 2011, doi:10.1145/2063384.2063405): draw `index` of
 * `stream` is a function of (seed, stream, index) and of nothing else, so any order and any number
 * of threads gives the same numbers. */
void lar_random_bits(uint32_t out[4], uint64_t seed, uint64_t stream, uint64_t index);
double lar_random_uniform(uint64_t seed, uint64_t stream, uint64_t index); /* in (0, 1) */
double lar_random_normal(uint64_t seed, uint64_t stream, uint64_t index);  /* mean 0, std 1 */
/* A permutation of 0..count-1. */
void lar_random_order(int64_t *order, int64_t count, uint64_t seed, uint64_t stream);

#endif
