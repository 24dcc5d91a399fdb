/* Tables of parameters: what is set is got, ranges hold, and mistakes are answered.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

typedef struct sample {
    bool flag;
    int64_t whole, threads, size, room;
    double real, limit;
    const char *text;
    int choice;
    lar_reals reals;
    lar_ints ints;
    lar_texts texts;
} sample;

static const char *const kinds[] = { "nearest", "linear", "cubic", NULL };

static const lar_param table[] = {
    LAR_P_FLAG(sample, flag, "flag", 'f', "a flag"),
    LAR_P_INT(sample, whole, "whole", 'w', "7", -10, 10, "count", "a whole number"),
    LAR_P_INT(sample, threads, "threads", 0, "auto", 1, 64, "count", "one that may be auto"),
    LAR_P_REAL(sample, real, "real", 0, "0.25", 0, 1, "fraction", "a number"),
    LAR_P_REAL(sample, limit, "limit", 0, "auto", 0, INFINITY, "mm", "at least 0"),
    LAR_P_TEXT(sample, text, "text", 't', "t1", "word", "a text"),
    LAR_P_CHOICE(sample, choice, "choice", 0, "linear", kinds, "one of three"),
    LAR_P_REALS(sample, reals, "reals", 0, "0.2 0.8", 0, 1, "fraction", "a list of numbers"),
    LAR_P_INTS(sample, ints, "ints", 0, "", 1, 512, "count", "a list of whole numbers"),
    LAR_P_TEXTS(sample, texts, "texts", 0, "word", "texts"),
    LAR_P_SIZE(sample, size, "size", 0, "2G", "bytes"),
    LAR_P_SIZE(sample, room, "room", 0, "auto", "bytes that may be auto"),
    LAR_P_END,
};

static lar_arena *arena;

static lar_status set(sample *s, const char *name, const char *value)
{
    char shown[64];
    snprintf(shown, sizeof shown, "--%s", name);
    return lar_param_set(lar_param_find(table, name), s, value, shown, arena);
}

static void check_text(const sample *s, const char *name, const char *expected)
{
    lar_text text = { 0 };
    lar_param_get(&text, lar_param_find(table, name), s);
    assert_string_equal(lar_text_get(&text), expected);
    lar_text_clear(&text);
}

static void defaults_are_their_texts(void **state)
{
    (void)state;
    sample s;
    memset(&s, 0x5a, sizeof s);
    lar_param_defaults(table, &s);
    assert_false(s.flag);
    assert_int_equal(s.whole, 7);
    assert_int_equal(s.threads, LAR_INT_AUTO);
    CHECK_NEAR(s.real, 0.25, 0);
    assert_true(isnan(s.limit));
    assert_string_equal(s.text, "t1");
    assert_int_equal(s.choice, 1);
    assert_int_equal(s.reals.count, 2);
    CHECK_NEAR(s.reals.at[1], 0.8, 0);
    assert_int_equal(s.ints.count, 0);
    assert_int_equal(s.texts.count, 0);
}

static void what_is_set_is_got(void **state)
{
    (void)state;
    static const char *const pairs[][3] = {
        { "flag", "yes", "yes" },
        { "flag", "off", "no" },
        { "flag", "true", "yes" },
        { "whole", "-10", "-10" },
        { "threads", "64", "64" },
        { "threads", "auto", "auto" },
        { "real", "1e-3", "0.001" },
        { "real", "0.1", "0.1" },
        { "limit", "auto", "auto" },
        { "limit", "1e9", "1e+09" },
        { "text", "two words", "two words" },
        { "choice", "cubic", "cubic" },
        { "reals", "[0.2, 0.30000000000000004]", "0.2 0.30000000000000004" },
        { "ints", "64 64,32", "64 64 32" },
        { "ints", "", "" },
        { "texts", "a", "a" },
        { "texts", "b", "a b" },
    };
    sample s, again;
    lar_param_defaults(table, &s);
    lar_param_defaults(table, &again);
    for (size_t n = 0; n < sizeof pairs / sizeof *pairs; n++) {
        CHECK_OK(set(&s, pairs[n][0], pairs[n][1]));
        check_text(&s, pairs[n][0], pairs[n][2]);
        if (lar_text_is(pairs[n][0], "texts")) continue; /* each setting appends one item */
        CHECK_OK(set(&again, pairs[n][0], pairs[n][2])); /* the text reads back */
        check_text(&again, pairs[n][0], pairs[n][2]);
    }
}

static void mistakes_name_value_parameter_and_what_is_valid(void **state)
{
    (void)state;
    static const char *const wrong[][3] = {
        { "whole", "11", "'11' is not a valid --whole (a whole number from -10 to 10)" },
        { "whole", "1.5", "'1.5' is not a valid --whole" },
        { "whole", "99999999999999999999", "'99999999999999999999' is not" },
        { "whole", "auto", "'auto' is not a valid --whole" },
        { "whole", "", "'' is not a valid --whole" },
        { "threads", "0", "from 1 to 64, or auto" },
        { "real", "1.0001", "(a number from 0 to 1)" },
        { "real", "nan", "'nan' is not a valid --real" },
        { "real", "0,5", "'0,5' is not" },
        { "real", "0.5x", "'0.5x' is not" },
        { "limit", "-1", "at least 0" },
        { "limit", "inf", "'inf' is not" },
        { "flag", "maybe", "(yes or no)" },
        { "choice", "cubik", "try cubic" },
        { "choice", "5", "(one of nearest linear cubic)" },
        { "reals", "0.5 2", "(numbers from 0 to 1)" },
        { "reals", "0.5 x", "'0.5 x' is not" },
        { "ints", "1 2.5", "whole numbers" },
        { "ints", "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "is not a valid --ints" },
    };
    sample s, before;
    lar_param_defaults(table, &s);
    before = s;
    for (size_t n = 0; n < sizeof wrong / sizeof *wrong; n++) {
        CHECK_FAILS(set(&s, wrong[n][0], wrong[n][1]), LAR_EARGUMENT, wrong[n][2]);
        check_text(&s, "whole", "7");
    }
    assert_memory_equal(&s.reals, &before.reals, sizeof s.reals); /* left as it was */
    assert_int_equal(s.choice, before.choice);
    CHECK_FAILS(set(&s, "choice", "zebra"), LAR_EARGUMENT, "zebra");
    assert_null(strstr(lar_error(), "try")); /* no guess where nothing is near */
}

static void sizes_have_units(void **state)
{
    static const struct {
        const char *text, *back;
        int64_t bytes;
    } good[] = { { "2G", "2G", 2000000000 },
                 { "900M", "900M", 900000000 },
                 { "1.5GB", "1500M", 1500000000 },
                 { "1GiB", "1073741824", 1073741824 },
                 { "7", "7", 7 },
                 { "64k", "64K", 64000 } };
    static const char *const bad[] = { "", "G", "-1G", "0", "2X", "1.5.2G", "2G ", "2iB", "1e9" };
    sample s;
    (void)state;
    lar_param_defaults(table, &s);
    assert_int_equal(s.size, 2000000000);
    assert_int_equal(s.room, LAR_INT_AUTO);
    check_text(&s, "room", "auto");
    for (size_t n = 0; n < sizeof good / sizeof *good; n++) {
        CHECK_OK(set(&s, "size", good[n].text));
        assert_int_equal(s.size, good[n].bytes);
        check_text(&s, "size", good[n].back);
    }
    for (size_t n = 0; n < sizeof bad / sizeof *bad; n++)
        CHECK_FAILS(set(&s, "size", bad[n]), LAR_EARGUMENT,
                    "is not a valid --size (bytes, such as");
    CHECK_FAILS(set(&s, "size", "auto"), LAR_EARGUMENT, "'auto'");
    CHECK_OK(set(&s, "ints", "96x80x64")); /* as sizes are printed */
    check_text(&s, "ints", "96 80 64");
}

static void names_lead_to_the_nearest(void **state)
{
    (void)state;
    const char *const *names = lar_param_names(table, arena);
    assert_string_equal(lar_text_nearest("treads", names), "threads");
    assert_string_equal(lar_text_nearest("chioce", names), "choice");
    assert_null(lar_text_nearest("elephant", names));
    assert_null(lar_text_nearest("w", names));
    assert_null(lar_param_find(table, "treads"));
}

static int open_arena(void **state)
{
    (void)state;
    return lar_arena_new(&arena) != LAR_OK;
}

static int close_arena(void **state)
{
    (void)state;
    lar_arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_their_texts),
        cmocka_unit_test(what_is_set_is_got),
        cmocka_unit_test(mistakes_name_value_parameter_and_what_is_valid),
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(names_lead_to_the_nearest),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
