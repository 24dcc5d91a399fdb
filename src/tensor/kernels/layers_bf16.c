/* Loops of layers without weights for processors with AVX-512 that round to bfloat16 themselves
 * (compiled with -march=x86-64-v4 -mavx512bf16).
 * SPDX-License-Identifier: Apache-2.0 */
#ifdef __x86_64__
#define LAYERS_CODE lar_layers_bf16
#include "tensor/kernels/layers_tmpl.h"
#endif
