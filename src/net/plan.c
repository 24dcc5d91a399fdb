/* A plan: convolutions made, schedule and arena fixed, samples in and out.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net/plan.h"

static lar_status check_params(const lar_net *net, const lar_plan_params *params)
{
    static const char axes[] = "ijk";
    if (!net->finished) return lar_fail(LAR_EARGUMENT, "the network is not finished");
    if (params->batch < 1 || params->batch > 65536)
        return lar_fail(LAR_EARGUMENT, "a batch of %lld, expected 1 to 65536",
                        (long long)params->batch);
    size_t bytes;
    for (int a = 0; a < 3; a++)
        if (params->size[a] < 1 || params->size[a] > 65536)
            return lar_fail(LAR_EARGUMENT, "%lld voxels along %c, expected 1 to 65536",
                            (long long)params->size[a], axes[a]);
    const int64_t factors[4] = { params->batch, params->size[0], params->size[1], params->size[2] };
    if (!lar_size_product(&bytes, factors, 4, 1024 * sizeof(float)))
        return lar_fail(LAR_EMEMORY, "a batch of so many voxels cannot be addressed");
    return LAR_OK;
}

/* The variance of one number says nothing. */
static lar_status check_norms(const lar_plan *plan)
{
    static const char *const names[] = { "batch norm needs more than one voxel per batch",
                                         "instance norm needs more than one voxel",
                                         "group norm needs more than one value per group" };
    for (int n = 0; n < plan->net->node_count; n++) {
        const net_node *node = &plan->net->nodes[n];
        if (node->kind != NET_NORM || plan->mode != LAR_PLAN_TRAIN) continue;
        int64_t values = plan->nodes[n].voxels;
        if (node->norm.kind == LAR_NORM_BATCH) values *= plan->batch;
        if (node->norm.kind == LAR_NORM_GROUP) values *= node->channels / node->norm.groups;
        if (values < 2) return lar_fail(LAR_EARGUMENT, "%s", names[node->norm.kind]);
    }
    return LAR_OK;
}

/* The pinned tensors lie at the same place in both schedules. */
static void place_pinned(lar_plan *plan)
{
    for (int s = 0; s < 2; s++) {
        plan_schedule *schedule = s ? &plan->predict : &plan->train;
        if (!schedule->tensors) continue;
        size_t at = plan->fixed_bytes;
        for (int t = 0; t < 3; t++) {
            schedule->tensors[t].offset = at;
            at += schedule->tensors[t].bytes;
        }
        if (at + schedule->bytes > plan->arena_bytes) plan->arena_bytes = at + schedule->bytes;
    }
}

/* What the shared part of the arena may hold where all may hold `memory`. */
static size_t shared_room(const lar_plan *plan, size_t memory)
{
    size_t pinned = plan->fixed_bytes;
    for (int t = 0; t < 3; t++) pinned += plan->predict.tensors[t].bytes;
    return memory > pinned ? memory - pinned : 0;
}

static lar_status make_schedules(lar_plan *plan, size_t memory)
{
    lar_status status = LAR_OK;
    plan_values *values = lar_alloc(1, sizeof *values);
    if (!values) return LAR_EMEMORY;
    lar_plan_values(values, plan->net, plan->batch, false);
    LAR_TRY(lar_schedule_make(&plan->predict, plan, values, false));
    if (plan->mode == LAR_PLAN_TRAIN) {
        lar_plan_values(values, plan->net, plan->batch, true);
        LAR_TRY(lar_schedule_make(&plan->train, plan, values, true));
        if (memory)
            LAR_TRY(lar_schedule_drop(&plan->train, plan, values, shared_room(plan, memory)));
    }
    place_pinned(plan);
done:
    lar_free(values);
    return status;
}

lar_status lar_plan_new(lar_plan **out, lar_net *net, const lar_plan_params *params)
{
    lar_status status = LAR_OK;
    lar_plan *plan = NULL;
    const int64_t size[3] = { params->size[2], params->size[1], params->size[0] };

    *out = NULL;
    LAR_TRY(check_params(net, params));
    plan = lar_alloc(1, sizeof *plan);
    if (!plan) return LAR_EMEMORY;
    plan->net = net;
    plan->loss = &lar_losses[params->loss];
    plan->mode = params->mode;
    plan->no_target = params->no_target && params->mode == LAR_PLAN_PREDICT;
    plan->type = params->precision;
    plan->batch = params->batch;
    plan->threads = lar_threads_get();
    lar_threads_set(plan->threads); /* for this thread's calls of the compute library */
    LAR_TRY(lar_arena_new(&plan->store));
    LAR_TRY(lar_backend_find(&plan->backend, params->backend, plan->type));
    LAR_TRY(plan->backend->block(&plan->block, plan->type));
    LAR_TRY(lar_plan_shape(plan, size));
    LAR_TRY(check_norms(plan));
    LAR_TRY(make_schedules(plan, params->memory));
    *out = plan;
    plan = NULL;
done:
    lar_plan_free(plan);
    return status;
}

size_t lar_plan_bytes(const lar_plan *plan)
{
    return plan->arena_bytes;
}

static double conv_work(const lar_conv_shape *s)
{
    const double taps = (double)(s->kernel[0] * s->kernel[1] * s->kernel[2]);
    const double voxels = (double)(s->out_size[0] * s->out_size[1] * s->out_size[2]);
    const double pass = 2 * taps * voxels * (double)(s->batch * s->out * (s->in / s->groups));
    return pass * __builtin_popcount(s->passes);
}

double lar_plan_work(const lar_plan *plan)
{
    double sum = 0;
    for (int n = 0; n < plan->net->node_count; n++)
        if (plan->nodes[n].conv >= 0) sum += conv_work(&plan->shapes[plan->nodes[n].conv]);
    return sum;
}

void lar_plan_again(const lar_plan *plan, int64_t *count, double *work)
{
    bool seen[LAR_NET_NODES] = { false };
    *count = 0;
    *work = 0;
    for (int op = 0; op < plan->train.op_count; op++) {
        const int n = plan->train.ops[op].node;
        if (plan->train.ops[op].kind != OP_CONV) continue;
        if (seen[n]) {
            const lar_conv_shape *s = &plan->shapes[plan->nodes[n].conv];
            *work += conv_work(s) / __builtin_popcount(s->passes);
            ++*count;
        }
        seen[n] = true;
    }
}

void lar_plan_output_size(const lar_plan *plan, int64_t size[3])
{
    const plan_node *output = &plan->nodes[plan->net->output];
    for (int a = 0; a < 3; a++) size[a] = output->size[2 - a];
}

void lar_plan_seed(lar_plan *plan, uint64_t seed)
{
    plan->seed = seed;
}

void lar_plan_release(lar_plan *plan)
{
    plan->backend->memory_free(plan->arena);
    plan->arena = NULL;
    plan->predicted = false;
}

void lar_plan_free(lar_plan *plan)
{
    if (!plan) return;
    if (plan->arena) lar_plan_release(plan);
    for (int c = 0; c < plan->conv_count; c++) plan->backend->conv_free(plan->convs[c]);
    lar_schedule_clear(&plan->train);
    lar_schedule_clear(&plan->predict);
    lar_free(plan->nodes);
    lar_free(plan->norms);
    lar_free(plan->sums);
    lar_free(plan->kernel);
    lar_free(plan->spread);
    lar_arena_free(plan->store);
    lar_free(plan);
}

void *lar_plan_at(const lar_plan *plan, const plan_schedule *schedule, int tensor)
{
    const plan_tensor *t = &schedule->tensors[tensor];
    size_t shared = plan->fixed_bytes;
    for (int p = 0; p < 3 && !t->pinned; p++) shared += schedule->tensors[p].bytes;
    return plan->arena + t->offset + (t->pinned ? 0 : shared);
}

static lar_status ready(lar_plan *plan)
{
    if (lar_threads_get() != plan->threads)
        return lar_fail(LAR_EARGUMENT, "the plan was made for %d threads, now there are %d",
                        plan->threads, lar_threads_get());
    lar_threads_set(plan->threads);
    if (!plan->arena) {
        plan->arena = plan->backend->memory_new(plan->arena_bytes);
        if (!plan->arena)
            return lar_while(LAR_EMEMORY, "%lld x %lld x %lld voxels in batches of %lld",
                             (long long)plan->nodes[0].size[2], (long long)plan->nodes[0].size[1],
                             (long long)plan->nodes[0].size[0], (long long)plan->batch);
        const plan_schedule *s = &plan->predict;
        for (int t = 0; t < 3; t++) memset(lar_plan_at(plan, s, t), 0, s->tensors[t].bytes);
    }
    return LAR_OK;
}

static lar_status load(lar_plan *plan, int tensor, int64_t n, int64_t c, const float *voxels)
{
    const plan_schedule *s = &plan->predict;
    const lar_layout *layout = &s->tensors[tensor].layout;
    if (n < 0 || n >= plan->batch || c < 0 || c >= layout->channels)
        return lar_fail(LAR_EARGUMENT, "sample %lld, channel %lld of a batch of %lld with %lld",
                        (long long)n, (long long)c, (long long)plan->batch,
                        (long long)layout->channels);
    const lar_status status = ready(plan);
    if (status != LAR_OK) return status;
    plan->predicted = false;
    plan->backend->upload(layout, lar_plan_at(plan, s, tensor), n, c, voxels);
    return LAR_OK;
}

lar_status lar_plan_load_input(lar_plan *plan, int64_t n, int64_t c, const float *voxels)
{
    return load(plan, plan->predict.input, n, c, voxels);
}

lar_status lar_plan_load_target(lar_plan *plan, int64_t n, int64_t c, const float *voxels)
{
    if (plan->no_target) return lar_fail(LAR_EARGUMENT, "the plan was made without targets");
    const bool predicted = plan->predicted; /* the output does not depend on the target */
    const lar_status status = load(plan, plan->predict.target, n, c, voxels);
    plan->predicted = predicted && status == LAR_OK;
    return status;
}

lar_status lar_plan_step(lar_plan *plan, double weight, bool add, double *loss)
{
    if (plan->mode != LAR_PLAN_TRAIN)
        return lar_fail(LAR_EARGUMENT, "the plan is for prediction only");
    lar_status status = ready(plan);
    if (status != LAR_OK) return status;
    plan_step step = { .weight = weight, .add = add, .training = true };
    plan->predicted = false;
    status = lar_schedule_run(plan, &plan->train, &step);
    *loss = step.loss;
    return status;
}

lar_status lar_plan_predict(lar_plan *plan)
{
    lar_status status = ready(plan);
    if (status != LAR_OK) return status;
    plan_step step = { 0 };
    status = lar_schedule_run(plan, &plan->predict, &step);
    plan->predicted = status == LAR_OK;
    return status;
}

lar_status lar_plan_loss(lar_plan *plan, double *loss)
{
    const plan_schedule *s = &plan->predict;
    if (plan->no_target) return lar_fail(LAR_EARGUMENT, "the plan was made without targets");
    if (!plan->predicted) return lar_fail(LAR_EARGUMENT, "there is no prediction yet");
    return lar_plan_loss_of(plan, lar_plan_at(plan, s, s->output), lar_plan_at(plan, s, s->target),
                            NULL, 1, loss);
}

lar_status lar_plan_output(lar_plan *plan, int64_t n, int64_t c, float *voxels)
{
    const plan_schedule *s = &plan->predict;
    const lar_layout *layout = &s->tensors[s->output].layout;
    if (!plan->predicted) return lar_fail(LAR_EARGUMENT, "there is no prediction yet");
    if (n < 0 || n >= plan->batch || c < 0 || c >= layout->channels)
        return lar_fail(LAR_EARGUMENT, "sample %lld, channel %lld of a batch of %lld with %lld",
                        (long long)n, (long long)c, (long long)plan->batch,
                        (long long)layout->channels);
    plan->backend->download(layout, lar_plan_at(plan, s, s->output), n, c, voxels);
    return LAR_OK;
}
