/* Laws of every augmentation: the history alone makes the sample again, nothing drawn is nothing
 * done, a sample does not depend on others, labels stay labels, slices stay slices.
 * SPDX-License-Identifier: Apache-2.0 */
#include "points.h"

#include <jansson.h>
#include <pthread.h>

static const int64_t size[3] = { 30, 26, 22 };
static const double spacing_mm[3] = { 1, 1.25, 2 };

/* Those that do nothing, by their keys; every kind has a row. */
static const struct {
    const char *name, *words[9];
} idle[] = {
    { "flip", { "each", "0" } },
    { "quarter_turn", { "turns", "0" } },
    { "affine", { "scale", "1", "degrees", "0" } },
    { "elastic", { "max-displacement", "0" } },
    { "crop", { "keep", "1" } },
    { "anisotropy", { "downsampling", "1" } },
    { "motion", { "degrees", "0", "translation", "0" } },
    { "ghosting", { "intensity", "0" } },
    { "spike", { "intensity", "0" } },
    { "gibbs", { "alpha", "0" } },
    { "bias", { "coefficients", "0" } },
    { "blur", { "std", "0" } },
    { "sharpen", { "std", "0", "alpha", "0" } },
    { "noise", { "std", "0" } },
    { "gamma", { "log-gamma", "0", "retain-stats", "yes" } },
    { "contrast", { "factor", "1" } },
    { "brightness", { "factor", "1" } },
    { "histogram_shift", { NULL } },      /* moves whatever is drawn: see the next test but one */
    { "swap", { "patch-size", "4096" } }, /* the whole sample with itself */
    { "cutout", { NULL } },
};

static int64_t kind_count(void)
{
    int64_t count = 0;
    while (lar_augment_kinds[count]) count++;
    return count;
}

static void nothing_drawn_is_nothing_done(void **state)
{
    (void)state;
    samples s;
    samples_init(&s, size, spacing_mm);
    const lar_sample_box boxes[] = { box_at(3, 4, 5, 12), box_at(-4, 20, 17, 11),
                                     box_at(40, 0, 0, 5) };
    for (int b = 0; b < 3; b++) {
        take_sample(&s, &boxes[b]); /* of no list at all */
        for (int n = 0; n < 3; n++)
            for (int64_t v = 0; v < box_count(&boxes[b]); v++)
                assert_true(s.out[n][v] == plain_at(&s, n, &boxes[b], v));
    }
    samples_clear(&s);
}

static void parameters_that_change_nothing_keep_bits(void **state)
{
    (void)state;
    samples s;
    assert_int_equal(sizeof idle / sizeof *idle, kind_count());
    for (int64_t kind = 0; kind < kind_count(); kind++) {
        if (!idle[kind].words[0]) continue;
        samples_init(&s, size, spacing_mm);
        add_step(&s, idle[kind].name, idle[kind].words);
        const lar_sample_box box = box_at(-2, 6, 13, 14);
        draw_sample(&s, &box, 1, 2);
        assert_int_equal(s.history.count, 1);
        for (int n = 0; n < 3; n++)
            for (int64_t v = 0; v < box_count(&box); v++) {
                const float plain = plain_at(&s, n, &box, v);
                if (memcmp(&s.out[n][v], &plain, sizeof plain) != 0)
                    fail_msg("%s changes %.9g to %.9g", idle[kind].name, (double)plain,
                             (double)s.out[n][v]);
            }
        samples_clear(&s);
    }
}

/* A history through JSON text, with the keys of its steps set to something else meanwhile. */
static void replay(samples *s, const lar_sample_box *box, const char *what)
{
    const int64_t bytes = box_count(box) * (int64_t)sizeof(float);
    float *kept[3];
    for (int n = 0; n < 3; n++) {
        kept[n] = lar_alloc(box_count(box), sizeof(float));
        memcpy(kept[n], s->out[n], (size_t)bytes);
        memset(s->out[n], 0x7F, (size_t)bytes);
    }
    json_t *told = lar_history_to_json(&s->history);
    char *text = json_dumps(told, JSON_COMPACT);
    json_t *read = json_loads(text, 0, NULL);
    lar_history back;
    for (int64_t n = 0; n < s->list.count; n++)
        lar_param_defaults(s->steps[n].kind->table, s->steps[n].params);
    CHECK_OK(lar_history_from_json(&back, read, &s->list, s->arena));
    assert_int_equal(back.count, s->history.count);
    CHECK_OK(lar_augment_sample(s->out, s->images, 3, box, &back, &s->list, s->scratch));
    for (int n = 0; n < 3; n++) {
        if (memcmp(kept[n], s->out[n], (size_t)bytes) != 0) fail_msg("%s: %s", what, text);
        lar_free(kept[n]);
    }
    free(text);
    json_decref(told);
    json_decref(read);
}

static void a_history_replays(void **state)
{
    (void)state;
    samples s;
    const lar_sample_box box = box_at(4, 3, 2, 16);
    for (int64_t kind = 0; kind < kind_count(); kind++) {
        samples_init(&s, size, spacing_mm);
        ADD_PLAIN(&s, lar_augment_kinds[kind]->name);
        bool changes = false;
        for (int64_t sample = 0; sample < 8; sample++) {
            draw_sample(&s, &box, 3, sample);
            for (int64_t v = 0; v < box_count(&box) && !changes; v++)
                changes = s.out[0][v] != plain_at(&s, 0, &box, v);
            replay(&s, &box, lar_augment_kinds[kind]->name);
        }
        if (!changes) fail_msg("%s does nothing", lar_augment_kinds[kind]->name);
        samples_clear(&s);
    }
    samples_init(&s, size, spacing_mm);
    for (int64_t kind = 0; kind < kind_count(); kind++) {
        ADD_PLAIN(&s, lar_augment_kinds[kind]->name);
        s.steps[kind].chance = 0.6;
    }
    for (int64_t sample = 0; sample < 20; sample++) {
        draw_sample(&s, &box, 3, sample);
        replay(&s, &box, "all");
    }
    samples_clear(&s);
}

static void histories_of_others_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        { "{}", "no list" },
        { "[{\"step\": 1, \"flip\": {}}]", "no 'step'" },
        { "[{\"step\": 0, \"affine\": {}}]", "says nothing of 'flip'" },
        { "[{\"step\": 0, \"flip\": {\"x\": 1, \"y\": 0}}]", "lacks the number 'z'" },
        { "[{\"step\": 0, \"flip\": {\"x\": 1, \"y\": 0, \"z\": \"no\"}}]", "lacks the number" },
        { "[{\"step\": 0, \"flip\": {\"x\": 1, \"y\": 0, \"z\": 1, \"w\": 1}}]", "4 numbers" },
        { "[1, 2]", "no list of at most 1" },
        { "[1]", "no 'step'" },
    };
    samples s;
    samples_init(&s, size, spacing_mm);
    ADD_PLAIN(&s, "flip");
    for (size_t n = 0; n < sizeof wrong / sizeof *wrong; n++) {
        json_t *json = json_loads(wrong[n][0], 0, NULL);
        lar_history back;
        CHECK_FAILS(lar_history_from_json(&back, json, &s.list, s.arena), LAR_EFORMAT, wrong[n][1]);
        json_decref(json);
    }
    samples_clear(&s);
}

/* Whatever numbers a file holds: no crash, and nothing outside the memory. */
static void histories_of_any_numbers_end(void **state)
{
    (void)state;
    static const double numbers[] = { 0, -1, 1e300, -1e300, 0.5, 1e18, 3, 1e-300, -7e9 };
    samples s;
    const lar_sample_box box = box_at(4, 3, 2, 9);
    for (int64_t kind = 0; kind < kind_count(); kind++) {
        samples_init(&s, size, spacing_mm);
        ADD_PLAIN(&s, lar_augment_kinds[kind]->name);
        for (uint64_t trial = 0; trial < 60; trial++) {
            lar_augment_draw(&s.history, &s.list, 1, 0, 0);
            for (int n = 0; lar_augment_kinds[kind]->names[n]; n++) {
                uint32_t bits[4];
                lar_random_bits(bits, 1, trial, (uint64_t)n);
                if (bits[0] % 3) s.drawn[0].values[n] = numbers[bits[1] % 9];
            }
            take_sample(&s, &box);
        }
        samples_clear(&s);
    }
}

static void a_sample_does_not_depend_on_others(void **state)
{
    (void)state;
    samples s;
    samples_init(&s, size, spacing_mm);
    lar_drawn other[LIST_MAX];
    lar_history again = { .at = other };
    for (int64_t kind = 0; kind < kind_count(); kind++)
        ADD_PLAIN(&s, lar_augment_kinds[kind]->name);
    lar_augment_draw(&s.history, &s.list, 5, 3, 1234);
    for (int64_t sample = 0; sample < 10; sample++) lar_augment_draw(&again, &s.list, 5, 3, sample);
    lar_augment_draw(&again, &s.list, 5, 3, 1234);
    assert_memory_equal(s.drawn, other, (size_t)kind_count() * sizeof *other);
    const struct {
        uint64_t seed;
        int64_t epoch, sample;
    } others[] = { { 6, 3, 1234 }, { 5, 4, 1234 }, { 5, 3, 1235 } };
    for (int n = 0; n < 3; n++) {
        lar_augment_draw(&again, &s.list, others[n].seed, others[n].epoch, others[n].sample);
        for (int64_t step = 2; step < kind_count(); step++) /* flips and quarters are few */
            assert_true(memcmp(s.drawn[step].values, other[step].values, sizeof other->values));
    }
    /* a step's draws are its own: one that comes before does not move them */
    s.steps[0].chance = 0;
    lar_augment_draw(&again, &s.list, 5, 3, 1234);
    assert_memory_equal(s.drawn + 1, other, (size_t)(kind_count() - 1) * sizeof *other);
    samples_clear(&s);
}

typedef struct thread_work {
    samples s;
    lar_sample_box box;
    float *results;
} thread_work;

static void *take_many(void *arg)
{
    thread_work *w = arg;
    const int64_t count = box_count(&w->box);
    lar_thread_alone(true);
    for (int64_t n = 0; n < 10; n++) {
        draw_sample(&w->s, &w->box, 8, n);
        memcpy(w->results + n * count, w->s.out[0], (size_t)count * sizeof(float));
    }
    return NULL;
}

static void threads_change_nothing(void **state)
{
    (void)state;
    thread_work work[2];
    pthread_t threads[2];
    for (int t = 0; t < 2; t++) {
        samples_init(&work[t].s, size, spacing_mm);
        for (int64_t kind = 0; kind < kind_count(); kind++)
            ADD_PLAIN(&work[t].s, lar_augment_kinds[kind]->name);
        work[t].box = box_at(2, 2, 2, 15);
        work[t].results = lar_alloc(10 * box_count(&work[t].box), sizeof(float));
        assert_int_equal(pthread_create(&threads[t], NULL, take_many, &work[t]), 0);
    }
    for (int t = 0; t < 2; t++) pthread_join(threads[t], NULL);
    assert_memory_equal(work[0].results, work[1].results,
                        (size_t)(10 * box_count(&work[0].box)) * sizeof(float));
    for (int t = 0; t < 2; t++) {
        lar_free(work[t].results);
        samples_clear(&work[t].s);
    }
}

static void labels_are_never_new(void **state)
{
    (void)state;
    samples s;
    samples_init(&s, size, spacing_mm);
    ADD(&s, "flip", "axes", "xyz");
    ADD(&s, "affine", "scale", "0.5 2", "degrees", "90", "translation", "20", "shear", "0.3");
    ADD(&s, "elastic", "max-displacement", "30");
    ADD(&s, "crop", "keep", "0.3 1");
    ADD_PLAIN(&s, "noise");
    ADD_PLAIN(&s, "swap");
    bool seen[256] = { false };
    s.images[2].outside = 9;
    for (int64_t sample = 0; sample < 500; sample++) {
        const lar_sample_box box = box_at(sample % 20 - 4, sample % 13, sample % 9 - 3, 13);
        draw_sample(&s, &box, 4, sample);
        for (int64_t v = 0; v < box_count(&box); v++) {
            const float label = s.out[2][v];
            if (label != 0 && label != 3 && label != 7 && label != 200 && label != 9)
                fail_msg("a label %g", (double)label);
            seen[(int)label] = true;
            assert_true(isfinite(s.out[0][v]) && isfinite(s.out[1][v]));
        }
    }
    assert_true(seen[0] && seen[3] && seen[7] && seen[200] && seen[9]);
    samples_clear(&s);
}

/* Images that are left out, and labels, are not touched by what changes intensities. */
static void only_the_images_that_are_on_change(void **state)
{
    (void)state;
    static const bool on[3] = { false, true, true };
    const lar_sample_box box = box_at(2, 2, 2, 18);
    for (int64_t kind = 0; kind < kind_count(); kind++) {
        samples s;
        if (lar_augment_kinds[kind]->spatial) continue;
        samples_init(&s, size, spacing_mm);
        ADD_PLAIN(&s, lar_augment_kinds[kind]->name);
        s.steps[0].on = on;
        bool changes = false;
        for (int64_t sample = 0; sample < 8; sample++) {
            draw_sample(&s, &box, 1, sample);
            for (int64_t v = 0; v < box_count(&box); v++) {
                assert_true(s.out[0][v] == plain_at(&s, 0, &box, v));
                assert_true(s.out[2][v] == plain_at(&s, 2, &box, v));
                changes = changes || s.out[1][v] != plain_at(&s, 1, &box, v);
            }
        }
        if (!changes) fail_msg("%s does nothing", lar_augment_kinds[kind]->name);
        samples_clear(&s);
    }
}

/* An image that is as long as it is wide but of one voxel across, and a stack of slices: nothing
 * moves from one slice into another. */
static void slices_stay_slices(void **state)
{
    (void)state;
    samples s;
    for (int axis = 0; axis < 3; axis++)
        for (int64_t thick = 1; thick <= 3; thick += 2) {
            samples_init(&s, size, spacing_mm);
            ADD(&s, "flip", "axes", "xyz");
            ADD(&s, "quarter_turn", "axes", "xyz");
            ADD(&s, "affine", "degrees", "180", "translation", "9", "shear", "0.4");
            ADD(&s, "elastic", "max-displacement", "20");
            ADD(&s, "crop", "keep", "0.5 1");
            lar_sample_box box = box_at(1, 2, 3, 17);
            box.size[axis] = thick;
            box.across = axis;
            for (int64_t sample = 0; sample < 30; sample++) {
                double points[64][3];
                lar_augment_draw(&s.history, &s.list, 2, 0, sample);
                for (int n = 0; n < 64; n++)
                    for (int a = 0; a < 3; a++)
                        points[n][a] = a == axis
                                           ? n % (int)thick
                                           : 16 * lar_random_uniform(1, 2, (uint64_t)(3 * n + a));
                come_from(points, 64, &s, &box);
                for (int n = 0; n < 64; n++)
                    CHECK_NEAR(points[n][axis], (double)(box.corner[axis] + n % thick), 1e-12);
            }
            samples_clear(&s);
        }
}

/* The same of what changes voxels: of slices that are alike, all become alike but for noise. */
static void equal_slices_stay_equal(void **state)
{
    (void)state;
    for (int64_t kind = 0; kind < kind_count(); kind++)
        for (int axis = 0; axis < 3; axis++) {
            samples s;
            const char *name = lar_augment_kinds[kind]->name;
            if (lar_augment_kinds[kind]->spatial || lar_text_is(name, "noise") ||
                lar_text_is(name, "bias")) /* a field of the volume */
                continue;
            samples_init(&s, size, spacing_mm);
            for (int64_t v = 0; v < size[0] * size[1] * size[2]; v++) {
                double at[3] = { (double)(v % size[0]), (double)(v / size[0] % size[1]),
                                 (double)(v / (size[0] * size[1])) };
                at[axis] = 0;
                ((float *)s.volumes[0]->voxels)[v] = (float)wavy(at[0], at[1], at[2], 0);
            }
            ADD_PLAIN(&s, name);
            lar_sample_box box = { .corner = { 2, 2, 2 }, .size = { 20, 18, 16 }, .across = axis };
            box.size[axis] = 5;
            const int64_t step = axis == 0   ? 1
                                 : axis == 1 ? box.size[0]
                                             : box.size[0] * box.size[1];
            for (int64_t sample = 0; sample < 8; sample++) {
                draw_sample(&s, &box, 6, sample);
                for (int64_t v = 0; v < box_count(&box); v++) {
                    const int64_t slice = v / step % 5;
                    if (!(fabs((double)(s.out[0][v] - s.out[0][v - slice * step])) < 2e-5))
                        fail_msg("%s across %d", name, axis);
                }
            }
            samples_clear(&s);
        }
}

/* Samples of one value, of one voxel, and of no voxel of the volume, through everything. */
static void dull_samples_stay_finite(void **state)
{
    (void)state;
    samples s;
    samples_init(&s, size, spacing_mm);
    for (int64_t kind = 0; kind < kind_count(); kind++)
        ADD_PLAIN(&s, lar_augment_kinds[kind]->name);
    const lar_sample_box boxes[] = { box_at(5, 5, 5, 1), box_at(5, 5, 5, 2), box_at(-90, 0, 0, 8),
                                     box_at(26, 22, 18, 9) };
    for (int constant = 0; constant < 2; constant++) {
        for (int b = 0; b < 4; b++)
            for (int64_t sample = 0; sample < 20; sample++) {
                draw_sample(&s, &boxes[b], 1, sample);
                for (int n = 0; n < 3; n++)
                    for (int64_t v = 0; v < box_count(&boxes[b]); v++)
                        assert_true(isfinite(s.out[n][v]));
            }
        for (int64_t v = 0; v < size[0] * size[1] * size[2]; v++)
            ((float *)s.volumes[0]->voxels)[v] = 5;
    }
    samples_clear(&s);
}

/* Every number of a kind at one end of what its table takes; of ranges nothing between. */
static void set_ends(samples *s, const lar_augment_kind *kind, bool high)
{
    for (const lar_param *p = kind->table; p->name; p++) {
        char value[80];
        const double end = high ? p->high : p->low;
        if (p->kind == LAR_KIND_FLAG)
            snprintf(value, sizeof value, "%s", high ? "yes" : "no");
        else if (!(p->low < p->high))
            continue;
        else
            snprintf(value, sizeof value, p->kind == LAR_KIND_REALS ? "%.17g %.17g" : "%.17g", end,
                     end);
        CHECK_OK(lar_param_set(p, s->steps[0].params, value, p->name, s->arena));
        if (lar_augment_check(&s->list, 0) == LAR_OK) continue;
        snprintf(value, sizeof value, "%.17g", end); /* it takes no range */
        CHECK_OK(lar_param_set(p, s->steps[0].params, value, p->name, s->arena));
    }
}

/* In volumes of one voxel along an axis too: values stay finite, and labels are those that were. */
static void ends_of_settings_stay_finite(void **state)
{
    (void)state;
    static const int64_t sizes[][3] = { { 14, 13, 12 }, { 14, 13, 1 }, { 1, 13, 12 },
                                        { 14, 1, 12 },  { 1, 1, 12 },  { 1, 1, 1 } };
    enum { SIZES = sizeof sizes / sizeof *sizes };
    for (int64_t trial = 0; trial < kind_count() * 2 * SIZES; trial++) {
        const lar_augment_kind *kind = lar_augment_kinds[trial / 2 / SIZES];
        const int64_t *volume = sizes[trial / 2 % SIZES];
        samples s;
        samples_init(&s, volume, spacing_mm);
        ADD_PLAIN(&s, kind->name);
        set_ends(&s, kind, trial % 2);
        lar_sample_box box = box_at(-1, 2, 1, 11);
        for (int a = 0; a < 3; a++)
            if (volume[a] == 1) box.corner[a] = 0, box.size[a] = 1;
        for (int64_t sample = 0; sample < 6; sample++) {
            box.across = sample % 2 ? 2 : -1;
            draw_sample(&s, &box, 1, sample);
            for (int64_t v = 0; v < box_count(&box); v++) {
                const float label = s.out[2][v];
                assert_true(label == 0 || label == 3 || label == 7 || label == 200);
                if (!isfinite(s.out[0][v]) || !isfinite(s.out[1][v]))
                    fail_msg("%s, %s ends: %g", kind->name, trial % 2 ? "high" : "low",
                             (double)s.out[0][v]);
            }
        }
        samples_clear(&s);
    }
}

static void what_cannot_be_sampled_is_refused(void **state)
{
    (void)state;
    samples s;
    samples_init(&s, size, spacing_mm);
    lar_sample_box box = box_at(0, 0, 0, 4);
    float *out[3];
    for (int n = 0; n < 3; n++) out[n] = lar_alloc(64, sizeof(float));
    box.size[1] = 0;
    CHECK_FAILS(lar_augment_sample(out, s.images, 3, &box, &s.history, &s.list, s.scratch),
                LAR_EARGUMENT, "4x0x4");
    box.size[1] = 4;
    s.images[2].is_label = false;
    CHECK_FAILS(lar_augment_sample(out, s.images, 3, &box, &s.history, &s.list, s.scratch),
                LAR_EARGUMENT, "not of uint8");
    s.images[2].is_label = true;
    lar_image *part;
    CHECK_OK(lar_image_box(&part, s.volumes[1], (const int64_t[3]){ 1, 1, 1 },
                           (const int64_t[3]){ 20, 20, 20 }));
    s.images[1].volume = part;
    CHECK_FAILS(lar_augment_sample(out, s.images, 3, &box, &s.history, &s.list, s.scratch),
                LAR_EARGUMENT, "contiguous");
    lar_image *copy;
    CHECK_OK(lar_image_copy(&copy, part));
    s.images[1].volume = copy;
    CHECK_FAILS(lar_augment_sample(out, s.images, 3, &box, &s.history, &s.list, s.scratch),
                LAR_EGEOMETRY, "one size");
    lar_image_free(copy);
    lar_image_free(part);
    for (int n = 0; n < 3; n++) lar_free(out[n]);
    samples_clear(&s);
}

/* Each allocation fails once: an error, no leak, and the next try gives the sample. */
static void memory_may_be_short(void **state)
{
    (void)state;
    samples s;
    samples_init(&s, size, spacing_mm);
    for (int64_t kind = 0; kind < kind_count(); kind++)
        ADD_PLAIN(&s, lar_augment_kinds[kind]->name);
    const lar_sample_box box = box_at(2, 2, 2, 10);
    draw_sample(&s, &box, 1, 1);
    for (int64_t n = 1; n < 100; n++) {
        lar_augment_scratch_free(s.scratch);
        CHECK_OK(lar_augment_scratch_new(&s.scratch));
        lar_alloc_fail_at(n, false);
        const lar_status status =
            lar_augment_sample(s.out, s.images, 3, &box, &s.history, &s.list, s.scratch);
        lar_alloc_fail_at(0, false);
        if (status == LAR_OK) {
            assert_true(n > 3);
            samples_clear(&s);
            return;
        }
        assert_int_equal(status, LAR_EMEMORY);
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_drawn_is_nothing_done),
        cmocka_unit_test(parameters_that_change_nothing_keep_bits),
        cmocka_unit_test(a_history_replays),
        cmocka_unit_test(histories_of_others_are_refused),
        cmocka_unit_test(histories_of_any_numbers_end),
        cmocka_unit_test(a_sample_does_not_depend_on_others),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(labels_are_never_new),
        cmocka_unit_test(only_the_images_that_are_on_change),
        cmocka_unit_test(slices_stay_slices),
        cmocka_unit_test(equal_slices_stay_equal),
        cmocka_unit_test(dull_samples_stay_finite),
        cmocka_unit_test(ends_of_settings_stay_finite),
        cmocka_unit_test(what_cannot_be_sampled_is_refused),
        cmocka_unit_test(memory_may_be_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
