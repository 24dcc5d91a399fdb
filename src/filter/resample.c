/* An image on another grid. The input is first seen with its axes in the order of the output's, so
 * that most resampling is a sum along one axis at a time, and all of it walks memory in order.
 * SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "filter/resample_parts.h"
#include "image/image.h"
#include "math/math.h"

/* Axes are parallel where no voxel moves by more than this, in voxels, for being treated so. */
#define PARALLEL 1e-4

static const char *const interpolations[] = { "nearest", "linear", "cubic", NULL };

const lar_param lar_resample_table[] = {
    LAR_P_CHOICE(lar_resample_params, interpolation, "interpolation", 'i', "cubic", interpolations,
                 "how values between voxels are found; nearest for labels and masks"),
    LAR_P_REAL(lar_resample_params, pad, "pad", 0, "auto", -1e30, 1e30, "value",
               "value outside the field of view; auto: the image's minimum"),
    LAR_P_END,
};

lar_resample_params lar_resample_default(void)
{
    lar_resample_params params;
    lar_param_defaults(lar_resample_table, &params);
    return params;
}

/* The view of the input whose axes run along those of `onto`, and the map from its voxels. */
static lar_status align(lar_image **view, lar_affine *map, const lar_image *in,
                        const lar_grid *onto)
{
    lar_affine to_in, to_onto;
    int axis[3];
    bool flipped[3];
    *view = NULL;
    if (!lar_affine_invert(&to_onto, &onto->to_world) ||
        !lar_affine_invert(&to_in, &in->grid.to_world))
        return lar_fail(LAR_EGEOMETRY, "a grid has no extent along some direction");
    const lar_grid seen = { .to_world = lar_affine_chain(&in->grid.to_world, &to_onto) };
    lar_grid_axis_order(&seen, axis, flipped);
    const lar_status status = lar_image_to_axes(view, in, axis, flipped);
    if (status != LAR_OK) return status;
    if (!lar_affine_invert(&to_in, &(*view)->grid.to_world))
        return lar_fail(LAR_EGEOMETRY, "a grid has no extent along some direction");
    *map = lar_affine_chain(&onto->to_world, &to_in);
    return LAR_OK;
}

/* Whether one output voxel at least may lie in the field of view: the box around the eight corners
 * of the output overlaps that of the input. */
static bool overlaps(const lar_affine *map, const int64_t size[3], const int64_t in_size[3])
{
    for (int r = 0; r < 3; r++) {
        double low = map->m[r][3], high = low;
        for (int c = 0; c < 3; c++) {
            const double reach = map->m[r][c] * (double)(size[c] - 1);
            if (reach < 0)
                low += reach;
            else
                high += reach;
        }
        if (high < -LAR_EDGE || low > (double)in_size[r] - 1 + LAR_EDGE) return false;
    }
    return true;
}

static bool is_parallel(const lar_affine *map, const int64_t size[3])
{
    for (int r = 0; r < 3; r++) {
        double astray = 0;
        for (int c = 0; c < 3; c++)
            if (c != r) astray += fabs(map->m[r][c]) * (double)(size[c] - 1);
        if (!(astray < PARALLEL)) return false;
    }
    return true;
}

static lar_status plan_axes(lar_axis_taps axes[3], const lar_affine *map, const int64_t size[3],
                            const int64_t in_size[3], int interpolation)
{
    lar_status status = LAR_OK;
    for (int r = 0; r < 3; r++) {
        double start = map->m[r][3]; /* in the middle of the other two axes */
        for (int c = 0; c < 3; c++)
            if (c != r) start += map->m[r][c] * (double)(size[c] - 1) / 2;
        LAR_TRY(
            lar_axis_taps_init(&axes[r], start, map->m[r][r], size[r], in_size[r], interpolation));
    }
done:
    return status;
}

static lar_status check_values(const lar_image *image, const lar_range *range)
{
    if (range->not_finite) {
        const lar_status status = lar_fail(
            LAR_ENUMERIC, "%lld of %lld voxels are not finite and would spoil those around them",
            (long long)range->not_finite,
            (long long)(lar_image_voxel_count(image) * image->channels));
        return lar_hint(status, "larmor info --voxels, or --interpolation nearest");
    }
    if (range->low < -FLT_MAX || range->high > FLT_MAX)
        return lar_fail(LAR_ENUMERIC, "values from %g to %g do not fit into float32", range->low,
                        range->high);
    return LAR_OK;
}

static lar_status resample_nearest(lar_image *out, const lar_image *view, const lar_affine *map,
                                   double pad)
{
    lar_status status = LAR_OK;
    lar_image *one = NULL, *typed = NULL;
    const lar_grid point = { .size = { 1, 1, 1 }, .to_world = lar_affine_identity() };
    LAR_TRY(lar_image_new(&one, &point, 1, LAR_F64));
    *(double *)one->voxels = pad;
    LAR_TRY(lar_image_to_type(&typed, one, view->type));
    LAR_TRY(lar_sample_nearest(out, view, map, typed->voxels));
done:
    lar_image_free(typed);
    lar_image_free(one);
    return status;
}

/* One channel of the view as contiguous floats, filtered along the axes that interpolate. */
static lar_status load_channel(lar_image **out, const lar_image *view, int64_t c,
                               const bool along[3])
{
    lar_status status = LAR_OK;
    lar_image *channel = NULL, *floats = NULL, *own = NULL;
    *out = NULL;
    LAR_TRY(lar_image_channel(&channel, view, c));
    LAR_TRY(lar_image_to_type(&floats, channel, LAR_F32));
    if (along[0] || along[1] || along[2]) {
        if (floats->buffer == view->buffer) { /* shared: the input must stay as it is */
            const int64_t count = lar_image_voxel_count(floats);
            LAR_TRY(lar_image_like(&own, floats, LAR_F32));
            memcpy(own->voxels, floats->voxels, (size_t)count * sizeof(float));
            lar_image_free(floats);
            floats = own;
            own = NULL;
        }
        LAR_TRY(lar_spline_prefilter(floats->voxels, floats->grid.size, along));
    }
    *out = floats;
    floats = NULL;
done:
    lar_image_free(own);
    lar_image_free(floats);
    lar_image_free(channel);
    return status;
}

static lar_status resample_smooth(lar_image *out, const lar_image *view, const lar_affine *map,
                                  int interpolation, const lar_range *range, double pad)
{
    lar_status status = LAR_OK;
    lar_axis_taps axes[3] = { 0 };
    lar_image *volume = NULL;
    const int64_t *size = out->grid.size;
    const bool parallel = is_parallel(map, size), cubic = interpolation == LAR_CUBIC;
    bool along[3] = { cubic, cubic, cubic }, copies = parallel;

    if (parallel) {
        LAR_TRY(plan_axes(axes, map, size, view->grid.size, interpolation));
        for (int a = 0; a < 3; a++) {
            along[a] = axes[a].taps == 4;
            copies = copies && axes[a].taps == 1;
        }
    }
    if (!copies) LAR_TRY(check_values(view, range));
    for (int64_t c = 0; c < out->channels; c++) {
        float *to = (float *)out->voxels + c * out->stride[3];
        LAR_TRY(load_channel(&volume, view, c, along));
        if (parallel)
            LAR_TRY(lar_sample_aligned(to, volume->voxels, volume->grid.size, axes, (float)pad));
        else
            LAR_TRY(lar_sample_oblique(to, size, volume->voxels, volume->grid.size, map,
                                       interpolation, (float)pad));
        lar_image_free(volume);
        volume = NULL;
    }
done:
    lar_image_free(volume);
    for (int a = 0; a < 3; a++) lar_axis_taps_clear(&axes[a]);
    return status;
}

lar_status lar_resample(lar_image **out, const lar_image *in, const lar_grid *onto,
                        const lar_resample_params *params)
{
    lar_status status = LAR_OK;
    lar_image *view = NULL, *result = NULL;
    lar_affine map;
    lar_range range;

    *out = NULL;
    LAR_TRY(align(&view, &map, in, onto));
    if (!overlaps(&map, onto->size, view->grid.size)) {
        char from[96], to[96];
        lar_grid_words(&in->grid, from, sizeof from);
        lar_grid_words(onto, to, sizeof to);
        status = lar_fail(LAR_EGEOMETRY,
                          "the image (%s) and the grid it was to be put on (%s) do not overlap",
                          from, to);
        lar_hint(status, "to compare the 'larmor info' of both");
        goto done;
    }
    LAR_TRY(lar_image_range(&range, in));
    const double pad = !isnan(params->pad) ? params->pad : isfinite(range.low) ? range.low : 0;
    const bool nearest = params->interpolation == LAR_NEAREST;
    LAR_TRY(lar_image_new(&result, onto, in->channels, nearest ? in->type : LAR_F32));
    lar_image_set_notes(result, in->notes);
    if (nearest)
        LAR_TRY(resample_nearest(result, view, &map, pad));
    else
        LAR_TRY(resample_smooth(result, view, &map, params->interpolation, &range, pad));
    *out = result;
    result = NULL;
done:
    lar_image_free(result);
    lar_image_free(view);
    return status;
}
