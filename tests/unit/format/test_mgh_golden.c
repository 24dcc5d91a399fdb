/* MGH and Analyze files that nibabel wrote or defines, and MGH files of others, give the voxels and
 * the place that nibabel gives. tests/golden/make_mgh_analyze.py made the files and the tables.
 * SPDX-License-Identifier: Apache-2.0 */
#include "golden_table.h"

static void files_of_nibabel(void **state)
{
    (void)state;
    assert_true(golden_table(TEST_SOURCE "/tests/golden/mgh_analyze.txt",
                             TEST_SOURCE "/tests/golden/mgh_analyze", 1e-5) >= 70);
}

static void time_between_frames(void **state)
{
    (void)state;
    lar_image *image;
    CHECK_OK(lar_image_read(&image, TEST_SOURCE "/tests/golden/mgh_analyze/mgh_frames.mgh"));
    CHECK_NEAR(image->notes->step, 2500, 0);
    assert_int_equal(image->notes->step_unit, 16);
    lar_image_free(image);
}

static void files_of_others(void **state)
{
    (void)state;
    const char *folder = check_data("formats");
    char root[4096];
    if (!folder) {
        print_message("skipped: the real scans are not here\n");
        skip();
    }
    snprintf(root, sizeof root, "%.*s", (int)(strlen(folder) - strlen("/formats")), folder);
    assert_int_equal(golden_table(TEST_SOURCE "/tests/golden/mgh_scans.txt", root, 1e-5), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_nibabel),
        cmocka_unit_test(time_between_frames),
        cmocka_unit_test(files_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
