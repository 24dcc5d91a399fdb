/* larmor crop: a range of an anatomical axis.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"
#include "image/image.h"

typedef struct options {
    const char *output;
    bool force;
    int axis;
    lar_reals range;
} options;

static const char *const axes[] = { "x", "y", "z", NULL };

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file", "the image to write"),
    LAR_P_CHOICE(options, axis, "axis", 'a', "z", axes,
                 "left to right, back to front, or foot to head"),
    LAR_P_REALS(options, range, "range", 'r', "0.2 0.8", 0, 1, "fraction",
                "what to keep, as two fractions of the extent along the axis"),
    LAR_P_FLAG(options, force, "force", 'f', "replace an output that exists"),
    LAR_P_END,
};

static lar_status crop_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_image *in = NULL, *out = NULL;

    if (o->range.count != 2) {
        status = lar_fail(LAR_EARGUMENT, "--range takes two numbers, not %lld",
                          (long long)o->range.count);
        return lar_hint(status, "--range 0.2 0.8");
    }
    LAR_TRY(lar_cli_output(call, o->output, o->force));
    LAR_TRY(lar_image_read(&in, call->args[0]));
    status = lar_crop_range(&out, in, axes[o->axis][0], o->range.at[0], o->range.at[1]);
    if (status != LAR_OK) {
        lar_while(status, "cannot crop '%s'", call->args[0]);
        goto done;
    }
    LAR_TRY(lar_image_write(out, o->output, o->force));
    char words[96];
    lar_grid_words(&out->grid, words, sizeof words);
    lar_log(LAR_LOG_NOTE, "'%s': %s", o->output, words);
done:
    lar_image_free(out);
    lar_image_free(in);
    return status;
}

const lar_command lar_command_crop = {
    .name = "crop",
    .group = "prepare",
    .summary = "keep a range of an anatomical axis",
    .about = "Of n voxels along the axis, counted from the left, the back or the foot, those from "
             "floor(low n) to floor(high n) - 1 are kept, whatever the order in the file. Values, "
             "type and the place of every voxel in the world stay as they were.",
    .args = (const lar_arg[]){ { .name = "in", .help = "the image", .is_path = true }, { 0 } },
    .tables = { { table, 0 } },
    .size = sizeof(options),
    .examples = (const lar_example[]){ { "larmor crop t1.nii.gz -o t1_brain_slices.nii.gz --axis z "
                                         "--range 0.2 0.8",
                                         "the middle 60 % from foot to head" },
                                       { NULL, NULL } },
    .run = crop_run,
};
