/* Analyze 7.5: voxels, scaling and place as nibabel takes them, in the open where the format says
 * nothing; and NIfTI, damaged or not, never becomes it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "analyze_pair.h"

static const char *in(const char *folder, const char *name)
{
    static char path[2][256];
    static int turn;
    turn ^= 1;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static void save(const pair *p, const char *folder, const char *stem)
{
    char name[64];
    snprintf(name, sizeof name, "%s.hdr", stem);
    CHECK_OK(lar_file_write(in(folder, name), p->head, sizeof p->head, true));
    snprintf(name, sizeof name, "%s.img", stem);
    CHECK_OK(lar_file_write(in(folder, name), p->voxels, p->count, true));
}

static void place_is(const lar_image *image, double x, double y, double z)
{
    const double wanted[3][4] = { { -1.5, 0, 0, x }, { 0, 2, 0, y }, { 0, 0, 2.5, z } };
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++) CHECK_NEAR(image->grid.to_world.m[r][c], wanted[r][c], 0);
}

static void every_type_is_read(void **state)
{
    (void)state;
    const char *folder = check_folder();
    const lar_type types[] = { LAR_U8, LAR_I16, LAR_I32, LAR_F32, LAR_F64 };
    const char *const names[] = { "a.hdr", "a.img" };
    for (int t = 0; t < 5; t++)
        for (int big = 0; big < 2; big++)
            for (int64_t channels = 1; channels <= 3; channels += 2)
                for (int n = 0; n < 2; n++) {
                    pair p = pair_new(types[t], channels, big);
                    lar_image *image;
                    lar_image_about about;
                    save(&p, folder, "a");
                    scan_listen();
                    CHECK_OK(lar_image_read(&image, in(folder, names[n])));
                    scan_same_voxels(p.image, image);
                    place_is(image, 4.5, -4, -3.75); /* the centre at the origin */
                    assert_non_null(strstr(scan_said, "does not say which side is left"));
                    assert_null(strstr(scan_said, "content is"));
                    CHECK_OK(lar_image_read_header(&about, in(folder, names[n])));
                    assert_string_equal(about.format, "Analyze 7.5");
                    assert_string_equal(about.affine_from, "Analyze convention");
                    assert_int_equal(about.swapped, big);
                    assert_int_equal(about.type, types[t]);
                    assert_int_equal(about.channels, channels);
                    assert_memory_equal(&about.grid, &image->grid, sizeof about.grid);
                    lar_image_about_clear(&about);
                    lar_image_free(image);
                    pair_drop(&p);
                }
    check_folder_remove(folder);
}

/* The scale factor of SPM99, the intercept of SPM2; without them SPM2's two ranges. */
static void scaling_is_that_of_spm(void **state)
{
    (void)state;
    static const struct {
        float slope, inter, cal_max, cal_min;
        int32_t glmax, glmin;
        double wanted_slope, wanted_inter;
    } cases[] = {
        { 0, 0, 0, 0, 0, 0, 1, 0 },        { 1, 0, 0, 0, 0, 0, 1, 0 },
        { 0.25F, 0, 0, 0, 0, 0, 0.25, 0 }, { -2, -100, 0, 0, 0, 0, -2, -100 },
        { 2, NAN, 0, 0, 0, 0, 2, 0 },      { NAN, 7, 0, 0, 0, 0, 1, 0 },
        { INFINITY, 7, 0, 0, 5, 1, 1, 0 }, { 0, 0, 1, -1, 255, 5, 0.008, -1.04 },
        { 0, 7, 1, -1, 0, 0, 1, 0 },       { 0, 0, NAN, -1, 255, 5, 1, 0 },
        { 3, 0, 1, -1, 255, 5, 3, 0 },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++)
        for (int big = 0; big < 2; big++) {
            pair p = pair_new(LAR_I16, 1, big);
            lar_image *image;
            pair_put_real(&p, 112, cases[n].slope);
            pair_put_real(&p, 116, cases[n].inter);
            pair_put_real(&p, 124, cases[n].cal_max);
            pair_put_real(&p, 128, cases[n].cal_min);
            pair_put(&p, 140, (uint32_t)cases[n].glmax, 4);
            pair_put(&p, 144, (uint32_t)cases[n].glmin, 4);
            CHECK_OK(pair_read(&image, &p));
            const bool one = cases[n].wanted_slope == 1 && cases[n].wanted_inter == 0;
            assert_int_equal(image->type, one ? LAR_I16 : LAR_F32);
            for (int64_t i = 0; i < 7; i++) {
                const double stored = lar_image_at(p.image, i, 1, 2, 0);
                const double wanted = stored * cases[n].wanted_slope + cases[n].wanted_inter;
                CHECK_NEAR(lar_image_at(image, i, 1, 2, 0), wanted, fabs(wanted) * 1e-6 + 1e-6);
            }
            assert_int_equal(strstr(scan_said, "as SPM2 takes") != NULL,
                             cases[n].wanted_slope == 0.008);
            lar_image_free(image);
            pair_drop(&p);
        }
}

static void the_origin_is_that_of_spm(void **state)
{
    (void)state;
    static const struct {
        int origin[3];
        double x, y, z;
    } cases[] = {
        { { 0, 0, 0 }, 4.5, -4, -3.75 },   { { 2, 3, 1 }, 1.5, -4, 0 },
        { { -6, 9, 7 }, -10.5, -16, -15 }, { { 0, 1, 0 }, -1.5, 0, 2.5 },
        { { -7, 1, 1 }, 4.5, -4, -3.75 }, /* too far to be meant */
        { { 1, 10, 1 }, 4.5, -4, -3.75 },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++)
        for (int big = 0; big < 2; big++) {
            pair p = pair_new(LAR_U8, 1, big);
            lar_image *image;
            for (size_t a = 0; a < 3; a++)
                pair_put(&p, 253 + 2 * a, (uint16_t)cases[n].origin[a], 2);
            CHECK_OK(pair_read(&image, &p));
            place_is(image, cases[n].x, cases[n].y, cases[n].z);
            lar_image_free(image);
            pair_drop(&p);
        }
}

static void what_is_odd_is_said(void **state)
{
    (void)state;
    static const struct {
        size_t at, width;
        uint64_t bits;
        lar_status status;
        const char *words;
    } cases[] = {
        { 70, 2, 1, LAR_EUNSUPPORTED, "single bits" },
        { 70, 2, 32, LAR_EUNSUPPORTED, "complex numbers" },
        { 70, 2, 128, LAR_EUNSUPPORTED, "colours" },
        { 70, 2, 0, LAR_EFORMAT, "datatype is 0" },
        { 70, 2, 512, LAR_EFORMAT, "512, beyond those of Analyze" },
        { 72, 2, 16, LAR_EFORMAT, "contradicts itself" },
        { 72, 2, 0, LAR_OK, "its bitpix is 0" },
        { 40, 2, 0, LAR_EFORMAT, "0 dimensions" },
        { 44, 2, 0, LAR_EFORMAT, "size 0 in dimension 2" },
        { 44, 2, 6, LAR_EFORMAT, "too short" },
        { 44, 2, 4, LAR_OK, "28 bytes follow its voxels" },
        { 108, 4, 0x3f800000, LAR_EFORMAT, "too short" }, /* voxels from byte 1 */
        { 108, 4, 0xbf800000, LAR_EFORMAT, "cannot begin at byte -1" },
        { 80, 4, 0x7fc00000, LAR_EFORMAT, "axis i is not finite" },
        { 84, 4, 0xc0000000, LAR_OK, "along j is -2; 2 is used" },
        { 88, 4, 0, LAR_OK, "along k is 0; 1 is used" },
        { 252, 1, 2, LAR_OK, "orient field says sagittal" },
        { 0, 4, 347, LAR_EFORMAT, "too short for a NIfTI header" },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        pair p = pair_new(LAR_U8, 1, n % 2);
        lar_image *image;
        pair_put(&p, cases[n].at, cases[n].bits, cases[n].width);
        if (cases[n].status == LAR_OK) {
            CHECK_OK(pair_read(&image, &p));
            if (!strstr(scan_said, cases[n].words)) fail_msg("case %zu says '%s'", n, scan_said);
            lar_image_free(image);
        } else {
            CHECK_FAILS(pair_read(&image, &p), cases[n].status, cases[n].words);
            assert_null(image);
        }
        pair_drop(&p);
    }
}

static void files_beside_it(void **state)
{
    (void)state;
    const char *folder = check_folder();
    pair p = pair_new(LAR_I16, 1, false);
    lar_image *image;
    lar_image_about about;
    unsigned char longer[400] = { 0 };
    save(&p, folder, "a");
    CHECK_FAILS(lar_image_read_with(&image, NULL, in(folder, "a.hdr"),
                                    &(lar_read_params){ .form = LAR_FORM_QFORM }),
                LAR_EGEOMETRY, "Analyze 7.5, which has no qform");
    CHECK_FAILS(lar_image_read_bytes(&image, p.head, sizeof p.head, "a.hdr"), LAR_EFORMAT,
                "in another file");
    CHECK_OK(lar_file_write(in(folder, "a.mat"), "mat", 3, false));
    scan_listen();
    CHECK_OK(lar_image_read(&image, in(folder, "a.img")));
    assert_non_null(strstr(scan_said, "the affine in 'a.mat' beside it is not read"));
    lar_image_free(image);
    CHECK_OK(lar_image_read_header(&about, in(folder, "a.hdr")));
    assert_non_null(strstr(lar_text_get(&about.warnings), "'a.mat'"));
    lar_image_about_clear(&about);
    memcpy(longer, p.head, sizeof p.head);
    longer[348] = 1; /* what says extensions in NIfTI */
    CHECK_OK(lar_file_write(in(folder, "a.hdr"), longer, sizeof longer, true));
    scan_listen();
    CHECK_OK(lar_image_read(&image, in(folder, "a.hdr")));
    assert_non_null(strstr(scan_said, "52 bytes follow its header"));
    scan_same_voxels(p.image, image);
    lar_image_free(image);
    CHECK_OK(lar_file_remove(in(folder, "a.img")));
    CHECK_FAILS(lar_image_read(&image, in(folder, "a.hdr")), LAR_ENOINPUT, "a.img', which is not");
    CHECK_FAILS(lar_image_write(p.image, in(folder, "none/a.hdr"), false), LAR_EEXISTS, "none");
    pair_drop(&p);
    check_folder_remove(folder);
}

/* A NIfTI pair with any byte of its header of any value: NIfTI or an error. */
static void damaged_nifti_is_not_analyze(void **state)
{
    (void)state;
    const char *folder = check_folder();
    const lar_grid grid = scan_grid(3);
    lar_image *image = scan_new(&grid, LAR_I16, 1);
    const char *path = in(folder, "a.hdr");
    char *bytes;
    size_t count;
    CHECK_OK(lar_image_write(image, path, false));
    lar_image_free(image);
    CHECK_OK(lar_file_read(&bytes, &count, path, 1 << 20));
    for (size_t at = 0; at < 348; at++)
        for (int value = 0; value < 256; value++) {
            const char old = bytes[at];
            lar_image_about about = { 0 };
            lar_voxels v;
            bytes[at] = (char)value;
            const lar_status status =
                lar_nifti_about(&about, &v, (unsigned char *)bytes, count, LAR_FORM_AUTO, "a.hdr");
            if (about.format && strstr(about.format, "Analyze"))
                fail_msg("byte %zu = %d makes it Analyze", at, value);
            if (at >= 344 && value != (unsigned char)old && !(at == 345 && value == '+'))
                CHECK_FAILS(status, LAR_EFORMAT, "lacks its magic word");
            lar_image_about_clear(&about);
            bytes[at] = old;
        }
    static const char *const magics[] = { "ni1", "n+1" };
    for (int n = 0; n < 2; n++)
        for (int a = 0; a < 32; a++)
            for (int b = 0; b < 32; b++)
                for (int c = 0; c < 32; c++) {
                    memcpy(bytes + 344, magics[n], 4);
                    bytes[344 + a / 8] = (char)(bytes[344 + a / 8] ^ 1 << a % 8);
                    bytes[344 + b / 8] = (char)(bytes[344 + b / 8] ^ 1 << b % 8);
                    bytes[344 + c / 8] = (char)(bytes[344 + c / 8] ^ 1 << c % 8);
                    assert_false(lar_analyze_is((unsigned char *)bytes, count));
                }
    lar_free(bytes);
    check_folder_remove(folder);
}

/* The header of nibabel's own test, of SPM. */
static void a_header_of_others(void **state)
{
    (void)state;
    const char *path = check_data("formats/mgz_afni_nifti/analyze.hdr");
    char *bytes;
    size_t count;
    lar_image_about about = { 0 };
    lar_voxels v;
    if (!path) {
        print_message("skipped: the real scans are not here\n");
        skip();
    }
    CHECK_OK(lar_file_read(&bytes, &count, path, 1 << 20));
    CHECK_OK(
        lar_nifti_about(&about, &v, (unsigned char *)bytes, count, LAR_FORM_AUTO, "analyze.hdr"));
    assert_string_equal(about.format, "Analyze 7.5");
    assert_int_equal(about.grid.size[0], 91);
    assert_int_equal(about.channels, 1);
    CHECK_NEAR(about.slope, 1715.0445556640625, 0);
    CHECK_NEAR(about.grid.to_world.m[0][3], 90, 0); /* as nibabel */
    CHECK_NEAR(about.grid.to_world.m[1][3], -126, 0);
    CHECK_NEAR(about.grid.to_world.m[2][3], -72, 0);
    lar_image_about_clear(&about);
    lar_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read),        cmocka_unit_test(scaling_is_that_of_spm),
        cmocka_unit_test(the_origin_is_that_of_spm), cmocka_unit_test(what_is_odd_is_said),
        cmocka_unit_test(files_beside_it),           cmocka_unit_test(damaged_nifti_is_not_analyze),
        cmocka_unit_test(a_header_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
