/* Affine maps and their inverses.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"

static lar_affine drawn(uint64_t seed)
{
    lar_affine a;
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++)
            a.m[r][c] = (c == 3 ? 100 : 1) * lar_random_normal(seed, 0, (uint64_t)(4 * r + c));
    return a;
}

static void check_identity(const lar_affine *a, double tolerance)
{
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++) CHECK_NEAR(a->m[r][c], r == c, tolerance);
}

static void inverse_undoes(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        const lar_affine a = drawn(seed);
        lar_affine inverse;
        if (fabs(lar_affine_determinant(&a)) < 0.05) continue;
        assert_true(lar_affine_invert(&inverse, &a));
        const lar_affine before = lar_affine_chain(&inverse, &a);
        const lar_affine after = lar_affine_chain(&a, &inverse);
        check_identity(&before, 1e-9);
        check_identity(&after, 1e-9);
        CHECK_NEAR(lar_affine_determinant(&a) * lar_affine_determinant(&inverse), 1, 1e-10);
    }
}

static void chain_applies_the_first_first(void **state)
{
    (void)state;
    const lar_affine a = drawn(1), b = drawn(2), both = lar_affine_chain(&a, &b);
    const double in[3] = { 1, -2, 3 };
    double by_steps[3], at_once[3];
    lar_affine_point(&a, in, by_steps);
    lar_affine_point(&b, by_steps, by_steps); /* in and out may be one */
    lar_affine_point(&both, in, at_once);
    for (int r = 0; r < 3; r++) CHECK_NEAR(by_steps[r], at_once[r], 1e-11);
}

static void singular_is_refused_at_any_scale(void **state)
{
    (void)state;
    lar_affine inverse, a = lar_affine_identity();
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++) a.m[r][c] *= 1e-6; /* tiny voxels are no singular matrix */
    assert_true(lar_affine_invert(&inverse, &a));
    a.m[2][2] = 0;
    assert_false(lar_affine_invert(&inverse, &a));
    a = drawn(3);
    for (int r = 0; r < 3; r++) a.m[r][2] = a.m[r][0] + a.m[r][1];
    assert_false(lar_affine_invert(&inverse, &a));
    a = lar_affine_identity();
    a.m[1][0] = NAN;
    assert_false(lar_affine_invert(&inverse, &a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inverse_undoes),
        cmocka_unit_test(chain_applies_the_first_first),
        cmocka_unit_test(singular_is_refused_at_any_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
