/* What augmentations ask of a sample's voxels, and the memory that they share.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "augment/augment_parts.h"

struct lar_augment_scratch {
    char *room;
    int64_t bytes;
};

lar_status lar_augment_scratch_new(lar_augment_scratch **out)
{
    *out = lar_alloc(1, sizeof **out);
    return *out ? LAR_OK : LAR_EMEMORY;
}

void lar_augment_scratch_free(lar_augment_scratch *scratch)
{
    if (!scratch) return;
    lar_free(scratch->room);
    lar_free(scratch);
}

void *lar_scratch_take(lar_augment_scratch *scratch, int64_t bytes)
{
    if (bytes <= scratch->bytes && scratch->room) return scratch->room;
    lar_free(scratch->room);
    scratch->room = lar_alloc_raw(bytes, 1);
    scratch->bytes = scratch->room ? bytes : 0;
    return scratch->room;
}

int lar_work_axis(const lar_augment_work *work, double drawn)
{
    const lar_sample_box *box = work->box;
    int axis = (int)lar_value_whole(drawn, 0, 2);
    for (int n = 0; n < 2 && (box->size[axis] == 1 || box->across == axis); n++)
        axis = (axis + 1) % 3;
    return axis;
}

int64_t lar_work_count(const lar_augment_work *work)
{
    const int64_t *size = work->box->size;
    return size[0] * size[1] * size[2];
}

enum { LANES = 16 }; /* side by side, so that they become vectors, the same on every processor */

LAR_CLONES void lar_work_range(const lar_augment_work *work, float *low, float *high)
{
    const int64_t count = lar_work_count(work), whole = count - count % LANES;
    const float *at = work->voxels;
    float least[LANES], most[LANES];
    for (int lane = 0; lane < LANES; lane++) least[lane] = most[lane] = at[0];
    for (int64_t n = 0; n < whole; n += LANES)
        for (int lane = 0; lane < LANES; lane++) {
            const float x = at[n + lane];
            least[lane] = x < least[lane] ? x : least[lane];
            most[lane] = x > most[lane] ? x : most[lane];
        }
    for (int64_t n = whole; n < count; n++) {
        least[0] = at[n] < least[0] ? at[n] : least[0];
        most[0] = at[n] > most[0] ? at[n] : most[0];
    }
    *low = least[0];
    *high = most[0];
    for (int lane = 1; lane < LANES; lane++) {
        *low = least[lane] < *low ? least[lane] : *low;
        *high = most[lane] > *high ? most[lane] : *high;
    }
}

LAR_CLONES static void add_up(double sum[2], const float *at, int64_t count, double about)
{
    double sums[LANES] = { 0 }, squares[LANES] = { 0 };
    const int64_t whole = count - count % LANES;
    for (int64_t n = 0; n < whole; n += LANES)
        for (int lane = 0; lane < LANES; lane++) {
            const double x = (double)at[n + lane] - about;
            sums[lane] += x;
            squares[lane] += x * x;
        }
    for (int64_t n = whole; n < count; n++) {
        const double x = (double)at[n] - about;
        sums[n % LANES] += x;
        squares[n % LANES] += x * x;
    }
    sum[0] = lar_sum_pairs(sums, LANES);
    sum[1] = lar_sum_pairs(squares, LANES);
}

lar_spread lar_work_spread(const lar_augment_work *work)
{
    const int64_t count = lar_work_count(work);
    const double about = (double)work->voxels[0]; /* near the mean, so that squares do not cancel */
    double sum[2];
    add_up(sum, work->voxels, count, about);
    const double mean = sum[0] / (double)count, variance = sum[1] / (double)count - mean * mean;
    return (lar_spread){ .mean = about + mean, .std = variance > 0 ? sqrt(variance) : 0 };
}

void lar_work_set_spread(lar_augment_work *work, lar_spread wanted)
{
    const lar_spread now = lar_work_spread(work);
    const int64_t count = lar_work_count(work);
    if (!(now.std > 0)) return;
    const double factor = wanted.std / now.std;
    for (int64_t n = 0; n < count; n++)
        work->voxels[n] = (float)(wanted.mean + ((double)work->voxels[n] - now.mean) * factor);
}

float lar_work_zero(const lar_augment_work *work)
{
    float low, high;
    lar_work_range(work, &low, &high);
    return work->image->outside < low ? work->image->outside : low;
}
