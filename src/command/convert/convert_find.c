/* Which inputs `larmor convert` was given: files, and all that lies in folders.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>

#include "command/convert/convert.h"

enum { DEEPEST = 32 };

/* Files that a header beside them describes: the header is the input. */
static const char *const voxel_suffixes[] = { ".img",  ".img.gz", ".raw",     ".raw.gz", ".zraw",
                                              ".rec",  ".REC",    ".BRIK",    ".brik",   ".BRIK.gz",
                                              ".bval", ".bvec",   ".brik.gz", ".REC.gz", NULL };
static const char *const slice_suffixes[] = { ".tif", ".tiff", ".png", NULL };

typedef struct walk {
    lar_convert_inputs *out;
    lar_arena *arena;
    const char *named;
    struct stat output; /* the folder that is written to is not read from */
    bool has_output;
} walk;

static bool ends_as(const char *path, const char *const *suffixes)
{
    for (; *suffixes; suffixes++)
        if (lar_text_ends(path, *suffixes)) return true;
    return false;
}

static bool named_as_image(const char *path)
{
    const char *name;
    const char *const *suffixes;
    for (int n = 0; lar_format_at(n, &name, &suffixes); n++)
        if (ends_as(path, suffixes)) return true;
    return false;
}

static lar_status add(walk *w, const char *path, const char *inside, bool is_dicom)
{
    lar_convert_inputs *list = w->out;
    if (list->count == list->room) {
        const int64_t room = list->room ? 2 * list->room : 64;
        lar_convert_input *grown = lar_arena_take(w->arena, room, sizeof *grown);
        if (!grown) return LAR_EMEMORY;
        if (list->count) memcpy(grown, list->at, (size_t)list->count * sizeof *grown);
        list->at = grown;
        list->room = room;
    }
    list->at[list->count++] = (lar_convert_input){ path, inside, w->named, is_dicom };
    return LAR_OK;
}

/* A file of a folder; *dicom is set where the folder holds DICOM. */
static lar_status take_file(walk *w, const char *path, const char *inside, bool *dicom)
{
    const bool as_image = named_as_image(path);
    if (ends_as(path, slice_suffixes))
        w->out->slices++;
    else if (as_image && !ends_as(path, voxel_suffixes) && !lar_text_ends(path, ".dcm"))
        return add(w, path, inside, false);
    else if (lar_dicom_is(path))
        *dicom = true;
    else if (!as_image && !ends_as(path, voxel_suffixes))
        w->out->other_files++;
    return LAR_OK;
}

static lar_status take_folder(walk *w, const char *path, const char *inside, int depth)
{
    lar_status status = LAR_OK;
    lar_texts names;
    struct stat about;
    bool dicom = false;

    if (stat(path, &about) == 0 && w->has_output && about.st_ino == w->output.st_ino &&
        about.st_dev == w->output.st_dev)
        return LAR_OK;
    if (depth == DEEPEST)
        return lar_fail(LAR_EARGUMENT, "the folder '%s' lies more than %d folders deep", path,
                        DEEPEST);
    LAR_TRY(lar_folder_list(&names, path, w->arena));
    for (int64_t n = 0; n < names.count; n++) {
        const char *below = lar_path_join(w->arena, path, names.at[n]);
        const char *deeper = *inside ? lar_path_join(w->arena, inside, names.at[n]) : names.at[n];
        if (!below || !deeper) {
            status = LAR_EMEMORY;
            goto done;
        }
        if (lstat(below, &about) != 0) continue; /* gone meanwhile */
        const bool link = S_ISLNK(about.st_mode);
        if (link && stat(below, &about) != 0) continue;
        if (S_ISDIR(about.st_mode) && !link) /* a link to a folder could lead around in a circle */
            LAR_TRY(take_folder(w, below, deeper, depth + 1));
        else if (S_ISREG(about.st_mode))
            LAR_TRY(take_file(w, below, inside, &dicom));
    }
    if (dicom) LAR_TRY(add(w, path, inside, true));
done:
    return status;
}

lar_status lar_convert_find(lar_convert_inputs *out, const lar_call *call, const char *output)
{
    lar_status status = LAR_OK;
    walk w = { .out = out, .arena = call->arena };
    *out = (lar_convert_inputs){ 0 };
    w.has_output = stat(output, &w.output) == 0 && S_ISDIR(w.output.st_mode);
    for (int64_t n = 0; n < call->arg_count; n++) {
        w.named = call->args[n];
        if (!lar_path_is_folder(w.named)) {
            LAR_TRY(add(&w, w.named, "", false));
            continue;
        }
        const int64_t before = out->count;
        LAR_TRY(take_folder(&w, w.named, "", 0));
        if (out->count == before) {
            status = lar_fail(LAR_ENOINPUT, "no image was found in the folder '%s'", w.named);
            if (out->slices)
                lar_hint(status, "larmor stack '%s', which makes volumes of slices", w.named);
            goto done;
        }
    }
done:
    return status;
}
