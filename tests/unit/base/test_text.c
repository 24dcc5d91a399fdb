/* Strict numbers whatever the locale, growing strings, names of files.
 * SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>

#include "check.h"

static void numbers_are_whole_strings_and_finite(void **state)
{
    (void)state;
    static const char *const no[] = { "",      " 1",  "1 ", "1,5", "0x10", "inf", "nan",   "1e999",
                                      "1.2.3", "--1", "1e", "e5",  ".",    "+",   "1_000", "١" };
    double real;
    int64_t whole;
    for (size_t n = 0; n < sizeof no / sizeof *no; n++) {
        assert_false(lar_parse_real(&real, no[n]));
        assert_false(lar_parse_int(&whole, no[n]));
    }
    assert_true(lar_parse_real(&real, "-1.5e-3") && real == -1.5e-3);
    assert_true(lar_parse_real(&real, "+.5") && real == 0.5);
    assert_false(lar_parse_int(&whole, "1.0"));
    assert_true(lar_parse_int(&whole, "-9223372036854775808") && whole == INT64_MIN);
    assert_false(lar_parse_int(&whole, "9223372036854775808"));
}

static void numbers_do_not_follow_the_locale(void **state)
{
    (void)state;
    static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "nl_NL.UTF-8" };
    const char *set = NULL;
    for (int n = 0; n < 4 && !set; n++) set = setlocale(LC_NUMERIC, names[n]);
    if (!set) {
        print_message("skipped: no locale with a decimal comma is installed\n");
        skip();
    }
    double real;
    assert_true(lar_parse_real(&real, "1.5") && real == 1.5);
    assert_false(lar_parse_real(&real, "1,5"));
    setlocale(LC_NUMERIC, "C");
}

static void strings_grow_and_survive_failed_memory(void **state)
{
    (void)state;
    lar_text text = { 0 };
    assert_string_equal(lar_text_get(&text), "");
    for (int n = 0; n < 1000; n++) lar_text_add(&text, "%d,", n);
    assert_int_equal(text.length, 10 * 2 + 90 * 3 + 900 * 4);
    assert_int_equal(strlen(text.at), text.length);
    const size_t before = text.length;
    lar_alloc_fail_at(1, true);
    for (int n = 0; n < 10000; n++) lar_text_add(&text, "more");
    lar_alloc_fail_at(0, false);
    assert_true(text.failed && text.length >= before && strlen(text.at) == text.length);
    lar_text_clear(&text);
    assert_string_equal(lar_text_get(&text), "");
}

static void paths_come_apart(void **state)
{
    (void)state;
    lar_arena *arena;
    CHECK_OK(lar_arena_new(&arena));
    assert_string_equal(lar_path_stem(arena, "a/t1.nii.gz"), "t1");
    assert_string_equal(lar_path_stem(arena, "t1.nii"), "t1");
    assert_string_equal(lar_path_stem(arena, "sub.1/t1"), "t1");
    assert_string_equal(lar_path_stem(arena, ".hidden"), ".hidden");
    assert_string_equal(lar_path_folder(arena, "a/b/c"), "a/b");
    assert_string_equal(lar_path_folder(arena, "c"), ".");
    assert_string_equal(lar_path_folder(arena, "/c"), "/");
    assert_string_equal(lar_path_join(arena, "a", "b"), "a/b");
    assert_string_equal(lar_path_join(arena, "a/", "b"), "a/b");
    assert_string_equal(lar_path_join(arena, "a", "/b"), "/b");
    assert_string_equal(lar_path_join(arena, ".", "b"), "b");
    lar_arena_free(arena);
}

static void sentences_gather_context(void **state)
{
    (void)state;
    lar_status status = lar_fail(LAR_EFORMAT, "found %d", 3);
    lar_hint(status, "four");
    lar_while(status, "cannot read '%s'", "a.nii");
    assert_string_equal(lar_error(), "cannot read 'a.nii'\n  because found 3\n  try four");
    char long_name[5000];
    memset(long_name, 'x', sizeof long_name);
    long_name[4999] = 0;
    for (int n = 0; n < 3; n++) { /* cut, never written past */
        lar_fail(LAR_EIO, "'%s'", long_name);
        lar_hint(LAR_EIO, "%s", long_name);
        lar_while(LAR_EIO, "%s", long_name);
    }
    assert_true(strlen(lar_error()) > 1000);
}

static void the_first_doubt_stays(void **state)
{
    (void)state;
    struct {
        char reason[256], after;
    } of = { .after = 'x' };
    char long_name[300];
    bool doubtful = false;
    lar_doubt(&doubtful, of.reason, "%d pieces", 2);
    assert_true(doubtful);
    lar_doubt(&doubtful, of.reason, "small");
    assert_string_equal(of.reason, "2 pieces");
    doubtful = false;
    memset(long_name, 'y', sizeof long_name);
    long_name[299] = 0;
    lar_doubt(&doubtful, of.reason, "%s", long_name);
    assert_int_equal(strlen(of.reason), 255);
    assert_int_equal(of.after, 'x');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_whole_strings_and_finite),
        cmocka_unit_test(numbers_do_not_follow_the_locale),
        cmocka_unit_test(strings_grow_and_survive_failed_memory),
        cmocka_unit_test(paths_come_apart),
        cmocka_unit_test(sentences_gather_context),
        cmocka_unit_test(the_first_doubt_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
