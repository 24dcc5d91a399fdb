/* Points in a table of text (.csv, .tsv): columns x, y, z by name, whatever stands beside them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "format/format.h"
#include "format/transform/transform.h"

enum { BYTES_MAX = 1 << 30, NUMBER_MAX = 64 };

/* A piece of the text, without blanks and quotes about it. */
typedef struct cell {
    const char *at;
    size_t length;
} cell;

struct lar_points_text {
    char *bytes;
    size_t length;
    cell (*cells)[3]; /* x, y, z of each point */
};

/* A table while it is read. */
typedef struct table {
    const char *path;
    char separator;
    int64_t line, columns; /* of the header */
    int64_t column[3];     /* of x, y, z */
} table;

bool lar_path_is_points(const char *path)
{
    return lar_text_ends(path, ".csv") || lar_text_ends(path, ".tsv");
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static cell trimmed(const char *from, const char *to)
{
    while (from < to && is_blank(*from)) from++;
    while (to > from && is_blank(to[-1])) to--;
    if (to - from >= 2 && *from == '"' && to[-1] == '"') from++, to--;
    return (cell){ from, (size_t)(to - from) };
}

/* The next cell of a line that ends at `end`; *at goes behind its separator, or to NULL after the
 * last. False where a quote is not closed. */
static bool next_cell(cell *out, const char **at, const char *end, char separator)
{
    bool quoted = false;
    const char *to = *at;
    for (; to < end && (quoted || *to != separator); to++) quoted ^= *to == '"';
    *out = trimmed(*at, to);
    *at = to < end ? to + 1 : NULL;
    return !quoted;
}

static lar_status open_quote(const table *t)
{
    return lar_fail(LAR_EFORMAT, "line %lld of '%s' holds a quote that is not closed",
                    (long long)t->line, t->path);
}

static lar_status take_header(table *t, const char *at, const char *end)
{
    static const char names[] = "xyz";
    const char *start = at;
    cell c;
    for (int r = 0; r < 3; r++) t->column[r] = -1;
    for (t->columns = 0; at; t->columns++) {
        if (!next_cell(&c, &at, end, t->separator)) return open_quote(t);
        const char *which = c.length == 1 ? strchr(names, *c.at | 0x20) : NULL;
        if (!which || !*which) continue;
        if (t->column[which - names] >= 0)
            return lar_fail(LAR_EFORMAT, "'%s' has two columns '%c'", t->path, *which);
        t->column[which - names] = t->columns;
    }
    for (int r = 0; r < 3; r++)
        if (t->column[r] < 0) {
            const lar_status status =
                lar_fail(LAR_EFORMAT, "'%s' has no column '%c': its first line is '%.*s'", t->path,
                         names[r], end - start > 80 ? 80 : (int)(end - start), start);
            return lar_hint(status, "a header such as x%cy%cz", t->separator, t->separator);
        }
    return LAR_OK;
}

static lar_status take_number(double *out, const table *t, const cell *c, int axis)
{
    char text[NUMBER_MAX];
    snprintf(text, sizeof text, "%.*s", c->length < NUMBER_MAX ? (int)c->length : 0, c->at);
    if (lar_parse_real(out, text)) return LAR_OK;
    return lar_fail(LAR_EFORMAT, "line %lld of '%s' holds '%.*s' in column %c, expected a number",
                    (long long)t->line, t->path, c->length < 40 ? (int)c->length : 40, c->at,
                    "xyz"[axis]);
}

static lar_status take_point(double xyz[3], cell cells[3], const table *t, const char *at,
                             const char *end)
{
    int64_t column = 0;
    cell c;
    for (; at; column++) {
        if (!next_cell(&c, &at, end, t->separator)) return open_quote(t);
        for (int r = 0; r < 3; r++)
            if (t->column[r] == column) cells[r] = c;
    }
    if (column != t->columns)
        return lar_fail(LAR_EFORMAT, "line %lld of '%s' has %lld columns, its header %lld",
                        (long long)t->line, t->path, (long long)column, (long long)t->columns);
    for (int r = 0; r < 3; r++) {
        const lar_status status = take_number(&xyz[r], t, &cells[r], r);
        if (status != LAR_OK) return status;
    }
    return LAR_OK;
}

static bool only_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at)) at++;
    return at == end;
}

static int64_t count_lines(const char *text)
{
    int64_t count = 1;
    for (; *text; text++) count += *text == '\n' || *text == '\r';
    return count;
}

static lar_status take_lines(lar_points *points, table *t)
{
    bool header = false;
    const char *at = points->text->bytes;
    if (lar_text_starts(at, "\xef\xbb\xbf")) at += 3; /* as spreadsheets begin a file */
    while (*at) {
        const char *end = at + strcspn(at, "\r\n");
        t->line++;
        lar_status status = LAR_OK;
        if (!header && !only_blanks(at, end)) {
            header = true;
            status = take_header(t, at, end);
        } else if (!only_blanks(at, end)) {
            status = take_point(points->xyz[points->count], points->text->cells[points->count], t,
                                at, end);
            points->count++;
        }
        if (status != LAR_OK) return status;
        at = end + (end[0] == '\r' && end[1] == '\n') + (*end != 0);
    }
    if (points->count == 0)
        return lar_fail(LAR_EFORMAT, header ? "'%s' has a header, but no points" : "'%s' is empty",
                        t->path);
    return LAR_OK;
}

/* Takes over `bytes`, also on failure. */
static lar_status read_over(lar_points **out, char *bytes, size_t length, const char *path)
{
    lar_status status = LAR_EMEMORY;
    table t = { .path = path, .separator = lar_text_ends(path, ".tsv") ? '\t' : ',' };
    lar_points *points = lar_alloc(1, sizeof *points);
    *out = NULL;
    if (!points || !(points->text = lar_alloc(1, sizeof *points->text))) goto done;
    points->text->bytes = bytes;
    points->text->length = length;
    bytes = NULL;
    if (strlen(points->text->bytes) != length) {
        status = lar_fail(LAR_EFORMAT, "'%s' is not text: it holds a byte of 0", path);
        goto done;
    }
    const int64_t most = count_lines(points->text->bytes);
    points->xyz = lar_alloc(most, sizeof *points->xyz);
    points->text->cells = lar_alloc(most, sizeof *points->text->cells);
    if (!points->xyz || !points->text->cells) goto done;
    LAR_TRY(take_lines(points, &t));
    *out = points;
    points = NULL;
done:
    lar_free(bytes);
    lar_points_free(points);
    return status;
}

lar_status lar_points_read(lar_points **out, const char *path)
{
    char *bytes;
    size_t length;
    *out = NULL;
    const lar_status status = lar_file_read(&bytes, &length, path, BYTES_MAX);
    return status == LAR_OK ? read_over(out, bytes, length, path) : status;
}

lar_status lar_points_read_bytes(lar_points **out, const char *bytes, size_t count,
                                 const char *name)
{
    *out = NULL;
    char *copy = lar_alloc_raw((int64_t)count + 1, 1);
    if (!copy) return LAR_EMEMORY;
    if (count) memcpy(copy, bytes, count);
    copy[count] = 0;
    return read_over(out, copy, count, name);
}

lar_status lar_points_write(const lar_points *points, const char *path, bool force)
{
    const struct lar_points_text *from = points->text;
    const char *at = from->bytes, *end = from->bytes + from->length;
    lar_text text = { 0 };
    for (int64_t n = 0; n < points->count; n++) {
        bool done[3] = { false, false, false };
        for (int c = 0; c < 3; c++) {
            int next = -1; /* of the three, in the order of the file */
            for (int r = 0; r < 3; r++)
                if (!done[r] && (next < 0 || from->cells[n][r].at < from->cells[n][next].at))
                    next = r;
            const cell *old = &from->cells[n][next];
            done[next] = true;
            if (!isfinite(points->xyz[n][next])) {
                lar_text_clear(&text);
                return lar_fail(LAR_ENUMERIC, "cannot write '%s': point %lld is not finite", path,
                                (long long)n + 1);
            }
            lar_text_add_bytes(&text, at, (size_t)(old->at - at));
            lar_add_number(&text, points->xyz[n][next]);
            at = old->at + old->length;
        }
    }
    lar_text_add_bytes(&text, at, (size_t)(end - at));
    const lar_status status =
        text.failed ? LAR_EMEMORY : lar_file_write(path, text.at, text.length, force);
    lar_text_clear(&text);
    return status;
}

void lar_points_free(lar_points *points)
{
    if (!points) return;
    if (points->text) {
        lar_free(points->text->cells);
        lar_free(points->text->bytes);
    }
    lar_free(points->text);
    lar_free(points->xyz);
    lar_free(points);
}
