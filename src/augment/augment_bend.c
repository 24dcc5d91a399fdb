/* A field of cubic B-splines over the voxels of a sample. Weights are those of whole voxels, found
 * once for each axis; a row is a sum over the few control points that reach it.
 *
 * Control points move by less than 0.4 of the distance between them, and then nothing folds (Choi
 * and Lee 2000, doi:10.1006/gmod.2000.0531: 1 / 2.4795 of it in three dimensions, 1 / 2.0464 in
 * two).
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "augment/augment_parts.h"
#include "math/math.h"

#define FOLD_FREE 0.4

enum { ORDER = 3, TAPS = ORDER + 1, LINE = 64 }; /* LINE: bytes that blocks are aligned to */

static int64_t points_along(const lar_augment_map *map, int axis)
{
    return map->still[axis] ? 1 : map->bend.points[axis];
}

/* How many control points lie between two voxels; below 1 but for tiny samples. */
static double points_per_voxel(const lar_augment_map *map, int axis)
{
    if (map->still[axis]) return 0;
    return (double)(map->bend.points[axis] - ORDER) / (double)(map->size[axis] - 1);
}

/* Hands out aligned pieces of a block; with `at` NULL it only counts. */
static void *piece(char *at, int64_t *used, int64_t bytes)
{
    void *here = at ? at + *used : NULL;
    *used += (bytes + LINE - 1) / LINE * LINE;
    return here;
}

static int64_t lay_out(lar_flex *b, const lar_augment_map *map, char *room)
{
    const int64_t real = sizeof(double);
    int64_t used = 0, points = 1;
    for (int a = 0; a < 3; a++) {
        b->size[a] = map->size[a];
        b->points[a] = points_along(map, a);
        points *= b->points[a];
    }
    for (int a = 0; a < 3; a++) {
        b->control[a] = piece(room, &used, points * real);
        b->weight[a] = piece(room, &used, b->points[a] * b->size[a] * real);
        b->first[a] = piece(room, &used, b->size[a] * real);
    }
    b->from = piece(room, &used, b->points[0] * real);
    b->to = piece(room, &used, b->points[0] * real);
    b->plane = piece(room, &used, 3 * b->points[0] * b->points[1] * real);
    b->row = piece(room, &used, 3 * b->points[0] * real);
    return used;
}

int64_t lar_flex_room(const lar_augment_map *map)
{
    lar_flex unused;
    return map->bend.points[0] ? lay_out(&unused, map, NULL) : 0;
}

/* Weights of the four control points around `at`, counted in control points; returns the first. */
static int64_t weigh(double weights[TAPS], double at, int64_t points)
{
    if (points == 1) { /* an axis along which all is alike */
        weights[0] = 1;
        return 0;
    }
    const double last = (double)(points - TAPS);
    const double floored = floor(at), first = floored < 0 ? 0 : floored > last ? last : floored;
    lar_spline_weights(weights, at - first);
    return (int64_t)first;
}

static void weigh_axis(lar_flex *b, const lar_augment_map *map, int axis)
{
    const int64_t size = b->size[axis], points = b->points[axis];
    const double step = points_per_voxel(map, axis);
    memset(b->weight[axis], 0, (size_t)(points * size) * sizeof(double));
    for (int64_t v = 0; v < size; v++) {
        double weights[TAPS];
        const int64_t first = weigh(weights, (double)v * step, points);
        b->first[axis][v] = first;
        for (int64_t t = 0; t < TAPS && t < points; t++)
            b->weight[axis][(first + t) * size + v] = weights[t];
    }
}

/* Control point (i, j, k) moves by draws in (-1, 1) times how far it may. */
static void place_controls(lar_flex *b, const lar_augment_map *map)
{
    const int64_t *points = b->points, locked = map->bend.locked;
    double far[3];
    for (int a = 0; a < 3; a++) {
        const double step = points_per_voxel(map, a), most = step > 0 ? FOLD_FREE / step : 0;
        far[a] = map->bend.mm[a] / map->spacing_mm[a];
        if (far[a] > most) far[a] = most;
    }
    for (int64_t n = 0; n < points[0] * points[1] * points[2]; n++) {
        const int64_t at[3] = { n % points[0], n / points[0] % points[1],
                                n / (points[0] * points[1]) };
        bool fixed = false;
        uint32_t bits[4];
        for (int a = 0; a < 3; a++)
            fixed |= !map->still[a] && (at[a] < locked || at[a] >= points[a] - locked);
        lar_random_bits(bits, map->bend.seed, 0, (uint64_t)n);
        for (int a = 0; a < 3; a++)
            b->control[a][n] = fixed ? 0 : far[a] * (((double)bits[a] + 0.5) * 0x1p-31 - 1);
    }
}

void lar_flex_init(lar_flex *b, const lar_augment_map *map, void *room)
{
    lay_out(b, map, room);
    for (int a = 0; a < 3; a++) weigh_axis(b, map, a);
    for (int64_t p = 0; p < b->points[0]; p++) {
        b->from[p] = b->size[0];
        b->to[p] = 0;
        for (int64_t v = 0; v < b->size[0]; v++) {
            const int64_t reached = p - b->first[0][v];
            if (reached < 0 || reached >= TAPS) continue;
            if (v < b->from[p]) b->from[p] = v;
            b->to[p] = v + 1;
        }
    }
    place_controls(b, map);
}

/* out[n] = the sum over four rows of `in`, of what they weigh at voxel v along `axis`. */
static void blend(double *restrict out, const double *in, int64_t count, const lar_flex *b,
                  int axis, int64_t v)
{
    const int64_t points = b->points[axis], first = b->first[axis][v];
    for (int64_t n = 0; n < count; n++) out[n] = 0;
    for (int64_t p = first; p < first + TAPS && p < points; p++) {
        const double weight = b->weight[axis][p * b->size[axis] + v];
        const double *restrict from = in + p * count;
        for (int64_t n = 0; n < count; n++) out[n] += weight * from[n];
    }
}

void lar_flex_plane(lar_flex *b, int64_t k)
{
    const int64_t plane = b->points[0] * b->points[1];
    for (int a = 0; a < 3; a++) blend(b->plane + a * plane, b->control[a], plane, b, 2, k);
}

LAR_CLONES static void add_weighed(double *restrict out, const double *restrict weight, double by,
                                   int64_t count)
{
    for (int64_t n = 0; n < count; n++) out[n] += weight[n] * by;
}

void lar_flex_row(const lar_flex *b, int64_t j, double *const out[3])
{
    const int64_t points = b->points[0], plane = points * b->points[1];
    for (int a = 0; a < 3; a++) {
        double *row = b->row + a * points;
        blend(row, b->plane + a * plane, points, b, 1, j);
        memset(out[a], 0, (size_t)b->size[0] * sizeof(double));
        for (int64_t p = 0; p < points; p++)
            if (b->to[p] > b->from[p])
                add_weighed(out[a] + b->from[p], b->weight[0] + p * b->size[0] + b->from[p], row[p],
                            b->to[p] - b->from[p]);
    }
}
