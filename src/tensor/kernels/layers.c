/* Layers without weights, by kind. SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/layers.h"
#include "tensor/kernels/kernels.h"

bool lar_layer_needs_input(lar_layer_kind kind)
{
    return kind == LAR_LAYER_MAX_POOL || kind == LAR_LAYER_ELU || kind == LAR_LAYER_GELU;
}

bool lar_layer_needs_output(lar_layer_kind kind)
{
    return kind == LAR_LAYER_SIGMOID || kind == LAR_LAYER_SOFTMAX;
}

void lar_blocked_layer_forward(const lar_layer *layer, const void *in, void *out)
{
    lar_plain_layer_forward(layer, in, out);
}

void lar_blocked_layer_backward(const lar_layer *layer, const void *in, const void *out,
                                const void *dout, void *din)
{
    lar_plain_layer_backward(layer, in, out, dout, din);
}
