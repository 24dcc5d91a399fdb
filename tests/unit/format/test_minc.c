/* MINC1 and MINC2: what nibabel reads (tests/golden/make_minc.py made the files and the numbers),
 * what is refused, and damage. larmor-minc runs apart, so nothing of it may be left.
 * SPDX-License-Identifier: Apache-2.0 */
#include "mutate.h"

static const char *const golden = TEST_SOURCE "/tests/golden/minc/";

static char temporary[128]; /* TMPDIR of this test */

static int needs_program(void **state)
{
    (void)state;
    lar_text path = { 0 };
    const lar_status status = lar_minc_program(&path);
    lar_text_clear(&path);
    snprintf(temporary, sizeof temporary, "%s", check_folder());
    return setenv("TMPDIR", temporary, 1) || status != LAR_OK;
}

static double number(char **at)
{
    char *end;
    const double value = strtod(*at, &end);
    if (end == *at) fail_msg("no number at '%.20s'", *at);
    *at = end;
    return value;
}

static void take_numbers(lar_image *image, char **line, const char *name, const char *type)
{
    if (!lar_text_is(lar_type_name(image->type), type))
        fail_msg("%s: %s, expected %s", name, lar_type_name(image->type), type);
    for (int a = 0; a < 3; a++) assert_int_equal(image->grid.size[a], (int64_t)number(line));
    assert_int_equal(image->channels, (int64_t)number(line));
    for (int n = 0; n < 12; n++)
        CHECK_NEAR(image->grid.to_world.m[n / 4][n % 4], number(line), 1e-9);
}

static double tolerance(const lar_image *image, double value)
{
    return image->type == LAR_F32 ? fabs(value) * 6e-8 + 1e-30 : fabs(value) * 4e-16;
}

static void as_nibabel_reads_them(void **state)
{
    (void)state;
    char *text, *rest, *line;
    size_t count;
    int files = 0;
    CHECK_OK(lar_file_read(&text, &count, TEST_SOURCE "/tests/golden/minc.txt", 1 << 20));
    for (rest = text; *rest; files++) {
        char path[512], name[64], type[16];
        int used;
        lar_image *image;
        lar_image_about about;
        line = rest;
        rest += strcspn(rest, "\n");
        if (*rest) *rest++ = 0;
        assert_int_equal(sscanf(line, "%63s %15s%n", name, type, &used), 2);
        line += used;
        snprintf(path, sizeof path, "%s%s", golden, name);
        CHECK_OK(lar_image_read_about(&image, &about, path, LAR_FORM_AUTO));
        assert_string_equal(about.format, lar_text_starts(name, "minc2") ? "MINC2" : "MINC1");
        assert_int_equal(about.gzip, lar_text_ends(name, ".gz"));
        assert_string_equal(about.affine_from, "direction cosines");
        if (lar_text_is(name, "outside.mnc"))
            assert_non_null(strstr(lar_text_get(&about.warnings), "outside its valid range"));
        else
            assert_string_equal(lar_text_get(&about.warnings), "");
        take_numbers(image, &line, name, type);
        for (int64_t c = 0; c < image->channels; c++)
            for (int64_t k = 0; k < image->grid.size[2]; k++)
                for (int64_t j = 0; j < image->grid.size[1]; j++)
                    for (int64_t i = 0; i < image->grid.size[0]; i++) {
                        const double value = number(&line);
                        CHECK_NEAR(lar_image_at(image, i, j, k, c), value, tolerance(image, value));
                    }
        lar_image_about header;
        CHECK_OK(lar_image_read_header(&header, path));
        assert_int_equal(header.type, image->type);
        assert_int_equal(header.stored, about.stored);
        assert_int_equal(header.channels, image->channels);
        scan_same_grid(&header.grid, &image->grid, 0);
        lar_image_about_clear(&header);
        lar_image_about_clear(&about);
        lar_image_free(image);
    }
    assert_int_equal(files, 16);
    lar_free(text);
    mutate_check_left();
}

/* Real scans: the place, and sums over all voxels and over each position, by nibabel. */
static void real_scans_agree(void **state)
{
    (void)state;
    static const struct {
        const char *name, *type;
        double size[3], affine[12], sum, weighted;
    } scans[] = {
#include "minc_scans.inc"
    };
    if (!check_data("formats/minc")) {
        printf("skipped: no MINC scans in LARMOR_TEST_DATA\n");
        skip();
    }
    for (size_t n = 0; n < sizeof scans / sizeof *scans; n++) {
        char name[128];
        lar_image *image;
        snprintf(name, sizeof name, "formats/minc/%s", scans[n].name);
        CHECK_OK(lar_image_read(&image, check_data(name)));
        assert_string_equal(lar_type_name(image->type), scans[n].type);
        double sum = 0, weighted = 0, size = 0;
        for (int a = 0; a < 3; a++) CHECK_NEAR((double)image->grid.size[a], scans[n].size[a], 0);
        for (int m = 0; m < 12; m++)
            CHECK_NEAR(image->grid.to_world.m[m / 4][m % 4], scans[n].affine[m], 1e-9);
        for (int64_t c = 0; c < image->channels; c++)
            for (int64_t k = 0; k < image->grid.size[2]; k++)
                for (int64_t j = 0; j < image->grid.size[1]; j++)
                    for (int64_t i = 0; i < image->grid.size[0]; i++) {
                        const double value = lar_image_at(image, i, j, k, c);
                        sum += value;
                        size += fabs(value);
                        weighted += value * (double)(i + 2 * j + 3 * k + 5 * c);
                    }
        CHECK_NEAR(sum, scans[n].sum, size * 6e-8);
        CHECK_NEAR(weighted, scans[n].weighted, fabs(scans[n].weighted) * 6e-8);
        lar_image_free(image);
    }
}

static void what_is_odd_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *name, *words;
    } told[] = { { "inches.mnc", "its unit of length along 'xspace' is 'inches'" },
                 { "no_ranges.mnc", "does not say what range its voxels stand for" } };
    char path[512];
    lar_image *image;
    for (size_t n = 0; n < sizeof told / sizeof *told; n++) {
        snprintf(path, sizeof path, "%s%s", golden, told[n].name);
        scan_listen();
        CHECK_OK(lar_image_read(&image, path));
        if (!strstr(scan_said, told[n].words)) fail_msg("said '%s'", scan_said);
        lar_image_free(image);
    }
    lar_log_to(NULL, NULL);
    snprintf(path, sizeof path, "%sirregular_even.mnc", golden);
    CHECK_OK(lar_image_read(&image, path));
    CHECK_NEAR(image->grid.to_world.m[2][2], 2, 1e-12);
    CHECK_NEAR(image->grid.to_world.m[2][3], 1, 1e-12);
    lar_image_free(image);
    snprintf(path, sizeof path, "%sirregular_uneven.mnc", golden);
    CHECK_FAILS(lar_image_read(&image, path), LAR_EFORMAT, "unevenly spaced");
    assert_null(image);
    snprintf(path, sizeof path, "%sno_image.mnc", golden);
    CHECK_FAILS(lar_image_read(&image, path), LAR_EFORMAT, "holds no image");
    snprintf(path, sizeof path, "%sno_minc.h5", golden);
    CHECK_FAILS(lar_image_read(&image, path), LAR_EFORMAT, "no MINC file");
    /* 600 GB in a file of 18 kB: neither memory nor disk is taken for it */
    lar_image_about about;
    snprintf(path, sizeof path, "%sminc2_huge.mnc", golden);
    CHECK_FAILS(lar_image_read(&image, path), LAR_EFORMAT, "more memory than it may have");
    CHECK_FAILS(lar_image_read_header(&about, path), LAR_EFORMAT, "a file of more than");
    lar_image_about_clear(&about);
    CHECK_FAILS(lar_image_read_bytes(&image, "CDF\1", 4, "x.mnc"), LAR_EUNSUPPORTED, "from files");
    CHECK_FAILS(lar_image_write(NULL, "x.mnc", false), LAR_EUNSUPPORTED, "writes none");
    mutate_check_left();
}

static void every_truncation_is_an_error(void **state)
{
    (void)state;
    static const char *const names[] = { "labels_u8.mnc", "minc2_i16.mnc", "scaled_i16.mnc.gz" };
    for (int n = 0; n < 3; n++) {
        char path[512], cut[256], *bytes;
        size_t count;
        lar_image *image;
        snprintf(path, sizeof path, "%s%s", golden, names[n]);
        snprintf(cut, sizeof cut, "%s/%s", temporary, names[n]);
        CHECK_OK(lar_file_read(&bytes, &count, path, 1 << 20));
        for (size_t at = 0; at < count; at += at + 12 < count ? count / 20 : 1) {
            CHECK_OK(lar_file_write(cut, bytes, at, true));
            if (lar_image_read(&image, cut) == LAR_OK)
                fail_msg("%s cut to %zu of %zu bytes is read", names[n], at, count);
            assert_null(image);
            assert_non_null(strstr(lar_error(), names[n]));
        }
        lar_free(bytes);
    }
    mutate_check_left();
}

static void no_name_is_too_nasty(void **state)
{
    (void)state;
    char folder[160], path[512], old[512], name[256];
    lar_image *wanted, *image;
    snprintf(path, sizeof path, "%slabels_u8.mnc", golden);
    CHECK_OK(lar_image_read(&wanted, path));
    char *bytes;
    size_t count;
    CHECK_OK(lar_file_read(&bytes, &count, path, 1 << 20));
    snprintf(folder, sizeof folder, "%s/names", temporary);
    CHECK_OK(lar_folder_make(folder));
    snprintf(old, sizeof old, "%s/first", folder);
    CHECK_OK(lar_file_write(old, bytes, count, false));
    assert_int_equal(chdir(folder), 0);
    for (int n = 0; n < NASTY_NAMES; n++) {
        nasty_name(name, n);
        snprintf(path, sizeof path, "%s/%s", folder, name);
        assert_int_equal(rename(old, path), 0);
        CHECK_OK(lar_image_read(&image, n & 1 ? path : name)); /* "-o" alone, too */
        scan_same_voxels(wanted, image);
        lar_image_free(image);
        snprintf(old, sizeof old, "%s", path);
    }
    assert_int_equal(chdir("/"), 0);
    lar_folder_remove(folder);
    lar_image_free(wanted);
    lar_free(bytes);
    mutate_check_left();
}

/* Damaged files, LARMOR_MUTATIONS of them: an error with a sentence, or an image. */
static void damage_stays_apart(void **state)
{
    (void)state;
    static const char *const names[] = {
        "scaled_i16.mnc", "minc2_i16.mnc",    "time_inside.mnc",
        "labels_u8.mnc",  "minc2_labels.mnc", "scaled_i16.mnc.gz"
    };
    const int count = mutate_count(), first = mutate_first();
    int read = 0, refused = 0, crashed = 0, stopped = 0;
    for (int n = first; n < first + count; n++) {
        char path[512], *bytes;
        size_t size;
        lar_image *image;
        snprintf(path, sizeof path, "%s%s", golden, names[n % 6]);
        CHECK_OK(lar_file_read(&bytes, &size, path, 1 << 20));
        mutate(bytes, &size, n);
        snprintf(path, sizeof path, "%s/damaged.mnc", temporary);
        CHECK_OK(lar_file_write(path, bytes, size, true));
        const lar_status status = lar_image_read(&image, path);
        assert_true((status == LAR_OK) == (image != NULL));
        if (image) {
            lar_range range;
            assert_true(lar_grid_is_valid(&image->grid));
            CHECK_OK(lar_image_range(&range, image));
            read++;
        } else {
            assert_true(strstr(lar_error(), "damaged.mnc") != NULL);
            const bool crash = strstr(lar_error(), "crashed"),
                       stop = strstr(lar_error(), "stopped");
            crashed += crash;
            stopped += stop;
            refused += !crash && !stop;
        }
        lar_image_free(image);
        lar_free(bytes);
        if (n % 50 == 0) mutate_check_left();
    }
    mutate_check_left();
    printf("%d damaged MINC files: %d refused, %d read, %d crashed apart, %d stopped at a limit\n",
           count, refused, read, crashed, stopped);
}

static void without_the_program(void **state)
{
    (void)state;
    lar_text path = { 0 };
    if (lar_minc_program(&path) == LAR_OK) {
        assert_true(lar_text_get(&path)[0] == '/' && lar_text_ends(path.at, "/larmor-minc"));
        lar_text_clear(&path);
        return;
    }
    lar_image *image;
    char file[512];
    snprintf(file, sizeof file, "%slabels_u8.mnc", golden);
    CHECK_FAILS(lar_image_read(&image, file), LAR_EUNSUPPORTED, "try to install libminc-dev");
}

int main(void)
{
    void *unused = NULL;
    const struct CMUnitTest always[] = { cmocka_unit_test(without_the_program) };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_nibabel_reads_them), cmocka_unit_test(real_scans_agree),
        cmocka_unit_test(what_is_odd_is_told),   cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(no_name_is_too_nasty),  cmocka_unit_test(damage_stays_apart),
    };
    int failed = cmocka_run_group_tests(always, NULL, NULL);
    if (needs_program(&unused) != 0) {
        printf("skipped: no larmor-minc in this build (libminc-dev is missing)\n");
        check_folder_remove(temporary);
        return failed ? failed : 77;
    }
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    check_folder_remove(temporary);
    return failed;
}
