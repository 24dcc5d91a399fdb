/* Pairing by subject id and splitting by subject: what belongs together, and every way that a
 * folder of scans can be wrong.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "data/data.h"
#include "data/find.h"

#include <sys/stat.h>

/* Folders of the running test, removed after it. */
static char folders[16][64];
static int folder_count;

static const char *folder_new(void)
{
    assert_true(folder_count < 16);
    snprintf(folders[folder_count], sizeof folders[0], "%s", check_folder());
    return folders[folder_count++];
}

static int folders_remove(void **state)
{
    (void)state;
    while (folder_count > 0) check_folder_remove(folders[--folder_count]);
    return 0;
}

/* Empty files: pairing looks at names alone. */
static void touch(const char *folder, const char *name)
{
    lar_arena *arena;
    CHECK_OK(lar_arena_new(&arena));
    const char *path = lar_path_join(arena, folder, name);
    CHECK_OK(lar_folder_make(lar_path_folder(arena, path)));
    CHECK_OK(lar_file_write(path, "", 0, false));
    lar_arena_free(arena);
}

static lar_image_spec two_images[] = {
    { .name = "t1", .path = "t1/{subject}_T1.nii.gz", .role = LAR_INPUT },
    { .name = "flair", .path = "flair/{subject}_FL.nii.gz", .role = LAR_TARGET },
};

static lar_data_params two(void)
{
    lar_data_params data = { 0 };
    lar_param_defaults(lar_data_table, &data);
    lar_param_defaults(lar_split_table, &data.split);
    data.image_count = 2;
    data.images = two_images;
    return data;
}

/* Subj1 ... SubjN, made in an order that is not that of their names. */
static const char *make_folder(int subjects)
{
    const char *folder = folder_new();
    for (int k = 0; k < subjects; k++) {
        char name[64];
        const int id = (k * 7) % subjects + 1; /* 7 and the counts used share no factor */
        snprintf(name, sizeof name, "t1/Subj%d_T1.nii.gz", id);
        touch(folder, name);
        snprintf(name, sizeof name, "flair/Subj%d_FL.nii.gz", subjects + 1 - id);
        touch(folder, name);
    }
    return folder;
}

static void pairs_by_id_not_by_order(void **state)
{
    (void)state;
    lar_cohort *cohort;
    lar_data_params data = two();
    const char *folder = make_folder(12);
    touch(folder, "t1/notes.txt");
    touch(folder, "flair/Subj0_FL.nii.gz"); /* first of its folder: by order all pairs were wrong */
    const char *const out[] = { "Subj0" };
    data.leave_out = (lar_texts){ 1, out };
    CHECK_OK(lar_cohort_new(&cohort, &data, folder));
    assert_int_equal(cohort->subject_count, 12);
    for (int n = 0; n < 12; n++) {
        char id[16], t1[64], flair[64];
        snprintf(id, sizeof id, "Subj%d", n + 1); /* natural order: 2 before 10 */
        snprintf(t1, sizeof t1, "%s/t1/%s_T1.nii.gz", folder, id);
        snprintf(flair, sizeof flair, "%s/flair/%s_FL.nii.gz", folder, id);
        assert_string_equal(cohort->subjects[n].id, id);
        assert_string_equal(cohort->subjects[n].paths[0], t1);
        assert_string_equal(cohort->subjects[n].paths[1], flair);
    }
    lar_cohort_free(cohort);
}

static void incomplete_subjects_are_named(void **state)
{
    (void)state;
    lar_cohort *cohort;
    lar_data_params data = two();
    const char *folder = make_folder(5);
    touch(folder, "t1/Subj8_T1.nii.gz");
    touch(folder, "flair/Subj9_FL.nii.gz");
    CHECK_FAILS(lar_cohort_new(&cohort, &data, folder), LAR_EARGUMENT,
                "2 subjects are not complete: 'Subj8' has no flair, 'Subj9' has no t1");
    assert_non_null(strstr(lar_error(), "leave_out: [Subj8, Subj9]"));
    const char *const out[] = { "Subj8", "Subj9" };
    data.leave_out = (lar_texts){ 2, out };
    CHECK_OK(lar_cohort_new(&cohort, &data, folder));
    assert_int_equal(cohort->subject_count, 5);
    lar_cohort_free(cohort);
    for (int n = 20; n < 40; n++) {
        char name[64];
        snprintf(name, sizeof name, "t1/Subj%d_T1.nii.gz", n);
        touch(folder, name);
    }
    CHECK_FAILS(lar_cohort_new(&cohort, &data, folder), LAR_EARGUMENT, " and 12 more");
    /* the line that leaves them out names all of them */
    assert_non_null(strstr(lar_error(), "leave_out: [Subj20, Subj21, "));
    assert_non_null(strstr(lar_error(), ", Subj38, Subj39]"));
}

static void what_is_not_there_is_said(void **state)
{
    (void)state;
    lar_cohort *cohort;
    lar_data_params data = two();
    const char *folder = make_folder(5);
    const char *const out[] = { "Subj55" };
    data.leave_out = (lar_texts){ 1, out };
    CHECK_FAILS(lar_cohort_new(&cohort, &data, folder), LAR_EARGUMENT,
                "leave_out names 'Subj55', but there is no such subject\n  try 'Subj5'");
    data = two();
    const char *const all[] = { "Subj1", "Subj2", "Subj3", "Subj4", "Subj5" };
    data.leave_out = (lar_texts){ 5, all };
    CHECK_FAILS(lar_cohort_new(&cohort, &data, folder), LAR_EARGUMENT, "every subject is left out");
    data = two();
    lar_image_spec wrong[] = { two_images[0], two_images[1] };
    wrong[1].path = "flare/{subject}_FL.nii.gz";
    data.images = wrong;
    CHECK_FAILS(lar_cohort_new(&cohort, &data, folder), LAR_EARGUMENT,
                "no file matches 'flare/{subject}_FL.nii.gz' of image 'flair'");
    assert_non_null(strstr(lar_error(), "/flare/*_FL.nii.gz"));
    data = two();
    data.subjects = "t1/{subject}_T2.nii.gz";
    CHECK_FAILS(lar_cohort_new(&cohort, &data, folder), LAR_EARGUMENT, "of subjects");
}

static void two_files_of_one_subject_are_refused(void **state)
{
    (void)state;
    lar_cohort *cohort;
    lar_data_params data = two();
    lar_image_spec star[] = { two_images[0], two_images[1] };
    star[0].path = "t1/{subject}_*.nii.gz";
    data.images = star;
    const char *folder = make_folder(5);
    CHECK_OK(lar_cohort_new(&cohort, &data, folder));
    lar_cohort_free(cohort);
    touch(folder, "t1/Subj3_again.nii.gz");
    CHECK_FAILS(lar_cohort_new(&cohort, &data, folder), LAR_EARGUMENT,
                "image 't1' of subject 'Subj3' is twice there");
}

static void ids_are_captured(void **state)
{
    (void)state;
    static const struct {
        const char *file, *pattern, *id; /* NULL: no match */
    } cases[] = {
        { "sub-07/anat/sub-07_T1w.nii", "sub-{subject}/anat/sub-{subject}_T1w.nii", "07" },
        { "sub-07/anat/sub-08_T1w.nii", "sub-{subject}/anat/sub-{subject}_T1w.nii", NULL },
        { "{a}.nii", "{subject}.nii", "{a}" },
        { "a_b_T1.nii", "{subject}_T1.nii", "a_b" },
        { "a_b_T1.nii", "{subject}_*.nii", "a" },
        { "x1y/T1.nii", "*/{subject}.nii", "T1" },
        { "x1y/T1.nii", "x{subject}y/T1.nii", "1" },
        { "x1y/T1.nii", "x{subject}y/T2.nii", NULL },
        { "_T1.nii", "{subject}_T1.nii", NULL },   /* an id has a letter at least */
        { "t1.nii/inner", "{subject}.nii", "t1" }, /* a scan that cannot be read */
        { "t1/inner", "{subject}", NULL },         /* a folder is no scan */
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        lar_arena *arena;
        lar_found_list found;
        const char *folder = folder_new();
        touch(folder, cases[n].file);
        CHECK_OK(lar_arena_new(&arena));
        CHECK_OK(lar_find_files(&found, folder, cases[n].pattern, arena));
        assert_int_equal(found.count, cases[n].id ? 1 : 0);
        if (cases[n].id) assert_string_equal(found.at[0].id, cases[n].id);
        lar_arena_free(arena);
    }
    CHECK_FAILS(lar_find_check("t1/*.nii"), LAR_EARGUMENT, "has no {subject}");
    CHECK_FAILS(lar_find_check("t1/{subject}*.nii"), LAR_EARGUMENT, "where {subject} or * ends");
}

static void odd_ids_are_refused(void **state)
{
    (void)state;
    lar_arena *arena;
    lar_found_list found;
    CHECK_OK(lar_arena_new(&arena));
    const char *const names[] = { "T1.,.nii", "T1...nii", "T1'.nii" };
    for (int n = 0; n < 3; n++) {
        const char *folder = folder_new();
        touch(folder, names[n]);
        CHECK_FAILS(lar_find_files(&found, folder, "T1{subject}.nii", arena), LAR_EARGUMENT,
                    "cannot be a subject id");
    }
    lar_arena_free(arena);
}

static void folders_of_the_article(void **state)
{
    (void)state;
    lar_cohort *cohort;
    lar_data_params data = two();
    lar_image_spec bare[] = { { .name = "t1", .role = LAR_INPUT },
                              { .name = "flair", .role = LAR_TARGET } };
    data.folders = "cohort";
    data.images = bare;
    const char *folder = folder_new();
    static const char *const files[] = { "train/a", "train/b", "valid/c", "test/d" };
    for (int n = 0; n < 4; n++) {
        char name[64];
        snprintf(name, sizeof name, "cohort/t1/%s.nii.gz", files[n]);
        touch(folder, name);
        snprintf(name, sizeof name, "cohort/flair/%s.nii", files[n]);
        touch(folder, name);
    }
    touch(folder, "cohort/t1/train/README");
    CHECK_OK(lar_cohort_new(&cohort, &data, folder));
    assert_int_equal(cohort->subject_count, 4);
    const int splits[] = { LAR_TRAIN, LAR_TRAIN, LAR_VALID, LAR_TEST };
    for (int n = 0; n < 4; n++) assert_int_equal(cohort->subjects[n].split, splits[n]);
    lar_cohort_free(cohort);
    touch(folder, "cohort/t1/train/e.nii.gz");
    touch(folder, "cohort/flair/valid/e.nii.gz");
    CHECK_FAILS(lar_cohort_new(&cohort, &data, folder), LAR_EARGUMENT,
                "subject 'e' is in train of 't1', but in valid of 'flair'");
    touch(folder, "cohort/flair/train/e.nii.gz");
    CHECK_FAILS(lar_cohort_new(&cohort, &data, folder), LAR_EARGUMENT, "is twice there");
}

/* ---- split ----------------------------------------------------------------------------- */

enum { PEOPLE = 40 };

static void names(char text[PEOPLE + 1][16], const char *ids[PEOPLE + 1])
{
    for (int n = 0; n <= PEOPLE; n++) {
        snprintf(text[n], sizeof text[n], "P%03d", n);
        ids[n] = text[n];
    }
}

static lar_split_params parts(double train, double valid, double test)
{
    return (lar_split_params){ .parts = { train, valid, test }, .seed = 1 };
}

static void draw_is_of_seed_and_id_alone(void **state)
{
    (void)state;
    char text[PEOPLE + 1][16];
    const char *ids[PEOPLE + 1], *reversed[PEOPLE];
    int splits[PEOPLE + 1], again[PEOPLE + 1], counts[3] = { 0 };
    names(text, ids);
    lar_split_params params = parts(NAN, 8, 4);
    CHECK_OK(lar_split_draw(splits, ids, NULL, PEOPLE, &params));
    for (int n = 0; n < PEOPLE; n++) counts[splits[n]]++;
    assert_int_equal(counts[LAR_TRAIN], 28);
    assert_int_equal(counts[LAR_VALID], 8);
    assert_int_equal(counts[LAR_TEST], 4);
    for (int n = 0; n < PEOPLE; n++) reversed[n] = ids[PEOPLE - 1 - n];
    CHECK_OK(lar_split_draw(again, reversed, NULL, PEOPLE, &params));
    for (int n = 0; n < PEOPLE; n++) assert_int_equal(again[n], splits[PEOPLE - 1 - n]);
    /* one more subject moves one at each border at most */
    CHECK_OK(lar_split_draw(again, ids, NULL, PEOPLE + 1, &params));
    int moved = 0;
    for (int n = 0; n < PEOPLE; n++) moved += again[n] != splits[n];
    assert_true(moved <= 2);
    params.seed = 2;
    CHECK_OK(lar_split_draw(again, ids, NULL, PEOPLE, &params));
    moved = 0;
    for (int n = 0; n < PEOPLE; n++) moved += again[n] != splits[n];
    assert_true(moved > 4);
}

static void parts_must_add_up(void **state)
{
    (void)state;
    char text[PEOPLE + 1][16];
    const char *ids[PEOPLE + 1];
    int splits[PEOPLE + 1];
    names(text, ids);
    const struct {
        double train, valid, test;
        const char *words; /* NULL: fine */
    } cases[] = {
        { 30, 10, 0, NULL },
        { 0.7, 0.15, 0.15, NULL },
        { NAN, 0.2, 0, NULL },
        { 30, 0.25, 0, NULL },
        { 9, 3, 0, "asks for 12 subjects (train 9, valid 3, test 0), but there are 40" },
        { 0.5, 0.2, 0, "fractions sum to 0.7" },
        { NAN, 0, 0, "no subject of 40 for 'valid'" },
        { NAN, 40, 0, "no subject of 40 for 'train'" },
        { 2.5, 1, 0, "neither a whole number nor a fraction" },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        const lar_split_params params = parts(cases[n].train, cases[n].valid, cases[n].test);
        if (cases[n].words)
            CHECK_FAILS(lar_split_draw(splits, ids, NULL, PEOPLE, &params), LAR_EARGUMENT,
                        cases[n].words);
        else
            CHECK_OK(lar_split_draw(splits, ids, NULL, PEOPLE, &params));
    }
    const lar_split_params alone = parts(NAN, 0.2, 0);
    CHECK_FAILS(lar_split_draw(splits, ids, NULL, 1, &alone), LAR_EARGUMENT, "no subject of 1");
}

static void split_files_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words; /* NULL: fine */
    } cases[] = {
        { "subject,split\na,train\nb,valid\nc,test\n", NULL },
        { "c,test\r\nb,valid\r\na,train\r\nold,train\r\n", NULL },
        { "a,train\nb,valid\n", "does not name the subject 'c'" },
        { "a,train\nb,valid\nc,test\nd,train\n", ":4: no scans were found of the subject 'd'" },
        { "a,train\nb,valid\nc,test\na,train\n", ":4: the subject 'a' is here a second time" },
        { "a,train\nb,validation\nc,test\n", ":2: 'validation' is not a split" },
        { "a train\n", ":1: 'a train' is not 'subject,split'" },
        { "a,train\nb,train\nc,test\n", "leaves no subject for 'valid'" },
        { "", "does not name the subject 'a'" },
    };
    const char *const ids[] = { "a", "b", "c" }, *const ignored[] = { "old" };
    const lar_texts ignore = { 1, ignored };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        char path[128];
        int splits[3];
        snprintf(path, sizeof path, "%s/split.csv", folder_new());
        CHECK_OK(lar_file_write(path, cases[n].text, strlen(cases[n].text), false));
        if (cases[n].words) {
            CHECK_FAILS(lar_split_read(splits, ids, 3, &ignore, path), LAR_EARGUMENT,
                        cases[n].words);
            continue;
        }
        CHECK_OK(lar_split_read(splits, ids, 3, &ignore, path));
        for (int k = 0; k < 3; k++) assert_int_equal(splits[k], k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(pairs_by_id_not_by_order, folders_remove),
        cmocka_unit_test_teardown(incomplete_subjects_are_named, folders_remove),
        cmocka_unit_test_teardown(what_is_not_there_is_said, folders_remove),
        cmocka_unit_test_teardown(two_files_of_one_subject_are_refused, folders_remove),
        cmocka_unit_test_teardown(ids_are_captured, folders_remove),
        cmocka_unit_test_teardown(odd_ids_are_refused, folders_remove),
        cmocka_unit_test_teardown(folders_of_the_article, folders_remove),
        cmocka_unit_test_teardown(draw_is_of_seed_and_id_alone, folders_remove),
        cmocka_unit_test_teardown(parts_must_add_up, folders_remove),
        cmocka_unit_test_teardown(split_files_are_checked, folders_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
