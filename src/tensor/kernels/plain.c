/* Plain twins of the voxel-wise kernels: any block, one voxel at a time, sums in double. What the
 * fast kernels are tested against, and what runs where there is nothing faster.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "tensor/kernels/kernels.h"

static int64_t at(const lar_layout *l, int64_t n, int64_t c, int64_t v)
{
    const int64_t blocks = lar_layout_padded(l) / l->block;
    return ((n * blocks + c / l->block) * l->voxels + v) * l->block + c % l->block;
}

static double relu(double x)
{
    return x < 0 ? 0 : x; /* NaN stays */
}

static double before_of(const lar_term *term, int64_t index)
{
    const double x = term->source[index];
    return term->relu_before ? relu(x) : x;
}

static double term_of(const lar_term *term, int64_t index, int64_t c)
{
    double x = before_of(term, index);
    if (term->scale) x = x * (double)term->scale[c] + (double)term->shift[c];
    return term->relu_after ? relu(x) : x;
}

static double value_of(const lar_value *value, int64_t index, int64_t c)
{
    double sum = 0;
    for (int t = 0; t < value->count; t++) sum += term_of(&value->terms[t], index, c);
    return sum;
}

/* dy', the gradient before relu_after */
static double masked(const lar_term *term, const float *dy, int64_t index, int64_t c)
{
    return term->relu_after && !(term_of(term, index, c) > 0) ? 0 : (double)dy[index];
}

void lar_plain_upload(const lar_layout *l, float *tensor, int64_t n, int64_t c, const float *volume)
{
    for (int64_t v = 0; v < l->voxels; v++) tensor[at(l, n, c, v)] = volume[v];
    for (int64_t p = l->channels; c == 0 && p < lar_layout_padded(l); p++)
        for (int64_t v = 0; v < l->voxels; v++) tensor[at(l, n, p, v)] = 0;
}

void lar_plain_download(const lar_layout *l, const float *tensor, int64_t n, int64_t c,
                        float *volume)
{
    for (int64_t v = 0; v < l->voxels; v++) volume[v] = tensor[at(l, n, c, v)];
}

void lar_plain_evaluate(const lar_layout *l, float *out, const lar_value *value)
{
    for (int64_t n = 0; n < l->batch; n++)
        for (int64_t c = 0; c < lar_layout_padded(l); c++)
            for (int64_t v = 0; v < l->voxels; v++)
                out[at(l, n, c, v)] = (float)value_of(value, at(l, n, c, v), c);
}

void lar_plain_add(const lar_layout *l, float *out, const float *a, const float *b)
{
    for (int64_t n = 0; n < lar_layout_floats(l); n++) out[n] = a[n] + b[n];
}

lar_status lar_plain_statistics(const lar_layout *l, const float *source, bool relu_before,
                                double *mean, double *variance)
{
    const lar_term term = { .source = source, .relu_before = relu_before };
    const double count = (double)(l->batch * l->voxels);
    for (int64_t c = 0; c < lar_layout_padded(l); c++) {
        double sum = 0, squares = 0;
        for (int64_t n = 0; n < l->batch; n++)
            for (int64_t v = 0; v < l->voxels; v++) sum += before_of(&term, at(l, n, c, v));
        mean[c] = sum / count;
        for (int64_t n = 0; n < l->batch; n++)
            for (int64_t v = 0; v < l->voxels; v++) {
                const double d = before_of(&term, at(l, n, c, v)) - mean[c];
                squares += d * d;
            }
        variance[c] = squares / count;
    }
    return LAR_OK;
}

lar_status lar_plain_gradient_sums(const lar_layout *l, const lar_term *term, const float *dy,
                                   const float *mean, double *sum, double *product)
{
    for (int64_t c = 0; c < lar_layout_padded(l); c++) {
        sum[c] = product[c] = 0;
        for (int64_t n = 0; n < l->batch; n++)
            for (int64_t v = 0; v < l->voxels; v++) {
                const int64_t index = at(l, n, c, v);
                const double g = masked(term, dy, index, c);
                sum[c] += g;
                product[c] += g * (before_of(term, index) - (double)mean[c]);
            }
    }
    return LAR_OK;
}

void lar_plain_term_backward(const lar_layout *l, float *dsource, const lar_term *term,
                             const float *dy, const lar_term_gradient *gradient)
{
    for (int64_t n = 0; n < l->batch; n++)
        for (int64_t c = 0; c < lar_layout_padded(l); c++)
            for (int64_t v = 0; v < l->voxels; v++) {
                const int64_t index = at(l, n, c, v);
                double g = masked(term, dy, index, c);
                if (gradient->gain)
                    g = (double)gradient->gain[c] * g +
                        (double)gradient->slope[c] *
                            (before_of(term, index) - (double)gradient->mean[c]) +
                        (double)gradient->offset[c];
                dsource[index] = term->relu_before && !(term->source[index] > 0) ? 0 : (float)g;
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
                    sum +=
                        (double)weights[o * l->channels + c] * value_of(value, at(l, n, c, v), c);
                out[(n * outputs + o) * l->voxels + v] = (float)sum;
            }
}

lar_status lar_plain_head_backward(const lar_layout *l, const lar_value *value,
                                   const float *weights, int64_t outputs, const float *dout,
                                   float *dvalue, double *dweights, double *dbias)
{
    memset(dbias, 0, (size_t)outputs * sizeof *dbias);
    memset(dweights, 0, (size_t)(outputs * l->channels) * sizeof *dweights);
    for (int64_t n = 0; n < l->batch; n++)
        for (int64_t v = 0; v < l->voxels; v++) {
            for (int64_t o = 0; o < outputs; o++)
                dbias[o] += (double)dout[(n * outputs + o) * l->voxels + v];
            for (int64_t c = 0; c < lar_layout_padded(l); c++) {
                const int64_t index = at(l, n, c, v);
                double g = 0;
                for (int64_t o = 0; o < outputs && c < l->channels; o++) {
                    const double d = (double)dout[(n * outputs + o) * l->voxels + v];
                    g += d * (double)weights[o * l->channels + c];
                    dweights[o * l->channels + c] += d * value_of(value, index, c);
                }
                dvalue[index] = (float)g;
            }
        }
    return LAR_OK;
}
