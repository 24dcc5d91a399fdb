/* MetaImage and NRRD files of many kinds, and real scans, give the voxels and the place that ITK
 * and pynrrd give. tests/golden/make_metaimage_nrrd.py made the files and the table.
 * SPDX-License-Identifier: Apache-2.0 */
#include "golden_table.h"

static void files_of_itk_and_pynrrd(void **state)
{
    (void)state;
    /* spacing times direction, and not the same sum in another order: 1e-13 of 20 mm */
    const int lines = golden_table(TEST_SOURCE "/tests/golden/metaimage_nrrd.txt",
                                   TEST_SOURCE "/tests/golden/metaimage_nrrd", 1e-11);
    assert_true(lines >= 60);
    if (!check_data("formats")) print_message("left out: the real scans are not here\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_itk_and_pynrrd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
