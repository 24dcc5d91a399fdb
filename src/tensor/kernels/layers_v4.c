/* Loops of layers without weights for processors with AVX-512 (compiled with -march=x86-64-v4).
 * SPDX-License-Identifier: Apache-2.0 */
#ifdef __x86_64__
#define LAYERS_CODE lar_layers_v4
#include "tensor/kernels/layers_tmpl.h"
#endif
