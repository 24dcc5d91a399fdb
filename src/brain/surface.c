/* The method surface: the closed surface around the brain that costs least, on a grid of its
 * own, brought back to the grid of the image.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "brain/brain.h"
#include "brain/surface_parts.h"
#include "filter/filter.h"
#include "image/image.h"

#define GRID_MM 2.0

static lar_status ready(const lar_strip_params *params)
{
    (void)params;
    return LAR_OK;
}

/* The scan on voxels of one edge length. */
static lar_status shrink(lar_image **out, lar_surface_box *box, const lar_image *in)
{
    const double spacing[3] = { GRID_MM, GRID_MM, GRID_MM };
    const lar_grid grid = lar_grid_with_spacing(&in->grid, spacing);
    lar_resample_params how = lar_resample_default();
    how.interpolation = LAR_LINEAR;
    how.border = LAR_BORDER_EDGE;
    *box = (lar_surface_box){ .size = { grid.size[0], grid.size[1], grid.size[2] },
                              .count = grid.size[0] * grid.size[1] * grid.size[2],
                              .mm = GRID_MM };
    return lar_resample(out, in, &grid, &how);
}

/* Above 0.5 on the grid of `in`, in one piece without holes. */
static lar_status bring_back(lar_image **mask, const lar_image *inside, const lar_image *in)
{
    lar_status status = LAR_OK;
    lar_image *fine = NULL, *out = NULL;
    lar_resample_params how = lar_resample_default();
    how.interpolation = LAR_LINEAR;
    how.border = LAR_BORDER_EDGE;
    how.antialias = false;
    LAR_TRY(lar_resample(&fine, inside, &in->grid, &how));
    LAR_TRY(lar_threshold(&out, fine, 0.5, INFINITY));
    LAR_TRY(lar_mask_keep_largest(out->voxels, out->grid.size));
    LAR_TRY(lar_mask_fill_holes(out->voxels, out->grid.size));
    *mask = out;
    out = NULL;
done:
    lar_image_free(fine);
    lar_image_free(out);
    return status;
}

static lar_status run(lar_image **mask, char model[128], const lar_image *in, int contrast,
                      const lar_strip_params *params)
{
    (void)params;
    lar_status status = LAR_OK;
    lar_image *ras = NULL, *scan = NULL, *inside = NULL;
    lar_surface_box box;
    *mask = NULL;
    model[0] = 0;
    LAR_TRY(lar_image_to_ras(&ras, in));
    LAR_TRY(shrink(&scan, &box, ras));
    LAR_TRY(lar_image_like(&inside, scan, LAR_F32));
    LAR_TRY(lar_surface_find(inside->voxels, scan, contrast, &box));
    LAR_TRY(bring_back(mask, inside, in));
done:
    lar_image_free(ras);
    lar_image_free(scan);
    lar_image_free(inside);
    return status;
}

const lar_strip_method lar_strip_surface = {
    .name = "surface",
    .help = "the closed surface of least cost, needs no weights",
    .cite = "Smith 2002, doi:10.1002/hbm.10062; Iglesias 2011, doi:10.1109/TMI.2011.2138152; "
            "Chan 2006, doi:10.1137/040615286",
    .ready = ready,
    .run = run,
};
