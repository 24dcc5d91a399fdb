/* Inside a plan, for this room and its tests: what is kept and what is computed again, the
 * schedule, and where each tensor lies. SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PLAN_H
#define LAR_PLAN_H

#include "net/graph.h"
#include "tensor/tensor.h"

/* ---- values ---------------------------------------------------------------------------- */

/* A node's value as a sum of terms over kept nodes; norm: a node of NET_NORM or NET_BIAS, -1: none.
 * See lar_term. */
typedef struct plan_term {
    int node, norm;
    float before, after;
} plan_term;

typedef struct plan_value {
    int count;
    plan_term terms[LAR_TERMS];
} plan_value;

typedef struct plan_values {
    bool kept[LAR_NET_NODES];       /* has a tensor */
    bool dropped[LAR_NET_NODES];    /* backward makes it anew where it needs it */
    bool inside[LAR_NET_NODES];     /* its tensor is a part of that of the concat that reads it */
    plan_value own[LAR_NET_NODES];  /* how a node follows from kept ones */
    plan_value seen[LAR_NET_NODES]; /* the same for its readers: of a kept node, its tensor */
    /* Prediction: the convolution n writes the tensor of the chain `end`, or, where it ends in a
     * sum, that of `sum` on top of `base`; writer: the way back. -1: none. */
    int end[LAR_NET_NODES], sum[LAR_NET_NODES], base[LAR_NET_NODES], writer[LAR_NET_NODES];
} plan_values;

void lar_plan_values(plan_values *out, const lar_net *net, int64_t batch, bool training);

/* ---- schedule -------------------------------------------------------------------------- */

typedef enum plan_kind {
    OP_EVALUATE,      /* out = value, from channel `first` on */
    OP_CONV,          /* out = convolution of in; a value: after it, on top of in2 */
    OP_CONV_IN_PLACE, /* out, where the value's source is, = convolution of it */
    OP_STATISTICS,    /* of the norm `node`, from the first term */
    OP_LAYER,         /* out = layer of in */
    OP_HEAD,          /* out = last convolution of value */
    OP_GATHER,        /* out, planar, = in */
    OP_LOSS,          /* out = gradient of the output in */
    OP_SCATTER,       /* out = in, planar */
    OP_HEAD_BACK,     /* out = gradient of value from in; the head's weights */
    OP_TERM_BACK,     /* out = gradient of the source of the first term from in; its norm's */
    OP_LAYER_BACK,    /* out = gradient of the input in2 (output in3) from in */
    OP_SLICE,         /* out = channels of in from `first` on; nothing where it is a part of it */
    OP_ADD,           /* out = in + in2 */
    OP_CONV_WEIGHTS,  /* from input in and gradient in2 */
    OP_CONV_DATA      /* out = gradient of the input from gradient in */
} plan_kind;

typedef struct plan_op {
    plan_kind kind;
    int node;
    int in, in2, in3, out, scratch; /* tensors; -1: none */
    int64_t first;
    bool over; /* a layer that may write over what it reads */
    plan_value value;
    int sources[LAR_TERMS]; /* tensors of the value's terms; of OP_CONV: none */
} plan_op;

typedef struct plan_tensor {
    lar_layout layout;
    size_t bytes, offset;
    int first, last; /* ops between which it holds something */
    int root;        /* the tensor whose place it takes over; itself otherwise */
    int base;        /* the tensor that it is a part of; -1: none */
    size_t part;     /* and where in it, in bytes */
    bool placed;     /* by place.c */
    bool pinned;     /* input, target, output: outside the shared part of the arena */
} plan_tensor;

typedef struct plan_schedule {
    plan_op *ops;
    plan_tensor *tensors;
    int op_count, tensor_count, op_room, tensor_room;
    int input, target, output;
    size_t bytes; /* of the shared part */
} plan_schedule;

/* What a plan knows of a node: sizes are z, y, x. */
typedef struct plan_node {
    int64_t size[3], voxels;
    int64_t channels;        /* of its layout: whole blocks */
    const int64_t *position; /* of its own channels among them */
    bool planar, gradient;   /* gradient: something before it has weights */
    int conv;                /* number in convs; -1 */
    size_t packed_at;        /* in the arena */
    int64_t norms_at;        /* of its rows in `norms` */
    /* Prediction: this convolution takes the place of the tensor before its chain of norm and
     * activation; `layer`: the activation, -1 where none; `told`: the norm that gets the
     * statistics of the result, -1. taken: this activation has no tensor for that. */
    bool in_place, taken;
    int layer, told;
} plan_node;

struct lar_plan {
    lar_net *net;
    const lar_backend *backend;
    const lar_loss *loss;
    int mode, threads, block;
    bool no_target;
    lar_precision type;
    int64_t batch;
    uint64_t seed;
    lar_arena *store; /* positions */
    plan_node *nodes;
    lar_conv *convs[LAR_NET_NODES]; /* of distinct shapes */
    lar_conv_shape shapes[LAR_NET_NODES];
    int conv_count;
    size_t fixed_bytes;           /* packed weights and pinned tensors come first */
    plan_schedule train, predict; /* train: no ops in a LAR_PLAN_PREDICT plan */
    char *arena;                  /* NULL: not taken */
    size_t arena_bytes;
    float *norms; /* per norm and bias: PLAN_NORM_ROWS of batch * channels */
    double *sums; /* two rows of batch * channels, of the widest */
    int64_t row_room;
    float *kernel, *spread; /* the largest kernel, and one of whole blocks */
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

/* in_place.c: which convolutions of a plan for prediction go in place. */
lar_status lar_plan_in_place(lar_plan *plan);
/* shape.c: sizes, channels and convolutions of all nodes. */
lar_status lar_plan_shape(lar_plan *plan, const int64_t size[3]);
lar_layout lar_plan_layout(const lar_plan *plan, int node);
lar_conv_shape lar_plan_conv_shape(const lar_plan *plan, int node);
/* Between a kernel of the net and one in whole blocks, (out, in / groups, z, y, x). */
void lar_plan_spread(const lar_plan *plan, int node, const float *kernel, float *spread);
void lar_plan_unspread(const lar_plan *plan, int node, const float *spread, float *kernel);

lar_status lar_schedule_make(plan_schedule *out, lar_plan *plan, const plan_values *values,
                             bool training);
void lar_schedule_clear(plan_schedule *schedule);
/* Lets results take the place of what dies, then packs what is left (offsets, bytes). */
void lar_schedule_place(plan_schedule *schedule);
/* drop.c: drops kept values until the schedule needs no more than `bytes` of shared memory. */
lar_status lar_schedule_drop(plan_schedule *schedule, lar_plan *plan, plan_values *values,
                             size_t bytes);

/* How the gradient goes into the network's block. */
typedef struct plan_step {
    double weight, loss;
    bool add, training;
} plan_step;
typedef struct plan_run {
    lar_plan *plan;
    const plan_schedule *s;
    plan_step *step;
} plan_run;
lar_status lar_schedule_run(lar_plan *plan, const plan_schedule *schedule, plan_step *step);
lar_status lar_plan_loss_of(lar_plan *plan, const float *output, const float *target,
                            float *gradient, double weight, double *loss);
void *lar_plan_at(const lar_plan *plan, const plan_schedule *schedule, int tensor);

/* norms.c: coefficients of norms and biases. */
float *lar_norm_row(const lar_plan *plan, int node, int row);
lar_status lar_norm_statistics(lar_plan *plan, int node, const void *source, float before,
                               bool training);
/* From the mean and variance of each lane, as a backend gives them. */
void lar_norm_set(lar_plan *plan, int node, const double *mean, const double *variance,
                  bool training);
void lar_norm_running(lar_plan *plan, int node); /* batch norm by its running statistics; biases */
lar_status lar_norm_backward(const plan_run *run, int node, const lar_term *term, const void *dy,
                             lar_term_gradient *gradient);

#endif
