/* AFNI's HEAD/BRIK as nibabel reads it, and what is damaged or contradicts itself.
 * tests/golden/make_parrec_afni.py made the files and the table.
 * SPDX-License-Identifier: Apache-2.0 */
#include "codec/codec.h"
#include "golden_table.h"
#include "pairs.h"

#define GOLDEN TEST_SOURCE "/tests/golden/parrec_afni"

static void files_of_every_kind(void **state)
{
    (void)state;
    /* nibabel keeps the affine as it is said; ours is that, or of the same numbers said elsewhere
     */
    assert_true(golden_table(TEST_SOURCE "/tests/golden/afni.txt", GOLDEN, 1e-12) >= 11);
    if (!check_data("formats/one_image_six_formats"))
        print_message("left out: the real scans are not here\n");
}

static void any_file_names_the_image(void **state)
{
    (void)state;
    const char *const names[][2] = {
        { GOLDEN "/orient3+orig.HEAD", GOLDEN "/orient3+orig.BRIK" },
        { GOLDEN "/packed+tlrc.HEAD", GOLDEN "/packed+tlrc.BRIK.gz" },
    };
    for (int n = 0; n < 2; n++) {
        lar_image *a, *b;
        lar_image_about about;
        CHECK_OK(lar_image_read(&a, names[n][0]));
        CHECK_OK(lar_image_read(&b, names[n][1]));
        scan_same_voxels(a, b);
        scan_same_grid(&a->grid, &b->grid, 0);
        for (int k = 0; k < 2; k++) {
            CHECK_OK(lar_image_read_header(&about, names[n][k]));
            assert_string_equal(about.format, "AFNI");
            assert_true(about.gzip == (n == 1));
            assert_int_equal(about.channels, a->channels);
            scan_same_grid(&a->grid, &about.grid, 0);
            lar_image_about_clear(&about);
        }
        lar_image_free(a);
        lar_image_free(b);
    }
}

static void what_is_noted(void **state)
{
    (void)state;
    const struct {
        const char *name;
        double step;
        int unit, form;
    } cases[] = {
        { "orient0+orig", 0, 0, 1 },
        { "big_endian+acpc", 0, 0, 2 },
        { "packed+tlrc", 2500, 16, 4 },
        { "float+tlrc", 2.5, 8, 3 },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        char path[512];
        lar_image *image;
        snprintf(path, sizeof path, GOLDEN "/%s.HEAD", cases[n].name);
        scan_listen();
        CHECK_OK(lar_image_read(&image, path));
        assert_string_equal(scan_said, "");
        CHECK_NEAR(image->notes->step, cases[n].step, 0);
        assert_int_equal(image->notes->step_unit, cases[n].unit);
        assert_int_equal(image->notes->form_code, cases[n].form);
        assert_string_equal(image->notes->description, ""); /* no history, no names */
        assert_int_equal(image->notes->extension_count, 0);
        lar_image_free(image);
    }
    lar_image *image;
    scan_listen();
    CHECK_OK(lar_image_read(&image, GOLDEN "/oblique+orig.HEAD"));
    assert_non_null(strstr(scan_said, "know no oblique slices, place it up to"));
    lar_image_free(image);
}

static void contradictions_are_named(void **state)
{
    (void)state;
    const pair_fault faults[] = {
        { 0, "5 4 3 0 0", "5 4 2 0 0", LAR_EFORMAT, "has 240 bytes, its header describes 160" },
        { 0, "5 4 3 0 0", "5 4 4 0 0", LAR_EFORMAT, "has 240 bytes, its header describes 320" },
        { 0, "5 4 3 0 0", "5 4 0 0 0", LAR_EFORMAT, "size 0 in dimension 3" },
        { 0, "5 4 3 0 0", "5 4 -3 0 0", LAR_EFORMAT, "size -3 in dimension 3" },
        { 0, "5 4 3 0 0", "5 4 3 2 0", LAR_EUNSUPPORTED, "size 2 in dimension 4" },
        { 0, "5 4 3 0 0", "5 4 3.5 0 0", LAR_EFORMAT, "'3.5' where a whole number was expected" },
        { 0, "5 4 3 0 0", "5 4 2147483648 0 0", LAR_EFORMAT, "'2147483648' where a whole number" },
        { 0, "5 4 3 0 0", "2147483647 2147483647 2147483647 0 0", LAR_EFORMAT, "too many" },
        { 0, "5 4 3 0 0", "65536 65536 1 0 0", LAR_EFORMAT, "describes 17179869184" },
        { 0, "5 4 3 0 0", "2097152 1048576 1048576 0 0", LAR_EFORMAT, "too many" },
        { 0, "5 4 3 0 0", "5 4 3 0", LAR_EFORMAT, "has fewer numbers than its count says, 5" },
        { 0, "5 4 3 0 0", "5 4 3 0 0 0", LAR_EFORMAT, "has more numbers than its count says, 5" },
        { 0, "count = 5\n 5 4", "count = 2\n 5 4", LAR_EFORMAT, "more numbers" },
        { 0, "count = 5\n 5 4 3 0 0", "count = 2\n 5 4", LAR_EFORMAT,
          "has 2 numbers, expected at least 3" },
        { 0, "count = 5\n 5 4", "count = -5\n 5 4", LAR_EFORMAT, "has the count '-5'" },
        { 0, "count = 5\n 5 4", "count = 9223372036854775807\n 5 4", LAR_EFORMAT, "fewer numbers" },
        { 0, "count = 5\n 5 4", "count = 9223372036854775808\n 5 4", LAR_EFORMAT, "has the count" },
        { 0, "3 2 0 0 0", "4 2 0 0 0", LAR_EFORMAT, "has 4 dimensions in space, expected 3" },
        { 0, "3 2 0 0 0", "3 0 0 0 0", LAR_EFORMAT, "has 0 sub-bricks" },
        { 0, "3 2 0 0 0", "3 3 0 0 0", LAR_EFORMAT,
          "BRICK_TYPES in 'big_endian+acpc.HEAD' has 2 numbers, expected 3" },
        { 0, "= BYTEORDER_STRING", "= ORDER", LAR_EFORMAT, "lacks the attribute BYTEORDER_STRING" },
        { 0, "= BRICK_TYPES", "= TYPES", LAR_EFORMAT, "lacks the attribute BRICK_TYPES" },
        { 0, "= DATASET_RANK", "= DATASET_RANG", LAR_EFORMAT, "lacks the attribute DATASET_RANK" },
        { 0, "count = 2\n 1 1", "count = 2\n 1 3", LAR_EUNSUPPORTED,
          "of several types: 0 has BRICK_TYPES 1, 1 has 3" },
        { 0, "count = 2\n 1 1", "count = 2\n 5 5", LAR_EUNSUPPORTED,
          "complex numbers (BRICK_TYPES 5)" },
        { 0, "count = 2\n 1 1", "count = 2\n 6 6", LAR_EUNSUPPORTED, "colours" },
        { 0, "count = 2\n 1 1", "count = 2\n 8 8", LAR_EFORMAT, "BRICK_TYPES is 8" },
        { 0, "count = 2\n 1 1", "count = 2\n -1 -1", LAR_EFORMAT, "BRICK_TYPES is -1" },
        { 0, "count = 2\n 1 1", "count = 2\n 3 3", LAR_EFORMAT,
          "has 240 bytes, its header describes 480" },
        { 0, "count = 2\n 0 0.125", "count = 1\n 0.125", LAR_EFORMAT, "BRICK_FLOAT_FACS" },
        { 0, "count = 2\n 0 0.125", "count = 2\n 0 inf", LAR_EFORMAT, "'inf' where a number" },
        { 0, "MSB_FIRST", "MID_FIRST", LAR_EFORMAT, "unknown BYTEORDER_STRING" },
        { 0, "'MSB_FIRST~", "'MSB_FIRST~~", LAR_EFORMAT, "has more text than its count says, 10" },
        { 0, "'MSB_FIRST~\n", "'MSB_FIRST", LAR_EFORMAT, "has less text than its count says, 10" },
        { 0, "'MSB_FIRST~", "MSB_FIRST~", LAR_EFORMAT, "does not begin with a quote" },
        { 0, "name = BYTEORDER_STRING", "name = BYTEORDER_STRING more", LAR_EFORMAT,
          "more than one word as its name" },
        { 0, "name = BYTEORDER_STRING", "nome = BYTEORDER_STRING", LAR_EFORMAT,
          "has 'nome = BYTEORDER_STRING' where 'name =' was expected" },
        { 0, "name = BYTEORDER_STRING", "name = TEMPLATE_SPACE", LAR_EFORMAT,
          "has the attribute TEMPLATE_SPACE twice" },
        { 0, "type = integer-attribute\nname = DATASET_RANK",
          "type = long-attribute\nname = DATASET_RANK", LAR_EFORMAT,
          "unknown type 'long-attribute'" },
        { 0, "type = integer-attribute\nname = DATASET_RANK",
          "type  = float-attribute\nname = DATASET_RANK", LAR_EFORMAT,
          "of another type than whole" },
        { 0, "type = integer-attribute\nname = DATASET_RANK",
          "kind = integer-attribute\nname = DATASET_RANK", LAR_EFORMAT, "more numbers" },
        { 0, " 0 3 4", " 0 3 1", LAR_EFORMAT, "names an axis twice: 0 3 1" },
        { 0, " 0 3 4", " 0 3 6", LAR_EFORMAT, "has 6 in ORIENT_SPECIFIC, expected 0 to 5" },
        { 0, " 0 3 4", " 1 3 4", LAR_EFORMAT,
          "DELTA 1 is 1.5, ORIENT_SPECIFIC 1 asks for less than 0" },
        { 0, " 1.5 2.25 3.5", " 1.5 2.25 0", LAR_EFORMAT, "DELTA 3 is 0" },
        { 0, "count = 12\n 1.5", "count = 12\n 0", LAR_EFORMAT, "cannot be inverted" },
        { 0, " 1 11 0 -999", " 3 11 0 -999", LAR_EFORMAT, "unknown view 3" },
        { 0, " 1 11 0 -999", " -1 11 0 -999", LAR_EFORMAT, "unknown view -1" },
    };
    pair_faults("big_endian+acpc.HEAD", "big_endian+acpc.BRIK", faults,
                sizeof faults / sizeof *faults);
    const pair_fault timed[] = {
        { 0, " 2 0 77002", " 3 0 77002", LAR_EFORMAT,
          "TAXIS_NUMS says 3 points in time, DATASET_RANK 2 sub-bricks" },
        { 0, " 2 0 77002", " 2 0 77004", LAR_EFORMAT, "unknown unit of time 77004" },
        { 0, "count = 2\n 3 3", "count = 2\n 4 4", LAR_EUNSUPPORTED, "doubles" },
        { 0, "count = 2\n 3 3", "count = 2\n 2 2", LAR_EUNSUPPORTED, "32-bit integers" },
    };
    pair_faults("float+tlrc.HEAD", "float+tlrc.BRIK", timed, sizeof timed / sizeof *timed);
    const pair_fault placed[] = {
        { 0, "ORIGIN", "ORIGIN_", LAR_EFORMAT, "neither IJK_TO_DICOM_REAL nor" },
    };
    pair_faults("orient1+orig.HEAD", "orient1+orig.BRIK", placed, 1);
    const pair_fault packed[] = {
        { 0, "5 4 3 0 0", "5 4 2 0 0", LAR_EFORMAT,
          "inflated it has 180 bytes, its header describes 120" },
        { 0, "5 4 3 0 0", "5 4 4 0 0", LAR_EFORMAT,
          "inflated it has 180 bytes, its header describes 240" },
        { 0, "5 4 3 0 0", "5 40000 3000 0 0", LAR_EFORMAT,
          "cannot hold what its header describes" },
    };
    pair_faults("packed+tlrc.HEAD", "packed+tlrc.BRIK.gz", packed, sizeof packed / sizeof *packed);
}

/* What is not said, or said twice and differs, but leaves one reading. */
static void doubts_are_said(void **state)
{
    (void)state;
    const pair_doubt doubts[] = {
        { "= BRICK_FLOAT_FACS", "= FACTORS", "not say its BRICK_FLOAT_FACS; taken as not scaled" },
        { " 1 11 0 -999", " 0 11 0 -999", "its name says acpc, its SCENE_DATA says orig" },
        { "count = 3\n -51.5", "count = 3\n -50.5", "place it up to 1 mm" },
    };
    pair_doubts("big_endian+acpc.HEAD", "big_endian+acpc.BRIK", doubts,
                sizeof doubts / sizeof *doubts);
}

static void files_that_are_not_there(void **state)
{
    (void)state;
    const char *folder = check_folder();
    char head[256], other[256];
    lar_image *image;
    pair p = pair_load("orient0+orig.HEAD", "orient0+orig.BRIK");
    snprintf(head, sizeof head, "%s/a+orig.HEAD", folder);
    CHECK_OK(lar_file_write(head, p.header, p.header_count, false));
    CHECK_FAILS(lar_image_read(&image, head), LAR_ENOINPUT, "a+orig.BRIK', which is not there");
    CHECK_FAILS(
        lar_image_read_with(&image, NULL, head, &(lar_read_params){ .form = LAR_FORM_QFORM }),
        LAR_EGEOMETRY, "has no qform");
    snprintf(other, sizeof other, "%s/a+orig.BRIK.bz2", folder);
    CHECK_OK(lar_file_write(other, "BZh9", 4, false));
    CHECK_FAILS(lar_image_read(&image, head), LAR_EUNSUPPORTED, "compressed in a way");
    CHECK_FAILS(lar_image_read(&image, other), LAR_EUNSUPPORTED, "compressed in a way");
    snprintf(other, sizeof other, "%s/b+orig.BRIK", folder);
    CHECK_OK(lar_file_write(other, p.voxels, p.voxel_count, false));
    CHECK_FAILS(lar_image_read(&image, other), LAR_ENOINPUT, "b+orig.HEAD', which is not there");
    /* voxels that begin as gzip does are still voxels, by their name */
    memcpy(p.voxels, "\x1f\x8b\x07", 3);
    snprintf(other, sizeof other, "%s/a+orig.BRIK", folder);
    CHECK_OK(lar_file_write(other, p.voxels, p.voxel_count, false));
    CHECK_OK(lar_image_read(&image, head));
    CHECK_NEAR(lar_image_at(image, 0, 0, 0, 0), (int16_t)0x8b1f, 0);
    lar_image_free(image);
    CHECK_FAILS(lar_image_read_bytes(&image, p.header, p.header_count, "x.HEAD"), LAR_EFORMAT,
                "voxels are in another file");
    p.header[10] = 0;
    CHECK_FAILS(pair_read(&image, &p), LAR_EFORMAT, "");
    check_folder_remove(folder);
    pair_drop(&p);
}

/* Factors are said once: of these few mutations the voxels differ. */
static void every_byte_of_the_header(void **state)
{
    (void)state;
    const char *const names[][2] = { { "big_endian+acpc.HEAD", "big_endian+acpc.BRIK" },
                                     { "orient2+orig.HEAD", "orient2+orig.BRIK" },
                                     { "packed+tlrc.HEAD", "packed+tlrc.BRIK.gz" } };
    for (int n = 0; n < 3; n++) {
        int64_t unheard = 0, refused = 0, read = 0;
        pair_mutate(names[n][0], names[n][1], &unheard, &refused, &read);
        print_message("%s: %lld refused, %lld read, of which %lld with another factor\n",
                      names[n][0], (long long)refused, (long long)read, (long long)unheard);
        assert_true(refused > 2000 && read > 2000 && unheard < 300);
    }
}

static void every_truncation(void **state)
{
    (void)state;
    int64_t read = 0;
    pair_truncate("big_endian+acpc.HEAD", "big_endian+acpc.BRIK", &read);
    pair_truncate("packed+tlrc.HEAD", "packed+tlrc.BRIK.gz", &read);
    assert_in_range(read, 1, 20); /* without the end of its last line, or the step in time */
}

/* Zeros that inflate to a thousand times their size, beside a header that describes little. */
static void a_bomb_is_an_error(void **state)
{
    (void)state;
    pair p = pair_load("packed+tlrc.HEAD", "packed+tlrc.BRIK.gz");
    const int64_t count = 64 << 20;
    unsigned char *zeros = lar_alloc(count, 1), *packed;
    size_t packed_count;
    lar_image *image;
    assert_non_null(zeros);
    CHECK_OK(lar_gzip_deflate(&packed, &packed_count, zeros, (size_t)count, 6));
    lar_free(zeros);
    CHECK_FAILS(
        lar_image_read_pair(&image, p.header, p.header_count, packed, packed_count, "bomb.HEAD"),
        LAR_EFORMAT, "inflates to more than");
    lar_free(packed);
    pair_drop(&p);
}

static void failing_memory_loses_nothing(void **state)
{
    (void)state;
    const char *const names[] = { GOLDEN "/big_endian+acpc.HEAD", GOLDEN "/packed+tlrc.BRIK.gz" };
    for (int n = 0; n < 2; n++) pair_without_memory(names[n]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_every_kind),
        cmocka_unit_test(any_file_names_the_image),
        cmocka_unit_test(what_is_noted),
        cmocka_unit_test(contradictions_are_named),
        cmocka_unit_test(doubts_are_said),
        cmocka_unit_test(files_that_are_not_there),
        cmocka_unit_test(every_byte_of_the_header),
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(a_bomb_is_an_error),
        cmocka_unit_test(failing_memory_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
