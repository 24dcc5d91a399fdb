/* Building a network node by node, and its blocks of weights, gradients and running statistics.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net/graph.h"

#include <math.h>

#include "math/math.h"

lar_status lar_net_new(lar_net **out)
{
    lar_status status = LAR_OK;
    lar_net *net = lar_alloc(1, sizeof *net);
    *out = NULL;
    if (!net) return LAR_EMEMORY;
    net->output = net->head = -1;
    LAR_TRY(lar_arena_new(&net->arena));
    *out = net;
    net = NULL;
done:
    lar_net_free(net);
    return status;
}

void lar_net_free(lar_net *net)
{
    if (!net) return;
    lar_arena_free(net->arena);
    lar_free(net->weights);
    lar_free(net->gradients);
    lar_free(net->running);
    lar_free(net);
}

static lar_node fail(lar_net *net, lar_status status, const char *sentence)
{
    if (net->failed == LAR_OK) {
        net->failed = status;
        snprintf(net->sentence, sizeof net->sentence, "%s", sentence);
    }
    return (lar_node){ -1 };
}

static lar_node fail_at(lar_net *net, const char *name, const char *why)
{
    char sentence[256];
    snprintf(sentence, sizeof sentence, "layer '%s' %s", name, why);
    return fail(net, LAR_EARGUMENT, sentence);
}

static net_node node_of(net_kind kind, lar_node a, int64_t channels)
{
    return (net_node){ .kind = kind,
                       .a = a.id,
                       .b = -1,
                       .like = -1,
                       .channels = channels,
                       .weight = -1,
                       .bias = -1,
                       .second = -1,
                       .mean = -1,
                       .variance = -1 };
}

static lar_node add_node(lar_net *net, net_node node)
{
    if (net->failed != LAR_OK) return (lar_node){ -1 };
    if (net->finished) return fail(net, LAR_EARGUMENT, "a finished network cannot grow");
    if (net->node_count == LAR_NET_NODES)
        return fail(net, LAR_EUNSUPPORTED, "a network has 1024 layers at most");
    if (node.a >= 0) net->nodes[node.a].uses++;
    if (node.b >= 0) net->nodes[node.b].uses++;
    net->nodes[net->node_count] = node;
    return (lar_node){ net->node_count++ };
}

/* What each call asks first: nothing failed, and what it reads is there. */
static bool reads(lar_net *net, lar_node x, const char *what)
{
    if (net->failed != LAR_OK) return false;
    if (x.id >= 0 && x.id < net->node_count) return true;
    fail_at(net, what, "reads a layer that is not there");
    return false;
}

static int add_param(lar_net *net, const char *name, const char *suffix, int dims,
                     const int64_t *size, bool running)
{
    const int number = (int)net->param_count;
    lar_net_param *p = &net->params[number];
    if (net->failed != LAR_OK) return -1;
    p->name = lar_arena_format(net->arena, "%s.%s", name, suffix);
    if (!p->name) return fail(net, LAR_EMEMORY, lar_error()).id;
    for (int n = 0; n < number; n++)
        if (lar_text_is(net->params[n].name, p->name))
            return fail_at(net, name, "is there twice").id;
    p->dims = dims;
    p->count = 1;
    for (int d = 0; d < dims; d++) {
        p->size[d] = size[d];
        if (__builtin_mul_overflow(p->count, size[d], &p->count) || p->count > INT32_MAX)
            return fail_at(net, name, "has more weights than a network may have (2147483647)").id;
    }
    p->running = running;
    int64_t *total = running ? &net->running_count : &net->weight_count;
    if (*total > INT32_MAX - p->count)
        return fail_at(net, name, "makes more weights than a network may have (2147483647)").id;
    p->offset = *total;
    *total += p->count;
    net->param_count++;
    return number;
}

lar_node lar_net_input(lar_net *net, int64_t channels)
{
    if (net->node_count) return fail(net, LAR_EARGUMENT, "the input is the first layer, and one");
    if (channels < 1) return fail(net, LAR_EARGUMENT, "an input has at least one channel");
    return add_node(net, node_of(NET_INPUT, (lar_node){ -1 }, channels));
}

/* From i, j, k with zeros for ones to z, y, x. */
static void turn(int64_t to[3], const int64_t from[3])
{
    for (int a = 0; a < 3; a++) to[a] = from[2 - a] == 0 ? 1 : from[2 - a];
}

/* Checks what does not depend on the layer before, and fills what was left out. */
static bool conv_params(lar_net *net, const char *name, const lar_conv_params *params,
                        lar_conv_params *out)
{
    *out = *params;
    turn(out->kernel, params->kernel);
    turn(out->stride, params->stride);
    turn(out->dilation, params->dilation);
    if (out->groups == 0) out->groups = 1;
    if (out->filters < 1) return fail_at(net, name, "needs at least one filter"), false;
    for (int a = 0; a < 3; a++) {
        const bool sane = out->kernel[a] >= 1 && out->kernel[a] <= 15 && out->stride[a] >= 1 &&
                          out->stride[a] <= 16 && out->dilation[a] >= 1 && out->dilation[a] <= 64;
        if (!sane)
            return fail_at(net, name,
                           "needs a kernel of 1 to 15, a stride of 1 to 16 and a dilation of 1 to "
                           "64"),
                   false;
        if (out->padding != LAR_PAD_NONE && out->stride[a] == 1 && out->kernel[a] % 2 == 0)
            return fail_at(net, name, "needs an odd kernel, or no padding"), false;
    }
    return true;
}

static void add_kernel(lar_net *net, net_node *node, const char *name, const int64_t size[5],
                       int dims)
{
    /* spectral norm's rows are filters, weight norm's the first axis, as in PyTorch */
    const bool up = node->kind == NET_UPCONV;
    const int64_t rows = size[up], columns = size[!up] * size[2] * size[3] * size[4];
    const int64_t ones[5] = { size[0], 1, 1, 1, 1 };
    switch (node->conv.normalize) {
    case LAR_KERNEL_WEIGHT_NORM:
        node->weight = add_param(net, name, "weight_g", 5, ones, false);
        node->second = add_param(net, name, "weight_v", 5, size, false);
        break;
    case LAR_KERNEL_SPECTRAL_NORM:
        node->weight = add_param(net, name, "weight_orig", 5, size, false);
        node->second = add_param(net, name, "weight_u", 1, &rows, true);
        add_param(net, name, "weight_v", 1, &columns, true);
        break;
    default:
        node->weight = add_param(net, name, "weight", dims, size, false);
    }
}

static lar_node add_bias(lar_net *net, lar_node x, const char *name, int64_t channels)
{
    net_node node = node_of(NET_BIAS, x, channels);
    if (net->failed != LAR_OK) return (lar_node){ -1 };
    node.bias = add_param(net, name, "bias", 1, &channels, false);
    return add_node(net, node);
}

static lar_node add_conv(lar_net *net, lar_node x, const char *name, const lar_conv_params *params,
                         int dims)
{
    net_node node = node_of(NET_CONV, x, params->filters);
    const int64_t in = net->nodes[x.id].channels, g = params->groups;
    if (g < 1 || in % g || params->filters % g)
        return fail_at(net, name, "needs groups that divide its channels and filters");
    const int64_t size[5] = { params->filters, in / g, params->kernel[0], params->kernel[1],
                              params->kernel[2] };
    node.conv = *params;
    add_kernel(net, &node, name, size, dims);
    x = add_node(net, node);
    return params->bias ? add_bias(net, x, name, params->filters) : x;
}

lar_node lar_net_conv(lar_net *net, lar_node x, const char *name, const lar_conv_params *params)
{
    static const int borders[] = { LAR_BORDER_ZERO, LAR_BORDER_REFLECT, LAR_BORDER_REPLICATE,
                                   LAR_BORDER_CIRCULAR };
    lar_conv_params full;
    if (!reads(net, x, name) || !conv_params(net, name, params, &full)) return (lar_node){ -1 };
    if (full.padding != LAR_PAD_ZERO && full.padding != LAR_PAD_NONE) {
        net_node pad = node_of(NET_LAYER, x, net->nodes[x.id].channels);
        pad.layer.kind = LAR_LAYER_PAD;
        pad.layer.border = borders[full.padding];
        for (int a = 0; a < 3; a++)
            pad.layer.padding[a] = full.dilation[a] * (full.kernel[a] - 1) / 2;
        x = add_node(net, pad);
        if (x.id < 0) return x;
        full.padding = LAR_PAD_NONE;
    }
    return add_conv(net, x, name, &full, 5);
}

lar_node lar_net_linear(lar_net *net, lar_node x, const char *name, int64_t filters)
{
    lar_conv_params full;
    const lar_conv_params params = { .filters = filters, .bias = true };
    if (!reads(net, x, name) || !conv_params(net, name, &params, &full)) return (lar_node){ -1 };
    return add_conv(net, x, name, &full, 2);
}

lar_node lar_net_upconv(lar_net *net, lar_node x, lar_node like, const char *name,
                        const lar_conv_params *params)
{
    lar_conv_params full;
    if (!reads(net, x, name) || !reads(net, like, name)) return (lar_node){ -1 };
    if (!conv_params(net, name, params, &full)) return (lar_node){ -1 };
    if (full.padding != LAR_PAD_ZERO || full.groups != 1)
        return fail_at(net, name, "is transposed: zero padding and one group alone");
    net_node node = node_of(NET_UPCONV, x, full.filters);
    node.like = like.id;
    node.conv = full;
    const int64_t size[5] = { net->nodes[x.id].channels, full.filters, full.kernel[0],
                              full.kernel[1], full.kernel[2] };
    add_kernel(net, &node, name, size, 5);
    x = add_node(net, node);
    return full.bias ? add_bias(net, x, name, full.filters) : x;
}

lar_node lar_net_norm(lar_net *net, lar_node x, const char *name, const lar_norm_params *params)
{
    if (!reads(net, x, name)) return (lar_node){ -1 };
    const int64_t channels = net->nodes[x.id].channels;
    net_node node = node_of(NET_NORM, x, channels);
    node.norm = *params;
    if (params->kind == LAR_NORM_GROUP && (params->groups < 1 || channels % params->groups))
        return fail_at(net, name, "needs groups that divide its channels");
    if (!params->plain) {
        node.weight = add_param(net, name, "weight", 1, &channels, false);
        node.bias = add_param(net, name, "bias", 1, &channels, false);
    }
    if (params->kind == LAR_NORM_BATCH) {
        node.mean = add_param(net, name, "running_mean", 1, &channels, true);
        node.variance = add_param(net, name, "running_var", 1, &channels, true);
    }
    return add_node(net, node);
}

lar_node lar_net_leaky(lar_net *net, lar_node x, double slope)
{
    if (!reads(net, x, "relu")) return (lar_node){ -1 };
    if (!(slope >= 0 && slope <= 1))
        return fail(net, LAR_EARGUMENT, "the slope of a leaky relu lies between 0 and 1");
    net_node node = node_of(NET_LEAKY, x, net->nodes[x.id].channels);
    node.slope = slope;
    return add_node(net, node);
}

lar_node lar_net_relu(lar_net *net, lar_node x)
{
    return lar_net_leaky(net, x, 0);
}

static lar_node add_layer(lar_net *net, lar_node x, lar_layer layer)
{
    net_node node = node_of(NET_LAYER, x, net->nodes[x.id].channels);
    node.layer = layer;
    return add_node(net, node);
}

lar_node lar_net_activation(lar_net *net, lar_node x, lar_layer_kind kind, double alpha)
{
    if (!reads(net, x, "activation")) return (lar_node){ -1 };
    return add_layer(net, x, (lar_layer){ .kind = kind, .alpha = alpha });
}

lar_node lar_net_dropout(lar_net *net, lar_node x, double probability, bool whole)
{
    if (!reads(net, x, "dropout")) return (lar_node){ -1 };
    if (!(probability >= 0 && probability < 1))
        return fail(net, LAR_EARGUMENT, "the probability of dropout is at least 0 and below 1");
    return add_layer(net, x,
                     (lar_layer){ .kind = LAR_LAYER_DROPOUT,
                                  .alpha = probability,
                                  .whole = whole,
                                  .stream = (uint64_t)net->node_count });
}

lar_node lar_net_pool(lar_net *net, lar_node x, lar_layer_kind kind, const int64_t kernel[3],
                      const int64_t stride[3])
{
    lar_layer layer = { .kind = kind };
    if (!reads(net, x, "pool")) return (lar_node){ -1 };
    turn(layer.kernel, kernel);
    turn(layer.stride, stride);
    for (int a = 0; a < 3; a++)
        if (layer.kernel[a] < 1 || layer.stride[a] < 1 || layer.kernel[a] > 1024 ||
            layer.stride[a] > 1024)
            return fail(net, LAR_EARGUMENT, "a pool has a kernel and a stride of 1 to 1024");
    return add_layer(net, x, layer);
}

lar_node lar_net_global_pool(lar_net *net, lar_node x) /* a kernel of 0: all there is */
{
    if (!reads(net, x, "pool")) return (lar_node){ -1 };
    return add_layer(net, x, (lar_layer){ .kind = LAR_LAYER_MEAN_POOL, .stride = { 1, 1, 1 } });
}

lar_node lar_net_upsample(lar_net *net, lar_node x, lar_node like, lar_layer_kind kind,
                          const int64_t factor[3])
{
    net_node node;
    if (!reads(net, x, "upsample") || !reads(net, like, "upsample")) return (lar_node){ -1 };
    node = node_of(NET_LAYER, x, net->nodes[x.id].channels);
    node.like = like.id;
    node.layer.kind = kind;
    turn(node.layer.stride, factor);
    for (int a = 0; a < 3; a++)
        if (node.layer.stride[a] < 1 || node.layer.stride[a] > 64)
            return fail(net, LAR_EARGUMENT, "an upsampling has factors of 1 to 64");
    return add_node(net, node);
}

static bool both(lar_net *net, lar_node a, lar_node b, const char *what)
{
    return reads(net, a, what) && reads(net, b, what);
}

lar_node lar_net_add(lar_net *net, lar_node a, lar_node b)
{
    if (!both(net, a, b, "sum")) return (lar_node){ -1 };
    const int64_t channels = net->nodes[a.id].channels;
    if (channels != net->nodes[b.id].channels) {
        char sentence[128];
        snprintf(sentence, sizeof sentence,
                 "the two sides of a sum have unequal channels, %lld and %lld", (long long)channels,
                 (long long)net->nodes[b.id].channels);
        return fail(net, LAR_EARGUMENT, sentence);
    }
    net_node node = node_of(NET_ADD, a, channels);
    node.b = b.id;
    return add_node(net, node);
}

lar_node lar_net_concat(lar_net *net, lar_node a, lar_node b)
{
    if (!both(net, a, b, "concat")) return (lar_node){ -1 };
    net_node node = node_of(NET_CONCAT, a, net->nodes[a.id].channels + net->nodes[b.id].channels);
    node.b = b.id;
    return add_node(net, node);
}

int64_t lar_net_channels(const lar_net *net, lar_node x)
{
    const bool there = net->failed == LAR_OK && x.id >= 0 && x.id < net->node_count;
    return there ? net->nodes[x.id].channels : 0;
}

void lar_net_output(lar_net *net, lar_node x)
{
    if (net->failed != LAR_OK) return;
    if (!reads(net, x, "output") || net->output >= 0) {
        fail(net, LAR_EARGUMENT, "a network has one output, a layer that is there");
        return;
    }
    net->output = x.id;
    net->nodes[x.id].uses++;
}

/* From the output down through what works voxel by voxel, to a 1x1x1 convolution with bias. */
static int find_head(const lar_net *net)
{
    int n = net->output;
    for (;; n = net->nodes[n].a) {
        const net_node *node = &net->nodes[n];
        const bool activation = node->kind == NET_LEAKY ||
                                (node->kind == NET_LAYER && node->layer.kind >= LAR_LAYER_ELU &&
                                 node->layer.kind <= LAR_LAYER_SOFTMAX);
        if (node->uses != 1) return -1;
        if (!activation) break;
    }
    if (net->nodes[n].kind != NET_BIAS) return -1;
    const int conv = net->nodes[n].a;
    const net_node *c = &net->nodes[conv];
    bool plain = c->kind == NET_CONV && c->uses == 1 && c->conv.groups == 1 && c->a != 0 &&
                 c->conv.normalize == LAR_KERNEL_FREE;
    for (int a = 0; a < 3 && plain; a++) plain = c->conv.kernel[a] == 1 && c->conv.stride[a] == 1;
    return plain ? conv : -1;
}

bool lar_net_is_tail(const lar_net *net, int node)
{
    return net->head >= 0 && node >= net->head;
}

static lar_status check_uses(const lar_net *net)
{
    if (net->output < 0) return lar_fail(LAR_EARGUMENT, "the network has no output");
    if (net->weight_count == 0) return lar_fail(LAR_EARGUMENT, "the network has no weights");
    for (int n = 0; n < net->node_count; n++)
        if (net->nodes[n].uses == 0)
            return lar_fail(LAR_EARGUMENT, "layer %d of the network is read by nothing", n);
    return LAR_OK;
}

static void draw_weights(lar_net *net, uint64_t seed)
{
    for (int n = 0; n < net->node_count; n++) {
        const net_node *node = &net->nodes[n];
        if (node->kind == NET_CONV || node->kind == NET_UPCONV) lar_kernel_draw(net, n, seed);
        if (node->kind == NET_NORM)
            for (int64_t c = 0; c < node->channels; c++) {
                if (node->weight >= 0)
                    net->weights[net->params[node->weight].offset + c] = (float)node->norm.gamma;
                if (node->variance >= 0) net->running[net->params[node->variance].offset + c] = 1;
            }
    }
}

lar_status lar_net_finish(lar_net *net, uint64_t seed)
{
    if (net->failed != LAR_OK) return lar_fail(net->failed, "%s", net->sentence);
    if (net->finished) return lar_fail(LAR_EARGUMENT, "the network is finished already");
    const lar_status status = check_uses(net);
    if (status != LAR_OK) return status;
    net->head = find_head(net);
    net->weights = lar_alloc(net->weight_count, sizeof *net->weights);
    net->gradients = lar_alloc(net->weight_count, sizeof *net->gradients);
    net->running = lar_alloc(net->running_count, sizeof *net->running);
    if (!net->weights || !net->gradients || !net->running) return LAR_EMEMORY;
    draw_weights(net, seed);
    net->finished = true;
    return LAR_OK;
}

const lar_net_param *lar_net_params(const lar_net *net, int64_t *count)
{
    *count = net->param_count;
    return net->params;
}

int64_t lar_net_input_channels(const lar_net *net)
{
    return net->nodes[0].channels;
}

int64_t lar_net_output_channels(const lar_net *net)
{
    return net->nodes[net->output].channels;
}

int64_t lar_net_weight_count(const lar_net *net)
{
    return net->weight_count;
}

float *lar_net_weights(lar_net *net)
{
    return net->weights;
}

float *lar_net_gradients(lar_net *net)
{
    return net->gradients;
}

int64_t lar_net_running_count(const lar_net *net)
{
    return net->running_count;
}

float *lar_net_running(lar_net *net)
{
    return net->running;
}
