/* Loops of layers without weights for any processor.
 * SPDX-License-Identifier: Apache-2.0 */
#define LAYERS_CODE lar_layers_any
#include "tensor/kernels/layers_tmpl.h"
