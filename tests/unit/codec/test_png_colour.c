/* Pictures in colour: another library reads back every pixel.
 * SPDX-License-Identifier: Apache-2.0 */
#include <cairo.h>

#include "check.h"
#include "codec/codec.h"
#include "math/math.h"

typedef struct bytes {
    const unsigned char *at;
    size_t left;
} bytes;

static cairo_status_t take(void *user, unsigned char *out, unsigned int count)
{
    bytes *b = user;
    if (b->left < count) return CAIRO_STATUS_READ_ERROR;
    memcpy(out, b->at, count);
    b->at += count;
    b->left -= count;
    return CAIRO_STATUS_SUCCESS;
}

static void check_back(const uint32_t *pixels, int64_t width, int64_t height, int64_t stride)
{
    unsigned char *png;
    size_t count;
    CHECK_OK(lar_png_write_colour(&png, &count, pixels, width, height, stride));
    bytes b = { png, count };
    cairo_surface_t *surface = cairo_image_surface_create_from_png_stream(take, &b);
    assert_int_equal(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
    assert_int_equal(b.left, 0);
    assert_int_equal(cairo_image_surface_get_width(surface), width);
    assert_int_equal(cairo_image_surface_get_height(surface), height);
    for (int64_t y = 0; y < height; y++) {
        const unsigned char *row =
            cairo_image_surface_get_data(surface) + y * cairo_image_surface_get_stride(surface);
        for (int64_t x = 0; x < width; x++) {
            uint32_t found;
            memcpy(&found, row + 4 * x, 4);
            assert_int_equal(found & 0xffffff, pixels[y * stride + x] & 0xffffff);
        }
    }
    cairo_surface_destroy(surface);
    lar_free(png);
}

/* Noise, a ramp (for each filter its kind of row), one colour; also rows that are part of longer
 * ones, with anything in the byte that is not used. */
static void pixels_come_back(void **state)
{
    (void)state;
    static const int64_t sizes[][2] = { { 1, 1 }, { 2, 1 }, { 1, 7 }, { 33, 20 }, { 300, 5 } };
    for (int s = 0; s < 5; s++)
        for (int kind = 0; kind < 4; kind++) {
            const int64_t width = sizes[s][0], height = sizes[s][1], stride = width + 3;
            uint32_t *pixels = lar_alloc(stride * height, sizeof *pixels);
            for (int64_t n = 0; n < stride * height; n++) {
                uint32_t bits[4];
                const uint32_t x = (uint32_t)(n % stride), y = (uint32_t)(n / stride);
                lar_random_bits(bits, 7, 0, (uint64_t)n);
                pixels[n] = kind == 0   ? bits[0]
                            : kind == 1 ? 0xff000000 | x * 0x10203
                            : kind == 2 ? y * 0x30201
                                        : (x + y) * 0x10101 | 0x800000;
            }
            check_back(pixels, width, height, stride);
            lar_free(pixels);
        }
}

static void bad_calls_are_refused(void **state)
{
    (void)state;
    unsigned char *png;
    size_t count;
    const uint32_t pixel = 0;
    CHECK_FAILS(lar_png_write_colour(&png, &count, &pixel, 0, 1, 1), LAR_EARGUMENT, "0 x 1 pixels");
    CHECK_FAILS(lar_png_write_colour(&png, &count, &pixel, 1, -1, 1), LAR_EARGUMENT, "-1 pixels");
    for (int64_t n = 1;; n++) {
        lar_alloc_fail_at(n, true);
        const lar_status status = lar_png_write_colour(&png, &count, &pixel, 1, 1, 1);
        lar_alloc_fail_at(0, false);
        if (status == LAR_OK) break;
        assert_int_equal(status, LAR_EMEMORY);
        assert_null(png);
    }
    lar_free(png);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_come_back),
        cmocka_unit_test(bad_calls_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
