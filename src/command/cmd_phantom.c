/* larmor phantom: a cohort of digital heads with known truth.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"

typedef struct options {
    lar_phantom_params phantom;
    int64_t subjects;
    bool force;
} options;

static const lar_param own_table[] = {
    LAR_P_INT(options, subjects, "subjects", 'n', "12", 1, 9999, "count", "how many heads"),
    LAR_P_FLAG(options, force, "force", 'f', "replace files that exist"),
    LAR_P_END,
};

static lar_status phantom_run(lar_call *call)
{
    const options *o = call->options;
    lar_status status =
        lar_phantom_cohort(call->args[0], &o->phantom, o->subjects, o->force, call->progress);
    if (status != LAR_OK) return status;
    lar_text text = { 0 };
    lar_text_add(&text, "%lld subjects in %s\n", (long long)o->subjects, call->args[0]);
    status = lar_cli_print(lar_text_get(&text));
    lar_text_clear(&text);
    return status;
}

const lar_command lar_command_phantom = {
    .name = "phantom",
    .group = "begin",
    .summary = "draw digital heads with known truth, to try things on",
    .about =
        "Draws heads whose anatomy differs by seed and subject, and scans them by the signal "
        "equations: by default a T1 and a FLAIR per subject, the FLAIR on its own grid, with mild "
        "bias and noise. The folder receives t1/sub-01_T1.nii.gz, flair/sub-01_FLAIR.nii.gz and so "
        "on, truth/ with labels, brain mask, bias fields, poses and tissue parameters, and "
        "study.yaml, which check, prepare and train read as it stands. Some lesions show in FLAIR "
        "alone. Subject k is the same however many are asked for.",
    .cite = "Gudbjartsson 1995, doi:10.1002/mrm.1910340618; Stanisz 2005, doi:10.1002/mrm.20605",
    .args =
        (const lar_arg[]){ { .name = "folder", .help = "where to write", .is_path = true }, { 0 } },
    .tables = { { own_table, 0 }, { lar_phantom_table, offsetof(options, phantom) } },
    .size = sizeof(options),
    .examples =
        (const lar_example[]){
            { "larmor phantom heads/ --subjects 2 --spacing 4", "two small heads, T1 and FLAIR" },
            { "larmor phantom moved/ --subjects 1 --spacing 4 --contrasts t1,t2,ct --turn 8 --move "
              "5",
              "heads that moved between scans, to try registration on" },
            { "larmor phantom drawn/ --subjects 1 --spacing 4 --labels labels.nii.gz "
              "--label-table tissues.tsv",
              "the anatomy of a label map" },
            { 0 } },
    .run = phantom_run,
};
