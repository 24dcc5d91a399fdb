/* What is refused, and what is doubted: a registration never fails in silence.
 * SPDX-License-Identifier: Apache-2.0 */
#include "unit/register/phantoms.h"

static lar_registration *registered(const lar_image *fixed, const lar_image *moving, int heads)
{
    lar_register_params params = lar_register_default();
    lar_registration *out;
    params.heads = heads;
    CHECK_OK(lar_register(&out, fixed, moving, NULL, NULL, NULL, &params));
    return out;
}

static void check_refused(const lar_image *fixed, const lar_image *moving, const lar_image *mask,
                          lar_status status, const char *words)
{
    lar_register_params params = lar_register_default();
    lar_registration *out;
    CHECK_FAILS(lar_register(&out, fixed, moving, mask, NULL, NULL, &params), status, words);
    assert_null(out);
}

/* Of the first scan's values as float32, to be changed. */
static lar_image *own_floats(const lar_image *in)
{
    lar_image *floats, *own;
    CHECK_OK(lar_image_to_type(&floats, in, LAR_F32));
    CHECK_OK(lar_image_copy(&own, floats));
    lar_image_free(floats);
    return own;
}

static void bad_images_are_refused(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(5, 1);
    const lar_image *t1 = p->scans[0].image, *flair = p->scans[1].image;
    lar_image *image = own_floats(flair), *slice, *mask;
    float *values = image->voxels;
    const int64_t count = lar_image_voxel_count(image), none[3] = { 0 };
    const int64_t flat[3] = { image->grid.size[0], image->grid.size[1], 1 };

    CHECK_OK(lar_image_box(&slice, image, none, flat));
    check_refused(t1, slice, NULL, LAR_EUNSUPPORTED, "the moving image (");
    check_refused(slice, t1, NULL, LAR_EUNSUPPORTED, "is no volume");
    values[count / 2] = NAN;
    check_refused(t1, image, NULL, LAR_ENUMERIC, "not finite");
    for (int64_t n = 0; n < count; n++) values[n] = 7;
    check_refused(t1, image, NULL, LAR_ENUMERIC, "constant: every value is 7");
    check_refused(image, t1, NULL, LAR_ENUMERIC, "the fixed image cannot be registered");
    values[3] = 8; /* all but one: nothing to go by */
    lar_registration *r = registered(t1, image, LAR_HEADS_AUTO);
    assert_true(r->verdict.doubtful);
    lar_registration_free(r);
    CHECK_OK(lar_image_like(&mask, t1, LAR_U8));
    check_refused(t1, flair, mask, LAR_ENUMERIC, "empty");
    lar_image_free(mask);
    CHECK_OK(lar_image_like(&mask, flair, LAR_U8));
    check_refused(t1, flair, mask, LAR_EGEOMETRY, "");
    lar_image_free(mask);
    lar_image_free(slice);
    lar_image_free(image);
    lar_phantom_free(p);
}

static void parameters_are_checked(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(6, 1);
    lar_register_params params = lar_register_default();
    lar_registration *out;
    lar_affine flat = { 0 };
    const lar_image *a = p->scans[0].image, *b = p->scans[1].image;
    params.bins = 3;
    CHECK_FAILS(lar_register(&out, a, b, NULL, NULL, NULL, &params), LAR_EARGUMENT, "8 to 120");
    params = lar_register_default();
    params.kind = 9;
    CHECK_FAILS(lar_register(&out, a, b, NULL, NULL, NULL, &params), LAR_EARGUMENT, "no kind 9");
    params = lar_register_default();
    CHECK_FAILS(lar_register(&out, a, b, NULL, NULL, &flat, &params), LAR_ENUMERIC, "singular");
    lar_phantom_free(p);
}

static void heads_of_two_people_are_doubted(void **state)
{
    (void)state;
    lar_phantom *a = make_phantom(4, 1), *b = make_phantom(4, 2);
    lar_registration *r = registered(a->scans[0].image, b->scans[1].image, LAR_HEADS_AUTO);
    assert_true(r->verdict.doubtful);
    assert_true(strlen(r->verdict.reason) > 20);
    lar_registration_free(r);
    /* but not where it is said: then it only has to fit as well as two heads do */
    r = registered(a->scans[0].image, b->scans[0].image, LAR_HEADS_DIFFERENT);
    if (r->verdict.doubtful) fail_msg("two people: %s", r->verdict.reason);
    lar_registration_free(r);
    lar_phantom_free(a);
    lar_phantom_free(b);
}

/* The header says left for right: the voxels of a mirrored head, which look like one. */
static void a_mirrored_head_is_doubted(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(3, 1);
    lar_affine mirror = lar_affine_identity();
    mirror.m[0][0] = -1;
    lar_image *moving = moved_by(p->scans[1].image, &mirror); /* also a left-handed header */
    lar_registration *r = registered(p->scans[0].image, moving, LAR_HEADS_AUTO);
    assert_true(r->verdict.doubtful);
    assert_non_null(strstr(r->verdict.reason, "mirrored"));
    lar_registration_free(r);
    lar_image_free(moving);
    lar_phantom_free(p);
}

static void what_is_no_head_is_doubted(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(5, 1);
    lar_image *noise = own_floats(p->scans[1].image);
    float *values = noise->voxels;
    for (int64_t n = 0; n < lar_image_voxel_count(noise); n++)
        values[n] = (float)lar_random_normal(5, 0, (uint64_t)n);
    lar_registration *r = registered(p->scans[0].image, noise, LAR_HEADS_AUTO);
    assert_true(r->verdict.doubtful);
    lar_registration_free(r);
    lar_image_free(noise);
    lar_phantom_free(p);
}

/* Without a search nothing can be found where the images do not even overlap. */
static void no_overlap_is_doubted(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(5, 1);
    const lar_affine away = { .m = { { 1, 0, 0, 900 }, { 0, 1, 0, 0 }, { 0, 0, 1, 0 } } };
    lar_image *moving = moved_by(p->scans[1].image, &away);
    const lar_affine truth = lar_affine_chain(&p->scans[1].head_to_world, &away);
    lar_register_params params = lar_register_default();
    lar_registration *r;
    params.start = LAR_START_HEADER;
    CHECK_OK(lar_register(&r, p->scans[0].image, moving, NULL, NULL, NULL, &params));
    assert_true(r->verdict.doubtful);
    assert_true(r->verdict.overlap == 0);
    lar_registration_free(r);
    r = registered(p->scans[0].image, moving, LAR_HEADS_AUTO); /* a search finds it */
    assert_true(map_distance_mm(&r->affine, &truth) < 1);
    assert_false(r->verdict.doubtful);
    lar_registration_free(r);
    lar_image_free(moving);
    lar_phantom_free(p);
}

/* Headers with shear, and voxels of 8 mm. */
static void odd_grids(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(4, 1), *coarse = make_phantom(8, 1);
    lar_affine shear = lar_affine_identity();
    shear.m[0][1] = 0.05;
    lar_image *moving = moved_by(p->scans[1].image, &shear);
    const lar_affine truth = lar_affine_chain(&p->scans[1].head_to_world, &shear);
    lar_registration *r = registered(p->scans[0].image, moving, LAR_HEADS_AUTO);
    assert_true(map_distance_mm(&r->affine, &truth) < 0.6);
    assert_false(r->verdict.doubtful);
    lar_registration_free(r);
    lar_register_params params = lar_register_default();
    params.kind = LAR_REGISTER_RIGID;
    CHECK_OK(lar_register(&r, coarse->scans[0].image, coarse->scans[1].image, NULL, NULL, NULL,
                          &params));
    const double error = map_distance_mm(&r->affine, &coarse->scans[1].head_to_world);
    if (error > 1.5 && !r->verdict.doubtful) fail_msg("8 mm voxels: %g mm, and no doubt", error);
    lar_registration_free(r);
    lar_image_free(moving);
    lar_phantom_free(coarse);
    lar_phantom_free(p);
}

/* Voxels of 0.2 mm in thick slices, of a part of the head. */
static void fine_voxels(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(4, 1);
    const lar_resample_params how = lar_resample_default();
    const int64_t *whole = p->scans[0].image->grid.size;
    const int64_t size[3] = { 24, 24, 24 };
    const int64_t first[3] = { (whole[0] - 24) / 2, (whole[1] - 24) / 2, whole[2] - 32 };
    const double spacing[3] = { 0.2, 0.2, 4 };
    lar_image *part, *fine;
    CHECK_OK(lar_image_box(&part, p->scans[0].image, first, size));
    const lar_grid grid = lar_grid_with_spacing(&part->grid, spacing);
    CHECK_OK(lar_resample(&fine, part, &grid, &how));
    assert_true(fine->grid.size[0] == 480);
    lar_register_params params = lar_register_default();
    lar_registration *r;
    params.kind = LAR_REGISTER_RIGID;
    CHECK_OK(lar_register(&r, fine, p->scans[1].image, NULL, NULL, NULL, &params));
    const double error = map_distance_mm(&r->affine, &p->scans[1].head_to_world);
    if (error > 1.5 && !r->verdict.doubtful) fail_msg("0.2 mm voxels: %g mm, and no doubt", error);
    print_message("0.2 mm voxels: %.2f mm%s\n", error, r->verdict.doubtful ? ", doubted" : "");
    lar_registration_free(r);
    lar_image_free(fine);
    lar_image_free(part);
    lar_phantom_free(p);
}

static void the_first_of_several_volumes_counts(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(5, 1);
    lar_image *several;
    const lar_image *flair = p->scans[1].image;
    CHECK_OK(lar_image_new(&several, &flair->grid, 2, flair->type));
    const size_t bytes = (size_t)lar_image_voxel_count(flair) * lar_type_size(flair->type);
    memcpy(several->voxels, flair->voxels, bytes);
    lar_registration *a = registered(p->scans[0].image, flair, LAR_HEADS_AUTO);
    lar_registration *b = registered(p->scans[0].image, several, LAR_HEADS_AUTO);
    assert_memory_equal(&a->affine, &b->affine, sizeof a->affine);
    lar_registration_free(a);
    lar_registration_free(b);
    lar_image_free(several);
    lar_phantom_free(p);
}

/* However far memory goes, nothing leaks and nothing is half made. */
static void short_memory(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(8, 1);
    lar_register_params params = lar_register_default();
    lar_registration *out;
    params.start = LAR_START_HEADER;
    params.iterations = (lar_ints){ .count = 1, .at = { 1 } };
    params.kind = LAR_REGISTER_DEFORMABLE;
    lar_threads_set(1);
    const int64_t before = lar_alloc_count();
    CHECK_OK(lar_register(&out, p->scans[0].image, p->scans[1].image, NULL, NULL, NULL, &params));
    lar_registration_free(out);
    const int64_t taken = lar_alloc_count() - before;
    int64_t refused = 0;
    for (int64_t n = 1; n <= taken; n += 1 + taken / 60) {
        lar_alloc_fail_at(n, true);
        const lar_status status =
            lar_register(&out, p->scans[0].image, p->scans[1].image, NULL, NULL, NULL, &params);
        lar_alloc_fail_at(0, false);
        refused += status != LAR_OK;
        assert_true(status == LAR_EMEMORY ? out == NULL : true);
        if (status == LAR_OK) lar_registration_free(out);
    }
    lar_threads_set(0);
    assert_true(refused > 40);
    lar_phantom_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_images_are_refused),
        cmocka_unit_test(parameters_are_checked),
        cmocka_unit_test(heads_of_two_people_are_doubted),
        cmocka_unit_test(a_mirrored_head_is_doubted),
        cmocka_unit_test(what_is_no_head_is_doubted),
        cmocka_unit_test(no_overlap_is_doubted),
        cmocka_unit_test(odd_grids),
        cmocka_unit_test(fine_voxels),
        cmocka_unit_test(the_first_of_several_volumes_counts),
        cmocka_unit_test(short_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
