/* What is done to a sample: a function of (list, seed, epoch, sample).
 * SPDX-License-Identifier: Apache-2.0 */
#include "augment/augment_parts.h"

/* Other draws of a study begin with the same seed: these are of a family of their own. */
#define FAMILY 0x6175676D656E7421 /* "augment!" */

void lar_augment_draw(lar_history *out, const lar_augments *list, uint64_t seed, int64_t epoch,
                      int64_t sample)
{
    out->count = 0;
    for (int64_t step = 0; step < list->count; step++) {
        const lar_augment *augment = &list->at[step];
        lar_dice dice = { .seed = seed ^ FAMILY,
                          .stream = (uint64_t)epoch << 32 | ((uint64_t)sample & 0xFFFFFFFF),
                          .next = (uint64_t)step << 32 };
        if (lar_dice_between(&dice, 0, 1) >= augment->chance) continue;
        lar_drawn *drawn = &out->at[out->count++];
        *drawn = (lar_drawn){ .step = step, .kind = augment->kind };
        augment->kind->draw(drawn->values, augment->params, &dice);
    }
}
