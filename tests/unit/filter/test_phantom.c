/* The phantom against what it promises: the signal equations, its own truth, and independence of
 * threads and of other subjects.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "filter/filter.h"
#include "filter/phantom.h"
#include "image/image.h"
#include "math/math.h"

/* A small head without chance: float32, no noise, no drift, no texture, one tissue per voxel. */
static lar_phantom_params plain(double spacing_mm, const char *contrasts)
{
    lar_phantom_params p = lar_phantom_default();
    p.spacing_mm = spacing_mm;
    p.contrasts = contrasts;
    p.bias_percent = p.noise_percent = p.texture_percent = 0;
    p.crisp = p.same_grid = true;
    p.type = 1;
    return p;
}

static int64_t count_of(const lar_image *image)
{
    return lar_image_voxel_count(image);
}

static bool same_voxels(const lar_image *a, const lar_image *b)
{
    return a->type == b->type && lar_grid_matches(&a->grid, &b->grid) &&
           memcmp(a->voxels, b->voxels, (size_t)count_of(a) * lar_type_size(a->type)) == 0;
}

static void threads_and_repeats_give_the_same_bits(void **state)
{
    (void)state;
    lar_phantom_params p = lar_phantom_default();
    p.spacing_mm = 6;
    p.turn_degrees = 5;
    lar_phantom *one = NULL, *other = NULL;
    lar_threads_set(1);
    CHECK_OK(lar_phantom_subject(&one, &p, 2));
    for (int threads = 1; threads <= 5; threads += 2) {
        lar_threads_set(threads);
        CHECK_OK(lar_phantom_subject(&other, &p, 2));
        for (int64_t n = 0; n < one->scan_count; n++) {
            assert_true(same_voxels(one->scans[n].image, other->scans[n].image));
            assert_true(same_voxels(one->scans[n].bias, other->scans[n].bias));
        }
        assert_true(same_voxels(one->labels, other->labels));
        lar_phantom_free(other);
    }
    lar_threads_set(0);
    CHECK_OK(lar_phantom_subject(&other, &p, 3));
    assert_false(same_voxels(one->labels, other->labels));
    lar_phantom_free(other);
    p.seed = 2;
    CHECK_OK(lar_phantom_subject(&other, &p, 2));
    assert_false(same_voxels(one->labels, other->labels));
    lar_phantom_free(other);
    lar_phantom_free(one);
}

static void signals_follow_the_equations(void **state)
{
    (void)state;
    lar_phantom_params p = plain(10, "t1,t2,pd,flair,ct");
    p.variation_percent = 0;
    lar_phantom *phantom = NULL;
    CHECK_OK(lar_phantom_subject(&phantom, &p, 1));
    for (int t = 1; t < PH_TISSUE_COUNT; t++) {
        const lar_phantom_tissue *tissue = &phantom->tissues[t];
        const double t1 = tissue->t1_ms, t2 = tissue->t2_ms, d = tissue->density_percent / 100;
        const double expected[5] = {
            d * fabs(1 - 2 * exp(-1100 / t1) + exp(-2300 / t1)),
            d * (1 - exp(-5000 / t1)) * exp(-95 / t2),
            d * (1 - exp(-3000 / t1)) * exp(-14 / t2),
            /* 4000 ms is nulled at 4000 * ln(2 / (1 + exp(-9000 / 4000))) = 2371.76 ms */
            d * fabs(1 - 2 * exp(-2371.762487 / t1) + exp(-9000 / t1)) * exp(-110 / t2),
            tissue->hounsfield,
        };
        for (int n = 0; n < 5; n++)
            CHECK_NEAR(tissue->signal[n] / phantom->scans[n].gain, expected[n], 1e-6);
    }
    CHECK_NEAR(phantom->tissues[PH_WHITE].signal[0], 500, 1e-9);
    CHECK_NEAR(phantom->tissues[PH_CSF].signal[3], 0, 1e-9); /* what FLAIR is for */
    /* T1: white over grey over fluid; FLAIR: grey over white over fluid, lesions over all */
    const lar_phantom_tissue *t = phantom->tissues;
    assert_true(t[PH_WHITE].signal[0] > t[PH_GREY].signal[0]);
    assert_true(t[PH_GREY].signal[0] > 3 * t[PH_CSF].signal[0]);
    assert_true(t[PH_GREY].signal[3] > t[PH_WHITE].signal[3]);
    assert_true(t[PH_LESION].signal[3] > 1.2 * t[PH_GREY].signal[3]);
    lar_phantom_free(phantom);
}

static void labels_agree_with_intensities(void **state)
{
    (void)state;
    for (int type = 0; type < 2; type++) {
        lar_phantom_params p = plain(5, "flair,t1,t2,pd,ct");
        p.type = type;
        lar_phantom *phantom = NULL;
        CHECK_OK(lar_phantom_subject(&phantom, &p, 4));
        const int64_t count = count_of(phantom->labels);
        const uint8_t *labels = phantom->labels->voxels;
        int64_t seen[PH_TISSUE_COUNT] = { 0 };
        for (int64_t v = 0; v < count; v++) seen[labels[v]]++;
        for (int64_t n = 0; n < phantom->scan_count; n++) {
            const lar_image *image = phantom->scans[n].image;
            assert_int_equal(image->type, type ? LAR_F32 : LAR_I16);
            for (int64_t v = 0; v < count; v++) {
                const double expected = phantom->tissues[labels[v]].signal[n];
                const double found = type ? (double)((const float *)image->voxels)[v]
                                          : ((const int16_t *)image->voxels)[v];
                CHECK_NEAR(found, expected, type ? 1e-6 * fabs(expected) + 1e-6 : 0.5001);
            }
        }
        /* all the large tissues are there */
        static const int large[] = { PH_SKIN,      PH_FAT,      PH_MUSCLE,     PH_BONE,
                                     PH_MARROW,    PH_CSF,      PH_GREY,       PH_WHITE,
                                     PH_VENTRICLE, PH_THALAMUS, PH_BRAIN_STEM, PH_CEREBELLAR_GREY };
        for (size_t n = 0; n < sizeof large / sizeof *large; n++) assert_true(seen[large[n]] > 10);
        lar_phantom_free(phantom);
    }
}

/* Partial volume only mixes: inside a tissue nothing changes, and the whole keeps its sum. */
static void partial_volume_keeps_the_inside(void **state)
{
    (void)state;
    lar_phantom_params p = plain(4, "t1");
    lar_phantom *crisp = NULL, *mixed = NULL;
    CHECK_OK(lar_phantom_subject(&crisp, &p, 1));
    p.crisp = false;
    CHECK_OK(lar_phantom_subject(&mixed, &p, 1));
    double sum[2] = { 0 };
    int64_t between = 0;
    for (int64_t v = 0; v < count_of(crisp->labels); v++) {
        const float value = ((const float *)mixed->scans[0].image->voxels)[v];
        assert_true(value >= 0 && value <= (float)mixed->tissues[PH_FAT].signal[0] * 1.0001f);
        const double pure = mixed->tissues[((const uint8_t *)mixed->labels->voxels)[v]].signal[0];
        between += fabs((double)value - pure) > 1;
        sum[0] += (double)((const float *)crisp->scans[0].image->voxels)[v];
        sum[1] += (double)value;
    }
    /* sheets thinner than a sample, as sulci are, count for a little too much */
    CHECK_NEAR(sum[1] / sum[0], 1, 0.03);
    const double part = (double)between / (double)count_of(crisp->labels);
    assert_true(part > 0.05 && part < 0.6); /* boundaries are mixed, the rest is not */
    lar_phantom_free(crisp);
    lar_phantom_free(mixed);
}

static void bias_is_the_ratio(void **state)
{
    (void)state;
    lar_phantom_params p = plain(6, "t1,flair");
    p.crisp = p.same_grid = false;
    lar_phantom *flat = NULL, *bent = NULL;
    CHECK_OK(lar_phantom_subject(&flat, &p, 1));
    p.bias_percent = 40;
    CHECK_OK(lar_phantom_subject(&bent, &p, 1));
    for (int64_t n = 0; n < 2; n++) {
        const float *a = flat->scans[n].image->voxels, *b = bent->scans[n].image->voxels;
        const float *bias = bent->scans[n].bias->voxels;
        float low = 2, high = 0;
        for (int64_t v = 0; v < count_of(flat->scans[n].image); v++) {
            CHECK_NEAR(((const float *)flat->scans[n].bias->voxels)[v], 1, 0);
            CHECK_NEAR(b[v], a[v] * bias[v], 1e-6 * fabsf(b[v]) + 1e-6);
            low = fminf(low, bias[v]);
            high = fmaxf(high, bias[v]);
        }
        assert_true(low >= 0.6f && high <= 1.4f && high - low > 0.15f);
    }
    lar_phantom_free(flat);
    lar_phantom_free(bent);
}

/* Air holds Rayleigh noise, CT normal noise, and strong signal nearly normal noise. */
static void noise_has_its_statistics(void **state)
{
    (void)state;
    lar_phantom_params p = plain(4, "t1,ct");
    lar_phantom *quiet = NULL, *noisy = NULL;
    CHECK_OK(lar_phantom_subject(&quiet, &p, 1));
    p.noise_percent = 6;
    CHECK_OK(lar_phantom_subject(&noisy, &p, 1));
    const uint8_t *labels = quiet->labels->voxels;
    const double sigma = noisy->scans[0].noise_deviation;
    CHECK_NEAR(sigma, 0.06 * noisy->tissues[PH_WHITE].signal[0], 1e-9);
    CHECK_NEAR(noisy->scans[1].noise_deviation, 12, 1e-12);
    for (int n = 0; n < 3; n++) { /* T1 of air, CT of air, T1 of white matter */
        const int tissue = n < 2 ? PH_AIR : PH_WHITE, scan = n == 1;
        const float *a = quiet->scans[scan].image->voxels, *b = noisy->scans[scan].image->voxels;
        double sum = 0, squares = 0, count = 0;
        for (int64_t v = 0; v < count_of(quiet->labels); v++) {
            if (labels[v] != tissue) continue;
            const double d = (double)b[v] - (double)a[v];
            sum += d;
            squares += d * d;
            count++;
        }
        assert_true(count > 3000);
        const double mean = sum / count, deviation = sqrt(squares / count - mean * mean);
        /* Gudbjartsson 1995, equations 4 and 5; A + sigma^2 / 2A where the signal A is strong */
        const double strong = sigma * sigma / 2 / quiet->tissues[PH_WHITE].signal[0];
        const double means[3] = { sigma * sqrt(acos(-1.0) / 2), 0, strong };
        const double deviations[3] = { sigma * sqrt(2 - acos(-1.0) / 2), 12, sigma };
        CHECK_NEAR(mean, means[n], 4 * deviations[n] / sqrt(count));
        CHECK_NEAR(deviation, deviations[n], 4 * deviations[n] / sqrt(2 * count));
    }
    lar_phantom_free(quiet);
    lar_phantom_free(noisy);
}

/* Part of the head's voxels of scan 1 whose value is that of the label of scan 0 which `to_first`
 * leads to. */
static double agreement(const lar_phantom *phantom, const lar_affine *to_first)
{
    const lar_image *image = phantom->scans[1].image, *labels = phantom->labels;
    lar_affine to_voxel;
    assert_true(lar_affine_invert(&to_voxel, &labels->grid.to_world));
    double good = 0, all = 0;
    const int64_t *size = image->grid.size;
    for (int64_t v = 0; v < count_of(image); v++) {
        const double ijk[3] = { (double)(v % size[0]), (double)(v / size[0] % size[1]),
                                (double)(v / size[0] / size[1]) };
        double xyz[3], at[3];
        lar_grid_to_world(&image->grid, ijk, xyz);
        lar_affine_point(to_first, xyz, xyz);
        lar_affine_point(&to_voxel, xyz, at);
        bool inside = true;
        for (int c = 0; c < 3; c++)
            inside = inside && at[c] > 0 && at[c] < (double)labels->grid.size[c] - 1;
        if (!inside) continue;
        const int label = (int)lar_image_at(labels, lrint(at[0]), lrint(at[1]), lrint(at[2]), 0);
        const double value = (double)((const float *)image->voxels)[v];
        if (value == 0 && label == PH_AIR) continue;
        all++;
        good += fabs(value - phantom->tissues[label].signal[1]) < 1e-3;
    }
    return good / all;
}

static void pose_maps_one_scan_on_the_other(void **state)
{
    (void)state;
    lar_phantom_params p = plain(3, "t1,t2");
    p.same_grid = false;
    p.turn_degrees = 15;
    p.move_mm = 20;
    lar_phantom *phantom = NULL;
    CHECK_OK(lar_phantom_subject(&phantom, &p, 1));
    const lar_affine still = lar_affine_identity();
    assert_memory_equal(&phantom->scans[0].head_to_world, &still, sizeof still);
    lar_affine back;
    assert_true(lar_affine_invert(&back, &phantom->scans[1].head_to_world));
    CHECK_NEAR(lar_affine_determinant(&back), 1, 1e-12);
    const double right = agreement(phantom, &back), wrong = agreement(phantom, &still);
    /* nearest voxels of 3 mm miss near boundaries */
    if (!(right > 0.6 && right > wrong + 0.25)) fail_msg("agreement %g and %g", right, wrong);
    lar_phantom_free(phantom);
    /* without a pose the headers tell the truth though the grids differ */
    p.turn_degrees = p.move_mm = 0;
    CHECK_OK(lar_phantom_subject(&phantom, &p, 1));
    assert_false(lar_grid_matches(&phantom->scans[0].image->grid, &phantom->scans[1].image->grid));
    CHECK_NEAR(agreement(phantom, &still), right, 0.05);
    lar_phantom_free(phantom);
}

static void brains_have_size_and_are_one_piece(void **state)
{
    (void)state;
    for (int64_t subject = 1; subject <= 8; subject++) {
        lar_phantom_params p = lar_phantom_default();
        p.spacing_mm = 4;
        p.contrasts = "t1";
        lar_phantom *phantom = NULL;
        CHECK_OK(lar_phantom_subject(&phantom, &p, subject));
        uint8_t *brain = phantom->brain->voxels;
        int64_t before = 0, after = 0;
        for (int64_t v = 0; v < count_of(phantom->brain); v++) before += brain[v];
        CHECK_OK(lar_mask_keep_largest(brain, phantom->brain->grid.size));
        for (int64_t v = 0; v < count_of(phantom->brain); v++) after += brain[v];
        assert_int_equal(before, after);
        const double ml = (double)before * 4 * 4 * 4 / 1000;
        if (ml < 1000 || ml > 1800) fail_msg("subject %d: %g ml", (int)subject, ml);
        lar_phantom_free(phantom);
    }
}

/* No function of the T1 value alone gives the FLAIR value: lesions as white as white matter in T1.
 */
static void lesions_hide_from_look_up_tables(void **state)
{
    (void)state;
    lar_phantom_params p = plain(2, "t1,flair");
    p.lesions = 40;
    lar_phantom *phantom = NULL;
    CHECK_OK(lar_phantom_subject(&phantom, &p, 1));
    assert_int_equal(phantom->lesion_count, 40);
    const uint8_t *labels = phantom->labels->voxels;
    const float *t1 = phantom->scans[0].image->voxels, *flair = phantom->scans[1].image->voxels;
    double sums[PH_TISSUE_COUNT][3] = { 0 };
    for (int64_t v = 0; v < count_of(phantom->labels); v++) {
        sums[labels[v]][0]++;
        sums[labels[v]][1] += (double)t1[v];
        sums[labels[v]][2] += (double)flair[v];
    }
    static const int pairs[][2] = { { PH_LESION_FLAIR, PH_WHITE },
                                    { PH_LESION, PH_LESION_DARK },
                                    { PH_TRACT, PH_WHITE },
                                    { PH_LIMBIC_GREY, PH_GREY } };
    for (size_t n = 0; n < 4; n++) {
        const double *a = sums[pairs[n][0]], *b = sums[pairs[n][1]];
        assert_true(a[0] > 20 && b[0] > 20);
        CHECK_NEAR(a[1] / a[0], b[1] / b[0], 1e-3);
        assert_true(a[2] / a[0] > (n < 2 ? 1.25 : 1.03) * b[2] / b[0]);
    }
    lar_phantom_free(phantom);
    p.lesions = 0;
    p.spacing_mm = 6;
    CHECK_OK(lar_phantom_subject(&phantom, &p, 1));
    for (int64_t v = 0; v < count_of(phantom->labels); v++) {
        const int label = ((const uint8_t *)phantom->labels->voxels)[v];
        assert_true(label < PH_LESION || label > PH_LESION_DARK);
    }
    lar_phantom_free(phantom);
}

static void slices_are_as_thick_as_asked(void **state)
{
    (void)state;
    lar_phantom_params p = plain(3, "t1,flair");
    p.crisp = p.same_grid = false;
    p.thickness_mm = 9;
    lar_phantom *phantom = NULL;
    CHECK_OK(lar_phantom_subject(&phantom, &p, 1));
    double spacing[3];
    lar_grid_spacing(&phantom->scans[0].image->grid, spacing);
    CHECK_NEAR(spacing[2], 3, 1e-9);
    lar_grid_spacing(&phantom->scans[1].image->grid, spacing);
    CHECK_NEAR(spacing[0], 2.7, 1e-9);
    CHECK_NEAR(spacing[2], 9, 1e-9);
    char axes[4];
    lar_grid_axes(&phantom->scans[1].image->grid, axes);
    assert_string_equal(axes, "LPS");
    lar_phantom_free(phantom);
}

static void label_maps_replace_the_anatomy(void **state)
{
    (void)state;
    char path[128];
    const char *folder = check_folder();
    assert_non_null(folder);
    snprintf(path, sizeof path, "%s/labels.nii.gz", folder);
    const lar_grid grid = { { 20, 24, 22 },
                            { { { -4, 0, 0, 40 }, { 0, 0, 4, -50 }, { 0, 4, 0, -30 } } } };
    lar_image *map = NULL;
    CHECK_OK(lar_image_new(&map, &grid, 1, LAR_I16));
    for (int64_t v = 0; v < count_of(map); v++) {
        const int64_t i = v % 20, j = v / 20 % 24, k = v / 480;
        const bool inside = i > 2 && i < 17 && j > 2 && j < 20 && k > 2 && k < 18;
        ((int16_t *)map->voxels)[v] = (int16_t)(!inside ? 0 : i < 6 ? 515 : j < 12 ? 3 : 41);
    }
    CHECK_OK(lar_image_write(map, path, false));
    lar_phantom_params p = plain(3, "t1");
    p.labels = path;
    lar_phantom *phantom = NULL;
    CHECK_OK(lar_phantom_subject(&phantom, &p, 1));
    lar_affine to_map;
    assert_true(lar_affine_invert(&to_map, &grid.to_world));
    const lar_grid *own = &phantom->labels->grid;
    int64_t seen[PH_TISSUE_COUNT] = { 0 };
    for (int64_t v = 0; v < count_of(phantom->labels); v++) {
        const double ijk[3] = { (double)(v % own->size[0]),
                                (double)(v / own->size[0] % own->size[1]),
                                (double)(v / own->size[0] / own->size[1]) };
        double xyz[3], at[3];
        lar_grid_to_world(own, ijk, xyz);
        lar_affine_point(&to_map, xyz, at);
        const bool on_map = at[0] > -0.5 && at[0] < 19.5 && at[1] > -0.5 && at[1] < 23.5 &&
                            at[2] > -0.5 && at[2] < 21.5;
        const int label =
            on_map ? (int)lar_image_at(map, (int64_t)floor(at[0] + 0.5),
                                       (int64_t)floor(at[1] + 0.5), (int64_t)floor(at[2] + 0.5), 0)
                   : 0;
        const int code = label == 515  ? PH_BONE
                         : label == 3  ? PH_GREY
                         : label == 41 ? PH_WHITE
                                       : PH_AIR;
        const int found = ((const uint8_t *)phantom->labels->voxels)[v];
        assert_int_equal(found, code);
        seen[found]++;
    }
    assert_true(seen[PH_BONE] > 100 && seen[PH_GREY] > 100 && seen[PH_WHITE] > 100);
    lar_phantom_free(phantom);

    ((int16_t *)map->voxels)[5] = 1234;
    CHECK_OK(lar_image_write(map, path, true));
    CHECK_FAILS(lar_phantom_subject(&phantom, &p, 1), LAR_EFORMAT, "unknown tissue: 1234");
    assert_null(phantom);
    memset(map->voxels, 0, (size_t)count_of(map) * 2);
    CHECK_OK(lar_image_write(map, path, true));
    CHECK_FAILS(lar_phantom_subject(&phantom, &p, 1), LAR_ENUMERIC, "no tissue but air");
    lar_image_free(map);
    CHECK_OK(lar_file_remove(path));
    assert_int_equal(rmdir(folder), 0);
}

static void wrong_questions_are_refused(void **state)
{
    (void)state;
    lar_phantom_params p = plain(10, "t1");
    lar_phantom *phantom = NULL;
    CHECK_FAILS(lar_phantom_subject(&phantom, &p, 0), LAR_EARGUMENT, "count from 1");
    p.contrasts = "t1,dwi";
    CHECK_FAILS(lar_phantom_subject(&phantom, &p, 1), LAR_EARGUMENT, "'dwi' is no contrast");
    p.contrasts = "";
    CHECK_FAILS(lar_phantom_subject(&phantom, &p, 1), LAR_EARGUMENT, "no contrast");
    p = plain(NAN, "t1");
    CHECK_FAILS(lar_phantom_subject(&phantom, &p, 1), LAR_EARGUMENT, "spacing");
    p = plain(10, "t1");
    p.lesions = 1000;
    CHECK_FAILS(lar_phantom_subject(&phantom, &p, 1), LAR_EARGUMENT, "1000 lesions");
    p = plain(10, "t1");
    p.label_table = "x.tsv";
    CHECK_FAILS(lar_phantom_subject(&phantom, &p, 1), LAR_EARGUMENT, "without a label map");
    CHECK_FAILS(lar_phantom_cohort("/tmp", &p, 0, false, (lar_progress){ 0 }), LAR_EARGUMENT,
                "0 subjects");
    assert_null(phantom);
}

static void short_memory_is_an_error(void **state)
{
    (void)state;
    lar_phantom_params p = plain(10, "t1,flair");
    for (int64_t n = 1; n < 200; n++) {
        lar_phantom *phantom = NULL;
        lar_alloc_fail_at(n, false);
        const lar_status status = lar_phantom_subject(&phantom, &p, 1);
        lar_alloc_fail_at(0, false);
        if (status == LAR_OK) {
            assert_true(n > 10);
            lar_phantom_free(phantom);
            return;
        }
        assert_int_equal(status, LAR_EMEMORY);
        assert_null(phantom);
    }
    fail_msg("never enough memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_and_repeats_give_the_same_bits),
        cmocka_unit_test(signals_follow_the_equations),
        cmocka_unit_test(labels_agree_with_intensities),
        cmocka_unit_test(partial_volume_keeps_the_inside),
        cmocka_unit_test(bias_is_the_ratio),
        cmocka_unit_test(noise_has_its_statistics),
        cmocka_unit_test(pose_maps_one_scan_on_the_other),
        cmocka_unit_test(brains_have_size_and_are_one_piece),
        cmocka_unit_test(lesions_hide_from_look_up_tables),
        cmocka_unit_test(slices_are_as_thick_as_asked),
        cmocka_unit_test(label_maps_replace_the_anatomy),
        cmocka_unit_test(wrong_questions_are_refused),
        cmocka_unit_test(short_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
