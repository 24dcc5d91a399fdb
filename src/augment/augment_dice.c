/* Draws for one sample, and the ranges that they are made from.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "augment/augment_parts.h"
#include "math/math.h"

double lar_dice_between(lar_dice *dice, double low, double high)
{
    const double u = lar_random_uniform(dice->seed, dice->stream, dice->next++);
    return low + u * (high - low);
}

int64_t lar_dice_whole(lar_dice *dice, int64_t low, int64_t high)
{
    const int64_t n = (int64_t)floor(lar_dice_between(dice, (double)low, (double)high + 1));
    return n > high ? high : n;
}

double lar_dice_seed(lar_dice *dice)
{
    return floor(lar_dice_between(dice, 0, 0x1p48));
}

bool lar_axes_has(const char *axes, int axis)
{
    return axes && strchr(axes, "xyz"[axis]);
}

int64_t lar_dice_axis(lar_dice *dice, const char *axes)
{
    const int64_t chosen = lar_dice_whole(dice, 0, (int64_t)strlen(axes) - 1);
    return axes[chosen] - 'x';
}

lar_status lar_axes_check(const char *axes, const char *name)
{
    const size_t length = axes ? strlen(axes) : 0;
    bool seen[3] = { false }, valid = length > 0;
    for (size_t n = 0; n < length && valid; n++) {
        const int axis = axes[n] - 'x';
        valid = axis >= 0 && axis < 3 && !seen[axis];
        if (valid) seen[axis] = true;
    }
    if (valid) return LAR_OK;
    lar_fail(LAR_EARGUMENT, "'%s' names no axes with '%s'", name, axes ? axes : "");
    return lar_hint(LAR_EARGUMENT, "x, xy, xz, xyz ...");
}

void lar_range_ends(double ends[2], const lar_reals *range, int axis, bool both_sides)
{
    const bool each = range->count == 3 || range->count == 6;
    const int64_t width = range->count % 2 == 0 ? 2 : 1; /* numbers of one axis */
    const double *at = range->at + (each ? axis * width : 0);
    ends[0] = at[0];
    ends[1] = at[width - 1];
    if (width == 1 && both_sides) {
        ends[0] = -fabs(at[0]);
        ends[1] = fabs(at[0]);
    }
}

double lar_dice_range(lar_dice *dice, const lar_reals *range, int axis, bool both_sides)
{
    double ends[2];
    lar_range_ends(ends, range, axis, both_sides);
    return ends[0] == ends[1] ? (dice->next++, ends[0]) : lar_dice_between(dice, ends[0], ends[1]);
}

lar_status lar_range_check(const lar_reals *range, const char *name, bool each_axis)
{
    const int64_t count = range->count;
    if (count != 1 && count != 2 && !(each_axis && (count == 3 || count == 6))) {
        lar_fail(LAR_EARGUMENT, "'%s' has %lld numbers: it takes one or [low, high]%s", name,
                 (long long)count, each_axis ? ", or three or six of them along x y z" : "");
        return LAR_EARGUMENT;
    }
    for (int64_t n = 0; count % 2 == 0 && n < count; n += 2)
        if (range->at[n] > range->at[n + 1]) {
            lar_fail(LAR_EARGUMENT, "'%s' goes from %.10g down to %.10g: the low end comes first",
                     name, range->at[n], range->at[n + 1]);
            return lar_hint(LAR_EARGUMENT, "[%.10g, %.10g]", range->at[n + 1], range->at[n]);
        }
    return LAR_OK;
}

int64_t lar_value_whole(double value, int64_t low, int64_t high)
{
    if (!(value > (double)low)) return low;
    return value < (double)high ? (int64_t)value : high;
}

uint64_t lar_value_seed(double value)
{
    return (uint64_t)lar_value_whole(value, 0, INT64_MAX);
}

int64_t lar_dice_count(lar_dice *dice, const lar_ints *range)
{
    return lar_dice_whole(dice, range->at[0], range->at[range->count - 1]);
}

lar_status lar_counts_check(const lar_ints *range, const char *name)
{
    const long long low = range->at[0], high = range->at[range->count == 2 ? 1 : 0];
    if (range->count != 1 && range->count != 2)
        return lar_fail(LAR_EARGUMENT, "'%s' has %lld numbers: it takes one or [low, high]", name,
                        (long long)range->count);
    if (low <= high) return LAR_OK;
    lar_fail(LAR_EARGUMENT, "'%s' goes from %lld down to %lld: the low end comes first", name, low,
             high);
    return lar_hint(LAR_EARGUMENT, "[%lld, %lld]", high, low);
}

lar_status lar_sizes_check(const lar_ints *sizes, const char *name)
{
    if (sizes->count == 1 || sizes->count == 3) return LAR_OK;
    return lar_fail(LAR_EARGUMENT, "'%s' has %lld numbers: it takes one, or three along x y z",
                    name, (long long)sizes->count);
}
