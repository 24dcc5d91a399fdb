/* What the Winograd kernels share: how a volume is cut into tiles, and how code is made for several
 * processors. F(2,3) along each axis: 4x4x4 inputs give 2x2x2 outputs by 64 products instead of 216
 * (Lavin & Gray 2016, doi:10.1109/CVPR.2016.435). SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_WINOGRAD_H
#define LAR_WINOGRAD_H

#include "base/base.h"
#include "tensor/kernels/clones.h"
#include "tensor/kernels/kernels.h"

#define INLINE static inline __attribute__((always_inline))

/* Of one block of channels of one voxel. */
typedef float lar_vector16 __attribute__((vector_size(64), may_alias, aligned(4)));
typedef float lar_vector8 __attribute__((vector_size(32), may_alias, aligned(4)));
typedef int32_t lar_mask16 __attribute__((vector_size(64)));
typedef int32_t lar_mask8 __attribute__((vector_size(32)));

/* Tiles are numbered along x, then along y within a strip, then z, then strips, then samples: what
 * neighbours along z read stays in the second-level cache. */
enum { WINOGRAD_STRIP = 8 };

typedef struct winograd_tiles {
    int64_t batch, size[3], out[3], tiles[3]; /* z, y, x; size: of the input */
    int64_t pad;                              /* 1, or 0: the halo is in the input */
    int64_t total;
} winograd_tiles;

typedef struct winograd_place {
    int64_t sample, z, y, x; /* in tiles */
} winograd_place;

static inline winograd_tiles winograd_tiles_of(const lar_conv_shape *s)
{
    winograd_tiles t = { .batch = s->batch, .pad = s->padding[0], .total = s->batch };
    for (int d = 0; d < 3; d++) {
        t.size[d] = s->size[d];
        t.out[d] = s->out_size[d];
        t.tiles[d] = (s->out_size[d] + 1) / 2;
        t.total *= t.tiles[d];
    }
    return t;
}

static inline winograd_place winograd_place_of(const winograd_tiles *t, int64_t tile)
{
    const int64_t plane = t->tiles[1] * t->tiles[2], volume = t->tiles[0] * plane;
    winograd_place p = { .sample = tile / volume };
    int64_t rest = tile % volume;
    const int64_t strip = WINOGRAD_STRIP * t->tiles[2] * t->tiles[0], number = rest / strip;
    const int64_t left = t->tiles[1] - number * WINOGRAD_STRIP;
    const int64_t height = left < WINOGRAD_STRIP ? left : WINOGRAD_STRIP;
    rest %= strip;
    p.z = rest / (height * t->tiles[2]);
    rest %= height * t->tiles[2];
    p.y = number * WINOGRAD_STRIP + rest / t->tiles[2];
    p.x = rest % t->tiles[2];
    return p;
}

/* Asks for `count` voxels of a row that will be read soon. Always inline: to the compiler a
 * function that only fetches does nothing. */
INLINE void winograd_fetch(const winograd_tiles *t, const float *volume, int block, int64_t z,
                           int64_t y, int64_t x, int64_t count)
{
    if (z < 0 || y < 0 || z >= t->size[0] || y >= t->size[1]) return;
    const float *at = volume + ((z * t->size[1] + y) * t->size[2] + x) * block;
    for (int64_t n = 0; n < count * block; n += 16) __builtin_prefetch(at + n, 0, 2);
}

/* Whether this is a convolution that tiles of 4x4x4 fit, with `pad` zeros around. */
static inline bool winograd_fits(const lar_conv_shape *s, int64_t pad)
{
    bool fits = !s->planar && s->groups == 1;
    for (int d = 0; d < 3; d++)
        fits = fits && s->kernel[d] == 3 && s->stride[d] == 1 && s->dilation[d] == 1 &&
               s->padding[d] == pad;
    return fits;
}

/* [z, y frequency][out block][in block][in channel][x frequency][out channel of the block]; for
 * LAR_CONV_DATA in and out are exchanged and the kernel mirrored. */
void lar_winograd_pack(const lar_conv_shape *s, int block, int pass, const float *weights,
                       void *packed);

#endif
