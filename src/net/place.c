/* Where tensors lie: a result takes the place of an operand that dies with the op; what is left is
 * packed, largest first, at the lowest offset that is free for its whole life (greedy by size, as
 * Pisarchyk and Lee 2020, arXiv:2001.03288).
 * SPDX-License-Identifier: Apache-2.0 */
#include "net/plan.h"

/* Convolutions read their input in an order of their own; everything else reads a place before it
 * writes it. */
static bool in_place(plan_kind kind)
{
    return kind == OP_EVALUATE || kind == OP_TERM_BACK || kind == OP_ADD;
}

static bool take_over(plan_schedule *s, int op, int out, int operand)
{
    if (operand < 0 || s->tensors[operand].pinned) return false;
    const int root = s->tensors[operand].root;
    plan_tensor *to = &s->tensors[out], *from = &s->tensors[root];
    if (from->last != op || from->bytes != to->bytes) return false;
    to->root = root;
    from->last = to->last;
    return true;
}

static void share(plan_schedule *s)
{
    for (int n = 0; n < s->op_count; n++) {
        const plan_op *op = &s->ops[n];
        if (op->out < 0 || s->tensors[op->out].pinned) continue;
        if (op->kind == OP_CONV) take_over(s, n, op->out, op->in2); /* adds to what is there */
        if (!in_place(op->kind)) continue;
        bool done = take_over(s, n, op->out, op->in) || take_over(s, n, op->out, op->in2);
        for (int t = 0; t < op->value.count && !done; t++)
            done = take_over(s, n, op->out, op->sources[t]);
    }
}

static bool overlaps(const plan_tensor *a, const plan_tensor *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The lowest offset where `tensor` meets none of those placed that live with it. */
static size_t lowest(const plan_schedule *s, const plan_tensor *tensor)
{
    size_t offset = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (int t = 0; t < s->tensor_count; t++) {
            const plan_tensor *other = &s->tensors[t];
            if (!other->placed || !overlaps(other, tensor)) continue;
            if (offset < other->offset + other->bytes && other->offset < offset + tensor->bytes) {
                offset = other->offset + other->bytes;
                moved = true;
            }
        }
    }
    return offset;
}

void lar_schedule_place(plan_schedule *s)
{
    share(s);
    s->bytes = 0;
    for (;;) {
        int next = -1;
        for (int t = 0; t < s->tensor_count; t++) {
            const plan_tensor *tensor = &s->tensors[t];
            if (tensor->placed || tensor->pinned || tensor->root != t) continue;
            if (next < 0 || tensor->bytes > s->tensors[next].bytes) next = t;
        }
        if (next < 0) break;
        plan_tensor *tensor = &s->tensors[next];
        tensor->offset = lowest(s, tensor);
        tensor->placed = true;
        if (tensor->offset + tensor->bytes > s->bytes) s->bytes = tensor->offset + tensor->bytes;
    }
    for (int t = 0; t < s->tensor_count; t++)
        if (!s->tensors[t].pinned) s->tensors[t].offset = s->tensors[s->tensors[t].root].offset;
}
