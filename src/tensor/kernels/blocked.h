/* What the kernels over blocked layouts share: pieces of a tensor, and a term without branches.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_BLOCKED_H
#define LAR_BLOCKED_H

#include "base/base.h"
#include "tensor/tensor.h"

/* The code of one function for several processors, chosen when it is first called. */
#if defined(__x86_64__) && defined(__has_attribute) && !defined(__SANITIZE_ADDRESS__) &&           \
    !defined(__SANITIZE_THREAD__)
#if __has_attribute(target_clones)
#define CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#endif
#endif
#ifndef CLONES
#define CLONES
#endif
#define INLINE static inline __attribute__((always_inline))

enum {
    BLOCK_MAX = 16,
    CHUNK = 256,  /* voxels whose float sums are taken before they go to double */
    PIECE = 2048, /* voxels of one block of channels that a thread takes at once */
    TILE = 64     /* voxels of a value that is built in the first-level cache */
};

/* A piece: `count` voxels of one block of channels of one sample. */
typedef struct piece {
    int64_t offset;  /* of its first float */
    int64_t channel; /* of the block's first */
    int count;
} piece;

static inline int64_t pieces_per_plane(const lar_layout *l)
{
    return lar_piece_count(l->voxels, PIECE);
}

static inline int64_t piece_total(const lar_layout *l)
{
    return l->batch * (lar_layout_padded(l) / l->block) * pieces_per_plane(l);
}

static inline piece piece_at(const lar_layout *l, int64_t n)
{
    const int64_t plane = n / pieces_per_plane(l), first = n % pieces_per_plane(l) * PIECE;
    const int64_t left = l->voxels - first;
    return (piece){ (plane * l->voxels + first) * l->block,
                    plane % (lar_layout_padded(l) / l->block) * l->block,
                    (int)(left < PIECE ? left : PIECE) };
}

/* A term of one block of channels: floors of -inf and scales of 1 stand for what it does not do. */
typedef struct flat_term {
    const float *source;
    float floor_before, floor_after;
    float scale[BLOCK_MAX], shift[BLOCK_MAX];
} flat_term;

static inline flat_term flatten(const lar_term *term, int block, int64_t channel)
{
    flat_term flat = { .source = term->source,
                       .floor_before = term->relu_before ? 0 : -__builtin_inff(),
                       .floor_after = term->relu_after ? 0 : -__builtin_inff() };
    for (int k = 0; k < block; k++) {
        flat.scale[k] = term->scale ? term->scale[channel + k] : 1;
        flat.shift[k] = term->shift ? term->shift[channel + k] : 0;
    }
    return flat;
}

/* NaN stays NaN. */
INLINE float at_least(float x, float low)
{
    return x < low ? low : x;
}

INLINE float before_at(const flat_term *t, int64_t at)
{
    return at_least(t->source[at], t->floor_before);
}

INLINE float term_at(const flat_term *t, int64_t at, int k)
{
    return at_least(before_at(t, at) * t->scale[k] + t->shift[k], t->floor_after);
}

/* The value of `count` <= TILE voxels from float `offset`. */
INLINE void value_tile(int block, float *restrict out, const flat_term *terms, int term_count,
                       int64_t offset, int count)
{
    for (int t = 0; t < term_count; t++) {
        const flat_term term = terms[t];
        const float *restrict source = term.source + offset;
        for (int v = 0; v < count; v++)
            for (int k = 0; k < block; k++) {
                const float b = at_least(source[v * block + k], term.floor_before);
                const float x = at_least(b * term.scale[k] + term.shift[k], term.floor_after);
                out[v * block + k] = t == 0 ? x : out[v * block + k] + x;
            }
    }
}

#endif
