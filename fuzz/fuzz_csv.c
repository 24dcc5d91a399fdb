/* Any bytes as a table of text: an error with a sentence, or rows of as many cells as there are
 * names, which are read to the same again after they were written.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "data/csv.h"
#include "fuzz.h"

static void write_row(lar_text *out, const char *const *cells, int64_t count)
{
    for (int64_t n = 0; n < count; n++) lar_csv_add(out, cells[n], n == 0);
    lar_text_add(out, "\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    lar_arena *arena;
    lar_csv table, again;
    if (count < 1 || lar_arena_new(&arena) != LAR_OK) return 0;
    const char *name = bytes[0] & 1 ? "fuzz.tsv" : "fuzz.csv";
    lar_error_set("");
    if (lar_csv_parse(&table, (const char *)bytes + 1, count - 1, name, arena) != LAR_OK) {
        if (!*lar_error()) abort();
        lar_arena_free(arena);
        return 0;
    }
    lar_text text = { 0 };
    lar_text_add(&text, "\n"); /* a name may look like a byte order mark */
    write_row(&text, table.names, table.column_count);
    for (int64_t n = 0; n < table.row_count; n++) {
        if (n && table.rows[n].line <= table.rows[n - 1].line) abort();
        write_row(&text, table.rows[n].cells, table.column_count);
    }
    const lar_status status = lar_csv_parse(&again, text.at, text.length, "again.csv", arena);
    if (status == LAR_OK) {
        if (again.column_count != table.column_count || again.row_count != table.row_count) abort();
        for (int64_t n = 0; n < table.row_count; n++)
            for (int64_t m = 0; m < table.column_count; m++)
                if (!lar_text_is(again.rows[n].cells[m], table.rows[n].cells[m])) abort();
    } else if (table.column_count != 1) { /* one column of ';' is told from a table of one column */
        abort();
    }
    lar_text_clear(&text);
    lar_arena_free(arena);
    return 0;
}
