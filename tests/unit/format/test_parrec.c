/* Philips PAR/REC as nibabel reads it, and what is damaged or contradicts itself.
 * tests/golden/make_parrec_afni.py made the files and the tables.
 * SPDX-License-Identifier: Apache-2.0 */
#include "golden_table.h"
#include "pairs.h"

#define GOLDEN TEST_SOURCE "/tests/golden/parrec_afni"

static void files_of_every_version(void **state)
{
    (void)state;
    /* nibabel adds the same numbers in another order */
    assert_true(golden_table(TEST_SOURCE "/tests/golden/parrec.txt", GOLDEN, 1e-10) >= 10);
    if (!check_data("formats/parrec")) print_message("left out: the real scans are not here\n");
}

/* The voxels of the second table, of the same files. */
static void floating_point_scaling(void **state)
{
    (void)state;
    const lar_read_params params = { .scaling = LAR_SCALING_FLOATING };
    char *text;
    size_t count;
    int compared = 0, different = 0;
    CHECK_OK(lar_file_read(&text, &count, TEST_SOURCE "/tests/golden/parrec_fp.txt", 1 << 20));
    for (char *line = text, *next; *line; line = next) {
        char path[4096];
        lar_image *image, *display;
        next = line + strcspn(line, "\n");
        *next++ = 0;
        const char *name = line;
        line += strcspn(line, " ");
        *line++ = 0;
        line += strcspn(line, " ");
        snprintf(path, sizeof path, GOLDEN "/%s", name);
        if (lar_text_starts(name, "data:")) {
            const char *real = check_data(name + strlen("data:"));
            if (!real) continue;
            snprintf(path, sizeof path, "%s", real);
        }
        CHECK_OK(lar_image_read_with(&image, NULL, path, &params));
        CHECK_OK(lar_image_read(&display, path));
        for (int n = 0; n < 17; n++) golden_number(&line); /* sizes, affine, sum */
        for (int n = 0; n < GOLDEN_PICKS; n++) {
            int64_t at[4];
            for (int a = 0; a < 4; a++) at[a] = (int64_t)golden_number(&line);
            const double wanted = golden_number(&line);
            CHECK_NEAR(lar_image_at(image, at[0], at[1], at[2], at[3]), wanted,
                       golden_tolerance(image, wanted));
            different += lar_image_at(display, at[0], at[1], at[2], at[3]) != wanted;
        }
        compared++;
        lar_image_free(image);
        lar_image_free(display);
    }
    lar_free(text);
    assert_true(compared >= 10 && different > 50);
}

static void either_file_names_the_image(void **state)
{
    (void)state;
    const char *const names[][2] = { { GOLDEN "/v42_labels.PAR", GOLDEN "/v42_labels.REC" },
                                     { GOLDEN "/v3_coronal.par", GOLDEN "/v3_coronal.rec" } };
    for (int n = 0; n < 2; n++) {
        lar_image *a, *b;
        lar_image_about about;
        CHECK_OK(lar_image_read(&a, names[n][0]));
        CHECK_OK(lar_image_read(&b, names[n][1]));
        scan_same_voxels(a, b);
        scan_same_grid(&a->grid, &b->grid, 0);
        for (int k = 0; k < 2; k++) {
            CHECK_OK(lar_image_read_header(&about, names[n][k]));
            assert_string_equal(about.format, "Philips PAR/REC");
            assert_int_equal(about.stored, LAR_U16);
            assert_int_equal(about.type, LAR_F32);
            assert_true(about.scales_differ);
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
    lar_image *image;
    scan_listen();
    CHECK_OK(lar_image_read(&image, GOLDEN "/v42_transverse_dynamics.PAR"));
    assert_string_equal(scan_said, "");
    CHECK_NEAR(image->notes->step, 2000, 0);
    assert_int_equal(image->notes->step_unit, 16);
    assert_int_equal(image->notes->form_code, 1);
    /* neither name nor date of the patient */
    assert_string_equal(image->notes->description, "");
    assert_string_equal(image->notes->name, "");
    lar_image_free(image);
    CHECK_OK(lar_image_read(&image, GOLDEN "/v4_coronal_kinds.PAR"));
    assert_non_null(strstr(scan_said, "its 2 channels are: magnitude, phase"));
    CHECK_NEAR(image->notes->step, 0, 0);
    lar_image_free(image);
    scan_listen();
    CHECK_OK(lar_image_read(&image, GOLDEN "/v42_mixed.PAR"));
    assert_non_null(strstr(scan_said, "in different orders"));
    assert_non_null(strstr(scan_said, "magnitude echo 1, magnitude echo 2, real echo 1"));
    lar_image_free(image);
    scan_listen();
    CHECK_OK(lar_image_read(&image, GOLDEN "/v42_diffusion.PAR"));
    assert_non_null(strstr(scan_said, "diffusion scan of 3 volumes; its b-values and gradient"));
    lar_image_free(image);
}

static void contradictions_are_named(void **state)
{
    (void)state;
    const pair_fault faults[] = {
        { 0, "V4.2", "V5", LAR_EUNSUPPORTED,
          "of version 'V5'; larmor reads V3, V4, V4.1 and V4.2" },
        { 0, "image export tool", "tool", LAR_EFORMAT, "does not say its version" },
        { 0, "dynamics            :   2", "dynamics            :   3", LAR_EFORMAT,
          "says it has 3 dynamic scans, its table of 6 lines has 2" },
        { 0, "locations    :   3", "locations    :   4", LAR_EFORMAT,
          "says it has 4 slices, its table of 6 lines has 3" },
        { 0, "locations    :   3", "locations    :   2147483647", LAR_EFORMAT,
          "2147483647 slices" },
        { 0, "locations    :   3", "locations    :   2147483648", LAR_EFORMAT,
          "expected a whole number from 0 to 2147483647" },
        { 0, "locations    :   3", "locations    :   18446744073709551616", LAR_EFORMAT,
          "expected a whole number" },
        { 0, "locations    :   3", "locations    :   -3", LAR_EFORMAT, "says -3" },
        { 0, "locations    :   3", "locations    :   0", LAR_EFORMAT, "says it has 0 slices" },
        { 0, "locations    :   3", "locations    :   nan", LAR_EFORMAT, "'nan'" },
        { 0, "echoes", "slices/locations", LAR_EFORMAT, "twice, the second time in line 11" },
        { 0, "locations    :   3", "locations    :", LAR_EFORMAT, "says 0 numbers" },
        { 0, "locations    :", "locations     ", LAR_EFORMAT,
          "line 11 of 'v42_transverse_dynamics.PAR' has no colon" },
        { 0, "Angulation", "Angle", LAR_EFORMAT, "does not say its 'angulation midslice'" },
        { 0, "  5  4  ", "  5  3  ", LAR_EUNSUPPORTED,
          "recon resolution y is 3 in line 27, 4 in line 28" },
        { -1, "  5  4  ", "  5  5  ", LAR_EFORMAT,
          "describes 6 slices of 5x5 voxels of 16 bits, 300 bytes" },
        { -1, "  5  4  ", "  0  4  ", LAR_EFORMAT, "0x4 voxels" },
        { -1, "  5  4  ", "  2147483647  2147483647  ", LAR_EFORMAT, "too many" },
        { -1, "  5  4  ", "  32768  65536  ", LAR_EFORMAT, "has 240 bytes" },
        { -1, "  16  62  ", "  12  62  ", LAR_EUNSUPPORTED, "12 bits" },
        { -1, "  16  62  ", "  8  62  ", LAR_EFORMAT, "240 bytes" },
        { 3, "  16  62  ", "  8  62  ", LAR_EUNSUPPORTED,
          "image pixel size is 16 in line 27, 8 in line 30" },
        { 1, "  6.0  2.0  ", "  6.0  2.5  ", LAR_EUNSUPPORTED,
          "slice gap is 2 in line 27, 2.5 in line 28" },
        { -1, "  6.0  2.0  ", "  6.0  -6.0  ", LAR_EFORMAT, "measure 3.75x2.5x0 mm" },
        { -1, "3.75  2.5", "3.75  0", LAR_EFORMAT, "measure 3.75x0x8 mm" },
        { -1, "3.75  2.5", "3.75  1e300", LAR_EFORMAT, "no place" },
        { 2, "  0  1  0  2  3.75", "  0  2  0  2  3.75", LAR_EUNSUPPORTED, "slice orientation" },
        { -1, "  0  1  0  2  3.75", "  0  4  0  2  3.75", LAR_EFORMAT, "slice orientation is 4" },
        { 0, "\n2  1  1", "\n1  1  1", LAR_EFORMAT, "has slice 1 twice, in lines 27 and 28" },
        { 0, "\n2  1  1", "\n4  1  1", LAR_EFORMAT,
          "says it has 3 slices, its table of 6 lines has 4" },
        { -1, "\n2  1  ", "\n4  1  ", LAR_EFORMAT,
          "line 28 of 'v42_transverse_dynamics.PAR' is of slice 4, expected 1 to 3" },
        { 0, "\n2  1  1", "\n2  1  2", LAR_EFORMAT,
          "has 2 of 3 slices of a volume (dynamic scan 1)" },
        { 0, "\n2  1  1  1  0", "\n2  1  1  1  3", LAR_EFORMAT,
          "has 2 of 3 slices of a volume (image type 0, dynamic scan 1)" },
        { 0, "  2  1  16", "  2  2  16", LAR_EFORMAT,
          "lines 28 and 29 of 'v42_transverse_dynamics.PAR' both say index 2" },
        { 0, "  2  1  16", "  2  6  16", LAR_EFORMAT, "index 6 in the REC file, the table has 6" },
        { 0, "  2  1  16", "  2  -1  16", LAR_EFORMAT, "index -1" },
        { 0, "  2  1  16", "  2  1.5  16", LAR_EFORMAT,
          "column 7 of line 28 of 'v42_transverse_dynamics.PAR' says '1.5', expected a whole "
          "number" },
        { 0, "1070  1860", "1070", LAR_EFORMAT,
          "line 27 of 'v42_transverse_dynamics.PAR' has 48 columns, a table of version V4.2 has "
          "49" },
        { 0, "1070  1860", "1070 1 1860", LAR_EFORMAT, "has 50 columns" },
        { 0, "4.20000e-003", "4,2", LAR_EFORMAT, "'4,2', expected a number" },
        { 0, "\r\n\r\n# === END", "\r\n.  Late : 1\r\n# === END", LAR_EFORMAT,
          "general information amid its table" },
        { 0, "FILE ===============\r\n", "FILE ===\r\n1 2 3\r\n", LAR_EFORMAT, "follows the end" },
        { 0, "# === IMAGE", "\x1f\x8b# \r\n", LAR_EFORMAT, "has 1 columns" },
    };
    pair_faults("v42_transverse_dynamics.PAR", "v42_transverse_dynamics.REC", faults,
                sizeof faults / sizeof *faults);
    const pair_fault old[] = {
        { 0, "Slice gap", "Gap", LAR_EFORMAT, "does not say its 'slice gap'" },
        { 0, "8 or 16 bits]    :   16", "8 or 16 bits]    :   8", LAR_EFORMAT, "160 bytes" },
        { 0, "V3", "V4", LAR_EFORMAT, "has 29 columns, a table of version V4 has 41" },
    };
    pair_faults("v3_coronal.par", "v3_coronal.rec", old, sizeof old / sizeof *old);
    const pair_fault diffusion[] = {
        { 0, "orients    :   2", "orients    :   3", LAR_EFORMAT,
          "says it has 3 gradient orients, its table of 9 lines has 2" },
        { 0, "\n1  1  1  1  0  2  3", "\n1  1  1  1  0  2  1", LAR_EFORMAT, "both say index 1" },
    };
    pair_faults("v42_diffusion.PAR", "v42_diffusion.REC", diffusion,
                sizeof diffusion / sizeof *diffusion);
}

/* What is said twice and differs, but leaves one reading. */
static void doubts_are_said(void **state)
{
    (void)state;
    const pair_doubt doubts[] = {
        { "2.508  30.339", "3.508  30.339", "place them up to 1.0" },
        { "-13.265  5.5", "-13.265  6.5", "turn them up to 1.0" },
        { "2000.000", "2000.000  500", "2 repetition times" },
        { "# === END", "# === ", "no last line that says that it ends" },
    };
    pair_doubts("v42_transverse_dynamics.PAR", "v42_transverse_dynamics.REC", doubts,
                sizeof doubts / sizeof *doubts);
}

static void scales_that_cannot_be(void **state)
{
    (void)state;
    const lar_read_params params = { .scaling = LAR_SCALING_FLOATING };
    const char *folder = check_folder();
    char path[256];
    lar_image *image;
    pair p = pair_load("v42_not_scaled.PAR", "v42_not_scaled.REC");
    pair_change(&p, 1, "1.00000  1.00000e+00", "1.00000  0.00000e+00");
    CHECK_OK(pair_read(&image, &p)); /* display values do not need it */
    lar_image_free(image);
    snprintf(path, sizeof path, "%s/a.PAR", folder);
    CHECK_OK(lar_file_write(path, p.header, p.header_count, false));
    snprintf(path, sizeof path, "%s/a.rec", folder); /* the other case is found too */
    CHECK_OK(lar_file_write(path, p.voxels, p.voxel_count, false));
    snprintf(path, sizeof path, "%s/a.PAR", folder);
    CHECK_FAILS(lar_image_read_with(&image, NULL, path, &params), LAR_EFORMAT,
                "cannot be scaled: its rescale slope is 1, its scale slope 0");
    pair_change(&p, 0, "1.00000  0.00000e+00", "0.00000  1.00000e+00");
    CHECK_FAILS(pair_read(&image, &p), LAR_EFORMAT, "its rescale slope is 0");
    snprintf(path, sizeof path, "%s/a.rec", folder);
    CHECK_OK(lar_file_remove(path));
    snprintf(path, sizeof path, "%s/a.PAR", folder);
    CHECK_FAILS(lar_image_read(&image, path), LAR_ENOINPUT, "a.REC', which is not there");
    CHECK_FAILS(
        lar_image_read_with(&image, NULL, path, &(lar_read_params){ .form = LAR_FORM_SFORM }),
        LAR_EGEOMETRY, "has no sform");
    snprintf(path, sizeof path, "%s/b.REC", folder);
    CHECK_OK(lar_file_write(path, p.voxels, p.voxel_count, false));
    CHECK_FAILS(lar_image_read(&image, path), LAR_ENOINPUT, "b.PAR', which is not there");
    check_folder_remove(folder);
    pair_drop(&p);
}

/* What one line alone says, its scale, cannot be checked: of these few mutations the voxels differ.
 */
static void every_byte_of_the_header(void **state)
{
    (void)state;
    const char *const names[][2] = { { "v42_transverse_dynamics.PAR",
                                       "v42_transverse_dynamics.REC" },
                                     { "v3_coronal.par", "v3_coronal.rec" } };
    for (int n = 0; n < 2; n++) {
        int64_t unheard = 0, refused = 0, read = 0;
        pair_mutate(names[n][0], names[n][1], &unheard, &refused, &read);
        print_message("%s: %lld refused, %lld read, of which %lld with another scale\n",
                      names[n][0], (long long)refused, (long long)read, (long long)unheard);
        assert_true(refused > 2000 && read > 5000 && unheard < 1200);
    }
}

static void every_truncation(void **state)
{
    (void)state;
    int64_t read = 0;
    pair_truncate("v42_transverse_dynamics.PAR", "v42_transverse_dynamics.REC", &read);
    pair_truncate("v3_coronal.par", "v3_coronal.rec", &read);
    assert_true(read < 200); /* the comment that says the end, and the last line's flip angle */
    pair p = pair_load("v3_coronal.par", "v3_coronal.rec");
    lar_image *image;
    p.voxel_count--;
    CHECK_FAILS(pair_read(&image, &p), LAR_EFORMAT, "has 159 bytes");
    CHECK_FAILS(lar_image_read_pair(&image, p.header, p.header_count, p.voxels, 0, "x"),
                LAR_EFORMAT, "empty");
    CHECK_FAILS(lar_image_read_bytes(&image, p.header, p.header_count, "x.PAR"), LAR_EFORMAT,
                "voxels are in another file");
    pair_drop(&p);
}

static void failing_memory_loses_nothing(void **state)
{
    (void)state;
    const char *const names[] = { GOLDEN "/v42_other_order.PAR", GOLDEN "/v42_mixed.REC" };
    for (int n = 0; n < 2; n++) pair_without_memory(names[n]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_every_version),
        cmocka_unit_test(floating_point_scaling),
        cmocka_unit_test(either_file_names_the_image),
        cmocka_unit_test(what_is_noted),
        cmocka_unit_test(contradictions_are_named),
        cmocka_unit_test(doubts_are_said),
        cmocka_unit_test(scales_that_cannot_be),
        cmocka_unit_test(every_byte_of_the_header),
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(failing_memory_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
