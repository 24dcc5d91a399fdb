/* larmor convert: images into other files, formats or voxel types; one, a folder, or a tree.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/convert/convert.h"
#include "data/data.h"

static const char *const version_names[] = { "auto", "1", "2", NULL };

static const lar_param table[] = {
    LAR_P_TEXT(lar_convert_options, output, "output", 'o', "", "path",
               "the file to write, or a folder (one that exists, or a name that ends in /)"),
    LAR_P_CHOICE(lar_convert_options, type, "type", 't', "keep", lar_convert_type_names,
                 "voxel type of the output; integers are rounded and limited to their range"),
    LAR_P_INT(lar_convert_options, volume, "volume", 0, "auto", 0, 1e9, "number",
              "of several volumes this one alone, counted from 0"),
    LAR_P_TEXT(lar_convert_options, extension, "format", 0, "nii.gz", "ending",
               "of files in a folder, such as nii.gz, nii, mha, nrrd or mgz"),
    LAR_P_TEXT(
        lar_convert_options, name, "name", 0, "{path}/{name}", "pattern",
        "of files in a folder; {path} is the input's folder below what was named, {name} its name "
        "or that of its series; {folder}, {format}, and of DICOM {number} {description} "
        "{protocol} {modality} {echo} {sequence}"),
    LAR_P_TEXT(lar_convert_options, series, "series", 0, "", "text",
               "of DICOM only the series whose names have this in them"),
    LAR_P_FLAG(lar_convert_options, correct, "correct", 0,
               "of DICOM: resample what has a tilted gantry or uneven slices"),
    LAR_P_FLAG(lar_convert_options, sidecar, "sidecar", 0,
               "write how it was acquired beside each image, as BIDS' NAME.json"),
    LAR_P_FLAG(lar_convert_options, bids, "bids", 0,
               "name files as BIDS does, with sidecars; the folder becomes a dataset"),
    LAR_P_TEXT(lar_convert_options, subject, "subject", 0, "", "label",
               "whose images they are; else by folder or name"),
    LAR_P_TEXT(lar_convert_options, session, "session", 0, "", "label", "which visit"),
    LAR_P_TEXT(lar_convert_options, suffix, "suffix", 0, "", "suffix",
               "what kind of image they are (T1w, T2w, FLAIR, PDw, T2starw, ct); else found out"),
    LAR_P_FLAG(lar_convert_options, patient, "patient", 0,
               "keep in sidecars what the files say of the person, places and dates"),
    LAR_P_CHOICE(lar_convert_options, form, "affine", 0, "auto", lar_form_names,
                 "which of a NIfTI file's two forms is right"),
    LAR_P_CHOICE(lar_convert_options, scaling, "scaling", 0, "dv", lar_scaling_names,
                 "of Philips PAR/REC: values as displayed, or floating point ones"),
    LAR_P_CHOICE(lar_convert_options, version, "nifti", 0, "auto", version_names,
                 "NIfTI version; auto is 1 where the sizes fit it"),
    LAR_P_INT(lar_convert_options, compress, "compress", 0, "auto", 0, 12, "level",
              "of compression, 0 for none where the format has a choice; auto is 1"),
    LAR_P_FLAG(lar_convert_options, force, "force", 'f', "replace an output that exists"),
    LAR_P_END,
};

static void say_failure(void *user)
{
    (void)user;
    lar_log(LAR_LOG_WARNING, "%s", lar_error());
}

/* The one image of one input, into a file. */
static lar_status take_one(void *user, lar_convert_image *images, int64_t count, lar_arena *arena)
{
    const lar_convert_options *o = user;
    if (count == 1) {
        images[0].target = o->output;
        return lar_convert_write(&images[0], o, arena);
    }
    lar_text names = { 0 };
    for (int64_t n = 0; n < count; n++) lar_text_add(&names, " %s", images[n].name);
    const lar_status status =
        lar_fail(LAR_EARGUMENT, "'%s' holds %lld images, which cannot become one file:%s",
                 images[0].input->path, (long long)count, lar_text_get(&names));
    lar_text_clear(&names);
    return lar_hint(status, "--series NAME for one of them, or -o FOLDER/ for all");
}

static lar_status into_file(lar_call *call, const lar_convert_options *o)
{
    lar_status status = LAR_OK;
    lar_convert_inputs inputs;
    const lar_convert_sink sink = { .take = take_one,
                                    .failed = say_failure,
                                    .user = (void *)(uintptr_t)o,
                                    .progress = call->progress };

    LAR_TRY(lar_cli_output(call, o->output, o->force));
    LAR_TRY(lar_convert_find(&inputs, call, o->output));
    if (inputs.count > 1) {
        status =
            lar_fail(LAR_EARGUMENT, "%lld images cannot become one file", (long long)inputs.count);
        lar_hint(status, "-o FOLDER/ to write one file for each");
        goto done;
    }
    LAR_TRY(lar_convert_open(inputs.at, 1, o, call->arena, &sink));
done:
    return status;
}

/* "mha" and ".mha" to ".mha", of a format that can be written. */
static lar_status check_options(lar_call *call, lar_convert_options *o)
{
    const char *dot = o->extension[0] == '.' ? "" : ".";
    const char *named = lar_arena_format(call->arena, "image%s%s", dot, o->extension);
    if (!named) return LAR_EMEMORY;
    if (!lar_path_is_image(named))
        return lar_fail(LAR_EARGUMENT, "'%s' is not a valid --format, expected one such as nii.gz",
                        o->extension);
    o->extension = named + strlen("image");
    if (o->bids && !lar_text_is(o->extension, ".nii.gz") && !lar_text_is(o->extension, ".nii"))
        return lar_fail(LAR_EARGUMENT, "BIDS knows .nii.gz and .nii, not --format '%s'",
                        o->extension);
    if (o->suffix && !lar_text_is(o->suffix, lar_bids_label(o->suffix, call->arena)))
        return lar_fail(LAR_EARGUMENT,
                        "'%s' is not a valid --suffix, expected letters and digits such as T1w",
                        o->suffix);
    return LAR_OK;
}

static lar_status convert_run(lar_call *call)
{
    lar_convert_options *o = call->options;
    const lar_status status = check_options(call, o);
    if (status != LAR_OK) return status;
    const bool folder =
        o->output && (lar_text_ends(o->output, "/") || lar_path_is_folder(o->output));
    return folder || (o->output && o->bids) ? lar_convert_folder(call, o) : into_file(call, o);
}

const lar_command lar_command_convert = {
    .name = "convert",
    .group = "files",
    .summary = "write images in another format, form or voxel type",
    .about =
        "Reads any image that larmor knows, by its content, and writes the format that the name "
        "of the output says. Voxels and their place in the world are kept, and what the format "
        "has room for of description, units and extensions; a scaling in the file is applied. A "
        "folder is read with all below it: each image becomes NAME.nii.gz in the same folder of "
        "the output, and each series of a folder with DICOM one that is named by its number and "
        "description. One that fails is reported and the others are written; the exit status is "
        "then 1. With --bids, whose image it is follows from sub-LABEL in its path, else the "
        "first folder, else its name; what kind from the sidecar or the names, else from the "
        "times of echo, repetition and inversion. Nothing that DICOM says of the patient is "
        "written unless --patient asks for it.",
    .args =
        (const lar_arg[]){
            { .name = "in", .help = "images, folders", .repeats = true, .is_path = true }, { 0 } },
    .tables = { { table, 0 } },
    .size = sizeof(lar_convert_options),
    .examples =
        (const lar_example[]){
            { "larmor convert t1.nii.gz -o t1.nii", "without compression" },
            { "larmor convert ct.nii.gz -o ct16.nii.gz --type int16", "as 16-bit integers" },
            { "larmor convert t1.nii.gz flair.nii.gz -o copies/", "several, into a folder" },
            { "larmor convert cohort/t1 cohort/flair -o bids/ --bids",
              "folders, named as BIDS does" },
            { NULL, NULL } },
    .run = convert_run,
};
