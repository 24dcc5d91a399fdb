/* Where the voxels of a MetaImage are: matrix, offset, spacing and unit; LPS to RAS.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "format/headed/metaimage.h"
#include "math/math.h"

/* Millimetres of a unit; ITK takes whatever it is as mm. */
static lar_status unit_mm(double *mm, lar_image_about *about, const lar_meta *h)
{
    static const struct {
        const char *name;
        double mm;
    } units[] = { { "mm", 1 }, { "um", 1e-3 }, { "cm", 10 }, { "?", 1 }, { "", 1 } };
    *mm = 1;
    if (!h->values[META_UNITS]) return LAR_OK;
    for (size_t n = 0; n < sizeof units / sizeof *units; n++) {
        if (!lar_text_is(h->values[META_UNITS], units[n].name)) continue;
        *mm = units[n].mm;
        if (*mm != 1)
            lar_text_add(&about->warnings, "its lengths are in %s, and made mm\n", units[n].name);
        return LAR_OK;
    }
    return lar_meta_bad_value(h, META_UNITS, "mm, um or cm");
}

/* AnatomicalOrientation says for each axis where it begins: "RAI" where it runs to L, P, S. ITK
 * writes it, but reads the matrix alone. */
static void compare_anatomy(lar_image_about *about, const lar_meta *h)
{
    static const char from[] = "LPIRAS"; /* for x, y, z rising, then falling */
    const char *code = h->values[META_ANATOMY];
    double spacing[3], least = 1;
    if (!code || strlen(code) != 3) return;
    lar_grid_spacing(&about->grid, spacing);
    for (int n = 0; n < 3; n++) {
        const char *found = strchr(from, code[n]);
        if (!found) return; /* "???" */
        const int r = (int)(found - from) % 3;
        const double cosine = about->grid.to_world.m[r][n] / spacing[n];
        least = fmin(least, found - from < 3 ? cosine : -cosine);
    }
    /* 0.1: of an axis in the middle of two, either may be named */
    if (least < 0.1)
        lar_text_add(&about->warnings,
                     "its AnatomicalOrientation, %s, is not that of its matrix; the matrix is "
                     "used\n",
                     code);
}

static lar_status take_numbers(double *out, int64_t count, const lar_meta *h, const int *same,
                               bool *said)
{
    int key;
    const lar_status status = lar_meta_one_of(&key, h, same);
    *said = key >= 0;
    if (status != LAR_OK || key < 0) return status;
    return lar_header_numbers(out, count, h->values[key], lar_meta_keys[key], h->path);
}

lar_status lar_meta_place(lar_image_about *about, const lar_meta *h, double *step)
{
    static const int matrices[] = { META_MATRIX, META_ROTATION, META_ORIENTATION, -1 },
                     offsets[] = { META_OFFSET, META_POSITION, META_ORIGIN, META_IMAGE_POSITION,
                                   -1 },
                     spacings[] = { META_SPACING, -1 }, extents[] = { META_EXTENT, -1 };
    lar_status status = LAR_OK;
    const int64_t dims = h->dims;
    double matrix[META_MOST_DIMS * META_MOST_DIMS] = { 0 }, offset[META_MOST_DIMS] = { 0 };
    double spacing[META_MOST_DIMS] = { 1, 1, 1, 1 }, mm;
    bool has_matrix, has_offset, has_spacing;

    LAR_TRY(unit_mm(&mm, about, h));
    LAR_TRY(take_numbers(matrix, dims * dims, h, matrices, &has_matrix));
    LAR_TRY(take_numbers(offset, dims, h, offsets, &has_offset));
    LAR_TRY(take_numbers(spacing, dims, h, spacings, &has_spacing));
    if (!has_spacing) LAR_TRY(take_numbers(spacing, dims, h, extents, &has_spacing));
    for (int64_t n = 0; n < dims && !has_matrix; n++) matrix[n * dims + n] = 1;
    if (dims > 2 && !has_matrix)
        lar_text_add(&about->warnings, "it does not say TransformMatrix: its axes are taken as "
                                       "right to left, front to back, foot to head\n");
    if (dims > 2 && !has_offset)
        lar_text_add(&about->warnings, "it does not say Offset: taken as 0\n");
    if (!has_spacing)
        lar_text_add(&about->warnings, "it does not say ElementSpacing: taken as 1\n");

    for (int n = 0; n < dims; n++)
        if (!(spacing[n] > 0)) {
            status = lar_fail(LAR_EGEOMETRY,
                              "'%s' has the spacing %g in dimension %d, expected "
                              "more than 0",
                              h->path, spacing[n], n + 1);
            goto done;
        }
    for (int n = 0; n < 3 && dims == 4; n++)
        if (matrix[n * 4 + 3] != 0 || matrix[12 + n] != 0) {
            status = lar_fail(LAR_EGEOMETRY,
                              "the matrix of '%s' turns its fourth dimension into space", h->path);
            goto done;
        }
    lar_affine *a = &about->grid.to_world;
    *a = lar_affine_identity();
    for (int r = 0; r < 3 && r < dims; r++) { /* LPS to RAS: x and y change sign */
        const double sign = r < 2 ? -mm : mm;
        for (int n = 0; n < 3 && n < dims; n++)
            a->m[r][n] = sign * matrix[n * dims + r] * spacing[n];
        a->m[r][3] = sign * offset[r] + 0.0; /* no -0 */
    }
    *step = dims == 4 ? spacing[3] : 0;
    about->affine_from = "direction cosines";
    if (!lar_grid_is_valid(&about->grid))
        status = lar_fail(LAR_EGEOMETRY,
                          "the matrix of '%s' is singular, so its voxels have no "
                          "place",
                          h->path);
    else
        compare_anatomy(about, h);
done:
    return status;
}
