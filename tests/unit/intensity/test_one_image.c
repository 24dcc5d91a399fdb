/* Laws of the normalizers that learn from one image: what they do not notice, threads, the order of
 * voxels, thin images, short memory, and what they refuse.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "image/image.h"
#include "intensity/intensity.h"
#include "math/math.h"

enum { EDGE = 24, COUNT = EDGE * EDGE * EDGE };

static const char *const scaled[] = { "fcm", "gmm", "kde", NULL };
static const char *const all[] = {
    "zscore", "fcm", "gmm", "kde", "whitestripe", "percentile", NULL
};

static lar_image *drawn(double scale, double offset, const int64_t size[3])
{
    static const double means[3] = { 90, 220, 340 };
    const lar_grid grid = { .size = { size[0], size[1], size[2] },
                            .to_world = { .m = { { 1 }, { 0, 1 }, { 0, 0, 1 } } } };
    lar_image *image;
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_F32));
    for (int64_t n = 0; n < lar_image_voxel_count(image); n++) {
        const double u = lar_random_uniform(5, 0, (uint64_t)n);
        const double x = means[u < 0.2   ? 0
                               : u < 0.6 ? 1
                                         : 2] +
                         14 * lar_random_normal(5, 1, (uint64_t)n);
        ((float *)image->voxels)[n] = (float)(scale * x + offset);
    }
    return image;
}

static const int64_t cube[3] = { EDGE, EDGE, EDGE };

static lar_status fit(lar_normalizer **out, const char *method, const lar_image *image,
                      const lar_image *mask)
{
    lar_normalize_params params = lar_normalize_default();
    CHECK_OK(lar_normalize_choose(&params, method));
    params.foreground = LAR_FOREGROUND_WHOLE;
    const lar_status status = lar_normalizer_new(out, &params);
    return status == LAR_OK ? lar_normalizer_fit(*out, image, mask, NULL) : status;
}

static lar_image *normalized(const char *method, const lar_image *image)
{
    lar_normalizer *n;
    lar_image *out;
    CHECK_OK(fit(&n, method, image, NULL));
    CHECK_OK(lar_normalizer_apply(&out, n, image));
    lar_normalizer_free(n);
    return out;
}

static double farthest(const lar_image *a, const lar_image *b)
{
    double most = 0;
    for (int64_t n = 0; n < lar_image_voxel_count(a); n++)
        most = fmax(most, fabs((double)((float *)a->voxels)[n] - (double)((float *)b->voxels)[n]));
    return most;
}

static void scale_is_not_noticed(void **state)
{
    (void)state;
    for (int m = 0; all[m]; m++) {
        lar_image *a = drawn(1, 0, cube), *b = drawn(7.3, 0, cube);
        lar_image *na = normalized(all[m], a), *nb = normalized(all[m], b);
        if (farthest(na, nb) > 2e-5) fail_msg("%s: %g", all[m], farthest(na, nb));
        lar_image_free(a);
        lar_image_free(b);
        lar_image_free(na);
        lar_image_free(nb);
    }
}

static void offset_is_not_noticed_by_those_that_shift(void **state)
{
    (void)state;
    static const char *const shift[] = { "zscore", "percentile" };
    for (int m = 0; m < 2; m++) {
        lar_image *a = drawn(1, 0, cube), *b = drawn(2, 100, cube);
        lar_image *na = normalized(shift[m], a), *nb = normalized(shift[m], b);
        if (farthest(na, nb) > 1e-5) fail_msg("%s: %g", shift[m], farthest(na, nb));
        lar_image_free(a);
        lar_image_free(b);
        lar_image_free(na);
        lar_image_free(nb);
    }
}

static void order_of_voxels_does_not_matter(void **state)
{
    (void)state;
    static const int axis[3] = { 2, 0, 1 };
    static const bool flipped[3] = { true, false, true };
    lar_image *image = drawn(1, 0, cube), *turned;
    CHECK_OK(lar_image_to_axes(&turned, image, axis, flipped));
    for (int m = 0; all[m]; m++) {
        lar_normalizer *a, *b;
        CHECK_OK(fit(&a, all[m], image, NULL));
        CHECK_OK(fit(&b, all[m], turned, NULL));
        const lar_reals x = lar_normalizer_values(a), y = lar_normalizer_values(b);
        for (int v = 0; v < x.count; v++) CHECK_NEAR(x.at[v], y.at[v], 1e-10 * fabs(x.at[v]));
        lar_normalizer_free(a);
        lar_normalizer_free(b);
    }
    lar_image_free(turned);
    lar_image_free(image);
}

static void measure_becomes_the_value_asked_for(void **state)
{
    (void)state;
    lar_image *image = drawn(1, 0, cube);
    for (int m = 0; scaled[m]; m++) {
        lar_normalizer *n, *again;
        lar_image *out;
        CHECK_OK(fit(&n, scaled[m], image, NULL));
        CHECK_OK(lar_normalizer_apply(&out, n, image));
        CHECK_OK(fit(&again, scaled[m], out, NULL));
        CHECK_NEAR(lar_normalizer_values(again).at[0], 1, 1e-5);
        lar_normalizer_free(n);
        lar_normalizer_free(again);
        lar_image_free(out);
    }
    lar_image_free(image);
}

static void slices_and_rows_are_images_too(void **state)
{
    (void)state;
    static const int64_t sizes[2][3] = { { 150, 100, 1 }, { 1, 1, 9000 } };
    for (int s = 0; s < 2; s++)
        for (int m = 0; all[m]; m++) {
            lar_image *image = drawn(1, 0, sizes[s]), *out = normalized(all[m], image);
            for (int64_t n = 0; n < lar_image_voxel_count(out); n++)
                assert_true(isfinite(((float *)out->voxels)[n]));
            lar_image_free(out);
            lar_image_free(image);
        }
}

static void refusals_say_why(void **state)
{
    (void)state;
    for (int m = 0; all[m]; m++) {
        lar_image *image = drawn(1, 0, cube), *mask;
        float *voxels = image->voxels;
        lar_normalizer *n;
        CHECK_OK(lar_image_new(&mask, &image->grid, 1, LAR_U8));
        CHECK_FAILS(fit(&n, all[m], image, mask), LAR_ENUMERIC, "mask is empty");
        lar_normalizer_free(n);
        mask->grid.to_world.m[0][3] = 3;
        CHECK_FAILS(fit(&n, all[m], image, mask), LAR_EGEOMETRY, "not on the grid");
        lar_normalizer_free(n);
        voxels[9] = NAN;
        CHECK_FAILS(fit(&n, all[m], image, NULL), LAR_ENUMERIC, "1 of 13824 voxels");
        lar_normalizer_free(n);
        for (int value = 0; value < 2; value++) { /* constant */
            for (int v = 0; v < COUNT; v++) voxels[v] = (float)value;
            CHECK_FAILS(fit(&n, all[m], image, NULL), LAR_ENUMERIC, "");
            lar_normalizer_free(n);
        }
        lar_image_free(mask);
        lar_image_free(image);
    }
}

static void negatives_have_no_scale(void **state)
{
    (void)state;
    lar_image *image = drawn(1, -5000, cube);
    for (int m = 0; scaled[m]; m++) {
        lar_normalizer *n;
        CHECK_FAILS(fit(&n, scaled[m], image, NULL), LAR_ENUMERIC, "");
        assert_non_null(strstr(lar_error(), "try "));
        lar_normalizer_free(n);
    }
    lar_image_free(image);
}

static void other_contrasts_need_the_tissue(void **state)
{
    (void)state;
    lar_image *image = drawn(1, 0, cube), *map;
    lar_normalize_params params = lar_normalize_default();
    lar_normalizer *n;
    CHECK_OK(lar_normalize_choose(&params, "fcm"));
    params.contrast = LAR_CONTRAST_FLAIR;
    CHECK_OK(lar_normalizer_new(&n, &params));
    CHECK_FAILS(lar_normalizer_fit(n, image, NULL, NULL), LAR_EARGUMENT, "larmor tissue");
    CHECK_OK(lar_image_like(&map, image, LAR_F32));
    CHECK_FAILS(lar_normalizer_fit(n, image, NULL, map), LAR_ENUMERIC, "nothing of the tissue");
    double sum = 0, weights = 0;
    for (int v = 0; v < COUNT; v++) {
        const double weight = (v % 5) / 4.0;
        ((float *)map->voxels)[v] = (float)weight;
        sum += weight * (double)((float *)image->voxels)[v];
        weights += weight;
    }
    CHECK_OK(lar_normalizer_fit(n, image, NULL, map));
    CHECK_NEAR(lar_normalizer_values(n).at[0], sum / weights, 1e-8);
    ((float *)map->voxels)[3] = 255;
    CHECK_FAILS(lar_normalizer_fit(n, image, NULL, map), LAR_EARGUMENT, "from 0 to 255");
    lar_normalizer_free(n);
    lar_image_free(map);
    lar_image_free(image);
}

static void failing_memory_leaves_nothing(void **state)
{
    (void)state;
    lar_image *image = drawn(1, 0, cube);
    for (int m = 0; all[m]; m++) {
        lar_status status = LAR_EMEMORY;
        for (int64_t at = 1; status != LAR_OK; at++) {
            lar_normalizer *n = NULL;
            lar_alloc_fail_at(at, false);
            status = fit(&n, all[m], image, NULL);
            lar_alloc_fail_at(0, false);
            assert_true(status == LAR_OK || status == LAR_EMEMORY);
            lar_normalizer_free(n);
        }
    }
    lar_image_free(image);
}

static void windows_clip(void **state)
{
    (void)state;
    lar_image *image = drawn(1, -200, cube), *out;
    lar_normalize_params params = lar_normalize_default();
    lar_normalizer *n;
    CHECK_OK(lar_normalize_choose(&params, "ct"));
    CHECK_OK(lar_normalizer_new(&n, &params));
    CHECK_OK(lar_normalizer_fit(n, image, NULL, NULL));
    CHECK_OK(lar_normalizer_apply(&out, n, image));
    for (int v = 0; v < COUNT; v++) {
        const double hu = (double)((float *)image->voxels)[v];
        CHECK_NEAR(((float *)out->voxels)[v], fmin(fmax(hu / 80, 0), 1), 1e-6);
    }
    for (int w = 0; lar_window_names[w]; w++)
        assert_true(lar_window_limits[w][0] < lar_window_limits[w][1]);
    lar_normalizer_free(n);
    lar_image_free(out);
    lar_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scale_is_not_noticed),
        cmocka_unit_test(offset_is_not_noticed_by_those_that_shift),
        cmocka_unit_test(order_of_voxels_does_not_matter),
        cmocka_unit_test(measure_becomes_the_value_asked_for),
        cmocka_unit_test(slices_and_rows_are_images_too),
        cmocka_unit_test(refusals_say_why),
        cmocka_unit_test(negatives_have_no_scale),
        cmocka_unit_test(other_contrasts_need_the_tissue),
        cmocka_unit_test(failing_memory_leaves_nothing),
        cmocka_unit_test(windows_clip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
