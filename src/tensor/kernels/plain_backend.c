/* The plain backend: every kernel the straightforward one, planar tensors in either precision. What
 * the others are checked against, and what runs where nothing else does.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "tensor/kernels/kernels.h"

enum { BLOCK = 1 };

struct lar_conv {
    lar_conv_shape shape;
};

static void about(char *words, size_t room)
{
    snprintf(words, room, "loops in C, slow: what the others are checked against");
}

static lar_status block(int *out, lar_precision type)
{
    (void)type;
    *out = BLOCK;
    return LAR_OK;
}

static bool planar_input(int64_t channels)
{
    (void)channels;
    return true;
}

static lar_status conv_new(lar_conv **out, const lar_conv_shape *shape)
{
    *out = lar_alloc(1, sizeof **out);
    if (!*out) return LAR_EMEMORY;
    (*out)->shape = *shape;
    return LAR_OK;
}

static void conv_free(lar_conv *conv)
{
    lar_free(conv);
}

/* Forward and data read the weights alike. */
static size_t conv_packed(const lar_conv *conv)
{
    return lar_conv_plain.packed(&conv->shape, BLOCK, LAR_CONV_FORWARD);
}

static size_t conv_scratch(const lar_conv *conv, int pass)
{
    return lar_conv_plain.scratch(&conv->shape, BLOCK, pass);
}

static lar_status conv_pack(lar_conv *conv, const float *weights, void *packed)
{
    lar_conv_plain.pack(&conv->shape, BLOCK, LAR_CONV_FORWARD, weights, packed);
    return LAR_OK;
}

static lar_status conv_forward(lar_conv *conv, const void *packed, const void *in, void *out,
                               const lar_term *after, bool add, void *scratch)
{
    return lar_conv_plain.run(&conv->shape, BLOCK, LAR_CONV_FORWARD, packed, in, out, after, add,
                              scratch);
}

static lar_status conv_data(lar_conv *conv, const void *packed, const void *dout, void *din,
                            void *scratch)
{
    return lar_conv_plain.run(&conv->shape, BLOCK, LAR_CONV_DATA, packed, dout, din, NULL, false,
                              scratch);
}

static lar_status conv_weights(lar_conv *conv, const void *in, const void *dout, float *gradient,
                               void *scratch)
{
    return lar_conv_plain.run(&conv->shape, BLOCK, LAR_CONV_WEIGHTS, in, dout, gradient, NULL,
                              false, scratch);
}

static const char *conv_about(const lar_conv *conv, int pass)
{
    (void)conv, (void)pass;
    return lar_conv_plain.name;
}

static void *memory_new(size_t bytes)
{
    return lar_alloc_raw((int64_t)bytes, 1);
}

const lar_backend lar_backend_plain = {
    .name = "plain",
    .about = about,
    .block = block,
    .planar_input = planar_input,
    .memory_new = memory_new,
    .memory_free = lar_free,
    .upload = lar_cpu_upload,
    .download = lar_cpu_download,
    .slice = lar_cpu_slice,
    .join = lar_cpu_join,
    .evaluate = lar_plain_evaluate,
    .add = lar_plain_add,
    .statistics = lar_plain_statistics,
    .gradient_sums = lar_plain_gradient_sums,
    .term_backward = lar_plain_term_backward,
    .head = lar_plain_head,
    .head_backward = lar_plain_head_backward,
    .layer_forward = lar_plain_layer_forward,
    .layer_backward = lar_plain_layer_backward,
    .conv_new = conv_new,
    .conv_free = conv_free,
    .conv_packed = conv_packed,
    .conv_scratch = conv_scratch,
    .conv_pack = conv_pack,
    .conv_forward = conv_forward,
    .conv_data = conv_data,
    .conv_weights = conv_weights,
    .conv_about = conv_about,
};
