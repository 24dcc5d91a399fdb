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
    net->output = -1;
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

static bool is_node(const lar_net *net, lar_node x)
{
    return x.id >= 0 && x.id < net->node_count;
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
    p->offset = *total;
    *total += p->count;
    net->param_count++;
    return number;
}

lar_node lar_net_input(lar_net *net, int64_t channels)
{
    if (net->node_count) return fail(net, LAR_EARGUMENT, "the input is the first layer, and one");
    if (channels < 1) return fail(net, LAR_EARGUMENT, "an input has at least one channel");
    return add_node(net, (net_node){ NET_INPUT, -1, -1, channels, 0, -1, -1, -1, -1, 0 });
}

lar_node lar_net_conv(lar_net *net, lar_node x, const char *name, const lar_conv_params *params)
{
    if (net->failed != LAR_OK) return (lar_node){ -1 };
    if (!is_node(net, x)) return fail_at(net, name, "reads a layer that is not there");
    if (params->filters < 1) return fail_at(net, name, "needs at least one filter");
    if (params->kernel < 1 || params->kernel % 2 == 0 || params->kernel > 15)
        return fail_at(net, name, "needs an odd kernel from 1 to 15");
    const int64_t k = params->kernel;
    const int64_t size[5] = { params->filters, net->nodes[x.id].channels, k, k, k };
    const int weight = add_param(net, name, "weight", 5, size, false);
    const int bias = params->bias ? add_param(net, name, "bias", 1, size, false) : -1;
    return add_node(net,
                    (net_node){ NET_CONV, x.id, -1, params->filters, k, weight, bias, -1, -1, 0 });
}

lar_node lar_net_norm(lar_net *net, lar_node x, const char *name, double gamma)
{
    if (net->failed != LAR_OK) return (lar_node){ -1 };
    if (!is_node(net, x)) return fail_at(net, name, "reads a layer that is not there");
    const int64_t channels = net->nodes[x.id].channels;
    const int weight = add_param(net, name, "weight", 1, &channels, false);
    const int bias = add_param(net, name, "bias", 1, &channels, false);
    const int mean = add_param(net, name, "running_mean", 1, &channels, true);
    const int variance = add_param(net, name, "running_var", 1, &channels, true);
    const lar_node node = add_node(
        net, (net_node){ NET_NORM, x.id, -1, channels, 0, weight, bias, mean, variance, 0 });
    if (node.id >= 0) net->gamma[node.id] = gamma;
    return node;
}

lar_node lar_net_relu(lar_net *net, lar_node x)
{
    if (net->failed != LAR_OK) return (lar_node){ -1 };
    if (!is_node(net, x)) return fail(net, LAR_EARGUMENT, "a relu reads a layer that is not there");
    return add_node(
        net, (net_node){ NET_RELU, x.id, -1, net->nodes[x.id].channels, 0, -1, -1, -1, -1, 0 });
}

lar_node lar_net_add(lar_net *net, lar_node a, lar_node b)
{
    if (net->failed != LAR_OK) return (lar_node){ -1 };
    if (!is_node(net, a) || !is_node(net, b))
        return fail(net, LAR_EARGUMENT, "a sum reads a layer that is not there");
    const int64_t channels = net->nodes[a.id].channels;
    if (channels != net->nodes[b.id].channels)
        return fail(net, LAR_EARGUMENT, "the two sides of a sum have unequal channels");
    return add_node(net, (net_node){ NET_ADD, a.id, b.id, channels, 0, -1, -1, -1, -1, 0 });
}

int lar_net_head(const lar_net *net)
{
    const net_node *last = &net->nodes[net->output];
    return last->kind == NET_RELU ? last->a : net->output;
}

void lar_net_output(lar_net *net, lar_node x)
{
    if (net->failed != LAR_OK) return;
    if (!is_node(net, x) || net->output >= 0) {
        fail(net, LAR_EARGUMENT, "a network has one output, a layer that is there");
        return;
    }
    net->output = x.id;
    net->nodes[x.id].uses++;
}

static lar_status check_output(const lar_net *net)
{
    if (net->output < 0) return lar_fail(LAR_EARGUMENT, "the network has no output");
    const net_node *head = &net->nodes[lar_net_head(net)];
    if (head->kind != NET_CONV || head->kernel != 1 || head->bias < 0 || head->uses != 1 ||
        net->nodes[net->output].uses != 1)
        return lar_fail(LAR_EUNSUPPORTED, "the last layer has to be a 1x1x1 convolution with bias, "
                                          "or its relu, that nothing else reads");
    for (int n = 0; n < net->node_count; n++) {
        const net_node *node = &net->nodes[n];
        if (node != head && node->kind == NET_CONV && node->bias >= 0)
            return lar_fail(LAR_EUNSUPPORTED, "'%s': only the last convolution may have a bias",
                            net->params[node->bias].name);
        if (node->uses == 0)
            return lar_fail(LAR_EARGUMENT, "layer %d of the network is read by nothing", n);
    }
    return LAR_OK;
}

/* A stream of random numbers per tensor, by its name (FNV-1a), so that a deeper network starts with
 * the same weights where the names are the same. */
static uint64_t stream_of(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 0x100000001b3;
    return hash;
}

static void draw_weights(lar_net *net, uint64_t seed)
{
    for (int n = 0; n < net->node_count; n++) {
        const net_node *node = &net->nodes[n];
        if (node->kind == NET_CONV) {
            const lar_net_param *p = &net->params[node->weight];
            const double deviation = sqrt(2 / (double)(p->count / p->size[0]));
            const uint64_t stream = stream_of(p->name);
            for (int64_t w = 0; w < p->count; w++)
                net->weights[p->offset + w] =
                    (float)(deviation * lar_random_normal(seed, stream, (uint64_t)w));
        }
        if (node->kind == NET_NORM) {
            const lar_net_param *gamma = &net->params[node->weight];
            const lar_net_param *variance = &net->params[node->variance];
            for (int64_t c = 0; c < node->channels; c++) {
                net->weights[gamma->offset + c] = (float)net->gamma[n];
                net->running[variance->offset + c] = 1;
            }
        }
    }
}

lar_status lar_net_finish(lar_net *net, uint64_t seed)
{
    if (net->failed != LAR_OK) return lar_fail(net->failed, "%s", net->sentence);
    if (net->finished) return lar_fail(LAR_EARGUMENT, "the network is finished already");
    const lar_status status = check_output(net);
    if (status != LAR_OK) return status;
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
