/* The backends, and the hand-written kernels for blocked layouts that CPU backends share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_KERNELS_H
#define LAR_KERNELS_H

#include "tensor/tensor.h"

extern const lar_backend lar_backend_onednn;
extern const lar_backend lar_backend_plain;

/* plain.c, plain_conv.c: straightforward twins, any block, sums in double, one thread. */
void lar_plain_evaluate(const lar_layout *l, float *out, const lar_value *value);
void lar_plain_add(const lar_layout *l, float *out, const float *a, const float *b);
lar_status lar_plain_statistics(const lar_layout *l, const float *source, bool relu_before,
                                double *mean, double *variance);
lar_status lar_plain_gradient_sums(const lar_layout *l, const lar_term *term, const float *dy,
                                   const float *mean, double *sum, double *product);
void lar_plain_term_backward(const lar_layout *l, float *dsource, const lar_term *term,
                             const float *dy, const lar_term_gradient *gradient);
void lar_plain_head(const lar_layout *l, const lar_value *value, const float *weights,
                    const float *bias, int64_t outputs, float *out);
lar_status lar_plain_head_backward(const lar_layout *l, const lar_value *value,
                                   const float *weights, int64_t outputs, const float *dout,
                                   float *dvalue, double *dweights, double *dbias);
void lar_plain_upload(const lar_layout *l, float *tensor, int64_t n, int64_t c,
                      const float *volume);
void lar_plain_download(const lar_layout *l, const float *tensor, int64_t n, int64_t c,
                        float *volume);

/* blocked.c: vector code for blocks of 16 and 8 (others go to the plain twins). Sums are float in
 * chunks of 256 voxels, double across. */
void lar_blocked_evaluate(const lar_layout *l, float *out, const lar_value *value);
void lar_blocked_add(const lar_layout *l, float *out, const float *a, const float *b);
lar_status lar_blocked_statistics(const lar_layout *l, const float *source, bool relu_before,
                                  double *mean, double *variance);
lar_status lar_blocked_gradient_sums(const lar_layout *l, const lar_term *term, const float *dy,
                                     const float *mean, double *sum, double *product);
void lar_blocked_term_backward(const lar_layout *l, float *dsource, const lar_term *term,
                               const float *dy, const lar_term_gradient *gradient);
void lar_blocked_head(const lar_layout *l, const lar_value *value, const float *weights,
                      const float *bias, int64_t outputs, float *out);
lar_status lar_blocked_head_backward(const lar_layout *l, const lar_value *value,
                                     const float *weights, int64_t outputs, const float *dout,
                                     float *dvalue, double *dweights, double *dbias);

/* blocked_weights.c: conv_weights of any odd kernel; `in` is planar where the shape says so. */
size_t lar_blocked_weights_scratch(const lar_conv_shape *shape, int block);
lar_status lar_blocked_weights(const lar_conv_shape *shape, int block, const float *in,
                               const float *dout, float *gradient, bool add, void *scratch);

#endif
