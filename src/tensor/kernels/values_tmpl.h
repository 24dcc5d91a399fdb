/* The inner loops of voxel-wise kernels, compiled once per kind of processor: values_*.c include
 * this file with VALUES_CODE the name of their table.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/blocked.h"
#include "tensor/kernels/vec.h"

enum { WAYS = 4 /* sums side by side: one alone would wait for each addition */ };

/* An activation that raises to a floor of 0 where it is a ReLU. */
typedef struct activation {
    vec floor, slope;
} activation;

INLINE activation activation_of(float slope)
{
    return (activation){ vec_of(slope == 0 ? 0 : -__builtin_inff()), vec_of(slope) };
}

INLINE vec activate(activation a, vec x)
{
    return vec_activate(x, a.floor, a.slope);
}

typedef struct vec_term {
    const void *source;
    activation before, after;
    vec scale, shift;
} vec_term;

INLINE vec_term term_of(const flat_term *flat)
{
    return (vec_term){ flat->source, activation_of(flat->before), activation_of(flat->after),
                       vec_from(flat->scale), vec_from(flat->shift) };
}

INLINE vec term_at(lar_precision type, const vec_term *t, int64_t at, int lanes)
{
    const vec before = activate(t->before, vec_load(type, t->source, at, lanes));
    return activate(t->after, before * t->scale + t->shift);
}

/* count: a constant */
INLINE vec value_at(lar_precision type, const vec_term *terms, int count, int64_t at, int lanes)
{
    vec x = term_at(type, &terms[0], at, lanes);
    if (count > 1) x += term_at(type, &terms[1], at, lanes);
    if (count > 2) x += term_at(type, &terms[2], at, lanes);
    return x;
}

INLINE void evaluate_terms(lar_precision type, lar_precision out_type, int count, bool stream,
                           void *out, int64_t out_offset, const flat_term *flat, int64_t offset,
                           int lanes)
{
    vec_term t[LAR_TERMS];
    int n = 0;
    for (int i = 0; i < count; i++) t[i] = term_of(&flat[i]);
    for (; stream && n + LANES <= lanes; n += LANES)
        vec_stream(out, out_offset + n, value_at(type, t, count, offset + n, LANES));
    if (stream) vec_stream_end();
    for (; n + LANES <= lanes; n += LANES)
        vec_store(out_type, out, out_offset + n, LANES,
                  value_at(type, t, count, offset + n, LANES));
    if (n < lanes)
        vec_store(out_type, out, out_offset + n, 8, value_at(type, t, count, offset + n, 8));
}

INLINE void evaluate_into(lar_precision type, lar_precision out_type, bool stream, void *out,
                          int64_t out_offset, const flat_term *terms, int count, int64_t offset,
                          int lanes)
{
    if (count == 1)
        evaluate_terms(type, out_type, 1, stream, out, out_offset, terms, offset, lanes);
    else if (count == 2)
        evaluate_terms(type, out_type, 2, stream, out, out_offset, terms, offset, lanes);
    else
        evaluate_terms(type, out_type, 3, stream, out, out_offset, terms, offset, lanes);
}

static void evaluate(lar_precision type, bool stream, void *out, const flat_term *terms, int count,
                     int64_t offset, int lanes)
{
    if (type == LAR_FLOAT32 && stream)
        evaluate_into(LAR_FLOAT32, LAR_FLOAT32, true, out, offset, terms, count, offset, lanes);
    else if (type == LAR_FLOAT32)
        evaluate_into(LAR_FLOAT32, LAR_FLOAT32, false, out, offset, terms, count, offset, lanes);
    else
        evaluate_into(LAR_BFLOAT16, LAR_BFLOAT16, false, out, offset, terms, count, offset, lanes);
}

static void tile(lar_precision type, float *out, const flat_term *terms, int count, int64_t offset,
                 int lanes)
{
    if (type == LAR_FLOAT32)
        evaluate_into(LAR_FLOAT32, LAR_FLOAT32, false, out, 0, terms, count, offset, lanes);
    else
        evaluate_into(LAR_BFLOAT16, LAR_FLOAT32, false, out, 0, terms, count, offset, lanes);
}

INLINE vec sum_at(lar_precision type, const void *a, const void *b, int64_t at, int lanes)
{
    return vec_load(type, a, at, lanes) + vec_load(type, b, at, lanes);
}

INLINE void add_type(lar_precision type, bool stream, void *out, const void *a, const void *b,
                     int64_t offset, int lanes)
{
    int n = 0;
    for (; stream && n + LANES <= lanes; n += LANES)
        vec_stream(out, offset + n, sum_at(type, a, b, offset + n, LANES));
    if (stream) vec_stream_end();
    for (; n + LANES <= lanes; n += LANES)
        vec_store(type, out, offset + n, LANES, sum_at(type, a, b, offset + n, LANES));
    if (n < lanes) vec_store(type, out, offset + n, 8, sum_at(type, a, b, offset + n, 8));
}

static void add(lar_precision type, bool stream, void *out, const void *a, const void *b,
                int64_t offset, int lanes)
{
    if (type == LAR_FLOAT32 && stream)
        add_type(LAR_FLOAT32, true, out, a, b, offset, lanes);
    else if (type == LAR_FLOAT32)
        add_type(LAR_FLOAT32, false, out, a, b, offset, lanes);
    else
        add_type(LAR_BFLOAT16, false, out, a, b, offset, lanes);
}

typedef struct slopes {
    vec gain, slope, mean, offset;
} slopes;

INLINE vec backward_at(lar_precision type, const vec_term *t, const void *dy, const slopes *g,
                       int64_t at, int lanes)
{
    const vec x = vec_load(type, t->source, at, lanes), before = activate(t->before, x);
    const vec y = before * t->scale + t->shift;
    const vec d = vec_derive(y, vec_load(type, dy, at, lanes), t->after.slope);
    const vec dx = g->gain * d + g->slope * (before - g->mean) + g->offset;
    return vec_derive(x, dx, t->before.slope);
}

INLINE void backward_type(lar_precision type, bool stream, void *out, const flat_term *flat,
                          const void *dy, const flat_gradient *gradient, int64_t offset, int lanes)
{
    const vec_term t = term_of(flat);
    const slopes g = { vec_from(gradient->gain), vec_from(gradient->slope),
                       vec_from(gradient->mean), vec_from(gradient->offset) };
    int n = 0;
    for (; stream && n + LANES <= lanes; n += LANES)
        vec_stream(out, offset + n, backward_at(type, &t, dy, &g, offset + n, LANES));
    if (stream) vec_stream_end();
    for (; n + LANES <= lanes; n += LANES)
        vec_store(type, out, offset + n, LANES, backward_at(type, &t, dy, &g, offset + n, LANES));
    if (n < lanes)
        vec_store(type, out, offset + n, 8, backward_at(type, &t, dy, &g, offset + n, 8));
}

static void backward(lar_precision type, bool stream, void *out, const flat_term *term,
                     const void *dy, const flat_gradient *gradient, int64_t offset, int lanes)
{
    if (type == LAR_FLOAT32 && stream)
        backward_type(LAR_FLOAT32, true, out, term, dy, gradient, offset, lanes);
    else if (type == LAR_FLOAT32)
        backward_type(LAR_FLOAT32, false, out, term, dy, gradient, offset, lanes);
    else
        backward_type(LAR_BFLOAT16, false, out, term, dy, gradient, offset, lanes);
}

INLINE void add_lanes(double *to, vec ways[WAYS])
{
    const vec sum = (ways[0] + ways[1]) + (ways[2] + ways[3]);
    float lanes[LANES];
    memcpy(lanes, &sum, sizeof lanes);
    for (int k = 0; k < LANES; k++) to[k] += (double)lanes[k];
}

/* About a number near the mean, so that floats do not cancel: the mean of the chunk before (where
 * the means of two chunks are far apart, so is the variance of them all from what a float loses).
 * The first chunk takes that of its first vectors. */
INLINE void statistics_type(lar_precision type, const flat_term *flat, int64_t offset, int lanes,
                            double *first, double *second)
{
    enum { START = 16 };
    const void *source = flat->source;
    const activation a = activation_of(flat->before);
    const int vectors = lanes / LANES, start = vectors < START ? vectors : START;
    vec centre = { 0 };
    for (int v = 0; v < start; v++)
        centre += activate(a, vec_load(type, source, offset + v * LANES, LANES));
    if (start) centre /= vec_of((float)start);
    for (int begin = 0; begin < vectors; begin += CHUNK) {
        const int end = vectors - begin < CHUNK ? vectors : begin + CHUNK;
        vec sum[WAYS] = { { 0 } }, square[WAYS] = { { 0 } };
        float lane_sum[LANES], lane_square[LANES], lane_centre[LANES];
        int v = begin;
        for (; v + WAYS <= end; v += WAYS)
#pragma GCC unroll 4
            for (int j = 0; j < WAYS; j++) {
                const vec x = activate(a, vec_load(type, source, offset + (v + j) * LANES, LANES));
                const vec d = x - centre;
                sum[j] += d;
                square[j] += d * d;
            }
        for (; v < end; v++) {
            const vec d = activate(a, vec_load(type, source, offset + v * LANES, LANES)) - centre;
            sum[0] += d;
            square[0] += d * d;
        }
        const vec s = (sum[0] + sum[1]) + (sum[2] + sum[3]);
        const vec q = (square[0] + square[1]) + (square[2] + square[3]);
        const double count = end - begin;
        memcpy(lane_sum, &s, sizeof s);
        memcpy(lane_square, &q, sizeof q);
        memcpy(lane_centre, &centre, sizeof centre);
        for (int k = 0; k < LANES; k++) {
            const double m = (double)lane_centre[k], t = (double)lane_sum[k];
            first[k] += t + m * count;
            second[k] += (double)lane_square[k] + 2 * m * t + m * m * count;
        }
        centre += s / vec_of((float)count);
    }
    if (vectors * LANES < lanes) {
        const vec x = activate(a, vec_load(type, source, offset + vectors * LANES, 8));
        for (int k = 0; k < 8; k++) first[k] += (double)x[k];
        for (int k = 0; k < 8; k++) second[k] += (double)x[k] * (double)x[k];
    }
}

static void statistics(lar_precision type, const flat_term *term, int64_t offset, int lanes,
                       double *first, double *second)
{
    if (type == LAR_FLOAT32)
        statistics_type(LAR_FLOAT32, term, offset, lanes, first, second);
    else
        statistics_type(LAR_BFLOAT16, term, offset, lanes, first, second);
}

INLINE void gradient_at(lar_precision type, const vec_term *t, const void *dy, vec mean, int64_t at,
                        int lanes, vec *sum, vec *product)
{
    const vec before = activate(t->before, vec_load(type, t->source, at, lanes));
    const vec y = before * t->scale + t->shift;
    const vec d = vec_derive(y, vec_load(type, dy, at, lanes), t->after.slope);
    *sum += d;
    *product += d * (before - mean);
}

INLINE void gradient_type(lar_precision type, const flat_term *flat, const void *dy,
                          const float *mean, int64_t offset, int lanes, double *first,
                          double *second)
{
    const vec_term t = term_of(flat);
    const vec m = vec_from(mean);
    for (int begin = 0; begin < lanes; begin += CHUNK * LANES) {
        const int end = lanes - begin < CHUNK * LANES ? lanes : begin + CHUNK * LANES;
        vec sum[WAYS] = { { 0 } }, product[WAYS] = { { 0 } };
        int n = begin;
        for (; n + WAYS * LANES <= end; n += WAYS * LANES)
#pragma GCC unroll 4
            for (int j = 0; j < WAYS; j++)
                gradient_at(type, &t, dy, m, offset + n + j * LANES, LANES, &sum[j], &product[j]);
        for (; n + LANES <= end; n += LANES)
            gradient_at(type, &t, dy, m, offset + n, LANES, &sum[0], &product[0]);
        /* the lanes that are missing have a dy of 0 */
        if (n < end) gradient_at(type, &t, dy, m, offset + n, 8, &sum[0], &product[0]);
        add_lanes(first, sum);
        add_lanes(second, product);
    }
}

static void gradient(lar_precision type, const flat_term *term, const void *dy, const float *mean,
                     int64_t offset, int lanes, double *first, double *second)
{
    if (type == LAR_FLOAT32)
        gradient_type(LAR_FLOAT32, term, dy, mean, offset, lanes, first, second);
    else
        gradient_type(LAR_BFLOAT16, term, dy, mean, offset, lanes, first, second);
}

static void keep(lar_precision type, void *out, int64_t offset, const float *from, int lanes)
{
    int n = 0;
    for (; type == LAR_FLOAT32 && n < lanes; n += 8)
        vec_store(LAR_FLOAT32, out, offset + n, 8, vec_load(LAR_FLOAT32, from, n, 8));
    for (; n + LANES <= lanes; n += LANES)
        vec_store(LAR_BFLOAT16, out, offset + n, LANES, vec_load(LAR_FLOAT32, from, n, LANES));
    if (n < lanes) vec_store(LAR_BFLOAT16, out, offset + n, 8, vec_load(LAR_FLOAT32, from, n, 8));
}

/* Sixteen products each are added up across lanes all at once: each step halves the vectors. */
#ifdef __AVX512BW__
INLINE __m512 fold(__m512 a, __m512 b, __m512i even, __m512i odd)
{
    return _mm512_add_ps(_mm512_permutex2var_ps(a, even, b), _mm512_permutex2var_ps(a, odd, b));
}

INLINE vec sum_sixteen(const vec *products)
{
    /* lane k of a result: a's pair k, then b's */
    const __m512i even =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    __m512 x[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        x[i] = fold((__m512)products[2 * i], (__m512)products[2 * i + 1], even, odd);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) x[i] = fold(x[2 * i], x[2 * i + 1], even, odd);
    x[0] = fold(x[0], x[1], even, odd);
    x[1] = fold(x[2], x[3], even, odd);
    return (vec)fold(x[0], x[1], even, odd);
}
#endif

INLINE float dot_one(int block, const float *x, const float *weights)
{
    float product[BLOCK_MAX];
    for (int k = 0; k < block; k++) product[k] = x[k] * weights[k];
    for (int half = block / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++) product[k] += product[k + half];
    return product[0];
}

static void dot(int block, const float *from, const float *weights, float *out, int voxels,
                bool first, float bias)
{
    int v = 0;
#ifdef __AVX512BW__
    if (block == 16) {
        const vec w = vec_from(weights);
        for (; v + LANES <= voxels; v += LANES) {
            vec products[LANES];
#pragma GCC unroll 16
            for (int j = 0; j < LANES; j++) products[j] = vec_from(from + (v + j) * 16) * w;
            const vec sum = (first ? vec_of(bias) : vec_from(out + v)) + sum_sixteen(products);
            memcpy(out + v, &sum, sizeof sum);
        }
    }
#endif
    for (; v < voxels; v++)
        out[v] = (first ? bias : out[v]) + (block == 16 ? dot_one(16, from + v * 16, weights)
                                                        : dot_one(8, from + v * 8, weights));
}

typedef float vec_half __attribute__((vector_size(32), may_alias));

INLINE void dot_backward_half(bool first, const float *from, float d, vec_half weights,
                              float *dvalue, vec_half *sum)
{
    vec_half x, dx = { 0 };
    memcpy(&x, from, sizeof x);
    if (!first) memcpy(&dx, dvalue, sizeof dx);
    dx += d * weights;
    memcpy(dvalue, &dx, sizeof dx);
    *sum += d * x;
}

INLINE void dot_backward_block(int block, bool first, const float *from, const float *weights,
                               const float *dout, float *dvalue, float *dweights, int voxels)
{
    vec_half w[2], even[2] = { { 0 } }, odd[2] = { { 0 } };
    const int halves = block / 8;
    int v = 0;
    memcpy(w, weights, (size_t)block * sizeof(float));
    for (; v + 2 <= voxels; v += 2)
#pragma GCC unroll 2
        for (int h = 0; h < halves; h++) {
            const int at = v * block + h * 8, next = at + block;
            dot_backward_half(first, from + at, dout[v], w[h], dvalue + at, &even[h]);
            dot_backward_half(first, from + next, dout[v + 1], w[h], dvalue + next, &odd[h]);
        }
    for (int h = 0; h < halves && v < voxels; h++) {
        const int at = v * block + h * 8;
        dot_backward_half(first, from + at, dout[v], w[h], dvalue + at, &even[h]);
    }
    for (int h = 0; h < halves; h++) even[h] += odd[h];
    memcpy(dweights, even, (size_t)block * sizeof(float));
}

static void dot_backward(int block, const float *from, const float *weights, const float *dout,
                         float *dvalue, float *dweights, float *dbias, int voxels, bool first)
{
    float bias[WAYS] = { 0 };
    if (block == 16 && first)
        dot_backward_block(16, true, from, weights, dout, dvalue, dweights, voxels);
    else if (block == 16)
        dot_backward_block(16, false, from, weights, dout, dvalue, dweights, voxels);
    else if (first)
        dot_backward_block(8, true, from, weights, dout, dvalue, dweights, voxels);
    else
        dot_backward_block(8, false, from, weights, dout, dvalue, dweights, voxels);
    for (int v = 0; v < voxels; v++) bias[v % WAYS] += dout[v];
    *dbias = (bias[0] + bias[1]) + (bias[2] + bias[3]);
}

const values_code VALUES_CODE = { .evaluate = evaluate,
                                  .tile = tile,
                                  .add = add,
                                  .backward = backward,
                                  .statistics = statistics,
                                  .gradient = gradient,
                                  .dot = dot,
                                  .dot_backward = dot_backward,
                                  .keep = keep };
