/* How one axis of a volume is cut into windows; for tiles.c and its tests.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_TILES_CUT_H
#define LAR_TILES_CUT_H

#include "base/base.h"

/* Windows [start, start + window) along one axis of `size` voxels. Exact ones: of window n the part
 * [from, to) is the result's, in voxels of the volume. Blended ones: `weight` has `window` numbers
 * of each, and those that meet in a voxel sum to 1. */
typedef struct tiles_axis {
    int64_t size, window, count;
    int64_t *start, *from, *to; /* of the arena */
    float *weight;              /* NULL: exact */
} tiles_axis;

/* The least window of which several can be cut; windows are this plus multiples of `step`, so that
 * the last one ends with the volume and begins at a multiple of `step`. More than `size`: none. */
int64_t lar_tiles_least(int64_t size, int64_t halo, int64_t step);
int64_t lar_tiles_count(int64_t size, int64_t window, int64_t halo, int64_t step);
lar_status lar_tiles_exact(tiles_axis *out, int64_t size, int64_t window, int64_t halo,
                           int64_t step, lar_arena *arena);
lar_status lar_tiles_blended(tiles_axis *out, int64_t size, int64_t window, double overlap,
                             lar_arena *arena);

#endif
