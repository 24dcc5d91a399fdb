/* Slices of which each is a volume by itself, such as what a network made of one slice: where they
 * lie in the patient says where they belong.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "format/slices/picture.h"

#define NEAR 1e-3 /* of a voxel: what places may be off */

static bool is_alone(const lar_place *p)
{
    int axis[3];
    bool flipped[3];
    lar_place_axes(axis, flipped, p);
    return p->volume.size[axis[2]] == 1 && p->all_channels == 1;
}

/* Across the slices, of length 1, in the direction in which voxels are stored. */
static void across(double normal[3], const lar_grid *grid, int along)
{
    double mm[3];
    lar_grid_spacing(grid, mm);
    for (int r = 0; r < 3; r++) normal[r] = grid->to_world.m[r][along] / mm[along];
}

/* How far a slice lies above the first one, mm; false where it is no such slice. */
static bool height_of(double *mm, const lar_grid *first, const lar_grid *other, int along)
{
    double normal[3], spacing[3];
    across(normal, first, along);
    lar_grid_spacing(first, spacing);
    *mm = 0;
    for (int r = 0; r < 3; r++)
        *mm += (other->to_world.m[r][3] - first->to_world.m[r][3]) * normal[r];
    for (int r = 0; r < 3; r++) {
        const double aside = other->to_world.m[r][3] - first->to_world.m[r][3] - *mm * normal[r];
        if (!(fabs(aside) <= NEAR * spacing[(along + 1) % 3])) return false;
        for (int a = 0; a < 3; a++) {
            const double differ = other->to_world.m[r][a] - first->to_world.m[r][a];
            if (!(fabs(differ) <= NEAR * spacing[a] / (double)first->size[a])) return false;
        }
    }
    return memcmp(first->size, other->size, sizeof first->size) == 0;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The distance of neighbours of which all heights are multiples; 0: there is none. */
static double step_of(double *sorted, int64_t count)
{
    double step = INFINITY;
    qsort(sorted, (size_t)count, sizeof *sorted, by_value);
    for (int64_t n = 1; n < count; n++) step = fmin(step, sorted[n] - sorted[n - 1]);
    for (int64_t n = 1; n < count; n++) {
        const double steps = (sorted[n] - sorted[0]) / step;
        if (!(fabs(steps - round(steps)) <= 10 * NEAR)) return 0;
    }
    return step;
}

lar_status lar_places_unite(bool *united, lar_place *const *places, int64_t count)
{
    int axis[3];
    bool flipped[3];
    *united = false;
    for (int64_t n = 0; n < count; n++)
        if (!is_alone(places[n]) || places[n]->axis != places[0]->axis) return LAR_OK;
    if (count < 2) return LAR_OK;
    double *heights = lar_alloc(2 * count, sizeof *heights), *sorted = heights + count;
    if (!heights) return LAR_EMEMORY;
    lar_place_axes(axis, flipped, places[0]);
    const int along = axis[2];
    bool even = true;
    for (int64_t n = 0; n < count && even; n++) {
        even = height_of(&heights[n], &places[0]->volume, &places[n]->volume, along);
        sorted[n] = heights[n];
    }
    const double step = even ? step_of(sorted, count) : 0;
    *united = step > 0;
    if (*united) {
        lar_grid volume = places[0]->volume;
        double normal[3];
        across(normal, &volume, along);
        volume.size[along] = 1 + llround((sorted[count - 1] - sorted[0]) / step);
        for (int r = 0; r < 3; r++) {
            volume.to_world.m[r][along] = step * normal[r];
            volume.to_world.m[r][3] += sorted[0] * normal[r];
        }
        for (int64_t n = 0; n < count; n++) {
            const int64_t index = llround((heights[n] - sorted[0]) / step);
            places[n]->volume = volume;
            places[n]->first = flipped[2] ? volume.size[along] - 1 - index : index;
            places[n]->from = 0;
            places[n]->to = volume.size[along] - 1;
        }
    }
    lar_free(heights);
    return LAR_OK;
}
