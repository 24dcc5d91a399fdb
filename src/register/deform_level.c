/* A level of a diffeomorphism: both images on one grid, room to work in, and where a coarser level
 * ended.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "image/image.h"
#include "register/deform_parts.h"

void lar_bending_slim(lar_bending *d)
{
    lar_image_free(d->fixed);
    lar_image_free(d->moving);
    lar_free(d->next);
    d->fixed = d->moving = NULL;
    d->next = NULL;
    for (int s = 0; s < 2; s++) {
        lar_free(d->seen[s]);
        lar_free(d->slope[s]);
        d->seen[s] = d->slope[s] = NULL;
    }
}

void lar_bending_clear(lar_bending *d)
{
    lar_bending_slim(d);
    for (int s = 0; s < 2; s++) lar_free(d->bend[s]);
    lar_free(d->step);
    lar_lncc_free(d->lncc);
    lar_free(d->bins);
    *d = (lar_bending){ 0 };
}

/* NaN where a mask says that nobody may look; through a chain (NULL: none) to the mask. */
static lar_status blind(lar_image **image, const lar_side *side, const lar_chain *chain)
{
    lar_status status = LAR_OK;
    lar_image *mask = NULL;
    lar_resample_params nearest = lar_resample_default();
    nearest.interpolation = LAR_NEAREST;
    nearest.pad = 0;
    if (!side->masked) return LAR_OK;
    LAR_TRY(lar_resample_through(&mask, side->mask, &(*image)->grid, chain, &nearest));
    status = lar_side_blank(image, mask, NAN);
done:
    lar_image_free(mask);
    return status;
}

static lar_status load(lar_bending *d, const lar_side *fixed, const lar_side *moving,
                       const lar_affine *map, double spacing_mm)
{
    lar_status status = LAR_OK;
    lar_image *f = NULL, *m = NULL, *there = NULL;
    lar_chain *chain = NULL;
    lar_resample_params how = lar_resample_default();
    how.interpolation = LAR_LINEAR;
    how.pad = NAN;
    LAR_TRY(lar_side_at(&f, fixed->image, spacing_mm));
    LAR_TRY(lar_side_at(&m, moving->image, spacing_mm));
    LAR_TRY(lar_chain_new(&chain));
    LAR_TRY(lar_chain_add_affine(chain, map));
    LAR_TRY(lar_resample_through(&there, m, &f->grid, chain, &how));
    LAR_TRY(blind(&f, fixed, NULL));
    LAR_TRY(blind(&there, moving, chain));
    d->grid = f->grid;
    d->count = lar_image_voxel_count(f);
    lar_grid_spacing(&f->grid, d->spacing);
    d->voxel_mm = cbrt(d->spacing[0] * d->spacing[1] * d->spacing[2]);
    d->fixed = f;
    d->moving = there;
    f = there = NULL;
done:
    lar_chain_free(chain);
    lar_image_free(there);
    lar_image_free(m);
    lar_image_free(f);
    return status;
}

/* The displacements of a coarser level, or none. */
static lar_status begin_bend(lar_bending *d, const lar_bending *coarse)
{
    lar_status status = LAR_OK;
    lar_image *from = NULL, *to = NULL;
    lar_resample_params how = lar_resample_default();
    how.interpolation = LAR_LINEAR;
    how.border = LAR_BORDER_EDGE;
    for (int s = 0; s < 2; s++) {
        if (!(d->bend[s] = lar_alloc(3 * d->count, sizeof(float)))) return LAR_EMEMORY;
        if (!coarse->count) continue;
        LAR_TRY(lar_image_new(&from, &coarse->grid, 3, LAR_F32));
        memcpy(from->voxels, coarse->bend[s], (size_t)(3 * coarse->count) * sizeof(float));
        LAR_TRY(lar_resample(&to, from, &d->grid, &how));
        const float *in = to->voxels;
        for (int a = 0; a < 3; a++) {
            const float scale = (float)(coarse->spacing[a] / d->spacing[a]);
            for (int64_t n = 0; n < d->count; n++)
                d->bend[s][a * d->count + n] = scale * in[a * d->count + n];
        }
        lar_image_free(from);
        lar_image_free(to);
        from = to = NULL;
    }
done:
    lar_image_free(from);
    lar_image_free(to);
    return status;
}

static lar_status make_room(lar_bending *d)
{
    bool ready = true;
    for (int s = 0; s < 2; s++) {
        d->seen[s] = lar_alloc_raw(d->count, sizeof(float));
        d->slope[s] = lar_alloc_raw(d->count, sizeof(float));
        ready = ready && d->seen[s] && d->slope[s];
    }
    d->step = lar_alloc_raw(3 * d->count, sizeof(float));
    d->next = lar_alloc_raw(3 * d->count, sizeof(float));
    return ready && d->step && d->next ? LAR_OK : LAR_EMEMORY;
}

lar_status lar_bending_init(lar_bending *d, const lar_side *fixed, const lar_side *moving,
                            const lar_affine *map, double spacing_mm, const lar_bending *coarse)
{
    lar_status status = LAR_OK;
    LAR_TRY(load(d, fixed, moving, map, spacing_mm));
    LAR_TRY(begin_bend(d, coarse));
    status = make_room(d);
done:
    return status;
}
