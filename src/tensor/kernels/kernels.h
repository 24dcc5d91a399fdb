/* The backends, and the kernels for processors that they are put together from. The plain_ ones are
 * straightforward twins for any block and precision, sums in double, one thread; the others are
 * vector code for blocks of 16 and 8. SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_KERNELS_H
#define LAR_KERNELS_H

#include "tensor/tensor.h"

extern const lar_backend lar_backend_onednn;
extern const lar_backend lar_backend_plain;

/* ---- moving: move.c (both backends) ---------------------------------------------------- */

void lar_cpu_upload(const lar_layout *l, void *tensor, int64_t n, int64_t c, const float *volume);
void lar_cpu_download(const lar_layout *l, const void *tensor, int64_t n, int64_t c, float *volume);
void lar_cpu_slice(const lar_layout *l, void *out, const void *from, int64_t channels,
                   int64_t first);
void lar_cpu_join(const lar_layout *l, void *to, const void *in, int64_t channels, int64_t first);

/* ---- values: plain.c; blocked.c, blocked_sums.c, blocked_head.c with values_*.c --------- */

void lar_plain_evaluate(const lar_layout *l, void *out, const lar_value *value);
void lar_plain_add(const lar_layout *l, void *out, const void *a, const void *b);
lar_status lar_plain_statistics(const lar_layout *l, const void *source, float before, double *mean,
                                double *variance);
lar_status lar_plain_gradient_sums(const lar_layout *l, const lar_term *term, const void *dy,
                                   const float *mean, double *sum, double *product);
void lar_plain_term_backward(const lar_layout *l, void *dsource, const lar_term *term,
                             const void *dy, const lar_term_gradient *gradient);
void lar_plain_head(const lar_layout *l, const lar_value *value, const float *weights,
                    const float *bias, int64_t outputs, float *out);
lar_status lar_plain_head_backward(const lar_layout *l, const lar_value *value,
                                   const float *weights, int64_t outputs, const float *dout,
                                   void *dvalue, double *dweights, double *dbias);

/* Sums are float in chunks of 256 vectors, four side by side, double across. */
void lar_blocked_evaluate(const lar_layout *l, void *out, const lar_value *value);
void lar_blocked_add(const lar_layout *l, void *out, const void *a, const void *b);
lar_status lar_blocked_statistics(const lar_layout *l, const void *source, float before,
                                  double *mean, double *variance);
lar_status lar_blocked_gradient_sums(const lar_layout *l, const lar_term *term, const void *dy,
                                     const float *mean, double *sum, double *product);
void lar_blocked_term_backward(const lar_layout *l, void *dsource, const lar_term *term,
                               const void *dy, const lar_term_gradient *gradient);
void lar_blocked_head(const lar_layout *l, const lar_value *value, const float *weights,
                      const float *bias, int64_t outputs, float *out);
lar_status lar_blocked_head_backward(const lar_layout *l, const lar_value *value,
                                     const float *weights, int64_t outputs, const float *dout,
                                     void *dvalue, double *dweights, double *dbias);

/* ---- layers: plain_layers.c; blocked_layers.c with layers_*.c --------------------------- */

void lar_plain_layer_forward(const lar_layer *layer, const void *in, void *out);
void lar_plain_layer_backward(const lar_layer *layer, const void *in, const void *out,
                              const void *dout, void *din);
void lar_blocked_layer_forward(const lar_layer *layer, const void *in, void *out);
void lar_blocked_layer_backward(const lar_layer *layer, const void *in, const void *out,
                                const void *dout, void *din);

/* ---- convolutions ---------------------------------------------------------------------- */

/* One way to run one pass of a convolution, without state. LAR_CONV_WEIGHTS packs nothing; its
 * `packed` is the input, `in` the gradient of the output, `out` the (float) gradient. */
typedef struct lar_conv_kernel {
    const char *name;
    bool (*runs)(const lar_conv_shape *s, int block, int pass);
    size_t (*packed)(const lar_conv_shape *s, int block, int pass);
    size_t (*scratch)(const lar_conv_shape *s, int block, int pass); /* for the threads there are */
    void (*pack)(const lar_conv_shape *s, int block, int pass, const float *weights, void *packed);
    /* after, add: as conv_forward; LAR_CONV_FORWARD alone. */
    lar_status (*run)(const lar_conv_shape *s, int block, int pass, const void *packed,
                      const void *in, void *out, const lar_term *after, bool add, void *scratch);
} lar_conv_kernel;

/* Fastest first where several run a pass; NULL at the end. What none of them runs, oneDNN does, or
 * lar_conv_direct where oneDNN's code is slow or wants a copy of a tensor. */
extern const lar_conv_kernel *const lar_conv_kernels[];
extern const lar_conv_kernel lar_conv_amx;               /* bfloat16, any of stride 1 */
extern const lar_conv_kernel lar_conv_winograd;          /* 3x3x3, float32: forward and data */
extern const lar_conv_kernel lar_conv_winograd_bfloat16; /* the same in bfloat16 */
extern const lar_conv_kernel lar_conv_winograd_weights;  /* and weights */
extern const lar_conv_kernel lar_conv_direct_weights;    /* weights of any convolution */
extern const lar_conv_kernel lar_conv_direct; /* forward and data of any, blocked input */
extern const lar_conv_kernel lar_conv_planar; /* forward of any, planar input */
/* Twin of them all: any pass, shape, block and precision. */
extern const lar_conv_kernel lar_conv_plain;

/* ---- convolutions in place: slabs.c with slabs_*.c --------------------------------------- */

/* As conv_fits_in_place, ... conv_in_place of a backend, without state. */
bool lar_slabs_runs(const lar_conv_shape *s, int block);
size_t lar_slabs_packed(const lar_conv_shape *s, int block);
size_t lar_slabs_scratch(const lar_conv_shape *s, int block);
void lar_slabs_pack(const lar_conv_shape *s, int block, const float *weights, void *packed);
lar_status lar_slabs_run(const lar_conv_shape *s, int block, const void *packed, void *tensor,
                         const lar_taken *taken, double *mean, double *variance, void *scratch);
const char *lar_slabs_about(const lar_conv_shape *s, int block);

#endif
