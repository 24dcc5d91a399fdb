/* The first layer tap by tap: a planar input of a few channels, forward, any kernel, stride and
 * dilation, where oneDNN has only its reference loops (bfloat16 with dilation: 500 times as slow).
 * Rows of the input that meet a row of the output are copied as floats with zeros around; a tap is
 * then a distance in a row. SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/clones.h"
#include "tensor/kernels/direct_finish.h"
#include "tensor/kernels/kernels.h"

enum { VOXELS = 8 }; /* whose sums are in registers */

typedef float vector16 __attribute__((vector_size(64), may_alias));
typedef float vector8 __attribute__((vector_size(32), may_alias));

/* A tap of a row: where it meets voxel 0 of the output, and its weights [block]. */
typedef struct tap {
    const float *in, *weights;
} tap;

#define SUMS(BLOCK)                                                                                \
    FMA_CLONES static void sums_##BLOCK(float *out, const tap *taps, int64_t count, int64_t first, \
                                        int64_t stride)                                            \
    {                                                                                              \
        vector##BLOCK sum[VOXELS] = { { 0 } };                                                     \
        for (int64_t t = 0; t < count; t++) {                                                      \
            const vector##BLOCK w = *(const vector##BLOCK *)taps[t].weights;                       \
            const float *in = taps[t].in + first * stride;                                         \
            _Pragma("GCC unroll 8") for (int v = 0; v < VOXELS; v++) sum[v] += in[v * stride] * w; \
        }                                                                                          \
        for (int v = 0; v < VOXELS; v++) ((vector##BLOCK *)out)[v] = sum[v];                       \
    }
SUMS(16)
SUMS(8)

typedef struct work {
    const lar_conv_shape *s;
    int64_t width, rows, taps; /* of a copied row; of copies and taps of a row of output, at most */
    const float *weights;      /* [out block][in channel][tap][block] */
    const void *in;
    direct_finish finish;
    char *scratch; /* of each thread: copies, taps */
} work;

static work work_of(const lar_conv_shape *s, int block)
{
    const int64_t tiles = lar_piece_count(s->out_size[2], VOXELS) * VOXELS;
    work w = { .s = s, .finish = { .type = s->type, .block = block } };
    w.width = (tiles - 1) * s->stride[2] + s->dilation[2] * (s->kernel[2] - 1) + 1;
    w.width = lar_piece_count(w.width, 16) * 16;
    w.rows = s->in * s->kernel[0] * s->kernel[1];
    w.taps = w.rows * s->kernel[2];
    return w;
}

static size_t thread_bytes(const work *w)
{
    return ((size_t)(w->rows * w->width) * sizeof(float) + (size_t)w->taps * sizeof(tap) + 63) /
           64 * 64;
}

/* Row (z, y) of an input channel as floats, with zeros before and behind. */
static void copy_row(const work *w, float *to, int64_t sample, int64_t channel, int64_t z,
                     int64_t y)
{
    const lar_conv_shape *s = w->s;
    const int64_t *size = s->size, before = s->padding[2];
    const int64_t row = (((sample * s->in + channel) * size[0] + z) * size[1] + y) * size[2];
    for (int64_t x = 0; x < w->width; x++) {
        const int64_t at = x - before;
        to[x] = at >= 0 && at < size[2] ? voxel_at(s->type, w->in, row + at) : 0;
    }
}

static void one_row(const work *w, int64_t sample, int64_t z, int64_t y)
{
    const lar_conv_shape *s = w->s;
    const int block = w->finish.block;
    float *copies = (float *)(void *)(w->scratch + (size_t)lar_thread_number() * thread_bytes(w));
    tap *taps = (tap *)(void *)(copies + w->rows * w->width);
    const int64_t blocks = s->out / block, *size = s->out_size, all = w->taps / s->in;
    int64_t count = 0;
    for (int64_t c = 0; c < s->in; c++)
        for (int64_t n = 0; n < s->kernel[0] * s->kernel[1]; n++) {
            const int64_t kz = n / s->kernel[1], ky = n % s->kernel[1];
            const int64_t iz = z * s->stride[0] + kz * s->dilation[0] - s->padding[0];
            const int64_t iy = y * s->stride[1] + ky * s->dilation[1] - s->padding[1];
            if (iz < 0 || iy < 0 || iz >= s->size[0] || iy >= s->size[1]) continue;
            float *row = copies + count / s->kernel[2] * w->width;
            copy_row(w, row, sample, c, iz, iy);
            for (int64_t kx = 0; kx < s->kernel[2]; kx++)
                taps[count++] = (tap){ row + kx * s->dilation[2],
                                       w->weights + (c * all + n * s->kernel[2] + kx) * block };
        }
    for (int64_t b = 0; b < blocks; b++) {
        const int64_t plane = sample * blocks + b;
        const int64_t row = ((plane * size[0] + z) * size[1] + y) * size[2];
        for (int64_t x = 0; x < size[2]; x += VOXELS) {
            float sums[VOXELS * BLOCK_MAX] __attribute__((aligned(64)));
            const int voxels = (int)(size[2] - x < VOXELS ? size[2] - x : VOXELS);
            const int64_t offset = (row + x) * block;
            (block == 16 ? sums_16 : sums_8)(sums, taps, count, x, s->stride[2]);
            direct_finish_term(&w->finish, plane * block, sums, voxels);
            direct_finish_add(&w->finish, plane * block, offset, sums, voxels);
            lar_values_code()->keep(s->type, w->finish.out, offset, sums, voxels * block);
        }
        for (int64_t t = 0; t < count; t++) taps[t].weights += w->taps * block;
    }
}

static lar_status rows(void *arg, int64_t number, int64_t begin, int64_t end)
{
    const work *w = arg;
    const int64_t *size = w->s->out_size;
    (void)number;
    for (int64_t n = begin; n < end; n++)
        one_row(w, n / (size[0] * size[1]), n / size[1] % size[0], n % size[1]);
    return LAR_OK;
}

static bool runs(const lar_conv_shape *s, int block, int pass)
{
    return pass == LAR_CONV_FORWARD && s->planar && s->groups == 1 && (block == 16 || block == 8);
}

static size_t packed_bytes(const lar_conv_shape *s, int block, int pass)
{
    (void)pass;
    return (size_t)(s->out * work_of(s, block).taps) * sizeof(float);
}

static size_t scratch_bytes(const lar_conv_shape *s, int block, int pass)
{
    const work w = work_of(s, block);
    (void)pass;
    return (size_t)lar_threads_get() * thread_bytes(&w);
}

static void pack(const lar_conv_shape *s, int block, int pass, const float *weights, void *packed)
{
    const int64_t taps = work_of(s, block).taps;
    float *to = packed;
    (void)pass;
    for (int64_t o = 0; o < s->out; o++)
        for (int64_t t = 0; t < taps; t++) {
            const float w = weights[o * taps + t];
            to[(o / block * taps + t) * block + o % block] =
                s->type == LAR_BFLOAT16 ? bfloat16_to_float(bfloat16_from_float(w)) : w;
        }
}

static lar_status run(const lar_conv_shape *s, int block, int pass, const void *packed,
                      const void *in, void *out, const lar_term *after, bool add, void *scratch)
{
    const int64_t row_count = s->batch * s->out_size[0] * s->out_size[1];
    work w = work_of(s, block);
    (void)pass;
    w.weights = packed;
    w.in = in;
    w.finish.out = out;
    w.finish.after = after;
    w.finish.add = add;
    w.scratch = scratch;
    return lar_parallel(row_count, 16, rows, &w);
}

const lar_conv_kernel lar_conv_planar = { .name = "direct, planar",
                                          .runs = runs,
                                          .packed = packed_bytes,
                                          .scratch = scratch_bytes,
                                          .pack = pack,
                                          .run = run };
