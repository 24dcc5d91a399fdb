/* Motion: the head moved between parts of the scan, so that k-space is put together of what was
 * seen in several positions (Shaw 2019, proceedings.mlr.press/v102/shaw19a.html). Its middle was
 * measured at rest: the head stays where its labels are. SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "augment/augment_parts.h"

enum { MOVES_MAX = 3 };

typedef struct motion_params {
    lar_reals degrees, translation;
    int64_t transforms;
    const char *axes;
} motion_params;

/* Names and defaults: TorchIO's RandomMotion (num_transforms). */
static const lar_param table[] = {
    LAR_P_REALS(motion_params, degrees, "degrees", 0, "10", -180, 180, "degrees",
                "turned about each axis; n: from -n to n; a range"),
    LAR_P_REALS(motion_params, translation, "translation", 0, "10", -1000, 1000, "mm",
                "along each axis; n: from -n to n; a range"),
    LAR_P_INT(motion_params, transforms, "transforms", 0, "2", 1, MOVES_MAX, "count",
              "how often the head moves"),
    LAR_P_TEXT(motion_params, axes, "axes", 0, "xyz", "axes",
               "along which k-space is filled; one is drawn: z, xy, xyz ..."),
    LAR_P_END,
};

enum { AXIS, MOVES, FIRST, TIME = 0, DEGREES, MM = 4, EACH = 7 };
#define MOVE(n)                                                                                    \
    "time_" n, "degrees_x_" n, "degrees_y_" n, "degrees_z_" n, "translation_x_" n,                 \
        "translation_y_" n, "translation_z_" n
static const char *const names[] = { "axis", "transforms", MOVE("1"), MOVE("2"), MOVE("3"), NULL };

static lar_status check(const void *params)
{
    const motion_params *p = params;
    lar_status status = lar_axes_check(p->axes, "axes");
    if (status == LAR_OK) status = lar_range_check(&p->degrees, "degrees", false);
    return status == LAR_OK ? lar_range_check(&p->translation, "translation", false) : status;
}

/* Times: evenly spread, each moved by up to half of what is between them, as TorchIO's. */
static void draw(double *values, const void *params, lar_dice *dice)
{
    const motion_params *p = params;
    const double step = 1 / (double)(p->transforms + 1);
    values[AXIS] = (double)lar_dice_axis(dice, p->axes);
    values[MOVES] = (double)p->transforms;
    for (int64_t m = 0; m < p->transforms; m++) {
        double *move = values + FIRST + m * EACH;
        move[TIME] = step * ((double)(m + 1) + lar_dice_between(dice, -0.5, 0.5));
        for (int a = 0; a < 3; a++) move[DEGREES + a] = lar_dice_range(dice, &p->degrees, 0, true);
        for (int a = 0; a < 3; a++) move[MM + a] = lar_dice_range(dice, &p->translation, 0, true);
    }
}

/* The sample as it is after a move, linear between voxels; its border goes on. */
static void show_moved(float *out, const float *in, const lar_augment_work *work,
                       const double *move, lar_row *row)
{
    const lar_history none = { 0 };
    const int64_t *size = work->box->size;
    double turn[3][3], shift[3];
    lar_augment_map map;
    lar_map_init(&map, &work->image->volume->grid, work->box, &none);
    lar_map_turn(turn, &map, move + DEGREES);
    for (int a = 0; a < 3; a++) shift[a] = map.still[a] ? 0 : move[MM + a];
    lar_map_push(&map, turn, shift);
    for (int64_t n = 0; n < size[1] * size[2]; n++) {
        const double j = (double)(n % size[1]), k = (double)(n / size[1]);
        for (int a = 0; a < 3; a++) {
            const double *m = map.affine.m[a];
            for (int64_t i = 0; i < size[0]; i++)
                row->at[a][i] = m[0] * (double)i + m[1] * j + m[2] * k + m[3];
        }
        lar_row_find(row, size);
        for (int64_t i = 0; i < size[0]; i++) row->inside[i] = 1;
        lar_row_sample(out + n * size[0], row, in, size, 0);
    }
}

/* Planes of k-space from the time of one move to that of the next. */
static void between(double *planes, int64_t count, double begin, double end)
{
    const int64_t first = lar_value_whole(begin * (double)count, 0, count);
    const int64_t last = lar_value_whole(end * (double)count, 0, count);
    for (int64_t n = 0; n < count; n++) planes[n] = n >= first && n < last;
}

typedef struct scanning {
    int64_t count, moves;
    int axis;
    double *planes, *room;
    float *weights, *before, *moved;
    lar_row row;
} scanning;

static bool set_up(scanning *s, lar_augment_work *work)
{
    const int64_t count = s->count, all = lar_work_count(work);
    const int64_t length = (work->box->size[0] + 15) / 16 * 16;
    const int64_t reals = 2 * count + 3 * length, floats = count * count + 2 * all + 5 * length;
    s->planes = lar_scratch_take(work->scratch,
                                 reals * (int64_t)sizeof(double) + floats * (int64_t)sizeof(float));
    if (!s->planes) return false;
    s->room = s->planes + count;
    s->row = (lar_row){ .count = work->box->size[0] };
    for (int a = 0; a < 3; a++) s->row.at[a] = s->room + count + a * length;
    s->weights = (float *)(s->planes + reals);
    s->before = s->weights + count * count;
    s->moved = s->before + all;
    for (int a = 0; a < 3; a++) s->row.above[a] = s->moved + all + a * length;
    s->row.below = (int32_t *)(s->moved + all + 3 * length);
    s->row.inside = s->row.below + length;
    return true;
}

static bool is_still(const double *values, int64_t moves)
{
    for (int64_t m = 0; m < moves; m++)
        for (int n = DEGREES; n < EACH; n++)
            if (values[FIRST + m * EACH + n] != 0) return false;
    return true;
}

static lar_status change(lar_augment_work *work, const double *values)
{
    scanning s = { .moves = lar_value_whole(values[MOVES], 0, MOVES_MAX),
                   .axis = lar_work_axis(work, values[AXIS]) };
    const int64_t all = lar_work_count(work);
    s.count = work->box->size[s.axis];
    if (s.count == 1 || is_still(values, s.moves)) return LAR_OK;
    if (!set_up(&s, work)) return LAR_EMEMORY;
    memcpy(s.before, work->voxels, (size_t)all * sizeof(float));
    memset(work->voxels, 0, (size_t)all * sizeof(float));
    int64_t move = 0; /* the next that a part takes */
    for (int64_t part = 0; part <= s.moves; part++) {
        const double begin = part == 0 ? 0 : values[FIRST + (part - 1) * EACH + TIME];
        const double end = part == s.moves ? 1 : values[FIRST + part * EACH + TIME];
        between(s.planes, s.count, begin, end);
        const bool rests = s.planes[s.count / 2] != 0;
        if (!rests && move < s.moves)
            show_moved(s.moved, s.before, work, values + FIRST + move++ * EACH, &s.row);
        lar_along_planes(s.weights, s.count, s.planes, s.room);
        lar_along_add(work->voxels, rests ? s.before : s.moved, work->box->size, s.axis, s.weights);
    }
    return LAR_OK;
}

const lar_augment_kind lar_augment_motion = {
    .name = "motion",
    .summary = "the head moved during the scan",
    .table = table,
    .size = sizeof(motion_params),
    .names = names,
    .check = check,
    .draw = draw,
    .change = change,
};
