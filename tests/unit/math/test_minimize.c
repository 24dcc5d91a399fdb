/* Minima that are known.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"

static int calls;

/* Rosenbrock's valley: its minimum is 0 at (1, 1). */
static lar_status valley(void *arg, const double *x, double *value, double *slope)
{
    (void)arg;
    const double a = 1 - x[0], b = x[1] - x[0] * x[0];
    calls++;
    *value = a * a + 100 * b * b;
    slope[0] = -2 * a - 400 * x[0] * b;
    slope[1] = 200 * b;
    return LAR_OK;
}

enum { MANY = 12 };

/* A bowl whose axes are as 1 to 1e4, its minimum at 1, 2, 3 ... */
static lar_status bowl(void *arg, const double *x, double *value, double *slope)
{
    (void)arg;
    calls++;
    *value = 0;
    for (int n = 0; n < MANY; n++) {
        const double steep = pow(10, 4.0 * n / (MANY - 1)), off = x[n] - n - 1;
        *value += steep * off * off / 2;
        slope[n] = steep * off;
    }
    return LAR_OK;
}

static void finds_the_end_of_a_valley(void **state)
{
    (void)state;
    double x[2] = { -1.2, 1 }, value;
    const lar_minimizing how = { .function = valley,
                                 .count = 2,
                                 .iterations = 200,
                                 .first_step = 0.1,
                                 .largest_step = 1,
                                 .tolerance = 1e-9 };
    CHECK_OK(lar_minimize(x, &value, &how));
    CHECK_NEAR(x[0], 1, 1e-6);
    CHECK_NEAR(x[1], 1, 1e-6);
    CHECK_NEAR(value, 0, 1e-10);
}

static void curvature_that_is_known_helps(void **state)
{
    (void)state;
    double curvature[MANY * MANY] = { 0 }, value;
    int used[2];
    for (int n = 0; n < MANY; n++)
        curvature[n * MANY + n] = 3 * pow(10, 4.0 * n / (MANY - 1)); /* to a factor */
    for (int known = 0; known < 2; known++) {
        double x[MANY] = { 0 };
        const lar_minimizing how = { .function = bowl,
                                     .count = MANY,
                                     .curvature = known ? curvature : NULL,
                                     .iterations = 300,
                                     .first_step = 1,
                                     .largest_step = 100,
                                     .tolerance = 1e-8 };
        calls = 0;
        CHECK_OK(lar_minimize(x, &value, &how));
        used[known] = calls;
        for (int n = 0; n < MANY; n++) CHECK_NEAR(x[n], n + 1, 1e-4);
    }
    assert_true(used[1] < used[0]);
}

static lar_status fails(void *arg, const double *x, double *value, double *slope)
{
    (void)arg, (void)x, (void)value, (void)slope;
    return lar_fail(LAR_ENUMERIC, "cannot");
}

static void stays_where_it_cannot_go_on(void **state)
{
    (void)state;
    double x[2] = { 1, 1 }, value;
    lar_minimizing how = { .function = valley,
                           .count = 2,
                           .iterations = 50,
                           .first_step = 1,
                           .largest_step = 1,
                           .tolerance = 1e-6 };
    CHECK_OK(lar_minimize(x, &value, &how)); /* is there already */
    assert_true(x[0] == 1 && x[1] == 1 && value == 0);
    how.function = fails;
    CHECK_FAILS(lar_minimize(x, &value, &how), LAR_ENUMERIC, "cannot");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_end_of_a_valley),
        cmocka_unit_test(curvature_that_is_known_helps),
        cmocka_unit_test(stays_where_it_cannot_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
