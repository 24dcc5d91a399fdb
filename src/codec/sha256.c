/* SHA-256 (FIPS 180-4): by the processor's own instructions where it has them (a gigabyte and more
 * in a second), else by libmd (a fifth of that). Cohorts are hashed by the hundred gigabytes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "codec/codec.h"
#include "codec/sha256_blocks.h"

enum { BLOCK = SHA256_BLOCK_LENGTH, READ = 1 << 20 /* bytes at a time */ };

typedef struct hashing {
    uint32_t state[8];
    uint64_t count; /* of bytes so far */
    unsigned char rest[BLOCK];
    bool fast;
} hashing;

static void begin(hashing *h)
{
    SHA2_CTX start;
    SHA256Init(&start); /* the initial hash value, section 5.3.3 */
    *h = (hashing){ .fast = lar_sha256_is_fast() };
    memcpy(h->state, start.state.st32, sizeof h->state);
}

static void take_blocks(hashing *h, const unsigned char *bytes, size_t blocks)
{
    if (h->fast) {
        lar_sha256_blocks(h->state, bytes, blocks);
        return;
    }
    for (size_t n = 0; n < blocks; n++) SHA256Transform(h->state, bytes + n * BLOCK);
}

static void take(hashing *h, const void *from, size_t count)
{
    const unsigned char *bytes = from;
    const size_t used = h->count % BLOCK;
    if (count == 0) return;
    h->count += count;
    if (used) {
        const size_t more = count < BLOCK - used ? count : BLOCK - used;
        memcpy(h->rest + used, bytes, more);
        bytes += more;
        count -= more;
        if (used + more < BLOCK) return;
        take_blocks(h, h->rest, 1);
    }
    take_blocks(h, bytes, count / BLOCK);
    memcpy(h->rest, bytes + count / BLOCK * BLOCK, count % BLOCK);
}

/* A bit, zeros, and the length in bits: section 5.1.1. */
static void end(char hex[LAR_SHA256_ROOM], hashing *h)
{
    static const unsigned char bit[BLOCK] = { 0x80 };
    unsigned char length[8];
    const uint64_t bits = 8 * h->count;
    const size_t used = h->count % BLOCK;
    for (int n = 0; n < 8; n++) length[n] = (unsigned char)(bits >> (56 - 8 * n));
    take(h, bit, used < 56 ? 56 - used : 120 - used);
    take(h, length, 8);
    for (int n = 0; n < 8; n++) snprintf(hex + 8 * n, 9, "%08x", h->state[n]);
}

void lar_sha256(char hex[LAR_SHA256_ROOM], const lar_bytes *parts, int64_t part_count)
{
    hashing h;
    begin(&h);
    for (int64_t n = 0; n < part_count; n++) take(&h, parts[n].at, parts[n].count);
    end(hex, &h);
}

lar_status lar_sha256_file(char hex[LAR_SHA256_ROOM], const char *path)
{
    lar_status status = LAR_OK;
    hashing h;
    struct stat about;
    ssize_t got;

    hex[0] = 0;
    unsigned char *block = lar_alloc_raw(READ, 1);
    if (!block) return LAR_EMEMORY;
    /* O_NONBLOCK: a fifo must not hold us up before it is refused */
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        status = lar_fail(LAR_ENOINPUT, "cannot open '%s': %s", path, strerror(errno));
        goto done;
    }
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
        status = lar_fail(LAR_ENOINPUT, "cannot read '%s': it is %s", path,
                          S_ISDIR(about.st_mode) ? "a folder" : "not a regular file");
        goto done;
    }
    begin(&h);
    while ((got = read(file, block, READ)) != 0) {
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            status = lar_fail(LAR_EIO, "cannot read '%s': %s", path, strerror(errno));
            goto done;
        }
        take(&h, block, (size_t)got);
    }
    end(hex, &h);
done:
    if (file >= 0) close(file);
    lar_free(block);
    return status;
}
