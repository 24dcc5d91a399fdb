/* png: PNG files in memory, grey ones there and back, coloured ones written; of codec.h.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PNG_H
#define LAR_PNG_H

#include <larmor/larmor.h>

typedef struct lar_png {
    int64_t width, height;
    lar_type type;       /* uint8, uint16; 1, 2 and 4 bits are stretched to 8, as PNG means them */
    double per_metre[2]; /* pixels along a row and down a column; 0: not said */
    char *text;          /* under the keyword "larmor", for lar_free(); NULL: none */
} lar_png;

bool lar_png_is(const void *bytes, size_t count);
/* What it says, decoded to the end and checked. Colours, palettes and transparency are
 * LAR_EUNSUPPORTED. Clear with lar_png_clear(), also after a failure. */
lar_status lar_png_look(lar_png *out, const void *bytes, size_t count, const char *name);
/* The pixels too, rows from the top, as a block for lar_free(). */
lar_status lar_png_read(unsigned char **pixels, lar_png *out, const void *bytes, size_t count,
                        const char *name);
void lar_png_clear(lar_png *png);

/* level: 1 to 9 (more is 9); 0: not compressed. Free with lar_free(). */
lar_status lar_png_write(unsigned char **out, size_t *out_count, const lar_png *what,
                         const void *pixels, int level);
/* Colours 0x00RRGGBB, rows `stride` pixels apart, the upper one first. Free with lar_free(). */
lar_status lar_png_write_colour(unsigned char **out, size_t *out_count, const uint32_t *pixels,
                                int64_t width, int64_t height, int64_t stride);

#endif
