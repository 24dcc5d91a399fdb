/* The inner loops of the convolution with AMX: the sums of 64 or 32 positions of one or two blocks
 * of output channels, over everything that is summed into them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_AMX_TILE_H
#define LAR_AMX_TILE_H

#include "base/base.h"

enum { LAR_AMX_POSITIONS = 64, LAR_AMX_KERNEL = 7, LAR_AMX_TILE = 1024 }; /* bytes of a tile */

/* Positions of a plane lie in rows of `pitch`, voxels of 16 bfloat16; a position is summed with
 * those `kernel` rows and columns on. First pairs of blocks of channels, two voxels to a position;
 * then, where their number is odd, the last block. Weights are in tiles [plane][pair][y][x], and
 * [y][x / 2] for the odd block, of which each holds two neighbours along x. */
typedef struct lar_amx_sum {
    const char *planes[LAR_AMX_KERNEL];
    int count;                 /* of planes */
    int64_t pairs, pair_bytes; /* from one pair to the next */
    bool odd;
    int64_t kernel[2], pitch;
} lar_amx_sum;

/* Tiles of weights for one plane and block of output channels. */
int64_t lar_amx_steps(const lar_amx_sum *s);

/* Around all calls in a thread. */
void lar_amx_begin(const lar_amx_sum *s);
void lar_amx_end(void);
/* out[64][16], one block of output channels. */
void lar_amx_sum_one(float *out, const lar_amx_sum *s, int64_t position, const char *weights);
/* out[2][32][16]: 32 positions of two blocks, `block` bytes of weights apart; without an odd one.
 */
void lar_amx_sum_two(float *out, const lar_amx_sum *s, int64_t position, const char *weights,
                     int64_t block);

#endif
