/* Voxel-wise passes over blocked layouts: chains of norm, ReLU and sums in one pass over memory,
 * forward and backward.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/blocked.h"
#include "tensor/kernels/kernels.h"

typedef struct pass {
    const lar_layout *l;
    const lar_value *value;
    const lar_term_gradient *gradient;
    const float *a, *b;
    float *out;
} pass;

INLINE void evaluate_piece(int block, float *out, const flat_term *terms, int term_count, piece p)
{
    float tile[TILE * BLOCK_MAX];
    for (int first = 0; first < p.count; first += TILE) {
        const int count = p.count - first < TILE ? p.count - first : TILE;
        const int64_t offset = p.offset + (int64_t)first * block;
        value_tile(block, tile, terms, term_count, offset, count);
        memcpy(out + offset, tile, (size_t)(count * block) * sizeof *out);
    }
}

CLONES static void evaluate_16(float *out, const flat_term *terms, int term_count, piece p)
{
    evaluate_piece(16, out, terms, term_count, p);
}

CLONES static void evaluate_8(float *out, const flat_term *terms, int term_count, piece p)
{
    evaluate_piece(8, out, terms, term_count, p);
}

static lar_status evaluate_body(void *arg, int64_t n, int64_t begin, int64_t end)
{
    const pass *w = arg;
    const piece p = piece_at(w->l, n);
    flat_term terms[LAR_TERMS];
    (void)begin, (void)end;
    for (int t = 0; t < w->value->count; t++)
        terms[t] = flatten(&w->value->terms[t], w->l->block, p.channel);
    if (w->l->block == 16)
        evaluate_16(w->out, terms, w->value->count, p);
    else
        evaluate_8(w->out, terms, w->value->count, p);
    return LAR_OK;
}

static bool blocked(const lar_layout *l)
{
    return l->block == 16 || l->block == 8;
}

void lar_blocked_evaluate(const lar_layout *l, float *out, const lar_value *value)
{
    pass w = { .l = l, .value = value, .out = out };
    if (!blocked(l))
        lar_plain_evaluate(l, out, value);
    else
        lar_parallel(piece_total(l), 1, evaluate_body, &w);
}

CLONES static void add_piece(float *out, const float *a, const float *b, int64_t count)
{
    for (int64_t n = 0; n < count; n++) out[n] = a[n] + b[n];
}

static lar_status add_body(void *arg, int64_t n, int64_t begin, int64_t end)
{
    const pass *w = arg;
    (void)n;
    add_piece(w->out + begin, w->a + begin, w->b + begin, end - begin);
    return LAR_OK;
}

void lar_blocked_add(const lar_layout *l, float *out, const float *a, const float *b)
{
    pass w = { .a = a, .b = b, .out = out };
    lar_parallel(lar_layout_floats(l), (int64_t)PIECE * BLOCK_MAX, add_body, &w);
}

/* Coefficients of one block of channels; see lar_term_gradient. */
typedef struct flat_gradient {
    float gain[BLOCK_MAX], slope[BLOCK_MAX], mean[BLOCK_MAX], offset[BLOCK_MAX];
} flat_gradient;

INLINE void backward_piece(int block, float *out, const flat_term *term, const float *dy,
                           const flat_gradient *gradient, piece p)
{
    const flat_term t = *term;
    const flat_gradient g = *gradient;
    const float *source = t.source + p.offset;
    float *to = out + p.offset;
    dy += p.offset;
#pragma GCC ivdep /* `to` may be `source` or `dy`, at the same place only */
    for (int v = 0; v < p.count; v++)
#pragma GCC ivdep
        for (int k = 0; k < block; k++) {
            const float x = source[v * block + k], before = at_least(x, t.floor_before);
            const float y = before * t.scale[k] + t.shift[k];
            const float d = y > t.floor_after ? dy[v * block + k] : 0;
            const float dx = g.gain[k] * d + g.slope[k] * (before - g.mean[k]) + g.offset[k];
            to[v * block + k] = x > t.floor_before ? dx : 0;
        }
}

CLONES static void backward_16(float *out, const flat_term *term, const float *dy,
                               const flat_gradient *gradient, piece p)
{
    backward_piece(16, out, term, dy, gradient, p);
}

CLONES static void backward_8(float *out, const flat_term *term, const float *dy,
                              const flat_gradient *gradient, piece p)
{
    backward_piece(8, out, term, dy, gradient, p);
}

static lar_status backward_body(void *arg, int64_t n, int64_t begin, int64_t end)
{
    const pass *w = arg;
    const piece p = piece_at(w->l, n);
    const flat_term term = flatten(&w->value->terms[0], w->l->block, p.channel);
    flat_gradient gradient;
    (void)begin, (void)end;
    for (int k = 0; k < w->l->block; k++) {
        const int64_t c = p.channel + k;
        const bool norm = w->gradient->gain != NULL;
        gradient.gain[k] = norm ? w->gradient->gain[c] : 1;
        gradient.slope[k] = norm ? w->gradient->slope[c] : 0;
        gradient.mean[k] = norm ? w->gradient->mean[c] : 0;
        gradient.offset[k] = norm ? w->gradient->offset[c] : 0;
    }
    if (w->l->block == 16)
        backward_16(w->out, &term, w->a, &gradient, p);
    else
        backward_8(w->out, &term, w->a, &gradient, p);
    return LAR_OK;
}

void lar_blocked_term_backward(const lar_layout *l, float *dsource, const lar_term *term,
                               const float *dy, const lar_term_gradient *gradient)
{
    const lar_value value = { .count = 1, .terms = { *term } };
    pass w = { .l = l, .value = &value, .gradient = gradient, .a = dy, .out = dsource };
    if (!blocked(l))
        lar_plain_term_backward(l, dsource, term, dy, gradient);
    else
        lar_parallel(piece_total(l), 1, backward_body, &w);
}
