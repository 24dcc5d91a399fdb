/* One case: laws of preparation. Orientation in the file does not matter, one interpolation equals
 * the steps by hand, threads do not show, and bad scans are named.
 * SPDX-License-Identifier: Apache-2.0 */
#include "small_scans.h"

#define PAIR                                                                                       \
    "data:\n"                                                                                      \
    "  images:\n"                                                                                  \
    "    t1: {path: \"t1/{subject}.nii\"}\n"                                                       \
    "    flair: {path: \"flair/{subject}.nii\", role: target}\n"

/* Files of one test. */
typedef struct scans {
    char root[64], path[3][128];
    const char *paths[3];
} scans;

static scans scans_new(void)
{
    scans s = { 0 };
    snprintf(s.root, sizeof s.root, "%s", check_folder());
    return s;
}

/* The n-th image of the case; takes the image. */
static void scans_put(scans *s, int n, lar_image *image)
{
    snprintf(s->path[n], sizeof s->path[n], "%s/%d.nii", s->root, n);
    small_write(image, s->path[n]);
}

static const char *const *scans_paths(scans *s, int count)
{
    for (int n = 0; n < 3; n++) s->paths[n] = n < count ? s->path[n] : NULL;
    return s->paths;
}

static lar_case *prepare(const char *text, scans *s, int count)
{
    lar_case *prepared;
    lar_study *study = small_study(text, s->root);
    CHECK_OK(lar_prepare_case(&prepared, study, NULL, "A", scans_paths(s, count), true));
    lar_study_free(study);
    return prepared;
}

static void same_voxels(const lar_image *a, const lar_image *b, double tolerance)
{
    assert_int_equal(a->type, b->type);
    for (int n = 0; n < 3; n++) assert_int_equal(a->grid.size[n], b->grid.size[n]);
    for (int64_t k = 0; k < a->grid.size[2]; k++)
        for (int64_t j = 0; j < a->grid.size[1]; j++)
            for (int64_t i = 0; i < a->grid.size[0]; i++)
                CHECK_NEAR(lar_image_at(a, i, j, k, 0), lar_image_at(b, i, j, k, 0), tolerance);
}

/* The same voxels with the axes stored in another order: axis a of the result is order[a] of the
 * image, backwards where the bit is set. */
static lar_image *stored_as(const lar_image *in, const int order[3], int flips)
{
    lar_image *out;
    lar_grid grid = in->grid;
    double corner[3] = { 0 };
    for (int a = 0; a < 3; a++) {
        const bool back = flips >> a & 1;
        grid.size[a] = in->grid.size[order[a]];
        for (int r = 0; r < 3; r++)
            grid.to_world.m[r][a] = (back ? -1 : 1) * in->grid.to_world.m[r][order[a]];
        if (back) corner[order[a]] = (double)(grid.size[a] - 1);
    }
    double xyz[3];
    lar_grid_to_world(&in->grid, corner, xyz);
    for (int r = 0; r < 3; r++) grid.to_world.m[r][3] = xyz[r];
    CHECK_OK(lar_image_new(&out, &grid, 1, LAR_F32));
    float *voxels = out->voxels;
    int64_t at[3];
    for (at[2] = 0; at[2] < grid.size[2]; at[2]++)
        for (at[1] = 0; at[1] < grid.size[1]; at[1]++)
            for (at[0] = 0; at[0] < grid.size[0]; at[0]++) {
                int64_t from[3];
                for (int a = 0; a < 3; a++)
                    from[order[a]] = flips >> a & 1 ? grid.size[a] - 1 - at[a] : at[a];
                *voxels++ = (float)lar_image_at(in, from[0], from[1], from[2], 0);
            }
    return out;
}

static void orientation_in_the_file_does_not_matter(void **state)
{
    (void)state;
    static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                      { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    static const char *const steps[] = {
        /* no interpolation: bit for bit */
        PAIR "prepare: [{normalize: {}}, {crop: {axis: z, range: [0.2, 0.8]}}, {fit: {size: 9}}]\n",
        PAIR "prepare: [{normalize: {}}, {resample: {spacing: [1.5, 2.5, 3]}}, "
             "{crop: {axis: x, range: [0.1, 0.7]}}, {fit: {size: [8, 9, 7]}}]\n",
    };
    const lar_grid grid = small_grid(9, 11, 10, 2);
    for (int s = 0; s < 2; s++) {
        lar_case *first = NULL;
        for (int n = 0; n < 48; n++) {
            scans files = scans_new();
            lar_image *image = small_image(&grid, LAR_F32, 1);
            scans_put(&files, 0, stored_as(image, orders[n / 8], n % 8));
            scans_put(&files, 1, stored_as(image, orders[5 - n / 8], 7 - n % 8));
            lar_image_free(image);
            lar_case *prepared = prepare(steps[s], &files, 2);
            if (!first) {
                first = prepared;
            } else {
                assert_true(lar_grid_matches(&first->grid, &prepared->grid));
                for (int m = 0; m < 2; m++) {
                    same_voxels(first->images[m], prepared->images[m], s ? 1e-5 : 0);
                    for (int v = 0; v < 2; v++)
                        CHECK_NEAR(first->fits[m].values.at[v], prepared->fits[m].values.at[v], 0);
                }
                lar_case_free(prepared);
            }
            check_folder_remove(files.root);
        }
        lar_case_free(first);
    }
}

static void one_interpolation_equals_the_steps_by_hand(void **state)
{
    (void)state;
    scans files = scans_new();
    const lar_grid grid = small_grid(16, 18, 14, 2), other = small_grid(20, 17, 12, 1.7);
    scans_put(&files, 0, small_image(&grid, LAR_I16, 1));
    scans_put(&files, 1, small_image(&other, LAR_F32, 2));
    lar_case *prepared = prepare(PAIR "prepare:\n"
                                      "  - resample: {images: t1, spacing: 1.5}\n"
                                      "  - resample: {images: flair, onto: t1}\n"
                                      "  - normalize: {}\n"
                                      "  - crop: {axis: z, range: [0.2, 0.8]}\n"
                                      "  - fit: {size: [24, 18, 12]}\n",
                                 &files, 2);
    const lar_grid fine = lar_grid_with_spacing(&grid, (double[3]){ 1.5, 1.5, 1.5 });
    for (int n = 0; n < 2; n++) {
        lar_image *read, *normal, *moved, *cropped, *expected;
        lar_grid target;
        lar_normalizer *normalizer;
        CHECK_OK(lar_image_read(&read, files.path[n]));
        const lar_normalize_params zscore = lar_normalize_default();
        CHECK_OK(lar_normalizer_new(&normalizer, &zscore));
        CHECK_OK(lar_normalizer_fit(normalizer, read, NULL, NULL));
        CHECK_OK(lar_normalizer_apply(&normal, normalizer, read));
        const lar_reals values = lar_normalizer_values(normalizer);
        assert_string_equal(prepared->fits[n].method, "zscore");
        for (int v = 0; v < 2; v++)
            CHECK_NEAR(prepared->fits[n].values.at[v], values.at[v], 1e-9 * fabs(values.at[v]));
        const lar_resample_params cubic = lar_resample_default();
        CHECK_OK(lar_resample(&moved, normal, &fine, &cubic));
        CHECK_OK(lar_crop_range(&cropped, moved, 'z', 0.2, 0.8));
        CHECK_OK(lar_grid_fit(&target, &cropped->grid, (int64_t[3]){ 24, 18, 12 }));
        assert_true(lar_grid_matches(&target, &prepared->grid));
        CHECK_OK(lar_resample(&expected, cropped, &target, &cubic)); /* a shift: copies */
        /* inside both fields of view; what pads differs: the minimum is of another image */
        int64_t compared = 0;
        for (int64_t k = 0; k < target.size[2]; k++)
            for (int64_t j = 0; j < target.size[1]; j++)
                for (int64_t i = 0; i < target.size[0]; i++) {
                    double xyz[3];
                    bool inside = true;
                    lar_grid_to_world(&target, (double[3]){ (double)i, (double)j, (double)k }, xyz);
                    for (int r = 0; r < 3; r++)
                        inside &= fabs(xyz[r]) < (n ? 0.5 * 1.7 * (double)other.size[r] - 1.7
                                                    : (double)grid.size[r] - 2) &&
                                  fabs(xyz[r]) < 0.5 * 1.5 * (double)cropped->grid.size[r] - 0.75;
                    if (!inside) continue;
                    CHECK_NEAR(lar_image_at(prepared->images[n], i, j, k, 0),
                               lar_image_at(expected, i, j, k, 0), 2e-5);
                    compared++;
                }
        assert_true(compared > 1500);
        lar_image_free(expected);
        lar_image_free(cropped);
        lar_image_free(moved);
        lar_image_free(normal);
        lar_image_free(read);
        lar_normalizer_free(normalizer);
    }
    lar_case_free(prepared);
    check_folder_remove(files.root);
}

static void crop_and_fit_alone_copy_voxels(void **state)
{
    (void)state;
    scans files = scans_new();
    const lar_grid grid = small_grid(10, 12, 9, 3);
    lar_image *image = small_image(&grid, LAR_F32, 4);
    lar_range range;
    CHECK_OK(lar_image_range(&range, image));
    scans_put(&files, 0, image);
    lar_case *prepared =
        prepare("data: {images: {t1: {path: \"{subject}\"}}}\n"
                "prepare: [{crop: {axis: y, range: [0.25, 0.75]}}, {fit: {size: [12, 4, 9]}}]\n",
                &files, 1);
    image = small_image(&grid, LAR_F32, 4);
    for (int64_t k = 0; k < 9; k++)
        for (int64_t j = 0; j < 4; j++)
            for (int64_t i = 0; i < 12; i++) {
                const bool inside = i >= 1 && i < 11;
                const double expected =
                    inside ? lar_image_at(image, i - 1, j + 4, k, 0) : range.low;
                CHECK_NEAR(lar_image_at(prepared->images[0], i, j, k, 0), expected, 0);
            }
    lar_image_free(image);
    lar_case_free(prepared);
    check_folder_remove(files.root);
}

static void threads_do_not_show(void **state)
{
    (void)state;
    scans files = scans_new();
    const lar_grid grid = small_grid(40, 44, 36, 2), other = small_grid(50, 37, 32, 1.9);
    scans_put(&files, 0, small_image(&grid, LAR_F32, 1));
    scans_put(&files, 1, small_image(&other, LAR_F32, 2));
    const char *text = PAIR "prepare: [{normalize: {}}, {resample: {images: t1, spacing: 1.7}}, "
                            "{resample: {images: flair, onto: t1}}]\n";
    const int before = lar_threads_get();
    lar_threads_set(1);
    lar_case *one = prepare(text, &files, 2);
    for (int threads = 2; threads <= 5; threads++) {
        lar_threads_set(threads);
        lar_case *many = prepare(text, &files, 2);
        for (int n = 0; n < 2; n++)
            assert_memory_equal(one->images[n]->voxels, many->images[n]->voxels,
                                (size_t)lar_image_voxel_count(one->images[n]) * sizeof(float));
        lar_case_free(many);
    }
    lar_threads_set(before);
    lar_case_free(one);
    check_folder_remove(files.root);
}

#define MASKED                                                                                     \
    "data:\n"                                                                                      \
    "  images:\n"                                                                                  \
    "    t1: {path: \"t1/{subject}.nii\"}\n"                                                       \
    "    parts: {path: \"parts/{subject}.nii\", role: label}\n"                                    \
    "    head: {path: \"head/{subject}.nii\", role: mask}\n"

/* Labels 0, 1, 2 ... by slabs, and a mask of one half; both on a grid of their own. */
static void put_labels(scans *files, lar_type type)
{
    const lar_grid grid = small_grid(24, 24, 24, 1);
    lar_image *labels, *mask;
    CHECK_OK(lar_image_new(&labels, &grid, 1, type));
    CHECK_OK(lar_image_new(&mask, &grid, 1, LAR_U8));
    for (int64_t n = 0; n < 24 * 24 * 24; n++) {
        const int value = (int)(n % 24 / 5) * 50;
        if (type == LAR_F32)
            ((float *)labels->voxels)[n] = (float)value;
        else
            ((uint8_t *)labels->voxels)[n] = (uint8_t)value;
        ((uint8_t *)mask->voxels)[n] = n % 24 >= 12;
    }
    scans_put(files, 1, labels);
    scans_put(files, 2, mask);
}

static void labels_stay_labels_and_masks_mask(void **state)
{
    (void)state;
    const char *text = MASKED "prepare:\n"
                              "  - normalize: {mask: head}\n"
                              "  - resample: {spacing: 1.3, images: t1}\n"
                              "  - resample: {onto: t1, images: [parts, head]}\n";
    for (int type = 0; type < 2; type++) {
        scans files = scans_new();
        const lar_grid grid = small_grid(12, 12, 12, 2);
        scans_put(&files, 0, small_image(&grid, LAR_F32, 3));
        put_labels(&files, type ? LAR_F32 : LAR_U8);
        lar_case *prepared = prepare(text, &files, 3);
        assert_int_equal(prepared->images[0]->type, LAR_F32);
        assert_int_equal(prepared->images[1]->type, type ? LAR_I32 : LAR_U8);
        assert_int_equal(prepared->images[2]->type, LAR_U8);
        assert_null(prepared->fits[1].method);
        int64_t seen[5] = { 0 };
        for (int64_t k = 0; k < prepared->grid.size[2]; k++)
            for (int64_t j = 0; j < prepared->grid.size[1]; j++)
                for (int64_t i = 0; i < prepared->grid.size[0]; i++) {
                    const double value = lar_image_at(prepared->images[1], i, j, k, 0);
                    assert_true(value == 0 || value == 50 || value == 100 || value == 150 ||
                                value == 200);
                    seen[(int)value / 50]++;
                }
        for (int n = 0; n < 5; n++) assert_true(seen[n] > 0);
        /* the mask is the half x > 0: voxels 6 to 11 of the scan */
        double sum = 0;
        lar_image *image = small_image(&grid, LAR_F32, 3);
        for (int64_t n = 0; n < 12 * 12 * 12; n++)
            if (n % 12 >= 6) sum += ((float *)image->voxels)[n];
        CHECK_NEAR(prepared->fits[0].values.at[0], sum / (12 * 12 * 6), 1e-9 * sum);
        lar_image_free(image);
        lar_case_free(prepared);
        check_folder_remove(files.root);
    }
}

static void predict_leaves_training_steps_and_targets_out(void **state)
{
    (void)state;
    scans files = scans_new();
    lar_grid grid = small_grid(10, 12, 14, 2);
    grid.to_world.m[0][0] = -2; /* stored right to left */
    grid.to_world.m[0][3] = 9;
    scans_put(&files, 0, small_image(&grid, LAR_I16, 1));
    lar_study *study = small_study(PAIR "prepare:\n"
                                        "  - resample: {images: flair, onto: t1}\n"
                                        "  - normalize: {}\n"
                                        "  - fit: {size: 8, when: training}\n",
                                   files.root);
    lar_case *prepared;
    CHECK_OK(lar_prepare_case(&prepared, study, NULL, "new", scans_paths(&files, 1), false));
    assert_null(prepared->images[1]);
    assert_int_equal(prepared->grid.size[2], 14);
    assert_true(lar_grid_matches(&prepared->raw[0], &grid));
    const lar_grid ras = lar_grid_to_ras(&grid);
    assert_true(lar_grid_matches(&prepared->grid, &ras));
    assert_true(lar_image_is_contiguous(prepared->images[0]));
    lar_case_free(prepared);
    CHECK_OK(lar_prepare_case(&prepared, study, NULL, "new", scans_paths(&files, 1), true));
    assert_int_equal(prepared->grid.size[2], 8);
    lar_case_free(prepared);
    CHECK_FAILS(lar_prepare_case(&prepared, study, NULL, "new", scans_paths(&files, 0), true),
                LAR_EARGUMENT, "case 'new' has no image");
    lar_study_free(study);
    study = small_study(PAIR "prepare: [{resample: {images: t1, onto: flair}}]\n", files.root);
    CHECK_FAILS(lar_prepare_case(&prepared, study, NULL, "new", scans_paths(&files, 1), false),
                LAR_EARGUMENT, "'t1' is to be resampled onto 'flair', which is not given");
    lar_study_free(study);
    check_folder_remove(files.root);
}

/* A pair whose second image was spoilt. */
static void check_bad(lar_image *second, const char *steps, lar_status status, const char *words)
{
    lar_case *prepared;
    char text[1024];
    scans files = scans_new();
    const lar_grid grid = small_grid(8, 8, 8, 2);
    snprintf(text, sizeof text, "%s%s", PAIR, steps);
    scans_put(&files, 0, small_image(&grid, LAR_F32, 1));
    scans_put(&files, 1, second);
    lar_study *study = small_study(text, files.root);
    CHECK_FAILS(lar_prepare_case(&prepared, study, NULL, "S7", scans_paths(&files, 2), true),
                status, words);
    assert_null(prepared);
    assert_non_null(strstr(lar_error(), "'S7'"));
    assert_non_null(strstr(lar_error(), "'flair'"));
    lar_study_free(study);
    check_folder_remove(files.root);
}

static void bad_scans_are_named(void **state)
{
    (void)state;
    lar_grid grid = small_grid(8, 8, 8, 2);
    lar_image *image = small_image(&grid, LAR_F32, 1);
    for (int n = 0; n < 5; n++) ((float *)image->voxels)[100 * n] = n % 2 ? NAN : INFINITY;
    check_bad(image, "", LAR_ENUMERIC, "5 of 512 voxels of 'flair' are not finite");
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_I16));
    check_bad(image, "prepare: [{normalize: {}}]\n", LAR_ENUMERIC,
              "'flair' is constant, every voxel is 0");
    CHECK_OK(lar_image_new(&image, &grid, 3, LAR_I16));
    ((int16_t *)image->voxels)[0] = 1;
    check_bad(image, "", LAR_EUNSUPPORTED, "holds 3 volumes, not one");
    grid.to_world.m[0][3] += 1;
    check_bad(small_image(&grid, LAR_F32, 1), "", LAR_EGEOMETRY,
              "their corners are up to 1 mm apart\n  try the step '- resample: {images: [flair], "
              "onto: t1}'");
    grid = small_grid(8, 9, 8, 2);
    check_bad(small_image(&grid, LAR_F32, 1), "prepare: [{normalize: {}}]\n", LAR_EGEOMETRY,
              "'flair' is on another grid (8x9x8, 2x2x2 mm, RAS) than 't1' (8x8x8, 2x2x2 mm, RAS)");
    check_bad(small_image(&grid, LAR_F32, 1),
              "prepare: [{crop: {axis: x, range: [0.2, 0.21], images: flair}}]\n", LAR_EARGUMENT,
              "step 1, crop, cannot be done to 'flair'");
}

static void labels_must_be_whole(void **state)
{
    (void)state;
    scans files = scans_new();
    lar_case *prepared;
    const lar_grid grid = small_grid(12, 12, 12, 2);
    lar_study *study = small_study(MASKED, files.root);
    put_labels(&files, LAR_U8);
    lar_image *image;
    scans_put(&files, 0, small_image(&grid, LAR_F32, 3));
    scans_put(&files, 1, small_image(&grid, LAR_F32, 3));
    CHECK_FAILS(lar_prepare_case(&prepared, study, NULL, "A", scans_paths(&files, 3), true),
                LAR_ENUMERIC,
                "'parts' is a label or mask, but 1728 of 1728 voxels are no whole numbers");
    put_labels(&files, LAR_U8);
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_U8));
    scans_put(&files, 2, image);
    CHECK_FAILS(lar_prepare_case(&prepared, study, NULL, "A", scans_paths(&files, 3), true),
                LAR_ENUMERIC, "the mask 'head' is empty");
    lar_study_free(study);
    check_folder_remove(files.root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orientation_in_the_file_does_not_matter),
        cmocka_unit_test(one_interpolation_equals_the_steps_by_hand),
        cmocka_unit_test(crop_and_fit_alone_copy_voxels),
        cmocka_unit_test(threads_do_not_show),
        cmocka_unit_test(labels_stay_labels_and_masks_mask),
        cmocka_unit_test(predict_leaves_training_steps_and_targets_out),
        cmocka_unit_test(bad_scans_are_named),
        cmocka_unit_test(labels_must_be_whole),
    };
    lar_threads_set(1); /* the scans are tiny: threads would only wait for each other */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
