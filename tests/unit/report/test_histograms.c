/* The picture of histograms: shares, cut ends, the part of the axes that is shown, what is pointed
 * out, and nothing to draw.
 * SPDX-License-Identifier: Apache-2.0 */
#include "pictures.h"
#include "report/report.h"

enum { IMAGES = 14, BINS = 40 };

/* The file that the groups become; free with lar_free(). */
static char *drawn(size_t *count, const lar_histograms *groups, int64_t group_count, bool linear)
{
    char names[IMAGES][8], *bytes;
    const char *list[IMAGES];
    for (int n = 0; n < IMAGES; n++) {
        snprintf(names[n], sizeof names[n], "scan%d", n);
        list[n] = names[n];
    }
    CHECK_OK(lar_histograms_draw(groups, group_count, list, linear, file("histograms.png"), true));
    CHECK_OK(lar_file_read(&bytes, count, file("histograms.png"), 1 << 24));
    return bytes;
}

static bool look_alike(const lar_histograms *a, const lar_histograms *b, bool linear)
{
    size_t counts[2];
    char *x = drawn(&counts[0], a, 1, linear), *y = drawn(&counts[1], b, 1, linear);
    const bool alike = counts[0] == counts[1] && memcmp(x, y, counts[0]) == 0;
    lar_free(x);
    lar_free(y);
    return alike;
}

static void histograms_show_what_they_say(void **state)
{
    (void)state;
    static double counts[IMAGES * BINS], other[IMAGES * BINS];
    for (int n = 0; n < IMAGES * BINS; n++) {
        const double x = n % BINS - 15 - n / BINS / 4.0;
        counts[n] = 1e6 * exp(-x * x / 50);
    }
    const lar_histograms plain = { .counts = counts, .images = 4, .bins = BINS, .high = 8 };
    lar_histograms a = plain, b = plain;
    b.counts = other;
    /* percent: seven times the voxels are the same shares */
    for (int n = 0; n < IMAGES * BINS; n++) other[n] = n < BINS ? 7 * counts[n] : counts[n];
    assert_false(look_alike(&a, &b, false));
    a.percent = b.percent = true;
    assert_true(look_alike(&a, &b, false) && look_alike(&a, &b, true));
    assert_false(look_alike(&plain, &a, false));
    a.percent = b.percent = false;
    /* a pile at the ends is not drawn where they are cut */
    for (int n = 0; n < IMAGES * BINS; n++)
        other[n] = n % BINS == 0 || n % BINS == BINS - 1 ? 1e8 : counts[n];
    assert_false(look_alike(&a, &b, false));
    a.cut = b.cut = true;
    assert_true(look_alike(&a, &b, false) && look_alike(&a, &b, true));
    /* a few voxels far out do not stretch the axis */
    a.cut = b.cut = false;
    for (int n = 0; n < IMAGES * BINS; n++) counts[n] = other[n] = n % BINS < 20 ? 1e5 : 0;
    other[30] = 20;
    assert_true(look_alike(&a, &b, false) && look_alike(&a, &b, true));
    other[30] = 1e3;
    assert_false(look_alike(&a, &b, false));
    /* the picked one of many stands out, and linear is not logarithmic */
    a.images = b.images = IMAGES;
    b.counts = counts;
    b.picked = IMAGES;
    assert_false(look_alike(&a, &b, false));
    b = a;
    b.heading = "A heading";
    assert_false(look_alike(&a, &b, false));
    assert_true(look_alike(&a, &a, false));
}

static void empty_histograms_are_drawn(void **state)
{
    (void)state;
    static const double none[2 * BINS];
    double one[] = { 3 };
    const lar_histograms odd[] = {
        { .counts = none, .images = 2, .bins = BINS, .high = 1 },
        { .counts = none, .images = 2, .bins = BINS, .high = 1, .percent = true, .cut = true },
        { .counts = one, .images = 1, .bins = 1, .low = -1e30, .high = 1e30, .cut = true },
        { .counts = none, .images = 2, .bins = 2, .high = 1, .cut = true },
    };
    for (size_t n = 0; n < sizeof odd / sizeof *odd; n++)
        for (int linear = 0; linear < 2; linear++) {
            size_t count;
            lar_free(drawn(&count, &odd[n], 1, linear));
            assert_true(count > 1000);
        }
    size_t count;
    lar_free(drawn(&count, odd, 2, false)); /* side by side */
    lar_text svg = { 0 };
    CHECK_OK(lar_histograms_svg(&svg, odd, 1, (const char *const[]){ "a", "b" }, false));
    assert_true(lar_text_starts(lar_text_get(&svg), "<?xml"));
    lar_text_clear(&svg);
    CHECK_FAILS(lar_picture_check("a.jpg"), LAR_EARGUMENT, "which kind of picture");
    CHECK_OK(lar_picture_check("a.SVG"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(histograms_show_what_they_say),
        cmocka_unit_test(empty_histograms_are_drawn),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
