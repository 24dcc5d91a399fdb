/* Blocks of SHA-256 by the processor's own instructions. Of the room codec.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SHA256_BLOCKS_H
#define LAR_SHA256_BLOCKS_H

#include "base/base.h"

/* Whether this processor has them; lar_sha256_blocks() may only be called where it does. */
bool lar_sha256_is_fast(void);
/* bytes: 64 of each block. */
void lar_sha256_blocks(uint32_t state[8], const unsigned char *bytes, size_t blocks);

#endif
