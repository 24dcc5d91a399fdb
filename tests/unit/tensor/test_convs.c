/* Every way to run a pass of a convolution against the plain twin: shapes of residual networks,
 * U-Nets and dilated networks, and odd ones; both precisions and blocks; any number of threads.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "math/math.h"
#include "tensor/kernels/amx.h"
#include "tensor/kernels/kernels.h"
#include "tensor/kernels/onednn_pass.h"
#include "tensor/kernels/voxel.h"

/* Channels are in blocks; a planar input has so many channels. */
typedef struct example {
    const char *name;
    int64_t batch, in, out, groups;
    int64_t kernel[3], stride[3], dilation[3], padding[3], size[3];
    bool planar;
} example;

#define CUBE(n)                                                                                    \
    {                                                                                              \
        n, n, n                                                                                    \
    }
static const example examples[] = {
    { "3x3x3", 2, 1, 2, 1, CUBE(3), CUBE(1), CUBE(1), CUBE(1), { 5, 6, 19 }, false },
    { "3x3x3, long rows", 1, 1, 1, 1, CUBE(3), CUBE(1), CUBE(1), CUBE(1), { 3, 5, 131 }, false },
    { "3x3x3, many blocks", 1, 3, 2, 1, CUBE(3), CUBE(1), CUBE(1), CUBE(1), { 4, 17, 5 }, false },
    { "3x3x3, one voxel", 1, 1, 1, 1, CUBE(3), CUBE(1), CUBE(1), CUBE(1), CUBE(1), false },
    { "3x3x3 without padding", 1, 1, 1, 1, CUBE(3), CUBE(1), CUBE(1), CUBE(0), CUBE(7), false },
    { "down by 3x3x3, odd", 2, 1, 2, 1, CUBE(3), CUBE(2), CUBE(1), CUBE(1), { 7, 9, 17 }, false },
    { "down by 3x3x3, even", 1, 2, 1, 1, CUBE(3), CUBE(2), CUBE(1), CUBE(1), { 6, 8, 10 }, false },
    { "up by 2x2x2", 1, 1, 2, 1, CUBE(2), CUBE(2), CUBE(1), CUBE(0), { 6, 8, 10 }, false },
    { "up by 2x2x2, odd", 1, 1, 1, 1, CUBE(2), CUBE(2), CUBE(1), CUBE(0), { 5, 7, 9 }, false },
    { "up by 4x4x4", 1, 1, 1, 1, CUBE(4), CUBE(2), CUBE(1), CUBE(1), { 6, 8, 10 }, false },
    { "1x1x1", 2, 2, 1, 1, CUBE(1), CUBE(1), CUBE(1), CUBE(0), { 3, 5, 7 }, false },
    { "1x1x1 down", 1, 1, 2, 1, CUBE(1), CUBE(2), CUBE(1), CUBE(0), { 5, 6, 9 }, false },
    { "dilation 2", 1, 1, 1, 1, CUBE(3), CUBE(1), CUBE(2), CUBE(2), { 5, 6, 19 }, false },
    { "dilation 4", 1, 1, 1, 1, CUBE(3), CUBE(1), CUBE(4), CUBE(4), { 7, 9, 11 }, false },
    { "dilation 8", 1, 1, 1, 1, CUBE(3), CUBE(1), CUBE(8), CUBE(8), { 9, 10, 17 }, false },
    { "dilation 16", 1, 1, 1, 1, CUBE(3), CUBE(1), CUBE(16), CUBE(16), { 2, 18, 35 }, false },
    { "5x5x5", 1, 1, 1, 1, CUBE(5), CUBE(1), CUBE(1), CUBE(2), { 5, 6, 7 }, false },
    { "two groups", 1, 4, 2, 2, CUBE(3), CUBE(1), CUBE(1), CUBE(1), { 4, 5, 6 }, false },
    { "three groups down", 1, 3, 3, 3, CUBE(3), CUBE(2), CUBE(1), CUBE(1), { 4, 5, 6 }, false },
    { "axes of their own",
      2,
      1,
      1,
      1,
      { 2, 3, 4 },
      { 1, 2, 3 },
      { 3, 2, 1 },
      { 1, 0, 2 },
      { 5, 9, 14 },
      false },
    { "more padding than kernel",
      1,
      1,
      1,
      1,
      { 1, 1, 2 },
      CUBE(1),
      CUBE(1),
      { 0, 0, 3 },
      CUBE(4),
      false },
    { "in a plane", 2, 2, 1, 1, { 1, 3, 3 }, CUBE(1), CUBE(1), { 0, 1, 1 }, { 1, 33, 18 }, false },
    { "in a plane, up",
      1,
      1,
      1,
      1,
      { 1, 2, 2 },
      { 1, 2, 2 },
      CUBE(1),
      CUBE(0),
      { 1, 10, 12 },
      false },
    { "dilation 2, blocks", 2, 2, 3, 1, CUBE(3), CUBE(1), CUBE(2), CUBE(2), { 3, 7, 21 }, false },
    { "dilation 2, odd blocks",
      1,
      3,
      1,
      1,
      CUBE(3),
      CUBE(1),
      CUBE(2),
      CUBE(2),
      { 4, 5, 9 },
      false },
    { "dilation 4, small", 2, 1, 2, 1, CUBE(3), CUBE(1), CUBE(4), CUBE(4), { 3, 2, 3 }, false },
    { "dilation 8, cut", 1, 1, 1, 1, CUBE(3), CUBE(1), CUBE(8), CUBE(0), { 17, 18, 20 }, false },
    { "dilation 16, small",
      1,
      1,
      1,
      1,
      CUBE(3),
      CUBE(1),
      CUBE(16),
      CUBE(16),
      { 5, 33, 15 },
      false },
    { "dilation 3, wide", 1, 1, 1, 1, CUBE(3), CUBE(1), CUBE(3), { 4, 5, 7 }, { 4, 5, 6 }, false },
    { "dilation 3, narrow",
      1,
      1,
      1,
      1,
      CUBE(3),
      CUBE(1),
      CUBE(3),
      { 2, 1, 2 },
      { 4, 7, 16 },
      false },
    { "slabs in strips", 1, 1, 2, 1, CUBE(3), CUBE(1), CUBE(1), CUBE(0), { 3, 24, 501 }, false },
    { "slabs", 3, 1, 1, 1, CUBE(3), CUBE(1), CUBE(1), CUBE(0), { 4, 7, 14 }, false },
    { "many planes", 1, 1, 1, 1, CUBE(3), CUBE(1), CUBE(1), CUBE(1), { 70, 3, 4 }, false },
    { "strips", 1, 2, 2, 1, { 3, 3, 1 }, CUBE(1), CUBE(1), { 1, 1, 0 }, { 2, 90, 67 }, false },
    { "7x5x6", 1, 1, 1, 1, { 7, 5, 6 }, CUBE(1), { 1, 2, 1 }, { 3, 4, 2 }, { 8, 9, 10 }, false },
    { "planar, one channel", 2, 1, 1, 1, CUBE(3), CUBE(1), CUBE(1), CUBE(1), { 5, 6, 19 }, true },
    { "planar, three channels",
      1,
      3,
      2,
      1,
      CUBE(3),
      CUBE(1),
      CUBE(1),
      CUBE(1),
      { 5, 17, 8 },
      true },
    { "planar, 5x5x5", 1, 1, 1, 1, CUBE(5), CUBE(1), CUBE(1), CUBE(2), { 5, 6, 7 }, true },
    { "planar, down", 1, 2, 1, 1, CUBE(3), CUBE(2), CUBE(1), CUBE(1), { 5, 7, 12 }, true },
    { "planar, 1x1x1", 1, 2, 1, 1, CUBE(1), CUBE(1), CUBE(1), CUBE(0), { 2, 3, 7 }, true },
    { "planar, in a plane",
      1,
      1,
      1,
      1,
      { 1, 3, 3 },
      CUBE(1),
      CUBE(1),
      { 0, 1, 1 },
      { 1, 33, 18 },
      true },
};
enum { EXAMPLES = sizeof examples / sizeof *examples };

static lar_conv_shape shape_of(const example *e, int block, lar_precision type)
{
    lar_conv_shape s = { .batch = e->batch,
                         .in = e->planar ? e->in : e->in * block,
                         .out = e->out * block,
                         .groups = e->groups,
                         .type = type,
                         .planar = e->planar,
                         .passes = e->planar ? 5 : 7 };
    for (int a = 0; a < 3; a++) {
        s.kernel[a] = e->kernel[a];
        s.stride[a] = e->stride[a];
        s.dilation[a] = e->dilation[a];
        s.padding[a] = e->padding[a];
        s.size[a] = e->size[a];
        s.out_size[a] =
            (s.size[a] + 2 * s.padding[a] - s.dilation[a] * (s.kernel[a] - 1) - 1) / s.stride[a] +
            1;
        assert_true(s.out_size[a] >= 1);
    }
    return s;
}

static int64_t volume(const int64_t size[3])
{
    return size[0] * size[1] * size[2];
}

static int64_t weight_count(const lar_conv_shape *s)
{
    return s->out * (s->in / s->groups) * volume(s->kernel);
}

static int64_t input_count(const lar_conv_shape *s)
{
    return s->batch * s->in * volume(s->size);
}

static int64_t output_count(const lar_conv_shape *s)
{
    return s->batch * s->out * volume(s->out_size);
}

/* How many numbers a pass reads (its voxels) and writes, and in which precision it writes. */
static int64_t from_count(const lar_conv_shape *s, int pass)
{
    return pass == LAR_CONV_DATA ? output_count(s) : input_count(s);
}

static int64_t to_count(const lar_conv_shape *s, int pass)
{
    return pass == LAR_CONV_FORWARD ? output_count(s)
           : pass == LAR_CONV_DATA  ? input_count(s)
                                    : weight_count(s);
}

static lar_precision to_type(const lar_conv_shape *s, int pass)
{
    return pass == LAR_CONV_WEIGHTS ? LAR_FLOAT32 : s->type;
}

/* Normal numbers that bfloat16 holds exactly, so that rounded copies of weights are the weights. */
static void *draw(int64_t count, lar_precision type, uint64_t stream)
{
    void *values = lar_alloc_raw(count, sizeof(float));
    assert_non_null(values);
    for (int64_t n = 0; n < count; n++) {
        const float x = (float)lar_random_normal(7, stream, (uint64_t)n);
        voxel_set(type, values, n, bfloat16_to_float(bfloat16_from_float(x)));
    }
    return values;
}

static void *absolute(const void *values, int64_t count, lar_precision type)
{
    void *out = lar_alloc_raw(count, sizeof(float));
    assert_non_null(out);
    for (int64_t n = 0; n < count; n++) voxel_set(type, out, n, fabsf(voxel_at(type, values, n)));
    return out;
}

/* Memory that ends where a page does, with pages on both sides that nobody may touch: loads of
 * tiles are no business of sanitizers. */
static size_t fence_bytes(size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (bytes + page - 1) / page * page;
}

static void *fenced(size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), inner = fence_bytes(bytes);
    char *all = mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(all != MAP_FAILED);
    if (inner) assert_int_equal(mprotect(all + page, inner, PROT_READ | PROT_WRITE), 0);
    return all + page + inner - bytes;
}

static void unfence(void *memory, size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), inner = fence_bytes(bytes);
    assert_int_equal(munmap((char *)memory + bytes - inner - page, inner + 2 * page), 0);
}

/* A kernel of the table, or oneDNN with NULL. weights: of the convolution, or with LAR_CONV_WEIGHTS
 * its input. */
static void run(const lar_conv_kernel *kernel, const lar_conv_shape *s, int block, int pass,
                const void *weights, const void *in, void *out, const lar_term *after, bool add)
{
    lar_onednn_pass *p = NULL;
    if (!kernel) CHECK_OK(lar_onednn_pass_new(&p, s, block, pass));
    const size_t bytes = kernel ? kernel->packed(s, block, pass) : lar_onednn_pass_packed(p);
    const size_t room = kernel ? kernel->scratch(s, block, pass) : lar_onednn_pass_scratch(p);
    void *packed = fenced((bytes + 63) / 64 * 64), *scratch = fenced((room + 63) / 64 * 64);
    memset(packed, 0xff, bytes);
    memset(scratch, 0xff, room); /* NaN: nothing may be read that was not written */
    if (kernel) {
        if (pass != LAR_CONV_WEIGHTS) kernel->pack(s, block, pass, weights, packed);
        CHECK_OK(kernel->run(s, block, pass, pass == LAR_CONV_WEIGHTS ? weights : packed, in, out,
                             after, add, scratch));
    } else {
        CHECK_OK(lar_onednn_pass_pack(p, weights, packed));
        CHECK_OK(lar_onednn_pass_run(p, packed, in, out, scratch));
    }
    lar_onednn_pass_free(p);
    unfence(packed, (bytes + 63) / 64 * 64);
    unfence(scratch, (room + 63) / 64 * 64);
}

/* A sum of n products in float differs from the exact one by at most about n * u * S, with u =
 * 2^-24 and S the sum of their absolute values, in whatever order it is taken (Higham, Accuracy and
 * Stability of Numerical Algorithms, section 3.1; DOI 10.1137/1.9780898718027). n counts what meets
 * in one sum. Both sides are then rounded once to what they are stored in: half a unit in the last
 * place each, 2^-24 of the value in float32, 2^-8 in bfloat16. */
static double unit_of(lar_precision type)
{
    return type == LAR_BFLOAT16 ? 0x1p-8 : 0x1p-24;
}

static double sum_bound(const lar_conv_shape *s, int pass, const void *sums, int64_t n)
{
    const int64_t products = pass == LAR_CONV_WEIGHTS ? s->batch * volume(s->out_size)
                                                      : (pass == LAR_CONV_DATA ? s->out : s->in) /
                                                            s->groups * volume(s->kernel);
    const lar_precision type = to_type(s, pass);
    /* S was rounded too */
    return (double)products * 0x1p-24 * (double)voxel_at(type, sums, n) * (1 + unit_of(type)) +
           0x1p-126;
}

static void compare(const char *name, const lar_conv_shape *s, int pass, const void *ours,
                    const void *twin, const void *sums)
{
    const lar_precision type = to_type(s, pass);
    for (int64_t n = 0; n < to_count(s, pass); n++) {
        const double a = (double)voxel_at(type, ours, n), b = (double)voxel_at(type, twin, n);
        const double bound = sum_bound(s, pass, sums, n) + unit_of(type) * (fabs(a) + fabs(b));
        if (!(fabs(a - b) <= bound))
            fail_msg("%s, %s, pass %d: number %lld is %.9g, the twin's %.9g, bound %.3g", name,
                     lar_precision_names[s->type], pass, (long long)n, a, b, bound);
    }
}

/* One pass of one example: against the twin, and the same bits with three threads. */
static void pass_agrees(const lar_conv_kernel *kernel, const example *e, const lar_conv_shape *s,
                        int block, int pass)
{
    const bool weighing = pass == LAR_CONV_WEIGHTS;
    const lar_precision first_type = weighing ? s->type : LAR_FLOAT32;
    const int64_t first_count = weighing ? input_count(s) : weight_count(s);
    const int64_t in_count = weighing ? output_count(s) : from_count(s, pass);
    const size_t bytes = (size_t)to_count(s, pass) * voxel_bytes(to_type(s, pass));
    void *first = draw(first_count, first_type, 1), *drawn = draw(in_count, s->type, 2);
    void *first_abs = absolute(first, first_count, first_type),
         *in_abs = absolute(drawn, in_count, s->type);
    const size_t in_bytes = (size_t)in_count * voxel_bytes(s->type);
    void *in = fenced(in_bytes), *out[4];
    memcpy(in, drawn, in_bytes);
    for (int n = 0; n < 4; n++) {
        out[n] = fenced(bytes);
        memset(out[n], 0xff, bytes);
    }
    for (int n = 0; n < 2; n++) {
        lar_threads_set(n ? 3 : 1);
        run(kernel, s, block, pass, first, in, out[n], NULL, false);
    }
    lar_threads_set(0);
    run(&lar_conv_plain, s, block, pass, first, in, out[2], NULL, false);
    run(&lar_conv_plain, s, block, pass, first_abs, in_abs, out[3], NULL, false);
    compare(e->name, s, pass, out[0], out[2], out[3]);
    if (memcmp(out[0], out[1], bytes) != 0)
        fail_msg("%s, pass %d: other bits with three threads", e->name, pass);
    for (int n = 0; n < 4; n++) unfence(out[n], bytes);
    lar_free(first);
    unfence(in, in_bytes);
    lar_free(drawn);
    lar_free(first_abs);
    lar_free(in_abs);
}

static void all_examples(const lar_conv_kernel *kernel, unsigned passes, int block,
                         lar_precision type)
{
    for (int n = 0; n < EXAMPLES; n++) {
        const lar_conv_shape s = shape_of(&examples[n], block, type);
        for (int pass = 0; pass < LAR_CONV_PASSES; pass++)
            if (s.passes & passes & 1U << pass && (!kernel || kernel->runs(&s, block, pass)))
                pass_agrees(kernel, &examples[n], &s, block, pass);
    }
}

static void direct_weights(void **state)
{
    /* a slab that is copied in several parts, each of several strips of rows */
    static const example large = { "large plane", 1,       1,       1,           1,
                                   { 1, 3, 3 },   CUBE(1), CUBE(1), { 0, 1, 1 }, { 1, 170, 401 },
                                   false };
    (void)state;
    for (int type = LAR_FLOAT32; type <= LAR_BFLOAT16; type++) {
        const int block = type == LAR_FLOAT32 ? 8 : 16;
        const lar_conv_shape s = shape_of(&large, block, type);
        pass_agrees(&lar_conv_direct_weights, &large, &s, block, LAR_CONV_WEIGHTS);
    }
    for (int block = 8; block <= 16; block += 8)
        for (int type = LAR_FLOAT32; type <= LAR_BFLOAT16; type++)
            all_examples(&lar_conv_direct_weights, 1U << LAR_CONV_WEIGHTS, block, type);
}

static void direct(void **state)
{
    (void)state;
    for (int block = 8; block <= 16; block += 8)
        for (int type = LAR_FLOAT32; type <= LAR_BFLOAT16; type++)
            all_examples(&lar_conv_direct, 1U << LAR_CONV_FORWARD | 1U << LAR_CONV_DATA, block,
                         type);
}

static void amx(void **state)
{
    /* whose result goes past the caches */
    static const example large = { "large", 1,       1,       1,       1,
                                   CUBE(1), CUBE(1), CUBE(1), CUBE(0), { 64, 65, 253 },
                                   false };
    (void)state;
    if (!lar_amx_ready()) {
        print_message("no AMX here\n");
        skip();
    }
    const lar_conv_shape s = shape_of(&large, 16, LAR_BFLOAT16);
    pass_agrees(&lar_conv_amx, &large, &s, 16, LAR_CONV_FORWARD);
    all_examples(&lar_conv_amx, 1U << LAR_CONV_FORWARD | 1U << LAR_CONV_DATA, 16, LAR_BFLOAT16);
}

static void onednn_primitives(void **state)
{
    (void)state;
    for (int type = LAR_FLOAT32; type <= LAR_BFLOAT16; type++) {
        int block;
        if (lar_backend_onednn.block(&block, type) != LAR_OK) continue;
        all_examples(NULL, 1U << LAR_CONV_FORWARD | 1U << LAR_CONV_DATA, block, type);
    }
}

/* Forward by the backend, finished with `after` or onto what is there, as prediction (forward
 * alone) or training would have it. */
static void run_backend(const lar_conv_shape *s, unsigned passes, const float *weights,
                        const void *in, void *out, const lar_term *after, bool add)
{
    const lar_backend *x = &lar_backend_onednn;
    lar_conv_shape wanted = *s;
    lar_conv *conv;
    wanted.passes = passes;
    CHECK_OK(x->conv_new(&conv, &wanted));
    for (int pass = 0; pass < LAR_CONV_PASSES; pass++) {
        assert_false(strstr(x->conv_about(conv, pass), "ref")); /* nothing runs in slow loops */
        assert_int_equal(!*x->conv_about(conv, pass), !(passes & 1U << pass));
        if (!(passes & 1U << pass)) assert_int_equal(x->conv_scratch(conv, pass), 0);
    }
    void *packed = lar_alloc((int64_t)x->conv_packed(conv), 1);
    void *scratch = lar_alloc_raw((int64_t)x->conv_scratch(conv, LAR_CONV_FORWARD), 1);
    assert_true(packed && scratch);
    CHECK_OK(x->conv_pack(conv, weights, packed));
    CHECK_OK(x->conv_forward(conv, packed, in, out, after, add, scratch));
    x->conv_free(conv);
    lar_free(packed);
    lar_free(scratch);
}

/* `after` multiplies by scale and by slopes of at most 1, and adds the shift: three more roundings
 * to float of what is at most |scale * x| + |shift|, and one of the sum with what was there. Where
 * the sum x is stored before, it is rounded to the precision there, too. */
static void finished(const example *e, const lar_conv_shape *s, unsigned passes, bool change,
                     bool add)
{
    const lar_conv_kernel *twin = &lar_conv_plain;
    const int64_t count = output_count(s), voxels = volume(s->out_size);
    int block;
    CHECK_OK(lar_backend_onednn.block(&block, s->type));
    float *weights = draw(weight_count(s), LAR_FLOAT32, 1);
    float *scale = draw(s->batch * s->out, LAR_FLOAT32, 3);
    float *shift = draw(s->batch * s->out, LAR_FLOAT32, 4);
    void *in = draw(input_count(s), s->type, 2), *old = draw(count, s->type, 5);
    void *weights_abs = absolute(weights, weight_count(s), LAR_FLOAT32),
         *in_abs = absolute(in, input_count(s), s->type);
    void *ours = draw(count, s->type, 5), *theirs = draw(count, s->type, 5);
    void *bare = draw(count, s->type, 5), *sums = draw(count, s->type, 5);
    const lar_term term = { .scale = scale, .shift = shift, .before = 0.5F, .after = 0.25F };
    const lar_term *after = change ? &term : NULL;
    run_backend(s, passes, weights, in, ours, after, add);
    run(twin, s, block, LAR_CONV_FORWARD, weights, in, theirs, after, add);
    run(twin, s, block, LAR_CONV_FORWARD, weights, in, bare, NULL, false);
    run(twin, s, block, LAR_CONV_FORWARD, weights_abs, in_abs, sums, NULL, false);
    const double u = unit_of(s->type);
    for (int64_t n = 0; n < count; n++) {
        const int64_t plane = n / block / voxels;
        const int64_t channel = plane * block + n % block;
        const double a = (double)voxel_at(s->type, ours, n),
                     b = (double)voxel_at(s->type, theirs, n),
                     x = fabs((double)voxel_at(s->type, bare, n));
        const double factor = change ? fabs((double)scale[channel]) : 1,
                     plus = change ? fabs((double)shift[channel]) : 0,
                     was = add ? fabs((double)voxel_at(s->type, old, n)) : 0;
        const double bound = factor * (sum_bound(s, LAR_CONV_FORWARD, sums, n) + u * x * (1 + u)) +
                             4 * 0x1p-24 * (factor * x + plus + was) + u * (fabs(a) + fabs(b));
        if (!(fabs(a - b) <= bound))
            fail_msg("%s, %s, passes %u, after %d, add %d: number %lld is %.9g, the twin's %.9g",
                     e->name, lar_precision_names[s->type], passes, change, add, (long long)n, a,
                     b);
    }
    void *all[] = { weights, scale, shift, in, old, weights_abs, in_abs, ours, theirs, bare, sums };
    for (size_t n = 0; n < sizeof all / sizeof *all; n++) lar_free(all[n]);
}

/* Winograd's sums hold numbers that the direct ones do not, so that these bounds are not its; it
 * has a test of its own. */
static void backend_finishes(void **state)
{
    (void)state;
    for (int type = LAR_FLOAT32; type <= LAR_BFLOAT16; type++) {
        int block;
        if (lar_backend_onednn.block(&block, type) != LAR_OK) continue;
        for (int n = 0; n < EXAMPLES; n++) {
            const lar_conv_shape s = shape_of(&examples[n], block, type);
            if (!lar_conv_amx.runs(&s, block, LAR_CONV_FORWARD) &&
                (lar_conv_winograd.runs(&s, block, LAR_CONV_FORWARD) ||
                 lar_conv_winograd_bfloat16.runs(&s, block, LAR_CONV_FORWARD)))
                continue;
            for (int how = 0; how < 4; how++) {
                finished(&examples[n], &s, 1U << LAR_CONV_FORWARD, how & 1, how & 2);
                finished(&examples[n], &s, s.passes, how & 1, how & 2);
            }
        }
    }
}

static void missing_bfloat16_is_told(void **state)
{
    int block;
    (void)state;
    CHECK_OK(lar_backend_onednn.block(&block, LAR_FLOAT32));
    if (block == 16)
        CHECK_OK(lar_backend_onednn.block(&block, LAR_BFLOAT16));
    else
        CHECK_FAILS(lar_backend_onednn.block(&block, LAR_BFLOAT16), LAR_EUNSUPPORTED,
                    "try precision: float32");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(direct_weights),
        cmocka_unit_test(direct),
        cmocka_unit_test(amx),
        cmocka_unit_test(onednn_primitives),
        cmocka_unit_test(backend_finishes),
        cmocka_unit_test(missing_bfloat16_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
