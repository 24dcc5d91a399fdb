/* The layers that a list may name, with their parameters: one row each.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "net/net.h"

typedef lar_listed_params params;

enum { BIAS_AUTO, BIAS_YES, BIAS_NO }; /* auto was settled by who reads the layer */

static const char *const paddings[] = { "zero", "reflect", "replicate", "circular", "none", NULL };
static const char *const biases[] = { "auto", "yes", "no", NULL };
static const char *const kernels[] = { "free", "weight-norm", "spectral-norm", NULL };
static const char *const norms[] = { "batch", "instance", "group", NULL };
static const char *const pools[] = { "max", "mean", NULL };
static const char *const ways[] = { "nearest", "linear", NULL };

const lar_param lar_listed_table[] = {
    LAR_P_TEXT(params, name, "name", 0, "", "word", "by which later layers find this one"),
    LAR_P_TEXT(params, from, "from", 0, "", "word",
               "the layer that it reads; left out: the one above; input: the input images"),
    LAR_P_END
};

#define FILTERS                                                                                    \
    LAR_P_INT(params, filters, "filters", 0, "16", 1, 4096, "count", "channels it gives")
#define EDGES(field, name, fallback, low, high, help)                                              \
    LAR_P_INTS(params, field, name, 0, fallback, low, high, "voxels", help)
#define BIAS                                                                                       \
    LAR_P_CHOICE(params, bias, "bias", 0, "auto", biases,                                          \
                 "a number per filter that is added; auto: no where a batch or instance norm "     \
                 "alone reads it")
#define KERNELS                                                                                    \
    LAR_P_CHOICE(params, kernels, "kernels", 0, "free", kernels,                                   \
                 "how kernels are held: free, or normalized by weight or spectral norm")
#define LIKE(help) LAR_P_TEXT(params, other, "like", 0, "", "word", help)

static const lar_param conv_table[] = {
    FILTERS,
    EDGES(kernel, "kernel", "3", 1, 15, "edges of the kernel"),
    EDGES(stride, "stride", "1", 1, 16, "every how many voxels it gives one"),
    EDGES(dilation, "dilation", "1", 1, 64, "distance of the kernel's voxels"),
    LAR_P_INT(params, groups, "groups", 0, "1", 1, 4096, "count",
              "channels and filters fall into so many groups, apart from each other"),
    LAR_P_CHOICE(params, padding, "padding", 0, "zero", paddings, "what lies outside the volume"),
    BIAS,
    KERNELS,
    LAR_P_END
};
static const lar_param upconv_table[] = {
    FILTERS,
    EDGES(kernel, "kernel", "2", 1, 15, "edges of the kernel"),
    EDGES(stride, "stride", "2", 1, 16, "how many times larger the volume becomes"),
    LIKE("the layer whose size it takes"),
    BIAS,
    KERNELS,
    LAR_P_END
};
static const lar_param linear_table[] = { FILTERS, LAR_P_END };
static const lar_param norm_table[] = {
    LAR_P_CHOICE(params, kind, "kind", 0, "batch", norms,
                 "over batch and space, over space, or over groups of channels and space"),
    LAR_P_INT(params, groups, "groups", 0, "8", 1, 4096, "count",
              "of the group norm; divides the channels"),
    LAR_P_FLAG(params, plain, "plain", 0, "without weight and bias of its own"), LAR_P_END
};
static const lar_param none_table[] = { LAR_P_END };
static const lar_param leaky_table[] = {
    LAR_P_REAL(params, slope, "slope", 0, "0.01", 0, 1, "number", "of what is negative"), LAR_P_END
};
static const lar_param elu_table[] = { LAR_P_REAL(params, alpha, "alpha", 0, "1", 0, 100, "number",
                                                  "the most negative value, negated"),
                                       LAR_P_END };
static const lar_param dropout_table[] = {
    LAR_P_REAL(params, probability, "probability", 0, "0.5", 0, 0.99, "probability",
               "of each value to be dropped, in training"),
    LAR_P_FLAG(params, whole, "whole", 0, "drop whole channels in place of single values"),
    LAR_P_END
};
static const lar_param pool_table[] = {
    LAR_P_CHOICE(params, kind, "kind", 0, "max", pools, "of each window: its maximum or mean"),
    EDGES(kernel, "kernel", "2", 1, 1024, "edges of the window"),
    EDGES(stride, "stride", "", 1, 1024, "distance of windows; left out: the kernel"), LAR_P_END
};
static const lar_param upsample_table[] = {
    LAR_P_CHOICE(params, kind, "kind", 0, "nearest", ways, "repeat voxels, or go between them"),
    EDGES(stride, "factor", "2", 1, 64, "how many times larger the volume becomes"),
    LIKE("the layer whose size it takes"), LAR_P_END
};
static const lar_param with_table[] = {
    LAR_P_TEXT(params, other, "with", 0, "", "word", "the second layer that it reads"), LAR_P_END
};

/* One number stands for all three axes. */
static void edges(int64_t out[3], const lar_ints *list)
{
    for (int a = 0; a < 3; a++) out[a] = list->count ? list->at[list->count == 1 ? 0 : a] : 0;
}

static lar_conv_params conv_of(const params *p)
{
    static const int modes[] = { LAR_PAD_ZERO, LAR_PAD_REFLECT, LAR_PAD_REPLICATE, LAR_PAD_CIRCULAR,
                                 LAR_PAD_NONE };
    static const int held[] = { LAR_KERNEL_FREE, LAR_KERNEL_WEIGHT_NORM, LAR_KERNEL_SPECTRAL_NORM };
    lar_conv_params out = { .filters = p->filters,
                            .groups = p->groups,
                            .padding = modes[p->padding],
                            .bias = p->bias != BIAS_NO,
                            .normalize = held[p->kernels] };
    edges(out.kernel, &p->kernel);
    edges(out.stride, &p->stride);
    edges(out.dilation, &p->dilation);
    return out;
}

static lar_node conv(lar_net *net, lar_node x, lar_node other, const char *name, const params *p)
{
    (void)other;
    const lar_conv_params shape = conv_of(p);
    return lar_net_conv(net, x, name, &shape);
}

static lar_node upconv(lar_net *net, lar_node x, lar_node other, const char *name, const params *p)
{
    const lar_conv_params shape = conv_of(p);
    return lar_net_upconv(net, x, other, name, &shape);
}

static lar_node linear(lar_net *net, lar_node x, lar_node other, const char *name, const params *p)
{
    (void)other;
    return lar_net_linear(net, x, name, p->filters);
}

static lar_node norm(lar_net *net, lar_node x, lar_node other, const char *name, const params *p)
{
    static const int kinds[] = { LAR_NORM_BATCH, LAR_NORM_INSTANCE, LAR_NORM_GROUP };
    (void)other;
    const lar_norm_params shape = {
        .kind = kinds[p->kind], .groups = p->groups, .plain = p->plain, .gamma = 1
    };
    return lar_net_norm(net, x, name, &shape);
}

static lar_node relu(lar_net *net, lar_node x, lar_node other, const char *name, const params *p)
{
    (void)other, (void)name, (void)p;
    return lar_net_relu(net, x);
}

static lar_node leaky(lar_net *net, lar_node x, lar_node other, const char *name, const params *p)
{
    (void)other, (void)name;
    return lar_net_leaky(net, x, p->slope);
}

static lar_node elu(lar_net *net, lar_node x, lar_node other, const char *name, const params *p)
{
    (void)other, (void)name;
    return lar_net_activation(net, x, LAR_LAYER_ELU, p->alpha);
}

static lar_node gelu(lar_net *net, lar_node x, lar_node other, const char *name, const params *p)
{
    (void)other, (void)name, (void)p;
    return lar_net_activation(net, x, LAR_LAYER_GELU, 1);
}

static lar_node sigmoid(lar_net *net, lar_node x, lar_node other, const char *name, const params *p)
{
    (void)other, (void)name, (void)p;
    return lar_net_activation(net, x, LAR_LAYER_SIGMOID, 1);
}

static lar_node softmax(lar_net *net, lar_node x, lar_node other, const char *name, const params *p)
{
    (void)other, (void)name, (void)p;
    return lar_net_activation(net, x, LAR_LAYER_SOFTMAX, 1);
}

static lar_node dropout(lar_net *net, lar_node x, lar_node other, const char *name, const params *p)
{
    (void)other, (void)name;
    return lar_net_dropout(net, x, p->probability, p->whole);
}

static lar_node pool(lar_net *net, lar_node x, lar_node other, const char *name, const params *p)
{
    int64_t kernel[3], stride[3];
    (void)other, (void)name;
    edges(kernel, &p->kernel);
    edges(stride, p->stride.count ? &p->stride : &p->kernel);
    return lar_net_pool(net, x, p->kind == 0 ? LAR_LAYER_MAX_POOL : LAR_LAYER_MEAN_POOL, kernel,
                        stride);
}

static lar_node upsample(lar_net *net, lar_node x, lar_node other, const char *name,
                         const params *p)
{
    int64_t factor[3];
    (void)name;
    edges(factor, &p->stride);
    return lar_net_upsample(net, x, other, p->kind == 0 ? LAR_LAYER_NEAREST : LAR_LAYER_LINEAR,
                            factor);
}

static lar_node add(lar_net *net, lar_node x, lar_node other, const char *name, const params *p)
{
    (void)name, (void)p;
    return lar_net_add(net, x, other);
}

static lar_node concat(lar_net *net, lar_node x, lar_node other, const char *name, const params *p)
{
    (void)name, (void)p;
    return lar_net_concat(net, x, other);
}

const lar_listed_kind lar_listed_kinds[] = {
    { "conv", "convolution", conv_table, conv },
    { "upconv", "transposed convolution, back to the size of another layer", upconv_table, upconv },
    { "linear", "1x1x1 convolution with bias", linear_table, linear },
    { "norm", "batch, instance or group norm", norm_table, norm },
    { "relu", "what is negative becomes zero", none_table, relu },
    { "leaky", "leaky ReLU", leaky_table, leaky },
    { "elu", "exponential linear unit", elu_table, elu },
    { "gelu", "Gaussian error linear unit", none_table, gelu },
    { "sigmoid", "from 0 to 1, each value for itself", none_table, sigmoid },
    { "softmax", "from 0 to 1, channels adding up to 1", none_table, softmax },
    { "dropout", "drops values at random, in training", dropout_table, dropout },
    { "pool", "maximum or mean of windows", pool_table, pool },
    { "upsample", "larger by a whole factor, to the size of another layer", upsample_table,
      upsample },
    { "add", "sum of two layers", with_table, add },
    { "concat", "channels of this layer, then those of another", with_table, concat },
    { .name = NULL }
};
