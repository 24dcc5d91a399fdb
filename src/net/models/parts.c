/* What networks are made of, as the parameters say it: convolution, norm, activation and end.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "net/models/models.h"

void lar_part_edges(int64_t out[3], const lar_network_params *params, int64_t edge)
{
    out[0] = out[1] = edge;
    out[2] = params->dims == 2 ? 1 : edge;
}

lar_conv_params lar_part_shape(const lar_network_params *params, int64_t filters)
{
    static const int kernels[] = { LAR_KERNEL_FREE, LAR_KERNEL_WEIGHT_NORM,
                                   LAR_KERNEL_SPECTRAL_NORM };
    return (lar_conv_params){ .filters = filters,
                              .bias = params->norm == LAR_NORMS_NONE,
                              .normalize = kernels[params->kernels] };
}

lar_node lar_part_norm(lar_net *net, lar_node x, const char *name, const lar_network_params *params,
                       double gamma)
{
    static const int kinds[] = { [LAR_NORMS_BATCH] = LAR_NORM_BATCH,
                                 [LAR_NORMS_INSTANCE] = LAR_NORM_INSTANCE,
                                 [LAR_NORMS_GROUP] = LAR_NORM_GROUP };
    if (params->norm == LAR_NORMS_NONE) return x;
    const lar_norm_params norm = { .kind = kinds[params->norm],
                                   .groups = params->groups,
                                   .plain = params->plain,
                                   .gamma = gamma };
    return lar_net_norm(net, x, name, &norm);
}

lar_node lar_part_activation(lar_net *net, lar_node x, const lar_network_params *params)
{
    switch (params->activation) {
    case LAR_LEAKY:
        return lar_net_leaky(net, x, 0.01);
    case LAR_ELU:
        return lar_net_activation(net, x, LAR_LAYER_ELU, 1);
    case LAR_GELU:
        return lar_net_activation(net, x, LAR_LAYER_GELU, 1);
    default:
        return lar_net_relu(net, x);
    }
}

void lar_part_last(lar_net *net, lar_node x, const lar_network_params *params, int64_t outputs)
{
    const lar_conv_params last = { .filters = outputs, .bias = true };
    x = lar_net_conv(net, x, "last", &last);
    if (params->final == LAR_FINAL_RELU) x = lar_net_relu(net, x);
    if (params->final == LAR_FINAL_SIGMOID) x = lar_net_activation(net, x, LAR_LAYER_SIGMOID, 1);
    if (params->final == LAR_FINAL_SOFTMAX) x = lar_net_activation(net, x, LAR_LAYER_SOFTMAX, 1);
    lar_net_output(net, x);
}
