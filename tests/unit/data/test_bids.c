/* What kind of image the words and times of a scan say it is.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "data/data.h"

static const char *kind(const char *modality, const char *words, double echo, double repetition,
                        double inversion)
{
    const lar_bids_clues clues = { modality, words, echo, repetition, inversion };
    const char *suffix = lar_bids_suffix(&clues);
    return suffix ? suffix : "none";
}

static void words_of_protocols(void **state)
{
    (void)state;
    static const char *const known[][2] = {
        { "t1_mprage_sag_p2_iso", "T1w" },
        { "anat-T1w_acq-tfl", "T1w" },
        { "Subj3_T1", "T1w" },
        { "SAG FSPGR BRAVO", "T1w" },
        { "T2_SPACE_DARKFLUID", "FLAIR" },
        { "t2_tirm_tra_dark-fluid", "FLAIR" },
        { "3D FLAIR (T1 weighted)", "FLAIR" },
        { "Subj3_FL", "FLAIR" },
        { "t2_tse_tra", "T2w" },
        { "AX T2* GRE", "T2starw" },
        { "t2star_fl2d", "T2starw" },
        { "PD_axial", "PDw" },
        { "head ct 5mm", "ct" },
        /* of another kind, or of several */
        { "t2_localizer", "none" },
        { "T1_mask", "none" },
        { "ep2d_diff_t2", "none" },
        { "pd+t2_tse", "none" },
        { "report", "none" },
        { "t10 best2 apd", "none" },
        { "", "none" },
    };
    for (size_t n = 0; n < sizeof known / sizeof *known; n++)
        if (!lar_text_is(kind(NULL, known[n][0], NAN, NAN, NAN), known[n][1]))
            fail_msg("'%s' is taken for %s, expected %s", known[n][0],
                     kind(NULL, known[n][0], NAN, NAN, NAN), known[n][1]);
}

static void times_decide_where_words_do_not(void **state)
{
    (void)state;
    assert_string_equal(kind("MR", "pd+t2_tse", 0.011, 4.3, NAN), "PDw");
    assert_string_equal(kind("MR", "pd+t2_tse", 0.1, 4.3, NAN), "T2w");
    assert_string_equal(kind("MR", "head", 0.0024, 1.8, 0.9), "T1w");
    assert_string_equal(kind("MR", "head", 0.01, 0.5, NAN), "T1w");
    assert_string_equal(kind("MR", "head", 0.09, 9, 2.5), "FLAIR");
    assert_string_equal(kind("MR", "head", 0.09, 4, NAN), "T2w");
    /* words win; times that contradict several words tell nothing */
    assert_string_equal(kind("MR", "t1_se", 0.09, 4, NAN), "T1w");
    assert_string_equal(kind("MR", "t1 flair t2 pd", 0.09, 4, NAN), "none");
    /* neither short nor long; another kind stays one */
    assert_string_equal(kind("MR", "head", 0.05, 4, NAN), "none");
    assert_string_equal(kind("MR", "localizer", 0.01, 0.5, NAN), "none");
    assert_string_equal(kind("CT", "Head", NAN, NAN, NAN), "ct");
    assert_string_equal(kind("CT", "scout", NAN, NAN, NAN), "none");
}

static void labels(void **state)
{
    (void)state;
    lar_arena *arena;
    CHECK_OK(lar_arena_new(&arena));
    assert_string_equal(lar_bids_label("sub-01", arena), "01");
    assert_string_equal(lar_bids_label("ct_head ge", arena), "ctheadge");
    assert_string_equal(lar_bids_label("ses-pre/op", arena), "preop");
    assert_string_equal(lar_bids_label("\xc3\xa9-_", arena), "");
    assert_string_equal(lar_bids_folder("FLAIR"), "anat");
    assert_string_equal(lar_bids_folder("ct"), "ct");
    assert_true(lar_bids_names_kind("FLAIR") && lar_bids_names_kind("t1"));
    assert_false(lar_bids_names_kind("patient01") || lar_bids_names_kind("t1_flair_study"));
    lar_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_protocols),
        cmocka_unit_test(times_decide_where_words_do_not),
        cmocka_unit_test(labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
