/* SHA-256 (FIPS 180-4), by libmd.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sys/types.h>

#include <sha2.h>

#include "base/base.h"
#include "codec/codec.h"

void lar_sha256(char hex[LAR_SHA256_ROOM], const lar_bytes *parts, int64_t part_count)
{
    SHA2_CTX state;
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256Init(&state);
    for (int64_t n = 0; n < part_count; n++) SHA256Update(&state, parts[n].at, parts[n].count);
    SHA256Final(digest, &state);
    for (int n = 0; n < SHA256_DIGEST_LENGTH; n++) snprintf(hex + 2 * n, 3, "%02x", digest[n]);
}
