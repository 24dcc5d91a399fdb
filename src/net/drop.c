/* Less memory for more work: kept values are dropped after the forward pass and computed again in
 * the backward one, the ones that lower the peak most for their multiplications first (Chen 2016,
 * arXiv:1604.06174). SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "net/plan.h"

/* Multiplications to make a node's tensor again; a sum costs its passes over memory. */
static double work_of(const lar_plan *plan, int n)
{
    const plan_node *node = &plan->nodes[n];
    const double values = (double)(plan->batch * node->voxels * node->channels);
    if (node->conv < 0) return 16 * values;
    const lar_conv_shape *s = &plan->shapes[node->conv];
    const double taps = (double)(s->kernel[0] * s->kernel[1] * s->kernel[2]);
    return 16 * values + values * taps * (double)(s->in / s->groups);
}

/* Bytes that live, summed over the ops: falls with every useful drop, also where the peak is held
 * up elsewhere. */
static double burden(const plan_schedule *s)
{
    double sum = 0;
    for (int t = 0; t < s->tensor_count; t++)
        if (!s->tensors[t].pinned && s->tensors[t].root == t && s->tensors[t].base < 0)
            sum += (double)s->tensors[t].bytes * (s->tensors[t].last - s->tensors[t].first + 1);
    return sum / s->op_count;
}

static lar_status measure(plan_schedule *out, lar_plan *plan, plan_values *values, int node,
                          double *gain, const plan_schedule *now)
{
    values->dropped[node] = true;
    const lar_status status = lar_schedule_make(out, plan, values, true);
    values->dropped[node] = false;
    if (status != LAR_OK) return status;
    const double less = (double)now->bytes - (double)out->bytes;
    *gain = (fmax(less, 0) + 1e-3 * fmax(burden(now) - burden(out), 0)) / work_of(plan, node);
    if (less < 0) *gain = 0;
    return LAR_OK;
}

static bool may_drop(const lar_plan *plan, const plan_values *values, int n)
{
    return values->kept[n] && !values->dropped[n] && n > 0 && n != plan->net->head &&
           !lar_net_is_tail(plan->net, n);
}

lar_status lar_schedule_drop(plan_schedule *schedule, lar_plan *plan, plan_values *values,
                             size_t bytes)
{
    lar_status status = LAR_OK;
    plan_schedule trial = { 0 }, best = { 0 };
    while (schedule->bytes > bytes) {
        int chosen = -1;
        double most = 0;
        for (int n = 0; n < plan->net->node_count; n++) {
            double gain = 0;
            if (!may_drop(plan, values, n)) continue;
            LAR_TRY(measure(&trial, plan, values, n, &gain, schedule));
            if (gain > most) {
                most = gain;
                chosen = n;
                lar_schedule_clear(&best);
                best = trial;
                trial = (plan_schedule){ 0 };
            }
            lar_schedule_clear(&trial);
        }
        if (chosen < 0) break;
        values->dropped[chosen] = true;
        lar_schedule_clear(schedule);
        *schedule = best;
        best = (plan_schedule){ 0 };
    }
done:
    lar_schedule_clear(&trial);
    lar_schedule_clear(&best);
    return status;
}
