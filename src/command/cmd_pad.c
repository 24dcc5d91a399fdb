/* larmor pad: voxels around an image, its own staying where they are.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"
#include "image/image.h"

typedef struct options {
    const char *output, *like;
    bool force;
    lar_pad_params pad;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file", "the image to write"),
    LAR_P_TEXT(options, like, "like", 'l', "", "image",
               "the image whose grid to fill: the one that a part was cropped from"),
    LAR_P_FLAG(options, force, "force", 'f', "replace an output that exists"),
    LAR_P_END,
};

static lar_status check(const lar_call *call, const options *o)
{
    const lar_pad_params *p = &o->pad;
    const int ways =
        (p->size.count > 0) + (p->by.count > 0) + (p->multiple_of.count > 0) + (o->like != NULL);
    if (ways != 1) {
        const lar_status status = lar_fail(
            LAR_EARGUMENT, ways ? "--size, --by, --multiple-of and --like exclude each other"
                                : "how far to pad is missing");
        return lar_hint(status, "one of --size 256, --by 10, --multiple-of 16, --like IMAGE");
    }
    if (p->mode != LAR_PAD_CONSTANT && p->value != 0) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT, "--value belongs to --mode constant: the other modes take "
                                    "the values of the image");
        return lar_hint(status, "one of both");
    }
    return lar_cli_output(call, o->output, o->force);
}

static lar_status pad_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_image *in = NULL, *like = NULL, *out = NULL;

    LAR_TRY(check(call, o));
    LAR_TRY(lar_image_read(&in, call->args[0]));
    if (o->like) LAR_TRY(lar_image_read(&like, o->like));
    status = lar_pad(&out, in, like ? &like->grid : NULL, &o->pad);
    if (status != LAR_OK) {
        lar_while(status, like ? "cannot pad '%s' to the grid of '%s'" : "cannot pad '%s'",
                  call->args[0], o->like);
        goto done;
    }
    LAR_TRY(lar_image_write(out, o->output, o->force));
    char words[96];
    lar_grid_words(&out->grid, words, sizeof words);
    lar_log(LAR_LOG_NOTE, "'%s': %s", o->output, words);
done:
    lar_image_free(out);
    lar_image_free(like);
    lar_image_free(in);
    return status;
}

const lar_command lar_command_pad = {
    .name = "pad",
    .group = "prepare",
    .summary = "put voxels around an image",
    .about =
        "How far is said by one of --size and --multiple-of (new voxels go to both sides alike, of "
        "an odd number the larger half to the far side), --by, and --like: the grid of another "
        "image whose voxels fall on those of this one and reach around them, so that what larmor "
        "crop has cut out comes back to its place. The image's own voxels keep value, type and "
        "place in the world; every volume of a series is padded. Numbers for x y z are anatomical: "
        "left to right, back to front, foot to head, whatever the order in the file.",
    .args = (const lar_arg[]){ { .name = "in", .help = "the image", .is_path = true }, { 0 } },
    .tables = { { table, 0 }, { lar_pad_table, offsetof(options, pad) } },
    .size = sizeof(options),
    .examples =
        (const lar_example[]){
            { "larmor pad t1.nii.gz -o t1_16.nii.gz --multiple-of 16",
              "sizes that a network can halve four times" },
            { "larmor pad ct.nii.gz -o ct_80.nii.gz --size 80 --value -1000", "a CT in air" },
            { "larmor crop t1.nii.gz -o part.nii.gz --head && larmor pad part.nii.gz -o "
              "t1_back.nii.gz --like t1.nii.gz",
              "a part back to where it was" },
            { NULL, NULL } },
    .run = pad_run,
};
