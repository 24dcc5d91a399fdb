/* Gaussian smoothing of an image by millimetres, inside a mask by choice: the mask's own smoothed
 * share of each place divides (normalized convolution, Knutsson & Westin 1993,
 * doi:10.1109/CVPR.1993.341081).
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"

enum { MM_MOST = 1000 };

const lar_param lar_smooth_table[] = {
    LAR_P_REALS(lar_smooth_params, fwhm, "fwhm", 'w', "", 0, MM_MOST, "mm",
                "full width of the kernel at half its height; one number, or along x y z"),
    LAR_P_REALS(lar_smooth_params, sigma, "sigma", 's', "", 0, MM_MOST, "mm",
                "or its standard deviation; one number, or along x y z"),
    LAR_P_END,
};

lar_smooth_params lar_smooth_default(void)
{
    lar_smooth_params params;
    lar_param_defaults(lar_smooth_table, &params);
    return params;
}

/* In millimetres along x y z, at the voxel axes that run so, in voxels. */
static lar_status sigma_of(double sigma[3], const lar_grid *grid, const lar_smooth_params *p)
{
    /* the full width at half maximum of a Gaussian is 2 sqrt(2 ln 2) deviations */
    const double per_fwhm = 1 / (2 * sqrt(2 * log(2)));
    const lar_reals *given = p->fwhm.count ? &p->fwhm : &p->sigma;
    int axis[3];
    bool flipped[3];
    double spacing[3];

    if ((p->fwhm.count > 0) == (p->sigma.count > 0)) {
        const lar_status status = lar_fail(
            LAR_EARGUMENT, p->fwhm.count ? "a width (fwhm) and a deviation (sigma) exclude "
                                           "each other"
                                         : "the width of the kernel is missing");
        return lar_hint(status, "a fwhm, such as 6 mm, or a sigma");
    }
    if (given->count != 1 && given->count != 3)
        return lar_fail(LAR_EARGUMENT, "the width of the kernel is one number or three, not %lld",
                        (long long)given->count);
    for (int64_t n = 0; n < given->count; n++)
        if (!(given->at[n] >= 0 && given->at[n] <= MM_MOST))
            return lar_fail(LAR_EARGUMENT, "a kernel cannot be %g mm wide (0 to %d)", given->at[n],
                            MM_MOST);
    lar_grid_axis_order(grid, axis, flipped);
    lar_grid_spacing(grid, spacing);
    for (int r = 0; r < 3; r++) {
        const double mm = given->at[given->count == 3 ? r : 0] * (p->fwhm.count ? per_fwhm : 1);
        sigma[axis[r]] = mm / spacing[axis[r]];
    }
    return LAR_OK;
}

lar_status lar_smooth(lar_image **out, const lar_image *in, const lar_image *mask,
                      const lar_smooth_params *params)
{
    lar_status status = LAR_OK;
    lar_image *floats = NULL, *inside = NULL, *result = NULL;
    float *share = NULL;
    double sigma[3];
    const int64_t count = lar_image_voxel_count(in);

    *out = NULL;
    LAR_TRY(sigma_of(sigma, &in->grid, params));
    if (mask) LAR_TRY(lar_mask_bytes(&inside, mask, &in->grid));
    LAR_TRY(lar_finite_floats(&floats, in));
    if (lar_image_writable(floats)) {
        result = floats;
        floats = NULL;
    } else {
        LAR_TRY(lar_image_copy(&result, floats));
    }
    if (inside) {
        share = lar_alloc_raw(count, sizeof *share);
        if (!share) {
            status = LAR_EMEMORY;
            goto done;
        }
        const uint8_t *m = inside->voxels;
        for (int64_t n = 0; n < count; n++) share[n] = m[n];
        LAR_TRY(lar_smooth_voxels(share, in->grid.size, sigma));
    }
    for (int64_t c = 0; c < in->channels; c++) {
        float *voxels = (float *)result->voxels + c * count;
        const uint8_t *m = inside ? inside->voxels : NULL;
        for (int64_t n = 0; m && n < count; n++) voxels[n] = m[n] ? voxels[n] : 0;
        LAR_TRY(lar_smooth_voxels(voxels, in->grid.size, sigma));
        for (int64_t n = 0; m && n < count; n++) voxels[n] = m[n] ? voxels[n] / share[n] : 0;
    }
    *out = result;
    result = NULL;
done:
    lar_free(share);
    lar_image_free(result);
    lar_image_free(inside);
    lar_image_free(floats);
    return status;
}
