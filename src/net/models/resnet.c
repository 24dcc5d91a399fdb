/* The article's network: a layer from the inputs to C channels, residual blocks, and a 1x1x1
 * convolution. A block is fastai v1's res_block: two layers plus their input, no activation after
 * the sum, the second norm's weight starting at 0. SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "net/models/models.h"

static lar_node layer(lar_net *net, lar_node x, const char *name, const lar_network_params *params,
                      double gamma)
{
    char conv[64], norm[64];
    snprintf(conv, sizeof conv, "%s.conv", name);
    snprintf(norm, sizeof norm, "%s.norm", name);
    lar_conv_params shape = lar_part_shape(params, params->channels);
    lar_part_edges(shape.kernel, params, params->kernel);
    x = lar_net_conv(net, x, conv, &shape);
    if (params->order == LAR_CONV_RELU_NORM)
        return lar_part_norm(net, lar_part_activation(net, x, params), norm, params, gamma);
    return lar_part_activation(net, lar_part_norm(net, x, norm, params, gamma), params);
}

void lar_model_resnet(lar_net *net, const lar_network_params *params, int64_t inputs,
                      int64_t outputs)
{
    lar_node x = layer(net, lar_net_input(net, inputs), "first", params, 1);
    for (int64_t b = 0; b < params->blocks; b++) {
        char first[32], second[32];
        snprintf(first, sizeof first, "blocks.%lld.first", (long long)b);
        snprintf(second, sizeof second, "blocks.%lld.second", (long long)b);
        const lar_node inner = layer(net, x, first, params, 1);
        x = lar_net_add(net, layer(net, inner, second, params, 0), x);
    }
    lar_part_last(net, x, params, outputs);
}
