/* Our side of bench_data.py, part loader: steps of a training, with its loader and on one batch
 * that is ready. data_loader STUDY THREADS STEPS One line for each pair of steps: wall seconds with
 * the loader, on the ready batch. SPDX-License-Identifier: Apache-2.0 */
#include "ours.h"
#include "train/session.h"

/* A step on samples that are there. */
static void ready_step(lar_session *s, const lar_item *items, int64_t count)
{
    const int64_t inputs = s->trained->input_count, targets = s->trained->target_count;
    double loss;
    check(lar_session_plan(s, LAR_PLAN_TRAIN, count, items[0].size));
    for (int64_t n = 0; n < count; n++) {
        for (int64_t c = 0; c < inputs; c++)
            check(lar_plan_load_input(s->plan, n, c, items[n].channels[c]));
        for (int64_t c = 0; c < targets; c++)
            check(lar_plan_load_target(s->plan, n, c, items[n].channels[inputs + c]));
    }
    check(lar_plan_step(s->plan, 1, false, &loss));
}

int main(int argc, char **argv)
{
    lar_study *study;
    lar_session *s;
    lar_loader *loader;
    lar_item *items;
    int64_t count, met;
    double loss;
    if (argc != 4) return 2;
    lar_threads_set((int)strtol(argv[2], NULL, 10));
    check(lar_study_read(&study, argv[1]));
    check(lar_session_open(&s, study));
    const lar_loader_params params = { .batch = study->train.batch, .steps = 1 };
    check(lar_loader_new(&loader, s->samplers[LAR_TRAIN], &params));
    check(lar_loader_next(&items, &count, loader));
    ready_step(s, items, count);
    check(lar_session_gradients(s, &loss, &met));
    for (long n = strtol(argv[3], NULL, 10); n > 0; n--) {
        const double first = seconds(CLOCK_MONOTONIC);
        check(lar_session_gradients(s, &loss, &met));
        const double second = seconds(CLOCK_MONOTONIC);
        ready_step(s, items, count);
        const double third = seconds(CLOCK_MONOTONIC);
        if (met == count) printf("%.6f %.6f\n", second - first, third - second);
    }
    lar_loader_free(loader);
    lar_session_free(s);
    lar_study_free(study);
    return 0;
}
