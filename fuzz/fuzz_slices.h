/* The checksum of larmor's geometry made right, so that what lies behind it is reached.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_FUZZ_SLICES_H
#define LAR_FUZZ_SLICES_H

#include "codec/codec.h"
#include "format/format.h"
#include "fuzz.h"

static inline uint8_t *find(uint8_t *bytes, size_t count, const char *word)
{
    const size_t length = strlen(word);
    for (size_t n = 0; n + length <= count; n++)
        if (memcmp(bytes + n, word, length) == 0) return bytes + n;
    return NULL;
}

static inline void mend_place(uint8_t *bytes, size_t count)
{
    char hex[9];
    uint8_t *const line = find(bytes, count, "larmor=1; ");
    if (!line) return;
    const size_t left = count - (size_t)(line - bytes);
    uint8_t *const check = find(line, left, "; check ");
    if (!check || left - (size_t)(check - line) < 16) return;
    snprintf(hex, sizeof hex, "%08x", (unsigned)lar_crc32(line, (size_t)(check - line)));
    memcpy(check + 8, hex, 8);
}

static inline void read_image(const uint8_t *bytes, size_t count, const char *name)
{
    lar_image *image = NULL;
    lar_range range;
    const lar_status status = lar_image_read_bytes(&image, bytes, count, name);
    if ((status == LAR_OK) != (image != NULL)) abort();
    if (!image && !lar_error()[0]) abort();
    if (!image) return;
    if (lar_image_range(&range, image) != LAR_OK && !lar_error()[0]) abort();
    if (!lar_grid_is_valid(&image->grid) || !lar_image_is_contiguous(image)) abort();
    lar_image_free(image);
}

#endif
