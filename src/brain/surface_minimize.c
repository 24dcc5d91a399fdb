/* The closed surface of least cost, as the edge of a function that is 1 inside and 0 outside.
 * Chan, Esedoglu & Nikolova 2006, doi:10.1137/040615286; Chambolle & Pock 2011,
 * doi:10.1007/s10851-010-0251-1.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "brain/surface_parts.h"

/* Both steps of the method: their product times 12, the squared norm of the gradient, is 1. */
#define STEP 0.2886751f

enum { SLICES = 2 };

typedef struct minimizing {
    float *u, *ahead, *flow[3];
    const float *edge, *inside;
    const lar_surface_box *box;
} minimizing;

LAR_CLONES static void flow_row(float *restrict x, float *restrict y, float *restrict z,
                                const float *restrict v, const float *restrict vy,
                                const float *restrict vz, const float *restrict edge, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        const float dx = i + 1 < count ? v[i + 1] - v[i] : 0;
        const float px = x[i] + STEP * dx, py = y[i] + STEP * (vy[i] - v[i]),
                    pz = z[i] + STEP * (vz[i] - v[i]);
        const float length = sqrtf(px * px + py * py + pz * pz);
        const float scale = length > edge[i] ? edge[i] / length : 1;
        x[i] = px * scale;
        y[i] = py * scale;
        z[i] = pz * scale;
    }
}

static lar_status flow_slices(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const minimizing *m = arg;
    const int64_t *size = m->box->size, row = size[0], plane = size[0] * size[1];
    for (int64_t k = begin; k < end; k++)
        for (int64_t j = 0; j < size[1]; j++) {
            const int64_t n = k * plane + j * row;
            const float *v = m->ahead + n;
            flow_row(m->flow[0] + n, m->flow[1] + n, m->flow[2] + n, v,
                     j + 1 < size[1] ? v + row : v, k + 1 < size[2] ? v + plane : v, m->edge + n,
                     row);
        }
    return LAR_OK;
}

/* y0, z0: the flows of the rows before, or NULL. */
LAR_CLONES static void move_row(float *restrict u, float *restrict ahead, const float *restrict x,
                                const float *restrict y, const float *restrict z,
                                const float *restrict y0, const float *restrict z0,
                                const float *restrict inside, float mm, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        const float spread = x[i] - (i ? x[i - 1] : 0) + y[i] - y0[i] + z[i] - z0[i];
        float to = u[i] + STEP * (spread - mm * inside[i]);
        to = to < 0 ? 0 : to > 1 ? 1 : to;
        ahead[i] = 2 * to - u[i];
        u[i] = to;
    }
}

static lar_status move_slices(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const minimizing *m = arg;
    const int64_t *size = m->box->size, row = size[0], plane = size[0] * size[1];
    float *zero = lar_alloc(row, sizeof *zero);
    if (!zero) return LAR_EMEMORY;
    for (int64_t k = begin; k < end; k++)
        for (int64_t j = 0; j < size[1]; j++) {
            const int64_t n = k * plane + j * row;
            move_row(m->u + n, m->ahead + n, m->flow[0] + n, m->flow[1] + n, m->flow[2] + n,
                     j ? m->flow[1] + n - row : zero, k ? m->flow[2] + n - plane : zero,
                     m->inside + n, (float)m->box->mm, row);
        }
    lar_free(zero);
    return LAR_OK;
}

lar_status lar_surface_minimize(float *u, const float *edge, const float *inside, int64_t steps,
                                const lar_surface_box *box)
{
    lar_status status = LAR_OK;
    minimizing m = { .u = u, .edge = edge, .inside = inside, .box = box };
    float *room = lar_alloc(box->count * 4, sizeof *room);
    if (!room) return LAR_EMEMORY;
    m.ahead = room;
    for (int a = 0; a < 3; a++) m.flow[a] = room + (a + 1) * box->count;
    memcpy(m.ahead, u, (size_t)box->count * sizeof *u);
    for (int64_t n = 0; n < steps; n++) {
        LAR_TRY(lar_parallel(box->size[2], SLICES, flow_slices, &m));
        LAR_TRY(lar_parallel(box->size[2], SLICES, move_slices, &m));
    }
done:
    lar_free(room);
    return status;
}
