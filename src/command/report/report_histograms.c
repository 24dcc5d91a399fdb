/* Histograms of the cohort, each image before and after it was prepared.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "command/report/report_make.h"
#include "command/report/report_pictures.h"

enum { CURVES = 24, BINS = 96, GROUPS = 2 };
static const char *const keys[GROUPS] = { "raw", "prepared" };

typedef struct gathered {
    int64_t count;
    const char *names[CURVES];
    lar_glance_counts (*counts)[GROUPS];
} gathered;

/* Of the cases that have both. */
static int64_t gather(gathered *g, const lar_report *r, const char *image, bool count_only,
                      int64_t every)
{
    int64_t met = 0;
    g->count = 0;
    for (int64_t n = 0; n < r->cases->case_count; n++) {
        const lar_case_record *record = &r->cases->cases[n];
        lar_glance_counts both[GROUPS];
        if (record->state != LAR_CASE_DONE) continue;
        if (count_only || met % every != 0 || g->count == CURVES) {
            met++;
            continue;
        }
        met++;
        json_t *root = lar_pictures_read(r->work, record->id);
        const json_t *object = json_object_get(json_object_get(root, "images"), image);
        bool good = true;
        for (int k = 0; k < GROUPS; k++)
            good &= lar_pictures_counts(&both[k], json_object_get(object, keys[k]));
        json_decref(root);
        if (!good) continue;
        g->names[g->count] = record->id;
        memcpy(g->counts[g->count++], both, sizeof both);
    }
    return met;
}

static lar_status add_image(lar_page *page, const lar_report *r, const lar_image_spec *spec,
                            gathered *g)
{
    lar_status status = LAR_OK;
    static const char *const titles[GROUPS] = { "Scans", "Prepared" };
    lar_histograms groups[GROUPS];
    lar_text svg = { 0 };
    const int64_t all = gather(g, r, spec->name, true, 1);
    const int64_t every = (all + CURVES - 1) / CURVES;

    gather(g, r, spec->name, false, every ? every : 1);
    if (g->count == 0) return LAR_OK;
    for (int k = 0; k < GROUPS; k++) {
        double low = INFINITY, high = -INFINITY;
        double *counts = lar_arena_take(r->arena, g->count * BINS, sizeof *counts);
        if (!counts) return LAR_EMEMORY;
        for (int64_t n = 0; n < g->count; n++) {
            low = fmin(low, g->counts[n][k].low);
            high = fmax(high, g->counts[n][k].high);
        }
        for (int64_t n = 0; n < g->count; n++)
            lar_glance_recount(counts + n * BINS, low, high, BINS, &g->counts[n][k]);
        groups[k] = (lar_histograms){ .title = titles[k],
                                      .counts = counts,
                                      .images = g->count,
                                      .bins = BINS,
                                      .low = low,
                                      .high = high };
    }
    LAR_TRY(lar_histograms_svg(&svg, groups, GROUPS, g->names, false));
    const char *title =
        lar_arena_format(r->arena, "%s (%s)", spec->name, lar_role_names[spec->role]);
    if (!title) {
        status = LAR_EMEMORY;
        goto done;
    }
    lar_page_heading(page, title);
    if (g->count < all)
        lar_page_text(page, LAR_PAGE_SOFT, "%lld of %lld cases.", (long long)g->count,
                      (long long)all);
    lar_page_picture(page, &(lar_page_image){ .alt = title,
                                              .bytes = lar_text_get(&svg),
                                              .count = svg.length,
                                              .svg = true,
                                              .plot = true });
done:
    lar_text_clear(&svg);
    return status;
}

lar_status lar_report_add_histograms(lar_page *page, const lar_report *r)
{
    lar_status status = LAR_OK;
    gathered g = { .counts = lar_arena_take(r->arena, CURVES, sizeof *g.counts) };
    if (!g.counts) return LAR_EMEMORY;
    lar_page_section(page, "histograms", "Histograms");
    lar_page_text(page, LAR_PAGE_SOFT,
                  "One curve per subject, of samples in its head. After a good normalization, the "
                  "curves of one image lie on one another.");
    for (int64_t n = 0; n < r->cases->image_count && status == LAR_OK; n++)
        if (lar_role_is_measured(r->cases->images[n].role))
            status = add_image(page, r, &r->cases->images[n], &g);
    return status;
}
