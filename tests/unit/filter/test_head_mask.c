/* The head mask against a head of known outline: bright scalp, black skull, brain with ventricles,
 * an open airway, dimmed to one side, in noise. SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"

enum { SIZE = 72 };

static double ellipsoid(const double at[3], double a, double b, double c)
{
    return sqrt(at[0] * at[0] / (a * a) + at[1] * at[1] / (b * b) + at[2] * at[2] / (c * c));
}

/* Signal 0 to 1; `inside` is the truth. */
static double signal_at(const double at[3], bool *inside)
{
    const double r = ellipsoid(at, 70, 90, 80);
    *inside = r <= 1;
    if (r > 1) return 0;
    if (fabs(at[0]) < 6 && at[1] > 30 && at[2] < -30) return 0; /* nose and airway, open in front */
    if (r > 0.92) return 0.9;
    if (r > 0.85) return 0.05;
    if (ellipsoid(at, 15, 30, 12) < 1) return 0.12;
    return 0.6 + 0.1 * sin(0.3 * at[0]) * sin(0.25 * at[1]);
}

/* scale * signal + offset on voxels of 3 mm, in Rician noise of `noise`, with a bias field. */
static lar_image *head(lar_image **truth, double scale, double offset, double noise, double bias)
{
    const lar_grid grid = {
        .size = { SIZE, SIZE, SIZE },
        .to_world = { .m = { { -3, 0, 0, 107 }, { 0, 3, 0, -108 }, { 0, 0, 3, -107 } } }
    };
    lar_image *image;
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_F32));
    CHECK_OK(lar_image_new(truth, &grid, 1, LAR_U8));
    for (int64_t n = 0; n < SIZE * SIZE * SIZE; n++) {
        const double ijk[3] = { (double)(n % SIZE), (double)(n / SIZE % SIZE),
                                (double)(n / SIZE / SIZE) };
        double at[3];
        bool inside;
        lar_grid_to_world(&grid, ijk, at);
        const double value = signal_at(at, &inside) * exp(bias * at[1] / 108);
        const double real = value + noise * lar_random_normal(1, 0, (uint64_t)n);
        const double imaginary = noise * lar_random_normal(1, 1, (uint64_t)n);
        ((float *)image->voxels)[n] = (float)(scale * hypot(real, imaginary) + offset);
        ((uint8_t *)(*truth)->voxels)[n] = inside;
    }
    return image;
}

static double overlap(const lar_image *a, const lar_image *b)
{
    const uint8_t *x = a->voxels, *y = b->voxels;
    int64_t both = 0, sum = 0;
    for (int64_t n = 0; n < lar_image_voxel_count(a); n++) {
        both += x[n] && y[n];
        sum += x[n] + y[n];
    }
    return 2 * (double)both / (double)sum; /* Dice */
}

static void outline_is_found(void **state)
{
    (void)state;
    static const struct {
        double scale, offset, noise, bias;
    } cases[] = {
        { 1000, 0, 0, 0 },  { 1000, 0, 0.03, 0.3 }, { 1000, 0, 0.1, 0 },
        { 4, -1, 0.03, 0 }, { 1, 0, 0.02, -0.5 },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        lar_image *truth, *mask;
        lar_image *image =
            head(&truth, cases[n].scale, cases[n].offset, cases[n].noise, cases[n].bias);
        CHECK_OK(lar_head_mask(&mask, image));
        assert_int_equal(mask->type, LAR_U8);
        assert_true(lar_grid_matches(&mask->grid, &image->grid));
        /* half a voxel of 3 mm all around is 0.03 */
        if (!(overlap(mask, truth) > 0.95))
            fail_msg("case %zu: overlap %.4f", n, overlap(mask, truth));
        lar_image_free(mask);
        lar_image_free(truth);
        lar_image_free(image);
    }
}

/* CT is -1000 in air, and its table of foam is no head. */
static void head_in_ct_is_found(void **state)
{
    (void)state;
    lar_image *truth, *mask, *image = head(&truth, 1, 0, 0, 0);
    float *voxels = image->voxels;
    for (int64_t n = 0; n < SIZE * SIZE * SIZE; n++) {
        const float mr = voxels[n];
        voxels[n] = mr == 0 ? -1000 : mr == 0.05F ? 1100 : 40;
        if (n / SIZE % SIZE < 6) voxels[n] = -850;
    }
    CHECK_OK(lar_head_mask(&mask, image));
    assert_true(overlap(mask, truth) > 0.97);
    lar_image_free(mask);
    lar_image_free(truth);
    lar_image_free(image);
}

/* One piece, without holes, and the same for a*x + b and any number of threads. */
static void laws(void **state)
{
    (void)state;
    const int64_t count = SIZE * SIZE * SIZE;
    lar_image *truth, *mask, *other_mask, *scaled;
    lar_image *image = head(&truth, 256, 0, 0.03, 0.2);
    CHECK_OK(lar_image_like(&scaled, image, LAR_F32));
    for (int64_t n = 0; n < count; n++) /* powers of two: no rounding between the two */
        ((float *)scaled->voxels)[n] = 4 * ((float *)image->voxels)[n];
    lar_threads_set(1);
    CHECK_OK(lar_head_mask(&mask, image));
    lar_threads_set(4);
    CHECK_OK(lar_head_mask(&other_mask, scaled));
    lar_threads_set(0);
    assert_memory_equal(mask->voxels, other_mask->voxels, (size_t)count);
    CHECK_OK(lar_mask_keep_largest(other_mask->voxels, mask->grid.size));
    CHECK_OK(lar_mask_fill_holes(other_mask->voxels, mask->grid.size));
    assert_memory_equal(mask->voxels, other_mask->voxels, (size_t)count);
    lar_image_free(scaled);
    lar_image_free(other_mask);
    lar_image_free(mask);
    lar_image_free(truth);
    lar_image_free(image);
}

static void bad_input_is_named(void **state)
{
    (void)state;
    const lar_grid grid = { .size = { 8, 8, 8 }, .to_world = lar_affine_identity() };
    lar_image *image, *mask;
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_F32));
    CHECK_FAILS(lar_head_mask(&mask, image), LAR_ENUMERIC, "constant");
    ((float *)image->voxels)[5] = NAN;
    CHECK_FAILS(lar_head_mask(&mask, image), LAR_ENUMERIC, "1 of 512 voxels are not finite");
    assert_null(mask);
    lar_image_free(image);
}

static void noise_is_no_head(void **state)
{
    (void)state;
    const lar_grid grid = { .size = { 64, 64, 64 }, .to_world = lar_affine_identity() };
    lar_image *image, *mask;
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_F32));
    for (int64_t n = 0; n < lar_image_voxel_count(image); n++)
        ((float *)image->voxels)[n] = (float)hypot(lar_random_normal(1, 0, (uint64_t)n),
                                                   lar_random_normal(1, 1, (uint64_t)n));
    CHECK_FAILS(lar_head_mask(&mask, image), LAR_ENUMERIC, "no head was found");
    assert_null(mask);
    lar_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outline_is_found),
        cmocka_unit_test(head_in_ct_is_found),
        cmocka_unit_test(laws),
        cmocka_unit_test(bad_input_is_named),
        cmocka_unit_test(noise_is_no_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
