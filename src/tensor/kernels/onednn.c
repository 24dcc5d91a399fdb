/* Convolutions by oneDNN, and the only file that knows its version. Blocked layouts (16 channels
 * with AVX-512, 8 otherwise); the library's batch norm is not used, its float statistics lose too
 * many digits over a whole volume.
 * SPDX-License-Identifier: Apache-2.0 */
#include <oneapi/dnnl/dnnl.h>

#include "base/base.h"
#include "tensor/kernels/kernels.h"

#if DNNL_VERSION_MAJOR != 2
#error "larmor was written against oneDNN 2.6; this is another major version"
#endif

enum { DIMS = 5 };

/* One convolution pass: the primitive, and memory objects whose data are set at each call. */
typedef struct pass {
    dnnl_primitive_t primitive;
    dnnl_memory_t in, weights, out, scratch;
    size_t weight_bytes, scratch_bytes;
} pass;

struct lar_conv {
    lar_conv_shape shape;
    int64_t in_padded, out_padded;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    int block;
    pass passes[2];         /* LAR_CONV_FORWARD, LAR_CONV_DATA */
    dnnl_memory_t plain[2]; /* weights (out, in, kz, ky, kx) and (in, out, ...), padded channels */
    dnnl_primitive_t pack[2]; /* plain to the layout of forward and data; NULL: the same */
    float *plain_weights;
};

static lar_status check(dnnl_status_t status, const char *what)
{
    if (status == dnnl_success) return LAR_OK;
    if (status == dnnl_out_of_memory)
        return lar_fail(LAR_EMEMORY, "out of memory: oneDNN cannot %s", what);
    return lar_fail(LAR_EDEVICE, "oneDNN cannot %s (its status is %d)", what, (int)status);
}

/* oneDNN chooses by the processor, and by ONEDNN_MAX_CPU_ISA where that is set. */
static void about(char *words, size_t room)
{
    static const struct {
        dnnl_cpu_isa_t isa;
        const char *name;
    } sets[] = { { dnnl_cpu_isa_avx512_core_amx, "AVX-512 with AMX" },
                 { dnnl_cpu_isa_avx512_core_bf16, "AVX-512 with bfloat16" },
                 { dnnl_cpu_isa_avx512_core_vnni, "AVX-512 with VNNI" },
                 { dnnl_cpu_isa_avx512_core, "AVX-512" },
                 { dnnl_cpu_isa_avx2, "AVX2" },
                 { dnnl_cpu_isa_avx, "AVX" },
                 { dnnl_cpu_isa_sse41, "SSE4.1" } };
    const dnnl_version_t *version = dnnl_version();
    const unsigned has = (unsigned)dnnl_get_effective_cpu_isa();
    const char *name = "no vector instructions";
    for (size_t n = 0; n < sizeof sets / sizeof *sets; n++)
        if ((has & (unsigned)sets[n].isa) == (unsigned)sets[n].isa) {
            name = sets[n].name;
            break;
        }
    snprintf(words, room, "oneDNN %d.%d.%d with %s", version->major, version->minor, version->patch,
             name);
}

static lar_status block(int *out)
{
    *out = dnnl_get_effective_cpu_isa() >= dnnl_cpu_isa_avx512_core ? 16 : 8;
    return LAR_OK;
}

static bool planar_input(int64_t channels)
{
    return channels <= 3; /* what its first-layer kernels take; more are padded to a block */
}

static size_t rounded(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static dnnl_status_t tensor_desc(dnnl_memory_desc_t *md, int64_t batch, int64_t channels,
                                 const int64_t size[3], int channel_block)
{
    const dnnl_dims_t dims = { batch, channels, size[0], size[1], size[2] };
    const dnnl_format_tag_t tag = channel_block == 16  ? dnnl_aBcde16b
                                  : channel_block == 8 ? dnnl_aBcde8b
                                                       : dnnl_abcde;
    return dnnl_memory_desc_init_by_tag(md, DIMS, dims, dnnl_f32, tag);
}

static dnnl_status_t memory_for(dnnl_memory_t *memory, dnnl_primitive_desc_t pd, dnnl_query_t what,
                                dnnl_engine_t engine)
{
    const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(pd, what, 0);
    return dnnl_memory_create(memory, md, engine, DNNL_MEMORY_NONE);
}

/* The gradient of the input is a forward convolution too, of the output's gradient with the kernel
 * mirrored and its channels exchanged: oneDNN 2.6 runs that a quarter faster than its backward
 * pass. */
static lar_status pass_new(lar_conv *conv, int kind, dnnl_memory_desc_t *weights_desc)
{
    const lar_conv_shape *s = &conv->shape;
    const int64_t half = s->kernel / 2;
    const int64_t from = kind == LAR_CONV_DATA ? conv->out_padded : conv->in_padded;
    const int64_t to = kind == LAR_CONV_DATA ? conv->in_padded : conv->out_padded;
    const dnnl_dims_t strides = { 1, 1, 1 }, padding = { half, half, half };
    const dnnl_dims_t weight_dims = { to, from, s->kernel, s->kernel, s->kernel };
    lar_status status = LAR_OK;
    dnnl_memory_desc_t in, weights, out;
    dnnl_convolution_desc_t desc;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    pass *p = &conv->passes[kind];

    LAR_TRY(check(tensor_desc(&in, s->batch, from, s->size, s->planar ? 1 : conv->block),
                  "describe an input"));
    LAR_TRY(check(tensor_desc(&out, s->batch, to, s->size, conv->block), "describe an output"));
    LAR_TRY(check(
        dnnl_memory_desc_init_by_tag(&weights, DIMS, weight_dims, dnnl_f32, dnnl_format_tag_any),
        "describe weights"));
    LAR_TRY(check(dnnl_convolution_forward_desc_init(&desc, dnnl_forward_training,
                                                     dnnl_convolution_direct, &in, &weights, NULL,
                                                     &out, strides, padding, padding),
                  "describe a convolution"));
    LAR_TRY(check(dnnl_primitive_attr_create(&attr), "make attributes"));
    LAR_TRY(check(dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user),
                  "take scratch memory from its caller"));
    LAR_TRY(check(dnnl_primitive_desc_create(&pd, &desc, attr, conv->engine, NULL),
                  "make a convolution of this shape"));
    LAR_TRY(check(dnnl_primitive_create(&p->primitive, pd), "make a convolution"));
    LAR_TRY(check(memory_for(&p->in, pd, dnnl_query_src_md, conv->engine), "make an input"));
    LAR_TRY(
        check(memory_for(&p->weights, pd, dnnl_query_weights_md, conv->engine), "make weights"));
    LAR_TRY(check(memory_for(&p->out, pd, dnnl_query_dst_md, conv->engine), "make an output"));
    LAR_TRY(check(memory_for(&p->scratch, pd, dnnl_query_scratchpad_md, conv->engine),
                  "make scratch memory"));
    *weights_desc = *dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    p->weight_bytes = rounded(dnnl_memory_desc_get_size(weights_desc));
    p->scratch_bytes = rounded(
        dnnl_memory_desc_get_size(dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0)));
done:
    if (pd) dnnl_primitive_desc_destroy(pd);
    if (attr) dnnl_primitive_attr_destroy(attr);
    return status;
}

static lar_status reorder_new(dnnl_primitive_t *out, const dnnl_memory_desc_t *from,
                              const dnnl_memory_desc_t *to, dnnl_engine_t engine)
{
    dnnl_primitive_desc_t pd = NULL;
    lar_status status = check(
        dnnl_reorder_primitive_desc_create(&pd, from, engine, to, engine, NULL), "reorder weights");
    if (status == LAR_OK) status = check(dnnl_primitive_create(out, pd), "reorder weights");
    if (pd) dnnl_primitive_desc_destroy(pd);
    return status;
}

static void conv_free(lar_conv *conv)
{
    if (!conv) return;
    for (int p = 0; p < 2; p++) {
        const pass *x = &conv->passes[p];
        if (x->primitive) dnnl_primitive_destroy(x->primitive);
        const dnnl_memory_t memories[4] = { x->in, x->weights, x->out, x->scratch };
        for (int m = 0; m < 4; m++)
            if (memories[m]) dnnl_memory_destroy(memories[m]);
    }
    for (int p = 0; p < 2; p++)
        if (conv->pack[p]) dnnl_primitive_destroy(conv->pack[p]);
    for (int p = 0; p < 2; p++)
        if (conv->plain[p]) dnnl_memory_destroy(conv->plain[p]);
    if (conv->stream) dnnl_stream_destroy(conv->stream);
    if (conv->engine) dnnl_engine_destroy(conv->engine);
    lar_free(conv->plain_weights);
    lar_free(conv);
}

/* Weights as rows of padded channels, over the one buffer. */
static lar_status plain_new(lar_conv *conv, int p, dnnl_memory_desc_t *desc)
{
    const int64_t k = conv->shape.kernel;
    const dnnl_dims_t dims = { p ? conv->in_padded : conv->out_padded,
                               p ? conv->out_padded : conv->in_padded, k, k, k };
    const lar_status status = check(
        dnnl_memory_desc_init_by_tag(desc, DIMS, dims, dnnl_f32, dnnl_abcde), "describe weights");
    if (status != LAR_OK) return status;
    return check(dnnl_memory_create(&conv->plain[p], desc, conv->engine, conv->plain_weights),
                 "make weights");
}

static lar_status conv_new(lar_conv **out, const lar_conv_shape *shape)
{
    lar_status status = LAR_OK;
    dnnl_memory_desc_t packed, plain;
    lar_conv *conv = lar_alloc(1, sizeof *conv);

    *out = NULL;
    if (!conv) return LAR_EMEMORY;
    LAR_TRY(block(&conv->block));
    conv->shape = *shape;
    conv->out_padded = (shape->out + conv->block - 1) / conv->block * conv->block;
    conv->in_padded =
        shape->planar ? shape->in : (shape->in + conv->block - 1) / conv->block * conv->block;
    LAR_TRY(check(dnnl_engine_create(&conv->engine, dnnl_cpu, 0), "start on the processor"));
    LAR_TRY(check(dnnl_stream_create(&conv->stream, conv->engine, dnnl_stream_default_flags),
                  "start on the processor"));
    const int64_t k = shape->kernel;
    conv->plain_weights = lar_alloc(conv->out_padded * conv->in_padded * k * k * k, sizeof(float));
    if (!conv->plain_weights) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(plain_new(conv, 0, &plain));
    LAR_TRY(pass_new(conv, LAR_CONV_FORWARD, &packed));
    LAR_TRY(reorder_new(&conv->pack[0], &plain, &packed, conv->engine));
    if (shape->gradients && !shape->planar) {
        LAR_TRY(plain_new(conv, 1, &plain));
        LAR_TRY(pass_new(conv, LAR_CONV_DATA, &packed));
        LAR_TRY(reorder_new(&conv->pack[1], &plain, &packed, conv->engine));
    }
    *out = conv;
    conv = NULL;
done:
    conv_free(conv);
    return status;
}

static size_t conv_packed(const lar_conv *conv)
{
    return conv->passes[LAR_CONV_FORWARD].weight_bytes + conv->passes[LAR_CONV_DATA].weight_bytes;
}

static size_t conv_scratch(const lar_conv *conv, int kind)
{
    return kind == LAR_CONV_WEIGHTS ? lar_blocked_weights_scratch(&conv->shape, conv->block)
                                    : conv->passes[kind].scratch_bytes;
}

static lar_status run(lar_conv *conv, int kind, const void *in, const void *weights,
                      const void *out, void *scratch)
{
    /* oneDNN's handles are not const; what goes in is only read */
    const pass *p = &conv->passes[kind];
    lar_status status = LAR_OK;
    LAR_TRY(check(dnnl_memory_set_data_handle(p->in, (void *)(uintptr_t)in), "set an input"));
    LAR_TRY(
        check(dnnl_memory_set_data_handle(p->weights, (void *)(uintptr_t)weights), "set weights"));
    LAR_TRY(check(dnnl_memory_set_data_handle(p->out, (void *)(uintptr_t)out), "set an output"));
    LAR_TRY(check(dnnl_memory_set_data_handle(p->scratch, scratch), "set scratch memory"));
    const dnnl_exec_arg_t args[4] = { { DNNL_ARG_SRC, p->in },
                                      { DNNL_ARG_WEIGHTS, p->weights },
                                      { DNNL_ARG_DST, p->out },
                                      { DNNL_ARG_SCRATCHPAD, p->scratch } };
    LAR_TRY(
        check(dnnl_primitive_execute(p->primitive, conv->stream, 4, args), "run a convolution"));
    LAR_TRY(check(dnnl_stream_wait(conv->stream), "finish a convolution"));
done:
    return status;
}

static lar_status reorder(lar_conv *conv, dnnl_primitive_t primitive, dnnl_memory_t from,
                          dnnl_memory_t to)
{
    const dnnl_exec_arg_t args[2] = { { DNNL_ARG_FROM, from }, { DNNL_ARG_TO, to } };
    lar_status status =
        check(dnnl_primitive_execute(primitive, conv->stream, 2, args), "reorder weights");
    if (status == LAR_OK) status = check(dnnl_stream_wait(conv->stream), "reorder weights");
    return status;
}

/* The plain buffer from the weights: as they are, or mirrored with channels exchanged. */
static void fill_plain(const lar_conv *conv, const float *weights, bool mirrored)
{
    const lar_conv_shape *s = &conv->shape;
    const int64_t taps = s->kernel * s->kernel * s->kernel;
    const int64_t row = mirrored ? conv->out_padded : conv->in_padded;
    float *to = conv->plain_weights;
    memset(to, 0, (size_t)(conv->out_padded * conv->in_padded * taps) * sizeof *to);
    for (int64_t o = 0; o < s->out; o++)
        for (int64_t i = 0; i < s->in; i++)
            for (int64_t t = 0; t < taps; t++) {
                const float w = weights[(o * s->in + i) * taps + t];
                if (mirrored)
                    to[(i * row + o) * taps + taps - 1 - t] = w;
                else
                    to[(o * row + i) * taps + t] = w;
            }
}

static lar_status conv_pack(lar_conv *conv, const float *weights, void *packed)
{
    static const int order[2] = { LAR_CONV_FORWARD, LAR_CONV_DATA };
    lar_status status = LAR_OK;
    char *at = packed;
    for (int p = 0; p < 2; p++) {
        if (!conv->pack[p]) continue;
        dnnl_memory_t to = conv->passes[order[p]].weights;
        fill_plain(conv, weights, p == 1);
        LAR_TRY(check(dnnl_memory_set_data_handle(to, at), "set weights"));
        LAR_TRY(reorder(conv, conv->pack[p], conv->plain[p], to));
        at += conv->passes[order[p]].weight_bytes;
    }
done:
    return status;
}

static lar_status conv_forward(lar_conv *conv, const void *packed, const float *in, float *out,
                               void *scratch)
{
    return run(conv, LAR_CONV_FORWARD, in, packed, out, scratch);
}

static lar_status conv_data(lar_conv *conv, const void *packed, const float *dout, float *din,
                            void *scratch)
{
    const char *weights = (const char *)packed + conv->passes[LAR_CONV_FORWARD].weight_bytes;
    return run(conv, LAR_CONV_DATA, dout, weights, din, scratch);
}

static lar_status conv_weights(lar_conv *conv, const float *in, const float *dout, float *gradient,
                               bool add, void *scratch)
{
    return lar_blocked_weights(&conv->shape, conv->block, in, dout, gradient, add, scratch);
}

static void *memory_new(size_t bytes)
{
    return lar_alloc_raw((int64_t)bytes, 1);
}

const lar_backend lar_backend_onednn = {
    .name = "onednn",
    .about = about,
    .block = block,
    .planar_input = planar_input,
    .memory_new = memory_new,
    .memory_free = lar_free,
    .upload = lar_plain_upload,
    .download = lar_plain_download,
    .evaluate = lar_blocked_evaluate,
    .add = lar_blocked_add,
    .statistics = lar_blocked_statistics,
    .gradient_sums = lar_blocked_gradient_sums,
    .term_backward = lar_blocked_term_backward,
    .head = lar_blocked_head,
    .head_backward = lar_blocked_head_backward,
    .conv_new = conv_new,
    .conv_free = conv_free,
    .conv_packed = conv_packed,
    .conv_scratch = conv_scratch,
    .conv_pack = conv_pack,
    .conv_forward = conv_forward,
    .conv_data = conv_data,
    .conv_weights = conv_weights,
};
