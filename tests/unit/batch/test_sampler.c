/* Where samples lie and what is in them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "coded_cohort.h"

static float at(const lar_item *item, int64_t c, int64_t i, int64_t j, int64_t k)
{
    return item->channels[c][i + item->size[0] * (j + item->size[1] * k)];
}

/* ---- where ------------------------------------------------------------------------------------
 */

static void every_case_is_met_once_in_an_order_of_its_own(void **state)
{
    (void)state;
    const lar_sample_params p = lar_sample_default(LAR_SAMPLE_VOLUME);
    lar_sampler *s = sampler_of(&p, NULL);
    lar_item item;
    lar_augment_scratch *scratch;
    int orders[8] = { 0 };
    CHECK_OK(lar_augment_scratch_new(&scratch));
    CHECK_OK(lar_item_init(&item, s));
    assert_int_equal(lar_sampler_count(s), CASES);
    for (int64_t epoch = 0; epoch < 8; epoch++) {
        int seen = 0;
        for (int64_t n = 0; n < CASES; n++) {
            CHECK_OK(lar_item_draw(&item, s, epoch, n));
            CHECK_OK(lar_item_make(&item, s, scratch));
            seen |= 1 << item.case_index;
            orders[epoch] = orders[epoch] * CASES + (int)item.case_index;
            assert_true(at(&item, 0, 3, 4, 5) == 50403 + (float)item.case_index / 10);
            assert_true(at(&item, 2, 1, 2, 3) == 7);
        }
        assert_int_equal(seen, 7);
    }
    bool differ = false;
    for (int n = 1; n < 8; n++) differ |= orders[n] != orders[0];
    assert_true(differ);
    lar_item_clear(&item);
    lar_sampler_free(s);
    lar_augment_scratch_free(scratch);
}

/* Voxels are those of the volume there; beyond it, its least value, and 0 of labels. */
static void check_patch(const lar_item *item)
{
    const int64_t *corner = item->box.corner;
    const float base = (float)item->case_index / 10;
    for (int64_t k = 0; k < item->size[2]; k++)
        for (int64_t j = 0; j < item->size[1]; j++)
            for (int64_t i = 0; i < item->size[0]; i++) {
                const int64_t p[3] = { corner[0] + i, corner[1] + j, corner[2] + k };
                bool inside = true;
                for (int a = 0; a < 3; a++) inside &= p[a] >= 0 && p[a] < size[a];
                const float wanted =
                    inside ? (float)(p[0] + 100 * p[1] + 10000 * p[2]) + base : base;
                assert_true(at(item, 0, i, j, k) == wanted);
                assert_true(at(item, 1, i, j, k) == wanted + 0.5f);
                if (!inside) assert_true(at(item, 2, i, j, k) == 0);
            }
}

static void patches_lie_inside_wherever_they_fit(void **state)
{
    (void)state;
    static const int64_t edges[] = { 1, 4, 9, 11, 16 };
    lar_augment_scratch *scratch;
    CHECK_OK(lar_augment_scratch_new(&scratch));
    for (int e = 0; e < 5; e++)
        for (int pick = LAR_PICK_UNIFORM; pick <= LAR_PICK_FOREGROUND; pick++) {
            lar_sample_params p = patch_of(edges[e], pick, NULL);
            lar_item item;
            bool first[3] = { false }, last[3] = { false };
            p.per_case = 300;
            lar_sampler *s = sampler_of(&p, NULL);
            CHECK_OK(lar_item_init(&item, s));
            for (int64_t n = 0; n < lar_sampler_count(s); n++) {
                CHECK_OK(lar_item_draw(&item, s, 0, n));
                for (int a = 0; a < 3; a++) {
                    const int64_t corner = item.box.corner[a], spare = size[a] - edges[e];
                    if (spare < 0)
                        assert_true(corner == -((edges[e] - size[a] + 1) / 2));
                    else
                        assert_true(corner >= 0 && corner <= spare);
                    first[a] |= corner == 0;
                    last[a] |= corner == spare;
                }
                if (n % 50) continue;
                CHECK_OK(lar_item_make(&item, s, scratch));
                check_patch(&item);
            }
            for (int a = 0; a < 3 && pick == LAR_PICK_UNIFORM; a++)
                if (size[a] >= edges[e]) assert_true(first[a] && last[a]);
            lar_item_clear(&item);
            lar_sampler_free(s);
        }
    lar_augment_scratch_free(scratch);
}

/* How often samples of one voxel meet each value of the labels, of `count`. */
static void count_labels(int met[8], lar_sample_params *p, int64_t count)
{
    lar_item item;
    lar_augment_scratch *scratch;
    memset(met, 0, 8 * sizeof *met);
    p->per_case = count / CASES;
    lar_sampler *s = sampler_of(p, NULL);
    CHECK_OK(lar_augment_scratch_new(&scratch));
    CHECK_OK(lar_item_init(&item, s));
    for (int64_t n = 0; n < lar_sampler_count(s); n++) {
        CHECK_OK(lar_item_draw(&item, s, 2, n));
        CHECK_OK(lar_item_make(&item, s, scratch));
        met[(int)item.channels[2][0]]++;
    }
    lar_item_clear(&item);
    lar_augment_scratch_free(scratch);
    lar_sampler_free(s);
}

/* Of 3000 draws; six standard deviations of a count are 165 at most. */
static void picks_are_as_often_as_they_say(void **state)
{
    (void)state;
    int met[8];
    lar_sample_params p = patch_of(1, LAR_PICK_LABELS, "seg");
    count_labels(met, &p, 3000); /* each label as often as the other, though one has one voxel */
    assert_true(met[0] == 0 && abs(met[2] - 1500) < 165 && abs(met[7] - 1500) < 165);
    p = patch_of(1, LAR_PICK_FOREGROUND, "seg"); /* 270 voxels and 1 */
    count_labels(met, &p, 3000);
    assert_true(met[0] == 0 && met[7] < 60);
    p = patch_of(1, LAR_PICK_WEIGHTS, "seg"); /* weights 2 and 7 */
    count_labels(met, &p, 30000);
    assert_true(met[0] == 0 && fabs(met[7] / 30000.0 - 7 / 547.0) < 6 * sqrt(0.0127 / 30000));
    p = patch_of(1, LAR_PICK_LABELS, "seg");
    p.share = 0.25;
    count_labels(met, &p, 3000); /* elsewhere: anywhere, of which a quarter has the label 2 */
    assert_true(abs(met[0] - (int)(2250 * 0.75)) < 180 && abs(met[7] - 375) < 120);
}

static lar_ints list_of(int64_t a, int64_t b, int64_t c)
{
    return (lar_ints){ .count = 3, .at = { a, b, c } };
}

/* Six standard deviations, as above. */
static void labels_are_as_often_as_their_ratios(void **state)
{
    (void)state;
    int met[8];
    lar_sample_params p = patch_of(1, LAR_PICK_LABELS, "seg");
    p.labels = list_of(2, 0, 7);
    count_labels(met, &p, 3000); /* without ratios each alike, and 0 is one of them */
    assert_true(abs(met[0] - 1000) < 156 && abs(met[2] - 1000) < 156 && abs(met[7] - 1000) < 156);
    p.ratios = (lar_reals){ .count = 3, .at = { 3, 1, 0 } };
    count_labels(met, &p, 3000);
    assert_true(abs(met[2] - 2250) < 143 && abs(met[0] - 750) < 143 && met[7] == 0);
    p.labels = list_of(7, 2, 5); /* none has 5, whose share falls to the others */
    p.ratios = (lar_reals){ .count = 3, .at = { 0.3, 0.1, 8 } };
    count_labels(met, &p, 3000);
    assert_true(abs(met[7] - 2250) < 143 && abs(met[2] - 750) < 143 && met[0] == 0);
    p.labels = (lar_ints){ .count = 1, .at = { 2 } };
    p.ratios.count = 0;
    count_labels(met, &p, 300);
    assert_int_equal(met[2], 300);
}

static void labels_that_no_voxel_has_are_an_error(void **state)
{
    (void)state;
    for (int zero = 0; zero < 2; zero++) { /* there is none of 5, or what there is counts nothing */
        lar_sample_params p = patch_of(4, LAR_PICK_LABELS, "seg");
        lar_item item;
        p.labels = (lar_ints){ .count = zero ? 2 : 1, .at = { 5, 7 } };
        if (zero) p.ratios = (lar_reals){ .count = 2, .at = { 1, 0 } };
        lar_sampler *s = sampler_of(&p, NULL);
        CHECK_OK(lar_item_init(&item, s));
        CHECK_FAILS(lar_item_draw(&item, s, 0, 0), LAR_EARGUMENT, "'labels' that are picked: 5\n");
        assert_non_null(strstr(lar_error(), "'seg' of '"));
        lar_item_clear(&item);
        lar_sampler_free(s);
        p.labels = (lar_ints){ .count = 1, .at = { 7 } }; /* there, but not so high */
        p.ratios.count = 0;
        p.range.at[0] = 0.5;
        s = sampler_of(&p, NULL);
        CHECK_OK(lar_item_init(&item, s));
        CHECK_FAILS(lar_item_draw(&item, s, 0, 0), LAR_EARGUMENT, "picked in 'range': 7\n");
        lar_item_clear(&item);
        lar_sampler_free(s);
    }
}

/* Along x from 3 to 8, of 12. */
static void middles_of_patches_stay_in_their_range(void **state)
{
    (void)state;
    for (int pick = LAR_PICK_UNIFORM; pick <= LAR_PICK_GRID; pick++)
        for (int64_t edge = 1; edge <= 8; edge++) {
            lar_sample_params p = patch_of(
                edge, pick, pick == LAR_PICK_WEIGHTS || pick == LAR_PICK_LABELS ? "seg" : NULL);
            lar_item item;
            int met[12] = { 0 }, covered[12] = { 0 };
            p.axis = 0;
            p.range = (lar_reals){ .count = 2, .at = { 0.25, pick == LAR_PICK_LABELS ? 1 : 0.75 } };
            const int64_t end = pick == LAR_PICK_LABELS ? 12 : 9;
            if (pick != LAR_PICK_GRID) p.per_case = 200;
            lar_sampler *s = sampler_of(&p, NULL);
            CHECK_OK(lar_item_init(&item, s));
            for (int64_t n = 0; n < lar_sampler_count(s); n++) {
                CHECK_OK(lar_item_draw(&item, s, 0, n));
                const int64_t begin = item.box.corner[0], middle = begin + edge / 2;
                assert_true(begin >= 0 && begin + edge <= 12);
                if (begin > 0 && begin + edge < 12) assert_true(middle >= 3 && middle < end);
                met[middle]++;
                for (int64_t i = begin; i < begin + edge; i++) covered[i]++;
            }
            if (pick == LAR_PICK_UNIFORM) /* each of six as often */
                for (int64_t i = 3; i < 9 && edge == 1; i++) assert_true(abs(met[i] - 100) < 55);
            if (pick == LAR_PICK_LABELS && edge == 1)
                assert_int_equal(met[9] + met[10] + met[11], 600);
            for (int64_t i = 0; i < 12 && pick == LAR_PICK_GRID && edge <= 6; i++)
                assert_true((covered[i] > 0) == (i >= 3 && i < 9));
            lar_item_clear(&item);
            lar_sampler_free(s);
        }
}

/* Above the mean of the input: the upper half of the volume, each voxel as often as another. */
static void foreground_is_even(void **state)
{
    (void)state;
    lar_sample_params p = patch_of(1, LAR_PICK_FOREGROUND, NULL);
    int planes[9] = { 0 };
    lar_item item;
    p.per_case = 2000;
    lar_sampler *s = sampler_of(&p, NULL);
    CHECK_OK(lar_item_init(&item, s));
    for (int64_t n = 0; n < lar_sampler_count(s); n++) {
        CHECK_OK(lar_item_draw(&item, s, 0, n));
        planes[item.box.corner[2]]++;
    }
    assert_true(planes[0] == 0 && planes[3] == 0);
    /* the mean lies in the middle of plane 4, of which half is above it: 54 of 534 voxels */
    for (int k = 5; k < 9; k++) assert_true(fabs(planes[k] - 6000 * 120 / 540.0) < 200);
    assert_true(fabs(planes[4] - 6000 * 60 / 540.0) < 150);
    lar_item_clear(&item);
    lar_sampler_free(s);
}

static void epochs_have_places_of_their_own(void **state)
{
    (void)state;
    lar_sample_params p = patch_of(2, LAR_PICK_UNIFORM, NULL);
    lar_sampler *s = sampler_of(&p, NULL);
    lar_item item;
    int64_t corners[2][CASES * 4][3];
    CHECK_OK(lar_item_init(&item, s));
    for (int epoch = 0; epoch < 2; epoch++)
        for (int64_t n = 0; n < CASES * 4; n++) {
            CHECK_OK(lar_item_draw(&item, s, epoch, n));
            memcpy(corners[epoch][item.number], item.box.corner, sizeof item.box.corner);
        }
    int same = 0;
    for (int n = 0; n < CASES * 4; n++)
        same += memcmp(corners[0][n], corners[1][n], sizeof corners[0][n]) == 0;
    assert_true(same < 3);
    lar_item_clear(&item);
    lar_sampler_free(s);
}

static void a_grid_covers_everything(void **state)
{
    (void)state;
    for (int overlap = 0; overlap < 2; overlap++) {
        lar_sample_params p = patch_of(5, LAR_PICK_GRID, NULL);
        lar_item item;
        int covered[CASES][12 * 10 * 9] = { { 0 } };
        p.overlap = 0.5 * overlap;
        lar_sampler *s = sampler_of(&p, NULL);
        assert_int_equal(lar_sampler_count(s), CASES * (overlap ? 4 * 3 * 3 : 3 * 2 * 2));
        CHECK_OK(lar_item_init(&item, s));
        for (int64_t n = 0; n < lar_sampler_count(s); n++) {
            CHECK_OK(lar_item_draw(&item, s, 0, n));
            for (int v = 0; v < 125; v++) {
                const int64_t i = item.box.corner[0] + v % 5, j = item.box.corner[1] + v / 5 % 5,
                              k = item.box.corner[2] + v / 25;
                assert_true(i >= 0 && j >= 0 && k >= 0 && i < 12 && j < 10 && k < 9);
                covered[item.case_index][i + 12 * (j + 10 * k)] = 1;
            }
        }
        for (int c = 0; c < CASES; c++)
            for (int n = 0; n < 12 * 10 * 9; n++) assert_true(covered[c][n]);
        lar_item_clear(&item);
        lar_sampler_free(s);
    }
}

static void slices_have_their_neighbours(void **state)
{
    (void)state;
    lar_augment_scratch *scratch;
    CHECK_OK(lar_augment_scratch_new(&scratch));
    for (int axis = 0; axis < 3; axis++) {
        lar_sample_params p = lar_sample_default(LAR_SAMPLE_SLICE);
        lar_item item;
        int seen[12] = { 0 };
        const int a = axis == 0 ? 1 : 0, b = axis == 2 ? 1 : 2;
        static const float step[3] = { 1, 100, 10000 };
        p.axis = axis;
        p.neighbours = 1;
        lar_sampler *s = sampler_of(&p, NULL);
        assert_int_equal(lar_sampler_count(s), CASES * size[axis]);
        assert_int_equal(lar_sampler_channels(s), 5);
        CHECK_OK(lar_item_init(&item, s));
        for (int64_t n = 0; n < lar_sampler_count(s); n++) {
            CHECK_OK(lar_item_draw(&item, s, 0, n));
            CHECK_OK(lar_item_make(&item, s, scratch));
            const int64_t slice = item.box.corner[axis] + 1;
            seen[slice]++;
            assert_true(item.size[0] == size[a] && item.size[1] == size[b] && item.size[2] == 1);
            const float base = (float)item.case_index / 10 + 3 * step[a] + 2 * step[b];
            for (int c = 0; c < 3; c++) { /* the input: one slice before, this, one after */
                const int64_t where = slice + c - 1;
                const bool inside = where >= 0 && where < size[axis];
                assert_true(at(&item, c, 3, 2, 0) == (inside ? base + (float)where * step[axis]
                                                             : (float)item.case_index / 10));
            }
            assert_true(at(&item, 3, 3, 2, 0) == base + (float)slice * step[axis] + 0.5f);
            lar_grid grid;
            lar_item_grid(&grid, &item);
            const lar_affine *m = &grid.to_world;
            double world[3];
            for (int r = 0; r < 3; r++) world[r] = m->m[r][0] * 3 + m->m[r][1] * 2 + m->m[r][3];
            assert_true(world[a] == 3 && world[b] == 2 && world[axis] == (double)slice);
        }
        for (int64_t n = 0; n < size[axis]; n++) assert_int_equal(seen[n], CASES);
        lar_item_clear(&item);
        lar_sampler_free(s);
    }
    lar_augment_scratch_free(scratch);
}

static void a_range_of_slices_is_kept(void **state)
{
    (void)state;
    for (int pick = LAR_PICK_UNIFORM; pick <= LAR_PICK_GRID; pick++) {
        lar_sample_params p = lar_sample_default(LAR_SAMPLE_SLICE);
        lar_item item;
        p.range = (lar_reals){ .count = 2, .at = { 0.2, 0.8 } };
        p.pick = pick;
        if (pick == LAR_PICK_LABELS || pick == LAR_PICK_WEIGHTS) p.of = "seg";
        lar_sampler *s = sampler_of(&p, NULL);
        CHECK_OK(lar_item_init(&item, s));
        for (int64_t n = 0; n < lar_sampler_count(s); n++) {
            CHECK_OK(lar_item_draw(&item, s, 0, n)); /* of 9: floor(1.8) to ceil(7.2) - 1 */
            assert_true(item.box.corner[2] >= 1 && item.box.corner[2] <= 7);
        }
        lar_item_clear(&item);
        lar_sampler_free(s);
    }
}

/* ---- bad input ----------------------------------------------------------------------------------
 */

static void what_cannot_be_asked_for(void **state)
{
    (void)state;
    lar_sample_params p = patch_of(4, LAR_PICK_LABELS, NULL);
    CHECK_FAILS(lar_sample_check(&p, cohort.specs, IMAGES), LAR_EARGUMENT, "needs 'of'");
    p.of = "t1";
    CHECK_FAILS(lar_sample_check(&p, cohort.specs, IMAGES), LAR_EARGUMENT, "has the role input");
    p.of = "t9";
    CHECK_FAILS(lar_sample_check(&p, cohort.specs, IMAGES), LAR_EARGUMENT, "no image 't9'");
    p = patch_of(4, LAR_PICK_GRID, "seg");
    CHECK_FAILS(lar_sample_check(&p, cohort.specs, IMAGES), LAR_EARGUMENT, "says nothing to");
    p.of = NULL;
    p.per_case = 3;
    CHECK_FAILS(lar_sample_check(&p, cohort.specs, IMAGES), LAR_EARGUMENT, "'per_case' says");
    p = patch_of(4, LAR_PICK_FOREGROUND, "seg");
    p.labels = list_of(1, 2, 3);
    CHECK_FAILS(lar_sample_check(&p, cohort.specs, IMAGES), LAR_EARGUMENT, "'labels' says nothing");
    p.pick = LAR_PICK_LABELS;
    p.ratios = (lar_reals){ .count = 2, .at = { 1, 1 } };
    CHECK_FAILS(lar_sample_check(&p, cohort.specs, IMAGES), LAR_EARGUMENT,
                "go in pairs, but there");
    p.ratios = (lar_reals){ .count = 3, .at = { 0, 0, 0 } };
    CHECK_FAILS(lar_sample_check(&p, cohort.specs, IMAGES), LAR_EARGUMENT, "are all 0");
    p.labels = list_of(1, 2, 1);
    CHECK_FAILS(lar_sample_check(&p, cohort.specs, IMAGES), LAR_EARGUMENT, "has 1 twice");
    p.labels.count = 0;
    CHECK_FAILS(lar_sample_check(&p, cohort.specs, IMAGES), LAR_EARGUMENT,
                "go in pairs, but there");
    p = patch_of(4, LAR_PICK_UNIFORM, NULL);
    p.range.at[1] = 0;
    CHECK_FAILS(lar_sample_check(&p, cohort.specs, IMAGES), LAR_EARGUMENT, "the smaller one first");
    p = patch_of(4, LAR_PICK_UNIFORM, NULL);
    p.size = (lar_ints){ .count = 2, .at = { 4, 4 } };
    CHECK_FAILS(lar_sample_check(&p, cohort.specs, IMAGES), LAR_EARGUMENT, "one number or three");
    p = lar_sample_default(LAR_SAMPLE_SLICE);
    p.range = (lar_reals){ .count = 2, .at = { 0.8, 0.2 } };
    CHECK_FAILS(lar_sample_check(&p, cohort.specs, IMAGES), LAR_EARGUMENT, "the smaller one first");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_is_met_once_in_an_order_of_its_own),
        cmocka_unit_test(patches_lie_inside_wherever_they_fit),
        cmocka_unit_test(picks_are_as_often_as_they_say),
        cmocka_unit_test(labels_are_as_often_as_their_ratios),
        cmocka_unit_test(labels_that_no_voxel_has_are_an_error),
        cmocka_unit_test(middles_of_patches_stay_in_their_range),
        cmocka_unit_test(foreground_is_even),
        cmocka_unit_test(epochs_have_places_of_their_own),
        cmocka_unit_test(a_grid_covers_everything),
        cmocka_unit_test(slices_have_their_neighbours),
        cmocka_unit_test(a_range_of_slices_is_kept),
        cmocka_unit_test(what_cannot_be_asked_for),
    };
    return cmocka_run_group_tests(tests, cohort_make, cohort_remove);
}
