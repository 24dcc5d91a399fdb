/* MetaImage: what was written is read again; damage and lies are errors, and what each of them
 * says.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>

#include "apart_laws.h"
#include "codec/codec.h"

static const char *const names[] = { "a.mha", "a.mhd", NULL };

static void written_is_read_again(void **state)
{
    (void)state;
    laws_round_trip(names, "MetaImage");
}

static void orientations_survive(void **state)
{
    (void)state;
    laws_orientations(names);
}

static void a_flipped_bit_is_found(void **state)
{
    (void)state;
    const char *const place[] = { "TransformMatrix", "Offset", "ElementSpacing", NULL };
    laws_flipped_bits("a.mha", place);
}

static void every_truncation_is_an_error(void **state)
{
    (void)state;
    laws_truncated("a.mha");
    laws_truncated_pair("a.mhd", "a.zraw", "a.raw");
}

static void failing_memory_loses_nothing(void **state)
{
    (void)state;
    laws_failing_memory(names);
}

/* A series of known step is the fourth dimension, other channels lie side by side; as ITK has it.
 */
static void channels_are_as_itk_has_them(void **state)
{
    (void)state;
    const char *folder = check_folder(), *path = laws_in(folder, "a.mha");
    const lar_grid grid = scan_grid(0);
    lar_image *image = scan_new(&grid, LAR_U8, 3), *back;
    char *bytes;
    size_t count;
    const lar_write_params params = { .force = true, .level = -1 };
    CHECK_OK(lar_image_write_with(image, path, &params));
    CHECK_OK(lar_file_read(&bytes, &count, path, 1 << 20));
    assert_non_null(strstr(bytes, "NDims = 3\n"));
    assert_non_null(strstr(bytes, "ElementNumberOfChannels = 3\n"));
    for (int c = 0; c < 3; c++)
        CHECK_NEAR((unsigned char)bytes[count - 3 + (size_t)c], lar_image_at(image, 6, 4, 3, c), 0);
    lar_free(bytes);
    scan_note(image); /* 1.5 ms between channels */
    CHECK_OK(lar_image_write_with(image, path, &params));
    CHECK_OK(lar_file_read(&bytes, &count, path, 1 << 20));
    assert_non_null(strstr(bytes, "NDims = 4\n"));
    assert_non_null(strstr(bytes, "DimSize = 7 5 4 3\n"));
    assert_memory_equal(bytes + count - 420, image->voxels, 420);
    CHECK_OK(lar_image_read(&back, path));
    scan_same_voxels(image, back);
    scan_same_grid(&image->grid, &back->grid, 1e-14);
    CHECK_NEAR(back->notes->step, 1.5, 0);
    lar_free(bytes);
    lar_image_free(back);
    lar_image_free(image);
    check_folder_remove(folder);
}

#define TOP   "ObjectType = Image\nNDims = 3\nBinaryData = True\n"
#define PLACE "TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\nElementSpacing = 1 1 1\n"
#define ORDER "BinaryDataByteOrderMSB = False\n"
#define REST  "DimSize = 2 2 2\nElementType = MET_SHORT\n"
#define LOCAL "ElementDataFile = LOCAL\n"
static const char voxels[17] = "0123456789abcdef";

/* What comes between the head and its last line. */
static void words_of_errors(void **state)
{
    (void)state;
    const laws_case cases[] = {
        { PLACE ORDER REST, LAR_OK, "" },
        { ORDER REST "Offset = 0 0 0\nElementSpacing = 1 1 1\n", LAR_OK, "TransformMatrix" },
        { ORDER REST "TransformMatrix = 1 0 0 0 1 0 0 0 1\nElementSpacing = 1 1 1\n", LAR_OK,
          "does not say Offset" },
        { ORDER REST "TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\n", LAR_OK,
          "does not say ElementSpacing" },
        { PLACE REST, LAR_OK, "little-endian" },
        { PLACE ORDER REST "Anything = at all\n", LAR_OK, "" },
        { PLACE ORDER REST "\n", LAR_OK, "" },
        { PLACE ORDER REST "Offest = 1 2 3\n", LAR_OK, "" },
        { PLACE ORDER REST "Offsit = 1 2 3\n", LAR_EFORMAT, "unknown key 'Offsit', not 'Offset'" },
        { PLACE ORDER REST "DimSize = 2 2 2\n", LAR_EFORMAT, "says 'DimSize' twice" },
        { PLACE ORDER REST "Position = 1 0 0\n", LAR_EFORMAT, "contradicts itself: 'Offset'" },
        { PLACE ORDER REST "Position = 0 0 0\n", LAR_OK, "" },
        { PLACE ORDER REST "Rotation = 1 0 0 0 1 0 0 0 -1\n", LAR_EFORMAT, "contradicts itself" },
        { PLACE ORDER REST "ElementByteOrderMSB = True\n", LAR_EFORMAT, "contradicts itself" },
        { PLACE ORDER REST "DistanceUnits = um\n", LAR_OK, "in um, and made mm" },
        { PLACE ORDER REST "DistanceUnits = inch\n", LAR_EFORMAT, "'DistanceUnits'" },
        { PLACE ORDER REST "AnatomicalOrientation = RAI\n", LAR_OK, "" },
        { PLACE ORDER REST "AnatomicalOrientation = ???\n", LAR_OK, "" },
        { PLACE ORDER REST "AnatomicalOrientation = LPS\n", LAR_OK, "not that of its matrix" },
        { PLACE ORDER REST "ElementToIntensityFunctionSlope = 2\n", LAR_OK, "as ITK does" },
        { PLACE ORDER REST "ElementToIntensityFunctionSlope = two\n", LAR_EFORMAT, "a number" },
        { PLACE ORDER REST "CompressedDataSize = 16\n", LAR_EFORMAT, "nothing is compressed" },
        { PLACE ORDER REST "CompressedData = maybe\n", LAR_EFORMAT, "expected True or False" },
        { PLACE ORDER REST "CompressedData = True\n", LAR_EFORMAT, "'x.mha'" },
        { PLACE ORDER REST "CompressedData = True\nCompressedDataSize = 17\n", LAR_EFORMAT,
          "said to have 17 bytes, 16 are there" },
        { PLACE ORDER REST "CompressedData = True\nCompressedDataSize = -1\n", LAR_EFORMAT,
          "whole number from 0" },
        { PLACE ORDER REST "HeaderSize = -1\n", LAR_OK, "" },
        { PLACE ORDER REST "HeaderSize = 5\n", LAR_EFORMAT, "is 5, but its header has" },
        { PLACE ORDER REST "HeaderSize = 500\n", LAR_EFORMAT, "too short" },
        { PLACE ORDER REST "HeaderSize = 5000000000000\n", LAR_EFORMAT, "cannot begin" },
        { PLACE ORDER REST "HeaderSize = -1\nCompressedData = True\n", LAR_EFORMAT, "unknown" },
        { PLACE ORDER REST "ElementNumberOfChannels = 2\n", LAR_EFORMAT, "too short" },
        { PLACE ORDER REST "ElementNumberOfChannels = 0\n", LAR_EFORMAT, "whole number from 1" },
        { PLACE ORDER REST "no equals sign\n", LAR_EFORMAT, "expected a key, =, and a value" },
        { PLACE ORDER REST "Comment = \x07\n", LAR_EFORMAT, "byte 0x07" },
        { ORDER REST
          "TransformMatrix = 1 0 0 0 1 0 0 0 0\nOffset = 0 0 0\nElementSpacing = 1 1 1\n",
          LAR_EGEOMETRY, "singular" },
        { ORDER REST "TransformMatrix = 1 0 0 0 1 0 0 0\n", LAR_EFORMAT,
          "has 8 numbers, expected 9" },
        { ORDER REST "TransformMatrix = 1 0 0 0 1 0 0 0 1 0\n", LAR_EFORMAT, "more than 9" },
        { ORDER REST "Offset = 0 nan 0\n", LAR_EFORMAT, "'nan' where a number" },
        { ORDER REST "ElementSpacing = 1 0 1\n", LAR_EGEOMETRY, "expected more than 0" },
        { ORDER REST "ElementSpacing = 1 -1 1\n", LAR_EGEOMETRY, "expected more than 0" },
        { PLACE ORDER "DimSize = 2 2 2\n", LAR_EFORMAT, "does not say 'ElementType'" },
        { PLACE ORDER "ElementType = MET_SHORT\n", LAR_EFORMAT, "does not say 'DimSize'" },
        { PLACE ORDER "DimSize = 2 2 2\nElementType = MET_SHORTS\n", LAR_EFORMAT, "'MET_SHORTS'" },
        { PLACE ORDER "DimSize = 2 2 2\nElementType = MET_STRING\n", LAR_EUNSUPPORTED,
          "MET_STRING" },
        { PLACE ORDER "DimSize = 2 2 2\nElementType = MET_SHORT_ARRAY\n", LAR_OK, "" },
        { PLACE ORDER "DimSize = 2 2 1\nElementType = MET_SHORT\n", LAR_OK, "8 bytes follow" },
        { PLACE ORDER "DimSize = 2 2 0\nElementType = MET_SHORT\n", LAR_EFORMAT, "has size 0" },
        { PLACE ORDER "DimSize = 2 2 1.5\nElementType = MET_SHORT\n", LAR_EFORMAT, "size 1.5" },
        { PLACE ORDER "DimSize = 2 2 -2\nElementType = MET_SHORT\n", LAR_EFORMAT, "has size -2" },
        { PLACE ORDER "DimSize = 2 2 1e300\nElementType = MET_SHORT\n", LAR_EFORMAT,
          "has size 1.0" },
        /* 2^31-1, 2^31, 2^32, 2^63, 2^64 voxels */
        { PLACE ORDER "DimSize = 2147483647 1 1\nElementType = MET_SHORT\n", LAR_EFORMAT,
          "too short" },
        { PLACE ORDER "DimSize = 65536 32768 1\nElementType = MET_SHORT\n", LAR_EFORMAT,
          "too short" },
        { PLACE ORDER "DimSize = 65536 65536 1\nElementType = MET_SHORT\n", LAR_EFORMAT,
          "too short" },
        { PLACE ORDER "DimSize = 2097152 2097152 2097152\nElementType = MET_CHAR\n", LAR_EFORMAT,
          "too many" },
        { PLACE ORDER "DimSize = 4194304 2097152 2097152\nElementType = MET_CHAR\n", LAR_EFORMAT,
          "too many" },
        { PLACE ORDER "DimSize = 65536 65536 1\nElementType = MET_CHAR\nCompressedData = True\n",
          LAR_EFORMAT, "cannot hold what its header describes" },
    };
    laws_cases(cases, sizeof cases / sizeof *cases, "x.mha", TOP, LOCAL, voxels, 16);
    const laws_case whole[] = {
        { "ObjectType = Tube\nNDims = 3\n" LOCAL, LAR_EUNSUPPORTED, "holds the object 'Tube'" },
        { "NDims = 3\nBinaryData = False\n" PLACE REST LOCAL, LAR_EUNSUPPORTED,
          "as text (BinaryData = False)" },
        { "NDims = 5\n" REST LOCAL, LAR_EUNSUPPORTED, "has 5 dimensions" },
        { "NDims = x\n" REST LOCAL, LAR_EFORMAT, "'NDims'" },
        { "ObjectType = Image\n" REST LOCAL, LAR_EFORMAT, "does not say 'NDims'" },
        { TOP PLACE REST, LAR_EFORMAT, "expected a key, =, and a value" },
        { "NDims = 4\n" ORDER
          "DimSize = 2 2 1 2\nElementType = MET_SHORT\nElementNumberOfChannels = 2\n" LOCAL,
          LAR_EUNSUPPORTED, "one or the other" },
        { "NDims = 4\n" ORDER "DimSize = 2 2 1 2\nElementType = MET_SHORT\nTransformMatrix = 1 0 0 "
          "1 0 1 0 0 0 0 1 0 0 0 0 1\n" LOCAL,
          LAR_EGEOMETRY, "fourth dimension" },
    };
    laws_cases(whole, sizeof whole / sizeof *whole, "x.mha", "", "", voxels, 16);
    const laws_case ends = { TOP PLACE REST, LAR_EFORMAT, "ends without 'ElementDataFile'" };
    laws_cases(&ends, 1, "x.mha", "", "", "", 0);
}

/* A stream that inflates to a thousand times its size, behind a header that describes little. */
static void a_bomb_is_an_error(void **state)
{
    (void)state;
    const size_t count = 64 << 20;
    unsigned char *zeros = lar_alloc((int64_t)count, 1), *packed;
    size_t packed_count;
    assert_non_null(zeros);
    CHECK_OK(lar_zlib_deflate(&packed, &packed_count, zeros, count, 6));
    lar_free(zeros);
    const laws_case bomb = { REST "CompressedData = True\n", LAR_EFORMAT, "inflates to more than" };
    laws_cases(&bomb, 1, "bomb.mha", TOP PLACE ORDER, LOCAL, packed, packed_count);
    lar_free(packed);
}

static void put_header(const char *folder, const char *more, const char *data_file)
{
    lar_text head = { 0 };
    lar_text_add(&head, TOP PLACE ORDER "%s" REST "ElementDataFile = %s\n", more, data_file);
    laws_put(folder, "x.mhd", head.at, head.length);
    lar_text_clear(&head);
}

static void names_of_files(void **state)
{
    (void)state;
    const char *folder = check_folder(), *path = laws_in(folder, "x.mhd");
    char mhd[256];
    snprintf(mhd, sizeof mhd, "%s", path);
    laws_put(folder, "x.raw", voxels, 16);
    laws_put(folder, "1.raw", voxels, 8);
    laws_put(folder, "2.raw", voxels + 8, 8);
    laws_put(folder, "short.raw", voxels, 7);
    laws_put(folder, "long.raw", voxels, 17);
    assert_int_equal(mkdir(laws_in(folder, "folder"), 0700), 0);
    laws_put(folder, "folder/x.raw", voxels, 16);
    assert_int_equal(mkfifo(laws_in(folder, "fifo"), 0600), 0);
    assert_int_equal(symlink("/etc/passwd", laws_in(folder, "link")), 0);
    const struct {
        const char *data_file;
        lar_status status;
        const char *words;
    } cases[] = {
        { "x.raw", LAR_OK, "" },
        { "folder/x.raw", LAR_OK, "" },
        { "long.raw", LAR_OK, "1 bytes follow" },
        { "%d.raw 1 2 1", LAR_OK, "" },
        { "%d.raw", LAR_OK, "" },
        { "%01d.raw 1 2", LAR_OK, "" },
        { "LIST\n1.raw\n2.raw", LAR_OK, "" },
        { "LIST 2\n1.raw\n2.raw", LAR_OK, "" },
        { "/etc/passwd", LAR_EFORMAT, "out of its folder" },
        { "../x", LAR_EFORMAT, "out of its folder" },
        { "folder/../../x", LAR_EFORMAT, "out of its folder" },
        { "", LAR_EFORMAT, "out of its folder" },
        { "folder", LAR_ENOINPUT, "folder" },
        { "fifo", LAR_ENOINPUT, "not a regular file" },
        { "missing.raw", LAR_ENOINPUT, "which is not there" },
        { "short.raw", LAR_EFORMAT, "short.raw' is too short: it has 7 bytes" },
        { "%d.raw 1 3 1", LAR_EFORMAT, "has 2 files of them by its sizes" },
        { "%d.raw 2 1 1", LAR_EFORMAT, "by its sizes" },
        { "%d.raw 1 2 0", LAR_EFORMAT, "by its sizes" },
        { "%s.raw 1 2 1", LAR_EFORMAT, "such as %03d" },
        { "%d%d.raw 1 2 1", LAR_EFORMAT, "such as %03d" },
        { "%n.raw 1 2 1", LAR_EFORMAT, "such as %03d" },
        { "%999999999999d.raw 1 2 1", LAR_EFORMAT, "such as %03d" },
        { "%d.raw 2 3 1", LAR_ENOINPUT, "3.raw" },
        { "LIST\n1.raw\n", LAR_EFORMAT, "lists 1 files, expected 2" },
        { "LIST\n1.raw\n../2.raw", LAR_EFORMAT, "out of its folder" },
        { "LIST 3\n1.raw\n2.raw", LAR_EFORMAT, "below that of the image" },
        { "LIST x\n1.raw\n2.raw", LAR_EFORMAT, "below that of the image" },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        lar_image *image;
        lar_image_about about;
        put_header(folder, "", cases[n].data_file);
        scan_listen();
        const lar_status status = lar_image_read(&image, mhd);
        const char *said = status == LAR_OK ? scan_said : lar_error();
        if (status != cases[n].status || !strstr(said, cases[n].words))
            fail_msg("%s: %s '%s', expected %s '%s'", cases[n].data_file, lar_status_name(status),
                     said, lar_status_name(cases[n].status), cases[n].words);
        if (status == LAR_OK) assert_memory_equal(image->voxels, voxels, 16);
        assert_int_equal(lar_image_read_header(&about, mhd), status);
        lar_image_about_clear(&about);
        lar_image_free(image);
    }
    check_folder_remove(folder);
}

/* Who names the voxels means the image; a header that says otherwise is told. */
static void voxels_find_their_header(void **state)
{
    (void)state;
    const char *folder = check_folder();
    lar_image *image;
    lar_image_about about;
    laws_put(folder, "x.raw", voxels, 16);
    put_header(folder, "", "x.raw");
    CHECK_OK(lar_image_read(&image, laws_in(folder, "x.raw")));
    assert_memory_equal(image->voxels, voxels, 16);
    lar_image_free(image);
    CHECK_OK(lar_image_read_header(&about, laws_in(folder, "x.raw")));
    assert_string_equal(about.format, "MetaImage");
    lar_image_about_clear(&about);
    put_header(folder, "", "y.raw");
    laws_put(folder, "y.raw", voxels, 16);
    CHECK_FAILS(lar_image_read(&image, laws_in(folder, "x.raw")), LAR_EFORMAT,
                "says that its voxels are in 'y.raw'");
    laws_put(folder, "z.raw", voxels, 16);
    CHECK_FAILS(lar_image_read(&image, laws_in(folder, "z.raw")), LAR_EFORMAT, "no image");
    check_folder_remove(folder);
}

/* A header longer than what is read of a file at first. */
static void a_long_header_is_read(void **state)
{
    (void)state;
    const char *folder = check_folder();
    lar_image *image;
    lar_image_about about;
    lar_text more = { 0 };
    for (int n = 0; n < 3000; n++) lar_text_add(&more, "Key%d = value\n", n);
    put_header(folder, lar_text_get(&more), "LOCAL");
    CHECK_FAILS(lar_image_read_header(&about, laws_in(folder, "x.mhd")), LAR_EFORMAT, "too short");
    lar_image_about_clear(&about);
    put_header(folder, lar_text_get(&more), "x.raw");
    laws_put(folder, "x.raw", voxels, 16);
    CHECK_OK(lar_image_read_header(&about, laws_in(folder, "x.mhd")));
    assert_int_equal(about.grid.size[2], 2);
    lar_image_about_clear(&about);
    CHECK_OK(lar_image_read(&image, laws_in(folder, "x.mhd")));
    lar_image_free(image);
    lar_text_clear(&more);
    check_folder_remove(folder);
}

/* A pair is complete or absent: nothing is replaced without force, nothing is left half written. */
static void a_pair_appears_whole(void **state)
{
    (void)state;
    const char *folder = check_folder();
    const lar_grid grid = scan_grid(0);
    lar_image *image = scan_new(&grid, LAR_U8, 1);
    laws_put(folder, "a.zraw", "old", 3);
    CHECK_FAILS(lar_image_write(image, laws_in(folder, "a.mhd"), false), LAR_EEXISTS, "a.zraw");
    assert_false(lar_path_exists(laws_in(folder, "a.mhd")));
    CHECK_OK(lar_image_write(image, laws_in(folder, "a.mhd"), true));
    lar_image_free(image);
    check_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_is_read_again),
        cmocka_unit_test(orientations_survive),
        cmocka_unit_test(channels_are_as_itk_has_them),
        cmocka_unit_test(a_flipped_bit_is_found),
        cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(failing_memory_loses_nothing),
        cmocka_unit_test(words_of_errors),
        cmocka_unit_test(a_bomb_is_an_error),
        cmocka_unit_test(names_of_files),
        cmocka_unit_test(voxels_find_their_header),
        cmocka_unit_test(a_long_header_is_read),
        cmocka_unit_test(a_pair_appears_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
