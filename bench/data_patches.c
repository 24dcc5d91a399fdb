/* Our side of bench_data.py: augmented patches from volumes in memory, by several threads.
 *   data_patches THREADS PATCHES SIZE VOLUMES_PER_SUBJECT VOLUME ...
 * The list is flip, affine, elastic, noise and gamma, all of them always done. Prints CPU and wall
 * seconds of the work alone, the peak memory of it in kB above what was there before, that of the
 * whole process, and the sum of all voxels.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include "augment/augment.h"
#include "image/image.h"
#include "math/math.h"
#include "ours.h"

enum { VOLUMES_MAX = 64, THREADS_MAX = 64, STEPS = 5 };

typedef struct worker {
    pthread_t thread;
    const lar_augments *list;
    lar_image *const *volumes;
    int64_t subjects, per_subject, size;
    int64_t first, step, end; /* patches */
    double sum;
} worker;

static void *work(void *arg)
{
    worker *w = arg;
    const int64_t count = w->size * w->size * w->size;
    lar_sampled images[VOLUMES_MAX];
    float *out[VOLUMES_MAX];
    lar_drawn drawn[STEPS];
    lar_history history = { .at = drawn };
    lar_augment_scratch *scratch;
    lar_thread_alone(true);
    check(lar_augment_scratch_new(&scratch));
    for (int64_t n = 0; n < w->per_subject; n++) {
        out[n] = lar_alloc_raw(count, sizeof(float));
        if (!out[n]) check(LAR_EMEMORY);
    }
    for (int64_t patch = w->first; patch < w->end; patch += w->step) {
        lar_sample_box box = { .across = -1 };
        const int64_t subject = patch % w->subjects;
        for (int64_t n = 0; n < w->per_subject; n++)
            images[n] =
                (lar_sampled){ .volume = w->volumes[subject * w->per_subject + n], .number = n };
        for (int a = 0; a < 3; a++) {
            const int64_t left = images[0].volume->grid.size[a] - w->size;
            const double u = lar_random_uniform(1, (uint64_t)patch, (uint64_t)a);
            box.size[a] = w->size;
            box.corner[a] = (int64_t)(u * (double)(left + 1));
        }
        lar_augment_draw(&history, w->list, 1, 0, patch);
        check(lar_augment_sample(out, images, w->per_subject, &box, &history, w->list, scratch));
        for (int64_t n = 0; n < w->per_subject; n++) w->sum += (double)out[n][count / 2];
    }
    for (int64_t n = 0; n < w->per_subject; n++) lar_free(out[n]);
    lar_augment_scratch_free(scratch);
    return NULL;
}

int main(int argc, char **argv)
{
    static const char *const names[STEPS] = { "flip", "affine", "elastic", "noise", "gamma" };
    lar_augment steps[STEPS];
    const lar_augments list = { .count = STEPS, .at = steps };
    lar_image *volumes[VOLUMES_MAX];
    worker workers[THREADS_MAX];
    lar_arena *arena;
    double sum = 0;
    if (argc < 6) return 2;
    const int threads = (int)strtol(argv[1], NULL, 10);
    const int64_t patches = strtol(argv[2], NULL, 10), size = strtol(argv[3], NULL, 10);
    const int64_t per_subject = strtol(argv[4], NULL, 10);
    const int count = argc - 5;
    if (threads < 1 || threads > THREADS_MAX || count > VOLUMES_MAX || per_subject < 1 ||
        count % per_subject)
        return 2;
    check(lar_arena_new(&arena));
    for (int n = 0; n < STEPS; n++)
        check(lar_augment_init(&steps[n], lar_augment_find(names[n]), arena));
    for (int n = 0; n < count; n++) {
        lar_image *read, *ras, *floats;
        check(lar_image_read(&read, argv[5 + n]));
        check(lar_image_to_ras(&ras, read));
        check(lar_image_to_type(&floats, ras, LAR_F32));
        check(lar_image_copy(&volumes[n], floats));
        lar_image_free(floats);
        lar_image_free(ras);
        lar_image_free(read);
    }
    const long before = memory_kb("VmRSS");
    FILE *clear = fopen("/proc/self/clear_refs", "w"); /* the peak begins here */
    if (clear) {
        fputs("5", clear);
        fclose(clear);
    }
    const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    for (int t = 0; t < threads; t++) {
        workers[t] = (worker){ .list = &list,
                               .volumes = volumes,
                               .subjects = count / per_subject,
                               .per_subject = per_subject,
                               .size = size,
                               .first = t,
                               .step = threads,
                               .end = patches };
        if (pthread_create(&workers[t].thread, NULL, work, &workers[t])) return 1;
    }
    for (int t = 0; t < threads; t++) {
        pthread_join(workers[t].thread, NULL);
        sum += workers[t].sum;
    }
    printf("%.6f %.6f %ld %ld %.9g\n", seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu,
           seconds(CLOCK_MONOTONIC) - wall, memory_kb("VmHWM") - before, memory_kb("VmHWM"), sum);
    for (int n = 0; n < count; n++) lar_image_free(volumes[n]);
    lar_arena_free(arena);
    return 0;
}
