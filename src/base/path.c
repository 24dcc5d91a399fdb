/* Names of files and folders.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

char *lar_path_join(lar_arena *arena, const char *folder, const char *name)
{
    if (name[0] == '/' || lar_text_is(folder, ".") || !*folder)
        return lar_arena_text(arena, name, strlen(name));
    const char *between = lar_text_ends(folder, "/") ? "" : "/";
    return lar_arena_format(arena, "%s%s%s", folder, between, name);
}

char *lar_path_folder(lar_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) return lar_arena_text(arena, ".", 1);
    return lar_arena_text(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

const char *lar_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *lar_path_stem(lar_arena *arena, const char *path)
{
    const char *name = lar_path_name(path);
    size_t length = strlen(name);
    if (lar_text_ends(name, ".gz")) length -= 3;
    for (size_t n = length; n > 1; n--)
        if (name[n - 1] == '.') {
            length = n - 1;
            break;
        }
    return lar_arena_text(arena, name, length);
}

bool lar_path_exists(const char *path)
{
    struct stat about;
    return lstat(path, &about) == 0;
}

bool lar_path_is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

lar_status lar_folder_make(const char *path)
{
    lar_status status = LAR_OK;
    lar_text partial = { 0 };

    for (const char *c = path;; c++) {
        if ((*c == '/' || !*c) && c > path) {
            lar_text_clear(&partial);
            lar_text_add_bytes(&partial, path, (size_t)(c - path));
            if (partial.failed) {
                status = LAR_EMEMORY;
                break;
            }
            if (mkdir(partial.at, 0777) != 0 && !lar_path_is_folder(partial.at)) {
                status = lar_fail(LAR_EEXISTS, "cannot create the folder '%s': %s", partial.at,
                                  strerror(errno));
                break;
            }
        }
        if (!*c) break;
    }
    lar_text_clear(&partial);
    return status;
}

static int names_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

lar_status lar_folder_list(lar_texts *out, const char *path, lar_arena *arena)
{
    lar_status status = LAR_OK;
    char **names = NULL;
    int64_t count = 0, room = 0;

    *out = (lar_texts){ 0 };
    DIR *folder = opendir(path);
    if (!folder)
        return lar_fail(LAR_ENOINPUT, "cannot open the folder '%s': %s", path, strerror(errno));
    for (const struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        if (count == room) {
            room = room ? 2 * room : 64;
            char **grown = lar_arena_take(arena, room, sizeof *grown);
            if (!grown) {
                status = LAR_EMEMORY;
                goto done;
            }
            if (count) memcpy(grown, names, (size_t)count * sizeof *names);
            names = grown;
        }
        names[count] = lar_arena_text(arena, entry->d_name, strlen(entry->d_name));
        if (!names[count++]) {
            status = LAR_EMEMORY;
            goto done;
        }
    }
    if (count) qsort(names, (size_t)count, sizeof *names, names_compare);
    *out = (lar_texts){ .count = count, .at = (const char *const *)names };
done:
    closedir(folder);
    return status;
}

lar_status lar_file_remove(const char *path)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return lar_fail(LAR_EIO, "cannot remove '%s': %s", path, strerror(errno));
    return LAR_OK;
}
