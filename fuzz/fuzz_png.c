/* Any bytes as a PNG file: an error, or an image all of whose voxels can be read. Of every second
 * length the chunks get their right checksums first.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_slices.h"

static void mend_chunks(uint8_t *bytes, size_t count)
{
    for (size_t at = 8; at < count && count - at >= 12;) {
        uint8_t *chunk = bytes + at;
        const size_t length =
            (size_t)chunk[0] << 24 | (size_t)chunk[1] << 16 | (size_t)chunk[2] << 8 | chunk[3];
        if (length > count - at - 12) return;
        const uint32_t crc = lar_crc32(chunk + 4, 4 + length);
        for (int b = 0; b < 4; b++) chunk[8 + length + (size_t)b] = (uint8_t)(crc >> (24 - 8 * b));
        at += 12 + length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    uint8_t *mended = malloc(count + 1);
    if (!mended) return 0;
    if (count) memcpy(mended, bytes, count);
    if (count % 2) {
        mend_place(mended, count);
        mend_chunks(mended, count);
    }
    read_image(mended, count, "fuzz.png");
    free(mended);
    return 0;
}
