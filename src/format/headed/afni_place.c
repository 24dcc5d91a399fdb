/* Where a HEAD file says that the voxels are. Its coordinates are DICOM's: x to the left, y to the
 * back, z to the head. SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "format/headed/afni.h"
#include "math/math.h"

/* ORIENT_SPECIFIC: right to left, left to right, back to front, front to back, foot to head, head
 * to foot. */
static const struct {
    int axis, sign; /* in DICOM's coordinates */
} orients[] = { { 0, 1 }, { 0, -1 }, { 1, -1 }, { 1, 1 }, { 2, 1 }, { 2, -1 } };

/* The voxel axes along the world's: ORIGIN and DELTA are of each voxel axis. */
static lar_status by_axes(lar_affine *out, bool *found, const afni_head *head)
{
    lar_status status = LAR_OK;
    const afni_attribute *orient, *origin, *delta;
    bool taken[3] = { false };

    *out = (lar_affine){ 0 };
    LAR_TRY(lar_afni_numbers(&orient, head, "ORIENT_SPECIFIC", AFNI_WHOLE, 3, 3));
    LAR_TRY(lar_afni_numbers(&origin, head, "ORIGIN", AFNI_REAL, 3, 3));
    LAR_TRY(lar_afni_numbers(&delta, head, "DELTA", AFNI_REAL, 3, 3));
    *found = orient && origin && delta;
    for (int n = 0; *found && n < 3; n++) {
        const double code = orient->values[n];
        if (!(code >= 0 && code <= 5))
            return lar_fail(LAR_EFORMAT, "'%s' has %g in ORIENT_SPECIFIC, expected 0 to 5",
                            head->path, code);
        const int axis = orients[(int)code].axis, sign = orients[(int)code].sign;
        if (taken[axis])
            return lar_fail(LAR_EFORMAT, "ORIENT_SPECIFIC in '%s' names an axis twice: %g %g %g",
                            head->path, orient->values[0], orient->values[1], orient->values[2]);
        taken[axis] = true;
        if (!(delta->values[n] * sign > 0))
            return lar_fail(LAR_EFORMAT,
                            "'%s' contradicts itself: DELTA %d is %g, ORIENT_SPECIFIC %g asks for "
                            "%s",
                            head->path, n + 1, delta->values[n], code,
                            sign > 0 ? "more than 0" : "less than 0");
        out->m[axis][n] = delta->values[n];
        out->m[axis][3] = origin->values[n];
    }
done:
    return status;
}

static double farthest_corner(const lar_affine *a, const lar_affine *b, const int64_t size[3])
{
    double farthest = 0;
    for (int corner = 0; corner < 8; corner++) {
        double at[3], one[3], other[3];
        for (int n = 0; n < 3; n++) at[n] = corner >> n & 1 ? (double)(size[n] - 1) : 0;
        lar_affine_point(a, at, one);
        lar_affine_point(b, at, other);
        farthest =
            fmax(farthest, hypot(hypot(one[0] - other[0], one[1] - other[1]), one[2] - other[2]));
    }
    return farthest;
}

lar_status lar_afni_place(lar_image_about *about, const afni_head *head)
{
    const double tolerance_mm = 0.01; /* six digits are written */
    lar_status status = LAR_OK;
    const afni_attribute *real;
    lar_affine axes, whole = { 0 };
    bool by_axis;

    LAR_TRY(by_axes(&axes, &by_axis, head));
    LAR_TRY(lar_afni_numbers(&real, head, "IJK_TO_DICOM_REAL", AFNI_REAL, 12, 12));
    if (!real && !by_axis)
        return lar_fail(LAR_EFORMAT,
                        "'%s' does not say where it is: it has neither IJK_TO_DICOM_REAL nor "
                        "ORIENT_SPECIFIC, ORIGIN and DELTA",
                        head->path);
    for (int n = 0; real && n < 12; n++) whole.m[n / 4][n % 4] = real->values[n];
    about->affine_from = real ? "IJK_TO_DICOM_REAL" : "ORIGIN and DELTA";
    const double apart = real && by_axis ? farthest_corner(&whole, &axes, about->grid.size) : 0;
    if (!(apart <= tolerance_mm))
        lar_text_add(&about->warnings,
                     "its ORIGIN and DELTA, which know no oblique slices, place it up to %.3g mm "
                     "from where its IJK_TO_DICOM_REAL does, which is taken\n",
                     apart);
    about->grid.to_world = real ? whole : axes;
    for (int r = 0; r < 2; r++)
        for (int c = 0; c < 4; c++) about->grid.to_world.m[r][c] *= -1; /* LPS to RAS */
    if (!lar_grid_is_valid(&about->grid))
        status = lar_fail(LAR_EFORMAT, "the %s of '%s' cannot be inverted", about->affine_from,
                          head->path);
done:
    return status;
}
