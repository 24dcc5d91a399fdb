/* Where a figure looks: the boxes that are drawn, the point of the planes, the slices of a mosaic.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/image.h"
#include "math/math.h"
#include "report/figure/parts.h"

static const double AIR = 0.04, /* around a head, of its extent */
    SPREAD_MM = 150, /* below the top of the head a mosaic goes no further: there begins the neck */
    ENDS = 0.08;     /* of what it spreads over, left out on both sides: scalp, or a nose */

static const double PAGE_SHAPE = 1.5; /* width to height that a mosaic comes near */

/* The head with a little air around it, as far as the image reaches; returns whether the point lies
 * in the image. */
static bool widen(lar_frame *frame, const lar_look *look, const lar_head *head)
{
    double low[3], high[3];
    bool here = true;
    lar_look_box(look, low, high);
    for (int a = 0; a < 3; a++) {
        const double air = AIR * (head->high[a] - head->low[a]);
        frame->low[a] = fmin(frame->low[a], fmax(head->low[a] - air, low[a]));
        frame->high[a] = fmax(frame->high[a], fmin(head->high[a] + air, high[a]));
        here = here && frame->at[a] >= low[a] && frame->at[a] <= high[a];
    }
    return here;
}

static lar_frame empty_frame(const lar_head *head, const lar_reals *at)
{
    lar_frame frame;
    for (int a = 0; a < 3; a++) {
        frame.low[a] = INFINITY;
        frame.high[a] = -INFINITY;
        frame.at[a] = at->count ? at->at[a] : head->centre[a];
    }
    return frame;
}

lar_status lar_place_frames(lar_scene *scene, const lar_look *looks, const lar_head *heads,
                            int64_t count, const lar_figure_params *p)
{
    lar_frame frame = empty_frame(&heads[0], &p->at);
    bool inside = false;
    for (int64_t n = 0; n < count; n++) {
        if (p->own) frame = empty_frame(&heads[n], &p->at);
        const bool here = widen(&frame, &looks[n], &heads[n]);
        inside = inside || here;
        scene->columns[n].frame = frame;
    }
    for (int64_t n = 0; n < count && !p->own; n++) scene->columns[n].frame = frame;
    if (!inside) {
        double low[3], high[3];
        lar_look_box(&looks[0], low, high);
        return lar_fail(LAR_EARGUMENT,
                        "the point %g %g %g lies outside of every image; the first reaches from "
                        "%.1f %.1f %.1f to %.1f %.1f %.1f mm",
                        frame.at[0], frame.at[1], frame.at[2], low[0], low[1], low[2], high[0],
                        high[1], high[2]);
    }
    return LAR_OK;
}

/* On a voxel where the grid is upright, so that thick slices are shown as they were acquired. */
static double snap(const lar_look *look, const lar_frame *frame, int normal, double at)
{
    double xyz[3], ijk[3];
    memcpy(xyz, frame->at, sizeof xyz);
    xyz[normal] = at;
    lar_affine_point(&look->world_to_voxel, xyz, ijk);
    ijk[normal] = floor(ijk[normal] + 0.5 - 1e-6); /* a tie goes down */
    lar_grid_to_world(&look->ras->grid, ijk, xyz);
    return xyz[normal];
}

static void place_block(double *slices, int64_t count, const lar_frame *frame, const lar_look *look,
                        const lar_head *head, int normal, const lar_reals *span)
{
    double low = head->low[normal], high = head->high[normal];
    if (normal == 2) low = fmax(low, high - SPREAD_MM);
    for (int64_t n = 0; n < count; n++) {
        const double part = (double)n / (double)(count > 1 ? count - 1 : 1),
                     middle = ((double)n + 0.5) / (double)count;
        if (span->count && count > 1)
            slices[n] = span->at[0] + part * (span->at[1] - span->at[0]);
        else if (span->count)
            slices[n] = (span->at[0] + span->at[1]) / 2;
        else
            slices[n] = low + (ENDS + (1 - 2 * ENDS) * middle) * (high - low);
    }
    const double step = count > 1 ? fabs(slices[1] - slices[0]) : INFINITY;
    if (span->count || step < look->spacing_mm[normal] * (1 - 1e-6)) return;
    for (int64_t n = 0; n < count; n++) slices[n] = snap(look, frame, normal, slices[n]);
}

/* Columns of a mosaic that leave few cells empty and make a page neither tall nor wide. */
static int64_t choose_per_row(int64_t count, double across, double up, int64_t blocks)
{
    int64_t best = 1;
    double least = INFINITY;
    for (int64_t columns = 1; columns <= count; columns++) {
        const int64_t rows = (count + columns - 1) / columns;
        const double shape = (double)columns * across / ((double)(rows * blocks) * up);
        const double loss =
            fabs(log(shape / PAGE_SHAPE)) + 2 * (double)(rows * columns - count) / (double)count;
        if (loss >= least) continue;
        least = loss;
        best = columns;
    }
    return best;
}

static lar_status check_span(const lar_scene *scene, const lar_look *looks, int64_t count,
                             const lar_reals *span)
{
    const int normal = scene->planes[0]->normal;
    double low[3], high[3];
    bool meets = span->count == 0;
    for (int64_t n = 0; n < count && !meets; n++) {
        lar_look_box(&looks[n], low, high);
        meets = span->at[0] <= high[normal] && span->at[1] >= low[normal];
    }
    if (meets) return LAR_OK;
    lar_look_box(&looks[0], low, high);
    return lar_fail(LAR_EARGUMENT,
                    "the slices from %g to %g lie outside of every image; the first reaches from "
                    "%.1f to %.1f mm along %c",
                    span->at[0], span->at[1], low[normal], high[normal], "xyz"[normal]);
}

lar_status lar_place_slices(lar_scene *scene, const lar_look *looks, const lar_head *heads,
                            int64_t count, const lar_figure_params *p)
{
    lar_status status = LAR_OK;
    const lar_plane *plane = scene->planes[0];
    const lar_frame *first = &scene->columns[0].frame;
    const int64_t blocks =
        (p->alone ? 0 : count) + (p->difference.count + p->contours.count + p->checker.count) / 2;

    LAR_TRY(check_span(scene, looks, count, &p->span));
    scene->slice_count = p->mosaic.at[0] * (p->mosaic.count > 1 ? p->mosaic.at[1] : 1);
    scene->slices = lar_alloc(count * scene->slice_count, sizeof *scene->slices);
    if (!scene->slices) {
        status = LAR_EMEMORY;
        goto done;
    }
    scene->per_row = p->mosaic.count > 1
                         ? p->mosaic.at[1]
                         : choose_per_row(scene->slice_count,
                                          first->high[plane->across] - first->low[plane->across],
                                          first->high[plane->up] - first->low[plane->up], blocks);
    for (int64_t n = 0; n < count; n++) {
        const int64_t from = p->own ? n : 0;
        double *slices = scene->slices + n * scene->slice_count;
        place_block(slices, scene->slice_count, &scene->columns[n].frame, &looks[from],
                    &heads[from], plane->normal, &p->span);
        scene->columns[n].slices = slices;
    }
done:
    return status;
}
