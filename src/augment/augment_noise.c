/* Noise of the receiver: Gaussian, or what it becomes in a magnitude image (Rice 1944; Gudbjartsson
 * and Patz 1995, doi:10.1002/mrm.1910340618).
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "augment/augment_parts.h"
#include "math/math.h"

typedef struct noise_params {
    lar_reals std, mean;
    bool rician;
} noise_params;

/* Defaults: TorchIO's RandomNoise, for images of deviation 1; rician: as MONAI's RandRicianNoise.
 */
static const lar_param table[] = {
    LAR_P_REALS(noise_params, std, "std", 0, "0 0.25", 0, 1e15, "value",
                "standard deviation, in units of the prepared image; a range"),
    LAR_P_REALS(noise_params, mean, "mean", 0, "0", -1e15, 1e15, "value",
                "added everywhere (not with rician); n: from -n to n; a range"),
    LAR_P_FLAG(noise_params, rician, "rician", 0,
               "length of the signal with noise in both its parts; no signal is the least value of "
               "the sample, or what lies outside the volume if that is less"),
    LAR_P_END,
};

enum { STD, MEAN, RICIAN, SEED };
static const char *const names[] = { "std", "mean", "rician", "seed", NULL };

static lar_status check(const void *params)
{
    const noise_params *p = params;
    const lar_status status = lar_range_check(&p->std, "std", false);
    return status == LAR_OK ? lar_range_check(&p->mean, "mean", false) : status;
}

static void draw(double *values, const void *params, lar_dice *dice)
{
    const noise_params *p = params;
    values[STD] = lar_dice_range(dice, &p->std, 0, false);
    values[MEAN] = lar_dice_range(dice, &p->mean, 0, true);
    values[RICIAN] = p->rician;
    values[SEED] = lar_dice_seed(dice);
}

LAR_CLONES static void add_gaussian(float *restrict voxels, const float *restrict noise,
                                    int64_t count, float mean, float std)
{
    for (int64_t n = 0; n < count; n++) voxels[n] += mean + std * noise[n];
}

LAR_CLONES static void add_rician(float *restrict voxels, const float *restrict real,
                                  const float *restrict imaginary, int64_t count, float zero,
                                  float std)
{
    for (int64_t n = 0; n < count; n++) {
        const float a = voxels[n] - zero + std * real[n], b = std * imaginary[n];
        voxels[n] = zero + sqrtf(a * a + b * b);
    }
}

static lar_status change(lar_augment_work *work, const double *values)
{
    const int64_t count = lar_work_count(work);
    const float std = (float)values[STD];
    const bool rician = values[RICIAN] != 0;
    const uint64_t seed = lar_value_seed(values[SEED]), stream = (uint64_t)work->image->number * 2;
    if (std == 0 && (rician || values[MEAN] == 0)) return LAR_OK;
    float *noise =
        lar_scratch_take(work->scratch, (rician ? 2 : 1) * count * (int64_t)sizeof(float));
    if (!noise) return LAR_EMEMORY;
    lar_random_normals(noise, count, seed, stream);
    if (rician) {
        lar_random_normals(noise + count, count, seed, stream + 1);
        add_rician(work->voxels, noise, noise + count, count, lar_work_zero(work), std);
    } else {
        add_gaussian(work->voxels, noise, count, (float)values[MEAN], std);
    }
    return LAR_OK;
}

const lar_augment_kind lar_augment_noise = {
    .name = "noise",
    .summary = "Gaussian or rician noise",
    .table = table,
    .size = sizeof(noise_params),
    .names = names,
    .check = check,
    .draw = draw,
    .change = change,
};
