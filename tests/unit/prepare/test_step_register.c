/* The step register against the library's calls by hand: one map, one interpolation, whatever
 * stands before and after it, and what goes with the image that is moved.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "phantom_scans.h"

#define DATA                                                                                       \
    "data:\n"                                                                                      \
    "  images:\n"                                                                                  \
    "    t1: {path: \"t1/{subject}.nii\"}\n"                                                       \
    "    flair: {path: \"flair/{subject}.nii\", role: target}\n"                                   \
    "    t2: {path: \"t2/{subject}.nii\"}\n"                                                       \
    "    lesions: {path: \"lesions/{subject}.nii\", role: label}\n"                                \
    "    head: {path: \"head/{subject}.nii\", role: mask}\n"                                       \
    "prepare:\n"

enum { T1, FLAIR, T2, LESIONS, HEAD, IMAGES }; /* lesions: drawn on the flair; head: of the t1 */

static char root[64], paths[IMAGES][128];
static lar_image *scans[IMAGES]; /* as a pass sees them */
static lar_affine truth[2];      /* from the t1's world to the flair's, and to the t2's */
static lar_registration *rigid;  /* flair to t1, by hand */

static lar_register_params how_of(int kind)
{
    lar_register_params how = lar_register_default();
    how.kind = kind;
    return how;
}

static lar_registration *register_by_hand(const lar_image *fixed, const lar_image *moving, int kind)
{
    lar_registration *found;
    const lar_register_params how = how_of(kind);
    CHECK_OK(lar_register(&found, fixed, moving, NULL, NULL, NULL, &how));
    return found;
}

static int scans_make(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "%s", check_folder());
    for (int n = 0; n < IMAGES; n++) snprintf(paths[n], sizeof paths[n], "%s/%d.nii", root, n);
    lar_phantom *phantom = phantom_of(3, "t1,flair,t2");
    for (int n = 0; n < 3; n++)
        CHECK_OK(lar_image_write(phantom->scans[n].image, paths[n == 0 ? T1 : n], true));
    phantom_write_head(phantom->scans[1].image, paths[LESIONS]);
    phantom_write_head(phantom->scans[0].image, paths[HEAD]);
    for (int n = 0; n < 2; n++) truth[n] = phantom->scans[n + 1].head_to_world;
    lar_phantom_free(phantom);
    for (int n = 0; n < IMAGES; n++) {
        lar_grid raw;
        const lar_image_spec spec = { .name = "scan",
                                      .role = n == LESIONS ? LAR_LABEL
                                              : n == HEAD  ? LAR_MASK
                                                           : LAR_INPUT };
        CHECK_OK(lar_prepare_read(&scans[n], &raw, &spec, "A", paths[n]));
    }
    rigid = register_by_hand(scans[T1], scans[FLAIR], LAR_REGISTER_RIGID);
    return 0;
}

static int scans_remove(void **state)
{
    (void)state;
    lar_registration_free(rigid);
    for (int n = 0; n < IMAGES; n++) lar_image_free(scans[n]);
    check_folder_remove(root);
    return 0;
}

/* given: "tf lh" has a letter for each image that is there: t f 2 l h. */
static lar_status try_prepare(lar_case **out, const char *steps, const char *given, bool training)
{
    const char *all[IMAGES] = { NULL };
    lar_text text = { 0 };
    for (int n = 0; n < IMAGES; n++)
        if (strchr(given, "tf2lh"[n])) all[n] = paths[n];
    lar_text_add(&text, "%s%s", DATA, steps);
    lar_study *study = small_study(text.at, root);
    const lar_status status = lar_prepare_case(out, study, NULL, "A", all, training);
    lar_study_free(study);
    lar_text_clear(&text);
    return status;
}

static lar_case *prepare(const char *steps, const char *given)
{
    lar_case *prepared;
    CHECK_OK(try_prepare(&prepared, steps, given, true));
    return prepared;
}

static void same(const lar_image *a, const lar_image *b)
{
    assert_true(lar_grid_matches(&a->grid, &b->grid));
    assert_int_equal(a->type, b->type);
    assert_memory_equal(a->voxels, b->voxels,
                        (size_t)lar_image_voxel_count(a) * lar_type_size(a->type));
}

static lar_chain *chain_of(const lar_affine *first, const lar_affine *then)
{
    lar_chain *chain;
    CHECK_OK(lar_chain_new(&chain));
    CHECK_OK(lar_chain_add_affine(chain, then));
    if (first) CHECK_OK(lar_chain_add_affine(chain, first));
    return chain;
}

/* Frees the chain. */
static lar_image *through(const lar_image *image, const lar_grid *onto, lar_chain *chain,
                          int interpolation)
{
    lar_image *moved;
    lar_resample_params how = lar_resample_default();
    how.interpolation = interpolation;
    if (interpolation == LAR_NEAREST) how.pad = 0;
    CHECK_OK(lar_resample_through(&moved, image, onto, chain, &how));
    lar_chain_free(chain);
    return moved;
}

/* Frees `by_hand`. */
static void same_as(const lar_image *prepared, lar_image *by_hand)
{
    same(prepared, by_hand);
    lar_image_free(by_hand);
}

/* At the ends of a head's axes. */
static void check_near_truth(const lar_affine *found, const lar_affine *true_map, double mm)
{
    for (int n = 0; n < 6; n++) {
        double at[3] = { 0 }, a[3], b[3], square = 0;
        at[n / 2] = n % 2 ? 70 : -70;
        lar_affine_point(found, at, a);
        lar_affine_point(true_map, at, b);
        for (int r = 0; r < 3; r++) square += (a[r] - b[r]) * (a[r] - b[r]);
        CHECK_NEAR(sqrt(square), 0, mm);
    }
}

/* ---- laws ------------------------------------------------------------------------------ */

static void register_is_register(void **state)
{
    (void)state;
    lar_case *prepared = prepare("  - register: {move: flair, to: t1, kind: rigid}\n", "tf");
    same(prepared->images[T1], scans[T1]);
    same_as(prepared->images[FLAIR],
            through(scans[FLAIR], &scans[T1]->grid, chain_of(NULL, &rigid->affine), LAR_CUBIC));
    assert_int_equal(prepared->findings.map_count, 1);
    const lar_case_map *map = &prepared->findings.maps[0];
    assert_int_equal(map->step, 1);
    assert_string_equal(map->move, "flair");
    assert_string_equal(map->to, "t1");
    assert_memory_equal(&map->affine, &rigid->affine, sizeof map->affine);
    CHECK_NEAR(map->verdict.overlap, rigid->verdict.overlap, 0);
    assert_false(map->verdict.doubtful);
    check_near_truth(&map->affine, &truth[0], 1.5);
    lar_case_free(prepared);
}

/* Intensities before, grids before and after, and what was drawn on the flair. */
static void the_steps_are_one_interpolation(void **state)
{
    (void)state;
    lar_image *smooth[2];
    const lar_smooth_params wide = { .fwhm = { .count = 1, .at = { 5 } } };
    for (int n = 0; n < 2; n++) CHECK_OK(lar_smooth(&smooth[n], scans[n], NULL, &wide));
    lar_registration *found = register_by_hand(smooth[T1], smooth[FLAIR], LAR_REGISTER_RIGID);
    const lar_grid first = lar_grid_with_spacing(&scans[T1]->grid, (double[3]){ 5, 5, 5 });
    lar_grid cut, fitted;
    int64_t voxel[3];
    CHECK_OK(lar_grid_crop_range(&cut, voxel, &first, 'z', 0.2, 0.8));
    CHECK_OK(lar_grid_fit(&fitted, &cut, (int64_t[3]){ 40, 40, 24 }));
    lar_case *prepared =
        prepare("  - smooth: {images: [t1, flair], fwhm: 5}\n"
                "  - resample: {images: t1, spacing: 5}\n"
                "  - register: {move: flair, to: t1, kind: rigid, with: [lesions]}\n"
                "  - crop: {axis: z, range: [0.2, 0.8]}\n"
                "  - fit: {size: [40, 40, 24]}\n",
                "tfl");
    assert_true(lar_grid_matches(&prepared->grid, &fitted));
    same_as(prepared->images[T1], through(smooth[T1], &fitted, NULL, LAR_CUBIC));
    same_as(prepared->images[FLAIR],
            through(smooth[FLAIR], &fitted, chain_of(NULL, &found->affine), LAR_CUBIC));
    same_as(prepared->images[LESIONS],
            through(scans[LESIONS], &fitted, chain_of(NULL, &found->affine), LAR_NEAREST));
    lar_case_free(prepared);
    lar_registration_free(found);
    lar_image_free(smooth[0]);
    lar_image_free(smooth[1]);
}

/* A scan as it lies after an earlier map: its voxels, another header. */
static lar_image *lying(const lar_image *scan, const lar_affine *map)
{
    lar_image *view;
    lar_affine back;
    CHECK_OK(lar_image_to_ras(&view, scan));
    assert_true(lar_affine_invert(&back, map));
    view->grid.to_world = lar_affine_chain(&view->grid.to_world, &back);
    return view;
}

/* Rigid, then affine from there: the second map leads from the t1's world to where the first put
 * the flair, and the first from there to the scan. */
static void two_steps_compose(void **state)
{
    (void)state;
    lar_image *moved = lying(scans[FLAIR], &rigid->affine);
    lar_register_params how = how_of(LAR_REGISTER_AFFINE);
    how.start = LAR_START_HEADER;
    lar_registration *second;
    CHECK_OK(lar_register(&second, scans[T1], moved, NULL, NULL, NULL, &how));
    lar_case *prepared = prepare("  - register: {move: flair, to: t1, kind: rigid}\n"
                                 "  - register: {move: flair, to: t1, start: header}\n",
                                 "tf");
    assert_int_equal(prepared->findings.map_count, 2);
    same_as(prepared->images[FLAIR], through(scans[FLAIR], &scans[T1]->grid,
                                             chain_of(&second->affine, &rigid->affine), LAR_CUBIC));
    const lar_affine both = lar_affine_chain(&second->affine, &rigid->affine);
    check_near_truth(&both, &truth[0], 2);
    lar_case_free(prepared);
    lar_registration_free(second);
    lar_image_free(moved);
}

/* The flair to a t2 that was itself moved to the t1: on the t1's grid, by one map from the t1's
 * world. */
static void what_stays_may_have_been_moved(void **state)
{
    (void)state;
    lar_registration *first = register_by_hand(scans[T1], scans[T2], LAR_REGISTER_RIGID);
    lar_image *moved = lying(scans[T2], &first->affine);
    lar_registration *second = register_by_hand(moved, scans[FLAIR], LAR_REGISTER_RIGID);
    lar_case *prepared = prepare("  - register: {move: t2, to: t1, kind: rigid}\n"
                                 "  - register: {move: flair, to: t2, kind: rigid}\n",
                                 "tf2");
    check_near_truth(&first->affine, &truth[1], 1.5);
    check_near_truth(&second->affine, &truth[0], 2);
    same_as(prepared->images[T2],
            through(scans[T2], &scans[T1]->grid, chain_of(NULL, &first->affine), LAR_CUBIC));
    same_as(prepared->images[FLAIR],
            through(scans[FLAIR], &scans[T1]->grid, chain_of(NULL, &second->affine), LAR_CUBIC));
    lar_case_free(prepared);
    lar_registration_free(second);
    lar_registration_free(first);
    lar_image_free(moved);
}

/* A mask of the t1 on the flair, by its header before the step and through the map after it. */
static void masks_go_through_the_map(void **state)
{
    (void)state;
    lar_image *mask, *kept;
    lar_affine back;
    assert_true(lar_affine_invert(&back, &rigid->affine));
    for (int after = 0; after < 2; after++) {
        mask = through(scans[HEAD], &scans[FLAIR]->grid, after ? chain_of(NULL, &back) : NULL,
                       LAR_NEAREST);
        CHECK_OK(lar_mask_apply(&kept, scans[FLAIR], mask, -9));
        lar_registration *found =
            after ? NULL : register_by_hand(scans[T1], kept, LAR_REGISTER_RIGID);
        lar_case *prepared = prepare(after ? "  - register: {move: flair, to: t1, kind: rigid}\n"
                                             "  - mask: {images: flair, keep: head, value: -9}\n"
                                           : "  - mask: {images: flair, keep: head, value: -9}\n"
                                             "  - register: {move: flair, to: t1, kind: rigid}\n",
                                     "tfh");
        same_as(prepared->images[FLAIR],
                through(kept, &scans[T1]->grid,
                        chain_of(NULL, after ? &rigid->affine : &found->affine), LAR_CUBIC));
        lar_case_free(prepared);
        lar_registration_free(found);
        lar_image_free(kept);
        lar_image_free(mask);
    }
    /* and the registration itself inside masks */
    lar_registration *found;
    const lar_register_params how = how_of(LAR_REGISTER_RIGID);
    CHECK_OK(lar_register(&found, scans[T1], scans[FLAIR], scans[HEAD], NULL, NULL, &how));
    lar_case *prepared =
        prepare("  - register: {move: flair, to: t1, kind: rigid, mask: head}\n", "tfh");
    assert_memory_equal(&prepared->findings.maps[0].affine, &found->affine, sizeof found->affine);
    lar_case_free(prepared);
    lar_registration_free(found);
}

/* Bent: the field goes into the same chain, and the way back exists. */
static void a_field_composes_too(void **state)
{
    (void)state;
    lar_registration *found;
    lar_chain *chain;
    lar_register_params how = how_of(LAR_REGISTER_DEFORMABLE);
    how.iterations = (lar_ints){ .count = 1, .at = { 4 } };
    CHECK_OK(lar_register(&found, scans[T1], scans[FLAIR], NULL, NULL, NULL, &how));
    CHECK_OK(lar_registration_chain(&chain, found, false));
    static const char step[] = "  - register: {move: flair, to: t1, kind: deformable, "
                               "iterations: 4, with: lesions}\n";
    lar_case *prepared = prepare(step, "tfl");
    same_as(prepared->images[FLAIR], through(scans[FLAIR], &scans[T1]->grid, chain, LAR_CUBIC));
    CHECK_OK(lar_registration_chain(&chain, found, false));
    same_as(prepared->images[LESIONS],
            through(scans[LESIONS], &scans[T1]->grid, chain, LAR_NEAREST));

    lar_text text = { 0 };
    lar_chain *there, *back;
    lar_text_add(&text, "%s%s", DATA, step);
    lar_study *study = small_study(text.at, root);
    double point[1][3] = { { 20, -30, 10 } };
    CHECK_OK(lar_moved_chain(&there, study, prepared->found, -1, FLAIR));
    CHECK_OK(lar_moved_chain(&back, study, prepared->found, FLAIR, T1));
    lar_chain_points(there, point, 1);
    assert_true(fabs(point[0][0] - 20) + fabs(point[0][1] + 30) + fabs(point[0][2] - 10) > 1);
    lar_chain_points(back, point, 1);
    CHECK_NEAR(point[0][0], 20, 0.05);
    CHECK_NEAR(point[0][1], -30, 0.05);
    CHECK_NEAR(point[0][2], 10, 0.05);
    lar_chain_free(there);
    lar_chain_free(back);
    /* what moves together, and what does not move, needs no map */
    CHECK_OK(lar_moved_chain(&there, study, prepared->found, LESIONS, FLAIR));
    assert_null(there);
    CHECK_OK(lar_moved_chain(&there, study, prepared->found, T1, -1));
    assert_null(there);
    lar_study_free(study);
    lar_text_clear(&text);
    lar_case_free(prepared);
    lar_registration_free(found);
}

/* ---- what is not there ----------------------------------------------------------------- */

static void absent_images(void **state)
{
    (void)state;
    static const char step[] = "  - register: {move: flair, to: t1, kind: rigid, with: lesions}\n";
    lar_case *prepared;
    CHECK_OK(try_prepare(&prepared, step, "t", false)); /* as predict does */
    same(prepared->images[T1], scans[T1]);
    assert_null(prepared->images[FLAIR]);
    assert_int_equal(prepared->findings.map_count, 0);
    lar_case_free(prepared);
    CHECK_FAILS(try_prepare(&prepared, step, "f", false), LAR_EARGUMENT,
                "'flair' is to be registered to 't1', which is not given");
    CHECK_FAILS(try_prepare(&prepared, step, "tl", false), LAR_EARGUMENT,
                "'lesions' goes with 'flair', which is not given");
}

static void grids_alone_take_that_of_what_stays(void **state)
{
    (void)state;
    lar_study *study = small_study(DATA "  - resample: {images: t1, spacing: 5}\n"
                                        "  - register: {move: flair, to: t1, with: lesions}\n"
                                        "  - pad: {by: 1}\n",
                                   root);
    lar_grid raw[IMAGES], grids[IMAGES];
    for (int n = 0; n < IMAGES; n++) raw[n] = scans[n]->grid;
    CHECK_OK(lar_prepare_grids(grids, study, raw, NULL, 2, true));
    assert_true(lar_grid_matches(&grids[FLAIR], &grids[T1]));
    assert_true(lar_grid_matches(&grids[LESIONS], &grids[T1]));
    assert_false(lar_grid_matches(&grids[T1], &raw[T1]));
    assert_true(lar_grid_matches(&grids[T2], &raw[T2]));
    CHECK_OK(lar_prepare_grids(grids, study, raw, NULL, 3, true));
    assert_true(lar_grid_matches(&grids[FLAIR], &grids[T1]));
    lar_study_free(study);
}

static void mistakes_have_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *steps, *words;
    } cases[] = {
        { "  - register: {move: flair}\n",
          "exp.yaml:9:5: register needs an image to move and one" },
        { "  - register: {move: flare, to: t1}\n", "there is no image 'flare' in data" },
        { "  - register: {move: t1, to: t1}\n", "'t1' cannot be registered to itself" },
        { "  - register: {move: lesions, to: t1}\n",
          "'lesions' cannot be registered: its role is" },
        { "  - register: {move: flair, to: t1, with: [t1]}\n", "'t1' cannot stay and go with" },
        { "  - register: {move: flair, to: t1, with: [t3]}\n", "there is no image 't3' in data" },
        { "  - register: {move: flair, to: t1, mask: lesions}\n", "'lesions' cannot mask" },
        { "  - register: {move: flair, to: t1, kind: stiff}\n", "'stiff' is not a valid kind" },
        { "  - register: {move: flair, to: t1, images: t2}\n", "'register' has no key 'images'" },
        { "  - register: {move: flair, to: t1, iterations: [1, 2, 3, 4]}\n",
          "for 3 levels at most" },
        { "  - register: {move: flair, to: t1}\n  - crop: {head: flair}\n",
          "exp.yaml:10:5: no box can be taken from 'flair' after the registration in line 9" },
        { "  - register: {move: flair, to: t1, kind: deformable}\n"
          "  - register: {move: t2, to: flair}\n",
          "'flair' was bent by the registration in line 9" },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        lar_study *study;
        lar_text text = { 0 };
        lar_text_add(&text, "%s%s", DATA, cases[n].steps);
        CHECK_FAILS(lar_study_parse(&study, text.at, (int64_t)text.length, "exp.yaml", root),
                    LAR_EARGUMENT, cases[n].words);
        lar_text_clear(&text);
    }
    /* predict will not have the target that an input goes with */
    lar_text lines = { 0 };
    lar_study *study = small_study(DATA "  - register: {move: flair, to: t1, with: [t2]}\n", root);
    lar_study_unpredictable(&lines, study);
    assert_non_null(strstr(lar_text_get(&lines), "register, reads 'flair', which is no input"));
    lar_text_clear(&lines);
    lar_study_free(study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(register_is_register),
        cmocka_unit_test(the_steps_are_one_interpolation),
        cmocka_unit_test(two_steps_compose),
        cmocka_unit_test(what_stays_may_have_been_moved),
        cmocka_unit_test(masks_go_through_the_map),
        cmocka_unit_test(a_field_composes_too),
        cmocka_unit_test(absent_images),
        cmocka_unit_test(grids_alone_take_that_of_what_stays),
        cmocka_unit_test(mistakes_have_their_place),
    };
    return cmocka_run_group_tests(tests, scans_make, scans_remove);
}
