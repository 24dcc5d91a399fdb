/* The plan of memory and work: nothing that lives is overwritten, the bytes are those promised, and
 * a step repeated gives the same bits. SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"
#include "net/plan.h"

static lar_net *net_of(int64_t channels, int64_t blocks, int order)
{
    lar_net *net;
    lar_network_params params = lar_network_default();
    params.channels = channels;
    params.blocks = blocks;
    params.order = order;
    CHECK_OK(lar_network_build(&net, &params, 1, 1, 11));
    int64_t count;
    const lar_net_param *list = lar_net_params(net, &count);
    for (int64_t n = 0; n < count; n++) /* the norms that start at zero would hide what is behind */
        if (lar_text_ends(list[n].name, "second.norm.weight"))
            for (int64_t c = 0; c < list[n].count; c++)
                lar_net_weights(net)[list[n].offset + c] = 0.5;
    return net;
}

static lar_plan *plan_of(lar_net *net, int mode, const int64_t size[3])
{
    lar_plan *plan;
    lar_plan_params params = { .batch = 1, .mode = mode };
    memcpy(params.size, size, sizeof params.size);
    CHECK_OK(lar_plan_new(&plan, net, &params));
    return plan;
}

static void load(lar_plan *plan, const int64_t size[3])
{
    const int64_t voxels = size[0] * size[1] * size[2];
    float *volume = lar_alloc(voxels, sizeof *volume);
    assert_non_null(volume);
    for (int target = 0; target < 2; target++) {
        for (int64_t v = 0; v < voxels; v++)
            volume[v] = (float)lar_random_normal(1, (uint64_t)target, (uint64_t)v);
        CHECK_OK((target ? lar_plan_load_target : lar_plan_load_input)(plan, 0, 0, volume));
    }
    lar_free(volume);
}

static bool reads(const plan_op *op, int tensor)
{
    bool found = op->in == tensor || op->in2 == tensor;
    for (int t = 0; t < op->value.count; t++) found = found || op->sources[t] == tensor;
    return found;
}

static int last_read(const plan_schedule *s, int tensor)
{
    int last = -1;
    for (int op = 0; op < s->op_count; op++)
        if (reads(&s->ops[op], tensor)) last = op;
    return last;
}

/* The tensor that holds this one, or a part of it. */
static int holder(const plan_schedule *s, int tensor)
{
    const int root = s->tensors[tensor].root;
    return s->tensors[root].base < 0 ? root : holder(s, s->tensors[root].base);
}

/* Every pair of tensors: where one is written until it is last read, the other may lie in the same
 * place only if it begins with the op that reads the first one last, in its stead. */
static void check_schedule(const plan_schedule *s)
{
    for (int a = 0; a < s->tensor_count; a++) {
        const plan_tensor *x = &s->tensors[a];
        if (x->pinned) continue;
        const int x_end = last_read(s, a) < x->first ? x->first : last_read(s, a);
        assert_true(x->offset % 64 == 0 && x->offset + x->bytes <= s->bytes);
        for (int op = 0; op < s->op_count; op++) /* nothing is read before it is written */
            assert_true(!reads(&s->ops[op], a) || x->first < op);
        for (int b = 0; b < s->tensor_count; b++) {
            const plan_tensor *y = &s->tensors[b];
            if (y->pinned || b == a || y->first < x->first) continue;
            if (holder(s, a) == holder(s, b) && holder(s, a) != x->root) continue;
            if (holder(s, b) == a) continue;
            if (x->offset >= y->offset + y->bytes || y->offset >= x->offset + x->bytes) continue;
            assert_true(y->first > x_end || (y->first == x_end && y->root == x->root && b > a));
        }
    }
}

static void living_tensors_lie_apart(void **state)
{
    (void)state;
    for (int64_t blocks = 0; blocks <= 9; blocks++)
        for (int order = 0; order < 2; order++) {
            lar_net *net = net_of(5, blocks, order);
            lar_plan *plan = plan_of(net, LAR_PLAN_TRAIN, (int64_t[3]){ 6, 7, 5 });
            check_schedule(&plan->train);
            check_schedule(&plan->predict);
            lar_plan_free(plan);
            lar_net_free(net);
        }
}

/* What is dead is filled with NaN as soon as it is: the result must not notice. */
static void dead_tensors_are_not_read(void **state)
{
    const int64_t size[3] = { 9, 8, 7 };
    (void)state;
    for (int64_t blocks = 0; blocks <= 7; blocks += 3)
        for (int order = 0; order < 2; order++) {
            lar_net *net = net_of(5, blocks, order);
            const size_t bytes = (size_t)lar_net_weight_count(net) * sizeof(float);
            float *clean = lar_alloc_raw((int64_t)bytes, 1);
            double loss[2], held_out[2];
            assert_non_null(clean);
            for (int poison = 0; poison < 2; poison++) {
                lar_plan *plan = plan_of(net, LAR_PLAN_TRAIN, size);
                load(plan, size);
                plan->poison = poison;
                memset(lar_net_running(net), 0, (size_t)lar_net_running_count(net) * sizeof(float));
                CHECK_OK(lar_plan_step(plan, 1, false, &loss[poison]));
                if (!poison) memcpy(clean, lar_net_gradients(net), bytes);
                CHECK_OK(lar_plan_predict(plan));
                CHECK_OK(lar_plan_loss(plan, &held_out[poison]));
                lar_plan_free(plan);
            }
            assert_true(loss[0] == loss[1] && held_out[0] == held_out[1]);
            assert_memory_equal(clean, lar_net_gradients(net), bytes);
            lar_free(clean);
            lar_net_free(net);
        }
}

static void memory_is_as_planned(void **state)
{
    const int64_t size[3] = { 96, 112, 96 }; /* planned, never taken */
    const size_t tensor = (size_t)96 * 112 * 96 * 16 * sizeof(float);
    (void)state;
    lar_net *net = net_of(16, 2, 0);
    lar_plan *train = plan_of(net, LAR_PLAN_TRAIN, size);
    lar_plan *predict = plan_of(net, LAR_PLAN_PREDICT, size);
    /* 5 convolution outputs, the residual's gradient, and one more; prediction the
     * residual and what a convolution reads */
    assert_true(lar_plan_bytes(train) > 7 * tensor && lar_plan_bytes(train) < 15 * tensor / 2);
    assert_true(lar_plan_bytes(predict) > 2 * tensor && lar_plan_bytes(predict) < 5 * tensor / 2);
    /* each further block costs its two convolutions and, every other one, a kept sum */
    lar_net *deep = net_of(16, 12, 0);
    lar_plan *deeper = plan_of(deep, LAR_PLAN_TRAIN, size);
    assert_true(lar_plan_bytes(deeper) < lar_plan_bytes(train) + 10 * 5 * tensor / 2 + tensor);
    lar_plan_free(deeper);
    lar_plan_free(predict);
    lar_plan_free(train);
    lar_net_free(deep);
    lar_net_free(net);
}

/* Again, from memory given back, and with another number of threads: the same bits. */
static void steps_repeat_to_the_bit(void **state)
{
    const int64_t size[3] = { 33, 28, 19 };
    (void)state;
    lar_net *net = net_of(16, 2, 0);
    const size_t bytes = (size_t)lar_net_weight_count(net) * sizeof(float);
    float *first = lar_alloc_raw((int64_t)bytes, 1);
    double first_loss = 0, loss;
    assert_non_null(first);
    for (int threads = 1; threads <= 3; threads++) {
        lar_threads_set(threads);
        lar_plan *plan = plan_of(net, LAR_PLAN_TRAIN, size);
        for (int n = 0; n < 2; n++) {
            load(plan, size);
            CHECK_OK(lar_plan_step(plan, 1, false, &loss));
            if (threads == 1 && n == 0) {
                memcpy(first, lar_net_gradients(net), bytes);
                first_loss = loss;
            }
            assert_true(loss == first_loss);
            assert_memory_equal(first, lar_net_gradients(net), bytes);
            lar_plan_release(plan);
        }
        lar_plan_free(plan);
    }
    lar_threads_set(0);
    lar_free(first);
    lar_net_free(net);
}

static void wrong_use_is_refused(void **state)
{
    const int64_t size[3] = { 4, 4, 4 };
    float volume[64] = { 0 };
    double loss;
    lar_plan *plan;
    (void)state;
    lar_net *net = net_of(4, 1, 0);
    CHECK_FAILS(lar_plan_new(&plan, net, &(lar_plan_params){ .batch = 0, .size = { 4, 4, 4 } }),
                LAR_EARGUMENT, "a batch of 0");
    CHECK_FAILS(lar_plan_new(&plan, net, &(lar_plan_params){ .batch = 1, .size = { 4, -4, 4 } }),
                LAR_EARGUMENT, "-4 voxels along j");
    CHECK_FAILS(lar_plan_new(&plan, net, &(lar_plan_params){ .batch = 1, .size = { 1, 1, 1 } }),
                LAR_EARGUMENT, "more than one voxel");
    CHECK_FAILS(lar_plan_new(&plan, net,
                             &(lar_plan_params){ .batch = 65536, .size = { 65536, 65536, 65536 } }),
                LAR_EMEMORY, "cannot be addressed");
    CHECK_FAILS(lar_plan_new(&plan, net,
                             &(lar_plan_params){ .batch = 1, .size = { 4, 4, 4 }, .backend = "x" }),
                LAR_EUNSUPPORTED, "'x'");
    plan = plan_of(net, LAR_PLAN_PREDICT, size);
    CHECK_FAILS(lar_plan_step(plan, 1, false, &loss), LAR_EARGUMENT, "prediction only");
    CHECK_FAILS(lar_plan_output(plan, 0, 0, volume), LAR_EARGUMENT, "no prediction yet");
    CHECK_FAILS(lar_plan_load_input(plan, 1, 0, volume), LAR_EARGUMENT, "sample 1");
    CHECK_FAILS(lar_plan_load_input(plan, 0, 1, volume), LAR_EARGUMENT, "channel 1");
    lar_threads_set(lar_threads_get() + 1);
    CHECK_FAILS(lar_plan_predict(plan), LAR_EARGUMENT, "threads");
    lar_threads_set(0);
    lar_plan_free(plan);
    plan = plan_of(net, LAR_PLAN_TRAIN, size);
    volume[3] = NAN; /* goes through the whole network, no ReLU swallows it */
    CHECK_OK(lar_plan_load_input(plan, 0, 0, volume));
    CHECK_FAILS(lar_plan_step(plan, 1, false, &loss), LAR_ENUMERIC, "not finite");
    assert_true(isnan(loss));
    lar_plan_free(plan);
    lar_net_free(net);
}

/* Each allocation in turn fails: an error, and nothing lost (the sanitizers look). */
static void no_memory(void **state)
{
    const int64_t size[3] = { 5, 4, 3 };
    lar_status status = LAR_EMEMORY;
    float volume[60] = { 0 };
    (void)state;
    for (int64_t k = 1; status == LAR_EMEMORY; k++) {
        lar_net *net = NULL;
        lar_plan *plan = NULL;
        double loss;
        lar_network_params params = lar_network_default();
        lar_plan_params shape = { .batch = 1, .mode = LAR_PLAN_TRAIN };
        memcpy(shape.size, size, sizeof size);
        lar_alloc_fail_at(k, true);
        status = lar_network_build(&net, &params, 1, 1, 1);
        if (status == LAR_OK) status = lar_plan_new(&plan, net, &shape);
        if (status == LAR_OK) status = lar_plan_load_input(plan, 0, 0, volume);
        if (status == LAR_OK) status = lar_plan_step(plan, 1, false, &loss);
        lar_alloc_fail_at(0, false);
        lar_plan_free(plan);
        lar_net_free(net);
    }
    assert_int_equal(status, LAR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(living_tensors_lie_apart), cmocka_unit_test(dead_tensors_are_not_read),
        cmocka_unit_test(memory_is_as_planned),     cmocka_unit_test(steps_repeat_to_the_bit),
        cmocka_unit_test(wrong_use_is_refused),     cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
