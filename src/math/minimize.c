/* The minimum of a smooth function of few variables: BFGS with steps that are taken back until they
 * descend (Nocedal & Wright 2006, doi:10.1007/978-0-387-40065-5, algorithm 6.1).
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "math/math.h"

enum { HALVINGS = 12 };
#define ENOUGH 1e-4 /* of the descent that the slope promises (Armijo) */

static double dot(const double *a, const double *b, int n)
{
    double sum = 0;
    for (int k = 0; k < n; k++) sum += a[k] * b[k];
    return sum;
}

/* The inverse of a symmetric positive matrix, in place, by Gauss-Jordan; false where it is not. */
static bool invert(double *m, int n)
{
    for (int p = 0; p < n; p++) {
        const double pivot = m[p * n + p];
        if (!(pivot > 0) || !isfinite(pivot)) return false;
        m[p * n + p] = 1;
        for (int c = 0; c < n; c++) m[p * n + c] /= pivot;
        for (int r = 0; r < n; r++) {
            const double factor = m[r * n + p];
            if (r == p) continue;
            m[r * n + p] = 0;
            for (int c = 0; c < n; c++) m[r * n + c] -= factor * m[p * n + c];
        }
    }
    return true;
}

static void times(double *out, const double *m, const double *v, int n)
{
    for (int r = 0; r < n; r++) out[r] = dot(m + r * n, v, n);
}

/* H becomes (I - r s y') H (I - r y s') + r s s', r = 1 / y's. */
static void update(double *h, const double *s, const double *y, int n)
{
    double hy[LAR_MINIMIZE_MAX];
    const double sy = dot(s, y, n);
    times(hy, h, y, n);
    const double factor = (1 + dot(y, hy, n) / sy) / sy;
    for (int r = 0; r < n; r++)
        for (int c = 0; c < n; c++)
            h[r * n + c] += factor * s[r] * s[c] - (hy[r] * s[c] + s[r] * hy[c]) / sy;
}

static void first_inverse(double *h, const lar_minimizing *how)
{
    const int n = how->count;
    bool known = how->curvature != NULL;
    if (known) {
        double trace = 0;
        memcpy(h, how->curvature, (size_t)(n * n) * sizeof *h);
        for (int k = 0; k < n; k++) trace += h[k * n + k] / n;
        for (int k = 0; k < n; k++)
            h[k * n + k] += 1e-3 * trace; /* what is hardly seen moves little */
        known = invert(h, n);
    }
    for (int k = 0; !known && k < n * n; k++) h[k] = k % (n + 1) == 0;
}

lar_status lar_minimize(double *x, double *value, const lar_minimizing *how)
{
    lar_status status = LAR_OK;
    const int n = how->count;
    double h[LAR_MINIMIZE_MAX * LAR_MINIMIZE_MAX], slope[LAR_MINIMIZE_MAX];
    double step[LAR_MINIMIZE_MAX], next[LAR_MINIMIZE_MAX], next_slope[LAR_MINIMIZE_MAX];
    double change[LAR_MINIMIZE_MAX];
    bool fresh = true;

    first_inverse(h, how);
    LAR_TRY(how->function(how->arg, x, value, slope));
    for (int64_t turn = 0; turn < how->iterations; turn++) {
        times(step, h, slope, n);
        for (int k = 0; k < n; k++) step[k] = -step[k];
        double descent = dot(step, slope, n), length = sqrt(dot(step, step, n));
        if (!(descent < 0) || !(length > 0)) break;
        const double most = fresh ? how->first_step : how->largest_step;
        double scale = fresh || length > most ? most / length : 1, found;
        int halved = 0;
        for (; halved < HALVINGS; halved++) {
            for (int k = 0; k < n; k++) next[k] = x[k] + scale * step[k];
            LAR_TRY(how->function(how->arg, next, &found, next_slope));
            if (found <= *value + ENOUGH * scale * descent) break;
            /* the lowest point of the parabola through what is known */
            const double rise = found - *value - scale * descent;
            const double best = rise > 0 ? -descent * scale * scale / (2 * rise) : scale / 2;
            scale = best < 0.1 * scale ? 0.1 * scale : best > 0.5 * scale ? 0.5 * scale : best;
            if (scale * length < how->tolerance / 4) halved = HALVINGS;
        }
        if (halved >= HALVINGS) break;
        for (int k = 0; k < n; k++) {
            step[k] = next[k] - x[k];
            change[k] = next_slope[k] - slope[k];
        }
        const double sy = dot(step, change, n);
        if (sy > 1e-12 * dot(change, change, n)) {
            if (fresh) { /* the first step tells how steep it really is */
                double hy[LAR_MINIMIZE_MAX];
                times(hy, h, change, n);
                const double ratio = sy / dot(change, hy, n);
                for (int k = 0; k < n * n; k++) h[k] *= ratio;
            }
            update(h, step, change, n);
            fresh = false;
        }
        length = sqrt(dot(step, step, n));
        memcpy(x, next, (size_t)n * sizeof *x);
        memcpy(slope, next_slope, (size_t)n * sizeof *slope);
        *value = found;
        if (length < how->tolerance) break;
    }
done:
    return status;
}
