/* Cases whose registration is doubted: how they are written, recorded, left out of training, and
 * trusted.
 * SPDX-License-Identifier: Apache-2.0 */
#include "phantom_scans.h"
#include "small_cohort.h"

enum { SUBJECTS = 3 };

#define STUDY                                                                                      \
    "data:\n"                                                                                      \
    "  images:\n"                                                                                  \
    "    t1: {path: \"t1/{subject}.nii\"}\n"                                                       \
    "    flair: {path: \"flair/{subject}.nii\", role: target}\n"                                   \
    "  split: {valid: 1}\n"                                                                        \
    "  duplicates: warn\n" /* the mistake that is to be found by its registration */
#define STEPS   "prepare: [{register: {move: flair, to: t1, kind: rigid}}]\n"
#define TRUSTED STUDY "  trust: [S3]\n" STEPS

/* The third subject's flair is of the second one's head. */
static int cohort_make(void **state)
{
    (void)state;
    root_make();
    for (int n = 1; n <= SUBJECTS; n++) {
        lar_phantom *phantom = phantom_of(n, "t1,flair");
        lar_image *copy;
        char name[64];
        snprintf(name, sizeof name, "t1/S%d.nii", n);
        CHECK_OK(lar_image_copy(&copy, phantom->scans[0].image));
        small_write(copy, in_root(name));
        for (int of = n; n < 3 && of <= (n == 2 ? 3 : n); of++) {
            snprintf(name, sizeof name, "flair/S%d.nii", of);
            CHECK_OK(lar_image_copy(&copy, phantom->scans[1].image));
            small_write(copy, in_root(name));
        }
        lar_phantom_free(phantom);
    }
    return 0;
}

/* The third case's volumes under the one name and not under the other. */
static void written(bool flagged)
{
    static const char *const images[] = { "t1", "flair" };
    for (int n = 0; n < 2; n++) {
        char plain[64], marked[64];
        snprintf(plain, sizeof plain, "exp/prepared/S3/%s.nii", images[n]);
        snprintf(marked, sizeof marked, "exp/prepared/S3/%s.flagged.nii", images[n]);
        assert_int_equal(lar_path_exists(in_root(plain)), !flagged);
        assert_int_equal(lar_path_exists(in_root(marked)), flagged);
    }
    assert_int_equal(lar_path_exists(in_root("exp/flagged.tsv")), flagged);
    assert_false(lar_path_exists(in_root("exp/failed.tsv")));
}

static const char words[] = "1 of 3 cases is flagged, see '";

static void doubtful_cases_are_flagged(void **state)
{
    (void)state;
    lar_prepare_report report;
    CHECK_FAILS(cohort_run(&report, STUDY STEPS, false), LAR_EPARTIAL, words);
    assert_non_null(strstr(lar_error(), "'trust: [S3]' under data"));
    cohort_counts(&report, 2, 0, 1);
    written(true);

    char *text;
    size_t length;
    CHECK_OK(lar_file_read(&text, &length, in_root("exp/flagged.tsv"), 1 << 16));
    assert_true(
        lar_text_starts(text, "subject\treason\nS3\tstep 1: 'flair' may not lie on 't1': "));
    lar_free(text);

    /* training sees two, the record all three */
    lar_prepared *prepared;
    CHECK_OK(cohort_open(&prepared, STUDY STEPS));
    assert_int_equal(prepared->case_count, 2);
    assert_int_equal(prepared->flagged_count, 1);
    assert_int_equal(prepared->failed_count, 0);
    assert_int_equal(prepared->record->case_count, 3);
    for (int64_t n = 0; n < 3; n++) {
        const lar_case_record *record = &prepared->record->cases[n];
        assert_int_equal(record->state, n == 2 ? LAR_CASE_FLAGGED : LAR_CASE_DONE);
        assert_int_equal(record->findings.map_count, 1);
        assert_string_equal(record->findings.maps[0].move, "flair");
        assert_string_equal(record->findings.maps[0].to, "t1");
        assert_int_equal(record->findings.maps[0].verdict.doubtful, n == 2);
        if (n == 2)
            assert_non_null(strstr(record->reason, record->findings.maps[0].verdict.reason));
    }
    lar_prepared_free(prepared);
}

/* What is written is what the calls give, whatever the record went through. */
static void records_come_back(void **state)
{
    (void)state;
    lar_case *again;
    lar_study *study = small_study(STUDY STEPS, root);
    lar_prepared *prepared;
    CHECK_OK(cohort_open(&prepared, STUDY STEPS));
    const char *const paths[] = { in_root("t1/S3.nii"), in_root("flair/S3.nii") };
    CHECK_OK(lar_prepare_case(&again, study, NULL, "S3", paths, true));
    const lar_case_map *a = &prepared->record->cases[2].findings.maps[0],
                       *b = &again->findings.maps[0];
    assert_memory_equal(&a->affine, &b->affine, sizeof a->affine);
    assert_string_equal(a->verdict.reason, b->verdict.reason);
    CHECK_NEAR(a->verdict.sharpness, b->verdict.sharpness, 0);
    CHECK_NEAR(a->verdict.scale[2], b->verdict.scale[2], 0);
    CHECK_NEAR(a->verdict.jacobian[0], 1, 0);
    assert_int_equal(isnan(a->verdict.consistency_mm), isnan(b->verdict.consistency_mm));
    lar_image *flagged;
    CHECK_OK(lar_image_read(&flagged, in_root("exp/prepared/S3/flair.flagged.nii")));
    assert_memory_equal(flagged->voxels, again->images[1]->voxels,
                        (size_t)lar_image_voxel_count(flagged) * sizeof(float));
    lar_image_free(flagged);
    lar_case_free(again);
    lar_prepared_free(prepared);
    lar_study_free(study);
}

/* Kept as they are; under the other name where the study comes to trust them, and back. */
static void kept_trusted_and_doubted_again(void **state)
{
    (void)state;
    lar_prepare_report report;
    CHECK_FAILS(cohort_run(&report, STUDY STEPS, false), LAR_EPARTIAL, words);
    cohort_counts(&report, 0, 2, 1);
    written(true);

    lar_prepared *prepared;
    lar_study *study = small_study(TRUSTED, root);
    CHECK_FAILS(lar_study_prepared(&prepared, study), LAR_EARGUMENT,
                "the study now says "
                "'data.trust: S3'");
    lar_study_free(study);
    CHECK_OK(cohort_run(&report, TRUSTED, false));
    cohort_counts(&report, 0, 3, 0);
    written(false);
    CHECK_OK(cohort_open(&prepared, TRUSTED));
    assert_int_equal(prepared->case_count, 3);
    assert_int_equal(prepared->flagged_count, 0);
    assert_true(prepared->record->cases[2].findings.maps[0].verdict.doubtful);
    lar_image *flair;
    CHECK_OK(lar_prepared_map(&flair, prepared, 2, 1));
    lar_image_free(flair);
    lar_prepared_free(prepared);

    CHECK_FAILS(cohort_run(&report, STUDY STEPS, false), LAR_EPARTIAL, words);
    cohort_counts(&report, 0, 2, 1);
    written(true);
    /* stopped while its volumes were given other names: prepared again, nothing stays behind */
    assert_int_equal(
        rename(in_root("exp/prepared/S3/t1.flagged.nii"), in_root("exp/prepared/S3/t1.nii")), 0);
    CHECK_FAILS(cohort_run(&report, STUDY STEPS, false), LAR_EPARTIAL, words);
    cohort_counts(&report, 0, 2, 1);
    written(true);
    CHECK_OK(cohort_run(&report, TRUSTED, false));
    written(false);
    CHECK_FAILS(cohort_run(&report, STUDY "  trust: [S9]\n" STEPS, false), LAR_EARGUMENT,
                "trust names 'S9', but there is no such subject");
}

/* A case that fails where it was flagged leaves nothing. */
static void a_failed_case_leaves_no_flagged_volumes(void **state)
{
    (void)state;
    lar_prepare_report report;
    CHECK_FAILS(cohort_run(&report, STUDY STEPS, false), LAR_EPARTIAL, words);
    const lar_grid grid = small_grid(20, 20, 20, 4);
    lar_image *flat;
    CHECK_OK(lar_image_new(&flat, &grid, 1, LAR_F32));
    small_write(flat, in_root("flair/S3.nii"));
    CHECK_FAILS(cohort_run(&report, STUDY STEPS, false), LAR_EPARTIAL, "1 of 3 cases failed");
    assert_int_equal(report.failed, 1);
    assert_int_equal(report.flagged, 0);
    assert_false(lar_path_exists(in_root("exp/prepared/S3/flair.flagged.nii")));
    assert_false(lar_path_exists(in_root("exp/prepared/S3/t1.flagged.nii")));
    assert_false(lar_path_exists(in_root("exp/flagged.tsv")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubtful_cases_are_flagged),
        cmocka_unit_test(records_come_back),
        cmocka_unit_test(kept_trusted_and_doubted_again),
        cmocka_unit_test(a_failed_case_leaves_no_flagged_volumes),
    };
    return cmocka_run_group_tests(tests, cohort_make, cohort_remove);
}
