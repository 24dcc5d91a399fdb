/* Resampling through chains of transforms, with every interpolation and border: laws, and agreement
 * with ITK, scipy and numpy (tests/golden/make_through.py).
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"

#define GOLDEN TEST_SOURCE "/tests/golden/"

enum { INTERPOLATIONS = LAR_LABELS + 1, BORDERS = LAR_BORDER_MIRROR + 1 };

static lar_image *drawn_image(const lar_grid *grid, int64_t channels, double low, double high,
                              lar_type type)
{
    lar_image *real, *image;
    CHECK_OK(lar_image_new(&real, grid, channels, LAR_F64));
    double *voxels = real->voxels;
    for (int64_t n = 0; n < lar_image_voxel_count(real) * channels; n++)
        voxels[n] = low + (high - low) * lar_random_uniform(5, 0, (uint64_t)n);
    CHECK_OK(lar_image_to_type(&image, real, type));
    lar_image_free(real);
    return image;
}

static lar_grid plain_grid(int64_t i, int64_t j, int64_t k)
{
    return (lar_grid){ .size = { i, j, k }, .to_world = lar_affine_identity() };
}

static lar_affine turned(double degrees, double x, double y, double z)
{
    const double c = cos(degrees / 57.29577951308232), s = sin(degrees / 57.29577951308232);
    return (lar_affine){ .m = { { c, -s, 0, x }, { s, c, 0, y }, { 0, 0, 1, z } } };
}

static lar_chain *chain_of(const lar_affine *a, const lar_affine *b)
{
    lar_chain *chain;
    CHECK_OK(lar_chain_new(&chain));
    CHECK_OK(lar_chain_add_affine(chain, a));
    if (b) CHECK_OK(lar_chain_add_affine(chain, b));
    return chain;
}

/* Displacements of a few millimetres that vary over the grid. */
static lar_chain *bent_chain(const lar_grid *grid)
{
    lar_chain *chain;
    lar_image *field = drawn_image(grid, 3, -1.5, 1.5, LAR_F32);
    CHECK_OK(lar_chain_new(&chain));
    CHECK_OK(lar_chain_add_field(chain, field));
    lar_image_free(field); /* the chain holds its own */
    return chain;
}

static lar_image *through(const lar_image *in, const lar_grid *onto, const lar_chain *chain,
                          int interpolation, int border)
{
    lar_resample_params params = lar_resample_default();
    lar_image *out;
    params.interpolation = interpolation;
    params.border = border;
    CHECK_OK(lar_resample_through(&out, in, onto, chain, &params));
    return out;
}

static bool same_voxels(const lar_image *a, const lar_image *b)
{
    assert_int_equal(a->type, b->type);
    return memcmp(a->voxels, b->voxels,
                  (size_t)(lar_image_voxel_count(a) * a->channels) * lar_type_size(a->type)) == 0;
}

/* ---- peers ----------------------------------------------------------------------------- */

static int index_of(const char *word, const char *const *words)
{
    for (int n = 0; words[n]; n++)
        if (lar_text_is(word, words[n])) return n;
    fail_msg("unknown word '%s'", word);
    return -1;
}

static const char *const *choices_of(const char *name)
{
    return lar_param_find(lar_resample_table, name)->choices;
}

static void agrees_with_peers(void **state)
{
    (void)state;
    FILE *file = fopen(GOLDEN "through.txt", "r");
    assert_non_null(file);
    lar_image *in, *labels, *out = NULL;
    CHECK_OK(lar_image_read(&in, GOLDEN "resample_in.nii.gz"));
    CHECK_OK(lar_image_like(&labels, in, LAR_U8));
    for (int64_t n = 0; n < lar_image_voxel_count(in); n++)
        ((uint8_t *)labels->voxels)[n] = (uint8_t)(((float *)in->voxels)[n] / 200);
    char line[512], peer[16], how[16], border[16], names[2][64];
    double range = 0, tolerance = 0;
    int cases = 0, voxels = 0, count;
    lar_resample_params params = lar_resample_default();
    lar_chain *chain = NULL;
    while (fgets(line, sizeof line, file)) {
        lar_grid g;
        long long n[3];
        int antialias;
        double(*m)[4] = g.to_world.m, theirs;
        if (sscanf(line, "range %lf", &range) == 1) continue;
        if (sscanf(line, "case %15s %15s %15s %d %d %63s %63s", peer, how, border, &antialias,
                   &count, names[0], names[1]) >= 5) {
            lar_chain_free(chain);
            CHECK_OK(lar_chain_new(&chain));
            for (int t = 0; t < count; t++) {
                char path[512];
                snprintf(path, sizeof path, GOLDEN "transforms/%s", names[t]);
                CHECK_OK(lar_chain_add_file(chain, path));
            }
            params.interpolation = index_of(how, choices_of("interpolation"));
            params.border = index_of(border, choices_of("border"));
            params.antialias = antialias;
            /* the Gaussian of lar_smooth_voxels() ends at 4 deviations: 6e-5 of it are cut off */
            tolerance = params.interpolation == LAR_LABELS ? 0 : (antialias ? 1e-4 : 1e-5) * range;
            cases++;
        } else if (sscanf(line,
                          "grid %lld %lld %lld %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf",
                          &n[0], &n[1], &n[2], &m[0][0], &m[0][1], &m[0][2], &m[0][3], &m[1][0],
                          &m[1][1], &m[1][2], &m[1][3], &m[2][0], &m[2][1], &m[2][2],
                          &m[2][3]) == 15) {
            for (int a = 0; a < 3; a++) g.size[a] = n[a];
            lar_image_free(out);
            CHECK_OK(lar_resample_through(&out, params.interpolation == LAR_LABELS ? labels : in,
                                          &g, chain, &params));
        } else if (sscanf(line, "at %lld %lld %lld %lf", &n[0], &n[1], &n[2], &theirs) == 4) {
            const double ours = lar_image_at(out, n[0], n[1], n[2], 0);
            if (!(fabs(ours - theirs) <= tolerance))
                fail_msg("case %d (%s %s %s, %d transforms) at %lld %lld %lld: %.9g, expected %.9g",
                         cases, peer, how, border, count, n[0], n[1], n[2], ours, theirs);
            voxels++;
        }
    }
    assert_true(cases >= 40 && voxels == 40 * cases);
    fclose(file);
    lar_chain_free(chain);
    lar_image_free(out);
    lar_image_free(labels);
    lar_image_free(in);
}

static double correlation(const lar_image *a, const lar_image *b)
{
    double sum[5] = { 0 };
    const int64_t count = lar_image_voxel_count(a);
    for (int64_t n = 0; n < count; n++) {
        const double x = (double)((float *)a->voxels)[n], y = ((uint16_t *)b->voxels)[n];
        const double terms[5] = { x, y, x * x, y * y, x * y };
        for (int t = 0; t < 5; t++) sum[t] += terms[t];
    }
    const double n = (double)count;
    return (sum[4] - sum[0] * sum[1] / n) /
           sqrt((sum[2] - sum[0] * sum[0] / n) * (sum[3] - sum[1] * sum[1] / n));
}

/* The authors' transforms of the openms data bring T1 and T2 onto the FLAIR. */
static void real_scans_come_together(void **state)
{
    (void)state;
    static const struct {
        const char *scan, *flair;
        double before, after; /* by SimpleITK.Resample, linear */
    } pairs[] = {
        { "openms/patient03/study2_T1W", "openms/patient03/study2_FLAIR.nii.gz", 0.6968, 0.7747 },
        { "openms/patient01/study2_T1W", "openms/patient01/study2_FLAIR.nii.gz", 0.6044, 0.6113 },
        { "openms/patient01/study1_T2W", "openms/patient01/study1_FLAIR.nii.gz", 0.7028, 0.7133 },
    };
    if (!check_data(pairs[0].flair)) {
        print_message("skipped: LARMOR_TEST_DATA has no openms scans\n");
        skip();
    }
    for (int s = 0; s < 3; s++) {
        lar_image *flair, *moving;
        char name[128];
        CHECK_OK(lar_image_read(&flair, check_data(pairs[s].flair)));
        snprintf(name, sizeof name, "%s.nii.gz", pairs[s].scan);
        CHECK_OK(lar_image_read(&moving, check_data(name)));
        for (int moved = 0; moved < 2; moved++) {
            lar_chain *chain;
            CHECK_OK(lar_chain_new(&chain));
            snprintf(name, sizeof name, "%s_intrastudy_to_FLAIR.txt", pairs[s].scan);
            if (moved) CHECK_OK(lar_chain_add_file(chain, check_data(name)));
            lar_image *out = through(moving, &flair->grid, chain, LAR_LINEAR, LAR_BORDER_PAD);
            CHECK_NEAR(correlation(out, flair), moved ? pairs[s].after : pairs[s].before, 2e-3);
            lar_image_free(out);
            lar_chain_free(chain);
        }
        lar_image_free(moving);
        lar_image_free(flair);
    }
}

/* ---- laws ------------------------------------------------------------------------------ */

static void chain_that_goes_nowhere_copies_bits(void **state)
{
    (void)state;
    const lar_grid grid = plain_grid(11, 9, 7);
    const lar_affine there = turned(25, 3, -2, 5);
    lar_affine back;
    assert_true(lar_affine_invert(&back, &there));
    lar_chain *chain = chain_of(&back, &there);
    for (int interpolation = 0; interpolation < INTERPOLATIONS; interpolation++)
        for (int border = 0; border < BORDERS; border++) {
            lar_image *in = drawn_image(&grid, 2, -50, 200, LAR_F32);
            lar_image *out = through(in, &grid, chain, interpolation, border);
            assert_true(same_voxels(in, out));
            lar_image_free(out);
            lar_image_free(in);
        }
    lar_chain_free(chain);
}

/* The map of a chain, and the image's own grid moved the other way, are the same resampling; and
 * two maps are interpolated once: as one map that is their product. */
static void chain_is_one_interpolation(void **state)
{
    (void)state;
    const lar_grid grid = plain_grid(20, 18, 16),
                   onto = lar_grid_with_spacing(&grid, (double[3]){ 1.3, 0.9, 1.1 });
    const lar_affine a = turned(11, 0.5, -4, 1), b = turned(-30, 4, 8, -0.7);
    const lar_affine both = lar_affine_chain(&b, &a); /* the last is applied first */
    lar_image *in = drawn_image(&grid, 1, 0, 100, LAR_F32), *moved;
    lar_affine inverse;
    assert_true(lar_affine_invert(&inverse, &both));
    CHECK_OK(lar_image_channel(&moved, in, 0));
    moved->grid.to_world = lar_affine_chain(&grid.to_world, &inverse);
    for (int interpolation = 0; interpolation < INTERPOLATIONS; interpolation++) {
        lar_chain *two = chain_of(&a, &b), *one = chain_of(&both, NULL);
        lar_image *x = through(in, &onto, two, interpolation, LAR_BORDER_PAD);
        lar_image *y = through(in, &onto, one, interpolation, LAR_BORDER_PAD);
        lar_image *z = through(moved, &onto, NULL, interpolation, LAR_BORDER_PAD);
        assert_true(same_voxels(x, y));
        for (int64_t n = 0; n < lar_image_voxel_count(x); n++)
            CHECK_NEAR(((float *)x->voxels)[n], ((float *)z->voxels)[n], 1e-3);
        lar_image_free(x);
        lar_image_free(y);
        lar_image_free(z);
        lar_chain_free(one);
        lar_chain_free(two);
    }
    lar_image_free(moved);
    lar_image_free(in);
}

/* A field of one displacement everywhere is a translation, within the field. */
static void even_field_is_a_translation(void **state)
{
    (void)state;
    const lar_grid grid = plain_grid(16, 15, 14);
    const lar_grid far = { .size = { 9, 9, 9 },
                           .to_world = {
                               .m = { { 0, 5, 0, -12 }, { -5, 0, 0, 28 }, { 0, 0, 5, -12 } } } };
    const lar_affine shift = turned(0, 1.25, -0.5, 2);
    lar_image *in = drawn_image(&grid, 2, 0, 100, LAR_I16), *field;
    CHECK_OK(lar_image_new(&field, &far, 3, LAR_F64));
    for (int64_t n = 0; n < 3 * 729; n++) ((double *)field->voxels)[n] = shift.m[n / 729][3];
    lar_chain *bent;
    CHECK_OK(lar_chain_new(&bent));
    CHECK_OK(lar_chain_add_field(bent, field));
    lar_chain *straight = chain_of(&shift, NULL);
    for (int interpolation = 0; interpolation < INTERPOLATIONS; interpolation++)
        for (int border = 0; border < BORDERS; border++) {
            lar_image *a = through(in, &grid, bent, interpolation, border);
            lar_image *b = through(in, &grid, straight, interpolation, border);
            for (int64_t k = 0; k < 14; k++)
                for (int64_t j = 0; j < 15; j++)
                    for (int64_t i = 0; i < 16; i++)
                        for (int64_t c = 0; c < 2; c++)
                            CHECK_NEAR(lar_image_at(a, i, j, k, c), lar_image_at(b, i, j, k, c),
                                       2e-3);
            lar_image_free(a);
            lar_image_free(b);
        }
    lar_chain_free(straight);
    lar_chain_free(bent);
    lar_image_free(field);
    lar_image_free(in);
}

static void constant_stays_constant(void **state)
{
    (void)state;
    const lar_grid grid = plain_grid(12, 11, 10), slice = plain_grid(12, 11, 1);
    const lar_affine turn = turned(17, 1, -2, 0.2);
    const lar_grid *grids[2] = { &grid, &slice };
    for (int g = 0; g < 2; g++) {
        lar_chain *chains[3] = { NULL, chain_of(&turn, NULL), bent_chain(grids[g]) };
        const lar_grid onto = lar_grid_with_spacing(grids[g], (double[3]){ 1.7, 0.8, 1 });
        lar_image *in;
        CHECK_OK(lar_image_new(&in, grids[g], 1, LAR_F32));
        for (int64_t n = 0; n < lar_image_voxel_count(in); n++) ((float *)in->voxels)[n] = 77;
        for (int interpolation = 0; interpolation < INTERPOLATIONS; interpolation++)
            for (int border = 0; border < BORDERS; border++)
                for (int c = 0; c < 3; c++) { /* the pad is the minimum: 77 too */
                    lar_resample_params params = lar_resample_default();
                    params.interpolation = interpolation;
                    params.border = border;
                    params.antialias = c != 0;
                    lar_image *out;
                    CHECK_OK(lar_resample_through(&out, in, &onto, chains[c], &params));
                    for (int64_t n = 0; n < lar_image_voxel_count(out); n++)
                        CHECK_NEAR(((float *)out->voxels)[n], 77, 1e-4);
                    lar_image_free(out);
                }
        lar_image_free(in);
        for (int c = 0; c < 3; c++) lar_chain_free(chains[c]);
    }
}

static void labels_are_those_of_the_input(void **state)
{
    (void)state;
    const lar_grid grid = plain_grid(13, 12, 11);
    const lar_grid onto = lar_grid_with_spacing(&grid, (double[3]){ 0.6, 1.7, 0.9 });
    const lar_affine turn = turned(33, 2, -3, 0.4);
    lar_chain *chains[3] = { NULL, chain_of(&turn, NULL), bent_chain(&grid) };
    for (lar_type type = LAR_U8; type <= LAR_F64; type++)
        for (int c = 0; c < 3; c++) {
            /* many labels, most voxels with one of their own */
            lar_image *in = drawn_image(&grid, 2, type == LAR_I8 ? -120 : 0, 120, type);
            lar_image *out = through(in, &onto, chains[c], LAR_LABELS, LAR_BORDER_EDGE);
            assert_int_equal(out->type, type);
            bool known[256] = { false };
            const bool real = type == LAR_F32 || type == LAR_F64;
            for (int64_t n = 0; n < 2 * lar_image_voxel_count(in); n++) {
                const double v = lar_image_at(in, n % 13, n / 13 % 12, n / 156 % 11, n / 1716);
                known[(int)v + 128] = true;
            }
            const int64_t *size = out->grid.size;
            for (int64_t n = 0; n < 2 * lar_image_voxel_count(out); n++) {
                const double v = lar_image_at(out, n % size[0], n / size[0] % size[1],
                                              n / (size[0] * size[1]) % size[2],
                                              n / (size[0] * size[1] * size[2]));
                assert_true(real ? known[(int)v + 128] : v == floor(v) && known[(int)v + 128]);
            }
            lar_image_free(out);
            lar_image_free(in);
        }
    for (int c = 0; c < 3; c++) lar_chain_free(chains[c]);
}

/* Half between two labels both have the same weight: the smaller wins, whatever their order, also
 * where a rotation there and back left rounding errors. */
static void ties_go_to_the_smallest_label(void **state)
{
    (void)state;
    const lar_grid grid = plain_grid(8, 1, 1);
    static const int16_t codes[8] = { 5, -3, 9, 9, 2, 2, 7, 1 },
                         expected[7] = { -3, -3, 9, 2, 2, 2, 1 };
    const lar_affine there = turned(40, 0.1, 0.2, 0.3);
    lar_affine back;
    assert_true(lar_affine_invert(&back, &there));
    lar_chain *chains[2] = { NULL, chain_of(&back, &there) };
    lar_grid onto = plain_grid(7, 1, 1);
    onto.to_world.m[0][3] = 0.5;
    lar_image *in;
    CHECK_OK(lar_image_new(&in, &grid, 1, LAR_I16));
    memcpy(in->voxels, codes, sizeof codes);
    for (int c = 0; c < 2; c++) {
        lar_image *out = through(in, &onto, chains[c], LAR_LABELS, LAR_BORDER_PAD);
        assert_memory_equal(out->voxels, expected, sizeof expected);
        lar_image_free(out);
    }
    lar_chain_free(chains[1]);
    lar_image_free(in);
}

/* Twice as many voxels and back: between layers of labels each new voxel is a quarter off an old
 * one, whose label weighs three quarters. */
static void factor_two_there_and_back(void **state)
{
    (void)state;
    const lar_grid grid = plain_grid(10, 9, 8),
                   fine = lar_grid_with_spacing(&grid, (double[3]){ 0.5, 0.5, 0.5 });
    lar_image *labels = drawn_image(&grid, 1, 0, 9, LAR_U8);
    for (int64_t n = 10; n < lar_image_voxel_count(labels); n++)
        ((uint8_t *)labels->voxels)[n] = ((uint8_t *)labels->voxels)[n % 10];
    for (int interpolation = LAR_NEAREST; interpolation <= LAR_LABELS;
         interpolation += LAR_LABELS) {
        lar_image *there = through(labels, &fine, NULL, interpolation, LAR_BORDER_PAD);
        lar_image *back = through(there, &grid, NULL, LAR_NEAREST, LAR_BORDER_PAD);
        assert_true(same_voxels(labels, back));
        lar_image_free(there);
        lar_image_free(back);
    }
    lar_image_free(labels);
}

/* Detail finer than the new voxels: without smoothing it turns into stripes, with it into grey. */
static void antialias_takes_out_what_is_too_fine(void **state)
{
    (void)state;
    const lar_grid grid = plain_grid(48, 48, 4),
                   onto = lar_grid_with_spacing(&grid, (double[3]){ 3, 3, 1 });
    lar_image *in;
    double spread[2];
    CHECK_OK(lar_image_new(&in, &grid, 1, LAR_F32));
    for (int64_t n = 0; n < lar_image_voxel_count(in); n++)
        ((float *)in->voxels)[n] = n % 2 ? 1 : -1;
    for (int smooth = 0; smooth < 2; smooth++) {
        lar_resample_params params = lar_resample_default();
        lar_image *out;
        lar_range range;
        params.antialias = smooth;
        CHECK_OK(lar_resample(&out, in, &onto, &params));
        CHECK_OK(lar_image_range(&range, out));
        spread[smooth] = range.high - range.low;
        lar_image_free(out);
    }
    assert_true(spread[0] > 1.9 && spread[1] < 0.1);
    lar_image_free(in);
}

static void threads_do_not_change_bits(void **state)
{
    (void)state;
    const lar_grid grid = plain_grid(40, 37, 35),
                   onto = lar_grid_with_spacing(&grid, (double[3]){ 0.8, 1.3, 0.9 });
    const lar_affine turn = turned(20, 3, -3, 1);
    lar_chain *chains[3] = { NULL, chain_of(&turn, NULL), bent_chain(&grid) };
    lar_image *in = drawn_image(&grid, 2, 0, 9, LAR_I16);
    for (int interpolation = 0; interpolation < INTERPOLATIONS; interpolation++)
        for (int c = 0; c < 3; c++) {
            lar_threads_set(1);
            lar_image *one = through(in, &onto, chains[c], interpolation, LAR_BORDER_PAD);
            lar_threads_set(3);
            lar_image *three = through(in, &onto, chains[c], interpolation, LAR_BORDER_PAD);
            assert_true(same_voxels(one, three));
            lar_image_free(one);
            lar_image_free(three);
        }
    lar_threads_set(0);
    for (int c = 0; c < 3; c++) lar_chain_free(chains[c]);
    lar_image_free(in);
}

/* ---- bad input ------------------------------------------------------------------------- */

static void bad_input_is_named(void **state)
{
    (void)state;
    const lar_grid grid = plain_grid(8, 8, 8);
    lar_image *in = drawn_image(&grid, 1, 0, 9, LAR_F32), *out = NULL;
    lar_resample_params params = lar_resample_default();
    const lar_affine away = turned(0, 500, 0, 0);
    lar_chain *far = chain_of(&away, NULL), *bent = bent_chain(&grid);
    CHECK_FAILS(lar_resample_through(&out, in, &grid, far, &params), LAR_EGEOMETRY,
                "do not overlap");
    CHECK_OK(lar_chain_add_affine(bent, &away));
    for (int interpolation = 0; interpolation < INTERPOLATIONS; interpolation++)
        for (int border = 0; border < BORDERS; border++) {
            params.interpolation = interpolation;
            params.border = border;
            CHECK_FAILS(lar_resample_through(&out, in, &grid, bent, &params), LAR_EGEOMETRY,
                        "do not overlap");
            assert_null(out);
        }
    ((float *)in->voxels)[100] = NAN;
    const lar_grid finer = lar_grid_with_spacing(&grid, (double[3]){ 0.5, 0.5, 0.5 });
    params = lar_resample_default();
    for (int interpolation = LAR_LINEAR; interpolation <= LAR_LABELS; interpolation++) {
        params.interpolation = interpolation;
        CHECK_FAILS(lar_resample(&out, in, &finer, &params), LAR_ENUMERIC, "1 of 512 voxels");
    }
    params = lar_resample_default();
    params.antialias = true; /* a grid of the same voxels keeps the copy, and its NaN */
    CHECK_OK(lar_resample(&out, in, &grid, &params));
    assert_true(isnan(((float *)out->voxels)[100]));
    lar_image_free(out);
    lar_chain_free(far);
    lar_chain_free(bent);
    lar_image_free(in);
}

static void failing_memory_leaves_nothing(void **state)
{
    (void)state;
    const lar_grid grid = plain_grid(9, 8, 7);
    lar_image *in = drawn_image(&grid, 1, 0, 9, LAR_I16);
    lar_chain *bent = bent_chain(&grid);
    lar_threads_set(1);
    for (int interpolation = 0; interpolation < INTERPOLATIONS; interpolation++) {
        lar_status status = LAR_EMEMORY;
        int failures = 0;
        for (int64_t n = 1; status != LAR_OK; n++) {
            lar_resample_params params = lar_resample_default();
            lar_image *out = NULL;
            params.interpolation = interpolation;
            lar_alloc_fail_at(n, false);
            status = lar_resample_through(&out, in, &grid, bent, &params);
            lar_alloc_fail_at(0, false);
            assert_true(status == LAR_OK || (status == LAR_EMEMORY && !out));
            failures += status != LAR_OK;
            lar_image_free(out);
        }
        assert_true(failures >= 5);
    }
    lar_threads_set(0);
    lar_chain_free(bent);
    lar_image_free(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_peers),
        cmocka_unit_test(real_scans_come_together),
        cmocka_unit_test(chain_that_goes_nowhere_copies_bits),
        cmocka_unit_test(chain_is_one_interpolation),
        cmocka_unit_test(even_field_is_a_translation),
        cmocka_unit_test(constant_stays_constant),
        cmocka_unit_test(labels_are_those_of_the_input),
        cmocka_unit_test(ties_go_to_the_smallest_label),
        cmocka_unit_test(factor_two_there_and_back),
        cmocka_unit_test(antialias_takes_out_what_is_too_fine),
        cmocka_unit_test(threads_do_not_change_bits),
        cmocka_unit_test(bad_input_is_named),
        cmocka_unit_test(failing_memory_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
