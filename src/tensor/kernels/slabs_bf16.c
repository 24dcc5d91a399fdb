/* Rows into slabs and back, for processors with AVX-512 that round to bfloat16 themselves
 * (compiled with -march=x86-64-v4 -mavx512bf16).
 * SPDX-License-Identifier: Apache-2.0 */
#ifdef __x86_64__
#define SLABS_CODE lar_slabs_bf16
#include "tensor/kernels/slabs_tmpl.h"
#endif
