/* Any bytes as a TIFF file: an error, or an image all of whose voxels can be read.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_slices.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    uint8_t *mended = malloc(count + 1);
    if (!mended) return 0;
    if (count) memcpy(mended, bytes, count);
    if (count % 2) mend_place(mended, count);
    read_image(mended, count, "fuzz.tif");
    free(mended);
    return 0;
}
