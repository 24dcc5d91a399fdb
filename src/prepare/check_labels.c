/* Which labels the cases hold: one that few lack, or have alone, is often a slip of the hand that
 * drew them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/image.h"
#include "prepare/check_labels.h"

static int64_t place_of(const lar_check_labels *list, double value)
{
    int64_t low = 0, high = list->count;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (list->at[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool lar_check_labels_has(const lar_check_labels *list, double value)
{
    const int64_t at = place_of(list, value);
    return at < list->count && list->at[at] == value;
}

static void add(lar_check_labels *list, double value)
{
    if (lar_check_labels_has(list, value) || list->many) return;
    if (list->count == LAR_CHECK_LABELS) {
        list->many = true;
        return;
    }
    const int64_t at = place_of(list, value);
    memmove(list->at + at + 1, list->at + at, (size_t)(list->count - at) * sizeof *list->at);
    list->at[at] = value;
    list->count++;
}

lar_status lar_check_labels_find(lar_check_labels *out, const lar_image *image)
{
    const int64_t *size = image->grid.size;
    double *row = lar_alloc_raw(size[0], sizeof *row), last = NAN;
    if (!row) return LAR_EMEMORY;
    *out = (lar_check_labels){ 0 };
    for (int64_t n = 0; n < size[1] * size[2] && !out->many; n++) {
        lar_image_load(row, image, 0, n % size[1], n / size[1], 0, size[0]);
        for (int64_t i = 0; i < size[0]; i++) {
            if (row[i] == last) continue; /* labels come in runs */
            last = row[i];
            add(out, last);
        }
    }
    lar_free(row);
    return LAR_OK;
}

void lar_check_labels_join(lar_check_labels *all, const lar_check_labels *one)
{
    for (int64_t n = 0; n < one->count; n++) add(all, one->at[n]);
    all->many |= one->many;
}
