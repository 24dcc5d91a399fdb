/* Registration of real scans: people whose headers do not align T1 and FLAIR, those whose headers
 * do, and the transforms that the authors of a data set found. SPDX-License-Identifier: Apache-2.0
 */
#include "space/space.h"
#include "unit/register/phantoms.h"

static lar_image *read_scan(const char *format, const char *who)
{
    char name[256];
    lar_image *image;
    snprintf(name, sizeof name, format, who);
    const char *path = check_data(name);
    if (!path) {
        print_message("skipped: '%s' is absent\n", name);
        skip();
    }
    CHECK_OK(lar_image_read(&image, path));
    return image;
}

/* The correlation of the fixed image and the moving one under a map, inside the labels. */
static double correlation(const lar_image *fixed, const lar_image *moving, const lar_image *labels,
                          const lar_affine *map)
{
    lar_resample_params how = lar_resample_default();
    lar_chain *chain;
    lar_image *moved, *still, *brain;
    double n = 0, sa = 0, sb = 0, aa = 0, bb = 0, ab = 0;
    how.interpolation = LAR_LINEAR;
    how.pad = 0;
    CHECK_OK(lar_chain_new(&chain));
    CHECK_OK(lar_chain_add_affine(chain, map));
    CHECK_OK(lar_resample_through(&moved, moving, &labels->grid, chain, &how));
    CHECK_OK(lar_resample(&still, fixed, &labels->grid, &how));
    CHECK_OK(lar_image_to_type(&brain, labels, LAR_I32));
    const int32_t *inside = brain->voxels;
    for (int64_t v = 0; v < lar_image_voxel_count(brain); v++) {
        if (!inside[v]) continue;
        const double a = (double)((float *)still->voxels)[v];
        const double b = (double)((float *)moved->voxels)[v];
        n++;
        sa += a;
        sb += b;
        aa += a * a;
        bb += b * b;
        ab += a * b;
    }
    lar_image_free(brain);
    lar_image_free(still);
    lar_image_free(moved);
    lar_chain_free(chain);
    return (ab - sa * sb / n) / sqrt((aa - sa * sa / n) * (bb - sb * sb / n));
}

static void the_cohort_is_aligned(void **state)
{
    (void)state;
    static const char *const people[] = { "1",  "2",  "3",  "4",  "5",  "7",  "9",
                                          "10", "11", "12", "13", "14", "16", "17" };
    const lar_affine none = lar_affine_identity();
    const lar_register_params params = lar_register_default();
    for (size_t n = 0; n < sizeof people / sizeof *people; n++) {
        lar_image *t1 = read_scan("cohort2mm/t1/Subj%s_T1.nii.gz", people[n]);
        lar_image *flair = read_scan("cohort2mm/flair/Subj%s_FL.nii.gz", people[n]);
        lar_image *labels = read_scan("cohort2mm/labels/Subj%s_T1_DLMUSE.nii.gz", people[n]);
        lar_registration *r;
        CHECK_OK(lar_register(&r, t1, flair, NULL, NULL, NULL, &params));
        const double before = correlation(t1, flair, labels, &none);
        const double after = correlation(t1, flair, labels, &r->affine);
        print_message("subject %s: correlation in the brain %.3f to %.3f\n", people[n], before,
                      after);
        if (r->verdict.doubtful) fail_msg("subject %s: %s", people[n], r->verdict.reason);
        if (after < 0.45 || after < before - 0.005)
            fail_msg("subject %s: correlation %.3f to %.3f", people[n], before, after);
        if (lar_text_is(people[n], "3") || lar_text_is(people[n], "5"))
            assert_true(before < 0.35 && after > 0.65);
        lar_registration_free(r);
        lar_image_free(labels);
        lar_image_free(flair);
        lar_image_free(t1);
    }
}

static void another_person_is_doubted(void **state)
{
    (void)state;
    const lar_register_params params = lar_register_default();
    lar_image *t1 = read_scan("cohort2mm/t1/Subj%s_T1.nii.gz", "1");
    lar_image *flair = read_scan("cohort2mm/flair/Subj%s_FL.nii.gz", "2");
    lar_registration *r;
    CHECK_OK(lar_register(&r, t1, flair, NULL, NULL, NULL, &params));
    assert_true(r->verdict.doubtful);
    lar_registration_free(r);
    lar_image_free(flair);
    lar_image_free(t1);
}

/* Mean distance over points 20 mm and more inside the head, of the top 110 mm: mostly brain. */
static double distance_mm(const lar_image *fixed, const lar_affine *map, const lar_chain *truth)
{
    lar_image *head, *ras;
    double sum = 0, top = -1e9, count = 0;
    double spacing[3];
    CHECK_OK(lar_image_to_ras(&ras, fixed));
    lar_mask_params how = lar_mask_default();
    how.erode_mm = 20;
    CHECK_OK(lar_mask(&head, ras, &how));
    lar_grid_spacing(&head->grid, spacing);
    const int64_t *size = head->grid.size;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t v = 0; v < lar_image_voxel_count(head); v += 7) {
            if (!((uint8_t *)head->voxels)[v]) continue;
            const double ijk[3] = { (double)(v % size[0]), (double)(v / size[0] % size[1]),
                                    (double)(v / (size[0] * size[1])) };
            double x[1][3], y[3], square = 0;
            lar_grid_to_world(&head->grid, ijk, x[0]);
            if (pass == 0) {
                top = fmax(top, x[0][2]);
                continue;
            }
            if (x[0][2] < top - 90) continue;
            lar_affine_point(map, x[0], y);
            lar_chain_points(truth, x, 1);
            for (int r = 0; r < 3; r++) square += (x[0][r] - y[r]) * (x[0][r] - y[r]);
            sum += sqrt(square);
            count++;
        }
    lar_image_free(head);
    lar_image_free(ras);
    return sum / count;
}

static void the_authors_transforms_are_met(void **state)
{
    (void)state;
    static const char *const scans[] = { "patient01/study1_T1W", "patient01/study1_T2W",
                                         "patient01/study2_T1W", "patient01/study2_T2W",
                                         "patient03/study1_T2W", "patient03/study2_T1W",
                                         "patient03/study2_T2W" };
    const lar_register_params params = lar_register_default();
    for (size_t n = 0; n < sizeof scans / sizeof *scans; n++) {
        char study[64], transform[256];
        lar_registration *r;
        lar_chain *truth;
        snprintf(study, sizeof study, "%.*s", (int)strlen("patient01/study1"), scans[n]);
        lar_image *moving = read_scan("openms/%s.nii.gz", scans[n]);
        lar_image *flair = read_scan("openms/%s_FLAIR.nii.gz", study);
        CHECK_OK(lar_register(&r, flair, moving, NULL, NULL, NULL, &params));
        CHECK_OK(lar_chain_new(&truth));
        snprintf(transform, sizeof transform, "openms/%s_intrastudy_to_FLAIR.txt", scans[n]);
        CHECK_OK(lar_chain_add_file(truth, check_data(transform)));
        const double off = distance_mm(flair, &r->affine, truth);
        print_message("%s: %.2f mm from the authors' transform\n", scans[n], off);
        if (r->verdict.doubtful) fail_msg("%s: %s", scans[n], r->verdict.reason);
        if (!(off < 1)) fail_msg("%s: %.2f mm from the authors' transform", scans[n], off);
        lar_chain_free(truth);
        lar_registration_free(r);
        lar_image_free(flair);
        lar_image_free(moving);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cohort_is_aligned),
        cmocka_unit_test(another_person_is_doubted),
        cmocka_unit_test(the_authors_transforms_are_met),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
