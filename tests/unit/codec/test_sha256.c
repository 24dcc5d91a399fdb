/* SHA-256 against the vectors of the standard, and pieces against the whole.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "codec/codec.h"
#include "codec/sha256_blocks.h"

#include <sys/types.h>

#include <sha2.h>
#include <sys/stat.h>

static void as_the_standard_says(void **state)
{
    (void)state;
    /* FIPS 180-4's examples (csrc.nist.gov, SHA256.pdf and SHA2_Additional.pdf) */
    static const struct {
        const char *text, *hash;
    } known[] = {
        { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    };
    char hex[LAR_SHA256_ROOM];
    for (size_t n = 0; n < sizeof known / sizeof *known; n++) {
        lar_sha256(hex, &(lar_bytes){ known[n].text, strlen(known[n].text) }, 1);
        assert_string_equal(hex, known[n].hash);
    }
    char *million = lar_alloc(1000000, 1);
    memset(million, 'a', 1000000);
    lar_sha256(hex, &(lar_bytes){ million, 1000000 }, 1);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    lar_free(million);
}

/* Whatever the pieces and the length, as libmd; and of a file the same. */
static void pieces_are_the_whole(void **state)
{
    (void)state;
    const char *folder = check_folder();
    unsigned char bytes[400];
    char path[128], parts[LAR_SHA256_ROOM], file[LAR_SHA256_ROOM];
    for (size_t n = 0; n < sizeof bytes; n++) bytes[n] = (unsigned char)(n * n + 7 * n);
    snprintf(path, sizeof path, "%s/a", folder);
    for (size_t count = 0; count <= sizeof bytes; count++) {
        char other[SHA256_DIGEST_STRING_LENGTH];
        const size_t a = count / 3, b = count / 2;
        const lar_bytes three[] = { { bytes, a }, { bytes + a, b - a }, { bytes + b, count - b } };
        SHA256Data(bytes, count, other);
        lar_sha256(parts, three, 3);
        assert_string_equal(parts, other);
        if (count % 50) continue;
        CHECK_OK(lar_file_write(path, bytes, count, true));
        CHECK_OK(lar_sha256_file(file, path));
        assert_string_equal(file, other);
    }
    check_folder_remove(folder);
}

/* The two ways to take a block. */
static void fast_is_the_same(void **state)
{
    (void)state;
    if (!lar_sha256_is_fast()) skip();
    uint32_t fast[8], plain[8];
    unsigned char block[64];
    for (uint32_t n = 0; n < 8; n++) fast[n] = plain[n] = 0x9e3779b9u * (n + 1);
    for (uint32_t turn = 0; turn < 200; turn++) {
        for (uint32_t n = 0; n < 64; n++)
            block[n] = (unsigned char)(turn * 31 + n * 17 + (n * turn) / 3);
        lar_sha256_blocks(fast, block, 1);
        SHA256Transform(plain, block);
        assert_memory_equal(fast, plain, sizeof fast);
    }
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    const char *folder = check_folder();
    char path[128], hex[LAR_SHA256_ROOM];
    CHECK_FAILS(lar_sha256_file(hex, folder), LAR_ENOINPUT, "it is a folder");
    snprintf(path, sizeof path, "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    CHECK_FAILS(lar_sha256_file(hex, path), LAR_ENOINPUT, "not a regular file");
    snprintf(path, sizeof path, "%s/nothing", folder);
    CHECK_FAILS(lar_sha256_file(hex, path), LAR_ENOINPUT, "cannot open");
    check_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_standard_says),
        cmocka_unit_test(pieces_are_the_whole),
        cmocka_unit_test(fast_is_the_same),
        cmocka_unit_test(what_is_no_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
