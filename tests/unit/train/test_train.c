/* Schedule, suggestions and scores against fastai, scikit-image and numpy (tests/golden/train.json,
 * made by make_train.py), and their laws.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <jansson.h>

#include "image/image.h"
#include "math/math.h"
#include "train/train.h"

static json_t *golden(void)
{
    json_error_t error;
    json_t *root = json_load_file(TEST_SOURCE "/tests/golden/train.json", 0, &error);
    if (!root) fail_msg("train.json: %s", error.text);
    return root;
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static void one_cycle_follows_fastai(void **state)
{
    (void)state;
    json_t *root = golden();
    const json_t *steps = json_object_get(root, "one_cycle");
    const lar_schedule s = { .kind = LAR_SCHEDULE_ONE_CYCLE,
                             .steps = (int64_t)json_array_size(steps),
                             .rate = 3e-3,
                             .div = 25,
                             .final_div = 25e4,
                             .warm_up = 0.3,
                             .momentum = { 0.95, 0.85 } };
    assert_int_equal(s.steps, 37);
    for (int64_t n = 0; n < s.steps; n++) {
        const json_t *expected = json_array_get(steps, (size_t)n);
        const lar_pace pace = lar_schedule_at(&s, n);
        CHECK_NEAR(pace.rate, json_number_value(json_array_get(expected, 0)), 1e-15);
        CHECK_NEAR(pace.momentum, json_number_value(json_array_get(expected, 1)), 1e-12);
    }
    json_decref(root);
}

static void one_cycle_of_any_length(void **state)
{
    (void)state;
    for (int64_t steps = 1; steps < 6; steps++) {
        const lar_schedule s = { .steps = steps,
                                 .rate = 1,
                                 .div = 25,
                                 .final_div = 25e4,
                                 .warm_up = 0.3,
                                 .momentum = { 0.95, 0.85 } };
        for (int64_t n = 0; n < steps; n++) {
            const lar_pace pace = lar_schedule_at(&s, n);
            assert_true(pace.rate > 0 && pace.rate <= 1);
            assert_true(pace.momentum >= 0.85 - 1e-12 && pace.momentum <= 0.95 + 1e-12);
        }
    }
}

static void suggestions_follow_fastai(void **state)
{
    (void)state;
    json_t *root = golden();
    const json_t *list = json_object_get(root, "losses"), *s = json_object_get(root, "suggestion");
    double rate[100], loss[100];
    lar_rate_suggestion found;
    for (int n = 0; n < 100; n++) {
        rate[n] = 1e-7 * pow(1e8, n / 100.0);
        loss[n] = json_number_value(json_array_get(list, (size_t)n));
    }
    CHECK_OK(lar_rate_suggest(&found, rate, loss, 100));
    CHECK_NEAR(found.steepest / number(s, "steepest"), 1, 1e-9);
    CHECK_NEAR(found.minimum / number(s, "minimum"), 1, 1e-9);
    CHECK_NEAR(found.valley / number(s, "valley"), 1, 1e-9);
    CHECK_NEAR(found.slide / number(s, "slide"), 1, 1e-9);
    CHECK_FAILS(lar_rate_suggest(&found, rate, loss, 18), LAR_ENUMERIC, "too few");
    json_decref(root);
}

/* The volumes of make_train.py. */
static void volumes(lar_image **truth, lar_image **other, lar_image **mask)
{
    const lar_grid grid = { .size = { 18, 16, 14 }, .to_world = lar_affine_identity() };
    CHECK_OK(lar_image_new(truth, &grid, 1, LAR_F32));
    CHECK_OK(lar_image_new(other, &grid, 1, LAR_F32));
    CHECK_OK(lar_image_new(mask, &grid, 1, LAR_U8));
    int64_t n = 0;
    for (int k = 0; k < 14; k++)
        for (int j = 0; j < 16; j++)
            for (int i = 0; i < 18; i++, n++) {
                float *t = (float *)(*truth)->voxels + n;
                *t = (float)(sin(0.5 * i) * cos(0.4 * j) + 0.1 * k);
                ((float *)(*other)->voxels)[n] =
                    (float)((double)*t + 0.2 * sin(1.3 * i + 0.7 * j + 0.9 * k));
                ((uint8_t *)(*mask)->voxels)[n] =
                    (i - 9) * (i - 9) + (j - 8) * (j - 8) + (k - 7) * (k - 7) < 40;
            }
}

static void scores_follow_scikit_image(void **state)
{
    (void)state;
    json_t *root = golden();
    const json_t *expected = json_object_get(root, "scores");
    lar_image *truth, *other, *mask;
    lar_scores s, again;
    volumes(&truth, &other, &mask);
    CHECK_OK(lar_score(&s, truth, other, mask));
    assert_int_equal(s.voxels, (int64_t)number(expected, "voxels"));
    CHECK_NEAR(s.mae, number(expected, "mae"), 1e-6);
    CHECK_NEAR(s.mse, number(expected, "mse"), 1e-6);
    CHECK_NEAR(s.psnr, number(expected, "psnr"), 1e-4);
    CHECK_NEAR(s.ssim, number(expected, "ssim"), 1e-5); /* local means are kept in float */
    CHECK_NEAR(s.ncc, number(expected, "ncc"), 1e-6);
    for (int threads = 2; threads < 9; threads += 3) {
        lar_threads_set(threads);
        CHECK_OK(lar_score(&again, truth, other, mask));
        assert_memory_equal(&s, &again, sizeof s);
    }
    lar_threads_set(0);
    lar_image_free(truth);
    lar_image_free(other);
    lar_image_free(mask);
    json_decref(root);
}

static void equal_images_are_perfect(void **state)
{
    (void)state;
    lar_image *truth, *other, *mask;
    lar_scores s;
    volumes(&truth, &other, &mask);
    CHECK_OK(lar_score(&s, truth, truth, NULL));
    assert_true(s.mae == 0 && s.mse == 0 && isinf(s.psnr));
    CHECK_NEAR(s.ssim, 1, 1e-12);
    CHECK_NEAR(s.ncc, 1, 1e-12);
    memset(mask->voxels, 0, 18 * 16 * 14);
    CHECK_FAILS(lar_score(&s, truth, other, mask), LAR_ENUMERIC, "mask is empty");
    other->grid.to_world.m[0][3] += 1;
    CHECK_FAILS(lar_score(&s, truth, other, NULL), LAR_EGEOMETRY, "the grids differ");
    ((float *)truth->voxels)[0] = NAN;
    CHECK_FAILS(lar_score(&s, truth, truth, NULL), LAR_ENUMERIC, "not finite");
    lar_image_free(truth);
    lar_image_free(other);
    lar_image_free(mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_cycle_follows_fastai),  cmocka_unit_test(one_cycle_of_any_length),
        cmocka_unit_test(suggestions_follow_fastai), cmocka_unit_test(scores_follow_scikit_image),
        cmocka_unit_test(equal_images_are_perfect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
