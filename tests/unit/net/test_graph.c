/* Building networks: the first mistake is reported, weights start as they should, and checkpoints
 * bring them back or say what does not fit.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "net/net.h"

static const lar_conv_params inner = { .filters = 4, .kernel = { 3, 3, 3 } };
static const lar_conv_params last = { .filters = 1, .kernel = { 1, 1, 1 }, .bias = true };

static void first_mistake_is_reported(void **state)
{
    lar_net *net;
    (void)state;
    CHECK_OK(lar_net_new(&net));
    lar_node x = lar_net_input(net, 1);
    x = lar_net_conv(net, x, "a", &(lar_conv_params){ .filters = 4, .kernel = { 2, 2, 2 } });
    x = lar_net_conv(net, x, "b", &(lar_conv_params){ .filters = 0, .kernel = { 3, 3, 3 } });
    assert_int_equal(x.id, -1);
    lar_net_output(net, x);
    CHECK_FAILS(lar_net_finish(net, 1), LAR_EARGUMENT, "'a' needs an odd kernel");
    lar_net_free(net);

    CHECK_OK(lar_net_new(&net));
    x = lar_net_input(net, 1);
    lar_net_conv(net, lar_net_conv(net, x, "a", &inner), "a", &inner);
    CHECK_FAILS(lar_net_finish(net, 1), LAR_EARGUMENT, "'a' is there twice");
    lar_net_free(net);

    CHECK_OK(lar_net_new(&net));
    x = lar_net_input(net, 1);
    lar_net_add(net, x, lar_net_conv(net, x, "a", &inner));
    CHECK_FAILS(lar_net_finish(net, 1), LAR_EARGUMENT, "unequal channels");
    lar_net_free(net);

    CHECK_OK(lar_net_new(&net));
    x = lar_net_input(net, 1);
    lar_net_conv(net, x, "unread", &inner);
    lar_net_output(net, lar_net_conv(net, x, "last", &last));
    CHECK_FAILS(lar_net_finish(net, 1), LAR_EARGUMENT, "read by nothing");
    lar_net_free(net);

    CHECK_OK(lar_net_new(&net));
    lar_net_input(net, 1);
    CHECK_FAILS(lar_net_finish(net, 1), LAR_EARGUMENT, "no output");
    lar_net_free(net);
}

static const lar_net_param *param_of(const lar_net *net, const char *name)
{
    int64_t count;
    const lar_net_param *params = lar_net_params(net, &count);
    for (int64_t n = 0; n < count; n++)
        if (lar_text_is(params[n].name, name)) return &params[n];
    fail_msg("no tensor '%s'", name);
    return NULL;
}

static lar_net *resnet(int64_t channels, int64_t blocks, uint64_t seed)
{
    lar_net *net;
    lar_network_params params = lar_network_default();
    params.channels = channels;
    params.blocks = blocks;
    CHECK_OK(lar_network_build(&net, &params, 2, 1, seed));
    return net;
}

static void weights_start_as_kaiming(void **state)
{
    (void)state;
    lar_net *net = resnet(16, 2, 5), *deep = resnet(16, 4, 5), *other = resnet(16, 2, 6);
    const lar_net_param *p = param_of(net, "blocks.1.first.conv.weight");
    const float *w = lar_net_weights(net) + p->offset;
    double sum = 0, square = 0;
    for (int64_t n = 0; n < p->count; n++) {
        sum += (double)w[n];
        square += (double)w[n] * (double)w[n];
    }
    const double variance = 2.0 / (16 * 27);
    CHECK_NEAR(sum / (double)p->count, 0, 4 * sqrt(variance / (double)p->count));
    CHECK_NEAR(square / (double)p->count, variance, 0.06 * variance);
    /* the same name and seed: the same weights, whatever the depth */
    const lar_net_param *q = param_of(deep, "blocks.1.first.conv.weight");
    assert_memory_equal(w, lar_net_weights(deep) + q->offset, (size_t)p->count * sizeof *w);
    assert_memory_not_equal(w, lar_net_weights(other) + p->offset, (size_t)p->count * sizeof *w);
    assert_true(lar_net_weights(net)[param_of(net, "blocks.1.first.norm.weight")->offset] == 1);
    assert_true(lar_net_weights(net)[param_of(net, "blocks.1.second.norm.weight")->offset] == 0);
    assert_true(lar_net_weights(net)[param_of(net, "last.bias")->offset] == 0);
    assert_true(lar_net_running(net)[param_of(net, "first.norm.running_var")->offset] == 1);
    /* weights lie end to end: 2 -> 16, four 16 -> 16, five norms, 16 -> 1 */
    assert_int_equal(lar_net_weight_count(net), 27 * (2 * 16 + 4 * 256) + 5 * 32 + 17);
    assert_int_equal(lar_net_running_count(net), 5 * 32);
    assert_int_equal(lar_net_input_channels(net), 2);
    assert_int_equal(lar_net_output_channels(net), 1);
    lar_net_free(net);
    lar_net_free(deep);
    lar_net_free(other);
}

static void save(const lar_net *net, const char *path)
{
    int64_t count;
    lar_net_params(net, &count);
    lar_safetensor *tensors = lar_alloc(count, sizeof *tensors);
    assert_non_null(tensors);
    lar_net_save(net, tensors);
    CHECK_OK(lar_safetensors_write(path, tensors, count, NULL, 0, true));
    lar_free(tensors);
}

static void checkpoints_come_back(void **state)
{
    char path[128];
    lar_safetensors *file;
    (void)state;
    const char *folder = check_folder();
    snprintf(path, sizeof path, "%s/net.safetensors", folder);
    lar_net *a = resnet(5, 2, 1), *b = resnet(5, 2, 2), *deep = resnet(5, 3, 1),
            *wide = resnet(6, 2, 1);
    const size_t bytes = (size_t)lar_net_weight_count(a) * sizeof(float);
    lar_net_running(a)[3] = 7;
    save(a, path);
    CHECK_OK(lar_safetensors_read(&file, path));
    CHECK_OK(lar_net_load(b, file));
    assert_memory_equal(lar_net_weights(a), lar_net_weights(b), bytes);
    assert_true(lar_net_running(b)[3] == 7);

    lar_net_weights(deep)[0] = 9;
    CHECK_FAILS(lar_net_load(deep, file), LAR_EFORMAT, "no tensor 'blocks.2.first.conv.weight'");
    assert_true(lar_net_weights(deep)[0] == 9); /* nothing was changed */
    CHECK_FAILS(lar_net_load(wide, file), LAR_EFORMAT,
                "tensor 'first.conv.weight' is 5 x 2 x 3 x 3 x 3, expected 6 x 2 x 3 x 3 x 3");
    lar_safetensors_free(file);
    CHECK_OK(lar_file_remove(path));
    rmdir(folder);
    lar_net_free(a);
    lar_net_free(b);
    lar_net_free(deep);
    lar_net_free(wide);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(first_mistake_is_reported),
                                        cmocka_unit_test(weights_start_as_kaiming),
                                        cmocka_unit_test(checkpoints_come_back) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
