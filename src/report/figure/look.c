/* Values of an image at places of the world, linear between voxels.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/image.h"
#include "math/math.h"
#include "report/figure/look.h"

lar_status lar_look_init(lar_look *out, const lar_image *image)
{
    lar_status status = LAR_OK;
    lar_image *first = NULL;

    *out = (lar_look){ 0 };
    LAR_TRY(lar_image_channel(&first, image, 0));
    LAR_TRY(lar_image_to_ras(&out->ras, first));
    lar_grid_spacing(&out->ras->grid, out->spacing_mm);
    if (!lar_affine_invert(&out->world_to_voxel, &out->ras->grid.to_world))
        status = lar_fail(LAR_EGEOMETRY, "the affine of the image is singular or not finite");
done:
    lar_image_free(first);
    return status;
}

void lar_look_clear(lar_look *look)
{
    lar_image_free(look->ras);
    *look = (lar_look){ 0 };
}

double lar_look_at(const lar_look *look, const double xyz[3], int interpolation)
{
    double ijk[3], value = 0;
    int64_t base[3], next[3];
    lar_affine_point(&look->world_to_voxel, xyz, ijk);
    for (int a = 0; a < 3; a++) {
        const int64_t last = look->ras->grid.size[a] - 1;
        /* to a millionth of a voxel, so that the last bits of an affine do not show */
        double at = rint(ijk[a] * 1e6) / 1e6;
        if (!(at >= -0.5 && at < (double)last + 0.5)) return INFINITY;
        at = at < 0 ? 0 : at > (double)last ? (double)last : at;
        if (interpolation == LAR_NEAREST) at = floor(at + 0.5);
        base[a] = (int64_t)at;
        next[a] = base[a] < last ? base[a] + 1 : base[a];
        ijk[a] = at - (double)base[a];
    }
    /* a NaN beside the point has no part in it */
    const int ends[3] = { ijk[0] != 0, ijk[1] != 0, ijk[2] != 0 };
    for (int z = 0; z <= ends[2]; z++)
        for (int y = 0; y <= ends[1]; y++)
            for (int x = 0; x <= ends[0]; x++) {
                const double weight = (x ? ijk[0] : 1 - ijk[0]) * (y ? ijk[1] : 1 - ijk[1]) *
                                      (z ? ijk[2] : 1 - ijk[2]);
                value += weight * lar_look_voxel(look, x ? next[0] : base[0], y ? next[1] : base[1],
                                                 z ? next[2] : base[2]);
            }
    return isfinite(value) ? value : NAN;
}

void lar_look_box(const lar_look *look, double low[3], double high[3])
{
    const lar_grid *grid = &look->ras->grid;
    for (int a = 0; a < 3; a++) {
        low[a] = INFINITY;
        high[a] = -INFINITY;
    }
    for (int corner = 0; corner < 8; corner++) {
        double ijk[3], xyz[3];
        for (int a = 0; a < 3; a++) ijk[a] = corner >> a & 1 ? (double)grid->size[a] - 0.5 : -0.5;
        lar_grid_to_world(grid, ijk, xyz);
        for (int a = 0; a < 3; a++) {
            low[a] = fmin(low[a], xyz[a]);
            high[a] = fmax(high[a], xyz[a]);
        }
    }
}

typedef struct sampling {
    double *out;
    const lar_look *look;
    const lar_slice *slice;
    int interpolation;
    int64_t parts[2]; /* points per pixel across and down */
} sampling;

/* Voxels that one step of the slice passes, at least 1. */
static int64_t parts_of(const lar_look *look, const double step_mm[3])
{
    double most = 0;
    for (int a = 0; a < 3; a++) {
        const double *m = look->world_to_voxel.m[a];
        most = fmax(most, fabs(m[0] * step_mm[0] + m[1] * step_mm[1] + m[2] * step_mm[2]));
    }
    return most > 8 ? 8 : most > 1 ? (int64_t)ceil(most - 1e-6) : 1;
}

static lar_status sample_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const sampling *s = arg;
    const lar_slice *slice = s->slice;
    const int64_t points = s->parts[0] * s->parts[1];
    (void)piece;
    for (int64_t row = begin; row < end; row++)
        for (int64_t column = 0; column < slice->width; column++) {
            double sum = 0;
            for (int64_t n = 0; n < points; n++) {
                const double right =
                    (double)column + ((double)(n % s->parts[0]) + 0.5) / (double)s->parts[0] - 0.5;
                const double down =
                    (double)row + ((double)(n / s->parts[0]) + 0.5) / (double)s->parts[1] - 0.5;
                double xyz[3];
                for (int a = 0; a < 3; a++)
                    xyz[a] =
                        slice->origin[a] + right * slice->across_mm[a] + down * slice->down_mm[a];
                sum += lar_look_at(s->look, xyz, s->interpolation);
            }
            s->out[row * slice->width + column] = sum / (double)points;
        }
    return LAR_OK;
}

lar_status lar_slice_sample(double *out, const lar_look *look, const lar_slice *slice,
                            int interpolation)
{
    sampling s = { out, look, slice, interpolation, { 1, 1 } };
    if (interpolation != LAR_NEAREST) {
        s.parts[0] = parts_of(look, slice->across_mm);
        s.parts[1] = parts_of(look, slice->down_mm);
    }
    return lar_parallel(slice->height, 16, sample_rows, &s);
}
