/* The samples of a study.
 * SPDX-License-Identifier: Apache-2.0 */
#include "prepare/prepare.h"

static int64_t list_images(lar_sample_image *out, const lar_study *study, bool all)
{
    static const int order[] = { LAR_INPUT, LAR_TARGET, LAR_LABEL, LAR_MASK };
    int64_t count = 0;
    for (int r = 0; r < (all ? 4 : 2); r++)
        for (int64_t n = 0; n < study->data.image_count; n++)
            if (study->data.images[n].role == order[r])
                out[count++] = (lar_sample_image){ n, order[r] != LAR_INPUT };
    return count;
}

lar_status lar_study_sampler(lar_sampler **out, const lar_study *study,
                             const lar_prepared *prepared, int split, bool all)
{
    lar_sample_image images[LAR_IMAGES_MAX];
    int64_t *cases = lar_alloc(prepared->case_count, sizeof *cases);
    lar_sampler_params params = {
        .prepared = prepared,
        .cases = cases,
        .images = images,
        .image_count = list_images(images, study, all),
        .sample = study->train.sample,
        .augments = study->augments.count ? &study->augments : NULL,
        .seed = (uint64_t)study->train.seed,
    };
    *out = NULL;
    if (!cases) return LAR_EMEMORY;
    for (int64_t n = 0; n < prepared->case_count; n++)
        if (prepared->cases[n].split == split) cases[params.case_count++] = n;
    if (split != LAR_TRAIN) {
        params.augments = NULL;
        params.sample.pick = LAR_PICK_GRID;
        params.sample.of = NULL;
        params.sample.overlap = 0;
        params.sample.per_case = LAR_INT_AUTO;
    }
    const lar_status status = lar_sampler_new(out, &params);
    lar_free(cases);
    return status;
}
