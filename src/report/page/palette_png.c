/* PNG in colours of a palette (ISO 15948, W3C PNG 1.2): a third of the bytes that the same picture
 * has in full colours. SPDX-License-Identifier: Apache-2.0 */
#include "report/page/palette_png.h"

#include "codec/codec.h"

enum { COLOURS = 256 };

static void add_number(lar_text *out, uint32_t value)
{
    const char bytes[4] = { (char)(value >> 24), (char)(value >> 16), (char)(value >> 8),
                            (char)value };
    lar_text_add_bytes(out, bytes, 4);
}

static void add_chunk(lar_text *out, const char *kind, const void *bytes, size_t count)
{
    add_number(out, (uint32_t)count);
    const size_t begin = out->length;
    lar_text_add_bytes(out, kind, 4);
    lar_text_add_bytes(out, bytes, count);
    if (!out->failed) add_number(out, lar_crc32(out->at + begin, out->length - begin));
}

/* The channels rounded to so many bits, stretched to 8 again. */
static uint32_t rounded(uint32_t colour, int bits)
{
    const uint32_t most = (1u << bits) - 1;
    uint32_t out = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        const uint32_t step = ((colour >> shift & 255) * most + 127) / 255;
        out |= (step * 255 + most / 2) / most << shift;
    }
    return out;
}

/* Rows of indices, each after the byte that says: no filter. How many colours; more than there is
 * room for: not done. */
static int index_pixels(unsigned char *rows, uint32_t palette[COLOURS], const uint32_t *pixels,
                        int64_t width, int64_t height, int bits)
{
    int known = 0, last = 0;
    for (int64_t n = 0; n < width * height; n++) {
        const uint32_t colour = rounded(pixels[n] & 0xffffff, bits);
        if (known == 0 || palette[last] != colour)
            for (last = 0; last < known && palette[last] != colour; last++) {
            }
        if (last == known) {
            if (known == COLOURS) return COLOURS + 1;
            palette[known++] = colour;
        }
        rows[n / width * (width + 1) + 1 + n % width] = (unsigned char)last;
    }
    return known;
}

lar_status lar_palette_png(lar_text *out, const uint32_t *pixels, int64_t width, int64_t height)
{
    lar_status status = LAR_OK;
    uint32_t palette[COLOURS];
    lar_text head = { 0 }, colours = { 0 };
    unsigned char *deflated = NULL, *rows = lar_alloc((width + 1) * height, 1);
    size_t count;
    int bits = 6, known = 0;

    if (!rows) return LAR_EMEMORY;
    while ((known = index_pixels(rows, palette, pixels, width, height, bits)) > COLOURS) bits--;
    LAR_TRY(lar_zlib_deflate(&deflated, &count, rows, (size_t)((width + 1) * height), 9));
    add_number(&head, (uint32_t)width);
    add_number(&head, (uint32_t)height);
    lar_text_add_bytes(&head, "\x08\x03\0\0\0", 5); /* 8 bits, a palette */
    for (int n = 0; n < known; n++) {
        const char rgb[3] = { (char)(palette[n] >> 16), (char)(palette[n] >> 8), (char)palette[n] };
        lar_text_add_bytes(&colours, rgb, 3);
    }
    lar_text_add_bytes(out, "\x89PNG\r\n\x1a\n", 8);
    add_chunk(out, "IHDR", lar_text_get(&head), head.length);
    add_chunk(out, "PLTE", lar_text_get(&colours), colours.length);
    add_chunk(out, "IDAT", deflated, count);
    add_chunk(out, "IEND", "", 0);
    if (head.failed || colours.failed || out->failed) status = LAR_EMEMORY;
done:
    lar_text_clear(&head);
    lar_text_clear(&colours);
    lar_free(deflated);
    lar_free(rows);
    return status;
}
