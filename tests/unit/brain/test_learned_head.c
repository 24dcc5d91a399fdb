/* MindGrab's own weights on the head that comes with them, beside PyTorch's mask of it, of which
 * how many voxels lie in each slice is stored. SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "brain/brain.h"
#include "filter/filter.h"
#include "image/image.h"

enum { EDGE = 256 };

/* Voxels that are in one mask's slice and not in the other's, at least, per voxel of a mask. */
static double unlike(const int64_t *counts, const int64_t *expected)
{
    double apart = 0, all = 0;
    for (int n = 0; n < EDGE; n++) {
        apart += fabs((double)(counts[n] - expected[n]));
        all += (double)expected[n];
    }
    return apart / all;
}

static void slices_hold_as_much_as_pytorch_s(void **state)
{
    int64_t counts[3][EDGE] = { { 0 } }, expected[EDGE];
    char weights[4096], model[128], line[8192];
    lar_image *file, *in, *mask;
    lar_strip_model *m;
    lar_text path = { 0 };
    lar_strip_params params = lar_strip_default();
    bool fresh;
    (void)state;
    const char *there = check_data("networks/mindgrab/model.bin");
    if (!there) {
        print_message("skipped: MindGrab's weights are not there\n");
        skip();
    }
    snprintf(weights, sizeof weights, "%s", there);
    const char *folder = check_folder();
    setenv("LARMOR_MODELS", folder, 1);
    CHECK_OK(lar_strip_store_add(&m, &path, &fresh, weights, false));
    lar_strip_model_free(m);
    lar_text_clear(&path);
    CHECK_OK(lar_image_read(&file, check_data("networks/mindgrab/t1_crop.nii.gz")));
    CHECK_OK(lar_first_channel(&in, file));
    CHECK_OK(lar_strip_methods[0]->run(&mask, model, in, LAR_STRIP_T1, &params));
    assert_string_equal(model, "mindgrab 20dae1a2f6ac");
    const uint8_t *voxels = mask->voxels;
    for (int64_t k = 0; k < EDGE; k++)
        for (int64_t j = 0; j < EDGE; j++)
            for (int64_t i = 0; i < EDGE; i++) {
                const int64_t one = *voxels++;
                counts[0][i] += one;
                counts[1][j] += one;
                counts[2][k] += one;
            }
    FILE *f = fopen(TEST_SOURCE "/tests/golden/mindgrab_slices.txt", "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f)); /* what made it */
    for (int a = 0; a < 3; a++) {
        assert_non_null(fgets(line, sizeof line, f));
        char *at = line;
        for (int n = 0; n < EDGE; n++) expected[n] = strtoll(at, &at, 10);
        const double worst = unlike(counts[a], expected);
        if (!(worst < 1e-3)) fail_msg("along %c: %g of the mask", "ijk"[a], worst);
    }
    fclose(f);
    lar_image_free(mask);
    lar_image_free(in);
    lar_image_free(file);
    check_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(slices_hold_as_much_as_pytorch_s) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
