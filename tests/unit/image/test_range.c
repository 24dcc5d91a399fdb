/* The range of an image: of every type, along any axes, with values that are not finite.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "check.h"
#include "image/image.h"
#include "math/math.h"

static void check_against_each_voxel(const lar_image *image)
{
    lar_range found, wanted = { .low = INFINITY, .high = -INFINITY };
    const int64_t *size = image->grid.size;
    for (int64_t n = 0; n < lar_image_voxel_count(image) * image->channels; n++) {
        const int64_t row = n / size[0];
        const double value = lar_image_at(image, n % size[0], row % size[1],
                                          row / size[1] % size[2], row / size[1] / size[2]);
        wanted.not_finite += !isfinite(value);
        if (!isfinite(value)) continue;
        wanted.low = fmin(wanted.low, value);
        wanted.high = fmax(wanted.high, value);
    }
    CHECK_OK(lar_image_range(&found, image));
    assert_true(found.low == wanted.low && found.high == wanted.high);
    assert_int_equal(found.not_finite, wanted.not_finite);
}

/* Values that no other voxel exceeds, and such that are none, in turn at each place of a row. */
static void range_is_that_of_every_voxel(void **state)
{
    (void)state;
    static const double odd[] = { 1000, -1000, NAN, INFINITY, -INFINITY };
    const int to_last[3] = { 2, 0, 1 };
    const bool flipped[3] = { true, false, true };
    for (int64_t width = 1; width < 1100; width = width * 2 + 1) {
        const lar_grid grid = { .size = { width, 3, 2 }, .to_world = lar_affine_identity() };
        lar_image *image, *turned;
        CHECK_OK(lar_image_new(&image, &grid, 2, LAR_F32));
        float *voxels = image->voxels;
        for (int64_t n = 0; n < 12 * width; n++) voxels[n] = (float)(n * 7919 % 613) - 300;
        for (int64_t n = 0; n < 12 * width; n += width / 3 + 1) {
            const float before = voxels[n];
            voxels[n] = (float)odd[n % 5];
            check_against_each_voxel(image);
            if (n % 2) voxels[n] = before;
        }
        CHECK_OK(lar_image_to_axes(&turned, image, to_last, flipped));
        check_against_each_voxel(turned);
        lar_image_free(turned);
        for (int type = LAR_U8; type <= LAR_F64; type++) {
            lar_image *typed;
            int64_t lost;
            CHECK_OK(lar_image_to_type_counted(&typed, &lost, image, (lar_type)type));
            check_against_each_voxel(typed);
            lar_image_free(typed);
        }
        lar_image_free(image);
    }
}

static void nothing_finite_has_no_range(void **state)
{
    (void)state;
    lar_range range;
    lar_image *image;
    const lar_grid grid = { .size = { 33, 1, 1 }, .to_world = lar_affine_identity() };
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_F64));
    for (int n = 0; n < 33; n++) ((double *)image->voxels)[n] = n % 2 ? NAN : -INFINITY;
    CHECK_OK(lar_image_range(&range, image));
    assert_true(range.low == INFINITY && range.high == -INFINITY && range.not_finite == 33);
    lar_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(range_is_that_of_every_voxel),
        cmocka_unit_test(nothing_finite_has_no_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
