/* Reading whole files, and writing them so that they appear complete or not at all.
 * SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* mkostemp */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

lar_status lar_file_read(char **out, size_t *count, const char *path, size_t limit)
{
    lar_status status = LAR_OK;
    char *bytes = NULL;
    size_t used = 0, room = 0;
    struct stat about;

    *out = NULL;
    *count = 0;
    /* O_NONBLOCK: a fifo must not hold us up before it is refused */
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return lar_fail(LAR_ENOINPUT, "cannot open '%s': %s", path, strerror(errno));
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
        status = lar_fail(LAR_ENOINPUT, "cannot read '%s': it is %s", path,
                          S_ISDIR(about.st_mode) ? "a folder" : "not a regular file");
        goto done;
    }
    if ((uint64_t)about.st_size > limit) {
        status = lar_fail(LAR_EFORMAT, "'%s' has %lld bytes, more than the %zu that are read", path,
                          (long long)about.st_size, limit);
        goto done;
    }
    for (;;) {
        if (used == room) {
            /* the size the file has is only a hint: it may change while we read */
            size_t wanted = room ? 2 * room : (size_t)about.st_size + 1;
            if (!room && wanted < 4096) wanted = 4096;
            char *grown = lar_alloc_raw((int64_t)wanted + 1, 1);
            if (!grown) {
                status = LAR_EMEMORY;
                goto done;
            }
            if (used) memcpy(grown, bytes, used);
            lar_free(bytes);
            bytes = grown;
            room = wanted;
        }
        const ssize_t got = read(file, bytes + used, room - used);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            status = lar_fail(LAR_EIO, "cannot read '%s': %s", path, strerror(errno));
            goto done;
        }
        if (got == 0) break;
        used += (size_t)got;
        if (used > limit) {
            status =
                lar_fail(LAR_EFORMAT, "'%s' grew past %zu bytes while it was read", path, limit);
            goto done;
        }
    }
    bytes[used] = 0;
    *out = bytes;
    *count = used;
    bytes = NULL;
done:
    lar_free(bytes);
    close(file);
    return status;
}

struct lar_writer {
    int file;
    bool force, committed;
    size_t written;
    char *path, *temporary, *folder; /* of the arena */
    lar_arena *arena;
};

static lar_status write_failed(const lar_writer *writer, const char *what)
{
    const int reason = errno;
    lar_status status = lar_fail(LAR_EIO, "cannot %s '%s' after %zu bytes: %s", what, writer->path,
                                 writer->written, strerror(reason));
    if (reason == ENOSPC || reason == EDQUOT)
        lar_hint(status, "another disk, or make room; what was there before is untouched");
    return status;
}

static const char temporary_start[] = ".larmor-";

/* Asked once: the only way to ask changes it for a moment, for all threads. */
static pthread_once_t mask_once = PTHREAD_ONCE_INIT;
static mode_t mask;

static void ask_mask(void)
{
    mask = umask(0);
    umask(mask);
}

/* A temporary file that is locked as long as its writer lives, so that what a killed one left can
 * be told from one at work, whichever machine or container it is in. */
static lar_status open_temporary(lar_writer *writer)
{
    struct stat about;
    for (int tries = 0; tries < 8; tries++) {
        /* a short fixed name: that of the target may already be as long as a name can be */
        writer->temporary =
            lar_arena_format(writer->arena, "%s/%sXXXXXX", writer->folder, temporary_start);
        if (!writer->temporary) return LAR_EMEMORY;
        writer->file = mkostemp(writer->temporary, O_CLOEXEC);
        if (writer->file < 0) {
            writer->temporary = NULL;
            return lar_fail(LAR_EEXISTS, "cannot create '%s': %s", writer->path, strerror(errno));
        }
        const bool taken = flock(writer->file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        if (!taken && (fstat(writer->file, &about) != 0 || about.st_nlink > 0)) return LAR_OK;
        close(writer->file); /* lar_folder_clean() came between */
        writer->file = -1;
    }
    writer->temporary = NULL;
    return lar_fail(LAR_EIO, "cannot create '%s': its temporary files vanish", writer->path);
}

void lar_folder_clean(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder) return;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        struct stat about;
        if (!lar_text_starts(entry->d_name, temporary_start) ||
            strlen(entry->d_name) != sizeof temporary_start - 1 + 6)
            continue;
        const int file =
            openat(dirfd(folder), entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (file < 0) continue;
        if (flock(file, LOCK_EX | LOCK_NB) == 0 && fstat(file, &about) == 0 &&
            S_ISREG(about.st_mode))
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
        close(file);
    }
    closedir(folder);
}

lar_status lar_writer_open(lar_writer **out, const char *path, bool force)
{
    lar_status status = LAR_OK;
    lar_writer *writer = NULL;

    *out = NULL;
    if (!force && lar_path_exists(path)) {
        status = lar_fail(LAR_EEXISTS, "'%s' exists already", path);
        return lar_hint(status, "--force to replace it, or another name");
    }
    if (lar_path_is_folder(path))
        return lar_fail(LAR_EEXISTS, "cannot write '%s': it is a folder", path);
    writer = lar_alloc(1, sizeof *writer);
    if (!writer) return LAR_EMEMORY;
    writer->file = -1;
    writer->force = force;
    LAR_TRY(lar_arena_new(&writer->arena));
    writer->path = lar_arena_text(writer->arena, path, strlen(path));
    writer->folder = lar_path_folder(writer->arena, path);
    if (!writer->path || !writer->folder) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(open_temporary(writer));
    pthread_once(&mask_once, ask_mask);
    (void)fchmod(writer->file, 0666 & ~mask); /* mkstemp gives 0600; a refusal leaves that */
    *out = writer;
    writer = NULL;
done:
    lar_writer_free(writer);
    return status;
}

lar_status lar_writer_put(lar_writer *writer, const void *bytes, size_t count)
{
    const char *next = bytes;
    while (count > 0) {
        const ssize_t put = write(writer->file, next, count);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return write_failed(writer, "write");
        next += put;
        count -= (size_t)put;
        writer->written += (size_t)put;
    }
    return LAR_OK;
}

lar_status lar_writer_commit(lar_writer *writer)
{
    if (fsync(writer->file) != 0) return write_failed(writer, "write");
    const int closed = close(writer->file);
    writer->file = -1;
    if (closed != 0) return write_failed(writer, "write");
    if (writer->force) {
        if (rename(writer->temporary, writer->path) != 0) return write_failed(writer, "rename to");
    } else if (link(writer->temporary, writer->path) == 0) {
        /* link, unlike rename, refuses a target that appeared meanwhile */
        unlink(writer->temporary);
    } else if (errno == EEXIST) {
        return lar_fail(LAR_EEXISTS, "'%s' exists already", writer->path);
    } else if (rename(writer->temporary, writer->path) != 0) { /* no hard links here */
        return write_failed(writer, "rename to");
    }
    writer->committed = true;
    const int folder = open(writer->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) { /* some file systems refuse this; the rename has been made all the same */
        (void)fsync(folder);
        close(folder);
    }
    return LAR_OK;
}

void lar_writer_free(lar_writer *writer)
{
    if (!writer) return;
    if (writer->file >= 0) close(writer->file);
    if (!writer->committed && writer->temporary) unlink(writer->temporary);
    lar_arena_free(writer->arena);
    lar_free(writer);
}

lar_status lar_file_write(const char *path, const void *bytes, size_t count, bool force)
{
    lar_status status = LAR_OK;
    lar_writer *writer = NULL;

    LAR_TRY(lar_writer_open(&writer, path, force));
    LAR_TRY(lar_writer_put(writer, bytes, count));
    LAR_TRY(lar_writer_commit(writer));
done:
    lar_writer_free(writer);
    return status;
}
