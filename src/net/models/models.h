/* One builder per network, for the table in network.c, and the parts that they share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_MODELS_H
#define LAR_MODELS_H

#include "net/net.h"

void lar_model_resnet(lar_net *net, const lar_network_params *params, int64_t inputs,
                      int64_t outputs);
void lar_model_unet(lar_net *net, const lar_network_params *params, int64_t inputs,
                    int64_t outputs);
void lar_model_meshnet(lar_net *net, const lar_network_params *params, int64_t inputs,
                       int64_t outputs);

/* ---- parts ----------------------------------------------------------------------------- */

/* The same edge along every axis; a two-dimensional network has 1 along k. */
void lar_part_edges(int64_t out[3], const lar_network_params *params, int64_t edge);
/* Edges of 1; with a bias in a network without norms, which have one of their own. */
lar_conv_params lar_part_shape(const lar_network_params *params, int64_t filters);
/* NAME.weight and NAME.bias, the weight starting at gamma; x itself in a network without norms. */
lar_node lar_part_norm(lar_net *net, lar_node x, const char *name, const lar_network_params *params,
                       double gamma);
lar_node lar_part_activation(lar_net *net, lar_node x, const lar_network_params *params);
/* "last": the 1x1x1 convolution with bias, and what `final` asks for after it. */
void lar_part_last(lar_net *net, lar_node x, const lar_network_params *params, int64_t outputs);

#endif
