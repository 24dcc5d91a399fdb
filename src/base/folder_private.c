/* A folder for the files of a child program, and its end.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

lar_status lar_folder_private(lar_text *out)
{
    const char *parent = getenv("TMPDIR");
    lar_text_clear(out);
    /* an absolute path: the child works in it */
    lar_text_add(out, "%s/larmor-XXXXXX", parent && parent[0] == '/' ? parent : "/tmp");
    if (out->failed) return lar_fail(LAR_EMEMORY, "out of memory");
    if (mkdtemp(out->at)) return LAR_OK;
    const lar_status status =
        lar_fail(LAR_EEXISTS, "cannot create a folder '%s': %s", out->at, strerror(errno));
    lar_text_clear(out);
    return lar_hint(status, "to set TMPDIR to a folder that can be written to");
}

/* Takes a folder's files away, and moves the folders in it up to `top`: however deep they go, no
 * call is nested and no path gets long. */
static void empty(int top, const char *name, unsigned long *moved)
{
    (void)fchmodat(top, name, 0700, 0); /* it is a folder, and nobody changes it now */
    const int file = openat(top, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = file >= 0 ? fdopendir(file) : NULL;
    if (!folder) {
        if (file >= 0) close(file);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(folder));) {
        char up[40];
        if (lar_text_is(entry->d_name, ".") || lar_text_is(entry->d_name, "..")) continue;
        if (unlinkat(file, entry->d_name, 0) == 0) continue;
        (void)fchmodat(file, entry->d_name, 0700, 0);
        snprintf(up, sizeof up, ".up-%lu", ++*moved);
        (void)renameat(file, entry->d_name, top, up);
    }
    closedir(folder);
}

/* One walk over what is in the folder; how much is left. */
static long sweep(int top, unsigned long *moved)
{
    long left = 0;
    const int file = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = file >= 0 ? fdopendir(file) : NULL;
    if (!folder) {
        if (file >= 0) close(file);
        return 0;
    }
    for (const struct dirent *entry; (entry = readdir(folder));) {
        struct stat about;
        if (lar_text_is(entry->d_name, ".") || lar_text_is(entry->d_name, "..")) continue;
        left++;
        if (fstatat(top, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (!S_ISDIR(about.st_mode)) {
            unlinkat(top, entry->d_name, 0);
            continue;
        }
        empty(top, entry->d_name, moved);
        unlinkat(top, entry->d_name, AT_REMOVEDIR);
    }
    closedir(folder);
    return left;
}

void lar_folder_remove(const char *path)
{
    unsigned long moved = 0;
    (void)chmod(path, 0700); /* a child may have closed it */
    const int top = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (top >= 0) {
        /* each walk takes a level away, until one changes nothing */
        unsigned long moved_before;
        long left = -1, before;
        do {
            before = left;
            moved_before = moved;
            left = sweep(top, &moved);
        } while (left && (left != before || moved != moved_before));
        close(top);
    }
    if (rmdir(path) != 0 && errno != ENOENT)
        lar_log(LAR_LOG_WARNING, "cannot remove '%s': %s", path, strerror(errno));
}
