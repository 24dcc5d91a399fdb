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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_and_zero),
        cmocka_unit_test(products_that_overflow_are_refused),
        cmocka_unit_test(allocations_fail_on_request),
        cmocka_unit_test(arenas_keep_what_was_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
