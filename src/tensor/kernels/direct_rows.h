/* The inner loops of the direct gradient of weights: sums of products over rows of voxels, with a
 * whole tile of sums in registers.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_DIRECT_ROWS_H
#define LAR_DIRECT_ROWS_H

#include "base/base.h"

/* Sums that one call of the planar loops takes: 27 and 9 taps are whole calls, and nine pointers
 * stay in registers. */
enum { LAR_DIRECT_TAPS = 9 };

/* `rows` rows of `count` voxels; the next row is `in_row`, `dout_row` elements on. The next voxel
 * is a block on, of the input `step` blocks; with pairs a voxel is two of them. */
typedef struct lar_direct_rows {
    const void *in, *dout;
    int64_t in_row, dout_row, step, rows, count;
} lar_direct_rows;

/* sum[i][o] += in[i] * dout[o]; float, blocks of 16 or 8. */
void lar_direct_tile(int block, float *sum, const lar_direct_rows *r);
/* sum[t][o] += in[t] * dout[o], single numbers at in[t] and step 1; r->in is not used. */
void lar_direct_taps(int block, float *sum, const float *const in[LAR_DIRECT_TAPS],
                     const lar_direct_rows *r);

/* The same in bfloat16 for blocks of 16, by an instruction that takes two voxels at once: elements
 * are [pair][channel][2], pairs one after the other. */
bool lar_direct_has_pairs(void);
void lar_direct_tile_pairs(float *sum, const lar_direct_rows *r);
void lar_direct_taps_pairs(float *sum, const uint16_t *const in[LAR_DIRECT_TAPS],
                           const lar_direct_rows *r);
/* Pairs of voxels (first, first + step), (first + 2 * step, ...) of a row of `width` voxels of 16
 * channels; zeros where there is no voxel. */
void lar_direct_pair(uint16_t *out, const uint16_t *row, int64_t width, int64_t first, int64_t step,
                     int64_t pairs);

#endif
