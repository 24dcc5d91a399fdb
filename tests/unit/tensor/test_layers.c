/* Layers without weights: vector code against the plain twin, the plain twin against finite
 * differences and PyTorch, and what dropout promises.
 * SPDX-License-Identifier: Apache-2.0 */
#include "codec/codec.h"
#include "tensors.h"

/* Shapes of each kind: sizes that windows do not divide, overlapping windows, borders as wide as
 * the volume allows, two dimensions, one voxel. The golden file is in this order. */
typedef struct shape {
    lar_layer_kind kind;
    int64_t size[3], kernel[3], stride[3], padding[3], after[3];
    int border;
    double alpha;
} shape;

static const shape shapes[] = {
    { LAR_LAYER_MAX_POOL, { 5, 6, 7 }, { 2, 2, 2 }, { 2, 2, 2 }, { 0 }, { 0 }, 0, 0 },
    { LAR_LAYER_MAX_POOL, { 4, 5, 9 }, { 3, 2, 3 }, { 2, 1, 2 }, { 0 }, { 0 }, 0, 0 },
    { LAR_LAYER_MAX_POOL, { 1, 7, 4 }, { 1, 2, 1 }, { 1, 3, 1 }, { 0 }, { 0 }, 0, 0 },
    { LAR_LAYER_MEAN_POOL, { 5, 6, 7 }, { 2, 2, 2 }, { 2, 2, 2 }, { 0 }, { 0 }, 0, 0 },
    { LAR_LAYER_MEAN_POOL, { 4, 5, 9 }, { 3, 2, 3 }, { 2, 1, 2 }, { 0 }, { 0 }, 0, 0 },
    { LAR_LAYER_MEAN_POOL, { 5, 6, 7 }, { 5, 6, 7 }, { 5, 6, 7 }, { 0 }, { 0 }, 0, 0 },
    { LAR_LAYER_NEAREST, { 3, 4, 5 }, { 1, 1, 1 }, { 2, 2, 2 }, { 0 }, { 0 }, 0, 0 },
    { LAR_LAYER_NEAREST, { 1, 4, 5 }, { 1, 1, 1 }, { 1, 3, 2 }, { 0 }, { 0 }, 0, 0 },
    { LAR_LAYER_LINEAR, { 3, 4, 5 }, { 1, 1, 1 }, { 2, 2, 2 }, { 0 }, { 0 }, 0, 0 },
    { LAR_LAYER_LINEAR, { 1, 4, 5 }, { 1, 1, 1 }, { 1, 3, 2 }, { 0 }, { 0 }, 0, 0 },
    { LAR_LAYER_PAD, { 3, 4, 5 }, { 0 }, { 0 }, { 1, 2, 3 }, { 2, 0, 1 }, LAR_BORDER_ZERO, 0 },
    { LAR_LAYER_PAD, { 3, 4, 5 }, { 0 }, { 0 }, { 1, 3, 2 }, { 2, 0, 4 }, LAR_BORDER_REFLECT, 0 },
    { LAR_LAYER_PAD, { 3, 4, 5 }, { 0 }, { 0 }, { 1, 3, 2 }, { 2, 0, 6 }, LAR_BORDER_REPLICATE, 0 },
    { LAR_LAYER_PAD, { 3, 4, 5 }, { 0 }, { 0 }, { 1, 4, 2 }, { 2, 0, 5 }, LAR_BORDER_CIRCULAR, 0 },
    { LAR_LAYER_ELU, { 3, 5, 7 }, { 0 }, { 0 }, { 0 }, { 0 }, 0, 0.75 },
    { LAR_LAYER_GELU, { 3, 5, 7 }, { 0 }, { 0 }, { 0 }, { 0 }, 0, 0 },
    { LAR_LAYER_SIGMOID, { 3, 5, 7 }, { 0 }, { 0 }, { 0 }, { 0 }, 0, 0 },
    { LAR_LAYER_SOFTMAX, { 3, 5, 7 }, { 0 }, { 0 }, { 0 }, { 0 }, 0, 0 },
};
enum { SHAPES = sizeof shapes / sizeof *shapes, COUNT = 3 };

static const int64_t first_three[COUNT] = { 0, 1, 2 };
static const int64_t spread_out[COUNT] = { 2, 9, 23 }; /* over two blocks of 16, or three of 8 */

static lar_layer layer_of(const shape *s, int64_t batch, int64_t channels, int block,
                          lar_precision type)
{
    lar_layer l = { .kind = s->kind, .border = s->border, .alpha = s->alpha, .count = COUNT };
    int64_t voxels = 1, out_voxels = 1;
    for (int a = 0; a < 3; a++) {
        l.size[a] = s->size[a];
        l.kernel[a] = s->kernel[a];
        l.stride[a] = s->stride[a];
        l.padding[a] = s->padding[a];
        if (s->kind == LAR_LAYER_MAX_POOL || s->kind == LAR_LAYER_MEAN_POOL) {
            const int64_t left = s->size[a] - s->kernel[a];
            l.out_size[a] = (left + s->stride[a] - 1) / s->stride[a] + 1;
            /* the last window begins inside */
            if ((l.out_size[a] - 1) * s->stride[a] >= s->size[a]) l.out_size[a]--;
        } else if (s->kind == LAR_LAYER_NEAREST || s->kind == LAR_LAYER_LINEAR) {
            l.out_size[a] = s->size[a] * s->stride[a];
        } else {
            l.out_size[a] = s->size[a] + s->padding[a] + s->after[a];
        }
        voxels *= l.size[a];
        out_voxels *= l.out_size[a];
    }
    l.in = (lar_layout){ batch, channels, voxels, block, type };
    l.out = (lar_layout){ batch, channels, out_voxels, block, type };
    l.position = channels >= 24 ? spread_out : first_three;
    return l;
}

/* ---- twins ----------------------------------------------------------------------------- */

/* Vector code rounds after each step, the twin once: sums of at most 210 voxels with weights that
 * sum to at most `gain`, or a chain of some twenty operations on numbers below 8. In bfloat16 both
 * are rounded once more, which may differ by one step, 2^-7. */
static void near(const lar_layout *l, const void *fast, const void *plain, double tolerance)
{
    for (int64_t n = 0; n < lar_layout_count(l); n++) {
        const double x = (double)voxel_at(l->type, fast, n),
                     y = (double)voxel_at(l->type, plain, n);
        CHECK_NEAR(x, y, tolerance + (l->type == LAR_BFLOAT16 ? 0x1p-7 * fabs(y) : 0));
    }
}

static bool exact(const shape *s)
{
    return s->kind == LAR_LAYER_MAX_POOL || s->kind == LAR_LAYER_PAD ||
           s->kind == LAR_LAYER_NEAREST || s->kind == LAR_LAYER_DROPOUT;
}

static void twins(const lar_layer *l, bool bits)
{
    /* quarters: ties in every window */
    void *in = bits ? quarters(&l->in, 1) : normals(&l->in, 1);
    void *dout = bits ? quarters(&l->out, 2) : normals(&l->out, 2);
    void *out[3], *din[3];
    for (int b = 0; b < 3; b++) {
        out[b] = tensor_new(&l->out);
        din[b] = tensor_new(&l->in);
        lar_threads_set(b == 2 ? 3 : 1);
        const bool reads_in = lar_layer_needs_input(l->kind);
        const bool reads_out = lar_layer_needs_output(l->kind);
        (b == 1 ? lar_plain_layer_forward : lar_blocked_layer_forward)(l, in, out[b]);
        (b == 1 ? lar_plain_layer_backward : lar_blocked_layer_backward)(
            l, reads_in ? in : NULL, reads_out ? out[b] : NULL, dout, din[b]);
    }
    lar_threads_set(0);
    if (bits) {
        same_tensor(&l->out, out[0], out[1]);
        same_tensor(&l->in, din[0], din[1]);
    } else {
        near(&l->out, out[0], out[1], 32 * 8 * 0x1p-24);
        near(&l->in, din[0], din[1], 32 * 16 * 0x1p-24);
    }
    assert_memory_equal(out[0], out[2], lar_layout_bytes(&l->out));
    assert_memory_equal(din[0], din[2], lar_layout_bytes(&l->in));
    for (int b = 0; b < 3; b++) {
        lar_free(out[b]);
        lar_free(din[b]);
    }
    lar_free(in);
    lar_free(dout);
}

static void layers_are_their_twins(void **state)
{
    (void)state;
    for (int kind = 0; lar_values_kind(kind); kind++)
        for (int s = 0; s < SHAPES; s++)
            for (int block = 8; block <= 16; block *= 2)
                for (int type = 0; type < 2; type++)
                    for (int blocks = 1; blocks <= 3; blocks += 2) {
                        const lar_layer l = layer_of(&shapes[s], 4 - blocks, blocks * block, block,
                                                     (lar_precision)type);
                        lar_values_choose(lar_values_kind(kind));
                        twins(&l, exact(&shapes[s]));
                    }
    lar_values_choose(NULL);
}

/* ---- PyTorch --------------------------------------------------------------------------- */

static const float *golden(const lar_safetensors *file, int number, const char *what, int64_t count)
{
    char name[32];
    snprintf(name, sizeof name, "%d.%s", number, what);
    const lar_safetensor *t = lar_safetensors_find(file, name);
    int64_t stored = 1;
    assert_non_null(t);
    for (int d = 0; d < t->dims; d++) stored *= t->size[d];
    assert_int_equal(stored, count);
    return t->data;
}

/* As tests/golden/make_layers.py has stored it; both sides round to float32 once, values are below
 * 8 and gradients, sums of a few, below 32. */
static void layers_are_those_of_pytorch(void **state)
{
    lar_safetensors *file;
    (void)state;
    CHECK_OK(lar_safetensors_read(&file, TEST_SOURCE "/tests/golden/layers.safetensors"));
    for (int s = 0; s < SHAPES; s++) {
        const lar_layer l = layer_of(&shapes[s], 1, COUNT, 1, LAR_FLOAT32);
        const int64_t ins = lar_layout_count(&l.in), outs = lar_layout_count(&l.out);
        const float *in = golden(file, s, "in", ins);
        float *out = tensor_new(&l.out), *din = tensor_new(&l.in);
        lar_plain_layer_forward(&l, in, out);
        lar_plain_layer_backward(&l, in, out, golden(file, s, "dout", outs), din);
        for (int64_t n = 0; n < outs; n++)
            CHECK_NEAR(out[n], golden(file, s, "out", outs)[n], 8 * 0x1p-23);
        for (int64_t n = 0; n < ins; n++)
            CHECK_NEAR(din[n], golden(file, s, "din", ins)[n], 32 * 0x1p-23);
        lar_free(out);
        lar_free(din);
    }
    lar_safetensors_free(file);
}

/* ---- finite differences ---------------------------------------------------------------- */

static double loss_of(const lar_layer *l, const float *in, float *out, const float *dout)
{
    double sum = 0;
    lar_plain_layer_forward(l, in, out);
    for (int64_t n = 0; n < lar_layout_count(&l->out); n++) sum += (double)out[n] * (double)dout[n];
    return sum;
}

/* Central differences of the twin in float32: a step of 2^-6 costs the third derivative, at most
 * 2 * step^2 / 6 = 8e-5 here, and the rounding of outputs, 2^-24 * 4 a voxel over the step, 1e-5
 * for the few that a value reaches. Numbers are distinct, so that no maximum changes hands. */
static void gradients_are_differences(void **state)
{
    (void)state;
    for (int s = 0; s < SHAPES; s++) {
        const float step = 0x1p-6f;
        const lar_layer l = layer_of(&shapes[s], 1, COUNT, 1, LAR_FLOAT32);
        const int64_t count = lar_layout_count(&l.in);
        float *in = tensor_new(&l.in), *out = tensor_new(&l.out), *din = tensor_new(&l.in);
        float *dout = normals(&l.out, 2);
        /* multiples of four steps in a shuffled order: distinct, and none is 0 */
        int64_t *order = lar_alloc(count, sizeof *order);
        assert_non_null(order);
        lar_random_order(order, count, 3, 1);
        for (int64_t n = 0; n < count; n++)
            in[n] = ((float)order[n] - (float)(count / 2) + 0.5f) * 4 * step / 4;
        for (int64_t n = 0; n < count && l.kind == LAR_LAYER_MAX_POOL; n++) in[n] *= 4;
        lar_plain_layer_forward(&l, in, out);
        lar_plain_layer_backward(&l, in, out, dout, din);
        for (int64_t n = 0; n < count; n++) {
            const float at = in[n];
            in[n] = at + step;
            const double high = loss_of(&l, in, out, dout);
            in[n] = at - step;
            const double low = loss_of(&l, in, out, dout);
            in[n] = at;
            /* an ELU has a corner at 0 */
            if (l.kind == LAR_LAYER_ELU && fabsf(at) <= step) continue;
            CHECK_NEAR((high - low) / (2 * (double)step), din[n], 5e-4);
        }
        lar_free(order);
        lar_free(in);
        lar_free(out);
        lar_free(din);
        lar_free(dout);
    }
}

/* ---- functions ------------------------------------------------------------------------- */

/* Against the C library in double, over all that float can tell apart from the limits. ELU and
 * sigmoid: 1e-6 of the value. GELU, and its gradient, which is a sum that crosses 0: 1e-6 of the
 * larger summand. Below, where float ends: 1e-30. */
static void functions_are_accurate(void **state)
{
    enum { POINTS = 1 << 16 };
    static const lar_layer_kind kinds[3] = { LAR_LAYER_ELU, LAR_LAYER_GELU, LAR_LAYER_SIGMOID };
    const double root = sqrt(2 * acos(-1));
    (void)state;
    for (int k = 0; k < 3; k++) {
        const lar_layer l = { .kind = kinds[k],
                              .in = { 1, 16, POINTS / 16, 16, LAR_FLOAT32 },
                              .out = { 1, 16, POINTS / 16, 16, LAR_FLOAT32 },
                              .alpha = 1 };
        float *in = tensor_new(&l.in), *out = tensor_new(&l.in), *din = tensor_new(&l.in);
        float *one = tensor_new(&l.in);
        for (int n = 0; n < POINTS; n++) {
            in[n] = (float)(n - POINTS / 2) / (POINTS / 2) * 30;
            if (n % 7 == 0) in[n] *= 1e-4f;
            one[n] = 1;
        }
        lar_blocked_layer_forward(&l, in, out);
        lar_blocked_layer_backward(&l, in, out, one, din);
        for (int n = 0; n < POINTS; n++) {
            const double x = (double)in[n], below = erfc(-x / sqrt(2)) / 2;
            const double bell = exp(-x * x / 2) / root;
            double y, dy, size;
            if (k == 0) {
                y = x > 0 ? x : expm1(x);
                size = dy = x > 0 ? 1 : exp(x);
            } else if (k == 1) {
                y = x * below;
                dy = below + x * bell;
                size = below + fabs(x) * bell;
            } else {
                y = 1 / (1 + exp(-x));
                dy = (double)out[n] * (1 - (double)out[n]); /* of the output as it was rounded */
                size = fmax(dy, 0x1p-24);
            }
            CHECK_NEAR(out[n], y, 1e-6 * fabs(y) + 1e-30);
            CHECK_NEAR(din[n], dy, 1e-6 * size + 1e-30);
        }
        lar_free(in);
        lar_free(out);
        lar_free(din);
        lar_free(one);
    }
}

/* Far out, and what is not finite. */
static void functions_have_limits(void **state)
{
    enum { POINTS = 6 };
    static const float in[POINTS] = { -INFINITY, -1e30f, -100, 100, 1e30f, INFINITY };
    static const float out[3][POINTS] = { { -1, -1, -1, 100, 1e30f, INFINITY },
                                          { 0, 0, 0, 100, 1e30f, INFINITY },
                                          { 0, 0, 0, 1, 1, 1 } };
    static const lar_layer_kind kinds[3] = { LAR_LAYER_ELU, LAR_LAYER_GELU, LAR_LAYER_SIGMOID };
    (void)state;
    for (int k = 0; k < 3; k++) {
        const lar_layer l = { .kind = kinds[k],
                              .in = { 1, 8, 1, 8, LAR_FLOAT32 },
                              .out = { 1, 8, 1, 8, LAR_FLOAT32 },
                              .alpha = 1 };
        float x[8] = { 0 }, y[8], one[8], dx[8];
        for (int n = 0; n < 8; n++) x[n] = n < POINTS ? in[n] : NAN;
        for (int n = 0; n < 8; n++) one[n] = 1;
        lar_blocked_layer_forward(&l, x, y);
        lar_blocked_layer_backward(&l, x, y, one, dx);
        for (int n = 0; n < POINTS; n++) {
            CHECK_NEAR(y[n] == out[k][n] ? 0 : y[n] - out[k][n], 0, 1e-30);
            CHECK_NEAR(dx[n], n < 3 || k == 2 ? 0 : 1, 1e-30);
        }
        assert_true(isnan(y[6]) && isnan(y[7]));
    }
}

/* ---- dropout --------------------------------------------------------------------------- */

static float planar_mask(const lar_layer *l, const void *out, int64_t n, int64_t j, int64_t v)
{
    return voxel_at(l->in.type, out, voxel_index(&l->in, n, l->position[j], v));
}

/* The same values are dropped whatever the block, the precision, the place of channels and the
 * direction; about as many as asked; independently of the neighbours. */
static void dropout_is_a_function_of_its_index(void **state)
{
    (void)state;
    for (int whole = 0; whole < 2; whole++) {
        const double alpha = 0.25;
        const int64_t voxels = whole ? 3 : 5000;
        lar_layer first = { .kind = LAR_LAYER_DROPOUT,
                            .in = { 40, 48, voxels, 16, LAR_FLOAT32 },
                            .alpha = alpha,
                            .seed = 5,
                            .stream = 7,
                            .whole = whole,
                            .position = spread_out,
                            .count = COUNT };
        if (!whole) first.in.batch = 2;
        first.out = first.in;
        float *ones = tensor_new(&first.in), *mask = tensor_new(&first.in);
        for (int64_t n = 0; n < lar_layout_count(&first.in); n++) ones[n] = 1;
        lar_blocked_layer_forward(&first, ones, mask);
        double dropped = 0, pairs = 0, tried = 0;
        for (int64_t n = 0; n < first.in.batch; n++)
            for (int64_t j = 0; j < COUNT; j++)
                for (int64_t v = 0; v < voxels; v++) {
                    const float m = planar_mask(&first, mask, n, j, v);
                    assert_true(m == 0 || m == (float)(1 / 0.75));
                    if (whole && v > 0) {
                        assert_true(m == planar_mask(&first, mask, n, j, 0));
                        continue;
                    }
                    const float next = whole || v + 1 == voxels
                                           ? planar_mask(&first, mask, n, (j + 1) % COUNT, v)
                                           : planar_mask(&first, mask, n, j, v + 1);
                    dropped += m == 0;
                    pairs += m == 0 && next == 0;
                    tried++;
                }
        /* five standard deviations of a binomial */
        CHECK_NEAR(dropped, tried * alpha, 5 * sqrt(tried * alpha * (1 - alpha)));
        CHECK_NEAR(pairs, tried * alpha * alpha, 5 * sqrt(tried * alpha * alpha));

        lar_layer other = first;
        other.in = other.out = (lar_layout){ first.in.batch, 8, first.in.voxels, 8, LAR_BFLOAT16 };
        other.position = first_three;
        uint16_t *dones = tensor_new(&other.in), *again = tensor_new(&other.in);
        for (int64_t n = 0; n < lar_layout_count(&other.in); n++) dones[n] = bfloat16_from_float(1);
        lar_blocked_layer_backward(&other, NULL, NULL, dones, again);
        for (int64_t n = 0; n < first.in.batch; n++)
            for (int64_t j = 0; j < COUNT; j++)
                for (int64_t v = 0; v < voxels; v++)
                    assert_int_equal(planar_mask(&first, mask, n, j, v) == 0,
                                     planar_mask(&other, again, n, j, v) == 0);
        twins(&first, true);
        twins(&other, true);
        lar_free(ones);
        lar_free(mask);
        lar_free(dones);
        lar_free(again);
    }
}

/* Short of memory, the twin does what needs none. */
static void memory_may_be_short(void **state)
{
    const lar_layer l = layer_of(&shapes[8], 1, 16, 16, LAR_FLOAT32);
    void *in = quarters(&l.in, 1), *out[2] = { tensor_new(&l.out), tensor_new(&l.out) };
    (void)state;
    lar_blocked_layer_forward(&l, in, out[0]);
    for (int64_t n = 1; n <= 18; n++) {
        lar_alloc_fail_at(n, false);
        lar_blocked_layer_forward(&l, in, out[1]);
        lar_alloc_fail_at(0, false);
        near(&l.out, out[1], out[0], 32 * 8 * 0x1p-24);
    }
    lar_free(in);
    lar_free(out[0]);
    lar_free(out[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_are_their_twins),
        cmocka_unit_test(layers_are_those_of_pytorch),
        cmocka_unit_test(gradients_are_differences),
        cmocka_unit_test(functions_are_accurate),
        cmocka_unit_test(functions_have_limits),
        cmocka_unit_test(dropout_is_a_function_of_its_index),
        cmocka_unit_test(memory_may_be_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
