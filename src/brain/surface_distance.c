/* Distances from every voxel of a volume to the nearest one of a mask.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "brain/surface_parts.h"

#define FAR 1e9f
enum { LINES = 64 };

typedef struct measuring {
    float *square; /* in voxels, squared */
    const lar_surface_box *box;
    int axis;
} measuring;

/* The lower envelope of the parabolas that stand on the samples of one line. */
static void envelope(float *line, int64_t count, int64_t *foot, double *from, double *value)
{
    int64_t last = -1;
    for (int64_t n = 0; n < count; n++) {
        if (line[n] >= FAR) continue;
        double begin = -INFINITY;
        while (last >= 0) {
            begin =
                ((line[n] + (double)(n * n)) - (value[last] + (double)(foot[last] * foot[last]))) /
                (double)(2 * (n - foot[last]));
            if (begin > from[last]) break;
            last--;
        }
        last++;
        foot[last] = n;
        value[last] = line[n];
        from[last] = last ? begin : -INFINITY;
    }
    if (last < 0) return;
    for (int64_t n = 0, k = 0; n < count; n++) {
        while (k < last && from[k + 1] < (double)n) k++;
        line[n] = (float)((double)((n - foot[k]) * (n - foot[k])) + value[k]);
    }
}

static lar_status measure_lines(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const measuring *m = arg;
    const int64_t *size = m->box->size, count = size[m->axis];
    const int64_t step = m->axis == 0 ? 1 : m->axis == 1 ? size[0] : size[0] * size[1];
    float *line = lar_alloc_raw(count, sizeof *line);
    int64_t *foot = lar_alloc_raw(count, sizeof *foot);
    double *from = lar_alloc_raw(2 * count, sizeof *from);
    const lar_status status = line && foot && from ? LAR_OK : LAR_EMEMORY;
    for (int64_t n = begin; status == LAR_OK && n < end; n++) {
        float *at = m->square + n / step * step * count + n % step;
        for (int64_t t = 0; t < count; t++) line[t] = at[t * step];
        envelope(line, count, foot, from, from + count);
        for (int64_t t = 0; t < count; t++) at[t * step] = line[t];
    }
    lar_free(line);
    lar_free(foot);
    lar_free(from);
    return status;
}

lar_status lar_surface_distance(float *out, const uint8_t *mask, uint8_t value,
                                const lar_surface_box *box)
{
    lar_status status = LAR_OK;
    measuring m = { .square = out, .box = box };
    for (int64_t n = 0; n < box->count; n++) out[n] = mask[n] == value ? 0 : FAR;
    for (m.axis = 0; m.axis < 3 && status == LAR_OK; m.axis++)
        status = lar_parallel(box->count / box->size[m.axis], LINES, measure_lines, &m);
    for (int64_t n = 0; n < box->count; n++)
        out[n] = out[n] >= FAR ? FAR : (float)(sqrt((double)out[n]) * box->mm);
    return status;
}
