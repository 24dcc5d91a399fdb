/* The order of work of one forward pass, or of one training step, and the tensors it passes on.
 * Each tensor is written once; place.c lets them share memory. A tensor that is dropped after the
 * forward pass is made anew, with what it needs, when backward first asks for it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net/plan.h"

typedef struct maker {
    plan_schedule *s;
    lar_plan *plan;
    const lar_net *net;
    const plan_values *values;
    bool training, out_of_memory;
    int tensor_of[LAR_NET_NODES];   /* of kept nodes; -1: not made, or dropped */
    int gradient_of[LAR_NET_NODES]; /* -1: none yet */
    int place_for[LAR_NET_NODES];   /* of a node inside a concat, while that is made; -1 */
} maker;

/* Room for one more; what was there stays. */
static bool grow(void **list, int count, int *room, size_t each)
{
    if (count < *room) return true;
    const int more = *room ? 2 * *room : 256;
    void *larger = lar_alloc(more, each);
    if (!larger) return false;
    if (count) memcpy(larger, *list, (size_t)count * each);
    lar_free(*list);
    *list = larger;
    *room = more;
    return true;
}

static int new_tensor(maker *m, lar_layout layout, size_t bytes)
{
    plan_schedule *s = m->s;
    void *tensors = s->tensors;
    if (m->out_of_memory || !grow(&tensors, s->tensor_count, &s->tensor_room, sizeof *s->tensors)) {
        m->out_of_memory = true;
        return 0;
    }
    s->tensors = tensors;
    const int number = s->tensor_count++;
    s->tensors[number] = (plan_tensor){ .layout = layout,
                                        .bytes = (bytes + 63) / 64 * 64,
                                        .first = s->op_count,
                                        .last = s->op_count,
                                        .root = number,
                                        .base = -1 };
    return number;
}

static int tensor_in(maker *m, lar_layout layout)
{
    return new_tensor(m, layout, lar_layout_bytes(&layout));
}

static int tensor_for(maker *m, int node)
{
    return tensor_in(m, lar_plan_layout(m->plan, node));
}

/* A part of a tensor, where kernels find it aligned; otherwise a tensor of its own. */
static int part_of(maker *m, int base, lar_layout layout, int64_t first)
{
    const size_t lane = lar_layout_bytes(&layout) / (size_t)layout.channels;
    const int part = new_tensor(m, layout, lar_layout_bytes(&layout));
    if (m->out_of_memory || layout.batch != 1 || (size_t)first * lane % 64) return part;
    m->s->tensors[part].base = base;
    m->s->tensors[part].part = (size_t)first * lane;
    return part;
}

static int scratch_for(maker *m, int node, int pass)
{
    const lar_plan *plan = m->plan;
    const size_t bytes = plan->backend->conv_scratch(plan->convs[plan->nodes[node].conv], pass);
    return bytes ? new_tensor(m, (lar_layout){ 0 }, bytes) : -1;
}

static void use(maker *m, int tensor)
{
    if (tensor >= 0 && !m->out_of_memory) m->s->tensors[tensor].last = m->s->op_count;
}

static int tensor_of(maker *m, int node);
static void make(maker *m, int n);

/* The tensor that a node is to be written to. */
static int tensor_for_node(maker *m, int node)
{
    const int place = m->place_for[node];
    m->place_for[node] = -1;
    return place >= 0 ? place : tensor_for(m, node);
}

/* An op, with the tensors that it reads made; `put` follows when its results have theirs. */
static plan_op op_of(maker *m, plan_kind kind, int node, int in, const plan_value *value)
{
    plan_op op = {
        .kind = kind, .node = node, .in = in, .in2 = -1, .in3 = -1, .out = -1, .scratch = -1
    };
    if (value) op.value = *value;
    for (int t = 0; t < op.value.count; t++) op.sources[t] = tensor_of(m, op.value.terms[t].node);
    return op;
}

static void put(maker *m, plan_op op)
{
    plan_schedule *s = m->s;
    void *ops = s->ops;
    if (m->out_of_memory || !grow(&ops, s->op_count, &s->op_room, sizeof *s->ops)) {
        m->out_of_memory = true;
        return;
    }
    s->ops = ops;
    if (op.kind != OP_CONV)
        for (int t = 0; t < op.value.count; t++) use(m, op.sources[t]);
    use(m, op.in);
    use(m, op.in2);
    use(m, op.in3);
    s->ops[s->op_count++] = op;
}

/* The tensor of a node's value, computed where it is not kept. */
static int value_tensor(maker *m, int node)
{
    if (m->values->kept[node]) return tensor_of(m, node);
    plan_op op = op_of(m, OP_EVALUATE, node, -1, &m->values->seen[node]);
    op.out = tensor_for(m, node);
    put(m, op);
    return op.out;
}

/* A convolution of the value before it, in the place of its source. */
static void make_in_place(maker *m, int n)
{
    const int layer = m->plan->nodes[n].layer, read = m->net->nodes[layer >= 0 ? layer : n].a;
    plan_op op = op_of(m, OP_CONV_IN_PLACE, n, -1, &m->values->seen[read]);
    op.out = m->tensor_of[n] = tensor_for_node(m, n);
    op.scratch = scratch_for(m, n, LAR_CONV_FORWARD);
    put(m, op);
}

/* A convolution, in prediction with what follows it up to its tensor. */
static void make_conv(maker *m, int n)
{
    const plan_values *v = m->values;
    const net_node *node = &m->net->nodes[n];
    plan_op op = op_of(m, OP_CONV, n, value_tensor(m, node->a), NULL);
    int written = n;
    if (v->end[n] >= 0) {
        op.value = v->own[v->end[n]];
        written = v->sum[n] >= 0 ? v->sum[n] : v->end[n];
        if (v->base[n] >= 0) op.in2 = tensor_of(m, v->base[n]);
    }
    op.out = m->tensor_of[written] = tensor_for_node(m, written);
    op.scratch = scratch_for(m, n, node->kind == NET_UPCONV ? LAR_CONV_DATA : LAR_CONV_FORWARD);
    put(m, op);
}

/* One side of a concatenation to its channels. */
static void make_part(maker *m, int n, int part, int64_t first)
{
    if (m->values->inside[part] && m->tensor_of[part] < 0) {
        const int whole = m->tensor_of[n];
        const int tensor = part_of(m, whole, lar_plan_layout(m->plan, part), first);
        m->place_for[part] = tensor;
        make(m, part);
        use(m, whole);
        if (m->out_of_memory || m->s->tensors[tensor].base >= 0) return;
    }
    plan_op op = op_of(m, OP_EVALUATE, part, -1, &m->values->seen[part]);
    op.out = m->tensor_of[n];
    op.first = first;
    put(m, op);
    use(m, op.out);
}

static void make_concat(maker *m, int n)
{
    const net_node *node = &m->net->nodes[n];
    for (int side = 0; side < 2; side++) { /* what they need, before the tensor's life begins */
        const int part = side ? node->b : node->a;
        const int from = m->values->inside[part] ? m->net->nodes[part].a : part;
        const plan_value *seen = &m->values->seen[from];
        for (int t = 0; t < seen->count; t++) tensor_of(m, seen->terms[t].node);
    }
    m->tensor_of[n] = tensor_for(m, n);
    make_part(m, n, node->a, 0);
    make_part(m, n, node->b, m->plan->nodes[node->a].channels);
}

/* Makes the tensor of a kept node. */
static void make(maker *m, int n)
{
    const net_node *node = &m->net->nodes[n];
    plan_op op;
    switch (node->kind) {
    case NET_INPUT:
        m->tensor_of[n] = m->s->input;
        return;
    case NET_CONCAT:
        make_concat(m, n);
        return;
    case NET_CONV:
    case NET_UPCONV:
        (m->plan->nodes[n].in_place ? make_in_place : make_conv)(m, n);
        return;
    case NET_LAYER:
        op = op_of(m, OP_LAYER, n, value_tensor(m, node->a), NULL);
        op.over = node->layer.kind == LAR_LAYER_ELU || node->layer.kind == LAR_LAYER_GELU ||
                  node->layer.kind == LAR_LAYER_SIGMOID;
        break;
    case NET_BIAS:
        if (m->net->head >= 0 && node->a == m->net->head) {
            const int from = m->net->nodes[m->net->head].a;
            op = op_of(m, OP_HEAD, n, -1, &m->values->seen[from]);
            break;
        } /* fall through */
    default:
        op = op_of(m, OP_EVALUATE, n, -1, &m->values->own[n]);
    }
    op.out = m->tensor_of[n] =
        n == m->net->output && m->net->head >= 0 ? m->s->output : tensor_for_node(m, n);
    put(m, op);
    use(m, op.out);
}

static int tensor_of(maker *m, int node)
{
    if (m->tensor_of[node] < 0) make(m, node);
    return m->tensor_of[node];
}

static void forward(maker *m)
{
    const plan_values *v = m->values;
    for (int n = 0; n < m->net->node_count; n++) {
        const net_node *node = &m->net->nodes[n];
        if (n == m->net->head || m->plan->nodes[n].taken) continue;
        if (node->kind == NET_NORM && (m->training || node->norm.kind != LAR_NORM_BATCH) &&
            m->plan->nodes[v->own[n].terms[0].node].told != n)
            put(m, op_of(m, OP_STATISTICS, n, -1, &v->own[n]));
        const bool early = v->end[n] >= 0; /* makes another's tensor */
        if ((v->kept[n] || early) && !v->inside[n] && m->tensor_of[n] < 0) make(m, n);
    }
    if (m->net->head < 0) {
        plan_op op = op_of(m, OP_GATHER, m->net->output, value_tensor(m, m->net->output), NULL);
        op.out = m->s->output;
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
    plan_op op = op_of(m, OP_ADD, node, *sum, NULL);
    op.in2 = gradient;
    op.out = tensor_for(m, node);
    put(m, op);
    *sum = op.out;
}

static bool wanted(const maker *m, int node)
{
    return m->plan->nodes[node].gradient;
}

static void backward_head(maker *m, int n, int gradient)
{
    const int from = m->net->nodes[m->net->head].a;
    plan_op op = op_of(m, OP_HEAD_BACK, n, gradient, &m->values->seen[from]);
    op.out = tensor_for(m, from);
    put(m, op);
    if (wanted(m, from)) contribute(m, from, op.out);
}

static void backward_conv(maker *m, int n, int gradient)
{
    const net_node *node = &m->net->nodes[n];
    plan_op weights = op_of(m, OP_CONV_WEIGHTS, n, value_tensor(m, node->a), NULL);
    weights.in2 = gradient;
    weights.scratch = scratch_for(m, n, LAR_CONV_WEIGHTS);
    put(m, weights);
    if (!wanted(m, node->a)) return;
    plan_op data = op_of(m, OP_CONV_DATA, n, gradient, NULL);
    data.out = tensor_for(m, node->a);
    data.scratch = scratch_for(m, n, node->kind == NET_UPCONV ? LAR_CONV_FORWARD : LAR_CONV_DATA);
    put(m, data);
    contribute(m, node->a, data.out);
}

static void backward_layer(maker *m, int n, int gradient)
{
    const net_node *node = &m->net->nodes[n];
    const lar_layer_kind kind = node->layer.kind;
    const int in = lar_layer_needs_input(kind) ? value_tensor(m, node->a) : -1;
    const int out = lar_layer_needs_output(kind) ? tensor_of(m, n) : -1;
    plan_op op = op_of(m, OP_LAYER_BACK, n, gradient, NULL);
    op.in2 = in;
    op.in3 = out;
    op.out = tensor_for(m, node->a);
    put(m, op);
    contribute(m, node->a, op.out);
}

static void backward_part(maker *m, int n, int part, int gradient, int64_t first)
{
    if (!wanted(m, part)) return;
    plan_op op = op_of(m, OP_SLICE, n, gradient, NULL);
    op.first = first;
    op.out = part_of(m, gradient, lar_plan_layout(m->plan, part), first);
    put(m, op);
    contribute(m, part, op.out);
}

/* The end of a chain down to a kept node. */
static void backward_term(maker *m, int n, int gradient)
{
    plan_op op = op_of(m, OP_TERM_BACK, n, gradient, &m->values->own[n]);
    const int source = op.value.terms[0].node;
    op.out = tensor_for(m, n);
    put(m, op);
    if (wanted(m, source)) contribute(m, source, op.out);
}

static void backward_node(maker *m, int n)
{
    const net_node *node = &m->net->nodes[n];
    const int gradient = m->gradient_of[n];
    if (gradient < 0 || !wanted(m, n)) return;
    switch (node->kind) {
    case NET_INPUT:
        return;
    case NET_CONV:
    case NET_UPCONV:
        backward_conv(m, n, gradient);
        return;
    case NET_ADD:
        if (wanted(m, node->a)) contribute(m, node->a, gradient);
        if (wanted(m, node->b)) contribute(m, node->b, gradient);
        return;
    case NET_CONCAT:
        backward_part(m, n, node->a, gradient, 0);
        backward_part(m, n, node->b, gradient, m->plan->nodes[node->a].channels);
        return;
    case NET_LAYER:
        if (wanted(m, node->a)) backward_layer(m, n, gradient);
        return;
    default:
        if (m->net->head >= 0 && node->a == m->net->head)
            backward_head(m, n, gradient);
        else
            backward_term(m, n, gradient);
    }
}

static void backward(maker *m)
{
    const int output = m->net->output;
    for (int n = 0; n < m->net->node_count; n++)
        if (m->values->dropped[n]) m->tensor_of[n] = -1;
    plan_op loss = op_of(m, OP_LOSS, output, m->s->output, NULL);
    loss.out = tensor_in(m, m->s->tensors[m->s->output].layout);
    put(m, loss);
    int gradient = loss.out;
    if (m->net->head < 0) {
        plan_op op = op_of(m, OP_SCATTER, output, gradient, NULL);
        op.out = tensor_for(m, output);
        put(m, op);
        gradient = op.out;
    }
    contribute(m, output, gradient);
    for (int n = m->net->node_count - 1; n >= 0; n--) backward_node(m, n);
}

static int pinned(maker *m, lar_layout layout, bool empty)
{
    const int tensor = new_tensor(m, layout, empty ? 0 : lar_layout_bytes(&layout));
    if (!m->out_of_memory) m->s->tensors[tensor].pinned = true;
    return tensor;
}

lar_status lar_schedule_make(plan_schedule *out, lar_plan *plan, const plan_values *values,
                             bool training)
{
    const lar_net *net = plan->net;
    lar_status status = LAR_OK;
    maker *m = lar_alloc(1, sizeof *m);

    *out = (plan_schedule){ 0 };
    if (!m) return LAR_EMEMORY;
    *m = (maker){ .s = out, .plan = plan, .net = net, .values = values, .training = training };
    for (int n = 0; n < net->node_count; n++)
        m->gradient_of[n] = m->tensor_of[n] = m->place_for[n] = -1;
    const lar_layout result = { plan->batch, lar_net_output_channels(net),
                                plan->nodes[net->output].voxels, 1, LAR_FLOAT32 };
    out->input = pinned(m, lar_plan_layout(plan, 0), false);
    out->target = pinned(m, result, plan->no_target);
    out->output = pinned(m, result, false);
    forward(m);
    if (training && !m->out_of_memory) backward(m);
    if (m->out_of_memory) {
        lar_schedule_clear(out);
        status = LAR_EMEMORY;
    } else {
        lar_schedule_place(out);
    }
    lar_free(m);
    return status;
}

void lar_schedule_clear(plan_schedule *schedule)
{
    lar_free(schedule->ops);
    lar_free(schedule->tensors);
    *schedule = (plan_schedule){ 0 };
}
