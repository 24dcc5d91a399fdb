/* The order of work of one forward pass, or of one training step, and the tensors it passes on.
 * Each tensor is written once; place.c lets them share memory. SPDX-License-Identifier: Apache-2.0
 */
#include "net/plan.h"

typedef struct maker {
    plan_schedule *s;
    lar_plan *plan;
    const lar_net *net;
    const plan_values *values;
    int op_room, tensor_room;
    int tensor_of[LAR_NET_NODES];   /* of kept nodes */
    int gradient_of[LAR_NET_NODES]; /* -1: none yet */
} maker;

static lar_layout layout_of(const lar_plan *plan, int64_t channels, int block)
{
    return (lar_layout){ plan->batch, channels, plan->voxels, block };
}

static size_t rounded(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static int new_tensor(maker *m, lar_layout layout, size_t bytes)
{
    const int number = m->s->tensor_count++;
    m->s->tensors[number] = (plan_tensor){ .layout = layout,
                                           .bytes = rounded(bytes),
                                           .first = m->s->op_count,
                                           .last = m->s->op_count,
                                           .root = number };
    return number;
}

static int tensor_like(maker *m, int64_t channels, int block)
{
    const lar_layout layout = layout_of(m->plan, channels, block);
    return new_tensor(m, layout, (size_t)lar_layout_floats(&layout) * sizeof(float));
}

static int pinned(maker *m, int64_t channels, int block)
{
    const int tensor = tensor_like(m, channels, block);
    m->s->tensors[tensor].pinned = true;
    return tensor;
}

static int scratch_for(maker *m, int node, int pass)
{
    const lar_plan *plan = m->plan;
    const size_t bytes = plan->backend->conv_scratch(plan->convs[plan->conv_of[node]], pass);
    return bytes ? new_tensor(m, (lar_layout){ 0 }, bytes) : -1;
}

static void use(maker *m, int tensor)
{
    if (tensor >= 0) m->s->tensors[tensor].last = m->s->op_count;
}

static void put(maker *m, plan_op op)
{
    for (int t = 0; t < op.value.count; t++) {
        op.sources[t] = m->tensor_of[op.value.terms[t].node];
        use(m, op.sources[t]);
    }
    use(m, op.in);
    use(m, op.in2);
    m->s->ops[m->s->op_count++] = op;
}

static plan_op op_of(plan_kind kind, int node, int in, const plan_value *value)
{
    plan_op op = { .kind = kind, .node = node, .in = in, .in2 = -1, .out = -1, .scratch = -1 };
    if (value) op.value = *value;
    return op;
}

/* The tensor of a node's value, computed where it is not kept. */
static int value_tensor(maker *m, int node)
{
    if (m->values->kept[node]) return m->tensor_of[node];
    plan_op op = op_of(OP_EVALUATE, node, -1, &m->values->seen[node]);
    op.out = tensor_like(m, m->net->nodes[node].channels, m->plan->block);
    put(m, op);
    return op.out;
}

static void forward_conv(maker *m, int n)
{
    const net_node *node = &m->net->nodes[n];
    if (n == lar_net_head(m->net)) {
        plan_op op = op_of(OP_HEAD, n, -1, &m->values->seen[node->a]);
        op.out = m->tensor_of[n] = m->s->output;
        put(m, op);
        return;
    }
    plan_op op = op_of(OP_CONV, n, value_tensor(m, node->a), NULL);
    op.out = m->tensor_of[n] = tensor_like(m, node->channels, m->plan->block);
    op.scratch = scratch_for(m, n, LAR_CONV_FORWARD);
    put(m, op);
}

static void forward_node(maker *m, int n, bool training)
{
    const net_node *node = &m->net->nodes[n];
    if (node->kind == NET_INPUT) {
        m->tensor_of[n] = m->s->input;
        return;
    }
    if (node->kind == NET_CONV) {
        forward_conv(m, n);
        return;
    }
    if (n == m->net->output) { /* the final ReLU */
        plan_op op = op_of(OP_OUTPUT_RELU, n, m->s->output, NULL);
        op.out = m->s->output;
        put(m, op);
        return;
    }
    if (node->kind == NET_NORM && training) put(m, op_of(OP_STATISTICS, n, -1, &m->values->own[n]));
    if (m->values->kept[n]) {
        plan_op op = op_of(OP_EVALUATE, n, -1, &m->values->own[n]);
        op.out = m->tensor_of[n] = tensor_like(m, node->channels, m->plan->block);
        put(m, op);
    }
}

static void contribute(maker *m, int node, int gradient)
{
    int *sum = &m->gradient_of[node];
    if (*sum < 0) {
        *sum = gradient;
        return;
    }
    const lar_layout layout = m->s->tensors[gradient].layout;
    plan_op op = op_of(OP_ADD, node, *sum, NULL);
    op.in2 = gradient;
    op.out = tensor_like(m, layout.channels, layout.block);
    put(m, op);
    *sum = op.out;
}

static void backward_conv(maker *m, int n)
{
    const net_node *node = &m->net->nodes[n];
    const int64_t channels = m->net->nodes[node->a].channels;
    const int gradient = m->gradient_of[n];
    if (n == lar_net_head(m->net)) {
        plan_op op = op_of(OP_HEAD_BACK, n, gradient, &m->values->seen[node->a]);
        op.out = tensor_like(m, channels, m->plan->block);
        put(m, op);
        contribute(m, node->a, op.out);
        return;
    }
    plan_op weights = op_of(OP_CONV_WEIGHTS, n, value_tensor(m, node->a), NULL);
    weights.in2 = gradient;
    weights.scratch = scratch_for(m, n, LAR_CONV_WEIGHTS);
    put(m, weights);
    if (m->net->nodes[node->a].kind == NET_INPUT) return;
    plan_op data = op_of(OP_CONV_DATA, n, gradient, NULL);
    data.out = tensor_like(m, channels, m->plan->block);
    data.scratch = scratch_for(m, n, LAR_CONV_DATA);
    put(m, data);
    contribute(m, node->a, data.out);
}

static void backward_node(maker *m, int n)
{
    const net_node *node = &m->net->nodes[n];
    const int gradient = m->gradient_of[n];
    if (gradient < 0 || node->kind == NET_INPUT) return;
    if (node->kind == NET_CONV) {
        backward_conv(m, n);
    } else if (node->kind == NET_ADD) {
        contribute(m, node->a, gradient);
        contribute(m, node->b, gradient);
    } else { /* the end of a chain down to a kept node */
        const lar_layout layout = m->s->tensors[gradient].layout;
        plan_op op = op_of(OP_TERM_BACK, n, gradient, &m->values->own[n]);
        op.out = tensor_like(m, layout.channels, layout.block);
        put(m, op);
        contribute(m, m->values->own[n].terms[0].node, op.out);
    }
}

static void backward(maker *m)
{
    plan_op loss = op_of(OP_LOSS, m->net->output, m->s->output, NULL);
    loss.out = tensor_like(m, lar_net_output_channels(m->net), 1);
    put(m, loss);
    contribute(m, m->net->output, loss.out);
    for (int n = m->net->node_count - 1; n >= 0; n--) backward_node(m, n);
}

lar_status lar_schedule_make(plan_schedule *out, lar_plan *plan, const plan_values *values,
                             bool training)
{
    lar_status status = LAR_OK;
    const lar_net *net = plan->net;
    const int room = 8 * net->node_count + 8; /* no node makes more ops, or more tensors, than 8 */
    maker *m = lar_alloc(1, sizeof *m);

    if (!m) return LAR_EMEMORY;
    *m = (maker){ .s = out, .plan = plan, .net = net, .values = values };
    *out = (plan_schedule){ .ops = lar_alloc(room, sizeof(plan_op)),
                            .tensors = lar_alloc(room, sizeof(plan_tensor)) };
    if (!out->ops || !out->tensors) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int n = 0; n < net->node_count; n++) m->gradient_of[n] = m->tensor_of[n] = -1;
    out->input = pinned(m, net->nodes[0].channels, plan->input_planar ? 1 : plan->block);
    out->target = pinned(m, lar_net_output_channels(net), 1);
    out->output = pinned(m, lar_net_output_channels(net), 1);
    for (int n = 0; n < net->node_count; n++) forward_node(m, n, training);
    if (training) backward(m);
    lar_schedule_place(out);
done:
    lar_free(m);
    return status;
}

void lar_schedule_clear(plan_schedule *schedule)
{
    lar_free(schedule->ops);
    lar_free(schedule->tensors);
    *schedule = (plan_schedule){ 0 };
}
