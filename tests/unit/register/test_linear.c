/* Linear registration: laws, and heads whose place is known.
 * SPDX-License-Identifier: Apache-2.0 */
#include "register/register_parts.h"
#include "unit/register/phantoms.h"

static lar_registration *registered(const lar_image *fixed, const lar_image *moving, int kind)
{
    lar_register_params params = lar_register_default();
    lar_registration *out;
    params.kind = kind;
    CHECK_OK(lar_register(&out, fixed, moving, NULL, NULL, NULL, &params));
    return out;
}

/* ---- parts --------------------------------------------------------------------------------- */

static void kinds_of_maps(void **state)
{
    (void)state;
    double p[12], slopes[12][12];
    const double axis[3] = { 0.6, 0, 0.8 };
    const lar_affine base = turned(axis, 40, 3, -2, 5);
    for (int n = 0; n < 12; n++) p[n] = 3 * sin(n + 1.0);
    const lar_affine rigid = lar_linear_move(LAR_REGISTER_RIGID, p, 70);
    CHECK_NEAR(lar_affine_determinant(&rigid), 1, 1e-12);
    for (int a = 0; a < 3; a++) /* orthonormal */
        for (int b = 0; b < 3; b++) {
            double dot = 0;
            for (int r = 0; r < 3; r++) dot += rigid.m[r][a] * rigid.m[r][b];
            CHECK_NEAR(dot, a == b, 1e-12);
        }
    for (int kind = LAR_REGISTER_TRANSLATION; kind <= LAR_REGISTER_AFFINE; kind++) {
        const double none[12] = { 0 };
        const lar_affine still = lar_linear_move(kind, none, 70), id = lar_affine_identity();
        assert_memory_equal(&still, &id, sizeof id);
        lar_linear_slopes(slopes, kind, p, 70, &base);
        for (int n = 0; n < lar_linear_count(kind); n++) {
            double q[12];
            memcpy(q, p, sizeof q);
            q[n] += 1e-5;
            const lar_affine up = lar_linear_move(kind, q, 70);
            q[n] -= 2e-5;
            const lar_affine down = lar_linear_move(kind, q, 70);
            const lar_affine a = lar_affine_chain(&base, &up), b = lar_affine_chain(&base, &down);
            for (int e = 0; e < 12; e++)
                CHECK_NEAR((a.m[e / 4][e % 4] - b.m[e / 4][e % 4]) / 2e-5, slopes[n][e], 1e-7);
        }
    }
}

/* The slope of likeness along each parameter of a map, through sampling, by finite differences. */
static void slope_of_a_match(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(6, 1);
    lar_side fixed, moving;
    lar_register_params params = lar_register_default();
    /* the brain alone: all of it is seen by the other, so that no sample comes or goes */
    CHECK_OK(lar_side_init(&fixed, p->scans[0].image, p->brain, false, "fixed"));
    CHECK_OK(lar_side_init(&moving, p->scans[0].image, NULL, false, "moving"));
    const double axis[3] = { 0.8, 0, 0.6 };
    const lar_affine away = turned(axis, 5, 2, -3, 1);
    const int metrics[] = { LAR_METRIC_MI, LAR_METRIC_NMI, LAR_METRIC_LNCC };
    for (int m = 0; m < 3; m++) {
        lar_level level;
        double slope[12], value, share;
        CHECK_OK(lar_level_init(&level, &fixed, &moving, 6, 100000, metrics[m], &params));
        const lar_affine map = lar_linear_about(&away, &fixed, &moving);
        CHECK_OK(lar_match_value(&value, &share, slope, level.match, &map));
        CHECK_NEAR(share, 1, 0.01);
        for (int e = 0; e < 12; e++) {
            const double step = e % 4 == 3 ? 0.02 : 0.02 / 70; /* mm */
            double up, down;
            lar_affine at = map;
            at.m[e / 4][e % 4] += step;
            CHECK_OK(lar_match_value(&up, NULL, NULL, level.match, &at));
            at.m[e / 4][e % 4] -= 2 * step;
            CHECK_OK(lar_match_value(&down, NULL, NULL, level.match, &at));
            /* between voxels the slope of a linear interpolation jumps */
            CHECK_NEAR((up - down) / (2 * step), slope[e],
                       0.05 * fabs(slope[e]) + (e % 4 == 3 ? 1e-4 : 1e-4 * 70));
        }
        lar_level_clear(&level);
    }
    lar_side_clear(&fixed);
    lar_side_clear(&moving);
    lar_phantom_free(p);
}

/* ---- laws ---------------------------------------------------------------------------------- */

static void a_head_lies_on_itself(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(4, 1);
    const lar_affine none = lar_affine_identity();
    for (int kind = LAR_REGISTER_TRANSLATION; kind <= LAR_REGISTER_AFFINE; kind++) {
        lar_registration *r = registered(p->scans[0].image, p->scans[0].image, kind);
        if (map_distance_mm(&r->affine, &none) > 0.05)
            fail_msg("kind %d: %g mm from itself", kind, map_distance_mm(&r->affine, &none));
        assert_false(r->verdict.doubtful);
        lar_registration_free(r);
    }
    lar_phantom_free(p);
}

static void exchanging_both_inverts(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(4, 2);
    const lar_affine none = lar_affine_identity();
    for (int kind = LAR_REGISTER_RIGID; kind <= LAR_REGISTER_AFFINE; kind++) {
        lar_registration *a = registered(p->scans[0].image, p->scans[1].image, kind);
        lar_registration *b = registered(p->scans[1].image, p->scans[0].image, kind);
        const lar_affine both = lar_affine_chain(&a->affine, &b->affine);
        assert_true(map_distance_mm(&both, &none) < 1e-9);
        lar_registration_free(a);
        lar_registration_free(b);
    }
    lar_phantom_free(p);
}

static void is_where_it_was_put(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(4, 1);
    const lar_affine *truth = &p->scans[1].head_to_world;
    for (int kind = LAR_REGISTER_RIGID; kind <= LAR_REGISTER_AFFINE; kind++) {
        lar_registration *r = registered(p->scans[0].image, p->scans[1].image, kind);
        const double error = map_distance_mm(&r->affine, truth);
        if (error > (kind == LAR_REGISTER_RIGID ? 0.3 : 0.6))
            fail_msg("kind %d: %g mm from where it is", kind, error);
        assert_false(r->verdict.doubtful);
        assert_true(r->verdict.metric_after > r->verdict.metric_before);
        assert_true(r->verdict.overlap > 0.9);
        CHECK_NEAR(r->verdict.determinant, 1, kind == LAR_REGISTER_RIGID ? 1e-9 : 0.02);
        assert_true(r->verdict.jacobian[0] == 1 && !r->field && isnan(r->verdict.consistency_mm));
        lar_registration_free(r);
    }
    lar_phantom_free(p);
}

static void by_any_likeness(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(4, 1);
    const lar_affine *truth = &p->scans[1].head_to_world;
    const int metrics[] = { LAR_METRIC_NMI, LAR_METRIC_LNCC };
    for (int m = 0; m < 2; m++) {
        lar_register_params params = lar_register_default();
        lar_registration *r;
        params.kind = LAR_REGISTER_RIGID;
        params.metric = metrics[m];
        params.radius_mm = 8;
        CHECK_OK(lar_register(&r, p->scans[0].image, p->scans[1].image, NULL, NULL, NULL, &params));
        const double error = map_distance_mm(&r->affine, truth);
        if (error > 0.5) fail_msg("metric %d: %g mm from where it is", metrics[m], error);
        lar_registration_free(r);
    }
    lar_phantom_free(p);
}

static void scale_is_found(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(4, 1);
    lar_affine larger = lar_affine_identity();
    for (int r = 0; r < 3; r++) larger.m[r][r] = 1.08;
    lar_image *moving = moved_by(p->scans[1].image, &larger);
    const lar_affine truth = lar_affine_chain(&p->scans[1].head_to_world, &larger);
    lar_registration *r = registered(p->scans[0].image, moving, LAR_REGISTER_SIMILARITY);
    assert_true(map_distance_mm(&r->affine, &truth) < 0.5);
    for (int a = 0; a < 3; a++) CHECK_NEAR(r->verdict.scale[a], 1.08, 0.005);
    lar_registration_free(r);
    lar_image_free(moving);
    lar_phantom_free(p);
}

/* Far away, turned by a right angle, the neck cut off. */
static void hard_starts(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(4, 3);
    const double axes[4][3] = { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 }, { 0.6, -0.64, 0.48 } };
    for (int n = 0; n < 4; n++) {
        const lar_affine away = turned(axes[n], n % 2 ? -88 : 88, n == 1 ? 90 : -60, 40, -50);
        const int64_t height = p->scans[1].image->grid.size[2];
        const int64_t first[3] = { 0, 0, n == 2 ? height / 3 : 0 };
        const int64_t size[3] = { p->scans[1].image->grid.size[0],
                                  p->scans[1].image->grid.size[1] * (n == 3 ? 4 : 5) / 5,
                                  height - first[2] };
        lar_image *part;
        CHECK_OK(lar_image_box(&part, p->scans[1].image, first, size));
        lar_image *moving = moved_by(part, &away);
        const lar_affine truth = lar_affine_chain(&p->scans[1].head_to_world, &away);
        lar_registration *r = registered(p->scans[0].image, moving, LAR_REGISTER_RIGID);
        const double error = map_distance_mm(&r->affine, &truth);
        if (error > 1) fail_msg("start %d: %g mm from where it is", n, error);
        assert_false(r->verdict.doubtful);
        lar_registration_free(r);
        lar_image_free(moving);
        lar_image_free(part);
    }
    lar_phantom_free(p);
}

static void same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(4, 1);
    lar_affine maps[2];
    lar_register_verdict verdicts[2];
    for (int t = 0; t < 2; t++) {
        lar_threads_set(t ? 3 : 1);
        lar_registration *r = registered(p->scans[0].image, p->scans[1].image, LAR_REGISTER_AFFINE);
        maps[t] = r->affine;
        verdicts[t] = r->verdict;
        lar_registration_free(r);
    }
    lar_threads_set(0);
    assert_memory_equal(&maps[0], &maps[1], sizeof maps[0]);
    assert_true(verdicts[0].sharpness == verdicts[1].sharpness);
    lar_phantom_free(p);
}

/* How a file orders its voxels is nobody's business; nor is the unit of its values. */
static void order_and_units_of_voxels_do_not_matter(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(5, 1);
    const int axis[3] = { 2, 0, 1 };
    const bool flipped[3] = { true, false, false }; /* a left-handed header */
    lar_image *view, *floats;
    CHECK_OK(lar_image_to_axes(&view, p->scans[1].image, axis, flipped));
    CHECK_OK(lar_image_to_type(&floats, p->scans[1].image, LAR_F32));
    float *values = floats->voxels;
    for (int64_t n = 0; n < lar_image_voxel_count(floats); n++) values[n] *= 0.01F;
    lar_registration *a = registered(p->scans[0].image, p->scans[1].image, LAR_REGISTER_RIGID);
    lar_registration *b = registered(p->scans[0].image, view, LAR_REGISTER_RIGID);
    lar_registration *c = registered(p->scans[0].image, floats, LAR_REGISTER_RIGID);
    assert_true(map_distance_mm(&a->affine, &b->affine) < 1e-6);
    assert_true(map_distance_mm(&a->affine, &c->affine) < 0.02); /* rounding of the scaled values */
    lar_registration_free(a);
    lar_registration_free(b);
    lar_registration_free(c);
    lar_image_free(floats);
    lar_image_free(view);
    lar_phantom_free(p);
}

static void begins_where_it_is_told(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(4, 1);
    const double axis[3] = { 0, 0, 1 };
    const lar_affine *truth = &p->scans[1].head_to_world;
    const lar_affine near = turned(axis, 3, 2, -3, 1), far = turned(axis, 150, 60, 0, 0);
    const lar_affine begin = lar_affine_chain(truth, &near), lost = lar_affine_chain(truth, &far);
    lar_register_params params = lar_register_default();
    lar_registration *r;
    params.kind = LAR_REGISTER_RIGID;
    CHECK_OK(lar_register(&r, p->scans[0].image, p->scans[1].image, NULL, NULL, &begin, &params));
    assert_true(map_distance_mm(&r->affine, truth) < 0.3);
    assert_false(r->verdict.doubtful);
    lar_registration_free(r);
    /* a start that was given is not left, but what comes of it is doubted */
    CHECK_OK(lar_register(&r, p->scans[0].image, p->scans[1].image, NULL, NULL, &lost, &params));
    assert_true(map_distance_mm(&r->affine, truth) > 10);
    assert_true(r->verdict.doubtful);
    lar_registration_free(r);
    lar_phantom_free(p);
}

static void looks_only_inside_masks(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(4, 1);
    lar_image *spoilt, *mask;
    /* something bright beside the head, larger than it: the mask tells what is meant */
    CHECK_OK(lar_image_to_type(&spoilt, p->scans[0].image, LAR_F32));
    if (!lar_image_writable(spoilt)) {
        lar_image *own;
        CHECK_OK(lar_image_copy(&own, spoilt));
        lar_image_free(spoilt);
        spoilt = own;
    }
    CHECK_OK(lar_foreground(&mask, p->scans[0].image, LAR_FOREGROUND_HEAD));
    float *values = spoilt->voxels;
    const uint8_t *inside = mask->voxels;
    for (int64_t n = 0; n < lar_image_voxel_count(spoilt); n++)
        if (!inside[n]) values[n] = 2000 * (float)lar_random_uniform(1, 0, (uint64_t)n);
    lar_register_params params = lar_register_default();
    lar_registration *r;
    params.kind = LAR_REGISTER_RIGID;
    CHECK_OK(lar_register(&r, spoilt, p->scans[1].image, p->brain, NULL, NULL, &params));
    const double error = map_distance_mm(&r->affine, &p->scans[1].head_to_world);
    if (error > 0.6) fail_msg("with a mask of the fixed image: %g mm", error);
    lar_registration_free(r);
    CHECK_OK(lar_register(&r, p->scans[1].image, spoilt, NULL, p->brain, NULL, &params));
    lar_affine back;
    assert_true(lar_affine_invert(&back, &r->affine));
    assert_true(map_distance_mm(&back, &p->scans[1].head_to_world) < 0.6);
    lar_registration_free(r);
    /* and of both */
    lar_resample_params nearest = lar_resample_default();
    lar_chain *chain;
    lar_image *other;
    nearest.interpolation = LAR_NEAREST;
    nearest.pad = 0;
    CHECK_OK(lar_chain_new(&chain));
    assert_true(lar_affine_invert(&back, &p->scans[1].head_to_world));
    CHECK_OK(lar_chain_add_affine(chain, &back));
    CHECK_OK(lar_resample_through(&other, p->brain, &p->scans[1].image->grid, chain, &nearest));
    CHECK_OK(lar_register(&r, spoilt, p->scans[1].image, p->brain, other, NULL, &params));
    const double both = map_distance_mm(&r->affine, &p->scans[1].head_to_world);
    if (both > 0.6) fail_msg("with masks of both: %g mm", both);
    lar_registration_free(r);
    lar_image_free(other);
    lar_chain_free(chain);
    lar_image_free(mask);
    lar_image_free(spoilt);
    lar_phantom_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_of_maps),
        cmocka_unit_test(slope_of_a_match),
        cmocka_unit_test(a_head_lies_on_itself),
        cmocka_unit_test(exchanging_both_inverts),
        cmocka_unit_test(is_where_it_was_put),
        cmocka_unit_test(by_any_likeness),
        cmocka_unit_test(scale_is_found),
        cmocka_unit_test(hard_starts),
        cmocka_unit_test(same_bits_for_any_number_of_threads),
        cmocka_unit_test(order_and_units_of_voxels_do_not_matter),
        cmocka_unit_test(begins_where_it_is_told),
        cmocka_unit_test(looks_only_inside_masks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
