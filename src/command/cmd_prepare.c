/* larmor prepare: a whole cohort, as the study says.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <pthread.h>
#include <sys/resource.h>

#include "command/prepare/prepare_plan.h"
#include "command/report/report_make.h"
#include "command/report/report_pictures.h"

typedef struct options {
    lar_prepare_params how;
    const char *output;
    bool dry_run;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "folder",
               "the work folder; left out: the study's path without .yaml"),
    LAR_P_FLAG(options, dry_run, "dry-run", 'n',
               "tell what would be done to each case, and the memory and disk that it takes; write "
               "nothing"),
    LAR_P_END,
};

/* ---- what was done --------------------------------------------------------------------- */

static double processor_s(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)used.ru_utime.tv_sec + 1e-6 * (double)used.ru_utime.tv_usec +
           (double)used.ru_stime.tv_sec + 1e-6 * (double)used.ru_stime.tv_usec;
}

static lar_status print_json(const lar_study *study, const lar_prepare_report *report)
{
    json_t *root = json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:I, s:{s:f, s:f, s:f, s:f}}", "work", study->work, "done",
        (json_int_t)report->done, "kept", (json_int_t)report->kept, "failed",
        (json_int_t)report->failed, "flagged", (json_int_t)report->flagged, "damaged",
        (json_int_t)report->damaged, "core_seconds", "steps", report->costs.steps_s, "reading",
        report->costs.reading_s, "pictures", report->costs.shown_s, "all", processor_s());
    return lar_cli_print_json(root, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
}

static lar_status print_words(const lar_study *study, const lar_prepare_report *report)
{
    lar_text line = { 0 };
    lar_text_add(&line, "%lld cases prepared, %lld kept, %lld failed", (long long)report->done,
                 (long long)report->kept, (long long)report->failed);
    if (report->flagged) lar_text_add(&line, ", %lld flagged", (long long)report->flagged);
    lar_text_add(&line, ": %s/prepared\n", study->work);
    if (report->damaged)
        lar_text_add(&line,
                     "damaged  %lld of them had volumes that were not as prepare wrote them\n",
                     (long long)report->damaged);
    lar_text_add(&line, "report   %s/report.html\n", study->work);
    const lar_status status = lar_cli_print(lar_text_get(&line));
    lar_text_clear(&line);
    return status;
}

/* ---- the report beside it -------------------------------------------------------------- */

/* Cases are drawn by the threads that prepare them, each on a drawer of its own. */
typedef struct sheet {
    struct sheet *next;
    char id[256]; /* of the case; "": free */
    lar_drawer drawer;
} sheet;

typedef struct watcher {
    const lar_call *call;
    const lar_study *study;
    pthread_mutex_t lock; /* of the list of sheets */
    sheet *sheets;
    lar_report_pace pace;
    bool failed;       /* a drawer failed */
    _Atomic bool told; /* and gave a warning */
    bool began;        /* the study is accepted, and may write into its work folder */
} watcher;

static sheet *new_sheet(watcher *w)
{
    const lar_study *study = w->study;
    sheet *made = lar_alloc(1, sizeof *made);
    if (!made) return NULL;
    if (lar_drawer_init(&made->drawer, study->work, study->data.images, study->data.image_count) !=
        LAR_OK) {
        lar_free(made);
        return NULL;
    }
    made->drawer.follows = true;
    made->drawer.told = &w->told;
    made->next = w->sheets;
    w->sheets = made;
    return made;
}

/* The drawer of a case; NULL where memory is short. */
static sheet *sheet_of(watcher *w, const char *id)
{
    sheet *found = NULL, *empty = NULL;
    pthread_mutex_lock(&w->lock);
    for (sheet *at = w->sheets; at && !found; at = at->next) {
        if (lar_text_is(at->id, id)) found = at;
        if (!*at->id) empty = at;
    }
    if (!found) found = empty ? empty : new_sheet(w);
    if (found) {
        snprintf(found->id, sizeof found->id, "%s", id);
    }
    pthread_mutex_unlock(&w->lock);
    return found;
}

static void give_back(watcher *w, sheet *at)
{
    pthread_mutex_lock(&w->lock);
    w->failed |= at->drawer.failed;
    at->id[0] = 0;
    pthread_mutex_unlock(&w->lock);
}

static void show_image(void *user, const char *id, int64_t image, int64_t step,
                       const lar_image *shown)
{
    sheet *at = sheet_of(user, id);
    if (at) lar_drawer_image(&at->drawer, id, image, step, shown);
}

static void show_mask(void *user, const char *id, int64_t image, int64_t step,
                      const lar_image *shown, const lar_image *mask,
                      const lar_strip_verdict *verdict)
{
    sheet *at = sheet_of(user, id);
    if (at) lar_drawer_mask(&at->drawer, id, image, step, shown, mask, verdict);
}

static void show_case(void *user, const lar_cases *cases, int64_t index, const lar_case *prepared)
{
    watcher *w = user;
    lar_report report;
    if (index >= 0) {
        sheet *at = sheet_of(w, cases->cases[index].id);
        if (at) {
            lar_drawer_end(&at->drawer, &cases->cases[index], prepared ? prepared->images : NULL);
            give_back(w, at);
        }
    } else {
        lar_report_keep_study(w->study, w->call->arena);
    }
    w->began = true;
    if (!lar_report_is_due(&w->pace)) return;
    const lar_status status = lar_report_begin(&report, w->call, w->study, cases);
    report.running = LAR_REPORT_PREPARES;
    if (status == LAR_OK) lar_report_refresh(&w->pace, &report);
    lar_report_clear(&report);
}

static void clear_sheets(watcher *w)
{
    while (w->sheets) {
        sheet *next = w->sheets->next;
        lar_drawer_clear(&w->sheets->drawer);
        lar_free(w->sheets);
        w->sheets = next;
    }
    pthread_mutex_destroy(&w->lock);
}

/* ---- the command ----------------------------------------------------------------------- */

static lar_status prepare_study(lar_call *call, const lar_study *study, const options *o)
{
    lar_prepare_report report;
    watcher w = { .call = call, .study = study };
    const lar_prepare_watch watch = {
        .image = show_image, .masked = show_mask, .ended = show_case, .user = &w
    };
    pthread_mutex_init(&w.lock, NULL);
    lar_status status = lar_prepare_cohort(&report, study, &o->how, &watch, call->progress);
    w.pace.no_pictures = w.failed;
    if (w.began) lar_report_end(&w.pace, call, study, status, false, LAR_INT_AUTO);
    if (status == LAR_OK || status == LAR_EPARTIAL) {
        lar_text sentence = { 0 };
        lar_text_add(&sentence, "%s", lar_error());
        const lar_status printed =
            call->json ? print_json(study, &report) : print_words(study, &report);
        if (printed != LAR_OK)
            status = printed;
        else if (status != LAR_OK)
            lar_error_set(lar_text_get(&sentence));
        lar_text_clear(&sentence);
    }
    clear_sheets(&w);
    return status;
}

static lar_status prepare_run(lar_call *call)
{
    const options *o = call->options;
    lar_study *study = NULL;

    lar_status status = lar_study_read(&study, call->args[0]);
    if (status != LAR_OK) return status;
    if (o->output) study->work = o->output;
    status =
        o->dry_run ? lar_prepare_foretell(call, study, &o->how) : prepare_study(call, study, o);
    lar_study_free(study);
    return status;
}

const lar_command lar_command_prepare = {
    .name = "prepare",
    .group = "learn",
    .summary = "prepare a whole cohort for training, in one pass",
    .about =
        "Reads the sections 'data' and 'prepare' of a study, pairs the scans by subject, and does "
        "the steps to every case: intensities on each scan's own grid in the order given, then one "
        "interpolation onto the grid that the spatial steps lead to. As many cases are at work as "
        "there are threads and memory. Into the work folder go "
        "prepared/SUBJECT/IMAGE.nii (RAS, float32; labels keep whole numbers), IMAGE.json beside "
        "each (what it was made of, by which steps, and what they found), "
        "prepared/cases.json (the same of all, for training), split.csv, and "
        "failed.tsv where a case failed: it does not stop the others, and the exit status is 1. A "
        "case whose registration may not fit is flagged: it is written as IMAGE.flagged.nii, its "
        "reason is in flagged.tsv, training leaves it out unless 'trust' of the study's data lists "
        "it, and the exit status is 1 too. "
        "Run again, it keeps what was made of the same bytes by the same steps and is still whole "
        "(files that were written to since are compared by SHA-256; with --verify, all are), so "
        "that it may be stopped, or killed, at any moment; a changed study needs --force. "
        "report.html in the work folder, one page that shows it all, is written while it runs.",
    .args =
        (const lar_arg[]){ { .name = "study", .help = "the study file", .is_path = true }, { 0 } },
    .tables = { { table, 0 }, { lar_prepare_table, offsetof(options, how) } },
    .size = sizeof(options),
    .json = true,
    .examples =
        (const lar_example[]){
            { "larmor prepare study.yaml --dry-run", "what would be done, to which cases" },
            { "larmor prepare study.yaml", "into study/" },
            { "larmor prepare study.yaml --output work --force", "into work/, whatever is there" },
            { NULL, NULL } },
    .run = prepare_run,
};
