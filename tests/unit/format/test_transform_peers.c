/* Binary .mat of ANTs, FSL's matrices and FreeSurfer's .lta against ITK and nitransforms
 * (tests/golden/make_transforms.py); written, read, damaged.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "format/format.h"
#include "image/image.h"
#include "math/math.h"
#include "space/space.h"

#define GOLDEN TEST_SOURCE "/tests/golden/"
#define PEERS  GOLDEN "transforms/peers/"

enum { RIGHT, LEFT, GRIDS };
static const char *const grid_names[GRIDS] = { "right", "left" };
static lar_grid grids[GRIDS];

static const lar_grid *grid_named(const char *name)
{
    for (int n = 0; n < GRIDS; n++)
        if (lar_text_is(name, grid_names[n])) return &grids[n];
    return NULL;
}

static FILE *open_golden(void)
{
    FILE *file = fopen(GOLDEN "transforms.txt", "r");
    assert_non_null(file);
    char line[1024], name[32];
    int found = 0;
    while (found < GRIDS && fgets(line, sizeof line, file)) {
        long long s[3];
        double v[12];
        if (sscanf(line, "grid %31s %lld %lld %lld %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf",
                   name, s, s + 1, s + 2, v, v + 1, v + 2, v + 3, v + 4, v + 5, v + 6, v + 7, v + 8,
                   v + 9, v + 10, v + 11) != 16)
            continue;
        assert_string_equal(name, grid_names[found]);
        for (int n = 0; n < 3; n++) grids[found].size[n] = s[n];
        for (int n = 0; n < 12; n++) grids[found].to_world.m[n / 4][n % 4] = v[n];
        found++;
    }
    assert_int_equal(found, GRIDS);
    return file;
}

static lar_chain *read_as(const char *path, const lar_transform_use *use)
{
    lar_chain *chain;
    CHECK_OK(lar_chain_new(&chain));
    CHECK_OK(lar_chain_add_file_as(chain, path, use));
    return chain;
}

static void points_go_where_the_peers_put_them(void **state)
{
    (void)state;
    FILE *file = open_golden();
    char line[512], name[64], fixed[32], moving[32];
    int files = 0, points = 0;
    lar_chain *chain = NULL, *back = NULL;
    while (fgets(line, sizeof line, file)) {
        double at[1][3], to[3], from[3];
        if (sscanf(line, "file %63s %31s %31s", name, fixed, moving) == 3) {
            char path[512];
            snprintf(path, sizeof path, PEERS "%s", name);
            lar_chain_free(chain);
            lar_chain_free(back);
            chain = read_as(path, &(lar_transform_use){ .fixed = grid_named(fixed),
                                                        .moving = grid_named(moving) });
            /* the other way the ends change places */
            back = read_as(path, &(lar_transform_use){ .inverse = true,
                                                       .fixed = grid_named(moving),
                                                       .moving = grid_named(fixed) });
            files++;
        } else if (sscanf(line, "point %lf %lf %lf %lf %lf %lf", &at[0][0], &at[0][1], &at[0][2],
                          &to[0], &to[1], &to[2]) == 6) {
            memcpy(from, at[0], sizeof from);
            lar_chain_points(chain, at, 1);
            for (int r = 0; r < 3; r++) CHECK_NEAR(at[0][r], to[r], 1e-6);
            lar_chain_points(back, at, 1);
            for (int r = 0; r < 3; r++) CHECK_NEAR(at[0][r], from[r], 1e-9);
            points++;
        }
    }
    lar_chain_free(chain);
    lar_chain_free(back);
    fclose(file);
    assert_true(files == 14 && points == 12 * files);
}

static const lar_affine map = {
    .m = { { 1.1, -0.2, 0.05, 3 }, { 0.15, 0.9, -0.1, -7.5 }, { -0.03, 0.12, 1.2, 12.25 } }
};

static void what_is_written_is_read_as_the_same_map(void **state)
{
    (void)state;
    static const char *const names[] = { "x.txt", "x.tfm", "x.mat", "x.fsl.mat", "x.lta" };
    const char *folder = check_folder();
    char path[128];
    fclose(open_golden());
    for (int n = 0; n < 5; n++)
        for (int ends = 0; ends < 4; ends++) {
            const lar_grid *fixed = &grids[ends % 2], *moving = &grids[ends / 2];
            lar_affine again;
            snprintf(path, sizeof path, "%s/%s", folder, names[n]);
            CHECK_OK(lar_affine_write(&map, fixed, moving, path, ends > 0));
            lar_chain *chain =
                read_as(path, &(lar_transform_use){ .fixed = fixed, .moving = moving });
            assert_true(lar_chain_affine(&again, chain));
            for (int e = 0; e < 12; e++)
                CHECK_NEAR(again.m[e / 4][e % 4], map.m[e / 4][e % 4], 1e-12);
            lar_chain_free(chain);
        }
    CHECK_FAILS(lar_affine_write(&map, NULL, NULL, path, false), LAR_EARGUMENT,
                "x.lta': a FreeSurfer .lta lies between the grids");
    CHECK_FAILS(lar_affine_write(&map, &grids[0], &grids[1], path, false), LAR_EEXISTS, "x.lta'");
    snprintf(path, sizeof path, "%s/new.fsl.mat", folder);
    CHECK_FAILS(lar_affine_write(&map, &grids[0], NULL, path, false), LAR_EARGUMENT,
                "an FSL matrix lies between");
    CHECK_FAILS(lar_affine_write(&map, NULL, NULL, "new.h5", false), LAR_EARGUMENT,
                "'new.h5' does not say which kind");
    CHECK_FAILS(lar_affine_write(&(lar_affine){ 0 }, NULL, NULL, "new.tfm", false), LAR_ENUMERIC,
                "singular");
    assert_false(lar_path_exists(path) || lar_path_exists("new.h5") || lar_path_exists("new.tfm"));
    check_folder_remove(folder);
}

/* A composite's inverse takes its parts the other way round. */
static void inverse_of_a_composite_leads_back(void **state)
{
    (void)state;
    lar_chain *chain = read_as(GOLDEN "transforms/composite.txt", NULL);
    lar_affine whole, back;
    CHECK_OK(lar_chain_add_file_as(chain, GOLDEN "transforms/composite.txt",
                                   &(lar_transform_use){ .inverse = true }));
    assert_true(lar_chain_affine(&whole, chain));
    for (int n = 0; n < 12; n++) CHECK_NEAR(whole.m[n / 4][n % 4], n % 5 == 0, 1e-12);
    lar_chain_free(chain);
    chain = read_as(GOLDEN "transforms/affine.tfm", &(lar_transform_use){ .inverse = true });
    assert_true(lar_chain_affine(&back, chain));
    assert_true(fabs(lar_affine_determinant(&back) - 1) > 1e-3);
    lar_chain_free(chain);
}

static void field_is_read_as_it_was_written(void **state)
{
    (void)state;
    const char *folder = check_folder();
    char path[128];
    lar_chain *first = read_as(GOLDEN "transforms/field.nii.gz", NULL), *again;
    lar_image *image, *field, *two;
    CHECK_OK(lar_image_read(&image, GOLDEN "transforms/field.nii.gz"));
    CHECK_OK(lar_chain_to_field(&field, first, &image->grid));
    snprintf(path, sizeof path, "%s/field.nii.gz", folder);
    CHECK_OK(lar_field_write(field, path, false));
    CHECK_FAILS(lar_field_write(field, path, false), LAR_EEXISTS, "field.nii.gz'");
    again = read_as(path, NULL);
    for (int64_t n = 0; n < 500; n++) {
        double a[1][3], b[1][3];
        for (int r = 0; r < 3; r++) {
            const double part = lar_random_uniform(5, 0, (uint64_t)(3 * n + r));
            a[0][r] = part * (double)(image->grid.size[r] - 1);
        }
        lar_grid_to_world(&image->grid, a[0], b[0]);
        memcpy(a, b, sizeof a);
        lar_chain_points(first, a, 1);
        lar_chain_points(again, b, 1);
        for (int r = 0; r < 3; r++) CHECK_NEAR(a[0][r], b[0][r], 1e-5);
    }
    CHECK_OK(lar_image_new(&two, &image->grid, 2, LAR_F32));
    CHECK_FAILS(lar_field_write(two, "new.nii", false), LAR_EARGUMENT, "3 channels");
    lar_image_free(two);
    lar_image_free(field);
    lar_image_free(image);
    lar_chain_free(first);
    lar_chain_free(again);
    check_folder_remove(folder);
}

/* ---- damage ------------------------------------------------------------------------------ */

#define ROWS "1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n"
#define LTA  "# made\ntype      = 1 # RAS\nnxforms   = 1\nmean = 0 0 0\nsigma = 1\n1 4 4\n"

static void damaged_files_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
        lar_status status;
    } cases[] = {
        { "1 0 0 0\n0 1 0 0\n0 0 1 0\n", "3 rows of numbers, expected a matrix of 4", LAR_EFORMAT },
        { "1 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n", "row 1 of", LAR_EFORMAT },
        { "1 0 0 0 0\n", "more than 4 numbers", LAR_EFORMAT },
        { ROWS "1 1 1 1\n", "more than the 4 rows", LAR_EFORMAT },
        { "1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 1 1\n", "is not 0 0 0 1", LAR_EFORMAT },
        { "1 0 0 0\n0 0 0 0\n0 0 1 0\n0 0 0 1\n", "is singular", LAR_ENUMERIC },
        { "1 0 0 0\n0 1-2 0 0\n0 0 1 0\n0 0 0 1\n", "'1-2' where a number", LAR_EFORMAT },
        { "1 1 0 1e308\n0 1 0 -1e308\n0 0 1 0\n0 0 0 1\n", "overflow", LAR_ENUMERIC },
        { LTA, "before the fourth row", LAR_EFORMAT },
        { "type = 1\nnxforms = 2\n1 4 4\n" ROWS, "2 transforms, expected 1", LAR_EUNSUPPORTED },
        { "type = 14\nnxforms = 1\n1 4 4\n" ROWS, "type 14, expected 0 or 1", LAR_EUNSUPPORTED },
        { "type = 1 1\n", "gives 'type' 2 numbers, expected 1", LAR_EFORMAT },
        { "type = one\n", "'one' where a number", LAR_EFORMAT },
        { "type = 1\n1 4 5\n", "not announced as 1 4 4", LAR_EFORMAT },
        { "type = 1\n1 4 4\n1 0 0\n", "row 1 of the matrix", LAR_EFORMAT },
        { "type = 1\n1 4 4\n1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 2\n", "is not 0 0 0 1", LAR_EFORMAT },
        { LTA "1 0 0 0\n0 1 0 0\n0 0 0 0\n0 0 0 1\n", "is singular", LAR_ENUMERIC },
        { "type = 0\n1 4 4\n" ROWS, "where those of its source image are", LAR_EFORMAT },
        { "type = 0\n1 4 4\n" ROWS "src volume info\nvalid = 0\n", "source image", LAR_EFORMAT },
        { "type = 0\n1 4 4\n" ROWS "src volume info\nvalid = 1\nvolume = 2 2\n", "gives 'volume' 2",
          LAR_EFORMAT },
        { "type = 0\n1 4 4\n" ROWS "src volume info\nvalid = 1\nvolume = 2 2 2\nvoxelsize = 0 1 1\n"
          "xras = 1 0 0\nyras = 0 1 0\nzras = 0 0 1\ncras = 0 0 0\n",
          "source image of", LAR_EGEOMETRY },
    };
    const char *folder = check_folder();
    char path[128];
    lar_chain *chain;
    fclose(open_golden());
    const lar_transform_use use = { .fixed = &grids[0], .moving = &grids[1] };
    snprintf(path, sizeof path, "%s/x.mat", folder);
    CHECK_OK(lar_chain_new(&chain));
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        CHECK_OK(lar_file_write(path, cases[n].text, strlen(cases[n].text), true));
        CHECK_FAILS(lar_chain_add_file_as(chain, path, &use), cases[n].status, cases[n].words);
        CHECK_FAILS(lar_chain_add_file_as(chain, path, &use), cases[n].status, "x.mat'");
    }
    CHECK_OK(lar_file_write(path, ROWS, strlen(ROWS), true));
    CHECK_FAILS(lar_chain_add_file(chain, path), LAR_EARGUMENT, "x.mat' is a matrix of FSL");
    CHECK_FAILS(lar_chain_add_file_as(chain, path, &(lar_transform_use){ .fixed = &grids[0] }),
                LAR_EARGUMENT, "both must be known");
    lar_chain_free(chain);
    check_folder_remove(folder);
}

static void damaged_binaries_are_named(void **state)
{
    (void)state;
    static const struct {
        size_t at, cut; /* which byte is changed to what; or how long the file is then */
        unsigned char byte;
        const char *words;
        lar_status status;
    } cases[] = {
        { 0, 192, 0, "cut short in its matrix 'fixed'", LAR_EFORMAT },
        { 0, 150, 0, "where a matrix of MATLAB's level 4 was expected", LAR_EFORMAT },
        { 0, 143, 0, "where a matrix of MATLAB's level 4 was expected", LAR_EFORMAT },
        { 0, 100, 0, "cut short in its matrix 'Affine", LAR_EFORMAT },
        { 0, 30, 0, "is neither an affine", LAR_EFORMAT },
        { 4, 193, 13, "13 numbers, expected at most 12", LAR_EFORMAT },
        { 4, 193, 200, "is neither an affine", LAR_EFORMAT },
        { 12, 193, 1, "is neither an affine", LAR_EFORMAT },   /* complex */
        { 16, 193, 250, "is neither an affine", LAR_EFORMAT }, /* length of the name */
        { 20, 193, 'X', "'XffineTransform_double_3_3', which larmor does not read",
          LAR_EUNSUPPORTED },
        { 43, 193, '2', "not of three dimensions", LAR_EGEOMETRY },
        { 163, 193, 'g', "'gixed' beside", LAR_EFORMAT },
        { 54, 193, 0x7f, "not finite", LAR_EFORMAT },
    };
    const char *folder = check_folder();
    char path[128], bytes[256], *whole;
    size_t count;
    lar_chain *chain;
    CHECK_OK(lar_file_read(&whole, &count, PEERS "0GenericAffine.mat", sizeof bytes));
    assert_int_equal(count, 193);
    snprintf(path, sizeof path, "%s/x.mat", folder);
    CHECK_OK(lar_chain_new(&chain));
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        memcpy(bytes, whole, count);
        if (cases[n].at) bytes[cases[n].at] = (char)cases[n].byte;
        if (cases[n].byte == 0x7f) bytes[53] = (char)0xf0;
        CHECK_OK(lar_file_write(path, bytes, cases[n].cut, true));
        CHECK_FAILS(lar_chain_add_file(chain, path), cases[n].status, cases[n].words);
        CHECK_FAILS(lar_chain_add_file(chain, path), cases[n].status, "x.mat'");
    }
    memcpy(bytes, whole, count);
    bytes[count] = 0;
    CHECK_OK(lar_file_write(path, bytes, count + 1, true));
    CHECK_FAILS(lar_chain_add_file(chain, path), LAR_EFORMAT, "1 bytes more than one transform");
    lar_free(whole);
    lar_chain_free(chain);
    check_folder_remove(folder);
}

static void failing_memory_leaves_nothing(void **state)
{
    (void)state;
    static const char *const files[] = { PEERS "float.mat", PEERS "voxel.lta",
                                         PEERS "left_right.mat" };
    const char *folder = check_folder();
    char path[128];
    fclose(open_golden());
    snprintf(path, sizeof path, "%s/x.lta", folder);
    const lar_transform_use use = { .fixed = &grids[LEFT], .moving = &grids[RIGHT] };
    for (int f = 0; f < 4; f++) {
        lar_status status = LAR_EMEMORY;
        int failures = 0;
        for (int64_t n = 1; status != LAR_OK; n++) {
            lar_chain *chain = NULL;
            lar_alloc_fail_at(n, false);
            status = f < 3 ? lar_chain_new(&chain)
                           : lar_affine_write(&map, use.fixed, use.moving, path, true);
            if (f < 3 && status == LAR_OK) status = lar_chain_add_file_as(chain, files[f], &use);
            lar_alloc_fail_at(0, false);
            assert_true(status == LAR_OK || status == LAR_EMEMORY);
            failures += status != LAR_OK;
            lar_chain_free(chain);
        }
        assert_true(failures >= 4);
    }
    check_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_go_where_the_peers_put_them),
        cmocka_unit_test(what_is_written_is_read_as_the_same_map),
        cmocka_unit_test(inverse_of_a_composite_leads_back),
        cmocka_unit_test(field_is_read_as_it_was_written),
        cmocka_unit_test(damaged_files_are_named),
        cmocka_unit_test(damaged_binaries_are_named),
        cmocka_unit_test(failing_memory_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
