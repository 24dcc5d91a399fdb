/* MeshNet (Fedorov 2017, arXiv:1612.00940): a straight line of dilated convolutions, each with
 * norm, activation and dropout of whole channels, and a 1x1x1 convolution; few weights, full
 * resolution throughout. `dilations` and `repeat` say the line: 1 1 1 2 4 8 1 is the paper's,
 * {dilations: [16, 8, 4, 2, 1], repeat: 5} that of MindGrab (arXiv:2506.11860).
 * Parameters: layers.0.conv.weight, layers.0.norm.weight, layers.0.norm.bias ... last.bias.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "net/models/models.h"

void lar_model_meshnet(lar_net *net, const lar_network_params *params, int64_t inputs,
                       int64_t outputs)
{
    lar_node x = lar_net_input(net, inputs);
    const int64_t layers = params->dilations.count * params->repeat;
    for (int64_t n = 0; n < layers; n++) {
        char conv[64], norm[64];
        snprintf(conv, sizeof conv, "layers.%lld.conv", (long long)n);
        snprintf(norm, sizeof norm, "layers.%lld.norm", (long long)n);
        lar_conv_params shape = lar_part_shape(params, params->channels);
        lar_part_edges(shape.kernel, params, params->kernel);
        lar_part_edges(shape.dilation, params, params->dilations.at[n % params->dilations.count]);
        x = lar_net_conv(net, x, conv, &shape);
        x = lar_part_activation(net, lar_part_norm(net, x, norm, params, 1), params);
        if (params->dropout > 0) x = lar_net_dropout(net, x, params->dropout, true);
    }
    lar_part_last(net, x, params, outputs);
}
