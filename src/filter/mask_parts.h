/* A mask seen with its axes in another order; for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_MASK_PARTS_H
#define LAR_MASK_PARTS_H

#include <stdint.h>

typedef struct lar_mask_view {
    uint8_t *at;
    int64_t size[3], stride[3];
} lar_mask_view;

/* With `axis` last: the other two stay in order. */
static inline lar_mask_view lar_mask_view_of(uint8_t *mask, const int64_t size[3], int axis)
{
    const int64_t stride[3] = { 1, size[0], size[0] * size[1] };
    lar_mask_view view = { .at = mask };
    int n = 0;
    for (int a = 0; a < 3; a++) {
        const int place = a == axis ? 2 : n++;
        view.size[place] = size[a];
        view.stride[place] = stride[a];
    }
    return view;
}

#endif
