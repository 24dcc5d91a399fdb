/* Diffeomorphisms: laws, and that they bring two heads nearer to each other.
 * SPDX-License-Identifier: Apache-2.0 */
#include "register/register_parts.h"
#include "unit/register/phantoms.h"

enum { EDGE = 24, COUNT = EDGE * EDGE * EDGE };
static const int64_t edges[3] = { EDGE, EDGE, EDGE };

/* A smooth field of some voxels that vanishes at the border. */
static void make_field(float *field, double size, int seed)
{
    for (int c = 0; c < 3; c++)
        for (int64_t n = 0; n < COUNT; n++) {
            const double x = (double)(n % EDGE) / (EDGE - 1),
                         y = (double)(n / EDGE % EDGE) / (EDGE - 1);
            const double z = (double)(n / (EDGE * EDGE)) / (EDGE - 1);
            const double rim = sin(M_PI * x) * sin(M_PI * y) * sin(M_PI * z);
            field[c * COUNT + n] = (float)(size * rim * sin(3 * x + 2 * y + c + seed));
        }
}

static void a_field_and_its_inverse_cancel(void **state)
{
    (void)state;
    float *u = lar_alloc(3 * COUNT, sizeof *u), *v = lar_alloc(3 * COUNT, sizeof *v);
    float *both = lar_alloc(3 * COUNT, sizeof *both);
    double most = 0;
    make_field(u, 2.5, 1);
    CHECK_OK(lar_bend_invert(v, u, edges));
    CHECK_OK(lar_bend_compose(both, u, v, edges));
    for (int64_t n = 0; n < 3 * COUNT; n++) most = fmax(most, fabs((double)both[n]));
    assert_true(most < 5e-3);
    lar_free(u);
    lar_free(v);
    lar_free(both);
}

static void composing_and_looking(void **state)
{
    (void)state;
    float *u = lar_alloc(3 * COUNT, sizeof *u), *v = lar_alloc(3 * COUNT, sizeof *v);
    float *both = lar_alloc(3 * COUNT, sizeof *both), *none = lar_alloc(3 * COUNT, sizeof *none);
    float *image = lar_alloc(COUNT, sizeof *image), *once = lar_alloc(COUNT, sizeof *once);
    float *twice = lar_alloc(COUNT, sizeof *twice), *between = lar_alloc(COUNT, sizeof *between);
    make_field(u, 1.5, 1);
    make_field(v, 1.5, 5);
    for (int64_t n = 0; n < COUNT; n++) /* linear, so that two interpolations are as one */
        image[n] = (float)(n % EDGE) + 2 * (float)(n / EDGE % EDGE) - (float)(n / (EDGE * EDGE));
    CHECK_OK(lar_bend_compose(both, u, none, edges));
    for (int64_t n = 0; n < 3 * COUNT; n++) CHECK_NEAR((double)both[n], (double)u[n], 1e-5);
    CHECK_OK(lar_bend_compose(both, u, v, edges)); /* v, then u */
    CHECK_OK(lar_bend_image(once, image, both, edges));
    CHECK_OK(lar_bend_image(between, image, u, edges));
    CHECK_OK(lar_bend_image(twice, between, v, edges));
    for (int64_t n = 0; n < COUNT; n++)
        if (!isnan(once[n]) && !isnan(twice[n]))
            CHECK_NEAR((double)once[n], (double)twice[n], 0.06);
    /* beyond the border there is nothing */
    for (int64_t n = 0; n < COUNT; n++) v[n] = 5;
    CHECK_OK(lar_bend_image(once, image, v, edges));
    assert_true(isnan(once[EDGE - 1]));
    lar_free(u);
    lar_free(v);
    lar_free(both);
    lar_free(none);
    lar_free(image);
    lar_free(once);
    lar_free(twice);
    lar_free(between);
}

/* x + (a x, b y + c x, 0): its determinant is (1 + a)(1 + b) everywhere. */
static void jacobian_of_a_linear_field(void **state)
{
    (void)state;
    const double axis[3] = { 0.6, 0, 0.8 };
    lar_grid grid = { .size = { 8, 9, 10 }, .to_world = turned(axis, 30, 4, 5, 6) };
    for (int r = 0; r < 3; r++) grid.to_world.m[r][2] *= 3; /* thick slices */
    lar_image *field, *jacobian;
    CHECK_OK(lar_image_new(&field, &grid, 3, LAR_F32));
    float *at = field->voxels;
    const int64_t count = lar_image_voxel_count(field);
    for (int64_t n = 0; n < count; n++) {
        const double ijk[3] = { (double)(n % 8), (double)(n / 8 % 9), (double)(n / 72) };
        double x[3];
        lar_grid_to_world(&grid, ijk, x);
        at[n] = (float)(0.2 * x[0]);
        at[count + n] = (float)(-0.1 * x[1] + 0.5 * x[0]);
    }
    CHECK_OK(lar_field_jacobian(&jacobian, field));
    for (int64_t n = 0; n < count; n++)
        CHECK_NEAR((double)((float *)jacobian->voxels)[n], 1.2 * 0.9, 1e-4);
    lar_image *none;
    CHECK_FAILS(lar_field_jacobian(&none, jacobian), LAR_EARGUMENT, "3 channels");
    lar_image_free(jacobian);
    lar_image_free(field);
}

/* ---- whole registrations --------------------------------------------------------------------- */

static lar_registration *bent(const lar_image *fixed, const lar_image *moving, int metric)
{
    lar_register_params params = lar_register_default();
    lar_registration *out;
    params.kind = LAR_REGISTER_DEFORMABLE;
    params.bend_metric = metric;
    CHECK_OK(lar_register(&out, fixed, moving, NULL, NULL, NULL, &params));
    return out;
}

/* Mean over the tissues of the phantom, of labels moved by a chain (NULL: not moved). */
static double dice_of(const lar_phantom *fixed, const lar_phantom *moving, const lar_chain *chain)
{
    lar_resample_params nearest = lar_resample_default();
    lar_image *moved;
    double sum = 0;
    int tissues = 0;
    nearest.interpolation = LAR_NEAREST;
    nearest.pad = 0;
    CHECK_OK(lar_resample_through(&moved, moving->labels, &fixed->labels->grid, chain, &nearest));
    const uint8_t *a = fixed->labels->voxels, *b = moved->voxels;
    for (int code = 1; code < LAR_PHANTOM_TISSUES; code++) {
        int64_t both = 0, either = 0;
        for (int64_t n = 0; n < lar_image_voxel_count(moved); n++) {
            both += a[n] == code && b[n] == code;
            either += (a[n] == code) + (b[n] == code);
        }
        if (either < 1000) continue;
        sum += 2 * (double)both / (double)either;
        tissues++;
    }
    lar_image_free(moved);
    return sum / tissues;
}

static double there_and_back_mm(const lar_registration *r, bool largest)
{
    lar_chain *there, *back;
    double most = 0, sum = 0;
    int count = 0;
    CHECK_OK(lar_registration_chain(&there, r, false));
    CHECK_OK(lar_registration_chain(&back, r, true));
    for (int n = 0; n < 1000; n++) {
        double x[1][3], from[3], square = 0;
        for (int a = 0; a < 3; a++)
            x[0][a] = from[a] = 110 * (lar_random_uniform(3, (uint64_t)a, (uint64_t)n) - 0.5);
        lar_chain_points(there, x, 1);
        lar_chain_points(back, x, 1);
        for (int a = 0; a < 3; a++) square += (x[0][a] - from[a]) * (x[0][a] - from[a]);
        most = fmax(most, sqrt(square));
        sum += sqrt(square);
        count++;
    }
    lar_chain_free(there);
    lar_chain_free(back);
    return largest ? most : sum / count;
}

static void two_heads_are_brought_nearer(void **state)
{
    (void)state;
    lar_phantom *a = make_phantom(3, 1), *b = make_phantom(3, 2);
    const int metrics[] = { LAR_METRIC_LNCC, LAR_METRIC_MI };
    for (int m = 0; m < 2; m++) {
        lar_registration *r = bent(a->scans[0].image, b->scans[0].image, metrics[m]);
        lar_chain *whole, *linear;
        CHECK_OK(lar_registration_chain(&whole, r, false));
        CHECK_OK(lar_chain_new(&linear));
        CHECK_OK(lar_chain_add_affine(linear, &r->affine));
        const double before = dice_of(a, b, linear), after = dice_of(a, b, whole);
        if (!(after > before + 0.02)) fail_msg("metric %d: Dice %.3f to %.3f", m, before, after);
        assert_int_equal(r->verdict.folded, 0);
        assert_true(r->verdict.jacobian[0] > 0 && r->verdict.jacobian[0] < 1);
        assert_true(r->verdict.jacobian[1] > 1);
        if (r->verdict.doubtful) fail_msg("doubted: %s", r->verdict.reason);
        assert_true(there_and_back_mm(r, false) < 0.1);
        assert_true(there_and_back_mm(r, true) < 1);
        lar_chain_free(linear);
        lar_chain_free(whole);
        lar_registration_free(r);
    }
    lar_phantom_free(a);
    lar_phantom_free(b);
}

static void exchanging_both_inverts(void **state)
{
    (void)state;
    lar_phantom *a = make_phantom(4, 1), *b = make_phantom(4, 2);
    lar_registration *r = bent(a->scans[0].image, b->scans[0].image, LAR_METRIC_LNCC);
    lar_registration *s = bent(b->scans[0].image, a->scans[0].image, LAR_METRIC_LNCC);
    lar_chain *there, *back;
    double sum = 0;
    CHECK_OK(lar_registration_chain(&there, r, false));
    CHECK_OK(lar_registration_chain(&back, s, false));
    for (int n = 0; n < 1000; n++) {
        double x[1][3], from[3], square = 0;
        for (int c = 0; c < 3; c++)
            x[0][c] = from[c] = 100 * (lar_random_uniform(4, (uint64_t)c, (uint64_t)n) - 0.5);
        lar_chain_points(there, x, 1);
        lar_chain_points(back, x, 1);
        for (int c = 0; c < 3; c++) square += (x[0][c] - from[c]) * (x[0][c] - from[c]);
        sum += sqrt(square);
    }
    /* each is found on the grid of its own fixed image: as near as that lets them be */
    if (sum / 1000 > 1) fail_msg("%g mm from the inverse", sum / 1000);
    lar_chain_free(there);
    lar_chain_free(back);
    lar_registration_free(r);
    lar_registration_free(s);
    lar_phantom_free(a);
    lar_phantom_free(b);
}

static void a_head_on_itself_is_not_bent(void **state)
{
    (void)state;
    lar_phantom *p = make_phantom(4, 1);
    lar_registration *r = bent(p->scans[0].image, p->scans[0].image, LAR_METRIC_LNCC);
    lar_range range;
    CHECK_OK(lar_image_range(&range, r->field));
    /* the longest step has a fixed length: it goes to and fro */
    assert_true(range.high < 2 && range.low > -2);
    CHECK_NEAR(r->verdict.jacobian[0], 1, 0.3);
    lar_registration_free(r);
    lar_phantom_free(p);
}

static void same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    lar_phantom *a = make_phantom(5, 1), *b = make_phantom(5, 2);
    lar_registration *r[2];
    for (int t = 0; t < 2; t++) {
        lar_threads_set(t ? 3 : 1);
        r[t] = bent(a->scans[0].image, b->scans[0].image, LAR_METRIC_LNCC);
    }
    lar_threads_set(0);
    const size_t bytes = (size_t)lar_image_voxel_count(r[0]->field) * 3 * sizeof(float);
    assert_memory_equal(r[0]->field->voxels, r[1]->field->voxels, bytes);
    assert_memory_equal(r[0]->inverse->voxels, r[1]->inverse->voxels, bytes);
    for (int t = 0; t < 2; t++) lar_registration_free(r[t]);
    lar_phantom_free(a);
    lar_phantom_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_and_its_inverse_cancel),
        cmocka_unit_test(composing_and_looking),
        cmocka_unit_test(jacobian_of_a_linear_field),
        cmocka_unit_test(two_heads_are_brought_nearer),
        cmocka_unit_test(exchanging_both_inverts),
        cmocka_unit_test(a_head_on_itself_is_not_bent),
        cmocka_unit_test(same_bits_for_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
