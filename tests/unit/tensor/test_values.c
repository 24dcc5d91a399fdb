/* The vector code of voxel-wise kernels against its plain twin. Where numbers are quarters and
 * coefficients halves every step is exact in float, so that both agree to the bit whatever the
 * order of sums, and zeros, where derivatives jump, are met often.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensors.h"

enum { CHANNELS_MAX = 96, OUTPUTS = 3 }; /* batch times channels */

typedef struct coefficients {
    float scale[CHANNELS_MAX], shift[CHANNELS_MAX], mean[CHANNELS_MAX], offset[CHANNELS_MAX];
    void *sources[3], *dy;
    lar_value value;
    lar_term_gradient gradient;
} coefficients;

/* A norm and a leaky ReLU; a ReLU and a norm; nothing but a leaky ReLU. */
static void coefficients_init(coefficients *c, const lar_layout *l)
{
    for (int k = 0; k < CHANNELS_MAX; k++) {
        c->scale[k] = (float)(k % 5 - 2) / 2;
        c->shift[k] = (float)(k % 7 - 3) / 2;
        c->mean[k] = (float)(k % 3 - 1) / 2;
        c->offset[k] = (float)(k % 4) / 2;
    }
    for (int t = 0; t < 3; t++) c->sources[t] = quarters(l, (uint64_t)t);
    c->dy = quarters(l, 3);
    c->value = (lar_value){ 3,
                            { { c->sources[0], c->scale, c->shift, 1, 0.25f },
                              { c->sources[1], c->scale, c->shift, 0, 1 },
                              { c->sources[2], NULL, NULL, 0.5f, 0 } } };
    c->gradient = (lar_term_gradient){ c->scale, c->shift, c->mean, c->offset };
}

static void coefficients_clear(coefficients *c)
{
    for (int t = 0; t < 3; t++) lar_free(c->sources[t]);
    lar_free(c->dy);
}

static void evaluate_case(const lar_layout *l, int number)
{
    coefficients c;
    void *fast = tensor_new(l), *plain = tensor_new(l);
    (void)number;
    coefficients_init(&c, l);
    for (c.value.count = 1; c.value.count <= 3; c.value.count++) {
        lar_blocked_evaluate(l, fast, &c.value);
        lar_plain_evaluate(l, plain, &c.value);
        same_tensor(l, fast, plain);
    }
    lar_blocked_add(l, fast, c.sources[0], c.sources[1]);
    lar_plain_add(l, plain, c.sources[0], c.sources[1]);
    same_tensor(l, fast, plain);
    coefficients_clear(&c);
    lar_free(fast);
    lar_free(plain);
}

static void gradients_case(const lar_layout *l, int number)
{
    const int64_t channels = l->batch * l->channels;
    double sum[2][CHANNELS_MAX], product[2][CHANNELS_MAX];
    coefficients c;
    void *fast = tensor_new(l), *plain = tensor_new(l);
    (void)number;
    coefficients_init(&c, l);
    for (int t = 0; t < 3; t++) {
        const lar_term *term = &c.value.terms[t];
        for (int centred = 0; centred < 2; centred++) {
            const float *mean = centred ? c.mean : NULL;
            CHECK_OK(lar_blocked_gradient_sums(l, term, c.dy, mean, sum[0], product[0]));
            CHECK_OK(lar_plain_gradient_sums(l, term, c.dy, mean, sum[1], product[1]));
            for (int64_t k = 0; k < channels; k++) CHECK_NEAR(sum[0][k], sum[1][k], 0);
            for (int64_t k = 0; centred && k < channels; k++)
                CHECK_NEAR(product[0][k], product[1][k], 0);
            const lar_term_gradient none = { 0 }, *gradient = centred ? &c.gradient : &none;
            lar_blocked_term_backward(l, fast, term, c.dy, gradient);
            lar_plain_term_backward(l, plain, term, c.dy, gradient);
            same_tensor(l, fast, plain);
        }
    }
    coefficients_clear(&c);
    lar_free(fast);
    lar_free(plain);
}

/* Twelve products of at most 32 channels of quarters are exact too. */
static void head_case(const lar_layout *l, int number)
{
    const int64_t outputs = 1 + number % OUTPUTS, count = l->batch * outputs * l->voxels;
    float weights[OUTPUTS * CHANNELS_MAX], *out[2], *dout = lar_alloc(count, sizeof *dout);
    double dweights[2][OUTPUTS * CHANNELS_MAX], dbias[2][OUTPUTS];
    coefficients c;
    void *dvalue[2] = { tensor_new(l), tensor_new(l) };
    assert_non_null(dout);
    coefficients_init(&c, l);
    for (int k = 0; k < OUTPUTS * CHANNELS_MAX; k++) weights[k] = quarter(5, k);
    for (int64_t n = 0; n < count; n++) dout[n] = quarter(6, n);
    for (int b = 0; b < 2; b++) {
        out[b] = lar_alloc(count, sizeof *out[b]);
        assert_non_null(out[b]);
        (b ? lar_plain_head : lar_blocked_head)(l, &c.value, weights, weights, outputs, out[b]);
        CHECK_OK((b ? lar_plain_head_backward : lar_blocked_head_backward)(
            l, &c.value, weights, outputs, dout, dvalue[b], dweights[b], dbias[b]));
    }
    for (int64_t n = 0; n < count; n++) CHECK_NEAR(out[0][n], out[1][n], 0);
    for (int64_t k = 0; k < outputs * l->channels; k++)
        CHECK_NEAR(dweights[0][k], dweights[1][k], 0);
    for (int64_t o = 0; o < outputs; o++) CHECK_NEAR(dbias[0][o], dbias[1][o], 0);
    same_tensor(l, dvalue[0], dvalue[1]);
    for (int b = 0; b < 2; b++) lar_free(out[b]);
    for (int b = 0; b < 2; b++) lar_free(dvalue[b]);
    lar_free(dout);
    coefficients_clear(&c);
}

/* Normal numbers of mean 3 (no quarters: a chunk's mean is never exact). Each float sum is of at
 * most 64 numbers and then 4, so at most 66 roundings of 2^-24 of it, twice in a square; numbers
 * are below 8 and squares below 25. */
static void statistics_case(const lar_layout *l, int number)
{
    double mean[2][CHANNELS_MAX], variance[2][CHANNELS_MAX];
    void *source = normals(l, 1);
    const float before = number % 2 ? 1 : 0.25f;
    for (int64_t n = 0; n < lar_layout_count(l); n++)
        voxel_set(l->type, source, n, voxel_at(l->type, source, n) + 3);
    CHECK_OK(lar_blocked_statistics(l, source, before, mean[0], variance[0]));
    CHECK_OK(lar_plain_statistics(l, source, before, mean[1], variance[1]));
    for (int64_t k = 0; k < l->batch * l->channels; k++) {
        CHECK_NEAR(mean[0][k], mean[1][k], 66 * 8 * 0x1p-24);
        CHECK_NEAR(variance[0][k], variance[1][k], 2 * 66 * 25 * 0x1p-24);
    }
    lar_free(source);
}

/* In place gives the same bits as apart, and three threads the same as one. */
static void bits_case(const lar_layout *l, int number)
{
    double sums[2][6][OUTPUTS * CHANNELS_MAX];
    coefficients c;
    void *apart = tensor_new(l), *here = tensor_new(l), *copies[3];
    const size_t bytes = lar_layout_bytes(l);
    float weights[CHANNELS_MAX], *out[2];
    float *dout = lar_alloc(l->batch * l->voxels, sizeof *dout);
    (void)number;
    coefficients_init(&c, l);
    assert_non_null(dout);
    for (int64_t n = 0; n < l->batch * l->voxels; n++)
        dout[n] = (float)lar_random_normal(3, 8, (uint64_t)n);
    for (int k = 0; k < CHANNELS_MAX; k++) weights[k] = (float)lar_random_normal(3, 7, (uint64_t)k);
    for (int t = 0; t < 3; t++) {
        copies[t] = normals(l, (uint64_t)t);
        c.value.terms[t].source = copies[t];
    }
    for (int b = 0; b < 2; b++) {
        lar_threads_set(b ? 3 : 1);
        out[b] = lar_alloc(l->batch * l->voxels, sizeof *out[b]);
        assert_non_null(out[b]);
        memset(sums[b], 0, sizeof sums[b]);
        CHECK_OK(lar_blocked_statistics(l, copies[0], 0, sums[b][0], sums[b][1]));
        CHECK_OK(
            lar_blocked_gradient_sums(l, &c.value.terms[0], c.dy, c.mean, sums[b][2], sums[b][3]));
        lar_blocked_head(l, &c.value, weights, weights, 1, out[b]);
        CHECK_OK(
            lar_blocked_head_backward(l, &c.value, weights, 1, dout, here, sums[b][4], sums[b][5]));
        if (b == 0) memcpy(apart, here, bytes);
        assert_memory_equal(apart, here, bytes);
    }
    assert_memory_equal(sums[0], sums[1], sizeof sums[0]);
    assert_memory_equal(out[0], out[1], (size_t)(l->batch * l->voxels) * sizeof(float));

    lar_threads_set(1);
    lar_blocked_evaluate(l, apart, &c.value);
    lar_threads_set(3);
    lar_value own = c.value;
    memcpy(here, copies[1], bytes);
    own.terms[1].source = here;
    lar_blocked_evaluate(l, here, &own);
    assert_memory_equal(apart, here, bytes);
    for (int t = 0; t < 2; t++) { /* over the source, and over dy */
        lar_threads_set(1);
        lar_blocked_term_backward(l, apart, &c.value.terms[0], c.dy, &c.gradient);
        lar_threads_set(3);
        memcpy(here, t ? c.dy : copies[0], bytes);
        own.terms[0].source = t ? copies[0] : here;
        lar_blocked_term_backward(l, here, &own.terms[0], t ? here : c.dy, &c.gradient);
        assert_memory_equal(apart, here, bytes);
    }
    lar_threads_set(0);
    for (int t = 0; t < 3; t++) lar_free(copies[t]);
    for (int b = 0; b < 2; b++) lar_free(out[b]);
    lar_free(dout);
    lar_free(apart);
    lar_free(here);
    coefficients_clear(&c);
}

/* Results that are larger than caches take another way to memory; in place they do not. */
static void large_results_are_as_in_place(void **state)
{
    const lar_layout l = { 1, 16, 530001, 16, LAR_FLOAT32 };
    const size_t bytes = lar_layout_bytes(&l);
    const lar_term_gradient none = { 0 };
    float *source = quarters(&l, 1), *value = tensor_new(&l), *slope = tensor_new(&l);
    float *sum = tensor_new(&l), *here = tensor_new(&l);
    (void)state;
    for (int kind = 0; lar_values_kind(kind); kind++) {
        const lar_value apart = { 1, { { source, NULL, NULL, 0.5f, 1 } } };
        const lar_value own = { 1, { { here, NULL, NULL, 0.5f, 1 } } };
        lar_values_choose(lar_values_kind(kind));
        lar_blocked_evaluate(&l, value, &apart);
        memcpy(here, source, bytes);
        lar_blocked_evaluate(&l, here, &own);
        assert_memory_equal(value, here, bytes);
        lar_blocked_term_backward(&l, slope, &apart.terms[0], value, &none);
        lar_blocked_term_backward(&l, here, &apart.terms[0], here, &none);
        assert_memory_equal(slope, here, bytes);
        lar_blocked_add(&l, sum, slope, value);
        lar_blocked_add(&l, here, here, value);
        assert_memory_equal(sum, here, bytes);
    }
    lar_values_choose(NULL);
    lar_free(source);
    lar_free(value);
    lar_free(slope);
    lar_free(sum);
    lar_free(here);
}

static void evaluate_is_its_twin(void **state)
{
    (void)state;
    each_kind(evaluate_case);
}

static void gradients_are_their_twins(void **state)
{
    (void)state;
    each_kind(gradients_case);
}

static void head_is_its_twin(void **state)
{
    (void)state;
    each_kind(head_case);
}

static void statistics_are_their_twins(void **state)
{
    (void)state;
    each_kind(statistics_case);
}

static void bits_stay(void **state)
{
    (void)state;
    each_kind(bits_case);
}

/* The mean far from zero: float sums of squares would lose the variance. */
static void variance_survives_an_offset(void **state)
{
    const lar_layout l = { 1, 16, 100000, 16, LAR_FLOAT32 };
    double mean[16], variance[16], expected = 0, square = 0;
    float *source = normals(&l, 1);
    (void)state;
    for (int64_t n = 0; n < lar_layout_count(&l); n++) source[n] += 1000;
    for (int64_t v = 0; v < l.voxels; v++) expected += (double)source[v * 16] / (double)l.voxels;
    for (int64_t v = 0; v < l.voxels; v++)
        square += pow((double)source[v * 16] - expected, 2) / (double)l.voxels;
    CHECK_OK(lar_blocked_statistics(&l, source, 1, mean, variance));
    CHECK_NEAR(mean[0], expected, 1e-4);
    CHECK_NEAR(variance[0], square, 1e-4);
    lar_free(source);
}

/* NaN stays NaN, a ReLU of minus infinity is 0, in both codes and precisions. */
static void what_is_not_finite(void **state)
{
    enum { KINDS = 4 };
    static const float in[KINDS] = { NAN, -INFINITY, INFINITY, -0.0f };
    static const float out[3][KINDS] = { { NAN, 0, INFINITY, 0 },
                                         { NAN, -INFINITY, INFINITY, 0 },
                                         { NAN, -INFINITY, INFINITY, 0 } };
    static const float slopes[3] = { 0, 0.01f, 1 };
    (void)state;
    for (int type = 0; type < 2; type++)
        for (int block = 1; block <= 16; block *= 2)
            for (int s = 0; s < 6; s++) {
                const lar_layout l = { 1, block, 5, block, (lar_precision)type };
                void *source = tensor_new(&l), *value = tensor_new(&l);
                for (int64_t n = 0; n < lar_layout_count(&l); n++)
                    voxel_set(l.type, source, n, in[n % KINDS]);
                const float before = s < 3 ? slopes[s] : 1, after = s < 3 ? 1 : slopes[s - 3];
                const lar_value v = { 1, { { source, NULL, NULL, before, after } } };
                lar_blocked_evaluate(&l, value, &v);
                for (int64_t n = 0; n < lar_layout_count(&l); n++) {
                    const float x = voxel_at(l.type, value, n), y = out[s % 3][n % KINDS];
                    assert_true(isnan(y) ? isnan(x) : x == y);
                }
                lar_free(source);
                lar_free(value);
            }
}

static void bfloat16_rounds_to_the_nearest(void **state)
{
    static const float in[][2] = {
        { 1, 1 },
        { 1 + 0x1p-8f, 1 }, /* ties go to even */
        { 1 + 0x3p-8f, 1 + 0x1p-6f },
        { 1 + 0x1p-8f + 0x1p-23f, 1 + 0x1p-7f },
        { -1 - 0x3p-9f, -1 - 0x1p-7f },
        { 0x1.ffp127f, INFINITY }, /* half a step beyond the largest */
        { 0x1.fefffep127f, 0x1.fep127f },
        { 0x1p-149f, 0 }, /* below half of the smallest */
        { 0x1.8p-133f, 0x1p-132f },
    };
    (void)state;
    for (size_t n = 0; n < sizeof in / sizeof *in; n++)
        assert_true(bfloat16_to_float(bfloat16_from_float(in[n][0])) == in[n][1]);
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        const float x = bfloat16_to_float((uint16_t)bits);
        if (isnan(x))
            assert_true(isnan(bfloat16_to_float(bfloat16_from_float(x))));
        else
            assert_int_equal(bfloat16_from_float(x), bits);
    }
    uint32_t bits = 0x7f800001; /* a NaN whose upper half is that of infinity */
    float x;
    memcpy(&x, &bits, sizeof x);
    assert_true(isnan(bfloat16_to_float(bfloat16_from_float(x))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evaluate_is_its_twin),
        cmocka_unit_test(gradients_are_their_twins),
        cmocka_unit_test(head_is_its_twin),
        cmocka_unit_test(statistics_are_their_twins),
        cmocka_unit_test(bits_stay),
        cmocka_unit_test(large_results_are_as_in_place),
        cmocka_unit_test(variance_survives_an_offset),
        cmocka_unit_test(what_is_not_finite),
        cmocka_unit_test(bfloat16_rounds_to_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
