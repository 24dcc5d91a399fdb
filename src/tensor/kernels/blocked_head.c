/* The last 1x1x1 convolution over blocked layouts. Its input is built tile by tile from what is
 * kept and never stored: at full size that would be the largest tensor of the step.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/blocked.h"
#include "tensor/kernels/kernels.h"

typedef struct head {
    const lar_layout *l;
    const lar_value *value;
    const float *weights, *bias, *dout;
    int64_t outputs;
    float *out;
    void *dvalue;
    double *partial; /* [sample and piece][output][channel, and one for the bias] */
} head;

/* n: the number of a piece of voxels of one sample, all its channels */
static lar_status forward_body(void *arg, int64_t n, int64_t begin, int64_t end)
{
    const head *w = arg;
    const lar_layout *l = w->l;
    const values_code *code = lar_values_code();
    const int64_t sample = n / pieces_per_plane(l), blocks = l->channels / l->block;
    const int64_t voxel = n % pieces_per_plane(l) * PIECE, left = l->voxels - voxel;
    const int total = (int)(left < PIECE ? left : PIECE);
    float tile[TILE * BLOCK_MAX];
    flat_term terms[LAR_TERMS];
    (void)begin, (void)end;
    for (int64_t b = 0; b < blocks; b++) {
        const int64_t plane = sample * blocks + b;
        for (int t = 0; t < w->value->count; t++)
            terms[t] = flatten(&w->value->terms[t], l->block, plane * l->block);
        for (int at = 0; at < total; at += TILE) {
            const int count = total - at < TILE ? total - at : TILE;
            code->tile(l->type, tile, terms, w->value->count,
                       (plane * l->voxels + voxel + at) * l->block, count * l->block);
            for (int64_t o = 0; o < w->outputs; o++)
                code->dot(l->block, tile, w->weights + o * l->channels + b * l->block,
                          w->out + (sample * w->outputs + o) * l->voxels + voxel + at, count,
                          b == 0, w->bias[o]);
        }
    }
    return LAR_OK;
}

void lar_blocked_head(const lar_layout *l, const lar_value *value, const float *weights,
                      const float *bias, int64_t outputs, float *out)
{
    head w = {
        .l = l, .value = value, .weights = weights, .bias = bias, .outputs = outputs, .out = out
    };
    if (!blocked(l))
        lar_plain_head(l, value, weights, bias, outputs, out);
    else
        lar_parallel(l->batch * pieces_per_plane(l), 1, forward_body, &w);
}

static lar_status backward_body(void *arg, int64_t n, int64_t begin, int64_t end)
{
    const head *w = arg;
    const lar_layout *l = w->l;
    const values_code *code = lar_values_code();
    const int64_t sample = n / pieces_per_plane(l), blocks = l->channels / l->block;
    const int64_t voxel = n % pieces_per_plane(l) * PIECE, left = l->voxels - voxel;
    const int total = (int)(left < PIECE ? left : PIECE);
    float tile[TILE * BLOCK_MAX], dtile[TILE * BLOCK_MAX];
    flat_term terms[LAR_TERMS];
    (void)begin, (void)end;
    for (int64_t b = 0; b < blocks; b++) {
        const int64_t plane = sample * blocks + b;
        for (int t = 0; t < w->value->count; t++)
            terms[t] = flatten(&w->value->terms[t], l->block, plane * l->block);
        for (int at = 0; at < total; at += TILE) {
            const int count = total - at < TILE ? total - at : TILE;
            const int64_t offset = (plane * l->voxels + voxel + at) * l->block;
            code->tile(l->type, tile, terms, w->value->count, offset, count * l->block);
            for (int64_t o = 0; o < w->outputs; o++) {
                float dweights[BLOCK_MAX], dbias;
                code->dot_backward(l->block, tile, w->weights + o * l->channels + b * l->block,
                                   w->dout + (sample * w->outputs + o) * l->voxels + voxel + at,
                                   dtile, dweights, &dbias, count, o == 0);
                double *to = w->partial + (n * w->outputs + o) * (l->channels + 1);
                for (int k = 0; k < l->block; k++) to[b * l->block + k] += (double)dweights[k];
                if (b == 0) to[l->channels] += (double)dbias;
            }
            code->keep(l->type, w->dvalue, offset, dtile, count * l->block);
        }
    }
    return LAR_OK;
}

lar_status lar_blocked_head_backward(const lar_layout *l, const lar_value *value,
                                     const float *weights, int64_t outputs, const float *dout,
                                     void *dvalue, double *dweights, double *dbias)
{
    const int64_t channels = l->channels, slots = l->batch * pieces_per_plane(l);
    if (!blocked(l))
        return lar_plain_head_backward(l, value, weights, outputs, dout, dvalue, dweights, dbias);
    const int64_t sums = outputs * (channels + 1);
    double *partial = lar_alloc((sums + 1) * slots, sizeof *partial);
    if (!partial) return LAR_EMEMORY;
    head w = { .l = l,
               .value = value,
               .weights = weights,
               .dout = dout,
               .outputs = outputs,
               .dvalue = dvalue,
               .partial = partial };
    const lar_status status = lar_parallel(slots, 1, backward_body, &w);
    double *column = partial + sums * slots;
    for (int64_t c = 0; c < sums; c++) {
        const int64_t o = c / (channels + 1), k = c % (channels + 1);
        for (int64_t n = 0; n < slots; n++) column[n] = partial[n * sums + c];
        *(k < channels ? &dweights[o * channels + k] : &dbias[o]) = lar_sum_pairs(column, slots);
    }
    lar_free(partial);
    return status;
}
