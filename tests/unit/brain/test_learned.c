/* The learned method around its network: the box that it sees, and the way back onto grids of every
 * kind. The network of these tests marks what is bright, so that masks are known without weights.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "brain/brain.h"
#include "brain/learned_box.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"

static const char tiny[] = TEST_SOURCE "/tests/golden/tiny_strip.safetensors";

static lar_image *phantom(int contrast)
{
    lar_phantom *head;
    lar_image *floats;
    lar_phantom_params p = lar_phantom_default();
    p.spacing_mm = 4;
    p.contrasts = "t1,ct";
    p.same_grid = true;
    p.bias_percent = p.noise_percent = 0;
    CHECK_OK(lar_phantom_subject(&head, &p, 1));
    CHECK_OK(lar_image_to_type(&floats, head->scans[contrast].image, LAR_F32));
    lar_phantom_free(head);
    return floats;
}

static lar_status strip(lar_image **mask, const lar_image *in, int contrast)
{
    char model[128];
    lar_strip_params params = lar_strip_default();
    params.model = tiny;
    params.precision = LAR_STRIP_FLOAT32;
    const lar_status status = lar_strip_methods[0]->run(mask, model, in, contrast, &params);
    if (status == LAR_OK) assert_string_equal(model, "mindgrab 500a150ec01a");
    return status;
}

static double dice(const lar_image *a, const lar_image *b)
{
    const uint8_t *x = a->voxels, *y = b->voxels;
    double both = 0, sum = 0;
    const int64_t count = lar_image_voxel_count(a);
    assert_int_equal(count, lar_image_voxel_count(b));
    for (int64_t n = 0; n < count; n++) {
        both += x[n] & y[n];
        sum += x[n] + y[n];
    }
    return 2 * both / sum;
}

/* A mask of another grid, looked up on this one. */
static lar_image *onto(const lar_image *mask, const lar_image *like)
{
    lar_image *out;
    const lar_resample_params how = { .interpolation = LAR_NEAREST };
    CHECK_OK(lar_resample(&out, mask, &like->grid, &how));
    return out;
}

static void mask_is_of_the_image(void **state)
{
    lar_image *in = phantom(0), *mask, *once;
    (void)state;
    CHECK_OK(strip(&mask, in, LAR_STRIP_CONTRAST_AUTO));
    assert_int_equal(mask->type, LAR_U8);
    assert_true(lar_grid_matches(&mask->grid, &in->grid));
    const int64_t count = lar_image_voxel_count(mask);
    const int64_t inside = lar_mask_count(mask->voxels, count);
    for (int64_t n = 0; n < count; n++) assert_true(((uint8_t *)mask->voxels)[n] <= 1);
    assert_true(inside > count / 20 && inside < count / 2);
    /* of one piece without holes */
    CHECK_OK(lar_image_copy(&once, mask));
    CHECK_OK(lar_mask_keep_largest(once->voxels, once->grid.size));
    CHECK_OK(lar_mask_fill_holes(once->voxels, once->grid.size));
    assert_memory_equal(once->voxels, mask->voxels, (size_t)count);
    lar_image_free(once);
    lar_image_free(mask);
    lar_image_free(in);
}

/* Axes in another order and direction are the same head. Not to the voxel: the grid of the network
 * is laid about the voxel behind the middle, which is another one of a flipped axis. */
static void axes_do_not_matter(void **state)
{
    static const char *const codes[] = { "RAS", "LPI", "SAR", "PIL" };
    lar_image *in = phantom(0), *mask;
    (void)state;
    CHECK_OK(strip(&mask, in, LAR_STRIP_CONTRAST_AUTO));
    for (int n = 0; n < 4; n++) {
        lar_image *turned, *copy, *other, *back;
        CHECK_OK(lar_image_reorient(&turned, in, codes[n]));
        CHECK_OK(lar_image_copy(&copy, turned));
        CHECK_OK(strip(&other, copy, LAR_STRIP_CONTRAST_AUTO));
        back = onto(other, in);
        const double same = dice(mask, back);
        if (!(same > 0.98)) fail_msg("%s: Dice %g", codes[n], same);
        lar_image_free(back);
        lar_image_free(other);
        lar_image_free(copy);
        lar_image_free(turned);
    }
    lar_image_free(mask);
    lar_image_free(in);
}

/* Slices of 8 mm, fine voxels, a grid that is turned and sheared, a head that is cut. */
static void grids_do_not_matter(void **state)
{
    lar_image *in = phantom(0), *mask;
    const lar_resample_params how = { .interpolation = LAR_LINEAR, .pad = 0, .antialias = true };
    (void)state;
    CHECK_OK(strip(&mask, in, LAR_STRIP_CONTRAST_AUTO));
    for (int n = 0; n < 4; n++) {
        const double spacing[3] = { n == 1 ? 1 : 4, n == 1 ? 1.5 : 4, n == 0 ? 8 : 4 };
        lar_grid grid = lar_grid_with_spacing(&in->grid, spacing);
        if (n == 2) { /* about the centre */
            const double middle[3] = { (double)grid.size[0] / 2, (double)grid.size[1] / 2,
                                       (double)grid.size[2] / 2 };
            double before[3], after[3];
            lar_grid_to_world(&grid, middle, before);
            for (int r = 0; r < 3; r++) {
                grid.to_world.m[r][0] += 0.3 * grid.to_world.m[r][1];
                grid.to_world.m[r][1] -= 0.2 * grid.to_world.m[r][2];
            }
            lar_grid_to_world(&grid, middle, after);
            for (int r = 0; r < 3; r++) grid.to_world.m[r][3] += before[r] - after[r];
        }
        if (n == 3) { /* the lower third is gone, whichever axis it is */
            const int64_t first[3] = { 0 };
            int64_t size[3], from[3];
            CHECK_OK(lar_grid_crop_range(&grid, from, &in->grid, 'z', 0.33, 1));
            memcpy(size, grid.size, sizeof size);
            grid = lar_grid_box(&grid, first, size);
        }
        lar_image *other, *seen, *back;
        CHECK_OK(lar_resample(&seen, in, &grid, &how));
        CHECK_OK(strip(&other, seen, LAR_STRIP_CONTRAST_AUTO));
        back = onto(mask, seen);
        const double same = dice(other, back);
        if (!(same > 0.93)) fail_msg("grid %d: Dice %g", n, same);
        lar_image_free(back);
        lar_image_free(other);
        lar_image_free(seen);
    }
    lar_image_free(mask);
    lar_image_free(in);
}

/* The grid of the network: axes of the world, LIA, the middle of the scan on a voxel, the margin.
 */
static void the_box(void **state)
{
    lar_image *in = phantom(0), *box, *head;
    lar_strip_model *m;
    lar_grid grid;
    lar_range range;
    char code[4];
    (void)state;
    CHECK_OK(lar_strip_model_read(&m, tiny));
    CHECK_OK(lar_learned_grid(&grid, in, &m->recipe));
    lar_grid_axes(&grid, code);
    assert_string_equal(code, "LIA");
    const double middle[3] = { (double)in->grid.size[0] / 2, (double)in->grid.size[1] / 2,
                               (double)in->grid.size[2] / 2 };
    double xyz[3], at[3];
    lar_affine inverse;
    lar_grid_to_world(&in->grid, middle, xyz);
    assert_true(lar_affine_invert(&inverse, &grid.to_world));
    lar_affine_point(&inverse, xyz, at);
    for (int a = 0; a < 3; a++) CHECK_NEAR(at[a], round(at[a]), 1e-6);
    CHECK_OK(lar_learned_input(&box, in, &grid, false, &m->recipe));
    CHECK_OK(lar_image_range(&range, box));
    CHECK_NEAR(range.low, 0, 0);
    CHECK_NEAR(range.high, 1, 0);
    /* every voxel of the head lies in it, with 8 mm around */
    CHECK_OK(lar_head_mask(&head, in));
    double low[3] = { 1e9, 1e9, 1e9 }, high[3] = { -1e9, -1e9, -1e9 };
    for (int64_t k = 0; k < head->grid.size[2]; k++)
        for (int64_t j = 0; j < head->grid.size[1]; j++)
            for (int64_t i = 0; i < head->grid.size[0]; i++) {
                if (lar_image_at(head, i, j, k, 0) == 0) continue;
                const double ijk[3] = { (double)i, (double)j, (double)k };
                lar_grid_to_world(&head->grid, ijk, xyz);
                lar_affine_point(&inverse, xyz, at);
                for (int a = 0; a < 3; a++) {
                    low[a] = fmin(low[a], at[a]);
                    high[a] = fmax(high[a], at[a]);
                }
            }
    for (int a = 0; a < 3; a++) { /* voxels of 2 mm */
        assert_true(low[a] > 3 && low[a] <= 4.01);
        assert_true(high[a] < (double)grid.size[a] - 4 && high[a] >= (double)grid.size[a] - 5.01);
    }
    lar_image_free(head);
    lar_image_free(box);
    lar_strip_model_free(m);
    lar_image_free(in);
}

/* A neck of half a metre, a table as wide as a bed: what is looked at is bounded, from the top. */
static void what_is_too_large_is_cut(void **state)
{
    const lar_grid wide = {
        .size = { 100, 60, 150 },
        .to_world = { .m = { { 5, 0, 0, -250 }, { 0, 4, 0, -120 }, { 0, 0, -4, 300 } } }
    };
    lar_image *in;
    lar_strip_model *m;
    lar_grid grid;
    (void)state;
    CHECK_OK(lar_image_new(&in, &wide, 1, LAR_F32));
    float *values = in->voxels;
    for (int64_t k = 10; k < 140; k++)
        for (int64_t j = 10; j < 50; j++)
            for (int64_t i = 5; i < 95; i++)
                values[(k * 60 + j) * 100 + i] = 500 + (float)((i * 7 + j * 5 + k * 3) % 50);
    CHECK_OK(lar_strip_model_read(&m, tiny));
    CHECK_OK(lar_learned_grid(&grid, in, &m->recipe));
    const double top[3] = { 0, 0, 0 };
    double xyz[3];
    lar_grid_to_world(&grid, top, xyz);
    CHECK_NEAR(xyz[2], 300 - 40 + 8, 4);                       /* LIA: the first slice is the top */
    CHECK_NEAR((double)grid.size[1] * 2, 260 + 16, 6);         /* tall */
    CHECK_NEAR((double)grid.size[0] * 2, 300 + 16, 6);         /* wide */
    CHECK_NEAR(xyz[0], (-250 + 25 + -250 + 470) / 2 + 158, 8); /* the middle of it */
    lar_strip_model_free(m);
    lar_image_free(in);
}

static void ct_is_clipped_first(void **state)
{
    lar_image *in = phantom(1), *box;
    lar_strip_model *m;
    lar_grid grid;
    (void)state;
    CHECK_OK(lar_strip_model_read(&m, tiny));
    CHECK_OK(lar_learned_grid(&grid, in, &m->recipe));
    CHECK_OK(lar_learned_input(&box, in, &grid, true, &m->recipe));
    double bone = 0, all = 0; /* more than 100 HU is all alike, and much of the head */
    const float *values = box->voxels;
    for (int64_t n = 0; n < lar_image_voxel_count(box); n++) {
        bone += values[n] == 1;
        all += values[n] > 0;
    }
    assert_true(bone > 0.1 * all && bone < 0.6 * all);
    lar_image_free(box);
    CHECK_OK(lar_learned_input(&box, in, &grid, false, &m->recipe)); /* of MR nothing is clipped */
    double bright = 0;
    values = box->voxels;
    for (int64_t n = 0; n < lar_image_voxel_count(box); n++) bright += values[n] == 1;
    assert_true(bright < 0.5 * bone);
    lar_image_free(box);
    lar_strip_model_free(m);
    lar_image_free(in);
}

static void bad_input_is_named(void **state)
{
    const lar_grid one = { .size = { 1, 1, 1 },
                           .to_world = { .m = { { 1 }, { 0, 1 }, { 0, 0, 1 } } } };
    const lar_grid some = { .size = { 20, 20, 20 },
                            .to_world = { .m = { { 5 }, { 0, 5 }, { 0, 0, 5 } } } };
    lar_image *in, *mask;
    (void)state;
    CHECK_OK(lar_image_new(&in, &one, 1, LAR_F32));
    CHECK_FAILS(strip(&mask, in, 0), LAR_ENUMERIC, "constant");
    assert_null(mask);
    lar_image_free(in);
    CHECK_OK(lar_image_new(&in, &some, 1, LAR_F32));
    CHECK_FAILS(strip(&mask, in, 0), LAR_ENUMERIC, "constant");
    ((float *)in->voxels)[4000] = 1000; /* one bright voxel is no head */
    CHECK_FAILS(strip(&mask, in, 0), LAR_ENUMERIC, "");
    assert_null(mask);
    lar_image_free(in);
    lar_strip_params params = lar_strip_default();
    params.model = "no_such_model";
    CHECK_FAILS(lar_strip_methods[0]->ready(&params), LAR_ENOINPUT,
                "there is no model 'no_such_model'");
    params.model = TEST_SOURCE "/README.md";
    CHECK_FAILS(lar_strip_methods[0]->ready(&params), LAR_EFORMAT, "README.md'");
    assert_non_null(strstr(lar_error(), "try larmor models add "));
}

static void threads_do_not_matter(void **state)
{
    lar_image *in = phantom(0), *one, *two;
    (void)state;
    lar_threads_set(1);
    CHECK_OK(strip(&one, in, 0));
    lar_threads_set(3);
    CHECK_OK(strip(&two, in, 0));
    assert_memory_equal(one->voxels, two->voxels, (size_t)lar_image_voxel_count(one));
    lar_image_free(one);
    lar_image_free(two);
    lar_image_free(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mask_is_of_the_image),     cmocka_unit_test(axes_do_not_matter),
        cmocka_unit_test(grids_do_not_matter),      cmocka_unit_test(the_box),
        cmocka_unit_test(what_is_too_large_is_cut), cmocka_unit_test(ct_is_clipped_first),
        cmocka_unit_test(bad_input_is_named),       cmocka_unit_test(threads_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
