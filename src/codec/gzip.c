/* gzip and zlib through libdeflate: whole streams, always to the checksum. Only peeking at the
 * first bytes goes through zlib, which can stop early. RFC 1950, 1951 and 1952,
 * doi:10.17487/RFC1950 to RFC1952. SPDX-License-Identifier: Apache-2.0 */
#define ZLIB_CONST
#include <libdeflate.h>
#include <zlib.h>

#include "base/base.h"
#include "codec/codec.h"

/* the smallest member: a header of 10 bytes, an empty block of 2, a trailer of 8 */
enum { SMALLEST_MEMBER = 20, FIRST_ROOM = (64 << 20) + 4096, GROWTH = 4 };

bool lar_gzip_is(const void *bytes, size_t count)
{
    const unsigned char *b = bytes;
    return count >= 2 && b[0] == 0x1f && b[1] == 0x8b;
}

size_t lar_gzip_most(size_t count)
{
    size_t most;
    return __builtin_mul_overflow(count, (size_t)1100, &most) ? SIZE_MAX : most;
}

typedef struct stream {
    struct libdeflate_decompressor *engine;
    bool zlib; /* one stream of zlib, not members of gzip */
    const unsigned char *in;
    size_t in_count, in_used;
    unsigned char *out; /* behind the lead */
    size_t out_room, out_used;
} stream;

/* Members until the input ends. LIBDEFLATE_INSUFFICIENT_SPACE: again with more room; what was
 * inflated of whole members stays. */
static enum libdeflate_result inflate_members(stream *s)
{
    while (s->in_used < s->in_count) {
        size_t took = 0, gave = 0;
        const enum libdeflate_result result =
            (s->zlib ? libdeflate_zlib_decompress_ex : libdeflate_gzip_decompress_ex)(
                s->engine, s->in + s->in_used, s->in_count - s->in_used, s->out + s->out_used,
                s->out_room - s->out_used, &took, &gave);
        if (result != LIBDEFLATE_SUCCESS) return result;
        s->in_used += took;
        s->out_used += gave;
        if (s->zlib) return s->in_used == s->in_count ? LIBDEFLATE_SUCCESS : LIBDEFLATE_BAD_DATA;
    }
    return LIBDEFLATE_SUCCESS;
}

static lar_status damaged(const stream *s, const char *name)
{
    const size_t left = s->in_count - s->in_used;
    const char *kind = s->zlib ? "zlib" : "gzip";
    if (s->in_used > 0 && (s->zlib || !lar_gzip_is(s->in + s->in_used, left)))
        return lar_fail(LAR_EFORMAT,
                        "'%s' is damaged: %zu bytes follow the end of its %s stream at byte %zu",
                        name, left, kind, s->in_used);
    if (!s->zlib && left < SMALLEST_MEMBER)
        return lar_fail(LAR_EFORMAT,
                        "'%s' is damaged: its gzip stream ends after %zu bytes, before its "
                        "checksum",
                        name, s->in_count);
    return lar_fail(LAR_EFORMAT,
                    "'%s' is damaged: its %s stream is cut short or does not agree with its "
                    "checksum",
                    name, kind);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A larger block with what whole members gave so far. */
static bool grow(unsigned char **block, stream *s, size_t lead, size_t room)
{
    unsigned char *grown = room > SIZE_MAX / 4 ? NULL : lar_alloc_raw((int64_t)(lead + room), 1);
    if (!grown) return false;
    if (s->out_used) memcpy(grown + lead, s->out, s->out_used);
    lar_free(*block);
    *block = grown;
    s->out = grown + lead;
    s->out_room = room;
    return true;
}

static lar_status inflate_all(unsigned char **out, size_t *out_count, const void *bytes,
                              size_t count, const lar_gzip_ask *ask, bool zlib)
{
    lar_status status = LAR_OK;
    unsigned char *block = NULL;
    stream s = { .in = bytes, .in_count = count, .zlib = zlib };
    enum libdeflate_result result = LIBDEFLATE_INSUFFICIENT_SPACE;
    const size_t most = least(ask->limit, lar_gzip_most(count));
    size_t room =
        least(least(most, ask->expected), count > FIRST_ROOM / 4 ? 4 * count : FIRST_ROOM);

    *out = NULL;
    *out_count = 0;
    s.engine = libdeflate_alloc_decompressor();
    if (!s.engine) return lar_fail(LAR_EMEMORY, "out of memory: gzip could not start");
    for (;;) {
        if (!grow(&block, &s, ask->lead, room)) {
            status = LAR_EMEMORY;
            goto done;
        }
        result = inflate_members(&s);
        if (result != LIBDEFLATE_INSUFFICIENT_SPACE || room >= most) break;
        room = room < 4096 ? least(most, 4096) : room > most / GROWTH ? most : GROWTH * room;
    }
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
        status = lar_fail(LAR_EFORMAT, "'%s' inflates to more than the %zu bytes expected of it",
                          ask->name, most);
        goto done;
    }
    if (result != LIBDEFLATE_SUCCESS) {
        status = damaged(&s, ask->name);
        goto done;
    }
    *out = block;
    *out_count = s.out_used;
    block = NULL;
done:
    lar_free(block);
    libdeflate_free_decompressor(s.engine);
    return status;
}

lar_status lar_gzip_inflate(unsigned char **out, size_t *out_count, const void *bytes, size_t count,
                            const lar_gzip_ask *ask)
{
    *out = NULL;
    *out_count = 0;
    if (!lar_gzip_is(bytes, count))
        return lar_fail(LAR_EFORMAT, "'%s' is not a gzip stream", ask->name);
    return inflate_all(out, out_count, bytes, count, ask, false);
}

lar_status lar_zlib_inflate(unsigned char **out, size_t *out_count, const void *bytes, size_t count,
                            const lar_gzip_ask *ask)
{
    return inflate_all(out, out_count, bytes, count, ask, true);
}

lar_status lar_gzip_peek(void *head, size_t room, size_t *got, const void *bytes, size_t count,
                         const char *name)
{
    z_stream z = { .next_in = bytes, .avail_in = (uInt)least(count, UINT32_MAX) };
    *got = 0;
    if (inflateInit2(&z, 15 + 16) != Z_OK) /* the largest window, gzip only */
        return lar_fail(LAR_EMEMORY, "out of memory: gzip could not start");
    z.next_out = head;
    z.avail_out = (uInt)least(room, UINT32_MAX);
    int result = Z_OK;
    while (z.avail_out > 0 && z.avail_in > 0 && result == Z_OK) {
        result = inflate(&z, Z_SYNC_FLUSH);
        if (result == Z_STREAM_END && z.avail_in > 0) result = inflateReset(&z); /* next member */
    }
    *got = least(room, UINT32_MAX) - z.avail_out;
    inflateEnd(&z);
    if (result == Z_MEM_ERROR) return lar_fail(LAR_EMEMORY, "out of memory: gzip could not go on");
    if (*got == 0 && result != Z_STREAM_END && result != Z_OK && result != Z_BUF_ERROR)
        return lar_fail(LAR_EFORMAT, "'%s' is damaged: its gzip stream cannot be read", name);
    return LAR_OK;
}

/* By libdeflate, which wants all of the content in one piece. */
static lar_status deflate_whole(lar_sink put, void *user, const lar_bytes *whole, int level,
                                bool zlib)
{
    lar_status status = LAR_OK;
    struct libdeflate_compressor *engine = libdeflate_alloc_compressor(level);
    if (!engine) return lar_fail(LAR_EMEMORY, "out of memory: gzip could not start");
    const size_t room = (zlib ? libdeflate_zlib_compress_bound
                              : libdeflate_gzip_compress_bound)(engine, whole->count);
    unsigned char *block = lar_alloc_raw((int64_t)room, 1);
    const size_t used = block ? (zlib ? libdeflate_zlib_compress : libdeflate_gzip_compress)(
                                    engine, whole->at, whole->count, block, room)
                              : 0;
    if (!block)
        status = LAR_EMEMORY;
    else if (!used)
        status = lar_fail(LAR_EINTERNAL, "gzip could not compress %zu bytes", whole->count);
    else
        status = put(user, block, used);
    lar_free(block);
    libdeflate_free_compressor(engine);
    return status;
}

lar_status lar_gzip_deflate_to(lar_sink put, void *user, const lar_bytes *parts, int part_count,
                               int level)
{
    size_t count = 0;
    if (level == LAR_GZIP_FAST) return lar_deflate_fast(put, user, parts, part_count, false);
    for (int n = 0; n < part_count; n++) count += parts[n].count;
    unsigned char *joined = lar_alloc_raw((int64_t)count, 1), *at = joined;
    if (!joined) return LAR_EMEMORY;
    for (int n = 0; n < part_count; n++) {
        if (parts[n].count) memcpy(at, parts[n].at, parts[n].count);
        at += parts[n].count;
    }
    const lar_status status = deflate_whole(put, user, &(lar_bytes){ joined, count }, level, false);
    lar_free(joined);
    return status;
}

/* A block that grows as it is filled. */
typedef struct gathered {
    unsigned char *block;
    size_t count, room;
} gathered;

static lar_status gather(void *user, const void *bytes, size_t count)
{
    gathered *g = user;
    if (g->room - g->count < count) {
        const size_t room = 2 * (g->count + count);
        unsigned char *grown = lar_alloc_raw((int64_t)room, 1);
        if (!grown) return LAR_EMEMORY;
        if (g->count) memcpy(grown, g->block, g->count);
        lar_free(g->block);
        g->block = grown;
        g->room = room;
    }
    memcpy(g->block + g->count, bytes, count);
    g->count += count;
    return LAR_OK;
}

static lar_status deflate_all(unsigned char **out, size_t *out_count, const void *bytes,
                              size_t count, int level, bool zlib)
{
    gathered g = { 0 };
    const lar_bytes whole = { bytes, count };
    const lar_status status = level == LAR_GZIP_FAST
                                  ? lar_deflate_fast(gather, &g, &whole, 1, zlib)
                                  : deflate_whole(gather, &g, &whole, level, zlib);
    *out = status == LAR_OK ? g.block : NULL;
    *out_count = status == LAR_OK ? g.count : 0;
    if (status != LAR_OK) lar_free(g.block);
    return status;
}

lar_status lar_gzip_deflate(unsigned char **out, size_t *out_count, const void *bytes, size_t count,
                            int level)
{
    return deflate_all(out, out_count, bytes, count, level, false);
}

lar_status lar_zlib_deflate(unsigned char **out, size_t *out_count, const void *bytes, size_t count,
                            int level)
{
    return deflate_all(out, out_count, bytes, count, level, true);
}

uint32_t lar_crc32(const void *bytes, size_t count)
{
    return libdeflate_crc32(0, bytes, count);
}
