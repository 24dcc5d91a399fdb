/* Networks by name: how many weights they have and how they are called, that every choice of their
 * keys runs on volumes of any size, and how far their outputs see.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"
#include "net/net.h"

enum { RESNET, UNET, MESHNET };

static lar_network_params named(int name)
{
    lar_network_params params = lar_network_default();
    params.name = name;
    return params;
}

static int64_t weights_of(const lar_network_params *params, int64_t inputs, int64_t outputs)
{
    lar_net *net;
    CHECK_OK(lar_network_build(&net, params, inputs, outputs, 1));
    const int64_t count = lar_net_weight_count(net);
    lar_net_free(net);
    return count;
}

/* two convolutions from a to b channels with their norms */
static int64_t block(int64_t a, int64_t b)
{
    return 27 * (a * b + b * b) + 4 * b;
}

static void weights_are_counted(void **state)
{
    (void)state;
    lar_network_params p = named(RESNET);
    assert_int_equal(weights_of(&p, 2, 3), 27 * (2 * 16 + 4 * 256) + 5 * 32 + 3 * 16 + 3);
    p.norm = LAR_NORMS_NONE; /* a bias in the place of each norm */
    assert_int_equal(weights_of(&p, 2, 3), 27 * (2 * 16 + 4 * 256) + 5 * 16 + 3 * 16 + 3);
    p = named(RESNET);
    p.dims = 2;
    assert_int_equal(weights_of(&p, 1, 1), 9 * (16 + 4 * 256) + 5 * 32 + 17);

    p = named(UNET);
    p.levels = 3;
    assert_int_equal(weights_of(&p, 1, 1), 339521); /* the benchmark's; see unet.c */
    assert_int_equal(weights_of(&p, 1, 1), block(1, 16) + block(16, 32) + block(32, 64) +
                                               8 * (64 * 32 + 32 * 16) + block(64, 32) +
                                               block(32, 16) + 17);
    p.plain = true;
    assert_int_equal(weights_of(&p, 1, 1), 339521 - 4 * (16 + 32 + 64 + 32 + 16));
    p.plain = false;
    p.most = 32; /* the third level no wider than the second */
    assert_int_equal(weights_of(&p, 1, 1), block(1, 16) + block(16, 32) + block(32, 32) +
                                               8 * (32 * 32 + 32 * 16) + block(64, 32) +
                                               block(32, 16) + 17);
    p.most = 320;
    p.residual = true; /* 1x1x1 sides where channels differ */
    p.skip = LAR_SKIP_ADD;
    p.up = LAR_UP_LINEAR;
    assert_int_equal(weights_of(&p, 2, 1), block(2, 16) + 2 * 16 + block(16, 32) + 16 * 32 +
                                               block(32, 64) + 32 * 64 + 64 * 32 + 32 * 16 +
                                               block(32, 32) + block(16, 16) + 17);
    p.levels = 1;
    assert_int_equal(weights_of(&p, 2, 1), block(2, 16) + 2 * 16 + 17);

    p = named(MESHNET);
    assert_int_equal(weights_of(&p, 1, 1), 27 * (16 + 6 * 256) + 7 * 32 + 17);
    /* MindGrab's published weights are 146237 numbers */
    p.channels = 15;
    p.repeat = 5;
    p.dilations = (lar_ints){ 5, { 16, 8, 4, 2, 1 } };
    p.norm = LAR_NORMS_INSTANCE;
    p.plain = true;
    p.activation = LAR_GELU;
    assert_int_equal(weights_of(&p, 1, 2), 146237);
}

/* Checkpoints are read by name: these do not move. */
static void names_stay(void **state)
{
    static const char *const unet[] = { "encoder.0.first.conv.weight",
                                        "encoder.0.first.norm.weight",
                                        "encoder.0.first.norm.bias",
                                        "encoder.0.second.conv.weight",
                                        "encoder.0.second.norm.weight",
                                        "encoder.0.second.norm.bias",
                                        "encoder.1.first.conv.weight",
                                        "encoder.1.first.norm.weight",
                                        "encoder.1.first.norm.bias",
                                        "encoder.1.second.conv.weight",
                                        "encoder.1.second.norm.weight",
                                        "encoder.1.second.norm.bias",
                                        "decoder.0.up.weight",
                                        "decoder.0.first.conv.weight",
                                        "decoder.0.first.norm.weight",
                                        "decoder.0.first.norm.bias",
                                        "decoder.0.second.conv.weight",
                                        "decoder.0.second.norm.weight",
                                        "decoder.0.second.norm.bias",
                                        "last.weight",
                                        "last.bias" };
    static const int64_t rise[5] = { 32, 16, 2, 2, 2 }, last[5] = { 3, 16, 1, 1, 1 };
    (void)state;
    lar_net *net;
    int64_t count;
    lar_network_params p = named(UNET);
    p.levels = 2;
    CHECK_OK(lar_network_build(&net, &p, 1, 3, 1));
    const lar_net_param *list = lar_net_params(net, &count);
    assert_int_equal(count, sizeof unet / sizeof *unet);
    for (int64_t n = 0; n < count; n++) assert_string_equal(list[n].name, unet[n]);
    assert_memory_equal(list[12].size, rise, sizeof rise);
    assert_memory_equal(list[19].size, last, sizeof last);
    lar_net_free(net);

    p = named(MESHNET);
    p.dilations = (lar_ints){ 1, { 2 } };
    CHECK_OK(lar_network_build(&net, &p, 1, 1, 1));
    list = lar_net_params(net, &count);
    assert_int_equal(count, 7);
    assert_string_equal(list[0].name, "layers.0.conv.weight");
    assert_string_equal(list[3].name, "layers.0.norm.running_mean");
    lar_net_free(net);

    p = named(RESNET);
    p.blocks = 1;
    p.kernels = LAR_KERNELS_WEIGHT_NORM;
    CHECK_OK(lar_network_build(&net, &p, 1, 1, 1));
    list = lar_net_params(net, &count);
    assert_string_equal(list[0].name, "first.conv.weight_g");
    assert_string_equal(list[1].name, "first.conv.weight_v");
    assert_string_equal(list[count - 2].name, "last.weight");
    lar_net_free(net);
}

static void fill(lar_plan *plan, const int64_t size[3], int64_t inputs, int64_t outputs)
{
    const int64_t voxels = size[0] * size[1] * size[2];
    float *volume = lar_alloc(voxels, sizeof *volume);
    assert_non_null(volume);
    for (int64_t c = 0; c < inputs + outputs; c++) {
        for (int64_t v = 0; v < voxels; v++)
            volume[v] = (float)lar_random_normal(4, (uint64_t)c, (uint64_t)v);
        if (c < inputs)
            CHECK_OK(lar_plan_load_input(plan, 0, c, volume));
        else
            CHECK_OK(lar_plan_load_target(plan, 0, c - inputs, volume));
    }
    lar_free(volume);
}

/* Gammas that start at zero would hide what is behind them. */
static void stir(lar_net *net)
{
    int64_t count;
    const lar_net_param *list = lar_net_params(net, &count);
    for (int64_t n = 0; n < count; n++)
        for (int64_t w = 0; w < list[n].count && list[n].dims == 1 && !list[n].running; w++)
            lar_net_weights(net)[list[n].offset + w] +=
                (float)(0.2 + 0.1 * lar_random_normal(6, (uint64_t)n, (uint64_t)w));
}

static double loss_at(lar_plan *plan, lar_net *net, const float *from, const float *direction,
                      double h)
{
    double loss;
    for (int64_t w = 0; w < lar_net_weight_count(net); w++)
        lar_net_weights(net)[w] = (float)((double)from[w] + h * (double)direction[w]);
    CHECK_OK(lar_plan_step(plan, 1, false, &loss));
    return loss;
}

/* One step at this size: an output of the same size, and the slope of the loss along the gradient
 * is the gradient's length. */
static void steps(const lar_network_params *params, const int64_t size[3], const char *backend)
{
    lar_net *net;
    lar_plan *plan;
    double loss;
    int64_t out[3];
    CHECK_OK(lar_network_build(&net, params, 2, 2, 3));
    const int64_t count = lar_net_weight_count(net);
    float *from = lar_alloc(count, sizeof *from), *direction = lar_alloc(count, sizeof *direction);
    assert_true(from && direction);
    stir(net);
    lar_plan_params how = { .batch = 1, .mode = LAR_PLAN_TRAIN, .backend = backend };
    memcpy(how.size, size, sizeof how.size);
    CHECK_OK(lar_plan_new(&plan, net, &how));
    lar_plan_output_size(plan, out);
    for (int a = 0; a < 3; a++) assert_int_equal(out[a], size[a]);
    fill(plan, size, 2, 2);
    CHECK_OK(lar_plan_step(plan, 1, false, &loss));
    assert_true(isfinite(loss));
    double length = 0;
    memcpy(from, lar_net_weights(net), (size_t)count * sizeof *from);
    memcpy(direction, lar_net_gradients(net), (size_t)count * sizeof *direction);
    for (int64_t w = 0; w < count; w++) length += (double)direction[w] * (double)direction[w];
    length = sqrt(length);
    lar_text what = { 0 };
    lar_network_describe(&what, params);
    if (!(length > 1e-4)) fail_msg("a gradient of length %g of\n%s", length, lar_text_get(&what));
    /* of float32 outputs: steps of a thousandth of a unit, small where the loss bends */
    const double h = 2e-4 / length;
    const double slope =
        (loss_at(plan, net, from, direction, h) - loss_at(plan, net, from, direction, -h)) /
        (2 * h);
    if (!(fabs(slope - length * length) <= 0.03 * length * length))
        fail_msg("slope %g, the gradient says %g, at %ldx%ldx%ld of\n%s", slope, length * length,
                 size[0], size[1], size[2], lar_text_get(&what));
    lar_text_clear(&what);
    lar_free(from);
    lar_free(direction);
    lar_plan_free(plan);
    lar_net_free(net);
}

/* Every value of every choice at least once, on sizes that halve badly. */
static void every_choice_trains(void **state)
{
    static const int64_t sizes[][3] = { { 11, 7, 5 }, { 6, 13, 9 }, { 8, 12, 8 } };
    (void)state;
    for (int n = 0; n < 12; n++) {
        lar_network_params p = named(UNET);
        p.channels = 4;
        p.levels = 1 + n % 3;
        p.groups = 2;
        p.down = n & 1;
        p.up = n % 3;
        p.skip = n >> 1 & 1;
        p.residual = n >> 2 & 1;
        p.kernels = n == 6 ? LAR_KERNELS_WEIGHT_NORM : LAR_KERNELS_FREE;
        p.norm = LAR_NORMS_BATCH + n % 4;
        p.activation = LAR_RELU + (n + n / 4) % 4;
        p.plain = n == 5;
        p.dims = n == 7 ? 2 : 3;
        p.final = n % 4 == 3 ? LAR_FINAL_SIGMOID : LAR_FINAL_NONE;
        for (int b = 0; b < 2; b++) steps(&p, sizes[n % 3], b ? "plain" : NULL);
    }
    for (int n = 0; n < 4; n++) {
        lar_network_params p = named(MESHNET);
        p.channels = 5;
        p.dilations = (lar_ints){ 3, { 1, 4, 2 } };
        p.norm = LAR_NORMS_AUTO + n;
        p.groups = 5;
        p.activation = LAR_RELU + n;
        p.final = n == 2 ? LAR_FINAL_SOFTMAX : LAR_FINAL_NONE;
        steps(&p, sizes[n % 3], NULL);
    }
    for (int n = 0; n < 6; n++) {
        lar_network_params p = named(RESNET);
        p.channels = 4;
        p.blocks = 1;
        p.order = n & 1;
        p.groups = 2;
        p.norm = LAR_NORMS_BATCH + n % 4;
        p.activation = LAR_RELU + n % 4;
        p.kernels = n == 4 ? LAR_KERNELS_WEIGHT_NORM : LAR_KERNELS_FREE;
        p.dims = n == 3 ? 2 : 3;
        steps(&p, sizes[n % 3], NULL);
    }
}

/* Down to a single voxel, and up to levels deeper than the volume. */
static void smallest_volumes(void **state)
{
    static const int64_t sizes[][3] = { { 1, 1, 1 }, { 2, 1, 3 }, { 5, 1, 1 } };
    (void)state;
    for (int s = 0; s < 3; s++)
        for (int pool = 0; pool < 2; pool++) {
            lar_net *net;
            lar_plan *plan;
            double loss;
            int64_t out[3];
            lar_network_params p = named(UNET);
            p.channels = 4;
            p.levels = 4;
            p.norm = LAR_NORMS_NONE; /* of one voxel there are no statistics */
            p.down = pool;
            CHECK_OK(lar_network_build(&net, &p, 1, 1, 3));
            lar_plan_params how = { .batch = 1, .mode = LAR_PLAN_TRAIN };
            memcpy(how.size, sizes[s], sizeof how.size);
            CHECK_OK(lar_plan_new(&plan, net, &how));
            fill(plan, sizes[s], 1, 1);
            CHECK_OK(lar_plan_step(plan, 1, false, &loss));
            lar_plan_output_size(plan, out);
            assert_memory_equal(out, sizes[s], sizeof out);
            assert_true(isfinite(loss));
            lar_plan_free(plan);
            lar_net_free(net);
        }
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

/* A line of voxels: what changes at its middle moves nothing beyond the reach, and something near
 * its end. */
static void outputs_see_as_far_as_said(void **state)
{
    enum { LENGTH = 160, MIDDLE = 80 };
    (void)state;
    for (int n = 0; n < 6; n++) {
        lar_net *net;
        float in[LENGTH], before[LENGTH], after[LENGTH];
        lar_network_params p = named(n < 4 ? UNET : n == 4 ? MESHNET : RESNET);
        const int64_t size[3] = { LENGTH, 1, 1 };
        p.channels = 4;
        p.levels = 3;
        p.down = n & 1;
        p.up = n & 2 ? LAR_UP_LINEAR : LAR_UP_TRANSPOSED;
        p.norm = LAR_NORMS_BATCH;
        p.activation = LAR_LEAKY;
        CHECK_OK(lar_network_build(&net, &p, 1, 1, 2));
        stir(net);
        const lar_reach reach = lar_net_reach(net);
        assert_false(reach.global);
        assert_true(reach.same_size);
        assert_int_equal(reach.step[0], n < 4 ? 4 : 1);
        if (n == 4) assert_int_equal(reach.halo[2], 18); /* the sum of its dilations */
        if (n == 5) assert_int_equal(reach.halo[1], 5);
        for (int v = 0; v < LENGTH; v++) in[v] = (float)lar_random_normal(1, 1, (uint64_t)v);
        predict(net, size, in, before);
        in[MIDDLE] += 10;
        predict(net, size, in, after);
        int64_t farthest = 0;
        for (int v = 0; v < LENGTH; v++)
            if (before[v] != after[v] && llabs(v - MIDDLE) > farthest) farthest = llabs(v - MIDDLE);
        if (farthest > reach.halo[0] || 2 * farthest < reach.halo[0])
            fail_msg("%s: moved %lld voxels away, the reach is %lld", lar_models[p.name].name,
                     (long long)farthest, (long long)reach.halo[0]);
        lar_net_free(net);
    }
    lar_net *net;
    const lar_network_params p = named(UNET);
    CHECK_OK(lar_network_build(&net, &p, 1, 1, 2));
    assert_true(lar_net_reach(net).global); /* instance norm */
    lar_net_free(net);
}

/* A network of two dimensions sees its slice alone. */
static void slices_are_apart(void **state)
{
    enum { SLICE = 9 * 7, SLICES = 3 };
    (void)state;
    for (int name = RESNET; name <= MESHNET; name++) {
        lar_net *net;
        float in[SLICES * SLICE], whole[SLICES * SLICE], one[SLICE];
        lar_network_params p = named(name);
        p.channels = 4;
        p.levels = 2;
        p.dims = 2;
        p.down = LAR_DOWN_POOL;
        p.up = LAR_UP_LINEAR;
        p.norm = LAR_NORMS_BATCH;
        CHECK_OK(lar_network_build(&net, &p, 1, 1, 2));
        assert_int_equal(lar_net_reach(net).halo[2], 0);
        for (int v = 0; v < SLICES * SLICE; v++)
            in[v] = (float)lar_random_normal(1, 1, (uint64_t)v);
        predict(net, (const int64_t[3]){ 9, 7, SLICES }, in, whole);
        for (int k = 0; k < SLICES; k++) {
            predict(net, (const int64_t[3]){ 9, 7, 1 }, in + SLICE * k, one);
            for (int v = 0; v < SLICE; v++) CHECK_NEAR(one[v], whole[SLICE * k + v], 1e-5);
        }
        lar_net_free(net);
    }
}

static void what_cannot_be_is_told(void **state)
{
    (void)state;
    lar_net *net;
    int64_t layer;
    lar_network_params p = named(UNET);
    p.norm = LAR_NORMS_GROUP;
    p.groups = 5;
    CHECK_FAILS(lar_network_try(&p, 1, 1, &layer), LAR_EARGUMENT,
                "'encoder.0.first.norm' needs groups that divide its channels");
    assert_int_equal(layer, -1);
    CHECK_FAILS(lar_network_build(&net, &p, 1, 1, 1), LAR_EARGUMENT, "groups that divide");
    assert_null(net);
    p = named(MESHNET);
    p.kernel = 4;
    CHECK_FAILS(lar_network_try(&p, 1, 1, &layer), LAR_EARGUMENT, "needs an odd kernel");
    p = named(UNET);
    p.levels = 8;
    p.channels = 512;
    p.most = 4096; /* each layer could be, all together cannot */
    CHECK_FAILS(lar_network_try(&p, 1, 1, &layer), LAR_EARGUMENT, "more weights than");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_counted),        cmocka_unit_test(names_stay),
        cmocka_unit_test(every_choice_trains),        cmocka_unit_test(smallest_volumes),
        cmocka_unit_test(outputs_see_as_far_as_said), cmocka_unit_test(slices_are_apart),
        cmocka_unit_test(what_cannot_be_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
