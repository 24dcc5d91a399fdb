/* What tests of augmentation share: volumes by formula, lists by words, samples.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SAMPLES_H
#define LAR_SAMPLES_H

#include "augment/augment.h"
#include "check.h"
#include "image/image.h"
#include "math/math.h"

enum { LIST_MAX = 32 };

/* A subject: a smooth image, another, labels of balls and slabs, and memory for a sample of them.
 */
typedef struct samples {
    lar_image *volumes[3];
    lar_sampled images[3];
    lar_augment_scratch *scratch;
    lar_arena *arena;
    lar_augment steps[LIST_MAX];
    lar_augments list;
    lar_drawn drawn[LIST_MAX];
    lar_history history;
    float *out[3];
    int64_t room;
} samples;

/* Smooth, of mean near 0 as a normalized image is. */
static inline double wavy(double i, double j, double k, int image)
{
    return sin(0.31 * i + 0.11 * j + image) + cos(0.23 * j - 0.07 * k) + sin(0.19 * k + 0.05 * i) +
           0.01 * i;
}

static inline void samples_init(samples *s, const int64_t size[3], const double spacing_mm[3])
{
    static const uint8_t codes[4] = { 0, 3, 7, 200 };
    *s = (samples){ .list = { 0 } };
    s->list.at = s->steps;
    s->history.at = s->drawn;
    lar_grid grid = { .to_world = lar_affine_identity() };
    for (int a = 0; a < 3; a++) {
        grid.size[a] = size[a];
        grid.to_world.m[a][a] = spacing_mm[a];
        grid.to_world.m[a][3] = -10.0 * (a + 1);
    }
    CHECK_OK(lar_arena_new(&s->arena));
    CHECK_OK(lar_augment_scratch_new(&s->scratch));
    for (int n = 0; n < 3; n++) {
        CHECK_OK(lar_image_new(&s->volumes[n], &grid, 1, n == 2 ? LAR_U8 : LAR_F32));
        s->images[n] = (lar_sampled){
            .volume = s->volumes[n], .number = n, .is_label = n == 2, .outside = n == 2 ? 0 : -3.5F
        };
    }
    for (int64_t v = 0; v < size[0] * size[1] * size[2]; v++) {
        const double i = (double)(v % size[0]), j = (double)(v / size[0] % size[1]);
        const double k = (double)(v / (size[0] * size[1]));
        for (int n = 0; n < 2; n++) ((float *)s->volumes[n]->voxels)[v] = (float)wavy(i, j, k, n);
        const double ball = (i - 14) * (i - 14) + (j - 12) * (j - 12) + (k - 9) * (k - 9);
        ((uint8_t *)s->volumes[2]->voxels)[v] = codes[(ball < 60) + 2 * (((int)i / 5) % 2)];
    }
}

static inline void samples_clear(samples *s)
{
    for (int n = 0; n < 3; n++) {
        lar_image_free(s->volumes[n]);
        lar_free(s->out[n]);
    }
    lar_augment_scratch_free(s->scratch);
    lar_arena_free(s->arena);
}

/* One more of the list; its keys and values as words, NULL-ended. */
static inline void add_step(samples *s, const char *name, const char *const *words)
{
    const lar_augment_kind *kind = lar_augment_find(name);
    assert_non_null(kind);
    lar_augment *step = &s->steps[s->list.count++];
    CHECK_OK(lar_augment_init(step, kind, s->arena));
    for (; words && *words; words += 2) {
        const lar_param *param = lar_param_find(kind->table, words[0]);
        if (!param) fail_msg("'%s' has no key '%s'", name, words[0]);
        CHECK_OK(lar_param_set(param, step->params, words[1], words[0], s->arena));
    }
    CHECK_OK(lar_augment_check(&s->list, s->list.count - 1));
}
#define ADD(s, name, ...)  add_step(s, name, (const char *const[]){ __VA_ARGS__, NULL })
#define ADD_PLAIN(s, name) add_step(s, name, NULL)

static inline lar_sample_box box_at(int64_t i, int64_t j, int64_t k, int64_t size)
{
    return (lar_sample_box){ .corner = { i, j, k }, .size = { size, size, size }, .across = -1 };
}

/* The sample by the history as it stands, into s->out. */
static inline void take_sample(samples *s, const lar_sample_box *box)
{
    const int64_t count = box->size[0] * box->size[1] * box->size[2];
    for (int n = 0; n < 3 && count > s->room; n++) {
        lar_free(s->out[n]);
        s->out[n] = lar_alloc(count, sizeof *s->out[n]);
    }
    if (count > s->room) s->room = count;
    CHECK_OK(lar_augment_sample(s->out, s->images, 3, box, &s->history, &s->list, s->scratch));
}

static inline void draw_sample(samples *s, const lar_sample_box *box, uint64_t seed, int64_t sample)
{
    lar_augment_draw(&s->history, &s->list, seed, 0, sample);
    take_sample(s, box);
}

/* The value of a box's voxel as it is in the volume. */
static inline float plain_at(const samples *s, int n, const lar_sample_box *box, int64_t v)
{
    const int64_t at[3] = { box->corner[0] + v % box->size[0],
                            box->corner[1] + v / box->size[0] % box->size[1],
                            box->corner[2] + v / (box->size[0] * box->size[1]) };
    for (int a = 0; a < 3; a++)
        if (at[a] < 0 || at[a] >= s->volumes[n]->grid.size[a]) return s->images[n].outside;
    return (float)lar_image_at(s->volumes[n], at[0], at[1], at[2], 0);
}

static inline int64_t box_count(const lar_sample_box *box)
{
    return box->size[0] * box->size[1] * box->size[2];
}

#endif
