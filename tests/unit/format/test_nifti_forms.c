/* Where voxels sit (R2): whichever form says it, in every orientation, the world position of a
 * marker is kept; forms that disagree are told, forms that differ in handedness refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/nifti/nifti.h"
#include "scans.h"

enum { MARKER = 2 + 7 * (3 + 5 * 1) }; /* voxel (2, 3, 1) of scan_grid() */

/* The bytes of a small file whose header was changed. */
static void write_changed(const char *path, const lar_grid *grid, int version,
                          void (*change)(lar_nifti_header *h, const void *arg), const void *arg)
{
    lar_image *image;
    char *bytes;
    size_t count;
    lar_nifti_header h;
    const lar_write_params params = { .force = true, .version = version };
    CHECK_OK(lar_image_new(&image, grid, 1, LAR_U8));
    ((unsigned char *)image->voxels)[MARKER] = 200;
    CHECK_OK(lar_image_write_with(image, path, &params));
    lar_image_free(image);
    CHECK_OK(lar_file_read(&bytes, &count, path, 1 << 20));
    lar_nifti_decode(&h, (unsigned char *)bytes, version, false);
    change(&h, arg);
    lar_nifti_encode((unsigned char *)bytes, &h);
    CHECK_OK(lar_file_write(path, bytes, count, true));
    lar_free(bytes);
}

static void find_marker(double xyz[3], const lar_image *image)
{
    int found = 0;
    for (int64_t k = 0; k < image->grid.size[2]; k++)
        for (int64_t j = 0; j < image->grid.size[1]; j++)
            for (int64_t i = 0; i < image->grid.size[0]; i++)
                if (lar_image_at(image, i, j, k, 0) == 200) {
                    lar_grid_to_world(&image->grid, (double[3]){ (double)i, (double)j, (double)k },
                                      xyz);
                    found++;
                }
    assert_int_equal(found, 1);
}

enum { BOTH, SFORM, QFORM, NEITHER };

static void keep_forms(lar_nifti_header *h, const void *arg)
{
    const int which = *(const int *)arg;
    if (which == QFORM || which == NEITHER) h->sform_code = 0;
    if (which == SFORM || which == NEITHER) h->qform_code = 0;
    if (which == QFORM) /* must not be looked at */
        for (int n = 0; n < 12; n++) h->srow[n] = NAN;
}

/* 48 orientations x forms x versions; read, turned to RAS, written, read. */
static void a_marker_stays_where_it_is(void **state)
{
    (void)state;
    const char *folder = check_folder();
    char path[256], copy[256];
    snprintf(path, sizeof path, "%s/a.nii", folder);
    snprintf(copy, sizeof copy, "%s/b.nii.gz", folder);
    for (int n = 0; n < ORIENTATIONS; n++)
        for (int which = BOTH; which <= NEITHER; which++)
            for (int version = 1; version <= 2; version++) {
                const lar_grid grid = scan_grid(n);
                lar_image *image, *ras, *back;
                double wanted[3], found[3];
                scan_listen();
                write_changed(path, &grid, version, keep_forms, &which);
                CHECK_OK(lar_image_read(&image, path));
                lar_grid_to_world(&grid, (double[3]){ 2, 3, 1 }, wanted);
                if (which == NEITHER) { /* voxel sizes, the first voxel at the origin */
                    const double edges[3] = { 2 * 1, 3 * 2, 1 * 3.5 };
                    memcpy(wanted, edges, sizeof wanted);
                    assert_non_null(strstr(scan_said, "says no orientation"));
                } else {
                    assert_string_equal(scan_said, "");
                }
                find_marker(found, image);
                for (int r = 0; r < 3; r++) CHECK_NEAR(found[r], wanted[r], 1e-4);
                CHECK_OK(lar_image_to_ras(&ras, image));
                CHECK_OK(lar_image_write(ras, copy, true));
                CHECK_OK(lar_image_read(&back, copy));
                find_marker(found, back);
                for (int r = 0; r < 3; r++) CHECK_NEAR(found[r], wanted[r], 1e-4);
                lar_image_free(back);
                lar_image_free(ras);
                lar_image_free(image);
            }
    check_folder_remove(folder);
}

/* 200 random shears (R3): kept in the sform, and no qform that would say something else. */
static void shears_are_kept(void **state)
{
    (void)state;
    const char *folder = check_folder();
    char path[256];
    snprintf(path, sizeof path, "%s/a.nii", folder);
    for (uint64_t n = 0; n < 200; n++) {
        lar_grid grid = scan_grid((int)(n % ORIENTATIONS));
        lar_image *image, *back;
        lar_image_about about;
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 3; c++)
                grid.to_world.m[r][c] +=
                    0.2 * (lar_random_uniform(3, n, (uint64_t)(3 * r + c)) - 0.5);
        CHECK_OK(lar_image_new(&image, &grid, 1, LAR_U8));
        CHECK_OK(lar_image_write(image, path, true));
        CHECK_OK(lar_image_read(&back, path));
        scan_same_grid(&grid, &back->grid, 1e-5);
        CHECK_OK(lar_image_read_header(&about, path));
        assert_int_equal(about.form_codes[0], 1);
        assert_int_equal(about.form_codes[1], 0);
        assert_string_equal(lar_text_get(&about.warnings), "");
        lar_image_about_clear(&about);
        lar_image_free(back);
        lar_image_free(image);
    }
    check_folder_remove(folder);
}

static void shift_qform(lar_nifti_header *h, const void *arg)
{
    h->qoffset[1] += *(const double *)arg;
}

static void turn_qform(lar_nifti_header *h, const void *arg)
{
    /* about z: quaternion (cos t/2, 0, 0, sin t/2), for an image whose own is the identity */
    h->quatern[2] = sin(*(const double *)arg * acos(-1) / 360);
}

static void mirror_qform(lar_nifti_header *h, const void *arg)
{
    (void)arg;
    h->pixdim[0] = -h->pixdim[0];
}

static lar_grid plain_grid(void)
{
    return (lar_grid){ .size = { 7, 5, 4 },
                       .to_world = { { { 1, 0, 0, -3 }, { 0, 2, 0, 4 }, { 0, 0, 3.5, 5 } } } };
}

static void disagreement_is_told(void **state)
{
    (void)state;
    const char *folder = check_folder();
    const lar_grid grid = plain_grid();
    char path[256];
    lar_image *image;
    snprintf(path, sizeof path, "%s/a.nii", folder);
    const struct {
        void (*change)(lar_nifti_header *, const void *);
        double by;
        bool told;
    } cases[] = { { shift_qform, 0.09, false },
                  { shift_qform, 0.11, true },
                  { turn_qform, 0.4, false },
                  { turn_qform, 0.6, true },
                  { turn_qform, 20, true } };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        scan_listen();
        write_changed(path, &grid, 1, cases[n].change, &cases[n].by);
        CHECK_OK(lar_image_read(&image, path));
        assert_true(lar_grid_matches(&grid, &image->grid)); /* the sform */
        assert_int_equal(strstr(scan_said, "disagree") != NULL, cases[n].told);
        lar_image_free(image);
        CHECK_OK(
            lar_image_read_with(&image, NULL, path, &(lar_read_params){ .form = LAR_FORM_QFORM }));
        assert_int_equal(lar_grid_matches(&grid, &image->grid), false);
        lar_image_free(image);
    }
    scan_listen();
    write_changed(path, &grid, 1, mirror_qform, NULL);
    CHECK_FAILS(lar_image_read(&image, path), LAR_EGEOMETRY, "handedness");
    assert_non_null(strstr(lar_error(), "try larmor convert"));
    CHECK_OK(lar_image_read_with(&image, NULL, path, &(lar_read_params){ .form = LAR_FORM_SFORM }));
    assert_true(lar_grid_matches(&grid, &image->grid));
    lar_image_free(image);
    CHECK_OK(lar_image_read_with(&image, NULL, path, &(lar_read_params){ .form = LAR_FORM_QFORM }));
    assert_true(lar_affine_determinant(&image->grid.to_world) < 0);
    lar_image_free(image);
    check_folder_remove(folder);
}

static void spoil_srow(lar_nifti_header *h, const void *arg)
{
    h->srow[6] = *(const double *)arg;
}

static void spoil_all_srows(lar_nifti_header *h, const void *arg)
{
    for (int n = 0; n < 12; n++) h->srow[n] = *(const double *)arg;
}

static void spoil_both(lar_nifti_header *h, const void *arg)
{
    spoil_srow(h, arg);
    h->qoffset[2] = *(const double *)arg;
}

static void an_affine_that_is_none_is_an_error(void **state)
{
    (void)state;
    const char *folder = check_folder();
    const lar_grid grid = plain_grid();
    char path[256];
    lar_image *image;
    snprintf(path, sizeof path, "%s/a.nii", folder);
    for (int n = 0; n < 2; n++) {
        const double spoilt = n ? (double)INFINITY : (double)NAN;
        write_changed(path, &grid, 1, spoil_srow, &spoilt);
        CHECK_FAILS(lar_image_read(&image, path), LAR_EFORMAT, "not finite");
        assert_non_null(strstr(lar_error(), "--affine qform"));
        CHECK_OK(
            lar_image_read_with(&image, NULL, path, &(lar_read_params){ .form = LAR_FORM_QFORM }));
        assert_true(lar_grid_matches(&grid, &image->grid));
        lar_image_free(image);
        write_changed(path, &grid, 2, spoil_both, &spoilt);
        CHECK_FAILS(lar_image_read(&image, path), LAR_EFORMAT, "not finite");
        assert_null(strstr(lar_error(), "try"));
    }
    const double zero = 0;
    write_changed(path, &grid, 1, spoil_all_srows, &zero);
    CHECK_FAILS(lar_image_read(&image, path), LAR_EFORMAT, "singular");
    check_folder_remove(folder);
}

static void set_units(lar_nifti_header *h, const void *arg)
{
    h->xyzt_units = *(const int *)arg;
}

static void lengths_become_millimetres(void **state)
{
    (void)state;
    const char *folder = check_folder();
    const lar_grid grid = plain_grid();
    const struct {
        int code;
        double factor;
        const char *said;
    } cases[] = { { 0, 1, "" }, { 1, 1000, "" }, { 2, 1, "" }, { 3, 0.001, "" }, { 5, 1, "unit" } };
    char path[256];
    snprintf(path, sizeof path, "%s/a.nii", folder);
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++)
        for (int form = LAR_FORM_AUTO; form <= LAR_FORM_QFORM; form++) {
            lar_image *image;
            double spacing[3];
            scan_listen();
            write_changed(path, &grid, 2, set_units, &cases[n].code);
            CHECK_OK(lar_image_read_with(&image, NULL, path, &(lar_read_params){ .form = form }));
            lar_grid_spacing(&image->grid, spacing);
            CHECK_NEAR(spacing[2], 3.5 * cases[n].factor, 1e-9 * cases[n].factor);
            CHECK_NEAR(image->grid.to_world.m[1][3], 4 * cases[n].factor, 1e-9 * cases[n].factor);
            assert_non_null(strstr(scan_said, cases[n].said));
            lar_image_free(image);
        }
    check_folder_remove(folder);
}

static void a_grid_without_a_place_is_not_written(void **state)
{
    (void)state;
    const char *folder = check_folder();
    lar_grid grid = plain_grid();
    char path[256];
    lar_image *image;
    snprintf(path, sizeof path, "%s/a.nii", folder);
    grid.to_world.m[1][1] = NAN;
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_U8));
    CHECK_FAILS(lar_image_write(image, path, false), LAR_EGEOMETRY, "not finite");
    assert_false(lar_path_exists(path));
    lar_image_free(image);
    check_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_marker_stays_where_it_is),
        cmocka_unit_test(shears_are_kept),
        cmocka_unit_test(disagreement_is_told),
        cmocka_unit_test(an_affine_that_is_none_is_an_error),
        cmocka_unit_test(lengths_become_millimetres),
        cmocka_unit_test(a_grid_without_a_place_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
