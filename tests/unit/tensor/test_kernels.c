/* Each kernel of the fast backend against its plain twin, and the laws of convolutions: the
 * backward passes are the adjoints of the forward one. SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"
#include "tensor/tensor.h"

enum { SHAPES = 6 };
/* batch, in, out, z, y, x, kernel: odd sizes, padded channels, several blocks, a plane, one voxel
 * more than a piece */
static const int64_t shapes[SHAPES][7] = { { 1, 1, 5, 11, 18, 13, 3 },  { 2, 16, 16, 6, 7, 9, 3 },
                                           { 1, 5, 20, 4, 9, 8, 3 },    { 3, 33, 7, 1, 12, 17, 3 },
                                           { 1, 2, 17, 1, 1, 2049, 1 }, { 1, 6, 3, 5, 6, 7, 5 } };

typedef struct side {
    const lar_backend *backend;
    lar_layout layout;
} side;

static side side_of(const char *name, int64_t batch, int64_t channels, int64_t voxels)
{
    side s = { .layout = { batch, channels, voxels, 1 } };
    CHECK_OK(lar_backend_find(&s.backend, name));
    CHECK_OK(s.backend->block(&s.layout.block));
    return s;
}

/* Volumes of normal numbers, plain order, the same for every side. */
static float *draw(int64_t count, uint64_t stream)
{
    float *values = lar_alloc(count, sizeof *values);
    assert_non_null(values);
    for (int64_t n = 0; n < count; n++)
        values[n] = (float)lar_random_normal(3, stream, (uint64_t)n);
    return values;
}

static float *tensor(const side *s, const float *volumes)
{
    const lar_layout *l = &s->layout;
    float *t = lar_alloc_raw(lar_layout_floats(l), sizeof *t);
    assert_non_null(t);
    memset(t, 0xff, (size_t)lar_layout_floats(l) * sizeof *t);
    for (int64_t n = 0; volumes && n < l->batch; n++)
        for (int64_t c = 0; c < l->channels; c++)
            s->backend->upload(l, t, n, c, volumes + (n * l->channels + c) * l->voxels);
    return t;
}

/* Compares two tensors of different layouts, and that the padding of `a` is zero; frees both. */
static void same(const side *a, float *ta, const side *b, float *tb, double tolerance)
{
    const lar_layout *l = &a->layout;
    float *va = lar_alloc(l->voxels, sizeof *va), *vb = lar_alloc(l->voxels, sizeof *vb);
    assert_true(va && vb);
    for (int64_t n = 0; n < l->batch; n++)
        for (int64_t c = 0; c < l->channels; c++) {
            a->backend->download(&a->layout, ta, n, c, va);
            b->backend->download(&b->layout, tb, n, c, vb);
            for (int64_t v = 0; v < l->voxels; v++) CHECK_NEAR(va[v], vb[v], tolerance);
        }
    const int64_t padded = lar_layout_padded(l), blocks = padded / l->block;
    for (int64_t n = 0; n < l->batch; n++)
        for (int64_t c = l->channels; c < padded; c++)
            for (int64_t v = 0; v < l->voxels; v++)
                assert_true(
                    ta[((n * blocks + c / l->block) * l->voxels + v) * l->block + c % l->block] ==
                    0);
    lar_free(va);
    lar_free(vb);
    lar_free(ta);
    lar_free(tb);
}

/* A value of three terms: norm, relu norm, norm relu; the coefficients of padding are zero. */
static lar_value value_of(const side *s, float *const sources[3], float *scale, float *shift)
{
    for (int64_t c = 0; c < lar_layout_padded(&s->layout); c++) {
        const bool real = c < s->layout.channels;
        scale[c] = real ? (float)(0.5 + 0.1 * (double)(c % 7)) : 0;
        shift[c] = real ? (float)(0.3 - 0.1 * (double)(c % 5)) : 0;
    }
    return (lar_value){ 3,
                        { { sources[0], scale, shift, false, false },
                          { sources[1], scale, shift, true, false },
                          { sources[2], scale, shift, false, true } } };
}

static void voxelwise(void **state)
{
    (void)state;
    for (int s = 0; s < SHAPES; s++) {
        const int64_t *shape = shapes[s], voxels = shape[3] * shape[4] * shape[5];
        const int64_t count = shape[0] * shape[2] * voxels;
        side sides[2];
        float *evaluated[2], *added[2], *back[2][3], scale[2][64], shift[2][64];
        double mean[2][64], variance[2][64], sum[2][3][64], product[2][3][64];
        float *volumes[3] = { draw(count, 1), draw(count, 2), draw(count, 3) };
        for (int b = 0; b < 2; b++) {
            sides[b] = side_of(b ? "plain" : NULL, shape[0], shape[2], voxels);
            const side *x = &sides[b];
            float *sources[3];
            for (int t = 0; t < 3; t++) sources[t] = tensor(x, volumes[t]);
            const lar_value value = value_of(x, sources, scale[b], shift[b]);
            evaluated[b] = tensor(x, NULL);
            x->backend->evaluate(&x->layout, evaluated[b], &value);
            added[b] = tensor(x, NULL);
            x->backend->add(&x->layout, added[b], sources[0], sources[1]);
            CHECK_OK(x->backend->statistics(&x->layout, sources[0], s % 2, mean[b], variance[b]));
            for (int t = 0; t < 3; t++) {
                CHECK_OK(x->backend->gradient_sums(&x->layout, &value.terms[t], sources[1],
                                                   shift[b], sum[b][t], product[b][t]));
                const lar_term_gradient g = { scale[b], shift[b], scale[b], shift[b] };
                back[b][t] = tensor(x, NULL);
                x->backend->term_backward(&x->layout, back[b][t], &value.terms[t], sources[1],
                                          t == 2 ? &(lar_term_gradient){ 0 } : &g);
            }
            for (int t = 0; t < 3; t++) lar_free(sources[t]);
        }
        for (int64_t c = 0; c < shape[2]; c++) {
            CHECK_NEAR(mean[0][c], mean[1][c], 1e-6);
            CHECK_NEAR(variance[0][c], variance[1][c], 1e-6);
            for (int t = 0; t < 3; t++) {
                CHECK_NEAR(sum[0][t][c], sum[1][t][c], 1e-6 * (double)(shape[0] * voxels));
                CHECK_NEAR(product[0][t][c], product[1][t][c], 1e-6 * (double)(shape[0] * voxels));
            }
        }
        same(&sides[0], evaluated[0], &sides[1], evaluated[1], 1e-5);
        same(&sides[0], added[0], &sides[1], added[1], 0);
        for (int t = 0; t < 3; t++) same(&sides[0], back[0][t], &sides[1], back[1][t], 1e-5);
        for (int t = 0; t < 3; t++) lar_free(volumes[t]);
    }
}

static void head(void **state)
{
    (void)state;
    for (int s = 0; s < SHAPES; s++) {
        const int64_t *shape = shapes[s], voxels = shape[3] * shape[4] * shape[5];
        const int64_t count = shape[0] * shape[2] * voxels, outputs = 1 + s % 3;
        side sides[2];
        float *dvalue[2], *out[2], scale[2][64], shift[2][64];
        double dweights[2][192], dbias[2][3];
        float *volumes[3] = { draw(count, 1), draw(count, 2), draw(count, 3) };
        float *weights = draw(outputs * shape[2], 4), *bias = draw(outputs, 5);
        float *dout = draw(shape[0] * outputs * voxels, 6);
        for (int b = 0; b < 2; b++) {
            sides[b] = side_of(b ? "plain" : NULL, shape[0], shape[2], voxels);
            const side *x = &sides[b];
            float *sources[3];
            for (int t = 0; t < 3; t++) sources[t] = tensor(x, volumes[t]);
            const lar_value value = value_of(x, sources, scale[b], shift[b]);
            out[b] = lar_alloc(shape[0] * outputs * voxels, sizeof(float));
            assert_non_null(out[b]);
            dvalue[b] = tensor(x, NULL);
            x->backend->head(&x->layout, &value, weights, bias, outputs, out[b]);
            CHECK_OK(x->backend->head_backward(&x->layout, &value, weights, outputs, dout,
                                               dvalue[b], dweights[b], dbias[b]));
            for (int t = 0; t < 3; t++) lar_free(sources[t]);
        }
        for (int64_t n = 0; n < shape[0] * outputs * voxels; n++)
            CHECK_NEAR(out[0][n], out[1][n], 2e-5);
        for (int64_t n = 0; n < outputs * shape[2]; n++)
            CHECK_NEAR(dweights[0][n], dweights[1][n], 1e-6 * (double)(shape[0] * voxels));
        for (int64_t n = 0; n < outputs; n++)
            CHECK_NEAR(dbias[0][n], dbias[1][n], 1e-6 * (double)(shape[0] * voxels));
        same(&sides[0], dvalue[0], &sides[1], dvalue[1], 1e-5);
        for (int b = 0; b < 2; b++) lar_free(out[b]);
        for (int t = 0; t < 3; t++) lar_free(volumes[t]);
        lar_free(weights);
        lar_free(bias);
        lar_free(dout);
    }
}

static double dot(const float *a, const float *b, int64_t count)
{
    double sum = 0;
    for (int64_t n = 0; n < count; n++) sum += (double)a[n] * (double)b[n];
    return sum;
}

static double tensor_dot(const side *s, const float *t, const float *volumes)
{
    const lar_layout *l = &s->layout;
    double sum = 0;
    float *v = lar_alloc(l->voxels, sizeof *v);
    assert_non_null(v);
    for (int64_t n = 0; n < l->batch; n++)
        for (int64_t c = 0; c < l->channels; c++) {
            s->backend->download(l, t, n, c, v);
            sum += dot(v, volumes + (n * l->channels + c) * l->voxels, l->voxels);
        }
    lar_free(v);
    return sum;
}

static void convolutions(void **state)
{
    (void)state;
    for (int s = 0; s < SHAPES; s++) {
        const int64_t *shape = shapes[s], voxels = shape[3] * shape[4] * shape[5];
        const int64_t weight_count = shape[2] * shape[1] * shape[6] * shape[6] * shape[6];
        const int64_t out_count = shape[0] * shape[2] * voxels;
        float *in = draw(shape[0] * shape[1] * voxels, 1), *weights = draw(weight_count, 2);
        float *dout = draw(out_count, 3), *gradient[2], *out[2], *din[2];
        side ins[2], outs[2];
        for (int b = 0; b < 2; b++) {
            lar_conv *conv;
            ins[b] = side_of(b ? "plain" : NULL, shape[0], shape[1], voxels);
            outs[b] = side_of(b ? "plain" : NULL, shape[0], shape[2], voxels);
            const lar_backend *x = ins[b].backend;
            const lar_conv_shape conv_shape = { .batch = shape[0],
                                                .in = shape[1],
                                                .out = shape[2],
                                                .kernel = shape[6],
                                                .size = { shape[3], shape[4], shape[5] },
                                                .gradients = true };
            CHECK_OK(x->conv_new(&conv, &conv_shape));
            void *packed = lar_alloc((int64_t)x->conv_packed(conv), 1), *scratch[3];
            for (int p = 0; p < 3; p++)
                scratch[p] = lar_alloc((int64_t)x->conv_scratch(conv, p), 1);
            float *tin = tensor(&ins[b], in), *tdout = tensor(&outs[b], dout);
            out[b] = tensor(&outs[b], NULL);
            din[b] = tensor(&ins[b], NULL);
            gradient[b] = lar_alloc(weight_count, sizeof(float));
            CHECK_OK(x->conv_pack(conv, weights, packed));
            CHECK_OK(x->conv_forward(conv, packed, tin, out[b], scratch[LAR_CONV_FORWARD]));
            CHECK_OK(x->conv_data(conv, packed, tdout, din[b], scratch[LAR_CONV_DATA]));
            CHECK_OK(
                x->conv_weights(conv, tin, tdout, gradient[b], false, scratch[LAR_CONV_WEIGHTS]));
            const double forward = tensor_dot(&outs[b], out[b], dout),
                         scale = sqrt((double)out_count);
            CHECK_NEAR(tensor_dot(&ins[b], din[b], in), forward, 1e-4 * scale);
            CHECK_NEAR(dot(gradient[b], weights, weight_count), forward, 1e-4 * scale);
            /* added to itself it doubles */
            float *twice = lar_alloc(weight_count, sizeof *twice);
            memcpy(twice, gradient[b], (size_t)weight_count * sizeof *twice);
            CHECK_OK(x->conv_weights(conv, tin, tdout, twice, true, scratch[LAR_CONV_WEIGHTS]));
            for (int64_t n = 0; n < weight_count; n++)
                CHECK_NEAR(twice[n], 2 * gradient[b][n], 1e-4 * (1 + fabs(gradient[b][n])));
            x->conv_free(conv);
            lar_free(twice);
            lar_free(packed);
            for (int p = 0; p < 3; p++) lar_free(scratch[p]);
            lar_free(tin);
            lar_free(tdout);
        }
        const double fan_in = (double)(weight_count / shape[2]);
        for (int64_t n = 0; n < weight_count; n++)
            CHECK_NEAR(gradient[0][n], gradient[1][n], 1e-5 * sqrt((double)(shape[0] * voxels)));
        same(&outs[0], out[0], &outs[1], out[1], 1e-5 * sqrt(fan_in));
        same(&ins[0], din[0], &ins[1], din[1], 1e-5 * sqrt(fan_in));
        for (int b = 0; b < 2; b++) lar_free(gradient[b]);
        lar_free(in);
        lar_free(weights);
        lar_free(dout);
    }
}

/* In place gives the same bits as apart, and two threads the same as one. */
static void bits_stay(void **state)
{
    (void)state;
    enum { channels = 20 };
    const int64_t voxels = 3 * 2048 + 5, count = 2 * channels * voxels;
    const side s = side_of(NULL, 2, channels, voxels);
    const size_t bytes = (size_t)lar_layout_floats(&s.layout) * sizeof(float);
    float *volumes = draw(count, 1), scale[32], shift[32];
    float *source = tensor(&s, volumes), *apart = tensor(&s, NULL);
    float *const sources[3] = { source, source, source };
    const lar_value value = value_of(&s, sources, scale, shift);
    double mean[2][32], variance[2][32];
    for (int threads = 1; threads <= 2; threads++) {
        lar_threads_set(threads);
        CHECK_OK(s.backend->statistics(&s.layout, source, true, mean[threads - 1],
                                       variance[threads - 1]));
    }
    lar_threads_set(0);
    assert_memory_equal(mean[0], mean[1], channels * sizeof(double));
    assert_memory_equal(variance[0], variance[1], channels * sizeof(double));
    s.backend->evaluate(&s.layout, apart, &value);
    float *in_place = tensor(&s, volumes);
    lar_value own = value;
    for (int t = 0; t < 3; t++) own.terms[t].source = in_place;
    s.backend->evaluate(&s.layout, in_place, &own);
    assert_memory_equal(apart, in_place, bytes);

    const lar_term_gradient g = { scale, shift, shift, scale };
    s.backend->term_backward(&s.layout, apart, &value.terms[1], source, &g);
    memcpy(in_place, source, bytes);
    own.terms[1].source = in_place;
    s.backend->term_backward(&s.layout, in_place, &own.terms[1], in_place, &g);
    assert_memory_equal(apart, in_place, bytes);
    lar_free(volumes);
    lar_free(source);
    lar_free(apart);
    lar_free(in_place);
}

/* The mean far from zero: float sums of squares would lose the variance. */
static void variance_survives_an_offset(void **state)
{
    (void)state;
    const int64_t voxels = 100000;
    const side s = side_of(NULL, 1, 1, voxels);
    float *volume = draw(voxels, 1);
    double mean[16], variance[16], expected = 0, square = 0;
    for (int64_t v = 0; v < voxels; v++) volume[v] = 1000 + volume[v];
    for (int64_t v = 0; v < voxels; v++) expected += (double)volume[v] / (double)voxels;
    for (int64_t v = 0; v < voxels; v++) square += pow((double)volume[v] - expected, 2);
    float *source = tensor(&s, volume);
    CHECK_OK(s.backend->statistics(&s.layout, source, false, mean, variance));
    CHECK_NEAR(mean[0], expected, 1e-4);
    CHECK_NEAR(variance[0], square / (double)voxels, 1e-4);
    lar_free(volume);
    lar_free(source);
}

static void unknown_backends_are_named(void **state)
{
    const lar_backend *backend;
    (void)state;
    CHECK_FAILS(lar_backend_find(&backend, "abacus"), LAR_EUNSUPPORTED, "'abacus'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(voxelwise),
        cmocka_unit_test(head),
        cmocka_unit_test(convolutions),
        cmocka_unit_test(bits_stay),
        cmocka_unit_test(variance_survives_an_offset),
        cmocka_unit_test(unknown_backends_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
