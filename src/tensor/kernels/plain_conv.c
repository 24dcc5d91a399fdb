/* The plain twin of the convolutions: planar layout, double sums, no packing. Slow, and right by
 * reading it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "tensor/kernels/kernels.h"

struct lar_conv {
    lar_conv_shape shape;
};

static void about(char *words, size_t room)
{
    snprintf(words, room, "loops in C, slow: what the others are checked against");
}

static lar_status block(int *out)
{
    *out = 1;
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

static int64_t taps_of(const lar_conv_shape *s)
{
    return s->kernel * s->kernel * s->kernel;
}

static size_t conv_packed(const lar_conv *conv)
{
    return (size_t)(conv->shape.out * conv->shape.in * taps_of(&conv->shape)) * sizeof(float);
}

static size_t conv_scratch(const lar_conv *conv, int pass)
{
    (void)conv, (void)pass;
    return 0;
}

static lar_status conv_pack(lar_conv *conv, const float *weights, void *packed)
{
    memcpy(packed, weights, conv_packed(conv));
    return LAR_OK;
}

/* What all three passes visit: each pair of an output voxel and an input voxel that a tap joins. */
typedef struct tap_visit {
    int64_t out, in, tap; /* voxel of the output, voxel of the input, place in the kernel */
} tap_visit;

static int64_t tap_list(const lar_conv_shape *s, int64_t z, int64_t y, int64_t x, tap_visit *list)
{
    const int64_t k = s->kernel, half = k / 2;
    int64_t count = 0;
    for (int64_t kz = 0; kz < k; kz++)
        for (int64_t ky = 0; ky < k; ky++)
            for (int64_t kx = 0; kx < k; kx++) {
                const int64_t iz = z + kz - half, iy = y + ky - half, ix = x + kx - half;
                if (iz < 0 || iy < 0 || ix < 0) continue;
                if (iz >= s->size[0] || iy >= s->size[1] || ix >= s->size[2]) continue;
                list[count++] =
                    (tap_visit){ (z * s->size[1] + y) * s->size[2] + x,
                                 (iz * s->size[1] + iy) * s->size[2] + ix, (kz * k + ky) * k + kx };
            }
    return count;
}

/* Calls visit for every voxel with its taps. */
typedef void (*visitor)(void *arg, const tap_visit *list, int64_t count);

static lar_status each_voxel(const lar_conv_shape *s, visitor visit, void *arg)
{
    tap_visit *list = lar_alloc(taps_of(s), sizeof *list);
    if (!list) return LAR_EMEMORY;
    for (int64_t z = 0; z < s->size[0]; z++)
        for (int64_t y = 0; y < s->size[1]; y++)
            for (int64_t x = 0; x < s->size[2]; x++) visit(arg, list, tap_list(s, z, y, x, list));
    lar_free(list);
    return LAR_OK;
}

typedef struct conv_work {
    const lar_conv_shape *s;
    const float *weights, *in, *dout;
    float *out;
    double *sums;
} conv_work;

static int64_t voxels_of(const lar_conv_shape *s)
{
    return s->size[0] * s->size[1] * s->size[2];
}

static void forward_voxel(void *arg, const tap_visit *list, int64_t count)
{
    const conv_work *w = arg;
    const lar_conv_shape *s = w->s;
    const int64_t voxels = voxels_of(s), taps = taps_of(s);
    for (int64_t n = 0; n < s->batch; n++)
        for (int64_t o = 0; o < s->out; o++) {
            double sum = 0;
            for (int64_t c = 0; c < s->in; c++)
                for (int64_t t = 0; t < count; t++)
                    sum += (double)w->weights[(o * s->in + c) * taps + list[t].tap] *
                           (double)w->in[(n * s->in + c) * voxels + list[t].in];
            w->out[(n * s->out + o) * voxels + list[0].out] = (float)sum;
        }
}

static lar_status conv_forward(lar_conv *conv, const void *packed, const float *in, float *out,
                               void *scratch)
{
    (void)scratch;
    conv_work work = { .s = &conv->shape, .weights = packed, .in = in, .out = out };
    return each_voxel(&conv->shape, forward_voxel, &work);
}

static void data_voxel(void *arg, const tap_visit *list, int64_t count)
{
    const conv_work *w = arg;
    const lar_conv_shape *s = w->s;
    const int64_t voxels = voxels_of(s), taps = taps_of(s);
    for (int64_t n = 0; n < s->batch; n++)
        for (int64_t o = 0; o < s->out; o++)
            for (int64_t c = 0; c < s->in; c++)
                for (int64_t t = 0; t < count; t++)
                    w->sums[(n * s->in + c) * voxels + list[t].in] +=
                        (double)w->weights[(o * s->in + c) * taps + list[t].tap] *
                        (double)w->dout[(n * s->out + o) * voxels + list[t].out];
}

static lar_status conv_data(lar_conv *conv, const void *packed, const float *dout, float *din,
                            void *scratch)
{
    (void)scratch;
    const lar_conv_shape *s = &conv->shape;
    const int64_t count = s->batch * s->in * voxels_of(s);
    double *sums = lar_alloc(count, sizeof *sums);
    if (!sums) return LAR_EMEMORY;
    conv_work work = { .s = s, .weights = packed, .dout = dout, .sums = sums };
    const lar_status status = each_voxel(s, data_voxel, &work);
    for (int64_t n = 0; n < count; n++) din[n] = (float)sums[n];
    lar_free(sums);
    return status;
}

static void weights_voxel(void *arg, const tap_visit *list, int64_t count)
{
    const conv_work *w = arg;
    const lar_conv_shape *s = w->s;
    const int64_t voxels = voxels_of(s), taps = taps_of(s);
    for (int64_t n = 0; n < s->batch; n++)
        for (int64_t o = 0; o < s->out; o++)
            for (int64_t c = 0; c < s->in; c++)
                for (int64_t t = 0; t < count; t++)
                    w->sums[(o * s->in + c) * taps + list[t].tap] +=
                        (double)w->in[(n * s->in + c) * voxels + list[t].in] *
                        (double)w->dout[(n * s->out + o) * voxels + list[t].out];
}

static lar_status conv_weights(lar_conv *conv, const float *in, const float *dout, float *gradient,
                               bool add, void *scratch)
{
    (void)scratch;
    const lar_conv_shape *s = &conv->shape;
    const int64_t count = s->out * s->in * taps_of(s);
    double *sums = lar_alloc(count, sizeof *sums);
    if (!sums) return LAR_EMEMORY;
    conv_work work = { .s = s, .in = in, .dout = dout, .sums = sums };
    const lar_status status = each_voxel(s, weights_voxel, &work);
    for (int64_t n = 0; n < count; n++)
        gradient[n] = (float)(add ? (double)gradient[n] + sums[n] : sums[n]);
    lar_free(sums);
    return status;
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
    .upload = lar_plain_upload,
    .download = lar_plain_download,
    .evaluate = lar_plain_evaluate,
    .add = lar_plain_add,
    .statistics = lar_plain_statistics,
    .gradient_sums = lar_plain_gradient_sums,
    .term_backward = lar_plain_term_backward,
    .head = lar_plain_head,
    .head_backward = lar_plain_head_backward,
    .conv_new = conv_new,
    .conv_free = conv_free,
    .conv_packed = conv_packed,
    .conv_scratch = conv_scratch,
    .conv_pack = conv_pack,
    .conv_forward = conv_forward,
    .conv_data = conv_data,
    .conv_weights = conv_weights,
};
