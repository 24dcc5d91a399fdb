/* larmor reorient: the axes of an image in another order, its voxels staying where they are.
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

#include "command/command.h"
#include "image/image.h"

typedef struct options {
    const char *output, *to;
    bool force;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file", "the image to write"),
    LAR_P_TEXT(options, to, "to", 0, "RAS", "code",
               "where the axes shall run: one letter of each of R or L, A or P, S or I"),
    LAR_P_FLAG(options, force, "force", 'f', "replace an output that exists"),
    LAR_P_END,
};

static lar_status reorient_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_image *in = NULL, *out = NULL;
    char code[8] = "", from[4], words[96];

    LAR_TRY(lar_cli_output(call, o->output, o->force));
    snprintf(code, sizeof code, "%s", o->to);
    for (char *c = code; *c; c++) *c = (char)toupper((unsigned char)*c);
    LAR_TRY(lar_image_read(&in, call->args[0]));
    LAR_TRY(lar_image_reorient(&out, in, code));
    LAR_TRY(lar_image_write(out, o->output, o->force));
    lar_grid_axes(&in->grid, from);
    lar_grid_words(&out->grid, words, sizeof words);
    lar_log(LAR_LOG_NOTE, "'%s': %s, was %s", o->output, words, from);
done:
    lar_image_free(out);
    lar_image_free(in);
    return status;
}

const lar_command lar_command_reorient = {
    .name = "reorient",
    .group = "files",
    .summary = "store the axes of an image in another order",
    .about =
        "Voxels are stored along other axes, by whole turns and mirrored axes: nothing is "
        "interpolated, and every voxel keeps its place in the world, its value and its type. The "
        "code says where each axis runs: RAS, the default, to the right, to the front and to the "
        "head; LPI to the left, the back and the foot. An oblique image stays oblique: its axes "
        "are matched with the nearest ones (larmor resample turns it). Every volume of a series "
        "is stored so.",
    .args = (const lar_arg[]){ { .name = "in", .help = "the image", .is_path = true }, { 0 } },
    .tables = { { table, 0 } },
    .size = sizeof(options),
    .examples =
        (const lar_example[]){
            { "larmor reorient t1.nii.gz -o t1_ras.nii.gz", "to the right, the front, the head" },
            { "larmor reorient t1.nii.gz -o t1_lpi.nii.gz --to LPI", "as some other tools expect" },
            { NULL, NULL } },
    .run = reorient_run,
};
