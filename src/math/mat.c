/* Affine maps of space.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/banned.h"
#include "math/math.h"

lar_affine lar_affine_identity(void)
{
    return (lar_affine){ .m = { { 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 0, 1, 0 } } };
}

void lar_affine_point(const lar_affine *a, const double in[3], double out[3])
{
    const double p[3] = { in[0], in[1], in[2] };
    for (int r = 0; r < 3; r++)
        out[r] = a->m[r][0] * p[0] + a->m[r][1] * p[1] + a->m[r][2] * p[2] + a->m[r][3];
}

lar_affine lar_affine_chain(const lar_affine *first, const lar_affine *then)
{
    lar_affine out;
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++) {
            double sum = c == 3 ? then->m[r][3] : 0;
            for (int k = 0; k < 3; k++) sum += then->m[r][k] * first->m[k][c];
            out.m[r][c] = sum;
        }
    return out;
}

double lar_affine_determinant(const lar_affine *a)
{
    const double(*m)[4] = a->m;
    return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
           m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
           m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
}

bool lar_affine_invert(lar_affine *out, const lar_affine *a)
{
    const double(*m)[4] = a->m;
    const double determinant = lar_affine_determinant(a);
    double scale = 1; /* the product of the column lengths: singular is relative to it */
    for (int c = 0; c < 3; c++)
        scale *= sqrt(m[0][c] * m[0][c] + m[1][c] * m[1][c] + m[2][c] * m[2][c]);
    if (!isfinite(determinant) || !(fabs(determinant) > 1e-10 * scale)) return false;
    lar_affine inverse;
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++) {
            const int r1 = (c + 1) % 3, r2 = (c + 2) % 3, c1 = (r + 1) % 3, c2 = (r + 2) % 3;
            inverse.m[r][c] = (m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]) / determinant;
        }
    for (int r = 0; r < 3; r++)
        inverse.m[r][3] =
            -(inverse.m[r][0] * m[0][3] + inverse.m[r][1] * m[1][3] + inverse.m[r][2] * m[2][3]);
    *out = inverse;
    return true;
}
