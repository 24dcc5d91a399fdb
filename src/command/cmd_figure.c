/* larmor figure: images side by side, as people look at them first.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"

typedef struct options {
    lar_figure_params figure;
    const char *output, *labels;
    bool force;
} options;

static const lar_param files[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file", "the picture: .png, .svg or .pdf"),
    LAR_P_FLAG(options, force, "force", 'f', "replace an output that exists"),
    LAR_P_TEXT(options, labels, "labels", 'l', "", "list",
               "words above the images, separated by commas (default: the names of the files)"),
    LAR_P_END,
};

/* One label per image: those asked for, or the names of the files. */
static lar_status choose_labels(const char ***out, lar_call *call)
{
    const options *o = call->options;
    const char **labels = lar_arena_take(call->arena, call->arg_count, sizeof *labels);
    int64_t count = 0;

    if (!labels) return LAR_EMEMORY;
    for (const char *c = o->labels; c; count++) {
        const size_t length = strcspn(c, ",");
        if (count < call->arg_count) {
            labels[count] = lar_arena_text(call->arena, c, length);
            if (!labels[count]) return LAR_EMEMORY;
        }
        c = c[length] ? c + length + 1 : NULL;
    }
    if (o->labels && count != call->arg_count)
        return lar_fail(LAR_EARGUMENT, "'%s' has %lld labels for %lld images", o->labels,
                        (long long)count, (long long)call->arg_count);
    for (int64_t n = 0; n < call->arg_count && !o->labels; n++) {
        labels[n] = lar_path_stem(call->arena, call->args[n]);
        if (!labels[n]) return LAR_EMEMORY;
    }
    *out = labels;
    return LAR_OK;
}

static lar_status figure_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    const char **labels = NULL;
    lar_image **images = NULL;

    LAR_TRY(lar_cli_output(call, o->output, o->force));
    LAR_TRY(choose_labels(&labels, call));
    images = lar_alloc(call->arg_count, sizeof *images);
    if (!images) return LAR_EMEMORY;
    for (int64_t n = 0; n < call->arg_count; n++)
        LAR_TRY(lar_image_read(&images[n], call->args[n]));
    LAR_TRY(lar_figure((const lar_image *const *)images, labels, call->arg_count, &o->figure,
                       o->output, o->force));
done:
    for (int64_t n = 0; images && n < call->arg_count; n++) lar_image_free(images[n]);
    lar_free(images);
    return status;
}

const lar_command lar_command_figure = {
    .name = "figure",
    .group = "look",
    .summary = "draw images side by side in three planes",
    .about =
        "Each column is an image, each row a plane through the same point of the world, sampled "
        "from the image's own grid and drawn in true millimetres. Without --window, black and "
        "white are percentiles of the voxels below skin and skull, for each image alone; --share "
        "gives the window of its first image to the others it names. The numbers under each label "
        "are "
        "the window. By default the patient's left is on the left. Voxels that are not finite are "
        "violet. Of a file with several volumes the first is drawn.",
    .args = (const lar_arg[]){ { .name = "image",
                                 .help = "an image; each becomes a column",
                                 .repeats = true,
                                 .is_path = true },
                               { 0 } },
    .tables = { { files, 0 }, { lar_figure_table, offsetof(options, figure) } },
    .size = sizeof(options),
    .examples =
        (const lar_example[]){
            { "larmor figure t1.nii.gz flair.nii.gz -o compare.png", "two images side by side" },
            { "larmor figure t1.nii.gz flair.nii.gz t2.nii.gz -o scores.png "
              "--labels T1,truth,synthesis --share 2 3 --difference 2 3",
              "truth and synthesis in one window, and their difference" },
            { "larmor figure ct.nii.gz -o ct.svg --window 0 80 --planes axial",
              "one plane in the window for brain in CT" },
            { NULL, NULL } },
    .run = figure_run,
};
