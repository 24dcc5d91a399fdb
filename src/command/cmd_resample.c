/* larmor resample: an image at another spacing, on another image's grid, or of another size,
 * through transforms where it has to move. SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "command/command.h"
#include "command/transforms.h"
#include "image/image.h"

typedef struct options {
    const char *output, *like;
    bool force;
    lar_reals spacing, factor;
    lar_ints size;
    lar_texts transforms;
    lar_resample_params resample;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file", "the image to write"),
    LAR_P_REALS(options, spacing, "spacing", 's', "", 0.01, 1000, "mm",
                "distance between voxels; one number, or three along x y z"),
    LAR_P_TEXT(options, like, "like", 'l', "", "image", "the image whose grid to take"),
    LAR_P_INTS(options, size, "size", 'n', "", 1, 65536, "count",
               "voxels along x y z, in the same field of view"),
    LAR_P_REALS(options, factor, "factor", 0, "", 0.001, 1000, "times",
                "so many times the voxels, in the same field of view; one number, or three"),
    LAR_P_TEXTS(
        options, transforms, "transform", 't', "file",
        "move the image through this transform, or [FILE,1] for its inverse; may be repeated, the "
        "first is applied to the output's points first"),
    LAR_P_FLAG(options, force, "force", 'f', "replace an output that exists"),
    LAR_P_END,
};

static lar_status check(const lar_call *call, const options *o)
{
    const int ways =
        (o->spacing.count > 0) + (o->size.count > 0) + (o->factor.count > 0) + (o->like != NULL);
    if (ways != 1) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT, ways ? "--spacing, --size, --factor and --like exclude each "
                                           "other"
                                         : "the grid to resample to is missing");
        return lar_hint(status, "one of --spacing 1, --spacing 1 1 3, --like IMAGE, "
                                "--size 128 128 128, --factor 0.5");
    }
    if (o->spacing.count > 0 && o->spacing.count != 1 && o->spacing.count != 3)
        return lar_fail(LAR_EARGUMENT, "--spacing takes one number or three, not %lld",
                        (long long)o->spacing.count);
    if (o->factor.count > 0 && o->factor.count != 1 && o->factor.count != 3)
        return lar_fail(LAR_EARGUMENT, "--factor takes one number or three, not %lld",
                        (long long)o->factor.count);
    if (o->size.count > 0 && o->size.count != 3)
        return lar_fail(LAR_EARGUMENT, "--size takes three numbers, not %lld",
                        (long long)o->size.count);
    const int by = o->resample.interpolation;
    if (o->resample.antialias && (by == LAR_NEAREST || by == LAR_LABELS))
        return lar_fail(LAR_EARGUMENT,
                        "--antialias averages values, which '%s' must not: it is for linear, cubic "
                        "and sinc",
                        by == LAR_LABELS ? "label" : "nearest");
    if (o->resample.border != LAR_BORDER_PAD && !isnan(o->resample.pad))
        return lar_fail(LAR_EARGUMENT, "--pad has no use where --border is not pad");
    return lar_cli_output(call, o->output, o->force);
}

/* What was asked for along x, y, z, at the voxel axes that run so. One number for all does not cut
 * the one slice of an image into several. */
static lar_grid asked_grid(const lar_grid *grid, const options *o)
{
    int axis[3];
    bool flipped[3];
    double spacing[3], old[3];
    lar_grid_axis_order(grid, axis, flipped);
    lar_grid_spacing(grid, old);
    for (int r = 0; r < 3; r++) {
        const int a = axis[r];
        const lar_reals *asked = o->factor.count ? &o->factor : &o->spacing;
        const double number = asked->at[asked->count == 3 ? r : 0];
        if (o->size.count)
            spacing[a] = old[a] * (double)grid->size[a] / (double)o->size.at[r];
        else if (asked->count == 1 && grid->size[a] == 1)
            spacing[a] = old[a];
        else
            spacing[a] = o->factor.count ? old[a] / number : number;
    }
    return lar_grid_with_spacing(grid, spacing);
}

static lar_status resample_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_image *in = NULL, *like = NULL, *out = NULL;
    lar_chain *chain = NULL;

    LAR_TRY(check(call, o));
    LAR_TRY(lar_image_read(&in, call->args[0]));
    if (o->like) LAR_TRY(lar_image_read(&like, o->like));
    const lar_grid onto = like ? like->grid : asked_grid(&in->grid, o);
    LAR_TRY(lar_transforms_chain(&chain, &o->transforms, &onto, &in->grid, call->arena));
    status = lar_resample_through(&out, in, &onto, chain, &o->resample);
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
    lar_chain_free(chain);
    return status;
}

const lar_command lar_command_resample = {
    .name = "resample",
    .group = "prepare",
    .summary = "put an image on another grid",
    .about =
        "The grid is asked for by exactly one of --spacing (voxels of that many millimetres), "
        "--size, --factor (of the number of voxels: 2 doubles it, 0.5 halves it) and --like (the "
        "grid of another image; points are matched by their place in the world). With the first "
        "three the centre of the field of view stays, and its extent to the half voxel: the number "
        "of voxels is rounded to nearest, halves up, and is at least 1. Numbers for x y z are "
        "anatomical: left to right, back to front, foot to head, whatever the order in the file. "
        "Interpolation: nearest; linear; cubic, the interpolating B-spline of order 3 with mirror "
        "boundaries; sinc under Lanczos' window of 5 voxels to each side; label, in which of the "
        "labels around a point the one with the most linear weight wins, and the smallest of those "
        "with equal weight (to 1e-6). Cubic and sinc may overshoot at sharp edges. The result is "
        "float32, and of the input's type with nearest and label, which give no value that the "
        "input lacks (but for --pad). Where voxels fall on voxels, values are copied "
        "unchanged. "
        "--antialias smooths by a Gaussian, along each axis that shrinks by a ratio r of spacings "
        "with a deviation of sqrt(r^2 - 1) / 2.355 voxels of the input (Cardoso 2015). "
        "--transform takes the transform files that larmor warp takes, in the same order, that of "
        "antsApplyTransforms: each maps points of the fixed image, whose grid the output has, to "
        "the moving image, which is the input; of several the first is applied to the output's "
        "points first. Whatever their number, the image is interpolated once.",
    .cite = "Unser 1999, doi:10.1109/79.799930; Cardoso 2015, doi:10.1007/978-3-319-24571-3_81",
    .args = (const lar_arg[]){ { .name = "in", .help = "the image", .is_path = true }, { 0 } },
    .tables = { { table, 0 }, { lar_resample_table, offsetof(options, resample) } },
    .size = sizeof(options),
    .examples =
        (const lar_example[]){
            { "larmor resample t1.nii.gz -o t1_1mm.nii.gz --spacing 1", "voxels of 1 mm" },
            { "larmor resample flair.nii.gz -o flair_in_t1.nii.gz --like t1.nii.gz",
              "on the grid of another image" },
            { "larmor resample labels.nii.gz -o labels_2mm.nii.gz --spacing 2 "
              "--interpolation label",
              "labels stay labels" },
            { "larmor resample t1.nii.gz -o t1_2mm.nii.gz --spacing 2 --antialias",
              "larger voxels that average what they cover" },
            { NULL, NULL } },
    .run = resample_run,
};
