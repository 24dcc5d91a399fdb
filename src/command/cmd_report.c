/* larmor report: one page of a prepared cohort or a training.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/report/report_make.h"

typedef struct options {
    const char *output;
    bool force;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file",
               "the page; left out: report.html in the work folder, which is replaced"),
    LAR_P_FLAG(options, force, "force", 'f', "replace the file of --output"),
    LAR_P_END,
};

static lar_status report_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    const char *asked = call->args[0];
    lar_study *study = NULL;
    lar_report report = { 0 };
    lar_text line = { 0 };

    if (o->output) LAR_TRY(lar_cli_output(call, o->output, o->force));
    if (!lar_path_is_folder(asked)) LAR_TRY(lar_study_read(&study, asked));
    const char *work = study ? study->work : asked;
    const char *path = o->output ? o->output : lar_report_path(call->arena, work);
    if (!path) return LAR_EMEMORY;
    LAR_TRY(lar_report_open(&report, call, study, work));
    LAR_TRY(lar_report_fill(&report, true, true, LAR_INT_AUTO));
    LAR_TRY(lar_report_write(&report, path, !o->output || o->force));
    lar_text_add(&line, "report   %s\n", path);
    LAR_TRY(lar_cli_print(lar_text_get(&line)));
done:
    lar_text_clear(&line);
    lar_report_clear(&report);
    lar_study_free(study);
    return status;
}

const lar_command lar_command_report = {
    .name = "report",
    .group = "look",
    .summary = "write one page that shows a prepared cohort and its training",
    .about =
        "Writes one HTML file that holds everything that it shows, and needs no network and no "
        "script: where the work stands; losses and learning rate; scores of the held-out subjects, "
        "with the best and the worst in pictures; flagged and failed cases with the reason; each "
        "case from the scan to what the network sees; histograms before and after; pairs and "
        "geometry; the study to the letter, and versions. prepare and train write the same page "
        "by themselves, and write it again while they run. The model is scored once: its scores "
        "are kept in the folder report of the work folder, with the small pictures that prepare "
        "drew. The page shows subjects' ids, names of files and pictures of heads: it is as "
        "confidential as the scans.",
    .args =
        (const lar_arg[]){
            { .name = "study|work", .help = "the study file, or its work folder", .is_path = true },
            { 0 } },
    .tables = { { table, 0 } },
    .size = sizeof(options),
    .examples = (const lar_example[]){ { "larmor report study.yaml", "into study/report.html" },
                                       { "larmor report study -o look.html",
                                         "of a work folder, into another file" },
                                       { NULL, NULL } },
    .run = report_run,
};
