/* The one door to threads. OpenMP underneath, because oneDNN uses it too: two pools would fight
 * for the processors.
 * SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* sched_getaffinity */
#include <omp.h>
#include <sched.h>

#include "base/base.h"

static int thread_count; /* 0: not asked yet */
static _Thread_local bool is_alone;
static _Thread_local int own_count; /* 0: none */

static int default_threads(void)
{
    const char *asked = getenv("OMP_NUM_THREADS");
    int64_t count;
    cpu_set_t allowed;
    if (asked && lar_parse_int(&count, asked) && count > 0 && count <= 4096) return (int)count;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 0)
        return CPU_COUNT(&allowed);
    return 1;
}

void lar_threads_set(int count)
{
    thread_count = count > 0 ? count : default_threads();
    omp_set_num_threads(thread_count);
}

int lar_threads_get(void)
{
    if (thread_count == 0) lar_threads_set(0);
    return is_alone ? 1 : own_count ? own_count : thread_count;
}

void lar_threads_own(int count)
{
    if (count == own_count) return;
    own_count = count;
    omp_set_num_threads(count ? count : lar_threads_get());
}

int lar_thread_number(void)
{
    return is_alone ? 0 : omp_get_thread_num();
}

void lar_thread_alone(bool alone)
{
    is_alone = alone;
}

lar_status lar_parallel(int64_t n, int64_t grain, lar_body body, void *arg)
{
    const int64_t pieces = lar_piece_count(n, grain);
    const int threads = lar_threads_get();
    int64_t failed_piece = pieces;
    lar_status failed_status = LAR_OK;
    char failed_sentence[1024] = "";

    if (threads == 1 || pieces < 2 || omp_in_parallel()) {
        for (int64_t piece = 0; piece < pieces; piece++) {
            const int64_t begin = piece * grain, end = begin + grain < n ? begin + grain : n;
            const lar_status status = body(arg, piece, begin, end);
            if (status != LAR_OK) return status;
        }
        return LAR_OK;
    }
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int64_t piece = 0; piece < pieces; piece++) {
        const int64_t begin = piece * grain, end = begin + grain < n ? begin + grain : n;
        const lar_status status = body(arg, piece, begin, end);
        if (status != LAR_OK) {
#pragma omp critical(lar_parallel_failure)
            if (piece < failed_piece) {
                failed_piece = piece;
                failed_status = status;
                snprintf(failed_sentence, sizeof failed_sentence, "%s", lar_error());
            }
        }
    }
    if (failed_status != LAR_OK) lar_error_set(failed_sentence);
    return failed_status;
}

double lar_sum_pairs(double *partial, int64_t count)
{
    if (count == 0) return 0;
    for (int64_t step = 1; step < count; step *= 2)
        for (int64_t n = 0; n + step < count; n += 2 * step) partial[n] += partial[n + step];
    return partial[0];
}
