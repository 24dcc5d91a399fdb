/* What is drawn, over thousands of samples, against its definition; and settings that are refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include "points.h"

static const int64_t size[3] = { 8, 8, 8 };
static const double spacing_mm[3] = { 1, 1, 1 };
enum { DRAWS = 8000 };

/* Draws of a uniform law: ends, mean and deviation, to four standard errors; and that no two of
 * them follow each other. */
static void check_uniform(samples *s, const char *name, double low, double high)
{
    const char *const *names = s->steps[0].kind->names;
    double sum = 0, squares = 0, product = 0, last = 0, least = INFINITY, most = -INFINITY;
    int value = 0;
    while (!lar_text_is(names[value], name)) value++;
    const double middle = (low + high) / 2, std = (high - low) / sqrt(12);
    for (int64_t sample = 0; sample < DRAWS; sample++) {
        lar_augment_draw(&s->history, &s->list, 11, 2, sample);
        assert_int_equal(s->history.count, 1);
        const double x = s->drawn[0].values[value] - middle;
        sum += x;
        squares += x * x;
        product += x * last;
        last = x;
        least = fmin(least, x + middle);
        most = fmax(most, x + middle);
    }
    const double error = 4 / sqrt(DRAWS);
    CHECK_NEAR(sum / DRAWS, 0, error * std);
    CHECK_NEAR(squares / DRAWS, std * std, error * std * std * 0.9);
    CHECK_NEAR(product / DRAWS, 0, error * std * std);
    assert_true(least >= low && most <= high);
    assert_true(least < low + 0.01 * (high - low) && most > high - 0.01 * (high - low));
}

static const struct {
    const char *name, *key, *given, *value;
    double low, high;
} uniform[] = {
    { "affine", "scale", "0.8 1.3", "scale_y", 0.8, 1.3 },
    { "affine", "scale", "0.8 1 1 1.1 1.2 1.5", "scale_z", 1.2, 1.5 },
    { "affine", "degrees", "10", "degrees_x", -10, 10 },
    { "affine", "degrees", "5 10 20", "degrees_z", -20, 20 },
    { "affine", "degrees", "3 9", "degrees_y", 3, 9 },
    { "affine", "translation", "7", "translation_x", -7, 7 },
    { "affine", "shear", "0.2", "shear_yz", -0.2, 0.2 },
    { "crop", "keep", "0.5 1", "keep_x", 0.5, 1 },
    { "crop", "keep", "0.5", "at_z", 0, 1 },
    { "anisotropy", "downsampling", "1.5 5", "downsampling", 1.5, 5 },
    { "anisotropy", "axes", "z", "offset", 0, 1 },
    { "motion", "degrees", "10", "degrees_x_2", -10, 10 },
    { "motion", "translation", "2 3", "translation_z_1", 2, 3 },
    { "motion", "transforms", "1", "time_1", 0.25, 0.75 },
    { "ghosting", "intensity", "0.5 1", "intensity", 0.5, 1 },
    { "spike", "intensity", "1 3", "intensity", 1, 3 },
    { "gibbs", "alpha", "0.1 0.5", "alpha_x", 0.1, 0.5 },
    { "gibbs", "alpha", "0.1 0.5 0 0.1 0.2 0.6", "alpha_z", 0.2, 0.6 },
    { "bias", "coefficients", "0.5", "xyz", -0.5, 0.5 },
    { "blur", "std", "0 2", "std_y", 0, 2 },
    { "sharpen", "std", "0.6 1", "std", 0.6, 1 },
    { "sharpen", "again", "0.2 0.5", "again", 0.2, 0.5 },
    { "sharpen", "alpha", "10 30", "alpha", 10, 30 },
    { "noise", "std", "0 0.25", "std", 0, 0.25 },
    { "noise", "mean", "0.1", "mean", -0.1, 0.1 },
    { "noise", "rician", "yes", "seed", 0, 0x1p48 },
    { "gamma", "log-gamma", "0.3", "log_gamma", -0.3, 0.3 },
    { "contrast", "factor", "0.75 1.25", "factor", 0.75, 1.25 },
    { "brightness", "factor", "0.75 1.25", "factor", 0.75, 1.25 },
    { "brightness", "shift", "0.5", "shift", -0.5, 0.5 },
    { "histogram_shift", "control-points", "3", "at_1", 0, 1 },
};

static void ranges_are_drawn_evenly(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof uniform / sizeof *uniform; n++) {
        samples s;
        samples_init(&s, size, spacing_mm);
        ADD(&s, uniform[n].name, uniform[n].key, uniform[n].given);
        check_uniform(&s, uniform[n].value, uniform[n].low, uniform[n].high);
        samples_clear(&s);
    }
    /* every range of every kind has a row; elastic's displacement has a test of its own */
    for (int k = 0; lar_augment_kinds[k]; k++)
        for (const lar_param *p = lar_augment_kinds[k]->table; p->name; p++) {
            bool has_row = p->kind != LAR_KIND_REALS || lar_text_is(p->name, "max-displacement");
            for (size_t n = 0; n < sizeof uniform / sizeof *uniform; n++)
                has_row |= lar_text_is(uniform[n].name, lar_augment_kinds[k]->name) &&
                           lar_text_is(uniform[n].key, p->name);
            if (!has_row) fail_msg("'%s' of '%s' has no row", p->name, lar_augment_kinds[k]->name);
        }
}

/* The share of samples with a value, to four standard errors. */
static double share_of(samples *s, int value, double equal)
{
    int64_t count = 0;
    for (int64_t sample = 0; sample < DRAWS; sample++) {
        lar_augment_draw(&s->history, &s->list, 12, 0, sample);
        count += s->history.count > 0 && (value < 0 || s->drawn[0].values[value] == equal);
    }
    return (double)count / DRAWS;
}
#define CHECK_SHARE(s, value, equal, right)                                                        \
    CHECK_NEAR(share_of(s, value, equal), right, 4 * sqrt((right) * (1 - (right)) / DRAWS) + 1e-9)

static void chances_and_choices(void **state)
{
    (void)state;
    samples s;
    samples_init(&s, size, spacing_mm);
    ADD_PLAIN(&s, "flip");
    CHECK_SHARE(&s, 0, 1, 0.5);
    CHECK_SHARE(&s, 1, 0, 1.0); /* y is not asked for */
    static const double chances[] = { 0, 0.1, 0.8, 1 };
    for (int n = 0; n < 4; n++) {
        s.steps[0].chance = chances[n];
        CHECK_SHARE(&s, -1, 0, chances[n]);
    }
    samples_clear(&s);
    samples_init(&s, size, spacing_mm);
    ADD(&s, "ghosting", "axes", "xz", "ghosts", "4 7");
    CHECK_SHARE(&s, 0, 0, 0.5);
    CHECK_SHARE(&s, 0, 1, 0.0);
    CHECK_SHARE(&s, 0, 2, 0.5);
    for (int ghosts = 4; ghosts <= 7; ghosts++) CHECK_SHARE(&s, 1, ghosts, 0.25);
    samples_clear(&s);
    samples_init(&s, size, spacing_mm);
    ADD(&s, "affine", "isotropic", "yes");
    for (int64_t sample = 0; sample < 100; sample++) {
        lar_augment_draw(&s.history, &s.list, 12, 0, sample);
        assert_true(s.drawn[0].values[0] == s.drawn[0].values[1] &&
                    s.drawn[0].values[0] == s.drawn[0].values[2]);
    }
    samples_clear(&s);
}

/* Whole numbers from low to high, each as often. */
static const struct {
    const char *name, *key, *given, *value;
    int low, high;
} whole[] = {
    { "quarter_turn", "turns", "1 3", "turns", 1, 3 },
    { "ghosting", "ghosts", "4 7", "ghosts", 4, 7 },
    { "spike", "spikes", "1 4", "spikes", 1, 4 },
    { "histogram_shift", "control-points", "5 8", "points", 5, 8 },
    { "cutout", "holes", "2 4", "holes", 2, 4 },
    { "quarter_turn", "axes", "xyz", "axis", 0, 2 },
    { "anisotropy", "axes", "yx", "axis", 0, 1 },
    { "motion", "axes", "yz", "axis", 1, 2 },
    { "ghosting", "axes", "xyz", "axis", 0, 2 },
};

static void whole_numbers_are_as_often(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof whole / sizeof *whole; n++) {
        samples s;
        int value = 0;
        samples_init(&s, size, spacing_mm);
        ADD(&s, whole[n].name, whole[n].key, whole[n].given);
        while (!lar_text_is(s.steps[0].kind->names[value], whole[n].value)) value++;
        for (int v = whole[n].low; v <= whole[n].high; v++)
            CHECK_SHARE(&s, value, v, 1.0 / (whole[n].high - whole[n].low + 1));
        samples_clear(&s);
    }
}

/* Curves rise, and points are drawn between their neighbours as MONAI's. */
static void curves_rise(void **state)
{
    (void)state;
    samples s;
    samples_init(&s, size, spacing_mm);
    ADD(&s, "histogram_shift", "control-points", "5 16");
    for (int64_t sample = 0; sample < DRAWS; sample++) {
        lar_augment_draw(&s.history, &s.list, 13, 0, sample);
        const int points = (int)s.drawn[0].values[0];
        double before = 0;
        assert_true(points >= 5 && points <= 16);
        for (int n = 1; n < points - 1; n++) {
            assert_true(s.drawn[0].values[n] > before);
            assert_true(s.drawn[0].values[n] < (double)(n + 1) / (points - 1));
            before = s.drawn[0].values[n];
        }
    }
    samples_clear(&s);
}

/* Control points of the elastic field, seen through the displacement in the middle of a sample of
 * 4 x 4 x 4 points: mean 0, variance that of a uniform law times the squares of the weights. */
static void bends_have_the_variance_of_their_draws(void **state)
{
    (void)state;
    static const int64_t wide[3] = { 65, 65, 65 };
    samples s;
    double sum[3] = { 0 }, squares[3] = { 0 };
    const lar_sample_box box = box_at(0, 0, 0, 65);
    samples_init(&s, wide, spacing_mm);
    ADD(&s, "elastic", "control-points", "4", "locked-borders", "0", "max-displacement", "3 4 5");
    for (int64_t sample = 0; sample < DRAWS; sample++) {
        double at[1][3] = { { 32, 32, 32 } };
        lar_augment_draw(&s.history, &s.list, 14, 0, sample);
        come_from(at, 1, &s, &box);
        for (int a = 0; a < 3; a++) {
            sum[a] += at[0][a] - 32;
            squares[a] += pow(at[0][a] - 32, 2);
        }
    }
    const double line =
        2 * (23.0 / 48 * 23 / 48 + 1.0 / 48 / 48); /* weights at one half, squared */
    for (int a = 0; a < 3; a++) {
        const double variance = pow(3 + a, 2) / 3 * pow(line, 3);
        CHECK_NEAR(sum[a] / DRAWS, 0, 4 * sqrt(variance / DRAWS));
        CHECK_NEAR(squares[a] / DRAWS, variance, 4 * variance * sqrt(2.0 / DRAWS));
    }
    samples_clear(&s);
}

/* ---- settings ---------------------------------------------------------------------------- */

static const struct {
    const char *name, *key, *given, *says;
} wrong[] = {
    { "flip", "axes", "", "'axes' names no axes with ''" },
    { "flip", "axes", "xx", "'axes' names no axes with 'xx'" },
    { "flip", "axes", "left", "try x, xy" },
    { "quarter_turn", "axes", "a", "'axes'" },
    { "quarter_turn", "turns", "3 1", "'turns' goes" },
    { "gibbs", "alpha", "0.5 0.1", "'alpha' goes" },
    { "sharpen", "std", "2 1", "'std' goes" },
    { "sharpen", "again", "2 1", "'again' goes" },
    { "sharpen", "alpha", "2 1", "'alpha' goes" },
    { "affine", "scale", "1.1 0.9", "'scale' goes from 1.1 down to 0.9: the low end comes first" },
    { "affine", "scale", "1.1 0.9", "try [0.9, 1.1]" },
    { "affine", "degrees", "1 2 3 4", "'degrees' has 4 numbers" },
    { "affine", "degrees", "0 1 0 1 5 3", "'degrees' goes from 5 down to 3" },
    { "affine", "translation", "5 -5", "'translation' goes from 5" },
    { "affine", "shear", "0.1 0.2 0.3", "'shear' has 3 numbers" },
    { "elastic", "control-points", "7 7", "'control_points' has 2 numbers" },
    { "elastic", "control-points", "4", "5 or more" },
    { "elastic", "max-displacement", "1 2", "'max_displacement' has 2 numbers" },
    { "crop", "keep", "1 0.5", "'keep' goes" },
    { "anisotropy", "axes", "w", "'axes'" },
    { "anisotropy", "downsampling", "5 2", "'downsampling' goes" },
    { "motion", "degrees", "5 2", "'degrees' goes" },
    { "motion", "translation", "5 2", "'translation' goes" },
    { "motion", "axes", "xyzx", "'axes'" },
    { "ghosting", "ghosts", "9 4", "'ghosts' goes from 9 down to 4" },
    { "ghosting", "ghosts", "4 5 6", "'ghosts' has 3 numbers" },
    { "ghosting", "intensity", "1 0.5", "'intensity' goes" },
    { "spike", "spikes", "2 1", "'spikes' goes" },
    { "spike", "intensity", "2 1", "'intensity' goes" },
    { "bias", "coefficients", "2 1", "'coefficients' goes" },
    { "blur", "std", "2 1", "'std' goes" },
    { "noise", "std", "2 1", "'std' goes" },
    { "noise", "mean", "2 1", "'mean' goes" },
    { "gamma", "log-gamma", "2 1", "'log_gamma' goes" },
    { "contrast", "factor", "2 1", "'factor' goes" },
    { "brightness", "factor", "2 1", "'factor' goes" },
    { "brightness", "shift", "2 1", "'shift' goes" },
    { "histogram_shift", "control-points", "9 4", "'control_points' goes" },
    { "swap", "patch-size", "9 4", "'patch_size' has 2 numbers" },
    { "cutout", "holes", "3 2", "'holes' goes" },
    { "cutout", "size", "9 4", "'size' goes from 9 down to 4" },
};

static void settings_that_cannot_be_meant_are_refused(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof wrong / sizeof *wrong; n++) {
        samples s;
        samples_init(&s, size, spacing_mm);
        const lar_augment_kind *kind = lar_augment_find(wrong[n].name);
        CHECK_OK(lar_augment_init(&s.steps[0], kind, s.arena));
        s.list.count = 1;
        CHECK_OK(lar_augment_check(&s.list, 0)); /* the defaults are fine */
        CHECK_OK(lar_param_set(lar_param_find(kind->table, wrong[n].key), s.steps[0].params,
                               wrong[n].given, wrong[n].key, s.arena));
        CHECK_FAILS(lar_augment_check(&s.list, 0), LAR_EARGUMENT, wrong[n].says);
        samples_clear(&s);
    }
    /* every kind that has a check has a row */
    for (int k = 0; lar_augment_kinds[k]; k++) {
        bool has_row = !lar_augment_kinds[k]->check;
        for (size_t n = 0; n < sizeof wrong / sizeof *wrong; n++)
            has_row = has_row || lar_text_is(wrong[n].name, lar_augment_kinds[k]->name);
        if (!has_row) fail_msg("no wrong setting of '%s'", lar_augment_kinds[k]->name);
    }
}

static void some_stand_once_in_a_list(void **state)
{
    (void)state;
    samples s;
    samples_init(&s, size, spacing_mm);
    ADD_PLAIN(&s, "noise");
    ADD_PLAIN(&s, "elastic");
    ADD_PLAIN(&s, "noise");
    CHECK_OK(lar_augment_init(&s.steps[3], lar_augment_find("elastic"), s.arena));
    s.list.count = 4;
    CHECK_FAILS(lar_augment_check(&s.list, 3), LAR_EARGUMENT,
                "'elastic' stands in the list a second time");
    samples_clear(&s);
}

/* Every table: names that are unique, defaults that it takes itself, numbers that fit. */
static void tables_are_sound(void **state)
{
    (void)state;
    lar_arena *arena;
    CHECK_OK(lar_arena_new(&arena));
    for (int k = 0; lar_augment_kinds[k]; k++) {
        const lar_augment_kind *kind = lar_augment_kinds[k];
        int count = 0;
        while (kind->names[count]) count++;
        assert_true(count > 0 && count <= LAR_DRAWN_MAX);
        assert_true(lar_augment_find(kind->name) == kind);
        assert_true((kind->place != NULL) == kind->spatial &&
                    (kind->change != NULL) != kind->spatial);
        void *params = lar_arena_take(arena, 1, kind->size);
        for (const lar_param *param = kind->table; param->name; param++) {
            CHECK_OK(lar_param_set(param, params, param->fallback, param->name, arena));
            assert_null(lar_param_find(lar_augment_common_table, param->name));
        }
    }
    assert_null(lar_augment_find("spatial"));
    lar_arena_free(arena);
}

/* docs/augment.md: a section of each kind, a row of each key, with the default that the table has.
 */
static void the_manual_has_every_key(void **state)
{
    (void)state;
    char *manual;
    size_t count;
    CHECK_OK(lar_file_read(&manual, &count, TEST_SOURCE "/docs/augment.md", 1 << 20));
    for (int k = 0; lar_augment_kinds[k]; k++) {
        const lar_augment_kind *kind = lar_augment_kinds[k];
        lar_text title = { 0 };
        lar_text_add(&title, "\n### `%s`\n", kind->name);
        const char *section = strstr(manual, lar_text_get(&title));
        if (!section) fail_msg("no section of '%s'", kind->name);
        const char *next = strstr(section + title.length, "\n## ");
        const char *other = strstr(section + title.length, "\n### ");
        if (other && other < next) next = other;
        int rows = -2; /* the head of the table */
        for (const char *at = section; (at = strstr(at, "\n|")) && at < next; at++) rows++;
        for (const lar_param *param = kind->table; param->name; param++, rows--) {
            const char *between = strchr(param->fallback, ' ');
            char key[64];
            lar_text row = { 0 };
            snprintf(key, sizeof key, "%s", param->name);
            for (char *at = key; *at; at++)
                if (*at == '-') *at = '_'; /* as studies have it */
            if (between)
                lar_text_add(&row, "\n| `%s` | [%.*s, %s] | ", key,
                             (int)(between - param->fallback), param->fallback, between + 1);
            else
                lar_text_add(&row, "\n| `%s` | %s | ", key, param->fallback);
            const char *found = strstr(section, lar_text_get(&row));
            if (!found || found > next) fail_msg("%s: no row %s", kind->name, lar_text_get(&row));
            lar_text_clear(&row);
        }
        assert_int_equal(rows, 0);
        lar_text_clear(&title);
    }
    lar_free(manual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_drawn_evenly),
        cmocka_unit_test(chances_and_choices),
        cmocka_unit_test(whole_numbers_are_as_often),
        cmocka_unit_test(curves_rise),
        cmocka_unit_test(bends_have_the_variance_of_their_draws),
        cmocka_unit_test(settings_that_cannot_be_meant_are_refused),
        cmocka_unit_test(some_stand_once_in_a_list),
        cmocka_unit_test(tables_are_sound),
        cmocka_unit_test(the_manual_has_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
