/* Samples of steps: the same whoever makes them and when, again from their history, and errors.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "coded_cohort.h"

static const lar_augments *some_augments(lar_arena **arena)
{
    static const char *const names[] = { "flip", "affine", "elastic", "noise", "gamma" };
    static lar_augment at_room[5];
    static lar_augments list = { 5, at_room };
    CHECK_OK(lar_arena_new(arena));
    for (int n = 0; n < 5; n++)
        CHECK_OK(lar_augment_init(&at_room[n], lar_augment_find(names[n]), *arena));
    return &list;
}

enum { STEPS = 12, BATCH = 4, VOXELS = 6 * 6 * 6 };

static void run_loader(float *out, const lar_sample_params *p, const lar_augments *augments,
                       int threads, int64_t first)
{
    lar_threads_set(threads);
    lar_sampler *s = sampler_of(p, augments);
    lar_loader *loader;
    const lar_loader_params params = { .batch = BATCH, .first = first, .steps = STEPS };
    lar_item own;
    CHECK_OK(lar_item_init(&own, s));
    CHECK_OK(lar_loader_new(&loader, s, &params));
    for (int64_t step = first; step < STEPS; step++) {
        lar_item *items;
        int64_t count;
        CHECK_OK(lar_loader_next(&items, &count, loader));
        assert_int_equal(count, step % 4 == 3 ? 3 : 4); /* 15 samples in an epoch */
        for (int64_t n = 0; n < count; n++) {
            CHECK_OK(lar_item_draw(&own, s, step / 4, step % 4 * BATCH + n));
            assert_true(items[n].epoch == step / 4 && items[n].number == own.number);
            assert_memory_equal(&items[n].box, &own.box, sizeof own.box);
        }
        for (int64_t n = 0; n < count; n++)
            for (int64_t c = 0; c < 3; c++)
                memcpy(out + ((step * BATCH + n) * 3 + c) * VOXELS, items[n].channels[c],
                       VOXELS * sizeof *out);
    }
    lar_loader_free(loader);
    lar_item_clear(&own);
    lar_sampler_free(s);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    lar_arena *arena;
    const lar_augments *augments = some_augments(&arena);
    lar_sample_params p = patch_of(6, LAR_PICK_FOREGROUND, NULL);
    const size_t count = (size_t)STEPS * BATCH * 3 * VOXELS;
    float *alone = lar_alloc((int64_t)count, sizeof *alone), *many;
    p.per_case = 5;
    run_loader(alone, &p, augments, 1, 0);
    for (int threads = 1; threads <= 9; threads += 4) /* one step at once, two, three */
        for (int64_t first = 0; first <= 7; first += 7) {
            many = lar_alloc((int64_t)count, sizeof *many);
            run_loader(many, &p, augments, threads, first);
            const size_t from = (size_t)first * BATCH * 3 * VOXELS;
            assert_memory_equal(alone + from, many + from, (count - from) * sizeof *many);
            lar_free(many);
        }
    lar_threads_set(0);
    lar_free(alone);
    lar_arena_free(arena);
}

static void a_history_makes_the_sample_again(void **state)
{
    (void)state;
    lar_arena *arena;
    lar_augment_scratch *scratch;
    lar_item item, again;
    const lar_augments *augments = some_augments(&arena);
    lar_sample_params p = patch_of(6, LAR_PICK_UNIFORM, NULL);
    lar_sampler *s = sampler_of(&p, augments);
    CHECK_OK(lar_augment_scratch_new(&scratch));
    CHECK_OK(lar_item_init(&item, s));
    CHECK_OK(lar_item_init(&again, s));
    for (int64_t n = 0; n < lar_sampler_count(s); n++) {
        CHECK_OK(lar_item_draw(&item, s, 3, n));
        CHECK_OK(lar_item_make(&item, s, scratch));
        json_t *told = lar_item_to_json(&item);
        char *text = json_dumps(told, JSON_REAL_PRECISION(17));
        json_t *read = json_loads(text, 0, NULL);
        CHECK_OK(lar_item_from_json(&again, read));
        CHECK_OK(lar_item_make(&again, s, scratch));
        for (int c = 0; c < 3; c++)
            assert_memory_equal(item.channels[c], again.channels[c], VOXELS * sizeof(float));
        if (n == 0) {
            json_object_set_new(read, "size", json_pack("[i,i,i]", 6, 6, 7));
            CHECK_FAILS(lar_item_from_json(&again, read), LAR_EFORMAT, "has 6x6x7 voxels, those");
            json_object_set_new(read, "case", json_string("z"));
            CHECK_FAILS(lar_item_from_json(&again, read), LAR_EFORMAT, "case 'z'");
            json_object_del(read, "corner");
            CHECK_FAILS(lar_item_from_json(&again, read), LAR_EFORMAT, "this is no sample");
        }
        json_decref(read);
        json_decref(told);
        free(text);
    }
    lar_item_clear(&again);
    lar_item_clear(&item);
    lar_augment_scratch_free(scratch);
    lar_sampler_free(s);
    lar_arena_free(arena);
}

static void the_case_that_fails_is_named(void **state)
{
    (void)state;
    const char *kept = cohort.paths[1][0];
    cohort.paths[1][0] = "/nowhere/b_t1.nii";
    int64_t failed[3];
    for (int threads = 1; threads <= 9; threads += 4) {
        lar_sample_params p = patch_of(6, LAR_PICK_UNIFORM, NULL);
        lar_sampler *s = sampler_of(&p, NULL);
        const lar_loader_params params = { .batch = 1, .steps = 12 };
        lar_loader *loader;
        lar_item *items;
        int64_t count, step = 0;
        lar_threads_set(threads);
        CHECK_OK(lar_loader_new(&loader, s, &params));
        /* at its step, though it is made with those before it */
        for (; lar_loader_next(&items, &count, loader) == LAR_OK; step++) {
            assert_int_not_equal(items[0].case_index, 1);
            lar_error_set("");
        }
        assert_non_null(strstr(lar_error(), "of case 'b', cannot"));
        failed[threads / 4] = step;
        lar_loader_free(loader);
        lar_sampler_free(s);
    }
    lar_threads_set(0);
    assert_true(failed[0] > 0 && failed[0] == failed[1] && failed[1] == failed[2]);
    cohort.paths[1][0] = kept;
}

/* A loader's first batch, with allocation k failing. */
static lar_status try_batch(const lar_sample_params *p, const lar_augments *augments, int64_t k)
{
    static const lar_sample_image images[IMAGES] = { { 0, false }, { 1, true }, { 2, true } };
    lar_sampler *s = NULL;
    lar_loader *loader = NULL;
    lar_item *items;
    int64_t count;
    const lar_sampler_params params = { .prepared = &cohort.prepared,
                                        .cases = cohort.all,
                                        .case_count = CASES,
                                        .images = images,
                                        .image_count = IMAGES,
                                        .sample = *p,
                                        .augments = augments };
    const lar_loader_params how = { .batch = 2, .steps = 1 };
    lar_alloc_fail_at(k, true);
    lar_status status = lar_sampler_new(&s, &params);
    if (status == LAR_OK) status = lar_loader_new(&loader, s, &how);
    if (status == LAR_OK) status = lar_loader_next(&items, &count, loader);
    lar_alloc_fail_at(0, false);
    lar_loader_free(loader);
    lar_sampler_free(s);
    return status;
}

static void survives_failed_allocations(void **state)
{
    (void)state;
    lar_arena *arena;
    const lar_augments *augments = some_augments(&arena);
    lar_sample_params kinds[3] = { patch_of(6, LAR_PICK_LABELS, "seg"),
                                   lar_sample_default(LAR_SAMPLE_SLICE),
                                   lar_sample_default(LAR_SAMPLE_VOLUME) };
    kinds[1].axis = 0;
    for (int n = 0; n < 3; n++) {
        int64_t k = 1;
        for (lar_status status = LAR_EMEMORY; status != LAR_OK && k < 1000; k++) {
            status = try_batch(&kinds[n], n < 2 ? augments : NULL, k);
            assert_true(status == LAR_OK || status == LAR_EMEMORY);
        }
        assert_true(k > 10 && k < 1000);
    }
    lar_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(a_history_makes_the_sample_again),
        cmocka_unit_test(the_case_that_fails_is_named),
        cmocka_unit_test(survives_failed_allocations),
    };
    return cmocka_run_group_tests(tests, cohort_make, cohort_remove);
}
