/* Each step of a study against the library's call by hand, and what becomes of the way back to
 * units.
 * SPDX-License-Identifier: Apache-2.0 */
#include "filter/filter.h"
#include "intensity/intensity.h"
#include "small_scans.h"

#define TRIO                                                                                       \
    "data:\n"                                                                                      \
    "  images:\n"                                                                                  \
    "    t1: {path: \"t1/{subject}.nii\", contrast: t1}\n"                                         \
    "    flair: {path: \"flair/{subject}.nii\", role: target, contrast: flair}\n"                  \
    "    head: {path: \"head/{subject}.nii\", role: mask}\n"                                       \
    "prepare:\n"

enum { T1, FLAIR, HEAD, IMAGES };

static char root[64], paths[IMAGES][128];
static lar_image *scans[IMAGES];

/* A ball of structure in noise-free air, shaded from left to right, and a mask of a smaller ball.
 */
static lar_image *ball(const lar_grid *grid, double radius, int kind, lar_type type)
{
    lar_image *image, *typed;
    CHECK_OK(lar_image_new(&image, grid, 1, LAR_F32));
    float *voxels = image->voxels;
    for (int64_t k = 0; k < grid->size[2]; k++)
        for (int64_t j = 0; j < grid->size[1]; j++)
            for (int64_t i = 0; i < grid->size[0]; i++, voxels++) {
                double xyz[3];
                lar_grid_to_world(grid, (double[3]){ (double)i, (double)j, (double)k }, xyz);
                const double r = sqrt(xyz[0] * xyz[0] + xyz[1] * xyz[1] + xyz[2] * xyz[2]);
                if (r < radius)
                    *voxels =
                        type == LAR_U8 ? 1 : (float)(small_scene(xyz, kind) * exp(0.006 * xyz[0]));
            }
    CHECK_OK(lar_image_to_type(&typed, image, type));
    lar_image_free(image);
    return typed;
}

static int scans_make(void **state)
{
    (void)state;
    const lar_grid fine = small_grid(32, 36, 30, 2), coarse = small_grid(30, 31, 26, 2.3);
    snprintf(root, sizeof root, "%s", check_folder());
    for (int n = 0; n < IMAGES; n++) {
        snprintf(paths[n], sizeof paths[n], "%s/%d.nii", root, n);
        small_write(ball(n == FLAIR ? &coarse : &fine, n == HEAD ? 18 : 26, n,
                         n == HEAD ? LAR_U8 : LAR_F32),
                    paths[n]);
        CHECK_OK(lar_image_read(&scans[n], paths[n])); /* as a file holds it */
    }
    return 0;
}

static int scans_remove(void **state)
{
    (void)state;
    for (int n = 0; n < IMAGES; n++) lar_image_free(scans[n]);
    check_folder_remove(root);
    return 0;
}

static lar_status try_prepare(lar_case **out, const char *steps)
{
    const char *const given[] = { paths[0], paths[1], paths[2] };
    lar_text text = { 0 };
    lar_text_add(&text, "%s%s", TRIO, steps);
    lar_study *study = small_study(text.at, root);
    const lar_status status = lar_prepare_case(out, study, NULL, "A", given, true);
    lar_study_free(study);
    lar_text_clear(&text);
    return status;
}

/* With the flair and the mask brought onto the t1 at the end. */
static lar_case *prepare(const char *steps)
{
    lar_case *prepared;
    lar_text text = { 0 };
    lar_text_add(&text, "%s  - resample: {images: [flair, head], onto: t1}\n", steps);
    CHECK_OK(try_prepare(&prepared, text.at));
    lar_text_clear(&text);
    return prepared;
}

static void same(const lar_image *a, const lar_image *b)
{
    assert_true(lar_grid_matches(&a->grid, &b->grid));
    assert_int_equal(a->type, b->type);
    assert_memory_equal(a->voxels, b->voxels,
                        (size_t)lar_image_voxel_count(a) * lar_type_size(a->type));
}

/* The case's flair is the image by hand, once interpolated; and so its t1. Frees both. */
static void check_pair(lar_case *prepared, lar_image *t1, lar_image *flair)
{
    lar_image *moved;
    const lar_resample_params cubic = lar_resample_default();
    same(prepared->images[T1], t1);
    CHECK_OK(lar_resample(&moved, flair, &t1->grid, &cubic));
    same(prepared->images[FLAIR], moved);
    lar_image_free(moved);
    lar_image_free(t1);
    lar_image_free(flair);
    lar_case_free(prepared);
}

static void n4_is_n4(void **state)
{
    (void)state;
    lar_image *t1, *flair;
    lar_n4_params how = lar_n4_default();
    how.iterations = (lar_ints){ .count = 2, .at = { 8, 6 } };
    how.shrink = 2;
    CHECK_OK(lar_n4(&t1, NULL, NULL, scans[T1], NULL, NULL, &how));
    CHECK_OK(lar_n4(&flair, NULL, NULL, scans[FLAIR], NULL, NULL, &how));
    check_pair(prepare("  - n4: {iterations: [8, 6], shrink: 2}\n"), t1, flair);
    /* inside the mask, looked up on the flair's own grid */
    lar_image *mask;
    lar_resample_params nearest = lar_resample_default();
    nearest.interpolation = LAR_NEAREST;
    CHECK_OK(lar_resample(&mask, scans[HEAD], &scans[FLAIR]->grid, &nearest));
    CHECK_OK(lar_n4(&t1, NULL, NULL, scans[T1], scans[HEAD], NULL, &how));
    CHECK_OK(lar_n4(&flair, NULL, NULL, scans[FLAIR], mask, NULL, &how));
    check_pair(prepare("  - n4: {iterations: [8, 6], shrink: 2, mask: head}\n"), t1, flair);
    lar_image_free(mask);
}

static void smooth_mask_and_clip_are_theirs(void **state)
{
    (void)state;
    lar_image *t1, *flair, *mask;
    const lar_smooth_params wide = { .fwhm = { .count = 1, .at = { 5 } } };
    CHECK_OK(lar_smooth(&t1, scans[T1], NULL, &wide));
    CHECK_OK(lar_smooth(&flair, scans[FLAIR], NULL, &wide));
    check_pair(prepare("  - smooth: {fwhm: 5}\n"), t1, flair);

    lar_mask_params how = lar_mask_default();
    how.method = LAR_MASK_POSITIVE;
    how.erode_mm = 4;
    lar_image *both[2];
    for (int n = 0; n < 2; n++) {
        CHECK_OK(lar_mask(&mask, scans[n], &how));
        CHECK_OK(lar_mask_apply(&both[n], scans[n], mask, -7));
        lar_image_free(mask);
    }
    check_pair(prepare("  - mask: {method: positive, erode: 4, value: -7}\n"), both[0], both[1]);
    CHECK_OK(lar_mask_apply(&both[0], scans[T1], scans[HEAD], 0));
    CHECK_OK(lar_image_to_type(&both[1], scans[FLAIR], LAR_F32));
    check_pair(prepare("  - mask: {images: t1, keep: head}\n"), both[0], both[1]);

    const lar_clip_params ends = { .percentiles = { .count = 2, .at = { 5, 90 } } };
    CHECK_OK(lar_clip(&both[0], scans[T1], scans[HEAD], &ends));
    CHECK_OK(lar_image_to_type(&both[1], scans[FLAIR], LAR_F32));
    check_pair(prepare("  - clip: {images: t1, percentiles: [5, 90], mask: head}\n"), both[0],
               both[1]);
}

static void order_is_the_one_given(void **state)
{
    (void)state;
    lar_image *a, *b, *flair;
    const lar_smooth_params wide = { .sigma = { .count = 1, .at = { 3 } } };
    const lar_clip_params ends = { .range = { .count = 2, .at = { 60, 120 } } };
    CHECK_OK(lar_smooth(&a, scans[T1], NULL, &wide));
    CHECK_OK(lar_clip(&b, a, NULL, &ends));
    CHECK_OK(lar_image_to_type(&flair, scans[FLAIR], LAR_F32));
    check_pair(prepare("  - smooth: {images: t1, sigma: 3}\n"
                       "  - clip: {images: t1, range: [60, 120]}\n"),
               b, flair);
    lar_image_free(a);
    CHECK_OK(lar_clip(&a, scans[T1], NULL, &ends));
    CHECK_OK(lar_smooth(&b, a, NULL, &wide));
    CHECK_OK(lar_image_to_type(&flair, scans[FLAIR], LAR_F32));
    check_pair(prepare("  - clip: {images: t1, range: [60, 120]}\n"
                       "  - smooth: {images: t1, sigma: 3}\n"),
               b, flair);
    lar_image_free(a);
}

static int method_named(const char *name)
{
    const lar_param *param = lar_param_find(lar_normalize_table, "method");
    int n = 0;
    while (!lar_text_is(param->choices[n], name)) n++;
    return n;
}

/* The flair by the tissue of the t1 as the steps before left it, though the t1 is normalized by the
 * same step; the contrasts are those of data. */
static void tissue_comes_from_the_t1(void **state)
{
    (void)state;
    lar_image *t1, *flair, *mask, *map, *moved, *by_hand[2];
    const lar_clip_params ends = { .range = { .count = 2, .at = { 0, 150 } } };
    const lar_resample_params linear = { .interpolation = LAR_LINEAR, .pad = 0 };
    lar_normalize_params how = lar_normalize_default();
    how.method = method_named("fcm");
    CHECK_OK(lar_clip(&t1, scans[T1], NULL, &ends));
    CHECK_OK(lar_clip(&flair, scans[FLAIR], NULL, &ends));
    CHECK_OK(lar_foreground(&mask, t1, LAR_FOREGROUND_HEAD));
    CHECK_OK(lar_tissue_map(&map, t1, mask));
    CHECK_OK(lar_resample(&moved, map, &flair->grid, &linear));
    for (int n = 0; n < 2; n++) {
        lar_normalizer *normalizer;
        how.contrast = n ? LAR_CONTRAST_FLAIR : LAR_CONTRAST_T1;
        CHECK_OK(lar_normalizer_new(&normalizer, &how));
        CHECK_OK(lar_normalizer_fit(normalizer, n ? flair : t1, NULL, n ? moved : NULL));
        CHECK_OK(lar_normalizer_apply(&by_hand[n], normalizer, n ? flair : t1));
        lar_normalizer_free(normalizer);
    }
    check_pair(prepare("  - clip: {range: [0, 150]}\n"
                       "  - normalize: {method: fcm, tissue_of: t1}\n"),
               by_hand[0], by_hand[1]);
    lar_image_free(moved);
    lar_image_free(map);
    lar_image_free(mask);
    lar_image_free(flair);
    lar_image_free(t1);
}

/* Undoing the kept curve gives the scan back, whatever lines were composed. */
static void curves_compose(void **state)
{
    (void)state;
    static const char *const steps[] = {
        "  - rescale: {from: [10, 90], to: [-1, 3]}\n",
        "  - rescale: {percentiles: [0, 99], to: [0, 2]}\n",
        "  - rescale: {to: [0, 255]}\n  - normalize: {}\n",
        "  - normalize: {}\n  - rescale: {percentiles: [1, 99], to: [-1, 1]}\n",
        "  - rescale: {to: [5, 7]}\n  - normalize: {}\n  - rescale: {from: [0, 1], to: [3, 4]}\n",
    };
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        lar_case *prepared = prepare(steps[s]);
        lar_image *back;
        const lar_fit *fit = &prepared->fits[T1];
        assert_string_equal(fit->method, s < 2 ? "rescale" : "zscore");
        CHECK_OK(lar_curve_undo(&back, &fit->curve, prepared->images[T1]));
        for (int64_t n = 0; n < lar_image_voxel_count(back); n++)
            CHECK_NEAR(((float *)back->voxels)[n], ((float *)scans[T1]->voxels)[n], 1e-4);
        lar_image_free(back);
        lar_case_free(prepared);
    }
    /* what was clipped cannot come back, the rest can */
    lar_case *prepared = prepare("  - clip: {range: [80, 130]}\n  - normalize: {}\n");
    lar_image *back;
    CHECK_OK(lar_curve_undo(&back, &prepared->fits[T1].curve, prepared->images[T1]));
    for (int64_t n = 0; n < lar_image_voxel_count(back); n++)
        CHECK_NEAR(((float *)back->voxels)[n], fmin(fmax(((float *)scans[T1]->voxels)[n], 80), 130),
                   1e-4);
    lar_image_free(back);
    lar_case_free(prepared);
}

/* pad, and the box of a head or a mask: the voxels are those of lar_pad() and lar_crop(). */
static void pad_and_crop_move_the_grid(void **state)
{
    (void)state;
    lar_image *by_hand;
    lar_case *prepared = prepare("  - pad: {images: t1, by: [1, 2, 0, 3, 4, 0], value: -5}\n");
    lar_pad_params pad = lar_pad_default();
    pad.by = (lar_ints){ .count = 6, .at = { 1, 2, 0, 3, 4, 0 } };
    pad.value = -5;
    CHECK_OK(lar_pad(&by_hand, scans[T1], NULL, &pad));
    same(prepared->images[T1], by_hand);
    lar_image_free(by_hand);
    lar_case_free(prepared);
    prepared = prepare("  - pad: {images: t1, multiple_of: 16, mode: mirror}\n");
    pad = lar_pad_default();
    pad.multiple_of = (lar_ints){ .count = 1, .at = { 16 } };
    pad.mode = LAR_PAD_MIRROR;
    CHECK_OK(lar_pad(&by_hand, scans[T1], NULL, &pad));
    same(prepared->images[T1], by_hand);
    assert_int_equal(prepared->grid.size[1], 48);
    lar_image_free(by_hand);
    lar_case_free(prepared);

    for (int n = 0; n < 2; n++) {
        lar_crop_params crop = lar_crop_default();
        lar_image *view;
        crop.head = n == 0;
        crop.margin_mm = 3;
        /* not of the image that smoothing left */
        prepared = prepare(n ? "  - crop: {images: t1, mask: head, margin: 3}\n"
                             : "  - smooth: {images: flair, fwhm: 20}\n"
                               "  - crop: {images: t1, head: t1, margin: 3}\n");
        CHECK_OK(lar_crop(&view, scans[T1], n ? scans[HEAD] : NULL, &crop));
        CHECK_OK(lar_image_to_type(&by_hand, view, LAR_F32));
        assert_true(view->grid.size[1] < scans[T1]->grid.size[1]);
        same(prepared->images[T1], by_hand);
        lar_image_free(view);
        lar_image_free(by_hand);
        lar_case_free(prepared);
    }
    /* all images by the box of one */
    CHECK_OK(try_prepare(&prepared, "  - resample: {images: [flair, head], onto: t1}\n"
                                    "  - crop: {head: flair}\n"));
    assert_true(prepared->grid.size[1] < 36);
    lar_case_free(prepared);
}

static void resample_keeps_its_settings(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        lar_resample_params how;
    } cases[] = {
        { "interpolation: linear", { .interpolation = LAR_LINEAR, .pad = NAN } },
        { "interpolation: sinc, border: mirror",
          { .interpolation = LAR_SINC, .pad = NAN, .border = LAR_BORDER_MIRROR } },
        { "antialias: yes", { .interpolation = LAR_CUBIC, .pad = NAN, .antialias = true } },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        char steps[200];
        lar_case *prepared;
        lar_image *moved;
        snprintf(steps, sizeof steps,
                 "  - resample: {images: t1, spacing: 3.3, %s}\n"
                 "  - resample: {images: [flair, head], onto: t1, labels: label}\n",
                 cases[n].keys);
        CHECK_OK(try_prepare(&prepared, steps));
        const lar_grid grid = lar_grid_with_spacing(&scans[T1]->grid, (double[3]){ 3.3, 3.3, 3.3 });
        CHECK_OK(lar_resample(&moved, scans[T1], &grid, &cases[n].how));
        same(prepared->images[T1], moved);
        lar_image_free(moved);
        const lar_resample_params label = { .interpolation = LAR_LABELS };
        CHECK_OK(lar_resample(&moved, scans[HEAD], &grid, &label));
        same(prepared->images[HEAD], moved);
        lar_image_free(moved);
        lar_case_free(prepared);
    }
}

static void threads_do_not_show(void **state)
{
    (void)state;
    static const char steps[] = "  - n4: {iterations: [5, 5]}\n"
                                "  - mask: {method: mean, fill: yes}\n"
                                "  - smooth: {fwhm: 3}\n"
                                "  - clip: {percentiles: [1, 99]}\n"
                                "  - normalize: {foreground: positive}\n"
                                "  - rescale: {to: [0, 1]}\n"
                                "  - pad: {images: t1, by: 2, mode: edge}\n";
    const int before = lar_threads_get();
    lar_threads_set(1);
    lar_case *one = prepare(steps);
    lar_threads_set(3);
    lar_case *three = prepare(steps);
    lar_threads_set(before);
    for (int n = 0; n < IMAGES; n++) same(one->images[n], three->images[n]);
    assert_memory_equal(&one->fits[T1].curve, &three->fits[T1].curve, sizeof one->fits[T1].curve);
    lar_case_free(one);
    lar_case_free(three);
}

/* The sentence names the case, the step and the image. */
static void failures_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *steps, *words;
        lar_status status;
    } cases[] = {
        { "  - smooth: {fwhm: 2}\n  - mask: {images: flair, method: threshold, low: 1e6}\n"
          "  - resample: {images: flair, onto: t1}\n",
          "step 2, mask, cannot be done to 'flair'", LAR_ENUMERIC },
        { "  - mask: {method: positive, invert: yes, images: t1}\n  - n4: {}\n"
          "  - resample: {images: flair, onto: t1}\n",
          "step 2, n4, cannot be done to 't1'", LAR_ENUMERIC },
        { "  - clip: {range: [500, 600]}\n  - rescale: {}\n"
          "  - resample: {images: flair, onto: t1}\n",
          "step 2, rescale, cannot be done to 't1'", LAR_ENUMERIC },
        { "  - crop: {images: t1, range: [0, 0.001]}\n", "step 1, crop, cannot be done to 't1'",
          LAR_EARGUMENT },
        { "  - pad: {images: t1, size: 4}\n", "step 1, pad, cannot be done to 't1'",
          LAR_EARGUMENT },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        lar_case *prepared;
        CHECK_FAILS(try_prepare(&prepared, cases[n].steps), cases[n].status, cases[n].words);
        assert_non_null(strstr(lar_error(), "case 'A' cannot be prepared"));
        assert_null(prepared);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(n4_is_n4),
        cmocka_unit_test(smooth_mask_and_clip_are_theirs),
        cmocka_unit_test(order_is_the_one_given),
        cmocka_unit_test(tissue_comes_from_the_t1),
        cmocka_unit_test(curves_compose),
        cmocka_unit_test(pad_and_crop_move_the_grid),
        cmocka_unit_test(resample_keeps_its_settings),
        cmocka_unit_test(threads_do_not_show),
        cmocka_unit_test(failures_are_named),
    };
    lar_threads_set(1); /* the scans are tiny */
    return cmocka_run_group_tests(tests, scans_make, scans_remove);
}
