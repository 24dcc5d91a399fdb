/* The step strip against the library's calls by hand; where its mask may be named, and what it
 * leaves with a case. SPDX-License-Identifier: Apache-2.0 */
#include "phantom_scans.h"
#include "prepare/pass.h"

#define IMAGES                                                                                     \
    "data:\n"                                                                                      \
    "  images:\n"                                                                                  \
    "    t1: {path: \"t1/{subject}.nii\", contrast: t1}\n"                                         \
    "    flair: {path: \"flair/{subject}.nii\", role: target}\n"

enum { T1, FLAIR, BRAIN };

static char root[64], paths[2][128];
static lar_image *scans[2], *mask; /* in RAS, as floats; the mask of the T1, on its grid */
static lar_strip_report found;

static int scans_make(void **state)
{
    (void)state;
    lar_phantom *phantom;
    lar_phantom_params params = lar_phantom_default();
    params.spacing_mm = 2; /* of voxels of 4 mm a verdict sees no skull */
    params.contrasts = "t1,flair";
    snprintf(root, sizeof root, "%s", check_folder());
    CHECK_OK(lar_phantom_subject(&phantom, &params, 2));
    for (int n = 0; n < 2; n++) {
        lar_image *copy, *ras;
        snprintf(paths[n], sizeof paths[n], "%s/%d.nii", root, n);
        CHECK_OK(lar_image_copy(&copy, phantom->scans[n].image));
        small_write(copy, paths[n]);
        CHECK_OK(lar_image_read(&copy, paths[n]));
        CHECK_OK(lar_image_to_ras(&ras, copy));
        CHECK_OK(lar_image_to_type(&scans[n], ras, LAR_F32));
        lar_image_free(ras);
        lar_image_free(copy);
    }
    lar_phantom_free(phantom);
    lar_strip_params how = lar_strip_default();
    how.method = LAR_STRIP_SURFACE;
    how.contrast = LAR_STRIP_T1;
    CHECK_OK(lar_strip(&mask, NULL, &found, scans[T1], &how));
    return 0;
}

static int scans_remove(void **state)
{
    (void)state;
    for (int n = 0; n < 2; n++) lar_image_free(scans[n]);
    lar_image_free(mask);
    check_folder_remove(root);
    return 0;
}

static lar_study *study_of(const char *steps)
{
    lar_text text = { 0 };
    lar_text_add(&text, "%sprepare:\n%s", IMAGES, steps);
    lar_study *study = small_study(text.at, root);
    lar_text_clear(&text);
    return study;
}

static lar_case *prepare(const char *steps)
{
    lar_case *prepared;
    const char *const given[] = { paths[0], paths[1], NULL };
    lar_study *study = study_of(steps);
    CHECK_OK(lar_prepare_case(&prepared, study, NULL, "A", given, true));
    lar_study_free(study);
    return prepared;
}

static void same(const lar_image *a, const lar_image *b)
{
    assert_true(lar_grid_matches(&a->grid, &b->grid));
    assert_int_equal(a->type, b->type);
    assert_memory_equal(a->voxels, b->voxels,
                        (size_t)lar_image_voxel_count(a) * lar_type_size(a->type));
}

/* The mask at the voxels of an image. */
static lar_image *mask_at(const lar_image *image)
{
    lar_image *at;
    lar_resample_params nearest = lar_resample_default();
    nearest.interpolation = LAR_NEAREST;
    nearest.pad = 0;
    CHECK_OK(lar_resample(&at, mask, &image->grid, &nearest));
    return at;
}

#define STRIP "  - strip: {method: surface}\n"
#define ONTO  "  - resample: {images: [flair], onto: t1}\n"

static void strip_is_strip(void **state)
{
    (void)state;
    lar_image *t1, *flair, *moved, *at = mask_at(scans[FLAIR]);
    const lar_resample_params cubic = lar_resample_default();
    lar_case *prepared = prepare(STRIP ONTO);
    CHECK_OK(lar_mask_apply(&t1, scans[T1], mask, 0));
    CHECK_OK(lar_mask_apply(&flair, scans[FLAIR], at, 0));
    CHECK_OK(lar_resample(&moved, flair, &t1->grid, &cubic));
    same(prepared->images[T1], t1);
    same(prepared->images[FLAIR], moved);
    same(prepared->images[BRAIN], mask);
    same(prepared->masks[BRAIN], mask);
    assert_null(prepared->masks[T1]);

    assert_int_equal(prepared->findings.strip_count, 1);
    const lar_case_strip *strip = &prepared->findings.strips[0];
    assert_int_equal(strip->step, 1);
    assert_string_equal(strip->of, "t1");
    assert_string_equal(strip->mask, "brain");
    assert_string_equal(strip->method, "surface");
    assert_string_equal(strip->contrast, "t1"); /* what data says */
    CHECK_NEAR(strip->verdict.millilitres, found.verdict.millilitres, 0);
    assert_int_equal(strip->verdict.doubtful, found.verdict.doubtful);
    lar_image_free(at);
    lar_image_free(t1);
    lar_image_free(flair);
    lar_image_free(moved);
    lar_case_free(prepared);
}

static void mask_alone(void **state)
{
    (void)state;
    lar_case *prepared = prepare("  - strip: {method: surface, apply: no, mask: b}\n" ONTO);
    same(prepared->images[T1], scans[T1]);
    same(prepared->images[BRAIN], mask);
    lar_case_free(prepared);
    prepared = prepare("  - strip: {method: surface, images: flair}\n" ONTO);
    same(prepared->images[T1], scans[T1]);
    lar_case_free(prepared);
}

/* Where a mask is named, it is this one. */
static void steps_take_the_mask(void **state)
{
    (void)state;
    lar_image *by_hand, *weights;
    lar_n4_params how = lar_n4_default();
    how.iterations = (lar_ints){ .count = 1, .at = { 4 } };
    how.shrink = 2;
#define FEW "iterations: [4], shrink: 2, images: t1"
#define BY  "  - strip: {method: surface, apply: no}\n"
    CHECK_OK(lar_n4(&by_hand, NULL, NULL, scans[T1], mask, NULL, &how));
    lar_case *prepared = prepare(BY "  - n4: {mask: brain, " FEW "}\n" ONTO);
    same(prepared->images[T1], by_hand);
    lar_image_free(by_hand);
    lar_case_free(prepared);

    CHECK_OK(lar_image_to_type(&weights, mask, LAR_F32));
    CHECK_OK(lar_n4(&by_hand, NULL, NULL, scans[T1], NULL, weights, &how));
    prepared = prepare(BY "  - n4: {weights: brain, " FEW "}\n" ONTO);
    same(prepared->images[T1], by_hand);
    lar_image_free(by_hand);
    lar_image_free(weights);
    lar_case_free(prepared);

    lar_rescale_params ends = lar_rescale_default();
    ends.percentiles = (lar_reals){ .count = 2, .at = { 5, 95 } };
    CHECK_OK(lar_rescale(&by_hand, scans[T1], mask, &ends));
    prepared = prepare(BY "  - rescale: {percentiles: [5, 95], mask: brain}\n" ONTO);
    same(prepared->images[T1], by_hand);
    lar_image_free(by_hand);
    lar_case_free(prepared);

    CHECK_OK(lar_mask_apply(&by_hand, scans[T1], mask, -7));
    prepared = prepare(BY "  - mask: {keep: brain, value: -7}\n" ONTO);
    same(prepared->images[T1], by_hand);
    lar_image_free(by_hand);
    lar_case_free(prepared);
}

/* z-scores of the brain have mean 0 and deviation 1 in it. */
static void normalized_inside(void **state)
{
    (void)state;
    lar_case *prepared = prepare(STRIP "  - normalize: {method: zscore, mask: brain}\n" ONTO);
    const float *voxels = prepared->images[T1]->voxels;
    const uint8_t *inside = mask->voxels;
    double sum = 0, squares = 0, count = 0;
    for (int64_t n = 0; n < lar_image_voxel_count(mask); n++) {
        if (!inside[n]) continue;
        sum += voxels[n];
        squares += voxels[n] * voxels[n];
        count++;
    }
    CHECK_NEAR(sum / count, 0, 1e-4);
    CHECK_NEAR(sqrt(squares / count), 1, 1e-3);
    lar_case_free(prepared);
}

/* Outside is air, whatever its value has become. */
static void air_after_a_line(void **state)
{
    (void)state;
    lar_case *prepared = prepare("  - rescale: {from: [0, 1000], to: [10, 20]}\n" STRIP ONTO);
    const float *voxels = prepared->images[T1]->voxels;
    const uint8_t *inside = mask->voxels;
    for (int64_t n = 0; n < lar_image_voxel_count(mask); n++)
        if (!inside[n]) CHECK_NEAR(voxels[n], 10, 1e-5);
    lar_case_free(prepared);

    /* and of what is called CT -1000 HU, beside an image that is not */
    lar_study *study = small_study("data:\n  images:\n    t1: {path: \"{subject}.nii\"}\n"
                                   "    flair: {path: \"{subject}.ct\", contrast: ct}\n"
                                   "prepare:\n" STRIP ONTO,
                                   root);
    const char *const given[] = { paths[0], paths[1], NULL };
    CHECK_OK(lar_prepare_case(&prepared, study, NULL, "A", given, true));
    lar_study_free(study);
    for (int n = 0; n < 2; n++)
        CHECK_NEAR(*(const float *)prepared->images[n]->voxels, n ? -1000 : 0, 0);
    lar_case_free(prepared);

    double value;
    int64_t made;
    study = small_study("data:\n  images:\n    t1: {path: \"{subject}.nii\"}\n"
                        "    ct: {path: \"{subject}.ct\", role: target, contrast: ct}\n"
                        "prepare: [strip: {mask: b}]\n",
                        root);
    value = lar_stripped_value(&made, study, 1);
    CHECK_NEAR(value, -1000, 0);
    assert_int_equal(made, 2);
    CHECK_NEAR(lar_stripped_value(&made, study, 0), 0, 0);
    lar_study_free(study);
}

/* The box of a mask that is made on the way. */
static void cropped_to_it(void **state)
{
    (void)state;
    int64_t first[3], size[3];
    const lar_crop_params how = { 0 };
    CHECK_OK(lar_crop_box(first, size, mask, mask, &how));
    lar_case *prepared = prepare("  - crop: {images: flair, range: [0, 1]}\n" STRIP ONTO
                                 "  - crop: {mask: brain}\n");
    for (int a = 0; a < 3; a++) assert_int_equal(prepared->grid.size[a], size[a]);
    for (int n = 0; n < 3; n++)
        assert_true(lar_grid_matches(&prepared->images[n]->grid, &prepared->grid));
    lar_case_free(prepared);
}

/* Only what lies there already is stripped; the mask goes where its image goes. */
static void world_of_the_mask(void **state)
{
    (void)state;
#define REGISTER "  - register: {move: flair, to: t1, kind: rigid}\n"
    lar_study *study = study_of(STRIP REGISTER);
    assert_true(study->steps[0].on[T1]);
    assert_false(study->steps[0].on[FLAIR]);
    assert_true(study->steps[0].on[BRAIN]);
    assert_false(study->steps[1].on[BRAIN]);
    lar_study_free(study);
    study = study_of(REGISTER STRIP);
    assert_true(study->steps[1].on[T1] && study->steps[1].on[FLAIR]);
    lar_study_free(study);
    study = study_of("  - strip: {of: flair, mask: b}\n" REGISTER "  - resample: {images: flair, "
                     "spacing: 3}\n");
    assert_false(study->steps[0].on[T1]);
    assert_true(study->steps[0].on[FLAIR]);
    assert_true(study->steps[1].on[BRAIN]);
    assert_true(study->steps[2].on[BRAIN]);
    assert_string_equal(study->data.images[BRAIN].made_of, "flair");
    assert_int_equal(lar_data_scans(&study->data), 2);
    lar_study_free(study);
}

/* Whether all voxels around one are inside the mask, or all outside. */
static bool is_far_from_edge(const uint8_t *inside, const int64_t size[3], const int64_t at[3])
{
    enum { NEAR = 5 };
    const uint8_t here = inside[at[0] + size[0] * (at[1] + size[1] * at[2])];
    for (int a = 0; a < 3; a++)
        if (at[a] < NEAR || at[a] >= size[a] - NEAR) return false;
    for (int64_t k = at[2] - NEAR; k <= at[2] + NEAR; k++)
        for (int64_t j = at[1] - NEAR; j <= at[1] + NEAR; j++)
            for (int64_t i = at[0] - NEAR; i <= at[0] + NEAR; i++)
                if (inside[i + size[0] * (j + size[1] * k)] != here) return false;
    return true;
}

/* Far from the edge of the mask the moved image is what it was, or air. */
static void through_a_registration(void **state)
{
    (void)state;
    lar_case *prepared = prepare(REGISTER STRIP), *plain = prepare(REGISTER);
    const uint8_t *inside = prepared->images[BRAIN]->voxels;
    const float *flair = prepared->images[FLAIR]->voxels, *all = plain->images[FLAIR]->voxels;
    const int64_t *size = mask->grid.size;
    int64_t kept = 0, cleared = 0, n = 0, at[3];
    same(prepared->images[BRAIN], mask);
    for (at[2] = 0; at[2] < size[2]; at[2]++)
        for (at[1] = 0; at[1] < size[1]; at[1]++)
            for (at[0] = 0; at[0] < size[0]; at[0]++, n++) {
                if (!is_far_from_edge(inside, size, at)) continue;
                CHECK_NEAR(flair[n], inside[n] ? all[n] : 0, 12); /* rings of cubic */
                kept += inside[n] != 0;
                cleared += !inside[n] && all[n] > 100;
            }
    assert_true(kept > 100);
    assert_true(cleared > 100);
    lar_case_free(plain);
    lar_case_free(prepared);
}

/* Several, each with a name of its own. */
static void two_masks(void **state)
{
    (void)state;
    lar_case *prepared = prepare("  - strip: {method: surface, images: t1}\n"
                                 "  - strip: {method: surface, of: flair, mask: b, images: flair}\n"
                                 "  - resample: {images: flair, onto: t1}\n");
    assert_int_equal(prepared->findings.strip_count, 2);
    assert_string_equal(prepared->findings.strips[1].mask, "b");
    assert_string_equal(prepared->findings.strips[1].of, "flair");
    same(prepared->images[BRAIN], mask);
    assert_true(lar_grid_matches(&prepared->images[3]->grid, &mask->grid));
    lar_case_free(prepared);
}

static void mistakes_have_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *steps, *words;
    } cases[] = {
        { "  - n4: {mask: brain}\n  - strip: {}\n",
          "exp.yaml:6:5: there is no 'brain' yet: the step that makes it comes later\n  try that "
          "step before this one" },
        { "  - n4: {mask: brain}\n", "exp.yaml:6:5: there is no image 'brain' in data" },
        { "  - strip: {mask: b}\n  - n4: {weights: brain}\n",
          "exp.yaml:7:5: there is no image 'brain' in data" },
        { "  - strip: {mask: flair}\n",
          "exp.yaml:6:19: 'flair' is an image of data, and the mask needs a name of its own\n  try "
          "'mask: flair_t1'" },
        { "  - strip: {}\n  - strip: {of: flair}\n",
          "exp.yaml:7:5: 'brain' is made by a strip step before, and the mask needs a name of its "
          "own\n  try 'mask: brain_flair'" },
        { "  - strip: {mask: a/b}\n", "exp.yaml:6:19: 'a/b' cannot name a mask" },
        { "  - strip: {of: t2}\n", "exp.yaml:6:5: there is no image 't2' in data\n  try 't1'" },
        { "  - strip: {}\n  - strip: {of: brain, mask: b}\n",
          "exp.yaml:7:5: no brain can be found in 'brain': its role is mask" },
        { "  - strip: {apply: no, images: t1}\n",
          "exp.yaml:6:5: 'images' says where the mask is applied, and 'apply' that it is not" },
        { "  - strip: {method: bet}\n", "is not a valid method" },
        { "  - strip: {methd: surface}\n", "'strip' has no key 'methd'\n  try 'method'" },
        { "  - strip: {method: surface, model: a}\n",
          "exp.yaml:6:5: a model is for the method learned, not surface" },
        { "  - strip: {when: training}\n", "so predict cannot leave it out" },
        { "  - strip: {images: flair}\n" REGISTER, "exp.yaml:6:5: 'flair' does not lie on 't1' "
                                                   "yet: the registration in line 7 comes later" },
        { "  - strip: {}\n  - resample: {images: [brain], spacing: 2}\n",
          "exp.yaml:7:25: 'brain' goes where 't1' goes, and is not named beside it" },
        { "  - strip: {}\n  - register: {move: t1, to: flair, with: brain}\n",
          "exp.yaml:7:5: 'brain' goes where 't1' goes, and is not named beside it" },
        { "  - strip: {}\n  - normalize: {images: brain}\n",
          "'normalize' cannot be done to 'brain': its role is mask" },
        { "  - crop: {mask: brain}\n  - strip: {}\n", "exp.yaml:6:5: there is no 'brain' yet" },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        lar_study *study;
        lar_text text = { 0 };
        lar_text_add(&text, "%sprepare:\n%s", IMAGES, cases[n].steps);
        CHECK_FAILS(lar_study_parse(&study, text.at, (int64_t)text.length, "exp.yaml", "."),
                    LAR_EARGUMENT, cases[n].words);
        lar_text_clear(&text);
    }
}

typedef struct looks {
    int masked[3], shown[3];
} looks;

static void see(void *user, const char *id, int64_t image, int64_t step, const lar_image *shown)
{
    (void)id;
    if (step == 1) ((looks *)user)->shown[image]++;
    assert_non_null(shown);
}

/* Each image as it was before, with the mask at its own voxels. */
static void see_mask(void *user, const char *id, int64_t image, int64_t step,
                     const lar_image *shown, const lar_image *seen,
                     const lar_strip_verdict *verdict)
{
    assert_string_equal(id, "A");
    assert_int_equal(step, 1);
    assert_int_equal(verdict->doubtful, found.verdict.doubtful);
    same(shown, scans[image]);
    assert_true(lar_grid_matches(&seen->grid, &shown->grid));
    ((looks *)user)->masked[image]++;
}

static void masks_are_shown_over_what_was_there(void **state)
{
    (void)state;
    lar_case *prepared;
    looks seen = { 0 };
    const char *const given[] = { paths[0], paths[1], NULL };
    const lar_prepare_watch watch = { .image = see, .masked = see_mask, .user = &seen };
    const lar_prepare_aside aside = { .watch = &watch };
    lar_study *study = study_of(STRIP ONTO);
    CHECK_OK(lar_prepare_case_beside(&prepared, study, NULL, "A", given, true, &aside));
    for (int n = 0; n < 3; n++) {
        assert_int_equal(seen.masked[n], n < 2);
        assert_int_equal(seen.shown[n], 0);
    }
    lar_case_free(prepared);
    lar_study_free(study);
    study = study_of("  - strip: {method: surface, apply: no}\n" ONTO);
    CHECK_OK(lar_prepare_case_beside(&prepared, study, NULL, "A", given, true, &aside));
    assert_int_equal(seen.masked[T1], 2);
    assert_int_equal(seen.masked[FLAIR], 1);
    lar_case_free(prepared);
    lar_study_free(study);
}

/* What predict has: the inputs. */
static void only_inputs_are_given(void **state)
{
    (void)state;
    lar_case *prepared;
    const char *const given[] = { paths[0], NULL, NULL };
    lar_study *study = study_of(STRIP "  - normalize: {mask: brain}\n");
    CHECK_OK(lar_prepare_case(&prepared, study, NULL, "A", given, false));
    same(prepared->masks[BRAIN], mask);
    assert_null(prepared->images[FLAIR]);
    lar_case_free(prepared);
    lar_study_free(study);

    lar_text lines = { 0 };
    study = study_of("  - strip: {of: flair}\n  - normalize: {mask: brain}\n");
    lar_study_unpredictable(&lines, study);
    assert_non_null(strstr(lines.at, "step 1, strip, reads 'flair', which is no input"));
    assert_non_null(strstr(lines.at, "step 2, normalize, reads 'brain', which is no input"));
    CHECK_FAILS(lar_prepare_case(&prepared, study, NULL, "A", given, false), LAR_EARGUMENT,
                "the brain is looked for in 'flair', which is not given");
    lar_text_clear(&lines);
    lar_study_free(study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strip_is_strip),
        cmocka_unit_test(mask_alone),
        cmocka_unit_test(steps_take_the_mask),
        cmocka_unit_test(normalized_inside),
        cmocka_unit_test(air_after_a_line),
        cmocka_unit_test(cropped_to_it),
        cmocka_unit_test(world_of_the_mask),
        cmocka_unit_test(through_a_registration),
        cmocka_unit_test(two_masks),
        cmocka_unit_test(mistakes_have_a_place),
        cmocka_unit_test(masks_are_shown_over_what_was_there),
        cmocka_unit_test(only_inputs_are_given),
    };
    return cmocka_run_group_tests(tests, scans_make, scans_remove);
}
