/* What a report is made of: the study as it was run, what is prepared, how far a training came.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <sys/stat.h>
#include <time.h>

#include "command/report/report_make.h"
#include "command/report/report_pictures.h"

enum { STUDY_MAX = 1 << 20 }; /* bytes */

const char *lar_report_path(lar_arena *arena, const char *work)
{
    return lar_path_join(arena, work, "report.html");
}

const char *lar_report_time(lar_arena *arena, double seconds)
{
    const time_t whole = (time_t)seconds;
    struct tm parts;
    char text[64];
    if (!gmtime_r(&whole, &parts) ||
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
        return "an unknown time";
    const char *out = lar_arena_text(arena, text, strlen(text));
    return out ? out : "";
}

int64_t lar_report_count(const lar_report *report, int state)
{
    int64_t count = 0;
    for (int64_t n = 0; report->cases && n < report->cases->case_count; n++)
        count += report->cases->cases[n].state == state;
    return count;
}

/* ---- the study ------------------------------------------------------------------------- */

static const char *study_path(lar_arena *arena, const char *work)
{
    return lar_path_join(arena, work, "report/study.yaml");
}

void lar_report_keep_study(const lar_study *study, lar_arena *arena)
{
    lar_status status = LAR_OK;
    const char *path = study_path(arena, study->work);
    const char *folder = path ? lar_path_folder(arena, path) : NULL;
    if (!folder) return;
    LAR_TRY(lar_folder_make(folder));
    LAR_TRY(lar_file_write(path, study->text, (size_t)study->length, true));
done:
    if (status != LAR_OK) lar_log(LAR_LOG_WARNING, "%s", lar_error());
}

/* What a study says that a report counts by. */
static void take_study(lar_report *report, const lar_study *study)
{
    report->study_name = study->name;
    report->study_text = study->text;
    report->epochs = study->train.epochs;
    report->patience = study->train.patience;
}

/* The text that was run; the file may have changed since. */
static lar_status read_study(lar_report *report, const lar_study *given)
{
    lar_status status = LAR_OK;
    char *text = NULL;
    size_t length;
    lar_study *kept = NULL;
    const char *path = study_path(report->arena, report->work);

    if (!path) return LAR_EMEMORY;
    report->patience = LAR_INT_AUTO;
    if (given) take_study(report, given);
    if (!lar_path_exists(path)) return LAR_OK;
    LAR_TRY(lar_file_read(&text, &length, path, STUDY_MAX));
    if (given && lar_text_is(text, given->text)) goto done;
    report->study_changed = given != NULL;
    report->study_text = lar_arena_text(report->arena, text, length);
    if (!report->study_text) {
        status = LAR_EMEMORY;
        goto done;
    }
    if (!report->study_name) report->study_name = path;
    if (lar_study_parse(&kept, text, (int64_t)length, path, ".") == LAR_OK) {
        report->epochs = kept->train.epochs;
        report->patience = kept->train.patience;
    }
done:
    lar_study_free(kept);
    lar_free(text);
    return status;
}

/* The text that stands after `key` on its line of the recipe; NULL: there is none. */
static const char *recipe_value(const lar_report *report, const char *key)
{
    const size_t length = strlen(key);
    for (const char *line = report->cases->recipe; *line;) {
        const size_t end = strcspn(line, "\n");
        if (end > length && strncmp(line, key, length) == 0)
            return lar_arena_text(report->arena, line + length, end - length);
        line += end + (line[end] == '\n');
    }
    return NULL;
}

bool lar_report_step_at(lar_report_step *out, const lar_report *report, int64_t step)
{
    *out = (lar_report_step){ 0 };
    if (!report->cases) return false;
    const char *prefix = lar_arena_format(report->arena, "prepare.%lld.", (long long)step);
    const char *rest = prefix ? recipe_value(report, prefix) : NULL;
    if (!rest) return false;
    out->name = lar_arena_text(report->arena, rest, strcspn(rest, "."));
    if (!out->name) return false;
    const char *method = lar_arena_format(report->arena, "%s%s.method: ", prefix, out->name);
    const char *images = lar_arena_format(report->arena, "%s%s.images:", prefix, out->name);
    if (!method || !images) return false;
    out->method = lar_text_is(out->name, "normalize") ? recipe_value(report, method) : NULL;
    out->images = recipe_value(report, images);
    if (!out->images) out->images = "";
    for (int n = 0; lar_steps[n]; n++)
        if (lar_text_is(lar_steps[n]->name, out->name)) out->spatial = lar_steps[n]->spatial;
    return true;
}

/* ---- all of it ------------------------------------------------------------------------- */

lar_status lar_report_begin(lar_report *out, const lar_call *call, const lar_study *study,
                            const lar_cases *cases)
{
    *out = (lar_report){ .call = call, .work = study->work, .cases = cases };
    take_study(out, study);
    return lar_arena_new(&out->arena);
}

lar_status lar_report_open(lar_report *out, const lar_call *call, const lar_study *study,
                           const char *work)
{
    lar_status status = LAR_OK;
    *out = (lar_report){ .call = call, .work = work };
    LAR_TRY(lar_arena_new(&out->arena));
    LAR_TRY(read_study(out, study));
    const char *path = lar_cases_path(out->arena, work);
    if (!path) return LAR_EMEMORY;
    if (!lar_path_exists(path)) {
        status = lar_fail(LAR_ENOINPUT, "nothing is prepared in '%s'", work);
        lar_hint(status, "larmor prepare %s", study ? study->name : "with the study file");
        goto done;
    }
    LAR_TRY(lar_cases_read(&out->read, path));
    out->cases = out->read;
    LAR_TRY(lar_report_read_history(out));
done:
    return status;
}

void lar_report_clear(lar_report *report)
{
    lar_cases_free(report->read);
    json_decref(report->scores);
    lar_arena_free(report->arena);
    *report = (lar_report){ 0 };
}

/* ---- what older runs have not drawn ---------------------------------------------------- */

static int64_t image_named(const lar_report *report, const char *name)
{
    int64_t n = report->cases->image_count - 1;
    while (n >= 0 && !lar_text_is(report->cases->images[n].name, name)) n--;
    return n;
}

/* The mask as it was prepared, over the scan, where no registration lies between them. */
static void draw_mask(const lar_report *report, lar_drawer *drawer, const lar_case_record *record,
                      const lar_case_strip *strip, lar_image *const *prepared)
{
    lar_image *raw = NULL;
    lar_grid grid;
    const int64_t of = image_named(report, strip->of), mask = image_named(report, strip->mask);
    const char *source = of < 0 ? NULL : record->files[of].source;
    bool moved = false;
    for (int64_t n = 0; n < record->findings.map_count; n++)
        moved |= lar_text_is(record->findings.maps[n].move, strip->of);
    if (moved || mask < 0 || !prepared[mask] || !source || !lar_path_exists(source)) return;
    if (lar_prepare_read(&raw, &grid, &report->cases->images[of], record->id, source) == LAR_OK)
        lar_drawer_mask(drawer, record->id, of, strip->step, raw, prepared[mask], &strip->verdict);
    lar_image_free(raw);
}

static void draw_case(const lar_report *report, lar_drawer *drawer, const lar_case_record *record)
{
    lar_image *prepared[LAR_IMAGES_MAX] = { NULL };
    const int64_t count = report->cases->image_count;
    for (int64_t n = 0; n < count; n++) {
        lar_image *raw = NULL;
        lar_grid grid;
        const char *source = record->files[n].source;
        if (source && lar_path_exists(source) &&
            lar_prepare_read(&raw, &grid, &report->cases->images[n], record->id, source) == LAR_OK)
            lar_drawer_image(drawer, record->id, n, 0, raw);
        lar_image_free(raw);
        const char *path =
            lar_cases_volume(report->arena, report->work, record->id, report->cases->images[n].name,
                             record->state == LAR_CASE_FLAGGED);
        if (path && lar_path_exists(path) && lar_image_read(&prepared[n], path) != LAR_OK)
            lar_log(LAR_LOG_WARNING, "%s", lar_error());
    }
    for (int64_t n = 0; n < record->findings.strip_count; n++)
        draw_mask(report, drawer, record, &record->findings.strips[n], prepared);
    lar_drawer_end(drawer, record, prepared);
    for (int64_t n = 0; n < count; n++) lar_image_free(prepared[n]);
}

static lar_status draw_missing(const lar_report *report)
{
    lar_drawer drawer;
    const lar_cases *cases = report->cases;
    if (cases->image_count > LAR_IMAGES_MAX) return LAR_OK; /* no study has so many */
    lar_status status = lar_drawer_init(&drawer, report->work, cases->images, cases->image_count);
    if (status != LAR_OK) return status;
    for (int64_t n = 0; n < cases->case_count && status == LAR_OK; n++) {
        const lar_case_record *record = &cases->cases[n];
        char stage[160];
        const char *path = lar_pictures_path(report->arena, report->work, record->id);
        if (!lar_case_has_volumes(record->state) || !path || lar_path_exists(path)) continue;
        snprintf(stage, sizeof stage, "draw %s", record->id);
        if (drawer.failed) break; /* the folder cannot be written */
        if (lar_progress_say(report->call->progress, stage, (double)n / (double)cases->case_count))
            draw_case(report, &drawer, record);
        else
            status = lar_fail(LAR_ESTOPPED, "stopped before the pictures of '%s'", record->id);
    }
    lar_drawer_clear(&drawer);
    return status;
}

lar_status lar_report_fill(lar_report *report, bool draw, bool score, int64_t memory)
{
    lar_status status = LAR_OK;
    if (draw) LAR_TRY(draw_missing(report));
    LAR_TRY(lar_report_score(report, score, memory));
done:
    return status;
}
