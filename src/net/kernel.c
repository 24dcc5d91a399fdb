/* Kernels of convolutions from their parameters, and gradients back.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "math/math.h"
#include "net/graph.h"

/* A stream of random numbers per tensor, by its name (FNV-1a), so that a deeper network starts with
 * the same weights where the names are the same. */
static uint64_t stream_of(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 0x100000001b3;
    return hash;
}

/* He 2015. The fan-in of a transposed convolution is that of the voxels that meet in one output. */
void lar_kernel_draw(lar_net *net, int n, uint64_t seed)
{
    const net_node *node = &net->nodes[n];
    const lar_net_param *p = &net->params[node->weight];
    double fan = (double)(p->count / p->size[0]);
    if (node->kind == NET_UPCONV) {
        fan = (double)(p->count / p->size[1]);
        for (int a = 0; a < 3; a++) fan /= (double)node->conv.stride[a];
        fan = fmax(fan, (double)p->size[0]);
    }
    const double deviation = sqrt(2 / fan);
    const uint64_t stream = stream_of(p->name);
    for (int64_t w = 0; w < p->count; w++)
        net->weights[p->offset + w] =
            (float)(deviation * lar_random_normal(seed, stream, (uint64_t)w));
}

void lar_kernel_of(lar_net *net, int n, bool training, float *kernel)
{
    const lar_net_param *p = &net->params[net->nodes[n].weight];
    (void)training;
    memcpy(kernel, net->weights + p->offset, (size_t)p->count * sizeof *kernel);
}

void lar_kernel_gradient(lar_net *net, int n, const float *gradient, bool add)
{
    const lar_net_param *p = &net->params[net->nodes[n].weight];
    float *to = net->gradients + p->offset;
    for (int64_t w = 0; w < p->count; w++) to[w] = add ? to[w] + gradient[w] : gradient[w];
}
