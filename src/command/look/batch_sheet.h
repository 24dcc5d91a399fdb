/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_BATCH_SHEET_H
#define LAR_BATCH_SHEET_H

#include "batch/batch.h"
#include "prepare/prepare.h"

/* Samples that were made, of a sampler that has labels and masks too. */
typedef struct lar_batch {
    const lar_item *items;
    int64_t count;
    const lar_sampler *sampler;
    const lar_study *study;
    const lar_prepared *prepared;
} lar_batch;
lar_status lar_batch_draw(const lar_batch *batch, const char *path, lar_arena *arena);

#endif
