/* The fast level of gzip and zlib through ISA-L (https://github.com/intel/isa-l): two to four times
 * as fast as libdeflate's lowest, and no larger than zlib's. In a stream: the input is not joined,
 * the output not kept. RFC 1950 to 1952.
 * SPDX-License-Identifier: Apache-2.0 */
#include <isa-l/igzip_lib.h>

#include "base/base.h"
#include "codec/codec.h"

enum { LEVEL = 2, OUT_BYTES = 1 << 18, MOST_AT_ONCE = 1 << 30 };

/* Gives away what was made, and begins the block of output anew. */
static lar_status flush(struct isal_zstream *z, unsigned char *block, lar_sink put, void *user)
{
    const size_t made = (size_t)(z->next_out - block);
    z->next_out = block;
    z->avail_out = OUT_BYTES;
    return made ? put(user, block, made) : LAR_OK;
}

lar_status lar_deflate_fast(lar_sink put, void *user, const lar_bytes *parts, int part_count,
                            bool zlib)
{
    lar_status status = LAR_OK;
    struct isal_zstream z;
    unsigned char *block = lar_alloc_raw(OUT_BYTES, 1);
    unsigned char *level = lar_alloc_raw(ISAL_DEF_LVL2_DEFAULT, 1);

    if (!block || !level) {
        status = LAR_EMEMORY;
        goto done;
    }
    isal_deflate_init(&z);
    z.level = LEVEL;
    z.level_buf = level;
    z.level_buf_size = ISAL_DEF_LVL2_DEFAULT;
    z.gzip_flag = zlib ? IGZIP_ZLIB : IGZIP_GZIP;
    LAR_TRY(flush(&z, z.next_out = block, put, user));
    for (int n = 0; n <= part_count; n++) { /* after the last part its end */
        const lar_bytes part = n < part_count ? parts[n] : (lar_bytes){ block, 0 };
        size_t left = part.count;
        z.next_in = (uint8_t *)(uintptr_t)part.at; /* is not written to */
        z.end_of_stream = n == part_count;
        do {
            const size_t now = left < MOST_AT_ONCE ? left : MOST_AT_ONCE;
            z.avail_in = (uint32_t)now;
            left -= now;
            do {
                if (isal_deflate(&z) != COMP_OK) {
                    status = lar_fail(LAR_EINTERNAL, "compressing failed");
                    goto done;
                }
                LAR_TRY(flush(&z, block, put, user));
            } while (z.avail_in > 0 || (z.end_of_stream && z.internal_state.state != ZSTATE_END));
        } while (left > 0);
    }
done:
    lar_free(level);
    lar_free(block);
    return status;
}
