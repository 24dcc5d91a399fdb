/* The kinds of linear map, each by its parameters: small motions of the moving head, all measured
 * in millimetres at the head's radius, so that steps along all of them compare.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/banned.h"
#include "math/math.h"
#include "register/register_parts.h"

static void no_linear(double m[3][3], const double *p)
{
    (void)p;
    memset(m, 0, 9 * sizeof(double));
    m[0][0] = m[1][1] = m[2][2] = 1;
}

/* A rotation by the vector p (Rodrigues). */
static void turn(double m[3][3], const double *p)
{
    const double angle = sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);
    const double s = angle > 1e-9 ? sin(angle) / angle : 1;
    const double half = angle > 1e-9 ? sin(angle / 2) / angle : 0.5, c = 2 * half * half;
    const double k[3][3] = { { 0, -p[2], p[1] }, { p[2], 0, -p[0] }, { -p[1], p[0], 0 } };
    for (int r = 0; r < 3; r++)
        for (int q = 0; q < 3; q++) {
            double square = 0;
            for (int n = 0; n < 3; n++) square += k[r][n] * k[n][q];
            m[r][q] = (r == q) + s * k[r][q] + c * square;
        }
}

static void turn_and_scale(double m[3][3], const double *p)
{
    const double scale = exp(p[3]);
    turn(m, p);
    for (int n = 0; n < 9; n++) m[n / 3][n % 3] *= scale;
}

static void any_matrix(double m[3][3], const double *p)
{
    for (int n = 0; n < 9; n++) m[n / 3][n % 3] = (n % 4 == 0) + p[n];
}

static const struct {
    int count; /* of parameters: three of translation, and those of the linear part */
    void (*linear)(double m[3][3], const double *p);
} kinds[] = { { 3, no_linear }, { 6, turn }, { 7, turn_and_scale }, { 12, any_matrix } };

int lar_linear_count(int kind)
{
    return kinds[kind].count;
}

lar_affine lar_linear_move(int kind, const double *p, double radius_mm)
{
    double small[9], m[3][3];
    lar_affine out;
    for (int n = 3; n < kinds[kind].count; n++) small[n - 3] = p[n] / radius_mm;
    kinds[kind].linear(m, small);
    for (int r = 0; r < 3; r++) {
        memcpy(out.m[r], m[r], sizeof m[r]);
        out.m[r][3] = p[r];
    }
    return out;
}

/* By central differences: the functions are smooth, so that this is good to 1e-9. */
void lar_linear_slopes(double (*slopes)[12], int kind, const double *p, double radius_mm,
                       const lar_affine *base)
{
    const double step = 1e-4 * radius_mm;
    double at[12];
    memcpy(at, p, (size_t)kinds[kind].count * sizeof *at);
    for (int n = 0; n < kinds[kind].count; n++) {
        at[n] = p[n] + step;
        const lar_affine up = lar_linear_move(kind, at, radius_mm);
        at[n] = p[n] - step;
        const lar_affine down = lar_linear_move(kind, at, radius_mm);
        at[n] = p[n];
        const lar_affine a = lar_affine_chain(base, &up), b = lar_affine_chain(base, &down);
        for (int e = 0; e < 12; e++)
            slopes[n][e] = (a.m[e / 4][e % 4] - b.m[e / 4][e % 4]) / (2 * step);
    }
}
