/* larmor prepare: a whole cohort, as the study says.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "command/report/report_make.h"
#include "command/report/report_pictures.h"

typedef struct options {
    const char *output;
    bool force;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "folder",
               "the work folder; left out: the study's path without .yaml"),
    LAR_P_FLAG(options, force, "force", 'f', "prepare every case again"),
    LAR_P_END,
};

static lar_status print_json(const lar_study *study, const lar_prepare_report *report)
{
    json_t *root = json_pack("{s:s, s:I, s:I, s:I, s:I}", "work", study->work, "done",
                             (json_int_t)report->done, "kept", (json_int_t)report->kept, "failed",
                             (json_int_t)report->failed, "flagged", (json_int_t)report->flagged);
    char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
    json_decref(root);
    if (!text) return lar_fail(LAR_EMEMORY, "out of memory");
    lar_text line = { 0 };
    lar_text_add(&line, "%s\n", text);
    const lar_status status = lar_cli_print(lar_text_get(&line));
    lar_text_clear(&line);
    free(text);
    return status;
}

static lar_status print_words(const lar_study *study, const lar_prepare_report *report)
{
    lar_text line = { 0 };
    lar_text_add(&line, "%lld cases prepared, %lld kept, %lld failed", (long long)report->done,
                 (long long)report->kept, (long long)report->failed);
    if (report->flagged) lar_text_add(&line, ", %lld flagged", (long long)report->flagged);
    lar_text_add(&line, ": %s/prepared\n", study->work);
    lar_text_add(&line, "report   %s/report.html\n", study->work);
    const lar_status status = lar_cli_print(lar_text_get(&line));
    lar_text_clear(&line);
    return status;
}

/* ---- the report beside it -------------------------------------------------------------- */

typedef struct watcher {
    const lar_call *call;
    const lar_study *study;
    lar_drawer drawer;
    lar_report_pace pace;
    bool began; /* the study is accepted, and may write into its work folder */
} watcher;

static void show_image(void *user, const char *id, int64_t image, int64_t step,
                       const lar_image *shown)
{
    lar_drawer_image(&((watcher *)user)->drawer, id, image, step, shown);
}

static void show_mask(void *user, const char *id, int64_t image, int64_t step,
                      const lar_image *shown, const lar_image *mask,
                      const lar_strip_verdict *verdict)
{
    lar_drawer_mask(&((watcher *)user)->drawer, id, image, step, shown, mask, verdict);
}

static void show_case(void *user, const lar_cases *cases, int64_t index, const lar_case *prepared)
{
    watcher *w = user;
    lar_report report;
    if (index >= 0)
        lar_drawer_end(&w->drawer, &cases->cases[index], prepared ? prepared->images : NULL);
    else
        lar_report_keep_study(w->study, w->call->arena);
    w->began = true;
    if (!lar_report_is_due(&w->pace)) return;
    const lar_status status = lar_report_begin(&report, w->call, w->study, cases);
    report.running = LAR_REPORT_PREPARES;
    if (status == LAR_OK) lar_report_refresh(&w->pace, &report);
    lar_report_clear(&report);
}

static lar_status prepare_run(lar_call *call)
{
    const options *o = call->options;
    lar_study *study = NULL;
    lar_prepare_report report;

    lar_status status = lar_study_read(&study, call->args[0]);
    if (status != LAR_OK) return status;
    if (o->output) study->work = o->output;
    watcher w = { .call = call, .study = study };
    const lar_prepare_watch watch = {
        .image = show_image, .masked = show_mask, .ended = show_case, .user = &w
    };
    status = lar_drawer_init(&w.drawer, study->work, study->data.images, study->data.image_count);
    w.drawer.follows = true;
    if (status == LAR_OK)
        status = lar_prepare_cohort(&report, study, o->force, &watch, call->progress);
    w.pace.no_pictures = w.drawer.failed;
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
    lar_drawer_clear(&w.drawer);
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
        "interpolation onto the grid that the spatial steps lead to. Into the work folder go "
        "prepared/SUBJECT/IMAGE.nii (RAS, float32; labels keep whole numbers), "
        "prepared/cases.json (what each came from, and what was learned of it), split.csv, and "
        "failed.tsv where a case failed: it does not stop the others, and the exit status is 1. A "
        "case whose registration may not fit is flagged: it is written as IMAGE.flagged.nii, its "
        "reason is in flagged.tsv, training leaves it out unless 'trust' of the study's data lists "
        "it, and the exit status is 1 too. "
        "Run again, it keeps what is done and unchanged; a changed study needs --force. "
        "report.html in the work folder, one page that shows it all, is written while it runs.",
    .args =
        (const lar_arg[]){ { .name = "study", .help = "the study file", .is_path = true }, { 0 } },
    .tables = { { table, 0 } },
    .size = sizeof(options),
    .json = true,
    .examples = (const lar_example[]){ { "larmor prepare study.yaml", "into study/" },
                                       { "larmor prepare study.yaml --output work --force",
                                         "into work/, whatever is there" },
                                       { NULL, NULL } },
    .run = prepare_run,
};
