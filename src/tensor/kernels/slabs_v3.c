/* Rows into slabs and back, for processors with AVX2 (compiled with -march=x86-64-v3).
 * SPDX-License-Identifier: Apache-2.0 */
#ifdef __x86_64__
#define SLABS_CODE lar_slabs_v3
#include "tensor/kernels/slabs_tmpl.h"
#endif
