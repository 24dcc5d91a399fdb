/* Any bytes as an MGH file: an error, or an image all of whose voxels can be read.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/format.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    lar_image *image = NULL;
    lar_range range;
    const lar_status status = lar_image_read_bytes(&image, bytes, count, "fuzz.mgz");
    if ((status == LAR_OK) != (image != NULL)) abort();
    if (!image) return lar_error()[0] ? 0 : (abort(), 0);
    if (lar_image_range(&range, image) != LAR_OK && !lar_error()[0]) abort();
    if (!lar_grid_is_valid(&image->grid) || !lar_image_is_contiguous(image)) abort();
    lar_image_free(image);
    return 0;
}
