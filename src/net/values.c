/* What a training step keeps: the outputs of convolutions, and no more. Norms, ReLUs and sums of up
 * to three terms between them are computed again where they are read, which costs one pass over
 * memory and saves a tensor each (Chen 2016, arXiv:1604.06174, for the idea of recomputing).
 * SPDX-License-Identifier: Apache-2.0 */
#include "net/plan.h"

static plan_value itself(int node)
{
    return (plan_value){ 1, { { node, -1, false, false } } };
}

/* The single term that a norm or ReLU extends; where there is none, what it reads has to be kept.
 */
static plan_term extend(plan_values *v, const lar_net *net, int read, bool is_norm, bool *changed)
{
    const plan_value *seen = &v->seen[read];
    const bool shared = net->nodes[read].uses > 1;
    const bool fits = seen->count == 1 && !(is_norm && seen->terms[0].norm >= 0);
    if (v->kept[read] || (fits && !shared)) return seen->terms[0];
    v->kept[read] = *changed = true;
    return itself(read).terms[0];
}

static plan_value sum_of(plan_values *v, int a, int b, bool *changed)
{
    plan_value left = v->seen[a], right = v->seen[b];
    for (int turn = 0; turn < 2 && left.count + right.count > LAR_TERMS; turn++) {
        const int larger = left.count > right.count ? a : b;
        v->kept[larger] = *changed = true;
        if (larger == a)
            left = itself(a);
        else
            right = itself(b);
    }
    for (int t = 0; t < right.count; t++) left.terms[left.count++] = right.terms[t];
    return left;
}

static void visit(plan_values *v, const lar_net *net, int n, bool training, bool *changed)
{
    const net_node *node = &net->nodes[n];
    plan_value *own = &v->own[n];
    if (node->kind == NET_INPUT || node->kind == NET_CONV) {
        v->kept[n] = true;
        *own = itself(n);
    } else if (node->kind == NET_ADD) {
        *own = sum_of(v, node->a, node->b, changed);
    } else {
        *own = (plan_value){ 1, { extend(v, net, node->a, node->kind == NET_NORM, changed) } };
        plan_term *term = &own->terms[0];
        if (node->kind == NET_NORM)
            term->norm = n;
        else if (term->norm >= 0)
            term->relu_after = true;
        else
            term->relu_before = true;
        /* a norm may not follow relu_after; extend() has kept its input then */
    }
    if (!training && node->uses > 1 && !v->kept[n]) v->kept[n] = *changed = true;
    v->seen[n] = v->kept[n] ? itself(n) : *own;
}

void lar_plan_values(plan_values *out, const lar_net *net, bool training)
{
    bool changed = true;
    memset(out, 0, sizeof *out);
    while (changed) { /* what is kept only grows */
        changed = false;
        for (int n = 0; n < net->node_count; n++) visit(out, net, n, training, &changed);
    }
}
