/* Sums per channel of one sample over blocked layouts: statistics of batch norm and of its gradient
 * (Ioffe 2015, arXiv:1502.03167). Float in chunks of 256 voxels about the chunk's own mean, double
 * across.
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

/* sum[0] becomes that of all ways. */
INLINE void join_ways(int block, float sum[WAYS][BLOCK_MAX])
{
    for (int k = 0; k < block; k++) sum[0][k] = (sum[0][k] + sum[1][k]) + (sum[2][k] + sum[3][k]);
}

/* One piece: sum and sum of squares of before(source), each chunk about its own mean so that floats
 * do not cancel. */
INLINE void statistics(int block, lar_precision type, const flat_term *term, piece p, double *first,
                       double *second)
{
    const void *source = term->source;
    const activation a = term->before;
    for (int begin = 0; begin < p.count; begin += CHUNK) {
        const int count = p.count - begin < CHUNK ? p.count - begin : CHUNK;
        const int whole = count / WAYS * WAYS;
        const int64_t offset = p.offset + (int64_t)begin * block;
        float sum[WAYS][BLOCK_MAX] = { { 0 } }, square[WAYS][BLOCK_MAX] = { { 0 } };
        float mean[BLOCK_MAX];
        for (int v = 0; v < whole; v += WAYS)
            for (int j = 0; j < WAYS; j++)
                for (int k = 0; k < block; k++)
                    sum[j][k] += activate(a, voxel_at(type, source, offset + (v + j) * block + k));
        for (int v = whole; v < count; v++)
            for (int k = 0; k < block; k++)
                sum[0][k] += activate(a, voxel_at(type, source, offset + v * block + k));
        join_ways(block, sum);
        for (int k = 0; k < block; k++) mean[k] = sum[0][k] / (float)count;
        for (int v = 0; v < whole; v += WAYS)
            for (int j = 0; j < WAYS; j++)
                for (int k = 0; k < block; k++) {
                    const int64_t at = offset + (v + j) * block + k;
                    const float d = activate(a, voxel_at(type, source, at)) - mean[k];
                    square[j][k] += d * d;
                }
        for (int v = whole; v < count; v++)
            for (int k = 0; k < block; k++) {
                const float d =
                    activate(a, voxel_at(type, source, offset + v * block + k)) - mean[k];
                square[0][k] += d * d;
            }
        join_ways(block, square);
        for (int k = 0; k < block; k++) {
            const double s = (double)sum[0][k], m = (double)mean[k];
            first[k] += s;
            second[k] += (double)square[0][k] + 2 * m * s - m * m * count;
        }
    }
}

BLOCKED_KERNELS(statistics, (const flat_term *term, piece p, double *first, double *second), term,
                p, first, second)

/* One voxel's share. */
INLINE void gradient_voxel(int block, lar_precision type, const flat_term *t, const void *dy,
                           const float *centre, int64_t offset, float *sum, float *product)
{
    for (int k = 0; k < block; k++) {
        const float before = activate(t->before, voxel_at(type, t->source, offset + k));
        const float y = before * t->scale[k] + t->shift[k];
        const float d = derivative(t->after, y) * voxel_at(type, dy, offset + k);
        sum[k] += d;
        product[k] += d * (before - centre[k]);
    }
}

INLINE void gradient(int block, lar_precision type, const flat_term *term, const void *dy,
                     const float *mean, piece p, double *first, double *second)
{
    const flat_term t = *term;
    float centre[BLOCK_MAX];
    for (int k = 0; k < block; k++) centre[k] = mean ? mean[k] : 0;
    for (int begin = 0; begin < p.count; begin += CHUNK) {
        const int count = p.count - begin < CHUNK ? p.count - begin : CHUNK;
        const int64_t offset = p.offset + (int64_t)begin * block;
        float sum[WAYS][BLOCK_MAX] = { { 0 } }, product[WAYS][BLOCK_MAX] = { { 0 } };
        int v = 0;
        for (; v + WAYS <= count; v += WAYS)
            for (int j = 0; j < WAYS; j++)
                gradient_voxel(block, type, &t, dy, centre, offset + (v + j) * block, sum[j],
                               product[j]);
        for (; v < count; v++)
            gradient_voxel(block, type, &t, dy, centre, offset + v * block, sum[0], product[0]);
        join_ways(block, sum);
        join_ways(block, product);
        for (int k = 0; k < block; k++) first[k] += (double)sum[0][k];
        for (int k = 0; k < block; k++) second[k] += (double)product[0][k];
    }
}

BLOCKED_KERNELS(gradient,
                (const flat_term *term, const void *dy, const float *mean, piece p, double *first,
                 double *second),
                term, dy, mean, p, first, second)

static lar_status body(void *arg, int64_t n, int64_t begin, int64_t end)
{
    const sums *w = arg;
    const lar_layout *l = w->l;
    const piece p = piece_at(l, n);
    const flat_term term = flatten(w->term, l->block, p.channel);
    double first[BLOCK_MAX] = { 0 }, second[BLOCK_MAX] = { 0 };
    (void)begin, (void)end;
    if (!w->dy)
        statistics_for[l->type][l->block == 16](&term, p, first, second);
    else
        gradient_for[l->type][l->block == 16](&term, w->dy, w->mean ? w->mean + p.channel : NULL, p,
                                              first, second);
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
