/* U-Net (Ronneberger 2015, arXiv:1505.04597; three-dimensional: Cicek 2016, arXiv:1606.06650),
 * plain or with residual blocks (He 2016, arXiv:1512.03385), laid out as nnU-Net does (Isensee
 * 2021, doi:10.1038/s41592-020-01008-z).
 *
 * Level l = 0 .. levels-1 has C(l) = min(channels * 2^l, most) channels and 1/2^l of the
 * resolution, sizes rounded up. conv(a -> b) is kernel^3 voxels, zero padding, no bias (one where
 * norm is none):
 *
 *   encoder.0   conv(inputs -> C0), norm, act;  conv(C0 -> C0), norm, act
 *   encoder.l   conv(C(l-1) -> Cl) of stride 2, norm, act;  conv(Cl -> Cl), norm, act
 *   decoder.l   for l = levels-2 .. 0: up, the transposed convolution 2x2x2 of stride 2 from C(l+1)
 *               to Cl, cut to the size of encoder.l; concat(up, encoder.l), 2 Cl channels;
 *               conv(2 Cl -> Cl), norm, act;  conv(Cl -> Cl), norm, act
 *   last        1x1x1 convolution with bias C0 -> outputs, and `final`
 *
 * Parameters in the order of these lines: encoder.0.first.conv.weight, encoder.0.first.norm.weight,
 * encoder.0.first.norm.bias, encoder.0.second.conv.weight ... decoder.1.up.weight (in, out, 2, 2,
 * 2), decoder.1.first.conv.weight ... last.weight (outputs, C0, 1, 1, 1), last.bias.
 *
 * By choice: down: pool, every conv has stride 1 and encoder.l begins with max pooling 2x2x2;
 * up: linear or nearest, `up` is a 1x1x1 convolution C(l+1) -> Cl and then upsampling by 2 (in this
 * order it costs an eighth and gives the same); skip: add, the sum of both in place of the concat;
 * residual: the input of a level's two convolutions is added before the last activation, through a
 * 1x1x1 convolution `side` (of the same stride) where channels or sizes differ.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "net/models/models.h"

enum { LEVELS_MAX = 8, NAME = 64 };

static int64_t width(const lar_network_params *params, int64_t level)
{
    const int64_t channels = params->channels << level;
    return channels < params->most ? channels : params->most;
}

/* PLACE.first and PLACE.second: two convolutions to `filters`, the first with this stride. */
static lar_node block(lar_net *net, lar_node x, const char *place, const lar_network_params *params,
                      int64_t filters, int64_t edge_stride)
{
    char name[NAME];
    lar_conv_params shape = lar_part_shape(params, filters);
    lar_node side = x;
    lar_part_edges(shape.stride, params, edge_stride);
    if (params->residual && (lar_net_channels(net, x) != filters || edge_stride != 1)) {
        snprintf(name, sizeof name, "%s.side", place);
        side = lar_net_conv(net, x, name, &shape);
    }
    lar_part_edges(shape.kernel, params, params->kernel);
    snprintf(name, sizeof name, "%s.first.conv", place);
    x = lar_net_conv(net, x, name, &shape);
    snprintf(name, sizeof name, "%s.first.norm", place);
    x = lar_part_activation(net, lar_part_norm(net, x, name, params, 1), params);
    lar_part_edges(shape.stride, params, 1);
    snprintf(name, sizeof name, "%s.second.conv", place);
    x = lar_net_conv(net, x, name, &shape);
    snprintf(name, sizeof name, "%s.second.norm", place);
    x = lar_part_norm(net, x, name, params, 1);
    if (params->residual) x = lar_net_add(net, x, side);
    return lar_part_activation(net, x, params);
}

static lar_node rise(lar_net *net, lar_node x, lar_node like, const char *name,
                     const lar_network_params *params, int64_t filters)
{
    int64_t two[3];
    lar_conv_params shape = lar_part_shape(params, filters);
    lar_part_edges(two, params, 2);
    if (params->up == LAR_UP_TRANSPOSED) {
        memcpy(shape.kernel, two, sizeof two);
        memcpy(shape.stride, two, sizeof two);
        return lar_net_upconv(net, x, like, name, &shape);
    }
    x = lar_net_conv(net, x, name, &shape);
    return lar_net_upsample(
        net, x, like, params->up == LAR_UP_LINEAR ? LAR_LAYER_LINEAR : LAR_LAYER_NEAREST, two);
}

void lar_model_unet(lar_net *net, const lar_network_params *params, int64_t inputs, int64_t outputs)
{
    char place[32], name[NAME];
    lar_node skips[LEVELS_MAX], x = lar_net_input(net, inputs);
    int64_t two[3];
    lar_part_edges(two, params, 2);
    for (int64_t l = 0; l < params->levels; l++) {
        const bool pool = params->down == LAR_DOWN_POOL;
        snprintf(place, sizeof place, "encoder.%lld", (long long)l);
        if (l > 0 && pool) x = lar_net_pool(net, x, LAR_LAYER_MAX_POOL, two, two);
        x = block(net, x, place, params, width(params, l), l > 0 && !pool ? 2 : 1);
        skips[l] = x;
    }
    for (int64_t l = params->levels - 2; l >= 0; l--) {
        snprintf(place, sizeof place, "decoder.%lld", (long long)l);
        snprintf(name, sizeof name, "%s.up", place);
        x = rise(net, x, skips[l], name, params, width(params, l));
        x = params->skip == LAR_SKIP_ADD ? lar_net_add(net, x, skips[l])
                                         : lar_net_concat(net, x, skips[l]);
        x = block(net, x, place, params, width(params, l), 1);
    }
    lar_part_last(net, x, params, outputs);
}
