/* Divergence by its definition and by scipy's, tissues by hand, combs of integers, and what is
 * refused. SPDX-License-Identifier: Apache-2.0 */
#include "population.h"

enum { COUNT = 20000 };

static lar_image *drawn(uint64_t seed, double mean, double deviation, bool whole)
{
    const lar_grid grid = { .size = { 100, 20, 10 },
                            .to_world = { .m = { { 1 }, { 0, 1 }, { 0, 0, 1 } } } };
    lar_image *image;
    CHECK_OK(lar_image_new(&image, &grid, 1, LAR_F32));
    for (uint64_t n = 0; n < COUNT; n++) {
        const double x = mean + deviation * lar_random_normal(seed, 1, n);
        ((float *)image->voxels)[n] = (float)(whole ? round(x) : x);
    }
    return image;
}

static lar_status compared(const lar_quality_result **out, lar_quality **q,
                           const lar_quality_params *params, lar_image *const *images, int count,
                           const lar_image *mask, const lar_image *labels)
{
    lar_status status = LAR_OK;
    LAR_TRY(lar_quality_new(q, params));
    for (int n = 0; n < count; n++) LAR_TRY(lar_quality_look(*q, images[n], mask));
    for (int n = 0; n < count; n++) LAR_TRY(lar_quality_add(*q, images[n], mask, labels));
    LAR_TRY(lar_quality_end(out, *q));
done:
    return status;
}

static void divergence_is_by_definition(void **state)
{
    (void)state;
    lar_image *images[3] = { drawn(1, 100, 20, false), drawn(2, 110, 25, false), NULL };
    images[2] = moved(images[0], 1, 0);
    const lar_quality_params params = lar_quality_default();
    const lar_quality_result *r;
    lar_quality *q;
    CHECK_OK(compared(&r, &q, &params, images, 3, NULL, NULL));
    assert_int_equal(r->bins, 200);
    double sums[2] = { 0 }, wanted = 0;
    for (int b = 0; b < 200; b++)
        for (int n = 0; n < 2; n++) sums[n] += r->counts[n * 200 + b];
    CHECK_NEAR(sums[0], COUNT, 0);
    for (int b = 0; b < 200; b++) {
        const double x = r->counts[b] / COUNT, y = r->counts[200 + b] / COUNT, m = (x + y) / 2;
        wanted += (x > 0 ? x * log(x / m) : 0) / 2 + (y > 0 ? y * log(y / m) : 0) / 2;
    }
    CHECK_NEAR(r->divergences[1], wanted, 1e-12);
    CHECK_NEAR(r->divergences[3], wanted, 1e-12); /* both ways */
    CHECK_NEAR(r->divergences[2], 0, 0);          /* the same image */
    CHECK_NEAR(r->divergence, 2 * wanted / 3, 1e-12);
    assert_true(wanted > 0.005);
    lar_quality_free(q);
    /* nothing in common: ln 2 */
    lar_image *far = moved(images[0], 1, 1e6), *apart[2] = { images[0], far };
    CHECK_OK(compared(&r, &q, &params, apart, 2, NULL, NULL));
    CHECK_NEAR(r->divergence, log(2), 1e-12);
    lar_quality_free(q);
    lar_image_free(far);
    for (int n = 0; n < 3; n++) lar_image_free(images[n]);
}

/* scipy.spatial.distance.jensenshannon of numpy's histograms: tests/golden/make_histogram.py. */
static void distances_are_scipys(void **state)
{
    (void)state;
    population p;
    population_read(&p);
    lar_quality_params params = lar_quality_default();
    params.combs = true; /* as numpy counts */
    const lar_quality_result *r;
    lar_quality *q;
    CHECK_OK(compared(&r, &q, &params, p.images, POPULATION, p.mask, NULL));
    FILE *file = fopen(TEST_SOURCE "/tests/golden/histogram.txt", "r");
    assert_non_null(file);
    char line[128];
    int pairs = 0;
    double sum = 0;
    for (; fgets(line, sizeof line, file); pairs++) {
        char *at = line;
        const int64_t n = strtol(at, &at, 10), m = strtol(at, &at, 10);
        const double wanted = strtod(at, NULL);
        assert_true(n < m && m < POPULATION && wanted > 0.05);
        CHECK_NEAR(sqrt(r->divergences[n * POPULATION + m]), wanted, 1e-12);
        CHECK_NEAR(sqrt(r->divergences[m * POPULATION + n]), wanted, 1e-12);
        sum += wanted;
    }
    fclose(file);
    assert_int_equal(pairs, 6);
    CHECK_NEAR(r->distance, sum / 6, 1e-12);
    lar_quality_free(q);
    population_free(&p);
}

/* Three laws of a metric (Endres and Schindelin 2003), which the divergence itself does not keep.
 */
static void roots_are_a_metric(void **state)
{
    (void)state;
    enum { IMAGES = 5 };
    lar_image *images[IMAGES];
    for (int n = 0; n < IMAGES; n++)
        images[n] = drawn((uint64_t)n + 1, 100 + 7 * n, 12 + (n % 2) * 10, false);
    const lar_quality_params params = lar_quality_default();
    const lar_quality_result *r;
    lar_quality *q;
    CHECK_OK(compared(&r, &q, &params, images, IMAGES, NULL, NULL));
    const double *d = r->divergences;
    bool bent = false; /* for the divergence a way round may be shorter */
    for (int n = 0; n < IMAGES; n++)
        for (int m = 0; m < IMAGES; m++)
            for (int k = 0; k < IMAGES; k++) {
                const double direct = d[n * IMAGES + m], a = d[n * IMAGES + k],
                             b = d[k * IMAGES + m];
                assert_true(sqrt(direct) <= sqrt(a) + sqrt(b) + 1e-12);
                bent = bent || direct > a + b + 1e-6;
            }
    assert_true(bent);
    lar_quality_free(q);
    for (int n = 0; n < IMAGES; n++) lar_image_free(images[n]);
}

static void a_range_holds_what_it_holds(void **state)
{
    (void)state;
    lar_image *images[2] = { drawn(1, 100, 20, false), drawn(2, 110, 25, false) };
    lar_quality_params params = lar_quality_default();
    params.bins = 10;
    params.range = (lar_reals){ .count = 2, .at = { 90, 120 } };
    const lar_quality_result *r;
    lar_quality *q;
    CHECK_OK(compared(&r, &q, &params, images, 2, NULL, NULL));
    CHECK_NEAR(r->low, 90, 0);
    CHECK_NEAR(r->high, 120, 0);
    int64_t below = 0, inside = 0;
    for (int n = 0; n < COUNT; n++) {
        const double x = (double)((const float *)images[0]->voxels)[n];
        below += x < 93; /* the first bin and what is under it */
        inside += x >= 105 && x < 108;
    }
    CHECK_NEAR(r->counts[0], (double)below, 0.5);
    CHECK_NEAR(r->counts[5], (double)inside, 0.5);
    lar_quality_free(q);
    params.range.at[1] = 90;
    CHECK_FAILS(lar_quality_new(&q, &params), LAR_EARGUMENT, "two numbers that rise");
    params.range.count = 1;
    CHECK_FAILS(lar_quality_new(&q, &params), LAR_EARGUMENT, "two numbers that rise");
    for (int n = 0; n < 2; n++) lar_image_free(images[n]);
}

/* One distribution in integers of another step: alike, but for their combs. */
static void integers_are_spread_over_their_steps(void **state)
{
    (void)state;
    lar_image *a = drawn(5, 60, 10, true), *b = drawn(6, 36, 6, true);
    lar_image *images[2] = { a, moved(b, 10.0 / 6, 0) };
    lar_quality_params params = lar_quality_default();
    const lar_quality_result *r;
    lar_quality *q;
    CHECK_OK(compared(&r, &q, &params, images, 2, NULL, NULL));
    const double spread = r->divergence;
    double sum = 0;
    for (int n = 0; n < 200; n++) sum += r->counts[n];
    CHECK_NEAR(sum, COUNT, 1e-6);
    lar_quality_free(q);
    params.combs = true;
    CHECK_OK(compared(&r, &q, &params, images, 2, NULL, NULL));
    const double combs = r->divergence;
    lar_quality_free(q);
    assert_true(spread < 0.01);
    assert_true(combs > 0.3);
    lar_image_free(a);
    lar_image_free(b);
    lar_image_free(images[1]);
}

static void tissues_are_by_hand(void **state)
{
    (void)state;
    lar_image *images[2] = { drawn(1, 0, 0, false), drawn(1, 0, 0, false) }, *labels;
    /* label 3: 10 and 20 in the first image, 20 and 30 in the second; label 9: 100 and 100 */
    CHECK_OK(lar_image_like(&labels, images[0], LAR_U8));
    for (int n = 0; n < COUNT; n++) {
        ((uint8_t *)labels->voxels)[n] = n % 4 == 0 ? 0 : n % 4 == 3 ? 9 : 3;
        for (int k = 0; k < 2; k++)
            ((float *)images[k]->voxels)[n] = n % 4 == 0   ? 7
                                              : n % 4 == 3 ? 100
                                                           : (float)(10 * (n % 4) + 10 * k);
    }
    const lar_quality_params params = lar_quality_default();
    const lar_quality_result *r;
    lar_quality *q;
    CHECK_OK(compared(&r, &q, &params, images, 2, NULL, labels));
    assert_int_equal(r->tissue_count, 2);
    assert_int_equal(r->tissues[0].code, 3);
    CHECK_NEAR(r->tissues[0].mean, 20, 1e-9);
    CHECK_NEAR(r->tissues[0].within, (5.0 / 15 + 5.0 / 25) / 2, 1e-9);
    CHECK_NEAR(r->tissues[0].across, 5.0 / 20, 1e-9);
    CHECK_NEAR(r->tissues[0].scatter, 5.0 / 80, 1e-9);
    CHECK_NEAR(r->tissues[1].across, 0, 1e-9);
    CHECK_NEAR(r->scatter, 2.5 / 80, 1e-9);
    const double scatter = r->scatter;
    lar_quality_free(q);
    /* scatter does not notice a scale that all share; coefficients of variation need one sign */
    lar_image *others[2] = { moved(images[0], 0.5, -10), moved(images[1], 0.5, -10) };
    CHECK_OK(compared(&r, &q, &params, others, 2, NULL, labels));
    CHECK_NEAR(r->scatter, scatter, 1e-7);
    assert_true(isnan(r->tissues[0].across) && isnan(r->across));
    lar_quality_free(q);
    for (int n = 0; n < 2; n++) {
        lar_image_free(images[n]);
        lar_image_free(others[n]);
    }
    lar_image_free(labels);
}

static void bad_input_is_refused(void **state)
{
    (void)state;
    lar_image *image = drawn(1, 10, 2, false), *flat = drawn(1, 3, 0, false), *half, *mask;
    lar_image *one[1] = { image }, *flats[2] = { flat, flat };
    lar_quality_params params = lar_quality_default();
    const lar_quality_result *r;
    lar_quality *q = NULL;
    CHECK_FAILS(compared(&r, &q, &params, one, 0, NULL, NULL), LAR_EARGUMENT, "no image");
    lar_quality_free(q);
    CHECK_OK(compared(&r, &q, &params, one, 1, NULL, NULL)); /* a histogram, and no pair */
    assert_true(r->images == 1 && isnan(r->divergence) && isnan(r->distance));
    lar_quality_free(q);
    CHECK_FAILS(compared(&r, &q, &params, flats, 2, NULL, NULL), LAR_ENUMERIC, "are constant");
    lar_quality_free(q);
    CHECK_OK(lar_quality_new(&q, &params));
    CHECK_OK(lar_image_like(&mask, image, LAR_U8));
    CHECK_FAILS(lar_quality_look(q, image, mask), LAR_ENUMERIC, "mask");
    CHECK_OK(lar_crop_range(&half, image, 'x', 0, 0.5));
    CHECK_FAILS(lar_quality_look(q, image, half), LAR_EGEOMETRY, "mask");
    CHECK_FAILS(lar_quality_add(q, image, NULL, NULL), LAR_EARGUMENT, "not looked at");
    CHECK_OK(lar_quality_look(q, image, NULL));
    CHECK_FAILS(lar_quality_add(q, image, NULL, image), LAR_EARGUMENT, "expected integers");
    CHECK_FAILS(lar_quality_add(q, image, NULL, half), LAR_EGEOMETRY, "labels");
    ((float *)image->voxels)[77] = NAN;
    CHECK_FAILS(lar_quality_look(q, image, NULL), LAR_ENUMERIC, "not finite");
    lar_quality_free(q);
    params.percentiles = (lar_reals){ .count = 2, .at = { 50, 50 } };
    CHECK_FAILS(lar_quality_new(&q, &params), LAR_EARGUMENT, "two that rise");
    lar_image_free(half);
    lar_image_free(mask);
    lar_image_free(flat);
    lar_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(divergence_is_by_definition),
        cmocka_unit_test(distances_are_scipys),
        cmocka_unit_test(roots_are_a_metric),
        cmocka_unit_test(a_range_holds_what_it_holds),
        cmocka_unit_test(integers_are_spread_over_their_steps),
        cmocka_unit_test(tissues_are_by_hand),
        cmocka_unit_test(bad_input_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
