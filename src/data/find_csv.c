/* A table with a line of each case: who, which part, the path of each image, and covariates.
 * SPDX-License-Identifier: Apache-2.0 */
#include "data/csv.h"
#include "data/find.h"

enum { PARTS = 3 };
/* Where there is no column `case`, these make its id, as {subject}, {session} ... of a pattern. */
static const char *const id_columns[] = { "session", "run", "slice" };

typedef struct csv {
    lar_finder *f;
    const char *folder; /* of the table: paths start there */
    lar_csv table;
    int64_t subject, case_, split, parts[PARTS]; /* columns; -1: none */
    int64_t *images;                             /* columns */
    int64_t filled, empty;                       /* lines that say a part, and that do not */
} csv;

static lar_status no_column(const csv *c, const char *name, const char *what)
{
    lar_text all = { 0 };
    for (int64_t n = 0; n < c->table.column_count; n++)
        lar_text_add(&all, "%s%s", n ? " " : "", c->table.names[n]);
    lar_fail(LAR_EARGUMENT, "'%s' has no column '%s' %s", c->table.path, name, what);
    lar_hint(LAR_EARGUMENT, "one of its columns: %s", lar_text_get(&all));
    lar_text_clear(&all);
    return LAR_EARGUMENT;
}

static lar_status find_columns(csv *c)
{
    const lar_data_params *data = c->f->data;
    c->subject = lar_csv_column(&c->table, "subject");
    c->case_ = lar_csv_column(&c->table, "case");
    c->split = lar_csv_column(&c->table, "split");
    for (int n = 0; n < PARTS; n++) c->parts[n] = lar_csv_column(&c->table, id_columns[n]);
    if (c->subject < 0 && c->case_ < 0) return no_column(c, "subject", "and none 'case'");
    c->images = lar_arena_take(c->f->arena, lar_data_scans(data), sizeof *c->images);
    if (!c->images) return LAR_EMEMORY;
    for (int64_t n = 0; n < lar_data_scans(data); n++) {
        const lar_image_spec *spec = &data->images[n];
        char what[300];
        const char *name = spec->column ? spec->column : spec->name;
        snprintf(what, sizeof what, "for image '%s'", spec->name);
        c->images[n] = lar_csv_column(&c->table, name);
        if (c->images[n] < 0) return no_column(c, name, what);
    }
    return LAR_OK;
}

static bool is_covariate(const csv *c, int64_t column)
{
    bool other = column == c->subject || column == c->case_ || column == c->split;
    for (int64_t n = 0; n < lar_data_scans(c->f->data); n++) other |= column == c->images[n];
    return !other;
}

static lar_status read_split(csv *c, const struct lar_csv_row *row, int *split)
{
    *split = -1;
    const char *text = c->split < 0 ? "" : row->cells[c->split];
    if (!*text) {
        c->empty++;
        return LAR_OK;
    }
    c->filled++;
    for (int s = 0; s < LAR_SPLIT_COUNT; s++)
        if (lar_text_is(text, lar_split_names[s])) *split = s;
    if (*split >= 0) return LAR_OK;
    return lar_fail(LAR_EARGUMENT, "%s:%lld: '%s' is not a split (one of train valid test)",
                    c->table.path, (long long)row->line, text);
}

static lar_status read_id(const csv *c, const struct lar_csv_row *row, lar_found *out)
{
    char where[512];
    const char *subject = c->subject < 0 ? NULL : row->cells[c->subject];
    out->id = c->case_ < 0 ? NULL : row->cells[c->case_];
    if ((subject && !*subject) || (out->id && !*out->id))
        return lar_fail(LAR_EARGUMENT, "%s:%lld: '%s' is empty", c->table.path,
                        (long long)row->line, subject && !*subject ? "subject" : "case");
    out->subject = subject ? subject : out->id;
    if (!out->id) {
        out->id = subject;
        for (int n = 0; n < PARTS && out->id; n++)
            if (c->parts[n] >= 0 && *row->cells[c->parts[n]])
                out->id = lar_arena_format(c->f->arena, "%s_%s", out->id, row->cells[c->parts[n]]);
    }
    if (!out->id) return LAR_EMEMORY;
    snprintf(where, sizeof where, "%s:%lld", c->table.path, (long long)row->line);
    const lar_status status = lar_id_check(out->id, where);
    return status == LAR_OK ? lar_id_check(out->subject, where) : status;
}

static lar_status read_line(csv *c, int64_t n)
{
    const struct lar_csv_row *row = &c->table.rows[n];
    struct lar_covariate_row *known = &c->f->covariates.rows[n];
    lar_arena *arena = c->f->arena;
    lar_found found = { 0 };
    lar_status status = LAR_OK;
    LAR_TRY(read_id(c, row, &found));
    LAR_TRY(read_split(c, row, &found.split));
    found.path = c->table.path;
    if (!lar_found_add(&c->f->known, &found, arena)) return LAR_EMEMORY;
    for (int64_t m = 0; m < lar_data_scans(c->f->data); m++) {
        const char *cell = row->cells[c->images[m]];
        if (!*cell) continue; /* it is not complete, and will be named */
        found.path = lar_path_join(arena, c->folder, cell);
        if (!found.path || !lar_found_add(&c->f->files[m], &found, arena)) return LAR_EMEMORY;
    }
    const char **values = lar_arena_take(arena, c->f->covariates.count + 1, sizeof *values);
    if (!values) return LAR_EMEMORY;
    int64_t count = 0;
    for (int64_t m = 0; m < c->table.column_count; m++)
        if (is_covariate(c, m))
            values[count++] = lar_text_is(row->cells[m], "n/a") ? "" : row->cells[m];
    known->id = found.id;
    known->values = values;
done:
    return status;
}

static lar_status refuse_twice(const csv *c)
{
    const lar_covariates *known = &c->f->covariates;
    const char *twice = NULL;
    int64_t lines[2] = { 0 }, found = 0;
    for (int64_t n = 1; n < known->row_count && !twice; n++)
        if (lar_text_is(known->rows[n - 1].id, known->rows[n].id)) twice = known->rows[n].id;
    if (!twice) return LAR_OK;
    for (int64_t n = 0; n < c->table.row_count && found < 2; n++) {
        lar_found one;
        const lar_status status = read_id(c, &c->table.rows[n], &one);
        if (status != LAR_OK) return status;
        if (lar_text_is(one.id, twice)) lines[found++] = c->table.rows[n].line;
    }
    lar_fail(LAR_EARGUMENT, "%s:%lld: the case '%s' is here a second time, after line %lld",
             c->table.path, (long long)lines[1], twice, (long long)lines[0]);
    if (c->case_ >= 0) return LAR_EARGUMENT;
    return lar_hint(LAR_EARGUMENT,
                    "a column 'case' or 'session' that tells the lines of one subject apart");
}

static int row_compare(const void *a, const void *b)
{
    const struct lar_covariate_row *x = a, *y = b;
    return lar_text_order(x->id, y->id);
}

lar_status lar_find_csv(lar_finder *f)
{
    lar_status status = LAR_OK;
    csv c = { .f = f };
    const char *path = lar_path_join(f->arena, f->folder, f->data->csv);
    c.folder = path ? lar_path_folder(f->arena, path) : NULL;
    if (!c.folder) return LAR_EMEMORY;
    LAR_TRY(lar_csv_read(&c.table, path, f->arena));
    LAR_TRY(find_columns(&c));
    if (c.table.row_count == 0)
        return lar_fail(LAR_EARGUMENT, "'%s' has no line of a case", c.table.path);
    const char **names = lar_arena_take(f->arena, c.table.column_count + 1, sizeof *names);
    lar_covariates *known = &f->covariates;
    known->rows = lar_arena_take(f->arena, c.table.row_count, sizeof *known->rows);
    if (!names || !known->rows) return LAR_EMEMORY;
    for (int64_t m = 0; m < c.table.column_count; m++)
        if (is_covariate(&c, m)) names[known->count++] = c.table.names[m];
    known->names = names;
    known->of_cases = true;
    known->row_count = c.table.row_count;
    for (int64_t n = 0; n < c.table.row_count; n++) LAR_TRY(read_line(&c, n));
    qsort(known->rows, (size_t)known->row_count, sizeof *known->rows, row_compare);
    LAR_TRY(refuse_twice(&c));
    if (c.filled && c.empty)
        return lar_fail(LAR_EARGUMENT, "'%s' names the split of %lld cases, but not of %lld",
                        c.table.path, (long long)c.filled, (long long)c.empty);
    if (c.filled)
        f->splits_by = lar_arena_format(f->arena, "the column 'split' of '%s'", f->data->csv);
    if (c.filled && !f->splits_by) return LAR_EMEMORY;
done:
    return status;
}
