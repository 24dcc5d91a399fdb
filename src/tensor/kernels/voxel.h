/* One voxel of a tensor, whatever its precision: what every kernel of this room reads and writes
 * with. Written so that compilers turn loops of it into vector code.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_VOXEL_H
#define LAR_VOXEL_H

#include "base/base.h"
#include "tensor/tensor.h"

#define INLINE static inline __attribute__((always_inline))

INLINE float bfloat16_to_float(uint16_t bits)
{
    const uint32_t wide = (uint32_t)bits << 16;
    float x;
    memcpy(&x, &wide, sizeof x);
    return x;
}

/* To nearest, ties to even. NaN stays NaN: its upper half alone could read as an infinity. */
INLINE uint16_t bfloat16_from_float(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return (uint16_t)(x == x ? rounded : (bits >> 16 | 0x40));
}

INLINE size_t voxel_bytes(lar_precision type)
{
    return type == LAR_FLOAT32 ? sizeof(float) : sizeof(uint16_t);
}

INLINE float voxel_at(lar_precision type, const void *tensor, int64_t at)
{
    return type == LAR_FLOAT32 ? ((const float *)tensor)[at]
                               : bfloat16_to_float(((const uint16_t *)tensor)[at]);
}

INLINE void voxel_set(lar_precision type, void *tensor, int64_t at, float x)
{
    if (type == LAR_FLOAT32)
        ((float *)tensor)[at] = x;
    else
        ((uint16_t *)tensor)[at] = bfloat16_from_float(x);
}

/* Where voxel v of channel c of sample n lies. */
INLINE int64_t voxel_index(const lar_layout *l, int64_t n, int64_t c, int64_t v)
{
    return ((n * (l->channels / l->block) + c / l->block) * l->voxels + v) * l->block +
           c % l->block;
}

#endif
