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
#include "space/space.h"

/* Axes are parallel where no voxel moves by more than this, in voxels, for being treated so. */
#define PARALLEL 3e-5

/* Full width at half maximum of a Gaussian, in standard deviations: sqrt(8 log 2). */
#define WIDTH 2.3548200450309493

static const char *const interpolations[] = { "nearest", "linear", "cubic", "sinc", "label", NULL };
static const char *const borders[] = { "pad", "edge", "mirror", NULL };

const lar_param lar_resample_table[] = {
    LAR_P_CHOICE(lar_resample_params, interpolation, "interpolation", 'i', "cubic", interpolations,
                 "how values between voxels are found; label or nearest for labels and masks"),
    LAR_P_CHOICE(lar_resample_params, border, "border", 0, "pad", borders,
                 "what lies outside the field of view: one value, the outermost voxels, or the "
                 "image mirrored about them"),
    LAR_P_REAL(lar_resample_params, pad, "pad", 0, "auto", -1e30, 1e30, "value",
               "value outside the field of view, with the border pad; auto: the image's minimum"),
    LAR_P_FLAG(lar_resample_params, antialias, "antialias", 0,
               "smooth before shrinking, so that detail too fine for the new voxels averages out"),
    LAR_P_END,
};

lar_resample_params lar_resample_default(void)
{
    lar_resample_params params;
    lar_param_defaults(lar_resample_table, &params);
    return params;
}

/* The view of the input whose axes run along those of `onto`, and where the voxels of `onto` lie in
 * it. `onto` is in the moving image's world, as far as affine maps bring it there. */
static lar_status align(lar_image **view, lar_affine *map, const lar_image *in,
                        const lar_affine *onto)
{
    lar_affine to_in, to_onto;
    int axis[3];
    bool flipped[3];
    *view = NULL;
    if (!lar_affine_invert(&to_onto, onto) || !lar_affine_invert(&to_in, &in->grid.to_world))
        return lar_fail(LAR_EGEOMETRY, "a grid has no extent along some direction");
    const lar_grid seen = { .to_world = lar_affine_chain(&in->grid.to_world, &to_onto) };
    lar_grid_axis_order(&seen, axis, flipped);
    const lar_status status = lar_image_to_axes(view, in, axis, flipped);
    if (status != LAR_OK) return status;
    if (!lar_affine_invert(&to_in, &(*view)->grid.to_world))
        return lar_fail(LAR_EGEOMETRY, "a grid has no extent along some direction");
    *map = lar_affine_chain(onto, &to_in);
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
                            const int64_t in_size[3], const lar_resample_params *params)
{
    lar_status status = LAR_OK;
    for (int r = 0; r < 3; r++) {
        double start = map->m[r][3]; /* in the middle of the other two axes */
        for (int c = 0; c < 3; c++)
            if (c != r) start += map->m[r][c] * (double)(size[c] - 1) / 2;
        LAR_TRY(lar_axis_taps_init(&axes[r], start, map->m[r][r], size[r], in_size[r], params));
    }
done:
    return status;
}

/* Standard deviations, in voxels of the input, that make its voxels as wide as the output's: both
 * are taken as Gaussians with their spacing for full width at half maximum, whose variances add
 * (Cardoso 2015, doi:10.1007/978-3-319-24571-3_81). False where the output shrinks along no axis.
 */
static bool widen(double sigma[3], const lar_affine *map)
{
    bool any = false;
    for (int r = 0; r < 3; r++) {
        const double *m = map->m[r];
        const double squared = m[0] * m[0] + m[1] * m[1] + m[2] * m[2];
        sigma[r] = squared > 1 + PARALLEL ? sqrt(squared - 1) / WIDTH : 0;
        any = any || sigma[r] > 0;
    }
    return any;
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

/* What resampling knows when it begins to sample. */
typedef struct task {
    const lar_resample_params *params;
    const lar_image *view; /* of the input, its axes along those of the output */
    lar_affine map;        /* a voxel of the output to one of the view, but for displacements */
    lar_place place;
    lar_range range;
    double pad;
    char *seen; /* of each piece of rows: whether it met the field of view */
} task;

/* By voxels as they are: of the input's type. */
static lar_status resample_as_is(lar_image *out, const task *t)
{
    lar_status status = LAR_OK;
    lar_image *one = NULL, *typed = NULL;
    const lar_grid point = { .size = { 1, 1, 1 }, .to_world = lar_affine_identity() };
    LAR_TRY(lar_image_new(&one, &point, 1, LAR_F64));
    *(double *)one->voxels = t->pad;
    LAR_TRY(lar_image_to_type(&typed, one, t->view->type));
    if (t->params->interpolation == LAR_LABELS) {
        LAR_TRY(check_values(t->view, &t->range));
        LAR_TRY(lar_sample_labels(out, t->view, &t->place, typed->voxels, t->seen));
    } else {
        LAR_TRY(lar_sample_nearest(out, t->view, &t->place, typed->voxels, t->seen));
    }
done:
    lar_image_free(typed);
    lar_image_free(one);
    return status;
}

/* One channel of the view as contiguous floats, smoothed (where sigma is not NULL), and filtered
 * along the axes that interpolate by splines. */
static lar_status load_channel(lar_image **out, const lar_image *view, int64_t c,
                               const double *sigma, const bool along[3])
{
    lar_status status = LAR_OK;
    lar_image *channel = NULL, *floats = NULL, *own = NULL;
    *out = NULL;
    LAR_TRY(lar_image_channel(&channel, view, c));
    LAR_TRY(lar_image_to_type(&floats, channel, LAR_F32));
    if (sigma || along[0] || along[1] || along[2]) {
        if (floats->buffer == view->buffer) { /* shared: the input must stay as it is */
            LAR_TRY(lar_image_copy(&own, floats));
            lar_image_free(floats);
            floats = own;
            own = NULL;
        }
        if (sigma) LAR_TRY(lar_smooth_voxels(floats->voxels, floats->grid.size, sigma));
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

static lar_status resample_values(lar_image *out, const task *t)
{
    lar_status status = LAR_OK;
    lar_axis_taps axes[3] = { 0 };
    lar_image *volume = NULL;
    double sigma[3];
    const int64_t *size = out->grid.size;
    const bool parallel = !t->place.chain && is_parallel(&t->map, size);
    const bool smooth = t->params->antialias && widen(sigma, &t->map);
    const bool cubic = t->params->interpolation == LAR_CUBIC;
    bool along[3] = { cubic, cubic, cubic }, copies = parallel && !smooth;

    if (parallel) {
        LAR_TRY(plan_axes(axes, &t->map, size, t->view->grid.size, t->params));
        for (int a = 0; a < 3; a++) {
            along[a] = axes[a].taps == 4;
            copies = copies && axes[a].taps == 1;
        }
    }
    if (!copies) LAR_TRY(check_values(t->view, &t->range));
    for (int64_t c = 0; c < out->channels; c++) {
        float *to = (float *)out->voxels + c * out->stride[3];
        LAR_TRY(load_channel(&volume, t->view, c, smooth ? sigma : NULL, along));
        if (parallel)
            LAR_TRY(lar_sample_aligned(to, volume->voxels, volume->grid.size, axes, (float)t->pad));
        else
            LAR_TRY(lar_sample_anywhere(to, size, volume->voxels, &t->place,
                                        t->params->interpolation, (float)t->pad, t->seen));
        lar_image_free(volume);
        volume = NULL;
    }
done:
    lar_image_free(volume);
    for (int a = 0; a < 3; a++) lar_axis_taps_clear(&axes[a]);
    return status;
}

static lar_status do_not_overlap(const lar_grid *in, const lar_grid *onto)
{
    char from[96], to[96];
    lar_grid_words(in, from, sizeof from);
    lar_grid_words(onto, to, sizeof to);
    const lar_status status =
        lar_fail(LAR_EGEOMETRY,
                 "the image (%s) and the grid it was to be put on (%s) do not overlap", from, to);
    return lar_hint(status, "to compare the 'larmor info' of both");
}

lar_status lar_resample_through(lar_image **out, const lar_image *in, const lar_grid *onto,
                                const lar_chain *chain, const lar_resample_params *params)
{
    lar_status status = LAR_OK;
    lar_image *view = NULL, *result = NULL;
    lar_affine moved = lar_affine_identity();
    task t = { .params = params };
    const bool as_is = params->interpolation == LAR_NEAREST || params->interpolation == LAR_LABELS;

    *out = NULL;
    const bool bent = chain && !lar_chain_affine(&moved, chain);
    moved = lar_affine_chain(&onto->to_world, &moved);
    LAR_TRY(align(&view, &t.map, in, &moved));
    t.view = view;
    t.place = (lar_place){ .map = t.map, .border = params->border };
    memcpy(t.place.size, view->grid.size, sizeof t.place.size);
    if (bent) {
        t.place.chain = chain;
        t.place.map = onto->to_world;
        lar_affine_invert(&t.place.to_voxel, &view->grid.to_world); /* align() could */
    } else if (!overlaps(&t.map, onto->size, view->grid.size)) {
        status = do_not_overlap(&in->grid, onto);
        goto done;
    }
    LAR_TRY(lar_image_range(&t.range, in));
    t.pad = !isnan(params->pad) ? params->pad : isfinite(t.range.low) ? t.range.low : 0;
    const lar_image model = { .grid = *onto, .channels = in->channels, .notes = in->notes };
    LAR_TRY(lar_image_blank(&result, &model, as_is ? in->type : LAR_F32));
    const int64_t pieces =
        lar_piece_count(onto->size[1] * onto->size[2] * in->channels, LAR_PLACE_ROWS);
    t.seen = lar_alloc(pieces, 1);
    if (!t.seen) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(as_is ? resample_as_is(result, &t) : resample_values(result, &t));
    if (bent && !memchr(t.seen, 1, (size_t)pieces)) {
        status = do_not_overlap(&in->grid, onto);
        goto done;
    }
    *out = result;
    result = NULL;
done:
    lar_free(t.seen);
    lar_image_free(result);
    lar_image_free(view);
    return status;
}

lar_status lar_resample(lar_image **out, const lar_image *in, const lar_grid *onto,
                        const lar_resample_params *params)
{
    return lar_resample_through(out, in, onto, NULL, params);
}
