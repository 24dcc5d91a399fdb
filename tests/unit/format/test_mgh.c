/* MGH and MGZ: what was written is read again, and what the format has not is changed in the open.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/mgh.h"
#include "scans.h"

static const char *const suffixes[] = { ".mgh", ".mgz", ".mgh.gz" };

static const char *in(const char *folder, const char *name)
{
    static char path[2][256];
    static int turn;
    turn ^= 1;
    snprintf(path[turn], sizeof path[turn], "%s/a%s", folder, name);
    return path[turn];
}

static void near_corners(const lar_grid *a, const lar_grid *b, double tolerance_mm)
{
    for (int corner = 0; corner < 8; corner++) {
        double ijk[3], at_a[3], at_b[3];
        for (int n = 0; n < 3; n++) ijk[n] = corner >> n & 1 ? (double)(a->size[n] - 1) : 0;
        lar_grid_to_world(a, ijk, at_a);
        lar_grid_to_world(b, ijk, at_b);
        for (int n = 0; n < 3; n++) CHECK_NEAR(at_a[n], at_b[n], tolerance_mm);
    }
}

static bool is_kept(int type)
{
    return type == LAR_U8 || type == LAR_U16 || type == LAR_I16 || type == LAR_I32 ||
           type == LAR_F32;
}

static void written_is_read_again(void **state)
{
    (void)state;
    const char *folder = check_folder();
    for (int turned = 0; turned < ORIENTATIONS; turned++)
        for (int type = 0; type < TYPE_COUNT; type++)
            for (int64_t channels = 1; channels <= 3; channels += 2) {
                if (!is_kept(type)) continue;
                const lar_grid grid = scan_grid(turned);
                lar_image *image = scan_new(&grid, (lar_type)type, channels), *back;
                const char *path = in(folder, suffixes[turned % 3]);
                lar_image_about about;
                scan_note(image);
                scan_listen();
                CHECK_OK(lar_image_write(image, path, true));
                CHECK_OK(lar_image_read(&back, path));
                assert_string_equal(scan_said, "");
                scan_same_voxels(image, back);
                near_corners(&image->grid, &back->grid, 1e-5);
                CHECK_NEAR(back->notes->step, channels > 1 ? 1.5 : 0, 0);
                assert_int_equal(back->notes->step_unit, channels > 1 ? 16 : 0);
                CHECK_OK(lar_image_read_header(&about, path));
                assert_string_equal(about.format, "MGH");
                assert_string_equal(about.affine_from, "direction cosines");
                assert_string_equal(lar_text_get(&about.warnings), "");
                assert_int_equal(about.type, type);
                assert_int_equal(about.channels, channels);
                assert_int_equal(about.gzip, turned % 3 != 0);
                assert_memory_equal(&about.grid, &back->grid, sizeof about.grid);
                lar_image_about_clear(&about);
                lar_image_free(back);
                lar_image_free(image);
            }
    check_folder_remove(folder);
}

/* A head at 1 mm, half a metre from the origin. */
static void large_volumes_keep_their_place(void **state)
{
    (void)state;
    const char *folder = check_folder(), *path = in(folder, ".mgz");
    for (int turned = 0; turned < ORIENTATIONS; turned++) {
        lar_grid grid = scan_grid(turned);
        lar_image *image, *back;
        for (int c = 0; c < 3; c++) {
            grid.size[c] = c == turned % 3 ? 512 : 3;
            for (int r = 0; r < 3; r++) grid.to_world.m[r][c] *= c == 1 ? 0.4 : c == 2 ? 0.3 : 0.9;
            grid.to_world.m[c][3] += 300;
        }
        CHECK_OK(lar_image_new(&image, &grid, 1, LAR_U8));
        CHECK_OK(lar_image_write(image, path, true));
        CHECK_OK(lar_image_read(&back, path));
        near_corners(&grid, &back->grid, 1e-4);
        lar_image_free(back);
        lar_image_free(image);
    }
    check_folder_remove(folder);
}

static void a_sheared_grid_is_kept(void **state)
{
    (void)state;
    const char *folder = check_folder(), *path = in(folder, ".mgh");
    lar_grid grid = scan_grid(11);
    lar_image *image, *back;
    grid.to_world.m[0][1] += 0.7;
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_U8));
    CHECK_OK(lar_image_write(image, path, true));
    scan_listen();
    CHECK_OK(lar_image_read(&back, path));
    assert_non_null(strstr(scan_said, "do not stand at right angles: up to 1"));
    near_corners(&grid, &back->grid, 1e-5);
    lar_image_free(back);
    lar_image_free(image);
    check_folder_remove(folder);
}

/* An image of these values, written and read. */
static lar_image *through(const char *path, lar_type type, const double *values, int64_t count)
{
    const lar_grid grid = { .size = { count, 1, 1 }, .to_world = lar_affine_identity() };
    lar_image *image, *back;
    CHECK_OK(lar_image_new(&image, &grid, 1, type));
    assert_int_equal(lar_image_store(image, 0, 0, 0, 0, values, count), 0);
    scan_listen();
    CHECK_OK(lar_image_write(image, path, true));
    CHECK_OK(lar_image_read(&back, path));
    lar_image_free(image);
    return back;
}

static void other_types_are_kept_or_counted(void **state)
{
    (void)state;
    static const struct {
        lar_type type, stored;
        double values[4];
        const char *words;
    } cases[] = {
        { LAR_I8, LAR_I16, { -128, -1, 0, 127 }, "" },
        { LAR_U32, LAR_I32, { 0, 1, 2e9, INT32_MAX }, "" },
        { LAR_I64, LAR_I32, { INT32_MIN, -1, 0, INT32_MAX }, "" },
        { LAR_U64, LAR_I32, { 0, 1, 2, 77 }, "" },
        { LAR_U32, LAR_F32, { 0, 16777217, 4294967295, 2 }, "uint32 voxels: 2 values" },
        { LAR_I64, LAR_F32, { 0, -16777219, -4294967296, 2 }, "int64 voxels: 1 values" },
        { LAR_U64, LAR_F32, { 0, 4294967296, 8589934592, 2 }, "" },
        { LAR_F64, LAR_F32, { 0.5, -0.25, NAN, INFINITY }, "" },
        { LAR_F64, LAR_F32, { 0.1, 1e300, NAN, 1 }, "float64 voxels: 2 values are rounded" },
    };
    const char *folder = check_folder(), *path = in(folder, ".mgz");
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        lar_image *back = through(path, cases[n].type, cases[n].values, 4);
        assert_int_equal(back->type, cases[n].stored);
        if (!strstr(scan_said, cases[n].words) || (!*cases[n].words && *scan_said))
            fail_msg("case %zu says '%s'", n, scan_said);
        for (int64_t i = 0; i < 4; i++) {
            const double found = lar_image_at(back, i, 0, 0, 0), was = cases[n].values[i];
            const double wanted = cases[n].stored == LAR_F32 ? (double)(float)was : was;
            assert_true(found == wanted || (isnan(found) && isnan(wanted)));
        }
        lar_image_free(back);
    }
    check_folder_remove(folder);
}

static void the_level_is_used(void **state)
{
    (void)state;
    const char *folder = check_folder(), *path = in(folder, ".mgz");
    const lar_grid grid = { .size = { 64, 64, 8 }, .to_world = lar_affine_identity() };
    const int levels[] = { -1, 1, 0, 12 };
    size_t sizes[4];
    lar_image *image;
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_I16));
    for (int64_t n = 0; n < 64 * 64 * 8; n++)
        scan_set(image, n, (uint64_t)(int64_t)(300 * sin((double)n * 0.01) + (double)(n % 7)), 0);
    for (int n = 0; n < 4; n++) {
        const lar_write_params params = { .force = true, .level = levels[n] };
        char *bytes;
        CHECK_OK(lar_image_write_with(image, path, &params));
        CHECK_OK(lar_file_read(&bytes, &sizes[n], path, 1 << 20));
        lar_free(bytes);
    }
    assert_true(sizes[0] > 64 * 64 * 8 * 2 && sizes[0] > sizes[1]);
    assert_true(sizes[1] == sizes[2] && sizes[2] > sizes[3]);
    lar_image_free(image);
    check_folder_remove(folder);
}

/* The bytes of a file of two frames, without a footer. */
static size_t make_file(unsigned char *bytes, int32_t code, size_t size)
{
    lar_mgh_header h = { .version = 1, .size = { 3, 2, 2 }, .frames = 2, .code = code };
    lar_mgh_default_place(&h);
    h.good_ras = 1;
    lar_mgh_encode(bytes, &h);
    const size_t count = 24 * size;
    for (size_t n = 0; n < count; n++) bytes[MGH_HEADER_BYTES + n] = (unsigned char)(n * 7 + 1);
    return MGH_HEADER_BYTES + count;
}

static lar_image *read_said(const unsigned char *bytes, size_t count)
{
    lar_image *image;
    scan_listen();
    CHECK_OK(lar_image_read_bytes(&image, bytes, count, "a.mgh"));
    return image;
}

static void footers_are_optional(void **state)
{
    (void)state;
    static const struct {
        unsigned char bytes[40];
        size_t count;
        double step;
        const char *words;
    } cases[] = {
        { { 0 }, 0, 0, "" },
        { { 0x45, 0x0f, 0xc0 }, 4, 2300, "" }, /* 2300 as float */
        { { 0x45, 0x0f, 0xc0 }, 16, 2300, "" },
        { { 0x45, 0x0f, 0xc0 }, 20, 2300, "" },
        { { 0x45, 0x0f, 0xc0 }, 18, 2300, "cut short: it has 18" },
        { { 0x45, 0x0f, 0xc0, [23] = 3, [31] = 8 }, 40, 2300, "" },
        { { 0x45, 0x0f, 0xc0, [23] = 2, [27] = 9 }, 28, 2300, "" },
        { { 0x45, 0x0f, 0xc0, [23] = 3, [31] = 9 }, 40, 2300, "20 bytes follow its footer" },
        { { 0x45, 0x0f, 0xc0 }, 40, 2300, "20 bytes follow its footer" },
        { { 0xc5, 0x0f, 0xc0 }, 20, 0, "no footer" },
        { { 0x45, 0x0f, 0xc0, 0, 0x7f, 0xc0 }, 20, 0, "no footer" },
        { "spare bytes of another kind", 24, 0, "no footer" },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        unsigned char bytes[512];
        const size_t count = make_file(bytes, 4, 2);
        memcpy(bytes + count, cases[n].bytes, cases[n].count);
        lar_image *image = read_said(bytes, count + cases[n].count);
        if (!strstr(scan_said, cases[n].words) || (!*cases[n].words && *scan_said))
            fail_msg("case %zu says '%s'", n, scan_said);
        CHECK_NEAR(image->notes->step, cases[n].step, 0);
        assert_true(lar_image_at(image, 1, 0, 0, 0) == 0x0f * 256 + 0x16);
        lar_image_free(image);
    }
}

/* goodRASFlag 0: left, foot, front from the first voxel on, and 1 mm, as FreeSurfer has it. */
static void no_place_is_coronal(void **state)
{
    (void)state;
    unsigned char bytes[512];
    const size_t count = make_file(bytes, 0, 1);
    char code[4];
    memset(bytes + 30, 0, 60);
    bytes[29] = 0;
    lar_image *image = read_said(bytes, count);
    lar_grid_axes(&image->grid, code);
    assert_string_equal(code, "LIA");
    const double wanted[3][4] = { { -1, 0, 0, 1.5 }, { 0, 0, 1, -1 }, { 0, -1, 0, 1 } };
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++) CHECK_NEAR(image->grid.to_world.m[r][c], wanted[r][c], 0);
    assert_non_null(strstr(scan_said, "says no orientation"));
    assert_null(strstr(scan_said, "directions"));
    lar_image_free(image);
    make_file(bytes, 0, 1); /* a place that is said not to be good */
    bytes[29] = 0;
    image = read_said(bytes, count);
    assert_non_null(strstr(scan_said, "though it holds directions"));
    lar_image_free(image);
    bytes[29] = 3;
    image = read_said(bytes, count);
    assert_non_null(strstr(scan_said, "is 3, neither 0 nor 1"));
    lar_image_free(image);
}

static void what_is_not_read_is_said(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        unsigned char bytes[4];
        lar_status status;
        const char *words;
    } cases[] = {
        { 20, { 0, 0, 0, 2 }, LAR_EUNSUPPORTED, "long integers" },
        { 20, { 0, 0, 0, 5 }, LAR_EUNSUPPORTED, "single bits" },
        { 20, { 0, 0, 0, 6 }, LAR_EUNSUPPORTED, "tensors" },
        { 20, { 0, 0, 0, 7 }, LAR_EUNSUPPORTED, "complex" },
        { 20, { 0, 0, 0, 8 }, LAR_EUNSUPPORTED, "complex" },
        { 20, { 0, 0, 0, 9 }, LAR_EUNSUPPORTED, "colours" },
        { 20, { 0, 0, 0, 11 }, LAR_EFORMAT, "its code is 11" },
        { 0, { 0, 0, 1, 1 }, LAR_EUNSUPPORTED, "version 257" },
        { 4, { 0, 0, 0, 0 }, LAR_EFORMAT, "size 0 in dimension 1" },
        { 8, { 0xff, 0xff, 0xff, 0xff }, LAR_EFORMAT, "size -1 in dimension 2" },
        { 16, { 0, 0, 0, 0 }, LAR_EFORMAT, "size 0 in dimension 4" },
        { 16, { 0, 0, 0, 9 }, LAR_EFORMAT, "too short: it has 308 bytes, its header describes" },
        { 34, { 0, 0, 0, 0 }, LAR_EFORMAT, "axis j is 0" },
        { 30, { 0xbf, 0x80, 0, 0 }, LAR_EFORMAT, "axis i is -1" },
        { 38, { 0x7f, 0xc0, 0, 0 }, LAR_EFORMAT, "axis k is" },
        { 42, { 0x7f, 0x80, 0, 0 }, LAR_EFORMAT, "not finite" },
        { 42, { 0, 0, 0, 0 }, LAR_EFORMAT, "singular" },
        { 78, { 0x7f, 0xc0, 0, 0 }, LAR_EFORMAT, "not finite" },
        { 42, { 0xc0, 0, 0, 0 }, LAR_OK, "cosines are not of length 1, but up to 1 from" },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        unsigned char bytes[512];
        const size_t count = make_file(bytes, 0, 1);
        memcpy(bytes + cases[n].at, cases[n].bytes, 4);
        lar_image *image;
        scan_listen();
        if (cases[n].status == LAR_OK) {
            CHECK_OK(lar_image_read_bytes(&image, bytes, count, "a.mgh"));
            if (!strstr(scan_said, cases[n].words)) fail_msg("case %zu says '%s'", n, scan_said);
            lar_image_free(image);
        } else {
            CHECK_FAILS(lar_image_read_bytes(&image, bytes, count, "a.mgh"), cases[n].status,
                        cases[n].words);
            assert_null(image);
        }
    }
    lar_image *image;
    lar_image_about about;
    const lar_grid grid = { .size = { 1, 1, 1 },
                            .to_world = { { { 1, 0, 0, 1e60 }, { 0, 1, 0, 0 }, { 0, 0, 1, 0 } } } };
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_U8));
    const char *folder = check_folder(), *path = in(folder, ".mgh");
    CHECK_FAILS(lar_image_write(image, path, true), LAR_EGEOMETRY, "out of the range of float32");
    image->grid.to_world.m[0][3] = 123456.793;
    scan_listen();
    CHECK_OK(lar_image_write(image, path, true));
    assert_non_null(strstr(scan_said, "keeps places as float32"));
    CHECK_FAILS(lar_image_read_header_form(&about, path, LAR_FORM_SFORM), LAR_EGEOMETRY,
                "no sform");
    lar_image_about_clear(&about);
    lar_image_free(image);
    check_folder_remove(folder);
}

/* The format has no magic word: nothing else is taken for it, and it is known without its name. */
static void content_decides(void **state)
{
    (void)state;
    unsigned char bytes[1024] = { 0 };
    const size_t count = make_file(bytes, 4, 2);
    lar_image *image;
    scan_listen();
    CHECK_OK(lar_image_read_bytes(&image, bytes, count, "some file"));
    assert_string_equal(scan_said, "");
    lar_image_free(image);
    for (size_t n = 0; n < sizeof bytes; n++) bytes[n] = n % 4 == 3; /* int32 voxels, all 1 */
    CHECK_FAILS(lar_image_read_bytes(&image, bytes, sizeof bytes, "some file"), LAR_EFORMAT,
                "no image that larmor knows");
    CHECK_FAILS(lar_image_read_bytes(&image, "\0\0\0\1", 4, "a.mgh"), LAR_EFORMAT,
                "too short for an MGH header: 4 bytes, expected 284");
    CHECK_FAILS(lar_image_read_bytes(&image, "\0\0\0\1", 4, "a.nii"), LAR_EFORMAT, "begins with");
    CHECK_FAILS(lar_image_read_bytes(&image, "random", 6, "a.mgz"), LAR_EFORMAT, "begins with");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_is_read_again),  cmocka_unit_test(large_volumes_keep_their_place),
        cmocka_unit_test(a_sheared_grid_is_kept), cmocka_unit_test(other_types_are_kept_or_counted),
        cmocka_unit_test(the_level_is_used),      cmocka_unit_test(footers_are_optional),
        cmocka_unit_test(no_place_is_coronal),    cmocka_unit_test(what_is_not_read_is_said),
        cmocka_unit_test(content_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
