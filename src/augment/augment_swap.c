/* Swap: boxes of the sample change places (Chen 2019, doi:10.1016/j.media.2019.101539). Where two
 * overlap, their voxels change places one after the other, so that none is lost.
 * SPDX-License-Identifier: Apache-2.0 */
#include "augment/augment_parts.h"
#include "math/math.h"

typedef struct swap_params {
    lar_ints size;
    int64_t times;
} swap_params;

/* Defaults: TorchIO's RandomSwap (patch_size, num_iterations). */
static const lar_param table[] = {
    LAR_P_INTS(swap_params, size, "size", 0, "15", 1, 4096, "voxels",
               "of the boxes, along x y z, or one for all"),
    LAR_P_INT(swap_params, times, "times", 0, "100", 1, 100000, "count", "how many pairs"),
    LAR_P_END,
};

enum { SIZE, TIMES = 3, SEED };
static const char *const names[] = { "size_x", "size_y", "size_z", "times", "seed", NULL };

static lar_status check(const void *params)
{
    const swap_params *p = params;
    return lar_sizes_check(&p->size, "size");
}

static void draw(double *values, const void *params, lar_dice *dice)
{
    const swap_params *p = params;
    for (int a = 0; a < 3; a++) values[SIZE + a] = (double)p->size.at[p->size.count == 3 ? a : 0];
    values[TIMES] = (double)p->times;
    values[SEED] = lar_dice_seed(dice);
}

static void swap_row(float *a, float *b, int64_t count)
{
    for (int64_t n = 0; n < count; n++) {
        const float kept = a[n];
        a[n] = b[n];
        b[n] = kept;
    }
}

static lar_status change(lar_augment_work *work, const double *values)
{
    const int64_t *size = work->box->size, times = lar_value_whole(values[TIMES], 0, 100000);
    int64_t edge[3], at[2][3];
    for (int a = 0; a < 3; a++) edge[a] = lar_value_whole(values[SIZE + a], 1, size[a]);
    for (int64_t n = 0; n < times; n++) {
        for (int d = 0; d < 6; d++) {
            const int a = d % 3;
            const double u =
                lar_random_uniform(lar_value_seed(values[SEED]), (uint64_t)n, (uint64_t)d);
            at[d / 3][a] = (int64_t)(u * (double)(size[a] - edge[a] + 1));
        }
        for (int64_t row = 0; row < edge[1] * edge[2]; row++) {
            float *rows[2];
            for (int box = 0; box < 2; box++) {
                const int64_t j = at[box][1] + row % edge[1], k = at[box][2] + row / edge[1];
                rows[box] = work->voxels + (k * size[1] + j) * size[0] + at[box][0];
            }
            swap_row(rows[0], rows[1], edge[0]);
        }
    }
    return LAR_OK;
}

const lar_augment_kind lar_augment_swap = {
    .name = "swap",
    .summary = "boxes change places",
    .table = table,
    .size = sizeof(swap_params),
    .names = names,
    .check = check,
    .draw = draw,
    .change = change,
};
