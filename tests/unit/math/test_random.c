/* Philox against the known answers its authors publish, and the laws of the draws.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"

/* kat_vectors of Random123 (Salmon 2011, doi:10.1145/2063384.2063405), philox4x32 with 10 rounds:
 * counter, key, answer. */
static void known_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], answer[4];
    } known[] = {
        { { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
        { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
          { 0xffffffff, 0xffffffff },
          { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
        { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
          { 0xa4093822, 0x299f31d0 },
          { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
    };
    for (int n = 0; n < 3; n++) {
        uint32_t out[4];
        const uint32_t *c = known[n].counter, *k = known[n].key;
        lar_random_bits(out, (uint64_t)k[1] << 32 | k[0], (uint64_t)c[3] << 32 | c[2],
                        (uint64_t)c[1] << 32 | c[0]);
        for (int w = 0; w < 4; w++) assert_int_equal(out[w], known[n].answer[w]);
    }
}

static void moments_are_those_of_the_laws(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    double uniform = 0, uniform_squares = 0, normal = 0, normal_squares = 0;
    for (uint64_t n = 0; n < COUNT; n++) {
        const double u = lar_random_uniform(1, 2, n), z = lar_random_normal(1, 2, n);
        assert_true(u > 0 && u < 1 && isfinite(z));
        uniform += u;
        uniform_squares += u * u;
        normal += z;
        normal_squares += z * z;
    }
    /* four standard errors of each */
    CHECK_NEAR(uniform / COUNT, 0.5, 4 * 0.2887 / 316.2);
    CHECK_NEAR(uniform_squares / COUNT, 1 / 3.0, 4 * 0.2981 / 316.2);
    CHECK_NEAR(normal / COUNT, 0, 4 / 316.2);
    CHECK_NEAR(normal_squares / COUNT, 1, 4 * 1.4142 / 316.2);
}

static void order_is_a_permutation_of_the_seed(void **state)
{
    (void)state;
    enum { COUNT = 100 };
    int64_t a[COUNT], b[COUNT], other[COUNT];
    bool seen[COUNT] = { false };
    lar_random_order(a, COUNT, 7, 1);
    lar_random_order(b, COUNT, 7, 1);
    lar_random_order(other, COUNT, 7, 2);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_not_equal(a, other, sizeof a);
    for (int n = 0; n < COUNT; n++) {
        assert_true(a[n] >= 0 && a[n] < COUNT && !seen[a[n]]);
        seen[a[n]] = true;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(moments_are_those_of_the_laws),
        cmocka_unit_test(order_is_a_permutation_of_the_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
