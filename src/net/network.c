/* What a study file may say about its network, and the table of networks it may name.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "net/net.h"

static const char *const model_names[] = { "resnet", NULL };
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
