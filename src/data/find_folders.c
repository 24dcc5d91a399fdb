/* A folder of each image, with folders train, valid and test in it, or with the files themselves.
 * SPDX-License-Identifier: Apache-2.0 */
#include "data/find.h"

enum { OTHERS_SHOWN = 4 };

/* The id of an image file by its name, or NULL for another file. Of a scan in two files, such as
 * .hdr and .img, the header is the scan. */
static const char *id_of_name(const char *name, lar_arena *arena)
{
    static const char *const suffixes[] = { ".nii.gz", ".nii",  ".hdr", ".hdr.gz", ".mgz",
                                            ".mgh.gz", ".mgh",  ".mha", ".mhd",    ".nrrd",
                                            ".nhdr",   ".HEAD", ".PAR", ".par",    ".mnc",
                                            ".mnc.gz", ".mnc2", ".tif", ".tiff",   ".png" };
    for (size_t n = 0; n < sizeof suffixes / sizeof *suffixes; n++)
        if (lar_text_ends(name, suffixes[n]) && strlen(name) > strlen(suffixes[n]))
            return lar_arena_text(arena, name, strlen(name) - strlen(suffixes[n]));
    return NULL;
}

/* The image files of one folder. */
static lar_status list_files(lar_found_list *out, const lar_finder *f, const char *folder,
                             int split)
{
    lar_status status = LAR_OK;
    lar_found_list found = { 0 };
    lar_texts names;

    if (f->data->names) {
        LAR_TRY(lar_find_files(&found, folder, f->data->names, f->arena));
    } else {
        LAR_TRY(lar_folder_list(&names, folder, f->arena));
        for (int64_t n = 0; n < names.count; n++) {
            lar_found file = { .id = id_of_name(names.at[n], f->arena) };
            file.path = lar_path_join(f->arena, folder, names.at[n]);
            if (!file.path) return LAR_EMEMORY;
            if (!file.id || lar_path_is_folder(file.path)) continue;
            file.subject = file.id;
            LAR_TRY(lar_id_check(file.id, file.path));
            if (!lar_found_add(&found, &file, f->arena)) return LAR_EMEMORY;
        }
    }
    for (int64_t n = 0; n < found.count; n++) {
        found.at[n].split = split;
        if (!lar_found_add(out, &found.at[n], f->arena)) return LAR_EMEMORY;
    }
done:
    return status;
}

/* What lies beside the parts is of none of them; a folder "val" is meant to be one. */
static lar_status tell_of_others(const lar_finder *f, const char *base)
{
    lar_status status = LAR_OK;
    lar_texts names;
    lar_text others = { 0 };
    int64_t count = 0;
    LAR_TRY(lar_folder_list(&names, base, f->arena));
    for (int64_t n = 0; n < names.count; n++) {
        const char *path = lar_path_join(f->arena, base, names.at[n]);
        bool part = false;
        if (!path) {
            status = LAR_EMEMORY;
            goto done;
        }
        for (int s = 0; s < LAR_SPLIT_COUNT; s++)
            part |= lar_text_is(names.at[n], lar_split_names[s]);
        if (part || (!lar_path_is_folder(path) && !id_of_name(names.at[n], f->arena))) continue;
        if (count++ < OTHERS_SHOWN)
            lar_text_add(&others, "%s'%s'", count > 1 ? ", " : "", names.at[n]);
    }
    if (count > OTHERS_SHOWN)
        lar_text_add(&others, " and %lld more", (long long)(count - OTHERS_SHOWN));
    if (count)
        lar_log(LAR_LOG_WARNING, "passed over in '%s', which has folders train, valid or test: %s",
                base, lar_text_get(&others));
done:
    lar_text_clear(&others);
    return status;
}

static lar_status find_image(lar_finder *f, int64_t n, const char *root)
{
    lar_status status = LAR_OK;
    const lar_image_spec *image = &f->data->images[n];
    bool parts = false;
    if (image->path)
        return lar_fail(LAR_EARGUMENT,
                        "image '%s' has a path, but 'folders' says where the images are",
                        image->name);
    const char *base = lar_path_join(f->arena, root, image->name);
    if (!base) return LAR_EMEMORY;
    if (!lar_path_is_folder(base)) {
        status =
            lar_fail(LAR_EARGUMENT, "there is no folder '%s' of image '%s'", base, image->name);
        return lar_hint(status, "ls %s: each image needs a folder of its name", root);
    }
    for (int s = 0; s < LAR_SPLIT_COUNT; s++) {
        const char *part = lar_path_join(f->arena, base, lar_split_names[s]);
        if (!part) return LAR_EMEMORY;
        if (!lar_path_is_folder(part)) continue;
        parts = true;
        LAR_TRY(list_files(&f->files[n], f, part, s));
    }
    if (parts)
        LAR_TRY(tell_of_others(f, base));
    else
        LAR_TRY(list_files(&f->files[n], f, base, -1));
    if (f->files[n].count == 0) {
        const char *wanted = f->data->names ? f->data->names : "ID.nii.gz";
        if (parts)
            return lar_fail(LAR_EARGUMENT, "no image file '%s' is in '%s/train', valid or test",
                            wanted, base);
        lar_fail(LAR_EARGUMENT, "no image file '%s' is in '%s'", wanted, base);
        return lar_hint(LAR_EARGUMENT, "%s/train/%s, or the files in '%s' itself", base, wanted,
                        base);
    }
    if (n && parts != (f->splits_by != NULL))
        return lar_fail(LAR_EARGUMENT,
                        "'%s' has folders train, valid or test, but '%s' has its files in itself",
                        (parts ? image : &f->data->images[0])->name,
                        (parts ? &f->data->images[0] : image)->name);
    if (parts && !f->splits_by)
        f->splits_by = lar_arena_format(f->arena, "the folders train, valid and test of '%s'",
                                        f->data->folders);
    if (parts && !f->splits_by) return LAR_EMEMORY;
done:
    return status;
}

lar_status lar_find_folders(lar_finder *f)
{
    const char *root = lar_path_join(f->arena, f->folder, f->data->folders);
    if (!root) return LAR_EMEMORY;
    if (!lar_path_is_folder(root)) {
        lar_fail(LAR_EARGUMENT, "there is no folder '%s' of 'folders'", root);
        return lar_hint(LAR_EARGUMENT, "a path from the folder of the study file");
    }
    for (int64_t n = 0; n < lar_data_scans(f->data); n++) {
        const lar_status status = find_image(f, n, root);
        if (status != LAR_OK) return status;
    }
    return LAR_OK;
}
