/* How sizes change from layer to layer, and how far a network reaches.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net/graph.h"

bool lar_net_shrink(const net_node *node, const int64_t size[3], int64_t out[3])
{
    for (int a = 0; a < 3; a++) {
        int64_t kernel = 1, stride = 1, padded = size[a];
        if (node->kind == NET_LAYER) {
            const lar_layer *layer = &node->layer;
            padded += 2 * layer->padding[a];
            if (layer->stride[a]) {
                kernel = layer->kernel[a] ? layer->kernel[a] : size[a];
                stride = layer->stride[a];
            }
            /* as PyTorch: reflection needs a voxel more than it pads, a circle as many */
            if (layer->border == LAR_BORDER_REFLECT && layer->padding[a] >= size[a]) return false;
            if (layer->border == LAR_BORDER_CIRCULAR && layer->padding[a] > size[a]) return false;
        } else {
            kernel = node->conv.dilation[a] * (node->conv.kernel[a] - 1) + 1;
            stride = node->conv.stride[a];
            if (node->conv.padding == LAR_PAD_ZERO) { /* so that strides round up */
                out[a] = (size[a] + stride - 1) / stride;
                continue;
            }
        }
        if (node->kind == NET_LAYER && node->layer.stride[a]) {
            /* a pool: windows that begin inside, up to the first that holds the end */
            out[a] = padded <= kernel ? 1 : (padded - kernel + stride - 1) / stride + 1;
            if ((out[a] - 1) * stride >= padded) out[a]--;
            continue;
        }
        if (padded < kernel) return false;
        out[a] = (padded - kernel) / stride + 1;
    }
    return true;
}

static lar_status unfit(const lar_net *net, int n, const int64_t size[3])
{
    const net_node *node = &net->nodes[n];
    const char *name = node->weight >= 0 ? net->params[node->weight].name : NULL;
    char number[32];
    snprintf(number, sizeof number, "%d", n);
    return lar_fail(LAR_EGEOMETRY, "layer %s%s%s cannot read %lld x %lld x %lld voxels",
                    name ? "of '" : "", name ? name : number, name ? "'" : "", (long long)size[2],
                    (long long)size[1], (long long)size[0]);
}

static bool equal(const int64_t a[3], const int64_t b[3])
{
    return a[0] == b[0] && a[1] == b[1] && a[2] == b[2];
}

lar_status lar_net_sizes(const lar_net *net, const int64_t input[3], int64_t (*sizes)[3])
{
    memcpy(sizes[0], input, sizeof sizes[0]);
    for (int n = 1; n < net->node_count; n++) {
        const net_node *node = &net->nodes[n];
        const int64_t *from = sizes[node->a];
        bool fits = true;
        memcpy(sizes[n], from, sizeof sizes[n]);
        if (node->like >= 0) {
            memcpy(sizes[n], sizes[node->like], sizeof sizes[n]);
            for (int a = 0; a < 3; a++) { /* from has to reach every voxel, and none beyond */
                const int64_t by =
                    node->kind == NET_UPCONV ? node->conv.stride[a] : node->layer.stride[a];
                fits = fits && (sizes[n][a] + by - 1) / by == from[a];
            }
        } else if (node->kind == NET_CONV || node->kind == NET_LAYER) {
            fits = lar_net_shrink(node, from, sizes[n]);
        } else if (node->b >= 0) {
            fits = equal(from, sizes[node->b]);
        }
        if (!fits) return unfit(net, n, from);
    }
    return LAR_OK;
}

/* Per node and axis, in voxels of the input: how far it reaches, and the distance of its voxels. */
typedef struct reach {
    int64_t halo, step;
} reach;

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* `span` voxels of the layer before on either side. */
static int64_t beyond(reach from, int64_t span)
{
    return from.halo + span * from.step;
}

/* A finer layer from a coarser one whose voxel m lies at m * by: its own voxels count. */
static reach finer(reach from, int64_t by, int64_t span)
{
    reach r = { .step = longer(from.step / by, 1) };
    r.halo = from.halo + span * r.step;
    return r;
}

static bool is_padding(const net_node *node)
{
    return node->kind == NET_LAYER && node->layer.kind == LAR_LAYER_PAD;
}

static reach reach_of(const lar_net *net, const net_node *node, const reach *all, int axis)
{
    reach r = all[node->a];
    if (node->kind == NET_CONV) {
        const int64_t span = node->conv.dilation[axis] * (node->conv.kernel[axis] - 1);
        const bool centred = node->conv.padding == LAR_PAD_ZERO || is_padding(&net->nodes[node->a]);
        r.halo = beyond(r, centred ? (span + 1) / 2 : span);
        r.step *= node->conv.stride[axis];
    } else if (node->kind == NET_UPCONV) {
        const int64_t span = node->conv.dilation[axis] * (node->conv.kernel[axis] - 1);
        r = finer(r, node->conv.stride[axis], (span + 1) / 2);
    } else if (node->kind == NET_LAYER && node->like >= 0) {
        /* nearest: the voxel by - 1 before; linear: the coarse one before that half, too */
        const int64_t by = node->layer.stride[axis];
        const bool linear = node->layer.kind == LAR_LAYER_LINEAR && by > 1;
        r = finer(r, by, linear ? by + by / 2 - 1 : by - 1);
    } else if (node->kind == NET_LAYER) {
        const lar_layer *layer = &node->layer;
        if (layer->kernel[axis]) r.halo = beyond(r, layer->kernel[axis] - 1);
        if (layer->stride[axis]) r.step *= layer->stride[axis];
    }
    if (node->b >= 0) r.halo = longer(r.halo, all[node->b].halo);
    return r;
}

/* The least common multiple. */
static int64_t common(int64_t a, int64_t b)
{
    int64_t x = a, y = b;
    while (y) {
        const int64_t rest = x % y;
        x = y;
        y = rest;
    }
    return a / x * b;
}

lar_reach lar_net_reach(const lar_net *net)
{
    lar_reach out = { .same_size = true };
    reach all[LAR_NET_NODES];
    for (int axis = 0; axis < 3; axis++) {
        int64_t most = 1;
        all[0] = (reach){ 0, 1 };
        for (int n = 1; n < net->node_count; n++) {
            all[n] = reach_of(net, &net->nodes[n], all, axis);
            most = common(most, all[n].step);
        }
        out.halo[2 - axis] = all[net->output].halo;
        out.step[2 - axis] = most;
    }
    static const int64_t sizes[2] = { 48, 61 }; /* an even one and an odd one */
    for (int s = 0; s < 2; s++) {
        int64_t(*at)[3] = lar_alloc(net->node_count, sizeof *at);
        const int64_t size[3] = { sizes[s], sizes[s], sizes[s] };
        const bool fits = at && lar_net_sizes(net, size, at) == LAR_OK;
        if (!fits || !equal(at[net->output], size)) out.same_size = false;
        lar_free(at);
    }
    for (int n = 0; n < net->node_count; n++) {
        const net_node *node = &net->nodes[n];
        const bool pool = node->kind == NET_LAYER && node->layer.kind == LAR_LAYER_MEAN_POOL &&
                          node->layer.kernel[0] == 0;
        const bool round = /* reads the other side */
            is_padding(node) && node->layer.border == LAR_BORDER_CIRCULAR;
        const bool whole = pool || round;
        if (whole || (node->kind == NET_NORM && node->norm.kind != LAR_NORM_BATCH))
            out.global = true;
    }
    return out;
}
