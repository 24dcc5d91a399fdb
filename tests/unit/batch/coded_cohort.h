/* A prepared cohort of three small cases, whose voxels tell where they lie, and samplers of it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_CODED_COHORT_H
#define LAR_CODED_COHORT_H

#include "batch/batch.h"
#include "check.h"
#include "image/image.h"

enum { CASES = 3, IMAGES = 3 }; /* images: an input, a target, labels */

/* A prepared cohort of its own: the voxel i j k of case c is i + 100 j + 10000 k + c / 10. */
static struct {
    char root[64];
    lar_prepared prepared;
    lar_image_spec specs[IMAGES];
    lar_prepared_case cases[CASES];
    const char *paths[CASES][IMAGES];
    char room[CASES * IMAGES][128];
    lar_case_file files[IMAGES]; /* whose bytes were not recorded */
    _Atomic bool checked[IMAGES];
    int64_t all[CASES];
} cohort;
static const int64_t size[3] = { 12, 10, 9 };

static int cohort_make(void **state)
{
    (void)state;
    static const char *const names[IMAGES] = { "t1", "flair", "seg" };
    static const int roles[IMAGES] = { LAR_INPUT, LAR_TARGET, LAR_LABEL };
    snprintf(cohort.root, sizeof cohort.root, "%s", check_folder());
    for (int m = 0; m < IMAGES; m++)
        cohort.specs[m] = (lar_image_spec){ .name = names[m], .role = roles[m] };
    for (int c = 0; c < CASES; c++) {
        static const char *const ids[CASES] = { "a", "b", "c" };
        lar_grid grid = { .size = { size[0], size[1], size[2] },
                          .to_world = { { { 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 0, 1, 0 } } } };
        for (int m = 0; m < IMAGES; m++) {
            lar_image *image;
            char *path = cohort.room[c * IMAGES + m];
            CHECK_OK(lar_image_new(&image, &grid, 1, m == 2 ? LAR_U8 : LAR_F32));
            for (int64_t n = 0; n < lar_image_voxel_count(image); n++) {
                const int64_t i = n % size[0], j = n / size[0] % size[1], k = n / size[0] / size[1];
                if (m == 2) /* a large label and one voxel of another */
                    ((uint8_t *)image->voxels)[n] =
                        i == 1 && j == 2 && k == 3 ? 7 : (i > 8 ? 2 : 0);
                else
                    ((float *)image->voxels)[n] =
                        (float)(i + 100 * j + 10000 * k) + (float)c / 10 + (float)m / 2;
            }
            snprintf(path, sizeof cohort.room[0], "%s/%s_%s.nii", cohort.root, ids[c], names[m]);
            CHECK_OK(lar_image_write(image, path, true));
            lar_image_free(image);
            cohort.paths[c][m] = path;
        }
        cohort.cases[c] = (lar_prepared_case){ .id = ids[c],
                                               .grid = grid,
                                               .paths = cohort.paths[c],
                                               .files = cohort.files,
                                               .checked = cohort.checked };
        cohort.all[c] = c;
    }
    cohort.prepared = (lar_prepared){
        .image_count = IMAGES, .images = cohort.specs, .case_count = CASES, .cases = cohort.cases
    };
    return 0;
}

static int cohort_remove(void **state)
{
    (void)state;
    check_folder_remove(cohort.root);
    return 0;
}

static lar_sampler *sampler_of(const lar_sample_params *params, const lar_augments *augments)
{
    static const lar_sample_image images[IMAGES] = { { 0, false }, { 1, true }, { 2, true } };
    lar_sampler *s;
    const lar_sampler_params p = { .prepared = &cohort.prepared,
                                   .cases = cohort.all,
                                   .case_count = CASES,
                                   .images = images,
                                   .image_count = IMAGES,
                                   .sample = *params,
                                   .augments = augments,
                                   .seed = 5 };
    CHECK_OK(lar_sample_check(params, cohort.specs, IMAGES));
    CHECK_OK(lar_sampler_new(&s, &p));
    return s;
}

static lar_sample_params patch_of(int64_t edge, int pick, const char *of)
{
    lar_sample_params p = lar_sample_default(LAR_SAMPLE_PATCH);
    p.size = (lar_ints){ .count = 1, .at = { edge } };
    p.pick = pick;
    p.of = of;
    return p;
}

#endif
