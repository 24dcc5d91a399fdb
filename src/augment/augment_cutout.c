/* Cut-out: boxes of the images that show nothing (DeVries and Taylor 2017, arXiv:1708.04552).
 * SPDX-License-Identifier: Apache-2.0 */
#include "augment/augment_parts.h"
#include "math/math.h"

enum { HOLES_MAX = 64 };
enum { FILL_ZERO, FILL_MEAN, FILL_RANDOM };

typedef struct cutout_params {
    lar_ints holes, size;
    int fill;
} cutout_params;

static const char *const fills[] = { "zero", "mean", "random", NULL };

/* MONAI's RandCoarseDropout (holes, spatial_size, fill_value; random: its None) and niftidataset's
 * RandomBlock; neither has a default size. */
static const lar_param table[] = {
    LAR_P_INTS(cutout_params, holes, "holes", 0, "1", 1, HOLES_MAX, "count",
               "one number or a range"),
    LAR_P_INTS(cutout_params, size, "size", 0, "8 24", 1, 4096, "voxels",
               "edges of the boxes, each drawn by itself; one number or a range"),
    LAR_P_CHOICE(cutout_params, fill, "fill", 0, "zero", fills,
                 "zero: no signal, the least value of the sample, or what lies outside the volume "
                 "if that is less; mean: the sample's; random: values between its ends"),
    LAR_P_END,
};

enum { HOLES, LOW, HIGH, FILL, SEED };
static const char *const names[] = { "holes", "size_low", "size_high", "fill", "seed", NULL };

static lar_status check(const void *params)
{
    const cutout_params *p = params;
    const lar_status status = lar_counts_check(&p->holes, "holes");
    return status == LAR_OK ? lar_counts_check(&p->size, "size") : status;
}

static void draw(double *values, const void *params, lar_dice *dice)
{
    const cutout_params *p = params;
    values[HOLES] = (double)lar_dice_count(dice, &p->holes);
    values[LOW] = (double)p->size.at[0];
    values[HIGH] = (double)p->size.at[p->size.count - 1];
    values[FILL] = p->fill;
    values[SEED] = lar_dice_seed(dice);
}

/* The n-th of the hole's draws, a whole number from low to high. */
static int64_t draw_whole(uint64_t seed, int64_t hole, int n, int64_t low, int64_t high)
{
    const double u = lar_random_uniform(seed, (uint64_t)hole, (uint64_t)n);
    return low + (int64_t)(u * (double)(high - low + 1));
}

static lar_status change(lar_augment_work *work, const double *values)
{
    const int64_t *size = work->box->size, holes = lar_value_whole(values[HOLES], 0, HOLES_MAX);
    const uint64_t seed = lar_value_seed(values[SEED]);
    const int64_t fill = lar_value_whole(values[FILL], FILL_ZERO, FILL_RANDOM);
    float value = lar_work_zero(work), low, high;
    lar_work_range(work, &low, &high);
    if (fill == FILL_MEAN) value = (float)lar_work_spread(work).mean;
    for (int64_t hole = 0; hole < holes; hole++) {
        int64_t at[3], edge[3];
        for (int a = 0; a < 3; a++) {
            const int64_t least = lar_value_whole(values[LOW], 1, size[a]);
            const int64_t most = lar_value_whole(values[HIGH], least, size[a]);
            edge[a] = work->box->across == a ? size[a] : draw_whole(seed, hole, a, least, most);
            at[a] = draw_whole(seed, hole, 3 + a, 0, size[a] - edge[a]);
        }
        for (int64_t n = 0; n < edge[0] * edge[1] * edge[2]; n++) {
            const int64_t i = at[0] + n % edge[0], j = at[1] + n / edge[0] % edge[1];
            const int64_t k = at[2] + n / (edge[0] * edge[1]), v = (k * size[1] + j) * size[0] + i;
            if (fill == FILL_RANDOM) {
                const uint64_t stream = (uint64_t)(HOLES_MAX + hole);
                value = low + (float)lar_random_uniform(seed, stream, (uint64_t)v) * (high - low);
            }
            work->voxels[v] = value;
        }
    }
    return LAR_OK;
}

const lar_augment_kind lar_augment_cutout = {
    .name = "cutout",
    .summary = "boxes that show nothing",
    .table = table,
    .size = sizeof(cutout_params),
    .names = names,
    .check = check,
    .draw = draw,
    .change = change,
};
