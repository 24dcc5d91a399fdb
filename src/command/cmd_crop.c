/* larmor crop: part of an image, its voxels staying where they are.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"
#include "image/image.h"

typedef struct options {
    const char *output, *to_mask;
    bool force;
    lar_crop_params crop;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file", "the image to write"),
    LAR_P_TEXT(options, to_mask, "to-mask", 0, "", "image",
               "or the box around the voxels of a mask that are not zero"),
    LAR_P_FLAG(options, force, "force", 'f', "replace an output that exists"),
    LAR_P_END,
};

static lar_status check(const lar_call *call, const options *o)
{
    const lar_crop_params *p = &o->crop;
    const int ways = (p->range.count > 0) + (p->box.count > 0) + (p->size.count > 0) + p->head +
                     (o->to_mask != NULL);
    if (ways > 1) {
        const lar_status status = lar_fail(
            LAR_EARGUMENT, "--range, --box, --size, --head and --to-mask exclude each other");
        return lar_hint(status, "one of them, or one crop after the other");
    }
    if (p->margin_mm > 0 && !p->head && !o->to_mask) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT, "--margin goes around a box that is found");
        return lar_hint(status, "--head --margin 5, or --to-mask MASK --margin 5");
    }
    if (p->range.count != 0 && p->range.count != 2) {
        const lar_status status = lar_fail(LAR_EARGUMENT, "--range takes two numbers, not %lld",
                                           (long long)p->range.count);
        return lar_hint(status, "--range 0.2 0.8");
    }
    if (p->box.count != 0 && p->box.count != 6) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT, "--box takes six numbers, not %lld", (long long)p->box.count);
        return lar_hint(status, "--box 10 90 0 128 20 60");
    }
    return lar_cli_output(call, o->output, o->force);
}

static lar_status crop_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_image *in = NULL, *mask = NULL, *out = NULL;

    LAR_TRY(check(call, o));
    LAR_TRY(lar_image_read(&in, call->args[0]));
    if (o->to_mask) LAR_TRY(lar_image_read(&mask, o->to_mask));
    status = lar_crop(&out, in, mask, &o->crop);
    if (status != LAR_OK) {
        lar_while(status, mask ? "cannot crop '%s' to the mask '%s'" : "cannot crop '%s'",
                  call->args[0], o->to_mask);
        goto done;
    }
    LAR_TRY(lar_image_write(out, o->output, o->force));
    char words[96];
    lar_grid_words(&out->grid, words, sizeof words);
    lar_log(LAR_LOG_NOTE, "'%s': %s", o->output, words);
done:
    lar_image_free(out);
    lar_image_free(mask);
    lar_image_free(in);
    return status;
}

const lar_command lar_command_crop = {
    .name = "crop",
    .group = "prepare",
    .summary = "keep part of an image",
    .about =
        "What is kept is said by one of --range with --axis (of n voxels along the axis, counted "
        "from the left, the back or the foot, those from floor(low n) to floor(high n) - 1, "
        "whatever the order in the file), --size (the middle; of an odd rest the larger half is "
        "cut from the far side), --head and --to-mask (the smallest box around the head that is "
        "found, or around a mask, with --margin), and --box (voxels by their numbers in the file, "
        "from 0). Values, type and the place of every voxel in the world stay as they were; every "
        "volume of a series is cropped. larmor pad --like puts the part back.",
    .args = (const lar_arg[]){ { .name = "in", .help = "the image", .is_path = true }, { 0 } },
    .tables = { { table, 0 }, { lar_crop_table, offsetof(options, crop) } },
    .size = sizeof(options),
    .examples =
        (const lar_example[]){
            { "larmor crop t1.nii.gz -o t1_brain_slices.nii.gz --axis z --range 0.2 0.8",
              "the middle 60 % from foot to head" },
            { "larmor crop t1.nii.gz -o t1_head.nii.gz --head --margin 10",
              "no more air than 10 mm around the head" },
            { "larmor crop t1.nii.gz -o t1_brain.nii.gz --to-mask mask.nii.gz --margin 5",
              "the box of a mask" },
            { "larmor crop t1.nii.gz -o t1_middle.nii.gz --size 32", "the middle 32 voxels" },
            { NULL, NULL } },
    .run = crop_run,
};
