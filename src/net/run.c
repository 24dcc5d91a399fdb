/* Running a schedule: each op calls the backend.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "net/plan.h"

static void *tensor_at(const plan_run *r, int tensor)
{
    return tensor < 0 ? NULL : lar_plan_at(r->plan, r->s, tensor);
}

static const lar_layout *layout_of(const plan_run *r, int tensor)
{
    return &r->s->tensors[tensor].layout;
}

static const float *weights_of(const plan_run *r, int param)
{
    return r->plan->net->weights + r->plan->net->params[param].offset;
}

static lar_term term_of(const plan_run *r, const plan_term *term, const void *source)
{
    lar_term out = { .source = source, .before = term->before, .after = term->after };
    if (term->norm >= 0) {
        out.scale = lar_norm_row(r->plan, term->norm, NORM_SCALE);
        out.shift = lar_norm_row(r->plan, term->norm, NORM_SHIFT);
    }
    return out;
}

static lar_value value_of(const plan_run *r, const plan_op *op)
{
    lar_value value = { .count = op->value.count };
    for (int t = 0; t < value.count; t++)
        value.terms[t] = term_of(r, &op->value.terms[t], tensor_at(r, op->sources[t]));
    return value;
}

static void set_gradient(const plan_run *r, int param, const double *values)
{
    const lar_net_param *p = &r->plan->net->params[param];
    float *to = r->plan->net->gradients + p->offset;
    for (int64_t n = 0; n < p->count; n++)
        to[n] = (float)(r->step->add ? (double)to[n] + values[n] : values[n]);
}

/* A value into a whole tensor, or into some channels of a wider one, sample by sample. */
static void evaluate(const plan_run *r, const plan_op *op)
{
    const lar_plan *plan = r->plan;
    const lar_layout whole = *layout_of(r, op->out), part = lar_plan_layout(plan, op->node);
    const lar_value value = value_of(r, op);
    char *out = tensor_at(r, op->out);
    if (whole.channels == part.channels) {
        plan->backend->evaluate(&part, out, &value);
        return;
    }
    lar_layout one = part;
    one.batch = 1;
    const size_t from = lar_layout_bytes(&one), lane = from / (size_t)part.channels;
    for (int64_t n = 0; n < part.batch; n++) {
        lar_value shifted = value;
        for (int t = 0; t < value.count; t++) {
            lar_term *term = &shifted.terms[t];
            term->source = (const char *)term->source + (size_t)n * from;
            if (term->scale) term->scale += n * part.channels;
            if (term->shift) term->shift += n * part.channels;
        }
        plan->backend->evaluate(&one, out + (size_t)(n * whole.channels + op->first) * lane,
                                &shifted);
    }
}

static lar_status convolve(const plan_run *r, const plan_op *op)
{
    const lar_plan *plan = r->plan;
    const plan_node *node = &plan->nodes[op->node];
    lar_conv *conv = plan->convs[node->conv];
    const void *packed = plan->arena + node->packed_at;
    void *out = tensor_at(r, op->out), *scratch = tensor_at(r, op->scratch);
    const void *in = tensor_at(r, op->in), *base = tensor_at(r, op->in2);
    if (plan->net->nodes[op->node].kind == NET_UPCONV)
        return plan->backend->conv_data(conv, packed, in, out, scratch);
    if (base && base != out) {
        const lar_value same = { 1, { { .source = base, .before = 1, .after = 1 } } };
        plan->backend->evaluate(layout_of(r, op->out), out, &same);
    }
    lar_term after = { .before = 1, .after = 1 };
    if (op->value.count) after = term_of(r, &op->value.terms[0], NULL);
    return plan->backend->conv_forward(conv, packed, in, out, op->value.count ? &after : NULL,
                                       base != NULL, scratch);
}

static lar_status convolve_in_place(const plan_run *r, const plan_op *op)
{
    lar_plan *plan = r->plan;
    const plan_node *node = &plan->nodes[op->node];
    const net_node *layer = node->layer < 0 ? NULL : &plan->net->nodes[node->layer];
    const void *source = tensor_at(r, op->sources[0]);
    void *out = tensor_at(r, op->out);
    double *mean = plan->sums, *variance = plan->sums + plan->row_room;
    lar_taken taken = { .term = term_of(r, &op->value.terms[0], out), .activates = layer != NULL };
    if (layer) {
        taken.activation = layer->layer.kind;
        taken.alpha = layer->layer.alpha;
    }
    if (source != out) memcpy(out, source, r->s->tensors[op->out].bytes);
    const lar_status status =
        plan->backend->conv_in_place(plan->convs[node->conv], plan->arena + node->packed_at, out,
                                     &taken, mean, variance, tensor_at(r, op->scratch));
    if (status == LAR_OK && node->told >= 0)
        lar_norm_set(plan, node->told, mean, variance, r->step->training);
    return status;
}

static lar_status conv_weights(const plan_run *r, const plan_op *op)
{
    const lar_plan *plan = r->plan;
    const bool up = plan->net->nodes[op->node].kind == NET_UPCONV;
    const void *value = tensor_at(r, op->in), *gradient = tensor_at(r, op->in2);
    const lar_status status =
        plan->backend->conv_weights(plan->convs[plan->nodes[op->node].conv], up ? gradient : value,
                                    up ? value : gradient, plan->spread, tensor_at(r, op->scratch));
    if (status != LAR_OK) return status;
    lar_plan_unspread(plan, op->node, plan->spread, plan->kernel);
    lar_kernel_gradient(plan->net, op->node, plan->kernel, r->step->add);
    return LAR_OK;
}

static lar_status conv_data(const plan_run *r, const plan_op *op)
{
    const lar_plan *plan = r->plan;
    const plan_node *node = &plan->nodes[op->node];
    lar_conv *conv = plan->convs[node->conv];
    const void *packed = plan->arena + node->packed_at, *in = tensor_at(r, op->in);
    void *out = tensor_at(r, op->out), *scratch = tensor_at(r, op->scratch);
    if (plan->net->nodes[op->node].kind == NET_UPCONV)
        return plan->backend->conv_forward(conv, packed, in, out, NULL, false, scratch);
    return plan->backend->conv_data(conv, packed, in, out, scratch);
}

static lar_layer layer_of(const plan_run *r, int n)
{
    const lar_plan *plan = r->plan;
    const net_node *node = &plan->net->nodes[n];
    lar_layer layer = node->layer;
    layer.in = lar_plan_layout(plan, node->a);
    layer.out = lar_plan_layout(plan, n);
    memcpy(layer.size, plan->nodes[node->a].size, sizeof layer.size);
    memcpy(layer.out_size, plan->nodes[n].size, sizeof layer.out_size);
    for (int a = 0; a < 3; a++)
        if (layer.kernel[a] == 0) layer.kernel[a] = layer.size[a];
    layer.seed = plan->seed;
    layer.position = plan->nodes[n].position;
    layer.count = node->channels;
    if (layer.kind == LAR_LAYER_DROPOUT && !r->step->training) layer.alpha = 0;
    return layer;
}

/* The head is the convolution before the bias `node`. */
static void head(const plan_run *r, const plan_op *op)
{
    const lar_plan *plan = r->plan;
    const net_node *bias = &plan->net->nodes[op->node], *conv = &plan->net->nodes[bias->a];
    const lar_layout layout = lar_plan_layout(plan, conv->a);
    const lar_value value = value_of(r, op);
    lar_plan_spread(plan, bias->a, weights_of(r, conv->weight), plan->spread);
    plan->backend->head(&layout, &value, plan->spread, weights_of(r, bias->bias), conv->channels,
                        tensor_at(r, op->out));
}

static lar_status head_back(const plan_run *r, const plan_op *op)
{
    const lar_plan *plan = r->plan;
    const net_node *bias = &plan->net->nodes[op->node], *conv = &plan->net->nodes[bias->a];
    const lar_layout layout = lar_plan_layout(plan, conv->a);
    const int64_t outputs = conv->channels, inputs = plan->net->nodes[conv->a].channels;
    const lar_value value = value_of(r, op);
    double *dweights = plan->sums, *dbias = plan->sums + outputs * layout.channels;
    lar_plan_spread(plan, bias->a, weights_of(r, conv->weight), plan->spread);
    const lar_status status =
        plan->backend->head_backward(&layout, &value, plan->spread, outputs, tensor_at(r, op->in),
                                     tensor_at(r, op->out), dweights, dbias);
    if (status != LAR_OK) return status;
    set_gradient(r, bias->bias, dbias);
    for (int64_t o = 0; o < outputs; o++) /* close the gaps, in place */
        for (int64_t c = 0; c < inputs; c++)
            dweights[o * inputs + c] =
                dweights[o * layout.channels + plan->nodes[conv->a].position[c]];
    set_gradient(r, conv->weight, dweights);
    return LAR_OK;
}

/* The gradient through a chain of leaky ReLU, norm or bias, leaky ReLU. */
static lar_status term_back(const plan_run *r, const plan_op *op)
{
    const lar_plan *plan = r->plan;
    const lar_layout layout = lar_plan_layout(plan, op->node);
    const lar_value value = value_of(r, op);
    const int norm = op->value.terms[0].norm;
    const void *dy = tensor_at(r, op->in);
    lar_term_gradient gradient = { NULL, NULL, NULL, NULL };
    if (norm >= 0) {
        const lar_status status = lar_norm_backward(r, norm, &value.terms[0], dy, &gradient);
        if (status != LAR_OK) return status;
    }
    plan->backend->term_backward(&layout, tensor_at(r, op->out), &value.terms[0], dy, &gradient);
    return LAR_OK;
}

/* Between a blocked tensor and planar volumes. */
static lar_status move(const plan_run *r, int blocked, int planar, int node, bool gather)
{
    const lar_plan *plan = r->plan;
    const lar_layout *from = layout_of(r, blocked), *to = layout_of(r, planar);
    float *volumes = tensor_at(r, planar);
    char *tensor = tensor_at(r, blocked);
    if (!gather) memset(tensor, 0, lar_layout_bytes(from));
    for (int64_t n = 0; n < to->batch; n++)
        for (int64_t c = 0; c < to->channels; c++) {
            float *volume = volumes + (n * to->channels + c) * to->voxels;
            const int64_t lane = plan->nodes[node].position[c];
            if (gather)
                plan->backend->download(from, tensor, n, lane, volume);
            else
                plan->backend->upload(from, tensor, n, lane, volume);
        }
    return LAR_OK;
}

typedef struct loss_work {
    const lar_loss *loss;
    const float *output, *target;
    float *gradient, scale;
    double *partial;
} loss_work;

static lar_status loss_body(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const loss_work *w = arg;
    w->partial[piece] =
        w->loss->sum(w->output + begin, w->target + begin, w->gradient ? w->gradient + begin : NULL,
                     end - begin, w->scale);
    return LAR_OK;
}

lar_status lar_plan_loss_of(lar_plan *plan, const float *output, const float *target,
                            float *gradient, double weight, double *loss)
{
    const lar_layout *layout = &plan->predict.tensors[plan->predict.output].layout;
    const int64_t count = lar_layout_count(layout);
    const int64_t grain = 1 << 14, pieces = lar_piece_count(count, grain);
    double *partial = lar_alloc(pieces, sizeof *partial);
    if (!partial) return LAR_EMEMORY;
    loss_work w = {
        plan->loss, output, target, gradient, (float)(weight / (double)count), partial
    };
    const lar_status status = lar_parallel(count, grain, loss_body, &w);
    *loss = lar_sum_pairs(partial, pieces) / (double)count;
    lar_free(partial);
    if (status == LAR_OK && !isfinite(*loss))
        return lar_fail(LAR_ENUMERIC, "the loss is not finite");
    return status;
}

static lar_status statistics(const plan_run *r, const plan_op *op)
{
    return lar_norm_statistics(r->plan, op->node, tensor_at(r, op->sources[0]),
                               op->value.terms[0].before, r->step->training);
}

static lar_status run_op(const plan_run *r, const plan_op *op)
{
    lar_plan *plan = r->plan;
    const lar_backend *b = plan->backend;
    void *in = tensor_at(r, op->in), *in2 = tensor_at(r, op->in2), *out = tensor_at(r, op->out);
    lar_layer layer;
    switch (op->kind) {
    case OP_EVALUATE:
        evaluate(r, op);
        return LAR_OK;
    case OP_CONV:
        return convolve(r, op);
    case OP_CONV_IN_PLACE:
        return convolve_in_place(r, op);
    case OP_STATISTICS:
        return statistics(r, op);
    case OP_LAYER:
        layer = layer_of(r, op->node);
        b->layer_forward(&layer, in, out);
        return LAR_OK;
    case OP_HEAD:
        head(r, op);
        return LAR_OK;
    case OP_GATHER:
        return move(r, op->in, op->out, op->node, true);
    case OP_LOSS:
        return lar_plan_loss_of(plan, in, tensor_at(r, r->s->target), out, r->step->weight,
                                &r->step->loss);
    case OP_SCATTER:
        return move(r, op->out, op->in, op->node, false);
    case OP_HEAD_BACK:
        return head_back(r, op);
    case OP_TERM_BACK:
        return term_back(r, op);
    case OP_LAYER_BACK:
        layer = layer_of(r, op->node);
        b->layer_backward(&layer, in2, tensor_at(r, op->in3), in, out);
        return LAR_OK;
    case OP_SLICE:
        if (r->s->tensors[op->out].base < 0)
            b->slice(layout_of(r, op->out), out, in, layout_of(r, op->in)->channels, op->first);
        return LAR_OK;
    case OP_ADD:
        b->add(layout_of(r, op->out), out, in, in2);
        return LAR_OK;
    case OP_CONV_WEIGHTS:
        return conv_weights(r, op);
    case OP_CONV_DATA:
        return conv_data(r, op);
    }
    return lar_fail(LAR_EINTERNAL, "the schedule has an op of kind %d", (int)op->kind);
}

static void poison_dead(const plan_run *r, int op)
{
    for (int t = 0; t < r->s->tensor_count; t++) {
        const plan_tensor *tensor = &r->s->tensors[t];
        if (!tensor->pinned && tensor->root == t && tensor->base < 0 && tensor->last == op)
            memset(tensor_at(r, t), 0xff, tensor->bytes);
    }
}

static lar_status pack_kernels(lar_plan *plan, bool training)
{
    for (int n = 0; n < plan->net->node_count; n++) {
        const plan_node *node = &plan->nodes[n];
        if (node->conv < 0) continue;
        lar_kernel_of(plan->net, n, training, plan->kernel);
        lar_plan_spread(plan, n, plan->kernel, plan->spread);
        const lar_status status = plan->backend->conv_pack(plan->convs[node->conv], plan->spread,
                                                           plan->arena + node->packed_at);
        if (status != LAR_OK) return status;
    }
    return LAR_OK;
}

lar_status lar_schedule_run(lar_plan *plan, const plan_schedule *schedule, plan_step *step)
{
    lar_status status = LAR_OK;
    const plan_run r = { plan, schedule, step };
    LAR_TRY(pack_kernels(plan, step->training));
    for (int n = 0; n < plan->net->node_count; n++) {
        const net_node *node = &plan->net->nodes[n];
        const bool norm = node->kind == NET_NORM && node->norm.kind == LAR_NORM_BATCH;
        if (node->kind == NET_BIAS || (norm && !step->training)) lar_norm_running(plan, n);
    }
    for (int op = 0; op < schedule->op_count; op++) {
        LAR_TRY(run_op(&r, &schedule->ops[op]));
        if (plan->poison) poison_dead(&r, op);
    }
done:
    return status;
}
