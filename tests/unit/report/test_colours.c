/* Colours: those of the formulas, by another program; even steps in CIELAB, also for eyes that do
 * not tell red from green.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "report/colour.h"

static const double eyes[3][3][3] = {
    { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } },
    /* all of protanopia and of deuteranopia, in linear sRGB: Machado, Oliveira and Fernandes 2009,
     * doi:10.1109/TVCG.2009.113 */
    { { 0.152286, 1.052583, -0.204868 },
      { 0.114503, 0.786281, 0.099216 },
      { -0.003882, -0.048116, 1.051998 } },
    { { 0.367322, 0.860646, -0.227968 },
      { 0.280085, 0.672501, 0.047413 },
      { -0.011820, 0.042940, 0.968881 } },
};

static double linear(double encoded)
{
    return encoded <= 0.04045 ? encoded / 12.92 : pow((encoded + 0.055) / 1.055, 2.4);
}

/* CIELAB of a colour as an eye sees it. */
static void lab_of(double lab[3], lar_colour c, int eye)
{
    /* sRGB to XYZ over white, IEC 61966-2-1 */
    static const double m[3][3] = {
        { 0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047 },
        { 0.2126729, 0.7151522, 0.0721750 },
        { 0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883 }
    };
    const double stored[3] = { linear(c.r), linear(c.g), linear(c.b) };
    double seen[3], f[3];
    for (int r = 0; r < 3; r++) {
        seen[r] = 0;
        for (int k = 0; k < 3; k++) seen[r] += eyes[eye][r][k] * stored[k];
        seen[r] = fmin(fmax(seen[r], 0), 1);
    }
    for (int r = 0; r < 3; r++) {
        const double t = m[r][0] * seen[0] + m[r][1] * seen[1] + m[r][2] * seen[2];
        f[r] = t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
    }
    lab[0] = 116 * f[1] - 16;
    lab[1] = 500 * (f[0] - f[1]);
    lab[2] = 200 * (f[1] - f[2]);
}

static double apart(const double a[3], const double b[3])
{
    return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                (a[2] - b[2]) * (a[2] - b[2]));
}

enum { STEPS = 64 };

static void ramp(double lab[STEPS + 1][3], lar_colour (*map)(double), double low, double high,
                 int eye)
{
    for (int n = 0; n <= STEPS; n++) lab_of(lab[n], map(low + (high - low) * n / STEPS), eye);
}

static void steps_are_even(void **state)
{
    (void)state;
    const struct {
        lar_colour (*map)(double);
        double low, high;
        int bends; /* a step over one is shorter */
    } maps[] = { { lar_colour_sequential, 0, 1, 0 },
                 { lar_colour_diverging, 0, 1, 1 },
                 { lar_colour_diverging, 0, -1, 1 } };
    for (int m = 0; m < 3; m++) {
        double lab[STEPS + 1][3], pace;
        int uneven = 0;
        ramp(lab, maps[m].map, maps[m].low, maps[m].high, 0);
        pace = apart(lab[1], lab[2]);
        assert_true(pace > 1);
        for (int n = 0; n < STEPS; n++) {
            uneven += fabs(apart(lab[n], lab[n + 1]) - pace) > 0.01 * pace;
            assert_true(lab[n + 1][0] > lab[n][0]); /* ever lighter */
        }
        assert_int_equal(uneven, maps[m].bends);
    }
}

static void any_eye_sees_the_order(void **state)
{
    (void)state;
    for (int eye = 0; eye < 3; eye++) {
        double lab[STEPS + 1][3], other[STEPS + 1][3];
        ramp(lab, lar_colour_sequential, 0, 1, eye);
        for (int n = 0; n + 4 <= STEPS; n++) { /* a sixteenth of the map; 2.3 is seen */
            assert_true(lab[n + 1][0] > lab[n][0] + 0.4);
            assert_true(apart(lab[n], lab[n + 4]) > 3.5);
        }
        for (int n = 0; n <= STEPS; n++) /* no two places are alike */
            for (int k = n + 8; k <= STEPS; k++) assert_true(apart(lab[n], lab[k]) > 7);
        ramp(lab, lar_colour_diverging, 0, 1, eye);
        ramp(other, lar_colour_diverging, 0, -1, eye);
        for (int n = STEPS / 4; n <= STEPS; n++) { /* the sides are told apart, not by lightness */
            assert_true(apart(lab[n], other[n]) > 25);
            assert_true(fabs(lab[n][0] - other[n][0]) < 8);
        }
    }
}

static void labels_are_told_apart(void **state)
{
    (void)state;
    double lab[LAR_LABEL_COLOURS][3];
    for (int n = 0; n < LAR_LABEL_COLOURS; n++) lab_of(lab[n], lar_colour_label(n), 0);
    for (int n = 0; n < LAR_LABEL_COLOURS; n++) {
        assert_true(hypot(lab[n][1], lab[n][2]) > 25); /* no grey */
        for (int k = 0; k < n; k++) assert_true(apart(lab[n], lab[k]) > 26);
    }
    assert_int_equal(lar_colour_pixel(lar_colour_label(LAR_LABEL_COLOURS + 3)),
                     lar_colour_pixel(lar_colour_label(3)));
}

static void another_program_agrees(void **state)
{
    (void)state;
    char *text;
    size_t size;
    int count = 0;
    CHECK_OK(lar_file_read(&text, &size, TEST_SOURCE "/tests/golden/colours.txt", 1 << 20));
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1, count++) {
        char kind[16];
        double at, rgb[3];
        assert_int_equal(sscanf(line, "%15s %lf %lf %lf %lf", kind, &at, rgb, rgb + 1, rgb + 2), 5);
        const bool label = lar_text_is(kind, "label");
        const lar_colour c = label ? lar_colour_label((int64_t)at) : lar_colour_sequential(at);
        const double found[3] = { c.r, c.g, c.b };
        for (int n = 0; n < 3; n++) CHECK_NEAR(255 * found[n], rgb[n], label ? 1e-9 : 0.1);
    }
    assert_int_equal(count, 33 + LAR_LABEL_COLOURS);
    lar_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_even),
        cmocka_unit_test(any_eye_sees_the_order),
        cmocka_unit_test(labels_are_told_apart),
        cmocka_unit_test(another_program_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
