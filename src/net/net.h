/* net: a network as a graph of layers, the plan that runs it at one input size, losses,
 * optimizers and checkpoints.
 *
 *   lar_net_new, node calls, lar_net_finish     weights exist, all in one block
 *   lar_plan_new                                schedule and memory for one batch and size
 *   lar_plan_load_input, lar_plan_load_target   samples in
 *   lar_plan_step | lar_plan_predict            gradients | output
 *   lar_optimizer_step                          weights move
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_NET_H
#define LAR_NET_H

#include "codec/codec.h"
#include "tensor/tensor.h"

/* ---- the graph ------------------------------------------------------------------------- */

typedef struct lar_net lar_net;

/* The value that a layer gives. Negative after a failure. */
typedef struct lar_node {
    int id;
} lar_node;

/* Axes are i, j, k; a zero stands for one. A two-dimensional network has kernels of 1 along k. */
enum { LAR_PAD_ZERO, LAR_PAD_REFLECT, LAR_PAD_REPLICATE, LAR_PAD_CIRCULAR, LAR_PAD_NONE };
enum { LAR_KERNEL_FREE, LAR_KERNEL_WEIGHT_NORM, LAR_KERNEL_SPECTRAL_NORM };
typedef struct lar_conv_params {
    int64_t filters;
    int64_t kernel[3], stride[3], dilation[3];
    int64_t groups;
    int padding; /* LAR_PAD_: dilation * (kernel - 1) / 2 voxels before and after, or none */
    bool bias;
    /* Weight norm (Salimans 2016, arXiv:1602.07868) or spectral norm (Miyato 2018,
     * arXiv:1802.05957, one power iteration a step) per filter, as in PyTorch. */
    int normalize;
} lar_conv_params;

/* Batch norm over batch and space (Ioffe 2015, arXiv:1502.03167; momentum 0.1), instance norm over
 * space (Ulyanov 2016, arXiv:1607.08022), group norm (Wu 2018, arXiv:1803.08494); epsilon 1e-5. */
enum { LAR_NORM_BATCH, LAR_NORM_INSTANCE, LAR_NORM_GROUP };
typedef struct lar_norm_params {
    int kind;
    int64_t groups; /* of LAR_NORM_GROUP */
    bool plain;     /* no weight and bias of its own */
    double gamma;   /* where the weight starts */
} lar_norm_params;

/* Node calls remember the first failure and do nothing after it; lar_net_finish() reports it. Names
 * are unique; a layer's parameters are "NAME.weight", "NAME.bias" and so on. */
lar_status lar_net_new(lar_net **out);
lar_node lar_net_input(lar_net *net, int64_t channels); /* exactly one */
lar_node lar_net_conv(lar_net *net, lar_node x, const char *name, const lar_conv_params *params);
/* The transposed convolution, weights (in, filters, kernel): where `params` takes the size of
 * `like` to that of x (rounding up), this takes x to the size of `like`. LAR_PAD_ZERO, groups 1. */
lar_node lar_net_upconv(lar_net *net, lar_node x, lar_node like, const char *name,
                        const lar_conv_params *params);
/* A 1x1x1 convolution with bias; weights (filters, in). */
lar_node lar_net_linear(lar_net *net, lar_node x, const char *name, int64_t filters);
lar_node lar_net_norm(lar_net *net, lar_node x, const char *name, const lar_norm_params *params);
lar_node lar_net_relu(lar_net *net, lar_node x);
lar_node lar_net_leaky(lar_net *net, lar_node x, double slope); /* 0 to 1, of what is negative */
/* LAR_LAYER_ELU (alpha), _GELU, _SIGMOID, _SOFTMAX (over channels). */
lar_node lar_net_activation(lar_net *net, lar_node x, lar_layer_kind kind, double alpha);
/* Zeroes values, or with `whole` channels (of a sample), with this probability; in training only.
 */
lar_node lar_net_dropout(lar_net *net, lar_node x, double probability, bool whole);
/* LAR_LAYER_MAX_POOL or _MEAN_POOL; the last window is cut at the end of the volume: sizes round
 * up. */
lar_node lar_net_pool(lar_net *net, lar_node x, lar_layer_kind kind, const int64_t kernel[3],
                      const int64_t stride[3]);
lar_node lar_net_global_pool(lar_net *net, lar_node x); /* the mean over space: one voxel */
/* LAR_LAYER_NEAREST or _LINEAR, by whole factors; cut to the size of `like`. */
lar_node lar_net_upsample(lar_net *net, lar_node x, lar_node like, lar_layer_kind kind,
                          const int64_t factor[3]);
lar_node lar_net_add(lar_net *net, lar_node a, lar_node b);
lar_node lar_net_concat(lar_net *net, lar_node a, lar_node b); /* channels of a, then of b */
int64_t lar_net_channels(const lar_net *net, lar_node x);      /* 0 after a failure */
/* Fastest where x is a 1x1x1 convolution with bias that nothing else reads, or an activation of it.
 */
void lar_net_output(lar_net *net, lar_node x);
/* Takes the blocks and draws the weights: normal with variance 2 / fan-in (He 2015,
 * doi:10.1109/ICCV.2015.123) as a function of (seed, name, index); biases zero. */
lar_status lar_net_finish(lar_net *net, uint64_t seed);
void lar_net_free(lar_net *net);

/* How the output depends on the input: a voxel of the output on those within `halo` of its own
 * place, on grids that repeat every `step` voxels (i, j, k). global: on the whole volume, through
 * the statistics of a norm or a global pool. same_size: output and input have equal sizes. */
typedef struct lar_reach {
    int64_t halo[3], step[3];
    bool global, same_size;
} lar_reach;
lar_reach lar_net_reach(const lar_net *net);

/* Builds the network that the params describe, and finishes it. */
lar_status lar_network_build(lar_net **out, const lar_network_params *params, int64_t inputs,
                             int64_t outputs, uint64_t seed);
/* Whether it can be built: no weights are drawn. *layer: which of params->layers is wrong, or -1.
 */
lar_status lar_network_try(const lar_network_params *params, int64_t inputs, int64_t outputs,
                           int64_t *layer);
/* What the network depends on, in lines "network channels: 16". */
void lar_network_describe(lar_text *out, const lar_network_params *params);

/* One row per network that `network: {name: ...}` may name; NULL name at the end. */
typedef struct lar_model {
    const char *name, *help;
    int activation, norm; /* what "auto" stands for */
    void (*build)(lar_net *net, const lar_network_params *params, int64_t inputs, int64_t outputs);
    const char *keys[20]; /* of lar_network_table, beside name; NULL at the end */
} lar_model;
extern const lar_model lar_models[];
bool lar_model_has(const lar_model *model, const char *key);

/* ---- a network as a list of layers ------------------------------------------------------- */

/* What a listed layer may say; a kind's table says which of it, and the defaults. Lists are one
 * number, or three for x y z. */
typedef struct lar_listed_params {
    const char *name;  /* NULL: "3.conv" for a convolution in the third place */
    const char *from;  /* name of the layer that it reads; NULL: the one above */
    const char *other; /* the second one it reads (`with`), or whose size it takes (`like`) */
    int64_t filters, groups;
    lar_ints kernel, stride, dilation;
    int padding, bias, kernels, kind;
    bool plain, whole;
    double slope, alpha, probability;
} lar_listed_params;

typedef struct lar_listed {
    const struct lar_listed_kind *kind;
    lar_listed_params params;
    int64_t line, column; /* in the study */
} lar_listed;

typedef struct lar_listed_kind {
    const char *name, *help; /* NULL name ends the table */
    const lar_param *table;  /* of lar_listed_params; "conv: 16" sets the first */
    lar_node (*add)(lar_net *net, lar_node x, lar_node other, const char *name,
                    const lar_listed_params *params);
} lar_listed_kind;
extern const lar_listed_kind lar_listed_kinds[];
extern const lar_param lar_listed_table[]; /* what every layer takes: name, from */

typedef struct lar_layer_list {
    int64_t count;
    lar_listed *rows;
} lar_layer_list;

/* One named tensor of the weights (or, `running`, of the running statistics). */
typedef struct lar_net_param {
    const char *name; /* "blocks.0.first.conv.weight" */
    int dims;
    int64_t size[5]; /* convolutions: out, in, kz, ky, kx, slowest first (x is the image's i) */
    int64_t count, offset;
    bool running; /* offset is into lar_net_running() */
} lar_net_param;

const lar_net_param *lar_net_params(const lar_net *net, int64_t *count);
int64_t lar_net_input_channels(const lar_net *net);
int64_t lar_net_output_channels(const lar_net *net);
/* All weights lie in one block of lar_net_weight_count() floats, and so do all gradients. */
int64_t lar_net_weight_count(const lar_net *net);
float *lar_net_weights(lar_net *net);
float *lar_net_gradients(lar_net *net);
/* Running mean and variance of every norm. */
int64_t lar_net_running_count(const lar_net *net);
float *lar_net_running(lar_net *net);

/* Appends the weights and running statistics to a list for lar_safetensors_write(); `tensors` has
 * room for as many as lar_net_params() counts. The data are borrowed from the network. */
void lar_net_save(const lar_net *net, lar_safetensor *tensors);
/* Sets them from a file, other tensors in the file are left alone. LAR_EFORMAT names the first one
 * that is missing or has another shape, and then nothing is changed. */
lar_status lar_net_load(lar_net *net, const lar_safetensors *file);

/* ---- the plan -------------------------------------------------------------------------- */

enum { LAR_PLAN_TRAIN, LAR_PLAN_PREDICT };

typedef struct lar_plan_params {
    int64_t batch;
    int64_t size[3]; /* voxels along i, j, k; i fastest, as in lar_image */
    int mode;        /* LAR_PLAN_TRAIN or LAR_PLAN_PREDICT */
    int loss;        /* index in lar_losses */
    lar_precision precision;
    bool no_target; /* of a plan for prediction: none is loaded, and there is no loss */
    /* More of the forward pass is computed again in the backward one until lar_plan_bytes() is no
     * more than this, or nothing is left to drop. 0: as fast as it goes. */
    size_t memory;
    const char *backend; /* NULL: the first that is built in ("onednn", then "plain") */
} lar_plan_params;

/* A network compiled for one batch and size: fixed schedule, one arena. The network must outlive it
 * and may have several; its weights are read anew at each call. The thread count is the one of
 * lar_plan_new(): change it, and the plan has to be made again (LAR_EARGUMENT). Results have the
 * same bits for any thread count. */
typedef struct lar_plan lar_plan;
/* Plans, and takes no memory for voxels yet. */
lar_status lar_plan_new(lar_plan **out, lar_net *net, const lar_plan_params *params);
/* Peak bytes the plan will hold once used. */
size_t lar_plan_bytes(const lar_plan *plan);
/* Multiplications and additions (each counts) of the convolutions of one step, or prediction. */
double lar_plan_work(const lar_plan *plan);
/* The convolutions of these that run a second time, to save memory: how many, and their work. */
void lar_plan_again(const lar_plan *plan, int64_t *count, double *work);
/* Voxels of the output along i, j, k. */
void lar_plan_output_size(const lar_plan *plan, int64_t size[3]);
/* What dropout drops from now on is a function of this alone. 0 at first. */
void lar_plan_seed(lar_plan *plan, uint64_t seed);
/* Gives the arena back, with what was loaded; the next load takes it again. */
void lar_plan_release(lar_plan *plan);
void lar_plan_free(lar_plan *plan);

/* One volume, i fastest, copied. n: 0..batch-1, c: a channel. Loaded volumes stay until they are
 * loaded anew. */
lar_status lar_plan_load_input(lar_plan *plan, int64_t n, int64_t c, const float *voxels);
lar_status lar_plan_load_target(lar_plan *plan, int64_t n, int64_t c, const float *voxels);

/* LAR_PLAN_TRAIN: forward with the batch's statistics (the running ones move once), loss, backward.
 * `weight` times the gradient of the mean loss is written to lar_net_gradients(), or added with
 * `add` (batches of unequal shapes; weight = 1 / count). A loss that is not finite is LAR_ENUMERIC,
 * with *loss set. */
lar_status lar_plan_step(lar_plan *plan, double weight, bool add, double *loss);
/* Either mode: the output by the running statistics. A LAR_PLAN_PREDICT plan needs less memory. */
lar_status lar_plan_predict(lar_plan *plan);
/* After lar_plan_predict(): mean loss against the loaded targets; the output as plain volumes. */
lar_status lar_plan_loss(lar_plan *plan, double *loss);
lar_status lar_plan_output(lar_plan *plan, int64_t n, int64_t c, float *voxels);

/* ---- prediction of any size -------------------------------------------------------------- */

/* A volume through the network by its running statistics: at once, or in windows of one size that
 * share one plan. Where no voxel depends on the whole volume, windows begin at multiples of the
 * network's step, and what an inner border falsifies (the halo of lar_net_reach()) is left out: the
 * result does not depend on the windows but for rounding. Otherwise windows overlap and are blended
 * by Gaussian weights of an eighth of their edge, as in nnU-Net (Isensee 2021,
 * doi:10.1038/s41592-020-01008-z), and the result does depend on them. */
typedef struct lar_tiles_params {
    lar_precision precision;
    size_t memory;   /* that may be taken, but for the volumes themselves; 0: as much as whole */
    int64_t tile[3]; /* edges of a window at most, i, j, k; 0: as memory asks */
    double overlap;  /* of blended windows, 0 to 0.9 of their edge */
    const char *backend; /* as lar_plan_params */
} lar_tiles_params;

typedef struct lar_tiles lar_tiles;
typedef struct lar_tiles_about {
    int64_t window[3], count[3]; /* i, j, k; count 1 1 1: whole */
    bool blended;
    size_t bytes; /* the plan and a window's volume */
    double work;  /* as lar_plan_work(), of all windows */
} lar_tiles_about;

/* Windows of the least work that fit. LAR_EMEMORY tells the least memory that would do;
 * LAR_EARGUMENT the least window; LAR_EGEOMETRY what the network cannot read. */
lar_status lar_tiles_new(lar_tiles **out, lar_net *net, const int64_t size[3],
                         const lar_tiles_params *params);
const lar_tiles_about *lar_tiles_tell(const lar_tiles *tiles);
/* Volumes of `size`, i fastest: one of each channel of the network. */
lar_status lar_tiles_run(lar_tiles *tiles, const float *const *inputs, float *const *outputs,
                         lar_progress progress);
void lar_tiles_free(lar_tiles *tiles);

/* ---- losses and optimizers ------------------------------------------------------------- */

typedef struct lar_loss {
    const char *name;
    /* Sum over `count` values of the loss; gradient (times `scale`) into `gradient`, which may be
     * `output` itself, or NULL. */
    double (*sum)(const float *output, const float *target, float *gradient, int64_t count,
                  float scale);
} lar_loss;
extern const lar_loss lar_losses[];        /* mse, mae; NULL name at the end */
extern const char *const lar_loss_names[]; /* for a LAR_P_CHOICE */

typedef struct lar_optimizer_params {
    double beta2;        /* 0.99, as fastai */
    double epsilon;      /* 1e-8 */
    double weight_decay; /* 1e-2; decoupled: w *= 1 - decay * rate before the step */
} lar_optimizer_params;
extern const lar_param lar_optimizer_table[];
lar_optimizer_params lar_optimizer_default(void);

/* State of an optimizer over one block of weights: plain, so that checkpoints can hold it. */
typedef struct lar_optimizer {
    const struct lar_optimizer_kind *kind;
    lar_optimizer_params params;
    int64_t step;  /* taken so far */
    int64_t count; /* weights */
    float *moment[2];
} lar_optimizer;
typedef struct lar_optimizer_kind {
    const char *name;
    const char *moment_names[2]; /* in checkpoints */
    lar_status (*step)(lar_optimizer *o, float *weights, const float *gradients, double rate,
                       double beta1);
} lar_optimizer_kind;
extern const lar_optimizer_kind lar_optimizers[]; /* adamw; NULL name at the end */
extern const char *const lar_optimizer_names[];   /* for a LAR_P_CHOICE */

lar_status lar_optimizer_new(lar_optimizer **out, int kind, int64_t count,
                             const lar_optimizer_params *params);
/* AdamW (Loshchilov 2019, arXiv:1711.05101; bias correction as torch.optim.Adam). All weights
 * decay, those of norms too. Same bits on repetition and for any thread count. */
lar_status lar_optimizer_step(lar_optimizer *o, float *weights, const float *gradients, double rate,
                              double beta1);
void lar_optimizer_free(lar_optimizer *o);

#endif
