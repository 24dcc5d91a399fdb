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
    double *partial; /* [output][channel, and one for the bias][sample and piece] */
} head;

/* weights: of one output and block; the first block starts from the bias */
INLINE void forward_tile(int block, const float *restrict tile, const float *restrict weights,
                         float *restrict out, int count, bool first, float bias)
{
    float w[BLOCK_MAX];
    for (int k = 0; k < block; k++) w[k] = weights[k];
    for (int v = 0; v < count; v++) {
        float product[BLOCK_MAX];
        for (int k = 0; k < block; k++) product[k] = tile[v * block + k] * w[k];
        for (int half = block / 2; half > 0; half /= 2)
            for (int k = 0; k < half; k++) product[k] += product[k + half];
        out[v] = (first ? bias : out[v]) + product[0];
    }
}

INLINE void forward(int block, lar_precision type, const head *w, int64_t n, int64_t voxel,
                    int total)
{
    const int64_t channels = w->l->channels, blocks = channels / block;
    float tile[TILE * BLOCK_MAX];
    flat_term terms[LAR_TERMS];
    for (int64_t b = 0; b < blocks; b++) {
        for (int t = 0; t < w->value->count; t++)
            terms[t] = flatten(&w->value->terms[t], block, n * channels + b * block);
        for (int begin = 0; begin < total; begin += TILE) {
            const int count = total - begin < TILE ? total - begin : TILE;
            const int64_t offset = ((n * blocks + b) * w->l->voxels + voxel + begin) * block;
            value_into(block, type, LAR_FLOAT32, tile, terms, w->value->count, offset, count);
            for (int64_t o = 0; o < w->outputs; o++)
                forward_tile(block, tile, w->weights + o * channels + b * block,
                             w->out + (n * w->outputs + o) * w->l->voxels + voxel + begin, count,
                             b == 0, w->bias[o]);
        }
    }
}

BLOCKED_KERNELS(forward, (const head *w, int64_t n, int64_t voxel, int total), w, n, voxel, total)

/* n: the number of a piece of voxels of one sample, all its channels */
static lar_status forward_body(void *arg, int64_t n, int64_t begin, int64_t end)
{
    const head *w = arg;
    const int64_t sample = n / pieces_per_plane(w->l);
    const int64_t voxel = n % pieces_per_plane(w->l) * PIECE, left = w->l->voxels - voxel;
    (void)begin, (void)end;
    forward_for[w->l->type][w->l->block == 16](w, sample, voxel,
                                               (int)(left < PIECE ? left : PIECE));
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

/* dvalue: a tile */
INLINE void backward_tile(int block, const float *restrict tile, const float *restrict weights,
                          const float *restrict dout, float *restrict dvalue, float *dweights,
                          float *dbias, int count, bool first)
{
    float sum[BLOCK_MAX] = { 0 }, w[BLOCK_MAX], bias = 0;
    for (int k = 0; k < block; k++) w[k] = weights[k];
    for (int v = 0; v < count; v++) {
        const float d = dout[v];
        for (int k = 0; k < block; k++) {
            sum[k] += d * tile[v * block + k];
            dvalue[v * block + k] = (first ? 0 : dvalue[v * block + k]) + d * w[k];
        }
        bias += d;
    }
    for (int k = 0; k < block; k++) dweights[k] = sum[k];
    *dbias = bias;
}

INLINE void backward(int block, lar_precision type, const head *w, int64_t n, int64_t slot,
                     int64_t voxel, int total)
{
    const int64_t channels = w->l->channels, blocks = channels / block;
    const int64_t slots = w->l->batch * pieces_per_plane(w->l);
    float tile[TILE * BLOCK_MAX], dtile[TILE * BLOCK_MAX];
    flat_term terms[LAR_TERMS];
    for (int64_t b = 0; b < blocks; b++) {
        for (int t = 0; t < w->value->count; t++)
            terms[t] = flatten(&w->value->terms[t], block, n * channels + b * block);
        for (int begin = 0; begin < total; begin += TILE) {
            const int count = total - begin < TILE ? total - begin : TILE;
            const int64_t offset = ((n * blocks + b) * w->l->voxels + voxel + begin) * block;
            value_into(block, type, LAR_FLOAT32, tile, terms, w->value->count, offset, count);
            for (int64_t o = 0; o < w->outputs; o++) {
                float dweights[BLOCK_MAX], dbias;
                backward_tile(block, tile, w->weights + o * channels + b * block,
                              w->dout + (n * w->outputs + o) * w->l->voxels + voxel + begin, dtile,
                              dweights, &dbias, count, o == 0);
                double *to = w->partial + (o * (channels + 1) + b * block) * slots + slot;
                for (int k = 0; k < block; k++) to[k * slots] += (double)dweights[k];
                if (b == 0)
                    w->partial[(o * (channels + 1) + channels) * slots + slot] += (double)dbias;
            }
            for (int v = 0; v < count * block; v++)
                voxel_set(type, w->dvalue, offset + v, dtile[v]);
        }
    }
}

BLOCKED_KERNELS(backward, (const head *w, int64_t n, int64_t slot, int64_t voxel, int total), w, n,
                slot, voxel, total)

static lar_status backward_body(void *arg, int64_t n, int64_t begin, int64_t end)
{
    const head *w = arg;
    const int64_t sample = n / pieces_per_plane(w->l);
    const int64_t voxel = n % pieces_per_plane(w->l) * PIECE, left = w->l->voxels - voxel;
    (void)begin, (void)end;
    backward_for[w->l->type][w->l->block == 16](w, sample, n, voxel,
                                                (int)(left < PIECE ? left : PIECE));
    return LAR_OK;
}

lar_status lar_blocked_head_backward(const lar_layout *l, const lar_value *value,
                                     const float *weights, int64_t outputs, const float *dout,
                                     void *dvalue, double *dweights, double *dbias)
{
    const int64_t channels = l->channels, slots = l->batch * pieces_per_plane(l);
    if (!blocked(l))
        return lar_plain_head_backward(l, value, weights, outputs, dout, dvalue, dweights, dbias);
    double *partial = lar_alloc(outputs * (channels + 1) * slots, sizeof *partial);
    if (!partial) return LAR_EMEMORY;
    head w = { .l = l,
               .value = value,
               .weights = weights,
               .dout = dout,
               .outputs = outputs,
               .dvalue = dvalue,
               .partial = partial };
    const lar_status status = lar_parallel(slots, 1, backward_body, &w);
    for (int64_t o = 0; o < outputs; o++) {
        double *from = partial + o * (channels + 1) * slots;
        for (int64_t c = 0; c < channels; c++)
            dweights[o * channels + c] = lar_sum_pairs(from + c * slots, slots);
        dbias[o] = lar_sum_pairs(from + channels * slots, slots);
    }
    lar_free(partial);
    return status;
}
