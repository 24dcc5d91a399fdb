/* What the kernels over blocked layouts share: pieces of a tensor, and a term without branches.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_BLOCKED_H
#define LAR_BLOCKED_H

#include "tensor/kernels/voxel.h"

/* The code of one function for several processors, chosen when it is first called. The AVX-512 that
 * is meant has 16-bit lanes (Skylake and later, Zen 4); v3 is AVX2 with FMA. */
#if defined(__x86_64__) && defined(__has_attribute) && !defined(__SANITIZE_ADDRESS__) &&           \
    !defined(__SANITIZE_THREAD__)
#if __has_attribute(target_clones)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif
#endif
#ifndef CLONES
#define CLONES
#endif

/* The code of NAME(block, type, arguments), an INLINE function, for each block and precision, and a
 * table of them: NAME_for[type][block == 16]. */
#define BLOCKED_KERNELS(NAME, PARAMETERS, ...)                                                     \
    CLONES static void NAME##_8 PARAMETERS                                                         \
    {                                                                                              \
        NAME(8, LAR_FLOAT32, __VA_ARGS__);                                                         \
    }                                                                                              \
    CLONES static void NAME##_16 PARAMETERS                                                        \
    {                                                                                              \
        NAME(16, LAR_FLOAT32, __VA_ARGS__);                                                        \
    }                                                                                              \
    CLONES static void NAME##_half_8 PARAMETERS                                                    \
    {                                                                                              \
        NAME(8, LAR_BFLOAT16, __VA_ARGS__);                                                        \
    }                                                                                              \
    CLONES static void NAME##_half_16 PARAMETERS                                                   \
    {                                                                                              \
        NAME(16, LAR_BFLOAT16, __VA_ARGS__);                                                       \
    }                                                                                              \
    static void(*const NAME##_for[2][2])                                                           \
        PARAMETERS = { { NAME##_8, NAME##_16 }, { NAME##_half_8, NAME##_half_16 } };

enum {
    BLOCK_MAX = 16,
    CHUNK = 256,  /* voxels whose float sums are taken before they go to double */
    PIECE = 2048, /* voxels of one block of channels that a thread takes at once */
    TILE = 64,    /* voxels of a value that is built in the first-level cache */
    WAYS = 4      /* sums side by side: one alone would wait for each addition */
};

/* Whether there is vector code for a layout. */
static inline bool blocked(const lar_layout *l)
{
    return l->block == 16 || l->block == 8;
}

/* A piece: `count` voxels of one block of channels of one sample. */
typedef struct piece {
    int64_t offset;  /* of its first value */
    int64_t channel; /* of the block's first: n * channels + c */
    int count;
} piece;

static inline int64_t pieces_per_plane(const lar_layout *l)
{
    return lar_piece_count(l->voxels, PIECE);
}

static inline int64_t piece_total(const lar_layout *l)
{
    return l->batch * (l->channels / l->block) * pieces_per_plane(l);
}

static inline piece piece_at(const lar_layout *l, int64_t n)
{
    const int64_t plane = n / pieces_per_plane(l), first = n % pieces_per_plane(l) * PIECE;
    const int64_t left = l->voxels - first;
    return (piece){ (plane * l->voxels + first) * l->block, plane * l->block,
                    (int)(left < PIECE ? left : PIECE) };
}

/* An activation without branches. A ReLU raises to its floor of 0, so that minus infinity gives 0
 * and no product with 0 is taken of it; others have none. */
typedef struct activation {
    float floor, slope;
} activation;

static inline activation activation_of(float slope)
{
    return (activation){ slope == 0 ? 0 : -__builtin_inff(), slope };
}

/* NaN stays NaN. */
INLINE float activate(activation a, float x)
{
    const float raised = x < a.floor ? a.floor : x;
    return raised < 0 ? raised * a.slope : raised;
}

INLINE float derivative(activation a, float x)
{
    return x > 0 ? 1 : a.slope;
}

/* A term of one block of channels: scales of 1 and shifts of 0 stand for what it does not do. */
typedef struct flat_term {
    const void *source;
    activation before, after;
    float scale[BLOCK_MAX], shift[BLOCK_MAX];
} flat_term;

static inline flat_term flatten(const lar_term *term, int block, int64_t channel)
{
    flat_term flat = { .source = term->source,
                       .before = activation_of(term->before),
                       .after = activation_of(term->after) };
    for (int k = 0; k < block; k++) {
        flat.scale[k] = term->scale ? term->scale[channel + k] : 1;
        flat.shift[k] = term->shift ? term->shift[channel + k] : 0;
    }
    return flat;
}

INLINE float term_at(lar_precision type, const flat_term *t, int64_t at, int k)
{
    const float before = activate(t->before, voxel_at(type, t->source, at));
    return activate(t->after, before * t->scale[k] + t->shift[k]);
}

/* The value of `count` voxels from value `offset` of `term_count` sources, which is a constant. */
INLINE void value_row(int block, lar_precision type, lar_precision out_type, int term_count,
                      void *out, const flat_term *terms, int64_t offset, int count)
{
    flat_term t[LAR_TERMS];
    for (int i = 0; i < term_count; i++) t[i] = terms[i];
#pragma GCC ivdep /* `out` may be a source, at the same place only */
    for (int v = 0; v < count; v++)
#pragma GCC ivdep
        for (int k = 0; k < block; k++) {
            const int64_t at = offset + v * block + k;
            float x = term_at(type, &t[0], at, k);
            if (term_count > 1) x += term_at(type, &t[1], at, k);
            if (term_count > 2) x += term_at(type, &t[2], at, k);
            voxel_set(out_type, out, v * block + k, x);
        }
}

INLINE void value_into(int block, lar_precision type, lar_precision out_type, void *out,
                       const flat_term *terms, int term_count, int64_t offset, int count)
{
    if (term_count == 1)
        value_row(block, type, out_type, 1, out, terms, offset, count);
    else if (term_count == 2)
        value_row(block, type, out_type, 2, out, terms, offset, count);
    else
        value_row(block, type, out_type, 3, out, terms, offset, count);
}

#endif
