/* A network as a list of layers is the same network: by the bits of its output, by the names of its
 * weights, and by what each layer does to a few voxels.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"
#include "net/net.h"
#include "prepare/prepare.h"

#define DATA                                                                                       \
    "data: {images: {a: {path: \"a/{subject}\"}, b: {path: \"b/{subject}\", role: target}}}\n"     \
    "network:\n"

/* The network of a study with one input and one target. */
static lar_net *network(const char *text)
{
    lar_study *study;
    lar_net *net;
    lar_text whole = { 0 };
    lar_text_add(&whole, "%s%s", DATA, text);
    CHECK_OK(lar_study_parse(&study, whole.at, (int64_t)whole.length, "study.yaml", "."));
    CHECK_OK(lar_network_build(&net, &study->network, 1, 1, 5));
    lar_text_clear(&whole);
    lar_study_free(study);
    return net;
}

static const lar_net_param *param_of(const lar_net *net, const char *name)
{
    int64_t count;
    const lar_net_param *params = lar_net_params(net, &count);
    for (int64_t n = 0; n < count; n++)
        if (lar_text_is(params[n].name, name)) return &params[n];
    return NULL;
}

static void predict(lar_net *net, const int64_t size[3], const float *in, float *out)
{
    lar_plan *plan;
    lar_plan_params how = { .batch = 1, .mode = LAR_PLAN_PREDICT };
    memcpy(how.size, size, sizeof how.size);
    CHECK_OK(lar_plan_new(&plan, net, &how));
    CHECK_OK(lar_plan_load_input(plan, 0, 0, in));
    CHECK_OK(lar_plan_predict(plan));
    CHECK_OK(lar_plan_output(plan, 0, 0, out));
    lar_plan_free(plan);
}

/* One training step's gradients, as one block. */
static double step(lar_net *net, const int64_t size[3], const float *in)
{
    lar_plan *plan;
    double loss;
    lar_plan_params how = { .batch = 1, .mode = LAR_PLAN_TRAIN };
    memcpy(how.size, size, sizeof how.size);
    CHECK_OK(lar_plan_new(&plan, net, &how));
    CHECK_OK(lar_plan_load_input(plan, 0, 0, in));
    CHECK_OK(lar_plan_load_target(plan, 0, 0, in));
    CHECK_OK(lar_plan_step(plan, 1, false, &loss));
    lar_plan_free(plan);
    return loss;
}

static void same_as_by_name(void **state)
{
    enum { VOXELS = 11 * 7 * 5 };
    static const int64_t size[3] = { 11, 7, 5 };
    static const struct {
        const char *name, *list;
    } pairs[] = {
        { "  {name: unet, levels: 2, channels: 4, activation: elu}\n",
          "  layers:\n"
          "    - conv: {filters: 4, name: encoder.0.first.conv}\n"
          "    - norm: {kind: instance, name: encoder.0.first.norm}\n"
          "    - elu\n"
          "    - conv: {filters: 4, name: encoder.0.second.conv}\n"
          "    - norm: {kind: instance, name: encoder.0.second.norm}\n"
          "    - elu: {name: skip}\n"
          "    - conv: {filters: 8, stride: 2, name: encoder.1.first.conv}\n"
          "    - norm: {kind: instance, name: encoder.1.first.norm}\n"
          "    - elu\n"
          "    - conv: {filters: 8, name: encoder.1.second.conv}\n"
          "    - norm: {kind: instance, name: encoder.1.second.norm}\n"
          "    - elu\n"
          "    - upconv: {filters: 4, like: skip, bias: no, name: decoder.0.up}\n"
          "    - concat: {with: skip}\n"
          "    - conv: {filters: 4, name: decoder.0.first.conv}\n"
          "    - norm: {kind: instance, name: decoder.0.first.norm}\n"
          "    - elu\n"
          "    - conv: {filters: 4, name: decoder.0.second.conv}\n"
          "    - norm: {kind: instance, name: decoder.0.second.norm}\n"
          "    - elu\n"
          "    - conv: {filters: 1, kernel: 1, name: last}\n" },
        { "  {name: meshnet, channels: 3, dilations: [2, 4], dims: 2, norm: batch, dropout: 0}\n",
          "  layers:\n"
          "    - conv: {filters: 3, kernel: [3, 3, 1], dilation: [2, 2, 1], name: layers.0.conv}\n"
          "    - norm: {name: layers.0.norm}\n"
          "    - relu\n"
          "    - conv: {filters: 3, kernel: [3, 3, 1], dilation: [4, 4, 1], name: layers.1.conv}\n"
          "    - norm: {name: layers.1.norm}\n"
          "    - relu\n"
          "    - conv: {filters: 1, kernel: 1, name: last}\n" },
        { "  {name: resnet, channels: 4, blocks: 1, norm: none, activation: gelu}\n",
          "  layers:\n"
          "    - conv: {filters: 4, name: first.conv}\n"
          "    - gelu: {name: sum}\n"
          "    - conv: {filters: 4, name: blocks.0.first.conv}\n"
          "    - gelu\n"
          "    - conv: {filters: 4, name: blocks.0.second.conv}\n"
          "    - gelu\n"
          "    - add: {with: sum}\n"
          "    - conv: {filters: 1, kernel: 1, name: last}\n" },
    };
    (void)state;
    float in[VOXELS], a[VOXELS], b[VOXELS];
    for (int v = 0; v < VOXELS; v++) in[v] = (float)lar_random_normal(1, 1, (uint64_t)v);
    for (size_t n = 0; n < sizeof pairs / sizeof *pairs; n++) {
        lar_net *named = network(pairs[n].name), *listed = network(pairs[n].list);
        const int64_t count = lar_net_weight_count(named);
        assert_int_equal(count, lar_net_weight_count(listed));
        predict(named, size, in, a);
        predict(listed, size, in, b);
        assert_memory_equal(a, b, sizeof a);
        assert_true(step(named, size, in) == step(listed, size, in));
        assert_memory_equal(lar_net_gradients(named), lar_net_gradients(listed),
                            (size_t)count * sizeof(float));
        lar_net_free(named);
        lar_net_free(listed);
    }
}

/* Along a line of voxels, through a 1x1x1 layer of weight 1: what each layer does, by hand. */
static void small_ones_by_hand(void **state)
{
    static const float in[5] = { 1, -2, 3, -4, 5 };
    static const struct {
        const char *layers;
        float out[5];
    } cases[] = {
        { "pool, upsample: {like: input}", { 1, 1, 3, 3, 5 } },
        { "pool: mean, upsample: {like: input}", { -0.5, -0.5, -0.5, -0.5, 5 } },
        { "pool: mean, upsample: {kind: linear, like: input}", { -0.5, -0.5, -0.5, 0.875, 3.625 } },
        { "relu", { 1, 0, 3, 0, 5 } },
        { "leaky: 0.5", { 1, -1, 3, -2, 5 } },
        { "elu: 2", { 1, -1.7293294f, 3, -1.9633687f, 5 } },
        { "gelu", { 0.8413447f, -0.0455003f, 2.9959503f, -0.0001267f, 4.9999986f } },
        { "sigmoid", { 0.7310586f, 0.1192029f, 0.9525741f, 0.0179862f, 0.9933072f } },
        { "softmax", { 1, 1, 1, 1, 1 } },
        { "add: {with: input}", { 2, -4, 6, -8, 10 } },
        { "dropout: 0.9", { 1, -2, 3, -4, 5 } }, /* in training alone */
    };
    static const int64_t size[3] = { 5, 1, 1 };
    (void)state;
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        lar_text text = { 0 };
        float out[5];
        lar_text_add(&text, "  layers: [linear: {filters: 1, name: one}, %s]\n", cases[n].layers);
        lar_net *net = network(text.at);
        lar_net_weights(net)[param_of(net, "one.weight")->offset] = 1;
        predict(net, size, in, out);
        for (int v = 0; v < 5; v++)
            if (!(fabsf(out[v] - cases[n].out[v]) <= 2e-6f))
                fail_msg("%s: voxel %d is %.7g, not %.7g", cases[n].layers, v, (double)out[v],
                         (double)cases[n].out[v]);
        lar_text_clear(&text);
        lar_net_free(net);
    }
}

/* A bias is there unless norms alone read the convolution; layers without a name have their number.
 */
static void biases_and_names(void **state)
{
    (void)state;
    lar_net *net = network("  layers:\n"
                           "    - conv: {filters: 4, name: fed}\n"
                           "    - norm\n"
                           "    - conv: {filters: 4, name: both}\n"
                           "    - norm: {kind: group, groups: 2, plain: yes}\n"
                           "    - add: {with: both}\n"
                           "    - conv: {filters: 4, bias: yes}\n"
                           "    - norm: instance\n"
                           "    - conv: {filters: 4, bias: no, kernels: weight-norm}\n"
                           "    - conv: {filters: 4, name: grouped}\n"
                           "    - norm: {kind: group, groups: 2}\n"
                           "    - linear: 1\n");
    assert_non_null(param_of(net, "fed.weight"));
    assert_null(param_of(net, "fed.bias"));
    assert_non_null(param_of(net, "2.norm.weight"));
    assert_non_null(param_of(net, "2.norm.running_var"));
    assert_non_null(param_of(net, "both.bias"));
    assert_null(param_of(net, "4.norm.weight"));
    assert_non_null(param_of(net, "6.conv.bias"));
    assert_non_null(param_of(net, "7.norm.bias"));
    assert_null(param_of(net, "8.conv.bias"));
    assert_non_null(param_of(net, "8.conv.weight_g"));
    assert_non_null(param_of(net, "grouped.bias"));
    assert_int_equal(param_of(net, "11.linear.weight")->dims, 2);
    lar_net_free(net);
}

/* What a training goes on with: another layer or setting is another text. */
static void told_in_full(void **state)
{
    static const char *const texts[] = {
        "  layers: [conv: 8, relu, linear: 1]\n", "  layers: [conv: 8, gelu, linear: 1]\n",
        "  layers: [conv: {filters: 8, kernel: 5}, relu, linear: 1]\n", "  {name: unet}\n",
        "  {name: resnet}\n"
    };
    lar_text told[5] = { { 0 } };
    (void)state;
    for (int n = 0; n < 5; n++) {
        lar_study *study;
        lar_text whole = { 0 };
        lar_text_add(&whole, "%s%s", DATA, texts[n]);
        CHECK_OK(lar_study_parse(&study, whole.at, (int64_t)whole.length, "study.yaml", "."));
        lar_network_describe(&told[n], &study->network);
        lar_text_clear(&whole);
        lar_study_free(study);
        for (int m = 0; m < n; m++) assert_string_not_equal(told[n].at, told[m].at);
    }
    assert_non_null(strstr(told[0].at, "network layer 2: relu"));
    assert_non_null(strstr(told[3].at, "network levels: 4\n"));
    assert_null(strstr(told[4].at, "levels"));
    for (int n = 0; n < 5; n++) lar_text_clear(&told[n]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(same_as_by_name),
                                        cmocka_unit_test(small_ones_by_hand),
                                        cmocka_unit_test(biases_and_names),
                                        cmocka_unit_test(told_in_full) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
