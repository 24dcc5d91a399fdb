/* Mosaics show the slices that they say, images on their own their own frames, and windows by name
 * the values of radiologists.
 * SPDX-License-Identifier: Apache-2.0 */
#include "pictures.h"
#include "report/figure/parts.h"

static double height(const double xyz[3])
{
    return distance(xyz) < 50 ? 100 + xyz[2] : 0;
}

/* Grey of a value in the window 0 to 255. */
static int shade(double value)
{
    return (int)lrint(value);
}

enum { CLOSE = 4, MOSAIC_LEFT = 22, MOSAIC_TOP = 22 + 30 };

static void slices_are_where_they_are_told(void **state)
{
    (void)state;
    const lar_grid grid = box_grid(2, 2, 1, 120);
    lar_image *image = fill(&grid, height, LAR_F32);
    lar_figure_params params = lar_figure_default();
    params.window = "0 255";
    params.zoom = 1;
    params.mosaic = (lar_ints){ 2, { 2, 3 } };
    params.span = (lar_reals){ 2, { -20, 30 } }; /* 10 mm apart, between two voxels */
    CHECK_OK(lar_figure((const lar_image *const *)&image, NULL, 1, &params, file("m.png"), true));
    picture p = open_picture(file("m.png"));
    const int width = (p.width - 2 * MOSAIC_LEFT - 2 * CLOSE) / 3,
              tall = (p.height - MOSAIC_TOP - 40 - CLOSE) / 2;
    for (int n = 0; n < 6; n++) {
        const int x = MOSAIC_LEFT + n % 3 * (width + CLOSE) + width / 2,
                  y = MOSAIC_TOP + n / 3 * (tall + CLOSE) + tall / 2;
        CHECK_NEAR(green(&p, x, y), shade(100 - 20 + 10 * n), 1);
    }
    cairo_surface_destroy(p.surface);

    /* without a span over the head, evenly, from below; whatever the number, all of them are there
     */
    params.span = (lar_reals){ 0 };
    for (int count = 1; count < 30; count += 7) {
        params.mosaic = (lar_ints){ 1, { count } };
        lar_scene scene = { .planes = { &lar_planes[LAR_AXIAL] }, .plane_count = 1 };
        lar_column column = { 0 };
        lar_look look;
        lar_head found;
        CHECK_OK(lar_look_init(&look, image));
        CHECK_OK(lar_head_init(&found, &look));
        scene.columns = &column;
        CHECK_OK(lar_place_frames(&scene, &look, &found, 1, &params));
        CHECK_OK(lar_place_slices(&scene, &look, &found, 1, &params));
        assert_int_equal(scene.slice_count, count);
        assert_true(scene.per_row >= 1 && scene.per_row <= count);
        for (int n = 0; n < count; n++) {
            assert_true(fabs(column.slices[n]) < 50);
            CHECK_NEAR(fabs(column.slices[n] - rint(column.slices[n])), 0.5, 1e-9);
            if (n) assert_true(column.slices[n] > column.slices[n - 1]);
            if (n > 1) /* snapped to voxels of 1 mm */
                CHECK_NEAR(column.slices[n] - column.slices[n - 1],
                           column.slices[1] - column.slices[0], 1.01);
        }
        lar_free(scene.slices);
        lar_head_clear(&found);
        lar_look_clear(&look);
    }
    lar_image_free(image);
}

static double far_ball(const double xyz[3])
{
    const double moved[3] = { xyz[0] - 300, xyz[1] + 200, xyz[2] - 100 };
    return distance(moved) < 40 ? 200 : 0;
}

static double near_ball(const double xyz[3])
{
    return distance(xyz) < 40 ? 200 : 0;
}

/* Two equal things half a metre apart: in frames of their own they look alike. */
static void images_on_their_own_fill_their_frames(void **state)
{
    (void)state;
    lar_grid grid = box_grid(2, 2, 2, 120), moved = grid;
    const double by[3] = { 300, -200, 100 };
    for (int a = 0; a < 3; a++) moved.to_world.m[a][3] += by[a];
    lar_image *images[] = { fill(&grid, near_ball, LAR_U8), fill(&moved, far_ball, LAR_U8) };
    lar_figure_params params = lar_figure_default();
    params.own = true;
    params.planes = "axial";
    params.zoom = 3;
    CHECK_OK(lar_figure((const lar_image *const *)images, NULL, 2, &params, file("own.png"), true));
    picture p = open_picture(file("own.png"));
    const int column = (p.width - LEFT - 22 - GAP) / 2, high = p.height - TOP - 40;
    int64_t different = 0, bright = 0;
    for (int y = TOP; y < TOP + high - 24; y++) /* below stands where each lies */
        for (int x = LEFT; x < LEFT + column; x++) {
            bright += green(&p, x, y) > 180;
            different += pixel(&p, x, y) != pixel(&p, x + column + GAP, y);
        }
    assert_int_equal(different, 0);
    CHECK_NEAR((double)bright, 3.1416 * 120 * 120, 0.06 * 3.1416 * 120 * 120);
    cairo_surface_destroy(p.surface);

    /* without, both lie in one frame that no picture should have at this zoom */
    params.own = false;
    params.zoom = 100;
    CHECK_FAILS(
        lar_figure((const lar_image *const *)images, NULL, 2, &params, file("own.png"), true),
        LAR_EARGUMENT, "smaller --zoom");
    for (int n = 0; n < 2; n++) lar_image_free(images[n]);
}

static void windows_have_names(void **state)
{
    (void)state;
    /* width and level, as radiologists say it */
    static const struct {
        const char *name;
        double width, level;
    } known[] = { { "brain", 80, 40 },        { "subdural", 200, 75 }, { "stroke", 8, 32 },
                  { "bone", 2800, 600 },      { "lung", 1500, -600 },  { "soft-tissue", 375, 40 },
                  { "mediastinum", 350, 50 }, { "liver", 150, 30 } };
    lar_window w[3];
    for (size_t n = 0; n < sizeof known / sizeof *known; n++) {
        CHECK_OK(lar_windows_read(w, 2, known[n].name));
        for (int k = 0; k < 2; k++) {
            CHECK_NEAR(w[k].at[1] - w[k].at[0], known[n].width, 1e-9);
            CHECK_NEAR((w[k].at[1] + w[k].at[0]) / 2, known[n].level, 1e-9);
        }
    }
    CHECK_OK(lar_windows_read(w, 3, "brain, auto -5 1e3"));
    assert_string_equal(w[0].name, "brain");
    assert_true(isnan(w[1].at[0]) && isnan(w[1].at[1]));
    CHECK_NEAR(w[2].at[0], -5, 0);
    CHECK_NEAR(w[2].at[1], 1000, 0);
    CHECK_OK(lar_windows_read(w, 2, NULL));
    assert_true(isnan(w[0].at[0]) && isnan(w[1].at[1]));
    CHECK_FAILS(lar_windows_read(w, 2, "brian"), LAR_EARGUMENT, "try brain");
    CHECK_FAILS(lar_windows_read(w, 2, "xyzzy"), LAR_EARGUMENT, "try brain subdural stroke");
    CHECK_FAILS(lar_windows_read(w, 3, "brain bone"), LAR_EARGUMENT, "2 windows");
    CHECK_FAILS(lar_windows_read(w, 2, "1 2 3"), LAR_EARGUMENT, "without a high one");
    CHECK_FAILS(lar_windows_read(w, 2, "2 1"), LAR_EARGUMENT, "is empty");

    /* and they are what is drawn: at the level grey, beyond both ends black and white */
    lar_grid line = { .size = { 40, 40, 1 },
                      .to_world = { { { 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 0, 1, 0 } } } };
    lar_image *image;
    CHECK_OK(lar_image_new(&image, &line, 1, LAR_I16));
    for (int n = 0; n < 1600; n++)
        ((int16_t *)image->voxels)[n] = (int16_t)(n % 40 < 10   ? 85
                                                  : n % 40 < 20 ? 40
                                                  : n % 40 < 30 ? -5
                                                                : 85);
    lar_figure_params params = lar_figure_default();
    params.window = "brain";
    params.interpolation = LAR_NEAREST;
    params.zoom = 1.5; /* no letters on 60 pixels */
    CHECK_OK(lar_figure((const lar_image *const *)&image, NULL, 1, &params, file("w.png"), true));
    picture p = open_picture(file("w.png"));
    int64_t shades[256] = { 0 };
    for (int y = TOP; y < p.height - 40; y++)
        for (int x = LEFT; x < p.width - 22; x++)
            if (pixel(&p, x, y) >> 16 == (pixel(&p, x, y) & 255)) shades[green(&p, x, y)]++;
    assert_true(shades[0] > 500 && shades[128] > 500 && shades[255] > 1000);
    cairo_surface_destroy(p.surface);
    lar_image_free(image);
}

static void volumes_are_chosen(void **state)
{
    (void)state;
    const lar_grid grid = box_grid(2, 2, 2, 60);
    lar_image *image, *one = fill(&grid, near_ball, LAR_F32);
    CHECK_OK(lar_image_new(&image, &grid, 3, LAR_F32));
    const int64_t count = lar_image_voxel_count(one);
    for (int64_t n = 0; n < count; n++)
        ((float *)image->voxels)[2 * count + n] = ((float *)one->voxels)[n];
    lar_figure_params params = lar_figure_default();
    char first[256];
    CHECK_OK(lar_figure((const lar_image *const *)&one, NULL, 1, &params, file("one.png"), true));
    params.volume = 2;
    CHECK_OK(
        lar_figure((const lar_image *const *)&image, NULL, 1, &params, file("third.png"), true));
    snprintf(first, sizeof first, "%s", file("one.png"));
    assert_int_equal(different_pixels(first, file("third.png")), 0);
    CHECK_OK(lar_figure((const lar_image *const *)&one, NULL, 1, &params, file("third.png"), true));
    params.volume = 3;
    CHECK_FAILS(lar_figure((const lar_image *const *)&image, NULL, 1, &params, file("x.png"), true),
                LAR_EARGUMENT, "has no volume 3, only 0 to 2");
    lar_image_free(image);
    lar_image_free(one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_are_where_they_are_told),
        cmocka_unit_test(images_on_their_own_fill_their_frames),
        cmocka_unit_test(windows_have_names),
        cmocka_unit_test(volumes_are_chosen),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
