/* Plain twins of the voxel-wise kernels: any block and precision, one voxel at a time, in double.
 * What the fast kernels are tested against, and what runs where there is nothing faster.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/kernels.h"
#include "tensor/kernels/voxel.h"

/* A ReLU of minus infinity is 0, and NaN stays: no product with 0 for either. */
static double activate(double x, float slope)
{
    if (!(x < 0)) return x;
    return slope == 0 ? 0 : x * (double)slope;
}

static double derivative(double x, float slope)
{
    return x > 0 ? 1 : (double)slope;
}

/* One voxel of a term: where it lies, and where its coefficients do. */
typedef struct place {
    int64_t index, channel; /* channel: n * channels + c */
} place;

static place place_of(const lar_layout *l, int64_t n, int64_t c, int64_t v)
{
    return (place){ voxel_index(l, n, c, v), n * l->channels + c };
}

static double before_of(const lar_layout *l, const lar_term *term, place p)
{
    return activate((double)voxel_at(l->type, term->source, p.index), term->before);
}

/* Before the second activation. */
static double scaled_of(const lar_layout *l, const lar_term *term, place p)
{
    const double x = before_of(l, term, p);
    return x * (term->scale ? (double)term->scale[p.channel] : 1) +
           (term->shift ? (double)term->shift[p.channel] : 0);
}

static double value_of(const lar_layout *l, const lar_value *value, place p)
{
    double sum = 0;
    for (int t = 0; t < value->count; t++)
        sum += activate(scaled_of(l, &value->terms[t], p), value->terms[t].after);
    return sum;
}

/* dy' */
static double gradient_of(const lar_layout *l, const lar_term *term, const void *dy, place p)
{
    return derivative(scaled_of(l, term, p), term->after) * (double)voxel_at(l->type, dy, p.index);
}

void lar_plain_evaluate(const lar_layout *l, void *out, const lar_value *value)
{
    for (int64_t n = 0; n < l->batch; n++)
        for (int64_t c = 0; c < l->channels; c++)
            for (int64_t v = 0; v < l->voxels; v++) {
                const place p = place_of(l, n, c, v);
                voxel_set(l->type, out, p.index, (float)value_of(l, value, p));
            }
}

void lar_plain_add(const lar_layout *l, void *out, const void *a, const void *b)
{
    for (int64_t n = 0; n < lar_layout_count(l); n++)
        voxel_set(l->type, out, n, voxel_at(l->type, a, n) + voxel_at(l->type, b, n));
}

lar_status lar_plain_statistics(const lar_layout *l, const void *source, float before, double *mean,
                                double *variance)
{
    const lar_term term = { .source = source, .before = before };
    for (int64_t n = 0; n < l->batch; n++)
        for (int64_t c = 0; c < l->channels; c++) {
            const int64_t channel = n * l->channels + c;
            double sum = 0, squares = 0;
            for (int64_t v = 0; v < l->voxels; v++)
                sum += before_of(l, &term, place_of(l, n, c, v));
            mean[channel] = sum / (double)l->voxels;
            for (int64_t v = 0; v < l->voxels; v++) {
                const double d = before_of(l, &term, place_of(l, n, c, v)) - mean[channel];
                squares += d * d;
            }
            variance[channel] = squares / (double)l->voxels;
        }
    return LAR_OK;
}

lar_status lar_plain_gradient_sums(const lar_layout *l, const lar_term *term, const void *dy,
                                   const float *mean, double *sum, double *product)
{
    for (int64_t n = 0; n < l->batch; n++)
        for (int64_t c = 0; c < l->channels; c++) {
            const int64_t channel = n * l->channels + c;
            sum[channel] = 0;
            if (mean) product[channel] = 0;
            for (int64_t v = 0; v < l->voxels; v++) {
                const place p = place_of(l, n, c, v);
                const double g = gradient_of(l, term, dy, p);
                sum[channel] += g;
                if (mean) product[channel] += g * (before_of(l, term, p) - (double)mean[channel]);
            }
        }
    return LAR_OK;
}

void lar_plain_term_backward(const lar_layout *l, void *dsource, const lar_term *term,
                             const void *dy, const lar_term_gradient *gradient)
{
    for (int64_t n = 0; n < l->batch; n++)
        for (int64_t c = 0; c < l->channels; c++)
            for (int64_t v = 0; v < l->voxels; v++) {
                const place p = place_of(l, n, c, v);
                const double x = (double)voxel_at(l->type, term->source, p.index);
                double g = gradient_of(l, term, dy, p);
                if (gradient->gain)
                    g = (double)gradient->gain[p.channel] * g +
                        (double)gradient->slope[p.channel] *
                            (before_of(l, term, p) - (double)gradient->mean[p.channel]) +
                        (double)gradient->offset[p.channel];
                voxel_set(l->type, dsource, p.index, (float)(g * derivative(x, term->before)));
            }
}

void lar_plain_head(const lar_layout *l, const lar_value *value, const float *weights,
                    const float *bias, int64_t outputs, float *out)
{
    for (int64_t n = 0; n < l->batch; n++)
        for (int64_t o = 0; o < outputs; o++)
            for (int64_t v = 0; v < l->voxels; v++) {
                double sum = bias[o];
                for (int64_t c = 0; c < l->channels; c++)
                    sum += (double)weights[o * l->channels + c] *
                           value_of(l, value, place_of(l, n, c, v));
                out[(n * outputs + o) * l->voxels + v] = (float)sum;
            }
}

lar_status lar_plain_head_backward(const lar_layout *l, const lar_value *value,
                                   const float *weights, int64_t outputs, const float *dout,
                                   void *dvalue, double *dweights, double *dbias)
{
    memset(dbias, 0, (size_t)outputs * sizeof *dbias);
    memset(dweights, 0, (size_t)(outputs * l->channels) * sizeof *dweights);
    for (int64_t n = 0; n < l->batch; n++)
        for (int64_t v = 0; v < l->voxels; v++) {
            for (int64_t o = 0; o < outputs; o++)
                dbias[o] += (double)dout[(n * outputs + o) * l->voxels + v];
            for (int64_t c = 0; c < l->channels; c++) {
                const place p = place_of(l, n, c, v);
                double g = 0;
                for (int64_t o = 0; o < outputs; o++) {
                    const double d = (double)dout[(n * outputs + o) * l->voxels + v];
                    g += d * (double)weights[o * l->channels + c];
                    dweights[o * l->channels + c] += d * value_of(l, value, p);
                }
                voxel_set(l->type, dvalue, p.index, (float)g);
            }
        }
    return LAR_OK;
}
