/* Networks as lists of layers, for network.c.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_LAYER_LIST_H
#define LAR_LAYER_LIST_H

#include "net/net.h"

/* Into a new network. A mistake is LAR_EARGUMENT with *layer, the row that has it. */
lar_status lar_layers_build(lar_net *net, const lar_layer_list *list, int64_t inputs,
                            int64_t outputs, int64_t *layer);
void lar_layers_describe(lar_text *out, const lar_layer_list *list);

#endif
