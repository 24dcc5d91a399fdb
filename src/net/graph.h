/* The graph inside a network, for this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_GRAPH_H
#define LAR_GRAPH_H

#include "base/base.h"
#include "net/net.h"

enum { LAR_NET_NODES = 1024 };

typedef enum net_kind { NET_INPUT, NET_CONV, NET_NORM, NET_RELU, NET_ADD } net_kind;

typedef struct net_node {
    net_kind kind;
    int a, b; /* what it reads; -1: nothing */
    int64_t channels, kernel;
    int weight, bias; /* numbers of params; a norm's gamma and beta */
    int mean, variance;
    int uses; /* how many nodes read it, the output too */
} net_node;

struct lar_net {
    lar_arena *arena; /* names */
    net_node nodes[LAR_NET_NODES];
    int node_count, output; /* -1: none yet */
    lar_net_param params[2 * LAR_NET_NODES];
    double gamma[LAR_NET_NODES]; /* of norm nodes: where the weight starts */
    int64_t param_count, weight_count, running_count;
    float *weights, *gradients, *running;
    lar_status failed;
    char sentence[512];
    bool finished;
};

/* The node of the last convolution. */
int lar_net_head(const lar_net *net);

#endif
