/* Stripping: the distance to a mask against all pairs, what is refused, and verdicts on good and on
 * planted masks of a phantom. SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"

/* ---- distance ------------------------------------------------------------------------------ */

static double box_distance(const int64_t at[3], const int64_t of[3], const double mm[3])
{
    double sum = 0;
    for (int a = 0; a < 3; a++) {
        const double away = fmax(fabs((double)(at[a] - of[a])) - 0.5, 0) * mm[a];
        sum += away * away;
    }
    return sqrt(sum);
}

static void distance_is_that_of_all_pairs(void **state)
{
    (void)state;
    const lar_grid grid = { .size = { 9, 8, 7 },
                            .to_world = {
                                .m = { { 0, 1.5, 0, 0 }, { 0.7, 0, 0, 0 }, { 0, 0, -3, 0 } } } };
    const double mm[3] = { 0.7, 1.5, 3 };
    for (uint64_t seed = 1; seed < 6; seed++) {
        lar_image *mask, *distance;
        CHECK_OK(lar_image_new(&mask, &grid, 1, LAR_U8));
        uint8_t *inside = mask->voxels;
        const int64_t count = lar_image_voxel_count(mask);
        for (int64_t n = 0; n < count; n++)
            inside[n] = lar_random_uniform(seed, 0, (uint64_t)n) < 0.15 * (double)seed;
        CHECK_OK(lar_mask_distance(&distance, mask));
        for (int64_t n = 0; n < count; n++) {
            const int64_t at[3] = { n % 9, n / 9 % 8, n / 72 };
            double least = INFINITY;
            for (int64_t m = 0; m < count; m++) {
                const int64_t of[3] = { m % 9, m / 9 % 8, m / 72 };
                if (inside[m] != inside[n]) least = fmin(least, box_distance(at, of, mm));
            }
            const double found = (double)((float *)distance->voxels)[n];
            assert_true(fabs(found - (inside[n] ? -least : least)) < 1e-4);
        }
        lar_image_free(distance);
        lar_image_free(mask);
    }
}

static void a_mask_without_surface_is_far(void **state)
{
    (void)state;
    const lar_grid grid = {
        .size = { 4, 4, 4 }, .to_world = { .m = { { 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 0, 1, 0 } } }
    };
    lar_image *mask, *distance;
    CHECK_OK(lar_image_new(&mask, &grid, 1, LAR_U8));
    CHECK_OK(lar_mask_distance(&distance, mask));
    assert_true(((float *)distance->voxels)[5] == INFINITY);
    lar_image_free(distance);
    memset(mask->voxels, 1, 64);
    CHECK_OK(lar_mask_distance(&distance, mask));
    assert_true(((float *)distance->voxels)[5] == -INFINITY);
    lar_image_free(distance);
    lar_image_free(mask);
}

/* ---- refused ------------------------------------------------------------------------------- */

static lar_phantom *make_head(const char *contrasts)
{
    lar_phantom_params params = lar_phantom_default();
    lar_phantom *p;
    params.spacing_mm = 3;
    params.seed = 7;
    params.contrasts = contrasts;
    params.same_grid = true;
    CHECK_OK(lar_phantom_subject(&p, &params, 1));
    return p;
}

static void check_refused(const lar_image *in, int contrast, lar_status status, const char *words)
{
    lar_strip_params params = lar_strip_default();
    lar_strip_report report;
    lar_image *mask, *distance;
    params.contrast = contrast;
    CHECK_FAILS(lar_strip(&mask, &distance, &report, in, &params), status, words);
    assert_null(mask);
    assert_null(distance);
}

static void what_is_no_head_is_refused(void **state)
{
    (void)state;
    lar_phantom *p = make_head("t1,ct");
    const lar_image *t1 = p->scans[0].image, *ct = p->scans[1].image;
    lar_image *several, *slice, *floats, *own;
    const int64_t none[3] = { 0 }, flat[3] = { t1->grid.size[0], t1->grid.size[1], 1 };
    CHECK_OK(lar_image_new(&several, &t1->grid, 2, LAR_F32));
    check_refused(several, LAR_STRIP_T1, LAR_EARGUMENT, "has 2 volumes");
    CHECK_OK(lar_image_box(&slice, t1, none, flat));
    check_refused(slice, LAR_STRIP_T1, LAR_EARGUMENT, "is no volume");
    check_refused(ct, LAR_STRIP_T1, LAR_EARGUMENT, "this is CT, not t1");
    check_refused(t1, LAR_STRIP_CT, LAR_EARGUMENT, "no Hounsfield units");
    CHECK_OK(lar_image_to_type(&floats, t1, LAR_F32));
    CHECK_OK(lar_image_copy(&own, floats));
    float *values = own->voxels;
    values[7] = NAN;
    check_refused(own, LAR_STRIP_T1, LAR_ENUMERIC, "not finite");
    for (int64_t n = 0; n < lar_image_voxel_count(own); n++) values[n] = 5;
    check_refused(own, LAR_STRIP_T1, LAR_ENUMERIC, "constant");
    lar_image_free(own);
    lar_image_free(floats);
    lar_image_free(slice);
    lar_image_free(several);
    lar_phantom_free(p);
}

/* A head with voxels of other sizes, and slabs of it. */
static void what_is_too_large_or_small_is_refused(void **state)
{
    (void)state;
    lar_phantom *p = make_head("t1");
    lar_image *image, *slab, *mask;
    lar_strip_verdict v;
    const int64_t *size = p->scans[0].image->grid.size, from[3] = { 0, 0, size[2] / 2 };
    static const double factors[] = { 5, 0.1 };
    static const char *const words[] = { "mm: far more than a head", "mm: there is no room for" };
    for (int n = 0; n < 2; n++) {
        CHECK_OK(lar_image_copy(&image, p->scans[0].image));
        for (int r = 0; r < 3; r++)
            for (int a = 0; a < 3; a++) image->grid.to_world.m[r][a] *= factors[n];
        check_refused(image, LAR_STRIP_T1, LAR_EARGUMENT, words[n]);
        assert_non_null(strstr(lar_error(), "try larmor info"));
        CHECK_OK(lar_image_like(&mask, image, LAR_U8));
        if (n == 0) /* the verdict too would take all memory */
            CHECK_FAILS(lar_strip_judge(&v, image, mask, LAR_STRIP_T1), LAR_EARGUMENT, words[n]);
        lar_image_free(mask);
        lar_image_free(image);
    }
    for (int64_t slices = 10; slices <= 11; slices++) { /* of 3 mm */
        CHECK_OK(lar_image_box(&slab, p->scans[0].image, from,
                               (int64_t[3]){ size[0], size[1], slices }));
        if (slices == 10) {
            check_refused(slab, LAR_STRIP_T1, LAR_EARGUMENT, "is a slab of 30 mm, too thin");
        } else {
            lar_strip_params params = lar_strip_default();
            lar_strip_report report;
            params.method = LAR_STRIP_SURFACE;
            const lar_status status = lar_strip(&mask, NULL, &report, slab, &params);
            assert_true(status != LAR_EARGUMENT);
            if (status == LAR_OK) assert_true(report.verdict.doubtful);
            lar_image_free(mask);
        }
        lar_image_free(slab);
    }
    lar_phantom_free(p);
}

/* ---- verdicts ------------------------------------------------------------------------------ */

static lar_strip_verdict judged(const lar_image *in, const lar_image *mask)
{
    lar_strip_verdict v;
    CHECK_OK(lar_strip_judge(&v, in, mask, LAR_STRIP_CONTRAST_AUTO));
    return v;
}

static void check_doubted(const lar_image *in, const lar_image *mask, const char *words)
{
    const lar_strip_verdict v = judged(in, mask);
    if (!v.doubtful || !strstr(v.reason, words))
        fail_msg("'%s' is not in the reason '%s'", words, v.reason);
}

enum { HALF, NO_BACK, SHIFTED, BALL, HOLE, GAP, ROLLED };

/* A mask that is wrong, made of the true one. */
static lar_image *planted(const lar_image *truth, int kind)
{
    lar_image *out;
    const int64_t *size = truth->grid.size;
    const uint8_t *from = truth->voxels;
    CHECK_OK(lar_image_like(&out, truth, LAR_U8));
    uint8_t *to = out->voxels;
    double middle[3] = { 0 }, inside = 0;
    for (int64_t n = 0; n < lar_image_voxel_count(truth); n++) {
        const int64_t at[3] = { n % size[0], n / size[0] % size[1], n / size[0] / size[1] };
        for (int a = 0; from[n] && a < 3; a++) middle[a] += (double)at[a];
        inside += from[n];
    }
    for (int a = 0; a < 3; a++) middle[a] /= inside;
    for (int64_t n = 0; n < lar_image_voxel_count(truth); n++) {
        const double x = (double)(n % size[0]) - middle[0];
        const double y = (double)(n / size[0] % size[1]) - middle[1];
        const double z = (double)(n / size[0] / size[1]) - middle[2];
        const double away = 3 * sqrt(x * x + y * y + z * z);
        const int64_t i = llround(middle[0] + 0.91 * x - 0.41 * z); /* by 24 degrees */
        const int64_t k = llround(middle[2] + 0.41 * x + 0.91 * z);
        switch (kind) {
        case HALF:
            to[n] = from[n] && x > 0;
            break;
        case NO_BACK:
            to[n] = from[n] && y > -12;
            break;
        case SHIFTED:
            to[n] = n % size[0] >= 6 ? from[n - 6] : 0;
            break;
        case BALL:
            to[n] = away < 68;
            break;
        case HOLE:
            to[n] = from[n] && away > 24;
            break;
        case ROLLED:
            to[n] = i >= 0 && k >= 0 && i < size[0] && k < size[2] &&
                    from[i + size[0] * (n / size[0] % size[1] + size[1] * k)];
            break;
        default:
            to[n] = from[n] && fabs(y) > 3;
            break;
        }
    }
    return out;
}

static void planted_failures_are_doubted(void **state)
{
    (void)state;
    lar_phantom *p = make_head("t1,t2,ct");
    for (int64_t n = 0; n < p->scan_count; n++) {
        const lar_image *in = p->scans[n].image;
        const lar_strip_verdict v = judged(in, p->brain);
        if (v.doubtful) fail_msg("%s: %s", p->scans[n].contrast, v.reason);
        assert_true(v.pieces == 1 && v.symmetry > 0.9 && v.contrast > 0.6 && v.skin < 0.01);
        for (int kind = HALF; kind <= ROLLED; kind++) {
            static const char *const words[ROLLED + 1] = {
                [HOLE] = "holes of", [GAP] = "in 2 pieces", [ROLLED] = "its middle plane is turned"
            };
            lar_image *mask = planted(p->brain, kind);
            check_doubted(in, mask, words[kind] ? words[kind] : "");
            lar_image_free(mask);
        }
    }
    lar_phantom_free(p);
}

/* The verdict does not depend on how voxels are stored. */
static void axes_do_not_matter(void **state)
{
    (void)state;
    lar_phantom *p = make_head("t1");
    lar_image *in, *mask;
    CHECK_OK(lar_image_reorient(&in, p->scans[0].image, "PIL"));
    CHECK_OK(lar_image_reorient(&mask, p->brain, "PIL"));
    const lar_strip_verdict a = judged(p->scans[0].image, p->brain), b = judged(in, mask);
    assert_true(fabs(a.millilitres - b.millilitres) < 1e-6 && fabs(a.symmetry - b.symmetry) < 0.01);
    assert_true(fabs(a.dent - b.dent) < 0.01 && fabs(a.contrast - b.contrast) < 0.01);
    lar_image_free(mask);
    lar_image_free(in);
    lar_phantom_free(p);
}

/* ---- params, and images that are or are not stripped --------------------------------------- */

static void what_cannot_be_asked_for(void **state)
{
    (void)state;
    lar_phantom *p = make_head("t1");
    static const struct {
        lar_strip_params params;
        const char *words;
    } wrong[] = {
        { { .method = 3 }, "no method 3" },
        { { .method = -1 }, "no method -1" },
        { { .contrast = LAR_STRIP_CT + 1 }, "no contrast 6" },
        { { .method = LAR_STRIP_SURFACE, .model = "a" }, "belongs to the method learned" },
        { { .grow_mm = INFINITY }, "cannot grow by inf" },
        { { .grow_mm = NAN }, "cannot grow by" },
    };
    for (size_t n = 0; n < sizeof wrong / sizeof *wrong; n++) {
        lar_strip_report report;
        lar_image *mask;
        CHECK_FAILS(lar_strip(&mask, NULL, &report, p->scans[0].image, &wrong[n].params),
                    LAR_EARGUMENT, wrong[n].words);
        assert_null(mask);
    }
    lar_phantom_free(p);
}

/* The phantom's scan, and `outside` where the true mask, wider by some millimetres, is not. */
static lar_image *cut_out(const lar_phantom *p, int64_t scan, double wider_mm, double outside)
{
    lar_image *wide, *cut, *floats;
    const double mm[3] = { 3, 3, 3 };
    CHECK_OK(lar_image_copy(&wide, p->brain));
    CHECK_OK(lar_mask_dilate(wide->voxels, wide->grid.size, mm, wider_mm + 6));
    CHECK_OK(lar_mask_erode(wide->voxels, wide->grid.size, mm, 6)); /* closes what is folded */
    CHECK_OK(lar_image_to_type(&floats, p->scans[scan].image, LAR_F32));
    CHECK_OK(lar_mask_apply(&cut, floats, wide, outside));
    lar_image_free(floats);
    lar_image_free(wide);
    return cut;
}

/* Whether it is taken for a stripped one; freed. The mask, if any, is left to the caller. */
static bool is_stripped(lar_image **mask, lar_image *in, int contrast, double grow_mm)
{
    lar_strip_params params = lar_strip_default();
    lar_strip_report report;
    params.method = LAR_STRIP_SURFACE;
    params.contrast = contrast;
    params.grow_mm = grow_mm;
    const lar_status status = lar_strip(mask, NULL, &report, in, &params);
    assert_true(status == LAR_OK || status == LAR_ENUMERIC);
    lar_image_free(in);
    return lar_text_is(report.method, "stripped");
}

static void what_counts_as_stripped(void **state)
{
    (void)state;
    enum { MR, CT };
    lar_phantom *p = make_head("t1,ct");
    lar_image *mask, *in;
    assert_true(is_stripped(&mask, cut_out(p, MR, 0, 0), LAR_STRIP_T1, 0));
    const int64_t count = lar_image_voxel_count(mask), all = lar_mask_count(mask->voxels, count);
    lar_image_free(mask);
    assert_true(is_stripped(&mask, cut_out(p, MR, 0, 0), LAR_STRIP_T1, -6));
    const int64_t inner = lar_mask_count(mask->voxels, count);
    assert_true(inner > all / 2 && inner < all * 9 / 10);
    lar_image_free(mask);
    assert_true(is_stripped(&mask, cut_out(p, MR, 0, 0), LAR_STRIP_T1, 6));
    assert_true(lar_mask_count(mask->voxels, count) > all * 11 / 10);
    lar_image_free(mask);
    assert_true(is_stripped(&mask, cut_out(p, MR, 0, 0), LAR_STRIP_T1, -100));
    assert_null(mask);
    assert_non_null(strstr(lar_error(), "100 mm inside its surface"));

    /* CT with water or air outside, called CT or not; MR whose outside is as dark as air in CT */
    assert_true(is_stripped(&mask, cut_out(p, CT, 0, 0), LAR_STRIP_CT, 0));
    lar_image_free(mask);
    assert_true(is_stripped(&mask, cut_out(p, CT, 0, -1024), LAR_STRIP_CONTRAST_AUTO, 0));
    lar_image_free(mask);
    in = cut_out(p, MR, 0, -1000);
    float *values = in->voxels;
    for (int64_t n = 0; n < count; n++)
        if (values[n] > -1000) values[n] += 200;
    assert_true(is_stripped(&mask, in, LAR_STRIP_T1, 0));
    lar_image_free(mask);

    /* with skull and skin around it, the head of a child is a head, of the volume of a brain */
    for (int n = MR; n <= CT; n++) {
        in = cut_out(p, n, 18, n ? -1024 : 0);
        const int64_t *size = in->grid.size;
        for (int64_t v = 0; v < count; v++) { /* nothing touches the border */
            const int64_t i = v % size[0], j = v / size[0] % size[1], k = v / size[0] / size[1];
            if (i % (size[0] - 1) == 0 || j % (size[1] - 1) == 0 || k % (size[2] - 1) == 0)
                ((float *)in->voxels)[v] = n ? -1024 : 0;
        }
        for (int r = 0; r < 3; r++)
            for (int a = 0; a < 3; a++) in->grid.to_world.m[r][a] *= 0.75;
        assert_false(is_stripped(&mask, in, LAR_STRIP_CONTRAST_AUTO, 0));
        lar_image_free(mask);
    }
    /* nor is a border one value of which a side is noise */
    in = cut_out(p, MR, 0, 0);
    values = in->voxels;
    const int64_t plane = in->grid.size[0] * in->grid.size[1];
    for (int64_t n = count - plane; n < count; n++) values[n] = 300 + (float)(n % 7);
    assert_false(is_stripped(&mask, in, LAR_STRIP_T1, 0));
    lar_image_free(mask);
    /* and what is too small is no brain */
    in = cut_out(p, MR, 0, 0);
    values = in->voxels;
    for (int64_t n = 0; n < count; n++)
        if (n / plane > 25 || n / plane < 20) values[n] = 0;
    for (int64_t n = 0; n < count; n++)
        if (n % in->grid.size[0] > in->grid.size[0] / 2) values[n] = 0;
    assert_false(is_stripped(&mask, in, LAR_STRIP_T1, 0));
    lar_image_free(mask);
    lar_phantom_free(p);
}

static void a_stripped_image_gives_its_mask(void **state)
{
    (void)state;
    lar_phantom *p = make_head("t1");
    lar_image *brain, *mask;
    lar_strip_params params = lar_strip_default();
    lar_strip_report report;
    uint8_t *truth = p->brain->voxels;
    const double mm[3] = { 3, 3, 3 };
    CHECK_OK(lar_mask_dilate(truth, p->brain->grid.size, mm, 6));
    CHECK_OK(lar_mask_erode(truth, p->brain->grid.size, mm, 6));
    CHECK_OK(lar_mask_apply(&brain, p->scans[0].image, p->brain, 0));
    CHECK_OK(lar_strip(&mask, NULL, &report, brain, &params));
    assert_string_equal(report.method, "stripped");
    const uint8_t *found = mask->voxels;
    int64_t both = 0, sum = 0;
    for (int64_t n = 0; n < lar_image_voxel_count(mask); n++) {
        both += found[n] && truth[n];
        sum += found[n] + truth[n];
    }
    assert_true(2 * (double)both / (double)sum > 0.97);
    lar_image_free(mask);
    lar_image_free(brain);
    lar_phantom_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_is_that_of_all_pairs),
        cmocka_unit_test(a_mask_without_surface_is_far),
        cmocka_unit_test(what_is_no_head_is_refused),
        cmocka_unit_test(what_is_too_large_or_small_is_refused),
        cmocka_unit_test(planted_failures_are_doubted),
        cmocka_unit_test(axes_do_not_matter),
        cmocka_unit_test(what_cannot_be_asked_for),
        cmocka_unit_test(what_counts_as_stripped),
        cmocka_unit_test(a_stripped_image_gives_its_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
