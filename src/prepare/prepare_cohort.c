/* The whole cohort into the work folder: what is known before, what is kept, what is learned, what
 * is computed, and the sum of it. What is done is recorded on the way, so that a stopped
 * preparation goes on where it was; a case that fails does not stop the others.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "prepare/cohort_pass.h"

const lar_param lar_prepare_table[] = {
    LAR_P_FLAG(lar_prepare_params, force, "force", 'f', "prepare every case again"),
    LAR_P_FLAG(lar_prepare_params, verify, "verify", 0,
               "compare every scan and every prepared volume with its checksum, also those that "
               "nobody has written to since"),
    LAR_P_SIZE(lar_prepare_params, memory, "max-memory", 0, "auto",
               "that the cases at hand may take together; auto: four fifths of what is free"),
    LAR_P_END,
};

/* ---- the pass -------------------------------------------------------------------------- */

static lar_status pass_begin(lar_cohort_pass *p)
{
    lar_status status = LAR_OK;
    lar_cohort *cohort;
    LAR_TRY(lar_study_cohort(&cohort, p->study));
    p->cohort = cohort;
    LAR_TRY(lar_standards_new(&p->standards, p->study));
    LAR_TRY(lar_arena_new(&p->arena));
    p->record_path = lar_cases_path(p->arena, p->study->work);
    p->record.recipe = p->study->recipe;
    p->record.draw = p->study->draw;
    p->record.image_count = p->study->data.image_count;
    p->record.images = p->study->data.images;
    p->record.case_count = cohort->subject_count;
    p->record.cases = lar_arena_take(p->arena, cohort->subject_count, sizeof *p->record.cases);
    if (!p->record_path || !p->record.cases) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < cohort->subject_count; n++) {
        p->record.cases[n].id = cohort->subjects[n].id;
        p->record.cases[n].subject = cohort->subjects[n].subject;
        p->record.cases[n].split = cohort->subjects[n].split;
        p->record.cases[n].version = "";
    }
    LAR_TRY(lar_strip_ready(p->study));
    status = lar_cohort_survey(p);
done:
    return status;
}

static void pass_end(lar_cohort_pass *p)
{
    for (int64_t n = 0; p->cases && n < p->cohort->subject_count; n++)
        for (int64_t m = 0; p->cases[n].seen && m < p->study->data.image_count; m++)
            lar_seen_clear(&p->cases[n].seen[m]);
    lar_cases_free(p->before);
    lar_standards_free(p->standards);
    lar_arena_free(p->arena);
    lar_cohort_free((lar_cohort *)p->cohort);
}

/* What an earlier run left, if there is something to keep. By another study it is in the way. */
static lar_status look_back(lar_cohort_pass *p)
{
    lar_status status = LAR_OK;
    lar_text difference = { 0 };

    if (!lar_path_exists(p->record_path)) return LAR_OK;
    if (p->params.force) return LAR_OK;
    LAR_TRY(lar_cases_read(&p->before, p->record_path));
    if (lar_lines_differ(&difference, p->before->recipe, p->study->recipe)) {
        lar_fail(LAR_EEXISTS, "'%s' was prepared by another study: %s", p->study->work,
                 lar_text_get(&difference));
        status = lar_hint(LAR_EEXISTS, "--force to prepare all again, or another --output");
    }
done:
    lar_text_clear(&difference);
    return status;
}

lar_status lar_cohort_record(lar_cohort_pass *p, bool now)
{
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    const double now_s = (double)clock.tv_sec + 1e-9 * (double)clock.tv_nsec;
    if (!now && p->recorded_s > 0 && now_s - p->recorded_s < 1) return LAR_OK;
    const lar_status status = lar_cases_write(&p->record, p->record_path);
    p->recorded_s = now_s;
    return status;
}

/* ---- the work folder ------------------------------------------------------------------- */

/* The split as it is drawn now, against what an earlier run wrote. */
static lar_status check_split(lar_text *text, bool *same, const lar_cohort_pass *p,
                              const char *path)
{
    lar_status status = LAR_OK;
    lar_text difference = { 0 };
    char *before = NULL;
    size_t length;

    *same = false;
    lar_split_text(text, p->cohort);
    if (text->failed) return LAR_EMEMORY;
    if (!lar_path_exists(path) || p->params.force) return LAR_OK;
    LAR_TRY(lar_file_read(&before, &length, path, 16 << 20));
    *same = !lar_lines_differ(&difference, before, lar_text_get(text));
    if (!*same) {
        lar_fail(LAR_EEXISTS, "'%s' splits the subjects otherwise: %s", path,
                 lar_text_get(&difference));
        status =
            lar_hint(LAR_EEXISTS, "removing it to draw again, or keep it under another name as "
                                  "'split: FILE' of the study");
    }
done:
    lar_free(before);
    lar_text_clear(&difference);
    return status;
}

static lar_status write_split(const lar_cohort_pass *p)
{
    lar_status status = LAR_OK;
    lar_text text = { 0 };
    bool same;
    const char *path = lar_path_join(p->arena, p->study->work, "split.csv");
    if (!path) return LAR_EMEMORY;
    LAR_TRY(check_split(&text, &same, p, path));
    if (same) goto done;
    status = lar_file_write(path, lar_text_get(&text), text.length, true);
done:
    lar_text_clear(&text);
    return status;
}

/* Held while this process lives, whatever ends it; nothing of it stays. -1: none, where the file
 * system knows no locks. */
static lar_status lock_work(int *out, const char *work)
{
    *out = open(work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*out < 0) return lar_fail(LAR_EIO, "cannot open '%s': %s", work, strerror(errno));
    if (flock(*out, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return LAR_OK;
    close(*out);
    *out = -1;
    lar_fail(LAR_EEXISTS, "another larmor prepares into '%s' just now", work);
    return lar_hint(LAR_EEXISTS, "to wait for it, or another --output");
}

/* What writers left that were killed. */
static lar_status clean_work(const lar_cohort_pass *p)
{
    static const char *const folders[] = { ".", "prepared", "prepared/fits", "report" };
    for (size_t n = 0; n < sizeof folders / sizeof *folders; n++) {
        const char *path = lar_path_join(p->arena, p->study->work, folders[n]);
        if (!path) return LAR_EMEMORY;
        lar_folder_clean(path);
    }
    for (int64_t n = 0; n < p->record.case_count; n++) {
        const char *volume = lar_cohort_volume(p, p->arena, &p->record.cases[n], 0, false);
        const char *folder = volume ? lar_path_folder(p->arena, volume) : NULL;
        const char *report =
            lar_arena_format(p->arena, "%s/report/%s", p->study->work, p->record.cases[n].id);
        if (!folder || !report) return LAR_EMEMORY;
        lar_folder_clean(folder);
        lar_folder_clean(report);
    }
    return LAR_OK;
}

/* What is learned from the training subjects, and the cases that an earlier run made by the same.
 */
static lar_status learn_and_keep(lar_cohort_pass *p)
{
    lar_status status = LAR_OK;
    LAR_TRY(lar_cohort_look(p));
    LAR_TRY(lar_standards_learn(p->standards, p->study, p->cohort, p->before, p->params.force,
                                p->progress));
    p->record.standards = lar_standards_mark(p->standards, p->arena);
    if (!p->record.standards) return LAR_EMEMORY;
    if (p->before && !lar_text_is(p->before->standards, p->record.standards))
        lar_cohort_again(p, "what was learned from the training subjects has changed");
    status = lar_cohort_keep(p);
done:
    return status;
}

/* ---- the sum ---------------------------------------------------------------------------- */

/* The cases of one state and why, as "subject<tab>reason" lines; no file where there are none. */
static lar_status write_reasons(const lar_cohort_pass *p, const char *name, int state)
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
static void warn_of_mixed(const lar_cohort_pass *p)
{
    lar_text words = { 0 };
    if (lar_cases_mixed(&words, &p->record))
        lar_log(LAR_LOG_WARNING,
                "a network would see masks of more than one kind: %s; --force makes all alike",
                lar_text_get(&words));
    lar_text_clear(&words);
}

static lar_status sum_up(const lar_cohort_pass *p)
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

/* One scan in two parts: told beside what else is to be told. */
static lar_status judge_twins(const lar_cohort_pass *p, lar_status status)
{
    const char *sentence = lar_arena_text(p->arena, lar_error(), strlen(lar_error()));
    const lar_status found = lar_cases_judge_twins(&p->record, &p->study->data);
    if (!sentence) return LAR_EMEMORY;
    if (found == LAR_OK) {
        lar_error_set(sentence);
        return status;
    }
    if (status != LAR_OK) lar_log(LAR_LOG_WARNING, "%s", sentence);
    return found == LAR_EARGUMENT ? LAR_EPARTIAL : found;
}

lar_status lar_prepare_cohort(lar_prepare_report *out, const lar_study *study,
                              const lar_prepare_params *params, const lar_prepare_watch *watch,
                              lar_progress progress)
{
    lar_status status = LAR_OK;
    int lock = -1;
    lar_cohort_pass p = {
        .study = study, .params = *params, .report = out, .watch = watch, .progress = progress
    };

    *out = (lar_prepare_report){ 0 };
    LAR_TRY(pass_begin(&p));
    LAR_TRY(lar_folder_make(study->work));
    LAR_TRY(lock_work(&lock, study->work));
    LAR_TRY(look_back(&p));
    LAR_TRY(write_split(&p));
    LAR_TRY(clean_work(&p));
    LAR_TRY(learn_and_keep(&p));
    LAR_TRY(lar_folder_make(lar_path_folder(p.arena, p.record_path)));
    LAR_TRY(lar_cohort_record(&p, true));
    lar_cohort_tell(&p, -1, NULL);
    status = lar_cohort_run(&p);
    if (status == LAR_ESTOPPED) { /* what is done counts, whatever becomes of the record */
        const char *sentence = lar_arena_text(p.arena, lar_error(), strlen(lar_error()));
        (void)lar_cohort_record(&p, true);
        lar_error_set(sentence ? sentence : "stopped");
    }
    LAR_TRY(status);
    LAR_TRY(lar_cohort_record(&p, true));
    LAR_TRY(write_reasons(&p, "failed.tsv", LAR_CASE_FAILED));
    LAR_TRY(write_reasons(&p, "flagged.tsv", LAR_CASE_FLAGGED));
    warn_of_mixed(&p);
    status = judge_twins(&p, sum_up(&p));
done:
    if (lock >= 0) close(lock);
    pass_end(&p);
    return status;
}

/* ---- what would be done ---------------------------------------------------------------- */

/* Room for what is not there yet: of the nearest folder above that is. */
static double room_for(const char *path, lar_arena *arena)
{
    struct statvfs disk;
    const char *at = path;
    while (at && !lar_path_exists(at) && !lar_text_is(at, ".") && !lar_text_is(at, "/"))
        at = lar_path_folder(arena, at);
    if (!at || statvfs(at, &disk) != 0) return 0;
    return (double)disk.f_bavail * (double)disk.f_frsize;
}

static lar_status what_is_learned(lar_prepare_plan *plan, lar_cohort_pass *p)
{
    lar_status status = LAR_OK;
    lar_text names = { 0 };
    bool learned = false;
    plan->learns = "";
    if (p->standards->count == 0) return LAR_OK;
    if (!p->params.force)
        LAR_TRY(lar_standards_are_learned(&learned, p->standards, p->study, p->cohort, p->before));
    if (learned) {
        const char *mark = lar_standards_mark(p->standards, p->arena);
        learned = mark && p->before && lar_text_is(mark, p->before->standards);
    }
    if (learned) goto done;
    for (int64_t n = 0; n < p->standards->count; n++)
        lar_text_add(&names, "%s%s", n ? ", " : "",
                     p->study->data.images[p->standards->at[n].image].name);
    plan->learns = lar_arena_text(plan->arena, lar_text_get(&names), names.length);
    lar_cohort_again(p, "the standard that training subjects give is learned anew");
done:
    lar_text_clear(&names);
    return status;
}

/* The largest cases that may meet. */
static void how_many_together(lar_prepare_plan *plan, const lar_cohort_pass *p)
{
    double largest = 0;
    int64_t count = 0;
    plan->memory_there = lar_cohort_memory(p);
    for (int64_t n = 0; n < plan->case_count; n++) {
        const lar_cohort_case *c = &p->cases[n];
        if (c->todo == LAR_TODO_KEEP || c->memory > plan->memory_there) continue;
        if (c->memory > largest) largest = c->memory;
        count++;
    }
    plan->together = lar_threads_get() < count ? lar_threads_get() : count;
    while (plan->together > 1 && (double)plan->together * largest > plan->memory_there)
        plan->together--;
    plan->memory = (double)plan->together * largest;
}

static lar_status fill_plan(lar_prepare_plan *plan, const lar_cohort_pass *p)
{
    plan->case_count = p->cohort->subject_count;
    plan->cases = lar_arena_take(plan->arena, plan->case_count, sizeof *plan->cases);
    if (!plan->cases) return LAR_EMEMORY;
    for (int64_t n = 0; n < plan->case_count; n++) {
        const lar_cohort_case *c = &p->cases[n];
        lar_prepare_plan_case *to = &plan->cases[n];
        to->id = lar_arena_text(plan->arena, c->subject->id, strlen(c->subject->id));
        to->why = lar_arena_text(plan->arena, c->why, strlen(c->why));
        if (!to->id || !to->why) return LAR_EMEMORY;
        to->split = c->subject->split;
        to->todo = c->todo;
        to->memory = c->memory;
        to->disk = c->disk;
        plan->counts[c->todo]++;
        if (c->todo != LAR_TODO_KEEP) plan->disk += c->disk;
    }
    how_many_together(plan, p);
    plan->disk_there = room_for(p->study->work, plan->arena);
    return LAR_OK;
}

lar_status lar_prepare_plan_new(lar_prepare_plan **out, const lar_study *study,
                                const lar_prepare_params *params)
{
    lar_status status = LAR_OK;
    lar_prepare_report report = { 0 };
    lar_cohort_pass p = { .study = study, .params = *params, .report = &report };
    lar_text split = { 0 };
    lar_arena *arena = NULL;
    bool same;

    *out = NULL;
    LAR_TRY(lar_arena_new(&arena));
    lar_prepare_plan *plan = lar_arena_take(arena, 1, sizeof *plan);
    const char *split_path = lar_path_join(arena, study->work, "split.csv");
    if (!plan || !split_path) {
        status = LAR_EMEMORY;
        goto done;
    }
    plan->arena = arena;
    if (lar_path_exists(study->work) && !lar_path_is_folder(study->work)) {
        status = lar_fail(LAR_EEXISTS, "'%s' is there, and no folder", study->work);
        goto done;
    }
    LAR_TRY(pass_begin(&p));
    LAR_TRY(look_back(&p));
    LAR_TRY(check_split(&split, &same, &p, split_path));
    LAR_TRY(lar_cohort_look(&p));
    LAR_TRY(what_is_learned(plan, &p));
    LAR_TRY(fill_plan(plan, &p));
    *out = plan;
    arena = NULL;
done:
    lar_text_clear(&split);
    pass_end(&p);
    lar_arena_free(arena);
    return status;
}

void lar_prepare_plan_free(lar_prepare_plan *plan)
{
    if (plan) lar_arena_free(plan->arena);
}
