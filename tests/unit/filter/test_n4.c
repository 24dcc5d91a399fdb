/* Laws of N4 on a head with a known field, and what it refuses.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "image/image.h"
#include "math/math.h"

/* A head of constant tissues in air, and the field it is multiplied with: voxels of 3 mm. */
typedef struct head {
    lar_image *image, *field, *inside;
} head;

static double tissue_at(const double at[3], bool *inside)
{
    const double r = sqrt(at[0] * at[0] / 0.72 + at[1] * at[1] / 0.8 + at[2] * at[2] / 0.85);
    const double wave = sin(7 * at[0]) * cos(6 * at[1]) + sin(5 * at[2]);
    *inside = r <= 1;
    if (r > 1) return 0;
    if (r > 0.93) return 900;
    if (r < 0.25) return 250;
    return wave > 0.1 ? 700 : 500;
}

static double log_field_at(const double at[3], double strength)
{
    return strength * (0.6 * at[0] + 0.4 * at[1] * at[1] - 0.5 * at[2] * at[0] + 0.3 * at[2]);
}

static head make_head(const int64_t size[3], double strength, double noise)
{
    const lar_grid grid = { .size = { size[0], size[1], size[2] },
                            .to_world = {
                                .m = { { 3, 0, 0, -90 }, { 0, 3, 0, -80 }, { 0, 0, 3, -70 } } } };
    head made;
    CHECK_OK(lar_image_new(&made.image, &grid, 1, LAR_F32));
    CHECK_OK(lar_image_new(&made.field, &grid, 1, LAR_F32));
    CHECK_OK(lar_image_new(&made.inside, &grid, 1, LAR_U8));
    for (int64_t n = 0; n < lar_image_voxel_count(made.image); n++) {
        const int64_t ijk[3] = { n % size[0], n / size[0] % size[1], n / (size[0] * size[1]) };
        double at[3];
        bool inside;
        for (int a = 0; a < 3; a++)
            at[a] = (2 * (double)ijk[a] + 1) / (double)size[a] - 1; /* -1 to 1 */
        const double field = exp(log_field_at(at, strength));
        const double value = tissue_at(at, &inside) * field;
        const double real = value + noise * lar_random_normal(2, 0, (uint64_t)n);
        const double imaginary = noise * lar_random_normal(2, 1, (uint64_t)n);
        ((float *)made.image->voxels)[n] = (float)hypot(real, imaginary);
        ((float *)made.field->voxels)[n] = (float)field;
        ((uint8_t *)made.inside->voxels)[n] = inside;
    }
    return made;
}

static void free_head(head *h)
{
    lar_image_free(h->image);
    lar_image_free(h->field);
    lar_image_free(h->inside);
}

/* Deviation over mean of a / b (NULL: of a) inside, and that mean. */
static double deviation(double *mean, const lar_image *a, const lar_image *b,
                        const lar_image *inside)
{
    double sum = 0, squares = 0, count = 0;
    for (int64_t n = 0; n < lar_image_voxel_count(a); n++) {
        if (inside && !((const uint8_t *)inside->voxels)[n]) continue;
        const double below = b ? (double)((const float *)b->voxels)[n] : 1;
        const double ratio = (double)((const float *)a->voxels)[n] / below;
        sum += ratio;
        squares += ratio * ratio;
        count++;
    }
    *mean = sum / count;
    return sqrt(fmax(squares / count - *mean * *mean, 0)) / *mean;
}

static const int64_t usual[3] = { 60, 56, 48 };

static void field_is_recovered(void **state)
{
    (void)state;
    head h = make_head(usual, 0.4, 15);
    double mean;
    const double truth = deviation(&mean, h.field, NULL, h.inside);
    const double bounds[] = { 0.025, 0.03, 0.03 };
    for (int like = LAR_N4_DEFAULT; like <= LAR_N4_FAST; like++) {
        lar_n4_params params = lar_n4_default();
        lar_n4_report report;
        lar_image *out, *field;
        params.like = like;
        params.shrink = 2;
        CHECK_OK(lar_n4(&out, &field, &report, h.image, h.inside, NULL, &params));
        const double left = deviation(&mean, field, h.field, h.inside);
        if (left > bounds[like]) fail_msg("preset %d leaves %.4f of %.4f", like, left, truth);
        assert_int_equal(out->type, LAR_F32);
        assert_true(report.levels >= 2 && report.voxels > 1000);
        for (int64_t n = 0; n < report.levels; n++)
            assert_true(report.iterations[n] > 0 && report.change[n] >= 0);
        for (int64_t n = 0; n < lar_image_voxel_count(out); n++) {
            const double product =
                (double)((float *)out->voxels)[n] * (double)((float *)field->voxels)[n];
            const double value = (double)((float *)h.image->voxels)[n];
            if (like != LAR_N4_ANTS) CHECK_NEAR(product, value, 1e-6 * value);
        }
        lar_image_free(out);
        lar_image_free(field);
    }
    free_head(&h);
}

/* The head is found where no mask is given, and the rule of stopping is met before the end. */
static void default_stops_inside_the_head(void **state)
{
    (void)state;
    head h = make_head(usual, 0.3, 15);
    lar_n4_params params = lar_n4_default();
    lar_n4_report report;
    lar_image *out, *field;
    double mean;
    params.tolerance = 2e-3;
    CHECK_OK(lar_n4(&out, &field, &report, h.image, NULL, NULL, &params));
    assert_true(deviation(&mean, field, h.field, h.inside) < 0.04);
    for (int64_t n = 0; n < report.levels; n++) {
        assert_true(report.converged[n]);
        assert_true(report.change[n] <= 2e-3);
    }
    lar_image_free(out);
    lar_image_free(field);
    free_head(&h);
}

static lar_image *scaled(const lar_image *in, double factor)
{
    lar_image *out;
    CHECK_OK(lar_image_like(&out, in, LAR_F32));
    for (int64_t n = 0; n < lar_image_voxel_count(in); n++)
        ((float *)out->voxels)[n] = (float)(factor * (double)((float *)in->voxels)[n]);
    return out;
}

static void scale_goes_through(void **state)
{
    (void)state;
    head h = make_head(usual, 0.3, 10);
    lar_n4_params params = lar_n4_default();
    lar_image *out, *field, *out_8, *field_8, *large = scaled(h.image, 8);
    double mean;
    CHECK_OK(lar_n4(&out, &field, NULL, h.image, h.inside, NULL, &params));
    CHECK_OK(lar_n4(&out_8, &field_8, NULL, large, h.inside, NULL, &params));
    CHECK_NEAR(deviation(&mean, field_8, field, NULL), 0, 2e-3);
    CHECK_NEAR(deviation(&mean, out_8, out, h.inside), 0, 2e-3);
    CHECK_NEAR(mean, 8, 8 * 2e-3);
    lar_image_free(out);
    lar_image_free(field);
    lar_image_free(out_8);
    lar_image_free(field_8);
    lar_image_free(large);
    free_head(&h);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    head h = make_head(usual, 0.3, 10);
    for (int like = LAR_N4_DEFAULT; like <= LAR_N4_FAST; like++) {
        lar_n4_params params = lar_n4_default();
        lar_image *out[2], *field[2];
        params.like = like;
        for (int n = 0; n < 2; n++) {
            lar_threads_set(n ? 3 : 1);
            CHECK_OK(lar_n4(&out[n], &field[n], NULL, h.image, NULL, NULL, &params));
        }
        const size_t bytes = (size_t)lar_image_voxel_count(out[0]) * sizeof(float);
        assert_memory_equal(out[0]->voxels, out[1]->voxels, bytes);
        assert_memory_equal(field[0]->voxels, field[1]->voxels, bytes);
        for (int n = 0; n < 2; n++) {
            lar_image_free(out[n]);
            lar_image_free(field[n]);
        }
    }
    lar_threads_set(0);
    free_head(&h);
}

static void no_weight_is_no_part(void **state)
{
    (void)state;
    head h = make_head(usual, 0.3, 10);
    lar_image *ones, *zeros_and_ones, *out, *field[2];
    CHECK_OK(lar_image_to_type(&zeros_and_ones, h.inside, LAR_F32));
    CHECK_OK(lar_image_like(&ones, h.inside, LAR_U8));
    const int64_t count = lar_image_voxel_count(ones);
    memset(ones->voxels, 1, (size_t)count);
    for (int like = LAR_N4_DEFAULT; like <= LAR_N4_FAST; like++) {
        lar_n4_params params = lar_n4_default();
        params.like = like;
        CHECK_OK(lar_n4(&out, &field[0], NULL, h.image, h.inside, NULL, &params));
        lar_image_free(out);
        CHECK_OK(lar_n4(&out, &field[1], NULL, h.image, ones, zeros_and_ones, &params));
        lar_image_free(out);
        assert_memory_equal(field[0]->voxels, field[1]->voxels, (size_t)count * sizeof(float));
        lar_image_free(field[0]);
        lar_image_free(field[1]);
    }
    lar_image_free(ones);
    lar_image_free(zeros_and_ones);
    free_head(&h);
}

static void flipped_image_flipped_field(void **state)
{
    (void)state;
    head h = make_head(usual, 0.3, 10);
    const int axis[3] = { 0, 1, 2 };
    const bool flipped[3] = { true, true, false };
    lar_n4_params params = lar_n4_default();
    lar_image *view, *mask, *copy, *out, *field, *field_flipped, *back;
    double mean;
    CHECK_OK(lar_image_to_axes(&view, h.image, axis, flipped));
    CHECK_OK(lar_image_to_axes(&mask, h.inside, axis, flipped));
    CHECK_OK(lar_n4(&out, &field, NULL, h.image, h.inside, NULL, &params));
    lar_image_free(out);
    CHECK_OK(lar_n4(&out, &field_flipped, NULL, view, mask, NULL, &params));
    CHECK_OK(lar_image_to_axes(&back, field_flipped, axis, flipped));
    CHECK_OK(lar_image_to_type(&copy, back, LAR_F32));
    CHECK_NEAR(deviation(&mean, copy, field, NULL), 0, 3e-3);
    CHECK_NEAR(mean, 1, 3e-3);
    lar_image_free(view);
    lar_image_free(mask);
    lar_image_free(copy);
    lar_image_free(out);
    lar_image_free(field);
    lar_image_free(field_flipped);
    lar_image_free(back);
    free_head(&h);
}

/* Thin images, and coarser grids and more levels than they hold. */
static void thin_images_work(void **state)
{
    (void)state;
    const int64_t sizes[][3] = { { 64, 60, 1 }, { 1, 60, 64 }, { 60, 1, 64 }, { 64, 60, 2 },
                                 { 64, 1, 1 },  { 48, 44, 5 }, { 7, 6, 5 } };
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int like = LAR_N4_DEFAULT; like <= LAR_N4_FAST; like++)
            for (int64_t shrink = 1; shrink <= 64; shrink *= 4) {
                head h = make_head(sizes[s], 0.3, 5);
                lar_n4_params params = lar_n4_default();
                lar_image *out, *field;
                params.like = like;
                params.shrink = shrink;
                params.iterations = (lar_ints){ 5, { 6, 6, 6, 6, 6 } };
                const lar_status status =
                    lar_n4(&out, &field, NULL, h.image, h.inside, NULL, &params);
                if (status == LAR_OK) {
                    for (int64_t n = 0; n < lar_image_voxel_count(out); n++) {
                        assert_true(isfinite(((float *)out->voxels)[n]));
                        assert_true(((float *)field->voxels)[n] > 0);
                    }
                } else { /* too few samples are left */
                    assert_int_equal(status, LAR_ENUMERIC);
                    assert_null(out);
                    if (shrink <= 1) fail_msg("%d %d %s", (int)s, like, lar_error());
                }
                lar_image_free(out);
                lar_image_free(field);
                free_head(&h);
            }
}

static void a_slice_has_its_field(void **state)
{
    (void)state;
    const int64_t size[3] = { 96, 88, 1 };
    head h = make_head(size, 0.4, 10);
    lar_n4_params params = lar_n4_default();
    lar_image *out, *field;
    double mean;
    params.shrink = 1;
    CHECK_OK(lar_n4(&out, &field, NULL, h.image, h.inside, NULL, &params));
    const double truth = deviation(&mean, h.field, NULL, h.inside);
    const double left = deviation(&mean, field, h.field, h.inside);
    assert_true(left < 0.4 * truth);
    lar_image_free(out);
    lar_image_free(field);
    free_head(&h);
}

/* Zeros and negatives inside the mask carry no weight: the field is what it was without them. */
static void what_is_not_positive_counts_not(void **state)
{
    (void)state;
    head h = make_head(usual, 0.3, 10);
    lar_n4_params params = lar_n4_default();
    lar_image *out, *field, *out_hurt, *field_hurt, *hurt = scaled(h.image, 1);
    double mean;
    for (int64_t n = 0; n < lar_image_voxel_count(hurt); n += 11)
        ((float *)hurt->voxels)[n] = n % 2 ? 0.0f : -500.0f;
    CHECK_OK(lar_n4(&out, &field, NULL, h.image, h.inside, NULL, &params));
    CHECK_OK(lar_n4(&out_hurt, &field_hurt, NULL, hurt, h.inside, NULL, &params));
    CHECK_NEAR(deviation(&mean, field_hurt, field, h.inside), 0, 0.02);
    lar_image_free(out);
    lar_image_free(field);
    lar_image_free(out_hurt);
    lar_image_free(field_hurt);
    lar_image_free(hurt);
    free_head(&h);
}

static void rescaling_keeps_the_range(void **state)
{
    (void)state;
    head h = make_head(usual, 0.3, 10);
    lar_n4_params params = lar_n4_default();
    lar_image *out;
    double range[2][2] = { { 1e9, -1e9 }, { 1e9, -1e9 } };
    params.rescale = true;
    CHECK_OK(lar_n4(&out, NULL, NULL, h.image, h.inside, NULL, &params));
    for (int64_t n = 0; n < lar_image_voxel_count(out); n++) {
        if (!((uint8_t *)h.inside->voxels)[n]) continue;
        const double values[2] = { (double)((float *)h.image->voxels)[n],
                                   (double)((float *)out->voxels)[n] };
        for (int c = 0; c < 2; c++) {
            range[c][0] = fmin(range[c][0], values[c]);
            range[c][1] = fmax(range[c][1], values[c]);
        }
    }
    CHECK_NEAR(range[1][0], range[0][0], 1e-3);
    CHECK_NEAR(range[1][1], range[0][1], 1e-3);
    lar_image_free(out);
    free_head(&h);
}

static void bad_input_is_refused(void **state)
{
    (void)state;
    const int64_t small[3] = { 20, 20, 20 };
    head h = make_head(small, 0.2, 5);
    lar_image *out, *field = h.image, *empty, *other, *many, *constant, *negative, *bad;
    lar_n4_params params = lar_n4_default();
    CHECK_OK(lar_image_like(&empty, h.inside, LAR_U8));
    CHECK_OK(lar_image_like(&constant, h.image, LAR_F32));
    for (int like = LAR_N4_DEFAULT; like <= LAR_N4_FAST; like++) {
        params.like = like;
        params.shrink = 2;
        CHECK_FAILS(lar_n4(&out, &field, NULL, h.image, empty, NULL, &params), LAR_ENUMERIC,
                    "nothing to work with");
        assert_null(out);
        assert_null(field);
        CHECK_FAILS(lar_n4(&out, NULL, NULL, h.image, h.inside, constant, &params), LAR_ENUMERIC,
                    "nothing to work with"); /* weights of zero */
        for (int64_t n = 0; n < 8000; n++) ((float *)constant->voxels)[n] = 7;
        CHECK_FAILS(lar_n4(&out, NULL, NULL, constant, NULL, NULL, &params), LAR_ENUMERIC,
                    "constant");
        CHECK_FAILS(lar_n4(&out, NULL, NULL, constant, h.inside, NULL, &params), LAR_ENUMERIC,
                    "constant");
        memset(constant->voxels, 0, 8000 * sizeof(float));
        assert_int_not_equal(lar_n4(&out, NULL, NULL, constant, NULL, NULL, &params), LAR_OK);
        assert_null(out);
    }
    params.like = LAR_N4_DEFAULT;
    negative = scaled(h.image, -1);
    CHECK_FAILS(lar_n4(&out, NULL, NULL, negative, h.inside, NULL, &params), LAR_ENUMERIC,
                "positive");
    lar_grid grid = h.image->grid;
    grid.to_world.m[0][3] += 1;
    CHECK_OK(lar_image_new(&other, &grid, 1, LAR_U8));
    CHECK_FAILS(lar_n4(&out, NULL, NULL, h.image, other, NULL, &params), LAR_EGEOMETRY,
                "the mask lies on another grid");
    CHECK_FAILS(lar_n4(&out, NULL, NULL, h.image, NULL, other, &params), LAR_EGEOMETRY,
                "the weights lie on another grid");
    CHECK_OK(lar_image_new(&many, &h.image->grid, 3, LAR_F32));
    CHECK_FAILS(lar_n4(&out, NULL, NULL, many, NULL, NULL, &params), LAR_EARGUMENT, "3 volumes");
    bad = scaled(h.image, 1);
    ((float *)bad->voxels)[1234] = NAN;
    ((float *)bad->voxels)[99] = INFINITY;
    CHECK_FAILS(lar_n4(&out, NULL, NULL, bad, NULL, NULL, &params), LAR_ENUMERIC,
                "2 of 8000 voxels of the image are not finite");
    CHECK_FAILS(lar_n4(&out, NULL, NULL, h.image, NULL, bad, &params), LAR_ENUMERIC,
                "of the weights are not finite");

    params.like = LAR_N4_ANTS;
    params.iterations = (lar_ints){ 14, { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 } };
    CHECK_FAILS(lar_n4(&out, NULL, NULL, h.image, NULL, NULL, &params), LAR_EARGUMENT,
                "spline of level 14");
    params = lar_n4_default();
    params.mesh = (lar_ints){ 2, { 1, 1 } };
    CHECK_FAILS(lar_n4(&out, NULL, NULL, h.image, NULL, NULL, &params), LAR_EARGUMENT,
                "one number or three, not 2");
    params.mesh = (lar_ints){ 1, { 1 } };
    params.spline_mm = 100;
    CHECK_FAILS(lar_n4(&out, NULL, NULL, h.image, NULL, NULL, &params), LAR_EARGUMENT,
                "exclude each other");
    lar_image_free(empty);
    lar_image_free(constant);
    lar_image_free(negative);
    lar_image_free(other);
    lar_image_free(many);
    lar_image_free(bad);
    free_head(&h);
}

/* Memory that runs short anywhere is an error, and nothing is left behind. */
static void short_memory_is_an_error(void **state)
{
    (void)state;
    const int64_t small[3] = { 20, 18, 16 };
    head h = make_head(small, 0.2, 5);
    lar_threads_set(1);
    for (int like = LAR_N4_DEFAULT; like <= LAR_N4_ANTS; like++) {
        lar_n4_params params = lar_n4_default();
        lar_image *out, *field;
        params.like = like;
        params.iterations = (lar_ints){ 2, { 1, 1 } };
        for (int64_t n = 1;; n++) {
            lar_alloc_fail_at(n, true);
            const lar_status status = lar_n4(&out, &field, NULL, h.image, NULL, NULL, &params);
            lar_alloc_fail_at(0, false);
            if (status == LAR_OK) break;
            assert_int_equal(status, LAR_EMEMORY);
            assert_null(out);
            assert_null(field);
        }
        lar_image_free(out);
        lar_image_free(field);
    }
    lar_threads_set(0);
    free_head(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(field_is_recovered),
        cmocka_unit_test(default_stops_inside_the_head),
        cmocka_unit_test(scale_goes_through),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(no_weight_is_no_part),
        cmocka_unit_test(flipped_image_flipped_field),
        cmocka_unit_test(thin_images_work),
        cmocka_unit_test(a_slice_has_its_field),
        cmocka_unit_test(what_is_not_positive_counts_not),
        cmocka_unit_test(rescaling_keeps_the_range),
        cmocka_unit_test(bad_input_is_refused),
        cmocka_unit_test(short_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
