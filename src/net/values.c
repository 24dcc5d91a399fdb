/* What has a tensor. In training: what convolutions give, and what does not fit a sum of terms.
 * Norms, leaky ReLUs, biases and sums of up to three terms between them are computed again where
 * they are read, which costs one pass over memory and saves a tensor each (Chen 2016,
 * arXiv:1604.06174, for the idea of recomputing). In prediction: what several layers read, and the
 * ends of chains, which a convolution writes at once. SPDX-License-Identifier: Apache-2.0 */
#include "net/plan.h"

static const plan_term identity = { .node = -1, .norm = -1, .before = 1, .after = 1 };

static plan_value itself(int node)
{
    plan_value value = { 1, { identity } };
    value.terms[0].node = node;
    return value;
}

static bool scales(const net_node *node)
{
    return node->kind == NET_NORM || node->kind == NET_BIAS;
}

/* Whether a node can be written into the term that its input is. */
static bool fits(const plan_term *term, const net_node *node)
{
    if (scales(node)) return term->norm < 0;
    return term->norm < 0 ? term->before == 1 : term->after == 1;
}

/* The single term that a node extends; where there is none, what it reads has to be kept. */
static plan_term extend(plan_values *v, const lar_net *net, const net_node *node, bool *changed)
{
    const plan_value *seen = &v->seen[node->a];
    const bool shared = net->nodes[node->a].uses > 1;
    if (v->kept[node->a] || (seen->count == 1 && !shared && fits(&seen->terms[0], node)))
        return seen->terms[0];
    v->kept[node->a] = *changed = true;
    return itself(node->a).terms[0];
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
    if (node->kind == NET_ADD) {
        *own = sum_of(v, node->a, node->b, changed);
    } else if (scales(node) || node->kind == NET_LEAKY) {
        *own = (plan_value){ 1, { extend(v, net, node, changed) } };
        plan_term *term = &own->terms[0];
        if (scales(node))
            term->norm = n;
        else if (term->norm >= 0)
            term->after = (float)node->slope;
        else
            term->before = (float)node->slope;
    } else {
        v->kept[n] = true;
        *own = itself(n);
    }
    if (lar_net_is_tail(net, n) || (!training && node->uses > 1)) {
        *changed = *changed || !v->kept[n];
        v->kept[n] = true;
    }
    v->seen[n] = v->kept[n] ? itself(n) : *own;
}

static void settle(plan_values *v, const lar_net *net, bool training)
{
    bool changed = true;
    while (changed) { /* what is kept only grows */
        changed = false;
        for (int n = 0; n < net->node_count; n++) visit(v, net, n, training, &changed);
    }
}

static int only_reader(const lar_net *net, int n)
{
    for (int r = n + 1; r < net->node_count; r++)
        if (net->nodes[r].a == n || net->nodes[r].b == n) return r;
    return -1;
}

/* The last node of the chain of biases, norms of known statistics and leaky ReLUs after a
 * convolution that one term holds; its tensor is then the convolution's. */
static int chain_end(const plan_values *v, const lar_net *net, int n)
{
    int end = n;
    while (net->nodes[end].uses == 1) {
        const int r = only_reader(net, end);
        if (r < 0 || lar_net_is_tail(net, r)) break;
        const net_node *node = &net->nodes[r];
        const bool known = node->kind != NET_NORM || node->norm.kind == LAR_NORM_BATCH;
        if (!(scales(node) || node->kind == NET_LEAKY) || !known) break;
        if (v->own[r].count != 1 || v->own[r].terms[0].node != n) break;
        end = r;
    }
    return end;
}

/* The sum that a chain ends in, where its other side is a tensor that is there before. */
static int sum_after(const plan_values *v, const lar_net *net, int n, int end, int *other)
{
    const int r = net->nodes[end].uses == 1 ? only_reader(net, end) : -1;
    if (r < 0 || net->nodes[r].kind != NET_ADD || net->nodes[r].a == net->nodes[r].b) return -1;
    *other = net->nodes[r].a == end ? net->nodes[r].b : net->nodes[r].a;
    return v->kept[*other] && v->writer[*other] < n && *other < n ? r : -1;
}

static void fuse(plan_values *v, const lar_net *net)
{
    for (int n = 0; n < net->node_count; n++) {
        int other = -1;
        if (net->nodes[n].kind != NET_CONV || n == net->head) continue;
        const int end = chain_end(v, net, n), sum = sum_after(v, net, n, end, &other);
        if (end == n && sum < 0) continue;
        v->end[n] = end;
        v->sum[n] = sum;
        v->base[n] = sum < 0 ? -1 : other;
        const int written = sum < 0 ? end : sum;
        v->kept[written] = true;
        v->writer[written] = n;
        settle(v, net, false);
    }
}

/* What a concat alone reads is written where the concat needs it. The channels of a part lie
 * together in a batch of one only. */
static void put_inside(plan_values *v, const lar_net *net, int64_t batch)
{
    for (int n = 1; n < net->node_count && batch == 1; n++) {
        const net_node *node = &net->nodes[n];
        const int r = node->uses == 1 ? only_reader(net, n) : -1;
        const bool writes = node->kind == NET_UPCONV || node->kind == NET_LAYER ||
                            (node->kind == NET_CONV && v->end[n] < 0);
        v->inside[n] = writes && r >= 0 && net->nodes[r].kind == NET_CONCAT &&
                       !lar_net_is_tail(net, n) && !lar_net_is_tail(net, r);
    }
}

void lar_plan_values(plan_values *out, const lar_net *net, int64_t batch, bool training)
{
    memset(out, 0, sizeof *out);
    for (int n = 0; n < net->node_count; n++)
        out->end[n] = out->sum[n] = out->base[n] = out->writer[n] = -1;
    settle(out, net, training);
    if (!training) fuse(out, net);
    put_inside(out, net, batch);
    for (int n = 0; n < net->node_count; n++) {
        const net_kind kind = net->nodes[n].kind;
        out->dropped[n] = training && !lar_net_is_tail(net, n) &&
                          (kind == NET_CONCAT || kind == NET_LAYER || out->inside[n]);
    }
}
