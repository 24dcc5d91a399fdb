/* The backend for processors: blocked layouts (16 channels with AVX-512, 8 otherwise), our own
 * vector code for what is voxel by voxel, and for each pass of a convolution the first of our
 * kernels that runs it, or else a primitive of oneDNN. The library's batch norm is not used, its
 * float statistics lose too many digits over a whole volume; nor are its weight gradients, which in
 * bfloat16 take scratch memory of several tensors.
 * SPDX-License-Identifier: Apache-2.0 */
#include <oneapi/dnnl/dnnl.h>

#include "base/base.h"
#include "tensor/kernels/amx.h"
#include "tensor/kernels/kernels.h"
#include "tensor/kernels/onednn_pass.h"

/* How one pass runs: one of the two, or neither where it is not wanted. */
typedef struct way {
    const lar_conv_kernel *kernel;
    lar_onednn_pass *onednn;
    size_t at; /* where its packed weights begin */
} way;

struct lar_conv {
    lar_conv_shape shape;
    int block;
    way ways[LAR_CONV_PASSES];
    way adding; /* forward onto what is there, where oneDNN runs it and no gradient is asked for */
    size_t packed;
};

/* Whether our own code may use it: ONEDNN_MAX_CPU_ISA is for all of this backend. */
static bool has_amx(void)
{
    const unsigned amx = dnnl_cpu_isa_avx512_core_amx;
    return ((unsigned)dnnl_get_effective_cpu_isa() & amx) == amx && lar_amx_ready();
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
    snprintf(words, room, "oneDNN %d.%d.%d with %s%s", version->major, version->minor,
             version->patch, name, has_amx() ? ", our bfloat16 convolutions with AMX" : "");
}

static bool has_avx512(void)
{
    return dnnl_get_effective_cpu_isa() >= dnnl_cpu_isa_avx512_core;
}

static lar_status block(int *out, lar_precision type)
{
    if (type == LAR_BFLOAT16 && !has_avx512())
        return lar_hint(lar_fail(LAR_EUNSUPPORTED,
                                 "oneDNN's bfloat16 convolutions need a processor with AVX-512"),
                        "precision: float32");
    *out = has_avx512() ? 16 : 8;
    return LAR_OK;
}

static bool planar_input(int64_t channels)
{
    return channels <= 3; /* what its first-layer kernels take; more are padded to a block */
}

static void conv_free(lar_conv *conv)
{
    for (int pass = 0; conv && pass < LAR_CONV_PASSES; pass++)
        lar_onednn_pass_free(conv->ways[pass].onednn);
    lar_free(conv);
}

/* Takes room among the packed weights. */
static void place(lar_conv *conv, way *w, int pass)
{
    const size_t bytes = w->kernel ? w->kernel->packed(&conv->shape, conv->block, pass)
                                   : lar_onednn_pass_packed(w->onednn);
    w->at = conv->packed;
    conv->packed += (bytes + 63) / 64 * 64;
}

/* In float32 oneDNN 2.6 takes up to 1.7 times as long as we do over every other voxel. */
static bool strided(const lar_conv_shape *s, int pass)
{
    return s->type == LAR_FLOAT32 && pass == LAR_CONV_FORWARD && s->stride[2] == 2 &&
           s->kernel[0] * s->kernel[1] * s->kernel[2] > 1;
}

static lar_status choose(way *w, const lar_conv_shape *s, int block, int pass)
{
    for (int k = 0; lar_conv_kernels[k] && !w->kernel; k++) {
        if (lar_conv_kernels[k] == &lar_conv_amx && !has_amx()) continue;
        if (lar_conv_kernels[k]->runs(s, block, pass)) w->kernel = lar_conv_kernels[k];
    }
    if (w->kernel) return LAR_OK;
    const lar_status status = lar_onednn_pass_new(&w->onednn, s, block, pass);
    const lar_conv_kernel *ours = s->planar ? &lar_conv_planar : &lar_conv_direct;
    if (status != LAR_OK || !ours->runs(s, block, pass)) return status;
    if (lar_onednn_pass_good(w->onednn) && (s->planar || !strided(s, pass))) return status;
    lar_onednn_pass_free(w->onednn);
    w->onednn = NULL;
    w->kernel = ours;
    return LAR_OK;
}

static lar_status conv_new(lar_conv **out, const lar_conv_shape *shape)
{
    lar_status status = LAR_OK;
    lar_conv *conv = lar_alloc(1, sizeof *conv);

    *out = NULL;
    if (!conv) return LAR_EMEMORY;
    conv->shape = *shape;
    LAR_TRY(block(&conv->block, shape->type));
    if (shape->in_place) {
        conv->packed = lar_slabs_packed(shape, conv->block);
        goto made;
    }
    for (int pass = 0; pass < LAR_CONV_PASSES; pass++) {
        if (!(shape->passes & 1U << pass)) continue;
        LAR_TRY(choose(&conv->ways[pass], shape, conv->block, pass));
        place(conv, &conv->ways[pass], pass);
    }
    if (conv->ways[LAR_CONV_FORWARD].onednn && shape->passes == 1U << LAR_CONV_FORWARD &&
        lar_conv_direct.runs(shape, conv->block, LAR_CONV_FORWARD)) {
        conv->adding.kernel = &lar_conv_direct;
        place(conv, &conv->adding, LAR_CONV_FORWARD);
    }
made:
    *out = conv;
    conv = NULL;
done:
    conv_free(conv);
    return status;
}

static size_t conv_packed(const lar_conv *conv)
{
    return conv->packed;
}

static size_t way_scratch(const lar_conv *conv, const way *w, int pass)
{
    if (w->kernel) return w->kernel->scratch(&conv->shape, conv->block, pass);
    return w->onednn ? lar_onednn_pass_scratch(w->onednn) : 0;
}

static size_t conv_scratch(const lar_conv *conv, int pass)
{
    if (conv->shape.in_place) return lar_slabs_scratch(&conv->shape, conv->block);
    const size_t bytes = way_scratch(conv, &conv->ways[pass], pass);
    const size_t more = pass == LAR_CONV_FORWARD ? way_scratch(conv, &conv->adding, pass) : 0;
    return bytes > more ? bytes : more;
}

static lar_status way_pack(lar_conv *conv, const way *w, int pass, const float *weights,
                           void *packed)
{
    void *at = (char *)packed + w->at;
    if (w->kernel) w->kernel->pack(&conv->shape, conv->block, pass, weights, at);
    return w->onednn ? lar_onednn_pass_pack(w->onednn, weights, at) : LAR_OK;
}

static lar_status conv_pack(lar_conv *conv, const float *weights, void *packed)
{
    lar_status status = LAR_OK;
    if (conv->shape.in_place) {
        lar_slabs_pack(&conv->shape, conv->block, weights, packed);
        return LAR_OK;
    }
    for (int pass = 0; pass < LAR_CONV_WEIGHTS; pass++)
        LAR_TRY(way_pack(conv, &conv->ways[pass], pass, weights, packed));
    LAR_TRY(way_pack(conv, &conv->adding, LAR_CONV_FORWARD, weights, packed));
done:
    return status;
}

static lar_status kernel_forward(lar_conv *conv, const way *w, const void *packed, const void *in,
                                 void *out, const lar_term *after, bool add, void *scratch)
{
    return w->kernel->run(&conv->shape, conv->block, LAR_CONV_FORWARD, (const char *)packed + w->at,
                          in, out, after, add, scratch);
}

/* oneDNN cannot finish with what we ask for: that is a pass of its own. */
static lar_status onednn_forward(lar_conv *conv, const way *w, const void *packed, const void *in,
                                 void *out, const lar_term *after, bool add, void *scratch)
{
    const lar_conv_shape *s = &conv->shape;
    const lar_layout l = { .batch = s->batch,
                           .channels = s->out,
                           .voxels = s->out_size[0] * s->out_size[1] * s->out_size[2],
                           .block = conv->block,
                           .type = s->type };
    const lar_term same = { .source = out, .before = 1, .after = 1 };
    lar_value value = { 1, { after ? *after : same } };
    void *result = add ? lar_alloc_raw((int64_t)lar_layout_bytes(&l), 1) : out;
    if (!result) return LAR_EMEMORY;
    value.terms[0].source = result;
    if (add) value.terms[value.count++] = same;
    const lar_status status =
        lar_onednn_pass_run(w->onednn, (const char *)packed + w->at, in, result, scratch);
    if (status == LAR_OK && (after || add)) lar_blocked_evaluate(&l, out, &value);
    if (add) lar_free(result);
    return status;
}

static lar_status conv_forward(lar_conv *conv, const void *packed, const void *in, void *out,
                               const lar_term *after, bool add, void *scratch)
{
    const way *w = &conv->ways[LAR_CONV_FORWARD];
    if (add && conv->adding.kernel) w = &conv->adding;
    return (w->kernel ? kernel_forward : onednn_forward)(conv, w, packed, in, out, after, add,
                                                         scratch);
}

static lar_status conv_data(lar_conv *conv, const void *packed, const void *dout, void *din,
                            void *scratch)
{
    const way *w = &conv->ways[LAR_CONV_DATA];
    const void *weights = (const char *)packed + w->at;
    if (w->kernel)
        return w->kernel->run(&conv->shape, conv->block, LAR_CONV_DATA, weights, dout, din, NULL,
                              false, scratch);
    return lar_onednn_pass_run(w->onednn, weights, dout, din, scratch);
}

static lar_status conv_weights(lar_conv *conv, const void *in, const void *dout, float *gradient,
                               void *scratch)
{
    return conv->ways[LAR_CONV_WEIGHTS].kernel->run(&conv->shape, conv->block, LAR_CONV_WEIGHTS, in,
                                                    dout, gradient, NULL, false, scratch);
}

static bool conv_fits_in_place(const lar_conv_shape *shape)
{
    int channels = 0;
    return block(&channels, shape->type) == LAR_OK && lar_slabs_runs(shape, channels);
}

static lar_status conv_in_place(lar_conv *conv, const void *packed, void *tensor,
                                const lar_taken *taken, double *mean, double *variance,
                                void *scratch)
{
    return lar_slabs_run(&conv->shape, conv->block, packed, tensor, taken, mean, variance, scratch);
}

static const char *conv_about(const lar_conv *conv, int pass)
{
    if (conv->shape.in_place) return lar_slabs_about(&conv->shape, conv->block);
    const way *w = &conv->ways[pass];
    return w->kernel ? w->kernel->name : w->onednn ? lar_onednn_pass_about(w->onednn) : "";
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
    .upload = lar_cpu_upload,
    .download = lar_cpu_download,
    .slice = lar_cpu_slice,
    .join = lar_cpu_join,
    .evaluate = lar_blocked_evaluate,
    .add = lar_blocked_add,
    .statistics = lar_blocked_statistics,
    .gradient_sums = lar_blocked_gradient_sums,
    .term_backward = lar_blocked_term_backward,
    .head = lar_blocked_head,
    .head_backward = lar_blocked_head_backward,
    .layer_forward = lar_blocked_layer_forward,
    .layer_backward = lar_blocked_layer_backward,
    .conv_new = conv_new,
    .conv_free = conv_free,
    .conv_packed = conv_packed,
    .conv_scratch = conv_scratch,
    .conv_pack = conv_pack,
    .conv_forward = conv_forward,
    .conv_data = conv_data,
    .conv_weights = conv_weights,
    .conv_fits_in_place = conv_fits_in_place,
    .conv_in_place = conv_in_place,
    .conv_about = conv_about,
};
