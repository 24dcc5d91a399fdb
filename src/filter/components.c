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

/* Passes over the runs of `value` of one row; writes them where `out` is not NULL. */
static int64_t scan_row(run *out, const lar_mask_view *mask, int64_t row, uint8_t value)
{
    const uint8_t *at = row_of(mask, row);
    const int64_t size = mask->size[0], step = mask->stride[0];
    int64_t count = 0;
    for (int64_t i = 0; i < size;) {
        while (i < size && at[i * step] != value) i++;
        if (i == size) break;
        const int64_t begin = i;
        while (i < size && at[i * step] == value) i++;
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

static lar_status fill(const lar_mask_view *view, bool flat)
{
    lar_status status = LAR_OK;
    runs all;

    LAR_TRY(runs_init(&all, view, 0, flat));
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
    return fill(&view, false);
}

lar_status lar_mask_fill_slices(uint8_t *mask, const int64_t size[3], int axis)
{
    const lar_mask_view view = lar_mask_view_of(mask, size, axis);
    return fill(&view, true);
}
