/* One augmentation of voxels at work on the middle of a volume, with the numbers that a test sets.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_CHANGES_H
#define LAR_CHANGES_H

#include "samples.h"

static const int64_t size[3] = { 40, 36, 34 };
static const double spacing_mm[3] = { 1, 1.25, 2 };

/* A sample of the middle, with the step's values set by hand: they are the history. */
typedef struct bench {
    samples s;
    lar_sample_box box;
    float *before;
    int64_t count;
} bench;

static inline void bench_init(bench *b, const char *name, int64_t i, int64_t j, int64_t k)
{
    samples_init(&b->s, size, spacing_mm);
    b->box = (lar_sample_box){ .corner = { 5, 3, 2 }, .size = { i, j, k }, .across = -1 };
    b->count = box_count(&b->box);
    take_sample(&b->s, &b->box);
    b->before = lar_alloc(b->count, sizeof *b->before);
    memcpy(b->before, b->s.out[0], (size_t)b->count * sizeof *b->before);
    ADD_PLAIN(&b->s, name);
    b->s.history.count = 1;
    b->s.drawn[0] = (lar_drawn){ .step = 0, .kind = lar_augment_find(name) };
}

static inline void bench_clear(bench *b)
{
    lar_free(b->before);
    samples_clear(&b->s);
}

static inline void set_value(bench *b, const char *name, double value)
{
    const char *const *names = b->s.drawn[0].kind->names;
    int n = 0;
    while (names[n] && !lar_text_is(names[n], name)) n++;
    assert_non_null(names[n]);
    b->s.drawn[0].values[n] = value;
}

/* The sample of the volume after it; b->s.out[0]. */
static inline const float *run(bench *b)
{
    take_sample(&b->s, &b->box);
    return b->s.out[0];
}

static inline void fill(bench *b, double value)
{
    float *voxels = b->s.volumes[0]->voxels;
    for (int64_t v = 0; v < size[0] * size[1] * size[2]; v++) voxels[v] = (float)value;
    for (int64_t v = 0; v < b->count; v++) b->before[v] = (float)value;
}

typedef struct moments {
    double mean, std, low, high;
} moments;

static inline moments moments_of(const float *x, int64_t count)
{
    moments m = { .low = INFINITY, .high = -INFINITY };
    for (int64_t n = 0; n < count; n++) m.mean += (double)x[n] / (double)count;
    for (int64_t n = 0; n < count; n++) {
        m.std += pow((double)x[n] - m.mean, 2) / (double)count;
        m.low = fmin(m.low, (double)x[n]);
        m.high = fmax(m.high, (double)x[n]);
    }
    m.std = sqrt(m.std);
    return m;
}

#endif
