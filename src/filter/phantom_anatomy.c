/* What differs between the phantom's subjects: age and sizes, the random fields that shape and
 * fold, and lesions of the white matter. SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "filter/phantom.h"
#include "filter/phantom_shape.h"
#include "math/math.h"

/* Streams of random numbers, one per purpose. */
enum { SIZES = 1, SHAPE, FINE, FOLD, FOLIA, TEXTURE, LESIONS };

static float normal(uint64_t seed, uint64_t index)
{
    const double n = lar_random_normal(seed, SIZES, index);
    return (float)(n < -2.2 ? -2.2 : n > 2.2 ? 2.2 : n);
}

static void draw_sizes(phantom_anatomy *a, uint64_t seed)
{
    const float age = (float)lar_random_uniform(seed, SIZES, 0);
    const float size = 0.975f + 0.025f * normal(seed, 1);
    a->age = age;
    for (uint64_t c = 0; c < 3; c++)
        a->inverse_scale[c] = 1 / (size * (1 + 0.018f * normal(seed, 2 + c)));
    const float wide = 0.8f + 1.05f * age + 0.12f * normal(seed, 5);
    const float uneven = 0.07f * normal(seed, 6); /* left is the larger more often */
    a->ventricle[0] = fmaxf(wide * (1.04f + uneven), 0.55f);
    a->ventricle[1] = fmaxf(wide * (0.96f - uneven), 0.55f);
    a->third_mm = 1.3f + 1.6f * age;
    a->csf_gap_mm = 1.6f + 2.2f * age + 0.2f * normal(seed, 7);
    a->sulcus_mm = 0.35f + 0.75f * age + 0.08f * normal(seed, 8);
    a->grey_mm = 2.45f - 0.3f * age + 0.12f * normal(seed, 9);
    a->fissure_mm = 0.7f + 1.1f * age;
    a->skull_mm = 6.3f + 0.8f * normal(seed, 10);
    a->scalp_fat_mm = 3.2f + 0.8f * normal(seed, 11);
    a->torque = 1 + 0.4f * normal(seed, 12);
    a->iris_degrees = 12 * normal(seed, 13);
}

static void mark_cells(phantom_anatomy *a, int64_t n)
{
    const phantom_lesion *l = &a->lesions[n];
    int64_t low[3], high[3];
    for (int c = 0; c < 3; c++) {
        const float reach = l->radius[c] * 1.4f + 4;
        low[c] = (int64_t)floorf((l->centre[c] - reach) / PH_CELL_MM) + PH_CELLS / 2;
        high[c] = (int64_t)floorf((l->centre[c] + reach) / PH_CELL_MM) + PH_CELLS / 2;
        low[c] = low[c] < 0 ? 0 : low[c];
        high[c] = high[c] >= PH_CELLS ? PH_CELLS - 1 : high[c];
    }
    for (int64_t z = low[2]; z <= high[2]; z++)
        for (int64_t y = low[1]; y <= high[1]; y++)
            for (int64_t x = low[0]; x <= high[0]; x++)
                a->cells[(z * PH_CELLS + y) * PH_CELLS + x] |= 1ull << n;
}

/* A third at the horns and along the bodies of the ventricles, where disease begins; the others
 * anywhere in the white matter. Kinds by turns, so that every subject with three lesions has all
 * that T1 shows and one that it does not. */
static void draw_lesions(phantom_anatomy *a, uint64_t seed, int64_t asked)
{
    static const int kinds[] = { PH_LESION_FLAIR, PH_LESION, PH_LESION_FLAIR,
                                 PH_LESION,       PH_LESION, PH_LESION_DARK };
    const int64_t count = asked >= 0 ? asked : (int64_t)(4 + 34 * a->age * a->age);
    uint64_t index = 0;
    for (int64_t n = 0; n < count && n < PH_LESION_MAX && index < 40000; index++) {
        float u[8];
        for (uint64_t c = 0; c < 8; c++)
            u[c] = (float)lar_random_uniform(seed, LESIONS, 8 * index + c);
        const float side = u[0] < 0.5f ? -1.f : 1.f;
        const bool near = n % 3 == 0;
        phantom_lesion *l = &a->lesions[n];
        if (near) {
            l->centre[0] = side * (12 + 14 * u[1]);
            l->centre[1] = 34 - 84 * u[2];
            l->centre[2] = 8 + 22 * u[3];
        } else {
            l->centre[0] = side * (14 + 38 * u[1]);
            l->centre[1] = 48 - 120 * u[2];
            l->centre[2] = 4 + 50 * u[3];
        }
        const float size = (near ? 3.f : 2.f) + (near ? 4.f : 3.f) * u[4] * (0.5f + a->age);
        l->radius[0] = size * (0.7f + 0.4f * u[5]);
        l->radius[1] = size * (near ? 1.6f : 1) * (0.8f + 0.4f * u[6]);
        l->radius[2] = size * (0.8f + 0.4f * u[7]);
        l->tissue = kinds[n % 6];
        phantom_hull hull;
        float mix[PH_TISSUE_COUNT];
        lar_phantom_hull_at(&hull, a, l->centre);
        if (hull.cerebrum < 6) continue;
        lar_phantom_brain_mix(a, l->centre, &hull, 2, mix);
        if (mix[PH_WHITE] < 0.9f) continue;
        mark_cells(a, n);
        a->lesion_count = ++n;
    }
}

lar_status lar_phantom_anatomy_new(phantom_anatomy **out, uint64_t seed, int64_t lesions)
{
    lar_status status = LAR_OK;
    phantom_anatomy *a = lar_alloc(1, sizeof *a);

    *out = NULL;
    if (!a) return LAR_EMEMORY;
    draw_sizes(a, seed);
    LAR_TRY(lar_phantom_noise_new(&a->shape, seed, SHAPE, 38, false));
    LAR_TRY(lar_phantom_noise_new(&a->fine, seed, FINE, 7, false));
    LAR_TRY(lar_phantom_noise_new(&a->fold, seed, FOLD, 8, true));
    LAR_TRY(lar_phantom_noise_new(&a->folia, seed, FOLIA, 9, false));
    LAR_TRY(lar_phantom_noise_new(&a->texture, seed, TEXTURE, 12, false));
    draw_lesions(a, seed, lesions);
    a->halo = a->lesion_count > 0 ? 0.1f + 0.8f * a->age : 0;
    *out = a;
    a = NULL;
done:
    lar_phantom_anatomy_free(a);
    return status;
}

void lar_phantom_anatomy_free(phantom_anatomy *anatomy)
{
    if (!anatomy) return;
    lar_phantom_noise_clear(&anatomy->shape);
    lar_phantom_noise_clear(&anatomy->fine);
    lar_phantom_noise_clear(&anatomy->fold);
    lar_phantom_noise_clear(&anatomy->folia);
    lar_phantom_noise_clear(&anatomy->texture);
    lar_free(anatomy);
}
