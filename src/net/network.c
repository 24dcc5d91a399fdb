/* What a study file may say about its network, and the table of networks it may name.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "net/models/models.h"
#include "net/net.h"

const lar_model lar_models[] = { { "resnet", lar_model_resnet }, { NULL, NULL } };

static const char *const model_names[] = { "resnet", NULL }; /* in the order of lar_models */
static const char *const orders[] = { "conv-relu-norm", "conv-norm-relu", NULL };
static const char *const finals[] = { "none", "relu", NULL };

const lar_param lar_network_table[] = {
    LAR_P_CHOICE(lar_network_params, name, "name", 0, "resnet", model_names, "which network"),
    LAR_P_INT(lar_network_params, channels, "channels", 0, "16", 1, 512, "count",
              "channels of every inner layer"),
    LAR_P_INT(lar_network_params, blocks, "blocks", 0, "2", 0, 64, "count",
              "residual blocks of two convolutions"),
    LAR_P_INT(lar_network_params, kernel, "kernel", 0, "3", 1, 7, "voxels",
              "edge of a convolution, odd"),
    LAR_P_CHOICE(lar_network_params, order, "order", 0, "conv-relu-norm", orders,
                 "order of convolution, activation and norm"),
    LAR_P_CHOICE(lar_network_params, final, "final", 0, "none", finals,
                 "activation after the last layer"),
    LAR_P_END
};

lar_network_params lar_network_default(void)
{
    lar_network_params params;
    lar_param_defaults(lar_network_table, &params);
    return params;
}

lar_status lar_network_build(lar_net **out, const lar_network_params *params, int64_t inputs,
                             int64_t outputs, uint64_t seed)
{
    lar_status status = LAR_OK;
    lar_net *net = NULL;

    *out = NULL;
    LAR_TRY(lar_net_new(&net));
    lar_models[params->name].build(net, params, inputs, outputs);
    LAR_TRY(lar_net_finish(net, seed));
    *out = net;
    net = NULL;
done:
    lar_net_free(net);
    return status;
}
