/* One case on its way through the steps. Of the room prepare.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PASS_H
#define LAR_PASS_H

#include "image/image.h"
#include "prepare/prepare.h"

/* Arrays have one entry per image of the study. */
typedef struct lar_pass {
    const lar_study *study;
    lar_image **images; /* on the native grid in RAS, contiguous; NULL where absent. The array is
                           NULL where only grids are followed */
    lar_grid *targets;  /* what each image will be interpolated onto; size 0 where absent */
    int *interpolation; /* LAR_NEAREST ... */
    lar_fit *fits;
} lar_pass;

static inline bool lar_pass_has(const lar_pass *pass, int64_t image)
{
    return pass->targets[image].size[0] > 0;
}

/* Runs the steps, spatial ones alone where `images` is NULL. */
lar_status lar_pass_run(lar_pass *pass, int64_t step_count, bool training);

#endif
