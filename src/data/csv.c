/* Tables of text: CSV as RFC 4180 has it (https://www.rfc-editor.org/rfc/rfc4180), and TSV.
 * SPDX-License-Identifier: Apache-2.0 */
#include "data/csv.h"

enum { TABLE_MAX = 64 << 20, COLUMNS_MAX = 4096 };

/* What a spreadsheet of old writes is not UTF-8 (RFC 3629). */
const char *lar_not_utf8(const char *at, const char *end)
{
    while (at < end) {
        const unsigned char first = (unsigned char)*at;
        const int more = first < 0x80   ? 0
                         : first < 0xc2 ? -1
                         : first < 0xe0 ? 1
                         : first < 0xf0 ? 2
                         : first < 0xf5 ? 3
                                        : -1;
        if (more < 0 || end - at <= more) return at;
        for (int n = 1; n <= more; n++)
            if (((unsigned char)at[n] & 0xc0) != 0x80) return at;
        at += more + 1;
    }
    return NULL;
}

typedef struct reader {
    const char *name;
    lar_arena *arena;
    char between; /* of cells */
    const char *at, *end;
    int64_t line;
    lar_text cell;
    const char *cells[COLUMNS_MAX];
    int64_t count; /* of cells of the row at hand */
} reader;

static lar_status broken(const reader *r, int64_t line, const char *words)
{
    return lar_fail(LAR_EARGUMENT, "%s:%lld: %s", r->name, (long long)line, words);
}

static bool at_end_of_line(const reader *r)
{
    return r->at == r->end || *r->at == '\n' || *r->at == '\r';
}

/* Past the end of the line: LF, CR LF, or CR alone as old spreadsheets of the Mac write it. */
static void next_line(reader *r)
{
    const char *at = r->at;
    if (at < r->end && *at == '\r') at++;
    if (at < r->end && *at == '\n') at++;
    r->at = at;
    r->line++;
}

/* Between quotes: "" is one of them, and lines may end inside. */
static lar_status read_quoted(reader *r)
{
    const int64_t line = r->line;
    for (r->at++;; r->at++) {
        if (r->at == r->end) return broken(r, line, "a quote is opened here and never closed");
        if (*r->at == '"') {
            if (r->at + 1 == r->end || r->at[1] != '"') break;
            r->at++;
        }
        r->line += *r->at == '\n';
        lar_text_add_bytes(&r->cell, r->at, 1);
    }
    r->at++;
    while (r->at < r->end && *r->at == ' ') r->at++;
    if (!at_end_of_line(r) && *r->at != r->between)
        return broken(r, line,
                      "text stands behind a closing quote; a quote inside one is written "
                      "twice");
    return LAR_OK;
}

static lar_status read_cell(reader *r)
{
    r->cell.length = 0;
    while (r->at < r->end && *r->at == ' ') r->at++;
    if (r->at < r->end && *r->at == '"' && r->between != '\t') {
        const lar_status status = read_quoted(r);
        if (status != LAR_OK) return status;
    } else {
        const char *from = r->at;
        while (!at_end_of_line(r) && *r->at != r->between) {
            if (*r->at == '"' && r->between != '\t')
                return broken(r, r->line,
                              "a quote stands inside a cell that does not begin with "
                              "one");
            r->at++;
        }
        const char *to = r->at;
        while (to > from && to[-1] == ' ') to--;
        lar_text_add_bytes(&r->cell, from, (size_t)(to - from));
    }
    if (r->count == COLUMNS_MAX) return broken(r, r->line, "more than 4096 cells");
    const char *kept = lar_arena_text(r->arena, r->cell.length ? r->cell.at : "", r->cell.length);
    if (!kept || r->cell.failed) return LAR_EMEMORY;
    r->cells[r->count++] = kept;
    return LAR_OK;
}

/* The next row that is not blank: false at the end of the table. */
static lar_status read_row(reader *r, int64_t *line, bool *there)
{
    for (*there = false; !*there;) {
        while (r->at < r->end && at_end_of_line(r)) next_line(r);
        if (r->at == r->end) return LAR_OK;
        *line = r->line;
        r->count = 0;
        for (;;) {
            const lar_status status = read_cell(r);
            if (status != LAR_OK) return status;
            if (at_end_of_line(r)) break;
            r->at++; /* what is between */
        }
        next_line(r);
        /* a line of separators alone, as spreadsheets leave them, is none */
        for (int64_t n = 0; n < r->count; n++) *there |= *r->cells[n] != 0;
    }
    return LAR_OK;
}

static const char *const *keep_cells(const reader *r)
{
    const char **kept = lar_arena_take(r->arena, r->count + 1, sizeof *kept);
    if (kept) memcpy(kept, r->cells, (size_t)r->count * sizeof *kept);
    return kept;
}

static lar_status read_names(lar_csv *out, reader *r)
{
    int64_t line;
    bool there;
    lar_status status = read_row(r, &line, &there);
    if (status != LAR_OK) return status;
    if (!there) return lar_fail(LAR_EARGUMENT, "'%s' is empty: no line of column names", r->name);
    if (r->count == 1 && strchr(r->cells[0], ';')) {
        status = broken(r, line, "columns seem to be separated by ';'");
        return lar_hint(status, "saving it with commas");
    }
    if (r->count == 1 && r->between == ',' && strchr(r->cells[0], '\t')) {
        status = broken(r, line, "columns seem to be separated by tabs");
        return lar_hint(status, "a name that ends in .tsv");
    }
    if (r->count == 1 && r->between == '\t' && strchr(r->cells[0], ',')) {
        status = broken(r, line, "columns seem to be separated by ','");
        return lar_hint(status, "a name that ends in .csv, or saving it with tabs");
    }
    out->column_count = r->count;
    out->names = keep_cells(r);
    if (!out->names) return LAR_EMEMORY;
    for (int64_t n = 0; n < r->count; n++) {
        if (!*out->names[n])
            return lar_fail(LAR_EARGUMENT, "%s:%lld: column %lld has no name", r->name,
                            (long long)line, (long long)n + 1);
        for (int64_t m = 0; m < n; m++)
            if (lar_text_is(out->names[m], out->names[n]))
                return lar_fail(LAR_EARGUMENT, "%s:%lld: there are two columns '%s'", r->name,
                                (long long)line, out->names[n]);
    }
    return LAR_OK;
}

static lar_status read_rows(lar_csv *out, reader *r)
{
    int64_t line, room = 0;
    bool there;
    for (;;) {
        lar_status status = read_row(r, &line, &there);
        if (status != LAR_OK || !there) return status;
        if (r->count != out->column_count)
            return lar_fail(LAR_EARGUMENT, "%s:%lld: %lld cell%s, but there are %lld columns",
                            r->name, (long long)line, (long long)r->count, r->count == 1 ? "" : "s",
                            (long long)out->column_count);
        if (out->row_count == room) {
            room = room ? 2 * room : 64;
            struct lar_csv_row *grown = lar_arena_take(r->arena, room, sizeof *grown);
            if (!grown) return LAR_EMEMORY;
            if (out->row_count) memcpy(grown, out->rows, (size_t)out->row_count * sizeof *grown);
            out->rows = grown;
        }
        const char *const *cells = keep_cells(r);
        if (!cells) return LAR_EMEMORY;
        out->rows[out->row_count++] = (struct lar_csv_row){ .line = line, .cells = cells };
    }
}

lar_status lar_csv_parse(lar_csv *out, const char *bytes, size_t count, const char *name,
                         lar_arena *arena)
{
    static const char mark[] = "\xef\xbb\xbf"; /* byte order mark of UTF-8 */
    *out = (lar_csv){ .path = name };
    reader *r = lar_alloc(1, sizeof *r);
    if (!r) return LAR_EMEMORY;
    r->name = name;
    r->arena = arena;
    r->between = lar_text_ends(name, ".tsv") ? '\t' : ',';
    r->at = bytes;
    r->end = bytes + count;
    r->line = 1;
    if (count >= 3 && memcmp(bytes, mark, 3) == 0) r->at += 3;
    lar_status status = LAR_OK;
    const char *wrong;
    if (count >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0)) {
        status = lar_fail(LAR_EARGUMENT, "'%s' is UTF-16", name);
        lar_hint(status, "saving it as UTF-8");
    } else if (count && memchr(bytes, 0, count)) {
        status = lar_fail(LAR_EARGUMENT, "'%s' is not a table of text: it holds a 0 byte", name);
    } else if ((wrong = lar_not_utf8(bytes, r->end))) {
        int64_t line = 1;
        for (const char *c = bytes; c < wrong; c++) line += *c == '\n';
        status = lar_fail(LAR_EARGUMENT, "%s:%lld: the text is not UTF-8", name, (long long)line);
        lar_hint(status, "saving it as UTF-8");
    }
    if (status == LAR_OK) status = read_names(out, r);
    if (status == LAR_OK) status = read_rows(out, r);
    lar_text_clear(&r->cell);
    lar_free(r);
    return status;
}

lar_status lar_csv_read(lar_csv *out, const char *path, lar_arena *arena)
{
    char *bytes = NULL;
    size_t count;
    const char *name = lar_arena_text(arena, path, strlen(path));
    if (!name) return LAR_EMEMORY;
    lar_status status = lar_file_read(&bytes, &count, path, TABLE_MAX);
    if (status == LAR_OK) status = lar_csv_parse(out, bytes, count, name, arena);
    lar_free(bytes);
    return status;
}

int64_t lar_csv_column(const lar_csv *table, const char *name)
{
    for (int64_t n = 0; n < table->column_count; n++)
        if (lar_text_is(table->names[n], name)) return n;
    return -1;
}

void lar_csv_add(lar_text *out, const char *cell, bool first)
{
    const size_t length = strlen(cell);
    if (!first) lar_text_add(out, ",");
    if (!strpbrk(cell, ",\"\r\n") && (!length || (cell[0] != ' ' && cell[length - 1] != ' '))) {
        lar_text_add(out, "%s", cell);
        return;
    }
    lar_text_add(out, "\"");
    for (const char *c = cell; *c; c++) {
        if (*c == '"') lar_text_add(out, "\"");
        lar_text_add_bytes(out, c, 1);
    }
    lar_text_add(out, "\"");
}
