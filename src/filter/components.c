/* Connected pieces of a mask, and holes: the pieces of what is not mask that reach no border. Runs
 * of voxels along i are joined with the overlapping runs of the rows beside them (union by root),
 * so that work and memory follow the outline and not the volume.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "filter/filter.h"
#include "filter/mask_parts.h"

typedef struct run {
    int64_t begin, end; /* along i */
    int64_t parent;     /* run of the same piece with a lower number, or itself */
    int64_t voxels;     /* of the piece, at its root */
    bool border;        /* the piece touches the border, at its root */
} run;

typedef struct runs {
    run *at;
    int64_t count;
    int64_t *row_first; /* (rows + 1): the runs of row j + k * size[1] */
} runs;

static uint8_t *row_of(const lar_mask_view *mask, int64_t row)
{
    return mask->at + row % mask->size[1] * mask->stride[1] + row / mask->size[1] * mask->stride[2];
}

/* From i on, where the row is first not `value`; its end where nowhere. */
static int64_t pass_over(const uint8_t *row, int64_t i, int64_t end, uint8_t value)
{
    const uint64_t eight = value * UINT64_C(0x0101010101010101);
    for (uint64_t word; i + 8 <= end; i += 8) {
        memcpy(&word, row + i, 8);
        if (word != eight) break;
    }
    while (i < end && row[i] == value) i++;
    return i;
}

/* Passes over the runs of `value` of one row; writes them where `out` is not NULL. */
static int64_t scan_row(run *out, const lar_mask_view *mask, int64_t row, uint8_t value)
{
    const uint8_t *at = row_of(mask, row);
    const int64_t size = mask->size[0];
    int64_t count = 0;
    for (int64_t i = 0; i < size;) {
        const int64_t begin = pass_over(at, i, size, !value);
        if (begin == size) break;
        i = pass_over(at, begin, size, value);
        if (out) out[count] = (run){ .begin = begin, .end = i };
        count++;
    }
    return count;
}

static int64_t root_of(runs *all, int64_t n)
{
    run *at = all->at;
    while (at[n].parent != n) {
        at[n].parent = at[at[n].parent].parent;
        n = at[n].parent;
    }
    return n;
}

static void join(runs *all, int64_t a, int64_t b)
{
    a = root_of(all, a);
    b = root_of(all, b);
    if (a == b) return;
    const int64_t low = a < b ? a : b, high = a < b ? b : a;
    all->at[high].parent = low;
    all->at[low].voxels += all->at[high].voxels;
    all->at[low].border = all->at[low].border || all->at[high].border;
}

static void join_rows(runs *all, int64_t row, int64_t other)
{
    int64_t a = all->row_first[row], b = all->row_first[other];
    while (a < all->row_first[row + 1] && b < all->row_first[other + 1]) {
        if (all->at[a].begin < all->at[b].end && all->at[b].begin < all->at[a].end) join(all, a, b);
        if (all->at[a].end < all->at[b].end)
            a++;
        else
            b++;
    }
}

static void runs_clear(runs *all)
{
    lar_free(all->at);
    lar_free(all->row_first);
}

/* The pieces of `value`; of each slice k on its own where `flat`. */
static lar_status runs_init(runs *all, const lar_mask_view *mask, uint8_t value, bool flat)
{
    const int64_t *size = mask->size, rows = size[1] * size[2];
    *all = (runs){ 0 };
    all->row_first = lar_alloc(rows + 1, sizeof *all->row_first);
    if (!all->row_first) return LAR_EMEMORY;
    for (int64_t row = 0; row < rows; row++)
        all->row_first[row + 1] = all->row_first[row] + scan_row(NULL, mask, row, value);
    all->count = all->row_first[rows];
    all->at = lar_alloc(all->count, sizeof *all->at);
    if (!all->at) return LAR_EMEMORY;
    for (int64_t row = 0; row < rows; row++) {
        const int64_t j = row % size[1], k = row / size[1];
        const bool edge = j == 0 || j == size[1] - 1 || (!flat && (k == 0 || k == size[2] - 1));
        scan_row(all->at + all->row_first[row], mask, row, value);
        for (int64_t n = all->row_first[row]; n < all->row_first[row + 1]; n++) {
            run *r = &all->at[n];
            r->parent = n;
            r->voxels = r->end - r->begin;
            r->border = edge || r->begin == 0 || r->end == size[0];
        }
        if (j > 0) join_rows(all, row, row - 1);
        if (k > 0 && !flat) join_rows(all, row, row - size[1]);
    }
    return LAR_OK;
}

static void paint(const lar_mask_view *mask, int64_t row, const run *r, uint8_t value)
{
    uint8_t *at = row_of(mask, row);
    for (int64_t i = r->begin; i < r->end; i++) at[i * mask->stride[0]] = value;
}

lar_status lar_mask_keep_largest(uint8_t *mask, const int64_t size[3])
{
    lar_status status = LAR_OK;
    const lar_mask_view view = lar_mask_view_of(mask, size, 2);
    runs all;
    int64_t largest = 0;

    LAR_TRY(runs_init(&all, &view, 1, false));
    for (int64_t n = 1; n < all.count; n++) /* only a root holds the voxels of its whole piece */
        if (all.at[n].parent == n && all.at[n].voxels > all.at[largest].voxels) largest = n;
    for (int64_t row = 0; row < size[1] * size[2]; row++)
        for (int64_t n = all.row_first[row]; n < all.row_first[row + 1]; n++)
            if (root_of(&all, n) != largest) paint(&view, row, &all.at[n], 0);
done:
    runs_clear(&all);
    return status;
}

/* Runs are looked for in `rows`, and painted in `view`: the same mask, whose rows need not lie
 * together. */
static lar_status fill(const lar_mask_view *view, const lar_mask_view *rows, bool flat)
{
    lar_status status = LAR_OK;
    runs all;

    LAR_TRY(runs_init(&all, rows, 0, flat));
    for (int64_t row = 0; row < view->size[1] * view->size[2]; row++)
        for (int64_t n = all.row_first[row]; n < all.row_first[row + 1]; n++)
            if (!all.at[root_of(&all, n)].border) paint(view, row, &all.at[n], 1);
done:
    runs_clear(&all);
    return status;
}

lar_status lar_mask_fill_holes(uint8_t *mask, const int64_t size[3])
{
    const lar_mask_view view = lar_mask_view_of(mask, size, 2);
    return fill(&view, &view, false);
}

/* to[row + i * rows] = from[i + row * count], in blocks that stay in the cache. */
static void turn(uint8_t *restrict to, const uint8_t *restrict from, int64_t rows, int64_t count)
{
    enum { BLOCK = 64 };
    for (int64_t r = 0; r < rows; r += BLOCK)
        for (int64_t i = 0; i < count; i += BLOCK) {
            const int64_t r_end = r + BLOCK < rows ? r + BLOCK : rows;
            const int64_t i_end = i + BLOCK < count ? i + BLOCK : count;
            for (int64_t m = i; m < i_end; m++)
                for (int64_t n = r; n < r_end; n++) to[n + m * rows] = from[m + n * count];
        }
}

lar_status lar_mask_fill_slices(uint8_t *mask, const int64_t size[3], int axis)
{
    const lar_mask_view view = lar_mask_view_of(mask, size, axis);
    if (axis != 0) return fill(&view, &view, true);
    const int64_t plane = size[1] * size[2];
    uint8_t *turned = lar_alloc_raw(plane * size[0], 1);
    if (!turned) return LAR_EMEMORY;
    turn(turned, mask, plane, size[0]);
    const lar_mask_view rows = lar_mask_view_of(turned, view.size, 2);
    const lar_status status = fill(&view, &rows, true);
    lar_free(turned);
    return status;
}
