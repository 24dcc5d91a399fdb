/* The bytes of a file, whole or its beginning, compressed or not.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "format/source.h"

enum { PARTIAL_BYTES = 1 << 14 }; /* inflates to more than a head of 4096 in all but odd streams */

/* Up to PARTIAL_BYTES of a regular file, and how long it is. */
static lar_status read_beginning(lar_source *source)
{
    lar_status status = LAR_OK;
    struct stat about;
    /* O_NONBLOCK: a fifo must not hold us up before it is refused */
    const int file = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return lar_fail(LAR_ENOINPUT, "cannot open '%s': %s", source->path, strerror(errno));
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
        status = lar_fail(LAR_ENOINPUT, "cannot read '%s': it is %s", source->path,
                          S_ISDIR(about.st_mode) ? "a folder" : "not a regular file");
        goto done;
    }
    source->file_count = (uint64_t)about.st_size;
    source->bytes = lar_alloc_raw(PARTIAL_BYTES, 1);
    if (!source->bytes) {
        status = LAR_EMEMORY;
        goto done;
    }
    while (source->count < PARTIAL_BYTES) {
        const ssize_t got =
            read(file, source->bytes + source->count, PARTIAL_BYTES - source->count);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            status = lar_fail(LAR_EIO, "cannot read '%s': %s", source->path, strerror(errno));
            goto done;
        }
        if (got == 0) break;
        source->count += (size_t)got;
    }
done:
    close(file);
    return status;
}

static lar_status find_head(lar_source *source)
{
    source->gzip = lar_gzip_is(source->bytes, source->count);
    if (source->gzip)
        return lar_gzip_peek(source->head, LAR_SOURCE_HEAD, &source->head_count, source->bytes,
                             source->count, source->path);
    source->head_count = source->count < LAR_SOURCE_HEAD ? source->count : LAR_SOURCE_HEAD;
    memcpy(source->head, source->bytes, source->head_count);
    return LAR_OK;
}

lar_status lar_source_open(lar_source *out, const char *path, bool partial)
{
    lar_status status = LAR_OK;
    *out = (lar_source){ .path = path, .partial = partial };
    if (partial) {
        LAR_TRY(read_beginning(out));
    } else {
        LAR_TRY(lar_file_read((char **)&out->bytes, &out->count, path, PTRDIFF_MAX / 4));
        out->file_count = out->count;
    }
    if (out->file_count == 0) {
        status = lar_fail(LAR_EFORMAT, "'%s' is empty", path);
        goto done;
    }
    LAR_TRY(find_head(out));
done:
    return status;
}

lar_status lar_source_over(lar_source *out, const void *bytes, size_t count, const char *name)
{
    *out = (lar_source){ .path = name, .alone = true, .count = count, .file_count = count };
    if (count == 0) return lar_fail(LAR_EFORMAT, "'%s' is empty", name);
    out->bytes = lar_alloc_raw((int64_t)count, 1);
    if (!out->bytes) return LAR_EMEMORY;
    memcpy(out->bytes, bytes, count);
    return find_head(out);
}

void lar_source_clear(lar_source *source)
{
    lar_free(source->bytes);
    source->bytes = NULL;
}

static lar_status too_short(const lar_source *source, size_t found, size_t needed)
{
    return lar_fail(LAR_EFORMAT, "'%s' is too short: %s%zu bytes, its header describes %zu",
                    source->path, source->gzip ? "inflated it has " : "it has ", found, needed);
}

lar_status lar_source_content(lar_content *out, lar_source *source, size_t needed, size_t aligned)
{
    *out = (lar_content){ 0 };
    if (!source->gzip) {
        if (source->count < needed) return too_short(source, source->count, needed);
        *out = (lar_content){ .block = source->bytes, .count = source->count };
        source->bytes = NULL;
        return LAR_OK;
    }
    if (needed > lar_gzip_most(source->count))
        return lar_fail(LAR_EFORMAT,
                        "'%s' cannot hold what its header describes: %zu bytes in a gzip stream "
                        "of %zu",
                        source->path, needed, source->count);
    const size_t spare = 1 << 20; /* what follows the voxels is of no use, but no harm */
    const lar_gzip_ask ask = {
        .name = source->path,
        .lead = (64 - aligned % 64) % 64,
        .expected = needed,
        .limit = needed > SIZE_MAX / 4 ? needed : 2 * needed + spare,
    };
    const lar_status status =
        lar_gzip_inflate(&out->block, &out->count, source->bytes, source->count, &ask);
    if (status != LAR_OK) return status;
    lar_source_clear(source);
    out->lead = ask.lead;
    if (out->count >= needed) return LAR_OK;
    lar_free(out->block);
    out->block = NULL;
    return too_short(source, out->count, needed);
}
