/* The inverse of a 3x3 matrix by its singular value decomposition, with the roundings of ITK's: the
 * steps of Golub and Reinsch (1970, doi:10.1007/BF02163027) in LINPACK's order (Dongarra 1979,
 * doi:10.1137/1.9781611971811), written for three by three. For N4 like ANTs alone, where the last
 * bit decides which of two voxels is picked; lar_affine_invert() is the one for all else.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/n4_parts.h"

enum { N = 3, STEPS_MAX = 300 };

typedef struct svd {
    double x[N][N]; /* the matrix, overwritten */
    double s[N];    /* singular values */
    double e[N];    /* beside the diagonal */
    double u[N][N], v[N][N];
} svd;

/* Length of count numbers, scaled by the largest so far. */
static double length_of(const double *at, int step, int count)
{
    double scale = 0, squares = 1;
    if (count == 1) return fabs(at[0]);
    for (int n = 0; n < count; n++) {
        const double size = fabs(at[n * step]);
        if (size == 0) continue;
        const double ratio = scale < size ? scale / size : size / scale;
        squares = scale < size ? 1 + squares * (ratio * ratio) : squares + ratio * ratio;
        scale = scale < size ? size : scale;
    }
    return scale * sqrt(squares);
}

/* Column `to` of a less its part along the reflector in column `from`, from row `first` on; the
 * reflector's own number there is `pivot`. */
static void reflect(double a[N][N], int first, int from, int to, double pivot)
{
    double t = 0;
    for (int i = first; i < N; i++) t += a[i][from] * a[i][to];
    t = -t / pivot;
    for (int i = first; i < N; i++) a[i][to] += t * a[i][from];
}

static void scale_column(double a[N][N], int first, int column, double length)
{
    for (int i = first; i < N; i++) a[i][column] *= 1 / length;
}

/* Reflectors from both sides leave the diagonal s and what is beside it, e. */
static void to_bidiagonal(svd *m)
{
    for (int l = 0; l < N - 1; l++) {
        double length = length_of(&m->x[l][l], N, N - l);
        if (length != 0) {
            length = m->x[l][l] != 0 ? copysign(length, m->x[l][l]) : length;
            scale_column(m->x, l, l, length);
            m->x[l][l] += 1;
        }
        m->s[l] = -length;
        for (int j = l + 1; j < N; j++) {
            if (length != 0) reflect(m->x, l, l, j, m->x[l][l]);
            m->e[j] = m->x[l][j];
        }
        for (int i = l; i < N; i++) m->u[i][l] = m->x[i][l];
        if (l > 0) continue;
        length = length_of(&m->e[1], 1, N - 1);
        if (length != 0) {
            double sums[N] = { 0 };
            length = m->e[1] != 0 ? copysign(length, m->e[1]) : length;
            for (int j = 1; j < N; j++) m->e[j] *= 1 / length;
            m->e[1] += 1;
            for (int j = 1; j < N; j++)
                for (int i = 1; i < N; i++) sums[i] += m->e[j] * m->x[i][j];
            for (int j = 1; j < N; j++)
                for (int i = 1; i < N; i++) m->x[i][j] += -m->e[j] / m->e[1] * sums[i];
        }
        m->e[0] = -length;
        for (int i = 1; i < N; i++) m->v[i][0] = m->e[i];
    }
    m->s[N - 1] = m->x[N - 1][N - 1];
    m->e[1] = m->x[1][2];
    m->e[2] = 0;
}

/* The reflectors multiplied out. */
static void make_bases(svd *m)
{
    for (int i = 0; i < N; i++) m->u[i][2] = i == 2;
    for (int l = 1; l >= 0; l--) {
        if (m->s[l] == 0) {
            for (int i = 0; i < N; i++) m->u[i][l] = i == l;
            continue;
        }
        for (int j = l + 1; j < N; j++) reflect(m->u, l, l, j, m->u[l][l]);
        for (int i = 0; i < N; i++) m->u[i][l] = i < l ? 0 : -m->u[i][l];
        m->u[l][l] += 1;
    }
    for (int l = 2; l >= 0; l--) {
        if (l == 0 && m->e[0] != 0)
            for (int j = 1; j < N; j++) reflect(m->v, 1, 0, j, m->v[1][0]);
        for (int i = 0; i < N; i++) m->v[i][l] = i == l;
    }
}

typedef struct turn {
    double length, c, s;
} turn;

/* The rotation that takes (a, b) to (length, 0). */
static turn turn_of(double a, double b)
{
    const double larger = fabs(a) > fabs(b) ? a : b, scale = fabs(a) + fabs(b);
    if (scale == 0) return (turn){ 0, 1, 0 };
    const double x = a / scale, y = b / scale;
    const double length = copysign(1, larger) * (scale * sqrt(x * x + y * y));
    return (turn){ length, a / length, b / length };
}

static void turn_columns(double a[N][N], int k, turn by)
{
    for (int i = 0; i < N; i++) {
        const double t = by.c * a[i][k] + by.s * a[i][k + 1];
        a[i][k + 1] = by.c * a[i][k + 1] - by.s * a[i][k];
        a[i][k] = t;
    }
}

/* One step of the shifted iteration on rows l to m. */
static void iterate(svd *d, int l, int m)
{
    double *s = d->s, *e = d->e, shift = 0;
    const double scale =
        fmax(fmax(fmax(fabs(s[m]), fabs(s[m - 1])), fabs(e[m - 1])), fmax(fabs(s[l]), fabs(e[l])));
    const double sm = s[m] / scale, before = s[m - 1] / scale, beside = e[m - 1] / scale;
    const double sl = s[l] / scale, el = e[l] / scale;
    const double b = ((before + sm) * (before - sm) + beside * beside) / 2;
    const double c = (sm * beside) * (sm * beside);
    if (b != 0 || c != 0) {
        shift = sqrt(b * b + c);
        shift = c / (b + (b < 0 ? -shift : shift));
    }
    double f = (sl + sm) * (sl - sm) + shift, g = sl * el;
    for (int k = l; k < m; k++) {
        turn t = turn_of(f, g);
        if (k != l) e[k - 1] = t.length;
        f = t.c * s[k] + t.s * e[k];
        e[k] = t.c * e[k] - t.s * s[k];
        g = t.s * s[k + 1];
        s[k + 1] = t.c * s[k + 1];
        turn_columns(d->v, k, t);
        t = turn_of(f, g);
        s[k] = t.length;
        f = t.c * e[k] + t.s * s[k + 1];
        s[k + 1] = -t.s * e[k] + t.c * s[k + 1];
        g = t.s * e[k + 1];
        e[k + 1] = t.c * e[k + 1];
        turn_columns(d->u, k, t);
    }
    e[m - 1] = f;
}

static void swap_columns(double a[N][N], int k)
{
    for (int i = 0; i < N; i++) {
        const double t = a[i][k];
        a[i][k] = a[i][k + 1];
        a[i][k + 1] = t;
    }
}

/* Value l is found: made positive, and sorted in among those after it. */
static void settle(svd *d, int l)
{
    if (d->s[l] < 0) {
        d->s[l] = -d->s[l];
        for (int i = 0; i < N; i++) d->v[i][l] = -d->v[i][l];
    }
    for (; l + 1 < N && d->s[l] < d->s[l + 1]; l++) {
        const double t = d->s[l];
        d->s[l] = d->s[l + 1];
        d->s[l + 1] = t;
        swap_columns(d->v, l);
        swap_columns(d->u, l);
    }
}

bool lar_n4_invert(double out[3][3], const double m[3][3])
{
    svd d = { 0 };
    memcpy(d.x, m, sizeof d.x);
    to_bidiagonal(&d);
    make_bases(&d);
    int steps = 0;
    for (int last = N - 1; last >= 0;) {
        int l = last;
        for (; l > 0; l--) { /* where what is beside the diagonal does not count */
            const double test = fabs(d.s[l - 1]) + fabs(d.s[l]);
            if (test + fabs(d.e[l - 1]) != test) continue;
            d.e[l - 1] = 0;
            break;
        }
        for (int n = l; n <= last; n++)
            if (!(fabs(d.s[n]) > 0)) return false;
        if (l == last) {
            settle(&d, last--);
            steps = 0;
        } else {
            iterate(&d, l, last);
            if (++steps > STEPS_MAX) return false;
        }
    }
    for (int r = 0; r < N; r++)
        for (int c = 0; c < N; c++) {
            double sum = 0;
            for (int n = 0; n < N; n++) sum += d.v[r][n] * (1 / d.s[n]) * d.u[c][n];
            out[r][c] = sum;
        }
    return true;
}
