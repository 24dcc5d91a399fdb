/* Standards that are learned of one image through another, with a registration between them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "intensity/intensity.h"
#include "phantom_scans.h"
#include "small_cohort.h"

enum { TRAINING = 3 }; /* S1 to S3, where the flair of S3 is of another head; S4 is held out */

#define DATA                                                                                       \
    "data:\n"                                                                                      \
    "  images:\n"                                                                                  \
    "    t1: {path: \"t1/{subject}.nii\", contrast: t1}\n"                                         \
    "    flair: {path: \"flair/{subject}.nii\", role: target, contrast: flair}\n"                  \
    "    head: {path: \"head/{subject}.nii\", role: mask}\n"                                       \
    "  split: split.csv\n"
#define REGISTER "prepare:\n  - register: {move: flair, to: t1, kind: rigid, mask: head}\n"

static char root[64];
static lar_image *scans[TRAINING + 1][2];

static int cohort_make(void **state)
{
    (void)state;
    static const char split[] = "subject,split\nS1,train\nS2,train\nS3,train\nS4,valid\n";
    static const char *const folders[] = { "t1", "flair" };
    root_make();
    for (int n = 0; n <= TRAINING; n++) {
        lar_phantom *phantom = phantom_of(n + 1, "t1,flair"), *other = phantom_of(2, "t1,flair");
        for (int m = 0; m < 2; m++) {
            const lar_image_spec spec = { .name = "scan", .role = LAR_INPUT };
            char name[64];
            lar_image *copy;
            lar_grid raw;
            snprintf(name, sizeof name, "%s/S%d.nii", folders[m], n + 1);
            CHECK_OK(lar_image_copy(&copy, (n == 2 && m == 1 ? other : phantom)->scans[m].image));
            small_write(copy, in_root(name));
            CHECK_OK(lar_prepare_read(&scans[n][m], &raw, &spec, "S", in_root(name)));
        }
        char head[64];
        snprintf(head, sizeof head, "head/S%d.nii", n + 1);
        phantom_write_head(scans[n][0], in_root(head));
        lar_phantom_free(phantom);
        lar_phantom_free(other);
    }
    CHECK_OK(lar_file_write(in_root("split.csv"), split, strlen(split), true));
    return 0;
}

/* The tissue of the t1 at the voxels of the flair, through the map by hand. */
static lar_image *tissue_of(int n)
{
    lar_image *mask, *map, *moved;
    lar_registration *found;
    lar_chain *chain;
    lar_register_params rigid = lar_register_default();
    const lar_resample_params linear = { .interpolation = LAR_LINEAR, .pad = 0 };
    rigid.kind = LAR_REGISTER_RIGID;
    CHECK_OK(lar_foreground(&mask, scans[n][0], LAR_FOREGROUND_HEAD));
    CHECK_OK(lar_register(&found, scans[n][0], scans[n][1], mask, NULL, NULL, &rigid));
    CHECK_OK(lar_registration_chain(&chain, found, true));
    CHECK_OK(lar_tissue_map(&map, scans[n][0], mask));
    CHECK_OK(lar_resample_through(&moved, map, &scans[n][1]->grid, chain, &linear));
    lar_chain_free(chain);
    lar_registration_free(found);
    lar_image_free(mask);
    lar_image_free(map);
    return moved;
}

static char *text_of(const char *name)
{
    static char *text; /* static: gcc 12 takes the result for a pointer to a local variable */
    size_t length;
    CHECK_OK(lar_file_read(&text, &length, in_root(name), 1 << 20));
    return text;
}

static void learn(const char *text)
{
    lar_standards *standards;
    lar_cohort *cohort;
    lar_study *study = small_study(text, root);
    CHECK_OK(lar_study_cohort(&cohort, study));
    CHECK_OK(lar_standards_new(&standards, study));
    CHECK_OK(lar_standards_learn(standards, study, cohort, NULL, false, (lar_progress){ 0 }));
    lar_standards_free(standards);
    lar_cohort_free(cohort);
    lar_study_free(study);
}

/* The standard of the first `count` training subjects is the one that was just learned. */
static void check_learned(int count)
{
    lar_normalizer *normalizer;
    lar_normalize_params how = lar_normalize_default();
    const lar_param *param = lar_param_find(lar_normalize_table, "method");
    while (!lar_text_is(param->choices[how.method], "lsq")) how.method++;
    how.contrast = LAR_CONTRAST_FLAIR;
    CHECK_OK(lar_normalizer_new(&normalizer, &how));
    for (int n = 0; n < count; n++) {
        lar_image *tissue = tissue_of(n);
        CHECK_OK(lar_normalizer_learn(normalizer, scans[n][1], NULL, tissue));
        lar_image_free(tissue);
    }
    CHECK_OK(lar_normalizer_end_pass(normalizer));
    CHECK_OK(lar_normalizer_write(normalizer, in_root("hand.json"), true));
    char *hand = text_of("hand.json"), *found = text_of("exp/prepared/fits/2_flair.json");
    assert_string_equal(found, hand);
    lar_free(hand);
    lar_free(found);
    lar_normalizer_free(normalizer);
}

/* Through the map; a case whose map is doubted teaches nothing, unless the study trusts it. */
static void is_learned_through_the_map(void **state)
{
    (void)state;
    static const char steps[] = "  - normalize: {method: lsq, images: flair, tissue_of: t1}\n";
    lar_text study = { 0 };
    lar_text_add(&study, "%s%s%s", DATA, REGISTER, steps);
    learn(study.at);
    check_learned(TRAINING - 1);
    char *from = text_of("exp/prepared/fits/2_flair.txt");
    assert_non_null(strstr(from, "\nleft out S3: "));
    assert_non_null(strstr(from, "step 1: 'flair' may not lie on 't1'"));
    lar_free(from);
    lar_text_clear(&study);
    lar_text_add(&study, "%s  trust: [S3]\n%s%s", DATA, REGISTER, steps);
    learn(study.at);
    check_learned(TRAINING);
    lar_text_clear(&study);
}

/* What looks at one image alone reads that one alone: nothing is registered. */
static void one_image_needs_no_map(void **state)
{
    (void)state;
    learn(DATA REGISTER "  - normalize: {method: nyul, images: flair}\n");
    char *from = text_of("exp/prepared/fits/2_flair.txt");
    assert_non_null(strstr(from, "learned from S3\n  flair "));
    assert_null(strstr(from, "\n  t1 "));
    assert_null(strstr(from, "left out"));
    lar_free(from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_learned_through_the_map),
        cmocka_unit_test(one_image_needs_no_map),
    };
    return cmocka_run_group_tests(tests, cohort_make, cohort_remove);
}
