/* The inner loops of the direct convolution: the sums of a few voxels of one block of channels in
 * registers, over everything that is summed into them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_DIRECT_TILE_H
#define LAR_DIRECT_TILE_H

#include "base/base.h"

enum { LAR_DIRECT_VOXELS = 24 }; /* the longest tile; with its weights it fills the registers */

/* Voxels of one block of channels that meet one tap, a step apart from `in` on. `weights`:
 * where those of this tap begin. */
typedef struct lar_direct_source {
    const void *in;
    int64_t weights;
} lar_direct_source;

typedef struct lar_direct_sum {
    const lar_direct_source *sources;
    int64_t count;
    const void *weights; /* of one block of output channels */
    int step;            /* 1 or 2 voxels */
} lar_direct_sum;

/* How many of `left` voxels to take at once: what there are loops for. */
int lar_direct_tile_voxels(int block, int64_t left);
/* out[voxel][block], from float voxels and weights [channel][block] ... */
void lar_direct_tile_sum(int block, int voxels, float *out, const lar_direct_sum *s);
/* ... and from bfloat16, blocks of 16, weights [channel / 2][16][2]; where lar_direct_has_pairs().
 */
void lar_direct_tile_sum_pairs(int voxels, float *out, const lar_direct_sum *s);

#endif
