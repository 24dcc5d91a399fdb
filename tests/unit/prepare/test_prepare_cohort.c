/* A cohort into its work folder and out of it again: one bad case among good ones, stopping and
 * going on, what is kept and what is refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include "small_cohort.h"

#include <sys/stat.h>
#include <utime.h>

enum { SUBJECTS = 5 };

#define STUDY                                                                                      \
    "data:\n"                                                                                      \
    "  images:\n"                                                                                  \
    "    t1: {path: \"t1/{subject}.nii.gz\"}\n"                                                    \
    "    flair: {path: \"flair/{subject}.nii\", role: target, contrast: flair}\n"                  \
    "  split: {valid: 2}\n"
#define STEPS "prepare: [{resample: {images: flair, onto: t1}}, {normalize: {}}]\n"

static void put_scans(const char *id, int kind)
{
    char name[64];
    const lar_grid t1 = small_grid(9 + kind, 10, 8, 2), flair = small_grid(12, 11, 10, 1.8);
    snprintf(name, sizeof name, "t1/%s.nii.gz", id);
    small_write(small_image(&t1, LAR_I16, kind), in_root(name));
    snprintf(name, sizeof name, "flair/%s.nii", id);
    small_write(small_image(&flair, LAR_F32, kind + 10), in_root(name));
}

static int cohort_make(void **state)
{
    (void)state;
    root_make();
    for (int n = 0; n < SUBJECTS; n++) {
        char id[16];
        snprintf(id, sizeof id, "S%d", n + 1);
        put_scans(id, n);
    }
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

/* The first `room` bytes of a file. */
static void damage(const char *path, size_t keep)
{
    char *bytes;
    size_t count;
    CHECK_OK(lar_file_read(&bytes, &count, path, 1 << 24));
    assert_true(keep < count);
    CHECK_OK(lar_file_write(path, bytes, keep, true));
    lar_free(bytes);
}

static void opens_what_was_prepared(void **state)
{
    (void)state;
    lar_prepare_report report;
    lar_prepared *prepared;
    CHECK_FAILS(cohort_open(&prepared, STUDY STEPS), LAR_ENOINPUT, "nothing is prepared in");
    assert_non_null(strstr(lar_error(), "try larmor prepare exp.yaml"));
    CHECK_OK(cohort_run(&report, STUDY STEPS, false));
    assert_int_equal(report.done, SUBJECTS);
    assert_false(lar_path_exists(in_root("exp/failed.tsv")));
    CHECK_OK(cohort_open(&prepared, STUDY STEPS));
    assert_int_equal(prepared->case_count, SUBJECTS);
    assert_int_equal(prepared->failed_count, 0);
    assert_int_equal(lar_prepared_count(prepared, LAR_TRAIN), 3);
    assert_int_equal(lar_prepared_count(prepared, LAR_VALID), 2);
    assert_int_equal(lar_prepared_find(prepared, "flair"), 1);
    assert_int_equal(lar_prepared_find(prepared, "t2"), -1);
    assert_int_equal(prepared->images[1].role, LAR_TARGET);
    assert_string_equal(prepared->images[1].contrast, "flair");
    lar_study *study = small_study(STUDY STEPS, root);
    for (int64_t n = 0; n < SUBJECTS; n++) {
        const lar_prepared_case *found = &prepared->cases[n];
        char t1[32], flair[32];
        lar_case *again;
        snprintf(t1, sizeof t1, "t1/%s.nii.gz", found->id);
        snprintf(flair, sizeof flair, "flair/%s.nii", found->id);
        const char *const paths[] = { in_root(t1), in_root(flair) };
        CHECK_OK(lar_prepare_case(&again, study, NULL, found->id, paths, true));
        for (int64_t m = 0; m < 2; m++) {
            lar_image *image;
            CHECK_OK(lar_prepared_map(&image, prepared, n, m));
            assert_int_equal(image->type, LAR_F32);
            assert_memory_equal(&image->grid, &found->grid, sizeof found->grid);
            assert_memory_equal(&image->grid, &again->grid, sizeof again->grid);
            assert_memory_equal(image->voxels, again->images[m]->voxels,
                                (size_t)lar_image_voxel_count(image) * sizeof(float));
            assert_string_equal(found->fits[m].method, "zscore");
            assert_int_equal(found->fits[m].values.count, 2);
            for (int v = 0; v < 2; v++)
                CHECK_NEAR(found->fits[m].values.at[v], again->fits[m].values.at[v], 0);
            lar_image_free(image);
        }
        lar_case_free(again);
    }
    lar_study_free(study);
    lar_prepared_free(prepared);
}

static void done_cases_are_kept(void **state)
{
    (void)state;
    lar_prepare_report report;
    lar_prepared *prepared;
    lar_image *image;
    CHECK_OK(cohort_run(&report, STUDY STEPS, false));
    CHECK_OK(cohort_run(&report, STUDY STEPS, false));
    assert_int_equal(report.kept, SUBJECTS);
    assert_int_equal(report.done, 0);
    CHECK_OK(cohort_run(&report, STUDY STEPS, true));
    assert_int_equal(report.done, SUBJECTS);
    /* a torn volume is made again; a scan that changed too */
    damage(in_root("exp/prepared/S2/t1.nii"), 1000);
    CHECK_OK(cohort_open(&prepared, STUDY STEPS));
    CHECK_FAILS(lar_prepared_map(&image, prepared, 1, 0), LAR_EFORMAT, "'S2'");
    lar_prepared_free(prepared);
    put_scans("S4", 9);
    const struct utimbuf later = { .actime = 2000000000, .modtime = 2000000000 };
    assert_int_equal(utime(in_root("flair/S5.nii"), &later), 0); /* of the same length */
    CHECK_OK(cohort_run(&report, STUDY STEPS, false));
    assert_int_equal(report.kept, SUBJECTS - 2); /* S5 was touched, but holds the same bytes */
    assert_int_equal(report.done, 2);
    assert_int_equal(report.damaged, 1);
    CHECK_OK(cohort_open(&prepared, STUDY STEPS));
    assert_int_equal(prepared->cases[3].grid.size[0], 18);
    CHECK_OK(lar_prepared_map(&image, prepared, 1, 0));
    lar_image_free(image);
    lar_prepared_free(prepared);
}

static void another_study_is_refused(void **state)
{
    (void)state;
    static const char other[] = STUDY "prepare: [{resample: {images: flair, onto: t1, "
                                      "interpolation: linear}}, {normalize: {}}]\n";
    lar_prepare_report report;
    lar_prepared *prepared;
    CHECK_OK(cohort_run(&report, STUDY STEPS, false));
    CHECK_FAILS(cohort_open(&prepared, other), LAR_EARGUMENT,
                "it was made with 'prepare.1.resample.interpolation: cubic', the study now says "
                "'prepare.1.resample.interpolation: linear'");
    CHECK_FAILS(cohort_run(&report, other, false), LAR_EEXISTS, "was prepared by another study");
    CHECK_OK(cohort_open(&prepared, STUDY STEPS)); /* the refused run changed nothing */
    lar_prepared_free(prepared);
    CHECK_OK(cohort_run(&report, other, true));
    CHECK_OK(cohort_open(&prepared, other));
    lar_prepared_free(prepared);
    /* what does not concern the volumes may change: comments, training */
    CHECK_OK(cohort_run(&report, STUDY STEPS, true));
    CHECK_OK(cohort_open(&prepared, "# said again\n" STUDY STEPS "train: {epochs: 3}\n"));
    lar_prepared_free(prepared);
}

static void split_is_kept(void **state)
{
    (void)state;
    static const char seeded[] = "data:\n"
                                 "  images:\n"
                                 "    t1: {path: \"t1/{subject}.nii.gz\"}\n"
                                 "    flair: {path: \"flair/{subject}.nii\", role: target, "
                                 "contrast: flair}\n"
                                 "  split: {valid: 2, seed: 3}\n" STEPS;
    lar_prepare_report report;
    lar_prepared *prepared;
    char *before, *after;
    size_t length;
    CHECK_OK(cohort_run(&report, STUDY STEPS, false));
    CHECK_OK(lar_file_read(&before, &length, in_root("exp/split.csv"), 4096));
    assert_true(lar_text_starts(before, "subject,split\nS1,"));
    CHECK_FAILS(cohort_open(&prepared, seeded), LAR_EARGUMENT, "data.split.seed: 1");
    CHECK_FAILS(cohort_run(&report, seeded, false), LAR_EEXISTS, "splits the subjects otherwise");
    CHECK_OK(lar_file_read(&after, &length, in_root("exp/split.csv"), 4096));
    assert_string_equal(before, after);
    lar_free(after);
    CHECK_OK(lar_file_remove(in_root("exp/split.csv")));
    CHECK_OK(cohort_run(&report, seeded, false));
    assert_int_equal(report.kept, SUBJECTS); /* volumes do not depend on the split */
    CHECK_OK(cohort_open(&prepared, seeded));
    lar_prepared_free(prepared);
    /* the old split by its file, which is then edited */
    CHECK_OK(lar_file_write(in_root("old.csv"), before, strlen(before), false));
    CHECK_OK(lar_file_remove(in_root("exp/split.csv")));
    static const char filed[] = "data:\n"
                                "  images:\n"
                                "    t1: {path: \"t1/{subject}.nii.gz\"}\n"
                                "    flair: {path: \"flair/{subject}.nii\", role: target, "
                                "contrast: flair}\n"
                                "  split: old.csv\n" STEPS;
    CHECK_OK(cohort_run(&report, filed, false));
    CHECK_OK(lar_file_read(&after, &length, in_root("exp/split.csv"), 4096));
    assert_string_equal(before, after);
    lar_free(after);
    CHECK_OK(cohort_open(&prepared, filed));
    lar_prepared_free(prepared);
    char *word = strstr(before, "train");
    memcpy(word, "valid", 5);
    CHECK_OK(lar_file_write(in_root("old.csv"), before, strlen(before), true));
    CHECK_FAILS(cohort_open(&prepared, filed), LAR_EARGUMENT, "was prepared as train");
    lar_free(before);
}

static void a_bad_case_does_not_stop_the_others(void **state)
{
    (void)state;
    lar_prepare_report report;
    lar_prepared *prepared;
    char *text;
    size_t length;
    damage(in_root("t1/S2.nii.gz"), 200); /* its header can still be read */
    damage(in_root("flair/S3.nii"), 100); /* and here it cannot */
    CHECK_FAILS(cohort_run(&report, STUDY STEPS, false), LAR_EPARTIAL, "2 of 5 cases failed");
    assert_int_equal(report.done, 3);
    assert_int_equal(report.failed, 2);
    CHECK_OK(lar_file_read(&text, &length, in_root("exp/failed.tsv"), 4096));
    assert_true(lar_text_starts(text, "subject\treason\nS2\t"));
    assert_non_null(strstr(text, "\nS3\tcase 'S3': 'flair' cannot be read, because "));
    assert_int_equal(length, strlen(text));
    int lines = 0;
    for (const char *c = text; *c; c++) lines += *c == '\n';
    assert_int_equal(lines, 3);
    lar_free(text);
    CHECK_OK(cohort_open(&prepared, STUDY STEPS));
    assert_int_equal(prepared->case_count, 3);
    assert_int_equal(prepared->failed_count, 2);
    assert_string_equal(prepared->cases[1].id, "S4");
    lar_prepared_free(prepared);
    put_scans("S2", 1);
    put_scans("S3", 2);
    CHECK_OK(cohort_run(&report, STUDY STEPS, false));
    assert_int_equal(report.kept, 3);
    assert_int_equal(report.done, 2);
    assert_false(lar_path_exists(in_root("exp/failed.tsv")));
    /* a case that was done and now fails takes its volumes away */
    damage(in_root("t1/S2.nii.gz"), 200);
    CHECK_FAILS(cohort_run(&report, STUDY STEPS, false), LAR_EPARTIAL, "1 of 5 cases failed");
    assert_false(lar_path_exists(in_root("exp/prepared/S2/t1.nii")));
}

static void other_grids_are_an_error_before_anything_runs(void **state)
{
    (void)state;
    lar_prepare_report report;
    CHECK_FAILS(cohort_run(&report, STUDY "prepare: [{normalize: {}}]\n", false), LAR_EGEOMETRY,
                "case 'S1': 'flair' is on another grid (12x11x10, 1.8x1.8x1.8 mm, RAS) than 't1' "
                "(9x10x8, 2x2x2 mm, RAS)");
    assert_non_null(strstr(lar_error(), "try the step '- resample: {images: [flair], onto: t1}'"));
    assert_false(lar_path_exists(in_root("exp")));
}

typedef struct patience {
    int left;
} patience;

static bool run_out(void *user, const char *stage, double fraction)
{
    (void)stage;
    (void)fraction;
    return ((patience *)user)->left-- > 0;
}

static void goes_on_where_it_was_stopped(void **state)
{
    (void)state;
    lar_prepare_report report;
    lar_prepared *prepared;
    char *whole, *resumed;
    size_t whole_count, resumed_count;
    CHECK_OK(cohort_run(&report, STUDY STEPS, false));
    CHECK_OK(lar_file_read(&whole, &whole_count, in_root("exp/prepared/cases.json"), 1 << 20));
    check_folder_remove(in_root("exp"));
    patience two = { 2 };
    CHECK_FAILS(run_with(&report, STUDY STEPS, false, (lar_progress){ run_out, &two }),
                LAR_ESTOPPED, "stopped before 'S3'");
    CHECK_FAILS(cohort_open(&prepared, STUDY STEPS), LAR_ENOINPUT, "was stopped before 'S3'");
    CHECK_OK(cohort_run(&report, STUDY STEPS, false));
    assert_int_equal(report.kept, 2);
    assert_int_equal(report.done, 3);
    CHECK_OK(lar_file_read(&resumed, &resumed_count, in_root("exp/prepared/cases.json"), 1 << 20));
    assert_int_equal(whole_count, resumed_count);
    assert_memory_equal(whole, resumed, whole_count);
    lar_free(whole);
    lar_free(resumed);
}

static void a_damaged_record_is_said(void **state)
{
    (void)state;
    lar_prepare_report report;
    lar_prepared *prepared;
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"form\": 7}",
        "{\"form\": 1, \"recipe\": [], \"draw\": [], \"images\": [{\"name\": \"../x\", \"role\": "
        "\"input\"}], \"cases\": []}",
        "{\"form\": 1, \"recipe\": [], \"draw\": [], \"images\": [{\"name\": \"t1\", \"role\": "
        "\"input\"}], \"cases\": [{\"subject\": \"../../x\", \"split\": \"train\", \"status\": "
        "\"pending\"}]}",
        "{\"form\": 1, \"recipe\": [], \"draw\": [], \"images\": [{\"name\": \"t1\", \"role\": "
        "\"input\"}], \"cases\": [{\"subject\": \"x\", \"split\": \"train\", \"status\": \"done\", "
        "\"grid\": {\"size\": [0, 1, 1], \"to_world\": [[1,0,0,0],[0,1,0,0],[0,0,1,0]]}}]}",
    };
    CHECK_OK(cohort_run(&report, STUDY STEPS, false));
    for (size_t n = 0; n < sizeof texts / sizeof *texts; n++) {
        CHECK_OK(
            lar_file_write(in_root("exp/prepared/cases.json"), texts[n], strlen(texts[n]), true));
        CHECK_FAILS(lar_prepared_open(&prepared, in_root("exp"), NULL, NULL), LAR_EFORMAT,
                    "is not what prepare writes");
        CHECK_FAILS(cohort_run(&report, STUDY STEPS, false), LAR_EFORMAT,
                    "is not what prepare writes");
    }
    CHECK_OK(cohort_run(&report, STUDY STEPS, true));
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, cohort_make, cohort_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(opens_what_was_prepared),
        EACH(done_cases_are_kept),
        EACH(another_study_is_refused),
        EACH(split_is_kept),
        EACH(a_bad_case_does_not_stop_the_others),
        EACH(other_grids_are_an_error_before_anything_runs),
        EACH(goes_on_where_it_was_stopped),
        EACH(a_damaged_record_is_said),
    };
    lar_threads_set(1); /* the scans are tiny: threads would only wait for each other */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
