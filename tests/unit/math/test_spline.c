/* The prefilter against scipy's numbers, and the laws of the spline.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"

static void coefficients_are_those_of_scipy(void **state)
{
    (void)state;
    FILE *file = fopen(TEST_SOURCE "/tests/golden/spline.txt", "r");
    assert_non_null(file);
    char line[256];
    long long size[3];
    int volumes = 0;
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "size %lld %lld %lld", &size[0], &size[1], &size[2]) != 3) continue;
        float values[1024], coefficients[1024];
        const int64_t count = size[0] * size[1] * size[2];
        assert_true(count <= 1024);
        for (int64_t n = 0; n < count; n++) {
            assert_non_null(fgets(line, sizeof line, file));
            assert_int_equal(sscanf(line, "%f %f", &values[n], &coefficients[n]), 2);
        }
        CHECK_OK(lar_spline_prefilter(values, (int64_t[3]){ size[0], size[1], size[2] }, NULL));
        /* coefficients of normal values reach 20: a few roundings of float32 at that size */
        for (int64_t n = 0; n < count; n++) CHECK_NEAR(values[n], coefficients[n], 1e-5);
        volumes++;
    }
    fclose(file);
    assert_int_equal(volumes, 4);
}

static void spline_passes_through_the_samples(void **state)
{
    (void)state;
    for (int64_t size = 1; size < 80; size += size < 8 ? 1 : 23) {
        float values[80], coefficients[80];
        for (int64_t n = 0; n < size; n++)
            coefficients[n] = values[n] = (float)lar_random_normal(5, 0, (uint64_t)n);
        CHECK_OK(lar_spline_prefilter(coefficients, (int64_t[3]){ 1, size, 1 }, NULL));
        for (int64_t n = 0; n < size; n++) {
            double weights[4], sum = 0;
            lar_spline_weights(weights, 0);
            for (int t = 0; t < 4; t++)
                sum += weights[t] * coefficients[lar_mirror(n - 1 + t, size)];
            CHECK_NEAR(sum, values[n], 2e-6);
        }
    }
}

static void only_the_named_axes_are_filtered(void **state)
{
    (void)state;
    float values[4 * 3 * 2], one[4 * 3 * 2], all[4 * 3 * 2];
    const int64_t size[3] = { 4, 3, 2 };
    for (int n = 0; n < 24; n++) values[n] = one[n] = all[n] = (float)(n * n % 7);
    CHECK_OK(lar_spline_prefilter(one, size, (bool[3]){ false, false, false }));
    assert_memory_equal(one, values, sizeof values);
    for (int a = 0; a < 3; a++) {
        bool along[3] = { false, false, false };
        along[a] = true;
        CHECK_OK(lar_spline_prefilter(one, size, along));
    }
    CHECK_OK(lar_spline_prefilter(all, size, NULL));
    for (int n = 0; n < 24; n++) CHECK_NEAR(one[n], all[n], 1e-5);
}

static void weights_are_a_partition_of_one(void **state)
{
    (void)state;
    for (int n = 0; n <= 10; n++) {
        double w[4], u[4];
        lar_spline_weights(w, n / 10.0);
        lar_spline_weights(u, 1 - n / 10.0);
        CHECK_NEAR(w[0] + w[1] + w[2] + w[3], 1, 1e-15);
        CHECK_NEAR(-w[0] + w[2] + 2 * w[3], n / 10.0, 1e-15); /* a ramp stays a ramp */
        for (int t = 0; t < 4; t++) CHECK_NEAR(w[t], u[3 - t], 1e-15);
    }
    double w[4];
    lar_spline_weights(w, 0);
    CHECK_NEAR(w[1], 4 / 6.0, 1e-15);
}

static void mirror_is_about_the_first_and_last(void **state)
{
    (void)state;
    const int64_t of_four[] = { 3, 2, 1, 0, 1, 2, 3, 2, 1, 0 };
    for (int64_t n = 0; n < 10; n++) assert_int_equal(lar_mirror(n - 3, 4), of_four[n]);
    assert_int_equal(lar_mirror(-2, 1), 0);
    assert_int_equal(lar_mirror(2, 2), 0);
}

static void threads_do_not_change_bits(void **state)
{
    (void)state;
    const int64_t size[3] = { 70, 65, 60 }, count = 70 * 65 * 60;
    float *one = lar_alloc(count, sizeof *one), *many = lar_alloc(count, sizeof *many);
    for (int64_t n = 0; n < count; n++) one[n] = many[n] = (float)(n % 101) - 50;
    lar_threads_set(1);
    CHECK_OK(lar_spline_prefilter(one, size, NULL));
    lar_threads_set(3);
    CHECK_OK(lar_spline_prefilter(many, size, NULL));
    assert_memory_equal(one, many, (size_t)count * sizeof *one);
    lar_threads_set(0);
    lar_free(one);
    lar_free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coefficients_are_those_of_scipy),
        cmocka_unit_test(spline_passes_through_the_samples),
        cmocka_unit_test(only_the_named_axes_are_filtered),
        cmocka_unit_test(weights_are_a_partition_of_one),
        cmocka_unit_test(mirror_is_about_the_first_and_last),
        cmocka_unit_test(threads_do_not_change_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
