/* Small pictures: what they show, that other libraries read them, and the histogram of a head.
 * SPDX-License-Identifier: Apache-2.0 */
#include "pictures.h"
#include "report/page/palette_png.h"
#include "report/report.h"

typedef struct stream {
    const lar_text *text;
    size_t at;
} stream;

static cairo_status_t next(void *user, unsigned char *bytes, unsigned int count)
{
    stream *s = user;
    if (s->text->length - s->at < count) return CAIRO_STATUS_READ_ERROR;
    memcpy(bytes, s->text->at + s->at, count);
    s->at += count;
    return CAIRO_STATUS_SUCCESS;
}

/* Read by cairo, and so by libpng, which wrote none of them. */
static cairo_surface_t *decoded(const lar_text *png)
{
    stream s = { png, 0 };
    cairo_surface_t *out = cairo_image_surface_create_from_png_stream(next, &s);
    assert_int_equal(cairo_surface_status(out), CAIRO_STATUS_SUCCESS);
    return out;
}

static uint32_t dot(cairo_surface_t *s, int x, int y)
{
    const unsigned char *row =
        cairo_image_surface_get_data(s) + y * cairo_image_surface_get_stride(s);
    return ((const uint32_t *)(const void *)row)[x] & 0xffffff;
}

static void test_palette(void **state)
{
    (void)state;
    enum { SIDE = 37 };
    uint32_t few[SIDE * SIDE], many[SIDE * SIDE];
    for (int n = 0; n < SIDE * SIDE; n++) {
        few[n] = n % 3 == 0 ? 0xff0000 : n % 3 == 1 ? 0x00ff00 : 0xffffff;
        many[n] = (uint32_t)n * 12289u & 0xffffff; /* all of them differ */
    }
    lar_text png = { 0 };
    CHECK_OK(lar_palette_png(&png, few, SIDE, SIDE));
    cairo_surface_t *s = decoded(&png);
    for (int n = 0; n < SIDE * SIDE; n++) assert_int_equal(dot(s, n % SIDE, n / SIDE), few[n]);
    cairo_surface_destroy(s);
    lar_text_clear(&png);
    CHECK_OK(lar_palette_png(&png, many, SIDE, SIDE));
    s = decoded(&png);
    for (int n = 0; n < SIDE * SIDE; n++)
        for (int shift = 0; shift < 24; shift += 8) {
            const int a = many[n] >> shift & 255, b = dot(s, n % SIDE, n / SIDE) >> shift & 255;
            assert_true(abs(a - b) <= 128 / 3 + 1); /* two bits are four steps of 85 */
        }
    cairo_surface_destroy(s);
    lar_text_clear(&png);
    CHECK_OK(lar_palette_png(&png, few, 1, 1));
    s = decoded(&png);
    assert_int_equal(dot(s, 0, 0), few[0]);
    cairo_surface_destroy(s);
    lar_text_clear(&png);
}

/* Bright on the patient's right, and above. */
static double sided(const double xyz[3])
{
    return distance(xyz) > 60 ? 0 : 100 + (xyz[0] > 0 ? 60 : 0) + (xyz[2] > 0 ? 30 : 0);
}

static void test_planes(void **state)
{
    (void)state;
    const lar_grid grid = box_grid(2, 2, 3, 160);
    lar_image *image = fill(&grid, sided, LAR_F32), *turned = NULL;
    lar_glance *g, *other;
    lar_text png = { 0 }, again = { 0 };
    CHECK_OK(lar_glance_new(&g, image));
    const lar_glance_params axial = { .planes = LAR_GLANCE_AXIAL, .longest = 64 };
    CHECK_OK(lar_glance_png(&png, g, image, &axial));
    cairo_surface_t *s = decoded(&png);
    const int w = cairo_image_surface_get_width(s), h = cairo_image_surface_get_height(s);
    assert_true(w <= 64 && h <= 64 && (w == 64 || h == 64));
    /* the patient's left is on the left */
    assert_true((dot(s, 3 * w / 4, h / 2) & 255) > (dot(s, w / 4, h / 2) & 255) + 40);
    cairo_surface_destroy(s);

    /* stored in another order of axes, it is the same picture */
    CHECK_OK(lar_image_reorient(&turned, image, "PIL"));
    CHECK_OK(lar_glance_new(&other, turned));
    CHECK_OK(lar_glance_png(&again, other, turned, &axial));
    assert_int_equal(png.length, again.length);
    assert_memory_equal(png.at, again.at, png.length);
    lar_glance_free(other);
    lar_image_free(turned);
    lar_text_clear(&again);

    const lar_glance_params beside = { .planes = LAR_GLANCE_BESIDE, .longest = 64 };
    lar_text_clear(&png);
    CHECK_OK(lar_glance_png(&png, g, image, &beside));
    s = decoded(&png);
    const int wide = cairo_image_surface_get_width(s), high = cairo_image_surface_get_height(s);
    assert_true(wide > 2 * w && high <= 64);
    /* coronal: the head is above */
    assert_true((dot(s, w + 3 + w / 4, high / 3) & 255) >
                (dot(s, w + 3 + w / 4, 2 * high / 3) & 255) + 20);
    cairo_surface_destroy(s);
    const lar_glance_params below = { .planes = LAR_GLANCE_BELOW, .longest = 64 };
    lar_text_clear(&png);
    CHECK_OK(lar_glance_png(&png, g, image, &below));
    s = decoded(&png);
    assert_true(cairo_image_surface_get_height(s) > 2 * h);
    cairo_surface_destroy(s);
    lar_text_clear(&png);
    lar_glance_free(g);
    lar_image_free(image);
}

static double head_scene(const double xyz[3])
{
    return head(xyz);
}

static double shifted(const double xyz[3])
{
    return head((double[3]){ xyz[0] - 12, xyz[1], xyz[2] });
}

static double radius_mm;

static double ball(const double xyz[3])
{
    return distance(xyz) < radius_mm;
}

static int count_orange(const lar_text *png)
{
    int orange = 0;
    cairo_surface_t *s = decoded(png);
    for (int y = 0; y < cairo_image_surface_get_height(s); y++)
        for (int x = 0; x < cairo_image_surface_get_width(s); x++)
            orange += (int)(dot(s, x, y) >> 16) - (int)(dot(s, x, y) & 255) > 60;
    cairo_surface_destroy(s);
    return orange;
}

/* The outline of a ball is as long as its circumference; that of nothing is nowhere. */
static void test_outline(void **state)
{
    (void)state;
    const lar_grid grid = box_grid(2, 2, 2, 150);
    lar_image *image = fill(&grid, head_scene, LAR_F32);
    const lar_glance_params how = { .planes = LAR_GLANCE_BESIDE, .longest = 96 };
    lar_glance *g;
    int orange[3];
    CHECK_OK(lar_glance_new(&g, image));
    for (int n = 0; n < 3; n++) {
        lar_text png = { 0 };
        radius_mm = 20 * n;
        lar_image *mask = fill(&grid, ball, LAR_U8);
        CHECK_OK(lar_glance_outline_png(&png, g, image, mask, &how));
        orange[n] = count_orange(&png);
        lar_text_clear(&png);
        lar_image_free(mask);
    }
    assert_int_equal(orange[0], 0);
    assert_true(orange[1] > 60);
    assert_true(orange[2] > 1.6 * orange[1] && orange[2] < 2.5 * orange[1]);
    lar_glance_free(g);
    lar_image_free(image);
}

/* Contours are orange, on the image and away from it; equal images differ by nothing. */
static void test_colours(void **state)
{
    (void)state;
    const lar_grid grid = box_grid(2, 2, 2, 150);
    lar_image *a = fill(&grid, head_scene, LAR_F32), *b = fill(&grid, shifted, LAR_F32);
    const lar_glance_params how = { .planes = LAR_GLANCE_BESIDE, .longest = 96 };
    lar_glance *g;
    lar_text png = { 0 };
    double limit = NAN;
    CHECK_OK(lar_glance_new(&g, a));
    CHECK_OK(lar_glance_contours_png(&png, g, a, b, &how));
    cairo_surface_t *s = decoded(&png);
    int orange = 0, colours = 0;
    for (int y = 0; y < cairo_image_surface_get_height(s); y++)
        for (int x = 0; x < cairo_image_surface_get_width(s); x++) {
            const uint32_t p = dot(s, x, y);
            orange += (p >> 16) > 200 && (p & 255) < 60;
        }
    assert_true(orange > 100);
    cairo_surface_destroy(s);

    lar_text_clear(&png);
    CHECK_OK(lar_glance_difference_png(&png, &limit, g, a, a, &how));
    CHECK_NEAR(limit, 0, 0);
    s = decoded(&png);
    const uint32_t none =
        dot(s, cairo_image_surface_get_width(s) / 6, cairo_image_surface_get_height(s) / 2);
    assert_true((none >> 16) < 60 && (none & 255) < 60); /* nearly black */
    cairo_surface_destroy(s);

    lar_text_clear(&png);
    limit = NAN;
    CHECK_OK(lar_glance_difference_png(&png, &limit, g, a, b, &how));
    assert_true(limit > 5);
    s = decoded(&png);
    for (int y = 0; y < cairo_image_surface_get_height(s); y++)
        for (int x = 0; x < cairo_image_surface_get_width(s); x++) {
            const uint32_t p = dot(s, x, y);
            colours += abs((int)(p >> 16) - (int)(p & 255)) > 60;
        }
    assert_true(colours > 100);
    cairo_surface_destroy(s);
    lar_text_clear(&png);
    lar_glance_free(g);
    lar_image_free(a);
    lar_image_free(b);
}

static double sum(const double *at, int64_t count)
{
    double out = 0;
    for (int64_t n = 0; n < count; n++) out += at[n];
    return out;
}

static void test_counts(void **state)
{
    (void)state;
    const lar_grid grid = box_grid(2, 2, 2, 150);
    lar_image *image = fill(&grid, head_scene, LAR_F32);
    lar_glance *g;
    lar_glance_counts c, line;
    double bins[50], twice[LAR_GLANCE_BINS];
    CHECK_OK(lar_glance_new(&g, image));
    CHECK_OK(lar_glance_count(&c, g, image));
    const double all = sum(c.at, LAR_GLANCE_BINS);
    assert_true(all > 2000);
    assert_true(c.low < 300 && c.high > 500);
    /* a straight map of the values moves the bins and nothing else */
    for (int64_t n = 0; n < lar_image_voxel_count(image); n++)
        ((float *)image->voxels)[n] = 4 * ((float *)image->voxels)[n] - 1000;
    CHECK_OK(lar_glance_count(&line, g, image));
    CHECK_NEAR(line.low, 4 * c.low - 1000, 1e-3);
    CHECK_NEAR(line.high, 4 * c.high - 1000, 1e-3);
    double apart = 0;
    for (int n = 0; n < LAR_GLANCE_BINS; n++) apart += fabs(c.at[n] - line.at[n]);
    assert_true(apart <= 0.01 * all); /* float32 rounds a few over an edge */
    /* in other bins it is as many; in its own the same; in half as many, pairs */
    lar_glance_recount(bins, c.low - 10, c.high + 33, 50, &c);
    CHECK_NEAR(sum(bins, 50), all, 1e-9 * all);
    lar_glance_recount(twice, c.low, c.high, LAR_GLANCE_BINS, &c);
    for (int n = 0; n < LAR_GLANCE_BINS; n++) CHECK_NEAR(twice[n], c.at[n], 1e-6 * all);
    lar_glance_recount(twice, c.low, c.high, LAR_GLANCE_BINS / 2, &c);
    for (int n = 0; n < LAR_GLANCE_BINS / 2; n++)
        CHECK_NEAR(twice[n], c.at[2 * n] + c.at[2 * n + 1], 1e-6 * all);
    lar_glance_recount(bins, c.high + 1, c.high + 2, 50, &c);
    CHECK_NEAR(sum(bins, 50), 0, 0);
    lar_glance_recount(bins, 1, 1, 50, &c);
    CHECK_NEAR(sum(bins, 50), 0, 0);
    lar_glance_free(g);
    lar_image_free(image);
}

static double nowhere(const double xyz[3])
{
    return xyz[0] > 0 ? NAN : 0.5;
}

static double flat(const double xyz[3])
{
    (void)xyz;
    return -3;
}

/* Nothing to see is a picture too. */
static void test_odd(void **state)
{
    (void)state;
    static const scene_fn scenes[] = { nowhere, flat, sided };
    const lar_glance_params how = { .planes = LAR_GLANCE_BESIDE, .longest = 32 };
    for (int n = 0; n < 6; n++) {
        const lar_grid grid = n < 3
                                  ? box_grid(3, 3, 3, 40)
                                  : (lar_grid){ .size = { 1, 1, n - 2 },
                                                .to_world = { { { 1 }, { 0, 1 }, { 0, 0, 1 } } } };
        lar_image *image = fill(&grid, scenes[n % 3], LAR_F32);
        lar_glance *g;
        lar_glance_counts counts;
        lar_text png = { 0 };
        CHECK_OK(lar_glance_new(&g, image));
        CHECK_OK(lar_glance_png(&png, g, image, &how));
        cairo_surface_destroy(decoded(&png));
        CHECK_OK(lar_glance_count(&counts, g, image));
        for (int b = 0; b < LAR_GLANCE_BINS; b++) assert_true(isfinite(counts.at[b]));
        lar_text_clear(&png);
        CHECK_FAILS(
            lar_glance_png(&png, g, image, &(lar_glance_params){ .planes = 0, .longest = 0 }),
            LAR_EARGUMENT, "expected 8 to 1024");
        lar_text_clear(&png);
        lar_glance_free(g);
        lar_image_free(image);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_palette), cmocka_unit_test(test_planes),
        cmocka_unit_test(test_outline), cmocka_unit_test(test_colours),
        cmocka_unit_test(test_counts),  cmocka_unit_test(test_odd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
