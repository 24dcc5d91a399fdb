/* larmor register: where one image lies in another, whether to trust it, and the image moved there.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>

#include "command/command.h"
#include "command/transforms.h"
#include "format/format.h"
#include "image/image.h"
#include "math/math.h"
#include "space/space.h"

typedef struct options {
    const char *output, *transform_out, *inverse_out, *field_out, *inverse_field_out, *jacobian_out;
    const char *labels, *labels_out, *fixed_mask, *moving_mask, *check;
    lar_texts begin;
    bool trust, force;
    lar_register_params params;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "file",
               "the moving image on the fixed one's grid, by cubic B-splines, once"),
    LAR_P_TEXT(options, transform_out, "transform-out", 't', "", "file",
               "the map from fixed to moving: .txt .tfm .mat .fsl.mat .lta, or a field .nii.gz"),
    LAR_P_TEXT(options, inverse_out, "inverse-out", 0, "", "file",
               "and from moving to fixed, in the same forms"),
    LAR_P_TEXT(options, field_out, "field-out", 0, "", "file",
               "deformable: its displacements alone, before the affine map (ANTs' 1Warp.nii.gz)"),
    LAR_P_TEXT(
        options, inverse_field_out, "inverse-field-out", 0, "", "file",
        "deformable: the inverse ones, after the affine map's inverse (1InverseWarp.nii.gz)"),
    LAR_P_TEXT(options, jacobian_out, "jacobian-out", 0, "", "file",
               "deformable: how it changes the volume of each voxel, 1 for not at all"),
    LAR_P_TEXT(options, labels, "labels", 'l', "", "image",
               "labels or a mask in the moving image's space, to be moved too"),
    LAR_P_TEXT(
        options, labels_out, "labels-out", 0, "", "file",
        "those labels on the fixed grid: of the labels around a place that with most weight"),
    LAR_P_TEXT(options, fixed_mask, "fixed-mask", 0, "", "image",
               "where to look in the fixed image: voxels that are not zero"),
    LAR_P_TEXT(options, moving_mask, "moving-mask", 0, "", "image",
               "where to look in the moving image"),
    LAR_P_TEXTS(options, begin, "begin", 'b', "file",
                "begin with this transform in place of a search; may be repeated, as for larmor "
                "warp"),
    LAR_P_TEXT(
        options, check, "check", 'c', "", "picture",
        "contours of the moving image over the fixed one, before and after (.png .svg .pdf)"),
    LAR_P_FLAG(options, trust, "trust", 0,
               "write a doubtful result under the names that were given, and end with 0"),
    LAR_P_FLAG(options, force, "force", 'f', "replace outputs that exist"),
    LAR_P_END,
};

/* What a call has in hand. */
typedef struct work {
    const lar_call *call;
    const options *o;
    lar_image *fixed, *moving, *fixed_mask, *moving_mask, *labels;
    lar_registration *found;
    lar_chain *forward, *inverse;
} work;

/* ---- arguments ----------------------------------------------------------------------------- */

enum { OUTPUTS = 8 };

static void list_outputs(const char *paths[OUTPUTS], const options *o)
{
    const char *const all[OUTPUTS] = {
        o->output,       o->transform_out, o->inverse_out, o->field_out, o->inverse_field_out,
        o->jacobian_out, o->labels_out,    o->check
    };
    memcpy(paths, all, sizeof all);
}

static lar_status check(const options *o)
{
    const bool bends = o->params.kind == LAR_REGISTER_DEFORMABLE;
    if ((o->labels != NULL) != (o->labels_out != NULL))
        return lar_fail(LAR_EARGUMENT, "--labels and --labels-out belong together");
    if (!bends && (o->field_out || o->inverse_field_out || o->jacobian_out)) {
        lar_fail(LAR_EARGUMENT, "--%s is for --kind deformable: other kinds have no field",
                 o->field_out           ? "field-out"
                 : o->inverse_field_out ? "inverse-field-out"
                                        : "jacobian-out");
        return lar_hint(LAR_EARGUMENT, "--transform-out NAME.nii.gz for the map as a field");
    }
    if (bends &&
        ((o->transform_out && !lar_path_is_image(o->transform_out) && !o->field_out) ||
         (o->inverse_out && !lar_path_is_image(o->inverse_out) && !o->inverse_field_out))) {
        lar_fail(LAR_EARGUMENT, "'%s' can hold the affine part alone",
                 o->transform_out ? o->transform_out : o->inverse_out);
        return lar_hint(LAR_EARGUMENT,
                        "--field-out (--inverse-field-out) for the rest, or a name that ends in "
                        ".nii.gz for the whole map as a field");
    }
    const char *paths[OUTPUTS];
    list_outputs(paths, o);
    return lar_cli_outputs(paths, OUTPUTS, o->force);
}

static lar_status read_all(work *w)
{
    lar_status status = LAR_OK;
    const options *o = w->o;
    LAR_TRY(lar_image_read(&w->fixed, w->call->args[0]));
    LAR_TRY(lar_image_read(&w->moving, w->call->args[1]));
    if (o->fixed_mask) LAR_TRY(lar_image_read(&w->fixed_mask, o->fixed_mask));
    if (o->moving_mask) LAR_TRY(lar_image_read(&w->moving_mask, o->moving_mask));
    if (o->labels) LAR_TRY(lar_image_read(&w->labels, o->labels));
    if (w->fixed->channels > 1 || w->moving->channels > 1)
        lar_log(LAR_LOG_NOTE, "of several volumes the first is registered, all are moved");
done:
    return status;
}

static lar_status read_start(lar_affine *map, bool *given, work *w)
{
    lar_status status = LAR_OK;
    lar_chain *chain = NULL;
    *given = w->o->begin.count > 0;
    LAR_TRY(lar_transforms_chain(&chain, &w->o->begin, &w->fixed->grid, &w->moving->grid,
                                 w->call->arena));
    if (chain && !lar_chain_affine(map, chain)) {
        status = lar_fail(LAR_EARGUMENT, "a registration begins with an affine map, not a field");
        lar_hint(status, "the affine part of it");
    }
done:
    lar_chain_free(chain);
    return status;
}

/* ---- outputs ------------------------------------------------------------------------------- */

/* "out.nii.gz" or, of a doubtful result, "out.flagged.nii.gz". */
static const char *name_of(const work *w, const char *path)
{
    if (!w->found->verdict.doubtful || w->o->trust) return path;
    const char *name = lar_path_name(path);
    char *stem = lar_path_stem(w->call->arena, path);
    if (!stem) return NULL;
    if (lar_text_ends(name, ".fsl.mat")) stem[strlen(name) - strlen(".fsl.mat")] = 0;
    return lar_arena_format(w->call->arena, "%.*s%s.flagged%s", (int)(name - path), path, stem,
                            name + strlen(stem));
}

static lar_status write_map(const work *w, const char *path, bool inverse)
{
    lar_status status = LAR_OK;
    lar_image *field = NULL;
    lar_affine map = w->found->affine;
    const lar_grid *from = inverse ? &w->moving->grid : &w->fixed->grid;
    const lar_grid *to = inverse ? &w->fixed->grid : &w->moving->grid;
    const char *name = name_of(w, path);
    if (!name) return LAR_EMEMORY;
    if (lar_path_is_image(path)) {
        LAR_TRY(lar_chain_to_field(&field, inverse ? w->inverse : w->forward, from));
        LAR_TRY(lar_field_write(field, name, w->o->force));
    } else {
        if (inverse) lar_affine_invert(&map, &w->found->affine); /* the chain could */
        LAR_TRY(lar_affine_write(&map, from, to, name, w->o->force));
    }
done:
    lar_image_free(field);
    return status;
}

static lar_status write_moved(lar_image **moved, const work *w, const lar_image *in,
                              const char *path, int interpolation)
{
    lar_status status = LAR_OK;
    lar_resample_params how = lar_resample_default();
    const char *name = path ? name_of(w, path) : "";
    how.interpolation = interpolation;
    if (interpolation == LAR_LABELS) how.pad = 0;
    if (!name) return LAR_EMEMORY;
    LAR_TRY(lar_resample_through(moved, in, &w->fixed->grid, w->forward, &how));
    if (path) LAR_TRY(lar_image_write(*moved, name, w->o->force));
done:
    return status;
}

/* The moving image where the map puts it: of an affine map by its header alone. */
static lar_status draw(const work *w, lar_image *moved)
{
    lar_status status = LAR_OK;
    lar_image *there = NULL;
    lar_affine back;
    const int64_t none[3] = { 0, 0, 0 };
    if (!w->found->field) {
        LAR_TRY(lar_image_box(&there, w->moving, none, w->moving->grid.size));
        lar_affine_invert(&back, &w->found->affine);
        there->grid.to_world = lar_affine_chain(&w->moving->grid.to_world, &back);
    }
    status =
        lar_contours(w->fixed, there ? there : moved, w->moving, NULL, w->o->check, w->o->force);
done:
    lar_image_free(there);
    return status;
}

static lar_status write_deformation(const work *w)
{
    lar_status status = LAR_OK;
    lar_image *jacobian = NULL;
    const options *o = w->o;
    if (o->field_out) LAR_TRY(lar_field_write(w->found->field, name_of(w, o->field_out), o->force));
    if (o->inverse_field_out)
        LAR_TRY(lar_field_write(w->found->inverse, name_of(w, o->inverse_field_out), o->force));
    if (o->jacobian_out) {
        LAR_TRY(lar_field_jacobian(&jacobian, w->found->field));
        LAR_TRY(lar_image_write(jacobian, name_of(w, o->jacobian_out), o->force));
    }
done:
    lar_image_free(jacobian);
    return status;
}

static lar_status write_all(const work *w)
{
    lar_status status = LAR_OK;
    lar_image *moved = NULL, *labels = NULL;
    const options *o = w->o;
    if (o->output || (o->check && w->found->field))
        LAR_TRY(write_moved(&moved, w, w->moving, o->output, LAR_CUBIC));
    if (o->transform_out) LAR_TRY(write_map(w, o->transform_out, false));
    if (o->inverse_out) LAR_TRY(write_map(w, o->inverse_out, true));
    if (o->labels) LAR_TRY(write_moved(&labels, w, w->labels, o->labels_out, LAR_LABELS));
    LAR_TRY(write_deformation(w));
    if (o->check) LAR_TRY(draw(w, moved));
done:
    lar_image_free(labels);
    lar_image_free(moved);
    return status;
}

/* ---- report -------------------------------------------------------------------------------- */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static lar_status print_json(const work *w)
{
    const lar_register_verdict *v = &w->found->verdict;
    const lar_affine *a = &w->found->affine;
    json_t *rows = json_array();
    for (int r = 0; r < 3; r++)
        json_array_append_new(
            rows, json_pack("[f,f,f,f]", a->m[r][0], a->m[r][1], a->m[r][2], a->m[r][3]));
    json_t *out = json_pack(
        "{s:b, s:s, s:o, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:[f,f,f], s:f, s:o, s:[f,f], s:I}",
        "doubtful", v->doubtful, "reason", v->reason, "fixed_to_moving", rows, "overlap",
        v->overlap, "metric_before", v->metric_before, "metric_after", v->metric_after, "sharpness",
        v->sharpness, "beside_mm", v->beside_mm, "angle_degrees", v->angle_degrees, "shift_mm",
        v->shift_mm, "scale", v->scale[0], v->scale[1], v->scale[2], "determinant", v->determinant,
        "consistency_mm", number(v->consistency_mm), "jacobian", v->jacobian[0], v->jacobian[1],
        "folded", (json_int_t)v->folded);
    return lar_cli_print_json(out, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
}

static lar_status print_words(const work *w)
{
    const lar_register_verdict *v = &w->found->verdict;
    lar_text text = { 0 };
    lar_text_add(&text, "turned by           %.2f degrees\nmoved by            %.2f mm\n",
                 v->angle_degrees, v->shift_mm);
    if (w->o->params.kind >= LAR_REGISTER_SIMILARITY)
        lar_text_add(&text, "scaled by           %.3f %.3f %.3f\n", v->scale[0], v->scale[1],
                     v->scale[2]);
    lar_text_add(
        &text,
        "mutual information  %.3f, by the headers %.3f; %.3g mm beside %.0f %% of it is lost\n"
        "overlap             %.0f %% of the smaller head\n",
        v->metric_after, v->metric_before, v->beside_mm, 100 * v->sharpness, 100 * v->overlap);
    if (isfinite(v->consistency_mm))
        lar_text_add(&text, "second run          %.2f mm away\n", v->consistency_mm);
    if (w->found->field)
        lar_text_add(&text, "Jacobian            %.2f to %.2f, %lld voxels fold\n", v->jacobian[0],
                     v->jacobian[1], (long long)v->folded);
    lar_text_add(&text, "verdict             %s%s\n", v->doubtful ? "DOUBTFUL: " : "good",
                 v->reason);
    const lar_status status = text.failed ? LAR_EMEMORY : lar_cli_print(lar_text_get(&text));
    lar_text_clear(&text);
    return status;
}

static lar_status register_run(lar_call *call)
{
    lar_status status = LAR_OK;
    work w = { .call = call, .o = call->options };
    lar_affine start = lar_affine_identity();
    bool given = false;

    LAR_TRY(check(w.o));
    LAR_TRY(read_all(&w));
    LAR_TRY(read_start(&start, &given, &w));
    status = lar_register(&w.found, w.fixed, w.moving, w.fixed_mask, w.moving_mask,
                          given ? &start : NULL, &w.o->params);
    if (status != LAR_OK) {
        lar_while(status, "cannot register '%s' to '%s'", call->args[1], call->args[0]);
        goto done;
    }
    LAR_TRY(lar_registration_chain(&w.forward, w.found, false));
    LAR_TRY(lar_registration_chain(&w.inverse, w.found, true));
    LAR_TRY(write_all(&w));
    LAR_TRY(call->json ? print_json(&w) : print_words(&w));
    if (w.found->verdict.doubtful && !w.o->trust) {
        status = lar_fail(LAR_EPARTIAL, "'%s' on '%s' is doubtful: %s", call->args[1],
                          call->args[0], w.found->verdict.reason);
        lar_hint(status, "--check PICTURE to look at it; --trust where it is right after all "
                         "(outputs are now called NAME.flagged)");
    }
done:
    lar_chain_free(w.inverse);
    lar_chain_free(w.forward);
    lar_registration_free(w.found);
    lar_image_free(w.labels);
    lar_image_free(w.moving_mask);
    lar_image_free(w.fixed_mask);
    lar_image_free(w.moving);
    lar_image_free(w.fixed);
    return status;
}

const lar_command lar_command_register = {
    .name = "register",
    .group = "prepare",
    .summary = "find where one image lies in another, and move it there",
    .about =
        "Both images are volumes of any contrast and grid. A search over all turns up to 115 "
        "degrees and far shifts begins, whatever the headers say (--start header begins with what "
        "they say); levels of 8, 4, 2 and 1 mm follow, each a climb of mutual information inside "
        "the head, on copies without their bias fields. Deformable: an affine map, then a "
        "symmetric "
        "diffeomorphism by local correlation. The result does not depend on the number of threads, "
        "and exchanging both images inverts a linear map. "
        "Every result is judged: how far the heads overlap, whether the map fits better than the "
        "headers, how much is lost 2 mm beside it, whether it stretches, whether one of the images "
        "is mirrored; in doubt a second run begins elsewhere. A doubtful result ends with status 1 "
        "and the reason, and its outputs get .flagged into their names. --heads different is for "
        "heads of two people, which never fit as well. "
        "Transforms map points of the fixed image to the moving one, as ITK, ANTs and larmor warp "
        "have them; FSL's .fsl.mat goes from moving to fixed, as FSL has it. "
        "docs/registration.md tells how each stage works.",
    .cite = "Mattes 2003, doi:10.1109/TMI.2003.809072; Avants 2008, "
            "doi:10.1016/j.media.2007.06.004",
    .args =
        (const lar_arg[]){ { .name = "fixed", .help = "the image that stays", .is_path = true },
                           { .name = "moving", .help = "the image that moves", .is_path = true },
                           { 0 } },
    .tables = { { table, 0 }, { lar_register_table, offsetof(options, params) } },
    .size = sizeof(options),
    .json = true,
    .examples =
        (const lar_example[]){
            { "larmor register t1.nii.gz flair.nii.gz -o flair_in_t1.nii.gz --kind rigid",
              "the FLAIR on the grid of the T1 of the same person" },
            { "larmor register t1.nii.gz flair.nii.gz -o flair_affine.nii.gz --check check.png "
              "--transform-out flair_to_t1.txt",
              "an affine map, a picture to look at, and the map for ITK" },
            { "larmor register t1.nii.gz t2.nii.gz --kind deformable --transform-out t2_to_t1.mat "
              "--field-out t2_to_t1_field.nii.gz -o t2_in_t1.nii.gz",
              "with a deformation, written as ANTs has it" },
            { NULL, NULL } },
    .run = register_run,
};
