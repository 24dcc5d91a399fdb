/* Voxel-wise loops for any processor.
 * SPDX-License-Identifier: Apache-2.0 */
#define VALUES_CODE lar_values_any
#include "tensor/kernels/values_tmpl.h"
