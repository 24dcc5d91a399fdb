/* Which convolutions take the place of what they read. In prediction a chain of norm and activation
 * between two convolutions has no reader but the second; where the backend can, that one computes
 * the chain as it reads the tensor before it, and leaves its result there: a line of layers then
 * needs one tensor, and no pass of its own for norm, activation and statistics.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net/plan.h"

static bool activates(const net_node *node)
{
    return node->kind == NET_LAYER &&
           (node->layer.kind == LAR_LAYER_ELU || node->layer.kind == LAR_LAYER_GELU ||
            node->layer.kind == LAR_LAYER_SIGMOID);
}

/* The tensor that dies with convolution n, at the beginning of its chain; -1: none. A term without
 * effect and no layer after it are no chain. */
static int source_of(const lar_plan *plan, const plan_values *v, int n, int layer)
{
    const lar_net *net = plan->net;
    const plan_value *value = &v->seen[net->nodes[layer >= 0 ? layer : n].a];
    const plan_term *term = &value->terms[0];
    if (value->count != 1) return -1;
    const bool plain = term->norm < 0 && term->before == 1 && term->after == 1;
    const net_node *source = &net->nodes[term->node];
    const bool dies = source->uses == 1 && source->kind != NET_INPUT &&
                      source->kind != NET_CONCAT && !v->inside[term->node];
    return dies && (layer >= 0 || !plain) ? term->node : -1;
}

static bool goes_in_place(const lar_plan *plan, const plan_values *v, int n, int layer)
{
    const lar_net *net = plan->net;
    if (net->nodes[n].kind != NET_CONV || n == net->head || v->end[n] >= 0 || v->inside[n])
        return false;
    const int source = source_of(plan, v, n, layer);
    const lar_conv_shape shape = lar_plan_conv_shape(plan, n);
    return source >= 0 && plan->nodes[source].channels == shape.in &&
           plan->backend->conv_fits_in_place(&shape);
}

/* The norm whose statistics are those of what n gives. */
static int told_by(const lar_net *net, const plan_values *v, int n)
{
    for (int m = n + 1; m < net->node_count; m++) {
        const net_node *node = &net->nodes[m];
        const plan_term *term = &v->own[m].terms[0];
        if (node->kind == NET_NORM && node->norm.kind != LAR_NORM_BATCH && term->node == n &&
            term->before == 1)
            return m;
    }
    return -1;
}

lar_status lar_plan_in_place(lar_plan *plan)
{
    const lar_net *net = plan->net;
    for (int n = 0; n < net->node_count; n++) plan->nodes[n].layer = plan->nodes[n].told = -1;
    if (plan->mode != LAR_PLAN_PREDICT || !plan->backend->conv_fits_in_place) return LAR_OK;
    plan_values *v = lar_alloc(1, sizeof *v);
    if (!v) return LAR_EMEMORY;
    lar_plan_values(v, net, plan->batch, false);
    for (int n = 1; n < net->node_count; n++) {
        plan_node *p = &plan->nodes[n];
        const int a = net->nodes[n].a;
        const int layer = a > 0 && activates(&net->nodes[a]) && net->nodes[a].uses == 1 ? a : -1;
        if (!goes_in_place(plan, v, n, layer)) continue;
        p->in_place = true;
        p->layer = layer;
        p->told = told_by(net, v, n);
        if (layer >= 0) plan->nodes[layer].taken = true;
    }
    lar_free(v);
    return LAR_OK;
}
