/* Runs a fuzz target on every file of the folders named, so that what a fuzzer found once is tried
 * by the normal tests with any compiler.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "fuzz.h"

static int replay(const char *folder, lar_arena *arena)
{
    lar_texts names = { 0 };
    if (lar_folder_list(&names, folder, arena) != LAR_OK || names.count == 0) {
        fprintf(stderr, "%s: %s\n", folder, names.count ? lar_error() : "nothing to replay");
        return 1;
    }
    for (int64_t n = 0; n < names.count; n++) {
        char *bytes;
        size_t count;
        const char *path = lar_path_join(arena, folder, names.at[n]);
        if (!path || lar_file_read(&bytes, &count, path, 1 << 26) != LAR_OK) {
            fprintf(stderr, "%s\n", lar_error());
            return 1;
        }
        LLVMFuzzerTestOneInput((const uint8_t *)bytes, count);
        lar_free(bytes);
    }
    printf("%lld files of %s replayed\n", (long long)names.count, folder);
    return 0;
}

int main(int argc, char **argv)
{
    lar_arena *arena;
    int failed = argc < 2;
    if (lar_arena_new(&arena) != LAR_OK) return 1;
    for (int n = 1; n < argc; n++) failed |= replay(argv[n], arena);
    lar_arena_free(arena);
    return failed;
}
