/* Gradients through every kind of layer, in networks of a few nodes, against finite differences:
 * whatever stands between two convolutions passes its gradient on.
 * SPDX-License-Identifier: Apache-2.0 */
#include "slopes.h"

static const lar_conv_params inner = { .filters = 5, .kernel = { 3, 3, 3 } };
static const int64_t twos[3] = { 2, 2, 2 }, mixed[3] = { 2, 1, 3 };

/* What is built between the first and the last convolution; smooth enough for differences. */
typedef lar_node (*middle)(lar_net *net, lar_node x, lar_node input);

static lar_node elu(lar_net *net, lar_node x, lar_node input)
{
    (void)input;
    return lar_net_activation(net, x, LAR_LAYER_ELU, 1);
}

static lar_node gelu(lar_net *net, lar_node x, lar_node input)
{
    (void)input;
    return lar_net_activation(net, x, LAR_LAYER_GELU, 0);
}

static lar_node sigmoid(lar_net *net, lar_node x, lar_node input)
{
    (void)input;
    return lar_net_activation(net, x, LAR_LAYER_SIGMOID, 0);
}

static lar_node softmax(lar_net *net, lar_node x, lar_node input)
{
    (void)input;
    return lar_net_activation(net, x, LAR_LAYER_SOFTMAX, 0);
}

static lar_node leaky(lar_net *net, lar_node x, lar_node input)
{
    const lar_norm_params norm = { .kind = LAR_NORM_INSTANCE, .gamma = 1 };
    (void)input;
    x = lar_net_leaky(net, lar_net_norm(net, x, "n", &norm), 0.2);
    return lar_net_leaky(net, lar_net_leaky(net, x, 0.5), 0.5); /* more than one term holds */
}

static lar_node group(lar_net *net, lar_node x, lar_node input)
{
    const lar_norm_params norm = { .kind = LAR_NORM_GROUP, .groups = 2, .gamma = 1 };
    const lar_norm_params plain = { .kind = LAR_NORM_INSTANCE, .plain = true };
    (void)input;
    x = lar_net_conv(net, x, "four", &(lar_conv_params){ .filters = 4 });
    x = lar_net_activation(net, lar_net_norm(net, x, "g", &norm), LAR_LAYER_GELU, 0);
    return lar_net_norm(net, x, "p", &plain);
}

static lar_node biased(lar_net *net, lar_node x, lar_node input)
{
    const lar_conv_params with = { .filters = 3, .kernel = { 3, 1, 1 }, .bias = true };
    (void)input;
    return lar_net_activation(net, lar_net_conv(net, x, "b", &with), LAR_LAYER_GELU, 0);
}

static lar_node max_pool(lar_net *net, lar_node x, lar_node input)
{
    const lar_node low = lar_net_pool(net, x, LAR_LAYER_MAX_POOL, twos, twos);
    return lar_net_upsample(net, low, input, LAR_LAYER_LINEAR, twos);
}

static lar_node mean_pool(lar_net *net, lar_node x, lar_node input)
{
    const lar_node low = lar_net_pool(net, x, LAR_LAYER_MEAN_POOL, mixed, mixed);
    return lar_net_upsample(net, low, input, LAR_LAYER_NEAREST, mixed);
}

static lar_node strided(lar_net *net, lar_node x, lar_node input)
{
    const lar_conv_params down = { .filters = 6, .kernel = { 3, 3, 3 }, .stride = { 2, 1, 3 } };
    const lar_conv_params up = {
        .filters = 4, .kernel = { 2, 1, 3 }, .stride = { 2, 1, 3 }, .bias = true
    };
    const lar_node low =
        lar_net_activation(net, lar_net_conv(net, x, "down", &down), LAR_LAYER_ELU, 1);
    return lar_net_activation(net, lar_net_upconv(net, low, input, "up", &up), LAR_LAYER_ELU, 1);
}

static lar_node concat(lar_net *net, lar_node x, lar_node input)
{
    const lar_conv_params seven = { .filters = 7, .kernel = { 1, 3, 1 } };
    const lar_norm_params norm = { .kind = LAR_NORM_BATCH, .gamma = 1 };
    const lar_node y = lar_net_conv(net, x, "seven", &seven);
    const lar_node both = lar_net_concat(net, lar_net_concat(net, y, input), x);
    return lar_net_norm(net, lar_net_add(net, both, both), "n", &norm);
}

static lar_node grouped(lar_net *net, lar_node x, lar_node input)
{
    const lar_conv_params six = { .filters = 6 };
    const lar_conv_params three = { .filters = 9, .kernel = { 3, 3, 3 }, .groups = 3 };
    const lar_conv_params wide = { .filters = 32, .dilation = { 1, 2, 1 }, .kernel = { 1, 3, 3 } };
    const lar_conv_params two = { .filters = 32, .kernel = { 1, 1, 3 }, .groups = 2 };
    (void)input;
    x = lar_net_conv(net, lar_net_conv(net, x, "six", &six), "three", &three);
    return lar_net_conv(net, lar_net_conv(net, x, "wide", &wide), "two", &two);
}

static lar_node padded(lar_net *net, lar_node x, lar_node input)
{
    static const char *const names[] = { "reflect", "replicate", "circular" };
    (void)input;
    for (int n = 0; n < 3; n++) {
        const lar_conv_params p = { .filters = 4,
                                    .kernel = { 3, 3, 3 },
                                    .padding = LAR_PAD_REFLECT + n };
        x = lar_net_conv(net, x, names[n], &p);
    }
    return x;
}

static lar_node dropped(lar_net *net, lar_node x, lar_node input)
{
    (void)input;
    return lar_net_dropout(net, lar_net_dropout(net, x, 0.3, false), 0.4, true);
}

static lar_node kernels(lar_net *net, lar_node x, lar_node input)
{
    const lar_conv_params w = { .filters = 4,
                                .kernel = { 3, 3, 3 },
                                .normalize = LAR_KERNEL_WEIGHT_NORM };
    (void)input;
    return lar_net_conv(net, x, "w", &w);
}

static lar_node pooled(lar_net *net, lar_node x, lar_node input)
{
    (void)input;
    x = lar_net_activation(net, x, LAR_LAYER_GELU, 0);
    return lar_net_linear(net, lar_net_global_pool(net, x), "linear", 6);
}

static void differences(middle build, bool head)
{
    static const char *const backends[] = { NULL, "plain" };
    for (int b = 0; b < 2; b++) {
        setup s;
        CHECK_OK(lar_net_new(&s.net));
        const lar_node input = lar_net_input(s.net, 2);
        const lar_node x = build(s.net, lar_net_conv(s.net, input, "first", &inner), input);
        const lar_conv_params last = { .filters = 2, .kernel = { head ? 1 : 3 }, .bias = head };
        lar_net_output(s.net, lar_net_conv(s.net, x, "last", &last));
        CHECK_OK(lar_net_finish(s.net, 1));
        const lar_plan_params params = {
            .batch = 2, .size = { 7, 6, 5 }, .mode = LAR_PLAN_TRAIN, .backend = backends[b]
        };
        check_gradients(&s, &params, 2, 2, NULL);
    }
}

static const struct {
    const char *name;
    middle build;
} kinds[] = { { "elu", elu },         { "gelu", gelu },         { "sigmoid", sigmoid },
              { "softmax", softmax }, { "leaky", leaky },       { "group norm", group },
              { "bias", biased },     { "max pool", max_pool }, { "mean pool", mean_pool },
              { "strides", strided }, { "concat", concat },     { "groups", grouped },
              { "padding", padded },  { "dropout", dropped },   { "weight norm", kernels },
              { "linear", pooled } };

static void every_kind(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof kinds / sizeof *kinds; n++)
        for (int head = 0; head < 2; head++) {
            print_message("%s\n", kinds[n].name);
            differences(kinds[n].build, head);
        }
}

/* Less memory, the same gradients to the bit: what is computed again is computed alike. */
static void dropping_changes_nothing(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof kinds / sizeof *kinds; n++) {
        lar_net *net;
        double loss[2];
        CHECK_OK(lar_net_new(&net));
        const lar_node input = lar_net_input(net, 2);
        lar_node x = kinds[n].build(net, lar_net_conv(net, input, "first", &inner), input);
        x = lar_net_leaky(net, lar_net_conv(net, x, "more", &inner), 0.1);
        const lar_conv_params last = { .filters = 2, .bias = true };
        lar_net_output(net, lar_net_conv(net, x, "last", &last));
        CHECK_OK(lar_net_finish(net, 1));
        const int64_t count = lar_net_weight_count(net);
        float *kept = lar_alloc(count, sizeof *kept);
        assert_non_null(kept);
        size_t bytes[2];
        for (int less = 0; less < 2; less++) {
            lar_plan *plan;
            const lar_plan_params params = {
                .batch = 2, .size = { 7, 6, 5 }, .mode = LAR_PLAN_TRAIN, .memory = (size_t)less
            };
            CHECK_OK(lar_plan_new(&plan, net, &params));
            load(plan, params.size, 2, 2, 2, 1);
            CHECK_OK(lar_plan_step(plan, 1, false, &loss[less]));
            if (!less) memcpy(kept, lar_net_gradients(net), (size_t)count * sizeof *kept);
            bytes[less] = lar_plan_bytes(plan);
            lar_plan_free(plan);
        }
        assert_true(bytes[1] <= bytes[0] && loss[0] == loss[1]);
        assert_memory_equal(kept, lar_net_gradients(net), (size_t)count * sizeof *kept);
        lar_free(kept);
        lar_net_free(net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_kind),
                                        cmocka_unit_test(dropping_changes_nothing) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
