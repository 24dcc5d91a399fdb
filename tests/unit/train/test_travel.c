/* A model carries what its study learned of the cohort: a raw scan is prepared by it as the
 * training was, with nothing of the cohort there; and the units of what it predicts.
 * SPDX-License-Identifier: Apache-2.0 */
#include "train/train.h"
#include "unit/prepare/small_scans.h"

#define STUDY                                                                                      \
    "data:\n"                                                                                      \
    "  images:\n"                                                                                  \
    "    t1: {path: \"t1/{subject}.nii\", contrast: t1}\n"                                         \
    "    flair: {path: \"flair/{subject}.nii\", role: target, contrast: flair}\n"                  \
    "  split: {valid: 1}\n"                                                                        \
    "prepare:\n"                                                                                   \
    "  - smooth: {fwhm: 3}\n"                                                                      \
    "  - normalize: {method: nyul, foreground: whole}\n"                                           \
    "  - rescale: {images: flair, from: [0, 100], to: [0, 1]}\n"                                   \
    "  - resample: {spacing: 2.5, images: t1}\n"                                                   \
    "  - resample: {images: flair, onto: t1}\n"                                                    \
    "network: {channels: 2, blocks: 1}\n"                                                          \
    "train: {epochs: 1, batch: 1}\n"

enum { SUBJECTS = 4 };

static char root[64];

static const char *in_root(const char *name)
{
    static char path[8][256];
    static int turn;
    char *at = path[turn++ % 8];
    snprintf(at, sizeof path[0], "%s/%s", root, name);
    return at;
}

static int cohort_make(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "%s", check_folder());
    for (int n = 1; n <= SUBJECTS; n++) {
        char name[32];
        const lar_grid t1 = small_grid(16, 15, 13, 2), flair = small_grid(15, 16, 12, 1.8);
        snprintf(name, sizeof name, "t1/S%d.nii", n);
        small_write(small_image(&t1, LAR_F32, n), in_root(name));
        snprintf(name, sizeof name, "flair/S%d.nii", n);
        small_write(small_image(&flair, LAR_F32, n + 20), in_root(name));
    }
    return 0;
}

static int cohort_remove(void **state)
{
    (void)state;
    check_folder_remove(root);
    return 0;
}

static void model_prepares_without_the_cohort(void **state)
{
    (void)state;
    lar_prepare_report report;
    lar_prepared *prepared;
    lar_trained *model;
    lar_study *study = small_study(STUDY, root);
    const lar_prepare_params params = { .memory = LAR_INT_AUTO };
    CHECK_OK(lar_prepare_cohort(&report, study, &params, NULL, (lar_progress){ 0 }));
    CHECK_OK(lar_train(study, false, (lar_progress){ 0 }, NULL, NULL));
    CHECK_OK(lar_study_prepared(&prepared, study));
    CHECK_OK(lar_trained_read(&model, in_root("exp/train/last.safetensors")));
    assert_int_equal(model->standards->count, 2);
    for (int64_t n = 0; n < SUBJECTS; n++) {
        lar_case *again;
        lar_image *before;
        char t1[32];
        snprintf(t1, sizeof t1, "t1/%s.nii", prepared->cases[n].id);
        const char *const paths[] = { in_root(t1), NULL };
        CHECK_OK(lar_prepare_case(&again, model->study, model->standards, "raw", paths, false));
        CHECK_OK(lar_prepared_map(&before, prepared, n, 0));
        assert_int_equal(lar_image_voxel_count(before), lar_image_voxel_count(again->images[0]));
        assert_memory_equal(before->voxels, again->images[0]->voxels,
                            (size_t)lar_image_voxel_count(before) * sizeof(float));
        lar_image_free(before);
        lar_case_free(again);
    }
    /* training goes on only by the standards that the volumes were made by */
    lar_trained_free(model);
    check_folder_remove(in_root("exp/prepared/fits"));
    CHECK_FAILS(lar_trained_new(&model, study, prepared), LAR_ENOINPUT, "2_t1.json");
    /* the model needs nothing but itself */
    lar_prepared_free(prepared);
    check_folder_remove(in_root("exp/prepared"));
    CHECK_OK(lar_trained_read(&model, in_root("exp/train/best.safetensors")));
    lar_image *synthesis;
    const char *const raw[] = { in_root("t1/S1.nii") };
    const lar_predict_params how = lar_predict_default();
    CHECK_OK(lar_trained_predict(&synthesis, model, raw, &how, (lar_progress){ 0 }));
    lar_image_free(synthesis);
    lar_text units = { 0 };
    lar_trained_units(&units, model, 0);
    assert_string_equal(units.at, "in the units of the training targets on average, smoothed");
    lar_text_clear(&units);
    /* through both maps: the ends of the average curve are those of the flairs, some 10 to 190 */
    const lar_curve *curve = &model->target_fits[0].curve;
    CHECK_NEAR(curve->to[0], 0.01, 1e-9);
    CHECK_NEAR(curve->to[curve->count - 1], 1, 1e-9);
    assert_true(curve->from[0] > 5 && curve->from[curve->count - 1] < 195);
    lar_trained_free(model);
    lar_study_free(study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(model_prepares_without_the_cohort, cohort_make,
                                        cohort_remove),
    };
    lar_threads_set(1); /* the scans are tiny */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
