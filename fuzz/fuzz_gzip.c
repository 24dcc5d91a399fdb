/* Any bytes as a gzip stream: what larmor accepts, zlib accepts with the same content; and any
 * bytes come back from deflating and inflating. SPDX-License-Identifier: Apache-2.0 */
#define ZLIB_CONST
#include <zlib.h>

#include "base/base.h"
#include "codec/codec.h"
#include "fuzz.h"

enum { LIMIT = 1 << 20 };

typedef enum verdict { AGREES, DIFFERS, HEADER_SUM } verdict;

/* All members by zlib, which checks each trailer too. HEADER_SUM: it refuses the checksum of a
 * header, which libdeflate skips, for it guards no content. */
static verdict ask_zlib(const uint8_t *bytes, size_t count, const unsigned char *content,
                        size_t content_count)
{
    static unsigned char out[LIMIT + 1];
    z_stream z = { .next_in = bytes, .avail_in = (uInt)count };
    z.next_out = out;
    z.avail_out = sizeof out;
    if (inflateInit2(&z, 15 + 16) != Z_OK) return DIFFERS;
    int result = Z_OK;
    while (z.avail_in > 0 && result == Z_OK) {
        result = inflate(&z, Z_FINISH);
        if (result != Z_STREAM_END) break;
        if (z.avail_in > 0) result = inflateReset(&z);
    }
    const size_t got = sizeof out - z.avail_out;
    const bool header_sum = z.msg && strcmp(z.msg, "header crc mismatch") == 0;
    inflateEnd(&z);
    if (header_sum) return HEADER_SUM;
    return result == Z_STREAM_END && got == content_count && memcmp(out, content, got) == 0
               ? AGREES
               : DIFFERS;
}

static void inflate_any(const uint8_t *bytes, size_t count, size_t expected)
{
    const lar_gzip_ask ask = { .name = "fuzz", .lead = 3, .expected = expected, .limit = LIMIT };
    unsigned char *out = NULL, head[64];
    size_t out_count = 0, got = 0;
    const lar_status status = lar_gzip_inflate(&out, &out_count, bytes, count, &ask);
    const lar_status peeked = lar_gzip_peek(head, sizeof head, &got, bytes, count, "fuzz");
    if ((status == LAR_OK) != (out != NULL)) abort();
    if (!out) return;
    const verdict zlib = ask_zlib(bytes, count, out + ask.lead, out_count);
    if (out_count > LIMIT || zlib == DIFFERS) abort();
    if (zlib == AGREES &&
        (peeked != LAR_OK || got != (out_count < sizeof head ? out_count : sizeof head) ||
         memcmp(head, out + ask.lead, got) != 0))
        abort();
    lar_free(out);
}

static void there_and_back(const uint8_t *bytes, size_t count)
{
    const lar_gzip_ask ask = { .name = "fuzz", .expected = 0, .limit = LIMIT };
    unsigned char *packed = NULL, *out = NULL;
    size_t packed_count = 0, out_count = 0;
    if (count > LIMIT) return;
    if (lar_gzip_deflate(&packed, &packed_count, bytes, count, LAR_GZIP_FAST) != LAR_OK) abort();
    if (lar_gzip_inflate(&out, &out_count, packed, packed_count, &ask) != LAR_OK) abort();
    if (out_count != count || (count && memcmp(out, bytes, count) != 0)) abort();
    lar_free(out);
    lar_free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    inflate_any(bytes, count, 0);
    inflate_any(bytes, count, 5000);
    there_and_back(bytes, count);
    return 0;
}
