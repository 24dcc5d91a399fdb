/* Laws of lar_mask(), lar_mask_apply(), lar_foreground() and lar_smooth(): distances in millimetres
 * against all pairs of voxels, order, duality, threads; and what they refuse.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"

enum { NI = 13, NJ = 11, NK = 7, COUNT = NI * NJ * NK };
static const int64_t size[3] = { NI, NJ, NK };
static const double mm[3] = { 0.7, 1.1, 2.5 };

static lar_image *blank(lar_type type, int64_t channels)
{
    const lar_grid grid = { .size = { NI, NJ, NK },
                            .to_world = { .m = { { -0.7, 0, 0, 5 }, /* LAS */
                                                 { 0, 1.1, 0, 6 },
                                                 { 0, 0, 2.5, 7 } } } };
    lar_image *image;
    CHECK_OK(lar_image_new(&image, &grid, channels, type));
    return image;
}

static lar_image *noise(uint64_t seed, int64_t channels)
{
    lar_image *image = blank(LAR_F32, channels);
    for (int64_t n = 0; n < COUNT * channels; n++)
        ((float *)image->voxels)[n] = (float)(100 * lar_random_uniform(seed, 0, (uint64_t)n) - 20);
    return image;
}

static void ball_is_all_voxels_so_near(void **state)
{
    (void)state;
    static const double radii[] = { 0, 0.6, 0.7, 1.1, 1.31, 2.5, 4, 100 };
    for (int r = 0; r < 8; r++)
        for (uint64_t seed = 0; seed < 4; seed++) {
            uint8_t mask[COUNT], grown[COUNT], shrunk[COUNT];
            for (int n = 0; n < COUNT; n++)
                mask[n] = lar_random_uniform(seed, 1, (uint64_t)n) < (seed % 2 ? 0.02 : 0.97);
            memcpy(grown, mask, COUNT);
            memcpy(shrunk, mask, COUNT);
            CHECK_OK(lar_mask_dilate(grown, size, mm, radii[r]));
            CHECK_OK(lar_mask_erode(shrunk, size, mm, radii[r]));
            for (int n = 0; n < COUNT; n++) {
                bool any = false, all = true;
                for (int m = 0; m < COUNT; m++) {
                    const double x = mm[0] * (n % NI - m % NI);
                    const double y = mm[1] * (n / NI % NJ - m / NI % NJ);
                    const double z = mm[2] * (n / (NI * NJ) - m / (NI * NJ));
                    if (sqrt(x * x + y * y + z * z) > radii[r] + 1e-9) continue;
                    if (mask[m]) any = true;
                    if (!mask[m]) all = false;
                }
                assert_int_equal(grown[n], any);
                assert_int_equal(shrunk[n], all);
            }
        }
}

static lar_image *masked(const lar_image *image, const lar_mask_params *params)
{
    lar_image *mask;
    CHECK_OK(lar_mask(&mask, image, params));
    assert_int_equal(mask->type, LAR_U8);
    assert_true(lar_grid_matches(&mask->grid, &image->grid));
    return mask;
}

static void methods_choose_by_value(void **state)
{
    (void)state;
    lar_image *image = noise(1, 2); /* the first channel alone counts */
    const float *v = image->voxels;
    lar_otsu otsu;
    double mean = 0;
    for (int n = 0; n < COUNT; n++) mean += (double)v[n] / COUNT;
    CHECK_OK(lar_otsu_split(&otsu, v, COUNT));
    int middle = 0;
    while (v[middle] < 10 || v[middle] > 30) middle++;
    const double low = (double)v[middle], high = low + 30; /* low is a voxel's: it belongs to it */
    for (int method = LAR_MASK_OTSU; method <= LAR_MASK_THRESHOLD; method++)
        for (int open_end = 0; open_end < 3; open_end++) {
            lar_mask_params p = lar_mask_default();
            p.method = method;
            if (method == LAR_MASK_THRESHOLD) {
                p.low = open_end == 1 ? NAN : low;
                p.high = open_end == 2 ? NAN : high;
            }
            lar_image *mask = masked(image, &p);
            for (int n = 0; n < COUNT; n++) {
                const double x = (double)v[n];
                const bool expected[] = { [LAR_MASK_OTSU] = x > otsu.threshold,
                                          [LAR_MASK_MEAN] = x > mean,
                                          [LAR_MASK_POSITIVE] = x > 0,
                                          [LAR_MASK_THRESHOLD] = (open_end == 1 || x >= low) &&
                                                                 (open_end == 2 || x <= high) };
                assert_int_equal(((uint8_t *)mask->voxels)[n], expected[method]);
            }
            lar_image_free(mask);
        }
    lar_image_free(image);
}

/* The fields in their order, one call or several. */
static void order_is_that_of_the_fields(void **state)
{
    (void)state;
    lar_image *image = noise(2, 1);
    lar_mask_params all = lar_mask_default(), positive = all;
    all.method = LAR_MASK_THRESHOLD;
    all.low = 10;
    all.open_mm = 0.7;
    all.largest = all.fill = all.invert = true;
    all.close_mm = 1.1;
    all.dilate_mm = 0.7;
    all.erode_mm = 1.2;
    positive.method = LAR_MASK_POSITIVE;
    lar_image *once = masked(image, &all), *step;
    lar_mask_params first = positive;
    first.method = LAR_MASK_THRESHOLD;
    first.low = 10;
    step = masked(image, &first);
    for (int n = 0; n < 7; n++) {
        lar_mask_params p = positive;
        if (n == 0) p.open_mm = all.open_mm;
        if (n == 1) p.largest = true;
        if (n == 2) p.close_mm = all.close_mm;
        if (n == 3) p.fill = true;
        if (n == 4) p.dilate_mm = all.dilate_mm;
        if (n == 5) p.erode_mm = all.erode_mm;
        if (n == 6) p.invert = true;
        lar_image *next = masked(step, &p);
        lar_image_free(step);
        step = next;
    }
    assert_memory_equal(once->voxels, step->voxels, COUNT);
    lar_image_free(step);
    lar_image_free(once);
    lar_image_free(image);
}

static void apply_keeps_type_and_what_is_inside(void **state)
{
    (void)state;
    static const lar_type types[] = { LAR_U8, LAR_I16, LAR_I64, LAR_F32, LAR_F64 };
    lar_image *values = noise(3, 2), *source = noise(4, 1);
    lar_mask_params p = lar_mask_default();
    p.method = LAR_MASK_MEAN;
    lar_image *mask = masked(source, &p);
    for (int n = 0; n < COUNT * 2; n++) /* whole numbers that every type holds */
        ((float *)values->voxels)[n] = fabsf(truncf(((float *)values->voxels)[n]));
    for (int t = 0; t < 5; t++) {
        lar_image *image, *out;
        CHECK_OK(lar_image_to_type(&image, values, types[t]));
        CHECK_OK(lar_mask_apply(&out, image, mask, 7));
        assert_int_equal(out->type, types[t]);
        for (int c = 0; c < 2; c++)
            for (int n = 0; n < COUNT; n++) {
                const int64_t i = n % NI, j = n / NI % NJ, k = n / (NI * NJ);
                const bool inside = ((uint8_t *)mask->voxels)[n];
                CHECK_NEAR(lar_image_at(out, i, j, k, c),
                           inside ? lar_image_at(image, i, j, k, c) : 7, 0);
            }
        lar_image_free(out);
        lar_image_free(image);
    }
    lar_image *bytes, *out;
    CHECK_OK(lar_image_to_type(&bytes, values, LAR_U8));
    CHECK_FAILS(lar_mask_apply(&out, bytes, mask, -1), LAR_EARGUMENT, "uint8 cannot hold -1");
    CHECK_FAILS(lar_mask_apply(&out, bytes, mask, 0.5), LAR_EARGUMENT, "cannot hold 0.5");
    mask->grid.to_world.m[0][3] += 1;
    CHECK_FAILS(lar_mask_apply(&out, bytes, mask, 0), LAR_EGEOMETRY, "not on the grid");
    assert_null(out);
    lar_image_free(bytes);
    lar_image_free(mask);
    lar_image_free(source);
    lar_image_free(values);
}

static void foreground_is_the_mask_of_its_kind(void **state)
{
    (void)state;
    static const int kinds[][2] = { { LAR_FOREGROUND_POSITIVE, LAR_MASK_POSITIVE },
                                    { LAR_FOREGROUND_MEAN, LAR_MASK_MEAN },
                                    { LAR_FOREGROUND_OTSU, LAR_MASK_OTSU } };
    lar_image *image = noise(5, 1), *a;
    CHECK_OK(lar_foreground(&a, image, LAR_FOREGROUND_WHOLE));
    assert_null(a);
    for (int n = 0; n < 3; n++) {
        lar_mask_params p = lar_mask_default();
        p.method = kinds[n][1];
        lar_image *b = masked(image, &p);
        CHECK_OK(lar_foreground(&a, image, kinds[n][0]));
        assert_memory_equal(a->voxels, b->voxels, COUNT);
        lar_image_free(a);
        lar_image_free(b);
    }
    CHECK_FAILS(lar_foreground(&a, image, 99), LAR_EARGUMENT, "kind 99");
    for (int n = 0; n < COUNT; n++) ((float *)image->voxels)[n] -= 200;
    CHECK_FAILS(lar_foreground(&a, image, LAR_FOREGROUND_POSITIVE), LAR_ENUMERIC, "above 0");
    assert_null(a);
    lar_image_free(image);
}

static void masks_that_part_nothing_are_refused(void **state)
{
    (void)state;
    lar_image *image = noise(6, 1), *mask;
    lar_mask_params p = lar_mask_default();
    p.method = LAR_MASK_THRESHOLD;
    CHECK_FAILS(lar_mask(&mask, image, &p), LAR_EARGUMENT, "no end");
    p.low = 500;
    CHECK_FAILS(lar_mask(&mask, image, &p), LAR_ENUMERIC, "is empty");
    assert_non_null(strstr(lar_error(), "try "));
    p.low = -500;
    CHECK_FAILS(lar_mask(&mask, image, &p), LAR_ENUMERIC, "is full");
    p.high = -600;
    CHECK_FAILS(lar_mask(&mask, image, &p), LAR_EARGUMENT, "holds no value");
    p = lar_mask_default();
    p.method = LAR_MASK_MEAN;
    p.low = 3;
    CHECK_FAILS(lar_mask(&mask, image, &p), LAR_EARGUMENT, "belong to");
    p.low = NAN;
    p.erode_mm = 50;
    CHECK_FAILS(lar_mask(&mask, image, &p), LAR_ENUMERIC, "after eroding the mask is empty");
    p.erode_mm = 0;
    p.dilate_mm = 50;
    CHECK_FAILS(lar_mask(&mask, image, &p), LAR_ENUMERIC, "after dilating the mask is full");
    p.dilate_mm = -1;
    CHECK_FAILS(lar_mask(&mask, image, &p), LAR_EARGUMENT, "negative");
    p.dilate_mm = 0;
    ((float *)image->voxels)[9] = NAN;
    CHECK_FAILS(lar_mask(&mask, image, &p), LAR_ENUMERIC, "1 of 1001 voxels are not finite");
    for (int n = 0; n < COUNT; n++) ((float *)image->voxels)[n] = 0.1F;
    CHECK_FAILS(lar_mask(&mask, image, &p), LAR_ENUMERIC, "above its mean");
    p.method = LAR_MASK_OTSU;
    CHECK_FAILS(lar_mask(&mask, image, &p), LAR_ENUMERIC, "constant");
    assert_null(mask);
    lar_image_free(image);
}

/* A plane stays a plane where nothing is mirrored; axes are the patient's; each channel alone; the
 * mask lets nothing in, and its own constant through. */
static void smoothing_is_by_millimetres(void **state)
{
    (void)state;
    lar_image *image = noise(7, 2), *a, *b;
    lar_smooth_params p = lar_smooth_default();
    p.fwhm = (lar_reals){ 3, { 2, 3, 4 } };
    CHECK_OK(lar_smooth(&a, image, NULL, &p));
    p.fwhm.count = 0;
    const double per = 1 / (2 * sqrt(2 * log(2)));
    p.sigma = (lar_reals){ 3, { 2 * per, 3 * per, 4 * per } };
    lar_threads_set(3);
    CHECK_OK(lar_smooth(&b, image, NULL, &p));
    lar_threads_set(0);
    assert_memory_equal(a->voxels, b->voxels, 2 * COUNT * sizeof(float));
    lar_image_free(b);
    for (int c = 0; c < 2; c++) {
        float plain[COUNT];
        const double sigma[3] = { 2 * per / mm[0], 3 * per / mm[1], 4 * per / mm[2] };
        memcpy(plain, (float *)image->voxels + c * COUNT, sizeof plain);
        CHECK_OK(lar_smooth_voxels(plain, size, sigma));
        for (int n = 0; n < COUNT; n++)
            CHECK_NEAR(((float *)a->voxels)[c * COUNT + n], plain[n], 1e-4);
    }
    lar_image_free(a);
    /* the same voxels with axes in another order */
    const int axis[3] = { 2, 0, 1 };
    const bool flipped[3] = { false, true, false };
    lar_image *turned, *back;
    CHECK_OK(lar_image_to_axes(&turned, image, axis, flipped));
    CHECK_OK(lar_smooth(&a, turned, NULL, &p));
    CHECK_OK(lar_smooth(&b, image, NULL, &p));
    CHECK_OK(lar_image_to_axes(&back, b, axis, flipped));
    for (int64_t k = 0; k < turned->grid.size[2]; k++)
        for (int64_t j = 0; j < turned->grid.size[1]; j++)
            for (int64_t i = 0; i < turned->grid.size[0]; i++)
                CHECK_NEAR(lar_image_at(a, i, j, k, 1), lar_image_at(back, i, j, k, 1), 1e-3);
    lar_image_free(back);
    lar_image_free(turned);
    lar_image_free(a);
    lar_image_free(b);

    lar_mask_params positive = lar_mask_default();
    positive.method = LAR_MASK_POSITIVE;
    lar_image *mask = masked(image, &positive);
    for (int n = 0; n < 2 * COUNT; n++)
        ((float *)image->voxels)[n] = ((uint8_t *)mask->voxels)[n % COUNT] ? 5 : -1000;
    CHECK_OK(lar_smooth(&a, image, mask, &p));
    for (int n = 0; n < 2 * COUNT; n++)
        CHECK_NEAR(((float *)a->voxels)[n], ((uint8_t *)mask->voxels)[n % COUNT] ? 5 : 0, 1e-5);
    lar_image_free(a);
    memset(mask->voxels, 0, COUNT);
    CHECK_FAILS(lar_smooth(&a, image, mask, &p), LAR_ENUMERIC, "the mask is empty");
    lar_image_free(mask);

    p.fwhm = p.sigma;
    CHECK_FAILS(lar_smooth(&a, image, NULL, &p), LAR_EARGUMENT, "exclude each other");
    p.fwhm.count = p.sigma.count = 0;
    CHECK_FAILS(lar_smooth(&a, image, NULL, &p), LAR_EARGUMENT, "is missing");
    p.fwhm.count = 2;
    CHECK_FAILS(lar_smooth(&a, image, NULL, &p), LAR_EARGUMENT, "one number or three, not 2");
    p.fwhm = (lar_reals){ 1, { -2 } };
    CHECK_FAILS(lar_smooth(&a, image, NULL, &p), LAR_EARGUMENT, "-2 mm");
    p.fwhm.at[0] = 2;
    ((float *)image->voxels)[COUNT + 1] = INFINITY;
    CHECK_FAILS(lar_smooth(&a, image, NULL, &p), LAR_ENUMERIC, "1 of 2002");
    assert_null(a);
    lar_image_free(image);
}

/* Two ways to smooth, either side of their border; and the sum stays in a series of widths. */
static void wide_and_narrow_agree(void **state)
{
    (void)state;
    enum { N = 96 };
    static float a[N * N], b[N * N], c[N * N];
    const int64_t flat[3] = { N, N, 1 };
    for (int n = 0; n < N * N; n++)
        a[n] = b[n] = c[n] = (float)lar_random_uniform(8, 0, (uint64_t)n) + (n % N > 40);
    CHECK_OK(lar_smooth_voxels(a, flat, (double[3]){ 7.9999, 7.9999, 3 }));
    CHECK_OK(lar_smooth_voxels(b, flat, (double[3]){ 8.0001, 8.0001, 30 }));
    for (int n = 0; n < N * N; n++) CHECK_NEAR(a[n], b[n], 1e-4);
    /* 12 after 9 is 15 */
    CHECK_OK(lar_smooth_voxels(c, flat, (double[3]){ 9, 9, 0 }));
    CHECK_OK(lar_smooth_voxels(c, flat, (double[3]){ 12, 12, 0 }));
    for (int n = 0; n < N * N; n++)
        b[n] = (float)lar_random_uniform(8, 0, (uint64_t)n) + (n % N > 40);
    lar_threads_set(3);
    CHECK_OK(lar_smooth_voxels(b, flat, (double[3]){ 15, 15, 0 }));
    lar_threads_set(0);
    for (int n = 0; n < N * N; n++) CHECK_NEAR(c[n], b[n], 3e-4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ball_is_all_voxels_so_near),
        cmocka_unit_test(methods_choose_by_value),
        cmocka_unit_test(order_is_that_of_the_fields),
        cmocka_unit_test(apply_keeps_type_and_what_is_inside),
        cmocka_unit_test(foreground_is_the_mask_of_its_kind),
        cmocka_unit_test(masks_that_part_nothing_are_refused),
        cmocka_unit_test(smoothing_is_by_millimetres),
        cmocka_unit_test(wide_and_narrow_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
