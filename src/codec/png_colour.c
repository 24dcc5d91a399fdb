/* Pictures in colour as PNG (W3C PNG 1.2, ISO 15948): each row by the filter that leaves least, one
 * deflate over all. Only what our own pictures need.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/base.h"
#include "codec/codec.h"

enum { SUB = 1, UP = 2, PAETH = 4, LEVEL = 6, CHANNELS = 3 };

static void put_u32(unsigned char out[4], uint32_t value)
{
    for (int n = 0; n < 4; n++) out[n] = (unsigned char)(value >> (24 - 8 * n));
}

/* Length, kind, content, checksum of kind and content. */
static unsigned char *put_chunk(unsigned char *out, const char *kind, const void *bytes,
                                size_t count)
{
    put_u32(out, (uint32_t)count);
    memcpy(out + 4, kind, 4);
    if (count) memcpy(out + 8, bytes, count);
    put_u32(out + 8 + count, lar_crc32(out + 4, count + 4));
    return out + 12 + count;
}

static int paeth(int left, int up, int corner)
{
    const int p = left + up - corner;
    const int a = abs(p - left), b = abs(p - up), c = abs(p - corner);
    return a <= b && a <= c ? left : b <= c ? up : corner;
}

/* How far the bytes, as signed ones, are from 0: little where they deflate well. */
LAR_CLONES static int64_t weight(const unsigned char *bytes, int64_t count)
{
    int64_t sum = 0;
    for (int64_t n = 0; n < count; n++) sum += bytes[n] < 128 ? bytes[n] : 256 - bytes[n];
    return sum;
}

LAR_CLONES static void subtract(unsigned char *out, const unsigned char *a, const unsigned char *b,
                                int64_t count)
{
    for (int64_t n = 0; n < count; n++) out[n] = (unsigned char)(a[n] - b[n]);
}

/* One row behind the byte that names its filter. Rows have a pixel of 0 before them. */
static void filter_row(unsigned char *out, const unsigned char *row, const unsigned char *above,
                       unsigned char *scratch, int64_t bytes)
{
    int64_t least = INT64_MAX;
    for (int filter = SUB; filter <= PAETH; filter += filter) {
        if (filter == PAETH) {
            for (int64_t n = 0; n < bytes; n++)
                scratch[n] = (unsigned char)(row[n] - paeth(row[n - CHANNELS], above[n],
                                                            above[n - CHANNELS]));
        } else {
            subtract(scratch, row, filter == SUB ? row - CHANNELS : above, bytes);
        }
        const int64_t found = weight(scratch, bytes);
        if (found >= least) continue;
        least = found;
        out[0] = (unsigned char)filter;
        memcpy(out + 1, scratch, (size_t)bytes);
    }
}

static void unpack_row(unsigned char *out, const uint32_t *pixels, int64_t width)
{
    for (int64_t x = 0; x < width; x++)
        for (int c = 0; c < CHANNELS; c++)
            out[CHANNELS * x + c] = (unsigned char)(pixels[x] >> (16 - 8 * c));
}

lar_status lar_png_write_colour(unsigned char **out, size_t *out_count, const uint32_t *pixels,
                                int64_t width, int64_t height, int64_t stride)
{
    static const unsigned char magic[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
    lar_status status = LAR_OK;
    unsigned char *packed = NULL, *rows = NULL, *lines = NULL;
    const int64_t bytes = CHANNELS * width, room = bytes + CHANNELS;
    size_t packed_count;

    *out = NULL;
    if (width < 1 || height < 1 || width > INT32_MAX / 8 || height > INT32_MAX)
        return lar_fail(LAR_EARGUMENT, "a picture of %lld x %lld pixels", (long long)width,
                        (long long)height);
    rows = lar_alloc_raw(height, (size_t)bytes + 1);
    lines = lar_alloc(3, (size_t)room);
    if (!rows || !lines) {
        status = LAR_EMEMORY;
        goto done;
    }
    unsigned char *row = lines + CHANNELS, *above = row + room, *scratch = lines + 2 * room;
    for (int64_t y = 0; y < height; y++) {
        unpack_row(row, pixels + y * stride, width);
        filter_row(rows + y * (bytes + 1), row, above, scratch, bytes);
        unsigned char *last = above;
        above = row;
        row = last;
    }
    LAR_TRY(lar_zlib_deflate(&packed, &packed_count, rows, (size_t)height * ((size_t)bytes + 1),
                             LEVEL));
    *out = lar_alloc_raw((int64_t)(sizeof magic + 3 * 12 + 13 + packed_count), 1);
    if (!*out) {
        status = LAR_EMEMORY;
        goto done;
    }
    unsigned char head[13] = { [8] = 8, [9] = 2 }; /* bits, and red, green, blue */
    put_u32(head, (uint32_t)width);
    put_u32(head + 4, (uint32_t)height);
    memcpy(*out, magic, sizeof magic);
    unsigned char *end = put_chunk(*out + sizeof magic, "IHDR", head, sizeof head);
    end = put_chunk(end, "IDAT", packed, packed_count);
    end = put_chunk(end, "IEND", NULL, 0);
    *out_count = (size_t)(end - *out);
done:
    lar_free(packed);
    lar_free(rows);
    lar_free(lines);
    return status;
}
