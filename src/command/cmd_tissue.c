/* larmor tissue: CSF, grey and white matter of a T1.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"

typedef struct options {
    const char *output, *mask, *memberships;
    bool force;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file", "the labels to write"),
    LAR_P_TEXT(options, mask, "mask", 'm', "", "image",
               "the brain: voxels that are not zero; left out: the head"),
    LAR_P_TEXT(options, memberships, "memberships-out", 0, "", "file",
               "write how much each voxel is of each tissue: three volumes"),
    LAR_P_FLAG(options, force, "force", 'f', "replace outputs that exist"),
    LAR_P_END,
};

static lar_status print_report(const lar_call *call, const lar_tissue_report *r)
{
    static const char *const names[] = { "csf", "grey", "white" };
    lar_text text = { 0 };
    lar_text_add(&text, call->json ? "{" : "tissue  mean        millilitres\n");
    for (int t = 0; t < 3; t++)
        if (call->json)
            lar_text_add(&text,
                         "%s\"%s\": {\"label\": %d, \"centre\": %.17g, \"mean\": %.17g, "
                         "\"millilitres\": %.17g}",
                         t ? ", " : "", names[t], t + 1, r->centres[t], r->means[t],
                         r->millilitres[t]);
        else
            lar_text_add(&text, "%-7s %-11.6g %.1f\n", names[t], r->means[t], r->millilitres[t]);
    if (call->json) lar_text_add(&text, "}\n");
    const lar_status status = lar_cli_print(lar_text_get(&text));
    lar_text_clear(&text);
    return status;
}

static lar_status tissue_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_image *in = NULL, *mask = NULL, *labels = NULL, *memberships = NULL;
    lar_tissue_report report;

    LAR_TRY(lar_cli_output(call, o->output, o->force));
    if (o->memberships) LAR_TRY(lar_cli_output(call, o->memberships, o->force));
    LAR_TRY(lar_image_read(&in, call->args[0]));
    if (o->mask) LAR_TRY(lar_image_read(&mask, o->mask));
    status = lar_tissue(&labels, o->memberships ? &memberships : NULL, &report, in, mask);
    if (status != LAR_OK) {
        lar_while(status, "cannot find tissues in '%s'", call->args[0]);
        goto done;
    }
    LAR_TRY(lar_image_write(labels, o->output, o->force));
    if (memberships) LAR_TRY(lar_image_write(memberships, o->memberships, o->force));
    LAR_TRY(print_report(call, &report));
done:
    lar_image_free(memberships);
    lar_image_free(labels);
    lar_image_free(mask);
    lar_image_free(in);
    return status;
}

const lar_command lar_command_tissue = {
    .name = "tissue",
    .group = "prepare",
    .summary = "part the brain of a T1 into CSF, grey and white matter",
    .about =
        "Fuzzy c-means with three classes of the values inside --mask, which is a mask of the "
        "brain: the darkest class is CSF (label 1), then grey (2) and white matter (3), as on a "
        "T1. Values are all that is looked at; bias is removed before (larmor n4). Without --mask "
        "the whole head is parted, so that fat and skin count with white matter, and bone with "
        "CSF: the means are then a rough guide, and the labels no segmentation. Prints the mean "
        "of each tissue, weighted with membership, and the volume of its label. The result serves "
        "`larmor normalize fcm --tissue-map` for the other contrasts.",
    .cite = "Bezdek 1981, doi:10.1007/978-1-4757-0450-1",
    .args = (const lar_arg[]){ { .name = "t1", .help = "the T1", .is_path = true }, { 0 } },
    .tables = { { table, 0, NULL } },
    .size = sizeof(options),
    .json = true,
    .examples =
        (const lar_example[]){
            { "larmor tissue t1.nii.gz -o tissue.nii.gz --mask mask.nii.gz", "labels 1, 2, 3" },
            { "larmor tissue t1.nii.gz -o t1_tissue.nii.gz --mask mask.nii.gz --memberships-out "
              "t1_shares.nii.gz",
              "and how much each voxel is of each" },
            { NULL, NULL } },
    .run = tissue_run,
};
