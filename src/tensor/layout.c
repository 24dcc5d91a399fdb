/* What follows from a layout, and the names of precisions.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "tensor/kernels/voxel.h"
#include "tensor/tensor.h"

const char *const lar_precision_names[] = { "float32", "bfloat16", NULL };

int64_t lar_layout_count(const lar_layout *l)
{
    return l->batch * l->channels * l->voxels;
}

size_t lar_layout_bytes(const lar_layout *l)
{
    return (size_t)lar_layout_count(l) * voxel_bytes(l->type);
}
