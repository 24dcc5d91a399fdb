/* larmor convert: images into other files or other voxel types, one or many.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"
#include "format/format.h"
#include "image/image.h"

/* keep, then what --type may name; 64-bit integers are left out: many tools refuse them */
static const char *const type_names[] = { "keep",  "uint8",  "int8",    "uint16",  "int16",
                                          "int32", "uint32", "float32", "float64", NULL };
static const lar_type types[] = { 0,       LAR_U8,  LAR_I8,  LAR_U16, LAR_I16,
                                  LAR_I32, LAR_U32, LAR_F32, LAR_F64 };
static const char *const version_names[] = { "auto", "1", "2", NULL };

typedef struct options {
    const char *output;
    int type, form, version;
    bool force;
} options;

static const lar_param table[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "path",
               "the file to write, or a folder (one that exists, or a name that ends in /)"),
    LAR_P_CHOICE(options, type, "type", 't', "keep", type_names,
                 "voxel type of the output; integers are rounded and limited to their range"),
    LAR_P_CHOICE(options, form, "affine", 0, "auto", lar_form_names,
                 "which of a NIfTI file's two forms is right"),
    LAR_P_CHOICE(options, version, "nifti", 0, "auto", version_names,
                 "NIfTI version; auto is 1 where the sizes fit it"),
    LAR_P_FLAG(options, force, "force", 'f', "replace an output that exists"),
    LAR_P_END,
};

static lar_status convert_one(const char *in, const char *out, const options *o)
{
    lar_status status = LAR_OK;
    lar_image *image = NULL, *typed = NULL;
    const lar_write_params params = { .force = o->force, .version = o->version };

    LAR_TRY(lar_image_read_form(&image, in, o->form));
    LAR_TRY(lar_image_to_type(&typed, image, o->type ? types[o->type] : image->type));
    LAR_TRY(lar_image_write_with(typed, out, &params));
    char words[96];
    lar_grid_words(&typed->grid, words, sizeof words);
    lar_log(LAR_LOG_NOTE, "'%s': %s, %s", out, words, lar_type_name(typed->type));
done:
    lar_image_free(typed);
    lar_image_free(image);
    return status;
}

/* FOLDER/STEM.nii.gz for each input; two of the same name are an error before any is written. */
static lar_status name_outputs(const char **names, const lar_call *call, const char *folder)
{
    for (int64_t n = 0; n < call->arg_count; n++) {
        const char *stem = lar_path_stem(call->arena, call->args[n]);
        const char *name = stem ? lar_arena_format(call->arena, "%s.nii.gz", stem) : NULL;
        names[n] = name ? lar_path_join(call->arena, folder, name) : NULL;
        if (!names[n]) return LAR_EMEMORY;
        for (int64_t other = 0; other < n; other++)
            if (lar_text_is(names[n], names[other]))
                return lar_fail(LAR_EARGUMENT, "'%s' and '%s' would both become '%s'",
                                call->args[other], call->args[n], names[n]);
    }
    return LAR_OK;
}

static lar_status into_folder(lar_call *call, const options *o)
{
    lar_status status = LAR_OK;
    int64_t failed = 0;
    const char **names = lar_arena_take(call->arena, call->arg_count, sizeof *names);
    if (!names) return LAR_EMEMORY;
    LAR_TRY(name_outputs(names, call, o->output));
    LAR_TRY(lar_folder_make(o->output));
    for (int64_t n = 0; n < call->arg_count; n++) {
        if (!lar_progress_say(call->progress, call->args[n], (double)n / (double)call->arg_count)) {
            status = lar_fail(LAR_ESTOPPED, "stopped after %lld of %lld files", (long long)n,
                              (long long)call->arg_count);
            goto done;
        }
        const lar_status one = convert_one(call->args[n], names[n], o);
        if (one == LAR_OK) continue;
        if (call->arg_count == 1) return one;
        failed++;
        lar_log(LAR_LOG_WARNING, "%s", lar_error());
    }
    if (failed > 0)
        status = lar_fail(LAR_EPARTIAL, "%lld of %lld files could not be converted",
                          (long long)failed, (long long)call->arg_count);
done:
    return status;
}

static lar_status convert_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    if (o->output && (lar_text_ends(o->output, "/") || lar_path_is_folder(o->output)))
        return into_folder(call, o);
    if (call->arg_count > 1) {
        status = lar_fail(LAR_EARGUMENT, "%lld images cannot become one file",
                          (long long)call->arg_count);
        return lar_hint(status, "-o FOLDER/ to write one file for each");
    }
    LAR_TRY(lar_cli_output(call, o->output, o->force));
    LAR_TRY(convert_one(call->args[0], o->output, o));
done:
    return status;
}

const lar_command lar_command_convert = {
    .name = "convert",
    .group = "files",
    .summary = "write images in another form or voxel type",
    .about =
        "Reads any image that larmor knows and writes NIfTI: .nii, .nii.gz, or a pair .hdr and "
        ".img (both also with .gz), by the name of the output. Voxels, their place in the world, "
        "description, units and extensions are kept; a scaling in the file is applied. Into a "
        "folder, each image becomes NAME.nii.gz. One that fails is reported and the others are "
        "written; the exit status is then 1.",
    .args = (const lar_arg[]){ { .name = "in", .help = "images", .repeats = true, .is_path = true },
                               { 0 } },
    .tables = { { table, 0 } },
    .size = sizeof(options),
    .examples =
        (const lar_example[]){
            { "larmor convert t1.nii.gz -o t1.nii", "without compression" },
            { "larmor convert ct.nii.gz -o ct16.nii.gz --type int16", "as 16-bit integers" },
            { "larmor convert t1.nii.gz flair.nii.gz -o copies/", "several, into a folder" },
            { NULL, NULL } },
    .run = convert_run,
};
