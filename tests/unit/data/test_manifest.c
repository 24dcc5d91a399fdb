/* Cohorts as tables: those that people write, every way that they can be wrong, and the manifest,
 * which is read back to the same cohort.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>

#include "data_folder.h"

static void tables_of_cases(void **state)
{
    (void)state;
    lar_image_spec images[] = { { .name = "t1" }, { .name = "fl", .column = "FLAIR" } };
    lar_data_params data = data_params(images, 2);
    data.csv = "lists/cases.csv";
    data.split.parts[LAR_VALID] = 1;
    static const struct {
        const char *text, *words;
    } tables[] = {
        { "subject,t1,FLAIR\nb,x,y\na,x2,y2\n", NULL },
        { "subject,t1,FLAIR\rb,x,y\r\ra,x2,y2\r", NULL },
        { "subject,t1,FLAIR\r\n\"b\", x ,\"y\"\r\n\r\na,x2,y2", NULL },
        { "\xef\xbb\xbf"
          "FLAIR,case,t1\ny,b,x\ny2,a,x2\n,,\n",
          NULL },
        { "subject,FLAIR\nb,y\n",
          "has no column 't1' for image 't1'\n  try one of its columns: subject FLAIR" },
        { "id,t1,FLAIR\n", "has no column 'subject' and none 'case'" },
        { "subject,t1,FLAIR\n", "has no line of a case" },
        { "subject,t1,FLAIR\na,x,y\na,x2,y2\n",
          "cases.csv:3: the case 'a' is here a second time, after line 2\n  try a column" },
        { "case,t1,FLAIR\na,x,y\na,x2,y2\n",
          "cases.csv:3: the case 'a' is here a second time, after line 2" },
        { "subject,t1,FLAIR\n,x,y\n", "cases.csv:2: 'subject' is empty" },
        { "case,t1,FLAIR\n,x,y\n", "cases.csv:2: 'case' is empty" },
        { "subject,t1,FLAIR\na,x,\nb,x,y\n", "1 subject is not complete: 'a' has no fl" },
        { "subject,t1,FLAIR\na,,\nb,x,y\n", "1 subject is not complete: 'a' has no t1 and no fl" },
        { "subject,t1,FLAIR\na,,\n", "1 subject is not complete: 'a' has no t1 and no fl" },
        { "subject,t1,FLAIR\n..,x,y\n", "'..' of '" },
        { "subject,t1,FLAIR\n\"a\nb\",x,y\n", "cannot be a subject id" },
        { "subject,t1,FLAIR\na/b,x,y\n", "cannot be a subject id" },
        { "subject,t1,FLAIR,split\na,x,y,train\nb,x,y,valid\nc,x,y,Test\n",
          "cases.csv:4: 'Test' is not a split" },
        { "subject,t1,FLAIR,split\na,x,y,train\nb,x,y,\n",
          "names the split of 1 cases, but not of 1" },
        { "subject,t1,FLAIR,split\na,x,y,train\nb,x,y,test\n",
          "no subject is 'valid' by the column 'split' of 'lists/cases.csv'" },
        { "subject,case,t1,FLAIR,split\na,1,x,y,train\na,2,x,y,valid\n",
          "the subject 'a' is in two parts: '1' is train, '2' is valid" },
    };
    for (size_t n = 0; n < sizeof tables / sizeof *tables; n++) {
        data_write("lists/cases.csv", tables[n].text);
        if (tables[n].words) {
            refuses(&data, tables[n].words);
            continue;
        }
        lar_cohort *cohort = found(&data, "a b");
        assert_string_equal(cohort->subjects[1].paths[0], data_path("lists/x"));
        assert_string_equal(cohort->subjects[1].paths[1], data_path("lists/y"));
        lar_cohort_free(cohort);
    }
    /* sessions make ids; what is neither is known of the case */
    data_write("lists/cases.csv",
               "subject,session,run,t1,FLAIR,dose,split\n"
               "a,pre,,x,y,n/a,train\na,post,2,/abs,y,3,train\nb,pre,,x,y,4,valid\n");
    lar_cohort *cohort = found(&data, "a_post_2=a a_pre=a b_pre=b");
    assert_string_equal(cohort->subjects[0].paths[0], "/abs");
    assert_int_equal(cohort->covariate_count, 3);
    assert_string_equal(cohort->covariates[2], "dose");
    assert_string_equal(cohort->subjects[0].values[2], "3");
    assert_string_equal(cohort->subjects[1].values[2], "");
    lar_cohort_free(cohort);
    data.split.said = true;
    refuses(&data, "a split is given, but the column 'split' of 'lists/cases.csv' says it");
    data.csv = "lists/none.csv";
    CHECK_FAILS(lar_cohort_new(&cohort, &data, data_root), LAR_ENOINPUT, "none.csv");
}

/* ---- the manifest ------------------------------------------------------------------------ */

static void check_same(const lar_cohort *a, const lar_cohort *b)
{
    assert_string_equal(data_cases(a), data_cases(b));
    assert_int_equal(a->subject_count, b->subject_count);
    assert_int_equal(a->participant_count, b->participant_count);
    assert_int_equal(a->covariate_count, b->covariate_count);
    for (int64_t k = 0; k < a->covariate_count; k++)
        assert_string_equal(a->covariates[k], b->covariates[k]);
    for (int64_t n = 0; n < a->subject_count; n++) {
        const lar_subject *x = &a->subjects[n], *y = &b->subjects[n];
        assert_string_equal(x->id, y->id);
        assert_string_equal(x->subject, y->subject);
        assert_int_equal(x->split, y->split);
        for (int64_t k = 0; k < a->covariate_count; k++)
            assert_string_equal(x->values[k], y->values[k]);
        for (int64_t m = 0; m < a->image_count; m++) {
            struct stat one, other;
            assert_int_equal(stat(x->paths[m], &one), 0);
            assert_int_equal(stat(y->paths[m], &other), 0);
            assert_int_equal(one.st_ino, other.st_ino);
        }
    }
}

static void manifests_are_read_back(void **state)
{
    (void)state;
    lar_image_spec images[] = { { .name = "t1" }, { .name = "flair" } };
    lar_data_params data = data_params(images, 2);
    lar_cohort *cohort, *back;
    data.bids = "the \"tree\", 1";
    data.split.parts[LAR_TEST] = 0.2;
    for (int n = 0; n < 12; n++) {
        char name[128];
        for (int s = 0; s <= n % 3; s++)
            for (int m = 0; m < 2; m++) {
                snprintf(name, sizeof name,
                         "the \"tree\", 1/sub-%02d/ses-%d/anat/sub-%02d_ses-%d_%s.nii", n, s, n, s,
                         m ? "FLAIR" : "T1w");
                data_write(name, "");
            }
    }
    data_write("the \"tree\", 1/participants.tsv",
               "participant_id\tage\tsays\tsplit\nsub-01\t3\tshe said \"no, "
               "never\"\ttrain\nsub-02\t\t  x\tb\n");
    CHECK_OK(lar_cohort_new(&cohort, &data, data_root));
    assert_int_equal(cohort->participant_count, 12);
    assert_int_equal(cohort->subject_count, 24);
    /* wherever it lies: beside, below, in another folder, or far away */
    static const char *const places[] = { "", "the \"tree\", 1/", "lists/deep/" };
    CHECK_OK(lar_folder_make(data_path("lists/deep")));
    for (int p = 0; p < 3; p++) {
        lar_text text = { 0 }, again = { 0 };
        char name[64];
        snprintf(name, sizeof name, "%smanifest.csv", places[p]);
        CHECK_OK(lar_manifest_text(&text, cohort, data_path(places[p])));
        assert_null(strstr(text.at, data_root)); /* it may be moved with the scans */
        data_write(name, text.at);
        lar_data_params table = data_params(images, 2);
        table.csv = name;
        CHECK_OK(lar_cohort_new(&back, &table, data_root));
        /* a covariate that is called as a column of its own is left out */
        assert_int_equal(cohort->covariate_count, 3);
        assert_int_equal(back->covariate_count, 2);
        cohort->covariate_count = 2;
        check_same(cohort, back);
        cohort->covariate_count = 3;
        CHECK_OK(lar_manifest_text(&again, back, data_path(places[p])));
        assert_string_equal(text.at, again.at);
        lar_text_clear(&text);
        lar_text_clear(&again);
        lar_cohort_free(back);
    }
    lar_text far = { 0 };
    CHECK_OK(lar_manifest_text(&far, cohort, "/"));
    assert_non_null(strstr(far.at, data_root));
    lar_text_clear(&far);
    images[1].name = "split";
    CHECK_FAILS(lar_manifest_text(&far, cohort, "/"), LAR_EARGUMENT, "an image is called 'split'");
    images[1].name = "flair";
    lar_cohort_free(cohort);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, data_folder_make, data_folder_remove)
    const struct CMUnitTest tests[] = {
        TEST(tables_of_cases),
        TEST(manifests_are_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
