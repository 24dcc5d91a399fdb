/* Sums per channel over blocked layouts: statistics of batch norm and of its gradient (Ioffe 2015,
 * arXiv:1502.03167). Float in chunks of 256 voxels about the chunk's own mean, double across.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/blocked.h"
#include "tensor/kernels/kernels.h"

typedef struct sums {
    const lar_layout *l;
    const lar_term *term;
    const float *dy, *mean; /* NULL dy: statistics */
    double *first, *second; /* [padded channel][sample and piece] */
} sums;

/* One piece: sum and sum of squares of before(source), each chunk about its own mean so that floats
 * do not cancel. */
INLINE void statistics_piece(int block, const flat_term *term, piece p, double *first,
                             double *second)
{
    const flat_term t = *term;
    for (int begin = 0; begin < p.count; begin += CHUNK) {
        const int count = p.count - begin < CHUNK ? p.count - begin : CHUNK;
        const float *restrict source = t.source + p.offset + (int64_t)begin * block;
        float sum[BLOCK_MAX] = { 0 }, mean[BLOCK_MAX], square[BLOCK_MAX] = { 0 };
        for (int v = 0; v < count; v++)
            for (int k = 0; k < block; k++)
                sum[k] += at_least(source[v * block + k], t.floor_before);
        for (int k = 0; k < block; k++) mean[k] = sum[k] / (float)count;
        for (int v = 0; v < count; v++)
            for (int k = 0; k < block; k++) {
                const float d = at_least(source[v * block + k], t.floor_before) - mean[k];
                square[k] += d * d;
            }
        for (int k = 0; k < block; k++) {
            const double s = (double)sum[k], m = (double)mean[k];
            first[k] += s;
            second[k] += (double)square[k] + 2 * m * s - m * m * count;
        }
    }
}

INLINE void gradient_piece(int block, const flat_term *term, const float *dy, const float *mean,
                           piece p, double *first, double *second)
{
    const flat_term t = *term;
    for (int begin = 0; begin < p.count; begin += CHUNK) {
        const int count = p.count - begin < CHUNK ? p.count - begin : CHUNK;
        const int64_t offset = p.offset + (int64_t)begin * block;
        const float *restrict source = t.source + offset, *restrict g = dy + offset;
        float sum[BLOCK_MAX] = { 0 }, product[BLOCK_MAX] = { 0 }, centre[BLOCK_MAX];
        for (int k = 0; k < block; k++) centre[k] = mean[k];
        for (int v = 0; v < count; v++)
            for (int k = 0; k < block; k++) {
                const float b = at_least(source[v * block + k], t.floor_before);
                const float y = b * t.scale[k] + t.shift[k];
                const float d = y > t.floor_after ? g[v * block + k] : 0;
                sum[k] += d;
                product[k] += d * (b - centre[k]);
            }
        for (int k = 0; k < block; k++) first[k] += (double)sum[k];
        for (int k = 0; k < block; k++) second[k] += (double)product[k];
    }
}

CLONES static void statistics_16(const flat_term *term, piece p, double *first, double *second)
{
    statistics_piece(16, term, p, first, second);
}

CLONES static void statistics_8(const flat_term *term, piece p, double *first, double *second)
{
    statistics_piece(8, term, p, first, second);
}

CLONES static void gradient_16(const flat_term *term, const float *dy, const float *mean, piece p,
                               double *first, double *second)
{
    gradient_piece(16, term, dy, mean, p, first, second);
}

CLONES static void gradient_8(const flat_term *term, const float *dy, const float *mean, piece p,
                              double *first, double *second)
{
    gradient_piece(8, term, dy, mean, p, first, second);
}

static lar_status body(void *arg, int64_t n, int64_t begin, int64_t end)
{
    const sums *w = arg;
    const piece p = piece_at(w->l, n);
    const int block = w->l->block;
    const flat_term term = flatten(w->term, block, p.channel);
    double first[BLOCK_MAX] = { 0 }, second[BLOCK_MAX] = { 0 };
    (void)begin, (void)end;
    if (!w->dy)
        (block == 16 ? statistics_16 : statistics_8)(&term, p, first, second);
    else
        (block == 16 ? gradient_16 : gradient_8)(&term, w->dy, w->mean + p.channel, p, first,
                                                 second);
    const int64_t per_plane = pieces_per_plane(w->l), plane = n / per_plane;
    const int64_t sample = plane / (lar_layout_padded(w->l) / block);
    const int64_t slots = w->l->batch * per_plane, slot = sample * per_plane + n % per_plane;
    for (int k = 0; k < block; k++) {
        w->first[(p.channel + k) * slots + slot] = first[k];
        w->second[(p.channel + k) * slots + slot] = second[k];
    }
    return LAR_OK;
}

static lar_status run(sums *w, double *first, double *second)
{
    const int64_t channels = lar_layout_padded(w->l);
    const int64_t slots = w->l->batch * pieces_per_plane(w->l);
    double *partial = lar_alloc_raw(2 * channels * slots, sizeof *partial);
    if (!partial) return LAR_EMEMORY;
    w->first = partial;
    w->second = partial + channels * slots;
    const lar_status status = lar_parallel(piece_total(w->l), 1, body, w);
    for (int64_t c = 0; c < channels; c++) {
        first[c] = lar_sum_pairs(w->first + c * slots, slots);
        second[c] = lar_sum_pairs(w->second + c * slots, slots);
    }
    lar_free(partial);
    return status;
}

lar_status lar_blocked_statistics(const lar_layout *l, const float *source, bool relu_before,
                                  double *mean, double *variance)
{
    const lar_term term = { .source = source, .relu_before = relu_before };
    const double count = (double)(l->batch * l->voxels);
    sums w = { .l = l, .term = &term };
    if (l->block != 16 && l->block != 8)
        return lar_plain_statistics(l, source, relu_before, mean, variance);
    const lar_status status = run(&w, mean, variance);
    for (int64_t c = 0; c < lar_layout_padded(l); c++) {
        mean[c] /= count;
        variance[c] = variance[c] / count - mean[c] * mean[c];
        if (variance[c] < 0) variance[c] = 0;
    }
    return status;
}

lar_status lar_blocked_gradient_sums(const lar_layout *l, const lar_term *term, const float *dy,
                                     const float *mean, double *sum, double *product)
{
    sums w = { .l = l, .term = term, .dy = dy, .mean = mean };
    if (l->block != 16 && l->block != 8)
        return lar_plain_gradient_sums(l, term, dy, mean, sum, product);
    return run(&w, sum, product);
}
