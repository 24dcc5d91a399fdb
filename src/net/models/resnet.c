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
    const int64_t k = params->kernel;
    const lar_conv_params shape = { .filters = params->channels, .kernel = { k, k, k } };
    const lar_norm_params batch = { .kind = LAR_NORM_BATCH, .gamma = gamma };
    x = lar_net_conv(net, x, conv, &shape);
    if (params->order == LAR_CONV_RELU_NORM)
        return lar_net_norm(net, lar_net_relu(net, x), norm, &batch);
    return lar_net_relu(net, lar_net_norm(net, x, norm, &batch));
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
    const lar_conv_params last = { .filters = outputs, .bias = true };
    x = lar_net_conv(net, x, "last", &last);
    if (params->final == LAR_FINAL_RELU) x = lar_net_relu(net, x);
    lar_net_output(net, x);
}
