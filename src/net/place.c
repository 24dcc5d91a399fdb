/* Where tensors lie: a result takes the place of an operand that dies with the op; what is left is
 * packed at the lowest offset that is free for its whole life, in two orders of which the better is
 * taken (greedy by size, as Pisarchyk and Lee 2020, arXiv:2001.03288, and by size times life).
 * SPDX-License-Identifier: Apache-2.0 */
#include "net/plan.h"

/* Convolutions read their input in an order of their own, and so do layers of several voxels;
 * everything else reads a place before it writes it. */
static bool in_place(const plan_op *op)
{
    return op->kind == OP_EVALUATE || op->kind == OP_TERM_BACK || op->kind == OP_ADD ||
           op->kind == OP_CONV_IN_PLACE || op->over;
}

static bool is_whole(const plan_schedule *s, int tensor)
{
    for (int t = 0; t < s->tensor_count; t++)
        if (s->tensors[t].base == tensor) return true;
    return false;
}

/* A tensor that has parts is never taken, and a part only when the whole is done with. */
static bool take_over(plan_schedule *s, int op, int out, int operand)
{
    if (operand < 0 || s->tensors[operand].pinned || s->tensors[out].base >= 0) return false;
    const int root = s->tensors[operand].root;
    plan_tensor *to = &s->tensors[out], *from = &s->tensors[root];
    if (from->last != op || from->bytes != to->bytes || is_whole(s, operand)) return false;
    if (from->base >= 0 && s->tensors[s->tensors[from->base].root].last >= op) return false;
    to->root = root;
    from->last = to->last;
    return true;
}

static void share(plan_schedule *s)
{
    for (int n = 0; n < s->op_count; n++) {
        const plan_op *op = &s->ops[n];
        if (op->out < 0 || s->tensors[op->out].pinned) continue;
        if (op->kind == OP_CONV &&
            op->in2 >= 0 && /* adds to what is there, if it does not read it */
            s->tensors[op->in].root != s->tensors[op->in2].root)
            take_over(s, n, op->out, op->in2);
        if (!in_place(op)) continue;
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

/* The whole lives as long as its parts. */
static void hold_wholes(plan_schedule *s)
{
    for (int t = s->tensor_count - 1; t >= 0; t--) {
        const plan_tensor *part = &s->tensors[t];
        if (part->base < 0 || part->root != t) continue;
        plan_tensor *whole = &s->tensors[s->tensors[part->base].root];
        if (part->last > whole->last) whole->last = part->last;
        if (part->first < whole->first) whole->first = part->first;
    }
}

/* What comes next: the largest, or with `long_lived` the one that holds most for longest. */
static double rank(const plan_tensor *tensor, bool long_lived)
{
    const double life = long_lived ? tensor->last - tensor->first + 1 : 1;
    return (double)tensor->bytes * life;
}

static void pack(plan_schedule *s, bool long_lived)
{
    s->bytes = 0;
    for (int t = 0; t < s->tensor_count; t++) s->tensors[t].placed = false;
    for (;;) {
        int next = -1;
        for (int t = 0; t < s->tensor_count; t++) {
            const plan_tensor *tensor = &s->tensors[t];
            if (tensor->placed || tensor->pinned || tensor->root != t || tensor->base >= 0)
                continue;
            if (next < 0 || rank(tensor, long_lived) > rank(&s->tensors[next], long_lived))
                next = t;
        }
        if (next < 0) break;
        plan_tensor *tensor = &s->tensors[next];
        tensor->offset = lowest(s, tensor);
        tensor->placed = true;
        if (tensor->offset + tensor->bytes > s->bytes) s->bytes = tensor->offset + tensor->bytes;
    }
}

void lar_schedule_place(plan_schedule *s)
{
    share(s);
    hold_wholes(s);
    pack(s, true);
    const size_t long_lived = s->bytes;
    pack(s, false);
    if (long_lived < s->bytes) pack(s, true);
    for (int t = 0; t < s->tensor_count; t++) {
        plan_tensor *tensor = &s->tensors[t];
        const plan_tensor *root = &s->tensors[tensor->root];
        if (tensor->pinned) continue;
        tensor->offset = root->base < 0 ? root->offset : s->tensors[root->base].offset + root->part;
    }
}
