/* Voxel-wise passes over blocked layouts: chains of norm, ReLU and sums in one pass over memory,
 * forward and backward.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/blocked.h"
#include "tensor/kernels/kernels.h"

typedef struct pass {
    const lar_layout *l;
    const lar_value *value;
    const lar_term_gradient *gradient;
    const void *a, *b;
    void *out;
} pass;

INLINE void evaluate(int block, lar_precision type, void *out, const flat_term *terms,
                     int term_count, piece p)
{
    value_into(block, type, type, (char *)out + (size_t)p.offset * voxel_bytes(type), terms,
               term_count, p.offset, p.count);
}

BLOCKED_KERNELS(evaluate, (void *out, const flat_term *terms, int term_count, piece p), out, terms,
                term_count, p)

static lar_status evaluate_body(void *arg, int64_t n, int64_t begin, int64_t end)
{
    const pass *w = arg;
    const piece p = piece_at(w->l, n);
    flat_term terms[LAR_TERMS];
    (void)begin, (void)end;
    for (int t = 0; t < w->value->count; t++)
        terms[t] = flatten(&w->value->terms[t], w->l->block, p.channel);
    evaluate_for[w->l->type][w->l->block == 16](w->out, terms, w->value->count, p);
    return LAR_OK;
}

void lar_blocked_evaluate(const lar_layout *l, void *out, const lar_value *value)
{
    pass w = { .l = l, .value = value, .out = out };
    if (!blocked(l))
        lar_plain_evaluate(l, out, value);
    else
        lar_parallel(piece_total(l), 1, evaluate_body, &w);
}

INLINE void add(lar_precision type, void *out, const void *a, const void *b, int64_t begin,
                int64_t end)
{
#pragma GCC ivdep /* `out` may be `a` or `b` */
    for (int64_t n = begin; n < end; n++)
        voxel_set(type, out, n, voxel_at(type, a, n) + voxel_at(type, b, n));
}

CLONES static void add_float(void *out, const void *a, const void *b, int64_t begin, int64_t end)
{
    add(LAR_FLOAT32, out, a, b, begin, end);
}

CLONES static void add_half(void *out, const void *a, const void *b, int64_t begin, int64_t end)
{
    add(LAR_BFLOAT16, out, a, b, begin, end);
}

static lar_status add_body(void *arg, int64_t n, int64_t begin, int64_t end)
{
    const pass *w = arg;
    (void)n;
    (w->l->type == LAR_FLOAT32 ? add_float : add_half)(w->out, w->a, w->b, begin, end);
    return LAR_OK;
}

void lar_blocked_add(const lar_layout *l, void *out, const void *a, const void *b)
{
    pass w = { .l = l, .a = a, .b = b, .out = out };
    lar_parallel(lar_layout_count(l), (int64_t)PIECE * BLOCK_MAX, add_body, &w);
}

/* Coefficients of one block of channels; see lar_term_gradient. */
typedef struct flat_gradient {
    float gain[BLOCK_MAX], slope[BLOCK_MAX], mean[BLOCK_MAX], offset[BLOCK_MAX];
} flat_gradient;

INLINE void backward(int block, lar_precision type, void *out, const flat_term *term,
                     const void *dy, const flat_gradient *gradient, piece p)
{
    const flat_term t = *term;
    const flat_gradient g = *gradient;
#pragma GCC ivdep /* `out` may be the source or `dy`, at the same place only */
    for (int v = 0; v < p.count; v++)
#pragma GCC ivdep
        for (int k = 0; k < block; k++) {
            const int64_t at = p.offset + v * block + k;
            const float x = voxel_at(type, t.source, at), before = activate(t.before, x);
            const float y = before * t.scale[k] + t.shift[k];
            const float d = derivative(t.after, y) * voxel_at(type, dy, at);
            const float dx = g.gain[k] * d + g.slope[k] * (before - g.mean[k]) + g.offset[k];
            voxel_set(type, out, at, derivative(t.before, x) * dx);
        }
}

BLOCKED_KERNELS(backward,
                (void *out, const flat_term *term, const void *dy, const flat_gradient *gradient,
                 piece p),
                out, term, dy, gradient, p)

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
    backward_for[w->l->type][w->l->block == 16](w->out, &term, w->a, &gradient, p);
    return LAR_OK;
}

void lar_blocked_term_backward(const lar_layout *l, void *dsource, const lar_term *term,
                               const void *dy, const lar_term_gradient *gradient)
{
    const lar_value value = { .count = 1, .terms = { *term } };
    pass w = { .l = l, .value = &value, .gradient = gradient, .a = dy, .out = dsource };
    if (!blocked(l))
        lar_plain_term_backward(l, dsource, term, dy, gradient);
    else
        lar_parallel(piece_total(l), 1, backward_body, &w);
}
