/* The normalizers of one image against intensity-normalization 2.2.4, scikit-fuzzy, scikit-learn
 * and numpy: the numbers of tests/golden/make_normalize.py.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "image/image.h"
#include "intensity/intensity.h"
#include "intensity/tissue.h"

#define GOLDEN TEST_SOURCE "/tests/golden/"

/* A line: scan (a file and a mask, or a foreground, after a colon), contrast, method, numbers. */
typedef struct line {
    char scan[256], contrast[16], method[16];
    double want[4];
    int count;
} line;

static bool parse(line *out, const char *text)
{
    out->count = sscanf(text, "%255s %15s %15s %lf %lf %lf", out->scan, out->contrast, out->method,
                        &out->want[0], &out->want[1], &out->want[2]) -
                 3;
    return out->count > 0;
}

/* False where the scan is absent. */
static bool load(lar_image **image, lar_image **mask, const line *l)
{
    static const char *const volumes[] = { "t1", "t2", "flair", "pd" };
    char scan[256];
    *mask = NULL;
    if (lar_text_is(l->scan, "synthetic")) {
        lar_image *all;
        CHECK_OK(lar_image_read(&all, GOLDEN "normalize_in.nii.gz"));
        for (int v = 0; v < 4; v++)
            if (lar_text_is(volumes[v], l->contrast)) CHECK_OK(lar_image_channel(image, all, v));
        lar_image_free(all);
        CHECK_OK(lar_image_read(mask, GOLDEN "normalize_mask.nii.gz"));
        return true;
    }
    snprintf(scan, sizeof scan, "%s", l->scan);
    char *other = strchr(scan, ':');
    *other++ = 0;
    const char *path = check_data(scan);
    if (!path) return false;
    CHECK_OK(lar_image_read(image, path));
    if (lar_text_is(other, "positive"))
        CHECK_OK(lar_foreground(mask, *image, LAR_FOREGROUND_POSITIVE));
    else
        CHECK_OK(lar_image_read(mask, check_data(other)));
    return true;
}

static void compare_centres(const line *l, const lar_image *image, const lar_image *mask)
{
    lar_sample sample;
    lar_tissues tissues;
    CHECK_OK(lar_sample_take(&sample, image, mask));
    CHECK_OK(lar_tissues_find(&tissues, &sample));
    for (int t = 0; t < 3; t++) CHECK_NEAR(tissues.centres[t], l->want[t], 1e-4 * l->want[t]);
    lar_sample_clear(&sample);
}

static void compare(const line *l, const lar_image *image, const lar_image *mask)
{
    lar_normalize_params params = lar_normalize_default();
    lar_normalizer *n;
    const char *const *contrasts = lar_param_find(lar_normalize_table, "contrast")->choices;
    for (int c = 0; contrasts[c]; c++)
        if (lar_text_is(contrasts[c], l->contrast)) params.contrast = c;
    CHECK_OK(lar_normalize_choose(&params, l->method));
    CHECK_OK(lar_normalizer_new(&n, &params));
    CHECK_OK(lar_normalizer_fit(n, image, mask, NULL));
    const lar_reals values = lar_normalizer_values(n);
    const int first = lar_text_is(l->method, "whitestripe"); /* after the mode */
    /* exact but for the last digits; what is iterated stops at another place */
    const double tolerance = lar_text_is(l->method, "gmm")   ? 1e-3
                             : lar_text_is(l->method, "fcm") ? 1e-4
                                                             : 1e-6;
    for (int v = 0; v < l->count; v++) {
        const double scale = fabs(l->want[v]);
        if (fabs(values.at[v + first] - l->want[v]) > tolerance * scale)
            fail_msg("%s %s %s: %.12g, expected %.12g", l->scan, l->contrast, l->method,
                     values.at[v + first], l->want[v]);
    }
    lar_normalizer_free(n);
}

static void numbers_are_those_of_the_peers(void **state)
{
    (void)state;
    FILE *file = fopen(GOLDEN "normalize.txt", "r");
    char text[1024];
    int compared = 0, absent = 0;
    assert_non_null(file);
    while (fgets(text, sizeof text, file)) {
        line l;
        lar_image *image, *mask;
        if (!parse(&l, text)) continue;
        if (!load(&image, &mask, &l)) {
            absent++;
            continue;
        }
        if (lar_text_is(l.method, "centres"))
            compare_centres(&l, image, mask);
        else
            compare(&l, image, mask);
        compared++;
        lar_image_free(image);
        lar_image_free(mask);
    }
    fclose(file);
    assert_true(compared >= 20);
    if (absent) print_message("skipped: %d lines of scans that LARMOR_TEST_DATA lacks\n", absent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_the_peers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
