/* The gradient of every tensor of weights against finite differences, along itself and along a
 * random direction, and what accumulation promises. SPDX-License-Identifier: Apache-2.0 */
#include "slopes.h"

static void slopes(const char *backend, const lar_network_params *network, int loss)
{
    setup s;
    const lar_plan_params params = {
        .batch = 2, .size = { 7, 6, 5 }, .mode = LAR_PLAN_TRAIN, .loss = loss, .backend = backend
    };
    CHECK_OK(lar_network_build(&s.net, network, 2, 2, 3));
    check_gradients(&s, &params, 2, 2, NULL);
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
    const lar_conv_params inner = { .filters = 4, .kernel = { 3, 3, 3 } };
    const lar_norm_params batch = { .gamma = 1 };
    (void)state;
    for (int b = 0; b < 2; b++) {
        setup s;
        CHECK_OK(lar_net_new(&s.net));
        const lar_node in = lar_net_norm(s.net, lar_net_input(s.net, 2), "in", &batch);
        const lar_node a = lar_net_conv(s.net, in, "a", &inner);
        const lar_node n = lar_net_norm(s.net, a, "an", &batch);
        const lar_node r = lar_net_relu(s.net, n); /* n has two more readers */
        const lar_node c = lar_net_conv(s.net, r, "c", &inner);
        const lar_node sum = lar_net_add(s.net, lar_net_add(s.net, c, n), lar_net_add(s.net, r, a));
        const lar_node m = lar_net_relu(s.net, lar_net_norm(s.net, sum, "m", &batch));
        const lar_node d = lar_net_conv(s.net, m, "d", &inner);
        const lar_node twice =
            lar_net_norm(s.net, lar_net_norm(s.net, d, "d1", &batch), "d2", &batch);
        const lar_node e = lar_net_add(s.net, twice, twice);
        const lar_conv_params last = { .filters = 1, .kernel = { 1, 1, 1 }, .bias = true };
        lar_net_output(s.net, lar_net_conv(s.net, lar_net_add(s.net, e, n), "last", &last));
        CHECK_OK(lar_net_finish(s.net, 1));
        const lar_plan_params params = {
            .batch = 2, .size = { 6, 5, 4 }, .mode = LAR_PLAN_TRAIN, .backend = b ? "plain" : NULL
        };
        check_gradients(&s, &params, 2, 1, "d1"); /* what a norm undoes has no slope */
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
