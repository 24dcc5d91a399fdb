/* Chains: order, inverse, fields between affine maps, and what a chain refuses.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "image/image.h"
#include "math/math.h"
#include "space/space.h"

static const lar_affine turn = { .m = { { 0, -1, 0, 5 }, { 1, 0, 0, -2 }, { 0, 0, 1, 1 } } };
static const lar_affine grow = { .m = { { 2, 0, 0, 0 }, { 0, 3, 0, 0 }, { 0, 0, 0.5, 7 } } };

static lar_chain *new_chain(void)
{
    lar_chain *chain;
    CHECK_OK(lar_chain_new(&chain));
    return chain;
}

/* Channel c holds slope[c] times x plus c, so that linear interpolation is exact. */
static lar_image *sloped_field(double slope)
{
    const lar_grid grid = { .size = { 5, 4, 1 },
                            .to_world = {
                                .m = { { 3, 0, 0, -6 }, { 0, 3, 0, -6 }, { 0, 0, 4, 0 } } } };
    lar_image *field;
    CHECK_OK(lar_image_new(&field, &grid, 3, LAR_F32));
    for (int n = 0; n < 60; n++)
        ((float *)field->voxels)[n] = (float)(slope * (3 * (n % 5) - 6) + n / 20);
    return field;
}

static void empty_chain_moves_nothing(void **state)
{
    (void)state;
    lar_chain *chain = new_chain();
    double at[1][3] = { { 1, -2, 3.5 } };
    lar_affine affine;
    lar_chain_points(chain, at, 1);
    assert_true(at[0][0] == 1 && at[0][1] == -2 && at[0][2] == 3.5);
    assert_true(lar_chain_affine(&affine, chain));
    lar_chain_free(chain);
    lar_chain_free(NULL);
}

static void last_map_comes_first(void **state)
{
    (void)state;
    lar_chain *chain = new_chain();
    CHECK_OK(lar_chain_add_affine(chain, &turn));
    CHECK_OK(lar_chain_add_affine(chain, &grow));
    double at[1][3] = { { 1, 1, 1 } };
    lar_chain_points(chain, at, 1);
    /* grown to 2 3 7.5, then turned */
    assert_true(at[0][0] == 2 && at[0][1] == 0 && at[0][2] == 8.5);
    lar_chain_free(chain);
}

static void maps_and_inverses_cancel(void **state)
{
    (void)state;
    lar_chain *chain = new_chain();
    lar_affine back[2], whole;
    assert_true(lar_affine_invert(&back[0], &turn) && lar_affine_invert(&back[1], &grow));
    for (int n = 0; n < 20; n++) { /* past the first room for maps */
        CHECK_OK(lar_chain_add_affine(chain, &back[n % 2]));
        CHECK_OK(lar_chain_add_affine(chain, n % 2 ? &grow : &turn));
    }
    assert_true(lar_chain_affine(&whole, chain));
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++) CHECK_NEAR(whole.m[r][c], r == c, 1e-12);
    lar_chain_free(chain);
}

static void field_stands_between_affines(void **state)
{
    (void)state;
    lar_chain *chain = new_chain();
    lar_image *field = sloped_field(0.25);
    lar_affine affine;
    CHECK_OK(lar_chain_add_affine(chain, &turn));
    CHECK_OK(lar_chain_add_field(chain, field));
    CHECK_OK(lar_chain_add_affine(chain, &grow));
    lar_image_free(field);
    assert_false(lar_chain_affine(&affine, chain));
    /* grow: 2.5 -3 1; its displacement there: 0.625 1.625 2.625 (one slice, whose value holds for
     * half its thickness); turn */
    double at[1][3] = { { 1.25, -1, -12 } };
    lar_chain_points(chain, at, 1);
    CHECK_NEAR(at[0][0], -(-3 + 1.625) + 5, 1e-6);
    CHECK_NEAR(at[0][1], 2.5 + 0.625 - 2, 1e-6);
    CHECK_NEAR(at[0][2], 1 + 2.625 + 1, 1e-6);
    lar_chain_free(chain);
}

/* The outermost value for half a voxel, then nothing. */
static void field_ends_half_a_voxel_out(void **state)
{
    (void)state;
    lar_chain *chain = new_chain();
    lar_image *field = sloped_field(1);
    CHECK_OK(lar_chain_add_field(chain, field));
    double at[4][3] = { { -7.4, 0, 0 }, { -7.6, 0, 0 }, { 7.4, 3.9, 1.9 }, { 0, 0, 2.1 } };
    lar_chain_points(chain, at, 4);
    CHECK_NEAR(at[0][0], -7.4 - 6, 1e-6);
    CHECK_NEAR(at[1][0], -7.6, 0);
    CHECK_NEAR(at[2][0], 7.4 + 6, 1e-6);
    CHECK_NEAR(at[3][2], 2.1, 0);
    lar_image_free(field);
    lar_chain_free(chain);
}

static void bad_maps_are_named(void **state)
{
    (void)state;
    lar_chain *chain = new_chain();
    lar_affine flat = turn, lost = turn;
    lar_image *field = sloped_field(1), *two;
    flat.m[2][2] = 0;
    lost.m[1][3] = NAN;
    CHECK_FAILS(lar_chain_add_affine(chain, &flat), LAR_ENUMERIC, "singular");
    CHECK_FAILS(lar_chain_add_affine(chain, &lost), LAR_ENUMERIC, "not finite");
    CHECK_OK(lar_image_new(&two, &field->grid, 2, LAR_F32));
    CHECK_FAILS(lar_chain_add_field(chain, two), LAR_EARGUMENT, "3 channels, along x y z, not 2");
    ((float *)field->voxels)[3] = INFINITY;
    CHECK_FAILS(lar_chain_add_field(chain, field), LAR_ENUMERIC, "1 of the field's 60 components");
    ((float *)field->voxels)[3] = 0;
    field->grid.to_world.m[0][0] = 0;
    CHECK_FAILS(lar_chain_add_field(chain, field), LAR_EGEOMETRY, "no extent");
    double at[1][3] = { { 1, 2, 3 } };
    lar_chain_points(chain, at, 1);
    assert_true(at[0][0] == 1 && at[0][1] == 2 && at[0][2] == 3);
    lar_image_free(two);
    lar_image_free(field);
    lar_chain_free(chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_chain_moves_nothing),
        cmocka_unit_test(last_map_comes_first),
        cmocka_unit_test(maps_and_inverses_cancel),
        cmocka_unit_test(field_stands_between_affines),
        cmocka_unit_test(field_ends_half_a_voxel_out),
        cmocka_unit_test(bad_maps_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
