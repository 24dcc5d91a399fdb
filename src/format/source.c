/* The bytes of a file, whole or its beginning, compressed or not.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "format/seen.h"
#include "format/source.h"

enum {
    PARTIAL_BYTES = 1 << 14, /* inflates to more than a head of 4096 in all but odd streams */
    TEXT_BYTES = 1 << 28,    /* far past any header that is text */
};

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

static lar_status open_bytes(lar_source *out, const char *path, bool partial, lar_seen *seen)
{
    lar_status status = LAR_OK;
    *out = (lar_source){ .path = path, .partial = partial, .seen = seen };
    lar_seen_file *file = seen ? lar_seen_add(seen, path) : NULL;
    if (seen && !file) return LAR_EMEMORY;
    if (partial) {
        LAR_TRY(read_beginning(out));
    } else {
        LAR_TRY(lar_file_read((char **)&out->bytes, &out->count, path, PTRDIFF_MAX / 4));
        out->file_count = out->count;
        if (file) lar_seen_read(seen, file, out->bytes, out->count);
    }
    if (out->file_count == 0) {
        status = lar_fail(LAR_EFORMAT, "'%s' is empty", path);
        goto done;
    }
done:
    return status;
}

lar_status lar_source_open(lar_source *out, const char *path, bool partial)
{
    return lar_source_open_seen(out, path, partial, NULL);
}

lar_status lar_source_open_seen(lar_source *out, const char *path, bool partial, lar_seen *seen)
{
    const lar_status status = open_bytes(out, path, partial, seen);
    return status == LAR_OK ? find_head(out) : status;
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

static lar_status too_short(const lar_source *source, bool packed, size_t found, size_t needed)
{
    return lar_fail(LAR_EFORMAT, "'%s' is too short: %s%zu bytes, its header describes %zu",
                    source->path, packed ? "inflated it has " : "it has ", found, needed);
}

static lar_status unpack(lar_content *out, lar_source *source, const lar_part *part, size_t needed,
                         size_t aligned)
{
    const bool packed = part->packing != LAR_PACKING_NONE;
    const size_t begin = part->begin < source->count ? part->begin : source->count;
    const size_t left = source->count - begin, count = part->count < left ? part->count : left;

    *out = (lar_content){ 0 };
    if (!packed) {
        if (count < needed) return too_short(source, false, count, needed);
        *out = (lar_content){ .block = source->bytes, .lead = begin, .count = count };
        source->bytes = NULL;
        return LAR_OK;
    }
    if (needed > lar_gzip_most(count))
        return lar_fail(LAR_EFORMAT,
                        "'%s' cannot hold what its header describes: %zu bytes in a compressed "
                        "stream of %zu",
                        source->path, needed, count);
    const size_t spare = 1 << 20;  /* what follows the voxels is of no use, but no harm */
    const size_t footer = 1 << 12; /* and mostly this short: then the first room is enough */
    const lar_gzip_ask ask = {
        .name = source->path,
        .lead = (64 - aligned % 64) % 64,
        .expected = needed > SIZE_MAX / 4 ? needed : needed + footer,
        .limit = needed > SIZE_MAX / 4 ? needed : 2 * needed + spare,
    };
    const lar_status status =
        (part->packing == LAR_PACKING_ZLIB ? lar_zlib_inflate : lar_gzip_inflate)(
            &out->block, &out->count, source->bytes + begin, count, &ask);
    if (status != LAR_OK) return status;
    lar_source_clear(source);
    out->lead = ask.lead;
    if (out->count >= needed) return LAR_OK;
    lar_free(out->block);
    out->block = NULL;
    return too_short(source, true, out->count, needed);
}

lar_status lar_source_content(lar_content *out, lar_source *source, size_t needed, size_t aligned)
{
    const lar_part all = { 0, SIZE_MAX, source->gzip ? LAR_PACKING_GZIP : LAR_PACKING_NONE };
    return unpack(out, source, &all, needed, aligned);
}

lar_status lar_source_part(lar_content *out, lar_source *source, const lar_part *part,
                           size_t needed)
{
    return unpack(out, source, part, needed, 0);
}

lar_status lar_source_check_length(const lar_source *source, size_t needed)
{
    if (source->gzip || source->file_count >= needed) return LAR_OK;
    return lar_fail(LAR_EFORMAT, "'%s' is too short: it has %llu bytes, its header describes %zu",
                    source->path, (unsigned long long)source->file_count, needed);
}

static bool leads_away(const char *name)
{
    if (!*name || *name == '/') return true;
    for (const char *at = name; *at; at += strcspn(at, "/"), at += *at == '/')
        if (strcspn(at, "/") == 2 && lar_text_starts(at, "..")) return true;
    return false;
}

lar_status lar_source_open_beside(lar_source *out, const lar_source *header, const char *name,
                                  lar_arena *arena)
{
    lar_status status = LAR_OK;
    *out = (lar_source){ 0 };
    if (header->alone && header->beside)
        return lar_source_over(out, header->beside, header->beside_count, name);
    if (header->alone)
        return lar_fail(LAR_EFORMAT, "the header in '%s' says that its voxels are in another file",
                        header->path);
    if (leads_away(name)) {
        status = lar_fail(LAR_EFORMAT,
                          "the header '%s' says that its voxels are in '%.200s', out of its folder",
                          header->path, name);
        return lar_hint(status, "to put that file beside the header, and its name alone into it");
    }
    const char *folder = lar_path_folder(arena, header->path);
    const char *path = folder ? lar_path_join(arena, folder, name) : NULL;
    if (!path) return LAR_EMEMORY;
    if (!lar_path_exists(path))
        return lar_fail(LAR_ENOINPUT, "the voxels of '%s' should be in '%s', which is not there",
                        header->path, path);
    LAR_TRY(open_bytes(out, path, header->partial, header->seen));
    /* not looked into: voxels that are not compressed may begin like anything */
    out->gzip = lar_gzip_is(out->bytes, out->count);
done:
    return status;
}

lar_status lar_source_text(char **out, const lar_source *source, lar_arena *arena)
{
    char *whole = NULL;
    const char *bytes = (const char *)source->bytes;
    size_t count = source->count;

    *out = NULL;
    if (source->gzip) {
        const lar_status status = lar_fail(LAR_EUNSUPPORTED,
                                           "the header '%s' is compressed, which larmor does not "
                                           "read",
                                           source->path);
        return lar_hint(status, "gunzip");
    }
    if (count < source->file_count) { /* its beginning only */
        const lar_status status = lar_file_read(&whole, &count, source->path, TEXT_BYTES);
        if (status != LAR_OK) return status;
        bytes = whole;
    }
    const char *zero = count ? memchr(bytes, 0, count) : NULL;
    if (!zero) *out = lar_arena_text(arena, bytes, count);
    const size_t at = zero ? (size_t)(zero - bytes) : 0;
    lar_free(whole);
    if (zero) return lar_fail(LAR_EFORMAT, "'%s' is no text: its byte %zu is 0", source->path, at);
    return *out ? LAR_OK : LAR_EMEMORY;
}
