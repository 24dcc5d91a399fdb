/* From sums to a tensor, for kernels that hold the sums of a few voxels of one block of channels.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_DIRECT_FINISH_H
#define LAR_DIRECT_FINISH_H

#include "tensor/kernels/blocked.h"
#include "tensor/kernels/direct_tile.h"

/* What becomes of sums: see conv_forward. */
typedef struct direct_finish {
    lar_precision type;
    int block;
    const lar_term *after;
    bool add;
    void *out;
} direct_finish;

/* In place: `voxels` of one block, whose first channel is n * channels + c. */
static inline void direct_finish_term(const direct_finish *f, int64_t channel, float *sums,
                                      int voxels)
{
    if (!f->after) return;
    lar_term own = *f->after;
    own.source = sums;
    const flat_term flat = flatten(&own, f->block, channel);
    lar_values_code()->evaluate(LAR_FLOAT32, false, sums, &flat, 1, 0, voxels * f->block);
}

/* Adds what lies in the tensor from `offset` on. */
static inline void direct_finish_add(const direct_finish *f, int64_t channel, int64_t offset,
                                     float *sums, int voxels)
{
    const values_code *code = lar_values_code();
    const lar_term same = { .source = f->out, .before = 1, .after = 1 };
    const flat_term flat = flatten(&same, f->block, channel);
    float held[LAR_DIRECT_VOXELS * BLOCK_MAX] __attribute__((aligned(64)));
    if (!f->add) return;
    code->tile(f->type, held, &flat, 1, offset, voxels * f->block);
    code->add(LAR_FLOAT32, false, sums, sums, held, 0, voxels * f->block);
}

#endif
