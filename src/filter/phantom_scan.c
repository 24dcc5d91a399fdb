/* From tissues to a scan: partial volume, slice thickness, texture, drift of the intensity, noise.
 * Noise in magnitude images: Gudbjartsson 1995, doi:10.1002/mrm.1910340618.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "filter/filter.h"
#include "filter/phantom.h"
#include "filter/phantom_shape.h"
#include "image/image.h"
#include "math/math.h"

enum {
    WAVES = 5,
    SAMPLES = 3,
    SAMPLES_THICK = 6,
    BIAS_STREAM = 0x200,
    NOISE_STREAM = 0x300,
    GAIN_STREAM = 0x400
};
/* Samples of a voxel lie at most this far apart; the blur of the boundaries fills the rest. */
static const double SAMPLE_MM = 2;

/* A sum of slow cosines whose weights add up to 1: within -1 and 1. */
typedef struct drift {
    float wave[WAVES][3], phase[WAVES], weight[WAVES];
} drift;

typedef struct job {
    const phantom_head *head;
    const phantom_shot *shot;
    const lar_phantom_tissue *tissues;
    const lar_phantom_params *params;
    lar_image *image, *bias, *labels, *brain;
    double plain[PH_TISSUE_COUNT]; /* signals without texture */
    drift drift;
    double gain, deviation;
    double width_mm,
        across_mm;   /* the blur of boundaries for one of several samples; for one alone */
    bool thick;      /* slices much thicker than a voxel is wide */
    double reach[3]; /* of a voxel, in voxels: thick slices overlap or leave gaps */
    int64_t samples[3];
    lar_affine voxel_to_head;
} job;

static void draw_drift(drift *d, uint64_t seed, phantom_contrast contrast)
{
    const uint64_t stream = BIAS_STREAM + (uint64_t)contrast;
    float sum = 0;
    for (uint64_t n = 0; n < WAVES; n++) {
        float direction[3], squares = 0;
        for (uint64_t c = 0; c < 3; c++) {
            direction[c] = (float)lar_random_normal(seed, stream, 8 * n + c);
            squares += direction[c] * direction[c];
        }
        /* wavelengths of 220 to 420 mm */
        const float mm = 220 + 200 * (float)lar_random_uniform(seed, stream, 8 * n + 3);
        for (int c = 0; c < 3; c++)
            d->wave[n][c] = direction[c] / sqrtf(squares + 1e-9f) * 6.2831853f / mm;
        d->phase[n] = 6.2831853f * (float)lar_random_uniform(seed, stream, 8 * n + 4);
        d->weight[n] = 0.3f + (float)lar_random_uniform(seed, stream, 8 * n + 5);
        sum += d->weight[n];
    }
    for (int n = 0; n < WAVES; n++) d->weight[n] /= sum;
}

static float drift_at(const drift *d, const double xyz[3])
{
    float sum = 0;
    for (int n = 0; n < WAVES; n++)
        sum += d->weight[n] * cosf(d->wave[n][0] * (float)xyz[0] + d->wave[n][1] * (float)xyz[1] +
                                   d->wave[n][2] * (float)xyz[2] + d->phase[n]);
    return sum;
}

static void add_at(const job *j, const double voxel[3], double width_mm, float weight,
                   float mix[PH_TISSUE_COUNT])
{
    double xyz[3];
    lar_affine_point(&j->voxel_to_head, voxel, xyz);
    if (j->head->codes)
        lar_phantom_codes_add(j->head, xyz, weight, j->params->crisp, mix);
    else
        lar_phantom_anatomy_add(j->head->anatomy, xyz, width_mm, weight, mix);
}

static int most_of(const float mix[PH_TISSUE_COUNT])
{
    int most = 0;
    for (int t = 1; t < PH_TISSUE_COUNT; t++)
        if (mix[t] > mix[most]) most = t;
    return most;
}

static bool has_brain(const float mix[PH_TISSUE_COUNT])
{
    for (int t = 0; t < PH_TISSUE_COUNT; t++)
        if (mix[t] > 0 && (t == PH_CSF || lar_phantom_is_brain(t))) return true;
    return false;
}

static void mix_voxel(const job *j, const double ijk[3], float mix[PH_TISSUE_COUNT])
{
    const int64_t *n = j->samples, count = n[0] * n[1] * n[2];
    for (int t = 0; t < PH_TISSUE_COUNT; t++) mix[t] = 0;
    if (count > 1 && !j->head->codes) {
        /* no boundary within the voxel, or none that a brain scan is about: one sample will do */
        add_at(j, ijk, j->across_mm, 1, mix);
        if (mix[most_of(mix)] > 0.9999f || (!j->thick && !has_brain(mix))) return;
        for (int t = 0; t < PH_TISSUE_COUNT; t++) mix[t] = 0;
    }
    /* of pairs in every direction every other sample is enough: as many on each side of any plane
     */
    const bool half = n[0] % 2 == 0 && n[1] % 2 == 0 && n[2] % 2 == 0;
    const float weight = (half ? 2.f : 1.f) / (float)count;
    for (int64_t s = 0; s < count; s++) {
        const int64_t at[3] = { s % n[0], s / n[0] % n[1], s / n[0] / n[1] };
        if (half && (at[0] + at[1] + at[2]) % 2) continue;
        double voxel[3];
        for (int c = 0; c < 3; c++)
            voxel[c] = ijk[c] + j->reach[c] * (((double)at[c] + 0.5) / (double)n[c] - 0.5);
        add_at(j, voxel, j->width_mm, weight, mix);
    }
    if (!j->params->crisp) return;
    const int most = most_of(mix);
    for (int t = 0; t < PH_TISSUE_COUNT; t++) mix[t] = t == most;
}

static double voxel_signal(const job *j, const float mix[PH_TISSUE_COUNT], const double ijk[3])
{
    double sum = 0;
    if (j->params->texture_percent == 0 || j->shot->contrast == PH_CT || mix[PH_AIR] >= 1) {
        for (int t = 0; t < PH_TISSUE_COUNT; t++) sum += (double)mix[t] * j->plain[t];
        return sum;
    }
    double xyz[3];
    float n[PH_NOISE_CHANNELS];
    lar_affine_point(&j->voxel_to_head, ijk, xyz);
    const float at[3] = { (float)xyz[0], (float)xyz[1], (float)xyz[2] };
    lar_phantom_noise_at(&j->head->anatomy->texture, at, n);
    /* T2 follows T1 in part only: what FLAIR shows is not all in T1 */
    const double part = j->params->texture_percent / 100;
    const double t1 = 1 + part * (double)n[0], t2 = 1 + part * (double)(0.4f * n[0] + 0.9f * n[1]);
    for (int t = 0; t < PH_TISSUE_COUNT; t++) {
        if (mix[t] <= 0) continue;
        const bool fluid = t == PH_CSF || t == PH_VENTRICLE || t == PH_VITREOUS;
        sum +=
            (double)mix[t] *
            (fluid ? j->plain[t] : lar_phantom_signal(j->shot->contrast, &j->tissues[t], t1, t2));
    }
    return sum;
}

static double with_noise(const job *j, double value, int64_t voxel)
{
    if (j->deviation <= 0) return value;
    uint32_t bits[4];
    lar_random_bits(bits, j->shot->seed, NOISE_STREAM + (uint64_t)j->shot->contrast,
                    (uint64_t)voxel);
    const double u = ((double)bits[0] + 0.5) * 0x1p-32;
    const double radius = j->deviation * sqrt(-2 * log(u));
    const double angle = 6.283185307179586 * 0x1p-32 * (double)bits[1];
    const double real = value + radius * cos(angle);
    if (j->shot->contrast == PH_CT) return real;
    const double imaginary = radius * sin(angle);
    return sqrt(real * real + imaginary * imaginary);
}

static void put_labels(const job *j, const float mix[PH_TISSUE_COUNT], int64_t voxel)
{
    float brain = 0;
    for (int t = 0; t < PH_TISSUE_COUNT; t++)
        if (lar_phantom_is_brain(t)) brain += mix[t];
    ((uint8_t *)j->labels->voxels)[voxel] = (uint8_t)most_of(mix);
    ((uint8_t *)j->brain->voxels)[voxel] = brain >= 0.5f;
}

static lar_status shoot_slices(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const job *j = arg;
    const lar_grid *grid = &j->shot->grid;
    float mix[PH_TISSUE_COUNT];
    for (int64_t row = begin; row < end; row++)
        for (int64_t i = 0; i < grid->size[0]; i++) {
            const int64_t voxel = row * grid->size[0] + i;
            const double ijk[3] = { (double)i, (double)(row % grid->size[1]),
                                    (double)(row / grid->size[1]) };
            double xyz[3];
            lar_grid_to_world(grid, ijk, xyz);
            mix_voxel(j, ijk, mix);
            if (j->labels) put_labels(j, mix, voxel);
            double value = j->gain * voxel_signal(j, mix, ijk);
            if (j->bias) {
                const double factor =
                    1 + j->params->bias_percent / 100 * (double)drift_at(&j->drift, xyz);
                ((float *)j->bias->voxels)[voxel] = (float)factor;
                value *= factor;
            }
            value = with_noise(j, value, voxel);
            if (j->image->type == LAR_F32)
                ((float *)j->image->voxels)[voxel] = (float)value;
            else
                ((int16_t *)j->image->voxels)[voxel] = (int16_t)lrint(value > 32767    ? 32767
                                                                      : value < -32768 ? -32768
                                                                                       : value);
        }
    return LAR_OK;
}

static void plan_samples(job *j)
{
    double spacing[3], gap = 0, squares = 0;
    lar_grid_spacing(&j->shot->grid, spacing);
    j->thick = j->shot->thickness_mm > 2 * spacing[0];
    for (int c = 0; c < 3; c++) {
        const double mm = c == 2 ? j->shot->thickness_mm : spacing[c];
        const int64_t count = (int64_t)ceil(mm / SAMPLE_MM - 1e-9);
        const int64_t most = c == 2 && j->thick ? SAMPLES_THICK : SAMPLES;
        j->reach[c] = mm / spacing[c];
        j->samples[c] = j->params->crisp ? 1 : count > most ? most : count;
        if (mm / (double)j->samples[c] > gap) gap = mm / (double)j->samples[c];
        squares += mm * mm;
    }
    j->width_mm = j->params->crisp ? 0.01 : gap;
    j->across_mm = 0.75 * sqrt(squares); /* 1.3 edges of a cube */
}

lar_status lar_phantom_shoot(lar_phantom_scan *scan, lar_image **labels, lar_image **brain,
                             const phantom_head *head, const phantom_shot *shot,
                             const lar_phantom_tissue *tissues, const lar_phantom_params *params)
{
    lar_status status = LAR_OK;
    const bool is_ct = shot->contrast == PH_CT;
    job j = { .head = head, .shot = shot, .tissues = tissues, .params = params };

    LAR_TRY(lar_image_new(&j.image, &shot->grid, 1, params->type ? LAR_F32 : LAR_I16));
    if (!is_ct) LAR_TRY(lar_image_new(&j.bias, &shot->grid, 1, LAR_F32));
    if (labels) {
        LAR_TRY(lar_image_new(&j.labels, &shot->grid, 1, LAR_U8));
        LAR_TRY(lar_image_new(&j.brain, &shot->grid, 1, LAR_U8));
    }
    draw_drift(&j.drift, shot->seed, shot->contrast);
    j.voxel_to_head = lar_affine_chain(&shot->grid.to_world, &shot->world_to_head);
    for (int t = 0; t < PH_TISSUE_COUNT; t++)
        j.plain[t] = lar_phantom_signal(shot->contrast, &tissues[t], 1, 1);
    j.gain = lar_phantom_gain(shot->contrast);
    if (!is_ct) /* scanners differ, and set their receivers anew for every scan */
        j.gain *= exp(2 * params->variation_percent / 100 *
                      lar_random_normal(shot->seed, GAIN_STREAM, (uint64_t)shot->contrast));
    j.deviation = params->noise_percent / 100 * (is_ct ? 200 : j.gain * j.plain[PH_WHITE]);
    plan_samples(&j);
    LAR_TRY(lar_parallel(shot->grid.size[1] * shot->grid.size[2], 16, shoot_slices, &j));

    if (labels) { /* as masks are: without the crumbs that sulci cut off */
        LAR_TRY(lar_mask_keep_largest(j.brain->voxels, shot->grid.size));
        LAR_TRY(lar_mask_fill_holes(j.brain->voxels, shot->grid.size));
    }
    scan->image = j.image;
    scan->bias = j.bias;
    scan->gain = j.gain;
    scan->noise_deviation = j.deviation;
    if (labels) {
        *labels = j.labels;
        *brain = j.brain;
    }
    return LAR_OK;
done:
    lar_image_free(j.image);
    lar_image_free(j.bias);
    lar_image_free(j.labels);
    lar_image_free(j.brain);
    return status;
}
