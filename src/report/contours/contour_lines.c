/* Marching squares, after the three-dimensional algorithm of Lorensen and Cline (1987,
 * doi:10.1145/37401.37422): four neighbours make a cell, and a line enters and leaves it through
 * edges whose ends lie on both sides of the level. The cells are walked from edge to edge, so that
 * lines come whole: short ones, which noise makes, can be told and left out.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "report/contours/contour_lines.h"

/* Sides of a cell. */
enum { TOP, RIGHT, BOTTOM, LEFT, SIDES };

typedef struct field {
    const double *values;
    int64_t width, height;
    double level;
    unsigned char *done; /* edges a line went through: those along rows, then those along columns */
    double (*points)[2];
    int64_t count;
} field;

/* From value (column, row) to the next in the row, or to the one below it. */
typedef struct edge {
    int64_t column, row;
    bool down;
} edge;

typedef struct cell {
    int64_t column, row; /* of its first value */
} cell;

static double value_at(const field *f, int64_t column, int64_t row)
{
    return f->values[row * f->width + column];
}

static unsigned char *done_of(const field *f, edge e)
{
    return &f->done[(e.down ? f->width * f->height : 0) + e.row * f->width + e.column];
}

static bool is_crossed(const field *f, edge e)
{
    if (e.column + !e.down >= f->width || e.row + e.down >= f->height) return false;
    const double a = value_at(f, e.column, e.row),
                 b = value_at(f, e.column + !e.down, e.row + e.down);
    return isfinite(a) && isfinite(b) && (a >= f->level) != (b >= f->level);
}

static bool is_cell(const field *f, cell c)
{
    if (c.column < 0 || c.row < 0 || c.column + 1 >= f->width || c.row + 1 >= f->height)
        return false;
    for (int n = 0; n < 4; n++)
        if (!isfinite(value_at(f, c.column + (n & 1), c.row + (n >> 1)))) return false;
    return true;
}

static edge side_of(cell c, int side)
{
    return (edge){ c.column + (side == RIGHT), c.row + (side == BOTTOM),
                   side == RIGHT || side == LEFT };
}

/* The cells on both sides of an edge: above and below it, or left and right. */
static cell beside(edge e, int which)
{
    if (which) return (cell){ e.column, e.row };
    return e.down ? (cell){ e.column - 1, e.row } : (cell){ e.column, e.row - 1 };
}

/* Where a line that enters the cell through one side leaves it. A saddle, all four sides crossed,
 * is parted by the mean of its corners. */
static int way_out(const field *f, cell c, int in)
{
    static const int joined[SIDES] = { RIGHT, TOP, LEFT, BOTTOM },
                     parted[SIDES] = { LEFT, BOTTOM, RIGHT, TOP };
    int crossed = 0, out = in;
    for (int side = 0; side < SIDES; side++)
        if (is_crossed(f, side_of(c, side))) {
            crossed++;
            if (side != in) out = side;
        }
    if (crossed == 2) return out;
    const double first = value_at(f, c.column, c.row);
    const double mean = (first + value_at(f, c.column + 1, c.row) +
                         value_at(f, c.column, c.row + 1) + value_at(f, c.column + 1, c.row + 1)) /
                        4;
    return ((mean >= f->level) == (first >= f->level) ? joined : parted)[in];
}

static void add_point(field *f, edge e)
{
    const double a = value_at(f, e.column, e.row),
                 b = value_at(f, e.column + !e.down, e.row + e.down),
                 part = (f->level - a) / (b - a);
    f->points[f->count][0] = (double)e.column + (e.down ? 0 : part);
    f->points[f->count++][1] = (double)e.row + (e.down ? part : 0);
    *done_of(f, e) = 1;
}

/* From an edge into the cell on one side of it, until the line ends or is back. */
static bool walk(field *f, edge e, int which)
{
    cell c = beside(e, which);
    f->count = 0;
    add_point(f, e);
    for (;;) {
        int in = TOP;
        if (e.down)
            in = which ? LEFT : RIGHT;
        else
            in = which ? TOP : BOTTOM;
        const int out = way_out(f, c, in);
        e = side_of(c, out);
        if (*done_of(f, e)) return true;
        add_point(f, e);
        which = out == RIGHT || out == BOTTOM;
        c = beside(e, which);
        if (!is_cell(f, c)) return false;
    }
}

/* Lines that begin at a border first: what is left then is closed. */
static void find_lines(field *f, bool closed, lar_contour_fn fn, void *user)
{
    for (int64_t n = 0; n < 2 * f->width * f->height; n++) {
        const edge e = { n / 2 % f->width, n / 2 / f->width, n & 1 };
        if (*done_of(f, e) || !is_crossed(f, e)) continue;
        const bool sides[2] = { is_cell(f, beside(e, 0)), is_cell(f, beside(e, 1)) };
        if (closed ? !(sides[0] && sides[1]) : sides[0] == sides[1]) continue;
        const bool back = walk(f, e, sides[1]);
        fn(user, &(lar_contour_line){ (const double(*)[2])f->points, f->count, back });
    }
}

lar_status lar_contour_lines(const double *values, int64_t width, int64_t height, double level,
                             lar_contour_fn fn, void *user)
{
    field f = { .values = values, .width = width, .height = height, .level = level };
    const int64_t edges = 2 * width * height;
    lar_status status = LAR_OK;

    f.done = lar_alloc(edges, sizeof *f.done);
    f.points = lar_alloc_raw(edges, sizeof *f.points);
    if (!f.done || !f.points) {
        status = LAR_EMEMORY;
        goto done;
    }
    find_lines(&f, false, fn, user);
    find_lines(&f, true, fn, user);
done:
    lar_free(f.done);
    lar_free(f.points);
    return status;
}

double lar_contour_length(const lar_contour_line *line)
{
    double length = 0;
    for (int64_t n = 1; n < line->count + line->closed; n++) {
        const double *a = line->points[n - 1], *b = line->points[n % line->count];
        length += hypot(b[0] - a[0], b[1] - a[1]);
    }
    return length;
}
