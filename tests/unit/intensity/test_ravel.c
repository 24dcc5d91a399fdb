/* RAVEL: the peer's result, images that need no correction, files, order, and what is refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include "population.h"

static void is_the_peers(void **state)
{
    (void)state;
    population p;
    population_read(&p);
    lar_normalize_params params = params_of("ravel");
    for (params.factors = 1; params.factors <= 2; params.factors++) {
        lar_normalizer *n;
        const json_t *golden = json_object_get(p.golden, params.factors == 1 ? "ravel1" : "ravel2");
        CHECK_OK(taught(&n, &params, p.images, POPULATION, p.mask));
        for (size_t k = 0; k < POPULATION; k++) {
            lar_image *out = normalized(n, p.images[k], p.mask);
            const json_t *values = json_array_get(json_object_get(golden, "values"), k);
            const double away = golden_difference(&p, out, values);
            if (!(away < 1e-3))
                fail_msg("%lld factors, image %zu: %g of the range away", (long long)params.factors,
                         k, away);
            lar_image_free(out);
        }
        lar_normalizer_free(n);
    }
    population_free(&p);
}

/* One factor that all share, and nothing else: the residual is zero, the mean is the image. */
static void equal_images_stay_as_whitestripe_leaves_them(void **state)
{
    (void)state;
    population p;
    lar_normalizer *n, *stripe;
    population_read(&p);
    lar_image *same[3] = { p.images[0], moved(p.images[0], 2, 8), p.images[0] };
    const lar_normalize_params params = params_of("ravel"), white = params_of("whitestripe");
    CHECK_OK(taught(&n, &params, same, 3, p.mask));
    CHECK_OK(lar_normalizer_new(&stripe, &white));
    lar_image *a = normalized(n, same[1], p.mask), *b = normalized(stripe, same[0], p.mask);
    assert_true(largest_difference(a, b) < 1e-3);
    lar_image_free(a);
    lar_image_free(b);
    lar_image_free(same[1]);
    lar_normalizer_free(n);
    lar_normalizer_free(stripe);
    population_free(&p);
}

static void order_and_threads_do_not_matter(void **state)
{
    (void)state;
    population p;
    lar_normalizer *n, *other;
    population_read(&p);
    const lar_normalize_params params = params_of("ravel");
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

static void comes_back_from_files(void **state)
{
    (void)state;
    population p;
    lar_normalizer *n, *back;
    char path[128], map[128];
    population_read(&p);
    const char *folder = check_folder();
    const lar_normalize_params params = params_of("ravel");
    snprintf(path, sizeof path, "%s/ravel.json", folder);
    snprintf(map, sizeof map, "%s/ravel_factors.nii.gz", folder);
    CHECK_OK(taught(&n, &params, p.images, 3, p.mask)); /* the fourth is new to it */
    CHECK_OK(lar_normalizer_write(n, path, false));
    CHECK_FAILS(lar_normalizer_write(n, path, false), LAR_EEXISTS, "exists");
    CHECK_OK(lar_normalizer_read(&back, path));
    lar_image *a = normalized(n, p.images[3], p.mask), *b = normalized(back, p.images[3], p.mask);
    assert_memory_equal(a->voxels, b->voxels, (size_t)lar_image_voxel_count(a) * sizeof(float));
    lar_image_free(b);
    CHECK_FAILS(lar_normalizer_undo(&b, n, a), LAR_EUNSUPPORTED, "cannot be added again");
    lar_normalizer_free(back);
    /* a fit whose scores were cut off */
    CHECK_OK(lar_normalizer_write(n, path, true));
    json_t *root = json_load_file(path, 0, NULL);
    json_array_clear(json_object_get(json_object_get(root, "fit"), "values"));
    assert_int_equal(json_dump_file(root, path, 0), 0);
    json_decref(root);
    CHECK_OK(lar_normalizer_read(&back, path));
    CHECK_FAILS(lar_normalizer_apply(&b, back, p.images[3]), LAR_EFORMAT, "too few for the scores");
    lar_image_free(a);
    lar_normalizer_free(n);
    lar_normalizer_free(back);
    unlink(path);
    CHECK_OK(taught(&n, &params, p.images, 3, p.mask));
    CHECK_FAILS(lar_normalizer_write(n, path, false), LAR_EEXISTS, "ravel_mean.nii.gz' exists");
    CHECK_OK(lar_normalizer_write(n, path, true));
    unlink(map);
    CHECK_FAILS(lar_normalizer_read(&back, path), LAR_ENOINPUT, "ravel_factors.nii.gz");
    CHECK_OK(lar_image_write(p.mask, map, true)); /* integers, but one volume of the grid */
    CHECK_OK(lar_normalizer_read(&back, path));
    lar_normalizer_free(back);
    lar_image *half;
    CHECK_OK(lar_crop_range(&half, p.mask, 'x', 0, 0.5));
    CHECK_OK(lar_image_write(half, map, true));
    CHECK_FAILS(lar_normalizer_read(&back, path), LAR_EFORMAT, "do not belong together");
    lar_image_free(half);
    lar_normalizer_free(n);
    check_folder_remove(folder);
    population_free(&p);
}

static void bad_populations_are_refused(void **state)
{
    (void)state;
    population p;
    lar_normalizer *n;
    lar_image *half;
    population_read(&p);
    lar_normalize_params params = params_of("ravel");
    CHECK_FAILS(taught(&n, &params, p.images, 1, p.mask), LAR_EARGUMENT, "more than 1 image");
    CHECK_OK(lar_crop_range(&half, p.images[1], 'x', 0, 0.5));
    lar_image *mixed[2] = { p.images[0], half };
    CHECK_FAILS(taught(&n, &params, mixed, 2, NULL), LAR_EGEOMETRY, "the grid of the population");
    /* shown in another order the second time */
    CHECK_OK(lar_normalizer_new(&n, &params));
    for (int pass = 0; pass < 2; pass++) {
        for (int k = 0; k < 2; k++) CHECK_OK(lar_normalizer_learn(n, p.images[k], p.mask, NULL));
        CHECK_OK(lar_normalizer_end_pass(n));
    }
    CHECK_FAILS(lar_normalizer_learn(n, p.images[1], p.mask, NULL), LAR_EARGUMENT,
                "image 1 is not the one that was shown");
    lar_normalizer_free(n);
    CHECK_OK(lar_normalizer_new(&n, &params));
    for (int pass = 0; pass < 2; pass++) {
        for (int k = 0; k < 3 - pass; k++)
            CHECK_OK(lar_normalizer_learn(n, p.images[k], p.mask, NULL));
        if (pass == 0) CHECK_OK(lar_normalizer_end_pass(n));
    }
    CHECK_FAILS(lar_normalizer_end_pass(n), LAR_EARGUMENT, "2 images were shown in pass 2");
    lar_normalizer_free(n);
    params.control = 1;
    CHECK_FAILS(taught(&n, &params, p.images, 3, p.mask), LAR_ENUMERIC, "no voxel is CSF in all");
    params.control = 0.99;
    params.contrast = LAR_CONTRAST_FLAIR;
    CHECK_FAILS(taught(&n, &params, p.images, 3, p.mask), LAR_EARGUMENT, "on a T1 alone");
    lar_image_free(half);
    population_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_peers),
        cmocka_unit_test(equal_images_stay_as_whitestripe_leaves_them),
        cmocka_unit_test(order_and_threads_do_not_matter),
        cmocka_unit_test(comes_back_from_files),
        cmocka_unit_test(bad_populations_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
