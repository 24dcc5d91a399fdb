/* What is known of each participant (age, sex, site), from a table such as BIDS' participants.tsv.
 * SPDX-License-Identifier: Apache-2.0 */
#include "data/csv.h"
#include "data/find.h"

static const char *const id_names[] = { "participant_id", "subject", "subject_id", NULL };

/* "01" of "sub-01". */
static const char *bare(const char *id)
{
    return lar_text_starts(id, "sub-") && id[4] ? id + 4 : id;
}

static int row_compare(const void *a, const void *b)
{
    const struct lar_covariate_row *x = a, *y = b;
    return lar_text_order(bare(x->id), bare(y->id));
}

lar_status lar_covariates_read(lar_covariates *out, const char *path, lar_arena *arena)
{
    lar_csv table;
    int64_t key = -1;
    *out = (lar_covariates){ 0 };
    const lar_status status = lar_csv_read(&table, path, arena);
    if (status != LAR_OK) return status;
    for (int n = 0; id_names[n] && key < 0; n++) key = lar_csv_column(&table, id_names[n]);
    if (key < 0) {
        lar_fail(LAR_EARGUMENT, "'%s' has no column 'participant_id'", path);
        return lar_hint(LAR_EARGUMENT, "naming the column of ids so (it has: %s ...)",
                        table.names[0]);
    }
    const char **names = lar_arena_take(arena, table.column_count, sizeof *names);
    out->rows = lar_arena_take(arena, table.row_count, sizeof *out->rows);
    if (!names || !out->rows) return LAR_EMEMORY;
    for (int64_t m = 0; m < table.column_count; m++)
        if (m != key) names[out->count++] = table.names[m];
    out->names = names;
    for (int64_t n = 0; n < table.row_count; n++) {
        const char *const *cells = table.rows[n].cells;
        const char **values = lar_arena_take(arena, table.column_count, sizeof *values);
        if (!values) return LAR_EMEMORY;
        int64_t count = 0;
        for (int64_t m = 0; m < table.column_count; m++)
            if (m != key) values[count++] = lar_text_is(cells[m], "n/a") ? "" : cells[m];
        out->rows[out->row_count++] =
            (struct lar_covariate_row){ .id = cells[key], .values = values };
    }
    if (out->row_count) qsort(out->rows, (size_t)out->row_count, sizeof *out->rows, row_compare);
    for (int64_t n = 1; n < out->row_count; n++)
        if (lar_text_is(bare(out->rows[n - 1].id), bare(out->rows[n].id)))
            return lar_fail(LAR_EARGUMENT, "'%s' has two lines of '%s'", path, out->rows[n].id);
    return LAR_OK;
}

const struct lar_covariate_row *lar_covariates_find(const lar_covariates *covariates,
                                                    const char *id)
{
    int64_t low = 0, high = covariates->row_count;
    const char *wanted = covariates->of_cases ? id : bare(id);
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        const char *at = covariates->rows[middle].id;
        const int order = lar_text_order(covariates->of_cases ? at : bare(at), wanted);
        if (order == 0) return &covariates->rows[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

lar_status lar_covariates_join(lar_cohort *cohort, lar_finder *f)
{
    lar_status status = LAR_OK;
    if (f->data->participants) {
        const char *path = lar_path_join(f->arena, f->folder, f->data->participants);
        if (!path) return LAR_EMEMORY;
        LAR_TRY(lar_covariates_read(&f->covariates, path, f->arena));
    }
    const lar_covariates *known = &f->covariates;
    cohort->covariate_count = known->count;
    cohort->covariates = known->names;
    const char **none = lar_arena_take(f->arena, known->count + 1, sizeof *none);
    if (!none) return LAR_EMEMORY;
    for (int64_t n = 0; n < known->count; n++) none[n] = "";
    int64_t joined = 0;
    for (int64_t n = 0; n < cohort->subject_count; n++) {
        lar_subject *subject = &cohort->subjects[n];
        const struct lar_covariate_row *row =
            lar_covariates_find(known, known->of_cases ? subject->id : subject->subject);
        subject->values = row ? row->values : none;
        joined += row != NULL;
    }
    if (known->count && !joined)
        lar_log(LAR_LOG_WARNING,
                "no subject has a line in the table of participants: it names '%s'",
                known->row_count ? known->rows[0].id : "nobody");
done:
    return status;
}
