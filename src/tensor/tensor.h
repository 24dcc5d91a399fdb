/* tensor: where voxels of a network live and the kernels that run over them, one backend per row
 * of a table. Nothing above this room touches a tensor's data except through its backend.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_TENSOR_H
#define LAR_TENSOR_H

#include <larmor/larmor.h>

/* Of the voxels of a network; weights, statistics and sums are float and double always. bfloat16 is
 * the upper half of a float32, rounded to nearest even. */
typedef enum lar_precision { LAR_FLOAT32, LAR_BFLOAT16 } lar_precision;
extern const char *const lar_precision_names[]; /* for a LAR_P_CHOICE */

/* How the values of a batch lie in memory: [batch][channels / block][voxels][block], voxels with x
 * fastest (z, y, x). `channels` is a multiple of the block: a layer with fewer leaves lanes that
 * nobody reads with a weight other than zero; they hold finite numbers. Block 1 is planar. */
typedef struct lar_layout {
    int64_t batch, channels, voxels;
    int block;
    lar_precision type;
} lar_layout;

int64_t lar_layout_count(const lar_layout *layout); /* values */
size_t lar_layout_bytes(const lar_layout *layout);

enum { LAR_TERMS = 3 };

/* One summand of a value that is recomputed instead of kept:
 * after(scale[n][c] * before(source) + shift[n][c]). before and after multiply what is negative:
 * by 1, nothing happens; by 0, a ReLU; by another number, a leaky ReLU. */
typedef struct lar_term {
    const void *source;         /* in the layout of the value */
    const float *scale, *shift; /* [batch][channels]; NULL: 1 and 0 */
    float before, after;
} lar_term;

typedef struct lar_value {
    int count; /* of terms, summed in order */
    lar_term terms[LAR_TERMS];
} lar_value;

/* Coefficients of the gradient of one term, [batch][channels]:
 * dsource = before'(source) * (gain * dy' + slope * (before(source) - mean) + offset),
 * with dy' = after'(value) * dy. Without a norm: all NULL, then dsource = before' * dy'. */
typedef struct lar_term_gradient {
    const float *gain, *slope, *mean, *offset;
} lar_term_gradient;

/* A convolution of one shape, without bias. Axes are z, y, x; a two-dimensional one has 1 along z.
 * out_size = (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1, zeros outside. */
typedef struct lar_conv_shape {
    int64_t batch, in, out; /* channels of the layouts: whole blocks, but a planar input */
    int64_t groups;         /* 1, or each of whole blocks on both sides */
    int64_t kernel[3], stride[3], dilation[3], padding[3];
    int64_t size[3], out_size[3]; /* voxels of input and output */
    lar_precision type;
    bool planar;     /* the input has block 1 (and groups is 1, no LAR_CONV_DATA) */
    bool in_place;   /* for conv_in_place, and nothing else */
    unsigned passes; /* which will be run: bits 1 << LAR_CONV_FORWARD, ... */
} lar_conv_shape;
typedef struct lar_conv lar_conv;
/* A transposed convolution is LAR_CONV_DATA of the convolution whose gradient it is. */
enum { LAR_CONV_FORWARD, LAR_CONV_DATA, LAR_CONV_WEIGHTS, LAR_CONV_PASSES };

/* What else a network is made of: no weights, one input. */
typedef enum lar_layer_kind {
    /* Over windows, of which the last ones hold only the voxels that are inside (sizes round up, as
     * PyTorch with ceil_mode); backward to the first largest (z, y, x). */
    LAR_LAYER_MAX_POOL,
    LAR_LAYER_MEAN_POOL, /* the same, the mean of those inside; also of the whole volume */
    LAR_LAYER_NEAREST,   /* upsampling by `stride`, cut to out_size */
    LAR_LAYER_LINEAR,    /* the same; voxel i's centre lies at (i + 0.5) / stride - 0.5, clamped */
    LAR_LAYER_PAD,  /* `padding` voxels before, the rest of out_size after; `border` says how */
    LAR_LAYER_ELU,  /* x > 0 ? x : alpha * (exp(x) - 1) */
    LAR_LAYER_GELU, /* x * (1 + erf(x / sqrt(2))) / 2 */
    LAR_LAYER_SIGMOID,
    LAR_LAYER_SOFTMAX, /* over the channels at `position` */
    LAR_LAYER_DROPOUT  /* 0 with probability alpha, else x / (1 - alpha) */
} lar_layer_kind;
enum { LAR_BORDER_ZERO, LAR_BORDER_REFLECT, LAR_BORDER_REPLICATE, LAR_BORDER_CIRCULAR };

typedef struct lar_layer {
    lar_layer_kind kind;
    lar_layout in, out;           /* alike but for voxels */
    int64_t size[3], out_size[3]; /* z, y, x */
    int64_t kernel[3], stride[3], padding[3];
    int border;
    double alpha;
    /* Dropout: what is dropped is a function of (seed, stream, index) alone, the index that of the
     * value in a planar tensor of `count` channels, or, with `whole`, of the channel. */
    uint64_t seed, stream;
    bool whole;
    const int64_t *position; /* where its `count` channels lie among those of the layout */
    int64_t count;
} lar_layer;
/* What a convolution in place reads: the term, then an activation (ELU, GELU, SIGMOID). */
typedef struct lar_taken {
    lar_term term; /* its source is the tensor */
    bool activates;
    lar_layer_kind activation;
    double alpha;
} lar_taken;

/* Whether backward reads the input, or the output. */
bool lar_layer_needs_input(lar_layer_kind kind);
bool lar_layer_needs_output(lar_layer_kind kind);

/* Unless said otherwise: `out` may be one of the inputs, and results have the same bits for any
 * number of threads. */
typedef struct lar_backend {
    const char *name;
    /* Its version and the instructions that it will use here, for people. */
    void (*about)(char *words, size_t room);
    /* Channels per block on this machine; LAR_EUNSUPPORTED where the backend, or this precision,
     * cannot run. */
    lar_status (*block)(int *out, lar_precision type);
    /* Whether convolutions read a planar input of so many channels well. */
    bool (*planar_input)(int64_t channels);

    void *(*memory_new)(size_t bytes); /* NULL: out of memory; contents undefined */
    void (*memory_free)(void *memory);
    /* One volume of sample n, channel c of the layout, in and out. */
    void (*upload)(const lar_layout *l, void *tensor, int64_t n, int64_t c, const float *volume);
    void (*download)(const lar_layout *l, const void *tensor, int64_t n, int64_t c, float *volume);
    /* Channels [first, first + l->channels) of a tensor with `channels`: out and back. */
    void (*slice)(const lar_layout *l, void *out, const void *from, int64_t channels,
                  int64_t first);
    void (*join)(const lar_layout *l, void *to, const void *in, int64_t channels, int64_t first);

    void (*evaluate)(const lar_layout *l, void *out, const lar_value *value);
    void (*add)(const lar_layout *l, void *out, const void *a, const void *b);
    /* Mean and (biased) variance of before(source) over voxels, [batch][channels]. */
    lar_status (*statistics)(const lar_layout *l, const void *source, float before, double *mean,
                             double *variance);
    /* Sums over voxels of dy' and of dy' * (before(source) - mean), [batch][channels]; `mean` NULL:
     * the first sum alone. */
    lar_status (*gradient_sums)(const lar_layout *l, const lar_term *term, const void *dy,
                                const float *mean, double *sum, double *product);
    void (*term_backward)(const lar_layout *l, void *dsource, const lar_term *term, const void *dy,
                          const lar_term_gradient *gradient);

    /* A 1x1x1 convolution at the end: out (planar float, `outputs` channels) from a value that is
     * never stored. weights (outputs, channels of the layout), bias (outputs). */
    void (*head)(const lar_layout *l, const lar_value *value, const float *weights,
                 const float *bias, int64_t outputs, float *out);
    /* dvalue in layout l; sums for weights and bias. */
    lar_status (*head_backward)(const lar_layout *l, const lar_value *value, const float *weights,
                                int64_t outputs, const float *dout, void *dvalue, double *dweights,
                                double *dbias);

    /* `out` is not one of the inputs, but may be of a forward ELU, GELU or SIGMOID. in, out, dout:
     * NULL where lar_layer_needs_ says no. */
    void (*layer_forward)(const lar_layer *layer, const void *in, void *out);
    void (*layer_backward)(const lar_layer *layer, const void *in, const void *out,
                           const void *dout, void *din);

    /* `out` is not one of the inputs. */
    lar_status (*conv_new)(lar_conv **out, const lar_conv_shape *shape);
    void (*conv_free)(lar_conv *conv);
    size_t (*conv_packed)(const lar_conv *conv);            /* bytes of packed weights */
    size_t (*conv_scratch)(const lar_conv *conv, int pass); /* bytes; `scratch` of that pass */
    /* From float (out, in / groups, kz, ky, kx); once per step. */
    lar_status (*conv_pack)(lar_conv *conv, const float *weights, void *packed);
    /* out = after(convolution), where `after` is a term whose source is the result, plus what out
     * held with `add`. NULL: the result as it is. */
    lar_status (*conv_forward)(lar_conv *conv, const void *packed, const void *in, void *out,
                               const lar_term *after, bool add, void *scratch);
    lar_status (*conv_data)(lar_conv *conv, const void *packed, const void *dout, void *din,
                            void *scratch);
    /* gradient: float (out, in / groups, kz, ky, kx) */
    lar_status (*conv_weights)(lar_conv *conv, const void *in, const void *dout, float *gradient,
                               void *scratch);
    /* Whether conv_new() takes this shape with in_place; NULL: none. One tensor and some scratch
     * memory then do for a line of convolutions: the kernel has an odd size, stride 1, one group
     * and zeros around so that the size stays; as many channels come out as go in. */
    bool (*conv_fits_in_place)(const lar_conv_shape *shape);
    /* tensor = convolution of what is taken of the tensor, and the mean and (biased) variance of
     * the result over voxels, [batch][channels]. conv_scratch(LAR_CONV_FORWARD). */
    lar_status (*conv_in_place)(lar_conv *conv, const void *packed, void *tensor,
                                const lar_taken *taken, double *mean, double *variance,
                                void *scratch);
    /* Which code runs a pass, for people: "winograd", "onednn jit:avx512_core", ... */
    const char *(*conv_about)(const lar_conv *conv, int pass);
} lar_backend;

/* Best first; NULL name at the end. */
extern const lar_backend *const lar_backends[];
/* By name, or the first that runs this precision here with NULL. */
lar_status lar_backend_find(const lar_backend **out, const char *name, lar_precision type);

#endif
