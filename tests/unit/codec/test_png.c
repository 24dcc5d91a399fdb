/* PNG in memory: there and back, and every way to be damaged.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "codec/codec.h"

static unsigned char pixels[13 * 7 * 2];

static void make(unsigned char **file, size_t *count, lar_type type, int level)
{
    static char words[] = "larmor's words";
    const lar_png what = {
        .width = 13, .height = 7, .type = type, .per_metre = { 1250, 800 }, .text = words
    };
    for (size_t n = 0; n < sizeof pixels; n++) pixels[n] = (unsigned char)(n * n * 37);
    CHECK_OK(lar_png_write(file, count, &what, pixels, level));
}

static void check_same(const unsigned char *back, const lar_png *got, lar_type type)
{
    assert_int_equal(got->width, 13);
    assert_int_equal(got->height, 7);
    assert_int_equal(got->type, type);
    CHECK_NEAR(got->per_metre[0], 1250, 0);
    CHECK_NEAR(got->per_metre[1], 800, 0);
    assert_string_equal(got->text, "larmor's words");
    assert_memory_equal(back, pixels, 91 * lar_type_size(type));
}

static void written_is_read_again(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++)
        for (int level = 0; level <= 12; level += 3) {
            const lar_type type = wide ? LAR_U16 : LAR_U8;
            unsigned char *file, *back;
            size_t count;
            lar_png got;
            make(&file, &count, type, level);
            assert_true(lar_png_is(file, count));
            CHECK_OK(lar_png_read(&back, &got, file, count, "x.png"));
            check_same(back, &got, type);
            lar_png_clear(&got);
            lar_free(back);
            CHECK_OK(lar_png_look(&got, file, count, "x.png"));
            assert_string_equal(got.text, "larmor's words");
            lar_png_clear(&got);
            lar_free(file);
        }
}

/* Every chunk has a checksum: an error, or what was written (in the length of the last chunk, which
 * is read no more, or in spare bits of deflate). */
static void a_flipped_bit_is_an_error_or_nothing(void **state)
{
    (void)state;
    unsigned char *file, *back;
    size_t count;
    lar_png got;
    int64_t refused = 0, same = 0;
    make(&file, &count, LAR_U16, 6);
    for (size_t bit = 0; bit < 8 * count; bit++) {
        file[bit / 8] = (unsigned char)(file[bit / 8] ^ 1U << bit % 8);
        if (lar_png_read(&back, &got, file, count, "x.png") == LAR_OK) {
            check_same(back, &got, LAR_U16);
            lar_free(back);
            same++;
        } else {
            assert_null(back);
            refused++;
        }
        lar_png_clear(&got);
        file[bit / 8] = (unsigned char)(file[bit / 8] ^ 1U << bit % 8);
    }
    if (same > refused / 100)
        fail_msg("%lld of %zu bits change nothing", (long long)same, 8 * count);
    lar_free(file);
}

static void every_truncation_is_an_error(void **state)
{
    (void)state;
    unsigned char *file, *back;
    size_t count;
    lar_png got;
    make(&file, &count, LAR_U8, 6);
    for (size_t cut = 0; cut < count; cut++) {
        unsigned char *part = lar_alloc_raw((int64_t)cut, 1);
        assert_non_null(part);
        memcpy(part, file, cut);
        if (lar_png_read(&back, &got, part, cut, "x.png") == LAR_OK)
            fail_msg("cut to %zu of %zu bytes it is read", cut, count);
        assert_null(back);
        lar_png_clear(&got);
        lar_free(part);
    }
    lar_free(file);
}

/* Two thousand million columns and rows, with a right checksum. */
static void sizes_beyond_the_file_cost_nothing(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = { { 0x7fffffff, 0x7fffffff },
                                         { 1 << 20, 1 << 20 },
                                         { 30000, 30000 } };
    unsigned char *file, *back;
    size_t count;
    lar_png got;
    make(&file, &count, LAR_U8, 6);
    for (size_t n = 0; n < sizeof sizes / sizeof *sizes; n++) {
        for (int b = 0; b < 8; b++)
            file[16 + b] = (unsigned char)(sizes[n][b / 4] >> (24 - 8 * (b % 4)));
        const uint32_t crc = lar_crc32(file + 12, 17);
        for (int b = 0; b < 4; b++) file[29 + b] = (unsigned char)(crc >> (24 - 8 * b));
        CHECK_FAILS(lar_png_read(&back, &got, file, count, "x.png"), LAR_EFORMAT, "'x.png'");
        lar_png_clear(&got);
    }
    lar_free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_is_read_again),
        cmocka_unit_test(a_flipped_bit_is_an_error_or_nothing),
        cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(sizes_beyond_the_file_cost_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
