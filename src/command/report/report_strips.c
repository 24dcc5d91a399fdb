/* The brain masks of all cases in one table: those that are doubted first, then by volume.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "command/report/report_make.h"

typedef struct mask_row {
    const lar_case_record *record;
    const lar_case_strip *strip;
} mask_row;

static int compare(const void *a, const void *b)
{
    const lar_strip_verdict *x = &((const mask_row *)a)->strip->verdict,
                            *y = &((const mask_row *)b)->strip->verdict;
    if (x->doubtful != y->doubtful) return y->doubtful - x->doubtful;
    return (x->millilitres > y->millilitres) - (x->millilitres < y->millilitres);
}

static void add_row(lar_page *page, const mask_row *row)
{
    const lar_case_strip *strip = row->strip;
    const lar_strip_verdict *v = &strip->verdict;
    const bool trusted = v->doubtful && row->record->state == LAR_CASE_DONE;
    lar_page_cell(page, "%s", row->record->id);
    lar_page_cell(page, "%s", strip->mask);
    lar_page_cell(page, "%s", strip->of);
    lar_page_cell(page, "%s%s%s", strip->method, *strip->model ? ", " : "", strip->model);
    lar_page_cell(page, "%.0f", v->millilitres);
    lar_page_cell(page, "%s%s", v->doubtful ? v->reason : "good", trusted ? " (trusted)" : "");
}

void lar_report_add_strips(lar_page *page, const lar_report *r)
{
    static const lar_page_column heads[] = {
        { "subject", false }, { "mask", false }, { "found in", false },
        { "method", false },  { "ml", true },    { "verdict", false },
    };
    int64_t count = 0, doubtful = 0;
    for (int64_t n = 0; n < r->cases->case_count; n++)
        count += r->cases->cases[n].findings.strip_count;
    mask_row *rows = count ? lar_arena_take(r->arena, count, sizeof *rows) : NULL;
    if (!rows) return;
    count = 0;
    for (int64_t n = 0; n < r->cases->case_count; n++) {
        const lar_case_record *record = &r->cases->cases[n];
        for (int64_t m = 0; m < record->findings.strip_count; m++) {
            rows[count++] = (mask_row){ record, &record->findings.strips[m] };
            doubtful += record->findings.strips[m].verdict.doubtful;
        }
    }
    qsort(rows, (size_t)count, sizeof *rows, compare);
    lar_page_section(page, "masks", "Brain masks");
    lar_page_text(page, LAR_PAGE_SOFT,
                  "%lld masks, %lld of them doubted; by volume, the smallest first. A volume far "
                  "from the others is worth a look.",
                  (long long)count, (long long)doubtful);
    lar_page_table_open(page, heads, 6);
    for (int64_t n = 0; n < count; n++) add_row(page, &rows[n]);
    lar_page_close(page);
}
