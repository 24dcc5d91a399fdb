/* N4 against ITK and ANTsPy: fields that they found (tests/golden/make_n4.py).
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "filter/n4_parts.h"
#include "image/image.h"
#include "math/math.h"

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

/* Half of the samples lie midway between two voxels: ITK's rounding decides. */
static void picks_as_itk(void **state)
{
    (void)state;
    char line[1024];
    int grids = 0;
    FILE *file = fopen(GOLDEN "n4_picks.txt", "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    while (fgets(line, sizeof line, file)) {
        lar_grid grid = { 0 };
        lar_n4_plan plan = { .itk = true, .spline_mm = NAN, .mesh = { 1, 1, 1 } };
        lar_n4_axis axes[3];
        lar_image *image;
        long long whole[7];
        int read = 0, all = 0;
        assert_int_equal(sscanf(line, "grid %lld %lld %lld %lld %lld %lld %lld %n", &whole[0],
                                &whole[1], &whole[2], &whole[3], &whole[4], &whole[5], &whole[6],
                                &all),
                         7);
        for (int n = 0; n < 12; n++) {
            assert_int_equal(sscanf(line + all, "%lf %n", &grid.to_world.m[n / 4][n % 4], &read),
                             1);
            all += read;
        }
        for (int a = 0; a < 3; a++) {
            grid.size[a] = whole[a];
            plan.shrink[a] = whole[3];
        }
        CHECK_OK(lar_image_new(&image, &grid, 1, LAR_U8));
        for (int a = 0; a < 3; a++) CHECK_OK(lar_n4_axis_init(&axes[a], grid.size[a], 1, a, &plan));
        lar_n4_axes_align(axes, image);
        for (int a = 0; a < 3; a++)
            if (axes[a].first != whole[4 + a])
                fail_msg("axis %d begins at voxel %lld: %s", a, (long long)axes[a].first, line);
        for (int a = 0; a < 3; a++) lar_n4_axis_clear(&axes[a]);
        lar_image_free(image);
        grids++;
    }
    assert_int_equal(grids, 60);
    fclose(file);
}

static void inverse_is_one(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 500; n++) {
        double m[3][3], inverse[3][3];
        for (uint64_t v = 0; v < 9; v++) /* some with zeros */
            m[v / 3][v % 3] = n % 4 && (v + n) % 3 == 0 ? 0 : lar_random_normal(9, n, v);
        if (n % 7 == 0)
            for (int v = 0; v < 9; v++) m[v / 3][v % 3] = v / 3 == v % 3 ? 1 + (double)n : 0;
        lar_affine a = lar_affine_identity(), b;
        for (int v = 0; v < 9; v++) a.m[v / 3][v % 3] = m[v / 3][v % 3];
        if (!lar_affine_invert(&b, &a)) continue;
        assert_true(lar_n4_invert(inverse, m));
        for (int v = 0; v < 9; v++)
            CHECK_NEAR(inverse[v / 3][v % 3], b.m[v / 3][v % 3],
                       1e-9 * (1 + fabs(b.m[v / 3][v % 3])));
    }
    const double singular[3][3] = { { 1, 2, 3 }, { 0, 0, 0 }, { 4, 5, 6 } };
    double inverse[3][3];
    assert_false(lar_n4_invert(inverse, singular));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_head_as_itk),
        cmocka_unit_test(real_scans_as_itk),
        cmocka_unit_test(picks_as_itk),
        cmocka_unit_test(inverse_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
