/* A page: what is escaped, what is refused, and that it comes out whole or not at all.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "report/report.h"

static char *escaped(const char *text)
{
    static char out[4096];
    lar_text t = { 0 };
    lar_page_escape(&t, text);
    assert_false(t.failed);
    snprintf(out, sizeof out, "%s", lar_text_get(&t));
    lar_text_clear(&t);
    return out;
}

static void test_escape(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        { "", "" },
        { "sub-01", "sub-01" },
        { "<script>alert('1')</script>", "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;" },
        { "a\" onload=\"b", "a&quot; onload=&quot;b" },
        { "&amp;", "&amp;amp;" },
        { "two\nlines\tand", "two\nlines\tand" },
        { "\x01\x1b[31m\x7f", "\xef\xbf\xbd\xef\xbf\xbd[31m\xef\xbf\xbd" },
        /* letters beyond ASCII stay; é, 脑, a brain beyond the first plane */
        { "\xc3\xa9\xe8\x84\x91\xf0\x9f\xa7\xa0", "\xc3\xa9\xe8\x84\x91\xf0\x9f\xa7\xa0" },
        /* cut short; overlong '<' and '/'; a surrogate; beyond U+10FFFF; a lone continuation */
        { "a\xe8\x84", "a\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xc0\xbc", "\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xe0\x80\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { "\x80z\xff", "\xef\xbf\xbdz\xef\xbf\xbd" },
        /* U+202E and U+2066 turn the order of what follows, U+0085 ends a line, U+FEFF does not
           show */
        { "gz\xe2\x80\xaeiin", "gz\xef\xbf\xbdiin" },
        { "\xe2\x81\xa6\xc2\x85\xef\xbb\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xef\xbf\xbe\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd" }, /* U+FFFE is no character */
    };
    for (size_t n = 0; n < sizeof pairs / sizeof *pairs; n++)
        assert_string_equal(escaped(pairs[n][0]), pairs[n][1]);
}

/* Whatever bytes come, no markup leaves, and what leaves is UTF-8 that stays as it is but for the
 * references. */
static void test_escape_any(void **state)
{
    (void)state;
    uint32_t seed = 7;
    for (int round = 0; round < 20000; round++) {
        char text[24] = { 0 };
        for (size_t n = 0; n < sizeof text - 1; n++) {
            seed = seed * 1664525u + 1013904223u;
            text[n] = (char)(seed >> 24);
        }
        lar_text once = { 0 }, twice = { 0 };
        lar_page_escape(&once, text);
        assert_null(strpbrk(lar_text_get(&once), "<>\"'"));
        for (const char *c = lar_text_get(&once); *c; c++)
            if (*c == '&')
                assert_true(lar_text_starts(c, "&amp;") || lar_text_starts(c, "&lt;") ||
                            lar_text_starts(c, "&gt;") || lar_text_starts(c, "&quot;") ||
                            lar_text_starts(c, "&#39;"));
        for (char *c = once.at; c && *c; c++)
            if (*c == '&') *c = '+';
        lar_page_escape(&twice, lar_text_get(&once));
        assert_string_equal(lar_text_get(&once), lar_text_get(&twice));
        lar_text_clear(&once);
        lar_text_clear(&twice);
    }
}

/* The examples of RFC 4648, section 10. */
static void test_base64(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        { "", "" },
        { "f", "Zg==" },
        { "fo", "Zm8=" },
        { "foo", "Zm9v" },
        { "foob", "Zm9vYg==" },
        { "fooba", "Zm9vYmE=" },
        { "foobar", "Zm9vYmFy" },
        { "\xff\xfe\xfd", "//79" },
    };
    for (size_t n = 0; n < sizeof pairs / sizeof *pairs; n++) {
        lar_text t = { 0 };
        lar_base64(&t, pairs[n][0], strlen(pairs[n][0]));
        assert_string_equal(lar_text_get(&t), pairs[n][1]);
        lar_text_clear(&t);
    }
}

static int count_of(const char *text, const char *words)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, words)); at += strlen(words)) count++;
    return count;
}

static const char evil[] = "<script>x</script>\"'&";

/* A page with one of each part. */
static lar_page *full_page(int64_t reload_s)
{
    static const lar_page_column columns[] = { { evil, false }, { "n", true } };
    lar_page *page;
    CHECK_OK(lar_page_new(&page, evil, reload_s));
    lar_page_section(page, "one", evil);
    lar_page_text(page, LAR_PAGE_WARNING, "%s %d", evil, 7);
    lar_page_heading(page, evil);
    lar_page_tiles_open(page);
    lar_page_tile(page, LAR_PAGE_BAD, evil, "%s", evil);
    lar_page_close(page);
    lar_page_facts_open(page);
    lar_page_fact(page, evil, "%s", evil);
    lar_page_close(page);
    lar_page_section(page, "two", "Two");
    lar_page_fold_open(page, true, "%s", evil);
    lar_page_card_open(page, LAR_PAGE_GOOD, evil, evil);
    lar_page_row_open(page, evil);
    lar_page_picture(page, &(lar_page_image){ .alt = evil, .caption = evil, .base64 = "Zg==" });
    lar_page_picture(page, &(lar_page_image){ .alt = evil, .base64 = evil }); /* no base64 */
    lar_page_picture(page, &(lar_page_image){ .alt = "", .bytes = "f", .count = 1, .svg = true });
    lar_page_close(page);
    lar_page_table_open(page, columns, 2);
    for (int n = 0; n < 3; n++) {
        lar_page_cell(page, "%s", evil);
        lar_page_cell(page, "%d", n);
    }
    lar_page_close(page);
    lar_page_code(page, evil); /* fold and card are closed by the end of the page */
    return page;
}

static void test_file(void **state)
{
    (void)state;
    char path[128], *text;
    size_t length;
    const char *folder = check_folder();
    snprintf(path, sizeof path, "%s/page.html", folder);
    lar_page *page = full_page(5);
    CHECK_OK(lar_page_write(page, path, false));
    CHECK_FAILS(lar_page_write(page, path, false), LAR_EEXISTS, path);
    CHECK_OK(lar_page_write(page, path, true));
    lar_page_free(page);
    CHECK_OK(lar_file_read(&text, &length, path, 1 << 20));
    assert_int_equal(strlen(text), length);
    assert_true(lar_text_starts(text, "<!DOCTYPE html>"));
    assert_true(lar_text_ends(text, "</html>\n"));
    assert_null(strstr(text, "<script"));
    assert_int_equal(count_of(text, "&lt;script&gt;x&lt;/script&gt;&quot;&#39;&amp;"), 22);
    assert_non_null(strstr(text, "content=\"default-src 'none'; img-src data:; style-src "));
    assert_int_equal(count_of(text, "<meta http-equiv=\"refresh\" content=\"5\"/>"), 1);
    assert_int_equal(count_of(text, "data:image/png;base64,Zg==\""), 1);
    assert_int_equal(count_of(text, "data:image/svg+xml;base64,Zg==\""), 1);
    assert_int_equal(count_of(text, "data:image/png;base64,\""), 1);
    assert_null(strstr(text, "http://"));
    assert_null(strstr(text, "https://"));
    /* every tag that is opened is closed */
    static const char *const tags[] = { "div",     "section", "table", "tr",   "td", "details",
                                        "summary", "p",       "dl",    "span", "h3", "figure" };
    for (size_t n = 0; n < sizeof tags / sizeof *tags; n++) {
        char begin[16], bare[16], end[16];
        snprintf(begin, sizeof begin, "<%s ", tags[n]);
        snprintf(bare, sizeof bare, "<%s>", tags[n]);
        snprintf(end, sizeof end, "</%s>", tags[n]);
        assert_int_equal(count_of(text, begin) + count_of(text, bare), count_of(text, end));
    }
    lar_free(text);
    page = full_page(0);
    CHECK_OK(lar_page_write(page, path, true));
    lar_page_free(page);
    CHECK_OK(lar_file_read(&text, &length, path, 1 << 20));
    assert_null(strstr(text, "refresh"));
    lar_free(text);
    check_folder_remove(folder);
}

/* A row that lacks cells, and parts that were never opened, are mistakes of a caller. */
static void test_mistakes(void **state)
{
    (void)state;
    char path[128];
    static const lar_page_column columns[] = { { "a", false }, { "b", false } };
    const char *folder = check_folder();
    lar_page *page;
    snprintf(path, sizeof path, "%s/page.html", folder);
    CHECK_OK(lar_page_new(&page, "t", 0));
    lar_page_table_open(page, columns, 2);
    lar_page_cell(page, "alone");
    lar_page_close(page);
    CHECK_FAILS(lar_page_write(page, path, false), LAR_EINTERNAL, "put together wrongly");
    lar_page_free(page);
    CHECK_OK(lar_page_new(&page, "t", 0));
    lar_page_close(page);
    CHECK_FAILS(lar_page_write(page, path, false), LAR_EINTERNAL, "put together wrongly");
    lar_page_free(page);
    assert_false(lar_path_exists(path));
    check_folder_remove(folder);
}

/* No memory at any moment: no page, and no leak (a sanitizer looks). */
static void test_memory(void **state)
{
    (void)state;
    char path[128];
    const char *folder = check_folder();
    snprintf(path, sizeof path, "%s/page.html", folder);
    for (int64_t n = 1;; n++) {
        lar_page *page = NULL;
        assert_true(n < 1000);
        lar_alloc_fail_at(n, true);
        lar_status status = lar_page_new(&page, "title", 0);
        if (status == LAR_OK) {
            lar_page_section(page, "a", "A");
            lar_page_text(page, LAR_PAGE_PLAIN, "%s", evil);
            lar_page_code(page, evil);
            status = lar_page_write(page, path, false);
        }
        lar_alloc_fail_at(0, false);
        lar_page_free(page);
        if (status == LAR_OK) break;
        assert_int_equal(status, LAR_EMEMORY);
        assert_false(lar_path_exists(path));
    }
    check_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escape),   cmocka_unit_test(test_escape_any),
        cmocka_unit_test(test_base64),   cmocka_unit_test(test_file),
        cmocka_unit_test(test_mistakes), cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
