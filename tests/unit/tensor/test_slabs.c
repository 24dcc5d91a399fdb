/* Convolutions in place against the plain twin of each part of them: shapes smaller than their
 * dilation, of one voxel, odd ones, and such as are cut into several chunks and slabs; both
 * precisions and blocks, every kind of processor, any number of threads.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "tensor/kernels/slabs.h"
#include "tensors.h"

typedef struct example {
    int64_t batch, blocks, kernel[3], dilation[3], size[3];
} example;

/* clang-format off */
static const example examples[] = {
    { 1, 1, { 3, 3, 3 }, { 1, 1, 1 }, { 1, 1, 1 } },    /* one voxel */
    { 1, 1, { 3, 3, 3 }, { 16, 16, 16 }, { 5, 3, 2 } }, /* no voxel meets another */
    { 1, 1, { 3, 3, 3 }, { 1, 1, 1 }, { 9, 37, 41 } },  /* five chunks */
    { 2, 2, { 3, 3, 3 }, { 2, 2, 2 }, { 11, 19, 23 } },
    { 1, 1, { 3, 3, 3 }, { 4, 4, 4 }, { 17, 1, 29 } },
    { 1, 1, { 3, 3, 3 }, { 8, 8, 8 }, { 19, 31, 53 } },
    { 1, 1, { 3, 3, 3 }, { 16, 16, 16 }, { 37, 33, 35 } },
    { 1, 2, { 5, 5, 5 }, { 1, 1, 1 }, { 7, 23, 13 } },
    { 2, 1, { 1, 3, 3 }, { 3, 2, 5 }, { 3, 21, 26 } },
    { 1, 3, { 3, 1, 7 }, { 1, 1, 2 }, { 13, 10, 31 } },
    { 1, 1, { 1, 1, 1 }, { 1, 1, 1 }, { 3, 5, 7 } },
    { 1, 1, { 3, 3, 3 }, { 1, 1, 1 }, { 12, 17, 600 } }, /* long rows: slabs of few planes */
};
/* clang-format on */

static lar_conv_shape shape_of(const example *e, int block, lar_precision type)
{
    lar_conv_shape s = { .batch = e->batch,
                         .in = e->blocks * block,
                         .out = e->blocks * block,
                         .groups = 1,
                         .type = type,
                         .in_place = true,
                         .passes = 1U << LAR_CONV_FORWARD };
    for (int a = 0; a < 3; a++) {
        s.kernel[a] = e->kernel[a];
        s.stride[a] = 1;
        s.dilation[a] = e->dilation[a];
        s.padding[a] = e->dilation[a] * (e->kernel[a] - 1) / 2;
        s.size[a] = s.out_size[a] = e->size[a];
    }
    return s;
}

static lar_layout layout_of(const lar_conv_shape *s, int block)
{
    return (lar_layout){ s->batch, s->in, s->size[0] * s->size[1] * s->size[2], block, s->type };
}

static float *numbers(int64_t count, uint64_t stream, double scale, double shift)
{
    float *list = lar_alloc(count, sizeof *list);
    assert_non_null(list);
    for (int64_t n = 0; n < count; n++)
        list[n] = (float)(shift + scale * lar_random_normal(5, stream, (uint64_t)n));
    return list;
}

typedef struct inputs {
    lar_conv_shape s;
    lar_layout l;
    void *tensor;
    float *weights, *scale, *shift;
    lar_taken taken;
    double *mean, *variance;
} inputs;

static inputs inputs_of(const example *e, int block, lar_precision type, int activation)
{
    inputs in = { .s = shape_of(e, block, type) };
    const int64_t taps = e->kernel[0] * e->kernel[1] * e->kernel[2];
    in.l = layout_of(&in.s, block);
    in.tensor = normals(&in.l, 1);
    in.weights = numbers(in.s.in * in.s.out * taps, 2, 1 / sqrt((double)(in.s.in * taps)), 0);
    in.scale = numbers(in.s.batch * in.s.in, 3, 0.2, 1);
    in.shift = numbers(in.s.batch * in.s.in, 4, 0.3, 0.1);
    in.taken = (lar_taken){ .term = { in.tensor, in.scale, in.shift, 1, 1 } };
    if (activation >= 0) {
        in.taken.activates = true;
        in.taken.activation = (lar_layer_kind)activation;
        in.taken.alpha = 0.7;
    } else {
        in.taken.term.before = 0.5F;
        in.taken.term.after = 0;
    }
    in.mean = lar_alloc(2 * in.s.batch * in.s.in, sizeof *in.mean);
    assert_non_null(in.mean);
    in.variance = in.mean + in.s.batch * in.s.in;
    return in;
}

static void inputs_free(inputs *in)
{
    lar_free(in->tensor);
    lar_free(in->weights);
    lar_free(in->scale);
    lar_free(in->shift);
    lar_free(in->mean);
}

static void run_in_place(inputs *in)
{
    const int block = in->l.block;
    void *packed = lar_alloc_raw((int64_t)lar_slabs_packed(&in->s, block), 1);
    void *scratch = lar_alloc_raw((int64_t)lar_slabs_scratch(&in->s, block), 1);
    assert_true(packed && scratch);
    memset(scratch, 0xff, lar_slabs_scratch(&in->s, block));
    memset(packed, 0xff, lar_slabs_packed(&in->s, block));
    lar_slabs_pack(&in->s, block, in->weights, packed);
    CHECK_OK(lar_slabs_run(&in->s, block, packed, in->tensor, &in->taken, in->mean, in->variance,
                           scratch));
    lar_free(packed);
    lar_free(scratch);
}

/* Part by part with the plain twins; what is taken is rounded once, in one pass or two. */
static void *run_plain(inputs *in)
{
    const lar_value value = { 1, { in->taken.term } };
    lar_layout l = in->l;
    void *term = tensor_new(&l), *read = tensor_new(&l), *out = tensor_new(&l);
    lar_plain_evaluate(&l, term, &value);
    lar_layer layer = { .kind = in->taken.activation, .in = l, .out = l, .alpha = in->taken.alpha };
    memcpy(layer.size, in->s.size, sizeof layer.size);
    memcpy(layer.out_size, in->s.size, sizeof layer.out_size);
    if (in->taken.activates) lar_plain_layer_forward(&layer, term, read);
    const lar_conv_kernel *k = &lar_conv_plain;
    void *packed = lar_alloc_raw((int64_t)k->packed(&in->s, l.block, LAR_CONV_FORWARD), 1);
    void *scratch = lar_alloc_raw((int64_t)k->scratch(&in->s, l.block, LAR_CONV_FORWARD) + 64, 1);
    assert_true(packed && scratch);
    k->pack(&in->s, l.block, LAR_CONV_FORWARD, in->weights, packed);
    CHECK_OK(k->run(&in->s, l.block, LAR_CONV_FORWARD, packed, in->taken.activates ? read : term,
                    out, NULL, false, scratch));
    lar_free(packed);
    lar_free(scratch);
    lar_free(term);
    lar_free(read);
    return out;
}

static double distance(const lar_layout *l, const void *a, const void *b)
{
    double square = 0, size = 0;
    for (int64_t n = 0; n < lar_layout_count(l); n++) {
        const double x = (double)voxel_at(l->type, a, n), y = (double)voxel_at(l->type, b, n);
        assert_true(isfinite(x));
        square += (x - y) * (x - y);
        size += y * y;
    }
    return size > 0 ? sqrt(square / size) : sqrt(square);
}

/* Of what stands in the tensor: the rounded results. */
static void check_statistics(const inputs *in)
{
    double *mean = lar_alloc(2 * in->s.batch * in->s.in, sizeof *mean);
    assert_non_null(mean);
    double *variance = mean + in->s.batch * in->s.in;
    CHECK_OK(lar_plain_statistics(&in->l, in->tensor, 1, mean, variance));
    for (int64_t c = 0; c < in->s.batch * in->s.in; c++) {
        const double size = sqrt(variance[c] + mean[c] * mean[c]);
        CHECK_NEAR(in->mean[c], mean[c], 1e-6 * size);
        CHECK_NEAR(in->variance[c], variance[c], 2e-6 * size * size);
    }
    lar_free(mean);
}

static void one_example(const example *e, int block, lar_precision type, int activation)
{
    inputs in = inputs_of(e, block, type, activation);
    assert_true(lar_slabs_runs(&in.s, block));
    void *expected = run_plain(&in);
    run_in_place(&in);
    const double off = distance(&in.l, in.tensor, expected);
    /* float: Winograd and GELU; bfloat16: the plain twin rounds once more before the activation,
     * and by two axes of Winograd a kernel is 4.3e-3 off at most */
    if (off > (type == LAR_FLOAT32 ? 2e-6 : 7e-3))
        fail_msg("%.2e off: size %lld %lld %lld, dilation %lld, block %d, %s, activation %d, %s",
                 off, (long long)e->size[0], (long long)e->size[1], (long long)e->size[2],
                 (long long)e->dilation[2], block, lar_precision_names[type], activation,
                 lar_slabs_about(&in.s, block));
    check_statistics(&in);
    lar_free(expected);
    inputs_free(&in);
}

static void as_its_parts(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof examples / sizeof *examples; n++)
        for (int block = 8; block <= 16; block *= 2)
            for (int type = 0; type < 2; type++)
                one_example(&examples[n], block, (lar_precision)type, LAR_LAYER_GELU);
}

static void any_activation(void **state)
{
    static const int kinds[] = { -1, LAR_LAYER_ELU, LAR_LAYER_SIGMOID };
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (int type = 0; type < 2; type++)
            one_example(&examples[3], 16, (lar_precision)type, kinds[k]);
}

static void any_processor(void **state)
{
    (void)state;
    for (int n = 0; lar_values_kind(n); n++) {
        lar_values_choose(lar_values_kind(n));
        for (int type = 0; type < 2; type++) {
            one_example(&examples[3], 16, (lar_precision)type, LAR_LAYER_GELU);
            one_example(&examples[8], 8, (lar_precision)type, LAR_LAYER_GELU);
        }
    }
    lar_values_choose(NULL);
}

static void same_bits_for_any_threads(void **state)
{
    static const int threads[] = { 1, 2, 5 };
    const int before = lar_threads_get();
    (void)state;
    for (size_t n = 2; n < 7; n++)
        for (int type = 0; type < 2; type++) {
            inputs first = inputs_of(&examples[n], 16, (lar_precision)type, LAR_LAYER_GELU);
            const size_t bytes = (size_t)(2 * first.s.batch * first.s.in) * sizeof(double);
            lar_threads_set(threads[0]);
            run_in_place(&first);
            for (size_t t = 1; t < sizeof threads / sizeof *threads; t++) {
                inputs in = inputs_of(&examples[n], 16, (lar_precision)type, LAR_LAYER_GELU);
                lar_threads_set(threads[t]);
                run_in_place(&in);
                assert_memory_equal(in.tensor, first.tensor, lar_layout_bytes(&in.l));
                assert_memory_equal(in.mean, first.mean, bytes);
                inputs_free(&in);
            }
            inputs_free(&first);
        }
    lar_threads_set(before);
}

/* GELU as it is taken, against erf in double. */
static void gelu_is_exact(void **state)
{
    enum { VOXELS = 4001 };
    const int64_t values = VOXELS * 16;
    const slabs_code *const codes[] = {
#ifdef __x86_64__
        &lar_slabs_bf16, &lar_slabs_v4, &lar_slabs_v3,
#endif
        &lar_slabs_any
    };
    const int kinds = (int)(sizeof codes / sizeof *codes);
    (void)state;
    int count = 0; /* of those that run here, best first */
    while (lar_values_kind(count)) count++;
    float *in = lar_alloc(values, sizeof *in), *out = lar_alloc(values, sizeof *out);
    assert_true(in && out);
    for (int64_t n = 0; n < values; n++) in[n] = (float)((double)n / (double)values * 40 - 20);
    in[0] = INFINITY;
    in[1] = NAN;
    in[2] = 0;
    const slab_rows r = { .type = LAR_FLOAT32,
                          .block = 16,
                          .activation = LAR_LAYER_GELU,
                          .voxels = VOXELS,
                          .classes = 1 };
    flat_term term = { .before = 1, .after = 1 };
    for (int k = 0; k < 16; k++) term.scale[k] = 1;
    for (int c = kinds - count; c < kinds; c++) {
        codes[c]->take(&r, &term, in, out);
        assert_true(out[0] == INFINITY && isnan(out[1]) && out[2] == 0);
        for (int64_t n = 3; n < values; n++) {
            const double x = (double)in[n], gelu = x * erfc(-x / sqrt(2)) / 2;
            CHECK_NEAR(out[n], gelu, 4e-8 + 2e-7 * fabs(gelu));
        }
    }
    lar_free(in);
    lar_free(out);
}

static void what_cannot_go_in_place(void **state)
{
    const lar_conv_shape s = shape_of(&examples[3], 16, LAR_FLOAT32);
    (void)state;
    assert_true(lar_slabs_runs(&s, 16));
    assert_false(lar_slabs_runs(&s, 1));
    for (int n = 0; n < 6; n++) {
        lar_conv_shape other = s;
        if (n == 0) other.stride[1] = 2;
        if (n == 1) other.out = 16;
        if (n == 2) other.groups = 2;
        if (n == 3) other.planar = true;
        if (n == 4) other.padding[0] = 0;
        if (n == 5) other.kernel[2] = 2;
        assert_false(lar_slabs_runs(&other, 16));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_its_parts),  cmocka_unit_test(any_activation),
        cmocka_unit_test(any_processor), cmocka_unit_test(same_bits_for_any_threads),
        cmocka_unit_test(gelu_is_exact), cmocka_unit_test(what_cannot_go_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
