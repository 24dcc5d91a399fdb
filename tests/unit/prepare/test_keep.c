/* What is kept of an earlier run and what is made again, what a plan foretells, and what lies
 * beside a volume. SPDX-License-Identifier: Apache-2.0 */
#include "prepare/study.h"
#include "small_cohort.h"

#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>

enum { SUBJECTS = 8, FLIPS = 64 };

#define STUDY                                                                                      \
    "data:\n"                                                                                      \
    "  images:\n"                                                                                  \
    "    t1: {path: \"t1/{subject}.nii.gz\"}\n"                                                    \
    "    flair: {path: \"flair/{subject}.nii\", role: target, contrast: flair}\n"                  \
    "  split: split.csv\n"
#define STEPS   "prepare: [{resample: {images: flair, onto: t1}}, {normalize: {}}]\n"
#define LEARNED "prepare: [{resample: {images: flair, onto: t1}}, {normalize: {method: nyul}}]\n"

static void put_scans(int n, int kind)
{
    char name[64];
    const lar_grid t1 = small_grid(9, 10, 8, 2), flair = small_grid(12, 11, 10, 1.8);
    snprintf(name, sizeof name, "t1/S%d.nii.gz", n);
    small_write(small_image(&t1, LAR_I16, kind), in_root(name));
    snprintf(name, sizeof name, "flair/S%d.nii", n);
    small_write(small_image(&flair, LAR_F32, kind + 10), in_root(name));
}

static int make(void **state)
{
    (void)state;
    lar_text split = { 0 };
    root_make();
    lar_text_add(&split, "subject,split\n");
    for (int n = 1; n <= SUBJECTS; n++) {
        put_scans(n, n);
        lar_text_add(&split, "S%d,%s\n", n, n % 4 ? "train" : "valid");
    }
    CHECK_OK(lar_file_write(in_root("split.csv"), lar_text_get(&split), split.length, true));
    lar_text_clear(&split);
    return 0;
}

static lar_status run(lar_prepare_report *report, const char *text, bool verify)
{
    lar_study *study = small_study(text, root);
    const lar_prepare_params params = { .verify = verify, .memory = LAR_INT_AUTO };
    const lar_status status = lar_prepare_cohort(report, study, &params, NULL, (lar_progress){ 0 });
    lar_study_free(study);
    return status;
}

static lar_prepare_plan *plan(const char *text)
{
    lar_prepare_plan *made;
    lar_study *study = small_study(text, root);
    const lar_prepare_params params = { .memory = LAR_INT_AUTO };
    CHECK_OK(lar_prepare_plan_new(&made, study, &params));
    lar_study_free(study);
    return made;
}

/* Flips a bit where it lies; with `secretly`, the file's times are put back as far as a program
 * can. */
static void flip(const char *path, int64_t at, bool secretly)
{
    struct stat about;
    unsigned char byte;
    assert_int_equal(stat(path, &about), 0);
    const int file = open(path, O_RDWR);
    assert_true(file >= 0);
    at = at < 0 ? about.st_size + at : at;
    assert_int_equal(pread(file, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(file, &byte, 1, at), 1);
    close(file);
    const struct timespec times[] = { about.st_atim, about.st_mtim };
    if (secretly) assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static char *bytes_of(const char *name, size_t *count)
{
    char *bytes;
    CHECK_OK(lar_file_read(&bytes, count, in_root(name), 1 << 24));
    return bytes;
}

/* ---- volumes --------------------------------------------------------------------------- */

static void every_flipped_volume_is_found(void **state)
{
    (void)state;
    lar_prepare_report report;
    char *first[SUBJECTS + 1][2];
    size_t count[SUBJECTS + 1][2], again;
    CHECK_OK(run(&report, STUDY STEPS, false));
    for (int n = 1; n <= SUBJECTS; n++)
        for (int m = 0; m < 2; m++) {
            char name[64];
            snprintf(name, sizeof name, "exp/prepared/S%d/%s.nii", n, m ? "flair" : "t1");
            first[n][m] = bytes_of(name, &count[n][m]);
        }
    for (int turn = 0; turn < FLIPS; turn++) {
        char name[64];
        const int n = turn % SUBJECTS + 1, m = turn / SUBJECTS % 2;
        lar_prepared *prepared;
        lar_image *image;
        snprintf(name, sizeof name, "exp/prepared/S%d/%s.nii", n, m ? "flair" : "t1");
        const int64_t at = (int64_t)count[n][m] * turn / FLIPS; /* header and voxels alike */
        flip(in_root(name), at, turn % 2);
        CHECK_OK(cohort_open(&prepared, STUDY STEPS));
        CHECK_FAILS(lar_prepared_map(&image, prepared, n - 1, m), LAR_EFORMAT,
                    "is not what prepare wrote: its checksum differs");
        assert_non_null(strstr(lar_error(), "try larmor prepare with --verify"));
        assert_null(image);
        CHECK_OK(lar_prepared_map(&image, prepared, n % SUBJECTS, m)); /* another one is fine */
        lar_image_free(image);
        lar_prepared_free(prepared);
        CHECK_OK(run(&report, STUDY STEPS, turn % 4 == 3));
        cohort_counts(&report, 1, SUBJECTS - 1, 0);
        assert_int_equal(report.damaged, 1);
        char *now = bytes_of(name, &again);
        assert_int_equal(again, count[n][m]);
        assert_memory_equal(now, first[n][m], again);
        lar_free(now);
    }
    for (int n = 1; n <= SUBJECTS; n++)
        for (int m = 0; m < 2; m++) lar_free(first[n][m]);
}

/* ---- scans ----------------------------------------------------------------------------- */

static void touched_and_copied_scans_are_kept(void **state)
{
    (void)state;
    lar_prepare_report report;
    size_t length;
    CHECK_OK(run(&report, STUDY LEARNED, false));
    char *standard = bytes_of("exp/prepared/fits/2_t1.txt", &length);
    const struct timespec later[] = { { .tv_sec = 2000000000 }, { .tv_sec = 2000000000 } };
    assert_int_equal(utimensat(AT_FDCWD, in_root("t1/S1.nii.gz"), later, 0), 0);
    char *copy = bytes_of("flair/S2.nii", &length);
    CHECK_OK(lar_file_remove(in_root("flair/S2.nii")));
    CHECK_OK(lar_file_write(in_root("flair/S2.nii"), copy, length, false));
    lar_free(copy);
    lar_prepare_plan *p = plan(STUDY LEARNED);
    assert_int_equal(p->counts[LAR_TODO_KEEP], SUBJECTS);
    assert_string_equal(p->learns, "");
    lar_prepare_plan_free(p);
    CHECK_OK(run(&report, STUDY LEARNED, false));
    cohort_counts(&report, 0, SUBJECTS, 0); /* and nothing was learned anew */
    char *now = bytes_of("exp/prepared/fits/2_t1.txt", &length);
    assert_string_equal(now, standard);
    lar_free(now);
    lar_free(standard);
}

static void changed_scans_are_found(void **state)
{
    (void)state;
    lar_prepare_report report;
    CHECK_OK(run(&report, STUDY STEPS, false));
    for (int turn = 0; turn < 8; turn++) {
        char name[64];
        const int n = turn + 1;
        snprintf(name, sizeof name, "flair/S%d.nii", n);
        flip(in_root(name), -4 * (turn + 1), turn % 2); /* of the same length, and times put back */
        lar_prepare_plan *p = plan(STUDY STEPS);
        for (int c = 0; c < SUBJECTS; c++) {
            assert_int_equal(p->cases[c].todo, c == turn ? LAR_TODO_AGAIN : LAR_TODO_KEEP);
            assert_string_equal(p->cases[c].why, c == turn ? "the scan 'flair' has changed" : "");
        }
        lar_prepare_plan_free(p);
        CHECK_OK(run(&report, STUDY STEPS, turn % 4 == 3));
        cohort_counts(&report, 1, SUBJECTS - 1, 0);
        assert_int_equal(report.damaged, 0);
    }
}

/* R25: what is learned is learned of the training subjects: held-out scans change nothing else. */
static void held_out_scans_teach_nothing(void **state)
{
    (void)state;
    lar_prepare_report report;
    char *before[SUBJECTS + 1], *standard;
    size_t count, length;
    CHECK_OK(run(&report, STUDY LEARNED, false));
    standard = bytes_of("exp/prepared/fits/2_flair.json", &length);
    for (int n = 1; n <= SUBJECTS; n++) {
        char name[64];
        snprintf(name, sizeof name, "exp/prepared/S%d/flair.nii", n);
        before[n] = bytes_of(name, &count);
    }
    put_scans(4, 90);
    put_scans(8, 91);
    CHECK_OK(run(&report, STUDY LEARNED, false));
    cohort_counts(&report, 2, SUBJECTS - 2, 0);
    for (int again = 0; again < 2; again++) {
        for (int n = 1; n <= SUBJECTS; n++) {
            char name[64];
            snprintf(name, sizeof name, "exp/prepared/S%d/flair.nii", n);
            char *now = bytes_of(name, &count);
            if ((memcmp(now, before[n], count) == 0) != (n % 4 != 0))
                fail_msg("S%d %s", n, n % 4 ? "has changed" : "has not changed");
            lar_free(now);
        }
        char *now = bytes_of("exp/prepared/fits/2_flair.json", &count);
        assert_int_equal(count, length);
        assert_memory_equal(now, standard, length);
        lar_free(now);
        CHECK_OK(cohort_run(&report, STUDY LEARNED, true)); /* all anew: still so */
    }
    /* and a training scan teaches all */
    put_scans(1, 92);
    lar_prepare_plan *p = plan(STUDY LEARNED);
    assert_int_equal(p->counts[LAR_TODO_AGAIN], SUBJECTS);
    assert_string_equal(p->learns, "t1, flair");
    lar_prepare_plan_free(p);
    CHECK_OK(run(&report, STUDY LEARNED, false));
    cohort_counts(&report, SUBJECTS, 0, 0);
    for (int n = 1; n <= SUBJECTS; n++) lar_free(before[n]);
    lar_free(standard);
}

/* ---- parameters ------------------------------------------------------------------------ */

/* Another value than the one that is set; NULL: there is none to be tried without care. */
static const char *other_value(const lar_param *p, const void *params)
{
    static char words[64];
    const char *field = (const char *)params + p->offset;
    if (p->kind == LAR_KIND_FLAG) return *(const bool *)field ? "no" : "yes";
    if (p->kind == LAR_KIND_CHOICE) return p->choices[*(const int *)field == 0];
    if (p->kind == LAR_KIND_INT || p->kind == LAR_KIND_REAL) {
        snprintf(words, sizeof words, "%g", floor(p->low) == p->low ? p->low + 1 : p->low * 2);
        return words;
    }
    return NULL;
}

/* Every key of every step is a line of what prepared volumes depend on. */
static void every_parameter_is_a_miss(void **state)
{
    (void)state;
    int64_t tried = 0;
    lar_arena *arena;
    CHECK_OK(lar_arena_new(&arena));
    for (int k = 0; lar_steps[k]; k++) {
        lar_study *study = small_study(STUDY STEPS, root);
        const lar_step_kind *kind = lar_steps[k];
        lar_step *step = &study->steps[1];
        step->kind = kind;
        step->params = lar_arena_take(arena, 1, kind->size);
        for (int t = 0; t < LAR_STEP_TABLES && kind->tables[t]; t++)
            lar_param_defaults(kind->tables[t], step->params);
        CHECK_OK(lar_study_describe(study, arena));
        const char *before = study->recipe;
        for (int t = 0; t < LAR_STEP_TABLES && kind->tables[t]; t++)
            for (const lar_param *p = kind->tables[t]; p->name; p++) {
                lar_text difference = { 0 };
                const char *value = other_value(p, step->params);
                if (!value) value = p->kind == LAR_KIND_TEXT ? "t1" : NULL;
                if (!value) continue;
                lar_param_defaults(kind->tables[t], step->params);
                if (lar_param_set(p, step->params, value, p->name, arena) != LAR_OK) continue;
                CHECK_OK(lar_study_describe(study, arena));
                if (!lar_lines_differ(&difference, before, study->recipe))
                    fail_msg("%s: %s is not seen", kind->name, p->name);
                lar_text_clear(&difference);
                tried++;
                lar_param_defaults(kind->tables[t], step->params);
            }
        lar_study_free(study);
    }
    assert_true(tried > 60);
    lar_arena_free(arena);
}

/* ---- beside a volume ------------------------------------------------------------------- */

static json_t *beside(const char *name)
{
    size_t length;
    char *text = bytes_of(name, &length);
    json_t *root_of = json_loads(text, 0, NULL);
    assert_non_null(root_of);
    assert_null(strstr(text, root)); /* no absolute path */
    lar_free(text);
    return root_of;
}

static void tells_where_it_comes_from(void **state)
{
    (void)state;
    lar_prepare_report report;
    char hex[LAR_SHA256_ROOM];
    CHECK_OK(run(&report, STUDY LEARNED, false));
    json_t *flair = beside("exp/prepared/S2/flair.json"), *t1 = beside("exp/prepared/S2/t1.json");
    const json_t *sources = json_object_get(flair, "Sources");
    const json_t *hashes = json_object_get(flair, "SourcesSHA256");
    assert_int_equal(json_array_size(sources), 2); /* its grid is the other's */
    assert_int_equal(json_array_size(json_object_get(t1, "Sources")), 1);
    static const char *const paths[] = { "../../../flair/S2.nii", "../../../t1/S2.nii.gz" };
    for (size_t n = 0; n < 2; n++) {
        assert_string_equal(json_string_value(json_array_get(sources, n)), paths[n]);
        CHECK_OK(lar_sha256_file(hex, in_root(paths[n] + 9)));
        assert_string_equal(json_string_value(json_object_get(hashes, paths[n])), hex);
    }
    CHECK_OK(lar_sha256_file(hex, in_root("exp/prepared/S2/flair.nii")));
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(flair, "Volume"), "SHA256")), hex);
    const json_t *steps = json_object_get(flair, "Steps");
    assert_int_equal(json_array_size(steps), 2);
    assert_int_equal(json_array_size(json_object_get(t1, "Steps")), 1);
    const json_t *resample = json_array_get(steps, 0), *normalize = json_array_get(steps, 1);
    assert_string_equal(json_string_value(json_object_get(resample, "Name")), "resample");
    const json_t *params = json_object_get(resample, "Parameters");
    assert_string_equal(json_string_value(json_object_get(params, "onto")), "t1");
    assert_string_equal(json_string_value(json_object_get(params, "interpolation")), "cubic");
    const json_t *found = json_object_get(normalize, "Found");
    assert_non_null(json_object_get(json_object_get(found, "fit"), "method"));
    const char *standard =
        json_string_value(json_object_get(json_object_get(found, "standard"), "sha256"));
    CHECK_OK(lar_sha256_file(hex, in_root("exp/prepared/fits/2_flair.json")));
    assert_string_equal(standard, hex);
    const json_t *by = json_array_get(json_object_get(flair, "GeneratedBy"), 0);
    assert_string_equal(json_string_value(json_object_get(by, "Version")), lar_version());
    json_decref(flair);
    json_decref(t1);
    /* where it is missing or was changed, it is written again, and the volume is kept */
    CHECK_OK(lar_file_remove(in_root("exp/prepared/S2/t1.json")));
    CHECK_OK(lar_file_write(in_root("exp/prepared/S3/t1.json"), "{}", 2, true));
    CHECK_OK(run(&report, STUDY LEARNED, false));
    cohort_counts(&report, 0, SUBJECTS, 0);
    json_decref(beside("exp/prepared/S2/t1.json"));
    json_t *again = beside("exp/prepared/S3/t1.json");
    assert_true(json_object_size(again) > 5);
    json_decref(again);
}

/* ---- plans ----------------------------------------------------------------------------- */

static void a_plan_writes_nothing(void **state)
{
    (void)state;
    lar_prepare_report report;
    lar_prepare_plan *p = plan(STUDY STEPS);
    assert_int_equal(p->counts[LAR_TODO_NEW], SUBJECTS);
    assert_true(p->disk == 2 * 4 * SUBJECTS * 9 * 10 * 8);
    assert_true(p->memory > 0 && p->memory_there > p->memory && p->together >= 1);
    assert_false(lar_path_exists(in_root("exp")));
    lar_prepare_plan_free(p);
    CHECK_OK(run(&report, STUDY STEPS, false));
    CHECK_OK(lar_file_remove(in_root("exp/prepared/S5/t1.nii")));
    put_scans(6, 77);
    p = plan(STUDY STEPS);
    assert_int_equal(p->counts[LAR_TODO_AGAIN], 2);
    assert_string_equal(p->cases[4].why, "'t1.nii' is missing");
    assert_string_equal(p->cases[5].why, "the scan 't1' has changed");
    lar_prepare_plan_free(p);
    assert_false(lar_path_exists(in_root("exp/prepared/S5/t1.nii")));
    /* another study is refused as it would be */
    lar_study *study =
        small_study(STUDY "prepare: [{resample: {images: flair, onto: t1}}]\n", root);
    const lar_prepare_params params = { .memory = LAR_INT_AUTO };
    CHECK_FAILS(lar_prepare_plan_new(&p, study, &params), LAR_EEXISTS, "by another study");
    lar_study_free(study);
}

static void too_little_memory_fails_a_case(void **state)
{
    (void)state;
    lar_prepare_report report;
    lar_study *study = small_study(STUDY STEPS, root);
    const lar_prepare_params params = { .memory = 1000 };
    CHECK_FAILS(lar_prepare_cohort(&report, study, &params, NULL, (lar_progress){ 0 }),
                LAR_EPARTIAL, "8 of 8 cases failed");
    lar_study_free(study);
    size_t length;
    char *text = bytes_of("exp/failed.tsv", &length);
    assert_non_null(strstr(text, "S1\tcase 'S1' needs about "));
    lar_free(text);
}

/* Whichever allocation fails, a run ends with a word, and the next one makes all as it should be.
 */
static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    lar_prepare_report report;
    size_t count, again;
    const int threads = lar_threads_get();
    CHECK_OK(run(&report, STUDY STEPS, false));
    char *first = bytes_of("exp/prepared/cases.json", &count);
    for (int way = 0; way < 4; way++) {
        lar_threads_set(way / 2 ? 3 : 1);
        for (int64_t n = 1, ended = false; !ended; n += 1 + n / 12) {
            const int64_t before = lar_alloc_count();
            lar_study *study = small_study(STUDY STEPS, root);
            const lar_prepare_params params = { .force = true, .memory = LAR_INT_AUTO };
            lar_alloc_fail_at(n, way % 2);
            const lar_status status =
                lar_prepare_cohort(&report, study, &params, NULL, (lar_progress){ 0 });
            lar_alloc_fail_at(0, false);
            if (status != LAR_OK && status != LAR_EPARTIAL && status != LAR_EMEMORY)
                fail_msg("allocation %d: %s", (int)n, lar_error());
            ended = lar_alloc_count() - before < n; /* none of it failed */
            if (ended) assert_int_equal(status, LAR_OK);
            lar_study_free(study);
        }
        CHECK_OK(run(&report, STUDY STEPS, false));
        char *now = bytes_of("exp/prepared/cases.json", &again);
        assert_int_equal(count, again);
        assert_memory_equal(now, first, again);
        lar_free(now);
    }
    lar_threads_set(threads);
    lar_free(first);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, make, cohort_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(every_flipped_volume_is_found), EACH(touched_and_copied_scans_are_kept),
        EACH(changed_scans_are_found),       EACH(held_out_scans_teach_nothing),
        EACH(every_parameter_is_a_miss),     EACH(tells_where_it_comes_from),
        EACH(a_plan_writes_nothing),         EACH(too_little_memory_fails_a_case),
        EACH(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
