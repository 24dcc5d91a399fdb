/* Laws of plots: ticks are round and read back, gaps are gaps, a diverged tail squashes nothing.
 * SPDX-License-Identifier: Apache-2.0 */
#include "pictures.h"
#include "report/axis.h"
#include "report/colour.h"
#include "report/report.h"

/* The number a tick's text stands for; the true minus sign is three bytes. */
static double text_value(const char *text)
{
    char plain[64];
    size_t used = 0;
    double value = NAN;
    for (const char *c = text; *c; c++) {
        const bool minus = lar_text_starts(c, "\xe2\x88\x92");
        plain[used++] = minus ? '-' : *c;
        c += minus ? 2 : 0;
    }
    plain[used] = 0;
    assert_true(lar_parse_real(&value, plain));
    return value;
}

static void linear_ticks_are_round(void **state)
{
    (void)state;
    const double ranges[][2] = { { 0, 1 },       { -3, 4 },      { 0.123, 0.1239 },
                                 { 1e-9, 3e-9 }, { -1e6, -2e5 }, { 99.5, 1234567 },
                                 { -0.7, 0.7 },  { 5, 5.001 },   { 1e20, 9e20 } };
    for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
        lar_ticks t;
        const double low = ranges[r][0], high = ranges[r][1];
        lar_ticks_linear(&t, low, high, 7);
        assert_in_range(t.count, 3, 9);
        const double step = t.at[1] - t.at[0], lead = step / pow(10, floor(log10(step) + 1e-6));
        assert_true(fabs(lead - 1) < 1e-6 || fabs(lead - 2) < 1e-6 || fabs(lead - 5) < 1e-6);
        for (int n = 0; n < t.count; n++) {
            assert_true(t.at[n] >= low - 1e-6 * step && t.at[n] <= high + 1e-6 * step);
            CHECK_NEAR(text_value(t.text[n]), t.at[n], 1e-5 * fmax(fabs(low), fabs(high)));
            if (n) CHECK_NEAR(t.at[n] - t.at[n - 1], step, 1e-6 * step);
        }
    }
    lar_ticks none;
    lar_ticks_linear(&none, 1, 1, 7);
    assert_int_equal(none.count, 0);
    lar_ticks_linear(&none, NAN, 1, 7);
    assert_int_equal(none.count, 0);
}

static void logarithmic_ticks_are_powers_of_ten(void **state)
{
    (void)state;
    const double ranges[][2] = {
        { 1e-7, 10 }, { 0.02, 3 }, { 1e-300, 1e300 }, { 5, 900 }, { 1, 1.5 }
    };
    for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
        lar_ticks t;
        int numbered = 0;
        lar_ticks_log(&t, ranges[r][0], ranges[r][1], 8);
        for (int n = 0; n < t.count; n++) {
            assert_true(t.at[n] >= 0.999999 * ranges[r][0] && t.at[n] <= 1.000001 * ranges[r][1]);
            if (n) assert_true(t.at[n] > t.at[n - 1]);
            if (!t.text[n][0]) continue;
            numbered++;
            CHECK_NEAR(text_value(t.text[n]) / t.at[n], 1, 1e-6);
        }
        assert_in_range(numbered, 2, 12);
    }
}

static void numbers_in_words(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *words;
    } cases[] = { { 0, "0" },
                  { -0.0, "0" },
                  { -1.5, "\xe2\x88\x92"
                          "1.5" },
                  { 1e-7, "1e\xe2\x88\x92"
                          "7" },
                  { 1e6, "1e6" },
                  { 1e10, "1e10" },
                  { 1e100, "1e100" },
                  { 1234, "1234" },
                  { 2e-10, "2e\xe2\x88\x92"
                           "10" } };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        char words[LAR_TICK_ROOM];
        lar_number_words(words, cases[n].value, 6);
        assert_string_equal(words, cases[n].words);
    }
    CHECK_NEAR(lar_round_up(0.61), 0.8, 1e-12);
    CHECK_NEAR(lar_round_up(500), 500, 1e-9);
    CHECK_NEAR(lar_round_down(0.61), 0.5, 1e-12);
    CHECK_NEAR(lar_round_down(200), 200, 1e-9);
}

static double lab_of(const lar_colour *colour, int part)
{
    const double rgb[3] = { colour->r, colour->g, colour->b };
    double linear[3], f[3];
    static const double to_xyz[3][3] = { { 0.4124564, 0.3575761, 0.1804375 },
                                         { 0.2126729, 0.7151522, 0.0721750 },
                                         { 0.0193339, 0.1191920, 0.9503041 } };
    static const double white[3] = { 0.95047, 1, 1.08883 };
    for (int n = 0; n < 3; n++)
        linear[n] = rgb[n] <= 0.04045 ? rgb[n] / 12.92 : pow((rgb[n] + 0.055) / 1.055, 2.4);
    for (int n = 0; n < 3; n++) {
        double t = 0;
        for (int m = 0; m < 3; m++) t += to_xyz[n][m] * linear[m];
        t /= white[n];
        f[n] = t > pow(6.0 / 29, 3) ? cbrt(t) : t * 841 / 108 + 4.0 / 29;
    }
    return part == 0 ? 116 * f[1] - 16 : part == 1 ? 500 * (f[0] - f[1]) : 200 * (f[1] - f[2]);
}

/* Equal differences look equally far apart, on both sides, and none is outside of sRGB. */
static void differences_are_even(void **state)
{
    (void)state;
    double first = 0;
    for (int side = -1; side <= 1; side += 2)
        for (int n = 0; n < 20; n++) {
            const lar_colour a = lar_colour_diverging(side * n / 20.0),
                             b = lar_colour_diverging(side * (n + 1) / 20.0);
            double square = 0;
            for (int part = 0; part < 3; part++)
                square += pow(lab_of(&a, part) - lab_of(&b, part), 2);
            if (first == 0) first = sqrt(square);
            CHECK_NEAR(sqrt(square) / first, 1, 0.05);
            assert_true(lab_of(&b, 0) > lab_of(&a, 0));
        }
    for (int n = 0; n <= 20; n++) { /* the sides differ in hue alone */
        const lar_colour a = lar_colour_diverging(-n / 20.0), b = lar_colour_diverging(n / 20.0);
        CHECK_NEAR(lab_of(&a, 0), lab_of(&b, 0), 0.1);
    }
}

typedef struct ink {
    int64_t count;
    double low_x, high_x, low_y, high_y;
} ink;

/* Pixels of the first curve's colour. */
static ink ink_of(const char *path)
{
    ink found = { 0, 1e9, -1, 1e9, -1 };
    cairo_surface_t *surface = cairo_image_surface_create_from_png(path);
    assert_int_equal(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
    for (int y = 0; y < cairo_image_surface_get_height(surface); y++)
        for (int x = 0; x < cairo_image_surface_get_width(surface); x++) {
            uint32_t pixel;
            memcpy(&pixel,
                   cairo_image_surface_get_data(surface) +
                       y * cairo_image_surface_get_stride(surface) + 4 * x,
                   4);
            if ((pixel & 0xffffff) != lar_colour_pixel(lar_colour_series(0))) continue;
            found.count++;
            found.low_x = fmin(found.low_x, x);
            found.high_x = fmax(found.high_x, x);
            found.low_y = fmin(found.low_y, y);
            found.high_y = fmax(found.high_y, y);
        }
    cairo_surface_destroy(surface);
    return found;
}

static ink draw(const lar_plot_params *params, const double *x, const double *y, int64_t count)
{
    const lar_series series = { .x = x, .y = y, .count = count };
    CHECK_OK(lar_plot(params, &series, 1, file("plot.png"), true));
    return ink_of(file("plot.png"));
}

static void few_and_odd_points_are_drawn(void **state)
{
    (void)state;
    const lar_plot_params kinds[] = { { 0 },
                                      { .log_x = true },
                                      { .log_y = true, .robust_y = true },
                                      { .log_x = true, .log_y = true, .robust_y = true } };
    for (int k = 0; k < 4; k++) {
        const lar_plot_params *p = &kinds[k];
        const double y[] = { 5, NAN, INFINITY, -INFINITY, 7, 1e-320, 6 },
                     gone[] = { NAN, INFINITY };
        assert_int_equal(draw(p, NULL, NULL, 0).count, 0);
        assert_int_equal(draw(p, NULL, gone, 2).count, 0);
        const ink one = draw(p, NULL, y, 1);
        assert_true(one.count > 5 && one.high_x - one.low_x < 8); /* a dot */
        assert_true(draw(p, NULL, y, 7).count > 10);
        CHECK_OK(lar_plot(p, NULL, 0, file("plot.png"), true));
    }
    const double vast[] = { -1.7e308, 1.7e308 };
    const lar_series series = { .y = vast, .count = 2 };
    CHECK_FAILS(lar_plot(&kinds[0], &series, 1, file("vast.png"), true), LAR_ENUMERIC, "too far");
    assert_false(lar_path_exists(file("vast.png")));
}

static void gaps_are_gaps(void **state)
{
    (void)state;
    double y[100];
    const lar_plot_params p = { 0 };
    for (int n = 0; n < 100; n++) y[n] = 1;
    const ink whole = draw(&p, NULL, y, 100);
    for (int n = 0; n < 50; n++) y[n] = NAN;
    const ink half = draw(&p, NULL, y, 100); /* the axis begins where the points do */
    CHECK_NEAR(half.low_x, whole.low_x, 2);
    y[0] = 1;
    y[49] = 1;
    for (int n = 20; n < 30; n++) y[n] = 1;
    const ink broken = draw(&p, NULL, y, 100);
    CHECK_NEAR(broken.low_x, whole.low_x, 4);
    CHECK_NEAR(broken.high_x, whole.high_x, 2);
    CHECK_NEAR((double)broken.count / (double)whole.count, 0.62, 0.05);
}

/* The lowest row with the first curve's colour in a column of the page. */
static int row_of_curve(const char *path, int column)
{
    int found = -1;
    cairo_surface_t *surface = cairo_image_surface_create_from_png(path);
    for (int y = 0; y < cairo_image_surface_get_height(surface); y++) {
        uint32_t pixel;
        memcpy(&pixel,
               cairo_image_surface_get_data(surface) + y * cairo_image_surface_get_stride(surface) +
                   4 * column,
               4);
        if ((pixel & 0xffffff) == lar_colour_pixel(lar_colour_series(0))) found = y;
    }
    cairo_surface_destroy(surface);
    return found;
}

static void a_diverged_tail_squashes_nothing(void **state)
{
    (void)state;
    double y[100];
    for (int n = 0; n < 100; n++) y[n] = n < 95 ? 2 - 0.015 * n : pow(10, 2 * (n - 94));
    for (int robust = 0; robust < 2; robust++) {
        const lar_plot_params p = { .robust_y = robust };
        draw(&p, NULL, y, 100);
        const int drop = row_of_curve(file("plot.png"), 700) - row_of_curve(file("plot.png"), 160);
        assert_true(robust ? drop > 120 : drop < 5);
    }
}

static void everything_at_once(void **state)
{
    (void)state;
    double x[300], y[300], z[300];
    for (int n = 0; n < 300; n++) {
        x[n] = pow(10, n / 50.0 - 5);
        y[n] = 1 / (1 + x[n]);
        z[n] = y[n] + 0.1 * sin(n);
    }
    const lar_mark marks[] = {
        { 1e-3, y[100], "one" },
        { 1e-3, NAN, "line" },
        { NAN, 1, "nowhere" },
        { 1e9, 1, "outside" },
        { 1, 1e9, "above \xff" },
        { 2, 0.3, NULL },
        { 9, 0.1, "a text that is much too long to stand on the right side of it" }
    };
    const lar_series series[] = {
        { .name = "raw", .x = x, .y = z, .count = 300, .faint = true },
        { .name = "mean", .x = x, .y = y, .count = 300 },
        { .name = "dashed", .x = x, .y = z, .count = 300, .dashed = true },
        { .name = "one of many", .x = x, .y = y, .count = 300, .thin = true },
        { .name = "picked", .x = x, .y = z, .count = 300, .dark = true },
        { .x = x, .y = y, .count = 2 }
    };
    const lar_plot_params p = { .title = "title",
                                .x_label = "x",
                                .y_label = "y",
                                .log_x = true,
                                .marks = marks,
                                .mark_count = 7,
                                .width = 640,
                                .height = 400 };
    static const char *const names[] = { "all.png", "all.svg", "all.pdf" };
    for (int n = 0; n < 3; n++) CHECK_OK(lar_plot(&p, series, 6, file(names[n]), false));
    CHECK_FAILS(lar_plot(&p, series, 6, file("all.svg"), false), LAR_EEXISTS, "exists already");
    CHECK_FAILS(lar_plot(&p, series, 6, file("all.gif"), false), LAR_EARGUMENT, "which kind");
    const lar_plot_params small = { .width = 10 };
    CHECK_FAILS(lar_plot(&small, series, 6, file("b.png"), false), LAR_EARGUMENT, "10 x 600");
    for (int64_t n = 1;; n++) {
        lar_alloc_fail_at(n, true);
        const lar_status status = lar_plot(&p, series, 6, file("memory.svg"), false);
        lar_alloc_fail_at(0, false);
        if (status == LAR_OK) break;
        assert_int_equal(status, LAR_EMEMORY);
        assert_false(lar_path_exists(file("memory.svg")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_ticks_are_round),
        cmocka_unit_test(logarithmic_ticks_are_powers_of_ten),
        cmocka_unit_test(numbers_in_words),
        cmocka_unit_test(differences_are_even),
        cmocka_unit_test(few_and_odd_points_are_drawn),
        cmocka_unit_test(gaps_are_gaps),
        cmocka_unit_test(a_diverged_tail_squashes_nothing),
        cmocka_unit_test(everything_at_once),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
