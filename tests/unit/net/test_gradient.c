/* The gradient of every tensor of weights against finite differences, along itself and along a
 * random direction, and what accumulation promises. SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"
#include "net/net.h"

typedef struct setup {
    lar_net *net;
    lar_plan *plan;
} setup;

/* Weights that are all in use: gammas are not zero, biases neither. */
static void stir(lar_net *net)
{
    int64_t count;
    const lar_net_param *params = lar_net_params(net, &count);
    for (int64_t n = 0; n < count; n++)
        for (int64_t w = 0; w < params[n].count && params[n].dims == 1 && !params[n].running; w++)
            lar_net_weights(net)[params[n].offset + w] +=
                (float)(0.5 + 0.3 * lar_random_normal(5, (uint64_t)n, (uint64_t)w));
}

static void load(lar_plan *plan, const int64_t size[3], int64_t batch, int64_t inputs,
                 int64_t outputs, uint64_t seed)
{
    const int64_t voxels = size[0] * size[1] * size[2];
    float *volume = lar_alloc(voxels, sizeof *volume);
    assert_non_null(volume);
    for (int64_t n = 0; n < batch; n++)
        for (int64_t c = 0; c < inputs + outputs; c++) {
            for (int64_t v = 0; v < voxels; v++)
                volume[v] = (float)lar_random_normal(seed, (uint64_t)(n * 16 + c), (uint64_t)v);
            if (c < inputs)
                CHECK_OK(lar_plan_load_input(plan, n, c, volume));
            else
                CHECK_OK(lar_plan_load_target(plan, n, c - inputs, volume));
        }
    lar_free(volume);
}

static double loss_along(const setup *s, const lar_net_param *p, const double *direction, double h)
{
    float *w = lar_net_weights(s->net) + p->offset;
    float *kept = lar_alloc(p->count, sizeof *kept);
    double loss;
    assert_non_null(kept);
    memcpy(kept, w, (size_t)p->count * sizeof *w);
    for (int64_t n = 0; n < p->count; n++) w[n] = (float)((double)w[n] + h * direction[n]);
    CHECK_OK(lar_plan_step(s->plan, 1, false, &loss));
    memcpy(w, kept, (size_t)p->count * sizeof *w);
    lar_free(kept);
    return loss;
}

static void check_tensor(const setup *s, const lar_net_param *p, const float *gradient)
{
    double *direction = lar_alloc(p->count, sizeof *direction);
    double length = 0;
    assert_non_null(direction);
    for (int64_t n = 0; n < p->count; n++) length += pow((double)gradient[p->offset + n], 2);
    length = sqrt(length);
    assert_true(length > 1e-4);
    for (int random = 0; random < 2; random++) {
        double expected = 0, norm = 0;
        for (int64_t n = 0; n < p->count; n++) {
            direction[n] = random ? lar_random_normal(9, (uint64_t)p->offset, (uint64_t)n)
                                  : (double)gradient[p->offset + n];
            norm += direction[n] * direction[n];
        }
        for (int64_t n = 0; n < p->count; n++) {
            direction[n] /= sqrt(norm);
            expected += direction[n] * (double)gradient[p->offset + n];
        }
        /* float32 outputs: smaller steps drown in rounding, larger ones cross kinks of the ReLU */
        const double h = 1e-3;
        const double found =
            (loss_along(s, p, direction, h) - loss_along(s, p, direction, -h)) / (2 * h);
        if (!(fabs(found - expected) <= 0.01 * length + 1e-3))
            fail_msg("%s: slope %g, gradient says %g (length %g)", p->name, found, expected,
                     length);
    }
    lar_free(direction);
}

static void slopes(const char *backend, const lar_network_params *network, int loss)
{
    const int64_t size[3] = { 7, 6, 5 };
    setup s;
    double value;
    int64_t count;
    CHECK_OK(lar_network_build(&s.net, network, 2, 2, 3));
    stir(s.net);
    const lar_plan_params params = {
        .batch = 2, .size = { 7, 6, 5 }, .mode = LAR_PLAN_TRAIN, .loss = loss, .backend = backend
    };
    CHECK_OK(lar_plan_new(&s.plan, s.net, &params));
    load(s.plan, size, 2, 2, 2, 1);
    CHECK_OK(lar_plan_step(s.plan, 1, false, &value));
    float *gradient = lar_alloc(lar_net_weight_count(s.net), sizeof *gradient);
    assert_non_null(gradient);
    memcpy(gradient, lar_net_gradients(s.net),
           (size_t)lar_net_weight_count(s.net) * sizeof *gradient);
    const lar_net_param *list = lar_net_params(s.net, &count);
    for (int64_t n = 0; n < count; n++)
        if (!list[n].running) check_tensor(&s, &list[n], gradient);
    lar_free(gradient);
    lar_plan_free(s.plan);
    lar_net_free(s.net);
}

static void every_layer(void **state)
{
    (void)state;
    for (int n = 0; n < 8; n++) {
        lar_network_params network = lar_network_default();
        network.channels = 3;
        network.blocks = n == 0 ? 4 : 1; /* deep enough that a sum is kept */
        network.order = n & 1;
        network.final = n >> 1 & 1;
        for (int b = 0; b < 2; b++) slopes(b ? "plain" : NULL, &network, n >> 2 & 1);
    }
}

/* A graph that no model builds: shared values, a norm of a sum, ReLU twice, a norm of the input. */
static void any_graph(void **state)
{
    const int64_t size[3] = { 6, 5, 4 };
    const lar_conv_params inner = { .filters = 4, .kernel = { 3, 3, 3 } };
    const lar_norm_params batch = { .gamma = 1 };
    (void)state;
    for (int b = 0; b < 2; b++) {
        setup s;
        double value;
        int64_t count;
        CHECK_OK(lar_net_new(&s.net));
        const lar_node in = lar_net_norm(s.net, lar_net_input(s.net, 2), "in", &batch);
        const lar_node a = lar_net_conv(s.net, in, "a", &inner);
        const lar_node n = lar_net_norm(s.net, a, "an", &batch);
        const lar_node r = lar_net_relu(s.net, n); /* n has two more readers */
        const lar_node c = lar_net_conv(s.net, r, "c", &inner);
        const lar_node sum = lar_net_add(s.net, lar_net_add(s.net, c, n), lar_net_add(s.net, r, a));
        const lar_node m = lar_net_relu(s.net, lar_net_norm(s.net, sum, "m", &batch));
        const lar_node d = lar_net_conv(s.net, m, "d", &inner);
        const lar_node twice = lar_net_norm(s.net, lar_net_norm(s.net, d, "d1", &batch), "d2", &batch);
        const lar_node e = lar_net_add(s.net, twice, twice);
        const lar_conv_params last = { .filters = 1, .kernel = { 1, 1, 1 }, .bias = true };
        lar_net_output(s.net, lar_net_conv(s.net, lar_net_add(s.net, e, n), "last", &last));
        CHECK_OK(lar_net_finish(s.net, 1));
        stir(s.net);
        const lar_plan_params params = {
            .batch = 2, .size = { 6, 5, 4 }, .mode = LAR_PLAN_TRAIN, .backend = b ? "plain" : NULL
        };
        CHECK_OK(lar_plan_new(&s.plan, s.net, &params));
        load(s.plan, size, 2, 2, 1, 2);
        CHECK_OK(lar_plan_step(s.plan, 1, false, &value));
        float *gradient = lar_alloc(lar_net_weight_count(s.net), sizeof *gradient);
        assert_non_null(gradient);
        memcpy(gradient, lar_net_gradients(s.net),
               (size_t)lar_net_weight_count(s.net) * sizeof *gradient);
        const lar_net_param *list = lar_net_params(s.net, &count);
        for (int64_t p = 0; p < count; p++) /* a bias before a norm has no slope */
            if (!list[p].running && !lar_text_is(list[p].name, "d1.bias") &&
                !lar_text_is(list[p].name, "d1.weight"))
                check_tensor(&s, &list[p], gradient);
        lar_free(gradient);
        lar_plan_free(s.plan);
        lar_net_free(s.net);
    }
}

/* Two batches of unequal shapes, each with half the weight: the mean of their gradients. */
static void accumulation_is_a_sum(void **state)
{
    const int64_t sizes[2][3] = { { 7, 6, 5 }, { 8, 4, 9 } };
    const lar_network_params network = lar_network_default();
    lar_net *net;
    lar_plan *plans[2];
    float *gradients[2];
    double loss;
    (void)state;
    CHECK_OK(lar_network_build(&net, &network, 1, 1, 3));
    stir(net);
    const int64_t count = lar_net_weight_count(net);
    for (int n = 0; n < 2; n++) {
        lar_plan_params params = { .batch = 1, .mode = LAR_PLAN_TRAIN };
        memcpy(params.size, sizes[n], sizeof sizes[n]);
        CHECK_OK(lar_plan_new(&plans[n], net, &params));
        load(plans[n], sizes[n], 1, 1, 1, (uint64_t)n);
        CHECK_OK(lar_plan_step(plans[n], 1, false, &loss));
        gradients[n] = lar_alloc(count, sizeof(float));
        assert_non_null(gradients[n]);
        memcpy(gradients[n], lar_net_gradients(net), (size_t)count * sizeof(float));
    }
    for (int n = 0; n < 2; n++) CHECK_OK(lar_plan_step(plans[n], 0.5, n > 0, &loss));
    for (int64_t w = 0; w < count; w++)
        CHECK_NEAR(lar_net_gradients(net)[w],
                   0.5 * ((double)gradients[0][w] + (double)gradients[1][w]),
                   1e-5 * (1 + fabs((double)gradients[0][w]) + fabs((double)gradients[1][w])));
    for (int n = 0; n < 2; n++) {
        lar_free(gradients[n]);
        lar_plan_free(plans[n]);
    }
    lar_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_layer), cmocka_unit_test(any_graph),
                                        cmocka_unit_test(accumulation_is_a_sum) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
