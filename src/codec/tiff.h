/* tiff: TIFF files in memory, page by page; of codec.h.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_TIFF_H
#define LAR_TIFF_H

#include <larmor/larmor.h>

/* All pages have the same size and type. Pixels: page after page, rows from the top, in this
 * machine's byte order. */
typedef struct lar_tiff {
    int64_t width, height, pages;
    lar_type type;
    double resolution[2]; /* pixels per unit, along a row and down a column; 0: not said */
    int unit;             /* of the resolution: LAR_TIFF_NO_UNIT ... */
    bool swapped;         /* of the other byte order */
    bool inverted;        /* the file says that 0 is white: `pixels` were turned over */
    char *description;    /* of the first page, for lar_free(); NULL: none */
    char warning[200];    /* what libtiff found odd; "" */
} lar_tiff;
enum { LAR_TIFF_NO_UNIT = 1, LAR_TIFF_INCH = 2, LAR_TIFF_CM = 3 };

bool lar_tiff_is(const void *bytes, size_t count);
/* What every page says, checked against what so many bytes can hold; nothing is decoded. One grey
 * value per pixel, not compressed or by deflate, LZW or PackBits; anything else is
 * LAR_EUNSUPPORTED. `name` is for sentences. Clear with lar_tiff_clear(), also after a failure. */
lar_status lar_tiff_look(lar_tiff *out, const void *bytes, size_t count, const char *name);
/* The pixels too, as a block for lar_free(). */
lar_status lar_tiff_read(unsigned char **pixels, lar_tiff *out, const void *bytes, size_t count,
                         const char *name);
void lar_tiff_clear(lar_tiff *tiff);

/* Of `what`: size, pages, type, resolution, description (of the first page; NULL: none). level: 1
 * to 12 of deflate, which has a checksum; 0: not compressed. Without a date: the same pixels give
 * the same bytes. Free with lar_free(). */
lar_status lar_tiff_write(unsigned char **out, size_t *out_count, const lar_tiff *what,
                          const void *pixels, int level);

#endif
