/* TIFF in memory: there and back, and files that lie about what they hold.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "codec/codec.h"

static lar_tiff plain(lar_type type, int64_t pages)
{
    static char words[] = "a description";
    return (lar_tiff){ .width = 9,
                       .height = 7,
                       .pages = pages,
                       .type = type,
                       .resolution = { 12.5, 8 },
                       .unit = LAR_TIFF_CM,
                       .description = words };
}

static void written_is_read_again(void **state)
{
    (void)state;
    unsigned char pixels[9 * 7 * 3 * 8];
    for (size_t n = 0; n < sizeof pixels; n++) pixels[n] = (unsigned char)(n * 37);
    for (int type = LAR_U8; type <= LAR_F64; type++)
        for (int64_t pages = 1; pages <= 3; pages += 2)
            for (int level = 0; level <= 12; level += 6) {
                const lar_tiff what = plain((lar_type)type, pages);
                const size_t bytes = (size_t)(63 * pages) * lar_type_size(what.type);
                unsigned char *file, *again, *back;
                size_t count, again_count;
                lar_tiff got;
                CHECK_OK(lar_tiff_write(&file, &count, &what, pixels, level));
                CHECK_OK(lar_tiff_write(&again, &again_count, &what, pixels, level));
                assert_true(lar_tiff_is(file, count) && count == again_count);
                assert_memory_equal(file, again, count);
                CHECK_OK(lar_tiff_read(&back, &got, file, count, "x.tif"));
                assert_memory_equal(back, pixels, bytes);
                assert_int_equal(got.width, 9);
                assert_int_equal(got.height, 7);
                assert_int_equal(got.pages, pages);
                assert_int_equal(got.type, type);
                assert_int_equal(got.unit, LAR_TIFF_CM);
                CHECK_NEAR(got.resolution[0], 12.5, 1e-6);
                CHECK_NEAR(got.resolution[1], 8, 1e-6);
                assert_string_equal(got.description, "a description");
                assert_string_equal(got.warning, "");
                lar_tiff_clear(&got);
                lar_free(back);
                lar_free(again);
                lar_free(file);
            }
}

/* A little-endian TIFF of entries (tag, type, count, value). */
typedef struct entry {
    uint16_t tag, type;
    uint32_t count, value;
} entry;

enum { SHORT = 3, LONG = 4, ENTRY_BYTES = 12 };

static size_t put_page(unsigned char *at, const entry *entries, uint16_t count, uint32_t next)
{
    memcpy(at, &count, 2);
    for (int n = 0; n < count; n++) memcpy(at + 2 + ENTRY_BYTES * n, &entries[n], ENTRY_BYTES);
    memcpy(at + 2 + ENTRY_BYTES * count, &next, 4);
    return (size_t)(6 + ENTRY_BYTES * count);
}

static size_t put_file(unsigned char *at, const entry *entries, uint16_t count, uint32_t next)
{
    const uint32_t first = 8;
    memcpy(at, "II*", 4);
    memcpy(at + 4, &first, 4);
    return 8 + put_page(at + 8, entries, count, next);
}

static void fails(const unsigned char *bytes, size_t count, lar_status status, const char *words)
{
    lar_tiff tiff;
    unsigned char *pixels;
    CHECK_FAILS(lar_tiff_read(&pixels, &tiff, bytes, count, "x.tif"), status, words);
    assert_null(pixels);
    assert_non_null(strstr(lar_error(), "'x.tif'"));
    lar_tiff_clear(&tiff);
}

static void lies_are_errors(void **state)
{
    (void)state;
    unsigned char file[400] = { 0 };
    entry page[] = { { 256, LONG, 1, 10 }, { 257, LONG, 1, 10 }, { 258, SHORT, 1, 8 },
                     { 259, SHORT, 1, 1 }, { 262, SHORT, 1, 1 }, { 273, LONG, 1, 8 },
                     { 278, LONG, 1, 10 }, { 279, LONG, 1, 100 } };
    enum { ENTRIES = sizeof page / sizeof *page };
    lar_tiff tiff;
    unsigned char *pixels;
    put_file(file, page, ENTRIES, 0);
    CHECK_OK(
        lar_tiff_read(&pixels, &tiff, file, sizeof file, "x.tif")); /* as it stands it is one */
    assert_memory_equal(pixels, file + 8, 100);
    lar_free(pixels);
    lar_tiff_clear(&tiff);

    put_file(file, page, ENTRIES, 8);
    fails(file, sizeof file, LAR_EFORMAT, "cannot be found"); /* a ring of one page */
    page[0].value = page[1].value = page[6].value = 0x7fffffff;
    put_file(file, page, ENTRIES, 0);
    fails(file, sizeof file, LAR_EFORMAT, "cannot hold what it says");
    page[3].value = 8; /* deflate gives more, but not so much */
    put_file(file, page, ENTRIES, 0);
    fails(file, sizeof file, LAR_EFORMAT, "cannot hold what it says");
    page[0].value = page[1].value = page[6].value = 100;
    put_file(file, page, ENTRIES, 0);
    fails(file, sizeof file, LAR_EFORMAT, "damaged");
    page[3].value = 6;
    put_file(file, page, ENTRIES, 0);
    fails(file, sizeof file, LAR_EUNSUPPORTED, "JPEG");
    page[3].value = 50000;
    put_file(file, page, ENTRIES, 0);
    fails(file, sizeof file, LAR_EUNSUPPORTED, "scheme 50000");
    page[3].value = 1;
    page[0].value = 0;
    put_file(file, page, ENTRIES, 0);
    fails(file, sizeof file, LAR_EFORMAT, "damaged");
    fails((const unsigned char *)"II*\0\xff\xff\xff\x7f", 8, LAR_EFORMAT, "first page");
    fails((const unsigned char *)"II*", 4, LAR_EFORMAT, "first page");
}

/* A hundred thousand pages, each of them a few bytes that all share their pixels. */
static void too_many_pages_are_an_error(void **state)
{
    (void)state;
    const entry page[] = { { 256, LONG, 1, 1 },
                           { 257, LONG, 1, 1 },
                           { 258, SHORT, 1, 8 },
                           { 273, LONG, 1, 8 },
                           { 279, LONG, 1, 1 } };
    const size_t bytes = 6 + 5 * ENTRY_BYTES, pages = 100000;
    unsigned char *file = lar_alloc((int64_t)(8 + pages * bytes), 1);
    assert_non_null(file);
    for (size_t n = 0; n < pages; n++) {
        const uint32_t next = n + 1 < pages ? (uint32_t)(8 + (n + 1) * bytes) : 0;
        if (n == 0)
            put_file(file, page, 5, next);
        else
            put_page(file + 8 + n * bytes, page, 5, next);
    }
    fails(file, 8 + pages * bytes, LAR_EFORMAT, "cannot hold what it says: at least 65537 pages");
    lar_free(file);
}

/* Zeros that deflate packs a thousand times: read where the file says how many, else an error. */
static void a_bomb_is_held_to_what_the_header_says(void **state)
{
    (void)state;
    enum { EDGE = 4096 };
    unsigned char *zeros = lar_alloc((int64_t)EDGE * EDGE, 1), *file, *back;
    size_t count;
    lar_tiff got, what = plain(LAR_U8, 1);
    assert_non_null(zeros);
    what.width = what.height = EDGE;
    CHECK_OK(lar_tiff_write(&file, &count, &what, zeros, 12));
    assert_true(count < EDGE * EDGE / 500);
    CHECK_OK(lar_tiff_read(&back, &got, file, count, "x.tif"));
    assert_memory_equal(back, zeros, (size_t)EDGE * EDGE);
    lar_tiff_clear(&got);
    lar_free(back);
    lar_free(file);
    lar_free(zeros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_is_read_again),
        cmocka_unit_test(lies_are_errors),
        cmocka_unit_test(too_many_pages_are_an_error),
        cmocka_unit_test(a_bomb_is_held_to_what_the_header_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
