/* Growing and shrinking a mask by a box, one axis after the other: each line is passed over once,
 * whatever the radius.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "filter/filter.h"
#include "filter/mask_parts.h"

/* Voxels within `radius` along one line of a voxel of `value` become `value`. */
static void spread_line(uint8_t *at, int64_t step, int64_t size, int64_t radius, uint8_t value)
{
    int64_t done = 0; /* voxels before this one are as they will be */
    for (int64_t i = 0; i < size; i++) {
        if (at[i * step] != value) continue;
        int64_t n = i - radius > done ? i - radius : done;
        int64_t end = i + 1; /* of the run that begins here */
        while (end < size && at[end * step] == value) end++;
        for (; n < i; n++) at[n * step] = value;
        const int64_t reach = end + radius < size ? end + radius : size;
        /* what lies within reach may start another run: it must be seen before it is painted */
        int64_t next = end;
        while (next < reach && at[next * step] != value) next++;
        for (n = end; n < next; n++) at[n * step] = value;
        done = next;
        i = next - 1;
    }
}

static void spread(uint8_t *mask, const int64_t size[3], const int64_t radius[3], uint8_t value)
{
    for (int a = 0; a < 3; a++) {
        if (radius[a] == 0) continue;
        const lar_mask_view view = lar_mask_view_of(mask, size, a);
        for (int64_t k = 0; k < view.size[1]; k++)
            for (int64_t i = 0; i < view.size[0]; i++)
                spread_line(mask + i * view.stride[0] + k * view.stride[1], view.stride[2],
                            view.size[2], radius[a], value);
    }
}

void lar_mask_grow(uint8_t *mask, const int64_t size[3], const int64_t radius[3])
{
    spread(mask, size, radius, 1);
}

void lar_mask_shrink(uint8_t *mask, const int64_t size[3], const int64_t radius[3])
{
    spread(mask, size, radius, 0);
}
