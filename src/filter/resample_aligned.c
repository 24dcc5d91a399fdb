/* Sampling where the axes of both grids are parallel: a sum along k, then j, then i, with indices
 * and weights that are the same for a whole plane, row or column.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/resample_parts.h"
#include "math/math.h"

/* Outputs this near to samples, in voxels, are taken to lie on them: as lar_grid_matches(). */
#define ON_SAMPLES 1e-3

enum { SLICES = 4 }; /* output slices of a piece: they share the room for the blended plane */

static int taps_of(int interpolation)
{
    return interpolation == LAR_LINEAR ? 2 : interpolation == LAR_SINC ? LAR_SINC_TAPS : 4;
}

static bool all_on_samples(const lar_axis_taps *axis, double start, double step)
{
    for (int64_t n = axis->begin; n < axis->end; n++) {
        const double at = start + (double)n * step;
        if (!(fabs(at - floor(at + 0.5)) <= ON_SAMPLES)) return false;
    }
    return true;
}

lar_status lar_axis_taps_init(lar_axis_taps *axis, double start, double step, int64_t count,
                              int64_t size, const lar_resample_params *params)
{
    const double last = (double)size - 1 + LAR_EDGE;
    *axis = (lar_axis_taps){ .count = count, .begin = 0, .end = count };
    if (params->border == LAR_BORDER_PAD) {
        while (axis->begin < count && start + (double)axis->begin * step < -LAR_EDGE) axis->begin++;
        while (axis->end > axis->begin && start + (double)(axis->end - 1) * step > last)
            axis->end--;
    }
    /* of one sample there is nothing to blend */
    const bool copies = size == 1 || all_on_samples(axis, start, step);
    axis->taps = copies ? 1 : taps_of(params->interpolation);
    axis->index = lar_alloc(count * axis->taps, sizeof *axis->index);
    axis->weight = lar_alloc(count * axis->taps, sizeof *axis->weight);
    if (!axis->index || !axis->weight) return LAR_EMEMORY;
    for (int64_t n = axis->begin; n < axis->end; n++) {
        const double at = lar_place_fold(start + (double)n * step, size, params->border);
        const double below = copies ? floor(at + 0.5) : floor(at);
        double weights[LAR_SINC_TAPS] = { 1 };
        if (axis->taps == LAR_SINC_TAPS) lar_sinc_weights(weights, at - below);
        if (axis->taps == 4) lar_spline_weights(weights, at - below);
        if (axis->taps == 2) {
            weights[0] = 1 - (at - below);
            weights[1] = at - below;
        }
        const int64_t first = (int64_t)below - (axis->taps > 1 ? axis->taps / 2 - 1 : 0);
        for (int t = 0; t < axis->taps; t++) {
            axis->index[n * axis->taps + t] = lar_mirror(first + t, size);
            axis->weight[n * axis->taps + t] = (float)weights[t];
        }
    }
    return LAR_OK;
}

void lar_axis_taps_clear(lar_axis_taps *axis)
{
    lar_free(axis->index);
    lar_free(axis->weight);
    *axis = (lar_axis_taps){ 0 };
}

/* Rows of `width` floats, `step` apart, blended for output n: into `room`, or the one row itself.
 */
static inline const float *blend(float *restrict room, const float *rows, int64_t step,
                                 int64_t width, const lar_axis_taps *axis, int64_t n)
{
    const int64_t *index = axis->index + n * axis->taps;
    const float *w = axis->weight + n * axis->taps;
    const float *a = rows + index[0] * step;
    if (axis->taps == 1) return a;
    const float *b = rows + index[1] * step;
    if (axis->taps == 2) {
        for (int64_t i = 0; i < width; i++) room[i] = w[0] * a[i] + w[1] * b[i];
        return room;
    }
    if (axis->taps > 4) {
        for (int64_t i = 0; i < width; i++) room[i] = w[0] * a[i] + w[1] * b[i];
        for (int t = 2; t < axis->taps; t += 2) {
            const float *c = rows + index[t] * step, *d = rows + index[t + 1] * step;
            for (int64_t i = 0; i < width; i++) room[i] += w[t] * c[i] + w[t + 1] * d[i];
        }
        return room;
    }
    const float *c = rows + index[2] * step, *d = rows + index[3] * step;
    for (int64_t i = 0; i < width; i++)
        room[i] = (w[0] * a[i] + w[1] * b[i]) + (w[2] * c[i] + w[3] * d[i]);
    return room;
}

static inline void sample_row(float *restrict out, const float *restrict row,
                              const lar_axis_taps *axis)
{
    const int64_t *restrict x = axis->index;
    const float *restrict w = axis->weight;
    if (axis->taps == 1)
        for (int64_t i = axis->begin; i < axis->end; i++) out[i] = row[x[i]];
    else if (axis->taps == 2)
        for (int64_t i = axis->begin; i < axis->end; i++)
            out[i] = w[2 * i] * row[x[2 * i]] + w[2 * i + 1] * row[x[2 * i + 1]];
    else if (axis->taps == LAR_SINC_TAPS)
        for (int64_t i = axis->begin; i < axis->end; i++) {
            float sum = 0;
            for (int t = 0; t < LAR_SINC_TAPS; t++)
                sum += w[LAR_SINC_TAPS * i + t] * row[x[LAR_SINC_TAPS * i + t]];
            out[i] = sum;
        }
    else
        for (int64_t i = axis->begin; i < axis->end; i++)
            out[i] = (w[4 * i] * row[x[4 * i]] + w[4 * i + 1] * row[x[4 * i + 1]]) +
                     (w[4 * i + 2] * row[x[4 * i + 2]] + w[4 * i + 3] * row[x[4 * i + 3]]);
}

typedef struct sampling {
    float *out;
    const float *volume;
    const int64_t *size; /* of the volume */
    const lar_axis_taps *axes;
    float pad;
} sampling;

LAR_CLONES static lar_status sample_slices(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const sampling *job = arg;
    const lar_axis_taps *axes = job->axes;
    const int64_t width = job->size[0], plane = width * job->size[1];
    const int64_t out_width = axes[0].count, out_plane = out_width * axes[1].count;
    float *plane_room = lar_alloc_raw(axes[2].taps > 1 ? plane : 0, sizeof *plane_room);
    float *row_room = lar_alloc_raw(width, sizeof *row_room);
    if (!plane_room || !row_room) {
        lar_free(plane_room);
        lar_free(row_room);
        return LAR_EMEMORY;
    }
    for (int64_t k = begin; k < end; k++) {
        float *slice = job->out + k * out_plane;
        for (int64_t n = 0; n < out_plane; n++) slice[n] = job->pad;
        if (k < axes[2].begin || k >= axes[2].end) continue;
        const float *blended = blend(plane_room, job->volume, plane, plane, &axes[2], k);
        for (int64_t j = axes[1].begin; j < axes[1].end; j++)
            sample_row(slice + j * out_width, blend(row_room, blended, width, width, &axes[1], j),
                       &axes[0]);
    }
    lar_free(plane_room);
    lar_free(row_room);
    return LAR_OK;
}

lar_status lar_sample_aligned(float *out, const float *volume, const int64_t volume_size[3],
                              const lar_axis_taps axes[3], float pad)
{
    sampling job = { .out = out, .volume = volume, .size = volume_size, .axes = axes, .pad = pad };
    return lar_parallel(axes[2].count, SLICES, sample_slices, &job);
}
