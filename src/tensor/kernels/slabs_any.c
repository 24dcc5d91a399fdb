/* Rows into slabs and back, for any processor.
 * SPDX-License-Identifier: Apache-2.0 */
#define SLABS_CODE lar_slabs_any
#include "tensor/kernels/slabs_tmpl.h"
