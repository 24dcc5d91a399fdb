/* Eigenvectors of random symmetric matrices: the matrix comes back, and they are at right angles.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"

enum { N = 40 };

static void the_matrix_comes_back(void **state)
{
    (void)state;
    for (int64_t n = 1; n <= N; n = n * 2 + 1) {
        double m[N * N], copy[N * N], values[N], vectors[N * N];
        for (int64_t a = 0; a < n; a++)
            for (int64_t b = 0; b <= a; b++)
                m[a * n + b] = m[b * n + a] =
                    lar_random_normal(4, (uint64_t)n, (uint64_t)(a * n + b));
        memcpy(copy, m, sizeof m);
        CHECK_OK(lar_eigen_symmetric(values, vectors, copy, n));
        for (int64_t a = 0; a < n; a++) {
            if (a) assert_true(values[a] <= values[a - 1]);
            for (int64_t b = 0; b < n; b++) {
                double dot = 0, back = 0;
                for (int64_t k = 0; k < n; k++) {
                    dot += vectors[a * n + k] * vectors[b * n + k];
                    back += values[k] * vectors[k * n + a] * vectors[k * n + b];
                }
                CHECK_NEAR(dot, a == b ? 1 : 0, 1e-13 * (double)n);
                CHECK_NEAR(back, m[a * n + b], 1e-13 * (double)n);
            }
        }
    }
}

static void zeros_and_nan(void **state)
{
    (void)state;
    double m[4] = { 0 }, values[2], vectors[4];
    CHECK_OK(lar_eigen_symmetric(values, vectors, m, 2));
    CHECK_NEAR(values[0], 0, 0);
    m[0] = NAN;
    CHECK_FAILS(lar_eigen_symmetric(values, vectors, m, 2), LAR_ENUMERIC, "2 x 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_matrix_comes_back),
        cmocka_unit_test(zeros_and_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
