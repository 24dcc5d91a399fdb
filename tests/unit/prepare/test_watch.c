/* Who looks on while a cohort is prepared: what is told, in which order, and that it changes
 * nothing. SPDX-License-Identifier: Apache-2.0 */
#include "small_cohort.h"

static const lar_prepare_params once = { .memory = LAR_INT_AUTO },
                                anew = { .force = true, .memory = LAR_INT_AUTO };

#define STUDY                                                                                      \
    "data:\n"                                                                                      \
    "  images:\n"                                                                                  \
    "    t1: {path: \"t1/{subject}.nii\"}\n"                                                       \
    "    flair: {path: \"flair/{subject}.nii\", role: target}\n"                                   \
    "  split: {valid: 1}\n"                                                                        \
    "prepare: [{clip: {images: t1, percentiles: [1, 99]}}, {resample: {images: flair, onto: t1}}," \
    " {normalize: {}}]\n"

static int make(void **state)
{
    (void)state;
    root_make();
    for (int n = 1; n <= 3; n++) {
        char name[64];
        const lar_grid t1 = small_grid(9, 10, 8, 2), flair = small_grid(12, 11, 10, 1.8);
        snprintf(name, sizeof name, "t1/S%d.nii", n);
        small_write(small_image(&t1, LAR_I16, n), in_root(name));
        snprintf(name, sizeof name, "flair/S%d.nii", n);
        small_write(small_image(&flair, LAR_F32, n + 10), in_root(name));
    }
    CHECK_OK(lar_file_write(in_root("flair/S2.nii"), "no image", 8, true));
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    check_folder_remove(root);
    return 0;
}

enum { CASES = 3 };

/* What is told of each case and of the cohort, as lines of words; and the last voxels of each
 * image. Cases are told by threads of their own. */
typedef struct seen {
    lar_text of_case[CASES + 1], words;
    lar_image *last[CASES + 1][2];
    const lar_study *study;
    bool recorded; /* a case was in cases.json before it was told */
} seen;

static void see_image(void *user, const char *id, int64_t image, int64_t step,
                      const lar_image *shown)
{
    seen *s = user;
    const int n = id[1] - '0';
    lar_image **last = &s->last[n][image];
    lar_text_add(&s->of_case[n], "%lld.%lld ", (long long)image, (long long)step);
    assert_int_equal(shown->type, LAR_F32);
    lar_image_free(*last);
    CHECK_OK(lar_image_like(last, shown, LAR_F32));
    memcpy((*last)->voxels, shown->voxels, (size_t)lar_image_voxel_count(shown) * sizeof(float));
}

static void see_case(void *user, const lar_cases *cases, int64_t index, const lar_case *prepared)
{
    seen *s = user;
    assert_int_equal(cases->case_count, 3);
    lar_text_add(&s->words, "[%lld", (long long)index);
    for (int64_t n = 0; n < 3; n++) lar_text_add(&s->words, " %d", cases->cases[n].state);
    lar_text_add(&s->words, "%s] ", prepared ? " *" : "");
    if (index < 0) return;
    lar_cases *record;
    CHECK_OK(lar_cases_read(&record, in_root("exp/prepared/cases.json")));
    s->recorded |= record->cases[index].state != LAR_CASE_PENDING;
    lar_cases_free(record);
    /* on the grid of the scan, what is prepared is what was shown last */
    if (prepared)
        assert_memory_equal(prepared->images[0]->voxels, s->last[index + 1][0]->voxels,
                            (size_t)lar_image_voxel_count(s->last[index + 1][0]) * sizeof(float));
}

static void clear(seen *s)
{
    lar_text_clear(&s->words);
    for (int n = 0; n <= CASES; n++) {
        lar_text_clear(&s->of_case[n]);
        for (int m = 0; m < 2; m++) lar_image_free(s->last[n][m]);
    }
    *s = (seen){ 0 };
}

static void tells_what_happens(void **state)
{
    (void)state;
    lar_prepare_report report;
    lar_study *study = small_study(STUDY, root);
    seen s = { .study = study };
    const lar_prepare_watch watch = { .image = see_image, .ended = see_case, .user = &s };
    assert_int_equal(lar_prepare_cohort(&report, study, &once, &watch, (lar_progress){ 0 }),
                     LAR_EPARTIAL);
    assert_string_equal(lar_text_get(&s.words), "[-1 0 0 0] [0 1 0 0 *] [1 1 2 0] [2 1 2 1 *] ");
    assert_string_equal(lar_text_get(&s.of_case[1]), "0.0 1.0 0.1 0.3 1.3 ");
    assert_string_equal(lar_text_get(&s.of_case[2]), "0.0 ");
    assert_string_equal(lar_text_get(&s.of_case[3]), "0.0 1.0 0.1 0.3 1.3 ");
    assert_false(s.recorded); /* whoever keeps something of a case has done so before it counts */
    clear(&s);
    /* again: the failed one alone is tried */
    assert_int_equal(lar_prepare_cohort(&report, study, &once, &watch, (lar_progress){ 0 }),
                     LAR_EPARTIAL);
    assert_string_equal(lar_text_get(&s.words), "[-1 1 0 1] [1 1 2 1] ");
    assert_string_equal(lar_text_get(&s.of_case[2]), "0.0 ");
    assert_null(s.of_case[1].at);
    clear(&s);
    lar_study_free(study);
}

static char *bytes_of(const char *name, size_t *count)
{
    char *bytes;
    CHECK_OK(lar_file_read(&bytes, count, in_root(name), 1 << 24));
    return bytes;
}

static void changes_nothing(void **state)
{
    (void)state;
    lar_prepare_report report;
    lar_study *study = small_study(STUDY, root);
    seen s = { .study = study };
    static const char *const names[] = { "exp/prepared/S1/t1.nii", "exp/prepared/S3/flair.nii",
                                         "exp/prepared/cases.json", "exp/failed.tsv" };
    const lar_prepare_watch watch = { .image = see_image, .ended = see_case, .user = &s },
                            nothing = { 0 };
    const lar_prepare_watch *const watches[] = { NULL, &nothing, &watch };
    char *first[4];
    size_t length[4], again;
    for (int w = 0; w < 3; w++) {
        lar_file_remove(in_root("exp/prepared/cases.json"));
        assert_int_equal(lar_prepare_cohort(&report, study, &anew, watches[w], (lar_progress){ 0 }),
                         LAR_EPARTIAL);
        for (int n = 0; n < 4; n++) {
            if (w == 0) {
                first[n] = bytes_of(names[n], &length[n]);
                continue;
            }
            char *now = bytes_of(names[n], &again);
            assert_int_equal(again, length[n]);
            assert_memory_equal(now, first[n], again);
            lar_free(now);
        }
    }
    for (int n = 0; n < 4; n++) lar_free(first[n]);
    clear(&s);
    lar_study_free(study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_what_happens, make, unmake),
        cmocka_unit_test_setup_teardown(changes_nothing, make, unmake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
