/* larmor slice: volumes as slices for other programs, their place kept in each file.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"
#include "format/format.h"
#include "image/image.h"

typedef struct options {
    lar_slice_params slice;
    const char *output;
    bool force;
} options;

static const lar_param files[] = {
    LAR_P_TEXT(options, output, "output", 'o', "", "folder", "the folder to write into"),
    LAR_P_FLAG(options, force, "force", 'f', "replace files that exist"),
    LAR_P_END,
};

/* An image, and what its slices are called. */
typedef struct job {
    const char *path, *folder, *name;
} job;

typedef struct jobs {
    job *at;
    int64_t count, room;
} jobs;

static lar_status add(jobs *all, lar_arena *arena, const char *path, const char *folder,
                      const char *name)
{
    if (!path || !folder || !name) return LAR_EMEMORY;
    for (int64_t n = 0; n < all->count; n++)
        if (lar_text_is(all->at[n].folder, folder) && lar_text_is(all->at[n].name, name))
            return lar_fail(LAR_EARGUMENT,
                            "the slices of '%s' and '%s' would both be called '%s/%s_...'",
                            all->at[n].path, path, folder, name);
    if (all->count == all->room) {
        const int64_t room = all->room ? 2 * all->room : 64;
        job *more = lar_arena_take(arena, room, sizeof *more);
        if (!more) return LAR_EMEMORY;
        if (all->count) memcpy(more, all->at, (size_t)all->count * sizeof *more);
        all->at = more;
        all->room = room;
    }
    all->at[all->count++] = (job){ path, folder, name };
    return LAR_OK;
}

/* By its name; the second file of a pair is not one of its own. */
static bool names_image(const char *path)
{
    const char *name;
    const char *const *suffixes;
    if (lar_text_ends(path, ".img") || lar_text_ends(path, ".img.gz")) return false;
    for (int n = 0; lar_format_at(n, &name, &suffixes); n++)
        for (; *suffixes; suffixes++)
            if (lar_text_ends(path, *suffixes)) return true;
    return false;
}

/* FOLDER/NAME.nii: slices NAME; FOLDER/SUBJECT/IMAGE.nii: slices SUBJECT in a folder IMAGE, so that
 * the images of one subject have the same names. */
static lar_status add_folder(jobs *all, lar_call *call, const char *folder, const char *subject)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_texts names;
    LAR_TRY(lar_folder_list(&names, folder, call->arena));
    for (int64_t n = 0; n < names.count; n++) {
        const char *path = lar_path_join(call->arena, folder, names.at[n]);
        if (!path) return LAR_EMEMORY;
        if (lar_path_is_folder(path)) {
            if (!subject) LAR_TRY(add_folder(all, call, path, names.at[n]));
            continue;
        }
        if (!names_image(path)) continue;
        const char *stem = lar_path_stem(call->arena, path);
        if (!stem) return LAR_EMEMORY;
        LAR_TRY(add(all, call->arena, path,
                    subject ? lar_path_join(call->arena, o->output, stem) : o->output,
                    subject ? subject : stem));
    }
done:
    return status;
}

static lar_status find_jobs(jobs *all, lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    for (int64_t n = 0; n < call->arg_count; n++) {
        const char *path = call->args[n];
        const int64_t before = all->count;
        if (!lar_path_is_folder(path)) {
            LAR_TRY(add(all, call->arena, path, o->output, lar_path_stem(call->arena, path)));
            continue;
        }
        LAR_TRY(add_folder(all, call, path, NULL));
        if (all->count == before)
            return lar_fail(LAR_ENOINPUT, "there is no image in the folder '%s'", path);
    }
done:
    return status;
}

static void say(const job *one, const lar_slice_report *report, const options *o)
{
    lar_text line = { 0 };
    lar_text_add(&line, "'%s': %lld slices in '%s'", one->path, (long long)report->written,
                 one->folder);
    if (report->skipped)
        lar_text_add(&line, ", %lld empty ones left out", (long long)report->skipped);
    if (report->window[0] < report->window[1])
        lar_text_add(&line, ", black %.6g, white %.6g", report->window[0], report->window[1]);
    lar_log(LAR_LOG_NOTE, "%s", lar_text_get(&line));
    if (report->outside && !o->slice.window.count)
        lar_log(LAR_LOG_WARNING, "'%s': %lld voxels are not finite", one->path,
                (long long)report->outside);
    else if (report->outside)
        lar_log(LAR_LOG_NOTE, "'%s': %lld voxels lie outside of the window", one->path,
                (long long)report->outside);
    lar_text_clear(&line);
}

static lar_status slice_one(const job *one, lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_image *image = NULL;
    lar_slice_report report;

    LAR_TRY(lar_image_read(&image, one->path));
    status = lar_slices_write(&report, image, one->folder, one->name, &o->slice, o->force,
                              call->progress);
    if (status != LAR_OK) {
        if (status != LAR_ESTOPPED) lar_while(status, "cannot slice '%s'", one->path);
        goto done;
    }
    say(one, &report, o);
    if (report.written == 0)
        lar_log(LAR_LOG_WARNING, "'%s': every slice is empty, none was written", one->path);
done:
    lar_image_free(image);
    return status;
}

static lar_status slice_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    jobs all = { 0 };
    int64_t failed = 0;

    if (!o->output) {
        status = lar_fail(LAR_EARGUMENT, "where to write is missing");
        return lar_hint(status, "larmor slice ... -o FOLDER/");
    }
    if (lar_path_exists(o->output) && !lar_path_is_folder(o->output)) {
        status = lar_fail(LAR_EEXISTS, "'%s' is a file; slices go into a folder", o->output);
        return lar_hint(status, "another name");
    }
    LAR_TRY(find_jobs(&all, call));
    for (int64_t n = 0; n < all.count; n++) {
        status = slice_one(&all.at[n], call);
        if (all.count == 1 || status == LAR_ESTOPPED) goto done; /* its own status and sentence */
        if (status == LAR_OK) continue;
        failed++;
        lar_log(LAR_LOG_WARNING, "%s", lar_error());
        status = LAR_OK;
    }
    if (failed > 0)
        status = lar_fail(LAR_EPARTIAL, "%lld of %lld images could not be sliced",
                          (long long)failed, (long long)all.count);
done:
    return status;
}

const lar_command lar_command_slice = {
    .name = "slice",
    .group = "files",
    .summary = "write volumes as slices, TIFF or PNG",
    .about =
        "Each slice becomes a file: t1_z012.tif is slice 12 of t1.nii.gz, counted from the left, "
        "the back or the foot, from 0, whatever the order in the file. Seen on a screen the "
        "patient stands upright: in axial slices the front is at the top, in the others the head; "
        "the patient's left is on the left side, the back on that of sagittal slices. TIFF keeps "
        "type and values (float32 stays float32) and is compressed without loss; PNG is for "
        "looking at, and fits the values into 8 or 16 bits. Every file says how large its pixels "
        "are, and where it lies in the patient: larmor stack makes the volume again. Of a folder "
        "every image is sliced; of its subfolders too, and there FOLDER/SUBJECT/IMAGE.nii, as "
        "larmor prepare writes it, becomes IMAGE/SUBJECT_z012.tif: one folder for each kind of "
        "image, with the same names in each. --skip-empty looks at each volume alone; --range "
        "gives pairs the same slices. A volume's slices are all written, or none; one that fails "
        "is reported, the others are written, and the exit status is 1.",
    .args = (const lar_arg[]){ { .name = "in",
                                 .help = "images, or folders of images",
                                 .repeats = true,
                                 .is_path = true },
                               { 0 } },
    .tables = { { files, 0 }, { lar_slice_table, offsetof(options, slice) } },
    .size = sizeof(options),
    .examples =
        (const lar_example[]){
            { "larmor slice t1.nii.gz flair.nii.gz -o pair/ --axis z --range 0.2 0.8",
              "the axial slices of the middle 60 %, float or integer as the image is" },
            { "larmor slice ct.nii.gz -o pictures/ --format png --window 0 80 --step 3",
              "every third slice as a picture, in the window for brain" },
            { "larmor slice cohort/t1 -o sagittal/ --axis x --skip-empty",
              "a folder of scans, without the slices that show no head" },
            { NULL, NULL } },
    .run = slice_run,
};
