/* A plan: convolutions made, schedule and arena fixed, samples in and out.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net/plan.h"

static size_t rounded(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* A planar input is read by convolutions only, and only where the backend is good at it. */
static bool wants_planar(const lar_plan *plan)
{
    const lar_net *net = plan->net;
    for (int n = 1; n < net->node_count; n++)
        if ((net->nodes[n].a == 0 || net->nodes[n].b == 0) &&
            (net->nodes[n].kind != NET_CONV || n == lar_net_head(net)))
            return false;
    return plan->backend->planar_input(net->nodes[0].channels);
}

/* One object per shape of convolution, and room for each node's packed weights. */
static lar_status make_convs(lar_plan *plan)
{
    const lar_net *net = plan->net;
    lar_status status = LAR_OK;
    for (int n = 0; n < net->node_count; n++) {
        const net_node *node = &net->nodes[n];
        plan->conv_of[n] = -1;
        if (node->kind != NET_CONV || n == lar_net_head(net)) continue;
        lar_conv_shape shape;
        memset(&shape, 0, sizeof shape); /* compared with memcmp() */
        shape.batch = plan->batch;
        shape.in = net->nodes[node->a].channels;
        shape.out = node->channels;
        shape.kernel = node->kernel;
        memcpy(shape.size, plan->size, sizeof shape.size);
        shape.planar = plan->input_planar && node->a == 0;
        shape.gradients = plan->mode == LAR_PLAN_TRAIN;
        int found = 0;
        while (found < plan->conv_count && memcmp(&plan->shapes[found], &shape, sizeof shape) != 0)
            found++;
        if (found == plan->conv_count) {
            LAR_TRY(plan->backend->conv_new(&plan->convs[found], &shape));
            plan->shapes[found] = shape;
            plan->conv_count++;
        }
        plan->conv_of[n] = found;
        plan->packed_at[n] = plan->fixed_bytes;
        plan->fixed_bytes += rounded(plan->backend->conv_packed(plan->convs[found]));
    }
done:
    return status;
}

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
    if (params->mode == LAR_PLAN_TRAIN && bytes / (1024 * sizeof(float)) < 2)
        return lar_fail(LAR_EARGUMENT, "batch norm needs more than one voxel per batch");
    return LAR_OK;
}

static lar_status make_room_for_norms(lar_plan *plan)
{
    const lar_net *net = plan->net;
    for (int n = 0; n < net->node_count; n++) {
        const lar_layout layout = { 1, net->nodes[n].channels, 1, plan->block };
        const int64_t padded = lar_layout_padded(&layout);
        if (padded > plan->channel_room) plan->channel_room = padded;
    }
    plan->norms = lar_alloc(net->node_count * PLAN_NORM_ROWS * plan->channel_room, sizeof(float));
    /* the head's weights too are summed here: outputs rows of channels, and its biases */
    plan->sums =
        lar_alloc((2 + lar_net_output_channels(net)) * (plan->channel_room + 1), sizeof(double));
    return plan->norms && plan->sums ? LAR_OK : LAR_EMEMORY;
}

lar_status lar_plan_new(lar_plan **out, lar_net *net, const lar_plan_params *params)
{
    lar_status status = LAR_OK;
    lar_plan *plan = NULL;
    plan_values *values = NULL;

    *out = NULL;
    LAR_TRY(check_params(net, params));
    plan = lar_alloc(1, sizeof *plan);
    values = lar_alloc(1, sizeof *values);
    if (!plan || !values) {
        status = LAR_EMEMORY;
        goto done;
    }
    plan->net = net;
    plan->loss = &lar_losses[params->loss];
    plan->mode = params->mode;
    plan->batch = params->batch;
    for (int a = 0; a < 3; a++) plan->size[a] = params->size[2 - a];
    plan->voxels = params->size[0] * params->size[1] * params->size[2];
    plan->threads = lar_threads_get();
    lar_threads_set(plan->threads); /* for this thread's calls of the compute library */
    LAR_TRY(lar_backend_find(&plan->backend, params->backend));
    LAR_TRY(plan->backend->block(&plan->block));
    plan->input_planar = wants_planar(plan);
    LAR_TRY(make_convs(plan));
    LAR_TRY(make_room_for_norms(plan));
    if (plan->mode == LAR_PLAN_TRAIN) {
        lar_plan_values(values, net, true);
        LAR_TRY(lar_schedule_make(&plan->train, plan, values, true));
    }
    lar_plan_values(values, net, false);
    LAR_TRY(lar_schedule_make(&plan->predict, plan, values, false));
    for (int s = 0; s < 2; s++) {
        plan_schedule *schedule = s ? &plan->predict : &plan->train;
        if (!schedule->tensors) continue;
        size_t at = plan->fixed_bytes; /* the pinned ones lie at the same place in both */
        for (int t = 0; t < 3; t++) {
            schedule->tensors[t].offset = at;
            at += schedule->tensors[t].bytes;
        }
        if (at + schedule->bytes > plan->arena_bytes) plan->arena_bytes = at + schedule->bytes;
    }
    *out = plan;
    plan = NULL;
done:
    lar_free(values);
    lar_plan_free(plan);
    return status;
}

size_t lar_plan_bytes(const lar_plan *plan)
{
    return plan->arena_bytes;
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
    lar_free(plan->norms);
    lar_free(plan->sums);
    lar_free(plan);
}

float *lar_plan_at(const lar_plan *plan, const plan_schedule *schedule, int tensor)
{
    const plan_tensor *t = &schedule->tensors[tensor];
    size_t shared = plan->fixed_bytes;
    for (int p = 0; p < 3 && !t->pinned; p++) shared += schedule->tensors[p].bytes;
    return (float *)(void *)(plan->arena + t->offset + (t->pinned ? 0 : shared));
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
                             (long long)plan->size[2], (long long)plan->size[1],
                             (long long)plan->size[0], (long long)plan->batch);
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
