/* Layers without weights over blocked layouts, by kind. Mean pooling, upsampling and padding are
 * one thing, a linear map that separates into axes, and so is the gradient of each: the transposed
 * map, which gathers too, so that threads do not meet.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/blocked.h"
#include "tensor/kernels/kernels.h"
#include "tensor/kernels/layers_code.h"

bool lar_layer_needs_input(lar_layer_kind kind)
{
    return kind == LAR_LAYER_MAX_POOL || kind == LAR_LAYER_ELU || kind == LAR_LAYER_GELU;
}

bool lar_layer_needs_output(lar_layer_kind kind)
{
    return kind == LAR_LAYER_SIGMOID || kind == LAR_LAYER_SOFTMAX;
}

static const layers_code *code_of_processor(void)
{
#ifdef __x86_64__
    const values_code *values = lar_values_code();
    if (values == &lar_values_bf16) return &lar_layers_bf16;
    if (values == &lar_values_v4) return &lar_layers_v4;
    if (values == &lar_values_v3) return &lar_layers_v3;
#endif
    return &lar_layers_any;
}

/* ---- linear maps ----------------------------------------------------------------------- */

/* The voxels of the input in voxel o of the output, at most max(2, kernel). */
static int axis_taps(const lar_layer *l, int axis, int64_t o, int32_t *index, float *weight)
{
    const int64_t size = l->size[axis], stride = l->stride[axis];
    int64_t at;
    if (l->kind == LAR_LAYER_MEAN_POOL) {
        const int64_t left = size - o * stride;
        const int64_t count = left < l->kernel[axis] ? left : l->kernel[axis];
        for (int64_t n = 0; n < count; n++) {
            index[n] = (int32_t)(o * stride + n);
            weight[n] = 1 / (float)count;
        }
        return (int)count;
    }
    if (l->kind == LAR_LAYER_LINEAR) {
        const double centre = ((double)o + 0.5) / (double)stride - 0.5;
        const double inside = centre < 0                    ? 0
                              : centre > (double)(size - 1) ? (double)(size - 1)
                                                            : centre;
        at = (int64_t)inside;
        index[0] = (int32_t)at;
        weight[0] = (float)(1 - (inside - (double)at));
        index[1] = (int32_t)(at + 1);
        weight[1] = (float)(inside - (double)at);
        return weight[1] > 0 ? 2 : 1;
    }
    at = l->kind == LAR_LAYER_NEAREST ? o / stride
                                      : border_index(l->border, o - l->padding[axis], size);
    index[0] = (int32_t)at;
    weight[0] = 1;
    return at >= 0;
}

/* Of `out` voxels from taps; transposed: of `in` voxels, what they give to. */
static bool axis_map_new(axis_map *map, const lar_layer *l, int axis, bool transposed)
{
    const int64_t in = l->size[axis], out = l->out_size[axis], rows = transposed ? in : out;
    const int64_t most =
        l->kind == LAR_LAYER_MEAN_POOL && l->kernel[axis] > 2 ? l->kernel[axis] : 2;
    int32_t *index = lar_alloc(most, sizeof *index);
    float *weight = lar_alloc(most, sizeof *weight);
    int32_t *next = lar_alloc(rows, sizeof *next);
    map->start = lar_alloc(rows + 1, sizeof *map->start);
    map->index = lar_alloc(out * most, sizeof *map->index);
    map->weight = lar_alloc(out * most, sizeof *map->weight);
    const bool done = index && weight && next && map->start && map->index && map->weight;
    for (int64_t o = 0; done && o < out; o++) {
        const int count = axis_taps(l, axis, o, index, weight);
        for (int t = 0; t < count; t++) map->start[(transposed ? index[t] : o) + 1]++;
    }
    for (int64_t n = 0; done && n < rows; n++) {
        map->start[n + 1] += map->start[n];
        next[n] = map->start[n];
    }
    for (int64_t o = 0; done && o < out; o++) {
        const int count = axis_taps(l, axis, o, index, weight);
        for (int t = 0; t < count; t++) {
            const int32_t at = next[transposed ? index[t] : o]++;
            map->index[at] = transposed ? (int32_t)o : index[t];
            map->weight[at] = weight[t];
        }
    }
    lar_free(index);
    lar_free(weight);
    lar_free(next);
    return done;
}

static lar_status map_body(void *arg, int64_t number, int64_t begin, int64_t end)
{
    const layer_map *m = arg;
    (void)number;
    for (int64_t n = begin; n < end; n++)
        code_of_processor()->map(m, n / m->to_size[0], n % m->to_size[0]);
    return LAR_OK;
}

/* False where memory is short. */
static bool linear(const lar_layer *l, bool forward, const void *from, void *to)
{
    layer_map m = { .type = l->in.type, .block = l->in.block, .from = from, .to = to };
    bool done = true;
    for (int a = 0; a < 3; a++) {
        m.from_size[a] = forward ? l->size[a] : l->out_size[a];
        m.to_size[a] = forward ? l->out_size[a] : l->size[a];
        done = done && axis_map_new(&m.axes[a], l, a, !forward);
    }
    if (done)
        lar_parallel(l->in.batch * (l->in.channels / l->in.block) * m.to_size[0], 1, map_body, &m);
    for (int a = 0; a < 3; a++) {
        lar_free(m.axes[a].start);
        lar_free(m.axes[a].index);
        lar_free(m.axes[a].weight);
    }
    return done;
}

/* ---- the others ------------------------------------------------------------------------ */

typedef struct work {
    const lar_layer *layer;
    const void *in, *out, *dout; /* in, dout: NULL where it is not the one to read */
    void *to;
} work;

static lar_status largest_body(void *arg, int64_t number, int64_t begin, int64_t end)
{
    const work *w = arg;
    const lar_layer *l = w->layer;
    const int64_t depth = w->dout ? l->size[0] : l->out_size[0];
    (void)number;
    for (int64_t n = begin; n < end; n++)
        if (w->dout)
            code_of_processor()->largest_backward(l, w->in, w->dout, w->to, n / depth, n % depth);
        else
            code_of_processor()->largest(l, w->in, w->to, n / depth, n % depth);
    return LAR_OK;
}

static lar_status activation_body(void *arg, int64_t number, int64_t begin, int64_t end)
{
    const work *w = arg;
    (void)number;
    code_of_processor()->activation(w->layer, w->in ? w->in : w->out, w->dout, w->to, begin,
                                    (int)(end - begin));
    return LAR_OK;
}

/* Tiles of voxels of each sample. */
static lar_status softmax_body(void *arg, int64_t number, int64_t begin, int64_t end)
{
    const work *w = arg;
    const int64_t voxels = w->layer->in.voxels, tiles = lar_piece_count(voxels, LAYER_TILE);
    (void)number;
    for (int64_t t = begin; t < end; t++) {
        const int64_t voxel = t % tiles * LAYER_TILE, left = voxels - voxel;
        const int count = (int)(left < LAYER_TILE ? left : LAYER_TILE);
        if (w->dout)
            code_of_processor()->softmax_backward(w->layer, w->out, w->dout, w->to, t / tiles,
                                                  voxel, count);
        else
            code_of_processor()->softmax(w->layer, w->in, w->to, t / tiles, voxel, count);
    }
    return LAR_OK;
}

/* Pieces of each block of channels. */
static lar_status dropout_body(void *arg, int64_t number, int64_t begin, int64_t end)
{
    const work *w = arg;
    const int64_t voxels = w->layer->in.voxels, pieces = lar_piece_count(voxels, PIECE);
    (void)number;
    for (int64_t p = begin; p < end; p++) {
        const int64_t voxel = p % pieces * PIECE, left = voxels - voxel;
        code_of_processor()->dropout(w->layer, w->in, w->to, p / pieces, voxel,
                                     (int)(left < PIECE ? left : PIECE));
    }
    return LAR_OK;
}

/* Forward without dout. False where memory is short. */
static bool run(const lar_layer *l, const void *in, const void *out, const void *dout, void *to)
{
    work w = { l, in, out, dout, to };
    const int64_t voxels = l->in.voxels, planes = l->in.batch * (l->in.channels / l->in.block);
    switch (l->kind) {
    case LAR_LAYER_MAX_POOL:
        lar_parallel(planes * (dout ? l->size[0] : l->out_size[0]), 1, largest_body, &w);
        return true;
    case LAR_LAYER_ELU:
    case LAR_LAYER_GELU:
    case LAR_LAYER_SIGMOID:
        if (dout && l->kind == LAR_LAYER_SIGMOID) w.in = NULL;
        lar_parallel(lar_layout_count(&l->in), (int64_t)PIECE * BLOCK_MAX, activation_body, &w);
        return true;
    case LAR_LAYER_SOFTMAX:
        lar_parallel(l->in.batch * lar_piece_count(voxels, LAYER_TILE), 8, softmax_body, &w);
        return true;
    case LAR_LAYER_DROPOUT:
        w.in = dout ? dout : in;
        lar_parallel(planes * lar_piece_count(voxels, PIECE), 1, dropout_body, &w);
        return true;
    default:
        return linear(l, !dout, dout ? dout : in, to);
    }
}

void lar_blocked_layer_forward(const lar_layer *layer, const void *in, void *out)
{
    if (!blocked(&layer->in) || !run(layer, in, NULL, NULL, out))
        lar_plain_layer_forward(layer, in, out);
}

void lar_blocked_layer_backward(const lar_layer *layer, const void *in, const void *out,
                                const void *dout, void *din)
{
    if (!blocked(&layer->in) || !run(layer, in, out, dout, din))
        lar_plain_layer_backward(layer, in, out, dout, din);
}
