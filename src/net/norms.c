/* Norms and biases as coefficients: scale and shift forward, gain, slope and offset backward.
 * Batch, instance and group norm differ in the sets of (sample, channel) that share their
 * statistics, and in nothing else. SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "net/plan.h"

static const double momentum = 0.1, epsilon = 1e-5; /* as PyTorch's norms */

float *lar_norm_row(const lar_plan *plan, int n, int row)
{
    const plan_node *node = &plan->nodes[n];
    return plan->norms + node->norms_at + row * plan->batch * node->channels;
}

/* The sets of a norm: of a batch norm all samples of a channel, else some channels of a sample. */
typedef struct sets {
    const lar_plan *plan;
    const net_node *node;
    const plan_node *shape;
    int64_t channels_of_set;
} sets;

static sets sets_of(const lar_plan *plan, int n)
{
    const net_node *node = &plan->net->nodes[n];
    const bool group = node->norm.kind == LAR_NORM_GROUP;
    return (sets){ plan, node, &plan->nodes[n], group ? node->channels / node->norm.groups : 1 };
}

static double set_size(const sets *s)
{
    const int64_t samples = s->node->norm.kind == LAR_NORM_BATCH ? s->plan->batch : 1;
    return (double)(samples * s->shape->voxels * s->channels_of_set);
}

static int64_t lane(const sets *s, int64_t sample, int64_t channel)
{
    return sample * s->shape->channels + s->shape->position[channel];
}

static double weight(const lar_plan *plan, int param, int64_t c, double otherwise)
{
    return param < 0 ? otherwise : (double)plan->net->weights[plan->net->params[param].offset + c];
}

/* Scale and shift of one lane from its mean and variance. */
static void set_lane(const lar_plan *plan, int n, int64_t at, int64_t c, double mean,
                     double variance)
{
    const net_node *node = &plan->net->nodes[n];
    const double inverse = 1 / sqrt(variance + epsilon);
    const double scale = weight(plan, node->weight, c, 1) * inverse;
    lar_norm_row(plan, n, NORM_MEAN)[at] = (float)mean;
    lar_norm_row(plan, n, NORM_INVERSE)[at] = (float)inverse;
    lar_norm_row(plan, n, NORM_SCALE)[at] = (float)scale;
    lar_norm_row(plan, n, NORM_SHIFT)[at] = (float)(weight(plan, node->bias, c, 0) - mean * scale);
}

void lar_norm_running(lar_plan *plan, int n)
{
    const net_node *node = &plan->net->nodes[n];
    const sets s = sets_of(plan, n);
    const float *running = plan->net->running;
    for (int64_t sample = 0; sample < plan->batch; sample++)
        for (int64_t c = 0; c < node->channels; c++) {
            const int64_t at = lane(&s, sample, c);
            if (node->kind == NET_NORM) {
                set_lane(plan, n, at, c, (double)running[plan->net->params[node->mean].offset + c],
                         (double)running[plan->net->params[node->variance].offset + c]);
            } else {
                lar_norm_row(plan, n, NORM_SCALE)[at] = 1;
                lar_norm_row(plan, n, NORM_SHIFT)[at] = (float)weight(plan, node->bias, c, 0);
            }
        }
}

static void move_running(const sets *s, int64_t c, double mean, double variance)
{
    const lar_net *net = s->plan->net;
    const double count = set_size(s), unbiased = count / (count - 1);
    float *m = net->running + net->params[s->node->mean].offset + c;
    float *v = net->running + net->params[s->node->variance].offset + c;
    *m = (float)((1 - momentum) * (double)*m + momentum * mean);
    *v = (float)((1 - momentum) * (double)*v + momentum * unbiased * variance);
}

/* Mean and variance over the set that (sample, channel) belongs to, from those of its lanes. */
static void join_set(const sets *s, const double *mean, const double *variance, int64_t sample,
                     int64_t channel, double *set_mean, double *set_variance)
{
    const int64_t first = channel / s->channels_of_set;
    const bool batch = s->node->norm.kind == LAR_NORM_BATCH;
    const int64_t begin = batch ? 0 : sample, end = batch ? s->plan->batch : sample + 1;
    const double lanes = (double)((end - begin) * s->channels_of_set);
    double sum = 0, square = 0;
    for (int64_t b = begin; b < end; b++)
        for (int64_t k = 0; k < s->channels_of_set; k++)
            sum += mean[lane(s, b, first * s->channels_of_set + k)];
    *set_mean = sum / lanes;
    for (int64_t b = begin; b < end; b++)
        for (int64_t k = 0; k < s->channels_of_set; k++) {
            const int64_t at = lane(s, b, first * s->channels_of_set + k);
            square += variance[at] + (mean[at] - *set_mean) * (mean[at] - *set_mean);
        }
    *set_variance = square / lanes;
}

lar_status lar_norm_statistics(lar_plan *plan, int n, const void *source, float before,
                               bool training)
{
    const lar_layout layout = lar_plan_layout(plan, n);
    double *mean = plan->sums, *variance = plan->sums + plan->row_room;
    const lar_status status = plan->backend->statistics(&layout, source, before, mean, variance);
    if (status == LAR_OK) lar_norm_set(plan, n, mean, variance, training);
    return status;
}

void lar_norm_set(lar_plan *plan, int n, const double *mean, const double *variance, bool training)
{
    const net_node *node = &plan->net->nodes[n];
    const sets s = sets_of(plan, n);
    for (int64_t sample = 0; sample < plan->batch; sample++)
        for (int64_t c = 0; c < node->channels; c++) {
            double set_mean, set_variance;
            join_set(&s, mean, variance, sample, c, &set_mean, &set_variance);
            set_lane(plan, n, lane(&s, sample, c), c, set_mean, set_variance);
            if (training && node->mean >= 0 && sample == 0)
                move_running(&s, c, set_mean, set_variance);
        }
}

static void set_gradient(const plan_run *run, int param, int64_t c, double value)
{
    if (param < 0) return;
    float *to = run->plan->net->gradients + run->plan->net->params[param].offset + c;
    *to = (float)(run->step->add ? (double)*to + value : value);
}

/* Gradients of the weights, from sums of dy' and dy' * (x - mean). */
static void own_gradients(const plan_run *run, int n, const double *sum, const double *product)
{
    const sets s = sets_of(run->plan, n);
    for (int64_t c = 0; c < s.node->channels; c++) {
        double gamma = 0, beta = 0;
        for (int64_t sample = 0; sample < run->plan->batch; sample++) {
            const int64_t at = lane(&s, sample, c);
            beta += sum[at];
            if (product)
                gamma += product[at] * (double)lar_norm_row(run->plan, n, NORM_INVERSE)[at];
        }
        if (product) set_gradient(run, s.node->weight, c, gamma);
        set_gradient(run, s.node->bias, c, beta);
    }
}

/* dx = gamma / s * dy - 1 / s * (mean(gamma dy) + (x - m) / s^2 * mean(gamma dy (x - m))), means
 * over the set (Ioffe 2015, section 3; Wu 2018 for groups). */
static void coefficients(lar_plan *plan, int n, const double *sum, const double *product)
{
    const sets s = sets_of(plan, n);
    const bool batch = s.node->norm.kind == LAR_NORM_BATCH;
    for (int64_t sample = 0; sample < plan->batch; sample++)
        for (int64_t c = 0; c < s.node->channels; c++) {
            const int64_t at = lane(&s, sample, c), first = c / s.channels_of_set;
            const int64_t begin = batch ? 0 : sample, end = batch ? plan->batch : sample + 1;
            double a = 0, b = 0;
            for (int64_t other = begin; other < end; other++)
                for (int64_t k = 0; k < s.channels_of_set; k++) {
                    const int64_t channel = first * s.channels_of_set + k;
                    const double gamma = weight(plan, s.node->weight, channel, 1);
                    a += gamma * sum[lane(&s, other, channel)];
                    b += gamma * product[lane(&s, other, channel)];
                }
            const double inverse = (double)lar_norm_row(plan, n, NORM_INVERSE)[at];
            const double per = inverse / set_size(&s);
            lar_norm_row(plan, n, NORM_GAIN)[at] =
                (float)(weight(plan, s.node->weight, c, 1) * inverse);
            lar_norm_row(plan, n, NORM_OFFSET)[at] = (float)(-per * a);
            lar_norm_row(plan, n, NORM_SLOPE)[at] = (float)(-per * inverse * inverse * b);
        }
}

lar_status lar_norm_backward(const plan_run *run, int n, const lar_term *term, const void *dy,
                             lar_term_gradient *gradient)
{
    lar_plan *plan = run->plan;
    const lar_layout layout = lar_plan_layout(plan, n);
    const bool norm = plan->net->nodes[n].kind == NET_NORM;
    double *sum = plan->sums, *product = plan->sums + plan->row_room;
    *gradient = (lar_term_gradient){ NULL, NULL, NULL, NULL };
    const lar_status status = plan->backend->gradient_sums(
        &layout, term, dy, norm ? lar_norm_row(plan, n, NORM_MEAN) : NULL, sum,
        norm ? product : NULL);
    if (status != LAR_OK) return status;
    own_gradients(run, n, sum, norm ? product : NULL);
    if (!norm) return LAR_OK;
    coefficients(plan, n, sum, product);
    *gradient =
        (lar_term_gradient){ lar_norm_row(plan, n, NORM_GAIN), lar_norm_row(plan, n, NORM_SLOPE),
                             lar_norm_row(plan, n, NORM_MEAN), lar_norm_row(plan, n, NORM_OFFSET) };
    return LAR_OK;
}
