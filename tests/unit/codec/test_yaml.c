/* YAML: the tree and the places of its words, and every refusal with its line and column.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "codec/codec.h"

static lar_status parse(lar_yaml **out, const char *text, lar_arena *arena)
{
    return lar_yaml_parse(out, text, (int64_t)strlen(text), "s.yaml", arena);
}

static void tree_has_places(void **state)
{
    (void)state;
    lar_arena *arena;
    lar_yaml *root;
    CHECK_OK(lar_arena_new(&arena));
    CHECK_OK(parse(&root,
                   "# a study\n"
                   "data:\n"
                   "  size: [1, '2', three]   # list\n"
                   "  empty:\n"
                   "\"quoted: key\": ~\n",
                   arena));
    assert_int_equal(root->kind, LAR_YAML_MAP);
    assert_int_equal(root->count, 2);
    const lar_yaml *data = root->first;
    assert_string_equal(data->key, "data");
    assert_int_equal(data->key_line, 2);
    assert_int_equal(data->key_column, 1);
    assert_int_equal(data->count, 2);
    const lar_yaml *size = data->first;
    assert_int_equal(size->kind, LAR_YAML_LIST);
    assert_int_equal(size->count, 3);
    assert_int_equal(size->line, 3);
    assert_int_equal(size->column, 9);
    assert_string_equal(size->first->next->text, "2");
    assert_int_equal(size->first->next->column, 13);
    assert_string_equal(size->first->next->next->text, "three");
    assert_null(size->first->next->next->next);
    assert_true(size->next->absent);
    assert_false(size->first->absent);
    assert_string_equal(data->next->key, "quoted: key");
    assert_true(data->next->absent);
    lar_arena_free(arena);
}

static void words_stay_words(void **state)
{
    (void)state;
    lar_arena *arena;
    lar_yaml *root;
    CHECK_OK(lar_arena_new(&arena));
    CHECK_OK(parse(&root, "[yes, 1e-3, 'null', 012, \"tab\\t\xc3\xa9\"]", arena));
    const char *const expected[] = { "yes", "1e-3", "null", "012", "tab\t\xc3\xa9" };
    const lar_yaml *item = root->first;
    for (int n = 0; n < 5; n++, item = item->next) {
        assert_string_equal(item->text, expected[n]);
        assert_false(item->absent);
    }
    lar_arena_free(arena);
}

static void refuses_with_the_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        { "a: 1\nb: 2\na: 3\n", "s.yaml:3:1: the key 'a' is here a second time, first in line 1" },
        { "a: {b: 1, c: 2, b: 3}\n", "s.yaml:1:17: the key 'b'" },
        { "a: &x 1\n", "s.yaml:1:4: anchors" },
        { "a: &x [1]\n", "s.yaml:1:4: anchors" },
        { "a: *x\n", "s.yaml:1:4: aliases" },
        { "a: !!int 1\n", "s.yaml:1:4: tags" },
        { "a: !x {}\n", "s.yaml:1:4: tags" },
        { "a: 1\n---\nb: 2\n", "s.yaml:2:1: a second document" },
        { "a: 1\n...\n---\n", "s.yaml:3:1: a second document" },
        { "[a, b]: 1\n", "s.yaml:1:1: a key must be a word" },
        { "a: [1, 2\n", "s.yaml:2:1: " },
        { "a: 1\n\tb: 2\n", "s.yaml:2:1: " },
        { "a: \"x\\0y\"\n", "s.yaml:1:4: a text holds a 0 byte" },
        { "a: \xff\n", "s.yaml: " },
        { "", "s.yaml: is empty" },
        { "# nothing\n", "s.yaml: is empty" },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        lar_arena *arena;
        lar_yaml *root;
        CHECK_OK(lar_arena_new(&arena));
        CHECK_FAILS(parse(&root, cases[n].text, arena), LAR_EARGUMENT, cases[n].words);
        assert_null(root);
        lar_arena_free(arena);
    }
}

static void depth_and_length_are_limited(void **state)
{
    (void)state;
    lar_arena *arena;
    lar_yaml *root;
    char nested[140];
    CHECK_OK(lar_arena_new(&arena));
    for (int depth = 64; depth <= 65; depth++) {
        memset(nested, '[', (size_t)depth);
        memset(nested + depth, ']', (size_t)depth);
        nested[2 * depth] = 0;
        if (depth == 64)
            CHECK_OK(parse(&root, nested, arena));
        else
            CHECK_FAILS(parse(&root, nested, arena), LAR_EARGUMENT, "s.yaml:1:65: nested more");
    }
    const int64_t length = (1 << 20) + 1;
    char *text = lar_alloc(length, 1);
    memset(text, '#', (size_t)length);
    CHECK_FAILS(lar_yaml_parse(&root, text, length, "s.yaml", arena), LAR_EARGUMENT,
                "more than 1 MB");
    lar_free(text);
    lar_arena_free(arena);
}

static void many_keys_take_no_quadratic_time(void **state)
{
    (void)state;
    enum { KEYS = 100000 }; /* pair by pair this would be 5e9 comparisons */
    lar_arena *arena;
    lar_yaml *root;
    lar_text text = { 0 };
    CHECK_OK(lar_arena_new(&arena));
    for (int n = 0; n < KEYS; n++) lar_text_add(&text, "k%d: 1\n", n);
    CHECK_OK(lar_yaml_parse(&root, lar_text_get(&text), (int64_t)text.length, "s", arena));
    assert_int_equal(root->count, KEYS);
    lar_text_clear(&text);
    lar_arena_free(arena);
}

static void survives_failed_allocations(void **state)
{
    (void)state;
    for (int64_t k = 1; k < 20; k++) {
        lar_arena *arena;
        lar_yaml *root;
        CHECK_OK(lar_arena_new(&arena));
        lar_alloc_fail_at(k, true);
        const lar_status status = parse(&root, "a: {b: [1, 2], c: x}\n", arena);
        lar_alloc_fail_at(0, false);
        assert_true(status == LAR_OK || status == LAR_EMEMORY);
        lar_arena_free(arena);
        if (status == LAR_OK) return;
    }
    fail_msg("never succeeded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tree_has_places),
        cmocka_unit_test(words_stay_words),
        cmocka_unit_test(refuses_with_the_place),
        cmocka_unit_test(depth_and_length_are_limited),
        cmocka_unit_test(many_keys_take_no_quadratic_time),
        cmocka_unit_test(survives_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
