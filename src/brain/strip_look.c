/* What an image is, before it is stripped: CT or MR, a head or a brain alone.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "brain/brain.h"
#include "brain/strip_parts.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"

/* CT: most of what is dark is air or was not scanned, and part of the rest is soft tissue. */
#define CT_AIR    (-900.0)
#define CT_SOFT   100.0
#define CT_TISSUE 0.02 /* of all voxels */

/* Of a stripped image: voxels on the border that hold its value, and how much is left. A brain is
 * no larger than 2.3 l, a head without neck no smaller. */
#define BORDER       0.995
#define LEAST_ML     100.0
#define MOST_ML      2300.0
#define NEAR_OUTSIDE 0.005 /* of the range: what interpolation leaves around a brain */
#define THIN_MM      3.0   /* rests of skin and dura are no thicker than twice this */

#define GRID_MM 2.0

/* ---- CT ------------------------------------------------------------------------------------ */

static lar_status look_for_ct(lar_strip_look *look, const float *values, int64_t count)
{
    int64_t air = 0, soft = 0;
    for (int64_t n = 0; n < count; n++) {
        const double value = (double)values[n];
        air += value < CT_AIR;
        soft += value > -CT_SOFT && value < CT_SOFT;
    }
    look->ct = (double)air >= CT_TISSUE * (double)count &&
               (double)soft >= CT_TISSUE * (double)count && look->low < CT_AIR;
    return LAR_OK;
}

/* ---- stripped images ----------------------------------------------------------------------- */

static bool is_outside(double value, const lar_strip_look *look)
{
    return fabs(value - look->outside) <= NEAR_OUTSIDE * (look->high - look->low);
}

/* The value of the first corner, where nearly all of the border has it. */
static bool border_is_one_value(const lar_image *floats)
{
    const float *values = floats->voxels;
    const int64_t *size = floats->grid.size;
    int64_t all = 0, same = 0;
    for (int64_t k = 0; k < size[2]; k++)
        for (int64_t j = 0; j < size[1]; j++) {
            const bool inner = k > 0 && k < size[2] - 1 && j > 0 && j < size[1] - 1;
            const int64_t step = inner ? size[0] - 1 : 1;
            for (int64_t i = 0; i < size[0]; i += step) {
                all++;
                same += values[i + size[0] * (j + size[1] * k)] == values[0];
            }
        }
    return (double)same >= BORDER * (double)all;
}

lar_status lar_strip_left(lar_image **mask, const lar_image *floats, const lar_strip_look *look)
{
    lar_status status = LAR_OK;
    lar_image *left = NULL, *opened = NULL;
    const int64_t *size = floats->grid.size, count = lar_image_voxel_count(floats);
    const float *values = floats->voxels;
    double mm[3];

    *mask = NULL;
    lar_grid_spacing(&floats->grid, mm);
    LAR_TRY(lar_image_like(&left, floats, LAR_U8));
    uint8_t *bytes = left->voxels;
    for (int64_t n = 0; n < count; n++) bytes[n] = !is_outside((double)values[n], look);
    LAR_TRY(lar_mask_fill_holes(bytes, size));
    LAR_TRY(lar_image_copy(&opened, left));
    uint8_t *core = opened->voxels;
    LAR_TRY(lar_mask_erode(core, size, mm, THIN_MM));
    LAR_TRY(lar_mask_keep_largest(core, size));
    LAR_TRY(lar_mask_dilate(core, size, mm, THIN_MM * 1.5));
    for (int64_t n = 0; n < count; n++) core[n] &= bytes[n];
    LAR_TRY(lar_mask_keep_largest(core, size));
    LAR_TRY(lar_mask_fill_holes(core, size));
    *mask = opened;
    opened = NULL;
done:
    lar_image_free(opened);
    lar_image_free(left);
    return status;
}

enum { SHELLS = 10, DARK_FROM = 1, DARK_TO = 6 };
#define SHELL_MM 3.0
#define DARK     0.75 /* the skull against what lies to both its sides */

/* From the surface inwards, a head has skin, a dark skull (bright in CT), and brain; a brain has no
 * such layer. Of the upper half, where neither face nor neck are. */
static lar_status has_skull(bool *out, const lar_image *values, const lar_image *depth, bool ct,
                            double outside)
{
    lar_status status = LAR_OK;
    const int64_t count = lar_image_voxel_count(values), *size = values->grid.size;
    const float *value = values->voxels, *mm = depth->voxels;
    float *shell = lar_alloc_raw(count, sizeof *shell);
    double medians[SHELLS], middle = 0, inside = 0;
    const double half = 0.5;
    if (!shell) return LAR_EMEMORY;
    for (int64_t n = 0; n < count; n++)
        if (mm[n] < 0) {
            middle += (double)(n / (size[0] * size[1]));
            inside++;
        }
    const int64_t above = (int64_t)(middle / inside) * size[0] * size[1];
    int shells = 0;
    for (; shells < SHELLS; shells++) {
        int64_t found = 0;
        for (int64_t n = above; n < count; n++) {
            const double in = -(double)mm[n];
            if (in >= shells * SHELL_MM && in < (shells + 1) * SHELL_MM) shell[found++] = value[n];
        }
        if (found == 0) break;
        LAR_TRY(lar_quantiles(&medians[shells], &half, 1, shell, found));
        medians[shells] -= outside;
    }
    *out = false;
    for (int s = DARK_FROM; s < shells && s <= DARK_TO; s++) {
        double before = medians[0], after = medians[s];
        for (int n = 1; n < s; n++) before = fmax(before, medians[n]);
        for (int n = s + 1; n < shells; n++) after = fmax(after, medians[n]);
        *out = *out || (medians[s] < DARK * before && medians[s] < DARK * after);
        *out = *out || (ct && medians[s] + outside > 200);
    }
done:
    lar_free(shell);
    return status;
}

static lar_status look_for_brain(lar_strip_look *look, const lar_image *floats)
{
    lar_status status = LAR_OK;
    lar_image *left = NULL, *ras = NULL, *small = NULL, *small_left = NULL, *depth = NULL;
    lar_resample_params how = lar_resample_default();
    const double mm[3] = { GRID_MM, GRID_MM, GRID_MM };
    bool skull = false;

    LAR_TRY(lar_strip_left(&left, floats, look));
    const double millilitres = lar_strip_millilitres(left);
    if (millilitres < LEAST_ML || millilitres > MOST_ML) goto done;
    LAR_TRY(lar_image_to_ras(&ras, left));
    const lar_grid grid = lar_grid_with_spacing(&ras->grid, mm);
    how.interpolation = LAR_LINEAR;
    LAR_TRY(lar_resample(&small, floats, &grid, &how));
    how.interpolation = LAR_NEAREST;
    how.antialias = false;
    LAR_TRY(lar_resample(&small_left, left, &grid, &how));
    LAR_TRY(lar_mask_distance(&depth, small_left));
    LAR_TRY(has_skull(&skull, small, depth, look->ct, look->outside));
    look->stripped = !skull;
done:
    lar_image_free(depth);
    lar_image_free(small_left);
    lar_image_free(small);
    lar_image_free(ras);
    lar_image_free(left);
    return status;
}

lar_status lar_strip_look_at(lar_strip_look *out, const lar_image *floats)
{
    lar_status status = LAR_OK;
    lar_range range;
    const float *values = floats->voxels;
    *out = (lar_strip_look){ 0 };
    LAR_TRY(lar_image_range(&range, floats));
    out->low = range.low;
    out->high = range.high;
    out->outside = (double)values[0];
    if (!(range.low < range.high)) {
        status = lar_fail(LAR_ENUMERIC, "the image is constant: every value is %.9g", range.low);
        goto done;
    }
    LAR_TRY(look_for_ct(out, values, lar_image_voxel_count(floats)));
    if (border_is_one_value(floats)) LAR_TRY(look_for_brain(out, floats));
done:
    return status;
}
