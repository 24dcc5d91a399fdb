/* Cases on the page: first those that need a look, with the reason; then all others. Each is a row
 * of pictures per image, from the scan to what the network sees.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "command/report/report_make.h"
#include "command/report/report_pictures.h"
#include "image/image.h"

enum {
    IN_FULL = 60, /* cases: of more, most show the scan and the end alone */
    LATEST = 6,   /* cases shown while they are prepared */
    BAD_AT_ONCE = 24
};
static const double SCALE = 1.5; /* small pictures are shown larger than they are */

static const char *words_of_step(const lar_report *r, int64_t step)
{
    lar_report_step s;
    if (!lar_report_step_at(&s, r, step)) return "after a step";
    const char *out =
        lar_text_is(s.name, "strip")
            ? lar_arena_format(r->arena, "%lld strip: the outline of its mask", (long long)step)
        : s.method
            ? lar_arena_format(r->arena, "after %lld %s (%s)", (long long)step, s.name, s.method)
            : lar_arena_format(r->arena, "after %lld %s", (long long)step, s.name);
    return out ? out : "";
}

/* "t1" in " t1 flair". */
static bool lists(const char *images, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = images; (at = strstr(at, name)); at++)
        if ((at == images || at[-1] == ' ') && (at[length] == ' ' || !at[length])) return true;
    return false;
}

/* What the last picture of an image is, beyond the one before it: the spatial steps in one. */
static const char *words_of_end(const lar_report *r, const char *name)
{
    lar_text text = { 0 };
    lar_report_step s;
    for (int64_t n = 1; lar_report_step_at(&s, r, n); n++)
        if (s.spatial && lists(s.images, name))
            lar_text_add(&text, "%s%s", text.length ? ", " : "", s.name);
    const char *out =
        text.length ? lar_arena_format(r->arena, "prepared: %s", lar_text_get(&text)) : "prepared";
    lar_text_clear(&text);
    return out ? out : "";
}

static void add_image(lar_page *page, const lar_report *r, const lar_case_record *record,
                      const lar_image_spec *spec, const json_t *object, bool all)
{
    const json_t *list = json_object_get(object, "pictures");
    if (json_array_size(list) == 0) return;
    lar_page_row_open(page, spec->name);
    for (size_t n = 0; n < json_array_size(list); n++) {
        const json_t *picture = json_array_get(list, n);
        const int64_t step = json_integer_value(json_object_get(picture, "step"));
        const char *png = json_string_value(json_object_get(picture, "png"));
        if (!png || (step > 0 && !all)) continue;
        const char *caption = step < 0    ? words_of_end(r, spec->name)
                              : step == 0 ? "the scan"
                                          : words_of_step(r, step);
        const char *alt =
            lar_arena_format(r->arena, "%s of %s, %s", spec->name, record->id, caption);
        lar_page_picture(
            page, &(lar_page_image){
                      .alt = alt ? alt : "", .caption = caption, .base64 = png, .scale = SCALE });
    }
    lar_page_close(page);
}

static const json_t *picture_of_step(const json_t *list, int64_t step)
{
    for (size_t n = 0; n < json_array_size(list); n++)
        if (json_integer_value(json_object_get(json_array_get(list, n), "step")) == step)
            return json_array_get(list, n);
    return NULL;
}

static void add_map(lar_page *page, const lar_report *r, const lar_case_map *map,
                    const json_t *list, bool flagged)
{
    const lar_register_verdict *v = &map->verdict;
    const char *png = json_string_value(json_object_get(picture_of_step(list, map->step), "png"));
    const char *alt = lar_arena_format(r->arena, "contours of %s over %s", map->move, map->to);
    lar_page_row_open(page, "together");
    if (png && alt)
        lar_page_picture(
            page, &(lar_page_image){ .alt = alt, .base64 = png, .scale = flagged ? 1 : SCALE });
    lar_page_text(
        page, LAR_PAGE_SOFT,
        "Step %lld, register: contours of %s over %s. Heads overlap by %.0f %%; mutual "
        "information %.3f by the headers, %.3f now; turned by %.1f degrees, moved by %.1f "
        "mm.",
        (long long)map->step, map->move, map->to, 100 * v->overlap, v->metric_before,
        v->metric_after, v->angle_degrees, v->shift_mm);
    lar_page_close(page);
}

static void add_strip(lar_page *page, const lar_report *r, const lar_case_strip *strip,
                      const json_t *list, bool flagged)
{
    const lar_strip_verdict *v = &strip->verdict;
    const char *png = json_string_value(json_object_get(picture_of_step(list, strip->step), "png"));
    const char *alt = lar_arena_format(r->arena, "outline of %s over %s", strip->mask, strip->of);
    lar_text words = { 0 };
    lar_case_strip_words(&words, strip);
    lar_page_row_open(page, strip->mask);
    if (png && alt)
        lar_page_picture(
            page, &(lar_page_image){ .alt = alt, .base64 = png, .scale = flagged ? 1 : SCALE });
    lar_page_text(page, LAR_PAGE_SOFT,
                  "Step %lld, strip: the outline of %s over %s, before anything was taken away. "
                  "%s, %.0f ml; the verdict is %s.",
                  (long long)strip->step, strip->mask, strip->of, lar_text_get(&words),
                  v->millilitres, v->doubtful ? "doubtful" : "good");
    lar_text_clear(&words);
    lar_page_close(page);
}

/* Volumes that were prepared and are not there any more. */
static void add_lost(lar_page *page, const lar_report *r, const lar_case_record *record)
{
    for (int64_t n = 0; n < r->cases->image_count; n++) {
        const char *path = lar_cases_volume(r->arena, r->work, record->id, r->cases->images[n].name,
                                            record->state == LAR_CASE_FLAGGED);
        if (path && !lar_path_exists(path))
            lar_page_text(page, LAR_PAGE_BAD,
                          "The prepared volume of %s is gone: '%s'. larmor prepare makes it again.",
                          r->cases->images[n].name, path);
    }
}

static void add_case(lar_page *page, lar_report *r, const lar_case_record *record, bool all)
{
    char grid[96] = "";
    const int kind = record->state == LAR_CASE_FLAGGED  ? LAR_PAGE_WARNING
                     : record->state == LAR_CASE_FAILED ? LAR_PAGE_BAD
                                                        : LAR_PAGE_PLAIN;
    json_t *seen = lar_pictures_read(r->work, record->id);
    const json_t *images = json_object_get(seen, "images"),
                 *maps = json_object_get(seen, "registrations"),
                 *strips = json_object_get(seen, "strips");

    if (lar_case_has_volumes(record->state)) lar_grid_words(&record->grid, grid, sizeof grid);
    const char *beside = lar_arena_format(r->arena, "%s%s%s%s", lar_split_names[record->split],
                                          kind == LAR_PAGE_WARNING ? ", flagged"
                                          : kind == LAR_PAGE_BAD   ? ", failed"
                                                                   : "",
                                          *grid ? ", " : "", grid);
    lar_page_card_open(page, kind, record->id, beside ? beside : "");
    if (record->reason && kind != LAR_PAGE_PLAIN) lar_page_text(page, kind, "%s", record->reason);
    if (lar_case_has_volumes(record->state)) add_lost(page, r, record);
    for (int64_t n = 0; n < r->cases->image_count; n++)
        add_image(page, r, record, &r->cases->images[n],
                  json_object_get(images, r->cases->images[n].name), all);
    for (int64_t m = 0; m < record->findings.map_count; m++)
        add_map(page, r, &record->findings.maps[m], maps, kind == LAR_PAGE_WARNING);
    for (int64_t n = 0; n < record->findings.strip_count; n++)
        add_strip(page, r, &record->findings.strips[n], strips,
                  record->findings.strips[n].verdict.doubtful);
    if (!seen && lar_case_has_volumes(record->state))
        lar_page_text(page, LAR_PAGE_SOFT, "Nothing was drawn of this case.");
    lar_page_close(page);
    json_decref(seen);
}

/* ---- sections -------------------------------------------------------------------------- */

static void add_bad(lar_page *page, lar_report *r, int state, const char *anchor, const char *title,
                    const char *words)
{
    const int64_t count = lar_report_count(r, state);
    int64_t shown = 0;
    if (count == 0) return;
    lar_page_section(page, anchor, title);
    lar_page_text(page, LAR_PAGE_SOFT, "%s", words);
    for (int64_t n = 0; n < r->cases->case_count; n++) {
        if (r->cases->cases[n].state != state) continue;
        if (r->running && shown++ == BAD_AT_ONCE) {
            lar_page_text(page, LAR_PAGE_SOFT, "And %lld more.", (long long)(count - BAD_AT_ONCE));
            break;
        }
        add_case(page, r, &r->cases->cases[n], true);
    }
}

static void add_latest(lar_page *page, lar_report *r)
{
    int64_t left = LATEST;
    lar_page_section(page, "cases", "The latest cases");
    for (int64_t n = r->cases->case_count - 1; n >= 0 && left > 0; n--) {
        if (r->cases->cases[n].state != LAR_CASE_DONE) continue;
        add_case(page, r, &r->cases->cases[n], true);
        left--;
    }
    if (left == LATEST) lar_page_text(page, LAR_PAGE_SOFT, "None is prepared yet.");
}

void lar_report_add_doubtful(lar_page *page, lar_report *r)
{
    add_bad(page, r, LAR_CASE_FLAGGED, "flagged", "Flagged cases",
            "Prepared, but a verdict doubts them: training leaves them out, unless 'trust' of the "
            "study's data lists those that a look finds right.");
    add_bad(page, r, LAR_CASE_FAILED, "failed", "Failed cases",
            "Not prepared, and not part of any training.");
}

void lar_report_add_cases(lar_page *page, lar_report *r)
{
    const int64_t count = lar_report_count(r, LAR_CASE_DONE);
    if (r->running == LAR_REPORT_PREPARES) add_latest(page, r);
    if (r->running) return;
    lar_page_section(page, "cases", "Prepared cases");
    if (count == 0) lar_page_text(page, LAR_PAGE_SOFT, "There are none.");
    if (count > IN_FULL)
        lar_page_text(page, LAR_PAGE_SOFT,
                      "Of %lld cases, the first %d are shown after each step, the others as scans "
                      "and as they were prepared.",
                      (long long)count, IN_FULL / 4);
    if (count > 0)
        lar_page_text(page, LAR_PAGE_SOFT,
                      "The patient's left is on the left. Black and white are chosen for each "
                      "stage by itself; prepared images of a case are shown at one place. Spatial "
                      "steps are done in one interpolation, and so in one picture.");
    int64_t shown = 0;
    for (int64_t n = 0; n < r->cases->case_count; n++)
        if (r->cases->cases[n].state == LAR_CASE_DONE)
            add_case(page, r, &r->cases->cases[n], count <= IN_FULL || shown++ < IN_FULL / 4);
}
