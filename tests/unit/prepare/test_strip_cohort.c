/* A cohort whose brains are found: what is recorded and kept, and a bad scan among good ones.
 * SPDX-License-Identifier: Apache-2.0 */
#include "phantom_scans.h"
#include "small_cohort.h"

enum { SUBJECTS = 3 };

#define STUDY                                                                                      \
    "data:\n"                                                                                      \
    "  images:\n"                                                                                  \
    "    flair: {path: \"t1/{subject}.nii\", contrast: flair}\n"                                   \
    "  split: {valid: 1}\n"
#define STEPS                                                                                      \
    "prepare: [strip: {method: surface}, normalize: {mask: brain}, crop: {mask: brain}, fit: "     \
    "{size: 90}]\n"
#define TRUSTED STUDY "  trust: [S3]\n" STEPS

/* Of the third subject the brain is cut off below. */
static int cohort_make(void **state)
{
    (void)state;
    root_make();
    for (int n = 1; n <= SUBJECTS; n++) {
        lar_phantom *phantom;
        lar_image *copy;
        char name[64];
        lar_phantom_params params = lar_phantom_default();
        params.spacing_mm = 2; /* of voxels of 4 mm a verdict sees no skull */
        params.contrasts = "t1,flair";
        CHECK_OK(lar_phantom_subject(&phantom, &params, n));
        const lar_image *scan = phantom->scans[1].image;
        lar_crop_params part = lar_crop_default();
        part.axis = 2;
        part.range = (lar_reals){ .count = 2, .at = { n == SUBJECTS ? 0.4 : 0, 1 } };
        CHECK_OK(lar_crop(&copy, scan, NULL, &part));
        snprintf(name, sizeof name, "t1/S%d.nii", n);
        small_write(copy, in_root(name));
        lar_phantom_free(phantom);
    }
    return 0;
}

static const char words[] = "1 of 3 cases is flagged, see '";

static void written(bool flagged)
{
    assert_int_equal(lar_path_exists(in_root("exp/prepared/S3/brain.nii")), !flagged);
    assert_int_equal(lar_path_exists(in_root("exp/prepared/S3/brain.flagged.nii")), flagged);
    assert_int_equal(lar_path_exists(in_root("exp/prepared/S3/flair.flagged.nii")), flagged);
    assert_int_equal(lar_path_exists(in_root("exp/flagged.tsv")), flagged);
}

static void one_is_flagged_and_the_rest_goes_on(void **state)
{
    (void)state;
    lar_prepare_report report;
    char *text;
    size_t length;
    CHECK_FAILS(cohort_run(&report, STUDY STEPS, false), LAR_EPARTIAL, words);
    cohort_counts(&report, 2, 0, 1);
    written(true);
    CHECK_OK(lar_file_read(&text, &length, in_root("exp/flagged.tsv"), 1 << 16));
    assert_true(lar_text_starts(
        text, "subject\treason\nS3\tstep 1: the mask 'brain' of 'flair' may not be the brain: "));
    lar_free(text);

    lar_prepared *prepared;
    CHECK_OK(cohort_open(&prepared, STUDY STEPS));
    assert_int_equal(prepared->case_count, 2);
    assert_int_equal(prepared->flagged_count, 1);
    assert_int_equal(lar_prepared_made_mask(prepared), 1);
    assert_string_equal(prepared->images[1].name, "brain");
    assert_string_equal(prepared->images[1].made_of, "flair");
    for (int64_t n = 0; n < 3; n++) {
        const lar_case_record *record = &prepared->record->cases[n];
        assert_int_equal(record->findings.strip_count, 1);
        assert_string_equal(record->findings.strips[0].method, "surface");
        assert_int_equal(record->findings.strips[0].verdict.doubtful, n == 2);
        assert_null(record->files[1].source);
    }
    lar_image *mask;
    CHECK_OK(lar_prepared_map(&mask, prepared, 0, 1));
    assert_int_equal(mask->type, LAR_U8);
    assert_int_equal(mask->grid.size[2], 90);
    lar_image_free(mask);
    lar_prepared_free(prepared);
}

/* What comes back is what lar_strip() measured. */
static void verdicts_come_back(void **state)
{
    (void)state;
    lar_case *again;
    lar_study *study = small_study(STUDY STEPS, root);
    lar_prepared *prepared;
    CHECK_OK(cohort_open(&prepared, STUDY STEPS));
    const char *const paths[] = { in_root("t1/S3.nii"), NULL };
    CHECK_OK(lar_prepare_case(&again, study, NULL, "S3", paths, true));
    const lar_strip_verdict *a = &prepared->record->cases[2].findings.strips[0].verdict,
                            *b = &again->findings.strips[0].verdict;
    assert_string_equal(a->reason, b->reason);
    CHECK_NEAR(a->millilitres, b->millilitres, 0);
    CHECK_NEAR(a->edge, b->edge, 0);
    CHECK_NEAR(a->symmetry, b->symmetry, 0);
    CHECK_NEAR(a->contrast, b->contrast, 0);
    assert_int_equal(a->pieces, b->pieces);
    lar_case_free(again);
    lar_prepared_free(prepared);
    lar_study_free(study);
}

static void kept_and_trusted(void **state)
{
    (void)state;
    lar_prepare_report report;
    CHECK_FAILS(cohort_run(&report, STUDY STEPS, false), LAR_EPARTIAL, words);
    cohort_counts(&report, 0, 2, 1);
    written(true);
    CHECK_OK(cohort_run(&report, TRUSTED, false));
    cohort_counts(&report, 0, 3, 0);
    written(false);
    lar_prepared *prepared;
    CHECK_OK(cohort_open(&prepared, TRUSTED));
    assert_int_equal(prepared->case_count, 3);
    assert_true(prepared->record->cases[2].findings.strips[0].verdict.doubtful);
    lar_prepared_free(prepared);

    /* a mask that is gone is made again, and nothing else */
    CHECK_OK(lar_file_remove(in_root("exp/prepared/S1/brain.nii")));
    CHECK_OK(cohort_run(&report, TRUSTED, false));
    cohort_counts(&report, 1, 2, 0);
}

/* Records of before there were masks, or keys that came with them. */
static void older_records(void **state)
{
    (void)state;
    lar_cases *cases;
    lar_text difference = { 0 };
    static const char old[] =
        "{\"form\": 1, \"recipe\": [\"prepare.1.n4.mask: \"], \"draw\": [], \"images\": "
        "[{\"name\": "
        "\"t1\", \"role\": \"input\"}], \"cases\": [{\"subject\": \"A\", \"split\": \"train\", "
        "\"status\": \"pending\"}]}";
    CHECK_OK(lar_file_write(in_root("old.json"), old, strlen(old), true));
    CHECK_OK(lar_cases_read(&cases, in_root("old.json")));
    assert_null(cases->images[0].made_of);
    assert_int_equal(cases->cases[0].findings.strip_count, 0);
    assert_false(lar_lines_differ(&difference, cases->recipe,
                                  "prepare.1.n4.mask: \nprepare.1.n4.weights: \n"));
    assert_false(lar_lines_differ(&difference, "a: 1\nb: \nc: 2\n", "a: 1\nc: 2\nd:\n"));
    assert_true(lar_lines_differ(&difference, cases->recipe, "prepare.1.n4.mask: brain\n"));
    assert_string_equal(difference.at, "it was made with 'prepare.1.n4.mask: ', the study now says "
                                       "'prepare.1.n4.mask: brain'");
    lar_text_clear(&difference);
    assert_true(lar_lines_differ(&difference, "a: 1\n", "a: 1\nb: 2\n"));
    lar_text_clear(&difference);
    lar_cases_free(cases);
}

static void methods_are_told_apart(void **state)
{
    (void)state;
    lar_text said = { 0 };
    lar_case_strip one = { .mask = "brain", .method = "surface", .model = "" },
                   other = { .mask = "brain", .method = "learned", .model = "mindgrab 0123" },
                   third = { .mask = "b", .method = "learned", .model = "" };
    lar_case_record records[3] = { { .findings = { .strip_count = 1, .strips = &one } },
                                   { .findings = { .strip_count = 1, .strips = &third } },
                                   { .findings = { .strip_count = 1, .strips = &one } } };
    const lar_cases cases = { .case_count = 3, .cases = records };
    assert_false(lar_cases_mixed(&said, &cases));
    assert_int_equal(said.length, 0);
    records[1].findings.strips = &other;
    assert_true(lar_cases_mixed(&said, &cases));
    assert_string_equal(said.at,
                        "brain by surface in 2 cases, brain by learned (mindgrab 0123) in 1 case");
    lar_text_clear(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_flagged_and_the_rest_goes_on),
        cmocka_unit_test(verdicts_come_back),
        cmocka_unit_test(kept_and_trusted),
        cmocka_unit_test(older_records),
        cmocka_unit_test(methods_are_told_apart),
    };
    return cmocka_run_group_tests(tests, cohort_make, cohort_remove);
}
