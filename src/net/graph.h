/* The graph inside a network, for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_GRAPH_H
#define LAR_GRAPH_H

#include "base/base.h"
#include "net/net.h"

enum { LAR_NET_NODES = 1024 };

typedef enum net_kind {
    NET_INPUT,
    NET_CONV,
    NET_UPCONV, /* from a to the size of `like` */
    NET_NORM,
    NET_BIAS, /* of a convolution */
    NET_LEAKY,
    NET_ADD,
    NET_CONCAT,
    NET_LAYER /* the rest: see lar_layer */
} net_kind;

/* Axes are z, y, x from here on. */
typedef struct net_node {
    net_kind kind;
    int a, b; /* what it reads; -1: nothing */
    int like; /* whose size it takes; -1: its own */
    int64_t channels;
    lar_conv_params conv;
    lar_norm_params norm;
    lar_layer layer; /* without layouts and sizes */
    double slope;
    int weight, bias;   /* numbers of params; a norm's gamma and beta; -1: none */
    int second;         /* weight_v of a weight norm, weight_u of a spectral norm */
    int mean, variance; /* running; of a batch norm */
    int uses;           /* how many nodes read it, the output too */
} net_node;

struct lar_net {
    lar_arena *arena; /* names */
    net_node nodes[LAR_NET_NODES];
    int node_count, output; /* -1: none yet */
    int head;               /* the convolution of the last layer, see lar_net_output(); -1: none */
    lar_net_param params[3 * LAR_NET_NODES];
    int64_t param_count, weight_count, running_count;
    float *weights, *gradients, *running;
    lar_status failed;
    char sentence[512];
    bool finished;
};

/* Whether nodes from here on are planar: the head and what follows it. */
bool lar_net_is_tail(const lar_net *net, int node);

/* Size (z, y, x) of the input of a convolution, pool or padding to that of its output; false: none
 * is left. */
bool lar_net_shrink(const net_node *node, const int64_t size[3], int64_t out[3]);
/* Sizes of all nodes for an input; LAR_EGEOMETRY names the layer that does not fit. */
lar_status lar_net_sizes(const lar_net *net, const int64_t input[3], int64_t (*sizes)[3]);

/* kernel.c: the kernel that a convolution runs with, (rows, columns, z, y, x) as its parameter; in
 * training, spectral norm takes a power iteration. */
void lar_kernel_draw(lar_net *net, int node, uint64_t seed);
void lar_kernel_of(lar_net *net, int node, bool training, float *kernel);
/* The gradient of the kernel into those of the parameters: set, or with `add` added. */
void lar_kernel_gradient(lar_net *net, int node, const float *gradient, bool add);

#endif
