/* Tables of text: what is written is read back, and what is no table is told.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "data/csv.h"
#include "math/math.h"

static lar_arena *arena;

static int arena_make(void **state)
{
    (void)state;
    return lar_arena_new(&arena) != LAR_OK;
}

static int arena_drop(void **state)
{
    (void)state;
    lar_arena_free(arena);
    return 0;
}

/* Cells of any letters, also those that have a meaning. */
static void what_is_written_is_read_back(void **state)
{
    (void)state;
    static const char letters[] = "ab ,\"\n\r;\t'#";
    enum { COLUMNS = 4, ROWS = 6 };
    for (int turn = 0; turn < 500; turn++) {
        char cells[ROWS][COLUMNS][12];
        lar_text text = { 0 };
        lar_csv table;
        lar_text_add(&text, "x,\"y, z\",\"a \"\"b\"\"\",last");
        for (int r = 0; r < ROWS; r++) {
            lar_text_add(&text, "%s", turn % 2 ? "\n" : "\r\n");
            for (int c = 0; c < COLUMNS; c++) {
                char *cell = cells[r][c];
                const uint64_t at = (uint64_t)(r * COLUMNS + c) * 16;
                const int length = (int)(8 * lar_random_uniform((uint64_t)turn, 1, at));
                for (int k = 0; k < length; k++)
                    cell[k] =
                        letters[(int)((sizeof letters - 1) *
                                      lar_random_uniform((uint64_t)turn, 2, at + (uint64_t)k))];
                cell[length] = 0;
                if (length >= 2 && turn % 3 == 0) memcpy(cell, "\xc3\xa9", 2); /* one letter */
                if (c == 0 && length == 0) snprintf(cell, 12, "x");            /* no row is blank */
                lar_csv_add(&text, cell, c == 0);
            }
        }
        CHECK_OK(lar_csv_parse(&table, text.at, text.length, "t.csv", arena));
        assert_int_equal(table.column_count, COLUMNS);
        assert_string_equal(table.names[1], "y, z");
        assert_string_equal(table.names[2], "a \"b\"");
        assert_int_equal(table.row_count, ROWS);
        for (int r = 0; r < ROWS; r++)
            for (int c = 0; c < COLUMNS; c++)
                assert_string_equal(table.rows[r].cells[c], cells[r][c]);
        lar_text_clear(&text);
    }
}

static void tables_that_are_none_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *words; /* words: NULL: two columns, one row of "1", "2" */
    } cases[] = {
        { "t.csv", "a,b\n1,2\n", NULL },
        { "t.csv", "a,b\r\n1,2", NULL },
        { "t.csv", "\n\na , b\n\n 1 , \"2\" \n,\n\n", NULL },
        { "t.csv", "\xef\xbb\xbf\"a\",b\n1,2\n", NULL },
        { "t.tsv", "a\tb\n1\t2\r\n", NULL },
        { "t.csv", "", "'t.csv' is empty" },
        { "t.csv", "\n\r\n,,\n", "'t.csv' is empty" },
        { "t.csv", "a,b\n1\n", "t.csv:2: 1 cell, but there are 2 columns" },
        { "t.csv", "a,b\n\n1,2,3\n", "t.csv:3: 3 cells, but there are 2 columns" },
        { "t.csv", "a,b\n\"x\ny\",1\n2\n", "t.csv:4: 1 cell" },
        { "t.csv", "a,a\n", "t.csv:1: there are two columns 'a'" },
        { "t.csv", "a,,b\n", "t.csv:1: column 2 has no name" },
        { "t.csv", "a;b\n1;2\n", "separated by ';'\n  try saving it with commas" },
        { "t.csv", "a\tb\n", "separated by tabs\n  try a name that ends in .tsv" },
        { "t.csv", "a,b\n1,2\nM\xfcller,3\n",
          "t.csv:3: the text is not UTF-8\n  try saving it as UTF-8" },
        { "t.csv", "a,b\n1,\xe5\xb1", "t.csv:2: the text is not UTF-8" },
        { "t.csv", "a,b\n\"1,2\n", "t.csv:2: a quote is opened here and never closed" },
        { "t.csv", "a,b\n1,x\"y\"\n", "t.csv:2: a quote stands inside a cell" },
        { "t.csv", "a,b\n1,\"x\"y\n", "t.csv:2: text stands behind a closing quote" },
        { "t.csv",
          "\xff\xfe"
          "a",
          "'t.csv' is UTF-16\n  try saving it as UTF-8" },
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        lar_csv table;
        const size_t count = strlen(cases[n].text);
        if (cases[n].words) {
            CHECK_FAILS(lar_csv_parse(&table, cases[n].text, count, cases[n].name, arena),
                        LAR_EARGUMENT, cases[n].words);
            continue;
        }
        CHECK_OK(lar_csv_parse(&table, cases[n].text, count, cases[n].name, arena));
        assert_int_equal(table.row_count, 1);
        assert_int_equal(lar_csv_column(&table, "b"), 1);
        assert_int_equal(lar_csv_column(&table, "c"), -1);
        assert_string_equal(table.rows[0].cells[0], "1");
        assert_string_equal(table.rows[0].cells[1], "2");
    }
    lar_csv table;
    CHECK_FAILS(lar_csv_parse(&table, "a,b\n1,\0002\n", 9, "t.csv", arena), LAR_EARGUMENT,
                "a 0 byte");
    CHECK_FAILS(lar_csv_read(&table, "/nonexistent/t.csv", arena), LAR_ENOINPUT, "t.csv");
    lar_text wide = { 0 };
    for (int n = 0; n < 5000; n++) lar_text_add(&wide, "%d,", n);
    CHECK_FAILS(lar_csv_parse(&table, wide.at, wide.length, "t.csv", arena), LAR_EARGUMENT,
                "more than 4096");
    lar_text_clear(&wide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_read_back, arena_make, arena_drop),
        cmocka_unit_test_setup_teardown(tables_that_are_none_are_told, arena_make, arena_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
