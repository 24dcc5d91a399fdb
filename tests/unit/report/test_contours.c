/* The picture of contours: lines lie where the image has its edges, to a fraction of a pixel,
 * whatever grid it is on; they move as it moves; what cannot be drawn is said.
 * SPDX-License-Identifier: Apache-2.0 */
#include "pictures.h"
#include "report/figure/look.h"

/* As contours.c lays out a picture without a title. */
enum { MARGIN = 22, SLICE_GAP = 4, BLOCK_GAP = 24, BLOCK_LABELS = 30, LONGEST = 400, AIR_MM = 6 };
enum { AXIAL, CORONAL, SAGITTAL };
static const int across[] = { 0, 0, 1 }, up[] = { 1, 2, 2 };

static double radius = 40, centre[3]; /* of ball() */

/* Falls from 100 to 0 over 4 mm; 60, the level of its contour, at the radius. */
static double ball(const double xyz[3])
{
    const double r =
        distance((double[3]){ xyz[0] - centre[0], xyz[1] - centre[1], xyz[2] - centre[2] });
    return 100 * fmin(fmax((radius + 2.4 - r) / 4, 0), 1);
}

static double grey_ball(const double xyz[3])
{
    return distance(xyz) < 66 ? 100 + xyz[0] / 2 : 0;
}

static lar_image *fixed_image(void)
{
    const lar_grid grid = box_grid(3, 3, 3, 147); /* a voxel lies in the middle */
    return fill(&grid, grey_ball, LAR_F32);
}

static lar_image *ball_image(const lar_grid *grid, double size, double x, double y, double z)
{
    radius = size;
    centre[0] = x;
    centre[1] = y;
    centre[2] = z;
    return fill(grid, ball, LAR_F32);
}

/* The panels of a picture, found from the head of the fixed image. */
typedef struct frame {
    double zoom, low[3], high[3];
    int column, width[3], height[3], row[3];
} frame;

static frame frame_of(const lar_image *fixed, int blocks)
{
    frame f = { 0 };
    lar_look look;
    lar_head head;
    double longest = 0;
    int y = MARGIN + (blocks > 1 ? BLOCK_LABELS : 0);
    CHECK_OK(lar_look_init(&look, fixed));
    CHECK_OK(lar_head_init(&head, &look));
    for (int a = 0; a < 3; a++) {
        f.low[a] = head.low[a] - AIR_MM;
        f.high[a] = head.high[a] + AIR_MM;
        longest = fmax(longest, f.high[a] - f.low[a]);
    }
    f.zoom = LONGEST * (blocks > 1 ? 0.8 : 1) / longest;
    for (int p = 0; p < 3; p++) {
        f.width[p] = (int)ceil((f.high[across[p]] - f.low[across[p]]) * f.zoom - 1e-6);
        f.height[p] = (int)ceil((f.high[up[p]] - f.low[up[p]]) * f.zoom - 1e-6);
        f.column = f.width[p] > f.column ? f.width[p] : f.column;
        f.row[p] = y;
        y += f.height[p] + SLICE_GAP;
    }
    lar_head_clear(&head);
    lar_look_clear(&look);
    return f;
}

static int left_of(const frame *f, int block, int plane, int slice)
{
    return MARGIN + block * (3 * f->column + 2 * SLICE_GAP + BLOCK_GAP) +
           slice * (f->column + SLICE_GAP) + (f->column - f->width[plane]) / 2;
}

/* How much of the contours' orange is in a pixel: greys have none. */
static double ink(const picture *p, int x, int y)
{
    const uint32_t at = pixel(p, x, y);
    return ((double)(at >> 16) - (double)(at & 255)) / 255;
}

/* Where lines cross the row through z (or y) `level_mm` of a panel, from left to right, in
 * millimetres of the world: the middles of stretches of ink. */
static int crossings(double out[8], const picture *p, const frame *f, int block, int plane,
                     int slice, double level_mm)
{
    const double up_mm = f->high[up[plane]] + f->low[up[plane]];
    const int y =
        f->row[plane] + (int)floor(f->height[plane] / 2.0 - (level_mm - up_mm / 2) * f->zoom);
    const int x0 = left_of(f, block, plane, slice);
    int count = 0;
    double sum = 0, weight = 0;
    for (int x = x0; x <= x0 + f->width[plane]; x++) {
        const double here = x < x0 + f->width[plane] ? ink(p, x, y) : 0;
        if (here > 0.02) {
            sum += here * (x + 0.5);
            weight += here;
        } else if (weight > 0.3) { /* less is the halo of a letter */
            assert_true(count < 8);
            const double pixels = sum / weight - x0 - f->width[plane] / 2.0;
            out[count++] = (f->low[across[plane]] + f->high[across[plane]]) / 2 + pixels / f->zoom;
            sum = weight = 0;
        }
    }
    return count;
}

static double ink_of(const picture *p, const frame *f, int block, int plane, int slice)
{
    double sum = 0;
    const int x0 = left_of(f, block, plane, slice);
    for (int y = f->row[plane]; y < f->row[plane] + f->height[plane]; y++)
        for (int x = x0; x < x0 + f->width[plane]; x++) sum += fmax(ink(p, x, y), 0);
    return sum;
}

static picture draw(const lar_image *fixed, const lar_image *moved, const lar_image *before,
                    const char *name)
{
    CHECK_OK(lar_contours(fixed, moved, before, NULL, file(name), true));
    return open_picture(file(name));
}

/* Both sides of the ball, through its middle in the middle slices. */
static void check_ball(const picture *p, const frame *f, int block, const double at[3], double size,
                       double pixels)
{
    for (int plane = 0; plane < 3; plane++) {
        double x[8];
        assert_int_equal(crossings(x, p, f, block, plane, 1, at[up[plane]] + 0.01), 2);
        CHECK_NEAR(x[0], at[across[plane]] - size, pixels / f->zoom);
        CHECK_NEAR(x[1], at[across[plane]] + size, pixels / f->zoom);
    }
}

static void balls_have_their_radius(void **state)
{
    (void)state;
    lar_image *fixed = fixed_image();
    const frame f = frame_of(fixed, 1);
    const lar_grid grids[] = { box_grid(1, 1, 1, 140), box_grid(2, 2, 2, 140),
                               box_grid(0.9, 1.1, 4, 140) };
    for (int g = 0; g < 3; g++)
        for (int n = 0; n < 2; n++) {
            const double size = n ? 57 : 26;
            lar_image *moved = ball_image(&grids[g], size, 0, 0, 0);
            picture p = draw(fixed, moved, NULL, "ball.png");
            assert_int_equal(p.width, 2 * MARGIN + 3 * f.column + 2 * SLICE_GAP);
            /* of thick slices what is linear between them */
            check_ball(&p, &f, 0, (double[3]){ 0, 0, 0 }, size, g == 2 ? 1.2 : 0.4);
            cairo_surface_destroy(p.surface);
            lar_image_free(moved);
        }
    lar_image_free(fixed);
}

static void contours_move_with_the_image(void **state)
{
    (void)state;
    lar_image *fixed = fixed_image();
    const lar_grid grid = box_grid(1, 1, 1, 150);
    lar_image *here = ball_image(&grid, 40, 0, 0, 0), *there = ball_image(&grid, 40, 0, 0, 0);
    for (int a = 0; a < 3; a++) {
        double at[3] = { 0 };
        at[a] = 5;
        there->grid.to_world.m[a][3] += 5;
        const frame f = frame_of(fixed, 2);
        picture p = draw(fixed, here, there, "blocks.png");
        assert_int_equal(p.width, 2 * MARGIN + 6 * f.column + 4 * SLICE_GAP + BLOCK_GAP);
        for (int plane = 0; plane < 3; plane++) { /* seen where the plane holds the axis */
            double x[8];
            const int normal = 3 - across[plane] - up[plane];
            const double size = normal == a ? sqrt(40 * 40 - 5 * 5) : 40;
            for (int block = 0; block < 2; block++) {
                const double *from = block ? (double[3]){ 0, 0, 0 } : at;
                assert_int_equal(crossings(x, &p, &f, block, plane, 1, from[up[plane]] + 0.01), 2);
                CHECK_NEAR(x[0], from[across[plane]] - (block ? 40 : size), 0.4 / f.zoom);
                CHECK_NEAR(x[1], from[across[plane]] + (block ? 40 : size), 0.4 / f.zoom);
            }
        }
        int64_t words = 0; /* "before" and "after" */
        for (int x = 0; x < p.width; x++) words += green(&p, x, MARGIN + 12) > 150;
        assert_true(words > 10);
        cairo_surface_destroy(p.surface);
        there->grid.to_world.m[a][3] -= 5;
    }
    lar_image_free(here);
    lar_image_free(there);
    lar_image_free(fixed);
}

/* A ball, stored from the other side, and on a grid that lies askew. */
static void grids_do_not_show(void **state)
{
    (void)state;
    lar_image *fixed = fixed_image();
    lar_grid straight = box_grid(1, 1, 1, 150), askew = straight;
    const frame f = frame_of(fixed, 1);
    lar_image *image = ball_image(&straight, 45, 4, -6, 3), *flipped, *turned;
    const int order[3] = { 1, 2, 0 };
    const bool sides[3] = { true, false, false };
    char first[256];
    CHECK_OK(lar_image_to_axes(&flipped, image, order, sides));
    picture p = draw(fixed, image, NULL, "straight.png"),
            q = draw(fixed, flipped, NULL, "flipped.png");
    snprintf(first, sizeof first, "%s", file("straight.png"));
    assert_int_equal(different_pixels(first, file("flipped.png")), 0);
    cairo_surface_destroy(q.surface);

    const double turn = 0.35, tilt = 0.2; /* radians, about z and then about x */
    const double c = cos(turn), s = sin(turn), d = cos(tilt), e = sin(tilt);
    const double rotation[3][3] = { { c, -s, 0 }, { s * d, c * d, -e }, { s * e, c * e, d } };
    for (int r = 0; r < 3; r++) {
        askew.to_world.m[r][3] = 0;
        for (int a = 0; a < 3; a++) {
            askew.to_world.m[r][a] = rotation[r][a];
            askew.to_world.m[r][3] -= rotation[r][a] * (double)(askew.size[a] - 1) / 2;
        }
    }
    turned = ball_image(&askew, 45, 4, -6, 3);
    q = draw(fixed, turned, NULL, "turned.png");
    for (int plane = 0; plane < 3; plane++)
        for (int slice = 0; slice < 3; slice++)
            for (int row = -20; row <= 20; row += 10) {
                double x[8], y[8];
                const int count = crossings(x, &p, &f, 0, plane, slice, row);
                assert_int_equal(count, crossings(y, &q, &f, 0, plane, slice, row));
                assert_int_equal(count, 2);
                for (int n = 0; n < 2; n++) CHECK_NEAR(x[n], y[n], 0.3 / f.zoom);
            }
    cairo_surface_destroy(p.surface);
    cairo_surface_destroy(q.surface);
    lar_image_free(image);
    lar_image_free(flipped);
    lar_image_free(turned);
    lar_image_free(fixed);
}

/* A bright core of 30 mm in grey of 50 mm, as fluid in T2: both surfaces are drawn. */
static double two_balls(const double xyz[3])
{
    const double r = distance(xyz);
    return 100 * fmin(fmax((54.4 - r) / 4, 0), 1) + 100 * fmin(fmax((20 - r) / 4, 0), 1);
}

/* Bright within 40 mm, and a dim shell of 58 mm around it, as brain and skin in FLAIR. */
static double dim_skin(const double xyz[3])
{
    const double r = distance(xyz);
    return r < 40 ? 300 : r < 46 ? 20 : r < 58 ? 120 : 0;
}

static void anatomy_is_seen_in_any_contrast(void **state)
{
    (void)state;
    lar_image *fixed = fixed_image();
    const lar_grid grid = box_grid(1, 1, 1, 150);
    const frame f = frame_of(fixed, 1);
    static const struct {
        scene_fn scene;
        double outer, inner;
    } kinds[] = { { two_balls, 52, 18 }, { dim_skin, 58, 40 } };
    for (int n = 0; n < 2; n++) {
        lar_image *moved = fill(&grid, kinds[n].scene, LAR_I16);
        picture p = draw(fixed, moved, NULL, "kinds.png");
        double x[8];
        assert_int_equal(crossings(x, &p, &f, 0, AXIAL, 1, 10), 4);
        for (int side = 0; side < 2; side++) {
            const double sign = side ? 1 : -1;
            CHECK_NEAR(x[side ? 3 : 0], sign * sqrt(pow(kinds[n].outer, 2) - 100), 1.5);
            CHECK_NEAR(x[side ? 2 : 1], sign * sqrt(pow(kinds[n].inner, 2) - 100), 1.5);
        }
        cairo_surface_destroy(p.surface);
        lar_image_free(moved);
    }
    lar_image_free(fixed);
}

static void far_images_are_drawn(void **state)
{
    (void)state;
    lar_image *fixed = fixed_image();
    const frame f = frame_of(fixed, 1);
    const lar_grid grid = box_grid(2, 2, 2, 150);
    lar_image *moved = ball_image(&grid, 50, 0, 0, 0);
    for (int far = 0; far < 2; far++) {
        moved->grid.to_world.m[0][3] += 80 + 400 * far;
        picture p = draw(fixed, moved, NULL, "far.png");
        double sum = 0;
        for (int n = 0; n < 9; n++) sum += ink_of(&p, &f, 0, n / 3, n % 3);
        if (far)
            CHECK_NEAR(sum, 0, 1e-9);
        else
            assert_true(sum > 200);
        cairo_surface_destroy(p.surface);
    }
    lar_image_free(moved);
    lar_image_free(fixed);
}

static void threads_do_not_show(void **state)
{
    (void)state;
    lar_image *fixed = fixed_image();
    const lar_grid grid = box_grid(2, 2, 2, 150);
    lar_image *moved = fill(&grid, head, LAR_F32);
    char *bytes[2];
    size_t count[2];
    for (int n = 0; n < 2; n++) {
        lar_threads_set(n ? 3 : 1);
        CHECK_OK(lar_contours(fixed, moved, moved, "title", file("threads.png"), true));
        CHECK_OK(lar_file_read(&bytes[n], &count[n], file("threads.png"), 1 << 24));
    }
    lar_threads_set(0);
    assert_int_equal(count[0], count[1]);
    assert_memory_equal(bytes[0], bytes[1], count[0]);
    for (int n = 0; n < 2; n++) lar_free(bytes[n]);
    lar_image_free(moved);
    lar_image_free(fixed);
}

/* The mask of a shell: its outline is two lines, whose places tell which side is inside. */
static double shell(const double xyz[3])
{
    const double r = distance((double[3]){ xyz[0] - 6, xyz[1] + 4, xyz[2] - 2 });
    return r < 46 && r > 20;
}

static double brick(const double xyz[3])
{
    return fabs(xyz[0]) < 40 && fabs(xyz[1]) < 50 && fabs(xyz[2]) < 30;
}

static picture draw_mask(const lar_image *image, const lar_image *mask, const char *name)
{
    CHECK_OK(lar_mask_contours(image, mask, NULL, file(name), true));
    return open_picture(file(name));
}

static void outlines_of_masks_lie_between_voxels(void **state)
{
    (void)state;
    lar_image *fixed = fixed_image();
    const frame f = frame_of(fixed, 1);
    for (int n = 0; n < 2; n++) { /* on the image's own grid, and on finer voxels */
        const lar_grid grid = n ? box_grid(1, 1, 1, 149) : fixed->grid;
        const double voxel = n ? 1 : 3;
        lar_image *mask = fill(&grid, shell, LAR_U8);
        picture p = draw_mask(fixed, mask, "shell.png");
        for (int plane = 0; plane < 3; plane++) {
            static const double middle[3] = { 6, -4, 2 };
            const double *c = middle;
            double x[8];
            assert_int_equal(crossings(x, &p, &f, 0, plane, 1, c[up[plane]] + 0.01), 4);
            CHECK_NEAR(x[0], c[across[plane]] - 46, voxel);
            CHECK_NEAR(x[1], c[across[plane]] - 20, voxel);
            CHECK_NEAR(x[2], c[across[plane]] + 20, voxel);
            CHECK_NEAR(x[3], c[across[plane]] + 46, voxel);
        }
        cairo_surface_destroy(p.surface);
        lar_image_free(mask);
    }
    lar_image_free(fixed);
}

/* Half way between the last voxel inside and the first outside, exactly, and closed: as much ink
 * as the rectangle is long. */
static void outlines_of_bricks_are_rectangles(void **state)
{
    (void)state;
    /* of voxels of 3 mm, one of them in the middle */
    static const double half[3] = { 40.5, 49.5, 28.5 };
    lar_image *fixed = fixed_image(), *mask = fill(&fixed->grid, brick, LAR_U8);
    const frame f = frame_of(fixed, 1);
    picture p = draw_mask(fixed, mask, "brick.png");
    for (int plane = 0; plane < 3; plane++) {
        double x[8];
        for (int row = -20; row <= 20; row += 20) {
            assert_int_equal(crossings(x, &p, &f, 0, plane, 1, row), 2);
            CHECK_NEAR(x[0], -half[across[plane]], 0.4 / f.zoom);
            CHECK_NEAR(x[1], half[across[plane]], 0.4 / f.zoom);
        }
        assert_int_equal(crossings(x, &p, &f, 0, plane, 1, half[up[plane]] + 4), 0);
    }
    const double axial = ink_of(&p, &f, 0, AXIAL, 1), coronal = ink_of(&p, &f, 0, CORONAL, 1);
    CHECK_NEAR(axial / coronal, (half[0] + half[1]) / (half[0] + half[2]), 0.03);
    cairo_surface_destroy(p.surface);
    lar_image_free(mask);
    lar_image_free(fixed);
}

static void small_masks_are_seen_and_empty_ones_not(void **state)
{
    (void)state;
    lar_image *fixed = fixed_image(), *none;
    const frame f = frame_of(fixed, 1);
    CHECK_OK(lar_image_new(&none, &fixed->grid, 1, LAR_U8));
    picture p = draw_mask(fixed, none, "none.png");
    double sum = 0;
    for (int n = 0; n < 9; n++) sum += ink_of(&p, &f, 0, n / 3, n % 3);
    CHECK_NEAR(sum, 0, 1e-9);
    cairo_surface_destroy(p.surface);
    /* a piece of 6 mm is seen */
    for (int64_t k = 24; k <= 25; k++)
        for (int64_t j = 24; j <= 25; j++)
            for (int64_t i = 24; i <= 25; i++) ((uint8_t *)none->voxels)[i + 49 * (j + 49 * k)] = 1;
    p = draw_mask(fixed, none, "none.png");
    for (int plane = 0; plane < 3; plane++) assert_true(ink_of(&p, &f, 0, plane, 1) > 20);
    cairo_surface_destroy(p.surface);
    CHECK_FAILS(lar_mask_contours(fixed, none, NULL, file("none.png"), false), LAR_EEXISTS,
                "exists already");
    CHECK_FAILS(lar_mask_contours(fixed, none, NULL, file("none.gif"), true), LAR_EARGUMENT,
                "none.gif");
    lar_image_free(none);
    lar_image_free(fixed);
}

static void real_scans_have_contours(void **state)
{
    (void)state;
    lar_image *t1, *flair;
    char path[4096];
    const char *found = check_data("cohort2mm/t1/Subj9_T1.nii.gz");
    if (!found) {
        print_message("skipped: the real scans are not here\n");
        skip();
    }
    snprintf(path, sizeof path, "%s", found);
    CHECK_OK(lar_image_read(&t1, path));
    CHECK_OK(lar_image_read(&flair, check_data("cohort2mm/flair/Subj9_FL.nii.gz")));
    const frame f = frame_of(t1, 1);
    picture p = draw(t1, flair, NULL, "real.png");
    for (int slice = 0; slice < 3; slice++) /* the rows below begin elsewhere: without the neck */
        assert_true(ink_of(&p, &f, 0, AXIAL, slice) > 800);
    cairo_surface_destroy(p.surface);
    lar_image_free(t1);
    lar_image_free(flair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(balls_have_their_radius),
        cmocka_unit_test(contours_move_with_the_image),
        cmocka_unit_test(grids_do_not_show),
        cmocka_unit_test(anatomy_is_seen_in_any_contrast),
        cmocka_unit_test(far_images_are_drawn),
        cmocka_unit_test(threads_do_not_show),
        cmocka_unit_test(outlines_of_masks_lie_between_voxels),
        cmocka_unit_test(outlines_of_bricks_are_rectangles),
        cmocka_unit_test(small_masks_are_seen_and_empty_ones_not),
        cmocka_unit_test(real_scans_have_contours),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
