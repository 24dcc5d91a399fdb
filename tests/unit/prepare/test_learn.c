/* What a cohort's normalizers learn: from the training subjects alone, kept while they stay the
 * same, and the same whether or not a run was stopped.
 * SPDX-License-Identifier: Apache-2.0 */
#include "small_cohort.h"

#include <sys/stat.h>
#include <utime.h>

enum { SUBJECTS = 6, TRAINING = 4 };

#define DATA                                                                                       \
    "data:\n"                                                                                      \
    "  images:\n"                                                                                  \
    "    t1: {path: \"t1/{subject}.nii\", contrast: t1}\n"                                         \
    "    flair: {path: \"flair/{subject}.nii\", role: target, contrast: flair}\n"                  \
    "  split: split.csv\n"
#define STEPS                                                                                      \
    "prepare:\n"                                                                                   \
    "  - smooth: {fwhm: 3}\n"                                                                      \
    "  - normalize: {method: nyul, foreground: whole}\n"                                           \
    "  - resample: {images: flair, onto: t1}\n"

static void put_scans(int n, int kind)
{
    char name[64];
    const lar_grid t1 = small_grid(14 + n, 15, 13, 2), flair = small_grid(15, 16, 12, 1.8);
    snprintf(name, sizeof name, "t1/S%d.nii", n);
    small_write(small_image(&t1, LAR_F32, kind), in_root(name));
    snprintf(name, sizeof name, "flair/S%d.nii", n);
    small_write(small_image(&flair, LAR_F32, kind + 20), in_root(name));
}

static void put_text(const char *name, const char *text)
{
    CHECK_OK(lar_file_write(in_root(name), text, strlen(text), true));
}

static int cohort_make(void **state)
{
    (void)state;
    root_make();
    for (int n = 1; n <= SUBJECTS; n++) put_scans(n, n);
    put_text("split.csv",
             "subject,split\nS1,train\nS2,valid\nS3,train\nS4,train\nS5,test\nS6,train\n");
    return 0;
}

static lar_status run_with(lar_prepare_report *report, const char *text, bool force,
                           lar_progress progress)
{
    lar_study *study = small_study(text, root);
    const lar_prepare_params params = { .force = force, .memory = LAR_INT_AUTO };
    const lar_status status = lar_prepare_cohort(report, study, &params, NULL, progress);
    lar_study_free(study);
    return status;
}

static lar_status run(lar_prepare_report *report, bool force)
{
    return run_with(report, DATA STEPS, force, (lar_progress){ 0 });
}

/* Yours to free. */
static char *text_of(const char *name)
{
    static char *text; /* static: gcc 12 takes the result for a pointer to a local variable */
    size_t length;
    CHECK_OK(lar_file_read(&text, &length, in_root(name), 1 << 20));
    return text;
}

static bool changed(const char *name, const char *before)
{
    char *now = text_of(name);
    const bool differs = strcmp(before, now) != 0;
    lar_free(now);
    return differs;
}

/* The standard by hand: smoothed training scans, in the order of the cohort. */
static void is_learned_by_hand(void **state)
{
    (void)state;
    lar_prepare_report report;
    lar_prepared *prepared;
    lar_normalizer *normalizer, *kept;
    lar_normalize_params how = lar_normalize_default();
    const lar_smooth_params wide = { .fwhm = { .count = 1, .at = { 3 } } };
    const char *method = "nyul";
    const lar_param *param = lar_param_find(lar_normalize_table, "method");
    while (!lar_text_is(param->choices[how.method], method)) how.method++;
    how.foreground = LAR_FOREGROUND_WHOLE;
    how.contrast = LAR_CONTRAST_T1;
    CHECK_OK(run(&report, false));
    assert_int_equal(report.done, SUBJECTS);
    CHECK_OK(lar_normalizer_new(&normalizer, &how));
    for (int n = 1; n <= SUBJECTS; n++) {
        char name[32];
        lar_image *image, *smooth;
        if (n == 2 || n == 5) continue;
        snprintf(name, sizeof name, "t1/S%d.nii", n);
        CHECK_OK(lar_image_read(&image, in_root(name)));
        CHECK_OK(lar_smooth(&smooth, image, NULL, &wide));
        CHECK_OK(lar_normalizer_learn(normalizer, smooth, NULL, NULL));
        lar_image_free(smooth);
        lar_image_free(image);
    }
    CHECK_OK(lar_normalizer_end_pass(normalizer));
    CHECK_OK(lar_normalizer_write(normalizer, in_root("hand.json"), true));
    char *hand = text_of("hand.json");
    assert_false(changed("exp/prepared/fits/2_t1.json", hand));
    assert_true(changed("exp/prepared/fits/2_flair.json", hand));
    lar_free(hand);
    CHECK_OK(lar_normalizer_read(&kept, in_root("exp/prepared/fits/2_t1.json")));
    /* and a held-out scan is normalized by it */
    lar_study *study = small_study(DATA STEPS, root);
    CHECK_OK(lar_study_prepared(&prepared, study));
    lar_image *image, *smooth, *expected, *found;
    CHECK_OK(lar_image_read(&image, in_root("t1/S2.nii")));
    CHECK_OK(lar_smooth(&smooth, image, NULL, &wide));
    CHECK_OK(lar_normalizer_fit(kept, smooth, NULL, NULL));
    CHECK_OK(lar_normalizer_apply(&expected, kept, smooth));
    CHECK_OK(lar_prepared_map(&found, prepared, 1, 0));
    assert_string_equal(prepared->cases[1].id, "S2");
    assert_string_equal(prepared->cases[1].fits[0].method, "nyul");
    assert_memory_equal(found->voxels, expected->voxels,
                        (size_t)lar_image_voxel_count(found) * sizeof(float));
    lar_image_free(found);
    lar_image_free(expected);
    lar_image_free(smooth);
    lar_image_free(image);
    lar_prepared_free(prepared);
    lar_study_free(study);
    lar_normalizer_free(kept);
    lar_normalizer_free(normalizer);
}

/* R25: nothing of a held-out scan may reach what is learned. */
static void held_out_scans_teach_nothing(void **state)
{
    (void)state;
    lar_prepare_report report;
    CHECK_OK(run(&report, false));
    char *before = text_of("exp/prepared/fits/2_t1.json");
    char *from = text_of("exp/prepared/fits/2_t1.txt");
    assert_non_null(strstr(from, "learned from S1\n"));
    assert_null(strstr(from, "from S2"));
    assert_null(strstr(from, "S5.nii"));
    lar_free(from);
    put_scans(2, 50);
    put_scans(5, 51);
    const struct utimbuf later = { .actime = 2000000000, .modtime = 2000000000 };
    assert_int_equal(utime(in_root("t1/S2.nii"), &later), 0); /* of the same length */
    assert_int_equal(utime(in_root("t1/S5.nii"), &later), 0);
    CHECK_OK(run(&report, false));
    assert_int_equal(report.kept, TRAINING);
    assert_false(changed("exp/prepared/fits/2_t1.json", before));
    CHECK_OK(run(&report, true)); /* learned anew */
    assert_false(changed("exp/prepared/fits/2_t1.json", before));
    lar_free(before);
}

static void training_scans_and_split_do(void **state)
{
    (void)state;
    lar_prepare_report report;
    lar_prepared *prepared;
    CHECK_OK(run(&report, false));
    CHECK_OK(run(&report, false));
    assert_int_equal(report.kept, SUBJECTS);
    char *before = text_of("exp/prepared/fits/2_t1.json");
    put_scans(3, 60);
    const struct utimbuf later = { .actime = 2000000000, .modtime = 2000000000 };
    assert_int_equal(utime(in_root("t1/S3.nii"), &later), 0); /* of the same length */
    CHECK_OK(run(&report, false));
    assert_int_equal(report.kept, 0); /* every volume depends on the standard */
    assert_true(changed("exp/prepared/fits/2_t1.json", before));
    lar_free(before);
    /* another split */
    before = text_of("exp/prepared/fits/2_t1.json");
    put_text("split.csv",
             "subject,split\nS1,valid\nS2,train\nS3,train\nS4,train\nS5,test\nS6,train\n");
    CHECK_OK(lar_file_remove(in_root("exp/split.csv")));
    CHECK_OK(run(&report, false));
    assert_int_equal(report.done, SUBJECTS);
    assert_true(changed("exp/prepared/fits/2_t1.json", before));
    lar_free(before);
    /* a standard that is not the one the volumes were made by */
    lar_study *study = small_study(DATA STEPS, root);
    lar_standards *standards;
    CHECK_OK(lar_study_prepared(&prepared, study));
    CHECK_OK(lar_standards_new(&standards, study));
    assert_int_equal(standards->count, 2);
    assert_string_equal(standards->at[1].name, "2_flair");
    CHECK_OK(lar_standards_read(standards, study, prepared->work, prepared->record->standards));
    char *other = text_of("exp/prepared/fits/2_flair.json");
    put_text("exp/prepared/fits/2_t1.json", other);
    lar_free(other);
    /* of another scan: the contrast tells; of another population: the bits */
    CHECK_FAILS(lar_standards_read(standards, study, prepared->work, prepared->record->standards),
                LAR_EARGUMENT, "is a fit for the contrast flair, and the scan is t1");
    lar_text as_t1 = { 0 };
    other = text_of("exp/prepared/fits/2_flair.json");
    const size_t at = (size_t)(strstr(other, "\"flair\"") - other);
    lar_text_add(&as_t1, "%.*s\"t1\"%s", (int)at, other, other + at + strlen("\"flair\""));
    put_text("exp/prepared/fits/2_t1.json", as_t1.at);
    lar_text_clear(&as_t1);
    lar_free(other);
    CHECK_FAILS(lar_standards_read(standards, study, prepared->work, prepared->record->standards),
                LAR_ENOINPUT, "were not prepared by the standards in");
    lar_standards_free(standards);
    lar_prepared_free(prepared);
    lar_study_free(study);
}

static void a_bad_training_scan_is_left_out(void **state)
{
    (void)state;
    lar_prepare_report report;
    const lar_grid grid = small_grid(9, 9, 9, 2);
    lar_image *constant;
    CHECK_OK(lar_image_new(&constant, &grid, 1, LAR_F32));
    small_write(constant, in_root("t1/S3.nii"));
    CHECK_FAILS(run(&report, false), LAR_EPARTIAL, "1 of 6 cases failed");
    assert_int_equal(report.done, SUBJECTS - 1);
    char *from = text_of("exp/prepared/fits/2_t1.txt");
    assert_non_null(strstr(from, "\nleft out S3: case 'S3' is left out of the standard of 't1', "
                                 "because case 'S3': 't1' is constant"));
    lar_free(from);
    from = text_of("exp/prepared/fits/2_flair.txt"); /* whose scans are sound */
    assert_null(strstr(from, "left out"));
    lar_free(from);
    /* as if it had not been there: the flair's is of four, the t1's of three */
    char *before = text_of("exp/prepared/fits/2_t1.json");
    CHECK_FAILS(run(&report, false), LAR_EPARTIAL, "1 of 6 cases failed");
    assert_int_equal(report.kept, SUBJECTS - 1);
    assert_false(changed("exp/prepared/fits/2_t1.json", before));
    lar_free(before);
    /* none is left */
    for (int n = 1; n <= SUBJECTS; n++) {
        char name[32];
        CHECK_OK(lar_image_new(&constant, &grid, 1, LAR_F32));
        snprintf(name, sizeof name, "t1/S%d.nii", n);
        small_write(constant, in_root(name));
    }
    CHECK_FAILS(run(&report, true), LAR_EARGUMENT,
                "no standard of 't1' can be learned from the training subjects");
}

static bool run_out(void *user, const char *stage, double fraction)
{
    (void)stage;
    (void)fraction;
    return (*(int *)user)-- > 0;
}

static void goes_on_where_it_was_stopped(void **state)
{
    (void)state;
    lar_prepare_report report;
    CHECK_OK(run(&report, false));
    char *cases = text_of("exp/prepared/cases.json");
    for (int left = 0; left < 2 * TRAINING + 2; left++) {
        int patience = left;
        check_folder_remove(in_root("exp"));
        CHECK_FAILS(run_with(&report, DATA STEPS, false, (lar_progress){ run_out, &patience }),
                    LAR_ESTOPPED,
                    left < 2 * TRAINING ? "stopped before it learned from" : "stopped before");
        lar_prepared *prepared;
        lar_study *study = small_study(DATA STEPS, root);
        CHECK_FAILS(lar_study_prepared(&prepared, study), LAR_ENOINPUT, "");
        lar_study_free(study);
        CHECK_OK(run(&report, false));
        assert_false(changed("exp/prepared/cases.json", cases));
    }
    /* a standard without the word of what it was learned from, or a damaged one: again */
    CHECK_OK(lar_file_remove(in_root("exp/prepared/fits/2_t1.txt")));
    put_text("exp/prepared/fits/2_flair.json", "{");
    CHECK_OK(run(&report, false));
    assert_int_equal(report.kept, SUBJECTS);
    assert_false(changed("exp/prepared/cases.json", cases));
    lar_free(cases);
}

static void threads_do_not_show(void **state)
{
    (void)state;
    lar_prepare_report report;
    lar_threads_set(1);
    CHECK_OK(run(&report, false));
    char *cases = text_of("exp/prepared/cases.json");
    char *standard = text_of("exp/prepared/fits/2_t1.json");
    lar_threads_set(3);
    CHECK_OK(run(&report, true));
    lar_threads_set(1);
    assert_false(changed("exp/prepared/cases.json", cases));
    assert_false(changed("exp/prepared/fits/2_t1.json", standard));
    lar_free(cases);
    lar_free(standard);
}

/* Curves of unequal counts: the mean of what they undo. */
static void unequal_curves_are_averaged(void **state)
{
    (void)state;
    lar_arena *arena;
    lar_fit mean;
    const lar_fit a = { .method = "nyul",
                        .curve = { .count = 3, .from = { 0, 10, 30 }, .to = { 0, 1, 2 } } };
    const lar_fit b = { .method = "nyul",
                        .curve = { .count = 2, .from = { 0, 40 }, .to = { 0, 2 } } };
    const lar_fit *const fits[] = { &b, &a };
    CHECK_OK(lar_arena_new(&arena));
    CHECK_OK(lar_fit_average(&mean, fits, 2, arena));
    assert_int_equal(mean.curve.count, 3);
    const double from[] = { 0, 15, 35 };
    for (int n = 0; n < 3; n++) {
        CHECK_NEAR(mean.curve.from[n], from[n], 1e-12);
        CHECK_NEAR(mean.curve.to[n], n, 0);
    }
    lar_arena_free(arena);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, cohort_make, cohort_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(is_learned_by_hand),
        EACH(held_out_scans_teach_nothing),
        EACH(training_scans_and_split_do),
        EACH(a_bad_training_scan_is_left_out),
        EACH(goes_on_where_it_was_stopped),
        EACH(threads_do_not_show),
        cmocka_unit_test(unequal_curves_are_averaged),
    };
    lar_threads_set(1); /* the scans are tiny: threads would only wait for each other */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
