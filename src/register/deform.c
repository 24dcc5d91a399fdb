/* A diffeomorphism between two heads: both are bent towards a middle, by small smooth steps up the
 * slope of their likeness there, one after another (greedy symmetric normalization, Avants 2008,
 * doi:10.1016/j.media.2007.06.004).
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"
#include "register/deform_parts.h"

/* What is seen of the air around the head; the field ends there. */
#define AROUND_MM 14.0
static const double spacings_mm[] = { 8, 4, 2 };
enum { LEVELS = sizeof spacings_mm / sizeof *spacings_mm };

/* Both halves as one: fixed to middle to moving, in voxels; `a` and `b` are the halves. */
static lar_status join(float *out, lar_bending *d, int a, int b)
{
    lar_status status = LAR_OK;
    LAR_TRY(lar_bend_invert(d->step, d->bend[a], d->grid.size));
    LAR_TRY(lar_bend_compose(out, d->bend[b], d->step, d->grid.size));
done:
    return status;
}

/* The same as an image, in mm along x y z. */
static lar_status join_to_world(lar_image **out, lar_bending *d, int a, int b)
{
    lar_status status = LAR_OK;
    const double(*m)[4] = d->grid.to_world.m;
    LAR_TRY(lar_image_new(out, &d->grid, 3, LAR_F32));
    float *x = (*out)->voxels, *y = x + d->count, *z = y + d->count;
    LAR_TRY(join(x, d, a, b));
    for (int64_t n = 0; n < d->count; n++) {
        const double i = (double)x[n], j = (double)y[n], k = (double)z[n];
        x[n] = (float)(m[0][0] * i + m[0][1] * j + m[0][2] * k);
        y[n] = (float)(m[1][0] * i + m[1][1] * j + m[1][2] * k);
        z[n] = (float)(m[2][0] * i + m[2][1] * j + m[2][2] * k);
    }
done:
    return status;
}

/* The fixed side, cut to the head and what is around it. */
static lar_status cut(lar_side *out, const lar_side *fixed)
{
    lar_status status = LAR_OK;
    lar_image *view = NULL;
    int64_t first[3], size[3];
    const lar_crop_params how = { .margin_mm = AROUND_MM };
    *out = *fixed;
    out->image = NULL;
    LAR_TRY(lar_crop_box(first, size, fixed->image, fixed->mask, &how));
    LAR_TRY(lar_image_box(&view, fixed->image, first, size));
    LAR_TRY(lar_image_copy(&out->image, view));
done:
    lar_image_free(view);
    return status;
}

/* The parameters' millimetres are those of the finest level, and as many voxels of the others. */
static lar_status prepare_metric(lar_bending *d, const lar_register_params *params)
{
    lar_status status = LAR_OK;
    int64_t radius[3];
    const double finer = d->voxel_mm / spacings_mm[LEVELS - 1];
    d->metric = params->bend_metric;
    for (int a = 0; a < 3; a++) d->sigma[a] = params->smooth_mm * finer / d->spacing[a];
    if (d->metric == LAR_METRIC_LNCC) {
        lar_lncc_radius(radius, d->spacing, params->radius_mm * finer);
        LAR_TRY(lar_lncc_new(&d->lncc, d->grid.size, radius, true));
    } else if (!(d->bins = lar_alloc_raw(d->count, 1))) {
        status = LAR_EMEMORY;
    }
done:
    return status;
}

lar_status lar_deform(lar_image **field, lar_image **inverse, const lar_side *fixed,
                      const lar_side *moving, const lar_affine *map,
                      const lar_register_params *params)
{
    lar_status status = LAR_OK;
    lar_bending now = { 0 }, before = { 0 };
    lar_side head = { 0 };
    *field = *inverse = NULL;
    LAR_TRY(cut(&head, fixed));
    for (int n = 0; n < LEVELS; n++) {
        const int64_t turns = n < params->iterations.count ? params->iterations.at[n] : 0;
        LAR_TRY(lar_bending_init(&now, &head, moving, map, spacings_mm[n], &before));
        lar_bending_clear(&before);
        LAR_TRY(prepare_metric(&now, params));
        for (int64_t turn = 0; turn < turns; turn++) LAR_TRY(lar_bending_step(&now));
        before = now;
        now = (lar_bending){ 0 };
    }
    lar_bending_slim(&before);
    LAR_TRY(join_to_world(field, &before, 0, 1));
    LAR_TRY(join_to_world(inverse, &before, 1, 0));
done:
    lar_image_free(head.image);
    lar_bending_clear(&now);
    lar_bending_clear(&before);
    return status;
}
