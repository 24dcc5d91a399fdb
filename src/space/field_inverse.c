/* The inverse of a displacement field, point by point: x + u(x) = y is solved for x by the
 * fixed-point iteration x <- y - u(x) (Chen 2008, doi:10.1118/1.2816107), damped where a step does
 * not bring it nearer. SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "image/image.h"
#include "space/field.h"

/* Nearer than this is near enough; a field that folds has points that never come so near. */
static const double NEAR_MM = 1e-6, STEP_LEAST = 1e-3;
enum { ITERATIONS_MAX = 200 };

static inline int64_t below(double *weight, double at, int64_t size)
{
    const double last = (double)(size - 1);
    const double inner = !(at > 0) ? 0 : at > last ? last : at;
    int64_t index = (int64_t)inner;
    if (index > 0 && index == size - 1) index--;
    *weight = inner - (double)index;
    return index;
}

/* As lar_field_move() samples, but in double precision, and with the outermost value everywhere
 * beyond: an iteration that strays over the edge must find its way back. */
static void displacement(double u[3], const lar_field *field, const double at[3])
{
    const int64_t *size = field->vectors->grid.size;
    const int64_t row = size[0], plane = size[0] * size[1], volume = plane * size[2];
    const double(*m)[4] = field->to_voxel.m;
    int64_t first[3], next[3];
    double w[3];
    for (int a = 0; a < 3; a++) {
        first[a] =
            below(&w[a], m[a][0] * at[0] + m[a][1] * at[1] + m[a][2] * at[2] + m[a][3], size[a]);
        next[a] = size[a] > 1;
    }
    const float *v =
        (const float *)field->vectors->voxels + first[2] * plane + first[1] * row + first[0];
    for (int r = 0; r < 3; r++, v += volume) {
        double planes[2];
        for (int k = 0; k < 2; k++) {
            double rows[2];
            for (int j = 0; j < 2; j++) {
                const float *s = v + k * next[2] * plane + j * next[1] * row;
                rows[j] = (double)s[0] + w[0] * ((double)s[next[0]] - (double)s[0]);
            }
            planes[k] = rows[0] + w[1] * (rows[1] - rows[0]);
        }
        u[r] = planes[0] + w[2] * (planes[1] - planes[0]);
    }
}

static bool is_inside(const lar_field *field, const double at[3])
{
    for (int a = 0; a < 3; a++) {
        const double *m = field->to_voxel.m[a];
        const double voxel = m[0] * at[0] + m[1] * at[1] + m[2] * at[2] + m[3];
        if (!(voxel >= -0.5 && voxel <= (double)field->vectors->grid.size[a] - 0.5)) return false;
    }
    return true;
}

/* How far x + u(x) still is from y, and along which vector. */
static double miss(double rest[3], const lar_field *field, const double x[3], const double y[3])
{
    double u[3];
    displacement(u, field, x);
    for (int r = 0; r < 3; r++) rest[r] = y[r] - x[r] - u[r];
    return sqrt(rest[0] * rest[0] + rest[1] * rest[1] + rest[2] * rest[2]);
}

static void solve(double x[3], const lar_field *field, const double y[3])
{
    double rest[3], step = 1;
    memcpy(x, y, 3 * sizeof *x);
    double far = miss(rest, field, x, y);
    for (int n = 0; n < ITERATIONS_MAX && far > NEAR_MM && step > STEP_LEAST; n++) {
        double next[3], next_rest[3];
        for (int r = 0; r < 3; r++) next[r] = x[r] + step * rest[r];
        const double next_far = miss(next_rest, field, next, y);
        if (!(next_far < far)) {
            step /= 2;
            continue;
        }
        memcpy(x, next, sizeof next);
        memcpy(rest, next_rest, sizeof next_rest);
        far = next_far;
    }
}

void lar_field_move_back(const lar_field *field, double *restrict x, double *restrict y,
                         double *restrict z, int64_t count)
{
    for (int64_t n = 0; n < count; n++) {
        const double to[3] = { x[n], y[n], z[n] };
        double from[3];
        if (!is_inside(field, to)) continue;
        solve(from, field, to);
        x[n] = from[0];
        y[n] = from[1];
        z[n] = from[2];
    }
}
