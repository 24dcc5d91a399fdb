/* Threads: the same sums for any number of them, and the failure of the lowest piece.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

enum { COUNT = 100003, GRAIN = 777 };

typedef struct summing {
    double partial[COUNT / GRAIN + 1];
    uint8_t seen[COUNT];
} summing;

static lar_status sum_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    summing *job = arg;
    double sum = 0;
    for (int64_t n = begin; n < end; n++) {
        sum += 1 / (double)(n + 1);
        job->seen[n]++;
    }
    job->partial[piece] = sum;
    return begin == piece * GRAIN && end - begin <= GRAIN ? LAR_OK : LAR_EINTERNAL;
}

static void sums_have_the_same_bits(void **state)
{
    (void)state;
    static summing job;
    double first = 0;
    static const int threads[] = { 1, 2, 3, 8 };
    assert_int_equal(lar_piece_count(COUNT, GRAIN), COUNT / GRAIN + 1);
    for (int t = 0; t < 4; t++) {
        memset(&job, 0, sizeof job);
        lar_threads_set(threads[t]);
        CHECK_OK(lar_parallel(COUNT, GRAIN, sum_piece, &job));
        for (int n = 0; n < COUNT; n++) assert_int_equal(job.seen[n], 1);
        const double sum = lar_sum_pairs(job.partial, COUNT / GRAIN + 1);
        if (t == 0) first = sum;
        assert_memory_equal(&sum, &first, sizeof sum);
        CHECK_NEAR(sum, log(COUNT) + 0.57721566490153286 + 0.5 / COUNT, 1e-9);
    }
    lar_threads_set(0);
}

static lar_status fail_late_pieces(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)arg;
    (void)begin;
    (void)end;
    if (piece < 5) return LAR_OK;
    return lar_fail(piece == 5 ? LAR_ENUMERIC : LAR_EIO, "piece %lld", (long long)piece);
}

static void lowest_failure_is_reported(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 8; threads++) {
        lar_threads_set(threads);
        for (int again = 0; again < 20; again++)
            CHECK_FAILS(lar_parallel(64, 1, fail_late_pieces, NULL), LAR_ENUMERIC, "piece 5");
    }
    lar_threads_set(0);
}

static lar_status nest(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)begin;
    (void)end;
    summing *jobs = arg;
    return lar_parallel(GRAIN * 3, GRAIN, sum_piece, &jobs[piece]);
}

static void nested_calls_work(void **state)
{
    (void)state;
    summing *jobs = lar_alloc(4, sizeof *jobs);
    lar_threads_set(4);
    CHECK_OK(lar_parallel(4, 1, nest, jobs));
    for (int n = 1; n < 4; n++)
        assert_memory_equal(jobs[n].partial, jobs[0].partial, sizeof jobs->partial);
    lar_threads_set(0);
    lar_free(jobs);
}

static void nothing_to_do_is_done(void **state)
{
    (void)state;
    CHECK_OK(lar_parallel(0, 10, fail_late_pieces, NULL));
    CHECK_NEAR(lar_sum_pairs(NULL, 0), 0, 0);
    double one[] = { 3 };
    CHECK_NEAR(lar_sum_pairs(one, 1), 3, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_have_the_same_bits),
        cmocka_unit_test(lowest_failure_is_reported),
        cmocka_unit_test(nested_calls_work),
        cmocka_unit_test(nothing_to_do_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
