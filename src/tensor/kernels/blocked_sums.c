/* Sums per channel of one sample over blocked layouts: statistics of batch norm and of its gradient
 * (Ioffe 2015, arXiv:1502.03167). Float in chunks of 256 vectors, double across.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/blocked.h"
#include "tensor/kernels/kernels.h"

typedef struct sums {
    const lar_layout *l;
    const lar_term *term;
    const void *dy; /* NULL: statistics */
    const float *mean;
    double *first, *second; /* [sample and channel][piece] */
} sums;

static lar_status body(void *arg, int64_t n, int64_t begin, int64_t end)
{
    const sums *w = arg;
    const values_code *code = lar_values_code();
    const lar_layout *l = w->l;
    const piece p = piece_at(l, n);
    const flat_term term = flatten(w->term, l->block, p.channel);
    double first[BLOCK_MAX] = { 0 }, second[BLOCK_MAX] = { 0 };
    float mean[BLOCK_MAX];
    (void)begin, (void)end;
    spread_lanes(mean, w->mean, 0, l->block, p.channel);
    if (!w->dy)
        code->statistics(l->type, &term, p.offset, p.lanes, first, second);
    else
        code->gradient(l->type, &term, w->dy, mean, p.offset, p.lanes, first, second);
    for (int k = 8; l->block == 8 && k < 16; k++) {
        first[k - 8] += first[k];
        second[k - 8] += second[k];
    }
    const int64_t pieces = pieces_per_plane(l);
    for (int k = 0; k < l->block; k++) {
        w->first[(p.channel + k) * pieces + n % pieces] = first[k];
        w->second[(p.channel + k) * pieces + n % pieces] = second[k];
    }
    return LAR_OK;
}

/* second: or NULL */
static lar_status run(sums *w, double *first, double *second)
{
    const int64_t channels = w->l->batch * w->l->channels, pieces = pieces_per_plane(w->l);
    double *partial = lar_alloc_raw(2 * channels * pieces, sizeof *partial);
    if (!partial) return LAR_EMEMORY;
    w->first = partial;
    w->second = partial + channels * pieces;
    const lar_status status = lar_parallel(piece_total(w->l), 1, body, w);
    for (int64_t c = 0; c < channels; c++) {
        first[c] = lar_sum_pairs(w->first + c * pieces, pieces);
        if (second) second[c] = lar_sum_pairs(w->second + c * pieces, pieces);
    }
    lar_free(partial);
    return status;
}

lar_status lar_blocked_statistics(const lar_layout *l, const void *source, float before,
                                  double *mean, double *variance)
{
    const lar_term term = { .source = source, .before = before, .after = 1 };
    const double count = (double)l->voxels;
    sums w = { .l = l, .term = &term };
    if (!blocked(l)) return lar_plain_statistics(l, source, before, mean, variance);
    const lar_status status = run(&w, mean, variance);
    for (int64_t c = 0; c < l->batch * l->channels; c++) {
        mean[c] /= count;
        variance[c] = variance[c] / count - mean[c] * mean[c];
        if (variance[c] < 0) variance[c] = 0;
    }
    return status;
}

lar_status lar_blocked_gradient_sums(const lar_layout *l, const lar_term *term, const void *dy,
                                     const float *mean, double *sum, double *product)
{
    sums w = { .l = l, .term = term, .dy = dy, .mean = mean };
    if (!blocked(l)) return lar_plain_gradient_sums(l, term, dy, mean, sum, product);
    return run(&w, sum, mean ? product : NULL);
}
