/* tensor: where voxels of a network live and the kernels that run over them, one backend per row
 * of a table. Nothing above this room touches a tensor's data except through its backend.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_TENSOR_H
#define LAR_TENSOR_H

#include <larmor/larmor.h>

/* How the values of a batch lie in memory: [batch][channels / block][voxels][block], voxels with x
 * fastest (z, y, x). The channels that fill the last block are zero and stay zero. Block 1 is plain
 * planar order. */
typedef struct lar_layout {
    int64_t batch, channels, voxels;
    int block;
} lar_layout;

int64_t lar_layout_padded(const lar_layout *layout); /* channels, rounded up to whole blocks */
int64_t lar_layout_floats(const lar_layout *layout);

enum { LAR_TERMS = 3 };

/* One summand of a value that is recomputed instead of kept:
 * after(scale[c] * before(source) + shift[c]), where before and after are ReLU or nothing. */
typedef struct lar_term {
    const float *source;
    const float *scale, *shift; /* per padded channel; NULL: 1 and 0 */
    bool relu_before, relu_after;
} lar_term;

typedef struct lar_value {
    int count; /* of terms, summed in order */
    lar_term terms[LAR_TERMS];
} lar_value;

/* Coefficients of the gradient of one term, per padded channel:
 * dsource = before'(source) * (gain * dy' + slope * (before(source) - mean) + offset),
 * with dy' = after'(value) * dy. Without a norm: NULL, then dsource = before' * dy'. */
typedef struct lar_term_gradient {
    const float *gain, *slope, *mean, *offset;
} lar_term_gradient;

/* A convolution of one shape: kernel^3, zero padding that keeps the size, no bias. */
typedef struct lar_conv_shape {
    int64_t batch, in, out, kernel;
    int64_t size[3]; /* z, y, x */
    bool planar;     /* the input has block 1 */
    bool gradients;  /* the backward passes are wanted */
} lar_conv_shape;
typedef struct lar_conv lar_conv;
enum { LAR_CONV_FORWARD, LAR_CONV_DATA, LAR_CONV_WEIGHTS };

/* Unless said otherwise: `out` may be one of the inputs; results have the same bits for any
 * number of threads (convolutions: for the same number). */
typedef struct lar_backend {
    const char *name;
    /* Its version and the instructions that it will use here, for people. */
    void (*about)(char *words, size_t room);
    /* Channels per block on this machine; LAR_EUNSUPPORTED where the backend cannot run. */
    lar_status (*block)(int *out);
    /* Whether convolutions read a planar input of so many channels well. */
    bool (*planar_input)(int64_t channels);

    void *(*memory_new)(size_t bytes); /* NULL: out of memory; contents undefined */
    void (*memory_free)(void *memory);
    /* One volume of sample n, channel c, in and out; `upload` of channel 0 also zeroes the padding.
     */
    void (*upload)(const lar_layout *l, float *tensor, int64_t n, int64_t c, const float *volume);
    void (*download)(const lar_layout *l, const float *tensor, int64_t n, int64_t c, float *volume);

    void (*evaluate)(const lar_layout *l, float *out, const lar_value *value);
    void (*add)(const lar_layout *l, float *out, const float *a, const float *b);
    /* Mean and (biased) variance per channel over batch and voxels of before(source). */
    lar_status (*statistics)(const lar_layout *l, const float *source, bool relu_before,
                             double *mean, double *variance);
    /* Per channel: sums of dy' and of dy' * (before(source) - mean). */
    lar_status (*gradient_sums)(const lar_layout *l, const lar_term *term, const float *dy,
                                const float *mean, double *sum, double *product);
    void (*term_backward)(const lar_layout *l, float *dsource, const lar_term *term,
                          const float *dy, const lar_term_gradient *gradient);

    /* The 1x1x1 convolution at the end: out (planar, `outputs` channels) from a value that is never
     * stored. weights (outputs, channels), bias (outputs). */
    void (*head)(const lar_layout *l, const lar_value *value, const float *weights,
                 const float *bias, int64_t outputs, float *out);
    /* dvalue in layout l; sums for weights and bias in double. */
    lar_status (*head_backward)(const lar_layout *l, const lar_value *value, const float *weights,
                                int64_t outputs, const float *dout, float *dvalue, double *dweights,
                                double *dbias);

    lar_status (*conv_new)(lar_conv **out, const lar_conv_shape *shape);
    void (*conv_free)(lar_conv *conv);
    size_t (*conv_packed)(const lar_conv *conv);            /* bytes of packed weights */
    size_t (*conv_scratch)(const lar_conv *conv, int pass); /* bytes; `scratch` of that pass */
    /* From (out, in, kz, ky, kx); once per step. */
    lar_status (*conv_pack)(lar_conv *conv, const float *weights, void *packed);
    lar_status (*conv_forward)(lar_conv *conv, const void *packed, const float *in, float *out,
                               void *scratch);
    lar_status (*conv_data)(lar_conv *conv, const void *packed, const float *dout, float *din,
                            void *scratch);
    /* gradient (out, in, kz, ky, kx): set, or with `add` added to. */
    lar_status (*conv_weights)(lar_conv *conv, const float *in, const float *dout, float *gradient,
                               bool add, void *scratch);
} lar_backend;

/* Best first; NULL name at the end. */
extern const lar_backend *const lar_backends[];
/* By name, or the first that runs here with NULL. */
lar_status lar_backend_find(const lar_backend **out, const char *name);

#endif
