/* How far each voxel's centre is from the surface of a mask: from the faces between voxels of the
 * mask and others, exactly. The squared distance from a point to a box is a sum over axes, so the
 * least over all boxes is found one axis after the other, and along an axis as the lower envelope
 * of parabolas (Felzenszwalb & Huttenlocher 2012, doi:10.4086/toc.2012.v008a019): here two for each
 * voxel, from its near and its far face, and the voxel itself, whose distance is nothing.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"

enum { LINES = 64 };

typedef struct measuring {
    float *square; /* mm squared; INFINITY: not known yet */
    const uint8_t *mask;
    int64_t size[3], stride[3];
    int axis;
    double step; /* mm along the axis */
    uint8_t value;
} measuring;

/* Room for one line of a thread: parabolas are twice as many as voxels. */
typedef struct envelope {
    double *centre, *height, *from; /* of the parabolas that are lowest somewhere, and where */
    double *line;
} envelope;

static void add_parabola(envelope *e, int64_t *count, double centre, double height)
{
    while (*count > 0) {
        const double c = e->centre[*count - 1], h = e->height[*count - 1];
        const double meet =
            ((height + centre * centre) - (h + c * c)) / (2 * centre - 2 * c); /* centres rise */
        if (meet > e->from[*count - 1]) {
            e->from[*count] = meet;
            break;
        }
        --*count;
    }
    if (*count == 0) e->from[0] = -INFINITY;
    e->centre[*count] = centre;
    e->height[*count] = height;
    ++*count;
}

/* In steps of the axis, so that heights are divided by its square. */
static void measure_line(float *at, int64_t count, int64_t stride, double step, envelope *e)
{
    int64_t parabolas = 0, n = 0;
    for (int64_t i = 0; i < count; i++) {
        e->line[i] = (double)at[i * stride] / (step * step);
        if (!(e->line[i] < INFINITY)) continue;
        const double near = (double)i - 0.5, far = (double)i + 0.5;
        /* the far face of the voxel before lies where this one's near face does */
        const bool meets = parabolas > 0 && e->centre[parabolas - 1] >= near;
        if (!meets || e->line[i] < e->height[parabolas - 1]) {
            if (meets) parabolas--;
            add_parabola(e, &parabolas, near, e->line[i]);
        }
        add_parabola(e, &parabolas, far, e->line[i]);
    }
    if (parabolas == 0) return;
    for (int64_t i = 0; i < count; i++) {
        while (n + 1 < parabolas && e->from[n + 1] < (double)i) n++;
        const double away = (double)i - e->centre[n];
        const double least = fmin(e->line[i], away * away + e->height[n]);
        at[i * stride] = (float)(least * (step * step));
    }
}

static lar_status measure_lines(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const measuring *m = arg;
    const int a = m->axis == 0 ? 1 : 0, b = m->axis == 2 ? 1 : 2;
    const int64_t count = m->size[m->axis];
    envelope e = { .centre = lar_alloc_raw(7 * count, sizeof(double)) };
    if (!e.centre) return LAR_EMEMORY;
    e.height = e.centre + 2 * count;
    e.from = e.height + 2 * count;
    e.line = e.from + 2 * count;
    for (int64_t n = begin; n < end; n++)
        measure_line(m->square + n % m->size[a] * m->stride[a] + n / m->size[a] * m->stride[b],
                     count, m->stride[m->axis], m->step, &e);
    lar_free(e.centre);
    return LAR_OK;
}

static lar_status measure(measuring *m, const double mm[3])
{
    lar_status status = LAR_OK;
    const int64_t count = m->size[0] * m->size[1] * m->size[2];
    for (int64_t n = 0; n < count; n++) m->square[n] = m->mask[n] == m->value ? 0 : INFINITY;
    for (int a = 0; a < 3; a++) {
        m->axis = a;
        m->step = mm[a];
        LAR_TRY(lar_parallel(count / m->size[a], LINES, measure_lines, m));
    }
done:
    return status;
}

lar_status lar_mask_distance(lar_image **out, const lar_image *mask)
{
    lar_status status = LAR_OK;
    lar_image *distance = NULL;
    double mm[3];
    const int64_t *size = mask->grid.size, count = lar_image_voxel_count(mask);
    measuring m = { .mask = mask->voxels,
                    .size = { size[0], size[1], size[2] },
                    .stride = { 1, size[0], size[0] * size[1] },
                    .square = lar_alloc_raw(count, sizeof *m.square) };

    *out = NULL;
    if (!m.square) return LAR_EMEMORY;
    lar_grid_spacing(&mask->grid, mm);
    LAR_TRY(lar_image_blank(&distance, mask, LAR_F32));
    float *to = distance->voxels;
    m.value = 1;
    LAR_TRY(measure(&m, mm));
    for (int64_t n = 0; n < count; n++) to[n] = sqrtf(m.square[n]);
    m.value = 0;
    LAR_TRY(measure(&m, mm));
    for (int64_t n = 0; n < count; n++)
        if (m.mask[n]) to[n] = -sqrtf(m.square[n]);
    *out = distance;
    distance = NULL;
done:
    lar_image_free(distance);
    lar_free(m.square);
    return status;
}
