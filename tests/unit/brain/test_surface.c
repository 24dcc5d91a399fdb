/* The surface method on phantoms of known truth: every contrast, the same for other units, another
 * order of voxels and any number of threads; and what has no head in it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "brain/brain.h"
#include "brain/surface_parts.h"
#include "check.h"
#include "filter/filter.h"
#include "image/image.h"

static lar_phantom *phantom;

static int begin(void **state)
{
    (void)state;
    lar_phantom_params params = lar_phantom_default();
    params.spacing_mm = 3;
    params.seed = 4;
    params.contrasts = "t1,t2,flair,pd,ct";
    params.same_grid = true;
    return lar_phantom_subject(&phantom, &params, 2) != LAR_OK;
}

static int end(void **state)
{
    (void)state;
    lar_phantom_free(phantom);
    return 0;
}

static lar_status strip(lar_image **mask, const lar_image *image, int contrast)
{
    lar_strip_params params = lar_strip_default();
    lar_strip_report report;
    params.method = LAR_STRIP_SURFACE;
    params.contrast = contrast;
    return lar_strip(mask, NULL, &report, image, &params);
}

/* Dice */
static double overlap(const lar_image *a, const lar_image *b)
{
    const uint8_t *x = a->voxels, *y = b->voxels;
    int64_t both = 0, sum = 0;
    for (int64_t n = 0; n < lar_image_voxel_count(a); n++) {
        both += x[n] && y[n];
        sum += x[n] + y[n];
    }
    return 2 * (double)both / (double)sum;
}

enum { FLUID = 6, CEREBELLUM = 9, CEREBELLUM_WHITE = 10 }; /* tissues of phantoms */

/* The brain and the fluid around it, above the lowest voxel of the cerebellum: the truth of the
 * phantom leaves out all fluid but that of the ventricles, and goes down the spine. */
static lar_image *brain_and_fluid(void)
{
    lar_image *truth;
    CHECK_OK(lar_image_copy(&truth, phantom->brain));
    const uint8_t *labels = phantom->labels->voxels;
    uint8_t *inside = truth->voxels;
    const int64_t plane = truth->grid.size[0] * truth->grid.size[1];
    int64_t low = truth->grid.size[2];
    for (int64_t n = 0; n < lar_image_voxel_count(truth); n++) {
        inside[n] = inside[n] || labels[n] == FLUID;
        if ((labels[n] == CEREBELLUM || labels[n] == CEREBELLUM_WHITE) && n / plane < low)
            low = n / plane;
    }
    memset(inside, 0, (size_t)(low * plane));
    CHECK_OK(lar_mask_keep_largest(inside, truth->grid.size));
    CHECK_OK(lar_mask_fill_holes(inside, truth->grid.size));
    return truth;
}

static void brain_is_found(void **state)
{
    (void)state;
    lar_image *truth = brain_and_fluid();
    for (int64_t n = 0; n < phantom->scan_count; n++) {
        const lar_phantom_scan *scan = &phantom->scans[n];
        lar_image *mask, *whole;
        const bool ct = strcmp(scan->contrast, "ct") == 0;
        CHECK_OK(strip(&mask, scan->image, ct ? LAR_STRIP_CT : LAR_STRIP_CONTRAST_AUTO));
        assert_int_equal(mask->type, LAR_U8);
        assert_true(lar_grid_matches(&mask->grid, &scan->image->grid));
        if (!(overlap(mask, truth) > 0.94))
            fail_msg("%s: overlap %.4f", scan->contrast, overlap(mask, truth));
        CHECK_OK(lar_image_copy(&whole, mask));
        CHECK_OK(lar_mask_keep_largest(whole->voxels, whole->grid.size));
        CHECK_OK(lar_mask_fill_holes(whole->voxels, whole->grid.size));
        assert_memory_equal(whole->voxels, mask->voxels, (size_t)lar_image_voxel_count(mask));
        lar_image_free(whole);
        lar_image_free(mask);
    }
    lar_image_free(truth);
}

/* Powers of two and small sums: nothing is rounded differently. */
static void laws(void **state)
{
    (void)state;
    lar_image *mask, *other, *floats, *turned, *back;
    const lar_image *flair = phantom->scans[2].image;
    lar_threads_set(1);
    CHECK_OK(strip(&mask, flair, LAR_STRIP_CONTRAST_AUTO));
    CHECK_OK(lar_image_to_type(&floats, flair, LAR_F32));
    float *values = floats->voxels;
    for (int64_t n = 0; n < lar_image_voxel_count(floats); n++) values[n] *= 4;
    lar_threads_set(3);
    CHECK_OK(strip(&other, floats, LAR_STRIP_CONTRAST_AUTO));
    assert_memory_equal(mask->voxels, other->voxels, (size_t)lar_image_voxel_count(mask));
    lar_image_free(other);
    for (int64_t n = 0; n < lar_image_voxel_count(floats); n++) values[n] = values[n] / 4096 - 1;
    CHECK_OK(lar_image_reorient(&turned, floats, "PSL"));
    CHECK_OK(strip(&other, turned, LAR_STRIP_CONTRAST_AUTO));
    CHECK_OK(lar_resample(&back, other, &mask->grid, &(lar_resample_params){ LAR_NEAREST }));
    if (!(overlap(mask, back) > 0.999)) fail_msg("turned: overlap %.4f", overlap(mask, back));
    lar_threads_set(0);
    lar_image_free(back);
    lar_image_free(other);
    lar_image_free(turned);
    lar_image_free(floats);
    lar_image_free(mask);
}

/* A shape that was made of a pose is found again from another one, and what it says is a distance.
 */
static void mean_brain_is_placed(void **state)
{
    (void)state;
    const lar_surface_box box = { .size = { 60, 62, 58 }, .count = 60 * 62 * 58, .mm = 4 };
    const lar_brain_pose made = { .middle = { 31, 28, 30 },
                                  .turn = { 0.2, -0.08, 0.1 },
                                  .radius_mm = { 66, 72, 64 } };
    lar_brain_pose found = { .middle = { 29, 30, 28.5 }, .radius_mm = { 68, 68, 68 } };
    float *outside = lar_alloc(box.count, sizeof *outside);
    lar_surface_of_pose(outside, &made, &box);
    lar_surface_place_on_mask(&found, outside, &box);
    for (int a = 0; a < 3; a++) {
        assert_true(fabs(found.middle[a] - made.middle[a]) * box.mm < 3);
        assert_true(fabs(found.radius_mm[a] / made.radius_mm[a] - 1) < 0.06);
    }
    int64_t both = 0, sum = 0;
    float *again = lar_alloc(box.count, sizeof *again);
    lar_surface_of_pose(again, &found, &box);
    for (int64_t n = 0; n < box.count; n++) {
        both += again[n] < 0 && outside[n] < 0;
        sum += (again[n] < 0) + (outside[n] < 0);
    }
    assert_true(2 * (double)both > 0.95 * (double)sum);
    lar_free(again);
    /* its volume is about that of a ball of its radii */
    int64_t inside = 0;
    for (int64_t n = 0; n < box.count; n++) inside += outside[n] < 0;
    const double ball = 4.0 / 3 * 3.14159265 * 66 * 72 * 64 / 64;
    assert_true(fabs((double)inside / ball - 1) < 0.1);
    lar_free(outside);
}

/* A ball as large as a head, of which the brain lies SKULL_MM deep above. */
static void head_is_found_by_its_outline(void **state)
{
    (void)state;
    const lar_surface_box box = { .size = { 60, 60, 60 }, .count = 60 * 60 * 60, .mm = 4 };
    lar_brain_pose pose;
    float *depth = lar_alloc(box.count, sizeof *depth);
    for (int64_t n = 0; n < box.count; n++) {
        const double x = (double)(n % 60) - 32, y = (double)(n / 60 % 60) - 27,
                     z = (double)(n / 3600) - 30;
        depth[n] = (float)(84 - 4 * sqrt(x * x + y * y + z * z));
    }
    lar_surface_place_in_head(&pose, depth, &box);
    assert_true(fabs(pose.middle[0] - 32) * box.mm < 6);
    assert_true(fabs(pose.middle[1] - 27) * box.mm < 12); /* a brain is no ball */
    assert_true(fabs(pose.middle[2] - 30) * box.mm < 12);
    for (int a = 0; a < 3; a++) assert_true(fabs(pose.radius_mm[a] - 70) < 7);
    lar_free(depth);
}

static void what_is_no_head(void **state)
{
    (void)state;
    lar_image *mask, *image;
    const lar_grid grid = { .size = { 40, 40, 40 },
                            .to_world = {
                                .m = { { 4, 0, 0, 0 }, { 0, 4, 0, 0 }, { 0, 0, 4, 0 } } } };
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_F32));
    CHECK_FAILS(strip(&mask, image, LAR_STRIP_CONTRAST_AUTO), LAR_ENUMERIC, "constant");
    ((float *)image->voxels)[100] = NAN;
    CHECK_FAILS(strip(&mask, image, LAR_STRIP_CONTRAST_AUTO), LAR_ENUMERIC, "not finite");
    /* a ball of 20 mm */
    for (int64_t n = 0; n < 40 * 40 * 40; n++) {
        const double x = (double)(n % 40) - 20, y = (double)(n / 40 % 40) - 20,
                     z = (double)(n / 1600) - 20;
        ((float *)image->voxels)[n] = x * x + y * y + z * z < 25 ? 100 : 0;
    }
    CHECK_FAILS(strip(&mask, image, LAR_STRIP_CONTRAST_AUTO), LAR_ENUMERIC, "no brain was found");
    lar_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brain_is_found),       cmocka_unit_test(laws),
        cmocka_unit_test(mean_brain_is_placed), cmocka_unit_test(head_is_found_by_its_outline),
        cmocka_unit_test(what_is_no_head),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
