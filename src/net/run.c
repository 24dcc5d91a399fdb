/* Running a schedule: each op calls the backend, and norms turn sums into coefficients.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "net/plan.h"

static const double momentum = 0.1, epsilon = 1e-5; /* Ioffe 2015 as in PyTorch's BatchNorm3d */

typedef struct runner {
    lar_plan *plan;
    const plan_schedule *s;
    plan_step *step;
} runner;

static float *norm_row(const lar_plan *plan, int node, int row)
{
    return plan->norms + (node * PLAN_NORM_ROWS + row) * plan->channel_room;
}

static float *block_of(float *block, const lar_net *net, int param)
{
    return block + net->params[param].offset;
}

static void set_gradient(const runner *r, int param, const double *values)
{
    const lar_net_param *p = &r->plan->net->params[param];
    float *to = r->plan->net->gradients + p->offset;
    for (int64_t n = 0; n < p->count; n++)
        to[n] = (float)(r->step->add ? (double)to[n] + values[n] : values[n]);
}

/* Scale and shift of a norm from mean and variance. */
static void set_norm(lar_plan *plan, int n, const double *mean, const double *variance)
{
    const net_node *node = &plan->net->nodes[n];
    const float *gamma = block_of(plan->net->weights, plan->net, node->weight);
    const float *beta = block_of(plan->net->weights, plan->net, node->bias);
    for (int64_t c = 0; c < node->channels; c++) {
        const double inverse = 1 / sqrt(variance[c] + epsilon), scale = (double)gamma[c] * inverse;
        norm_row(plan, n, NORM_MEAN)[c] = (float)mean[c];
        norm_row(plan, n, NORM_INVERSE)[c] = (float)inverse;
        norm_row(plan, n, NORM_SCALE)[c] = (float)scale;
        norm_row(plan, n, NORM_SHIFT)[c] = (float)((double)beta[c] - mean[c] * scale);
    }
}

static void set_running_norms(lar_plan *plan)
{
    const lar_net *net = plan->net;
    double *mean = plan->sums, *variance = plan->sums + plan->channel_room;
    for (int n = 0; n < net->node_count; n++) {
        const net_node *node = &net->nodes[n];
        if (node->kind != NET_NORM) continue;
        for (int64_t c = 0; c < node->channels; c++) {
            mean[c] = (double)block_of(net->running, net, node->mean)[c];
            variance[c] = (double)block_of(net->running, net, node->variance)[c];
        }
        set_norm(plan, n, mean, variance);
    }
}

static void move_running(lar_plan *plan, int n, const double *mean, const double *variance)
{
    const net_node *node = &plan->net->nodes[n];
    const double count = (double)(plan->batch * plan->voxels), unbiased = count / (count - 1);
    float *m = block_of(plan->net->running, plan->net, node->mean);
    float *v = block_of(plan->net->running, plan->net, node->variance);
    for (int64_t c = 0; c < node->channels; c++) {
        m[c] = (float)((1 - momentum) * (double)m[c] + momentum * mean[c]);
        v[c] = (float)((1 - momentum) * (double)v[c] + momentum * unbiased * variance[c]);
    }
}

static float *tensor_at(const runner *r, int tensor)
{
    return tensor < 0 ? NULL : lar_plan_at(r->plan, r->s, tensor);
}

static const lar_layout *layout_of(const runner *r, int tensor)
{
    return &r->s->tensors[tensor].layout;
}

static lar_value value_of(const runner *r, const plan_op *op)
{
    lar_value value = { .count = op->value.count };
    for (int t = 0; t < value.count; t++) {
        const plan_term *term = &op->value.terms[t];
        value.terms[t] = (lar_term){ .source = tensor_at(r, op->sources[t]),
                                     .relu_before = term->relu_before,
                                     .relu_after = term->relu_after };
        if (term->norm < 0) continue;
        value.terms[t].scale = norm_row(r->plan, term->norm, NORM_SCALE);
        value.terms[t].shift = norm_row(r->plan, term->norm, NORM_SHIFT);
    }
    return value;
}

static lar_status statistics(const runner *r, const plan_op *op)
{
    lar_plan *plan = r->plan;
    double *mean = plan->sums, *variance = plan->sums + plan->channel_room;
    const plan_term *term = &op->value.terms[0];
    const lar_status status =
        plan->backend->statistics(layout_of(r, op->sources[0]), tensor_at(r, op->sources[0]),
                                  term->relu_before, mean, variance);
    if (status != LAR_OK) return status;
    set_norm(plan, op->node, mean, variance);
    move_running(plan, op->node, mean, variance);
    return LAR_OK;
}

static lar_status head_back(const runner *r, const plan_op *op)
{
    lar_plan *plan = r->plan;
    const net_node *node = &plan->net->nodes[op->node];
    const lar_value value = value_of(r, op);
    double *dweights = plan->sums;
    double *dbias = plan->sums + node->channels * plan->net->nodes[node->a].channels;
    const lar_status status = plan->backend->head_backward(
        layout_of(r, op->out), &value, block_of(plan->net->weights, plan->net, node->weight),
        node->channels, tensor_at(r, op->in), tensor_at(r, op->out), dweights, dbias);
    if (status != LAR_OK) return status;
    set_gradient(r, node->weight, dweights);
    set_gradient(r, node->bias, dbias);
    return LAR_OK;
}

/* The gradient through a chain relu, norm, relu. Of the norm (Ioffe 2015, section 3):
 * dx = gamma / s * (dy - mean(dy) - (x - m) / s^2 * mean(dy * (x - m))) */
static lar_status term_back(const runner *r, const plan_op *op)
{
    lar_plan *plan = r->plan;
    const plan_term *term = &op->value.terms[0];
    const lar_layout *layout = layout_of(r, op->out);
    const lar_value value = value_of(r, op);
    lar_term_gradient gradient = { NULL, NULL, NULL, NULL };
    if (term->norm >= 0) {
        const net_node *node = &plan->net->nodes[term->norm];
        const float *gamma = block_of(plan->net->weights, plan->net, node->weight);
        const double count = (double)(plan->batch * plan->voxels);
        double *sum = plan->sums, *product = plan->sums + plan->channel_room;
        const lar_status status =
            plan->backend->gradient_sums(layout, &value.terms[0], tensor_at(r, op->in),
                                         norm_row(plan, term->norm, NORM_MEAN), sum, product);
        if (status != LAR_OK) return status;
        for (int64_t c = 0; c < node->channels; c++) {
            const double inverse = (double)norm_row(plan, term->norm, NORM_INVERSE)[c];
            const double gain = (double)gamma[c] * inverse;
            norm_row(plan, term->norm, NORM_GAIN)[c] = (float)gain;
            norm_row(plan, term->norm, NORM_OFFSET)[c] = (float)(-gain * sum[c] / count);
            norm_row(plan, term->norm, NORM_SLOPE)[c] =
                (float)(-gain * inverse * inverse * product[c] / count);
            product[c] *= inverse;
        }
        set_gradient(r, node->weight, product);
        set_gradient(r, node->bias, sum);
        gradient = (lar_term_gradient){ norm_row(plan, term->norm, NORM_GAIN),
                                        norm_row(plan, term->norm, NORM_SLOPE),
                                        norm_row(plan, term->norm, NORM_MEAN),
                                        norm_row(plan, term->norm, NORM_OFFSET) };
    }
    plan->backend->term_backward(layout, tensor_at(r, op->out), &value.terms[0],
                                 tensor_at(r, op->in), &gradient);
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
    const int64_t count = plan->batch * lar_net_output_channels(plan->net) * plan->voxels;
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

static lar_status run_op(runner *r, const plan_op *op)
{
    lar_plan *plan = r->plan;
    const lar_backend *b = plan->backend;
    const net_node *node = &plan->net->nodes[op->node];
    const int number = plan->conv_of[op->node];
    lar_conv *conv = number < 0 ? NULL : plan->convs[number];
    const void *packed = plan->arena + plan->packed_at[op->node];
    float *in = tensor_at(r, op->in), *in2 = tensor_at(r, op->in2), *out = tensor_at(r, op->out);
    void *scratch = tensor_at(r, op->scratch);
    const lar_value value = value_of(r, op);
    switch (op->kind) {
    case OP_EVALUATE:
        b->evaluate(layout_of(r, op->out), out, &value);
        return LAR_OK;
    case OP_CONV:
        return b->conv_forward(conv, packed, in, out, scratch);
    case OP_STATISTICS:
        return statistics(r, op);
    case OP_HEAD:
        b->head(layout_of(r, op->sources[0]), &value,
                block_of(plan->net->weights, plan->net, node->weight),
                block_of(plan->net->weights, plan->net, node->bias), node->channels, out);
        return LAR_OK;
    case OP_OUTPUT_RELU:
        b->evaluate(layout_of(r, op->out), out,
                    &(lar_value){ 1, { { .source = in, .relu_before = true } } });
        return LAR_OK;
    case OP_LOSS:
        return lar_plan_loss_of(plan, in, tensor_at(r, r->s->target), out, r->step->weight,
                                &r->step->loss);
    case OP_HEAD_BACK:
        return head_back(r, op);
    case OP_TERM_BACK:
        return term_back(r, op);
    case OP_ADD:
        b->add(layout_of(r, op->out), out, in, in2);
        return LAR_OK;
    case OP_CONV_WEIGHTS:
        return b->conv_weights(conv, in, in2,
                               block_of(plan->net->gradients, plan->net, node->weight),
                               r->step->add, scratch);
    case OP_CONV_DATA:
        return b->conv_data(conv, packed, in, out, scratch);
    }
    return lar_fail(LAR_EINTERNAL, "the schedule has an op of kind %d", (int)op->kind);
}

static void poison_dead(const runner *r, int op)
{
    for (int t = 0; t < r->s->tensor_count; t++) {
        const plan_tensor *tensor = &r->s->tensors[t];
        if (!tensor->pinned && tensor->root == t && tensor->last == op)
            memset(tensor_at(r, t), 0xff, tensor->bytes);
    }
}

lar_status lar_schedule_run(lar_plan *plan, const plan_schedule *schedule, plan_step *step)
{
    lar_status status = LAR_OK;
    const lar_net *net = plan->net;
    runner r = { plan, schedule, step };
    for (int n = 0; n < net->node_count; n++)
        if (plan->conv_of[n] >= 0)
            LAR_TRY(
                plan->backend->conv_pack(plan->convs[plan->conv_of[n]],
                                         net->weights + net->params[net->nodes[n].weight].offset,
                                         plan->arena + plan->packed_at[n]));
    if (!step->training) set_running_norms(plan);
    for (int op = 0; op < schedule->op_count; op++) {
        LAR_TRY(run_op(&r, &schedule->ops[op]));
        if (plan->poison) poison_dead(&r, op);
    }
done:
    return status;
}
