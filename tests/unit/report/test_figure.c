/* Laws of figures: the picture depends on where things are in the world and on nothing else, is
 * true to the millimetre, and the sides are what the letters say.
 * SPDX-License-Identifier: Apache-2.0 */
#include "pictures.h"
#include "report/figure/look.h"

static void draw(lar_image *const *images, int64_t count, const lar_figure_params *params,
                 const char *name)
{
    CHECK_OK(lar_figure((const lar_image *const *)images, NULL, count, params, file(name), true));
}

/* The same voxels at the same places, stored in orientation n of 48. */
static lar_image *stored(const lar_image *ras, int n)
{
    static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                      { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    const int *order = orders[n / 8];
    lar_grid grid = ras->grid;
    lar_image *out;
    for (int a = 0; a < 3; a++) {
        const bool flip = n >> a & 1;
        grid.size[a] = ras->grid.size[order[a]];
        for (int r = 0; r < 3; r++) {
            const double step = ras->grid.to_world.m[r][order[a]];
            grid.to_world.m[r][a] = flip ? -step : step;
            if (flip) grid.to_world.m[r][3] += step * (double)(grid.size[a] - 1);
        }
    }
    CHECK_OK(lar_image_new(&out, &grid, 1, LAR_F32));
    float *voxel = out->voxels;
    int64_t to[3], from[3];
    for (to[2] = 0; to[2] < grid.size[2]; to[2]++)
        for (to[1] = 0; to[1] < grid.size[1]; to[1]++)
            for (to[0] = 0; to[0] < grid.size[0]; to[0]++) {
                for (int a = 0; a < 3; a++)
                    from[order[a]] = n >> a & 1 ? grid.size[a] - 1 - to[a] : to[a];
                *voxel++ = (float)lar_image_at(ras, from[0], from[1], from[2], 0);
            }
    return out;
}

/* 47 pictures without one different pixel. */
static void check_storage(const lar_grid *grid, const lar_figure_params *params)
{
    lar_image *ras = fill(grid, head, LAR_F32);
    char code[4], first[256];
    lar_grid_axes(grid, code);
    assert_string_equal(code, "RAS");
    draw(&ras, 1, params, "ras.png");
    for (int n = 1; n < 48; n++) {
        lar_image *other = stored(ras, n);
        draw(&other, 1, params, "other.png");
        snprintf(first, sizeof first, "%s", file("ras.png"));
        assert_int_equal(different_pixels(first, file("other.png")), 0);
        lar_image_free(other);
    }
    lar_image_free(ras);
}

static void storage_does_not_show(void **state)
{
    (void)state;
    lar_figure_params params = lar_figure_default();
    params.zoom = 1.7;
    lar_grid oblique = box_grid(3, 3.5, 5, 150);
    const double tilt[3][3] = { { 0, -0.13, 0.07 }, { 0.11, 0, -0.05 }, { -0.08, 0.06, 0 } };
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++) oblique.to_world.m[r][c] += 3 * tilt[r][c];
    check_storage(&oblique, &params);
}

static double marker_left(const double xyz[3])
{
    return xyz[0] < -20 && xyz[0] > -40 && fabs(xyz[1] - 30) < 10 && fabs(xyz[2]) < 30 ? 100 : 0;
}

/* Bright pixels of a box: the number, and the middle of those in x and y. */
static int64_t bright(const picture *p, int x0, int y0, int width, int height, double middle[2])
{
    int64_t count = 0;
    double sum[2] = { 0, 0 };
    for (int y = y0; y < y0 + height; y++)
        for (int x = x0; x < x0 + width; x++)
            if (green(p, x, y) > 180) {
                count++;
                sum[0] += x;
                sum[1] += y;
            }
    for (int a = 0; a < 2; a++) middle[a] = sum[a] / (double)(count ? count : 1);
    return count;
}

/* The share of a letter's ink in the upper right quarter of it: none in L, much in R. */
static double upper_right(const picture *p, int x0, int y0, int width, int height)
{
    int low[2] = { 1 << 20, 1 << 20 }, high[2] = { -1, -1 };
    double middle[2];
    for (int y = y0; y < y0 + height; y++)
        for (int x = x0; x < x0 + width; x++)
            if (green(p, x, y) > 180) {
                low[0] = x < low[0] ? x : low[0];
                high[0] = x > high[0] ? x : high[0];
                low[1] = y < low[1] ? y : low[1];
                high[1] = y > high[1] ? y : high[1];
            }
    assert_true(high[0] >= 0);
    const int w = high[0] - low[0] + 1, h = high[1] - low[1] + 1;
    return (double)bright(p, low[0] + w / 2, low[1], w - w / 2, h / 2, middle) /
           (double)bright(p, low[0], low[1], w, h, middle);
}

static void left_is_where_l_is(void **state)
{
    (void)state;
    const lar_grid grid = box_grid(2, 2, 2, 120);
    lar_image *image = fill(&grid, marker_left, LAR_U8);
    lar_figure_params params = lar_figure_default();
    params.planes = "axial";
    params.at = (lar_reals){ 3, { 0, 0, 0 } };
    params.zoom = 3;
    /* a second image that fills the field of view, so that the frame is all of it */
    lar_image *whole = fill(&grid, distance, LAR_F32), *both[] = { image, whole };
    for (int radiological = 0; radiological < 2; radiological++) {
        double middle[2];
        params.radiological = radiological;
        draw(both, 2, &params, "side.png");
        picture p = open_picture(file("side.png"));
        const int size = 360; /* pixels of the panel: 120 mm */
        assert_true(bright(&p, LEFT + 30, TOP + 30, size - 60, size - 60, middle) > 1000);
        const double x = (middle[0] - LEFT) / 3 - 60, y = 60 - (middle[1] - TOP) / 3;
        CHECK_NEAR(radiological ? -x : x, -30, 1); /* millimetres */
        CHECK_NEAR(y, 30, 1);
        const double on_left = upper_right(&p, LEFT + 2, TOP + size / 2 - 10, 22, 20),
                     on_right = upper_right(&p, LEFT + size - 24, TOP + size / 2 - 10, 22, 20);
        CHECK_NEAR(radiological ? on_right : on_left, 0, 0.02);  /* L */
        assert_true((radiological ? on_left : on_right) > 0.15); /* R */
        cairo_surface_destroy(p.surface);
    }
    lar_image_free(image);
    lar_image_free(whole);
}

static void millimetres_are_true(void **state)
{
    (void)state;
    const lar_grid grids[] = { box_grid(1, 2, 3.5, 100), box_grid(3, 1, 1, 100) };
    for (int g = 0; g < 2; g++)
        for (int plane = 0; plane < 3; plane++) {
            static const char *const planes[] = { "axial", "coronal", "sagittal" };
            lar_image *image = fill(&grids[g], distance, LAR_F32);
            lar_figure_params params = lar_figure_default();
            params.planes = planes[plane];
            params.at = (lar_reals){ 3, { 0, 0, 0 } };
            params.zoom = 4;
            params.window = "29.99 30.01"; /* black within 30 mm */
            draw(&image, 1, &params, "ball.png");
            picture p = open_picture(file("ball.png"));
            /* the ball's extent along the two lines through its middle */
            const int width = p.width - LEFT - 22, height = p.height - TOP - 40;
            int across = 0, down = 0;
            for (int x = LEFT + 30; x < LEFT + width - 30; x++)
                across += green(&p, x, TOP + height / 2) < 128;
            for (int y = TOP + 30; y < TOP + height - 30; y++)
                down += green(&p, LEFT + width / 2, y) < 128;
            CHECK_NEAR(across, 240, 1.01); /* 60 mm, 4 pixels each */
            CHECK_NEAR(down, 240, 1.01);
            cairo_surface_destroy(p.surface);
            lar_image_free(image);
        }
}

static void equal_images_make_equal_columns(void **state)
{
    (void)state;
    const lar_grid grid = box_grid(3, 3, 3, 150);
    lar_image *a = fill(&grid, head, LAR_F32), *b = fill(&grid, head, LAR_F64),
              *three[] = { a, a, b };
    lar_figure_params params = lar_figure_default();
    params.planes = "coronal";
    params.share = (lar_ints){ 2, { 2, 3 } };
    params.difference = (lar_ints){ 2, { 2, 3 } };
    draw(three, 3, &params, "equal.png");
    picture p = open_picture(file("equal.png"));
    const int column = (p.width - LEFT - 22 - 78 - 3 * GAP) / 4, height = p.height - TOP - 40;
    int64_t different = 0, coloured = 0;
    for (int y = TOP; y < TOP + height; y++)
        for (int x = LEFT; x < LEFT + column; x++) {
            const uint32_t first = pixel(&p, x + column + GAP, y);
            different += first != pixel(&p, x + 2 * (column + GAP), y);
            const bool letter =
                x < LEFT + 30 || x > LEFT + column - 30 || y < TOP + 30 || y > TOP + height - 30;
            const uint32_t apart = pixel(&p, x + 3 * (column + GAP), y);
            coloured += !letter && (apart >> 16 > 24 || (apart & 255) > 24);
        }
    assert_int_equal(different, 0);
    assert_int_equal(coloured, 0);
    cairo_surface_destroy(p.surface);

    /* and twice the values in the window of the truth are another column, but change not the truth
     */
    for (int64_t n = 0; n < lar_image_voxel_count(b); n++) ((double *)b->voxels)[n] *= 2;
    char before[256];
    snprintf(before, sizeof before, "%s", file("equal.png"));
    draw(three, 3, &params, "twice.png");
    picture q = open_picture(file("twice.png")), o = open_picture(before);
    int64_t truth = 0, synthesis = 0;
    for (int y = TOP; y < TOP + height; y++)
        for (int x = LEFT; x < LEFT + column; x++) {
            truth += pixel(&q, x + column + GAP, y) != pixel(&o, x + column + GAP, y);
            synthesis +=
                pixel(&q, x + 2 * (column + GAP), y) != pixel(&o, x + 2 * (column + GAP), y);
        }
    assert_int_equal(truth, 0);
    assert_true(synthesis > 5000);
    cairo_surface_destroy(q.surface);
    cairo_surface_destroy(o.surface);
    lar_image_free(a);
    lar_image_free(b);
}

static void grids_of_their_own_show_one_place(void **state)
{
    (void)state;
    lar_grid fine = box_grid(1.5, 1.5, 1.5, 120), coarse = box_grid(2, 2.5, 3, 100);
    for (int r = 0; r < 3; r++) coarse.to_world.m[r][3] += r == 0 ? 9 : -6;
    lar_image *images[] = { fill(&fine, distance, LAR_F32), fill(&coarse, distance, LAR_F32) };
    lar_figure_params params = lar_figure_default();
    params.at = (lar_reals){ 3, { 4, 5, 6 } };
    params.planes = "sagittal";
    params.zoom = 3;
    params.window = "19.99,20.01";
    draw(images, 2, &params, "two.png");
    picture p = open_picture(file("two.png"));
    const int column = (p.width - LEFT - 22 - GAP) / 2, height = p.height - TOP - 40;
    int64_t inside[2] = { 0, 0 }, different = 0;
    for (int y = TOP + height / 4; y < TOP + 3 * height / 4; y++)
        for (int x = LEFT + column / 4; x < LEFT + 3 * column / 4; x++) {
            const bool first = green(&p, x, y) < 128, second = green(&p, x + column + GAP, y) < 128;
            inside[0] += first;
            inside[1] += second;
            different += first != second;
        }
    assert_true(inside[0] > 5000 && inside[1] > 5000);
    assert_true(different < inside[0] / 40); /* the rim: linear between voxels of 3 mm */
    cairo_surface_destroy(p.surface);
    for (int n = 0; n < 2; n++) lar_image_free(images[n]);
}

static void window_of(double window[2], double box[2][3], const lar_image *image)
{
    lar_look look;
    lar_head found;
    CHECK_OK(lar_look_init(&look, image));
    CHECK_OK(lar_head_init(&found, &look));
    CHECK_OK(lar_head_window(window, &found, (double[2]){ 1, 99.5 }));
    memcpy(box[0], found.low, sizeof found.low);
    memcpy(box[1], found.high, sizeof found.high);
    lar_head_clear(&found);
    lar_look_clear(&look);
}

static void windows_are_robust(void **state)
{
    (void)state;
    const lar_grid grid = box_grid(3, 3, 3, 160);
    double plain[2], hot[2], box[2][3], hot_box[2][3];
    lar_image *image = fill(&grid, head, LAR_F32);
    window_of(plain, box, image);
    assert_true(plain[0] > 80 && plain[1] < 560 && plain[1] > 400); /* neither air nor skin */
    const int64_t *size = grid.size;
    for (int64_t n = 0; n < lar_image_voxel_count(image); n++) {
        float *voxel = (float *)image->voxels + n; /* one in 1000, anywhere; and one far beyond */
        if (n % 997 == 0) *voxel = 1e6f;
    }
    ((float *)image->voxels)[size[0] / 2 + size[0] * (size[1] / 2 + size[1] * (size[2] / 2))] =
        1e30f;
    window_of(hot, hot_box, image);
    for (int side = 0; side < 2; side++) {
        CHECK_NEAR(hot[side], plain[side], 0.02 * (plain[1] - plain[0]));
        for (int a = 0; a < 3; a++) {
            CHECK_NEAR(hot_box[side][a], box[side][a],
                       3.1); /* one sample; the air is 20 to 30 mm */
            CHECK_NEAR(fabs(box[side][a]), a == 0 ? 48 : a == 1 ? 60 : 54, 6);
        }
    }
    lar_image_free(image);
}

static double zero(const double xyz[3])
{
    (void)xyz;
    return 0;
}

static double seven(const double xyz[3])
{
    (void)xyz;
    return 7;
}

static double nothing(const double xyz[3])
{
    (void)xyz;
    return NAN;
}

static double half_nothing(const double xyz[3])
{
    return xyz[0] > 0 ? NAN : xyz[1] > 0 ? INFINITY : head(xyz);
}

static void odd_images_are_drawn(void **state)
{
    (void)state;
    const scene_fn scenes[] = { zero, seven, nothing, half_nothing };
    lar_figure_params params = lar_figure_default();
    for (int n = 0; n < 4; n++) {
        const lar_grid grids[] = { box_grid(3, 3, 3, 90), box_grid(2, 2, 2, 1), { .size = { 1 } } };
        for (int g = 0; g < 2; g++) {
            lar_image *image = fill(&grids[g], scenes[n], LAR_F32), *pair[] = { image, image };
            params.difference = (lar_ints){ 2, { 1, 2 } };
            draw(pair, 2, &params, "odd.png");
            picture p = open_picture(file("odd.png"));
            int64_t violet = 0;
            for (int y = TOP; y < p.height; y++)
                for (int x = LEFT; x < p.width; x++) violet += pixel(&p, x, y) == 0x6b2970;
            assert_int_equal(violet > 1000, n >= 2 && (g == 0 || n == 2));
            cairo_surface_destroy(p.surface);
            lar_image_free(image);
        }
    }
}

static void one_slice_is_one_plane(void **state)
{
    (void)state;
    static const char *const words[] = { "sagittal", "coronal", "axial" };
    for (int flat = 0; flat < 3; flat++) {
        lar_grid grid = box_grid(3, 3, 3, 150);
        char expected[256];
        grid.size[flat] = 1;
        grid.to_world.m[flat][3] = 11;
        lar_image *image = fill(&grid, head, LAR_I16);
        lar_figure_params params = lar_figure_default();
        draw(&image, 1, &params, "all.png");
        params.planes = words[flat];
        draw(&image, 1, &params, "one.png");
        snprintf(expected, sizeof expected, "%s", file("one.png"));
        assert_int_equal(different_pixels(expected, file("all.png")), 0);
        lar_image_free(image);
    }
}

static void threads_do_not_show(void **state)
{
    (void)state;
    const lar_grid grid = box_grid(2, 2, 2, 150);
    lar_image *image = fill(&grid, head, LAR_F32);
    lar_figure_params params = lar_figure_default();
    char first[256];
    for (int threads = 1; threads < 4; threads += 2) {
        lar_threads_set(threads);
        draw(&image, 1, &params, threads == 1 ? "one.png" : "three.png");
    }
    lar_threads_set(0);
    snprintf(first, sizeof first, "%s", file("one.png"));
    assert_int_equal(different_pixels(first, file("three.png")), 0);
    lar_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(storage_does_not_show),
        cmocka_unit_test(left_is_where_l_is),
        cmocka_unit_test(millimetres_are_true),
        cmocka_unit_test(equal_images_make_equal_columns),
        cmocka_unit_test(grids_of_their_own_show_one_place),
        cmocka_unit_test(windows_are_robust),
        cmocka_unit_test(odd_images_are_drawn),
        cmocka_unit_test(one_slice_is_one_plane),
        cmocka_unit_test(threads_do_not_show),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
