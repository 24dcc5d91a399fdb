/* Which files an image was read from, and what was in them: told while they are read, so that no
 * file is opened again for it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/seen.h"

#include <sys/stat.h>

void lar_seen_clear(lar_seen *seen)
{
    lar_free(seen->at);
    lar_arena_free(seen->arena);
    *seen = (lar_seen){ 0 };
}

bool lar_file_look(lar_seen_file *out, const char *path)
{
    struct stat about;
    *out = (lar_seen_file){ .path = path, .bytes = -1 };
    if (stat(path, &about) != 0) return false;
    out->bytes = about.st_size;
    out->inode = (int64_t)about.st_ino;
    out->time_ns = (int64_t)about.st_mtim.tv_sec * 1000000000 + about.st_mtim.tv_nsec;
    out->change_ns = (int64_t)about.st_ctim.tv_sec * 1000000000 + about.st_ctim.tv_nsec;
    return true;
}

bool lar_file_is_untouched(const lar_seen_file *before)
{
    lar_seen_file now;
    return lar_file_look(&now, before->path) && now.bytes == before->bytes &&
           now.inode == before->inode && now.time_ns == before->time_ns &&
           now.change_ns == before->change_ns;
}

lar_seen_file *lar_seen_add(lar_seen *seen, const char *path)
{
    if (!seen->arena && lar_arena_new(&seen->arena) != LAR_OK) return NULL;
    for (int64_t n = 0; n < seen->count; n++)
        if (lar_text_is(seen->at[n].path, path)) return &seen->at[n];
    /* room doubles: it is full whenever the count is a power of two */
    if ((seen->count & (seen->count - 1)) == 0) {
        lar_seen_file *grown = lar_alloc(seen->count ? 2 * seen->count : 1, sizeof *grown);
        if (!grown) return NULL;
        if (seen->count) memcpy(grown, seen->at, (size_t)seen->count * sizeof *grown);
        lar_free(seen->at);
        seen->at = grown;
    }
    const char *kept = lar_arena_text(seen->arena, path, strlen(path));
    if (!kept) return NULL;
    lar_seen_file *file = &seen->at[seen->count++];
    lar_file_look(file, kept);
    return file;
}

void lar_seen_read(lar_seen *seen, lar_seen_file *file, const void *bytes, size_t count)
{
    seen->series |= count >= 132 && memcmp((const char *)bytes + 128, "DICM", 4) == 0;
    lar_sha256(file->sha256, &(lar_bytes){ bytes, count }, 1);
}

/* All the files of a folder: what a series in it is made of. */
static lar_status add_folder(lar_seen *seen, const char *folder)
{
    lar_status status = LAR_OK;
    lar_texts names;
    if (!seen->arena) LAR_TRY(lar_arena_new(&seen->arena));
    LAR_TRY(lar_folder_list(&names, folder, seen->arena));
    for (int64_t n = 0; n < names.count && status == LAR_OK; n++) {
        const char *path = lar_path_join(seen->arena, folder, names.at[n]);
        if (!path) return LAR_EMEMORY;
        if (!lar_path_is_folder(path) && !lar_seen_add(seen, path)) status = LAR_EMEMORY;
    }
done:
    return status;
}

lar_status lar_seen_finish(lar_seen *seen, const char *path)
{
    lar_status status = LAR_OK;
    if (lar_path_is_folder(path)) {
        LAR_TRY(add_folder(seen, path));
    } else {
        if (!lar_seen_add(seen, path)) return LAR_EMEMORY;
        if (seen->series) LAR_TRY(add_folder(seen, lar_path_folder(seen->arena, path)));
    }
    for (int64_t n = 0; n < seen->count && status == LAR_OK; n++)
        if (!*seen->at[n].sha256) status = lar_sha256_file(seen->at[n].sha256, seen->at[n].path);
done:
    return status;
}
