/* space: maps from points of one world to points of another. lar_chain_new() and its kin are in
 * larmor.h.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SPACE_H
#define LAR_SPACE_H

#include <larmor/larmor.h>

/* The chain's affine maps as one, its fields left out. True where it has no fields, so that this is
 * the whole map. */
bool lar_chain_affine(lar_affine *out, const lar_chain *chain);
/* Moves `count` points, in place: point n is (x[n], y[n], z[n]). */
void lar_chain_move(const lar_chain *chain, double *restrict x, double *restrict y,
                    double *restrict z, int64_t count);
/* The whole chain as one displacement field on a grid: float32, 3 channels, mm along x y z. */
lar_status lar_chain_to_field(lar_image **out, const lar_chain *chain, const lar_grid *onto);

#endif
