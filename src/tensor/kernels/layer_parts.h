/* What the layers of both codes share: how an axis is continued at its border, and what dropout
 * drops. SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_LAYERS_H
#define LAR_LAYERS_H

#include "math/math.h"
#include "tensor/kernels/voxel.h"

/* The voxel that stands for voxel i, which may lie outside of 0..size-1; -1: a zero. Reflection
 * does not repeat the edge, as PyTorch's. */
static inline int64_t border_index(int border, int64_t i, int64_t size)
{
    const int64_t period = size > 1 ? 2 * (size - 1) : 1;
    if (i >= 0 && i < size) return i;
    switch (border) {
    case LAR_BORDER_REFLECT:
        i = (i % period + period) % period;
        return i < size ? i : period - i;
    case LAR_BORDER_REPLICATE:
        return i < 0 ? 0 : size - 1;
    case LAR_BORDER_CIRCULAR:
        return (i % size + size) % size;
    default:
        return -1;
    }
}

/* Dropout: Philox gives each channel two words, a hash by them and the voxel's number says what is
 * dropped: it has to be fast, a draw of Philox for each value would cost ten times the layer. */
typedef struct drop {
    uint32_t key[2];
    uint32_t below; /* hashes below are dropped */
    bool whole;     /* this channel is dropped whole, or kept */
} drop;

/* number: n * count + which of the channels at `position` */
static inline drop drop_of(const lar_layer *layer, int64_t number)
{
    const double below = layer->alpha * 0x1p32;
    uint32_t bits[4];
    lar_random_bits(bits, layer->seed, layer->stream, (uint64_t)number);
    drop d = { { bits[0], bits[1] }, below < 0x1p32 - 1 ? (uint32_t)below : UINT32_MAX, false };
    d.whole = bits[2] < d.below;
    return d;
}

/* The mixing function is lowbias32 (C. Wellons, "Prospecting for hash functions", 2018). */
INLINE uint32_t drop_hash(uint32_t key0, uint32_t key1, uint32_t voxel)
{
    uint32_t h = voxel * 0x9e3779b9U + key0;
    h = (h ^ h >> 16) * 0x7feb352dU;
    h = (h ^ h >> 15) * 0x846ca68bU;
    return (h ^ h >> 16) + key1;
}

#endif
