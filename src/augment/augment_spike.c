/* Spike: one point of k-space is far too strong, and waves run through the image.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "augment/augment_parts.h"
#include "math/math.h"

#define TURN (2 * acos(-1))

typedef struct spike_params {
    lar_ints spikes;
    lar_reals intensity;
} spike_params;

/* Names and defaults: TorchIO's RandomSpike (num_spikes, intensity). */
static const lar_param table[] = {
    LAR_P_INTS(spike_params, spikes, "spikes", 0, "1", 1, 16, "count",
               "at random points of k-space; one number or a range"),
    LAR_P_REALS(spike_params, intensity, "intensity", 0, "1 3", 0, 100, "factor",
                "of the wave, in means of the sample above no signal: of the middle of k-space; a "
                "range"),
    LAR_P_END,
};

enum { SPIKES, INTENSITY, SEED };
static const char *const names[] = { "spikes", "intensity", "seed", NULL };

static lar_status check(const void *params)
{
    const spike_params *p = params;
    const lar_status status = lar_counts_check(&p->spikes, "spikes");
    return status == LAR_OK ? lar_range_check(&p->intensity, "intensity", false) : status;
}

static void draw(double *values, const void *params, lar_dice *dice)
{
    const spike_params *p = params;
    values[SPIKES] = (double)lar_dice_count(dice, &p->spikes);
    values[INTENSITY] = lar_dice_range(dice, &p->intensity, 0, false);
    values[SEED] = lar_dice_seed(dice);
}

LAR_CLONES static void add_wave(float *restrict voxels, const double *restrict cosine,
                                const double *restrict sine, int64_t count, double c, double s)
{
    for (int64_t n = 0; n < count; n++) voxels[n] += (float)(c * cosine[n] - s * sine[n]);
}

/* Waves per voxel along each axis, of one of the points of k-space, and where the wave begins. */
static void find_wave(double per_voxel[3], double *phase, const int64_t size[3], uint64_t seed,
                      int64_t spike)
{
    for (int a = 0; a < 3; a++) {
        const double u = lar_random_uniform(seed, (uint64_t)spike, (uint64_t)a);
        const int64_t frequency = (int64_t)(u * (double)size[a]) - size[a] / 2;
        per_voxel[a] = (double)frequency / (double)size[a];
    }
    *phase = lar_random_uniform(seed, (uint64_t)spike, 3);
}

static lar_status change(lar_augment_work *work, const double *values)
{
    const int64_t *size = work->box->size, spikes = lar_value_whole(values[SPIKES], 0, 16);
    const double strength =
        values[INTENSITY] * (lar_work_spread(work).mean - (double)lar_work_zero(work));
    if (strength == 0) return LAR_OK;
    double *cosine = lar_scratch_take(work->scratch, 2 * size[0] * (int64_t)sizeof *cosine);
    if (!cosine) return LAR_EMEMORY;
    double *sine = cosine + size[0];
    for (int64_t spike = 0; spike < spikes; spike++) {
        double per_voxel[3], phase;
        find_wave(per_voxel, &phase, size, lar_value_seed(values[SEED]), spike);
        for (int64_t i = 0; i < size[0]; i++) {
            cosine[i] = cos(TURN * per_voxel[0] * (double)i);
            sine[i] = sin(TURN * per_voxel[0] * (double)i);
        }
        for (int64_t n = 0; n < size[1] * size[2]; n++) {
            const double at = TURN * (per_voxel[1] * (double)(n % size[1]) +
                                      per_voxel[2] * (double)(n / size[1]) + phase);
            add_wave(work->voxels + n * size[0], cosine, sine, size[0], strength * cos(at),
                     strength * sin(at));
        }
    }
    return LAR_OK;
}

const lar_augment_kind lar_augment_spike = {
    .name = "spike",
    .summary = "waves through the image",
    .table = table,
    .size = sizeof(spike_params),
    .names = names,
    .check = check,
    .draw = draw,
    .change = change,
};
