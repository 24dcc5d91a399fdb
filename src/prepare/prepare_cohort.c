/* The whole cohort, case by case, into the work folder. What is done is recorded at once, so that a
 * stopped preparation goes on where it was; a case that fails does not stop the others.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/stat.h>

#include "format/format.h"
#include "image/image.h"
#include "prepare/prepare.h"

typedef struct cohort_pass {
    const lar_study *study;
    const lar_cohort *cohort;
    lar_standards *standards;
    lar_arena *arena;
    lar_cases record; /* its arena is not used */
    const char *record_path;
    lar_prepare_report *report;
    const lar_prepare_watch *watch; /* NULL: nobody looks on */
} cohort_pass;

static void tell(const cohort_pass *p, int64_t index, const lar_case *prepared)
{
    if (p->watch && p->watch->ended) p->watch->ended(p->watch->user, &p->record, index, prepared);
}

/* Length and time of change of a file; -1 where there is none. */
static void look_at(const char *path, int64_t *bytes, int64_t *time)
{
    struct stat about;
    const bool there = stat(path, &about) == 0;
    *bytes = there ? (int64_t)about.st_size : -1;
    *time = there ? (int64_t)about.st_mtime : -1;
}

/* ---- before anything runs -------------------------------------------------------------- */

/* A case whose images would end on different grids is an error of the study; one that cannot be
 * read, or not be cropped, fails by itself later. */
static lar_status check_grids(const cohort_pass *p)
{
    const lar_study *study = p->study;
    for (int64_t n = 0; n < p->cohort->subject_count; n++) {
        lar_grid raw[LAR_IMAGES_MAX], grids[LAR_IMAGES_MAX];
        bool readable = true;
        for (int64_t m = 0; m < lar_data_scans(&study->data) && readable; m++) {
            lar_image_about about;
            readable = lar_image_read_header(&about, p->cohort->subjects[n].paths[m]) == LAR_OK;
            raw[m] = about.grid;
            lar_image_about_clear(&about);
        }
        if (!readable ||
            lar_prepare_grids(grids, study, raw, NULL, study->step_count, true) != LAR_OK)
            continue;
        const lar_status status = lar_prepare_agree(study, p->cohort->subjects[n].id, grids);
        if (status != LAR_OK) return status;
    }
    return LAR_OK;
}

static const char *volume(const cohort_pass *p, const lar_case_record *record, int64_t image,
                          bool flagged)
{
    return lar_cases_volume(p->arena, p->study->work, record->id, p->study->data.images[image].name,
                            flagged);
}

static bool is_whole(const cohort_pass *p, const lar_case_record *before,
                     const lar_subject *subject)
{
    for (int64_t m = 0; m < p->study->data.image_count; m++) {
        const lar_case_file *file = &before->files[m];
        int64_t bytes, time;
        const char *path = volume(p, before, m, before->state == LAR_CASE_FLAGGED);
        if (!path) return false;
        look_at(path, &bytes, &time);
        if (bytes != file->bytes) return false;
        if (!file->source && !subject->paths[m]) continue; /* made by a step */
        if (!lar_text_is(file->source, subject->paths[m])) return false;
        look_at(subject->paths[m], &bytes, &time);
        if (bytes != file->source_bytes || time != file->source_time) return false;
    }
    return true;
}

static lar_status keep_files(const cohort_pass *p, lar_case_record *record,
                             const lar_case_record *before)
{
    const int64_t count = p->study->data.image_count;
    record->files = lar_arena_take(p->arena, count, sizeof *record->files);
    if (!record->files) return LAR_EMEMORY;
    for (int64_t m = 0; m < count; m++) {
        lar_case_file *file = &record->files[m];
        *file = before->files[m];
        if (!file->source) continue;
        file->source = lar_arena_text(p->arena, file->source, strlen(file->source));
        if (file->fit.method)
            file->fit.method = lar_arena_text(p->arena, file->fit.method, strlen(file->fit.method));
        if (!file->source) return LAR_EMEMORY;
    }
    record->grid = before->grid;
    record->findings = before->findings; /* which live as long as the pass */
    return LAR_OK;
}

/* Doubtful cases are flagged, but those that the study trusts. */
static lar_status judge(const cohort_pass *p, lar_case_record *record)
{
    lar_text doubt = { 0 };
    record->state = LAR_CASE_DONE;
    record->reason = NULL;
    if (lar_case_doubt(&doubt, &record->findings) &&
        !lar_data_trusts(&p->study->data, record->id)) {
        record->state = LAR_CASE_FLAGGED;
        record->reason = lar_arena_text(p->arena, lar_text_get(&doubt), doubt.length);
    }
    const bool failed = doubt.failed || (record->state == LAR_CASE_FLAGGED && !record->reason);
    lar_text_clear(&doubt);
    return failed ? LAR_EMEMORY : LAR_OK;
}

/* A case that the study has come to trust, or no longer does: its volumes under the other names.
 * Stopped in between, some are missing under either, and it is prepared again. */
static lar_status rename_volumes(const cohort_pass *p, const lar_case_record *record)
{
    const bool flagged = record->state == LAR_CASE_FLAGGED;
    for (int64_t m = 0; m < p->study->data.image_count; m++) {
        const char *from = volume(p, record, m, !flagged), *to = volume(p, record, m, flagged);
        if (!from || !to) return LAR_EMEMORY;
        if (rename(from, to) != 0)
            return lar_fail(LAR_EIO, "'%s' cannot be renamed to '%s': %s", from, to,
                            strerror(errno));
    }
    return LAR_OK;
}

static lar_status keep(cohort_pass *p, lar_case_record *record, const lar_case_record *before)
{
    lar_status status = LAR_OK;
    LAR_TRY(keep_files(p, record, before));
    LAR_TRY(judge(p, record));
    if (record->state != before->state) LAR_TRY(rename_volumes(p, record));
    if (record->state == LAR_CASE_FLAGGED)
        p->report->flagged++;
    else
        p->report->kept++;
done:
    return status;
}

static lar_status keep_done(cohort_pass *p, const lar_cases *before)
{
    for (int64_t n = 0; n < p->record.case_count; n++) {
        lar_case_record *record = &p->record.cases[n];
        for (int64_t m = 0; m < before->case_count; m++) {
            const lar_case_record *old = &before->cases[m];
            if (!lar_case_has_volumes(old->state) || !lar_text_is(old->id, record->id)) continue;
            if (!is_whole(p, old, &p->cohort->subjects[n])) {
                lar_log(LAR_LOG_NOTE, "'%s' is prepared again: a scan or a volume has changed",
                        record->id);
                continue;
            }
            const lar_status status = keep(p, record, old);
            if (status != LAR_OK) return status;
        }
    }
    return LAR_OK;
}

/* What an earlier run left; NULL where there is nothing to keep. By another study it is in the way.
 */
static lar_status look_back(lar_cases **out, const cohort_pass *p, bool force)
{
    lar_status status = LAR_OK;
    lar_text difference = { 0 };

    *out = NULL;
    if (force || !lar_path_exists(p->record_path)) return LAR_OK;
    LAR_TRY(lar_cases_read(out, p->record_path));
    if (lar_lines_differ(&difference, (*out)->recipe, p->study->recipe)) {
        lar_fail(LAR_EEXISTS, "'%s' was prepared by another study: %s", p->study->work,
                 lar_text_get(&difference));
        status = lar_hint(LAR_EEXISTS, "--force to prepare all again, or another --output");
    }
done:
    lar_text_clear(&difference);
    return status;
}

/* What is learned from the training subjects, and the cases that an earlier run made by the same.
 */
static lar_status learn_and_keep(cohort_pass *p, const lar_cases *before, bool force,
                                 lar_progress progress)
{
    lar_status status = LAR_OK;
    LAR_TRY(lar_standards_learn(p->standards, p->study, p->cohort, force, progress));
    p->record.standards = lar_standards_mark(p->standards, p->arena);
    if (!p->record.standards) return LAR_EMEMORY;
    if (!before) return LAR_OK;
    if (lar_text_is(before->standards, p->record.standards)) return keep_done(p, before);
    lar_log(LAR_LOG_NOTE, "every case is prepared again: what was learned from the training "
                          "subjects has changed");
done:
    return status;
}

static lar_status write_split(const cohort_pass *p, bool force)
{
    lar_status status = LAR_OK;
    lar_text text = { 0 }, difference = { 0 };
    char *before = NULL;
    size_t length;

    const char *path = lar_path_join(p->arena, p->study->work, "split.csv");
    lar_split_text(&text, p->cohort);
    if (!path || text.failed) {
        status = LAR_EMEMORY;
        goto done;
    }
    if (lar_path_exists(path) && !force) {
        LAR_TRY(lar_file_read(&before, &length, path, 16 << 20));
        if (lar_lines_differ(&difference, before, lar_text_get(&text))) {
            lar_fail(LAR_EEXISTS, "'%s' splits the subjects otherwise: %s", path,
                     lar_text_get(&difference));
            status =
                lar_hint(LAR_EEXISTS, "removing it to draw again, or keep it under another name as "
                                      "'split: FILE' of the study");
        }
        goto done;
    }
    LAR_TRY(lar_folder_make(p->study->work));
    status = lar_file_write(path, lar_text_get(&text), text.length, true);
done:
    lar_free(before);
    lar_text_clear(&difference);
    lar_text_clear(&text);
    return status;
}

/* ---- one case -------------------------------------------------------------------------- */

/* What an earlier run left. */
static lar_status remove_volumes(const cohort_pass *p, const lar_case_record *record, bool flagged)
{
    for (int64_t m = 0; m < p->study->data.image_count; m++) {
        const char *path = volume(p, record, m, flagged);
        if (!path) return LAR_EMEMORY;
        const lar_status status = lar_file_remove(path);
        if (status != LAR_OK) return status;
    }
    return LAR_OK;
}

static lar_status write_case(const cohort_pass *p, lar_case_record *record,
                             const lar_subject *subject, lar_case *prepared)
{
    lar_status status = LAR_OK;
    const int64_t count = p->study->data.image_count;
    record->files = lar_arena_take(p->arena, count, sizeof *record->files);
    record->findings = prepared->findings;
    record->findings.maps =
        lar_case_maps_copy(prepared->findings.maps, prepared->findings.map_count, p->arena);
    record->findings.strips =
        lar_case_strips_copy(prepared->findings.strips, prepared->findings.strip_count, p->arena);
    if (!record->files || !record->findings.maps || !record->findings.strips) return LAR_EMEMORY;
    LAR_TRY(judge(p, record));
    const bool flagged = record->state == LAR_CASE_FLAGGED;
    LAR_TRY(remove_volumes(p, record, !flagged));
    for (int64_t m = 0; m < count; m++) {
        lar_case_file *file = &record->files[m];
        int64_t time;
        const char *path = volume(p, record, m, flagged);
        const char *folder = path ? lar_path_folder(p->arena, path) : NULL;
        if (!folder) return LAR_EMEMORY;
        LAR_TRY(lar_folder_make(folder));
        lar_image_set_notes(prepared->images[m], NULL); /* of the scan, not of this volume */
        LAR_TRY(lar_image_write(prepared->images[m], path, true));
        look_at(path, &file->bytes, &time);
        file->source = subject->paths[m];
        if (!file->source) continue;
        look_at(file->source, &file->source_bytes, &file->source_time);
        file->raw = prepared->raw[m];
        file->fit = prepared->fits[m];
    }
    record->grid = prepared->grid;
    if (flagged) {
        lar_log(LAR_LOG_WARNING, "case '%s' is flagged: %s", record->id, record->reason);
        p->report->flagged++;
    } else {
        p->report->done++;
    }
done:
    return status;
}

static lar_status fail_case(const cohort_pass *p, lar_case_record *record)
{
    record->state = LAR_CASE_FAILED;
    record->reason = lar_reason(p->arena);
    if (!record->reason) return LAR_EMEMORY;
    lar_log(LAR_LOG_WARNING, "%s", record->reason);
    p->report->failed++;
    const lar_status status = remove_volumes(p, record, false);
    return status == LAR_OK ? remove_volumes(p, record, true) : status;
}

static lar_status run_cases(cohort_pass *p, lar_progress progress)
{
    lar_status status = LAR_OK;
    for (int64_t n = 0; n < p->record.case_count; n++) {
        lar_case_record *record = &p->record.cases[n];
        const lar_subject *subject = &p->cohort->subjects[n];
        lar_case *prepared = NULL;
        char stage[160];
        if (lar_case_has_volumes(record->state)) continue;
        snprintf(stage, sizeof stage, "prepare %s, %lld of %lld", subject->id, (long long)n + 1,
                 (long long)p->record.case_count);
        if (!lar_progress_say(progress, stage, (double)n / (double)p->record.case_count))
            return lar_fail(LAR_ESTOPPED, "stopped before '%s'; run again to go on", subject->id);
        if (lar_prepare_case_watched(&prepared, p->study, p->standards, subject->id, subject->paths,
                                     true, p->watch) == LAR_OK)
            status = write_case(p, record, subject, prepared);
        else
            status = fail_case(p, record);
        if (status == LAR_OK) tell(p, n, prepared);
        lar_case_free(prepared);
        if (status == LAR_OK) status = lar_cases_write(&p->record, p->record_path);
        if (status != LAR_OK) return status;
    }
    return status;
}

/* The cases of one state and why, as "subject<tab>reason" lines; no file where there are none. */
static lar_status write_reasons(const cohort_pass *p, const char *name, int state)
{
    lar_text text = { 0 };
    lar_status status = LAR_EMEMORY;
    bool any = false;
    const char *path = lar_path_join(p->arena, p->study->work, name);
    lar_text_add(&text, "subject\treason\n");
    for (int64_t n = 0; n < p->record.case_count; n++) {
        if (p->record.cases[n].state != state) continue;
        lar_text_add(&text, "%s\t%s\n", p->record.cases[n].id, p->record.cases[n].reason);
        any = true;
    }
    if (path && !text.failed)
        status = any ? lar_file_write(path, lar_text_get(&text), text.length, true)
                     : lar_file_remove(path);
    lar_text_clear(&text);
    return status;
}

/* Kept cases may be older than a model, or of another machine. */
static void warn_of_mixed(const cohort_pass *p)
{
    lar_text words = { 0 };
    if (lar_cases_mixed(&words, &p->record))
        lar_log(LAR_LOG_WARNING,
                "a network would see masks of more than one kind: %s; --force makes all alike",
                lar_text_get(&words));
    lar_text_clear(&words);
}

static lar_status sum_up(const cohort_pass *p)
{
    const lar_prepare_report *report = p->report;
    const char *work = p->study->work;
    const long long all = p->record.case_count;
    if (report->failed && report->flagged)
        lar_fail(LAR_EPARTIAL,
                 "%lld of %lld cases failed, see '%s/failed.tsv', and %lld %s "
                 "flagged, see '%s/flagged.tsv'",
                 (long long)report->failed, all, work, (long long)report->flagged,
                 report->flagged == 1 ? "is" : "are", work);
    else if (report->failed)
        lar_fail(LAR_EPARTIAL, "%lld of %lld cases failed, see '%s/failed.tsv'",
                 (long long)report->failed, all, work);
    else if (report->flagged)
        lar_fail(LAR_EPARTIAL, "%lld of %lld cases %s flagged, see '%s/flagged.tsv'",
                 (long long)report->flagged, all, report->flagged == 1 ? "is" : "are", work);
    else
        return LAR_OK;
    if (report->flagged == 0) return LAR_EPARTIAL;
    lar_text ids = { 0 };
    for (int64_t n = 0; n < p->record.case_count; n++)
        if (p->record.cases[n].state == LAR_CASE_FLAGGED)
            lar_text_add(&ids, "%s%s", ids.length ? ", " : "", p->record.cases[n].id);
    lar_hint(
        LAR_EPARTIAL,
        "a look at them (larmor figure), and 'trust: [%s]' under data for those that are right: "
        "training leaves the others out",
        lar_text_get(&ids));
    lar_text_clear(&ids);
    return LAR_EPARTIAL;
}

lar_status lar_prepare_cohort(lar_prepare_report *out, const lar_study *study, bool force,
                              const lar_prepare_watch *watch, lar_progress progress)
{
    lar_status status = LAR_OK;
    lar_cohort *cohort = NULL;
    lar_cases *before = NULL;
    cohort_pass p = { .study = study, .report = out, .watch = watch };

    *out = (lar_prepare_report){ 0 };
    LAR_TRY(lar_study_cohort(&cohort, study));
    LAR_TRY(lar_standards_new(&p.standards, study));
    LAR_TRY(lar_arena_new(&p.arena));
    p.cohort = cohort;
    p.record_path = lar_cases_path(p.arena, study->work);
    p.record.recipe = study->recipe;
    p.record.draw = study->draw;
    p.record.image_count = study->data.image_count;
    p.record.images = study->data.images;
    p.record.case_count = cohort->subject_count;
    p.record.cases = lar_arena_take(p.arena, cohort->subject_count, sizeof *p.record.cases);
    if (!p.record_path || !p.record.cases) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < cohort->subject_count; n++) {
        p.record.cases[n].id = cohort->subjects[n].id;
        p.record.cases[n].subject = cohort->subjects[n].subject;
        p.record.cases[n].split = cohort->subjects[n].split;
    }
    LAR_TRY(lar_strip_ready(study));
    LAR_TRY(check_grids(&p));
    LAR_TRY(look_back(&before, &p, force));
    LAR_TRY(write_split(&p, force));
    LAR_TRY(learn_and_keep(&p, before, force, progress));
    LAR_TRY(lar_folder_make(lar_path_folder(p.arena, p.record_path)));
    LAR_TRY(lar_cases_write(&p.record, p.record_path));
    tell(&p, -1, NULL);
    LAR_TRY(run_cases(&p, progress));
    LAR_TRY(write_reasons(&p, "failed.tsv", LAR_CASE_FAILED));
    LAR_TRY(write_reasons(&p, "flagged.tsv", LAR_CASE_FLAGGED));
    warn_of_mixed(&p);
    status = sum_up(&p);
done:
    lar_cases_free(before);
    lar_standards_free(p.standards);
    lar_arena_free(p.arena);
    lar_cohort_free(cohort);
    return status;
}
