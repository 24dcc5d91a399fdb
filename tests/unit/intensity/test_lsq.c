/* Least squares of tissue means: the peer's scales, invariance under a gain, maps of another scan.
 * SPDX-License-Identifier: Apache-2.0 */
#include "population.h"

static void is_the_peers(void **state)
{
    (void)state;
    population p;
    lar_normalizer *n;
    population_read(&p);
    const lar_normalize_params params = params_of("lsq");
    const json_t *scales = json_object_get(json_object_get(p.golden, "lsq"), "scales");
    CHECK_OK(taught(&n, &params, p.images, POPULATION, p.mask));
    for (size_t k = 0; k < POPULATION; k++) {
        CHECK_OK(lar_normalizer_fit(n, p.images[k], p.mask, NULL));
        const double wanted = json_number_value(json_array_get(scales, k));
        CHECK_NEAR(lar_normalizer_values(n).at[3], wanted, 1e-3 * wanted);
    }
    lar_normalizer_free(n);
    population_free(&p);
}

static void does_not_notice_a_gain(void **state)
{
    (void)state;
    population p;
    lar_normalizer *n;
    population_read(&p);
    lar_normalize_params params = params_of("lsq");
    CHECK_OK(taught(&n, &params, p.images, POPULATION, p.mask));
    lar_image *louder = moved(p.images[2], 4, 0);
    lar_image *a = normalized(n, p.images[2], p.mask), *b = normalized(n, louder, p.mask);
    assert_true(largest_difference(a, b) < 1e-6);
    lar_normalizer_free(n);
    params.to = 50;
    CHECK_OK(taught(&n, &params, p.images, POPULATION, p.mask));
    lar_image *c = normalized(n, p.images[2], p.mask), *fifty = moved(a, 50, 0);
    assert_true(largest_difference(c, fifty) < 1e-4);
    lar_image_free(a);
    lar_image_free(b);
    lar_image_free(c);
    lar_image_free(fifty);
    lar_image_free(louder);
    lar_normalizer_free(n);
    population_free(&p);
}

/* The first image's CSF becomes `to`; others only matter for themselves. */
static void the_first_image_is_the_standard(void **state)
{
    (void)state;
    population p;
    lar_normalizer *n, *alone;
    population_read(&p);
    const lar_normalize_params params = params_of("lsq");
    CHECK_OK(taught(&n, &params, p.images, POPULATION, p.mask));
    CHECK_OK(taught(&alone, &params, p.images, 1, p.mask));
    CHECK_OK(lar_normalizer_fit(n, p.images[0], p.mask, NULL));
    const lar_reals found = lar_normalizer_values(n);
    CHECK_NEAR(found.at[0] * found.at[3], 1, 1e-12);
    CHECK_OK(lar_normalizer_fit(n, p.images[1], p.mask, NULL));
    CHECK_OK(lar_normalizer_fit(alone, p.images[1], p.mask, NULL));
    CHECK_NEAR(lar_normalizer_values(n).at[3], lar_normalizer_values(alone).at[3], 0);
    lar_normalizer_free(n);
    lar_normalizer_free(alone);
    population_free(&p);
}

static void maps_stand_in_for_a_t1(void **state)
{
    (void)state;
    population p;
    lar_normalizer *n;
    lar_image *maps;
    population_read(&p);
    lar_normalize_params params = params_of("lsq");
    params.contrast = LAR_CONTRAST_FLAIR;
    CHECK_OK(lar_normalizer_new(&n, &params));
    CHECK_FAILS(lar_normalizer_learn(n, p.images[0], p.mask, NULL), LAR_EARGUMENT, "on a T1 alone");
    CHECK_FAILS(lar_normalizer_learn(n, p.images[0], p.mask, p.mask), LAR_EARGUMENT,
                "expected 3 volumes");
    /* crisp thirds of the mask: means are plain means */
    CHECK_OK(lar_image_new(&maps, &p.mask->grid, 3, LAR_F32));
    const int64_t voxels = lar_image_voxel_count(p.mask);
    double sums[3] = { 0 }, counts[3] = { 0 };
    for (int64_t v = 0; v < voxels; v++) {
        if (((const uint8_t *)p.mask->voxels)[v] == 0) continue;
        ((float *)maps->voxels)[v % 3 * voxels + v] = 1;
        sums[v % 3] += (double)((const float *)p.images[0]->voxels)[v];
        counts[v % 3]++;
    }
    CHECK_OK(lar_normalizer_learn(n, p.images[0], p.mask, maps));
    CHECK_OK(lar_normalizer_end_pass(n));
    CHECK_OK(lar_normalizer_fit(n, p.images[0], p.mask, maps));
    for (int t = 0; t < 3; t++)
        CHECK_NEAR(lar_normalizer_values(n).at[t], sums[t] / counts[t], 1e-9 * sums[t] / counts[t]);
    lar_image_free(maps);
    lar_normalizer_free(n);
    population_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_peers),
        cmocka_unit_test(does_not_notice_a_gain),
        cmocka_unit_test(the_first_image_is_the_standard),
        cmocka_unit_test(maps_stand_in_for_a_t1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
