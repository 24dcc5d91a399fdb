/* NRRD: what was written is read again; damage and lies are errors, and what each of them says.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>

#include "apart_laws.h"
#include "codec/codec.h"

static const char *const names[] = { "a.nrrd", "a.nhdr", NULL };

static void written_is_read_again(void **state)
{
    (void)state;
    laws_round_trip(names, "NRRD");
}

static void orientations_survive(void **state)
{
    (void)state;
    laws_orientations(names);
}

static void a_flipped_bit_is_found(void **state)
{
    (void)state;
    const char *const place[] = { "space directions", "space origin", NULL };
    laws_flipped_bits("a.nrrd", place);
}

static void every_truncation_is_an_error(void **state)
{
    (void)state;
    laws_truncated("a.nrrd");
    laws_truncated_pair("a.nhdr", "a.raw.gz", "a.raw");
}

static void failing_memory_loses_nothing(void **state)
{
    (void)state;
    laws_failing_memory(names);
}

/* The last axis, with its step and unit. */
static void a_series_keeps_its_step(void **state)
{
    (void)state;
    const char *folder = check_folder(), *path = laws_in(folder, "a.nrrd");
    const lar_grid grid = scan_grid(3);
    const int units[] = { 8, 16, 24, 0 };
    for (int n = 0; n < 4; n++) {
        lar_image *image = scan_new(&grid, LAR_F32, 3), *back;
        scan_note(image); /* 1.5 between channels */
        image->notes->step_unit = units[n];
        CHECK_OK(lar_image_write(image, path, true));
        CHECK_OK(lar_image_read(&back, path));
        scan_same_voxels(image, back);
        CHECK_NEAR(back->notes->step, 1.5, 0);
        assert_int_equal(back->notes->step_unit, units[n]);
        lar_image_free(back);
        lar_image_free(image);
    }
    check_folder_remove(folder);
}

#define MAGIC "NRRD0004\n"
#define TYPE  "type: short\nendian: little\n"
#define RAW   "encoding: raw\n"
#define SIZES "dimension: 3\nsizes: 2 2 2\n"
#define SPACE "space: left-posterior-superior\n"
#define AXES  "space directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\n"
#define ALL   TYPE RAW SIZES SPACE AXES
#define AXES4 "space directions: (1,0,0) (0,1,0) (0,0,1) none\nspace origin: (0,0,0)\n"
static const char voxels[17] = "0123456789abcdef";

static void words_of_errors(void **state)
{
    (void)state;
    const laws_case cases[] = {
        { ALL, LAR_OK, "" },
        { ALL "# a comment\nkey:=value\nkey:=value\n", LAR_OK, "" },
        { ALL "content: anything\nold min: 0\nmeasurement frame: (1,0,0) (0,1,0) (0,0,1)\n", LAR_OK,
          "" },
        { ALL "contents: anything\n", LAR_EFORMAT, "unknown field 'contents'" },
        { ALL "size: 2 2 2\n", LAR_EFORMAT, "unknown key 'size', not 'sizes'" },
        { ALL "Sizes: 2 2 2\n", LAR_EFORMAT, "says 'sizes' twice" },
        { ALL "a line\n", LAR_EFORMAT, "expected a field, a colon, and a value" },
        { ALL "kinds: domain space domain\n", LAR_OK, "" },
        { ALL "kinds: domain space\n", LAR_EFORMAT, "have 2 words, expected 3" },
        { ALL "kinds: domain space somain\n", LAR_EFORMAT, "'somain', which NRRD does not know" },
        { ALL "spacings: 1 1 1\n", LAR_OK, "" },
        { ALL "spacings: 1 2 1\n", LAR_EGEOMETRY, "contradicts itself" },
        { ALL "spacings: 1 x 1\n", LAR_EFORMAT, "'x', expected a number" },
        { ALL "space units: \"mm\" \"mm\" \"mm\"\n", LAR_OK, "" },
        { ALL "space units: \"um\" \"um\" \"um\"\n", LAR_OK, "in um, and made mm" },
        { ALL "space units: \"ell\" \"ell\" \"ell\"\n", LAR_OK, "'ell', is unknown" },
        { ALL "space units: \"um\" \"mm\" \"mm\"\n", LAR_EUNSUPPORTED, "one for all" },
        { ALL "space dimension: 3\n", LAR_EFORMAT, "both space and space dimension" },
        { ALL "line skip: -1\n", LAR_EFORMAT, "whole numbers from 0" },
        { ALL "byte skip: -2\n", LAR_EFORMAT, "whole numbers from 0" },
        { ALL "byte skip: -1\n", LAR_OK, "" },
        { ALL "byte skip: 1\n", LAR_EFORMAT, "too short" },
        { ALL "byte skip: 9223372036854775807\n", LAR_EFORMAT, "cannot begin" },
        { ALL "line skip: 1\n", LAR_EFORMAT, "fewer lines" },
        { ALL "data file: x.raw\n", LAR_EFORMAT, "in another file" },
        { TYPE RAW SIZES SPACE "space directions: (1,0,0) (0,1,0) (0,0,1)\n", LAR_OK,
          "space origin: taken as 0" },
        { TYPE RAW SIZES AXES, LAR_EFORMAT, "no space of 2 dimensions" },
        { TYPE RAW SIZES "space: LSP\n" AXES, LAR_EFORMAT, "'lsp'" },
        { TYPE RAW SIZES "space: scanner-xyz\n" AXES, LAR_OK, "as ITK does" },
        { TYPE RAW SIZES "space dimension: 3\n" AXES, LAR_OK, "as ITK does" },
        { TYPE RAW SIZES "space dimension: 9\n" AXES, LAR_EUNSUPPORTED, "expected 1 to 4" },
        { TYPE RAW SIZES "space: RAS\nspacings: 1 1 1\n", LAR_EGEOMETRY,
          "does not say its space directions" },
        { TYPE RAW SIZES "spacings: 1 1 1\n", LAR_OK, "says no orientation" },
        { TYPE RAW SIZES, LAR_OK, "all its spacings" },
        { TYPE RAW SIZES "spacings: 1 0 1\n", LAR_EGEOMETRY, "singular" },
        { TYPE RAW SIZES SPACE "space directions: (1,0,0) (0,1,0) (1,1,0)\n", LAR_EGEOMETRY,
          "singular" },
        { TYPE RAW SIZES SPACE "space directions: (1,0,0) (0,1,0)\n", LAR_EFORMAT, "axis 3" },
        { TYPE RAW SIZES SPACE "space directions: (1,0,0) (0,1,0) (0,0)\n", LAR_EFORMAT, "axis 3" },
        { TYPE RAW SIZES SPACE "space directions: (1,0,0) (0,1,0) (0,0,1,0)\n", LAR_EFORMAT,
          "axis 3" },
        { TYPE RAW SIZES SPACE "space directions: (1,0,0) (0,one,0) (0,0,1)\n", LAR_EFORMAT,
          "axis 2" },
        { TYPE RAW SIZES SPACE "space directions: (1,0,0) (0,1,0) (0,0,1) (0,0,1)\n", LAR_EFORMAT,
          "more than its 3 axes" },
        { TYPE RAW SIZES SPACE "space directions: ( 1, 0,0 ) (0 ,1,0)   (0,0,1)\n", LAR_OK,
          "space origin" },
        { TYPE RAW SIZES SPACE "space directions: (1,0,0) (0,1,0) none\n", LAR_OK, "space origin" },
        { TYPE RAW SIZES SPACE AXES "space origin: (0,0,0)\n", LAR_EFORMAT, "twice" },
        { TYPE RAW SIZES SPACE "space directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0)\n",
          LAR_EFORMAT, "the space origin" },
        { RAW SIZES SPACE AXES "endian: little\n", LAR_EFORMAT, "does not say 'type'" },
        { TYPE SIZES SPACE AXES, LAR_EFORMAT, "does not say 'encoding'" },
        { TYPE RAW "dimension: 3\n" SPACE AXES, LAR_EFORMAT, "does not say 'sizes'" },
        { TYPE RAW "sizes: 2 2 2\n" SPACE AXES, LAR_EFORMAT, "does not say 'dimension'" },
        { "type: short\n" RAW SIZES SPACE AXES, LAR_EFORMAT, "does not say 'endian'" },
        { "type: short\nendian: middle\n" RAW SIZES SPACE AXES, LAR_EFORMAT, "little or big" },
        { "type: shirt\nendian: big\n" RAW SIZES SPACE AXES, LAR_EFORMAT, "'shirt'" },
        { "type: block\nblock size: 3\n" RAW SIZES SPACE AXES, LAR_EUNSUPPORTED, "blocks" },
        { TYPE "encoding: gzip\n" SIZES SPACE AXES, LAR_EFORMAT, "'x.nrrd'" },
        { TYPE "encoding: text\n" SIZES SPACE AXES, LAR_EUNSUPPORTED, "encoding text" },
        { TYPE "encoding: hex\n" SIZES SPACE AXES, LAR_EUNSUPPORTED, "encoding hex" },
        { TYPE "encoding: bzip2\n" SIZES SPACE AXES, LAR_EUNSUPPORTED, "encoding bzip2" },
        { TYPE "encoding: row\n" SIZES SPACE AXES, LAR_EFORMAT, "'row'" },
        { TYPE RAW "dimension: 3\nsizes: 2 2\n" SPACE AXES, LAR_EFORMAT, "2 numbers, expected 3" },
        { TYPE RAW "dimension: 17\nsizes: 2 2\n" SPACE AXES, LAR_EFORMAT, "expected 1 to 16" },
        { TYPE RAW "dimension: 0\nsizes: 2 2\n" SPACE AXES, LAR_EFORMAT, "expected 1 to 16" },
        { TYPE RAW "dimension: 1\nsizes: 8\n", LAR_EUNSUPPORTED, "1 axes of space" },
        { TYPE RAW "dimension: 3\nsizes: 2 2 1\n" SPACE AXES, LAR_OK, "8 bytes follow" },
        { TYPE RAW "dimension: 3\nsizes: 2 2 0\n" SPACE AXES, LAR_EFORMAT, "has size 0" },
        { TYPE RAW "dimension: 4\nsizes: 2 2 2 1\n" SPACE AXES4, LAR_OK, "" },
        { TYPE RAW "dimension: 4\nsizes: 2 2 1 2\n" SPACE AXES4, LAR_OK, "" },
        { TYPE RAW "dimension: 4\nsizes: 2 2 2 1\n" SPACE
                   "space directions: (1,0,0) none (0,1,0) (0,0,1)\n",
          LAR_EUNSUPPORTED, "between its axes" },
        { TYPE RAW "dimension: 5\nsizes: 2 1 1 2 2\n" SPACE
                   "space directions: (1,0,0) (0,1,0) (0,0,1) none none\n",
          LAR_EUNSUPPORTED, "more than one axis" },
        { TYPE RAW "dimension: 5\nsizes: 2 2 1 1 2\n" SPACE
                   "space directions: (1,0,0) (0,1,0) (0,0,1) none none\nspace origin: (1,1,1)\n",
          LAR_OK, "" },
        { TYPE RAW "dimension: 4\nsizes: 2 2 1 2\nspace dimension: 4\n"
                   "space directions: (1,0,0,0) (0,1,0,1) (0,0,1,0) (0,0,0,2)\n",
          LAR_EGEOMETRY, "fourth dimension" },
        { TYPE RAW "dimension: 3\nsizes: 2147483647 1 1\n" SPACE AXES, LAR_EFORMAT, "too short" },
        { TYPE RAW "dimension: 3\nsizes: 65536 32768 1\n" SPACE AXES, LAR_EFORMAT, "too short" },
        { TYPE RAW "dimension: 3\nsizes: 65536 65536 1\n" SPACE AXES, LAR_EFORMAT, "too short" },
        { TYPE RAW "dimension: 3\nsizes: 2097152 2097152 2097152\n" SPACE AXES, LAR_EFORMAT,
          "too many" },
        { TYPE "encoding: gzip\ndimension: 3\nsizes: 65536 65536 1\n" SPACE AXES, LAR_EFORMAT,
          "cannot hold what its header describes" },
    };
    laws_cases(cases, sizeof cases / sizeof *cases, "x.nrrd", MAGIC, "\n", voxels, 16);
    const laws_case whole[] = {
        { "NRRD0006\n" ALL "\n", LAR_EUNSUPPORTED, "'NRRD0006', expected NRRD0001 to NRRD0005" },
        { "NRRD00.01\n" ALL "\n", LAR_EUNSUPPORTED, "expected NRRD0001" },
        { "NRRD0001\r\n" ALL "\r\n", LAR_OK, "" },
        { MAGIC "type: \x01\n", LAR_EFORMAT, "byte 0x01" },
    };
    laws_cases(whole, sizeof whole / sizeof *whole, "x.nrrd", "", "", voxels, 16);
    const laws_case ends = { MAGIC ALL, LAR_EFORMAT, "an empty line is missing" };
    laws_cases(&ends, 1, "x.nrrd", "", "", "", 0);
}

/* All names of all types, and in any case. */
static void every_name_of_a_type_is_known(void **state)
{
    (void)state;
    static const char *const types[][9] = {
        { "signed char", "int8", "int8_t" },
        { "uchar", "unsigned char", "uint8", "uint8_t" },
        { "short", "short int", "signed short", "signed short int", "int16", "int16_t", "SHORT" },
        { "ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t" },
        { "int", "signed int", "int32", "int32_t" },
        { "uint", "unsigned int", "uint32", "uint32_t" },
        { "longlong", "long long", "long long int", "signed long long", "signed long long int",
          "int64", "int64_t" },
        { "ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t" },
        { "float" },
        { "double" },
    };
    static const lar_type expected[] = { LAR_I8,  LAR_U8,  LAR_I16, LAR_U16, LAR_I32,
                                         LAR_U32, LAR_I64, LAR_U64, LAR_F32, LAR_F64 };
    const char bytes[64] = { 0 };
    for (int n = 0; n < 10; n++)
        for (int k = 0; types[n][k]; k++) {
            lar_image *image;
            lar_text file = { 0 };
            lar_text_add(&file, MAGIC "type: %s\nendian: big\n" RAW SIZES SPACE AXES "\n",
                         types[n][k]);
            lar_text_add_bytes(&file, bytes, 8 * lar_type_size(expected[n]));
            CHECK_OK(lar_image_read_bytes(&image, file.at, file.length, types[n][k]));
            assert_int_equal(image->type, expected[n]);
            lar_image_free(image);
            lar_text_clear(&file);
        }
}

static void a_bomb_is_an_error(void **state)
{
    (void)state;
    const size_t count = 64 << 20;
    unsigned char *zeros = lar_alloc((int64_t)count, 1), *packed;
    size_t packed_count;
    assert_non_null(zeros);
    CHECK_OK(lar_gzip_deflate(&packed, &packed_count, zeros, count, 6));
    lar_free(zeros);
    const laws_case bomb = { "encoding: gzip\n\n", LAR_EFORMAT, "inflates to more than" };
    laws_cases(&bomb, 1, "bomb.nrrd", MAGIC TYPE SIZES SPACE AXES, "", packed, packed_count);
    lar_free(packed);
}

static void names_of_files(void **state)
{
    (void)state;
    const char *folder = check_folder();
    char nhdr[256];
    snprintf(nhdr, sizeof nhdr, "%s/x.nhdr", folder);
    laws_put(folder, "x.raw", voxels, 16);
    laws_put(folder, "1.raw", voxels, 8);
    laws_put(folder, "2.raw", voxels + 8, 8);
    laws_put(folder, "short.raw", voxels, 7);
    for (int n = 0; n < 4; n++) {
        char name[16];
        snprintf(name, sizeof name, "row%d", n);
        laws_put(folder, name, voxels + 4 * n, 4);
    }
    assert_int_equal(mkdir(laws_in(folder, "folder"), 0700), 0);
    assert_int_equal(mkfifo(laws_in(folder, "fifo"), 0600), 0);
    const struct {
        const char *data_file;
        lar_status status;
        const char *words;
    } cases[] = {
        { "data file: x.raw", LAR_OK, "" },
        { "datafile: ./x.raw", LAR_OK, "" },
        { "data file: %d.raw 1 2 1", LAR_OK, "" },
        { "data file: %01d.raw 1 2 1 2", LAR_OK, "" },
        { "data file: row%d 0 3 1 1", LAR_OK, "" },
        { "data file: LIST\n1.raw\n2.raw", LAR_OK, "" },
        { "data file: LIST 1\nrow0\nrow1\nrow2\nrow3", LAR_OK, "" },
        { "data file: /etc/passwd", LAR_EFORMAT, "out of its folder" },
        { "data file: ../x", LAR_EFORMAT, "out of its folder" },
        { "data file: folder", LAR_ENOINPUT, "folder" },
        { "data file: fifo", LAR_ENOINPUT, "not a regular file" },
        { "data file: missing.raw", LAR_ENOINPUT, "which is not there" },
        { "data file: short.raw", LAR_EFORMAT, "short.raw' is too short: it has 7 bytes" },
        { "data file: %d.raw 1 3 1", LAR_EFORMAT, "has 2 files of them by its sizes" },
        { "data file: %d.raw 1 2 1 9", LAR_EFORMAT, "its files cannot have 9" },
        { "data file: LIST\n1.raw", LAR_EFORMAT, "lists 1 files, expected 2" },
        { "data file: LIST\n1.raw\n2.raw\n1.raw", LAR_EFORMAT, "lists 3 files, expected 2" },
        { "data file: LIST x\n1.raw\n2.raw", LAR_EFORMAT, "expected LIST or a name" },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        lar_image *image;
        lar_image_about about;
        lar_text head = { 0 };
        lar_text_add(&head, MAGIC ALL "%s\n", cases[n].data_file);
        laws_put(folder, "x.nhdr", head.at, head.length);
        lar_text_clear(&head);
        scan_listen();
        const lar_status status = lar_image_read(&image, nhdr);
        const char *said = status == LAR_OK ? scan_said : lar_error();
        if (status != cases[n].status || !strstr(said, cases[n].words))
            fail_msg("%s: %s '%s', expected %s '%s'", cases[n].data_file, lar_status_name(status),
                     said, lar_status_name(cases[n].status), cases[n].words);
        if (status == LAR_OK) assert_memory_equal(image->voxels, voxels, 16);
        assert_int_equal(lar_image_read_header(&about, nhdr), status);
        lar_image_about_clear(&about);
        lar_image_free(image);
    }
    check_folder_remove(folder);
}

/* Who names the voxels means the image. */
static void voxels_find_their_header(void **state)
{
    (void)state;
    const char *folder = check_folder();
    const lar_grid grid = scan_grid(0);
    lar_image *image = scan_new(&grid, LAR_U8, 1), *back;
    CHECK_OK(lar_image_write(image, laws_in(folder, "a.nhdr"), false));
    CHECK_OK(lar_image_read(&back, laws_in(folder, "a.raw.gz")));
    scan_same_voxels(image, back);
    lar_image_free(back);
    lar_image_free(image);
    check_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_is_read_again),
        cmocka_unit_test(orientations_survive),
        cmocka_unit_test(a_series_keeps_its_step),
        cmocka_unit_test(a_flipped_bit_is_found),
        cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(failing_memory_loses_nothing),
        cmocka_unit_test(words_of_errors),
        cmocka_unit_test(every_name_of_a_type_is_known),
        cmocka_unit_test(a_bomb_is_an_error),
        cmocka_unit_test(names_of_files),
        cmocka_unit_test(voxels_find_their_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
