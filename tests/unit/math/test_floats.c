/* Elementary functions of many floats against those of the C library in double.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"

enum { COUNT = 100000 };

static void exponentials(void **state)
{
    (void)state;
    float *x = lar_alloc(COUNT, sizeof *x), *y = lar_alloc(COUNT, sizeof *y);
    for (int n = 0; n < COUNT; n++) x[n] = y[n] = -87.0F + 175.0F * (float)n / COUNT;
    lar_floats_exp(y, COUNT);
    for (int n = 0; n < COUNT; n++) {
        const double right = exp((double)x[n]);
        CHECK_NEAR((double)y[n], right, 3e-7 * right);
    }
    const float ends[] = { 0, -1e30F, 1e30F };
    memcpy(y, ends, sizeof ends);
    lar_floats_exp(y, 3);
    assert_true(y[0] == 1);
    assert_true(y[1] >= 0 && y[1] < 2e-38F && isfinite(y[2]));
    lar_free(x);
    lar_free(y);
}

static void powers(void **state)
{
    (void)state;
    static const float exponents[] = { 0.125F, 0.5F, 0.9F, 1, 1.35F, 2, 3, 8 };
    float *y = lar_alloc(COUNT + 1, sizeof *y);
    for (int e = 0; e < 8; e++) {
        for (int n = 0; n <= COUNT; n++) y[n] = (float)n / COUNT;
        lar_floats_power(y, COUNT + 1, exponents[e]);
        for (int n = 0; n <= COUNT; n++)
            CHECK_NEAR((double)y[n], pow((double)((float)n / COUNT), (double)exponents[e]), 1e-6);
        assert_true(y[0] == 0 && y[COUNT] == 1);
    }
    lar_free(y);
}

/* What does not fill a vector is done by other instructions, of the same bits. */
static void bits_do_not_depend_on_the_place(void **state)
{
    (void)state;
    float all[300], one[300];
    for (int n = 0; n < 300; n++) all[n] = one[n] = (float)n / 300;
    lar_floats_power(all, 300, 1.7F);
    for (int n = 0; n < 300; n++) lar_floats_power(one + n, 1, 1.7F);
    assert_memory_equal(all, one, sizeof all);
    lar_floats_exp(all, 300);
    for (int n = 0; n < 300; n++) lar_floats_exp(one + n, 1);
    assert_memory_equal(all, one, sizeof all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponentials),
        cmocka_unit_test(powers),
        cmocka_unit_test(bits_do_not_depend_on_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
