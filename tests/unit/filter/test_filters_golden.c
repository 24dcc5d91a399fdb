/* Masks and smoothing against scipy.ndimage and scikit-image (tests/golden/make_filters.py).
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "filter/filter.h"
#include "image/image.h"

#define GOLDEN TEST_SOURCE "/tests/golden/"

static lar_image *stack;
static double mm[3];

/* Volume n as bytes of its own. */
static uint8_t *volume(int64_t n)
{
    const int64_t count = lar_image_voxel_count(stack);
    uint8_t *bytes = lar_alloc_raw(count, 1);
    assert_non_null(bytes);
    memcpy(bytes, (uint8_t *)stack->voxels + n * count, (size_t)count);
    return bytes;
}

static void shape(uint8_t *mask, const char *how, double radius)
{
    const int64_t *size = stack->grid.size;
    if (lar_text_is(how, "largest")) CHECK_OK(lar_mask_keep_largest(mask, size));
    if (lar_text_is(how, "fill")) CHECK_OK(lar_mask_fill_holes(mask, size));
    if (lar_text_is(how, "dilate")) CHECK_OK(lar_mask_dilate(mask, size, mm, radius));
    if (lar_text_is(how, "erode")) { /* a mask dilated by 3.2 mm, see the script */
        CHECK_OK(lar_mask_dilate(mask, size, mm, 3.2));
        CHECK_OK(lar_mask_erode(mask, size, mm, radius));
    }
    if (lar_text_is(how, "open")) {
        CHECK_OK(lar_mask_erode(mask, size, mm, radius));
        CHECK_OK(lar_mask_dilate(mask, size, mm, radius));
    }
    if (lar_text_is(how, "close")) {
        CHECK_OK(lar_mask_dilate(mask, size, mm, radius));
        CHECK_OK(lar_mask_erode(mask, size, mm, radius));
    }
}

static void compare_mask(int64_t n, const char *how, double radius)
{
    const int64_t count = lar_image_voxel_count(stack);
    uint8_t *mask = volume(0), *expected = volume(n), *again = volume(0);
    int64_t differ = 0;
    lar_threads_set(1);
    shape(mask, how, radius);
    lar_threads_set(4);
    shape(again, how, radius);
    lar_threads_set(0);
    for (int64_t v = 0; v < count; v++) differ += mask[v] != expected[v];
    if (differ) fail_msg("%s %g: %lld voxels differ", how, radius, (long long)differ);
    assert_memory_equal(mask, again, (size_t)count);
    lar_free(mask);
    lar_free(expected);
    lar_free(again);
}

static void peers_agree(void **state)
{
    (void)state;
    lar_image *image, *smooth;
    lar_otsu otsu;
    char line[256], how[32];
    double sigma[3], before[3] = { -1, -1, -1 }, value, radius;
    long long n, at[3];
    int masks = 0, thresholds = 0, points = 0;
    CHECK_OK(lar_image_read(&image, GOLDEN "resample_in.nii.gz"));
    CHECK_OK(lar_image_read(&stack, GOLDEN "filters.nii.gz"));
    CHECK_OK(lar_image_copy(&smooth, image));
    lar_grid_spacing(&stack->grid, mm);
    const int64_t *size = image->grid.size, count = lar_image_voxel_count(image);
    FILE *file = fopen(GOLDEN "filters.txt", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "mask %lld %31s %lf", &n, how, &radius) == 3) {
            compare_mask(n, how, radius);
            masks++;
        } else if (sscanf(line, "otsu %lf", &value) == 1) {
            /* bins between quantiles, not ends: two of 256 bins of 1000 */
            CHECK_OK(lar_otsu_split(&otsu, image->voxels, count));
            CHECK_NEAR(otsu.threshold, value, 8);
            thresholds++;
        } else if (sscanf(line, "smooth %lf %lf %lf %lld %lld %lld %lf", &sigma[0], &sigma[1],
                          &sigma[2], &at[0], &at[1], &at[2], &value) == 7) {
            if (memcmp(sigma, before, sizeof sigma) != 0) {
                memcpy(smooth->voxels, image->voxels, (size_t)count * sizeof(float));
                CHECK_OK(lar_smooth_voxels(smooth->voxels, size, sigma));
                memcpy(before, sigma, sizeof sigma);
            }
            /* of the range, 1000: the tails that are cut off hold 6e-5 */
            CHECK_NEAR(lar_image_at(smooth, at[0], at[1], at[2], 0), value, 0.06);
            points++;
        }
    }
    fclose(file);
    assert_true(masks == 15 && thresholds == 1 && points == 160);
    lar_image_free(smooth);
    lar_image_free(stack);
    lar_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(peers_agree) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
