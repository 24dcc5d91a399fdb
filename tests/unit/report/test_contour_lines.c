/* Laws of level lines: they lie where the field has the level, close or end at a border, and go
 * through each crossed edge once.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"
#include "report/contours/contour_lines.h"

enum { WIDTH = 61, HEIGHT = 47 };
static double field[HEIGHT][WIDTH];

typedef struct found {
    int64_t open, closed, points;
    double length, worst, level; /* worst: distance of the field from the level at a point */
    double area;                 /* of the closed lines; the sign tells which way they go */
} found;

/* Linear along the edge of the lattice that every point lies on. */
static double field_at(double x, double y)
{
    const int i = (int)floor(x), j = (int)floor(y);
    const double u = x - i, v = y - j;
    const int right = i + (u > 0), down = j + (v > 0);
    assert_true(u == 0 || v == 0);
    return (1 - u - v) * field[j][i] + u * field[j][right] + v * field[down][i];
}

static void look(void *user, const lar_contour_line *line)
{
    found *f = user;
    f->closed += line->closed;
    f->open += !line->closed;
    f->points += line->count;
    f->length += lar_contour_length(line);
    for (int64_t n = 0; n < line->count; n++) {
        const double *a = line->points[n], *b = line->points[(n + 1) % line->count];
        f->worst = fmax(f->worst, fabs(field_at(a[0], a[1]) - f->level));
        if (n + 1 < line->count) assert_true(hypot(a[0] - b[0], a[1] - b[1]) < 1.4143);
        if (line->closed) f->area += (a[0] * b[1] - a[1] * b[0]) / 2;
    }
    if (line->closed) return;
    for (int end = 0; end < 2; end++) { /* at the border, or beside a value that is none */
        const double *at = line->points[end ? line->count - 1 : 0];
        const bool border = at[0] == 0 || at[1] == 0 || at[0] == WIDTH - 1 || at[1] == HEIGHT - 1;
        bool hole = false;
        for (int j = -1; j <= 2 && !border; j++)
            for (int i = -1; i <= 2; i++) {
                const int x = (int)floor(at[0]) + i, y = (int)floor(at[1]) + j;
                if (x >= 0 && y >= 0 && x < WIDTH && y < HEIGHT)
                    hole = hole || !isfinite(field[y][x]);
            }
        assert_true(border || hole);
    }
}

static found lines_at(double level)
{
    found f = { .level = level };
    CHECK_OK(lar_contour_lines(&field[0][0], WIDTH, HEIGHT, level, look, &f));
    return f;
}

static void fill_circle(double x, double y)
{
    for (int j = 0; j < HEIGHT; j++)
        for (int i = 0; i < WIDTH; i++) field[j][i] = hypot(i - x, j - y);
}

static void circles_are_round(void **state)
{
    (void)state;
    fill_circle(30.3, 22.7);
    for (int n = 0; n < 12; n++) {
        const double r = 3 + 1.7 * n;
        const found f = lines_at(r);
        assert_int_equal(f.closed, 1);
        assert_int_equal(f.open, 0);
        CHECK_NEAR(f.worst, 0, 1e-9);
        CHECK_NEAR(f.length, 2 * 3.14159265358979 * r, 0.2);
        CHECK_NEAR(fabs(f.area), 3.14159265358979 * r * r, 1.5);
    }
    const found cut = lines_at(35); /* the four corners */
    assert_int_equal(cut.closed, 0);
    assert_int_equal(cut.open, 4);
    assert_int_equal(lines_at(100).points, 0);
}

static void ramps_are_straight(void **state)
{
    (void)state;
    for (int j = 0; j < HEIGHT; j++)
        for (int i = 0; i < WIDTH; i++) field[j][i] = 3 * i + 4 * j;
    const found f = lines_at(100.5);
    assert_int_equal(f.open, 1);
    CHECK_NEAR(f.length, hypot(33.5, 100.5 / 4), 1e-9);
    const found exact = lines_at(99); /* through points of the lattice */
    assert_int_equal(exact.open, 1);
    CHECK_NEAR(exact.length, hypot(33, 99.0 / 4), 1e-9);
}

static void each_edge_once(void **state)
{
    (void)state;
    int64_t edges = 0;
    for (int j = 0; j < HEIGHT; j++)
        for (int i = 0; i < WIDTH; i++) {
            field[j][i] = lar_random_uniform(7, 1, (uint64_t)(j * WIDTH + i));
            if (i % 17 == 16 && j % 13 == 12) field[j][i] = j % 2 ? NAN : INFINITY;
        }
    for (int j = 0; j < HEIGHT; j++)
        for (int i = 0; i < WIDTH; i++)
            for (int down = 0; down < 2; down++) {
                const int x = i + !down, y = j + down;
                bool cell[2] = { true, true }; /* on both sides of the edge */
                if (x >= WIDTH || y >= HEIGHT) continue;
                for (int side = 0; side < 2; side++)
                    for (int n = 0; n < 4; n++) {
                        const int cx = i - (down && !side) + (n & 1),
                                  cy = j - (!down && !side) + (n >> 1);
                        const bool there = cx >= 0 && cy >= 0 && cx < WIDTH && cy < HEIGHT;
                        cell[side] = cell[side] && there && isfinite(field[cy][cx]);
                    }
                edges += (cell[0] || cell[1]) && (field[j][i] >= 0.5) != (field[y][x] >= 0.5);
            }
    const found f = lines_at(0.5);
    assert_int_equal(f.points, edges);
    assert_true(f.open > 5 && f.closed > 20);
    CHECK_NEAR(f.worst, 0, 1e-9);
}

/* Two hills that touch at a corner are one where the middle is high, and two where it is low. */
static void saddles_follow_the_middle(void **state)
{
    (void)state;
    for (int high = 0; high < 2; high++) {
        memset(field, 0, sizeof field);
        field[10][10] = field[11][11] = high ? 4 : 1.2;
        const found f = lines_at(1);
        assert_int_equal(f.closed, high ? 1 : 2);
    }
}

static void short_memory_is_said(void **state)
{
    (void)state;
    fill_circle(30, 20);
    for (int n = 1; n <= 2; n++) {
        found f = { 0 };
        lar_alloc_fail_at(n, false);
        assert_int_equal(lar_contour_lines(&field[0][0], WIDTH, HEIGHT, 5, look, &f), LAR_EMEMORY);
        lar_alloc_fail_at(0, false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(circles_are_round),    cmocka_unit_test(ramps_are_straight),
        cmocka_unit_test(each_edge_once),       cmocka_unit_test(saddles_follow_the_middle),
        cmocka_unit_test(short_memory_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
