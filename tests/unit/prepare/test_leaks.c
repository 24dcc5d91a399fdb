/* One scan in two parts of a prepared cohort: prepare says so, and nothing trains on it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "small_cohort.h"

#define STUDY                                                                                      \
    "data:\n"                                                                                      \
    "  images:\n"                                                                                  \
    "    t1: {path: \"t1/{subject}.nii\"}\n"                                                       \
    "    lesion: {path: \"lesion/{subject}.nii\", role: label}\n"                                  \
    "  split: split.csv\n"
#define STEPS "prepare: [{normalize: {}}]\n"

static lar_image *scan_of(int kind)
{
    const lar_grid grid = small_grid(9, 10, 8, 2);
    return small_image(&grid, LAR_F32, kind);
}

static int cohort_make(void **state)
{
    (void)state;
    static const char split[] = "S1,train\nS2,train\nS3,valid\nS4,test\n";
    root_make();
    const lar_grid grid = small_grid(9, 10, 8, 2);
    for (int n = 0; n < 4; n++) {
        char name[64];
        lar_image *lesion;
        snprintf(name, sizeof name, "t1/S%d.nii", n + 1);
        small_write(scan_of(n), in_root(name));
        snprintf(name, sizeof name, "lesion/S%d.nii", n + 1);
        CHECK_OK(lar_image_new(&lesion, &grid, 1, LAR_U8)); /* none: all alike, and no leak */
        small_write(lesion, in_root(name));
    }
    CHECK_OK(lar_file_write(in_root("split.csv"), split, strlen(split), true));
    return 0;
}

/* S4's scan is S2's, along other axes. */
static void hide_copy(void)
{
    static const int axis[3] = { 1, 2, 0 };
    static const bool flipped[3] = { false, true, true };
    lar_image *scan = scan_of(1), *view, *copy;
    CHECK_OK(lar_image_to_axes(&view, scan, axis, flipped));
    CHECK_OK(lar_image_copy(&copy, view));
    small_write(copy, in_root("t1/S4.nii"));
    lar_image_free(view);
    lar_image_free(scan);
}

static void leaks_are_refused(void **state)
{
    (void)state;
    lar_prepare_report report;
    lar_prepared *prepared;
    CHECK_OK(cohort_run(&report, STUDY STEPS, false));
    cohort_counts(&report, 4, 0, 0);
    CHECK_OK(cohort_open(&prepared, STUDY STEPS));
    lar_prepared_free(prepared);
    hide_copy();
    for (int turn = 0; turn < 2; turn++) { /* also where all is kept, and no scan is read */
        CHECK_FAILS(cohort_run(&report, STUDY STEPS, false), LAR_EPARTIAL,
                    "one scan is in two parts: '");
        assert_non_null(strstr(lar_error(), "/t1/S4.nii' (S4, test) holds the voxels of '"));
        assert_non_null(strstr(lar_error(), "/t1/S2.nii' (S2, train)\n  try leave_out: [S4]"));
        cohort_counts(&report, turn ? 0 : 1, turn ? 4 : 3, 0);
        CHECK_FAILS(cohort_open(&prepared, STUDY STEPS), LAR_EARGUMENT, "one scan is in two parts");
        assert_null(prepared);
    }
    /* where the study wants it, a warning; and nothing is prepared again */
    CHECK_OK(cohort_run(&report, STUDY "  duplicates: warn\n" STEPS, false));
    cohort_counts(&report, 0, 4, 0);
    CHECK_OK(cohort_open(&prepared, STUDY "  duplicates: warn\n" STEPS));
    lar_prepared_free(prepared);
    CHECK_OK(cohort_run(&report, STUDY "  leave_out: [S4]\n" STEPS, true));
    cohort_counts(&report, 3, 0, 0);
    CHECK_OK(cohort_open(&prepared, STUDY "  leave_out: [S4]\n" STEPS));
    lar_prepared_free(prepared);
}

/* What an older larmor prepared has no marks: it is not compared, and not refused. */
static void older_records_are_read(void **state)
{
    (void)state;
    lar_prepare_report report;
    lar_prepared *prepared;
    lar_cases *cases;
    hide_copy();
    CHECK_FAILS(cohort_run(&report, STUDY STEPS, false), LAR_EPARTIAL, "one scan is in two parts");
    CHECK_OK(lar_cases_read(&cases, in_root("exp/prepared/cases.json")));
    for (int64_t n = 0; n < cases->case_count; n++) {
        assert_int_equal(strlen(cases->cases[n].files[0].mark), LAR_MARK_ROOM - 1);
        assert_string_equal(cases->cases[n].files[1].mark, "");
        cases->cases[n].files[0].mark[0] = 0;
    }
    CHECK_OK(lar_cases_write(cases, in_root("exp/prepared/cases.json")));
    lar_cases_free(cases);
    CHECK_OK(cohort_open(&prepared, STUDY STEPS));
    lar_prepared_free(prepared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(leaks_are_refused, cohort_make, cohort_remove),
        cmocka_unit_test_setup_teardown(older_records_are_read, cohort_make, cohort_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
