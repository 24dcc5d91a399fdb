/* A mask of the brain and the verdict on it: what may be stripped, which method runs, and what
 * comes after it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "brain/brain.h"
#include "brain/strip_parts.h"
#include "filter/filter.h"
#include "image/image.h"

enum { LEAST_VOXELS = 4 }; /* along each axis */

/* A brain is not looked for in less: the thickness of a slab, and the longest side. Nor in more: a
 * whole body has 0.25 cubic metres, and a head whose voxels are wrongly said to be of centimetres
 * would take all memory. */
#define LEAST_SLAB_MM 32.0
#define LEAST_MM      80.0
#define MOST_LITRES   300.0

static void sides(double mm[3], const lar_grid *grid)
{
    lar_grid_spacing(grid, mm);
    for (int a = 0; a < 3; a++) mm[a] *= (double)grid->size[a];
}

static lar_status say_extent(const double mm[3], const char *what)
{
    lar_fail(LAR_EARGUMENT, "the image is of %.0fx%.0fx%.0f mm: %s", mm[0], mm[1], mm[2], what);
    return lar_hint(LAR_EARGUMENT, "larmor info, for whether its voxel sizes are right");
}

lar_status lar_strip_check(const lar_image *in)
{
    const int64_t *size = in->grid.size;
    double mm[3];
    if (in->channels > 1) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT, "the image has %lld volumes, and a mask is made of one",
                     (long long)in->channels);
        return lar_hint(status, "larmor convert --volume 0 for a file of the first");
    }
    if (size[0] < LEAST_VOXELS || size[1] < LEAST_VOXELS || size[2] < LEAST_VOXELS) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT,
                     "an image of %lldx%lldx%lld voxels is no volume: a mask needs %d each way",
                     (long long)size[0], (long long)size[1], (long long)size[2], LEAST_VOXELS);
        return lar_hint(status, "larmor stack for a volume of slices");
    }
    sides(mm, &in->grid);
    if (mm[0] * mm[1] * mm[2] > MOST_LITRES * 1e6) return say_extent(mm, "far more than a head");
    return LAR_OK;
}

static lar_status check_room(const lar_image *in)
{
    double mm[3];
    sides(mm, &in->grid);
    const double least = fmin(fmin(mm[0], mm[1]), mm[2]), most = fmax(fmax(mm[0], mm[1]), mm[2]);
    if (most < LEAST_MM) return say_extent(mm, "there is no room for a brain in it");
    if (least >= LEAST_SLAB_MM) return LAR_OK;
    return lar_fail(LAR_EARGUMENT,
                    "the image is a slab of %.0f mm, too thin to find a brain in it: expected %.0f",
                    least, LEAST_SLAB_MM);
}

static lar_status check_params(const lar_strip_params *p)
{
    if (p->method < LAR_STRIP_AUTO || p->method > LAR_STRIP_SURFACE)
        return lar_fail(LAR_EARGUMENT, "there is no method %d to strip a skull", p->method);
    if (p->contrast < LAR_STRIP_CONTRAST_AUTO || p->contrast > LAR_STRIP_CT)
        return lar_fail(LAR_EARGUMENT, "there is no contrast %d", p->contrast);
    if (!isfinite(p->grow_mm))
        return lar_fail(LAR_EARGUMENT, "a mask cannot grow by %g mm", p->grow_mm);
    if (p->model && p->method == LAR_STRIP_SURFACE)
        return lar_fail(LAR_EARGUMENT, "a model belongs to the method learned, not to surface");
    return LAR_OK;
}

lar_status lar_strip_settle_contrast(int *contrast, const lar_strip_look *look)
{
    lar_status status = LAR_OK;
    if (*contrast == LAR_STRIP_CONTRAST_AUTO && look->ct) *contrast = LAR_STRIP_CT;
    if (look->ct && *contrast != LAR_STRIP_CT) {
        status =
            lar_fail(LAR_EARGUMENT,
                     "the values are Hounsfield units, from %g to %g with air near -1000: this "
                     "is CT, not %s",
                     look->low, look->high, lar_strip_contrast_names[*contrast]);
        lar_hint(status, "--contrast ct, or auto");
    } else if (*contrast == LAR_STRIP_CT && !look->ct && !look->stripped) {
        status = lar_fail(LAR_EARGUMENT,
                          "the values are no Hounsfield units: they go from %g to %g, and there is "
                          "no air near -1000",
                          look->low, look->high);
        lar_hint(status, "the right contrast, or auto; values above the right ones by 1024 need "
                         "that taken away first");
    }
    return status;
}

/* The surface moved, and one piece without holes again. */
static lar_status grow(lar_image *mask, double mm)
{
    lar_status status = LAR_OK;
    const int64_t *size = mask->grid.size, count = lar_image_voxel_count(mask);
    double spacing[3];
    if (mm == 0) return LAR_OK;
    lar_grid_spacing(&mask->grid, spacing);
    LAR_TRY(mm > 0 ? lar_mask_dilate(mask->voxels, size, spacing, mm)
                   : lar_mask_erode(mask->voxels, size, spacing, -mm));
    LAR_TRY(lar_mask_keep_largest(mask->voxels, size));
    LAR_TRY(lar_mask_fill_holes(mask->voxels, size));
    if (lar_mask_count(mask->voxels, count) == 0) {
        status =
            lar_fail(LAR_ENUMERIC, "nothing of the mask is left %g mm inside its surface", -mm);
        lar_hint(status, "a smaller --grow");
    }
done:
    return status;
}

/* By the method that the image and the params call for. */
static lar_status make(lar_image **mask, lar_strip_report *report, const lar_image *floats,
                       const lar_strip_look *look, const lar_strip_params *params)
{
    lar_status status = LAR_OK;
    const lar_strip_method *method;
    if (look->stripped) {
        report->method = "stripped";
        return lar_strip_left(mask, floats, look);
    }
    LAR_TRY(lar_strip_method_for(&method, params));
    LAR_TRY(method->run(mask, report->model, floats, report->contrast, params));
    report->method = method->name;
    const int64_t count = lar_image_voxel_count(*mask);
    if (lar_mask_count((*mask)->voxels, count) == 0) {
        status = lar_fail(LAR_ENUMERIC, "no brain was found by the method %s", method->name);
        lar_hint(status, "larmor info, and larmor figure to look at the image");
    }
done:
    return status;
}

lar_status lar_strip(lar_image **mask, lar_image **distance, lar_strip_report *report,
                     const lar_image *in, const lar_strip_params *params)
{
    lar_status status = LAR_OK;
    lar_image *floats = NULL, *found = NULL;
    lar_strip_look look;

    *mask = NULL;
    if (distance) *distance = NULL;
    *report = (lar_strip_report){ .method = "", .contrast = params->contrast };
    LAR_TRY(check_params(params));
    LAR_TRY(lar_strip_check(in));
    LAR_TRY(check_room(in));
    LAR_TRY(lar_first_channel(&floats, in));
    LAR_TRY(lar_strip_look_at(&look, floats));
    LAR_TRY(lar_strip_settle_contrast(&report->contrast, &look));
    LAR_TRY(make(&found, report, floats, &look, params));
    LAR_TRY(lar_strip_judge_seen(&report->verdict, floats, found, report->contrast, &look));
    /* what is judged is what the method found: a mask that was asked to be wider is no worse */
    LAR_TRY(grow(found, params->grow_mm));
    if (distance) LAR_TRY(lar_mask_distance(distance, found));
    *mask = found;
    found = NULL;
done:
    lar_image_free(found);
    lar_image_free(floats);
    return status;
}
