/* FSL FLIRT's .mat: four rows of four numbers, from the moving image to the fixed one, in each
 * image's own millimetres: voxel numbers times voxel sizes, the first axis counted from its other
 * end where the image's affine has a positive determinant (FSL's wiki, "FLIRT FAQ"; nitransforms).
 * It means nothing without both grids. SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "format/transform/transform.h"
#include "image/image.h"
#include "math/math.h"

static const char *const suffixes[] = { ".fsl.mat", NULL };

/* Nothing but numbers. */
static bool sniff(const lar_source *source)
{
    bool digits = false;
    for (size_t n = 0; n < source->head_count; n++) {
        const char c = (char)source->head[n];
        if (!c || !strchr("+-.0123456789eE \t\r\n", c)) return false;
        digits = digits || (c >= '0' && c <= '9');
    }
    return digits;
}

static bool from_world(lar_affine *out, const lar_grid *grid)
{
    double spacing[3];
    lar_grid_spacing(grid, spacing);
    if (!lar_grid_is_valid(grid) || !lar_affine_invert(out, &grid->to_world)) return false;
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++) out->m[r][c] *= spacing[r];
    if (lar_affine_determinant(&grid->to_world) > 0) {
        for (int c = 0; c < 4; c++) out->m[0][c] = -out->m[0][c];
        out->m[0][3] += spacing[0] * (double)(grid->size[0] - 1);
    }
    return true;
}

/* From FSL's matrix to the map of RAS+ mm: the same steps with the ends changed lead back. */
static bool turn_round(lar_affine *out, const lar_affine *in, const lar_affine *before,
                       const lar_affine *after)
{
    lar_affine inverse, whole;
    if (!lar_affine_invert(&inverse, in)) return false;
    whole = lar_affine_chain(before, &inverse);
    *out = lar_affine_chain(&whole, after);
    return true;
}

static lar_status no_grids(const char *path)
{
    const lar_status status = lar_fail(
        LAR_EARGUMENT,
        "'%s' is a matrix of FSL, which lies between the grids of two images, and both must "
        "be known",
        path);
    return lar_hint(status, "to name the fixed image (--like), and the moving one where it is not "
                            "the input (--moving)");
}

static lar_status read(lar_affine **out, int64_t *count, char *text, size_t length,
                       const char *path, const lar_transform_use *use)
{
    lar_status status = LAR_OK;
    double numbers[16];
    int64_t rows = 0, found;
    lar_affine matrix, fixed, moving, back, map;
    if (strlen(text) != length) return lar_fail(LAR_EFORMAT, "'%s' is not text", path);
    for (char *line; (line = lar_next_line(&text));) {
        if (!line[strspn(line, " \t")]) continue;
        if (rows == 4)
            return lar_fail(LAR_EFORMAT, "'%s' holds more than the 4 rows of a matrix", path);
        LAR_TRY(lar_line_numbers(&numbers[4 * rows++], &found, 4, line, path));
        if (found != 4)
            return lar_fail(LAR_EFORMAT, "row %lld of '%s' holds %lld numbers, expected 4",
                            (long long)rows, path, (long long)found);
    }
    if (rows != 4)
        return lar_fail(LAR_EFORMAT, "'%s' holds %lld rows of numbers, expected a matrix of 4",
                        path, (long long)rows);
    for (int c = 0; c < 4; c++)
        if (numbers[12 + c] != (c == 3))
            return lar_fail(LAR_EFORMAT, "the last row of '%s' is not 0 0 0 1", path);
    for (int n = 0; n < 12; n++) matrix.m[n / 4][n % 4] = numbers[n];
    if (!use || !use->fixed || !use->moving) return no_grids(path);
    /* used the other way, the file's moving image is the fixed one */
    if (!from_world(&fixed, use->inverse ? use->moving : use->fixed) ||
        !from_world(&moving, use->inverse ? use->fixed : use->moving))
        return lar_fail(LAR_EGEOMETRY, "'%s' lies between grids of which one has no extent", path);
    if (!lar_affine_invert(&back, &moving) || !turn_round(&map, &matrix, &fixed, &back))
        return lar_fail(LAR_ENUMERIC, "the matrix of '%s' is singular: its determinant is %g", path,
                        lar_affine_determinant(&matrix));
    status = lar_transform_one(out, count, &map, path);
done:
    return status;
}

static void write(lar_text *out, const lar_affine *fixed_to_moving, const lar_grid *fixed,
                  const lar_grid *moving)
{
    lar_affine from_fixed, from_moving, back, matrix;
    if (!from_world(&from_fixed, fixed) || !from_world(&from_moving, moving) ||
        !lar_affine_invert(&back, &from_moving) ||
        !turn_round(&matrix, fixed_to_moving, &back, &from_fixed))
        return;
    for (int r = 0; r < 4; r++)
        for (int c = 0; c < 4; c++) {
            lar_add_number(out, r < 3 ? matrix.m[r][c] : c == 3);
            lar_text_add(out, c < 3 ? "  " : "\n");
        }
}

const lar_transform_format lar_transform_fsl = {
    .name = "an FSL matrix",
    .suffixes = suffixes,
    .needs_grids = true,
    .sniff = sniff,
    .read = read,
    .write = write,
};
