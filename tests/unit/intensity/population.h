/* Four small scans of one made-up head, what a peer makes of them
 * (tests/golden/make_population.py), and the steps of a population that tests share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_TEST_POPULATION_H
#define LAR_TEST_POPULATION_H

#include <jansson.h>

#include "check.h"
#include "image/image.h"
#include "intensity/intensity.h"
#include "math/math.h"

enum { POPULATION = 4 };

typedef struct population {
    lar_image *images[POPULATION], *mask; /* float32; views */
    json_t *golden;
} population;

static inline void population_read(population *out)
{
    lar_image *all, *view;
    CHECK_OK(lar_image_read(&all, TEST_SOURCE "/tests/golden/population.nii.gz"));
    CHECK_OK(lar_image_read(&out->mask, TEST_SOURCE "/tests/golden/population_mask.nii.gz"));
    for (int n = 0; n < POPULATION; n++) {
        CHECK_OK(lar_image_channel(&view, all, n));
        CHECK_OK(lar_image_to_type(&out->images[n], view, LAR_F32));
        lar_image_free(view);
    }
    lar_image_free(all);
    out->golden = json_load_file(TEST_SOURCE "/tests/golden/population.json", 0, NULL);
    assert_non_null(out->golden);
}

static inline void population_free(population *p)
{
    for (int n = 0; n < POPULATION; n++) lar_image_free(p->images[n]);
    lar_image_free(p->mask);
    json_decref(p->golden);
}

static inline lar_normalize_params params_of(const char *method)
{
    lar_normalize_params params = lar_normalize_default();
    CHECK_OK(lar_normalize_choose(&params, method));
    return params;
}

/* A normalizer that learned from the images, as often as it wants. */
static inline lar_status taught(lar_normalizer **out, const lar_normalize_params *params,
                                lar_image *const *images, int count, const lar_image *mask)
{
    lar_status status = LAR_OK;
    lar_normalizer *n;
    *out = NULL;
    LAR_TRY(lar_normalizer_new(&n, params));
    while (status == LAR_OK && lar_normalizer_passes(n) > 0) {
        for (int k = 0; k < count && status == LAR_OK; k++)
            status = lar_normalizer_learn(n, images[k], mask, NULL);
        if (status == LAR_OK) status = lar_normalizer_end_pass(n);
    }
    if (status == LAR_OK)
        *out = n;
    else
        lar_normalizer_free(n);
done:
    return status;
}

static inline lar_image *normalized(lar_normalizer *n, const lar_image *image,
                                    const lar_image *mask)
{
    lar_image *out;
    CHECK_OK(lar_normalizer_fit(n, image, mask, NULL));
    CHECK_OK(lar_normalizer_apply(&out, n, image));
    return out;
}

/* a x + b of every voxel. */
static inline lar_image *moved(const lar_image *image, double a, double b)
{
    lar_image *out;
    CHECK_OK(lar_image_like(&out, image, LAR_F32));
    for (int64_t v = 0; v < lar_image_voxel_count(image); v++)
        ((float *)out->voxels)[v] = (float)(a * (double)((const float *)image->voxels)[v] + b);
    return out;
}

static inline double largest_difference(const lar_image *a, const lar_image *b)
{
    double most = 0;
    for (int64_t v = 0; v < lar_image_voxel_count(a); v++)
        most = fmax(most, fabs((double)((const float *)a->voxels)[v] -
                               (double)((const float *)b->voxels)[v]));
    return most;
}

/* Against the peer's values at the golden places, as a part of their range. */
static inline double golden_difference(const population *p, const lar_image *out,
                                       const json_t *values)
{
    const json_t *places = json_object_get(p->golden, "places");
    double most = 0, low = INFINITY, high = -INFINITY;
    assert_true(json_array_size(places) >= 50 &&
                json_array_size(values) == json_array_size(places));
    for (size_t n = 0; n < json_array_size(places); n++) {
        const double wanted = json_number_value(json_array_get(values, n));
        const int64_t at = json_integer_value(json_array_get(places, n));
        most = fmax(most, fabs((double)((const float *)out->voxels)[at] - wanted));
        low = fmin(low, wanted);
        high = fmax(high, wanted);
    }
    return most / (high - low);
}

#endif
