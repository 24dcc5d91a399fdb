/* N4 against ITK and ANTsPy: fields that they found (tests/golden/make_n4.py).
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "image/image.h"

#define GOLDEN TEST_SOURCE "/tests/golden/"

/* The mask and the weights of make_n4.py. */
static void make_mask(lar_image **mask, lar_image **weights, const lar_image *in)
{
    CHECK_OK(lar_image_like(mask, in, LAR_U8));
    CHECK_OK(lar_image_like(weights, in, LAR_F32));
    const int64_t *size = in->grid.size;
    for (int64_t n = 0; n < lar_image_voxel_count(in); n++) {
        const int64_t i = n % size[0], j = n / size[0] % size[1], k = n / (size[0] * size[1]);
        ((uint8_t *)(*mask)->voxels)[n] = lar_image_at(in, i, j, k, 0) > 20;
        ((float *)(*weights)->voxels)[n] = (float)((i + 2 * j + k) % 4) / 2;
    }
}

/* One case of the file; the line after it is left in `line`. The ratio of the fields is a constant
 * near 1, with a deviation below `bound`: ITK's own, with one thread or two, is 4e-5. */
static void compare(FILE *file, char *line, int room, const lar_image *got, bool is_field,
                    double bound)
{
    double sum = 0, squares = 0;
    int count = 0;
    while (fgets(line, room, file) && line[0] == 'a') {
        long long i, j, k;
        double value;
        assert_int_equal(sscanf(line, "at %lld %lld %lld %lf", &i, &j, &k, &value), 4);
        const double ours = lar_image_at(got, i, j, k, 0);
        const double ratio = is_field ? ours / exp(value) : ours / fmax(value, 1);
        sum += ratio;
        squares += ratio * ratio;
        count++;
    }
    assert_true(count > 50);
    const double mean = sum / count;
    CHECK_NEAR(mean, 1, 1e-3);
    CHECK_NEAR(sqrt(fmax(squares / count - mean * mean, 0)), 0, bound);
}

static lar_ints three(int64_t a, int64_t b, int64_t c)
{
    return (lar_ints){ c ? 3 : 2, { a, b, c } };
}

static void small_head_as_itk(void **state)
{
    (void)state;
    lar_image *in, *mask, *weights, *out, *field;
    char line[256] = "";
    FILE *file = fopen(GOLDEN "n4.txt", "r");
    assert_non_null(file);
    CHECK_OK(lar_image_read(&in, GOLDEN "n4_in.nii.gz"));
    make_mask(&mask, &weights, in);
    int cases = 0;
    assert_non_null(fgets(line, sizeof line, file));
    assert_non_null(fgets(line, sizeof line, file));
    while (line[0] == 'c') {
        char name[32];
        assert_int_equal(sscanf(line, "case %31s", name), 1);
        lar_n4_params params = lar_n4_default();
        params.like = LAR_N4_ANTS;
        params.shrink = 2;
        params.iterations = three(30, 30, 30);
        if (lar_text_is(name, "weights")) {
            params.shrink = 3;
            params.iterations = three(25, 25, 0);
        } else if (lar_text_is(name, "options")) {
            params.shrink = 1;
            params.iterations = three(10, 5, 0);
            params.bins = 128;
            params.fwhm = 0.2;
            params.wiener = 0.02;
            params.mesh = (lar_ints){ 1, { 2 } };
        } else if (lar_text_is(name, "spline")) {
            params.iterations = three(20, 20, 0);
            params.spline_mm = 90;
        } else if (lar_text_is(name, "rescale")) {
            params.iterations = three(20, 20, 0);
            params.rescale = true;
        }
        const bool whole = lar_text_is(name, "whole"), weighted = lar_text_is(name, "weights");
        const bool is_field = !lar_text_is(name, "rescale");
        CHECK_OK(lar_n4(&out, &field, NULL, in, whole ? NULL : mask, weighted ? weights : NULL,
                        &params));
        line[0] = 0;
        compare(file, line, sizeof line, is_field ? field : out, is_field, 1e-4);
        lar_image_free(out);
        lar_image_free(field);
        cases++;
    }
    assert_int_equal(cases, 6);
    fclose(file);
    lar_image_free(in);
    lar_image_free(mask);
    lar_image_free(weights);
}

static void real_scans_as_itk(void **state)
{
    (void)state;
    char line[256] = "";
    if (!check_data("openms/patient01")) {
        print_message("skipped: real scans are absent\n");
        skip();
    }
    FILE *file = fopen(GOLDEN "n4_openms.txt", "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_non_null(fgets(line, sizeof line, file));
    int cases = 0;
    while (line[0] == 'c') {
        char name[128];
        lar_image *in, *out, *field;
        lar_n4_params params = lar_n4_default();
        params.like = LAR_N4_ANTS;
        assert_int_equal(sscanf(line, "case %127s", name), 1);
        CHECK_OK(lar_image_read(&in, check_data(name)));
        CHECK_OK(lar_n4(&out, &field, NULL, in, NULL, NULL, &params));
        line[0] = 0;
        compare(file, line, sizeof line, field, true, 5e-4);
        lar_image_free(in);
        lar_image_free(out);
        lar_image_free(field);
        cases++;
    }
    assert_int_equal(cases, 2);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_head_as_itk),
        cmocka_unit_test(real_scans_as_itk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
