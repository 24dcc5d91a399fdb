/* larmor n4: an image without the slow drift of its intensities.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"
#include "image/image.h"

typedef struct options {
    const char *output, *field, *mask, *weights;
    bool fast, force;
    lar_n4_params n4;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file", "the image to write"),
    LAR_P_TEXT(options, field, "field-out", 0, "", "file", "the field to write: input over output"),
    LAR_P_TEXT(options, mask, "mask", 'm', "", "image",
               "where the field is estimated: voxels that are not zero; else the head"),
    LAR_P_TEXT(options, weights, "weights", 'w', "", "image",
               "how much each voxel counts; those of zero do not"),
    LAR_P_FLAG(options, fast, "fast", 0, "the same as --like fast"),
    LAR_P_FLAG(options, force, "force", 'f', "replace an output that exists"),
    LAR_P_END,
};

static lar_status check(const lar_call *call, options *o)
{
    const lar_status status = lar_cli_output(call, o->output, o->force);
    if (status != LAR_OK) return status;
    if (o->field && lar_text_is(o->field, o->output))
        return lar_fail(LAR_EARGUMENT, "--field-out and --output are the same file");
    if (o->fast && o->n4.like == LAR_N4_ANTS)
        return lar_fail(LAR_EARGUMENT, "--fast and --like ants exclude each other");
    if (o->fast) o->n4.like = LAR_N4_FAST;
    return o->field ? lar_cli_output(call, o->field, o->force) : LAR_OK;
}

static lar_status print_report(const lar_call *call, const lar_n4_report *report)
{
    lar_text text = { 0 };
    const int64_t *size = report->size;
    if (call->json)
        lar_text_add(&text, "{\"grid\": [%lld, %lld, %lld], \"voxels\": %lld, \"levels\": [",
                     (long long)size[0], (long long)size[1], (long long)size[2],
                     (long long)report->voxels);
    else
        lar_text_add(&text, "field from %lld voxels of a %lldx%lldx%lld grid\n",
                     (long long)report->voxels, (long long)size[0], (long long)size[1],
                     (long long)size[2]);
    for (int64_t n = 0; n < report->levels; n++) {
        const bool converged = report->converged[n];
        if (call->json)
            lar_text_add(&text, "%s{\"iterations\": %lld, \"change\": %.6g, \"converged\": %s}",
                         n ? ", " : "", (long long)report->iterations[n], report->change[n],
                         converged ? "true" : "false");
        else
            lar_text_add(&text, "level %lld  %3lld iterations, last change %.2e%s\n",
                         (long long)n + 1, (long long)report->iterations[n], report->change[n],
                         converged ? ", converged" : "");
    }
    if (call->json) lar_text_add(&text, "]}\n");
    const lar_status status = lar_cli_print(lar_text_get(&text));
    lar_text_clear(&text);
    return status;
}

static lar_status n4_run(lar_call *call)
{
    lar_status status = LAR_OK;
    options *o = call->options;
    lar_image *in = NULL, *mask = NULL, *weights = NULL, *out = NULL, *field = NULL;
    lar_n4_report report;

    LAR_TRY(check(call, o));
    LAR_TRY(lar_image_read(&in, call->args[0]));
    if (o->mask) LAR_TRY(lar_image_read(&mask, o->mask));
    if (o->weights) LAR_TRY(lar_image_read(&weights, o->weights));
    status = lar_n4(&out, o->field ? &field : NULL, &report, in, mask, weights, &o->n4);
    if (status != LAR_OK) {
        lar_while(status, "cannot correct '%s'", call->args[0]);
        goto done;
    }
    LAR_TRY(lar_image_write(out, o->output, o->force));
    if (field) LAR_TRY(lar_image_write(field, o->field, o->force));
    LAR_TRY(print_report(call, &report));
done:
    lar_image_free(field);
    lar_image_free(out);
    lar_image_free(weights);
    lar_image_free(mask);
    lar_image_free(in);
    return status;
}

const lar_command lar_command_n4 = {
    .name = "n4",
    .group = "prepare",
    .summary = "remove the slow drift of intensities (bias field, N4)",
    .about =
        "The field is a smooth factor, modelled by B-splines on the logarithm of the intensities, "
        "from a coarse mesh to finer ones: at each iteration the histogram is sharpened, and what "
        "that changes is fitted. The default estimates it inside the head, on means of blocks of "
        "voxels, until it stops changing; --like ants repeats what ANTsPy does, with the whole "
        "image and every iteration; --fast stops earlier. Without an "
        "option of its own a preset's choice holds. The result is the image divided by its field, "
        "float32. Prints the iterations of each level.",
    .cite = "Tustison 2010, doi:10.1109/TMI.2010.2046908",
    .args = (const lar_arg[]){ { .name = "in", .help = "the image", .is_path = true }, { 0 } },
    .tables = { { table, 0 }, { lar_n4_table, offsetof(options, n4) } },
    .size = sizeof(options),
    .json = true,
    .examples =
        (const lar_example[]){
            { "larmor n4 t1.nii.gz -o t1_n4.nii.gz", "with the field estimated inside the head" },
            { "larmor n4 t1.nii.gz -o t1_brain_n4.nii.gz --mask mask.nii.gz "
              "--field-out t1_field.nii.gz",
              "with a mask, and the field written too" },
            { "larmor n4 t1.nii.gz -o t1_ants.nii.gz --like ants", "as ANTsPy does it" },
            { NULL, NULL } },
    .run = n4_run,
};
