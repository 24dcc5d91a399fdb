/* One builder per network, for the table in network.c.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_MODELS_H
#define LAR_MODELS_H

#include "net/net.h"

void lar_model_resnet(lar_net *net, const lar_network_params *params, int64_t inputs,
                      int64_t outputs);

#endif
