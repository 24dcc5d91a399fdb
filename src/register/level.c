/* One level of the pyramid: places and values of the image that is sampled, and the image that
 * values are taken from.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"
#include "register/register_parts.h"

/* On coarse levels air around the head takes part, so that the outline counts; on finer ones only
 * what lies so deep, as a part of the head's radius, which leaves out what moves by itself: skin,
 * fat and eyes (10 mm of a whole head, for which phantoms are then met within 0.06 mm in place of
 * 0.10). */
#define MARGIN_MM 8.0
#define DEPTH     0.13
#define DEEP_FROM 3.0 /* mm of spacing and finer */
#define GOLDEN    0.61803398874989485

enum { PER_CELL = 20, BINS_LEAST = 8 }; /* samples that a cell of the joint histogram wants */

/* Finer than the working image: from the voxels as they came, once more without their field. */
static lar_status load_fine(lar_image **image, const lar_side *side, double spacing_mm)
{
    lar_status status = LAR_OK;
    lar_image *field = NULL;
    lar_resample_params edge = lar_resample_default();
    edge.interpolation = LAR_LINEAR;
    edge.border = LAR_BORDER_EDGE;
    LAR_TRY(lar_side_at(image, side->full, spacing_mm));
    LAR_TRY(lar_side_own(image));
    if (side->field) {
        LAR_TRY(lar_resample(&field, side->field, &(*image)->grid, &edge));
        const int64_t count = lar_image_voxel_count(field);
        const float *divisor = field->voxels;
        float *values = (*image)->voxels;
        for (int64_t n = 0; n < count; n++) values[n] /= divisor[n];
    }
    LAR_TRY(lar_side_unit(image, side));
done:
    lar_image_free(field);
    return status;
}

/* The image and mask of a side at a spacing. shaped: what a mask leaves out is air, so that its
 * outline counts as that of a head does; and is compared around it. */
static lar_status load(lar_image **image, lar_image **mask, const lar_side *side, double spacing_mm,
                       bool shaped)
{
    lar_status status = LAR_OK;
    lar_resample_params nearest = lar_resample_default();
    double spacing[3];
    int64_t grow[3];
    nearest.interpolation = LAR_NEAREST;
    nearest.border = LAR_BORDER_EDGE;
    *image = *mask = NULL;
    if (spacing_mm < lar_side_spacing(side))
        LAR_TRY(load_fine(image, side, spacing_mm));
    else
        LAR_TRY(lar_side_at(image, side->image, spacing_mm));
    if (lar_grid_matches(&side->mask->grid, &(*image)->grid))
        LAR_TRY(lar_image_to_type(mask, side->mask, LAR_U8)); /* shared */
    else
        LAR_TRY(lar_resample(mask, side->mask, &(*image)->grid, &nearest));
    if (side->masked && !shaped) goto done;
    if (shaped) LAR_TRY(lar_side_blank(image, *mask, 0));
    lar_grid_spacing(&(*image)->grid, spacing);
    for (int a = 0; a < 3; a++) grow[a] = (int64_t)ceil(MARGIN_MM / spacing[a] - 0.01);
    LAR_TRY(lar_side_own(mask));
    if (spacing_mm < DEEP_FROM)
        LAR_TRY(
            lar_mask_erode((*mask)->voxels, (*mask)->grid.size, spacing, DEPTH * side->radius_mm));
    else
        LAR_TRY(lar_mask_grow((*mask)->voxels, (*mask)->grid.size, grow));
done:
    return status;
}

static lar_status make_samples(lar_samples *s, int64_t count, const double centre_mm[3])
{
    memcpy(s->centre_mm, centre_mm, sizeof s->centre_mm);
    for (int a = 0; a < 3; a++) s->at[a] = lar_alloc_raw(count, sizeof(float));
    s->value = lar_alloc_raw(count, sizeof(float));
    s->bin = lar_alloc_raw(count, 1);
    return s->at[0] && s->at[1] && s->at[2] && s->value && s->bin ? LAR_OK : LAR_EMEMORY;
}

/* Every voxel of a volume, NaN outside of the mask (what correlates boxes needs them in order); or
 * those of the mask, of too many a part, spread as evenly as the golden ratio does it. */
static void fill_samples(lar_samples *s, const lar_image *image, const uint8_t *chosen, bool whole,
                         double share, int64_t room)
{
    const int64_t *size = image->grid.size;
    const float *values = image->voxels;
    const double(*m)[4] = image->grid.to_world.m;
    int64_t v = 0, seen = 0, n = 0;
    for (int64_t k = 0; k < size[2]; k++)
        for (int64_t j = 0; j < size[1]; j++)
            for (int64_t i = 0; i < size[0]; i++, v++) {
                const double turn = GOLDEN * (double)seen;
                if (!whole && !chosen[v]) continue;
                seen++;
                if (!whole && (turn - floor(turn) >= share || n == room)) continue;
                for (int a = 0; a < 3; a++)
                    s->at[a][n] = (float)(m[a][0] * (double)i + m[a][1] * (double)j +
                                          m[a][2] * (double)k + m[a][3] - s->centre_mm[a]);
                s->value[n++] = chosen[v] ? values[v] : NAN;
            }
    s->count = n;
}

static lar_status init_samples(lar_samples *s, const lar_side *side, double spacing_mm,
                               int64_t most, bool whole, bool shaped)
{
    lar_status status = LAR_OK;
    lar_image *image = NULL, *mask = NULL;
    LAR_TRY(load(&image, &mask, side, spacing_mm, shaped));
    const int64_t count = lar_image_voxel_count(image);
    const int64_t inside = lar_mask_count(mask->voxels, count);
    const int64_t kept = whole ? count : inside < most ? inside : most;
    LAR_TRY(make_samples(s, kept, side->centre_mm));
    fill_samples(s, image, mask->voxels, whole, (double)kept / (double)inside, kept);
    if (whole) memcpy(s->size, image->grid.size, sizeof s->size);
    lar_grid_spacing(&image->grid, s->spacing_mm);
done:
    lar_image_free(mask);
    lar_image_free(image);
    return status;
}

static void find_bins(lar_samples *s, double share, int64_t most)
{
    const int64_t affordable = (int64_t)sqrt(share * (double)s->count / PER_CELL);
    s->bins = affordable < BINS_LEAST ? BINS_LEAST : affordable < most ? affordable : most;
    for (int64_t n = 0; n < s->count; n++) {
        const float at = s->value[n] * (float)s->bins;
        s->bin[n] = (uint8_t)(at < (float)s->bins ? (int64_t)at : s->bins - 1);
    }
}

static lar_status init_probe(lar_probe *probe, const lar_side *side, double spacing_mm, bool shaped)
{
    lar_status status = LAR_OK;
    lar_image *mask = NULL;
    LAR_TRY(load(&probe->image, &mask, side, spacing_mm, shaped));
    memcpy(probe->centre_mm, side->centre_mm, sizeof probe->centre_mm);
    if (!lar_affine_invert(&probe->to_voxel, &probe->image->grid.to_world)) {
        status = lar_fail(LAR_EGEOMETRY, "a grid has no extent along some direction");
        goto done;
    }
    if (side->masked && !shaped) /* where nobody may look there is no value */
        LAR_TRY(lar_side_blank(&probe->image, mask, NAN));
done:
    lar_image_free(mask);
    return status;
}

lar_status lar_level_init(lar_level *level, const lar_side *sampled, const lar_side *probed,
                          double spacing_mm, int64_t most, int metric,
                          const lar_register_params *params)
{
    lar_status status = LAR_OK;
    *level = (lar_level){ 0 };
    const bool whole = metric == LAR_METRIC_LNCC;
    const bool shaped = sampled->masked && probed->masked && spacing_mm >= DEEP_FROM;
    LAR_TRY(init_samples(&level->samples, sampled, spacing_mm, most, whole, shaped));
    LAR_TRY(init_probe(&level->probe, probed, spacing_mm, shaped));
    level->probe.expected = 1;
    if (probed->masked && !shaped && probed->volume_mm3 < sampled->volume_mm3)
        level->probe.expected = probed->volume_mm3 / sampled->volume_mm3;
    find_bins(&level->samples, level->probe.expected, params->bins);
    level->probe.bins = lar_bins_between(0, 1, level->samples.bins);
    LAR_TRY(lar_match_new(&level->match, &level->samples, &level->probe, metric, sampled->radius_mm,
                          params->radius_mm));
done:
    return status;
}

void lar_level_clear(lar_level *level)
{
    lar_match_free(level->match);
    for (int a = 0; a < 3; a++) lar_free(level->samples.at[a]);
    lar_free(level->samples.value);
    lar_free(level->samples.bin);
    lar_image_free(level->probe.image);
    *level = (lar_level){ 0 };
}
