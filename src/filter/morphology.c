/* Growing and shrinking a mask by a box, one axis after the other. The largest of a window of rows
 * is put together from windows of 1, 2, 4, 8 ... rows, over eight voxels at once.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "filter/filter.h"

enum { SLICES = 4 };

typedef struct spreading {
    uint8_t *mask;
    const int64_t *size;
    int64_t radius;
    int axis;
    uint8_t flip; /* 1 where zeros spread: bytes are turned over on the way in and out */
} spreading;

/* at[n] |= at[n + step], in rising order, so that what is read has not been written. */
static void join_ahead(uint8_t *at, int64_t count, int64_t step)
{
    int64_t n = 0;
    for (; n + 8 <= count; n += 8) {
        uint64_t here, ahead;
        memcpy(&here, at + n, 8);
        memcpy(&ahead, at + n + step, 8);
        here |= ahead;
        memcpy(at + n, &here, 8);
    }
    for (; n < count; n++) at[n] |= at[n + step];
}

/* Each of `rows` becomes the union of itself and those after it, `window` in all. */
static void join_windows(uint8_t *room, int64_t rows, int64_t window, int64_t width)
{
    for (int64_t have = 1; have < window;) { /* row n: of the rows n to n + have - 1 */
        const int64_t more = have < window - have ? have : window - have;
        join_ahead(room, (rows - have - more + 1) * width, more * width);
        have += more;
    }
}

static void copy_row(uint8_t *restrict to, const uint8_t *restrict from, int64_t count,
                     uint8_t flip)
{
    for (int64_t n = 0; n < count; n++) to[n] = from[n] ^ flip;
}

/* `count` rows of `width`, `step` bytes apart; room holds (count + 2 radius) * width, whose first
 * and last `radius` rows are zero before and after. */
static void spread_rows(const spreading *s, uint8_t *at, int64_t count, int64_t step, int64_t width,
                        uint8_t *room)
{
    const int64_t window = 2 * s->radius + 1, rows = count + 2 * s->radius;
    uint8_t *middle = room + s->radius * width;
    memset(room, 0, (size_t)(s->radius * width));
    memset(middle + count * width, 0, (size_t)(s->radius * width));
    for (int64_t n = 0; n < count; n++) copy_row(middle + n * width, at + n * step, width, s->flip);
    join_windows(room, rows, window, width);
    for (int64_t n = 0; n < count; n++) copy_row(at + n * step, room + n * width, width, s->flip);
}

/* A row along i is a column of rows of one byte, which lie one after another already. */
static void spread_row(const spreading *s, uint8_t *row, uint8_t *room)
{
    const int64_t size = s->size[0], radius = s->radius, window = 2 * radius + 1;
    memset(room, 0, (size_t)radius);
    memset(room + radius + size, 0, (size_t)radius);
    copy_row(room + radius, row, size, s->flip);
    join_windows(room, size + 2 * radius, window, 1);
    copy_row(row, room, size, s->flip);
}

static lar_status spread_slices(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const spreading *s = arg;
    const int64_t *size = s->size, plane = size[0] * size[1];
    const int64_t line = s->axis == 0 ? 1 : size[0];
    uint8_t *room = lar_alloc_raw((size[s->axis] + 2 * s->radius) * line, 1);
    if (!room) return LAR_EMEMORY;
    for (int64_t n = begin; n < end; n++) {
        if (s->axis == 2)
            spread_rows(s, s->mask + n * size[0], size[2], plane, size[0], room);
        else if (s->axis == 1)
            spread_rows(s, s->mask + n * plane, size[1], size[0], size[0], room);
        else
            for (int64_t j = 0; j < size[1]; j++)
                spread_row(s, s->mask + n * plane + j * size[0], room);
    }
    lar_free(room);
    return LAR_OK;
}

static lar_status spread(uint8_t *mask, const int64_t size[3], const int64_t radius[3],
                         uint8_t value)
{
    for (int a = 0; a < 3; a++) {
        spreading s = { .mask = mask,
                        .size = size,
                        .radius = radius[a] < size[a] ? radius[a] : size[a],
                        .axis = a,
                        .flip = !value };
        if (s.radius == 0) continue;
        const lar_status status = lar_parallel(size[a == 2 ? 1 : 2], SLICES, spread_slices, &s);
        if (status != LAR_OK) return status;
    }
    return LAR_OK;
}

lar_status lar_mask_grow(uint8_t *mask, const int64_t size[3], const int64_t radius[3])
{
    return spread(mask, size, radius, 1);
}

lar_status lar_mask_shrink(uint8_t *mask, const int64_t size[3], const int64_t radius[3])
{
    return spread(mask, size, radius, 0);
}
