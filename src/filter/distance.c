/* Growing and shrinking a mask by a ball of millimetres: the squared distance to the nearest voxel
 * is found exactly one axis after the other (Felzenszwalb & Huttenlocher 2012,
 * doi:10.4086/toc.2012.v008a019), here only as far as the ball reaches, so that the least over a
 * few rows takes the place of their envelope of parabolas and runs over whole rows at once.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"

enum { SLICES = 4 };
/* A spacing comes through an affine in float32: a voxel at just the distance asked for is near. */
#define SLACK 1e-4

enum { ROW_NONE, ROW_SOME, ROW_ALL };

typedef struct spreading {
    uint8_t *mask;
    const int64_t *size;
    uint8_t value;     /* what spreads: 1 to dilate, 0 to erode */
    float step[3];     /* mm */
    float limit;       /* mm squared */
    int64_t reach[3];  /* voxels */
    float *square;     /* of the volume: mm squared to the nearest within its slice */
    uint8_t *in_slice; /* of rows (j, k): ROW_NONE .. ROW_ALL within reach, in the slice */
} spreading;

/* Squared distance along the row; INFINITY beyond reach. */
static int square_of_row(float *restrict out, const uint8_t *restrict row, const spreading *s)
{
    const int64_t count = s->size[0], reach = s->reach[0];
    const uint8_t *found = memchr(row, s->value, (size_t)count);
    if (!found) return ROW_NONE;
    if (!memchr(row, !s->value, (size_t)count)) {
        memset(out, 0, (size_t)count * sizeof *out);
        return ROW_ALL;
    }
    int64_t last = -reach - 1;
    for (int64_t i = 0; i < count; i++) {
        if (row[i] == s->value) last = i;
        out[i] = i - last <= reach ? (float)(i - last) : INFINITY;
    }
    last = count + reach + 1;
    for (int64_t i = count - 1; i >= 0; i--) {
        if (row[i] == s->value) last = i;
        const float after = last - i <= reach ? (float)(last - i) : INFINITY;
        const float near = out[i] < after ? out[i] : after;
        out[i] = near * near * (s->step[0] * s->step[0]);
    }
    return ROW_SOME;
}

static void least(float *restrict out, const float *restrict from, float more, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        const float other = from[i] + more;
        out[i] = other < out[i] ? other : out[i];
    }
}

/* The least over rows around row n of `count`, `stride` floats apart. The kind of the result. */
static int least_of_rows(float *restrict out, const float *rows, int64_t stride,
                         const uint8_t *kinds, int64_t kind_stride, int64_t n, int64_t count,
                         int axis, const spreading *s)
{
    const int64_t width = s->size[0], reach = s->reach[axis];
    const float step = s->step[axis];
    int kind = ROW_NONE;
    for (int64_t away = 0; away <= reach; away++)
        for (int way = away ? -1 : 1; way <= 1; way += 2) {
            const int64_t m = n + way * away;
            if (m < 0 || m >= count || kinds[m * kind_stride] == ROW_NONE) continue;
            if (kind == ROW_NONE)
                for (int64_t i = 0; i < width; i++) out[i] = INFINITY;
            least(out, rows + m * stride, (float)(away * away) * (step * step), width);
            kind = ROW_SOME;
            /* everything farther is farther */
            if (kinds[m * kind_stride] == ROW_ALL) return away == 0 ? ROW_ALL : ROW_SOME;
        }
    return kind;
}

static lar_status spread_in_slices(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const spreading *s = arg;
    const int64_t width = s->size[0], rows = s->size[1];
    float *along_i = lar_alloc_raw(rows * width, sizeof *along_i);
    uint8_t *kinds = lar_alloc_raw(rows, 1);
    for (int64_t k = begin; along_i && kinds && k < end; k++) {
        for (int64_t j = 0; j < rows; j++)
            kinds[j] =
                (uint8_t)square_of_row(along_i + j * width, s->mask + (k * rows + j) * width, s);
        for (int64_t j = 0; j < rows; j++)
            s->in_slice[k * rows + j] = (uint8_t)least_of_rows(
                s->square + (k * rows + j) * width, along_i, width, kinds, 1, j, rows, 1, s);
    }
    const lar_status status = along_i && kinds ? LAR_OK : LAR_EMEMORY;
    lar_free(along_i);
    lar_free(kinds);
    return status;
}

static lar_status spread_across(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const spreading *s = arg;
    const int64_t width = s->size[0], plane = s->size[0] * s->size[1];
    float *near = lar_alloc_raw(width, sizeof *near);
    if (!near) return LAR_EMEMORY;
    for (int64_t j = begin; j < end; j++)
        for (int64_t k = 0; k < s->size[2]; k++) {
            if (least_of_rows(near, s->square + j * width, plane, s->in_slice + j, s->size[1], k,
                              s->size[2], 2, s) == ROW_NONE)
                continue;
            uint8_t *row = s->mask + k * plane + j * width;
            for (int64_t i = 0; i < width; i++) row[i] = near[i] <= s->limit ? s->value : row[i];
        }
    lar_free(near);
    return LAR_OK;
}

static lar_status spread_ball(uint8_t *mask, const int64_t size[3], const double spacing_mm[3],
                              double mm, uint8_t value)
{
    lar_status status = LAR_OK;
    spreading s = { .mask = mask, .size = size, .value = value };
    const double smallest = fmin(spacing_mm[0], fmin(spacing_mm[1], spacing_mm[2]));
    const double radius = mm + SLACK * smallest;
    for (int a = 0; a < 3; a++) {
        const double reach = floor(radius / spacing_mm[a]);
        s.reach[a] = reach < (double)size[a] ? (int64_t)reach : size[a];
        s.step[a] = (float)spacing_mm[a];
    }
    if (s.reach[0] + s.reach[1] + s.reach[2] == 0) return LAR_OK;
    s.limit = (float)(radius * radius);
    s.square = lar_alloc_raw(size[0] * size[1] * size[2], sizeof *s.square);
    s.in_slice = lar_alloc(size[1] * size[2], 1);
    if (!s.square || !s.in_slice) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_parallel(size[2], SLICES, spread_in_slices, &s));
    LAR_TRY(lar_parallel(size[1], SLICES, spread_across, &s));
done:
    lar_free(s.square);
    lar_free(s.in_slice);
    return status;
}

lar_status lar_mask_dilate(uint8_t *mask, const int64_t size[3], const double spacing_mm[3],
                           double mm)
{
    return spread_ball(mask, size, spacing_mm, mm, 1);
}

lar_status lar_mask_erode(uint8_t *mask, const int64_t size[3], const double spacing_mm[3],
                          double mm)
{
    return spread_ball(mask, size, spacing_mm, mm, 0);
}
