/* Plain twins of the layers without weights: any block and precision, in double, one thread. Mean
 * pooling, upsampling and padding are linear maps that separate into axes; here each is said by
 * the weight of one voxel in another, and backward by the same weights the other way round.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "tensor/kernels/kernels.h"
#include "tensor/kernels/layer_parts.h"

/* The weight of voxel i of the input in voxel o of the output along one axis. */
static double weight_of(const lar_layer *y, int axis, int64_t o, int64_t i)
{
    const int64_t size = y->size[axis], stride = y->stride[axis], kernel = y->kernel[axis];
    if (y->kind == LAR_LAYER_MEAN_POOL) {
        const int64_t end = o * stride + kernel < size ? o * stride + kernel : size;
        return i >= o * stride && i < end ? 1 / (double)(end - o * stride) : 0;
    }
    if (y->kind == LAR_LAYER_NEAREST) return i == o / stride;
    if (y->kind == LAR_LAYER_PAD) return i == border_index(y->border, o - y->padding[axis], size);
    const double centre = ((double)o + 0.5) / (double)stride - 0.5;
    const double at = fmin(fmax(centre, 0), (double)(size - 1));
    return fmax(0, 1 - fabs(at - (double)i));
}

typedef struct channel {
    lar_layout l;
    int64_t n, c;
    const int64_t *size;
} channel;

static int64_t index_of(const channel *ch, int64_t z, int64_t y, int64_t x)
{
    return voxel_index(&ch->l, ch->n, ch->c, (z * ch->size[1] + y) * ch->size[2] + x);
}

/* One voxel of `to` from one channel of `from`; forward: to is the output. */
static double mapped(const lar_layer *layer, bool forward, const channel *from, const void *tensor,
                     const int64_t to[3])
{
#define WEIGHT(axis, f) weight_of(layer, axis, forward ? to[axis] : f, forward ? f : to[axis])
    double sum = 0;
    for (int64_t z = 0; z < from->size[0]; z++) {
        const double wz = WEIGHT(0, z);
        for (int64_t y = 0; wz != 0 && y < from->size[1]; y++) {
            const double wy = wz * WEIGHT(1, y);
            for (int64_t x = 0; wy != 0 && x < from->size[2]; x++) {
                const double wx = wy * WEIGHT(2, x);
                if (wx != 0)
                    sum += wx * (double)voxel_at(from->l.type, tensor, index_of(from, z, y, x));
            }
        }
    }
    return sum;
#undef WEIGHT
}

/* The window of an output voxel: the index of its first largest value (a NaN is larger). */
static int64_t largest(const lar_layer *layer, const channel *in, const void *tensor,
                       const int64_t o[3])
{
    int64_t at = -1, first[3], end[3];
    float most = 0;
    for (int a = 0; a < 3; a++) {
        first[a] = o[a] * layer->stride[a];
        end[a] = first[a] + layer->kernel[a];
        if (end[a] > layer->size[a]) end[a] = layer->size[a];
    }
    for (int64_t z = first[0]; z < end[0]; z++)
        for (int64_t y = first[1]; y < end[1]; y++)
            for (int64_t x = first[2]; x < end[2]; x++) {
                const int64_t index = index_of(in, z, y, x);
                const float value = voxel_at(in->l.type, tensor, index);
                if (at >= 0 && !(value > most) && (value == value || most != most)) continue;
                at = index;
                most = value;
            }
    return at;
}

/* The gradient that one voxel of the input receives, from windows that it is the largest of. */
static double unpooled(const lar_layer *layer, const channel *in, const void *tensor,
                       const channel *out, const void *dout, const int64_t i[3])
{
    double sum = 0;
    int64_t o[3], low[3], high[3];
    for (int a = 0; a < 3; a++) {
        const int64_t before = i[a] - layer->kernel[a] + 1; /* the first that still reaches i */
        low[a] = before > 0 ? (before + layer->stride[a] - 1) / layer->stride[a] : 0;
        high[a] = i[a] / layer->stride[a];
        if (high[a] > layer->out_size[a] - 1) high[a] = layer->out_size[a] - 1;
    }
    for (o[0] = low[0]; o[0] <= high[0]; o[0]++)
        for (o[1] = low[1]; o[1] <= high[1]; o[1]++)
            for (o[2] = low[2]; o[2] <= high[2]; o[2]++)
                if (largest(layer, in, tensor, o) == index_of(in, i[0], i[1], i[2]))
                    sum += (double)voxel_at(out->l.type, dout, index_of(out, o[0], o[1], o[2]));
    return sum;
}

static void spatial_forward(const lar_layer *layer, const void *in, void *out)
{
    for (int64_t n = 0; n < layer->in.batch; n++)
        for (int64_t c = 0; c < layer->in.channels; c++) {
            const channel from = { layer->in, n, c, layer->size };
            const channel to = { layer->out, n, c, layer->out_size };
            int64_t o[3];
            for (o[0] = 0; o[0] < layer->out_size[0]; o[0]++)
                for (o[1] = 0; o[1] < layer->out_size[1]; o[1]++)
                    for (o[2] = 0; o[2] < layer->out_size[2]; o[2]++) {
                        const float x =
                            layer->kind == LAR_LAYER_MAX_POOL
                                ? voxel_at(layer->in.type, in, largest(layer, &from, in, o))
                                : (float)mapped(layer, true, &from, in, o);
                        voxel_set(layer->out.type, out, index_of(&to, o[0], o[1], o[2]), x);
                    }
        }
}

static void spatial_backward(const lar_layer *layer, const void *in, const void *dout, void *din)
{
    for (int64_t n = 0; n < layer->in.batch; n++)
        for (int64_t c = 0; c < layer->in.channels; c++) {
            const channel to = { layer->in, n, c, layer->size };
            const channel from = { layer->out, n, c, layer->out_size };
            int64_t i[3];
            for (i[0] = 0; i[0] < layer->size[0]; i[0]++)
                for (i[1] = 0; i[1] < layer->size[1]; i[1]++)
                    for (i[2] = 0; i[2] < layer->size[2]; i[2]++) {
                        const double d = layer->kind == LAR_LAYER_MAX_POOL
                                             ? unpooled(layer, &to, in, &from, dout, i)
                                             : mapped(layer, false, &from, dout, i);
                        voxel_set(layer->in.type, din, index_of(&to, i[0], i[1], i[2]), (float)d);
                    }
        }
}

static double activated(const lar_layer *layer, double x)
{
    if (layer->kind == LAR_LAYER_ELU) return x > 0 ? x : layer->alpha * expm1(x);
    if (layer->kind == LAR_LAYER_GELU) return x * erfc(-x / sqrt(2)) / 2;
    return 1 / (1 + exp(-x));
}

/* x: the input, of a sigmoid the output */
static double slope_of(const lar_layer *layer, double x)
{
    const double pi = 3.14159265358979323846;
    if (layer->kind == LAR_LAYER_ELU) return x > 0 ? 1 : layer->alpha * exp(x);
    if (layer->kind == LAR_LAYER_GELU)
        return erfc(-x / sqrt(2)) / 2 + x * exp(-x * x / 2) / sqrt(2 * pi);
    return x * (1 - x);
}

/* Voxel v of channel number j of those at `position`. */
static int64_t place(const lar_layer *layer, int64_t n, int64_t j, int64_t v)
{
    return voxel_index(&layer->in, n, layer->position[j], v);
}

static void softmax_forward(const lar_layer *layer, const void *in, void *out)
{
    const lar_precision type = layer->in.type;
    for (int64_t n = 0; n < layer->in.batch; n++)
        for (int64_t v = 0; v < layer->in.voxels; v++) {
            double most = -INFINITY, sum = 0;
            for (int64_t j = 0; j < layer->count; j++)
                most = fmax(most, (double)voxel_at(type, in, place(layer, n, j, v)));
            for (int64_t j = 0; j < layer->count; j++)
                sum += exp((double)voxel_at(type, in, place(layer, n, j, v)) - most);
            for (int64_t j = 0; j < layer->count; j++) {
                const int64_t at = place(layer, n, j, v);
                voxel_set(type, out, at, (float)(exp((double)voxel_at(type, in, at) - most) / sum));
            }
        }
}

static void softmax_backward(const lar_layer *layer, const void *out, const void *dout, void *din)
{
    const lar_precision type = layer->in.type;
    for (int64_t n = 0; n < layer->in.batch; n++)
        for (int64_t v = 0; v < layer->in.voxels; v++) {
            double sum = 0;
            for (int64_t j = 0; j < layer->count; j++) {
                const int64_t at = place(layer, n, j, v);
                sum += (double)voxel_at(type, out, at) * (double)voxel_at(type, dout, at);
            }
            for (int64_t j = 0; j < layer->count; j++) {
                const int64_t at = place(layer, n, j, v);
                const double y = (double)voxel_at(type, out, at);
                voxel_set(type, din, at, (float)(y * ((double)voxel_at(type, dout, at) - sum)));
            }
        }
}

/* Forward and backward are one. */
static void dropout(const lar_layer *layer, const void *in, void *out)
{
    const float scale = (float)(1 / (1 - layer->alpha));
    for (int64_t n = 0; n < layer->in.batch; n++)
        for (int64_t j = 0; j < layer->count; j++) {
            const drop d = drop_of(layer, n * layer->count + j);
            for (int64_t v = 0; v < layer->in.voxels; v++) {
                const int64_t at = place(layer, n, j, v);
                const bool gone =
                    layer->whole ? d.whole : drop_hash(d.key[0], d.key[1], (uint32_t)v) < d.below;
                voxel_set(layer->in.type, out, at,
                          gone ? 0 : voxel_at(layer->in.type, in, at) * scale);
            }
        }
}

void lar_plain_layer_forward(const lar_layer *layer, const void *in, void *out)
{
    switch (layer->kind) {
    case LAR_LAYER_ELU:
    case LAR_LAYER_GELU:
    case LAR_LAYER_SIGMOID:
        for (int64_t n = 0; n < lar_layout_count(&layer->in); n++)
            voxel_set(layer->in.type, out, n,
                      (float)activated(layer, (double)voxel_at(layer->in.type, in, n)));
        break;
    case LAR_LAYER_SOFTMAX:
        memset(out, 0, lar_layout_bytes(&layer->out));
        softmax_forward(layer, in, out);
        break;
    case LAR_LAYER_DROPOUT:
        memset(out, 0, lar_layout_bytes(&layer->out));
        dropout(layer, in, out);
        break;
    default:
        spatial_forward(layer, in, out);
    }
}

void lar_plain_layer_backward(const lar_layer *layer, const void *in, const void *out,
                              const void *dout, void *din)
{
    const void *from = layer->kind == LAR_LAYER_SIGMOID ? out : in;
    switch (layer->kind) {
    case LAR_LAYER_ELU:
    case LAR_LAYER_GELU:
    case LAR_LAYER_SIGMOID:
        for (int64_t n = 0; n < lar_layout_count(&layer->in); n++)
            voxel_set(layer->in.type, din, n,
                      (float)(slope_of(layer, (double)voxel_at(layer->in.type, from, n)) *
                              (double)voxel_at(layer->in.type, dout, n)));
        break;
    case LAR_LAYER_SOFTMAX:
        memset(din, 0, lar_layout_bytes(&layer->in));
        softmax_backward(layer, out, dout, din);
        break;
    case LAR_LAYER_DROPOUT:
        memset(din, 0, lar_layout_bytes(&layer->in));
        dropout(layer, dout, din);
        break;
    default:
        spatial_backward(layer, in, dout, din);
    }
}
