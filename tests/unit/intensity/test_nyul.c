/* Landmarks: the peer's result, invariance, populations of one and of the same, and what is
 * refused. SPDX-License-Identifier: Apache-2.0 */
#include "population.h"

static void is_the_peers(void **state)
{
    (void)state;
    population p;
    lar_normalizer *n;
    population_read(&p);
    const lar_normalize_params params = params_of("nyul");
    const json_t *golden = json_object_get(p.golden, "nyul");
    CHECK_OK(taught(&n, &params, p.images, POPULATION, p.mask));
    for (size_t k = 0; k < POPULATION; k++) {
        lar_image *out = normalized(n, p.images[k], p.mask);
        const double away =
            golden_difference(&p, out, json_array_get(json_object_get(golden, "values"), k));
        assert_true(away < 1e-6); /* float32 */
        lar_image_free(out);
    }
    lar_normalizer_free(n);
    population_free(&p);
}

static void does_not_notice_gain_and_shift(void **state)
{
    (void)state;
    population p;
    lar_normalizer *n, *other;
    lar_image *images[POPULATION];
    population_read(&p);
    const lar_normalize_params params = params_of("nyul");
    for (int k = 0; k < POPULATION; k++)
        images[k] = moved(p.images[k], 0.25 * (k + 1), 8 * k - 30); /* exact in float32 */
    CHECK_OK(taught(&n, &params, p.images, POPULATION, p.mask));
    CHECK_OK(taught(&other, &params, images, POPULATION, p.mask));
    for (int k = 0; k < POPULATION; k++) {
        lar_image *a = normalized(n, p.images[k], p.mask);
        lar_image *b = normalized(other, images[k], p.mask);
        assert_true(largest_difference(a, b) < 1e-4); /* of 100 */
        lar_image_free(a);
        lar_image_free(b);
        lar_image_free(images[k]);
    }
    lar_normalizer_free(n);
    lar_normalizer_free(other);
    population_free(&p);
}

/* Same images, or one alone: a straight line from the first landmark to the last. */
static void a_population_of_the_same_is_left_as_it_is(void **state)
{
    (void)state;
    population p;
    population_read(&p);
    lar_image *same[3] = { p.images[1], p.images[1], p.images[1] };
    lar_normalize_params params = params_of("nyul");
    for (int count = 1; count <= 3; count += 2) {
        lar_normalizer *n;
        params.range = (lar_reals){ 0 };
        CHECK_OK(taught(&n, &params, same, count, p.mask));
        CHECK_OK(lar_normalizer_fit(n, p.images[1], p.mask, NULL));
        const lar_reals ends = lar_normalizer_values(n);
        params.range = (lar_reals){ .count = 2, .at = { ends.at[0], ends.at[ends.count - 1] } };
        lar_normalizer_free(n);
        CHECK_OK(taught(&n, &params, same, count, p.mask));
        lar_image *out = normalized(n, p.images[1], p.mask);
        assert_true(largest_difference(out, p.images[1]) < 1e-3); /* of about 2700 */
        lar_image_free(out);
        lar_normalizer_free(n);
    }
    population_free(&p);
}

static void order_and_threads_do_not_matter(void **state)
{
    (void)state;
    population p;
    lar_normalizer *n, *other;
    population_read(&p);
    const lar_normalize_params params = params_of("nyul");
    lar_image *turned[POPULATION] = { p.images[2], p.images[0], p.images[3], p.images[1] };
    lar_threads_set(1);
    CHECK_OK(taught(&n, &params, p.images, POPULATION, p.mask));
    lar_image *one = normalized(n, p.images[3], p.mask);
    CHECK_OK(taught(&other, &params, turned, POPULATION, p.mask));
    lar_image *two = normalized(other, p.images[3], p.mask);
    assert_true(largest_difference(one, two) < 1e-4);
    lar_normalizer_free(other);
    lar_threads_set(3);
    CHECK_OK(taught(&other, &params, p.images, POPULATION, p.mask));
    lar_image *three = normalized(other, p.images[3], p.mask);
    assert_memory_equal(one->voxels, three->voxels,
                        (size_t)lar_image_voxel_count(one) * sizeof(float));
    lar_threads_set(0);
    lar_image_free(one);
    lar_image_free(two);
    lar_image_free(three);
    lar_normalizer_free(n);
    lar_normalizer_free(other);
    population_free(&p);
}

/* Half of all voxels are 5: several landmarks coincide. */
static void landmarks_that_coincide_become_one(void **state)
{
    (void)state;
    population p;
    lar_normalizer *n;
    population_read(&p);
    lar_image *plain = moved(p.images[0], 1, 0);
    for (int64_t v = 0; v < lar_image_voxel_count(plain); v += 2) ((float *)plain->voxels)[v] = 5;
    lar_image *images[2] = { plain, p.images[1] };
    const lar_normalize_params params = params_of("nyul");
    CHECK_OK(taught(&n, &params, images, 2, NULL));
    lar_image *out = normalized(n, plain, NULL);
    const lar_curve *curve = lar_normalizer_curve(n);
    assert_true(curve->count >= 2 && curve->count < 11);
    for (int64_t k = 1; k < curve->count; k++) assert_true(curve->from[k] > curve->from[k - 1]);
    for (int64_t v = 0; v < lar_image_voxel_count(out); v++)
        assert_true(isfinite(((float *)out->voxels)[v]));
    lar_image_free(out);
    lar_image_free(plain);
    lar_normalizer_free(n);
    population_free(&p);
}

static void bad_input_is_refused(void **state)
{
    (void)state;
    population p;
    lar_normalizer *n;
    population_read(&p);
    lar_normalize_params params = params_of("nyul");
    CHECK_FAILS(taught(&n, &params, p.images, 0, p.mask), LAR_EARGUMENT, "no image to learn from");
    lar_image *flat = moved(p.images[0], 0, 7), *broken = moved(p.images[0], 1, 0), *empty;
    int64_t inside = 0;
    while (((const uint8_t *)p.mask->voxels)[inside] == 0) inside++;
    ((float *)broken->voxels)[inside] = NAN;
    CHECK_OK(lar_image_like(&empty, p.mask, LAR_U8));
    CHECK_FAILS(taught(&n, &params, &flat, 1, p.mask), LAR_ENUMERIC, "all landmarks are 7");
    CHECK_FAILS(taught(&n, &params, &broken, 1, p.mask), LAR_ENUMERIC, "not finite");
    CHECK_FAILS(taught(&n, &params, p.images, 1, empty), LAR_ENUMERIC, "mask");
    CHECK_OK(lar_normalizer_new(&n, &params));
    CHECK_FAILS(lar_normalizer_fit(n, p.images[0], p.mask, NULL), LAR_EARGUMENT,
                "has not learned from a population");
    /* a bad image between good ones leaves no trace */
    lar_normalizer *good;
    CHECK_OK(lar_normalizer_learn(n, p.images[0], p.mask, NULL));
    CHECK_FAILS(lar_normalizer_learn(n, flat, p.mask, NULL), LAR_ENUMERIC, "landmarks");
    CHECK_OK(lar_normalizer_learn(n, p.images[1], p.mask, NULL));
    CHECK_OK(lar_normalizer_end_pass(n));
    CHECK_OK(taught(&good, &params, p.images, 2, p.mask));
    lar_image *a = normalized(n, p.images[0], p.mask), *b = normalized(good, p.images[0], p.mask);
    assert_true(largest_difference(a, b) == 0);
    lar_image_free(a);
    lar_image_free(b);
    lar_normalizer_free(good);
    lar_normalizer_free(n);
    params.percentiles = (lar_reals){ .count = 3, .at = { 1, 50, 50 } };
    CHECK_FAILS(taught(&n, &params, p.images, 1, p.mask), LAR_EARGUMENT, "that rise");
    params.percentiles.count = 0;
    params.range = (lar_reals){ .count = 2, .at = { 100, 1 } };
    CHECK_FAILS(taught(&n, &params, p.images, 1, p.mask), LAR_EARGUMENT, "that rise");
    lar_image_free(flat);
    lar_image_free(broken);
    lar_image_free(empty);
    population_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_peers),
        cmocka_unit_test(does_not_notice_gain_and_shift),
        cmocka_unit_test(a_population_of_the_same_is_left_as_it_is),
        cmocka_unit_test(order_and_threads_do_not_matter),
        cmocka_unit_test(landmarks_that_coincide_become_one),
        cmocka_unit_test(bad_input_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
