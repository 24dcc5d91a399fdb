/* Where a sample's voxels come from: as ITK and scipy have it (tests/golden/make_augment.py),
 * markers found again in the world, and nothing that folds. SPDX-License-Identifier: Apache-2.0 */
#include "points.h"

#include "filter/filter.h"

#include <jansson.h>

static const int64_t size[3] = { 30, 26, 22 };
static const double spacing_mm[3] = { 1, 1.25, 2 };

/* The steps that a history names, so that it can be read. */
static void steps_of(samples *s, const json_t *told)
{
    s->list.count = 0;
    for (size_t n = 0; n < json_array_size(told); n++)
        for (int k = 0; lar_augment_kinds[k]; k++)
            if (json_object_get(json_array_get(told, n), lar_augment_kinds[k]->name))
                CHECK_OK(
                    lar_augment_init(&s->steps[s->list.count++], lar_augment_kinds[k], s->arena));
}

typedef struct golden_case {
    lar_sample_box box;
    char name[32];
    double worst, worst_mm;
    int64_t voxels, labels;
} golden_case;

static void begin_case(golden_case *c, samples *s, const char *line)
{
    long long v[7];
    int used = 0;
    *c = (golden_case){ .box = { .across = -1 } };
    assert_int_equal(sscanf(line, "case %31s %lld %lld %lld %lld %lld %lld %lld %n", c->name, &v[0],
                            &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &used),
                     8);
    for (int a = 0; a < 3; a++) {
        c->box.size[a] = v[a];
        c->box.corner[a] = v[3 + a];
    }
    json_t *told = json_loads(line + used, 0, NULL);
    assert_non_null(told);
    steps_of(s, told);
    CHECK_OK(lar_history_from_json(&s->history, told, &s->list, s->arena));
    json_decref(told);
    take_sample(s, &c->box);
}

static void look_at(golden_case *c, samples *s, const char *line)
{
    long long at[3], label;
    double value, place[3], mine[1][3];
    assert_int_equal(sscanf(line, "voxel %lld %lld %lld %lf %lld %lf %lf %lf", &at[0], &at[1],
                            &at[2], &value, &label, &place[0], &place[1], &place[2]),
                     8);
    const int64_t v = (at[2] * c->box.size[1] + at[1]) * c->box.size[0] + at[0];
    for (int a = 0; a < 3; a++) mine[0][a] = (double)at[a];
    come_from(mine, 1, s, &c->box);
    for (int a = 0; a < 3; a++)
        if (!(fabs(mine[0][a] - place[a]) < 1e-6)) /* ITK's splines hold 1e-8 or so */
            fail_msg("%s: voxel %lld %lld %lld comes from %.9g, expected %.9g", c->name, at[0],
                     at[1], at[2], mine[0][a], place[a]);
    if (!(fabs((double)s->out[0][v] - value) < 2e-6))
        fail_msg("%s: voxel %lld %lld %lld is %.9g, expected %.9g", c->name, at[0], at[1], at[2],
                 (double)s->out[0][v], value);
    if ((long long)s->out[2][v] != label)
        fail_msg("%s: voxel %lld %lld %lld has label %g, expected %lld", c->name, at[0], at[1],
                 at[2], (double)s->out[2][v], label);
    c->voxels++;
}

static void places_and_values_are_those_of_itk_and_scipy(void **state)
{
    (void)state;
    samples s;
    golden_case c = { 0 };
    char line[4096];
    int cases = 0;
    samples_init(&s, size, spacing_mm);
    FILE *file = fopen(TEST_SOURCE "/tests/golden/augment.txt", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        if (lar_text_starts(line, "case ")) {
            assert_true(cases == 0 || c.voxels > 60);
            begin_case(&c, &s, line);
            cases++;
        } else if (lar_text_starts(line, "voxel ")) {
            look_at(&c, &s, line);
        }
    }
    fclose(file);
    assert_int_equal(cases, 8);
    samples_clear(&s);
}

/* A blob at a known place of the world lies in the sample where the map says: its middle, weighed
 * by brightness, is found again to a fraction of a voxel. */
static void a_marker_is_found_again(void **state)
{
    (void)state;
    static const double middle[3] = { 15.3, 12.6, 10.8 };
    samples s;
    samples_init(&s, size, spacing_mm);
    float *voxels = s.volumes[0]->voxels;
    for (int64_t v = 0; v < size[0] * size[1] * size[2]; v++) {
        const double i = (double)(v % size[0]), j = (double)(v / size[0] % size[1]);
        const double k = (double)(v / (size[0] * size[1]));
        const double square =
            pow(i - middle[0], 2) + pow((j - middle[1]) * 1.25, 2) + pow((k - middle[2]) * 2, 2);
        voxels[v] = (float)exp(-square / 4);
    }
    s.images[0].outside = 0;
    ADD(&s, "flip", "axes", "xyz");
    ADD(&s, "affine", "degrees", "15", "translation", "2");
    ADD(&s, "elastic", "max-displacement", "1.5", "locked-borders", "1");
    const lar_sample_box box = { .corner = { 3, 2, 1 }, .size = { 25, 22, 20 }, .across = -1 };
    for (int64_t sample = 0; sample < 40; sample++) {
        double sum = 0, found[1][3] = { { 0 } };
        draw_sample(&s, &box, 7, sample);
        for (int64_t v = 0; v < box_count(&box); v++) {
            const int64_t at[3] = { v % box.size[0], v / box.size[0] % box.size[1],
                                    v / (box.size[0] * box.size[1]) };
            sum += (double)s.out[0][v];
            for (int a = 0; a < 3; a++) found[0][a] += (double)s.out[0][v] * (double)at[a];
        }
        for (int a = 0; a < 3; a++) found[0][a] /= sum;
        come_from(found, 1, &s, &box);
        for (int a = 0; a < 3; a++) CHECK_NEAR(found[0][a], middle[a], 0.25);
    }
    samples_clear(&s);
}

/* Without bends the sample's grid says in millimetres what the points say in voxels. */
static void the_grid_is_where_the_points_are(void **state)
{
    (void)state;
    samples s;
    samples_init(&s, size, spacing_mm);
    ADD(&s, "flip", "axes", "xyz");
    ADD(&s, "affine", "degrees", "30", "translation", "5", "shear", "0.2");
    const lar_sample_box box = box_at(-2, 5, 9, 10);
    for (int64_t sample = 0; sample < 10; sample++) {
        lar_grid grid;
        lar_augment_draw(&s.history, &s.list, 7, 0, sample);
        lar_augment_grid(&grid, &s.volumes[0]->grid, &box, &s.history);
        for (int n = 0; n < 8; n++) {
            double at[1][3] = { { n & 1 ? 9 : 0, n & 2 ? 9 : 0, n & 4 ? 9 : 0 } }, by_grid[3],
                   world[3];
            lar_grid_to_world(&grid, at[0], by_grid);
            come_from(at, 1, &s, &box);
            lar_grid_to_world(&s.volumes[0]->grid, at[0], world);
            for (int a = 0; a < 3; a++) CHECK_NEAR(by_grid[a], world[a], 1e-9);
        }
    }
    samples_clear(&s);
}

/* The Jacobian of the bend stays above zero at its largest, in three dimensions and in two. */
static void nothing_folds(void **state)
{
    (void)state;
    static const char *const points[] = { "5", "6", "9", "16" };
    samples s;
    double least = 1;
    for (int p = 0; p < 4; p++)
        for (int flat = 0; flat < 2; flat++) {
            samples_init(&s, size, spacing_mm);
            ADD(&s, "elastic", "control-points", points[p], "max-displacement", "1000",
                "locked-borders", "0");
            lar_sample_box box = box_at(4, 4, 4, 17);
            if (flat) box.size[1] = 1;
            for (int64_t sample = 0; sample < 10; sample++) {
                lar_augment_draw(&s.history, &s.list, 7, 0, sample);
                for (uint64_t n = 0; n < 300; n++) {
                    const double h = 1e-4;
                    double at[6][3], m[3][3];
                    lar_affine jacobian = { { { 0 } } };
                    for (int a = 0; a < 3; a++) {
                        const double middle =
                            (double)(box.size[a] - 1) * lar_random_uniform(1, n, (uint64_t)a);
                        for (int e = 0; e < 6; e++)
                            at[e][a] = middle + (e / 2 == a ? (e % 2 ? h : -h) : 0);
                    }
                    come_from(at, 6, &s, &box);
                    for (int r = 0; r < 3; r++)
                        for (int c = 0; c < 3; c++) {
                            m[r][c] = (at[2 * c + 1][r] - at[2 * c][r]) / (2 * h);
                            jacobian.m[r][c] = m[r][c];
                        }
                    const double determinant = lar_affine_determinant(&jacobian);
                    least = determinant < least ? determinant : least;
                }
            }
            samples_clear(&s);
        }
    assert_true(least > 0);
    assert_true(least < 0.5); /* it does bend */
}

/* Of those that move, a control point behind a locked border weighs 1/6 at the outermost voxels. */
static void locked_borders_hardly_move(void **state)
{
    (void)state;
    static const char *const locked[] = { "0", "1", "2" };
    double last = INFINITY;
    for (int n = 0; n < 3; n++) {
        samples s;
        double moved = 0;
        samples_init(&s, size, spacing_mm);
        ADD(&s, "elastic", "max-displacement", "3", "locked-borders", locked[n]);
        const lar_sample_box box = box_at(3, 3, 3, 15);
        lar_augment_draw(&s.history, &s.list, 3, 0, 0);
        for (int corner = 0; corner < 6; corner++) { /* middles of the sides */
            double at[1][3] = { { 7, 7, 7 } };
            at[0][corner / 2] = corner % 2 ? 14 : 0;
            const double before[3] = { at[0][0] + 3, at[0][1] + 3, at[0][2] + 3 };
            come_from(at, 1, &s, &box);
            for (int a = 0; a < 3; a++) moved += fabs(at[0][a] - before[a]);
        }
        assert_true(moved < last);
        last = moved;
        assert_true(moved > 0);
        if (n == 2) assert_true(moved < 6 * 3 * 3 / 6.0);
        samples_clear(&s);
    }
}

/* A quarter about z takes x to y, in voxels that are there where edges are alike; four are none. */
static void quarters_turn(void **state)
{
    (void)state;
    static const double alike[3] = { 1, 1, 1 };
    samples s;
    samples_init(&s, size, alike);
    ADD(&s, "quarter_turn", "turns", "1");
    const lar_sample_box box = box_at(4, 3, 2, 13);
    draw_sample(&s, &box, 1, 1);
    for (int64_t v = 0; v < box_count(&box); v++) {
        const int64_t i = v % 13, j = v / 13 % 13, k = v / 169;
        const int64_t from = (k * 13 + 12 - i) * 13 + j; /* what was at x = j comes to y = j */
        for (int n = 0; n < 3; n++) assert_true(s.out[n][v] == plain_at(&s, n, &box, from));
    }
    for (int n = 0; n < 3; n++) ADD(&s, "quarter_turn", "turns", "1");
    draw_sample(&s, &box, 1, 1);
    for (int64_t v = 0; v < box_count(&box); v++)
        assert_true(s.out[0][v] == plain_at(&s, 0, &box, v));
    samples_clear(&s);
}

static void crop_keeps_a_box(void **state)
{
    (void)state;
    samples s;
    int64_t edges[17] = { 0 };
    samples_init(&s, size, spacing_mm);
    ADD(&s, "crop", "keep", "0.5 1");
    const lar_sample_box box = box_at(3, 3, 3, 16);
    for (int64_t sample = 0; sample < 400; sample++) {
        int64_t low[3] = { 16, 16, 16 }, high[3] = { -1, -1, -1 }, kept = 0;
        draw_sample(&s, &box, 2, sample);
        for (int64_t v = 0; v < box_count(&box); v++) {
            const int64_t at[3] = { v % 16, v / 16 % 16, v / 256 };
            if (s.out[0][v] == -3.5F) continue; /* no wave is so low */
            assert_true(s.out[0][v] == plain_at(&s, 0, &box, v));
            assert_true(s.out[2][v] == plain_at(&s, 2, &box, v));
            kept++;
            for (int a = 0; a < 3; a++) {
                low[a] = at[a] < low[a] ? at[a] : low[a];
                high[a] = at[a] > high[a] ? at[a] : high[a];
            }
        }
        int64_t product = 1;
        for (int a = 0; a < 3; a++) {
            product *= high[a] - low[a] + 1;
            edges[high[a] - low[a] + 1]++;
        }
        assert_int_equal(kept, product); /* a box, whole */
    }
    for (int n = 0; n < 8; n++) assert_int_equal(edges[n], 0);
    for (int n = 8; n <= 16; n++) assert_true(edges[n] > 20); /* of 1200 */
    samples_clear(&s);
}

static void crop_goes_everywhere(void **state)
{
    (void)state;
    enum { SAMPLES = 3600 };
    samples s;
    int64_t places[3][9] = { { 0 } };
    samples_init(&s, size, spacing_mm);
    ADD(&s, "crop", "keep", "0.5");
    const lar_sample_box box = box_at(3, 3, 3, 16);
    for (int64_t sample = 0; sample < SAMPLES; sample++) {
        draw_sample(&s, &box, 2, sample);
        int64_t v = 0;
        while (s.out[0][v] == -3.5F) v++;
        const int64_t first[3] = { v % 16, v / 16 % 16, v / 256 };
        for (int a = 0; a < 3; a++) {
            assert_true(first[a] <= 8);
            places[a][first[a]]++;
        }
    }
    for (int a = 0; a < 3; a++) /* 400 each, to four standard errors */
        for (int n = 0; n < 9; n++) CHECK_NEAR((double)places[a][n], 400, 4 * 18.9);
    samples_clear(&s);
}

/* The rule of labels where two are as heavy, and where one is a little heavier. */
static void of_equal_labels_the_smaller(void **state)
{
    (void)state;
    samples s;
    samples_init(&s, size, spacing_mm);
    uint8_t *labels = s.volumes[2]->voxels;
    for (int64_t v = 0; v < size[0] * size[1] * size[2]; v++) labels[v] = v % 2 ? 4 : 9;
    const double x[7] = { 10.5, 11.5, 10.5 - 2e-5, 10.5 + 2e-5, 11.5 + 2e-5, 11.5 + 1e-8, -0.6 };
    const double y[7] = { 3, 3, 3, 3, 3, 3, 3 }, z[7] = { 7, 7, 7, 7, 7, 7, 7 };
    const double *const at[3] = { x, y, z };
    const float right[7] = { 4, 4, 9, 4, 9, 4, 77 };
    float out[7];
    lar_label_row(out, s.volumes[2], at, 7, 77);
    for (int n = 0; n < 7; n++) CHECK_NEAR((double)out[n], (double)right[n], 0);
    samples_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_and_values_are_those_of_itk_and_scipy),
        cmocka_unit_test(a_marker_is_found_again),
        cmocka_unit_test(the_grid_is_where_the_points_are),
        cmocka_unit_test(nothing_folds),
        cmocka_unit_test(locked_borders_hardly_move),
        cmocka_unit_test(quarters_turn),
        cmocka_unit_test(crop_keeps_a_box),
        cmocka_unit_test(crop_goes_everywhere),
        cmocka_unit_test(of_equal_labels_the_smaller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
