/* codec: bytes to bytes, through libraries.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_CODEC_H
#define LAR_CODEC_H

#include <larmor/larmor.h>

#include "codec/png.h"
#include "codec/safetensors.h"
#include "codec/tiff.h"
#include "codec/yaml.h"

/* ---- gzip (RFC 1952) ------------------------------------------------------------------- */

/* True where the bytes begin as a gzip stream does. */
bool lar_gzip_is(const void *bytes, size_t count);
/* The most that `count` bytes of gzip can hold: deflate never exceeds 1032:1 (RFC 1951). */
size_t lar_gzip_most(size_t count);
/* Inflates every member to its length and checksum; what follows the last one is an error.
 * `expected` is how much the caller needs, a hint; more than `limit` is an error. Memory is taken
 * as data arrive: at most 64 MiB or four times `count` until that much was inflated. The content
 * begins `lead` bytes into the block, which are left for the caller and not counted.
 * Free with lar_free(). `name` is for sentences. */
typedef struct lar_gzip_ask {
    const char *name;
    size_t lead, expected, limit;
} lar_gzip_ask;
lar_status lar_gzip_inflate(unsigned char **out, size_t *out_count, const void *bytes, size_t count,
                            const lar_gzip_ask *ask);
/* The first `room` bytes of the content, or all of it where it is shorter: *got of them. Nothing
 * is verified; for deciding what a file is. */
lar_status lar_gzip_peek(void *head, size_t room, size_t *got, const void *bytes, size_t count,
                         const char *name);
/* One member without name or time, so that the same content gives the same bytes (on processors of
 * one kind). level 0 to 12; LAR_GZIP_FAST for images: the noise of a scan gains little from more.
 */
enum { LAR_GZIP_FAST = 1 };
lar_status lar_gzip_deflate(unsigned char **out, size_t *out_count, const void *bytes, size_t count,
                            int level);
/* The parts one after the other as one member, handed to `put` while it grows; at LAR_GZIP_FAST
 * nothing is copied. */
typedef struct lar_bytes {
    const void *at;
    size_t count;
} lar_bytes;
typedef lar_status (*lar_sink)(void *user, const void *bytes, size_t count);
lar_status lar_gzip_deflate_to(lar_sink put, void *user, const lar_bytes *parts, int part_count,
                               int level);
/* The same for one zlib stream (RFC 1950), as MetaImage keeps its voxels. */
lar_status lar_zlib_inflate(unsigned char **out, size_t *out_count, const void *bytes, size_t count,
                            const lar_gzip_ask *ask);
lar_status lar_zlib_deflate(unsigned char **out, size_t *out_count, const void *bytes, size_t count,
                            int level);
/* The checksum of gzip (RFC 1952). */
uint32_t lar_crc32(const void *bytes, size_t count);

/* ---- SHA-256 (FIPS 180-4) ---------------------------------------------------------------- */

/* Of the parts one after the other, as 64 hexadecimal digits. */
enum { LAR_SHA256_ROOM = 65 };
void lar_sha256(char hex[LAR_SHA256_ROOM], const lar_bytes *parts, int64_t part_count);
/* Of a regular file, read a piece at a time. */
lar_status lar_sha256_file(char hex[LAR_SHA256_ROOM], const char *path);

/* LAR_GZIP_FAST, of the room only. */
lar_status lar_deflate_fast(lar_sink put, void *user, const lar_bytes *parts, int part_count,
                            bool zlib);

#endif
