/* larmor warp: an image or points through any chain of transforms, and the chain as one file.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"
#include "command/transforms.h"
#include "format/format.h"
#include "image/image.h"
#include "space/space.h"

typedef struct options {
    const char *output, *like, *moving, *transform_out;
    bool lps, force;
    lar_texts transforms;
    lar_resample_params resample;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file", "the image or the points to write"),
    LAR_P_TEXT(options, like, "like", 'l', "", "image", "the fixed image, whose grid to take"),
    LAR_P_TEXTS(options, transforms, "transform", 't', "file",
                "a transform, or [FILE,1] for its inverse; may be repeated, the first is applied "
                "to points of the fixed image first"),
    LAR_P_TEXT(options, transform_out, "transform-out", 0, "", "file",
               "write all transforms as one: .txt .tfm .mat .fsl.mat .lta, or a field .nii.gz"),
    LAR_P_TEXT(options, moving, "moving", 0, "", "image",
               "the moving image, where transforms need its grid and it is not the input"),
    LAR_P_FLAG(options, lps, "lps", 0, "points are in LPS, as ITK and ANTs have them, not in RAS"),
    LAR_P_FLAG(options, force, "force", 'f', "replace an output that exists"),
    LAR_P_END,
};

/* What a call has in hand. */
typedef struct work {
    const options *o;
    const char *input; /* NULL: transforms alone */
    bool points;       /* the input is a table of them */
    lar_image *in;
    lar_image_about fixed, moving; /* headers alone */
    bool has_fixed, has_moving;
    lar_chain *chain;
} work;

static lar_status no_sense(const char *flag, const char *why)
{
    return lar_fail(LAR_EARGUMENT, "--%s has no use %s", flag, why);
}

static lar_status check_output(const lar_call *call, const work *w)
{
    const options *o = w->o;
    if (!w->input) {
        if (o->output) return no_sense("output", "without an image or points to warp");
        if (o->transform_out) return LAR_OK;
        const lar_status status =
            lar_fail(LAR_EARGUMENT, "an image, points, or --transform-out is missing");
        return lar_hint(status, "larmor warp IMAGE -o OUT --like FIXED -t TRANSFORM");
    }
    const lar_status status = lar_cli_output(call, o->output, o->force);
    if (status != LAR_OK) return status;
    if (lar_text_is(o->output, o->transform_out))
        return lar_fail(LAR_EARGUMENT, "--output and --transform-out are both '%s'", o->output);
    if (w->points && !lar_path_is_points(o->output))
        return lar_fail(LAR_EARGUMENT, "points are written as they are read, as .csv or .tsv: '%s'",
                        o->output);
    return LAR_OK;
}

static lar_status check(const lar_call *call, const work *w)
{
    const options *o = w->o;
    lar_status status = LAR_OK;
    const bool image = w->input && !w->points;
    if (o->transforms.count == 0) {
        status = lar_fail(LAR_EARGUMENT, "the transforms are missing");
        return lar_hint(status, "-t FILE, once for each; larmor resample where there are none");
    }
    LAR_TRY(check_output(call, w));
    if (image && !o->like) {
        status = lar_fail(LAR_EARGUMENT, "the fixed image, whose grid to take, is missing");
        return lar_hint(status, "--like FIXED");
    }
    if (image && o->moving) return no_sense("moving", "beside an image, which is the moving one");
    if (!w->points && o->lps) return no_sense("lps", "without points");
    if (o->transform_out && lar_path_is_image(o->transform_out) && !o->like) {
        status = lar_fail(LAR_EARGUMENT, "the grid of the field '%s' is missing", o->transform_out);
        return lar_hint(status, "--like FIXED");
    }
    if (o->transform_out && !o->force && lar_path_exists(o->transform_out)) {
        status = lar_fail(LAR_EEXISTS, "'%s' exists already", o->transform_out);
        return lar_hint(status, "--force to replace it, or another name");
    }
done:
    return status;
}

static lar_status read_all(work *w, lar_arena *arena)
{
    lar_status status = LAR_OK;
    const lar_grid *moving = NULL;
    if (w->o->like) {
        LAR_TRY(lar_image_read_header(&w->fixed, w->o->like));
        w->has_fixed = true;
    }
    if (w->o->moving) {
        LAR_TRY(lar_image_read_header(&w->moving, w->o->moving));
        w->has_moving = true;
        moving = &w->moving.grid;
    }
    if (w->input && !w->points) {
        LAR_TRY(lar_image_read(&w->in, w->input));
        moving = &w->in->grid;
    }
    status = lar_transforms_chain(&w->chain, &w->o->transforms,
                                  w->has_fixed ? &w->fixed.grid : NULL, moving, arena);
done:
    return status;
}

static lar_status write_transform(const work *w)
{
    lar_status status = LAR_OK;
    const char *path = w->o->transform_out;
    lar_affine whole;
    lar_image *field = NULL;
    const lar_grid *fixed = w->has_fixed ? &w->fixed.grid : NULL, *moving = w->in ? &w->in->grid
                                                                            : w->has_moving
                                                                                ? &w->moving.grid
                                                                                : NULL;
    const bool affine = lar_chain_affine(&whole, w->chain);
    if (lar_path_is_image(path)) {
        LAR_TRY(lar_chain_to_field(&field, w->chain, fixed));
        LAR_TRY(lar_field_write(field, path, w->o->force));
    } else if (affine) {
        LAR_TRY(lar_affine_write(&whole, fixed, moving, path, w->o->force));
    } else {
        status = lar_fail(LAR_EARGUMENT,
                          "'%s' cannot hold these transforms: one of them is a field", path);
        lar_hint(status, "a name that ends in .nii.gz");
        goto done;
    }
    lar_log(LAR_LOG_NOTE, "'%s': %lld transforms as one %s", path,
            (long long)w->o->transforms.count, field ? "displacement field" : "affine map");
done:
    lar_image_free(field);
    return status;
}

static lar_status warp_image(const work *w)
{
    lar_status status = LAR_OK;
    lar_image *out = NULL;
    char words[96];
    status = lar_resample_through(&out, w->in, &w->fixed.grid, w->chain, &w->o->resample);
    if (status != LAR_OK) {
        lar_while(status, "cannot warp '%s'", w->input);
        goto done;
    }
    LAR_TRY(lar_image_write(out, w->o->output, w->o->force));
    lar_grid_words(&out->grid, words, sizeof words);
    lar_log(LAR_LOG_NOTE, "'%s': %s, %s", w->o->output, words, lar_type_name(out->type));
done:
    lar_image_free(out);
    return status;
}

/* Between RAS and LPS. */
static void turn_about(lar_points *points)
{
    for (int64_t n = 0; n < points->count; n++)
        for (int r = 0; r < 2; r++) points->xyz[n][r] = 0.0 - points->xyz[n][r]; /* no -0 */
}

static lar_status warp_points(const work *w)
{
    lar_status status = LAR_OK;
    lar_points *points = NULL;
    LAR_TRY(lar_points_read(&points, w->input));
    if (w->o->lps) turn_about(points);
    lar_chain_points(w->chain, points->xyz, points->count);
    if (w->o->lps) turn_about(points);
    LAR_TRY(lar_points_write(points, w->o->output, w->o->force));
    lar_log(LAR_LOG_NOTE, "'%s': %lld points", w->o->output, (long long)points->count);
done:
    lar_points_free(points);
    return status;
}

static lar_status warp_run(lar_call *call)
{
    lar_status status = LAR_OK;
    work w = { .o = call->options, .input = call->arg_count ? call->args[0] : NULL };
    w.points = w.input && lar_path_is_points(w.input);
    LAR_TRY(check(call, &w));
    LAR_TRY(read_all(&w, call->arena));
    if (w.o->transform_out) LAR_TRY(write_transform(&w));
    if (w.input) LAR_TRY(w.points ? warp_points(&w) : warp_image(&w));
done:
    lar_chain_free(w.chain);
    lar_image_free(w.in);
    lar_image_about_clear(&w.fixed);
    lar_image_about_clear(&w.moving);
    return status;
}

const lar_command lar_command_warp = {
    .name = "warp",
    .group = "prepare",
    .summary = "move an image or points through transforms",
    .about =
        "A transform maps points of the fixed image (--like, whose grid the output has) to the "
        "moving image, which is the input. Several are given in the order of antsApplyTransforms: "
        "the first is applied to points of the fixed image first, so a deformation comes before "
        "the affine map, -t 1Warp.nii.gz -t 0GenericAffine.mat. [FILE,1] is the inverse of FILE, "
        "of an affine map exactly, of a displacement field to 1e-6 mm where it does not fold. "
        "Whatever their number, the image is interpolated once. "
        "Files are known by their content: ITK's text (.txt, .tfm), ANTs' .mat, FSL's .mat (which "
        "lies between the grids of the two images), FreeSurfer's .lta (types 0 and 1), and "
        "displacement fields in NIfTI as ITK and ANTs write them. "
        "Points: an input that ends in .csv (or .tsv) has a header that names columns x, y and z, "
        "in millimetres, RAS or with --lps as ITK and ANTs have them; other columns stay as they "
        "are. Each point goes through the transforms as it is, from the fixed image to the moving "
        "one, as ants.apply_transforms_to_points does; to bring points of the moving image to the "
        "fixed one, give the inverses in the other order. "
        "--transform-out writes all transforms as one: an affine map where none is a field (.txt "
        "or .tfm for ITK, .fsl.mat for FSL, other .mat for ANTs, .lta for FreeSurfer), or "
        "a displacement field on the grid of --like (.nii.gz). Without an input that is all: so "
        "one kind of file is converted to another.",
    .args = (const lar_arg[]){ { .name = "in",
                                 .help = "the image, or points (.csv)",
                                 .optional = true,
                                 .is_path = true },
                               { 0 } },
    .tables = { { table, 0 }, { lar_resample_table, offsetof(options, resample) } },
    .size = sizeof(options),
    .examples =
        (const lar_example[]){
            { "larmor warp flair.nii.gz -o flair_in_t1.nii.gz --like t1.nii.gz -t 1Warp.nii.gz -t "
              "0GenericAffine.mat",
              "through what ants.registration found, in its order" },
            { "larmor warp labels.nii.gz -o labels_in_t1.nii.gz --like t1.nii.gz -t "
              "0GenericAffine.mat --interpolation label",
              "labels stay labels" },
            { "larmor warp t1.nii.gz -o t1_in_flair.nii.gz --like flair.nii.gz -t "
              "\"[0GenericAffine.mat,1]\"",
              "the other way" },
            { "larmor warp points.csv -o moved.csv -t 0GenericAffine.mat",
              "points of the fixed image to the moving one" },
            { "larmor warp -t 0GenericAffine.mat --transform-out flair_to_t1.lta --like t1.nii.gz "
              "--moving flair.nii.gz",
              "one kind of transform file from another" },
            { NULL, NULL } },
    .run = warp_run,
};
