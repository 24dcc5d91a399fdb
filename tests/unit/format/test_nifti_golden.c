/* Files that nibabel wrote, and real scans, give the voxels and the place that nibabel gives.
 * tests/golden/make_nifti.py made the files and the tables.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/nifti/nifti.h"
#include "golden_table.h"

static void files_of_nibabel(void **state)
{
    (void)state;
    assert_true(golden_table(TEST_SOURCE "/tests/golden/nifti.txt",
                             TEST_SOURCE "/tests/golden/nifti", 1e-5) >= 10);
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
    assert_true(golden_table(TEST_SOURCE "/tests/golden/scans.txt", root, 1e-5) > 50);
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
