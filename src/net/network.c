/* What a study file may say about its network, and the table of networks it may name.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "net/graph.h"
#include "net/layer_list.h"
#include "net/models/models.h"

const lar_model lar_models[] = {
    { "resnet",
      "residual blocks at full resolution",
      LAR_RELU,
      LAR_NORMS_BATCH,
      lar_model_resnet,
      { "channels", "blocks", "kernel", "order", "activation", "norm", "groups", "kernels", "dims",
        "final", NULL } },
    { "unet",
      "levels of falling resolution and the way back",
      LAR_LEAKY,
      LAR_NORMS_INSTANCE,
      lar_model_unet,
      { "channels", "levels", "most", "kernel", "activation", "norm", "groups", "plain", "down",
        "up", "skip", "residual", "kernels", "dims", "final", NULL } },
    { "meshnet",
      "dilated convolutions at full resolution, few weights",
      LAR_RELU,
      LAR_NORMS_BATCH,
      lar_model_meshnet,
      { "channels", "dilations", "repeat", "kernel", "activation", "norm", "groups", "plain",
        "dropout", "kernels", "dims", "final", NULL } },
    { .name = NULL }
};

static const char *const model_names[] = { "resnet", "unet", "meshnet", NULL }; /* as above */
static const char *const orders[] = { "conv-relu-norm", "conv-norm-relu", NULL };
static const char *const activations[] = { "auto", "relu", "leaky", "elu", "gelu", NULL };
static const char *const norms[] = { "auto", "batch", "instance", "group", "none", NULL };
static const char *const kernels[] = { "free", "weight-norm", "spectral-norm", NULL };
static const char *const downs[] = { "stride", "pool", NULL };
static const char *const ups[] = { "transposed", "linear", "nearest", NULL };
static const char *const skips[] = { "concat", "add", NULL };
static const char *const finals[] = { "none", "relu", "sigmoid", "softmax", NULL };

const lar_param lar_network_table[] = {
    LAR_P_CHOICE(lar_network_params, name, "name", 0, "resnet", model_names, "which network"),
    LAR_P_INT(lar_network_params, channels, "channels", 0, "16", 1, 512, "count",
              "channels of every inner layer; of the unet: of its first level, twice as many on "
              "each below"),
    LAR_P_INT(lar_network_params, blocks, "blocks", 0, "2", 0, 64, "count",
              "residual blocks of two convolutions (resnet)"),
    LAR_P_INT(lar_network_params, levels, "levels", 0, "4", 1, 8, "count",
              "resolutions, each half of the one above (unet)"),
    LAR_P_INT(lar_network_params, most, "most", 0, "320", 1, 4096, "count",
              "channels of a level at most (unet)"),
    LAR_P_INTS(lar_network_params, dilations, "dilations", 0, "1 1 1 2 4 8 1", 1, 64, "voxels",
               "dilation of each layer (meshnet)"),
    LAR_P_INT(lar_network_params, repeat, "repeat", 0, "1", 1, 16, "count",
              "how often the list of dilations runs (meshnet)"),
    LAR_P_INT(lar_network_params, kernel, "kernel", 0, "3", 1, 7, "voxels",
              "edge of a convolution, odd"),
    LAR_P_CHOICE(lar_network_params, order, "order", 0, "conv-relu-norm", orders,
                 "order of convolution, activation and norm (resnet)"),
    LAR_P_CHOICE(lar_network_params, activation, "activation", 0, "auto", activations,
                 "between layers; auto: leaky (slope 0.01) in the unet, else relu"),
    LAR_P_CHOICE(lar_network_params, norm, "norm", 0, "auto", norms,
                 "over batch and space, over space, or over groups of channels and space; auto: "
                 "instance in the unet, else batch"),
    LAR_P_INT(lar_network_params, groups, "groups", 0, "8", 1, 512, "count",
              "of the group norm; divides the channels"),
    LAR_P_FLAG(lar_network_params, plain, "plain", 0,
               "norms without weight and bias of their own (unet, meshnet)"),
    LAR_P_CHOICE(lar_network_params, down, "down", 0, "stride", downs,
                 "halve by a convolution of stride 2, or by max pooling (unet)"),
    LAR_P_CHOICE(
        lar_network_params, up, "up", 0, "transposed", ups,
        "double by a transposed convolution, or by interpolation after a 1x1x1 one (unet)"),
    LAR_P_CHOICE(lar_network_params, skip, "skip", 0, "concat", skips,
                 "how a level's first half meets its second (unet)"),
    LAR_P_FLAG(lar_network_params, residual, "residual", 0,
               "add the input of a level's two convolutions to their output (unet)"),
    LAR_P_REAL(lar_network_params, dropout, "dropout", 0, "0", 0, 0.99, "probability",
               "of each channel to be dropped after each layer, in training (meshnet)"),
    LAR_P_CHOICE(lar_network_params, kernels, "kernels", 0, "free", kernels,
                 "how kernels are held: free, or normalized by weight or spectral norm"),
    LAR_P_INT(lar_network_params, dims, "dims", 0, "3", 2, 3, "count",
              "2: kernels of one voxel along z, slice by slice"),
    LAR_P_CHOICE(lar_network_params, final, "final", 0, "none", finals,
                 "activation after the last layer"),
    LAR_P_END
};

lar_network_params lar_network_default(void)
{
    lar_network_params params = { 0 };
    lar_param_defaults(lar_network_table, &params);
    return params;
}

bool lar_model_has(const lar_model *model, const char *key)
{
    bool has = lar_text_is(key, "name");
    for (const char *const *k = model->keys; *k && !has; k++) has = lar_text_is(key, *k);
    return has;
}

void lar_network_describe(lar_text *out, const lar_network_params *params)
{
    if (params->layers) {
        lar_layers_describe(out, params->layers);
        return;
    }
    for (const lar_param *p = lar_network_table; p->name; p++) {
        if (!lar_model_has(&lar_models[params->name], p->name)) continue;
        lar_text_add(out, "network %s: ", p->name);
        lar_param_get(out, p, params);
        lar_text_add(out, "\n");
    }
}

/* Into a network that is not finished; layer: which of a list is wrong, or -1. */
static lar_status assemble(lar_net *net, const lar_network_params *params, int64_t inputs,
                           int64_t outputs, int64_t *layer)
{
    const lar_model *model = &lar_models[params->name];
    lar_network_params full = *params;

    *layer = -1;
    if (params->layers) return lar_layers_build(net, params->layers, inputs, outputs, layer);
    if (full.activation == LAR_ACTIVATION_AUTO) full.activation = model->activation;
    if (full.norm == LAR_NORMS_AUTO) full.norm = model->norm;
    model->build(net, &full, inputs, outputs);
    return net->failed == LAR_OK ? LAR_OK : lar_fail(net->failed, "%s", net->sentence);
}

lar_status lar_network_try(const lar_network_params *params, int64_t inputs, int64_t outputs,
                           int64_t *layer)
{
    lar_status status = LAR_OK;
    lar_net *net = NULL;
    LAR_TRY(lar_net_new(&net));
    status = assemble(net, params, inputs, outputs, layer);
done:
    lar_net_free(net);
    return status;
}

lar_status lar_network_build(lar_net **out, const lar_network_params *params, int64_t inputs,
                             int64_t outputs, uint64_t seed)
{
    lar_status status = LAR_OK;
    lar_net *net = NULL;
    int64_t layer;

    *out = NULL;
    LAR_TRY(lar_net_new(&net));
    LAR_TRY(assemble(net, params, inputs, outputs, &layer));
    LAR_TRY(lar_net_finish(net, seed));
    *out = net;
    net = NULL;
done:
    lar_net_free(net);
    return status;
}
