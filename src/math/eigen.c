/* Eigenvalues of a symmetric matrix by Jacobi's rotations, row by row (Golub and Van Loan, Matrix
 * Computations, section 8.5): slow for thousands of rows, accurate for all.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "math/math.h"

enum { SWEEPS = 60 };

/* Two rows of length n turned into one another. */
static void turn(double *restrict a, double *restrict b, int64_t n, double cosine, double sine)
{
    for (int64_t k = 0; k < n; k++) {
        const double x = a[k], y = b[k];
        a[k] = cosine * x - sine * y;
        b[k] = sine * x + cosine * y;
    }
}

/* Makes element (p, q) zero. */
static void rotate(double *m, double *vectors, int64_t n, int64_t p, int64_t q)
{
    const double apq = m[p * n + q], app = m[p * n + p], aqq = m[q * n + q];
    const double theta = (aqq - app) / (2 * apq);
    const double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
    const double cosine = 1 / sqrt(t * t + 1), sine = t * cosine;
    turn(m + p * n, m + q * n, n, cosine, sine);
    turn(vectors + p * n, vectors + q * n, n, cosine, sine);
    for (int64_t k = 0; k < n; k++) {
        m[k * n + p] = m[p * n + k];
        m[k * n + q] = m[q * n + k];
    }
    m[p * n + p] = app - t * apq;
    m[q * n + q] = aqq + t * apq;
    m[p * n + q] = m[q * n + p] = 0;
}

lar_status lar_eigen_symmetric(double *values, double *vectors, double *matrix, int64_t n)
{
    memset(vectors, 0, (size_t)(n * n) * sizeof *vectors);
    for (int64_t k = 0; k < n; k++) vectors[k * n + k] = 1;
    for (int sweep = 0;; sweep++) {
        double off = 0, all = 0;
        for (int64_t p = 0; p < n; p++)
            for (int64_t q = 0; q < n; q++) {
                const double square = matrix[p * n + q] * matrix[p * n + q];
                all += square;
                if (p != q) off += square;
            }
        if (!isfinite(all) || (sweep == SWEEPS && off > 1e-20 * all))
            return lar_fail(LAR_ENUMERIC, "the eigenvalues of a %lld x %lld matrix were not found",
                            (long long)n, (long long)n);
        if (off <= 1e-30 * all || sweep == SWEEPS) break;
        for (int64_t p = 0; p < n; p++)
            for (int64_t q = p + 1; q < n; q++)
                if (matrix[p * n + q] != 0) rotate(matrix, vectors, n, p, q);
    }
    for (int64_t k = 0; k < n; k++) values[k] = matrix[k * n + k];
    for (int64_t k = 0; k < n; k++) { /* the largest first */
        int64_t largest = k;
        for (int64_t m = k + 1; m < n; m++)
            if (values[m] > values[largest]) largest = m;
        if (largest == k) continue;
        const double value = values[k];
        values[k] = values[largest];
        values[largest] = value;
        for (int64_t m = 0; m < n; m++) {
            const double x = vectors[k * n + m];
            vectors[k * n + m] = vectors[largest * n + m];
            vectors[largest * n + m] = x;
        }
    }
    return LAR_OK;
}
