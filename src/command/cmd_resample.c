/* larmor resample: an image at another spacing, on another image's grid, or of another size.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "command/command.h"
#include "image/image.h"

typedef struct options {
    const char *output, *like;
    bool force;
    lar_reals spacing;
    lar_ints size;
    lar_resample_params resample;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file", "the image to write"),
    LAR_P_REALS(options, spacing, "spacing", 's', "", 0.01, 1000, "mm",
                "distance between voxels; one number, or three along x y z"),
    LAR_P_TEXT(options, like, "like", 'l', "", "image", "the image whose grid to take"),
    LAR_P_INTS(options, size, "size", 'n', "", 1, 65536, "count",
               "voxels along x y z, in the same field of view"),
    LAR_P_FLAG(options, force, "force", 'f', "replace an output that exists"),
    LAR_P_END,
};

static lar_status check(const lar_call *call, const options *o)
{
    const int ways = (o->spacing.count > 0) + (o->size.count > 0) + (o->like != NULL);
    if (ways != 1) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT, ways ? "--spacing, --like and --size exclude each other"
                                         : "the grid to resample to is missing");
        return lar_hint(status,
                        "one of --spacing 1, --spacing 1 1 3, --like IMAGE, --size 128 128 128");
    }
    if (o->spacing.count > 0 && o->spacing.count != 1 && o->spacing.count != 3)
        return lar_fail(LAR_EARGUMENT, "--spacing takes one number or three, not %lld",
                        (long long)o->spacing.count);
    if (o->size.count > 0 && o->size.count != 3)
        return lar_fail(LAR_EARGUMENT, "--size takes three numbers, not %lld",
                        (long long)o->size.count);
    return lar_cli_output(call, o->output, o->force);
}

/* What was asked for along x, y, z, at the voxel axes that run so. */
static lar_grid asked_grid(const lar_grid *grid, const options *o)
{
    int axis[3];
    bool flipped[3];
    double spacing[3], old[3];
    lar_grid_axis_order(grid, axis, flipped);
    lar_grid_spacing(grid, old);
    for (int r = 0; r < 3; r++) {
        const int a = axis[r];
        spacing[a] = o->size.count ? old[a] * (double)grid->size[a] / (double)o->size.at[r]
                                   : o->spacing.at[o->spacing.count == 3 ? r : 0];
    }
    return lar_grid_with_spacing(grid, spacing);
}

static lar_status resample_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_image *in = NULL, *like = NULL, *out = NULL;

    LAR_TRY(check(call, o));
    LAR_TRY(lar_image_read(&in, call->args[0]));
    if (o->like) LAR_TRY(lar_image_read(&like, o->like));
    const lar_grid onto = like ? like->grid : asked_grid(&in->grid, o);
    status = lar_resample(&out, in, &onto, &o->resample);
    if (status != LAR_OK) {
        lar_while(status, "cannot resample '%s'", call->args[0]);
        goto done;
    }
    LAR_TRY(lar_image_write(out, o->output, o->force));
    char words[96];
    lar_grid_words(&onto, words, sizeof words);
    lar_log(LAR_LOG_NOTE, "'%s': %s, %s", o->output, words, lar_type_name(out->type));
done:
    lar_image_free(out);
    lar_image_free(like);
    lar_image_free(in);
    return status;
}

const lar_command lar_command_resample = {
    .name = "resample",
    .group = "prepare",
    .summary = "put an image on another grid",
    .about =
        "The grid is asked for by exactly one of --spacing (voxels of that many millimetres over "
        "the same field of view, to the half voxel), --like (that of another image; points are "
        "matched by their place in the world) and --size. Numbers for x y z are anatomical: left "
        "to right, back to front, foot to head, whatever the order in the file. Cubic is the "
        "interpolating B-spline of order 3 with mirror boundaries; it may overshoot at sharp "
        "edges. The result is float32, and of the input's type with nearest, which is for labels "
        "and masks. Where voxels fall on voxels, values are copied unchanged.",
    .cite = "Unser 1999, doi:10.1109/79.799930",
    .args = (const lar_arg[]){ { .name = "in", .help = "the image", .is_path = true }, { 0 } },
    .tables = { { table, 0 }, { lar_resample_table, offsetof(options, resample) } },
    .size = sizeof(options),
    .examples =
        (const lar_example[]){
            { "larmor resample t1.nii.gz -o t1_1mm.nii.gz --spacing 1", "voxels of 1 mm" },
            { "larmor resample flair.nii.gz -o flair_in_t1.nii.gz --like t1.nii.gz",
              "on the grid of another image" },
            { "larmor resample labels.nii.gz -o labels_2mm.nii.gz --spacing 2 "
              "--interpolation nearest",
              "labels stay labels" },
            { NULL, NULL } },
    .run = resample_run,
};
