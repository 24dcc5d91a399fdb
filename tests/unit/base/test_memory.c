/* Memory: checked products, alignment, zeros, failures on request, arenas.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

static void blocks_are_aligned_and_zero(void **state)
{
    (void)state;
    for (int64_t count = 0; count < 300; count += 37) {
        unsigned char *block = lar_alloc(count, 3);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % 64, 0);
        for (int64_t n = 0; n < 3 * count; n++) assert_int_equal(block[n], 0);
        lar_free(block);
    }
    lar_free(NULL);
}

/* Large blocks are used again: never two at once, never with old content where zeros are due. */
static void large_blocks_are_zero_and_apart(void **state)
{
    (void)state;
    static const int64_t sizes[] = { 3 << 20, 5 << 20, (4 << 20) + 1, 2 << 20, 40 << 20, 3 << 20 };
    enum { COUNT = sizeof sizes / sizeof *sizes };
    for (int round = 0; round < 4; round++) {
        unsigned char *blocks[COUNT];
        for (int n = 0; n < COUNT; n++) {
            blocks[n] = lar_alloc(sizes[(n + round) % COUNT], 1);
            assert_non_null(blocks[n]);
            assert_int_equal((uintptr_t)blocks[n] % 64, 0);
            for (int64_t b = 0; b < sizes[(n + round) % COUNT]; b++)
                if (blocks[n][b]) fail_msg("byte %lld of a new block is not 0", (long long)b);
            memset(blocks[n], n + 1, (size_t)sizes[(n + round) % COUNT]);
        }
        for (int n = 0; n < COUNT; n++) {
            const int64_t last = sizes[(n + round) % COUNT] - 1;
            assert_true(blocks[n][0] == n + 1 && blocks[n][last] == n + 1);
            lar_free(blocks[n]);
        }
    }
    lar_alloc_fail_at(1, false);
    assert_null(lar_alloc_raw(3 << 20, 1)); /* also where a block is at hand */
    lar_alloc_fail_at(0, false);
}

/* Blocks that are kept give way to others: the peak stays what was in use at once. */
static void kept_blocks_make_room(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* it keeps more */
#endif
    enum { SMALL = 24 << 20, COUNT = 8, LARGE = 160 << 20 };
    unsigned char *blocks[COUNT];
    lar_memory before, after;
    for (int n = 0; n < COUNT; n++) {
        blocks[n] = lar_alloc_raw(SMALL, 1);
        assert_non_null(blocks[n]);
        memset(blocks[n], 1, SMALL);
    }
    for (int n = 0; n < COUNT; n++) lar_free(blocks[n]);
    lar_memory_ask(&before, "");
    unsigned char *large = lar_alloc_raw(LARGE, 1);
    assert_non_null(large);
    memset(large, 1, LARGE);
    lar_free(large);
    lar_memory_ask(&after, "");
    assert_true(after.peak - before.peak < SMALL);
}

static void products_that_overflow_are_refused(void **state)
{
    (void)state;
    assert_null(lar_alloc(INT64_MAX, 8));
    assert_non_null(strstr(lar_error(), "more than can be addressed"));
    assert_null(lar_alloc(-1, 8));
    assert_null(lar_alloc_raw((int64_t)1 << 61, 8));
    size_t bytes;
    assert_true(lar_size_product(&bytes, (int64_t[]){ 3, 4, 5 }, 3, 8) && bytes == 480);
    assert_true(lar_size_product(&bytes, (int64_t[]){ 3, 0, 5 }, 3, 8) && bytes == 0);
    assert_false(lar_size_product(&bytes, (int64_t[]){ INT64_MAX, INT64_MAX }, 2, 1));
    assert_false(lar_size_product(&bytes, (int64_t[]){ 2, -3 }, 2, 1));
}

static void allocations_fail_on_request(void **state)
{
    (void)state;
    for (int sticky = 0; sticky < 2; sticky++) {
        void *blocks[4];
        lar_alloc_fail_at(2, sticky);
        for (int n = 0; n < 4; n++) blocks[n] = lar_alloc(1, 8);
        lar_alloc_fail_at(0, false);
        assert_non_null(blocks[0]);
        assert_null(blocks[1]);
        assert_true((blocks[2] == NULL) == sticky && (blocks[3] == NULL) == sticky);
        for (int n = 0; n < 4; n++) lar_free(blocks[n]);
        void *after = lar_alloc(1, 8);
        assert_non_null(after);
        lar_free(after);
    }
}

static void arenas_keep_what_was_taken(void **state)
{
    (void)state;
    lar_arena *arena;
    char *texts[500];
    CHECK_OK(lar_arena_new(&arena));
    for (int n = 0; n < 500; n++) {
        texts[n] = lar_arena_format(arena, "text %d %0*d", n, n, 0); /* across many blocks */
        assert_non_null(texts[n]);
        const unsigned char *zero = lar_arena_take(arena, n, 1);
        for (int z = 0; z < n; z++) assert_int_equal(zero[z], 0);
        assert_int_equal((uintptr_t)zero % 16, 0);
    }
    void *large = lar_arena_take(arena, 1000000, 1);
    assert_non_null(large);
    memset(large, 0xff, 1000000);
    for (int n = 0; n < 500; n++) {
        int read;
        assert_int_equal(sscanf(texts[n], "text %d", &read), 1);
        assert_int_equal(read, n);
    }
    assert_string_equal(lar_arena_text(arena, "abcdef", 3), "abc");
    assert_null(lar_arena_take(arena, INT64_MAX, 16));
    lar_alloc_fail_at(1, true);
    assert_null(lar_arena_take(arena, 1000000, 1));
    lar_alloc_fail_at(0, false);
    lar_arena_free(arena);
    lar_arena_free(NULL);
    lar_alloc_fail_at(1, false);
    assert_int_equal(lar_arena_new(&arena), LAR_EMEMORY);
    lar_alloc_fail_at(0, false);
    assert_null(arena);
}

static void put(const char *root, const char *path, const char *text)
{
    char full[512];
    snprintf(full, sizeof full, "%s/%s", root, path);
    *strrchr(full, '/') = 0;
    CHECK_OK(lar_folder_make(full));
    snprintf(full, sizeof full, "%s/%s", root, path);
    CHECK_OK(lar_file_write(full, text, strlen(text), true));
}

/* The least of the machine and of every group above counts; files that can be read again do not. */
static void memory_is_what_the_groups_leave(void **state)
{
    lar_memory m;
    (void)state;
    lar_memory_ask(&m, "");
    assert_true(m.total > 0 && m.available > 0 && m.available <= m.total && m.resident > 1e6);
    assert_true(m.peak >= m.resident);

    const char *root = check_folder();
    lar_memory_ask(&m, root);
    assert_true(m.total == 0 && m.available == 0 && m.limit == 0);
    put(root, "proc/meminfo", "MemTotal:  8000000 kB\nMemFree: 1 kB\nMemAvailable: 4000000 kB\n");
    lar_memory_ask(&m, root);
    assert_true(m.total == 8192e6 && m.free == 4096e6 && m.available == 4096e6 && m.limit == 0);
    put(root, "proc/self/cgroup", "1:cpu:/other\n0::/job/task\n");
    put(root, "sys/fs/cgroup/job/memory.max", "3000000000\n");
    put(root, "sys/fs/cgroup/job/memory.current", "1000000000\n");
    put(root, "sys/fs/cgroup/job/task/memory.max", "max\n");
    lar_memory_ask(&m, root);
    assert_true(m.limit == 3e9 && m.available == 2e9 && m.free == 4096e6);
    put(root, "sys/fs/cgroup/job/memory.stat", "active_file 7\ninactive_file 500000000\n");
    lar_memory_ask(&m, root);
    assert_true(m.available == 2.5e9);
    put(root, "sys/fs/cgroup/job/memory.max", "9223372036854771712\n");
    lar_memory_ask(&m, root);
    assert_true(m.limit == 0 && m.available == 4096e6);
    put(root, "proc/self/cgroup", "9:memory:/box\n0::/\n");
    put(root, "sys/fs/cgroup/memory/box/memory.limit_in_bytes", "1000000000\n");
    put(root, "sys/fs/cgroup/memory/box/memory.usage_in_bytes", "2000000000\n");
    lar_memory_ask(&m, root);
    assert_true(m.limit == 1e9 && m.available == 0);
    check_folder_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_and_zero),
        cmocka_unit_test(large_blocks_are_zero_and_apart),
        cmocka_unit_test(kept_blocks_make_room),
        cmocka_unit_test(products_that_overflow_are_refused),
        cmocka_unit_test(allocations_fail_on_request),
        cmocka_unit_test(arenas_keep_what_was_taken),
        cmocka_unit_test(memory_is_what_the_groups_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
