/* The inner loops of layers without weights, compiled once per kind of processor: layers_*.c
 * include this file with LAYERS_CODE the name of their table. A vector is one voxel's block of
 * channels; of a block of 8 half of the lanes idle.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/layers_code.h"
#include "tensor/kernels/vec_math.h"

/* The body of a function for each block and precision, as constants. */
#define EACH_KIND(block, type, CALL)                                                               \
    do {                                                                                           \
        if ((block) == 16 && (type) == LAR_FLOAT32)                                                \
            CALL(16, LAR_FLOAT32);                                                                 \
        else if ((block) == 16)                                                                    \
            CALL(16, LAR_BFLOAT16);                                                                \
        else if ((type) == LAR_FLOAT32)                                                            \
            CALL(8, LAR_FLOAT32);                                                                  \
        else                                                                                       \
            CALL(8, LAR_BFLOAT16);                                                                 \
    } while (0)

/* Sums by rows, then planes, then volumes: few roundings even where the window is everything. */
INLINE vec mapped(const layer_map *m, int block, lar_precision type, int64_t plane, int64_t z,
                  int64_t y, int64_t x)
{
    const axis_map *a = m->axes;
    vec sum = { 0 };
    for (int32_t tz = a[0].start[z]; tz < a[0].start[z + 1]; tz++) {
        vec sheet = { 0 };
        for (int32_t ty = a[1].start[y]; ty < a[1].start[y + 1]; ty++) {
            const int64_t line =
                ((plane * m->from_size[0] + a[0].index[tz]) * m->from_size[1] + a[1].index[ty]) *
                m->from_size[2];
            vec row = { 0 };
            for (int32_t tx = a[2].start[x]; tx < a[2].start[x + 1]; tx++)
                row += vec_of(a[2].weight[tx]) *
                       vec_load(type, m->from, (line + a[2].index[tx]) * block, block);
            sheet += vec_of(a[1].weight[ty]) * row;
        }
        sum += vec_of(a[0].weight[tz]) * sheet;
    }
    return sum;
}

INLINE void map_plane(const layer_map *m, int block, lar_precision type, int64_t plane, int64_t z)
{
    const int64_t *size = m->to_size;
    for (int64_t y = 0; y < size[1]; y++)
        for (int64_t x = 0; x < size[2]; x++)
            vec_store(type, m->to, (((plane * size[0] + z) * size[1] + y) * size[2] + x) * block,
                      block, mapped(m, block, type, plane, z, y, x));
}

static void map(const layer_map *m, int64_t plane, int64_t z)
{
#define CALL(block, type) map_plane(m, block, type, plane, z)
    EACH_KIND(m->block, m->type, CALL);
#undef CALL
}

/* Where the window of output voxel o begins and ends along an axis. */
INLINE void window(const lar_layer *l, int axis, int64_t o, int64_t *begin, int64_t *end)
{
    *begin = o * l->stride[axis];
    *end = *begin + l->kernel[axis];
    if (*end > l->size[axis]) *end = l->size[axis];
}

INLINE void largest_plane(const lar_layer *l, int block, lar_precision type, const void *in,
                          void *out, int64_t plane, int64_t oz)
{
    const int64_t *size = l->size, *out_size = l->out_size;
    int64_t z0, z1, y0, y1, x0, x1;
    window(l, 0, oz, &z0, &z1);
    for (int64_t oy = 0; oy < out_size[1]; oy++) {
        window(l, 1, oy, &y0, &y1);
        for (int64_t ox = 0; ox < out_size[2]; ox++) {
            vec most = vec_of(-__builtin_inff());
            window(l, 2, ox, &x0, &x1);
            for (int64_t z = z0; z < z1; z++)
                for (int64_t y = y0; y < y1; y++)
                    for (int64_t x = x0; x < x1; x++) {
                        const int64_t at = ((plane * size[0] + z) * size[1] + y) * size[2] + x;
                        const vec value = vec_load(type, in, at * block, block);
                        /* a NaN is taken, and then stays */
                        most = vec_choose((value > most) | (value != value), value, most);
                    }
            vec_store(type, out,
                      (((plane * out_size[0] + oz) * out_size[1] + oy) * out_size[2] + ox) * block,
                      block, most);
        }
    }
}

static void largest(const lar_layer *l, const void *in, void *out, int64_t plane, int64_t z)
{
#define CALL(block, type) largest_plane(l, block, type, in, out, plane, z)
    EACH_KIND(l->in.block, l->in.type, CALL);
#undef CALL
}

/* Which lanes of `own`, voxel i, are the first largest of the window of o: larger than all before
 * them and at least as large as all behind. */
INLINE vec_mask is_largest(const lar_layer *l, int block, lar_precision type, const void *in,
                           int64_t plane, const int64_t i[3], const int64_t o[3], vec own)
{
    int64_t begin[3], end[3];
    vec_mask yes = own == own;
    for (int a = 0; a < 3; a++) window(l, a, o[a], &begin[a], &end[a]);
    for (int64_t z = begin[0]; z < end[0]; z++)
        for (int64_t y = begin[1]; y < end[1]; y++) {
            const int64_t line = ((plane * l->size[0] + z) * l->size[1] + y) * l->size[2];
            const bool row_before = z < i[0] || (z == i[0] && y < i[1]);
            const bool row_behind = z > i[0] || (z == i[0] && y > i[1]);
            const int64_t middle = row_before ? end[2] : row_behind ? begin[2] : i[2];
            for (int64_t x = begin[2]; x < middle; x++)
                yes &= own > vec_load(type, in, (line + x) * block, block);
            for (int64_t x = middle; x < end[2]; x++)
                yes &= own >= vec_load(type, in, (line + x) * block, block);
        }
    return yes;
}

INLINE void largest_backward_plane(const lar_layer *l, int block, lar_precision type,
                                   const void *in, const void *dout, void *din, int64_t plane,
                                   int64_t z)
{
    const int64_t *size = l->size, *out_size = l->out_size;
    int64_t i[3] = { z, 0, 0 }, o[3], low[3], high[3];
    for (i[1] = 0; i[1] < size[1]; i[1]++)
        for (i[2] = 0; i[2] < size[2]; i[2]++) {
            const int64_t at =
                (((plane * size[0] + i[0]) * size[1] + i[1]) * size[2] + i[2]) * block;
            const vec own = vec_load(type, in, at, block);
            vec sum = { 0 };
            for (int a = 0; a < 3; a++) {
                const int64_t first = i[a] - l->kernel[a] + 1; /* a window that still reaches i */
                low[a] = first > 0 ? (first + l->stride[a] - 1) / l->stride[a] : 0;
                high[a] = i[a] / l->stride[a];
                if (high[a] > out_size[a] - 1) high[a] = out_size[a] - 1;
            }
            for (o[0] = low[0]; o[0] <= high[0]; o[0]++)
                for (o[1] = low[1]; o[1] <= high[1]; o[1]++)
                    for (o[2] = low[2]; o[2] <= high[2]; o[2]++) {
                        const int64_t out =
                            ((plane * out_size[0] + o[0]) * out_size[1] + o[1]) * out_size[2] +
                            o[2];
                        const vec_mask mine = is_largest(l, block, type, in, plane, i, o, own);
                        sum +=
                            vec_choose(mine, vec_load(type, dout, out * block, block), (vec){ 0 });
                    }
            vec_store(type, din, at, block, sum);
        }
}

/* Where windows do not overlap: the largest once for each, which its first holder then takes. */
INLINE void largest_backward_apart(const lar_layer *l, int block, lar_precision type,
                                   const void *in, const void *dout, void *din, int64_t plane,
                                   int64_t z)
{
    const int64_t *size = l->size, *out_size = l->out_size, oz = z / l->stride[0];
    const int64_t sheet = size[1] * size[2], first = plane * size[0] * sheet;
    int64_t z0, z1, y0, y1, x0, x1;
    for (int64_t v = 0; v < sheet; v++) /* what is in no window */
        vec_store(type, din, (first + z * sheet + v) * block, block, (vec){ 0 });
    window(l, 0, oz, &z0, &z1);
    if (oz >= out_size[0] || z >= z1) return;
    for (int64_t oy = 0; oy < out_size[1]; oy++) {
        window(l, 1, oy, &y0, &y1);
        for (int64_t ox = 0; ox < out_size[2]; ox++) {
            const int64_t o = ((plane * out_size[0] + oz) * out_size[1] + oy) * out_size[2] + ox;
            const vec d = vec_load(type, dout, o * block, block);
            vec most = vec_of(-__builtin_inff());
            window(l, 2, ox, &x0, &x1);
            for (int64_t i = z0; i < z1; i++)
                for (int64_t y = y0; y < y1; y++)
                    for (int64_t x = x0; x < x1; x++) {
                        const int64_t at = first + i * sheet + y * size[2] + x;
                        const vec value = vec_load(type, in, at * block, block);
                        most = vec_choose((value > most) | (value != value), value, most);
                    }
            vec_mask taken = { 0 };
            for (int64_t i = z0; i <= z; i++)
                for (int64_t y = y0; y < y1; y++)
                    for (int64_t x = x0; x < x1; x++) {
                        const int64_t at = (first + i * sheet + y * size[2] + x) * block;
                        const vec_mask takes = (vec_load(type, in, at, block) == most) & ~taken;
                        taken |= takes;
                        if (i == z)
                            vec_store(type, din, at, block, vec_choose(takes, d, (vec){ 0 }));
                    }
        }
    }
}

static void largest_backward(const lar_layer *l, const void *in, const void *dout, void *din,
                             int64_t plane, int64_t z)
{
    bool apart = true;
    for (int a = 0; a < 3; a++) apart = apart && l->stride[a] >= l->kernel[a];
#define CALL(block, type)                                                                          \
    do {                                                                                           \
        if (apart)                                                                                 \
            largest_backward_apart(l, block, type, in, dout, din, plane, z);                       \
        else                                                                                       \
            largest_backward_plane(l, block, type, in, dout, din, plane, z);                       \
    } while (0)
    EACH_KIND(l->in.block, l->in.type, CALL);
#undef CALL
}

/* Phi of 0 to 14 either way, and the density. */
INLINE vec normal_below(vec x, vec *density)
{
    const vec t = vec_most((vec)((vec_words)x & 0x7fffffffU), 14);
    const vec tail = vec_normal_tail(t, density);
    return vec_choose(x < (vec){ 0 }, tail, vec_of(1) - tail);
}

INLINE vec activated(lar_layer_kind kind, vec alpha, vec x)
{
    vec density;
    if (kind == LAR_LAYER_SIGMOID) return vec_of(1) / (vec_of(1) + vec_exp(-x));
    if (kind == LAR_LAYER_ELU) return vec_choose(x > (vec){ 0 }, x, alpha * vec_exp_less_one(x));
    return vec_least(x, -14) * normal_below(x, &density);
}

/* x: the input, of a sigmoid the output */
INLINE vec activation_slope(lar_layer_kind kind, vec alpha, vec x)
{
    if (kind == LAR_LAYER_SIGMOID) return x * (vec_of(1) - x);
    if (kind == LAR_LAYER_ELU) return vec_choose(x > (vec){ 0 }, vec_of(1), alpha * vec_exp(x));
    vec density;
    const vec below = normal_below(x, &density);
    return below + vec_most(vec_least(x, -14), 14) * density;
}

INLINE void activation_lanes(lar_layer_kind kind, int lanes, lar_precision type, float alpha,
                             const void *from, const void *dout, void *to, int64_t at)
{
    const vec x = vec_load(type, from, at, lanes), a = vec_of(alpha);
    vec y;
    if (dout)
        y = vec_load(type, dout, at, lanes) * activation_slope(kind, a, x);
    else
        y = activated(kind, a, x);
    vec_store(type, to, at, lanes, y);
}

INLINE void activation_kind(lar_layer_kind kind, lar_precision type, const lar_layer *layer,
                            const void *from, const void *dout, void *to, int64_t offset, int lanes)
{
    const float alpha = (float)layer->alpha;
    int n = 0;
    for (; n + LANES <= lanes; n += LANES)
        activation_lanes(kind, 16, type, alpha, from, dout, to, offset + n);
    if (n < lanes) activation_lanes(kind, 8, type, alpha, from, dout, to, offset + n);
}

static void activation(const lar_layer *layer, const void *from, const void *dout, void *to,
                       int64_t offset, int lanes)
{
#define CALL(unused, type)                                                                         \
    do {                                                                                           \
        if (layer->kind == LAR_LAYER_ELU)                                                          \
            activation_kind(LAR_LAYER_ELU, type, layer, from, dout, to, offset, lanes);            \
        else if (layer->kind == LAR_LAYER_GELU)                                                    \
            activation_kind(LAR_LAYER_GELU, type, layer, from, dout, to, offset, lanes);           \
        else                                                                                       \
            activation_kind(LAR_LAYER_SIGMOID, type, layer, from, dout, to, offset, lanes);        \
    } while (0)
    EACH_KIND(16, layer->in.type, CALL);
#undef CALL
}

/* Which lanes of block b hold a channel at `position`. */
static vec_mask lanes_used(const lar_layer *layer, int64_t b)
{
    const int block = layer->in.block;
    vec_mask used = { 0 };
    for (int64_t j = 0; j < layer->count; j++)
        if (layer->position[j] / block == b) used[layer->position[j] % block] = -1;
    return used;
}

/* The lanes of x in another order: by 8, 4, 2, 1. */
#define TURNED(x, ...) __builtin_shufflevector(x, x, __VA_ARGS__)

/* In every lane. */
INLINE vec largest_lane(vec x)
{
    vec y = TURNED(x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    x = vec_choose(y > x, y, x);
    y = TURNED(x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    x = vec_choose(y > x, y, x);
    y = TURNED(x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    x = vec_choose(y > x, y, x);
    y = TURNED(x, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
    return vec_choose(y > x, y, x);
}

INLINE vec sum_lanes(vec x)
{
    x += TURNED(x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    x += TURNED(x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    x += TURNED(x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    return x + TURNED(x, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
}

/* The first value of block b, sample n, from `voxel` on. */
INLINE int64_t first_at(const lar_layer *layer, int block, int64_t n, int64_t b, int64_t voxel)
{
    return ((n * (layer->in.channels / block) + b) * layer->in.voxels + voxel) * block;
}

INLINE void softmax_block(const lar_layer *layer, int block, lar_precision type, const void *in,
                          void *out, int64_t n, int64_t voxel, int count)
{
    const int64_t blocks = layer->in.channels / block;
    float most[LAYER_TILE], sum[LAYER_TILE] = { 0 };
    for (int v = 0; v < count; v++) most[v] = -__builtin_inff();
    for (int step = 0; step < 3; step++) /* the largest, the sum, the quotients */
        for (int64_t b = 0; b < blocks; b++) {
            const vec_mask used = lanes_used(layer, b);
            const int64_t at = first_at(layer, block, n, b, voxel);
            for (int v = 0; v < count; v++) {
                const vec x = vec_load(type, in, at + v * block, block);
                if (step == 0) {
                    const vec low = vec_of(-__builtin_inff());
                    const float y = largest_lane(vec_choose(used, x, low))[0];
                    most[v] = y > most[v] ? y : most[v];
                    continue;
                }
                const vec below = vec_choose(used, x - vec_of(most[v]), (vec){ 0 });
                const vec y = vec_choose(used, vec_exp(below), (vec){ 0 });
                if (step == 1)
                    sum[v] += sum_lanes(y)[0];
                else
                    vec_store(type, out, at + v * block, block, y / vec_of(sum[v]));
            }
        }
}

static void softmax(const lar_layer *layer, const void *in, void *out, int64_t n, int64_t voxel,
                    int count)
{
#define CALL(block, type) softmax_block(layer, block, type, in, out, n, voxel, count)
    EACH_KIND(layer->in.block, layer->in.type, CALL);
#undef CALL
}

/* Lanes that are not used have an output of 0, and so a gradient of 0. */
INLINE void softmax_backward_block(const lar_layer *layer, int block, lar_precision type,
                                   const void *out, const void *dout, void *din, int64_t n,
                                   int64_t voxel, int count)
{
    const int64_t blocks = layer->in.channels / block;
    float sum[LAYER_TILE] = { 0 };
    for (int step = 0; step < 2; step++)
        for (int64_t b = 0; b < blocks; b++) {
            const int64_t at = first_at(layer, block, n, b, voxel);
            for (int v = 0; v < count; v++) {
                const vec y = vec_load(type, out, at + v * block, block);
                const vec dy = vec_load(type, dout, at + v * block, block);
                if (step == 0)
                    sum[v] += sum_lanes(y * dy)[0];
                else
                    vec_store(type, din, at + v * block, block, y * (dy - vec_of(sum[v])));
            }
        }
}

static void softmax_backward(const lar_layer *layer, const void *out, const void *dout, void *din,
                             int64_t n, int64_t voxel, int count)
{
#define CALL(block, type)                                                                          \
    softmax_backward_block(layer, block, type, out, dout, din, n, voxel, count)
    EACH_KIND(layer->in.block, layer->in.type, CALL);
#undef CALL
}

INLINE void dropout_block(const lar_layer *layer, int block, lar_precision type, const void *in,
                          void *out, int64_t plane, int64_t voxel, int count)
{
    const int64_t blocks = layer->in.channels / block, n = plane / blocks, b = plane % blocks;
    const int64_t at = (plane * layer->in.voxels + voxel) * block;
    const vec scale = vec_of((float)(1 / (1 - layer->alpha)));
    vec_words key0 = { 0 }, key1 = { 0 }, below = { 0 };
    vec_mask kept = { 0 }; /* channels that are not dropped whole */
    for (int64_t j = 0; j < layer->count; j++) {
        if (layer->position[j] / block != b) continue;
        const int64_t k = layer->position[j] % block;
        const drop d = drop_of(layer, n * layer->count + j);
        key0[k] = d.key[0];
        key1[k] = d.key[1];
        below[k] = layer->whole ? 0 : d.below;
        kept[k] = layer->whole && d.whole ? 0 : -1;
    }
    for (int v = 0; v < count; v++) {
        vec_words h = key0 + (uint32_t)(voxel + v) * 0x9e3779b9U; /* as drop_hash() */
        h = (h ^ h >> 16) * 0x7feb352dU;
        h = (h ^ h >> 15) * 0x846ca68bU;
        h = (h ^ h >> 16) + key1;
        const vec x = vec_load(type, in, at + v * block, block) * scale;
        vec_store(type, out, at + v * block, block, vec_choose(kept & (h >= below), x, (vec){ 0 }));
    }
}

static void dropout(const lar_layer *layer, const void *in, void *out, int64_t plane, int64_t voxel,
                    int count)
{
#define CALL(block, type) dropout_block(layer, block, type, in, out, plane, voxel, count)
    EACH_KIND(layer->in.block, layer->in.type, CALL);
#undef CALL
}

const layers_code LAYERS_CODE = { .map = map,
                                  .largest = largest,
                                  .largest_backward = largest_backward,
                                  .activation = activation,
                                  .softmax = softmax,
                                  .softmax_backward = softmax_backward,
                                  .dropout = dropout };
