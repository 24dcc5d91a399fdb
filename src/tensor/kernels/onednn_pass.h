/* One pass of one convolution by a primitive of oneDNN: forward, or the gradient of the input.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_ONEDNN_PASS_H
#define LAR_ONEDNN_PASS_H

#include "base/base.h"
#include "tensor/tensor.h"

typedef struct lar_onednn_pass lar_onednn_pass;

lar_status lar_onednn_pass_new(lar_onednn_pass **out, const lar_conv_shape *s, int block, int kind);
void lar_onednn_pass_free(lar_onednn_pass *p);
size_t lar_onednn_pass_packed(const lar_onednn_pass *p);  /* bytes */
size_t lar_onednn_pass_scratch(const lar_onednn_pass *p); /* bytes */
/* "onednn" and its name for the code it made. */
const char *lar_onednn_pass_about(const lar_onednn_pass *p);
/* False: a slow reference loop, or scratch memory as large as the tensors. */
bool lar_onednn_pass_good(const lar_onednn_pass *p);
/* From float (out, in / groups, kz, ky, kx). */
lar_status lar_onednn_pass_pack(lar_onednn_pass *p, const float *weights, void *packed);
lar_status lar_onednn_pass_run(lar_onednn_pass *p, const void *packed, const void *in, void *out,
                               void *scratch);

#endif
