/* Windows along one axis: exact ones overlap by twice the halo, blended ones by a share of their
 * edge. SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "net/tiles_cut.h"

int64_t lar_tiles_least(int64_t size, int64_t halo, int64_t step)
{
    const int64_t least = 2 * halo + step;
    return least + (((size - least) % step) + step) % step;
}

/* From the start of one window to that of the next. */
static int64_t advance(int64_t window, int64_t halo, int64_t step)
{
    return (window - 2 * halo) / step * step;
}

int64_t lar_tiles_count(int64_t size, int64_t window, int64_t halo, int64_t step)
{
    return window >= size ? 1 : 1 + lar_piece_count(size - window, advance(window, halo, step));
}

static lar_status take(tiles_axis *out, int64_t size, int64_t window, int64_t count,
                       lar_arena *arena)
{
    *out = (tiles_axis){ .size = size, .window = window, .count = count };
    out->start = lar_arena_take(arena, count, sizeof *out->start);
    out->from = lar_arena_take(arena, count, sizeof *out->from);
    out->to = lar_arena_take(arena, count, sizeof *out->to);
    return out->start && out->from && out->to ? LAR_OK : LAR_EMEMORY;
}

lar_status lar_tiles_exact(tiles_axis *out, int64_t size, int64_t window, int64_t halo,
                           int64_t step, lar_arena *arena)
{
    const int64_t count = lar_tiles_count(size, window, halo, step);
    const lar_status status = take(out, size, window, count, arena);
    if (status != LAR_OK) return status;
    for (int64_t n = 0; n < count; n++) {
        const bool last = n == count - 1;
        out->start[n] = last ? size - window : n * advance(window, halo, step);
        out->from[n] = n ? out->to[n - 1] : 0;
        out->to[n] = last ? size : out->start[n] + window - halo;
    }
    return LAR_OK;
}

lar_status lar_tiles_blended(tiles_axis *out, int64_t size, int64_t window, double overlap,
                             lar_arena *arena)
{
    const double stride = fmax(1, (double)window * (1 - overlap));
    const int64_t count = window >= size ? 1 : 1 + (int64_t)ceil((double)(size - window) / stride);
    const lar_status status = take(out, size, window, count, arena);
    if (status != LAR_OK) return status;
    out->weight = lar_arena_take(arena, count * window, sizeof *out->weight);
    double *sum = lar_alloc(size, sizeof *sum);
    if (!out->weight || !sum) {
        lar_free(sum);
        return LAR_EMEMORY;
    }
    for (int turn = 0; turn < 2; turn++) /* the sums, then the weights by them */
        for (int64_t n = 0; n < count; n++) {
            const double even = (double)(size - window) / (double)(count > 1 ? count - 1 : 1);
            const int64_t start = out->start[n] = (int64_t)floor((double)n * even + 0.5);
            out->from[n] = start;
            out->to[n] = start + window;
            for (int64_t v = 0; v < window; v++) {
                const double from_centre = (double)v - 0.5 * (double)(window - 1);
                const double deviations = from_centre / ((double)window / 8);
                const double weight = exp(-0.5 * deviations * deviations);
                if (turn == 0)
                    sum[start + v] += weight;
                else
                    out->weight[n * window + v] = (float)(weight / sum[start + v]);
            }
        }
    lar_free(sum);
    return LAR_OK;
}
