/* The axes of N4: which voxels make a sample of the coarse grid, and where samples and voxels lie
 * on the spline.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/n4_parts.h"

/* So far inside lies what falls on the spline's very end, in steps of the grid: ITK's epsilon. */
#define ITK_RIM 1e-3

static int64_t at_least_one(int64_t n)
{
    return n > 1 ? n : 1;
}

/* Samples are single voxels, and the spline spans from the first to the last of them, but again
 * from the first to the last voxel when it is evaluated. With a distance of knots the image is
 * padded with zeros to whole pieces first. In float where ITK is, so that it rounds alike. */
static void lay_itk(lar_n4_axis *axis, double spacing, int a, const lar_n4_plan *plan)
{
    int64_t pad = 0;
    if (!isnan(plan->spline_mm)) {
        const float distance = (float)plan->spline_mm, edge = (float)spacing;
        const float domain = (float)(axis->voxels - 1) * edge;
        axis->mesh = at_least_one((int64_t)ceilf(domain / distance));
        pad = (int64_t)(((float)axis->mesh * distance - domain) / edge + 0.5f);
    }
    const int64_t padded = axis->voxels + pad, before = pad / 2, step = plan->shrink[a];
    axis->samples = at_least_one(padded / step);
    axis->step = step;
    axis->first = (padded - 1 - (axis->samples - 1) * step + 1) / 2 - before;
    axis->before = before;
    axis->padded = padded;
    const double mesh = (double)axis->mesh;
    for (int64_t n = 0; n < axis->samples; n++)
        axis->sample_places[n] =
            axis->samples > 1 ? (double)n * mesh / (double)(axis->samples - 1) : mesh / 2;
    for (int64_t x = 0; x < axis->voxels; x++)
        axis->voxel_places[x] =
            axis->samples > 1 ? (double)(x + before) * mesh / (double)(padded - 1) : mesh / 2;
    axis->sample_rim = ITK_RIM * mesh / (double)at_least_one(axis->samples - 1);
    axis->voxel_rim = ITK_RIM * mesh / (double)at_least_one(padded - 1);
}

/* Samples are blocks of voxels that cover the image, each at its true place; the spline spans the
 * voxels from `low` to `high`, and goes on beyond them as it is there. */
static void lay_blocks(lar_n4_axis *axis, double spacing, int a, const lar_n4_plan *plan,
                       int64_t low, int64_t high)
{
    const int64_t step = plan->shrink[a];
    const double centre = 0.5 * (double)(low + high), extent = (double)(high - low);
    axis->mesh = plan->mesh[a];
    double piece = extent / (double)axis->mesh; /* in voxels */
    if (!isnan(plan->spline_mm)) {
        piece = plan->spline_mm / spacing;
        axis->mesh = at_least_one((int64_t)ceil(extent / piece - 1e-9));
    }
    const int64_t holds = at_least_one((high - low + 1) / step / 2);
    if (axis->mesh > holds) {
        axis->mesh = holds;
        piece = extent / (double)holds;
    }
    const double mesh = (double)axis->mesh;
    for (int64_t x = 0; x < axis->voxels; x++) {
        const double place = high > low ? ((double)x - centre) / piece + 0.5 * mesh : 0.5 * mesh;
        axis->voxel_places[x] = fmin(fmax(place, 0), mesh);
    }
    for (int64_t n = 0; n < axis->samples; n++) {
        int64_t from = axis->first + n * step, to = from + step - 1;
        from = from > 0 ? from : 0;
        to = to < axis->voxels ? to : axis->voxels - 1;
        axis->sample_places[n] = 0.5 * (axis->voxel_places[from] + axis->voxel_places[to]);
    }
}

void lar_n4_axis_narrow(lar_n4_axis *axis, double spacing, int a, const lar_n4_plan *plan,
                        int64_t begin, int64_t end)
{
    const int64_t low = axis->first + begin * axis->step, high = axis->first + end * axis->step - 1;
    lay_blocks(axis, spacing, a, plan, low > 0 ? low : 0,
               high < axis->voxels ? high : axis->voxels - 1);
}

lar_status lar_n4_axis_init(lar_n4_axis *axis, int64_t voxels, double spacing, int a,
                            const lar_n4_plan *plan)
{
    *axis = (lar_n4_axis){ .voxels = voxels, .mesh = plan->mesh[a] };
    /* padding adds less than one piece of the spline */
    double room = (double)voxels;
    if (!isnan(plan->spline_mm)) room += plan->spline_mm / spacing + 1;
    room = room / (double)plan->shrink[a] + 2;
    if (room < 1e9) {
        axis->sample_places = lar_alloc((int64_t)room, sizeof *axis->sample_places);
        axis->voxel_places = lar_alloc(voxels, sizeof *axis->voxel_places);
    } else {
        lar_fail(LAR_EMEMORY, "out of memory: a spline of %g mm for voxels of %g mm",
                 plan->spline_mm, spacing);
    }
    if (!axis->sample_places || !axis->voxel_places) return LAR_EMEMORY;
    if (plan->itk) {
        lay_itk(axis, spacing, a, plan);
    } else {
        axis->step = plan->shrink[a];
        axis->samples = (voxels + axis->step - 1) / axis->step;
        axis->first = -((axis->samples * axis->step - voxels) / 2);
        lay_blocks(axis, spacing, a, plan, 0, voxels - 1);
    }
    return LAR_OK;
}

void lar_n4_axis_clear(lar_n4_axis *axis)
{
    lar_free(axis->sample_places);
    lar_free(axis->voxel_places);
    *axis = (lar_n4_axis){ 0 };
}
