/* Tables of text, CSV and TSV. Of the room data.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_CSV_H
#define LAR_CSV_H

#include "base/base.h"

typedef struct lar_csv {
    const char *path; /* for sentences */
    int64_t column_count, row_count;
    const char *const *names; /* of the columns; each once */
    struct lar_csv_row {
        int64_t line; /* on which it begins */
        const char *const *cells;
    } * rows;
} lar_csv;

/* A line of names, and rows of as many cells: RFC 4180, with any end of line, with or without a
 * byte order mark; by tabs where the name ends in .tsv. Blank lines are passed over; blanks around
 * a cell that is not quoted do not count. UTF-8 without 0 bytes. LAR_EARGUMENT 'path:line: ...'. */
lar_status lar_csv_read(lar_csv *out, const char *path, lar_arena *arena);
/* From memory; `name` is for sentences, and says by its end how cells are separated. */
lar_status lar_csv_parse(lar_csv *out, const char *bytes, size_t count, const char *name,
                         lar_arena *arena);
/* The column of that name, or -1. */
int64_t lar_csv_column(const lar_csv *table, const char *name);
/* The first byte from which the text is not UTF-8, or NULL. */
const char *lar_not_utf8(const char *at, const char *end);
/* One cell of a CSV, in quotes where it must be; `first` of its line, or a comma before it. */
void lar_csv_add(lar_text *out, const char *cell, bool first);

#endif
