/* A shim for LD_PRELOAD: the k-th call of one kind fails as it would on a full disk, a broken one,
 * or a machine without memory. Standard input, output and error are left alone.
 *
 *   FAULT=write:17:ENOSPC          the 17th write fails; with ":sticky" all after it too
 *   FAULT=write:3:SHORT            the 3rd write takes half of its bytes
 *   FAULT_COUNT=FILE               at the end, how many calls of each kind were made
 *
 * SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

enum kind { OPEN, READ, WRITE, FSYNC, CLOSE, RENAME, LINK, MMAP, ALLOC, KINDS };
static const char *const kind_names[KINDS] = { "open",   "read", "write", "fsync", "close",
                                               "rename", "link", "mmap",  "alloc" };
static atomic_long calls[KINDS];
static int fault_kind = KINDS, fault_errno;
static long fault_at;
static bool fault_short, fault_sticky;

static int errno_of(const char *name)
{
    static const struct {
        const char *name;
        int value;
    } known[] = { { "ENOSPC", ENOSPC }, { "EIO", EIO },       { "EDQUOT", EDQUOT },
                  { "EINTR", EINTR },   { "EACCES", EACCES }, { "EMFILE", EMFILE },
                  { "EROFS", EROFS },   { "ENOMEM", ENOMEM }, { "EXDEV", EXDEV } };
    for (size_t n = 0; n < sizeof known / sizeof *known; n++)
        if (strcmp(known[n].name, name) == 0) return known[n].value;
    fprintf(stderr, "fault: unknown error '%s'\n", name);
    _exit(99);
}

__attribute__((constructor)) static void start(void)
{
    char kind[16] = "", error[16] = "", sticky[16] = "";
    const char *fault = getenv("FAULT");
    if (!fault) return;
    if (sscanf(fault, "%15[^:]:%ld:%15[^:]:%15s", kind, &fault_at, error, sticky) < 3) _exit(99);
    for (int n = 0; n < KINDS; n++)
        if (strcmp(kind, kind_names[n]) == 0) fault_kind = n;
    if (fault_kind == KINDS) _exit(99);
    fault_short = strcmp(error, "SHORT") == 0;
    fault_sticky = strcmp(sticky, "sticky") == 0;
    if (!fault_short) fault_errno = errno_of(error);
}

__attribute__((destructor)) static void finish(void)
{
    const char *path = getenv("FAULT_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    for (int n = 0; file && n < KINDS; n++)
        fprintf(file, "%s %ld\n", kind_names[n], (long)calls[n]);
    if (file) fclose(file);
}

/* Counts a call; true where it is to fail, with errno set (0: half of it is done). */
static bool strikes(int kind)
{
    const long n = 1 + atomic_fetch_add(&calls[kind], 1);
    if (kind != fault_kind || (fault_sticky ? n < fault_at : n != fault_at)) return false;
    errno = fault_errno;
    return true;
}

/* The function behind ours, as a pointer of its type. */
#define REAL(name, type)                                                                           \
    static type real;                                                                              \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, name)

typedef int (*open_fn)(const char *, int, ...);
static mode_t mode_of(int flags, va_list list)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    REAL("open", open_fn);
    va_list list;
    va_start(list, flags);
    const mode_t mode = mode_of(flags, list);
    va_end(list);
    return strikes(OPEN) ? -1 : real(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    REAL("open64", open_fn);
    va_list list;
    va_start(list, flags);
    const mode_t mode = mode_of(flags, list);
    va_end(list);
    return strikes(OPEN) ? -1 : real(path, flags, mode);
}

int mkstemp(char *pattern)
{
    typedef int (*fn)(char *);
    REAL("mkstemp", fn);
    return strikes(OPEN) ? -1 : real(pattern);
}

int mkstemp64(char *pattern)
{
    typedef int (*fn)(char *);
    REAL("mkstemp64", fn);
    return strikes(OPEN) ? -1 : real(pattern);
}

int mkostemp(char *pattern, int flags)
{
    typedef int (*fn)(char *, int);
    REAL("mkostemp", fn);
    return strikes(OPEN) ? -1 : real(pattern, flags);
}

int mkostemp64(char *pattern, int flags)
{
    typedef int (*fn)(char *, int);
    REAL("mkostemp64", fn);
    return strikes(OPEN) ? -1 : real(pattern, flags);
}

ssize_t read(int file, void *to, size_t count)
{
    typedef ssize_t (*fn)(int, void *, size_t);
    REAL("read", fn);
    if (file <= 2 || !strikes(READ)) return real(file, to, count);
    if (fault_short) return real(file, to, count > 1 ? count / 2 : count); /* one byte is no less */
    return -1;
}

ssize_t pread(int file, void *to, size_t count, off_t at)
{
    typedef ssize_t (*fn)(int, void *, size_t, off_t);
    REAL("pread", fn);
    if (!strikes(READ)) return real(file, to, count, at);
    return fault_short && count > 1 ? real(file, to, count / 2, at) : -1;
}

ssize_t write(int file, const void *from, size_t count)
{
    typedef ssize_t (*fn)(int, const void *, size_t);
    REAL("write", fn);
    if (file <= 2 || !strikes(WRITE)) return real(file, from, count);
    return fault_short && count > 1 ? real(file, from, count / 2) : -1;
}

ssize_t pwrite(int file, const void *from, size_t count, off_t at)
{
    typedef ssize_t (*fn)(int, const void *, size_t, off_t);
    REAL("pwrite", fn);
    if (!strikes(WRITE)) return real(file, from, count, at);
    return fault_short && count > 1 ? real(file, from, count / 2, at) : -1;
}

int fsync(int file)
{
    typedef int (*fn)(int);
    REAL("fsync", fn);
    return strikes(FSYNC) ? -1 : real(file);
}

/* A failing close closes the file all the same, as Linux does. */
int close(int file)
{
    typedef int (*fn)(int);
    REAL("close", fn);
    if (file <= 2 || !strikes(CLOSE)) return real(file);
    const int reason = errno;
    real(file);
    errno = reason;
    return -1;
}

int rename(const char *from, const char *to)
{
    typedef int (*fn)(const char *, const char *);
    REAL("rename", fn);
    return strikes(RENAME) ? -1 : real(from, to);
}

int link(const char *from, const char *to)
{
    typedef int (*fn)(const char *, const char *);
    REAL("link", fn);
    return strikes(LINK) ? -1 : real(from, to);
}

typedef void *(*mmap_fn)(void *, size_t, int, int, int, off_t);
void *mmap(void *at, size_t count, int protection, int flags, int file, off_t offset)
{
    REAL("mmap", mmap_fn);
    if (file > 2 && strikes(MMAP)) return MAP_FAILED;
    return real(at, count, protection, flags, file, offset);
}

int posix_memalign(void **out, size_t alignment, size_t count)
{
    typedef int (*fn)(void **, size_t, size_t);
    REAL("posix_memalign", fn);
    return strikes(ALLOC) ? ENOMEM : real(out, alignment, count);
}

void *aligned_alloc(size_t alignment, size_t count)
{
    typedef void *(*fn)(size_t, size_t);
    REAL("aligned_alloc", fn);
    return strikes(ALLOC) ? NULL : real(alignment, count);
}
