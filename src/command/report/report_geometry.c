/* Pairs and geometry: which scans belong together, the grids that they are stored on, and what was
 * learned of each.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/report/report_make.h"
#include "image/image.h"

enum { KINDS = 64 }; /* of grids, listed */

typedef struct grid_kind {
    char words[96];
    int64_t count;
    const char *first; /* case */
} grid_kind;

static void count_grid(grid_kind *kinds, int64_t *known, const lar_grid *grid, const char *id)
{
    char words[96];
    int64_t n = 0;
    lar_grid_words(grid, words, sizeof words);
    while (n < *known && !lar_text_is(kinds[n].words, words)) n++;
    if (n == KINDS) return;
    if (n == *known) {
        kinds[n] = (grid_kind){ .first = id };
        memcpy(kinds[n].words, words, sizeof words);
        (*known)++;
    }
    kinds[n].count++;
}

/* image: -1: of the prepared volumes. Rare grids are named by a case that has them. */
static void add_grids(lar_page *page, const lar_report *r, int64_t image, grid_kind *kinds)
{
    int64_t known = 0;
    for (int64_t n = 0; n < r->cases->case_count; n++) {
        const lar_case_record *record = &r->cases->cases[n];
        if (lar_case_has_volumes(record->state))
            count_grid(kinds, &known, image < 0 ? &record->grid : &record->files[image].raw,
                       record->id);
    }
    for (int64_t n = 0; n < known; n++) {
        lar_page_cell(page, "%s", image < 0 ? "prepared" : r->cases->images[image].name);
        lar_page_cell(page, "%s", image < 0 ? "" : lar_role_names[r->cases->images[image].role]);
        lar_page_cell(page, "%s", kinds[n].words);
        lar_page_cell(page, "%lld", (long long)kinds[n].count);
        lar_page_cell(page, "%s", kinds[n].first);
    }
}

static void add_fit(lar_page *page, const lar_fit *fit)
{
    lar_text text = { 0 };
    if (fit->method) lar_text_add(&text, "%s", fit->method);
    for (int64_t n = 0; fit->method && n < fit->values.count && n < 4; n++)
        lar_text_add(&text, " %.4g", fit->values.at[n]);
    lar_page_cell(page, "%s", lar_text_get(&text));
    lar_text_clear(&text);
}

/* The path without the folder of the study, which says where somebody's home is. */
static const char *short_path(const lar_report *r, const char *path)
{
    const char *end = strrchr(r->work, '/');
    const size_t length = end ? (size_t)(end - r->work) + 1 : 0;
    return length && strncmp(path, r->work, length) == 0 ? path + length : path;
}

static void add_pair(lar_page *page, const lar_report *r, const lar_case_record *record)
{
    static const char *const states[] = { "to be done", "prepared", "failed", "flagged" };
    const bool known = lar_case_has_volumes(record->state);
    for (int64_t m = 0; m < (known ? r->cases->image_count : 1); m++) {
        char words[96] = "";
        if (known && r->cases->images[m].made_of) continue;
        if (known) lar_grid_words(&record->files[m].raw, words, sizeof words);
        lar_page_cell(page, "%s", record->id);
        lar_page_cell(page, "%s", lar_split_names[record->split]);
        lar_page_cell(page, "%s", states[record->state]);
        lar_page_cell(page, "%s", known ? r->cases->images[m].name : "");
        lar_page_cell(page, "%s", known ? short_path(r, record->files[m].source) : "");
        lar_page_cell(page, "%s", words);
        add_fit(page, known ? &record->files[m].fit : &(lar_fit){ 0 });
    }
}

void lar_report_add_geometry(lar_page *page, const lar_report *r)
{
    static const lar_page_column grids[] = { { "image", false },
                                             { "role", false },
                                             { "grid of the file", false },
                                             { "cases", true },
                                             { "such as", false } };
    static const lar_page_column pairs[] = {
        { "subject", false }, { "part", false }, { "state", false },      { "image", false },
        { "scan", false },    { "grid", false }, { "normalized", false },
    };
    int64_t parts[LAR_SPLIT_COUNT] = { 0 };
    grid_kind *kinds = lar_arena_take(r->arena, KINDS + 1, sizeof *kinds);
    if (!kinds) return;
    for (int64_t n = 0; n < r->cases->case_count; n++) parts[r->cases->cases[n].split]++;
    lar_page_section(page, "geometry", "Pairs and geometry");
    lar_page_text(page, LAR_PAGE_PLAIN, "%lld subjects to train on, %lld held out, %lld to test.",
                  (long long)parts[LAR_TRAIN], (long long)parts[LAR_VALID],
                  (long long)parts[LAR_TEST]);
    lar_page_table_open(page, grids, 5);
    for (int64_t m = 0; m < r->cases->image_count; m++)
        if (!r->cases->images[m].made_of) add_grids(page, r, m, kinds);
    add_grids(page, r, -1, kinds);
    lar_page_close(page);
    lar_page_fold_open(page, r->cases->case_count <= 24, "Every scan");
    lar_page_table_open(page, pairs, 7);
    for (int64_t n = 0; n < r->cases->case_count; n++) add_pair(page, r, &r->cases->cases[n]);
    lar_page_close(page);
    lar_page_close(page);
}
