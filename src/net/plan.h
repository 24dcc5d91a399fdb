/* Inside a plan, for this room and its tests: what is kept and what is computed again, the
 * schedule, and where each tensor lies. SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PLAN_H
#define LAR_PLAN_H

#include "net/graph.h"
#include "tensor/tensor.h"

/* ---- values ---------------------------------------------------------------------------- */

/* A node's value as a sum of terms over kept nodes; norm -1: none. See lar_term. */
typedef struct plan_term {
    int node, norm;
    bool relu_before, relu_after;
} plan_term;

typedef struct plan_value {
    int count;
    plan_term terms[LAR_TERMS];
} plan_value;

typedef struct plan_values {
    bool kept[LAR_NET_NODES];      /* has a tensor: inputs, convolutions, what does not fit a sum */
    plan_value own[LAR_NET_NODES]; /* how a node follows from kept ones */
    plan_value seen[LAR_NET_NODES]; /* the same for its readers: of a kept node, its tensor */
} plan_values;

/* Decides what is kept. Training keeps as little as backward can be computed from; prediction keeps
 * what several nodes read, since nothing is needed twice later. */
void lar_plan_values(plan_values *out, const lar_net *net, bool training);

/* ---- schedule -------------------------------------------------------------------------- */

typedef enum plan_kind {
    OP_EVALUATE,     /* out = value */
    OP_CONV,         /* out = convolution of in */
    OP_STATISTICS,   /* of the norm `node`, from the first term */
    OP_HEAD,         /* out = last convolution of value */
    OP_OUTPUT_RELU,  /* out = relu of in */
    OP_LOSS,         /* out = gradient of the output in */
    OP_HEAD_BACK,    /* out = gradient of value from in; the head's weights */
    OP_TERM_BACK,    /* out = gradient of the source `in2` of the first term from in; its norm's */
    OP_ADD,          /* out = in + in2 */
    OP_CONV_WEIGHTS, /* from input in and gradient in2 */
    OP_CONV_DATA     /* out = gradient of the input from gradient in */
} plan_kind;

typedef struct plan_op {
    plan_kind kind;
    int node;
    int in, in2, out, scratch; /* tensors; -1: none */
    plan_value value;
    int sources[LAR_TERMS]; /* tensors of the value's terms */
} plan_op;

typedef struct plan_tensor {
    lar_layout layout;
    size_t bytes, offset;
    int first, last; /* ops between which it holds something */
    int root;        /* the tensor whose place it takes over; itself otherwise */
    bool placed;     /* by place.c */
    bool pinned;     /* input, target, output: outside the shared part of the arena */
} plan_tensor;

typedef struct plan_schedule {
    plan_op *ops;
    plan_tensor *tensors;
    int op_count, tensor_count;
    int input, target, output;
    size_t bytes; /* of the shared part */
} plan_schedule;

struct lar_plan {
    lar_net *net;
    const lar_backend *backend;
    const lar_loss *loss;
    int mode, threads, block;
    int64_t batch, voxels;
    int64_t size[3]; /* z, y, x */
    bool input_planar;
    lar_conv *convs[LAR_NET_NODES]; /* of distinct shapes */
    lar_conv_shape shapes[LAR_NET_NODES];
    int conv_count;
    int conv_of[LAR_NET_NODES];      /* a convolution node's number in convs */
    size_t packed_at[LAR_NET_NODES]; /* and where its packed weights lie in the arena */
    size_t fixed_bytes;              /* packed weights and pinned tensors come first */
    plan_schedule train, predict;    /* train: no ops in a LAR_PLAN_PREDICT plan */
    char *arena;                     /* NULL: not taken */
    size_t arena_bytes;
    float *norms; /* [node][PLAN_NORM_ROWS][channel_room] */
    double *sums; /* two rows of channel_room */
    int64_t channel_room;
    bool predicted;
    bool poison; /* tests: what is dead is overwritten with NaN */
};

enum {
    NORM_MEAN,
    NORM_INVERSE,
    NORM_SCALE,
    NORM_SHIFT,
    NORM_GAIN,
    NORM_SLOPE,
    NORM_OFFSET,
    PLAN_NORM_ROWS
};

lar_status lar_schedule_make(plan_schedule *out, lar_plan *plan, const plan_values *values,
                             bool training);
void lar_schedule_clear(plan_schedule *schedule);
/* Lets results take the place of what dies, then packs what is left (offsets, bytes). */
void lar_schedule_place(plan_schedule *schedule);

/* How the gradient goes into the network's block. */
typedef struct plan_step {
    double weight, loss;
    bool add, training;
} plan_step;
lar_status lar_schedule_run(lar_plan *plan, const plan_schedule *schedule, plan_step *step);
lar_status lar_plan_loss_of(lar_plan *plan, const float *output, const float *target,
                            float *gradient, double weight, double *loss);
float *lar_plan_at(const lar_plan *plan, const plan_schedule *schedule, int tensor);

#endif
