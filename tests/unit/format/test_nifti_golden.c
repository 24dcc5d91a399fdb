/* Files that nibabel wrote, and real scans, give the voxels and the place that nibabel gives.
 * tests/golden/make_nifti.py made the files and the tables.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/nifti.h"
#include "scans.h"

enum { PICKS = 8 };

/* The next word of a line as a number. */
static double number(char **at)
{
    char *end;
    const double value = strtod(*at, &end);
    if (end == *at) fail_msg("no number at '%.20s'", *at);
    *at = end;
    return value;
}

/* Larmor rounds a scaled value to float32, nibabel keeps double. */
static double tolerance(const lar_image *image, double value)
{
    return image->type == LAR_F32 ? fabs(value) * 6e-8 + 1e-30 : fabs(value) * 2e-16;
}

static void check_line(const char *folder, char *line)
{
    char path[4096], type[16];
    int used = 0;
    lar_image *image;
    const char *name = line;
    line += strcspn(line, " ");
    *line++ = 0;
    assert_int_equal(sscanf(line, "%15s%n", type, &used), 1);
    line += used;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    CHECK_OK(lar_image_read(&image, path));
    assert_string_equal(lar_type_name(image->type), type);
    for (int a = 0; a < 3; a++) assert_int_equal(image->grid.size[a], (int64_t)number(&line));
    assert_int_equal(image->channels, (int64_t)number(&line));
    for (int n = 0; n < 12; n++) {
        const double wanted = number(&line);
        CHECK_NEAR(image->grid.to_world.m[n / 4][n % 4], wanted, 1e-5);
    }
    const double wanted_sum = number(&line);
    double sum = 0, size = 0;
    for (int64_t c = 0; c < image->channels; c++)
        for (int64_t k = 0; k < image->grid.size[2]; k++)
            for (int64_t j = 0; j < image->grid.size[1]; j++)
                for (int64_t i = 0; i < image->grid.size[0]; i++) {
                    const double value = lar_image_at(image, i, j, k, c);
                    sum += value;
                    size += fabs(value);
                }
    /* a systematic rounding of float32 shows in the sum of them */
    CHECK_NEAR(sum, wanted_sum, size * (image->type == LAR_F32 ? 6e-8 : 1e-12));
    for (int n = 0; n < PICKS; n++) {
        int64_t at[4];
        for (int a = 0; a < 4; a++) at[a] = (int64_t)number(&line);
        const double wanted = number(&line);
        CHECK_NEAR(lar_image_at(image, at[0], at[1], at[2], at[3]), wanted,
                   tolerance(image, wanted));
    }
    lar_image_free(image);
}

static int check_table(const char *table, const char *folder)
{
    char *text, *line;
    size_t count;
    int lines = 0;
    CHECK_OK(lar_file_read(&text, &count, table, 1 << 20));
    for (line = text; *line; lines++) {
        char *end = line + strcspn(line, "\n");
        *end = 0;
        check_line(folder, line);
        line = end + 1;
    }
    lar_free(text);
    return lines;
}

static void files_of_nibabel(void **state)
{
    (void)state;
    assert_true(check_table(TEST_SOURCE "/tests/golden/nifti.txt",
                            TEST_SOURCE "/tests/golden/nifti") >= 10);
}

static void extensions_of_nibabel(void **state)
{
    (void)state;
    lar_image *image;
    CHECK_OK(lar_image_read(&image, TEST_SOURCE "/tests/golden/nifti/extensions.nii.gz"));
    assert_int_equal(image->notes->extension_count, 2);
    const lar_extension *e = image->notes->extensions;
    assert_int_equal(e[0].code, 6);
    assert_int_equal(e[1].code, 44);
    assert_memory_equal(e[0].bytes, "first comment", 13);
    for (int n = 0; n < 200; n++) assert_int_equal(e[1].bytes[n], n);
    lar_image_free(image);
    CHECK_OK(lar_image_read(&image, TEST_SOURCE "/tests/golden/nifti/four_dimensions.nii.gz"));
    CHECK_NEAR(image->notes->step, 2500, 0);
    assert_int_equal(image->notes->step_unit, 16);
    lar_image_free(image);
    CHECK_OK(lar_image_read(&image, TEST_SOURCE "/tests/golden/nifti/vectors.nii.gz"));
    assert_int_equal(image->notes->intent, 1007);
    assert_string_equal(image->notes->name, "shift");
    lar_image_free(image);
}

static void real_scans(void **state)
{
    (void)state;
    const char *folder = check_data("cohort2mm");
    char root[4096];
    if (!folder) {
        print_message("skipped: the real scans are not here\n");
        skip();
    }
    snprintf(root, sizeof root, "%.*s", (int)(strlen(folder) - strlen("/cohort2mm")), folder);
    assert_true(check_table(TEST_SOURCE "/tests/golden/scans.txt", root) > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_nibabel),
        cmocka_unit_test(extensions_of_nibabel),
        cmocka_unit_test(real_scans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
