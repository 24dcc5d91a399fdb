/* The surface method on phantoms of known truth: every contrast, the same for other units, another
 * order of voxels and any number of threads; and what has no head in it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "brain/brain.h"
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

/* The truth leaves out all fluid but that of the ventricles, the mask has the sulci: they cannot
 * agree wholly. A floor under what was measured, 0.84 (t1) to 0.91, and not what is wanted, 0.95.
 */
static void brain_is_found(void **state)
{
    (void)state;
    for (int64_t n = 0; n < phantom->scan_count; n++) {
        const lar_phantom_scan *scan = &phantom->scans[n];
        lar_image *mask, *whole;
        const bool ct = strcmp(scan->contrast, "ct") == 0;
        CHECK_OK(strip(&mask, scan->image, ct ? LAR_STRIP_CT : LAR_STRIP_CONTRAST_AUTO));
        assert_int_equal(mask->type, LAR_U8);
        assert_true(lar_grid_matches(&mask->grid, &scan->image->grid));
        if (!(overlap(mask, phantom->brain) > 0.80))
            fail_msg("%s: overlap %.4f", scan->contrast, overlap(mask, phantom->brain));
        CHECK_OK(lar_image_copy(&whole, mask));
        CHECK_OK(lar_mask_keep_largest(whole->voxels, whole->grid.size));
        CHECK_OK(lar_mask_fill_holes(whole->voxels, whole->grid.size));
        assert_memory_equal(whole->voxels, mask->voxels, (size_t)lar_image_voxel_count(mask));
        lar_image_free(whole);
        lar_image_free(mask);
    }
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
    if (!(overlap(mask, back) > 0.95)) fail_msg("turned: overlap %.4f", overlap(mask, back));
    lar_threads_set(0);
    lar_image_free(back);
    lar_image_free(other);
    lar_image_free(turned);
    lar_image_free(floats);
    lar_image_free(mask);
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
        cmocka_unit_test(brain_is_found),
        cmocka_unit_test(laws),
        cmocka_unit_test(what_is_no_head),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
