/* Lines of convolutions in one tensor: which go in place, what that saves, and that they agree with
 * the plain backend, which has no such thing, on volumes of any size.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "check.h"
#include "math/math.h"
#include "net/plan.h"

static lar_network_params line(int norm, int activation, int64_t channels)
{
    lar_network_params p = lar_network_default();
    while (!lar_text_is(lar_models[p.name].name, "meshnet")) p.name++;
    p.channels = channels;
    p.dilations = (lar_ints){ 5, { 16, 8, 4, 2, 1 } };
    p.norm = norm;
    p.plain = norm == LAR_NORMS_INSTANCE;
    p.activation = activation;
    p.groups = 3;
    return p;
}

static lar_plan *plan_of(lar_net *net, const int64_t size[3], lar_precision type, int mode,
                         const char *backend)
{
    lar_plan *plan;
    const lar_plan_params params = { .batch = 2,
                                     .size = { size[0], size[1], size[2] },
                                     .mode = mode,
                                     .precision = type,
                                     .backend = backend };
    CHECK_OK(lar_plan_new(&plan, net, &params));
    return plan;
}

static int64_t voxels_of(const int64_t size[3])
{
    return size[0] * size[1] * size[2];
}

/* Both samples, both outputs. */
static float *predict(lar_plan *plan, const int64_t size[3])
{
    const int64_t voxels = voxels_of(size);
    float *in = lar_alloc(voxels, sizeof *in), *out = lar_alloc(4 * voxels, sizeof *out);
    assert_true(in && out);
    plan->poison = true;
    for (int n = 0; n < 2; n++) {
        for (int64_t v = 0; v < voxels; v++)
            in[v] = (float)lar_random_normal(1, (uint64_t)n, (uint64_t)v);
        CHECK_OK(lar_plan_load_input(plan, n, 0, in));
    }
    CHECK_OK(lar_plan_predict(plan));
    for (int64_t n = 0; n < 4; n++) CHECK_OK(lar_plan_output(plan, n / 2, n % 2, out + n * voxels));
    lar_free(in);
    return out;
}

static double distance(const float *a, const float *b, int64_t count)
{
    double square = 0, size = 0;
    for (int64_t n = 0; n < count; n++) {
        square += ((double)a[n] - (double)b[n]) * ((double)a[n] - (double)b[n]);
        size += (double)b[n] * (double)b[n];
    }
    return sqrt(square / size);
}

static int ops_of(const lar_plan *plan, plan_kind kind)
{
    int count = 0;
    for (int op = 0; op < plan->predict.op_count; op++) count += plan->predict.ops[op].kind == kind;
    return count;
}

static void a_line_needs_one_tensor(void **state)
{
    const int64_t size[3] = { 61, 47, 53 };
    (void)state;
    for (int type = 0; type < 2; type++) {
        lar_net *net;
        const lar_network_params p = line(LAR_NORMS_INSTANCE, LAR_GELU, 15);
        CHECK_OK(lar_network_build(&net, &p, 1, 2, 1));
        lar_plan *plan = plan_of(net, size, (lar_precision)type, LAR_PLAN_PREDICT, NULL);
        lar_plan *plain = plan_of(net, size, (lar_precision)type, LAR_PLAN_PREDICT, "plain");
        assert_int_equal(ops_of(plan, OP_CONV_IN_PLACE), 4);
        assert_int_equal(ops_of(plan, OP_CONV), 1);
        assert_int_equal(ops_of(plan, OP_STATISTICS), 1); /* of the first layer */
        assert_int_equal(ops_of(plan, OP_LAYER), 1);      /* before the head */
        assert_int_equal(ops_of(plain, OP_CONV_IN_PLACE), 0);
        const plan_schedule *s = &plan->predict;
        int large = 0;
        size_t tensor = 0;
        for (int t = 0; t < s->tensor_count; t++) {
            const lar_layout *l = &s->tensors[t].layout;
            if (s->tensors[t].pinned || l->channels == 0) continue;
            large += s->tensors[t].root == t;
            tensor = lar_layout_bytes(l);
        }
        assert_int_equal(large, 1);
        assert_true(tensor > 0);
        /* the rest: slabs of two threads, some rows, and the volumes of input, output, target */
        const size_t volumes = (size_t)(voxels_of(size) * 2 * 9) * sizeof(float);
        const size_t slabs = (size_t)lar_threads_get() * (4 << 20);
        assert_true(lar_plan_bytes(plan) < tensor + tensor / 4 + volumes + slabs);
        lar_plan_free(plan);
        lar_plan_free(plain);
        lar_net_free(net);
    }
}

static void as_the_plain_backend(void **state)
{
    static const int64_t sizes[][3] = { { 23, 19, 35 }, { 5, 3, 2 },  { 1, 9, 31 },
                                        { 33, 1, 7 },   { 2, 37, 1 }, { 40, 17, 16 } };
    static const struct {
        int norm, activation;
        int64_t channels;
    } kinds[] = { { LAR_NORMS_INSTANCE, LAR_GELU, 15 },
                  { LAR_NORMS_GROUP, LAR_ELU, 6 },
                  { LAR_NORMS_INSTANCE, LAR_RELU, 20 },
                  { LAR_NORMS_BATCH, LAR_GELU, 3 },
                  { LAR_NORMS_NONE, LAR_ELU, 16 } };
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (int type = 0; type < 2; type++) {
                lar_net *net;
                const lar_network_params p =
                    line(kinds[k].norm, kinds[k].activation, kinds[k].channels);
                if (k > 0 && s > 1) continue;
                CHECK_OK(lar_network_build(&net, &p, 1, 2, 1));
                lar_plan *plan =
                    plan_of(net, sizes[s], (lar_precision)type, LAR_PLAN_PREDICT, NULL);
                lar_plan *plain = plan_of(net, sizes[s], LAR_FLOAT32, LAR_PLAN_PREDICT, "plain");
                /* known norms and biases are written by the convolution before them */
                assert_int_equal(ops_of(plan, OP_CONV_IN_PLACE), k < 3 ? 4 : 0);
                float *a = predict(plan, sizes[s]), *b = predict(plain, sizes[s]);
                const double off = distance(a, b, 4 * voxels_of(sizes[s]));
                /* norms of few voxels make much of little: the smallest volumes are furthest off */
                const double asked = type == LAR_BFLOAT16 ? 0.1 : 1e-5;
                if (!(off < asked))
                    fail_msg("%.2e off: kind %zu, size %zu, %s", off, k, s,
                             lar_precision_names[type]);
                lar_free(a);
                lar_free(b);
                lar_plan_free(plan);
                lar_plan_free(plain);
                lar_net_free(net);
            }
}

/* A plan for training predicts with all tensors there. */
static void as_a_plan_for_training(void **state)
{
    const int64_t size[3] = { 23, 19, 35 };
    lar_net *net;
    const lar_network_params p = line(LAR_NORMS_INSTANCE, LAR_GELU, 15);
    (void)state;
    CHECK_OK(lar_network_build(&net, &p, 1, 2, 1));
    lar_plan *plan = plan_of(net, size, LAR_FLOAT32, LAR_PLAN_PREDICT, NULL);
    lar_plan *train = plan_of(net, size, LAR_FLOAT32, LAR_PLAN_TRAIN, NULL);
    assert_int_equal(ops_of(train, OP_CONV_IN_PLACE), 0);
    assert_true(lar_plan_bytes(plan) < lar_plan_bytes(train));
    float *a = predict(plan, size), *b = predict(train, size);
    assert_true(distance(a, b, 4 * voxels_of(size)) < 1e-5);
    lar_free(a);
    lar_free(b);
    lar_plan_free(plan);
    lar_plan_free(train);
    lar_net_free(net);
}

/* Where another layer reads a tensor, nothing takes its place. */
static void what_others_read_stays(void **state)
{
    const int64_t size[3] = { 9, 8, 7 };
    const lar_conv_params conv = { .filters = 16,
                                   .kernel = { 3, 3, 3 },
                                   .stride = { 1, 1, 1 },
                                   .dilation = { 1, 1, 1 },
                                   .groups = 1 };
    const lar_norm_params norm = { .kind = LAR_NORM_INSTANCE, .plain = true };
    (void)state;
    for (int shared = 0; shared < 2; shared++) {
        lar_net *net;
        CHECK_OK(lar_net_new(&net));
        const lar_node first = lar_net_conv(net, lar_net_input(net, 1), "first", &conv);
        const lar_node gelu =
            lar_net_activation(net, lar_net_norm(net, first, "norm", &norm), LAR_LAYER_GELU, 0);
        const lar_node second = lar_net_conv(net, gelu, "second", &conv);
        const lar_node sum = shared ? lar_net_add(net, second, gelu) : second;
        lar_net_output(net, lar_net_linear(net, sum, "last", 2));
        CHECK_OK(lar_net_finish(net, 1));
        lar_plan *plan = plan_of(net, size, LAR_FLOAT32, LAR_PLAN_PREDICT, NULL);
        lar_plan *plain = plan_of(net, size, LAR_FLOAT32, LAR_PLAN_PREDICT, "plain");
        assert_int_equal(ops_of(plan, OP_CONV_IN_PLACE), shared ? 0 : 1);
        float *a = predict(plan, size), *b = predict(plain, size);
        const double off = distance(a, b, 4 * voxels_of(size));
        if (off > 1e-5) fail_msg("%.2e off, shared %d", off, shared);
        lar_free(a);
        lar_free(b);
        lar_plan_free(plan);
        lar_plan_free(plain);
        lar_net_free(net);
    }
}

/* Where no target will come there is no room for one. */
static void without_targets(void **state)
{
    const int64_t size[3] = { 23, 19, 35 };
    float *volume = lar_alloc(voxels_of(size), sizeof *volume);
    lar_net *net;
    lar_plan *with, *without;
    double loss;
    const lar_network_params p = line(LAR_NORMS_INSTANCE, LAR_GELU, 15);
    lar_plan_params params = { .batch = 2, .size = { 23, 19, 35 }, .mode = LAR_PLAN_PREDICT };
    (void)state;
    assert_non_null(volume);
    CHECK_OK(lar_network_build(&net, &p, 1, 2, 1));
    CHECK_OK(lar_plan_new(&with, net, &params));
    params.no_target = true;
    CHECK_OK(lar_plan_new(&without, net, &params));
    const size_t target = (size_t)(4 * voxels_of(size)) * sizeof(float);
    assert_int_equal(lar_plan_bytes(with) - lar_plan_bytes(without), (target + 63) / 64 * 64);
    float *a = predict(with, size), *b = predict(without, size);
    assert_memory_equal(a, b, target);
    CHECK_FAILS(lar_plan_load_target(without, 0, 0, volume), LAR_EARGUMENT, "without targets");
    CHECK_FAILS(lar_plan_loss(without, &loss), LAR_EARGUMENT, "without targets");
    lar_free(a);
    lar_free(b);
    lar_free(volume);
    lar_plan_free(with);
    lar_plan_free(without);
    lar_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_needs_one_tensor), cmocka_unit_test(as_the_plain_backend),
        cmocka_unit_test(as_a_plan_for_training),  cmocka_unit_test(what_others_read_stays),
        cmocka_unit_test(without_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
