/* Where a PAR file says that its slices are.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "format/headed/parrec.h"
#include "math/math.h"

static const double degree = 0.017453292519943295; /* pi / 180 */

/* Voxel axes to Philips' axes (to the back, to the head, to the left), for slice orientations 1
 * transverse, 2 sagittal, 3 coronal; as nibabel found them by looking at scans. */
static const int to_psl[3][3][3] = {
    { { 0, 1, 0 }, { 0, 0, 1 }, { 1, 0, 0 } },
    { { 1, 0, 0 }, { 0, -1, 0 }, { 0, 0, -1 } },
    { { 0, 0, 1 }, { 0, -1, 0 }, { 1, 0, 0 } },
};

static void multiply(double out[3][3], const double a[3][3], const double b[3][3])
{
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++)
            out[r][c] = a[r][0] * b[0][c] + a[r][1] * b[1][c] + a[r][2] * b[2][c];
}

/* About rl, then fh, then ap is what agrees with the slices' own positions. */
static void turn_of(double out[3][3], const double angulation[3])
{
    double s[3], c[3], inner[3][3];
    for (int n = 0; n < 3; n++) {
        s[n] = sin(angulation[n] * degree);
        c[n] = cos(angulation[n] * degree);
    }
    const double ap[3][3] = { { 1, 0, 0 }, { 0, c[0], -s[0] }, { 0, s[0], c[0] } };
    const double fh[3][3] = { { c[1], 0, s[1] }, { 0, 1, 0 }, { -s[1], 0, c[1] } };
    const double rl[3][3] = { { c[2], -s[2], 0 }, { s[2], c[2], 0 }, { 0, 0, 1 } };
    multiply(inner, ap, fh);
    multiply(out, rl, inner);
}

/* A direction or a point of Philips' axes in RAS. */
static void to_ras(double out[3], const double psl[3])
{
    out[0] = -psl[2];
    out[1] = -psl[0];
    out[2] = psl[1];
}

/* The off-centre is where the middle of all voxels lies. */
static void set_affine(lar_grid *grid, const par_file *file)
{
    const par_slice *slice = &file->slices[0];
    const double spacing[3] = { slice->spacing_mm[0], slice->spacing_mm[1],
                                slice->thickness_mm + slice->gap_mm };
    double axes[3][3], turn[3][3], turned[3][3], origin[3];

    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++) axes[r][c] = to_psl[slice->orientation - 1][r][c] * spacing[c];
    turn_of(turn, file->general.angulation);
    multiply(turned, turn, axes);
    for (int r = 0; r < 3; r++) {
        origin[r] = file->general.centre_mm[r];
        for (int c = 0; c < 3; c++) origin[r] -= turned[r][c] * (double)(grid->size[c] - 1) / 2;
    }
    for (int c = 0; c < 4; c++) {
        const double column[3] = { c < 3 ? turned[0][c] : origin[0],
                                   c < 3 ? turned[1][c] : origin[1],
                                   c < 3 ? turned[2][c] : origin[2] };
        double ras[3];
        to_ras(ras, column);
        for (int r = 0; r < 3; r++) grid->to_world.m[r][c] = ras[r];
    }
}

/* Each line says where the middle of its slice is: two decimals, so half of 0.01 mm per axis. */
static void check_places(lar_image_about *about, const par_file *file)
{
    const double tolerance_mm = 0.1;
    double farthest = 0, turned = 0;
    for (int64_t n = 0; n < file->count; n++) {
        const par_slice *slice = &file->slices[n];
        const double middle[3] = { (double)(slice->size[0] - 1) / 2,
                                   (double)(slice->size[1] - 1) / 2,
                                   (double)(slice->key[PAR_SLICE] - 1) };
        double said[3], found[3];
        to_ras(said, slice->centre_mm);
        lar_affine_point(&about->grid.to_world, middle, found);
        farthest = fmax(farthest,
                        hypot(hypot(said[0] - found[0], said[1] - found[1]), said[2] - found[2]));
        for (int k = 0; k < 3; k++)
            turned = fmax(turned, fabs(slice->angulation[k] - file->general.angulation[k]));
    }
    if (farthest > tolerance_mm || turned > tolerance_mm)
        lar_text_add(&about->warnings,
                     "the lines of its slices place them up to %.2f mm from, and turn them up to "
                     "%.2f degrees against, what its general information says, which is taken\n",
                     farthest, turned);
}

lar_status lar_par_place(lar_image_about *about, const par_file *file)
{
    set_affine(&about->grid, file);
    if (!lar_grid_is_valid(&about->grid))
        return lar_fail(LAR_EFORMAT, "the numbers in '%s' give no place for its voxels",
                        file->name);
    check_places(about, file);
    return LAR_OK;
}
