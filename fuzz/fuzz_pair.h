/* Any bytes as a header that is text, a 0, and the voxels that lie beside it: an error, or an image
 * all of whose voxels can be read. SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_FUZZ_PAIR_H
#define LAR_FUZZ_PAIR_H

#include "format/source.h"
#include "fuzz.h"

static inline int fuzz_pair(const uint8_t *bytes, size_t count, const char *name)
{
    lar_image *image = NULL;
    lar_range range;
    const uint8_t *zero = count ? memchr(bytes, 0, count) : NULL;
    const size_t header = zero ? (size_t)(zero - bytes) : count;
    const size_t voxels = zero ? count - header - 1 : 0;
    const lar_status status =
        lar_image_read_pair(&image, bytes, header, zero ? zero + 1 : bytes, voxels, name);
    if ((status == LAR_OK) != (image != NULL)) abort();
    if (!image) return lar_error()[0] ? 0 : (abort(), 0);
    if (lar_image_range(&range, image) != LAR_OK && !lar_error()[0]) abort();
    if (!lar_grid_is_valid(&image->grid) || !lar_image_is_contiguous(image)) abort();
    lar_image_free(image);
    return 0;
}

#endif
