/* Convolution primitives of oneDNN 2: how a pass is described to it, what it made of that, and
 * running it on memory of the caller.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/onednn_pass.h"

#include <oneapi/dnnl/dnnl.h>

#if DNNL_VERSION_MAJOR != 2
#error "larmor was written against oneDNN 2.6; this is another major version"
#endif

enum { DIMS = 5, FROM = 0, WEIGHTS, TO, SCRATCH, PLAIN, MEMORIES };

/* The gradient of the input, where nothing is strided, is a forward convolution too, of the
 * output's gradient with the kernel mirrored and its channels exchanged: oneDNN 2.6 runs that a
 * quarter faster than its backward pass in 16 channels of float32, and for more dilations. */
struct lar_onednn_pass {
    lar_conv_shape shape;
    int block, kind;
    bool mirrored, backward;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_t primitive, reorder; /* reorder: PLAIN to WEIGHTS */
    dnnl_memory_t memories[MEMORIES];    /* their data are set at each call */
    size_t packed, scratch;
    char name[64];
};

static lar_status check(dnnl_status_t status, const char *what)
{
    if (status == dnnl_success) return LAR_OK;
    if (status == dnnl_out_of_memory)
        return lar_fail(LAR_EMEMORY, "out of memory: oneDNN cannot %s", what);
    return lar_fail(LAR_EDEVICE, "oneDNN cannot %s (its status is %d)", what, (int)status);
}

static size_t rounded(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static dnnl_data_type_t type_of(const lar_onednn_pass *p)
{
    return p->shape.type == LAR_BFLOAT16 ? dnnl_bf16 : dnnl_f32;
}

/* The tensor that goes in, or that comes out. */
static lar_status tensor_desc(dnnl_memory_desc_t *md, const lar_onednn_pass *p, bool output)
{
    const lar_conv_shape *s = &p->shape;
    const int64_t *size = output ? s->out_size : s->size;
    const dnnl_dims_t dims = { s->batch, output ? s->out : s->in, size[0], size[1], size[2] };
    const int block = !output && s->planar ? 1 : p->block;
    const dnnl_format_tag_t tag = block == 16  ? dnnl_aBcde16b
                                  : block == 8 ? dnnl_aBcde8b
                                               : dnnl_abcde;
    return check(dnnl_memory_desc_init_by_tag(md, DIMS, dims, type_of(p), tag), "describe voxels");
}

static lar_status weights_desc(dnnl_memory_desc_t *md, const lar_onednn_pass *p, bool plain)
{
    const lar_conv_shape *s = &p->shape;
    const int64_t *k = s->kernel, g = s->groups;
    const int64_t to = (p->mirrored ? s->in : s->out) / g,
                  from = (p->mirrored ? s->out : s->in) / g;
    const dnnl_dims_t one = { to, from, k[0], k[1], k[2] },
                      many = { g, to, from, k[0], k[1], k[2] };
    return check(dnnl_memory_desc_init_by_tag(md, g > 1 ? 6 : 5, g > 1 ? many : one,
                                              plain ? dnnl_f32 : type_of(p),
                                              !plain  ? dnnl_format_tag_any
                                              : g > 1 ? dnnl_abcdef
                                                      : dnnl_abcde),
                 "describe weights");
}

/* Zeros before and after each axis, and the steps, in oneDNN's terms. */
typedef struct borders {
    dnnl_dims_t strides, dilates, before, after;
} borders;

static borders borders_of(const lar_onednn_pass *p)
{
    const lar_conv_shape *s = &p->shape;
    borders b;
    for (int a = 0; a < 3; a++) {
        const int64_t reach = s->dilation[a] * (s->kernel[a] - 1);
        const int64_t in = p->mirrored ? s->out_size[a] : s->size[a];
        const int64_t out = p->mirrored ? s->size[a] : s->out_size[a];
        b.strides[a] = s->stride[a];
        b.dilates[a] = s->dilation[a] - 1;
        b.before[a] = p->mirrored ? reach - s->padding[a] : s->padding[a];
        b.after[a] = (out - 1) * s->stride[a] + reach + 1 - in - b.before[a];
        if (b.after[a] < 0) b.after[a] = 0; /* voxels at the end that no step reaches */
    }
    return b;
}

static lar_status desc_new(dnnl_primitive_desc_t *pd, lar_onednn_pass *p)
{
    lar_status status = LAR_OK;
    dnnl_memory_desc_t in, weights, out;
    dnnl_convolution_desc_t desc;
    dnnl_primitive_attr_t attr = NULL;
    const borders b = borders_of(p);
    LAR_TRY(tensor_desc(&in, p, p->mirrored));
    LAR_TRY(tensor_desc(&out, p, !p->mirrored));
    LAR_TRY(weights_desc(&weights, p, false));
    if (p->backward)
        LAR_TRY(check(dnnl_dilated_convolution_backward_data_desc_init(
                          &desc, dnnl_convolution_direct, &in, &weights, &out, b.strides, b.dilates,
                          b.before, b.after),
                      "describe a convolution"));
    else
        LAR_TRY(check(dnnl_dilated_convolution_forward_desc_init(
                          &desc, dnnl_forward_training, dnnl_convolution_direct, &in, &weights,
                          NULL, &out, b.strides, b.dilates, b.before, b.after),
                      "describe a convolution"));
    LAR_TRY(check(dnnl_primitive_attr_create(&attr), "make attributes"));
    LAR_TRY(check(dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user),
                  "take scratch memory from its caller"));
    LAR_TRY(check(dnnl_primitive_desc_create(pd, &desc, attr, p->engine, NULL),
                  "make a convolution of this shape"));
done:
    if (attr) dnnl_primitive_attr_destroy(attr);
    return status;
}

static lar_status memory_new(lar_onednn_pass *p, int which, const dnnl_memory_desc_t *md)
{
    return check(dnnl_memory_create(&p->memories[which], md, p->engine, DNNL_MEMORY_NONE),
                 "describe memory");
}

static lar_status reorder_new(lar_onednn_pass *p, const dnnl_memory_desc_t *packed)
{
    lar_status status = LAR_OK;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_memory_desc_t plain;
    LAR_TRY(weights_desc(&plain, p, true));
    LAR_TRY(memory_new(p, PLAIN, &plain));
    LAR_TRY(
        check(dnnl_reorder_primitive_desc_create(&pd, &plain, p->engine, packed, p->engine, NULL),
              "reorder weights"));
    LAR_TRY(check(dnnl_primitive_create(&p->reorder, pd), "reorder weights"));
done:
    if (pd) dnnl_primitive_desc_destroy(pd);
    return status;
}

lar_status lar_onednn_pass_new(lar_onednn_pass **out, const lar_conv_shape *s, int block, int kind)
{
    lar_status status = LAR_OK;
    dnnl_primitive_desc_t pd = NULL;
    const char *code = "";
    lar_onednn_pass *p = lar_alloc(1, sizeof *p);

    *out = NULL;
    if (!p) return LAR_EMEMORY;
    p->shape = *s;
    p->block = block;
    p->kind = kind;
    p->mirrored = kind == LAR_CONV_DATA;
    for (int a = 0; a < 3; a++)
        if (s->stride[a] != 1 || s->padding[a] > s->dilation[a] * (s->kernel[a] - 1))
            p->mirrored = false;
    p->backward = kind == LAR_CONV_DATA && !p->mirrored;
    LAR_TRY(check(dnnl_engine_create(&p->engine, dnnl_cpu, 0), "start on the processor"));
    LAR_TRY(check(dnnl_stream_create(&p->stream, p->engine, dnnl_stream_default_flags),
                  "start on the processor"));
    LAR_TRY(desc_new(&pd, p));
    LAR_TRY(check(dnnl_primitive_create(&p->primitive, pd), "make a convolution"));
    LAR_TRY(
        check(dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &code), "name its code"));
    snprintf(p->name, sizeof p->name, "onednn %s", code);

    const dnnl_query_t queries[SCRATCH + 1] = {
        p->backward ? dnnl_query_diff_dst_md : dnnl_query_src_md, dnnl_query_weights_md,
        p->backward ? dnnl_query_diff_src_md : dnnl_query_dst_md, dnnl_query_scratchpad_md
    };
    for (int m = 0; m <= SCRATCH; m++)
        LAR_TRY(memory_new(p, m, dnnl_primitive_desc_query_md(pd, queries[m], 0)));
    const dnnl_memory_desc_t *weights = dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    LAR_TRY(reorder_new(p, weights));
    p->packed = rounded(dnnl_memory_desc_get_size(weights));
    p->scratch = rounded(
        dnnl_memory_desc_get_size(dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0)));
    *out = p;
    p = NULL;
done:
    if (pd) dnnl_primitive_desc_destroy(pd);
    lar_onednn_pass_free(p);
    return status;
}

void lar_onednn_pass_free(lar_onednn_pass *p)
{
    if (!p) return;
    if (p->primitive) dnnl_primitive_destroy(p->primitive);
    if (p->reorder) dnnl_primitive_destroy(p->reorder);
    for (int m = 0; m < MEMORIES; m++)
        if (p->memories[m]) dnnl_memory_destroy(p->memories[m]);
    if (p->stream) dnnl_stream_destroy(p->stream);
    if (p->engine) dnnl_engine_destroy(p->engine);
    lar_free(p);
}

size_t lar_onednn_pass_packed(const lar_onednn_pass *p)
{
    return p->packed;
}

size_t lar_onednn_pass_scratch(const lar_onednn_pass *p)
{
    return p->scratch;
}

const char *lar_onednn_pass_about(const lar_onednn_pass *p)
{
    return p->name;
}

bool lar_onednn_pass_good(const lar_onednn_pass *p)
{
    enum { ENOUGH = 4 << 20 }; /* bytes; its bfloat16 1x1x1 code would take a whole tensor */
    return strstr(p->name, "jit") && p->scratch <= ENOUGH;
}

/* oneDNN's handles are not const; what goes in is only read. */
static lar_status set(lar_onednn_pass *p, int which, const void *data)
{
    return check(dnnl_memory_set_data_handle(p->memories[which], (void *)(uintptr_t)data),
                 "take memory");
}

static lar_status execute(lar_onednn_pass *p, dnnl_primitive_t primitive, int count,
                          const dnnl_exec_arg_t *args)
{
    lar_status status =
        check(dnnl_primitive_execute(primitive, p->stream, count, args), "run a convolution");
    if (status == LAR_OK) status = check(dnnl_stream_wait(p->stream), "finish a convolution");
    return status;
}

/* (in, out / groups, taps) of each group from (out, in / groups, taps), the taps backwards. */
static void mirror(const lar_conv_shape *s, const float *weights, float *to)
{
    const int64_t taps = s->kernel[0] * s->kernel[1] * s->kernel[2];
    const int64_t ins = s->in / s->groups, outs = s->out / s->groups;
    for (int64_t g = 0; g < s->groups; g++)
        for (int64_t o = 0; o < outs; o++)
            for (int64_t i = 0; i < ins; i++)
                for (int64_t t = 0; t < taps; t++)
                    to[((g * ins + i) * outs + o) * taps + taps - 1 - t] =
                        weights[((g * outs + o) * ins + i) * taps + t];
}

lar_status lar_onednn_pass_pack(lar_onednn_pass *p, const float *weights, void *packed)
{
    const lar_conv_shape *s = &p->shape;
    lar_status status = LAR_OK;
    float *mirrored = NULL;
    if (p->mirrored) {
        mirrored =
            lar_alloc_raw(s->out * (s->in / s->groups) * s->kernel[0] * s->kernel[1] * s->kernel[2],
                          sizeof *mirrored);
        if (!mirrored) return LAR_EMEMORY;
        mirror(s, weights, mirrored);
    }
    LAR_TRY(set(p, PLAIN, mirrored ? mirrored : weights));
    LAR_TRY(set(p, WEIGHTS, packed));
    const dnnl_exec_arg_t args[2] = { { DNNL_ARG_FROM, p->memories[PLAIN] },
                                      { DNNL_ARG_TO, p->memories[WEIGHTS] } };
    LAR_TRY(execute(p, p->reorder, 2, args));
done:
    lar_free(mirrored);
    return status;
}

lar_status lar_onednn_pass_run(lar_onednn_pass *p, const void *packed, const void *in, void *out,
                               void *scratch)
{
    const void *data[SCRATCH + 1] = { in, packed, out, scratch };
    lar_status status = LAR_OK;
    for (int m = 0; m <= SCRATCH; m++) LAR_TRY(set(p, m, data[m]));
    const dnnl_exec_arg_t args[4] = {
        { p->backward ? DNNL_ARG_DIFF_DST : DNNL_ARG_SRC, p->memories[FROM] },
        { DNNL_ARG_WEIGHTS, p->memories[WEIGHTS] },
        { p->backward ? DNNL_ARG_DIFF_SRC : DNNL_ARG_DST, p->memories[TO] },
        { DNNL_ARG_SCRATCHPAD, p->memories[SCRATCH] }
    };
    LAR_TRY(execute(p, p->primitive, 4, args));
done:
    return status;
}
