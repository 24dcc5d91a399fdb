/* Kernels of convolutions from their parameters, and gradients back: free, weight norm (Salimans
 * 2016, arXiv:1602.07868) and spectral norm (Miyato 2018, arXiv:1802.05957), as torch.nn.utils has
 * them. SPDX-License-Identifier: Apache-2.0 */
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

/* A kernel as a matrix: of weight norm one row per slice of its first axis, of spectral norm one
 * per filter, which is the second axis of a transposed convolution. Row r, column (o, i) lies at r
 * * row + o * outer + i. */
typedef struct matrix {
    int64_t rows, columns, row, outer, inner; /* inner: columns that lie side by side */
} matrix;

static matrix matrix_of(const lar_net *net, const net_node *node)
{
    const bool spectral = node->conv.normalize == LAR_KERNEL_SPECTRAL_NORM;
    const lar_net_param *p = &net->params[spectral ? node->weight : node->second];
    const int64_t taps = p->size[2] * p->size[3] * p->size[4];
    if (spectral && node->kind == NET_UPCONV)
        return (matrix){ p->size[1], p->size[0] * taps, taps, p->size[1] * taps, taps };
    return (matrix){ p->size[0], p->size[1] * taps, p->size[1] * taps, 0, p->size[1] * taps };
}

static int64_t place(const matrix *m, int64_t row, int64_t column)
{
    return row * m->row + column / m->inner * m->outer + column % m->inner;
}

static double dot_row(const matrix *m, int64_t row, const float *a, const float *b)
{
    double sum = 0;
    for (int64_t c = 0; c < m->columns; c++) {
        const int64_t at = place(m, row, c);
        sum += (double)a[at] * (double)b[at];
    }
    return sum;
}

/* What torch.nn.functional.normalize does. */
static void to_unit(float *vector, int64_t count)
{
    double square = 0;
    for (int64_t n = 0; n < count; n++) square += (double)vector[n] * (double)vector[n];
    const double length = fmax(sqrt(square), 1e-12);
    for (int64_t n = 0; n < count; n++) vector[n] = (float)((double)vector[n] / length);
}

static float *left(lar_net *net, const net_node *node) /* weight_u: rows */
{
    return net->running + net->params[node->second].offset;
}

static float *right(lar_net *net, const net_node *node) /* weight_v: columns */
{
    return net->running + net->params[node->second + 1].offset;
}

/* (W v) of one row. */
static double times_right(const matrix *m, const float *w, int64_t row, const float *v)
{
    double sum = 0;
    for (int64_t c = 0; c < m->columns; c++) sum += (double)w[place(m, row, c)] * (double)v[c];
    return sum;
}

static void power_iteration(lar_net *net, const net_node *node, const matrix *m)
{
    const float *w = net->weights + net->params[node->weight].offset;
    float *u = left(net, node), *v = right(net, node);
    for (int64_t c = 0; c < m->columns; c++) {
        double sum = 0;
        for (int64_t r = 0; r < m->rows; r++) sum += (double)w[place(m, r, c)] * (double)u[r];
        v[c] = (float)sum;
    }
    to_unit(v, m->columns);
    for (int64_t r = 0; r < m->rows; r++) u[r] = (float)times_right(m, w, r, v);
    to_unit(u, m->rows);
}

/* u' W v, near the largest singular value. */
static double sigma_of(lar_net *net, const net_node *node, const matrix *m)
{
    const float *w = net->weights + net->params[node->weight].offset;
    const float *u = left(net, node), *v = right(net, node);
    double sigma = 0;
    for (int64_t r = 0; r < m->rows; r++) sigma += (double)u[r] * times_right(m, w, r, v);
    return sigma;
}

static void draw(float *to, const lar_net_param *p, double deviation, uint64_t seed)
{
    const uint64_t stream = stream_of(p->name);
    for (int64_t w = 0; w < p->count; w++)
        to[w] = (float)(deviation * lar_random_normal(seed, stream, (uint64_t)w));
}

/* He 2015. The fan-in of a transposed convolution is that of the voxels that meet in one output. A
 * normalized kernel starts as the free one would: weight_g takes its lengths; weight_u and weight_v
 * have seen as many iterations as torch.nn.utils.parametrizations gives them. */
void lar_kernel_draw(lar_net *net, int n, uint64_t seed)
{
    enum { FIRST_ITERATIONS = 15 };
    const net_node *node = &net->nodes[n];
    const bool weight_norm = node->conv.normalize == LAR_KERNEL_WEIGHT_NORM;
    const lar_net_param *p = &net->params[weight_norm ? node->second : node->weight];
    double fan = (double)(p->count / p->size[0]);
    if (node->kind == NET_UPCONV) {
        fan = (double)(p->count / p->size[1]);
        for (int a = 0; a < 3; a++) fan /= (double)node->conv.stride[a];
        fan = fmax(fan, (double)p->size[0]);
    }
    float *w = net->weights + p->offset;
    draw(w, p, sqrt(2 / fan), seed);
    if (node->conv.normalize == LAR_KERNEL_FREE) return;
    const matrix m = matrix_of(net, node);
    if (weight_norm) {
        float *g = net->weights + net->params[node->weight].offset;
        for (int64_t r = 0; r < m.rows; r++) g[r] = (float)sqrt(dot_row(&m, r, w, w));
        return;
    }
    draw(left(net, node), &net->params[node->second], 1, seed);
    to_unit(left(net, node), m.rows);
    for (int k = 0; k < FIRST_ITERATIONS; k++) power_iteration(net, node, &m);
}

void lar_kernel_of(lar_net *net, int n, bool training, float *kernel)
{
    const net_node *node = &net->nodes[n];
    const lar_net_param *p = &net->params[node->weight];
    const float *w = net->weights + p->offset;
    if (node->conv.normalize == LAR_KERNEL_FREE) {
        memcpy(kernel, w, (size_t)p->count * sizeof *kernel);
        return;
    }
    const matrix m = matrix_of(net, node);
    if (node->conv.normalize == LAR_KERNEL_SPECTRAL_NORM) {
        if (training) power_iteration(net, node, &m);
        const double sigma = sigma_of(net, node, &m);
        for (int64_t k = 0; k < p->count; k++) kernel[k] = (float)((double)w[k] / sigma);
        return;
    }
    const float *v = net->weights + net->params[node->second].offset;
    for (int64_t r = 0; r < m.rows; r++) {
        const double scale = (double)w[r] / sqrt(dot_row(&m, r, v, v));
        for (int64_t c = 0; c < m.columns; c++) {
            const int64_t at = place(&m, r, c);
            kernel[at] = (float)(scale * (double)v[at]);
        }
    }
}

static void set(float *to, double value, bool add)
{
    *to = (float)(add ? (double)*to + value : value);
}

/* kernel = g v / |v|, a row at a time */
static void weight_norm_gradient(lar_net *net, const net_node *node, const float *gradient,
                                 bool add)
{
    const matrix m = matrix_of(net, node);
    const lar_net_param *gp = &net->params[node->weight], *vp = &net->params[node->second];
    const float *g = net->weights + gp->offset, *v = net->weights + vp->offset;
    float *dg = net->gradients + gp->offset, *dv = net->gradients + vp->offset;
    for (int64_t r = 0; r < m.rows; r++) {
        const double length = sqrt(dot_row(&m, r, v, v));
        const double along = dot_row(&m, r, v, gradient) / length;
        set(&dg[r], along, add);
        for (int64_t c = 0; c < m.columns; c++) {
            const int64_t at = place(&m, r, c);
            const double across = (double)gradient[at] - along * (double)v[at] / length;
            set(&dv[at], (double)g[r] / length * across, add);
        }
    }
}

/* kernel = W / (u' W v), u and v held still */
static void spectral_norm_gradient(lar_net *net, const net_node *node, const float *gradient,
                                   bool add)
{
    const matrix m = matrix_of(net, node);
    const lar_net_param *p = &net->params[node->weight];
    const float *w = net->weights + p->offset, *u = left(net, node), *v = right(net, node);
    float *to = net->gradients + p->offset;
    const double sigma = sigma_of(net, node, &m);
    double along = 0;
    for (int64_t r = 0; r < m.rows; r++) along += dot_row(&m, r, w, gradient);
    for (int64_t r = 0; r < m.rows; r++)
        for (int64_t c = 0; c < m.columns; c++) {
            const int64_t at = place(&m, r, c);
            const double from_sigma = along / sigma * (double)u[r] * (double)v[c];
            set(&to[at], ((double)gradient[at] - from_sigma) / sigma, add);
        }
}

void lar_kernel_gradient(lar_net *net, int n, const float *gradient, bool add)
{
    const net_node *node = &net->nodes[n];
    if (node->conv.normalize == LAR_KERNEL_WEIGHT_NORM) {
        weight_norm_gradient(net, node, gradient, add);
    } else if (node->conv.normalize == LAR_KERNEL_SPECTRAL_NORM) {
        spectral_norm_gradient(net, node, gradient, add);
    } else {
        const lar_net_param *p = &net->params[node->weight];
        float *to = net->gradients + p->offset;
        for (int64_t w = 0; w < p->count; w++) to[w] = add ? to[w] + gradient[w] : gradient[w];
    }
}
