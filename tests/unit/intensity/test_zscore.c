/* z-score against numpy, its laws, and what it refuses.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "image/image.h"
#include "intensity/intensity.h"
#include "math/math.h"

static const lar_grid grid = {
    .size = { 9, 8, 7 }, .to_world = { .m = { { 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 0, 1, 0 } } }
};
enum { COUNT = 9 * 8 * 7 };

static lar_image *drawn(lar_type type, double offset, int64_t channels)
{
    lar_image *real, *image;
    CHECK_OK(lar_image_new(&real, &grid, channels, LAR_F64));
    for (int64_t n = 0; n < COUNT * channels; n++)
        ((double *)real->voxels)[n] = offset + 40 * lar_random_normal(4, 0, (uint64_t)n);
    CHECK_OK(lar_image_to_type(&image, real, type));
    lar_image_free(real);
    return image;
}

static lar_status new_zscore(lar_normalizer **out)
{
    lar_normalize_params params = lar_normalize_default();
    CHECK_OK(lar_normalize_choose(&params, "zscore"));
    return lar_normalizer_new(out, &params);
}

static lar_normalizer *fitted(const lar_image *image, const lar_image *mask)
{
    lar_normalizer *n;
    CHECK_OK(new_zscore(&n));
    CHECK_OK(lar_normalizer_fit(n, image, mask, NULL));
    return n;
}

/* The mean_std line of a file of tests/golden/make_resample.py: numpy's, in float64. */
static void compare_with_numpy(const char *scan, const char *golden)
{
    FILE *file = fopen(golden, "r");
    assert_non_null(file);
    char line[512];
    double mean = 0, std = 0;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "mean_std %lf %lf", &mean, &std) == 2) break;
    fclose(file);
    assert_true(std > 0);
    lar_image *image;
    CHECK_OK(lar_image_read(&image, scan));
    lar_normalizer *n = fitted(image, NULL);
    CHECK_NEAR(lar_normalizer_values(n).at[0], mean, 1e-12 * mean);
    CHECK_NEAR(lar_normalizer_values(n).at[1], std, 1e-12 * std);
    lar_normalizer_free(n);
    lar_image_free(image);
}

static void values_are_those_of_numpy(void **state)
{
    (void)state;
    compare_with_numpy(TEST_SOURCE "/tests/golden/resample_in.nii.gz",
                       TEST_SOURCE "/tests/golden/resample.txt");
    const char *scan = check_data("openms/patient01/study1_T1W.nii.gz");
    if (!scan) {
        print_message("skipped: LARMOR_TEST_DATA has no openms scan\n");
        skip();
    }
    compare_with_numpy(scan, TEST_SOURCE "/tests/golden/openms.txt");
}

static void result_has_mean_0_and_deviation_1(void **state)
{
    (void)state;
    for (lar_type type = LAR_I8; type <= LAR_F64; type++) {
        lar_image *image = drawn(type, type == LAR_I8 ? 0 : 1000, 2), *out;
        lar_normalizer *n = fitted(image, NULL), *again;
        CHECK_OK(lar_normalizer_apply(&out, n, image));
        assert_int_equal(out->type, LAR_F32);
        again = fitted(out, NULL);
        CHECK_NEAR(lar_normalizer_values(again).at[0], 0, 1e-6);
        CHECK_NEAR(lar_normalizer_values(again).at[1], 1, 1e-6);
        lar_normalizer_free(again);
        lar_normalizer_free(n);
        lar_image_free(out);
        lar_image_free(image);
    }
}

static void scale_and_offset_are_not_noticed(void **state)
{
    (void)state;
    lar_image *a = drawn(LAR_F32, 100, 1), *b, *za, *zb;
    CHECK_OK(lar_image_like(&b, a, LAR_F32));
    for (int n = 0; n < COUNT; n++) ((float *)b->voxels)[n] = 3.7F * ((float *)a->voxels)[n] - 250;
    lar_normalizer *na = fitted(a, NULL), *nb = fitted(b, NULL);
    CHECK_OK(lar_normalizer_apply(&za, na, a));
    CHECK_OK(lar_normalizer_apply(&zb, nb, b));
    for (int n = 0; n < COUNT; n++)
        CHECK_NEAR(((float *)za->voxels)[n], ((float *)zb->voxels)[n], 2e-6);
    lar_normalizer_free(na);
    lar_normalizer_free(nb);
    lar_image_free(za);
    lar_image_free(zb);
    lar_image_free(a);
    lar_image_free(b);
}

static void undo_brings_the_image_back(void **state)
{
    (void)state;
    lar_image *image = drawn(LAR_F32, 500, 1), *out, *back;
    lar_normalizer *n = fitted(image, NULL);
    CHECK_OK(lar_normalizer_apply(&out, n, image));
    CHECK_OK(lar_normalizer_undo(&back, n, out));
    for (int v = 0; v < COUNT; v++)
        CHECK_NEAR(((float *)back->voxels)[v], ((float *)image->voxels)[v], 1e-4);
    lar_normalizer_free(n);
    lar_image_free(out);
    lar_image_free(back);
    lar_image_free(image);
}

static void mask_chooses_what_is_learned_not_what_is_mapped(void **state)
{
    (void)state;
    lar_image *image = drawn(LAR_F32, 100, 1), *mask, *out;
    CHECK_OK(lar_image_new(&mask, &grid, 1, LAR_U8));
    for (int n = 0; n < COUNT; n++) ((uint8_t *)mask->voxels)[n] = n >= COUNT / 2 ? 3 : 0;
    for (int n = 0; n < COUNT / 2; n++) ((float *)image->voxels)[n] = 1e6F;
    ((float *)image->voxels)[0] = NAN; /* outside the mask: not learned from */
    double sum = 0, squares = 0;
    for (int n = COUNT / 2; n < COUNT; n++) sum += (double)((float *)image->voxels)[n];
    const double mean = sum / (COUNT / 2);
    for (int n = COUNT / 2; n < COUNT; n++)
        squares += pow((double)((float *)image->voxels)[n] - mean, 2);
    const double std = sqrt(squares / (COUNT / 2));
    lar_normalizer *n = fitted(image, mask);
    CHECK_NEAR(lar_normalizer_values(n).at[0], mean, 1e-10);
    CHECK_NEAR(lar_normalizer_values(n).at[1], std, 1e-10);
    CHECK_FAILS(lar_normalizer_apply(&out, n, image), LAR_ENUMERIC, "1 of 504 voxels");
    ((float *)image->voxels)[0] = 0;
    CHECK_OK(lar_normalizer_apply(&out, n, image));
    CHECK_NEAR(((float *)out->voxels)[1], (1e6 - mean) / std, 1e-2);
    lar_normalizer_free(n);
    lar_image_free(out);
    lar_image_free(mask);
    lar_image_free(image);
}

static void large_offsets_do_not_cancel(void **state)
{
    (void)state;
    lar_image *near = drawn(LAR_F64, 0, 1), *far = drawn(LAR_F64, 1e9, 1);
    lar_normalizer *a = fitted(near, NULL), *b = fitted(far, NULL);
    CHECK_NEAR(lar_normalizer_values(a).at[1], lar_normalizer_values(b).at[1], 1e-5);
    lar_normalizer_free(a);
    lar_normalizer_free(b);
    lar_image_free(near);
    lar_image_free(far);
}

static void threads_do_not_change_bits(void **state)
{
    (void)state;
    const lar_grid large = { .size = { 50, 60, 70 }, .to_world = grid.to_world };
    lar_image *image;
    CHECK_OK(lar_image_new(&image, &large, 1, LAR_F32));
    for (int64_t n = 0; n < lar_image_voxel_count(image); n++)
        ((float *)image->voxels)[n] = (float)lar_random_uniform(6, 0, (uint64_t)n);
    lar_threads_set(1);
    lar_normalizer *one = fitted(image, NULL);
    const lar_reals expected = lar_normalizer_values(one);
    for (int threads = 2; threads <= 8; threads++) {
        lar_threads_set(threads);
        lar_normalizer *many = fitted(image, NULL);
        const lar_reals values = lar_normalizer_values(many);
        assert_memory_equal(&values, &expected, sizeof values);
        lar_normalizer_free(many);
    }
    lar_threads_set(0);
    lar_normalizer_free(one);
    lar_image_free(image);
}

static void refusals_say_why(void **state)
{
    (void)state;
    lar_image *image = drawn(LAR_F32, 100, 1), *mask, *out = NULL;
    lar_normalizer *n = NULL;
    lar_normalize_params params = lar_normalize_default();
    CHECK_FAILS(lar_normalize_choose(&params, "zscor"), LAR_EARGUMENT, "try zscore");
    CHECK_OK(new_zscore(&n));
    CHECK_FAILS(lar_normalizer_apply(&out, n, image), LAR_EARGUMENT, "learned nothing");

    CHECK_OK(lar_image_new(&mask, &grid, 1, LAR_U8));
    CHECK_FAILS(lar_normalizer_fit(n, image, mask, NULL), LAR_ENUMERIC, "none of its 504 voxels");
    mask->grid.to_world.m[0][3] = 1;
    CHECK_FAILS(lar_normalizer_fit(n, image, mask, NULL), LAR_EGEOMETRY, "larmor resample");

    ((float *)image->voxels)[5] = NAN;
    ((float *)image->voxels)[6] = -INFINITY;
    CHECK_FAILS(lar_normalizer_fit(n, image, NULL, NULL), LAR_ENUMERIC, "2 of 504 voxels");
    for (int v = 0; v < COUNT; v++) ((float *)image->voxels)[v] = 0.1F;
    CHECK_FAILS(lar_normalizer_fit(n, image, NULL, NULL), LAR_ENUMERIC, "constant");

    CHECK_FAILS(lar_normalizer_apply(&out, n, image), LAR_EARGUMENT, "learned nothing");
    assert_null(out);
    lar_normalizer_free(n);
    lar_image_free(mask);
    lar_image_free(image);
}

static void failing_memory_leaves_nothing(void **state)
{
    (void)state;
    lar_image *image = drawn(LAR_I16, 100, 1);
    lar_status status = LAR_EMEMORY;
    int failures = 0;
    for (int64_t at = 1; status != LAR_OK; at++) {
        lar_normalizer *n = NULL;
        lar_image *out = NULL;
        lar_alloc_fail_at(at, false);
        status = new_zscore(&n);
        if (status == LAR_OK) status = lar_normalizer_fit(n, image, NULL, NULL);
        if (status == LAR_OK) status = lar_normalizer_apply(&out, n, image);
        lar_alloc_fail_at(0, false);
        assert_true(status == LAR_OK || (status == LAR_EMEMORY && !out));
        failures += status != LAR_OK;
        lar_normalizer_free(n);
        lar_image_free(out);
    }
    assert_true(failures >= 5);
    lar_image_free(image);
}

/* The choices of the step are the rows of the table, in its order. */
static void choices_are_the_table(void **state)
{
    (void)state;
    const lar_param *method = lar_param_find(lar_normalize_table, "method");
    int n = 0;
    for (; lar_normalizer_methods[n]; n++) {
        assert_string_equal(method->choices[n], lar_normalizer_methods[n]->name);
        assert_true(*lar_normalizer_methods[n]->summary);
    }
    assert_null(method->choices[n]);
    assert_int_equal(lar_normalize_default().method, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_numpy),
        cmocka_unit_test(result_has_mean_0_and_deviation_1),
        cmocka_unit_test(scale_and_offset_are_not_noticed),
        cmocka_unit_test(undo_brings_the_image_back),
        cmocka_unit_test(mask_chooses_what_is_learned_not_what_is_mapped),
        cmocka_unit_test(large_offsets_do_not_cancel),
        cmocka_unit_test(threads_do_not_change_bits),
        cmocka_unit_test(refusals_say_why),
        cmocka_unit_test(failing_memory_leaves_nothing),
        cmocka_unit_test(choices_are_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
