/* Each kind of layer on one thread, as a fraction of what this machine can do at most:
 * multiply-adds of convolutions against a loop of them in registers, bytes of the passes over
 * memory against a triad. A part of bench_engine.py; prints lines of tab-separated `kind,
 * precision, milliseconds, rate, unit, peak, code`.   engine_kernels [WORD ...]: kinds that contain
 * one of the words SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <time.h>

#include "base/base.h"
#include "tensor/tensor.h"

enum { NX = 96, NY = 112, NZ = 96, VOXELS = NX * NY * NZ, TIMES = 5, CHAINS = 12 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the machine ----------------------------------------------------------------------- */

#define FMA_LOOP(NAME, BYTES)                                                                      \
    typedef float NAME##_vector __attribute__((vector_size(BYTES)));                               \
    static float NAME##_run(int64_t count)                                                         \
    {                                                                                              \
        NAME##_vector sum[CHAINS], a, b;                                                           \
        for (int n = 0; n < BYTES / 4; n++) {                                                      \
            a[n] = 0.5F, b[n] = 1;                                                                 \
            for (int c = 0; c < CHAINS; c++) sum[c][n] = 0.3F * (float)c;                          \
        }                                                                                          \
        for (int64_t i = 0; i < count; i++)                                                        \
            _Pragma("GCC unroll 12") for (int c = 0; c < CHAINS; c++) sum[c] = sum[c] * a + b;     \
        float all = 0;                                                                             \
        for (int c = 0; c < CHAINS; c++) all += sum[c][0];                                         \
        return all;                                                                                \
    }

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx2,fma")
FMA_LOOP(avx2, 32)
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f")
FMA_LOOP(avx512, 64)
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512bf16,avx512vl")
#include <immintrin.h>
static float bf16_run(int64_t count)
{
    __m512 sum[CHAINS];
    __m512bh a = (__m512bh)_mm512_set1_epi16(0x3e80), b = a; /* 0.25 */
    for (int c = 0; c < CHAINS; c++) sum[c] = _mm512_set1_ps((float)c);
    for (int64_t i = 0; i < count; i++)
        _Pragma("GCC unroll 12") for (int c = 0; c < CHAINS; c++) sum[c] =
            _mm512_dpbf16_ps(sum[c], a, b);
    float all = 0;
    for (int c = 0; c < CHAINS; c++) all += _mm512_reduce_add_ps(sum[c]);
    return all;
}
#pragma GCC pop_options
#else
FMA_LOOP(plain, 16)
#endif

static volatile float sink;

/* Multiplications and additions per second; the best of several. */
static double fma_rate(float (*run)(int64_t), double per_turn)
{
    const int64_t count = 2000000;
    double best = 0;
    for (int n = 0; n < 100; n++) {
        const double start = now();
        sink = run(count);
        const double rate = per_turn * CHAINS * (double)count / (now() - start);
        if (rate > best) best = rate;
    }
    return best;
}

static double peak_flops(lar_precision type)
{
#if defined(__x86_64__)
    if (type == LAR_BFLOAT16 && __builtin_cpu_supports("avx512bf16")) return fma_rate(bf16_run, 64);
    if (__builtin_cpu_supports("avx512f")) return fma_rate(avx512_run, 32);
    return fma_rate(avx2_run, 16);
#else
    (void)type;
    return fma_rate(plain_run, 8);
#endif
}

/* a = b + s c over arrays far larger than any cache; bytes read and written per second. */
static double triad_rate(void)
{
    const int64_t count = 32 << 20;
    float *a = lar_alloc(count, 4), *b = lar_alloc(count, 4), *c = lar_alloc(count, 4);
    double best = 0;
    if (!a || !b || !c) return 1;
    for (int64_t n = 0; n < count; n++) b[n] = c[n] = 1;
    for (int n = 0; n < TIMES; n++) {
        const double start = now();
        for (int64_t i = 0; i < count; i++) a[i] = b[i] + 0.5F * c[i];
        const double rate = 12 * (double)count / (now() - start);
        if (n > 0 && rate > best) best = rate;
        sink = a[n];
    }
    lar_free(a), lar_free(b), lar_free(c);
    return best;
}

/* ---- what is measured ------------------------------------------------------------------ */

typedef struct job {
    const lar_backend *backend;
    lar_precision type;
    int block;
    char **words;
    double flops, bytes; /* of the machine, per second */
} job;

static bool wanted(const job *j, const char *kind)
{
    if (!*j->words) return true;
    for (char **word = j->words; *word; word++)
        if (strstr(kind, *word)) return true;
    return false;
}

static void say(const job *j, const char *kind, double seconds, double flops, double bytes,
                const char *code)
{
    const double rate = (flops > 0 ? flops : bytes) / seconds,
                 peak = flops > 0 ? j->flops : j->bytes;
    printf("%s\t%s\t%.3f\t%.2f\t%s\t%.2f\t%s\n", kind, lar_precision_names[j->type], 1e3 * seconds,
           rate * 1e-9, flops > 0 ? "GF/s" : "GB/s", peak * 1e-9, code);
    fflush(stdout);
}

static int64_t whole(const job *j, int64_t channels)
{
    return (channels + j->block - 1) / j->block * j->block;
}

/* A tensor of about normal size of value, nowhere constant. */
static void *tensor_of(const job *j, int64_t channels, int block, int64_t voxels)
{
    const lar_layout l = { 1, channels, voxels, block, j->type };
    void *tensor = j->backend->memory_new(lar_layout_bytes(&l));
    float *volume = lar_alloc(voxels, sizeof *volume);
    uint32_t state = 1;
    for (int64_t c = 0; tensor && volume && c < channels; c++) {
        for (int64_t v = 0; v < voxels; v++) {
            state = state * 1664525 + 1013904223;
            volume[v] = (float)(state >> 8) * 0x1p-23F - 1;
        }
        j->backend->upload(&l, tensor, 0, c, volume);
    }
    lar_free(volume);
    return tensor;
}

typedef struct conv_case {
    const char *name;
    int64_t in, out;
    int64_t kernel, stride, dilation, padding;
    int64_t shrink; /* of the volume's edges */
    bool transposed;
} conv_case;

static const conv_case conv_cases[] = {
    { "first 1 to 16", 1, 16, 3, 1, 1, 1, 1, false },
    { "first 1 to 32", 1, 32, 3, 1, 1, 1, 1, false },
    { "3x3x3 16 to 16", 16, 16, 3, 1, 1, 1, 1, false },
    { "3x3x3 32 to 32", 32, 32, 3, 1, 1, 1, 1, false },
    { "3x3x3 64 to 64, 1/4", 64, 64, 3, 1, 1, 1, 4, false },
    { "3x3x3 32 to 16", 32, 16, 3, 1, 1, 1, 1, false },
    { "strided 16 to 32", 16, 32, 3, 2, 1, 1, 1, false },
    { "transposed 32 to 16", 16, 32, 2, 2, 1, 0, 1, true },
    { "dilated by 4, 16 to 16", 16, 16, 3, 1, 4, 4, 1, false },
};

static lar_status measure_conv(const job *j, const conv_case *c)
{
    static const char *const passes[2][3] = { { "forward", "data", "weights" },
                                              { "data", "forward", "weights" } };
    lar_status status = LAR_OK;
    const lar_backend *b = j->backend;
    const bool planar = c->in < j->block && b->planar_input(c->in);
    lar_conv *conv = NULL;
    void *in = NULL, *out = NULL, *packed = NULL, *scratch = NULL;
    float *weights = NULL;
    lar_conv_shape s = {
        .batch = 1,
        .in = planar ? c->in : whole(j, c->in),
        .out = whole(j, c->out),
        .groups = 1,
        .type = j->type,
        .planar = planar,
    };
    const int64_t size[3] = { NZ / c->shrink, NY / c->shrink, NX / c->shrink };
    int64_t voxels = 1, out_voxels = 1;
    for (int a = 0; a < 3; a++) {
        s.kernel[a] = c->kernel, s.stride[a] = c->stride;
        s.dilation[a] = c->dilation, s.padding[a] = c->padding;
        s.size[a] = size[a];
        s.out_size[a] =
            (s.size[a] + 2 * c->padding - c->dilation * (c->kernel - 1) - 1) / c->stride + 1;
        voxels *= s.size[a];
        out_voxels *= s.out_size[a];
    }
    const int64_t count = s.out * s.in * c->kernel * c->kernel * c->kernel;
    const double work = 2.0 * (double)(c->kernel * c->kernel * c->kernel) * (double)c->in *
                        (double)c->out * (double)out_voxels; /* true channels only */
    s.passes = planar ? 5 : 7;
    LAR_TRY(b->conv_new(&conv, &s));
    in = tensor_of(j, s.in, planar ? 1 : j->block, voxels);
    out = tensor_of(j, s.out, j->block, out_voxels);
    weights = lar_alloc(count, sizeof *weights);
    packed = b->memory_new(b->conv_packed(conv) + 64);
    if (!in || !out || !weights || !packed) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < count; n++) weights[n] = 0.01F * (float)(n % 17 - 8);
    LAR_TRY(b->conv_pack(conv, weights, packed));
    for (int pass = 0; pass < LAR_CONV_PASSES; pass++) {
        char kind[128];
        double best = 0;
        if (planar && pass == LAR_CONV_DATA) continue;
        snprintf(kind, sizeof kind, "%s, %s", c->name, passes[c->transposed][pass]);
        if (!wanted(j, kind)) continue;
        scratch = b->memory_new(b->conv_scratch(conv, pass) + 64);
        for (int n = 0; scratch && n <= TIMES; n++) {
            const double start = now();
            LAR_TRY(pass == LAR_CONV_FORWARD
                        ? b->conv_forward(conv, packed, in, out, NULL, false, scratch)
                    : pass == LAR_CONV_DATA ? b->conv_data(conv, packed, out, in, scratch)
                                            : b->conv_weights(conv, in, out, weights, scratch));
            const double taken = now() - start;
            if (n == 1 || (n > 1 && taken < best)) best = taken;
        }
        say(j, kind, best, work, 0, b->conv_about(conv, pass));
        b->memory_free(scratch);
        scratch = NULL;
    }
done:
    b->memory_free(scratch);
    b->memory_free(packed);
    b->memory_free(out);
    b->memory_free(in);
    lar_free(weights);
    b->conv_free(conv);
    return status;
}

/* Passes over memory with 16 channels; bytes are those that must be read and written once. */
static lar_status measure_passes(const job *j)
{
    enum { C = 16, EVALUATE, EVALUATE_TWO, STATISTICS, SUMS, BACKWARD, HEAD, HEAD_BACKWARD, ALL };
    static const struct {
        const char *kind;
        int tensors; /* of C channels; the heads also 1 channel of float */
    } what[ALL] = {
        [EVALUATE] = { "norm and ReLU, forward", 2 },
        [EVALUATE_TWO] = { "norm, ReLU and sum, forward", 3 },
        [STATISTICS] = { "statistics of a norm", 1 },
        [SUMS] = { "norm and ReLU, sums of the gradient", 2 },
        [BACKWARD] = { "norm and ReLU, gradient", 3 },
        [HEAD] = { "1x1x1 head, forward", 1 },
        [HEAD_BACKWARD] = { "1x1x1 head, gradient", 2 },
    };
    lar_status status = LAR_OK;
    const lar_backend *b = j->backend;
    const lar_layout l = { 1, whole(j, C), VOXELS, j->block, j->type };
    void *x = tensor_of(j, l.channels, j->block, VOXELS),
         *y = tensor_of(j, l.channels, j->block, VOXELS);
    void *z = b->memory_new(lar_layout_bytes(&l));
    float scale[64], shift[64], mean[64], *volume = lar_alloc(VOXELS, sizeof *volume);
    double sums[64], more[64];
    if (!x || !y || !z || !volume) return LAR_EMEMORY;
    for (int c = 0; c < 64; c++) scale[c] = 1.5F, shift[c] = 0.1F, mean[c] = 0.01F;
    for (int v = 0; v < VOXELS; v++) volume[v] = (float)(v % 13) - 6;
    const lar_term normed = { x, scale, shift, 1, 0 }, bare = { y, NULL, NULL, 1, 1 };
    const lar_value one = { 1, { normed } }, two = { 2, { normed, bare } };
    const lar_term_gradient gradient = { scale, shift, mean, mean };
    for (int k = EVALUATE; k < ALL; k++) {
        double best = 0;
        if (!wanted(j, what[k].kind)) continue;
        for (int n = 0; n <= TIMES; n++) {
            const double start = now();
            switch (k) {
            case EVALUATE:
                b->evaluate(&l, z, &one);
                break;
            case EVALUATE_TWO:
                b->evaluate(&l, z, &two);
                break;
            case STATISTICS:
                LAR_TRY(b->statistics(&l, x, 1, sums, more));
                break;
            case SUMS:
                LAR_TRY(b->gradient_sums(&l, &normed, y, mean, sums, more));
                break;
            case BACKWARD:
                b->term_backward(&l, z, &normed, y, &gradient);
                break;
            case HEAD:
                b->head(&l, &one, scale, shift, 1, volume);
                break;
            default:
                LAR_TRY(b->head_backward(&l, &one, scale, 1, volume, z, sums, more));
            }
            const double taken = now() - start;
            if (n == 1 || (n > 1 && taken < best)) best = taken;
        }
        say(j, what[k].kind, best, 0,
            what[k].tensors * (double)lar_layout_bytes(&l) + (k >= HEAD ? 4.0 * VOXELS : 0), "");
    }
done:
    lar_free(volume);
    b->memory_free(x);
    b->memory_free(y);
    b->memory_free(z);
    return status;
}

int main(int argc, char **argv)
{
    (void)argc;
    lar_threads_set(1);
    const double bytes = triad_rate();
    for (int type = LAR_FLOAT32; type <= LAR_BFLOAT16; type++) {
        job j = { .type = (lar_precision)type, .words = argv + 1, .bytes = bytes };
        if (lar_backend_find(&j.backend, NULL, j.type) != LAR_OK) continue;
        if (j.backend->block(&j.block, j.type) != LAR_OK) continue;
        j.flops = peak_flops(j.type);
        for (size_t n = 0; n < sizeof conv_cases / sizeof *conv_cases; n++)
            if (measure_conv(&j, &conv_cases[n]) != LAR_OK)
                printf("%s\t%s\t0\t0\t\t0\t%s\n", conv_cases[n].name, lar_precision_names[type],
                       lar_error());
        if (measure_passes(&j) != LAR_OK) return 1;
    }
    return 0;
}
