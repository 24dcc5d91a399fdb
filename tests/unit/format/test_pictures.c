/* TIFF and PNG as images: files of Pillow and tifffile, our own with their place, and what is
 * refused. The pixels are those of tests/golden/make_slices.py. SPDX-License-Identifier: Apache-2.0
 */
#include "codec/codec.h"
#include "scans.h"

#define GOLDEN TEST_SOURCE "/tests/golden/slices/"

/* Pixel (x, y) of page p, as the script has it. */
static double golden(lar_type type, int64_t x, int64_t y, int64_t p)
{
    const double v = (double)((7 * x + 13 * y + 29 * p) % 251);
    if (type == LAR_F32 || type == LAR_F64) return v * 0.5 - 3;
    return type == LAR_I8 || type == LAR_I16 || type == LAR_I32 || type == LAR_I64 ? v - 100 : v;
}

static lar_image *read_golden(const char *name)
{
    char path[256];
    lar_image *image;
    snprintf(path, sizeof path, GOLDEN "%s", name);
    scan_listen();
    CHECK_OK(lar_image_read(&image, path));
    return image;
}

static void check_pixels(const lar_image *image, const int64_t size[3], int64_t channels,
                         double factor)
{
    for (int n = 0; n < 3; n++) assert_int_equal(image->grid.size[n], size[n]);
    assert_int_equal(image->channels, channels);
    for (int64_t c = 0; c < channels; c++)
        for (int64_t k = 0; k < size[2]; k++)
            for (int64_t j = 0; j < size[1]; j++)
                for (int64_t i = 0; i < size[0]; i++)
                    CHECK_NEAR(lar_image_at(image, i, j, k, c),
                               factor * golden(image->type, i, j, k + c * size[2]), 0);
}

static void files_of_other_programs_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        lar_type type;
        int64_t size[3], channels;
        double spacing[3], factor;
    } files[] = {
        { "plain_u1.tif", LAR_U8, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "plain_i1.tif", LAR_I8, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "plain_u2.tif", LAR_U16, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "plain_i2.tif", LAR_I16, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "plain_u4.tif", LAR_U32, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "plain_i4.tif", LAR_I32, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "plain_u8.tif", LAR_U64, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "plain_i8.tif", LAR_I64, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "plain_f4.tif", LAR_F32, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "plain_f8.tif", LAR_F64, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "big_endian_u1.tif", LAR_U8, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "big_endian_i1.tif", LAR_I8, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "big_endian_u2.tif", LAR_U16, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "big_endian_i2.tif", LAR_I16, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "big_endian_u4.tif", LAR_U32, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "big_endian_i4.tif", LAR_I32, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "big_endian_u8.tif", LAR_U64, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "big_endian_i8.tif", LAR_I64, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "big_endian_f4.tif", LAR_F32, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "big_endian_f8.tif", LAR_F64, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "zlib_u1.tif", LAR_U8, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "zlib_i2.tif", LAR_I16, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "lzw_u1.tif", LAR_U8, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "lzw_i2.tif", LAR_I16, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "packbits_u1.tif", LAR_U8, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "packbits_i2.tif", LAR_I16, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "predictor_u2.tif", LAR_U16, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "predictor_f4.tif", LAR_F32, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "strips_f4.tif", LAR_F32, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "tiles_u2.tif", LAR_U16, { 40, 23, 1 }, 1, { 1, 1, 1 }, 1 },
        { "tiles_f4.tif", LAR_F32, { 40, 23, 3 }, 1, { 1, 1, 1 }, 1 },
        { "bigtiff_f4.tif", LAR_F32, { 11, 6, 2 }, 1, { 1, 1, 1 }, 1 },
        { "pages_i2.tif", LAR_I16, { 11, 6, 4 }, 1, { 0.75, 1.5, 1 }, 1 },
        { "inch_u1.tif", LAR_U8, { 11, 6, 1 }, 1, { 0.5, 0.25, 1 }, 1 },
        { "white_u1.tif", LAR_U8, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "imagej_u2.tif", LAR_U16, { 11, 6, 3 }, 1, { 0.75, 1.5, 2.5 }, 1 },
        { "hyperstack_f4.tif", LAR_F32, { 11, 6, 3 }, 2, { 1, 1, 2.5 }, 1 },
        { "pillow_f4.tif", LAR_F32, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "pillow_u2.tif", LAR_U16, { 11, 6, 1 }, 1, { 1, 1, 1 }, 1 },
        { "grey_8.png", LAR_U8, { 11, 6, 1 }, 1, { 1, 0.5, 1 }, 1 },
        { "grey_16.png", LAR_U16, { 11, 6, 1 }, 1, { 1, 1, 1 }, 200 },
    };
    for (size_t n = 0; n < sizeof files / sizeof *files; n++) {
        lar_image *image = read_golden(files[n].name);
        lar_image_about about;
        char path[256], code[4];
        double spacing[3];
        if (!strstr(scan_said, "says no place in the patient"))
            fail_msg("%s: '%s'", files[n].name, scan_said);
        if (image->type != files[n].type) fail_msg("%s is %d", files[n].name, image->type);
        check_pixels(image, files[n].size, files[n].channels, files[n].factor);
        lar_grid_spacing(&image->grid, spacing);
        for (int a = 0; a < 3; a++) CHECK_NEAR(spacing[a], files[n].spacing[a], 1e-6);
        lar_grid_axes(&image->grid, code);
        assert_string_equal(code, "RPS");
        snprintf(path, sizeof path, GOLDEN "%s", files[n].name);
        CHECK_OK(lar_image_read_header(&about, path));
        assert_int_equal(about.type, image->type);
        assert_int_equal(about.swapped, strstr(path, "big_endian") != NULL);
        assert_memory_equal(&about.grid, &image->grid, sizeof about.grid);
        lar_image_about_clear(&about);
        lar_image_free(image);
    }
}

/* Channels side by side, page after page: channel 1 of slice 2 is page 5. */
static void channels_and_bits(void **state)
{
    (void)state;
    lar_image *image = read_golden("channels_u1.tif");
    assert_int_equal(image->grid.size[2], 3);
    assert_int_equal(image->channels, 2);
    CHECK_NEAR(lar_image_at(image, 4, 3, 2, 1), golden(LAR_U8, 4, 3, 5), 0);
    CHECK_NEAR(lar_image_at(image, 4, 3, 1, 0), golden(LAR_U8, 4, 3, 2), 0);
    lar_image_free(image);
    image = read_golden("grey_1.png");
    for (int64_t i = 0; i < 11; i++)
        CHECK_NEAR(lar_image_at(image, i, 5, 0, 0), golden(LAR_U8, i, 5, 0) > 120 ? 255 : 0, 0);
    lar_image_free(image);
}

static void others_are_refused_with_a_word(void **state)
{
    (void)state;
    static const char *const files[][2] = {
        { "rgb_u1.tif", "in colours (RGB)" }, { "jpeg_u1.tif", "compressed by JPEG" },
        { "bits_12.tif", "scheme 50000" },    { "uneven.tif", "page 2 is 5x4" },
        { "palette.png", "of a palette" },    { "rgb.png", "in colours" },
        { "alpha.png", "transparent" },       { "clear.png", "transparent in one" },
    };
    for (size_t n = 0; n < sizeof files / sizeof *files; n++) {
        lar_image *image;
        char path[256];
        snprintf(path, sizeof path, GOLDEN "%s", files[n][0]);
        CHECK_FAILS(lar_image_read(&image, path), LAR_EUNSUPPORTED, files[n][1]);
        assert_null(image);
    }
    unsigned char *packed;
    size_t count;
    lar_image *image;
    CHECK_OK(lar_gzip_deflate(&packed, &count, "II*\0\10\0\0\0", 8, 1));
    CHECK_FAILS(lar_image_read_bytes(&image, packed, count, "a.tif.gz"), LAR_EUNSUPPORTED,
                "a picture inside gzip\n  try gunzip");
    lar_free(packed);
}

static const char *in(const char *folder, const char *name)
{
    static char path[2][256];
    static int turn;
    turn ^= 1;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

/* A whole volume in a TIFF, in every orientation and type: the same again, bit for bit. */
static void a_volume_is_read_again(void **state)
{
    (void)state;
    const char *folder = check_folder(), *path = in(folder, "a.tif");
    for (int n = 0; n < ORIENTATIONS; n++)
        for (int type = 0; type < TYPE_COUNT; type += n % 8 ? 8 : 1)
            for (int64_t channels = 1; channels <= 3; channels += 2) {
                const lar_grid grid = scan_grid(n);
                const lar_write_params params = { .force = true, .level = n % 3 - 1 };
                lar_image *image = scan_new(&grid, (lar_type)type, channels), *back;
                scan_listen();
                CHECK_OK(lar_image_write_with(image, path, &params));
                CHECK_OK(lar_image_read(&back, path));
                assert_string_equal(scan_said, "");
                scan_same_voxels(image, back);
                scan_same_grid(&image->grid, &back->grid, 0);
                lar_image_free(back);
                lar_image_free(image);
            }
    check_folder_remove(folder);
}

/* One slice of a volume goes into a picture of its own plane, and comes back to its place. */
static void a_slice_keeps_its_place(void **state)
{
    (void)state;
    const char *folder = check_folder();
    const lar_grid grid = scan_grid(29);
    lar_image *image = scan_new(&grid, LAR_U16, 1), *slice, *back;
    for (int axis = 0; axis < 3; axis++) {
        int64_t first[3] = { 0, 0, 0 }, size[3] = { 7, 5, 4 };
        first[axis] = 2;
        size[axis] = 1;
        CHECK_OK(lar_image_box(&slice, image, first, size));
        for (int png = 0; png < 2; png++) {
            const char *path = in(folder, png ? "a.png" : "a.tif");
            scan_listen();
            CHECK_OK(lar_image_write(slice, path, true));
            CHECK_OK(lar_image_read(&back, path));
            assert_string_equal(scan_said, "");
            assert_true(lar_grid_matches(&slice->grid, &back->grid));
            for (int64_t k = 0; k < size[2]; k++)
                for (int64_t j = 0; j < size[1]; j++)
                    for (int64_t i = 0; i < size[0]; i++)
                        CHECK_NEAR(lar_image_at(slice, i, j, k, 0), lar_image_at(back, i, j, k, 0),
                                   0);
            lar_image_free(back);
        }
        lar_image_free(slice);
    }
    CHECK_FAILS(lar_image_write(image, in(folder, "b.png"), false), LAR_EARGUMENT,
                "holds one slice");
    lar_image_free(image);
    check_folder_remove(folder);
}

static void a_png_wants_whole_numbers(void **state)
{
    (void)state;
    const char *folder = check_folder();
    lar_grid grid = scan_grid(0);
    grid.size[2] = 1;
    lar_image *image = scan_new(&grid, LAR_F32, 1);
    CHECK_FAILS(lar_image_write(image, in(folder, "b.png"), false), LAR_EARGUMENT,
                "holds uint8 or uint16, not float32\n  try --type uint8");
    lar_image_free(image);
    check_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_other_programs_are_read),
        cmocka_unit_test(channels_and_bits),
        cmocka_unit_test(others_are_refused_with_a_word),
        cmocka_unit_test(a_volume_is_read_again),
        cmocka_unit_test(a_slice_keeps_its_place),
        cmocka_unit_test(a_png_wants_whole_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
