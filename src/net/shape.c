/* The shapes of a plan: voxels and channels of every node, and a convolution object per distinct
 * shape. Channels fill whole blocks; those of a concatenation keep the gaps of its parts, so that
 * no kernel ever moves channels between lanes. SPDX-License-Identifier: Apache-2.0 */
#include "net/plan.h"

static int64_t whole_blocks(int64_t channels, int block)
{
    return (channels + block - 1) / block * block;
}

/* A planar input is read by convolutions only, and only where the backend is good at it. */
static bool wants_planar(const lar_plan *plan)
{
    const lar_net *net = plan->net;
    for (int n = 1; n < net->node_count; n++)
        if ((net->nodes[n].a == 0 || net->nodes[n].b == 0) &&
            (net->nodes[n].kind != NET_CONV || net->nodes[n].conv.groups != 1))
            return false;
    return plan->backend->planar_input(net->nodes[0].channels);
}

static lar_status join_positions(lar_plan *plan, int n)
{
    const net_node *node = &plan->net->nodes[n];
    const plan_node *a = &plan->nodes[node->a], *b = &plan->nodes[node->b];
    const int64_t first = plan->net->nodes[node->a].channels;
    int64_t *joined = lar_arena_take(plan->store, node->channels, sizeof *joined);
    if (!joined) return LAR_EMEMORY;
    for (int64_t c = 0; c < node->channels; c++)
        joined[c] = c < first ? a->position[c] : a->channels + b->position[c - first];
    plan->nodes[n].position = joined;
    plan->nodes[n].channels = a->channels + b->channels;
    return LAR_OK;
}

static bool alike(const lar_plan *plan, int a, int b, int64_t channels)
{
    const plan_node *x = &plan->nodes[a], *y = &plan->nodes[b];
    return x->channels == y->channels &&
           memcmp(x->position, y->position, (size_t)channels * sizeof *x->position) == 0;
}

static lar_status shape_nodes(lar_plan *plan)
{
    lar_status status = LAR_OK;
    const lar_net *net = plan->net;
    int64_t widest = 1;
    for (int n = 0; n < net->node_count; n++)
        if (net->nodes[n].channels > widest) widest = net->nodes[n].channels;
    int64_t *identity = lar_arena_take(plan->store, widest, sizeof *identity);
    if (!identity) return LAR_EMEMORY;
    for (int64_t c = 0; c < widest; c++) identity[c] = c;
    for (int n = 0; n < net->node_count; n++) {
        const net_node *node = &net->nodes[n];
        plan_node *p = &plan->nodes[n];
        const bool new_channels =
            node->kind == NET_INPUT || node->kind == NET_CONV || node->kind == NET_UPCONV;
        p->voxels = p->size[0] * p->size[1] * p->size[2];
        p->conv = -1;
        p->planar = lar_net_is_tail(net, n) || (n == 0 && wants_planar(plan));
        p->gradient = node->kind == NET_CONV || node->kind == NET_UPCONV || node->weight >= 0 ||
                      node->bias >= 0;
        if (node->a >= 0 && plan->nodes[node->a].gradient) p->gradient = true;
        if (node->b >= 0 && plan->nodes[node->b].gradient) p->gradient = true;
        p->position = identity;
        p->channels = p->planar ? node->channels : whole_blocks(node->channels, plan->block);
        if (node->kind == NET_CONCAT) {
            LAR_TRY(join_positions(plan, n));
        } else if (!new_channels && !p->planar) {
            p->position = plan->nodes[node->a].position;
            p->channels = plan->nodes[node->a].channels;
        }
        if (node->kind == NET_ADD && !alike(plan, node->a, node->b, node->channels))
            return lar_fail(LAR_EUNSUPPORTED, "a sum whose sides are concatenated in different "
                                              "parts: try concat after the sums");
    }
done:
    return status;
}

/* The convolution (of an upconv: the one whose gradient it is) in whole blocks. */
lar_conv_shape lar_plan_conv_shape(const lar_plan *plan, int n)
{
    const net_node *node = &plan->net->nodes[n];
    const bool up = node->kind == NET_UPCONV, training = plan->mode == LAR_PLAN_TRAIN;
    const plan_node *in = &plan->nodes[up ? n : node->a], *out = &plan->nodes[up ? node->a : n];
    const int64_t groups = node->conv.groups;
    lar_conv_shape shape;
    memset(&shape, 0, sizeof shape); /* compared with memcmp() */
    shape.batch = plan->batch;
    shape.in = in->channels;
    shape.out = out->channels;
    /* a group of broken blocks is a part of a dense kernel with zeros elsewhere */
    shape.groups = in->channels / groups % plan->block == 0 &&
                           out->channels / groups % plan->block == 0 &&
                           in->channels == plan->net->nodes[node->a].channels &&
                           out->channels == node->channels
                       ? groups
                       : 1;
    for (int a = 0; a < 3; a++) {
        shape.kernel[a] = node->conv.kernel[a];
        shape.stride[a] = node->conv.stride[a];
        shape.dilation[a] = node->conv.dilation[a];
        shape.padding[a] = node->conv.padding == LAR_PAD_ZERO
                               ? node->conv.dilation[a] * (node->conv.kernel[a] - 1) / 2
                               : 0;
        shape.size[a] = in->size[a];
        shape.out_size[a] = out->size[a];
    }
    shape.type = plan->type;
    shape.planar = in->planar;
    shape.in_place = plan->nodes[n].in_place;
    shape.passes = 1U << (up ? LAR_CONV_DATA : LAR_CONV_FORWARD);
    if (training) {
        shape.passes |= 1U << LAR_CONV_WEIGHTS;
        if (plan->nodes[node->a].gradient)
            shape.passes |= 1U << (up ? LAR_CONV_FORWARD : LAR_CONV_DATA);
    }
    return shape;
}

static lar_status make_conv(lar_plan *plan, int n)
{
    const lar_conv_shape shape = lar_plan_conv_shape(plan, n);
    plan_node *p = &plan->nodes[n];
    int found = 0;
    while (found < plan->conv_count && memcmp(&plan->shapes[found], &shape, sizeof shape) != 0)
        found++;
    if (found == plan->conv_count) {
        const lar_status status = plan->backend->conv_new(&plan->convs[found], &shape);
        if (status != LAR_OK) return status;
        plan->shapes[found] = shape;
        plan->conv_count++;
    }
    p->conv = found;
    p->packed_at = plan->fixed_bytes;
    plan->fixed_bytes += (plan->backend->conv_packed(plan->convs[found]) + 63) / 64 * 64;
    return LAR_OK;
}

static int64_t spread_count(const lar_conv_shape *s)
{
    return s->out * (s->in / s->groups) * s->kernel[0] * s->kernel[1] * s->kernel[2];
}

static lar_status make_convs(lar_plan *plan)
{
    const lar_net *net = plan->net;
    int64_t kernel = 1, spread = 1;
    for (int n = 0; n < net->node_count; n++) {
        const net_node *node = &net->nodes[n];
        if (node->kind != NET_CONV && node->kind != NET_UPCONV) continue;
        for (int p = node->weight; p <= node->weight + 1 && p < net->param_count; p++)
            if (net->params[p].count > kernel) kernel = net->params[p].count;
        if (n == net->head) { /* its weights: rows of whole blocks */
            const int64_t count = node->channels * plan->nodes[node->a].channels;
            if (count > spread) spread = count;
            continue;
        }
        const lar_status status = make_conv(plan, n);
        if (status != LAR_OK) return status;
        const int64_t count = spread_count(&plan->shapes[plan->nodes[n].conv]);
        if (count > spread) spread = count;
    }
    plan->kernel = lar_alloc(kernel, sizeof *plan->kernel);
    plan->spread = lar_alloc(spread, sizeof *plan->spread);
    return plan->kernel && plan->spread ? LAR_OK : LAR_EMEMORY;
}

static lar_status make_rows(lar_plan *plan)
{
    const lar_net *net = plan->net;
    int64_t total = 0;
    for (int n = 0; n < net->node_count; n++) {
        const net_kind kind = net->nodes[n].kind;
        const int64_t row = plan->batch * plan->nodes[n].channels;
        if (row > plan->row_room) plan->row_room = row;
        if (kind != NET_NORM && kind != NET_BIAS) continue;
        plan->nodes[n].norms_at = total;
        total += PLAN_NORM_ROWS * row;
    }
    /* the head's weights too are summed there: outputs rows of channels, and its biases */
    plan->norms = lar_alloc(total, sizeof *plan->norms);
    plan->sums =
        lar_alloc((2 + lar_net_output_channels(net)) * (plan->row_room + 1), sizeof *plan->sums);
    return plan->norms && plan->sums ? LAR_OK : LAR_EMEMORY;
}

lar_status lar_plan_shape(lar_plan *plan, const int64_t size[3])
{
    lar_status status = LAR_OK;
    const lar_net *net = plan->net;
    int64_t(*sizes)[3] = lar_alloc(net->node_count, sizeof *sizes);
    plan->nodes = lar_alloc(net->node_count, sizeof *plan->nodes);
    if (!sizes || !plan->nodes) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_net_sizes(net, size, sizes));
    for (int n = 0; n < net->node_count; n++)
        memcpy(plan->nodes[n].size, sizes[n], sizeof sizes[n]);
    LAR_TRY(shape_nodes(plan));
    LAR_TRY(lar_plan_in_place(plan));
    LAR_TRY(make_convs(plan));
    LAR_TRY(make_rows(plan));
done:
    lar_free(sizes);
    return status;
}

lar_layout lar_plan_layout(const lar_plan *plan, int n)
{
    const plan_node *p = &plan->nodes[n];
    const bool tail = lar_net_is_tail(plan->net, n);
    return (lar_layout){ plan->batch, p->channels, p->voxels, p->planar ? 1 : plan->block,
                         tail ? LAR_FLOAT32 : plan->type };
}

/* Copies a kernel to its place among whole blocks, or back. */
static void place_kernel(const lar_plan *plan, int n, float *kernel, float *spread, bool back)
{
    const net_node *node = &plan->net->nodes[n];
    const bool up = node->kind == NET_UPCONV;
    const int from = up ? n : node->a, to = up ? node->a : n;
    const int64_t *columns_at = plan->nodes[from].position, *rows_at = plan->nodes[to].position;
    const int64_t groups = node->conv.groups, rows = plan->net->nodes[to].channels;
    const int64_t columns = plan->net->nodes[from].channels / groups;
    const int64_t taps = node->conv.kernel[0] * node->conv.kernel[1] * node->conv.kernel[2];
    const int number = plan->nodes[n].conv; /* the head has none, and one group */
    const bool grouped = number >= 0 && plan->shapes[number].groups > 1;
    const int64_t width = grouped ? columns : plan->nodes[from].channels;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++) {
            const int64_t column = grouped ? c : columns_at[r / (rows / groups) * columns + c];
            float *own = kernel + (r * columns + c) * taps;
            float *wide = spread + (rows_at[r] * width + column) * taps;
            memcpy(back ? own : wide, back ? wide : own, (size_t)taps * sizeof *own);
        }
}

void lar_plan_spread(const lar_plan *plan, int n, const float *kernel, float *spread)
{
    const int number = plan->nodes[n].conv;
    const int64_t count =
        number >= 0 ? spread_count(&plan->shapes[number])
                    : plan->net->nodes[n].channels * plan->nodes[plan->net->nodes[n].a].channels;
    memset(spread, 0, (size_t)count * sizeof *spread);
    place_kernel(plan, n, (float *)(uintptr_t)kernel, spread, false);
}

void lar_plan_unspread(const lar_plan *plan, int n, const float *spread, float *kernel)
{
    place_kernel(plan, n, kernel, (float *)(uintptr_t)spread, true);
}
