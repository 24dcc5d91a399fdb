/* Clip and rescale: numpy's result by values and percentiles, types, inverse, and what they refuse.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "image/image.h"
#include "math/math.h"

enum { N = 9, COUNT = N * N * N };

static lar_image *ramp(lar_type type, double first, double step)
{
    const lar_grid grid = { .size = { N, N, N }, .to_world = lar_affine_identity() };
    lar_image *image;
    CHECK_OK(lar_image_new(&image, &grid, 1, type));
    for (int n = 0; n < COUNT; n += N) {
        double row[N];
        for (int i = 0; i < N; i++) row[i] = first + step * ((n + i) * 37 % COUNT); /* a shuffle */
        assert_int_equal(lar_image_store(image, 0, n / N % N, n / (N * N), 0, row, N), 0);
    }
    return image;
}

static double at(const lar_image *image, int n)
{
    return lar_image_at(image, n % N, n / N % N, n / (N * N), 0);
}

static void clipping_holds_what_is_between(void **state)
{
    (void)state;
    static const struct {
        lar_type in, out;
        double low, high;
    } cases[] = {
        { LAR_I16, LAR_I16, -100, 300 },     { LAR_F32, LAR_F32, -100.5, 300.25 },
        { LAR_F64, LAR_F64, -100.1, 300.2 }, { LAR_I16, LAR_F32, -100.5, 300 },
        { LAR_I64, LAR_I64, -100, 300 },     { LAR_I16, LAR_F32, -40000, 0 },
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        lar_image *image = ramp(cases[c].in, -364, 1), *out;
        lar_clip_params p = lar_clip_default();
        p.range = (lar_reals){ 2, { cases[c].low, cases[c].high } };
        CHECK_OK(lar_clip(&out, image, NULL, &p));
        assert_int_equal(out->type, cases[c].out);
        for (int n = 0; n < COUNT; n++)
            CHECK_NEAR(at(out, n), fmin(fmax(at(image, n), cases[c].low), cases[c].high), 0);
        lar_image_free(out);
        lar_image_free(image);
    }
}

static void percentiles_are_those_of_the_mask(void **state)
{
    (void)state;
    lar_image *image = ramp(LAR_F32, 0, 1), *mask = ramp(LAR_U8, 0, 0), *out;
    lar_clip_params p = lar_clip_default();
    p.percentiles = (lar_reals){ 2, { 10, 75 } };
    CHECK_OK(lar_clip(&out, image, NULL, &p)); /* of 0 to 728 */
    for (int n = 0; n < COUNT; n++)
        CHECK_NEAR(at(out, n), fmin(fmax(at(image, n), 72.8), 546), 1e-5);
    lar_image_free(out);
    for (int n = 0; n < COUNT; n++)
        ((uint8_t *)mask->voxels)[n] = at(image, n) >= 100 && at(image, n) <= 200;
    CHECK_OK(lar_clip(&out, image, mask, &p));
    for (int n = 0; n < COUNT; n++) CHECK_NEAR(at(out, n), fmin(fmax(at(image, n), 110), 175), 0);
    lar_image_free(out);
    lar_rescale_params r = lar_rescale_default();
    CHECK_OK(lar_rescale(&out, image, mask, &r));
    for (int n = 0; n < COUNT; n++) CHECK_NEAR(at(out, n), (at(image, n) - 100) / 100, 1e-6);
    lar_image_free(out);
    lar_image_free(mask);
    lar_image_free(image);
}

static void rescaling_is_a_line_and_back(void **state)
{
    (void)state;
    lar_image *image = ramp(LAR_I16, -300, 2), *out, *back;
    lar_rescale_params p = lar_rescale_default();
    CHECK_OK(lar_rescale(&out, image, NULL, &p));
    assert_int_equal(out->type, LAR_F32);
    for (int n = 0; n < COUNT; n++) CHECK_NEAR(at(out, n), (at(image, n) + 300) / 1456, 1e-6);
    lar_image_free(out);
    p.from = (lar_reals){ 2, { 0, 100 } };
    p.to = (lar_reals){ 2, { 5, -5 } };
    CHECK_OK(lar_rescale(&out, image, NULL, &p));
    for (int n = 0; n < COUNT; n++) CHECK_NEAR(at(out, n), 5 - at(image, n) / 10, 1e-4);
    const lar_rescale_params inverse = { .from = { 2, { -5, 5 } }, .to = { 2, { 100, 0 } } };
    CHECK_OK(lar_rescale(&back, out, NULL, &inverse));
    for (int n = 0; n < COUNT; n++) CHECK_NEAR(at(back, n), at(image, n), 1e-3);
    lar_image_free(back);
    lar_image_free(out);
    p.clip = true;
    CHECK_OK(lar_rescale(&out, image, NULL, &p));
    for (int n = 0; n < COUNT; n++)
        CHECK_NEAR(at(out, n), fmin(fmax(5 - at(image, n) / 10, -5), 5), 1e-5);
    lar_image_free(out);
    lar_image_free(image);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    lar_image *image = ramp(LAR_F32, 0, 1), *flat = ramp(LAR_F32, 3, 0), *out;
    lar_clip_params c = lar_clip_default();
    lar_rescale_params r = lar_rescale_default();
    CHECK_FAILS(lar_clip(&out, image, NULL, &c), LAR_EARGUMENT, "are missing");
    c.range = (lar_reals){ 2, { 5, 5 } };
    CHECK_FAILS(lar_clip(&out, image, NULL, &c), LAR_EARGUMENT, "holds no value");
    CHECK_FAILS(lar_clip(&out, image, image, &c), LAR_EARGUMENT, "needs none");
    c.percentiles = (lar_reals){ 2, { 1, 99 } };
    CHECK_FAILS(lar_clip(&out, image, NULL, &c), LAR_EARGUMENT, "exclude each other");
    c.range.count = 0;
    CHECK_FAILS(lar_clip(&out, flat, NULL, &c), LAR_ENUMERIC, "are both 3");
    CHECK_FAILS(lar_rescale(&out, flat, NULL, &r), LAR_ENUMERIC, "are both 3");
    c.percentiles.at[0] = 99;
    CHECK_FAILS(lar_clip(&out, image, NULL, &c), LAR_EARGUMENT, "low < high");
    CHECK_FAILS(lar_clip(&out, image, flat, &c), LAR_EARGUMENT, "low < high");
    r.to.at[1] = r.to.at[0];
    CHECK_FAILS(lar_rescale(&out, image, NULL, &r), LAR_EARGUMENT, "two different values");
    r = lar_rescale_default();
    r.from = (lar_reals){ 2, { 4, 1 } };
    CHECK_FAILS(lar_rescale(&out, image, NULL, &r), LAR_EARGUMENT, "the smaller one first");
    r.from.count = 0;
    ((float *)image->voxels)[4] = NAN;
    c.percentiles.count = 0;
    c.range = (lar_reals){ 2, { 1, 5 } };
    CHECK_FAILS(lar_clip(&out, image, NULL, &c), LAR_ENUMERIC, "1 of 729 voxels are not finite");
    CHECK_FAILS(lar_rescale(&out, image, NULL, &r), LAR_ENUMERIC, "1 of 729 voxels are not finite");
    ((float *)image->voxels)[4] = 0;
    memset(flat->voxels, 0, COUNT * sizeof(float));
    CHECK_FAILS(lar_rescale(&out, image, flat, &r), LAR_ENUMERIC, "the mask is empty");
    assert_null(out);
    lar_image_free(flat);
    lar_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clipping_holds_what_is_between),
        cmocka_unit_test(percentiles_are_those_of_the_mask),
        cmocka_unit_test(rescaling_is_a_line_and_back),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
