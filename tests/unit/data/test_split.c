/* Who trains and who is held out: folds, strata, and what is kept of the promise that a place in
 * the draw is a function of seed and id.
 * SPDX-License-Identifier: Apache-2.0 */
#include "data_folder.h"

enum { PEOPLE = 200 };

static char names[PEOPLE + 1][16];
static const char *ids[PEOPLE + 1], *sexes[PEOPLE + 1], *sites[PEOPLE + 1];

static int make_people(void **state)
{
    (void)state;
    static const char *const site_names[] = { "A", "A", "A", "B", "B", "C", "", "D" };
    for (int n = 0; n <= PEOPLE; n++) {
        snprintf(names[n], sizeof names[n], "P%03d", n);
        ids[n] = names[n];
        sexes[n] = n * 37 % 100 < 30 ? "M" : "F";
        sites[n] = n == 77 ? "E" : site_names[n * 13 % 8]; /* E has one alone */
    }
    return 0;
}

static lar_split_params split_of(double train, double valid, double test, int64_t seed)
{
    lar_split_params split;
    memset(&split, 0, sizeof split);
    lar_param_defaults(lar_split_table, &split);
    lar_param_defaults(lar_split_more_table, &split);
    split.parts[LAR_TRAIN] = train;
    split.parts[LAR_VALID] = valid;
    split.parts[LAR_TEST] = test;
    split.seed = seed;
    return split;
}

/* Each is valid in one fold, trains in the others, and is test in all or none. */
static void folds_take_everybody_once(void **state)
{
    (void)state;
    static const struct {
        int count, folds;
        double test;
        int tested;
    } cases[] = {
        { 40, 5, 0, 0 }, { 41, 5, 0, 0 }, { 23, 4, 0.2, 5 }, { 10, 10, 0, 0 }, { 12, 5, 2, 2 }
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (int strata = 0; strata < 2; strata++) {
            int valid[PEOPLE] = { 0 }, test[PEOPLE] = { 0 }, splits[PEOPLE];
            lar_split_params split = split_of(NAN, 0.2, cases[c].test, 3);
            split.folds = cases[c].folds;
            for (split.fold = 1; split.fold <= split.folds; split.fold++) {
                int64_t counts[3] = { 0 };
                CHECK_OK(
                    lar_split_draw(splits, ids, strata ? sexes : NULL, cases[c].count, &split));
                for (int n = 0; n < cases[c].count; n++) {
                    counts[splits[n]]++;
                    valid[n] += splits[n] == LAR_VALID;
                    test[n] += splits[n] == LAR_TEST;
                }
                const int rest = cases[c].count - cases[c].tested;
                assert_int_equal(counts[LAR_TEST], cases[c].tested);
                assert_in_range(counts[LAR_VALID], rest / cases[c].folds,
                                rest / cases[c].folds + 1);
            }
            for (int n = 0; n < cases[c].count; n++) {
                assert_true(test[n] == 0 || test[n] == cases[c].folds);
                assert_int_equal(valid[n], test[n] ? 0 : 1);
            }
        }
    int splits[PEOPLE];
    lar_split_params split = split_of(NAN, 0.2, 0, 1);
    split.folds = 5;
    CHECK_FAILS(lar_split_draw(splits, ids, NULL, 4, &split), LAR_EARGUMENT,
                "5 folds need as many subjects, but there are 4\n  try fewer folds");
    split.fold = 6;
    CHECK_FAILS(lar_split_draw(splits, ids, NULL, 40, &split), LAR_EARGUMENT,
                "there is no fold 6 of 5");
    split.fold = 1;
    split.parts[LAR_TEST] = 2.5;
    CHECK_FAILS(lar_split_draw(splits, ids, NULL, 40, &split), LAR_EARGUMENT,
                "neither a whole number");
}

/* Folds are the draw's own order: a subject more moves one at each border of two folds at most. */
static void folds_hardly_move(void **state)
{
    (void)state;
    int before[PEOPLE + 1], after[PEOPLE + 1];
    lar_split_params split = split_of(NAN, 0.2, 0, 9);
    split.folds = 5;
    for (split.fold = 1; split.fold <= 5; split.fold++) {
        int moved = 0;
        CHECK_OK(lar_split_draw(before, ids, NULL, PEOPLE, &split));
        CHECK_OK(lar_split_draw(after, ids, NULL, PEOPLE + 1, &split));
        for (int n = 0; n < PEOPLE; n++) moved += before[n] != after[n];
        assert_true(moved <= 2);
    }
}

/* So are parts; at the border of train it may be two where both others are fractions. */
static void parts_hardly_move(void **state)
{
    (void)state;
    static const struct {
        double valid, test;
        int most; /* at the border of train */
    } cases[] = { { 0.2, 0, 1 }, { 4, 0.15, 1 }, { 0.15, 4, 1 }, { 0.1, 0.1, 2 }, { 0.3, 0.3, 2 } };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        int most = 0;
        for (int count = 12; count < PEOPLE; count++) {
            int before[PEOPLE + 1], after[PEOPLE + 1], of_test = 0, of_train = 0;
            const lar_split_params split = split_of(NAN, cases[c].valid, cases[c].test, count % 7);
            CHECK_OK(lar_split_draw(before, ids, NULL, count, &split));
            CHECK_OK(lar_split_draw(after, ids, NULL, count + 1, &split));
            for (int n = 0; n < count; n++) {
                of_test += (before[n] == LAR_TEST) != (after[n] == LAR_TEST);
                of_train += (before[n] == LAR_TRAIN) != (after[n] == LAR_TRAIN);
            }
            assert_true(of_test <= 1);
            if (of_train > most) most = of_train;
        }
        assert_int_equal(most, cases[c].most);
    }
}

/* Every part has its share of each stratum, give or take two; sizes are those that were asked for.
 */
static void strata_get_their_share(void **state)
{
    (void)state;
    for (int seed = 0; seed < 200; seed++) {
        const char *const *strata = seed % 2 ? sexes : sites;
        int splits[PEOPLE], counts[3] = { 0 };
        const lar_split_params split = split_of(NAN, 0.2, 0.1, seed);
        CHECK_OK(lar_split_draw(splits, ids, strata, PEOPLE, &split));
        for (int n = 0; n < PEOPLE; n++) counts[splits[n]]++;
        assert_int_equal(counts[LAR_VALID], PEOPLE / 5);
        assert_int_equal(counts[LAR_TEST], PEOPLE / 10);
        for (int first = 0; first < PEOPLE; first++) {
            int all = 0, of[3] = { 0 };
            for (int n = 0; n < PEOPLE; n++) {
                if (!lar_text_is(strata[n], strata[first])) continue;
                all++;
                of[splits[n]]++;
            }
            for (int s = 0; s < 3; s++) {
                const double share = (double)all * counts[s] / PEOPLE;
                if (fabs(of[s] - share) >= 2)
                    fail_msg("seed %d: %d of %d in part %d, share %g", seed, of[s], all, s, share);
            }
        }
    }
}

/* Over many seeds everybody is valid as often as anybody else, the only one of a stratum too. */
static void strata_are_fair(void **state)
{
    (void)state;
    enum { SEEDS = 2000 };
    int valid[PEOPLE] = { 0 }, splits[PEOPLE];
    for (int seed = 0; seed < SEEDS; seed++) {
        const lar_split_params split = split_of(NAN, 0.25, 0, seed);
        CHECK_OK(lar_split_draw(splits, ids, sites, PEOPLE, &split));
        for (int n = 0; n < PEOPLE; n++) valid[n] += splits[n] == LAR_VALID;
    }
    /* 500 of 2000 with a deviation of 19.4; beyond five of them once in two million */
    for (int n = 0; n < PEOPLE; n++) assert_in_range(valid[n], 500 - 97, 500 + 97);
}

/* The order of the list says nothing; one more moves two at each border of each stratum at most. */
static void strata_keep_what_is_promised(void **state)
{
    (void)state;
    const char *ids_back[PEOPLE], *sites_back[PEOPLE];
    for (int n = 0; n < PEOPLE; n++) {
        ids_back[n] = ids[PEOPLE - 1 - n];
        sites_back[n] = sites[PEOPLE - 1 - n];
    }
    int most = 0;
    for (int seed = 0; seed < 300; seed++) {
        int splits[PEOPLE], again[PEOPLE + 1], moved = 0;
        const lar_split_params split = split_of(NAN, 0.2, 0.1, seed);
        CHECK_OK(lar_split_draw(splits, ids, sites, PEOPLE, &split));
        CHECK_OK(lar_split_draw(again, ids_back, sites_back, PEOPLE, &split));
        for (int n = 0; n < PEOPLE; n++) assert_int_equal(again[n], splits[PEOPLE - 1 - n]);
        CHECK_OK(lar_split_draw(again, ids, sites, PEOPLE + 1, &split));
        for (int n = 0; n < PEOPLE; n++) moved += again[n] != splits[n];
        if (moved > most) most = moved;
    }
    assert_true(most <= 2 * 2 * 6); /* two borders, six strata */
    assert_true(most >= 1);
}

/* ---- through a cohort -------------------------------------------------------------------- */

static void write_table(const char *(*row)(int), int people)
{
    lar_text text = { 0 };
    lar_text_add(&text, "case,subject,t1,sex,age\n");
    for (int n = 0; n < people; n++) lar_text_add(&text, "%s\n", row(n));
    data_write("cases.csv", text.at);
    lar_text_clear(&text);
}

static const char *row_of(int n)
{
    static char row[64];
    /* two cases of each subject; ages from 20 to 59, one of seven not known */
    char age[8] = "";
    if (n / 2 % 7) snprintf(age, sizeof age, "%d", 20 + n / 2 * 11 % 40);
    snprintf(row, sizeof row, "c%d,s%d,x,%s,%s", n, n / 2, n / 2 % 3 ? "F" : "M", age);
    return row;
}

static const char *row_of_two_ages(int n)
{
    static char row[64];
    snprintf(row, sizeof row, "c%d,s%d,x,,%d", n, n / 2, n);
    return row;
}

static void cohorts_are_stratified(void **state)
{
    (void)state;
    lar_image_spec images[] = { { .name = "t1" } };
    lar_data_params data = data_params(images, 1);
    lar_cohort *cohort;
    const char *const by[] = { "sex", "age" };
    data.csv = "cases.csv";
    data.split.parts[LAR_VALID] = 0.25;
    data.split.stratify = (lar_texts){ 2, by };
    write_table(row_of, 160);
    CHECK_OK(lar_cohort_new(&cohort, &data, data_root));
    assert_int_equal(cohort->participant_count, 80);
    int men = 0, young = 0, unknown = 0, valid = 0;
    for (int64_t n = 0; n < cohort->participant_count; n++) {
        const lar_subject *one = &cohort->subjects[cohort->firsts[n]];
        double age = NAN;
        if (one->split != LAR_VALID) continue;
        valid++;
        men += lar_text_is(one->values[0], "M");
        unknown += !lar_parse_real(&age, one->values[1]);
        young += age < 40;
    }
    assert_int_equal(valid, 20);
    assert_in_range(men, 27 / 4 - 2, 27 / 4 + 3);
    assert_in_range(unknown, 1, 5); /* of 12 */
    assert_in_range(young, 6, 11);  /* of 34 */
    for (int64_t n = 1; n < cohort->subject_count; n++)
        if (lar_text_is(cohort->subjects[n - 1].subject, cohort->subjects[n].subject))
            assert_int_equal(cohort->subjects[n - 1].split, cohort->subjects[n].split);
    /* a number in two bins: in every draw as many of the younger half as of the older */
    lar_data_params halves = data;
    halves.split.stratify = (lar_texts){ 1, by + 1 };
    halves.split.bins = 2;
    for (halves.split.seed = 1; halves.split.seed <= 60; halves.split.seed++) {
        lar_cohort *drawn;
        int half = 0;
        CHECK_OK(lar_cohort_new(&drawn, &halves, data_root));
        for (int64_t n = 0; n < drawn->participant_count; n++) {
            const lar_subject *one = &drawn->subjects[drawn->firsts[n]];
            double age = NAN;
            lar_parse_real(&age, one->values[1]);
            half += one->split == LAR_VALID && age < 40;
        }
        assert_in_range(half, 7, 10); /* of 34, a quarter */
        lar_cohort_free(drawn);
    }
    /* split.csv has a line of each subject, and reads to the same */
    lar_text text = { 0 };
    lar_split_text(&text, cohort);
    int lines = 0;
    for (const char *c = text.at; *c; c++) lines += *c == '\n';
    assert_int_equal(lines, 81);
    data_write("split.csv", text.at);
    lar_text_clear(&text);
    lar_cohort *again;
    data.split.file = "split.csv";
    data.split.stratify.count = 0;
    CHECK_OK(lar_cohort_new(&again, &data, data_root));
    for (int64_t n = 0; n < cohort->subject_count; n++)
        assert_int_equal(again->subjects[n].split, cohort->subjects[n].split);
    lar_cohort_free(again);
    lar_cohort_free(cohort);
    data.split.file = NULL;
    const char *const wrong[] = { "sexe" };
    data.split.stratify = (lar_texts){ 1, wrong };
    CHECK_FAILS(lar_cohort_new(&cohort, &data, data_root), LAR_EARGUMENT,
                "stratified by 'sexe', but there is no such covariate\n  try 'sex'");
    const char *const other[] = { "height" };
    data.split.stratify = (lar_texts){ 1, other };
    CHECK_FAILS(lar_cohort_new(&cohort, &data, data_root), LAR_EARGUMENT, "try one of sex age");
    data.split.stratify = (lar_texts){ 1, by + 1 };
    write_table(row_of_two_ages, 20);
    CHECK_FAILS(lar_cohort_new(&cohort, &data, data_root), LAR_EARGUMENT,
                "the cases of 's0' do not agree: '0' and '1'");
    /* a word among numbers may be a slip; without it, or with few numbers, nothing is said */
    static const struct {
        const char *text;
        int warnings;
    } ages[] = {
        { "a,x,30\nb,x,NA\nc,x,\nd,x,n/a\ne,x,41\nf,x,52\n", 1 },
        { "a,x,30\nb,x,\nc,x,\nd,x,n/a\ne,x,41\nf,x,52\n", 0 },
        { "a,x,30\nb,x,NA\nc,x,\nd,x,n/a\ne,x,41\nf,x,41\n", 0 },
    };
    data.split.bins = 2;
    for (size_t n = 0; n < sizeof ages / sizeof *ages; n++) {
        char table[128];
        snprintf(table, sizeof table, "subject,t1,age\n%s", ages[n].text);
        data_write("cases.csv", table);
        data_listen();
        CHECK_OK(lar_cohort_new(&cohort, &data, data_root));
        lar_log_to(NULL, NULL);
        lar_cohort_free(cohort);
        assert_int_equal(data_warnings, ages[n].warnings);
        if (data_warnings)
            assert_non_null(strstr(data_warned, "'age', a number of 3 subjects, but 'NA' of 'b'"));
    }
    data_touch("t1/a.nii t1/b.nii");
    images[0].path = "t1/{subject}.nii";
    data.csv = NULL;
    CHECK_FAILS(lar_cohort_new(&cohort, &data, data_root), LAR_EARGUMENT,
                "try participants: FILE, a table with the columns participant_id and age");
}

/* Sessions and slices that are taken for subjects are told where a head is in two parts. */
static void heads_in_two_parts_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *names, *words;
    } folders[] = {
        { "train/a_ses-1.nii train/b.nii valid/a_ses-2.nii",
          "'a_ses-1' is train and 'a_ses-2' is valid, as if they were two" },
        { "train/a_run-1_T1w.nii train/a_run-2_T1w.nii valid/a_run-10_T1w.nii",
          "'a_run-2_T1w' is train and 'a_run-10_T1w' is valid" },
        { "train/s_1_z012.tif valid/s_1_z013.tif train/s_2_z1.tif valid/s_2_z2.tif",
          "'s_1_z012' is train and 's_1_z013' is valid, and so are others" },
        { "train/a_ses-1.nii train/a_ses-2.nii valid/b_ses-1.nii", NULL },
        { "train/a_1.nii valid/a_2.nii train/a_x.nii valid/a_y.nii", NULL },
        { "train/a_ses-1_z01.nii valid/ab_ses-1_z02.nii", NULL },
    };
    lar_image_spec images[] = { { .name = "t1" } };
    for (size_t n = 0; n < sizeof folders / sizeof *folders; n++) {
        lar_data_params data = data_params(images, 1);
        lar_cohort *cohort;
        char folder[16], name[64];
        snprintf(folder, sizeof folder, "f%zu", n);
        data.folders = folder;
        for (const char *at = folders[n].names; *at; at += strspn(at, " ")) {
            const size_t length = strcspn(at, " ");
            snprintf(name, sizeof name, "%s/t1/%.*s", folder, (int)length, at);
            data_touch(name);
            at += length;
        }
        data_listen();
        CHECK_OK(lar_cohort_new(&cohort, &data, data_root));
        lar_log_to(NULL, NULL);
        assert_int_equal(data_warnings, folders[n].words != NULL);
        if (folders[n].words) assert_non_null(strstr(data_warned, folders[n].words));
        lar_cohort_free(cohort);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_take_everybody_once),
        cmocka_unit_test(folds_hardly_move),
        cmocka_unit_test(parts_hardly_move),
        cmocka_unit_test(strata_get_their_share),
        cmocka_unit_test(strata_are_fair),
        cmocka_unit_test(strata_keep_what_is_promised),
        cmocka_unit_test_setup_teardown(cohorts_are_stratified, data_folder_make,
                                        data_folder_remove),
        cmocka_unit_test_setup_teardown(heads_in_two_parts_are_told, data_folder_make,
                                        data_folder_remove),
    };
    return cmocka_run_group_tests(tests, make_people, NULL);
}
