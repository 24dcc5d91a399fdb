/* Transform files: each kind puts points where ITK puts them (tests/golden/make_through.py); a
 * field keeps to its convention; damaged files are errors that say what is wrong.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "format/format.h"
#include "space/space.h"

#define GOLDEN TEST_SOURCE "/tests/golden/"

static lar_chain *read_chain(const char *path)
{
    lar_chain *chain;
    CHECK_OK(lar_chain_new(&chain));
    CHECK_OK(lar_chain_add_file(chain, path));
    return chain;
}

static void points_go_where_itk_puts_them(void **state)
{
    (void)state;
    FILE *file = fopen(GOLDEN "through.txt", "r");
    assert_non_null(file);
    char line[512], name[64];
    int files = 0, points = 0;
    double tolerance = 0;
    lar_chain *chain = NULL;
    while (fgets(line, sizeof line, file)) {
        double from[1][3], to[3];
        if (sscanf(line, "file %63s", name) == 1) {
            char path[512];
            snprintf(path, sizeof path, GOLDEN "transforms/%s", name);
            lar_chain_free(chain);
            chain = read_chain(path);
            lar_affine affine;
            const bool is_field = !lar_chain_affine(&affine, chain);
            assert_true(is_field == (strstr(name, "field") != NULL));
            tolerance = is_field ? 1e-5 : 1e-9; /* a field is sampled in float32 */
            files++;
        } else if (sscanf(line, "point %lf %lf %lf %lf %lf %lf", &from[0][0], &from[0][1],
                          &from[0][2], &to[0], &to[1], &to[2]) == 6) {
            lar_chain_points(chain, from, 1);
            for (int r = 0; r < 3; r++) CHECK_NEAR(from[0][r], to[r], tolerance);
            points++;
        }
    }
    lar_chain_free(chain);
    fclose(file);
    assert_true(files == 11 && points == 12 * files);
}

/* Vectors (intent 1007) are along LPS, displacements (1006) along RAS, as ITK reads them. */
static void fields_keep_to_their_convention(void **state)
{
    (void)state;
    const char *folder = check_folder();
    char path[128];
    for (int intent = 1006; intent <= 1007; intent++) {
        const lar_grid grid = { .size = { 3, 3, 3 },
                                .to_world = {
                                    .m = { { 2, 0, 0, 0 }, { 0, 2, 0, 0 }, { 0, 0, 2, 0 } } } };
        lar_image *field;
        lar_notes *notes;
        CHECK_OK(lar_image_new(&field, &grid, 3, LAR_F32));
        for (int n = 0; n < 81; n++) ((float *)field->voxels)[n] = (float)(1 + n / 27);
        CHECK_OK(lar_notes_new(&notes, 0));
        notes->intent = intent;
        lar_image_set_notes(field, notes);
        lar_notes_drop(notes);
        snprintf(path, sizeof path, "%s/field%d.nii", folder, intent);
        CHECK_OK(lar_image_write(field, path, false));
        lar_chain *chain = read_chain(path);
        const double sign = intent == 1007 ? -1 : 1;
        double at[2][3] = { { 1.5, 2, 2.5 }, { 50, 0, 0 } };
        lar_chain_points(chain, at, 2);
        CHECK_NEAR(at[0][0], 1.5 + sign * 1, 1e-6);
        CHECK_NEAR(at[0][1], 2 + sign * 2, 1e-6);
        CHECK_NEAR(at[0][2], 2.5 + 3, 1e-6);
        assert_true(at[1][0] == 50 && at[1][1] == 0 && at[1][2] == 0); /* outside: nothing */
        lar_chain_free(chain);
        lar_image_free(field);
    }
    check_folder_remove(folder);
}

static const char *written(const char *folder, const char *content)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/x.tfm", folder);
    CHECK_OK(lar_file_write(path, content, strlen(content), true));
    return path;
}

#define HEAD "#Insight Transform File V1.0\n#Transform 0\n"
#define ONES "1 0 0 0 1 0 0 0 1 0 0 0"

static void damaged_text_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
        lar_status status;
    } cases[] = {
        { HEAD, "holds 0 transforms", LAR_EFORMAT },
        { HEAD "Transform: AffineTransform_double_3_3\n", "0 parameters, expected 12",
          LAR_EFORMAT },
        { HEAD "Transform: AffineTransform_double_3_3\nParameters: 1 2 3\n",
          "3 parameters, expected 12", LAR_EFORMAT },
        { HEAD "Transform: AffineTransform_double_3_3\nParameters: " ONES " 5\n",
          "more than 12 numbers", LAR_EFORMAT },
        { HEAD "Transform: AffineTransform_double_3_3\nParameters: 1 0 0 0 nan 0 0 0 1 0 0 0\n",
          "'nan' where a number", LAR_EFORMAT },
        { HEAD "Transform: AffineTransform_double_3_3\nParameters: " ONES
               "\nFixedParameters: 1 2\n",
          "2 fixed parameters, expected 3", LAR_EFORMAT },
        { HEAD "Transform: AffineTransform_double_3_3\nParameters: 1 2 3 2 4 6 0 0 1 0 0 0\n",
          "is singular", LAR_ENUMERIC },
        { HEAD "Transform: AffineTransform_double_2_2\nParameters: 1 0 0 1 0 0\n",
          "not of three dimensions", LAR_EGEOMETRY },
        { HEAD "Transform: BSplineTransform_double_3_3\nParameters: 1\n",
          "'BSplineTransform_double_3_3', which larmor does not read", LAR_EUNSUPPORTED },
        { HEAD "Transform: IdentityTransform_double_3_3\nTransform: IdentityTransform_double_3_3\n",
          "2 transforms, expected one", LAR_EFORMAT },
        { "Insight\n", "neither an affine transform (of ITK", LAR_EFORMAT },
        { "", "is empty", LAR_EFORMAT },
    };
    const char *folder = check_folder();
    lar_chain *chain;
    CHECK_OK(lar_chain_new(&chain));
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        CHECK_FAILS(lar_chain_add_file(chain, written(folder, cases[n].text)), cases[n].status,
                    cases[n].words);
        CHECK_FAILS(lar_chain_add_file(chain, written(folder, cases[n].text)), cases[n].status,
                    "x.tfm'");
    }
    CHECK_FAILS(lar_chain_add_file(chain, "absent.tfm"), LAR_ENOINPUT, "'absent.tfm'");
    /* none of them left anything behind */
    double at[1][3] = { { 1, 2, 3 } };
    lar_chain_points(chain, at, 1);
    assert_true(at[0][0] == 1 && at[0][1] == 2 && at[0][2] == 3);
    /* what other systems make of line ends and blanks */
    CHECK_OK(lar_chain_add_file(
        chain,
        written(folder, HEAD "Transform: TranslationTransform_float_3_3\r\nParameters:  1\t2 "
                             "3 \r\nFixedParameters: \r\n")));
    lar_chain_points(chain, at, 1);
    assert_true(at[0][0] == 0 && at[0][1] == 0 && at[0][2] == 6);
    lar_chain_free(chain);
    check_folder_remove(folder);
}

static void other_images_are_no_fields(void **state)
{
    (void)state;
    const char *folder = check_folder();
    char path[128];
    lar_chain *chain;
    lar_image *image;
    CHECK_OK(lar_chain_new(&chain));
    CHECK_FAILS(
        lar_chain_add_file(chain, GOLDEN "resample_in.nii.gz"), LAR_EFORMAT,
        "not a displacement field: it has 3 dimensions, 1 values a voxel and intent code 0");
    CHECK_OK(lar_image_read(&image, GOLDEN "transforms/field.nii.gz"));
    ((float *)image->voxels)[7] = NAN;
    snprintf(path, sizeof path, "%s/nan.nii", folder);
    CHECK_OK(lar_image_write(image, path, false));
    CHECK_FAILS(lar_chain_add_file(chain, path), LAR_ENUMERIC, "nan.nii' as a displacement field");
    CHECK_FAILS(lar_chain_add_file(chain, path), LAR_ENUMERIC, "1 of the field's 1512 components");
    lar_image_free(image);
    lar_chain_free(chain);
    check_folder_remove(folder);
}

static void failing_memory_leaves_nothing(void **state)
{
    (void)state;
    static const char *const files[] = { GOLDEN "transforms/composite.txt",
                                         GOLDEN "transforms/field.nii.gz" };
    lar_threads_set(1);
    for (int f = 0; f < 2; f++) {
        lar_status status = LAR_EMEMORY;
        int failures = 0;
        for (int64_t n = 1; status != LAR_OK; n++) {
            lar_chain *chain = NULL;
            lar_alloc_fail_at(n, false);
            status = lar_chain_new(&chain);
            if (status == LAR_OK) status = lar_chain_add_file(chain, files[f]);
            lar_alloc_fail_at(0, false);
            assert_true(status == LAR_OK || status == LAR_EMEMORY);
            failures += status != LAR_OK;
            lar_chain_free(chain);
        }
        assert_true(failures >= 4);
    }
    lar_threads_set(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_go_where_itk_puts_them),
        cmocka_unit_test(fields_keep_to_their_convention),
        cmocka_unit_test(damaged_text_is_named),
        cmocka_unit_test(other_images_are_no_fields),
        cmocka_unit_test(failing_memory_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
