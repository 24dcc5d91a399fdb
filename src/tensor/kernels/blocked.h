/* What the kernels over blocked layouts share: pieces of a tensor, a term without branches, and the
 * table of inner loops that are compiled once per kind of processor.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_BLOCKED_H
#define LAR_BLOCKED_H

#include "tensor/kernels/voxel.h"

enum {
    BLOCK_MAX = 16,
    CHUNK = 256,  /* vectors whose float sums are taken before they go to double */
    PIECE = 2048, /* voxels of one block of channels that a thread takes at once */
    TILE = 64     /* voxels of a value that is built in the first-level cache */
};

/* Whether there is vector code for a layout. */
static inline bool blocked(const lar_layout *l)
{
    return l->block == 16 || l->block == 8;
}

/* A piece: `lanes` values, whole voxels of one block of channels of one sample. */
typedef struct piece {
    int64_t offset;  /* of its first value */
    int64_t channel; /* of the block's first: n * channels + c */
    int lanes;
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
                    (int)((left < PIECE ? left : PIECE) * l->block) };
}

/* Coefficients of 16 lanes: of a block of 16 channels, or twice those of a block of 8. */
static inline void spread_lanes(float lanes[BLOCK_MAX], const float *channels, float missing,
                                int block, int64_t channel)
{
    for (int k = 0; k < BLOCK_MAX; k++)
        lanes[k] = channels ? channels[channel + k % block] : missing;
}

/* A term of one block of channels: scales of 1 and shifts of 0 stand for what it does not do. */
typedef struct flat_term {
    const void *source;
    float before, after;
    float scale[BLOCK_MAX], shift[BLOCK_MAX];
} flat_term;

static inline flat_term flatten(const lar_term *term, int block, int64_t channel)
{
    flat_term flat = { .source = term->source, .before = term->before, .after = term->after };
    spread_lanes(flat.scale, term->scale, 1, block, channel);
    spread_lanes(flat.shift, term->shift, 0, block, channel);
    return flat;
}

/* Coefficients of one block of channels; see lar_term_gradient. */
typedef struct flat_gradient {
    float gain[BLOCK_MAX], slope[BLOCK_MAX], mean[BLOCK_MAX], offset[BLOCK_MAX];
} flat_gradient;

/* Inner loops for one kind of processor. `offset`: of the first value in every tensor; `lanes`: how
 * many values, a multiple of 8; `stream`: floats go past the caches (see streams()). Sums are of
 * lanes: those of a block of 8 are in two halves. */
typedef struct values_code {
    void (*evaluate)(lar_precision type, bool stream, void *out, const flat_term *terms, int count,
                     int64_t offset, int lanes);
    /* The same into floats at `out`. */
    void (*tile)(lar_precision type, float *out, const flat_term *terms, int count, int64_t offset,
                 int lanes);
    void (*add)(lar_precision type, bool stream, void *out, const void *a, const void *b,
                int64_t offset, int lanes);
    void (*backward)(lar_precision type, bool stream, void *out, const flat_term *term,
                     const void *dy, const flat_gradient *gradient, int64_t offset, int lanes);
    /* Adds to sums and sums of squares of before(source). */
    void (*statistics)(lar_precision type, const flat_term *term, int64_t offset, int lanes,
                       double *first, double *second);
    /* Adds to sums of dy' and dy' * (before(source) - mean). */
    void (*gradient)(lar_precision type, const flat_term *term, const void *dy, const float *mean,
                     int64_t offset, int lanes, double *first, double *second);
    /* Of a tile of voxels: products with weights[block] go to out, which starts from `bias` with
     * `first`. */
    void (*dot)(int block, const float *tile, const float *weights, float *out, int voxels,
                bool first, float bias);
    /* Its gradients: dvalue (a tile; set with `first`), dweights[block] and dbias are set. */
    void (*dot_backward)(int block, const float *tile, const float *weights, const float *dout,
                         float *dvalue, float *dweights, float *dbias, int voxels, bool first);
    /* A tile of floats to a tensor. */
    void (*keep)(lar_precision type, void *out, int64_t offset, const float *tile, int lanes);
} values_code;

extern const values_code lar_values_any;
#ifdef __x86_64__
extern const values_code lar_values_v3, lar_values_v4, lar_values_bf16;
#endif
/* Those that this processor runs, best first; NULL after the last. */
const values_code *lar_values_kind(int n);
/* The one that is used: the best, or what a test chose (NULL: the best again). */
const values_code *lar_values_code(void);
void lar_values_choose(const values_code *code);

#endif
