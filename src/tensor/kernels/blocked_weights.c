/* The gradient of a convolution's weights over blocked layouts: for each pair of blocks and each
 * tap, products of a row of the input with a row of the output's gradient, a whole tile of input by
 * output channels in registers. oneDNN 2.6 has this in vector code for AVX-512 alone, and one float
 * sum per thread; here sums are float within a row and a slab of the volume, double across slabs,
 * and the slabs do not depend on the threads. SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/blocked.h"
#include "tensor/kernels/kernels.h"

enum { SLABS = 32 };

typedef float vector16 __attribute__((vector_size(64), may_alias));
typedef float vector8 __attribute__((vector_size(32), may_alias));

/* AVX2 processors have FMA too, and it is FMA that counts here. */
#if defined(__x86_64__) && defined(__has_attribute) && !defined(__SANITIZE_ADDRESS__) &&           \
    !defined(__SANITIZE_THREAD__)
#if __has_attribute(target_clones)
#define FMA_CLONES __attribute__((target_clones("avx512f", "fma", "default")))
#endif
#endif
#ifndef FMA_CLONES
#define FMA_CLONES
#endif

/* sum[i][o] += in[x][i] * dout[x][o] over a row */
#define BLOCKED_ROW(BLOCK, VECTOR)                                                                 \
    FMA_CLONES static void blocked_row_##BLOCK(float *sum, const float *in, const float *dout,     \
                                               int64_t count)                                      \
    {                                                                                              \
        VECTOR *to = (VECTOR *)sum, row[BLOCK] = { { 0 } };                                        \
        for (int64_t x = 0; x < count; x++) {                                                      \
            const VECTOR d = ((const VECTOR *)dout)[x];                                            \
            _Pragma("GCC unroll 16") for (int i = 0; i < BLOCK; i++) row[i] +=                     \
                in[x * BLOCK + i] * d;                                                             \
        }                                                                                          \
        for (int i = 0; i < BLOCK; i++) to[i] += row[i];                                           \
    }                                                                                              \
    /* the same of one planar input channel; four sums hide the latency */                         \
    FMA_CLONES static void planar_row_##BLOCK(float *sum, const float *in, const float *dout,      \
                                              int64_t count)                                       \
    {                                                                                              \
        const VECTOR *d = (const VECTOR *)dout;                                                    \
        VECTOR a = { 0 }, b = { 0 }, c = { 0 }, e = { 0 };                                         \
        int64_t x = 0;                                                                             \
        for (; x + 4 <= count; x += 4) {                                                           \
            a += in[x] * d[x];                                                                     \
            b += in[x + 1] * d[x + 1];                                                             \
            c += in[x + 2] * d[x + 2];                                                             \
            e += in[x + 3] * d[x + 3];                                                             \
        }                                                                                          \
        for (; x < count; x++) a += in[x] * d[x];                                                  \
        *(VECTOR *)sum += (a + b) + (c + e);                                                       \
    }

BLOCKED_ROW(16, vector16)
BLOCKED_ROW(8, vector8)

typedef struct work {
    const lar_conv_shape *s;
    int block, in_block; /* in_block 1: planar */
    int64_t in_blocks, out_blocks, taps;
    const float *in, *dout;
    float *partial; /* [slab][out block][in block][tap][in_block][block] */
} work;

static int64_t partial_floats(const work *w)
{
    return w->out_blocks * w->in_blocks * w->taps * w->in_block * w->block;
}

/* One row of dout (n, z, y) of one pair of blocks against the rows of the input that its taps meet.
 */
static void one_row(const work *w, float *sums, const float *in, const float *dout, int64_t z,
                    int64_t y)
{
    const lar_conv_shape *s = w->s;
    const int64_t k = s->kernel, half = k / 2, width = s->size[2];
    void (*const row)(float *, const float *, const float *, int64_t) =
        w->in_block == 1 ? (w->block == 16 ? planar_row_16 : planar_row_8)
                         : (w->block == 16 ? blocked_row_16 : blocked_row_8);
    for (int64_t kz = 0; kz < k; kz++)
        for (int64_t ky = 0; ky < k; ky++) {
            const int64_t iz = z + kz - half, iy = y + ky - half;
            if (iz < 0 || iy < 0 || iz >= s->size[0] || iy >= s->size[1]) continue;
            const float *in_row = in + (iz * s->size[1] + iy) * width * w->in_block;
            for (int64_t kx = 0; kx < k; kx++) {
                const int64_t first = kx < half ? half - kx : 0; /* of dout; its input is inside */
                const int64_t end = kx > half ? width - (kx - half) : width;
                if (end > first)
                    row(sums + ((kz * k + ky) * k + kx) * w->in_block * w->block,
                        in_row + (first + kx - half) * w->in_block, dout + first * w->block,
                        end - first);
            }
        }
}

/* A slab: planes z of samples, begin to end of batch * depth. */
static lar_status slab(void *arg, int64_t number, int64_t begin, int64_t end)
{
    const work *w = arg;
    const lar_conv_shape *s = w->s;
    const int64_t voxels = s->size[0] * s->size[1] * s->size[2];
    const int64_t tile = w->taps * w->in_block * w->block;
    float *partial = w->partial + number * partial_floats(w);
    memset(partial, 0, (size_t)partial_floats(w) * sizeof *partial);
    for (int64_t plane = begin; plane < end; plane++) {
        const int64_t n = plane / s->size[0], z = plane % s->size[0];
        for (int64_t y = 0; y < s->size[1]; y++)
            for (int64_t o = 0; o < w->out_blocks; o++) {
                const float *dout = w->dout + ((n * w->out_blocks + o) * voxels +
                                               (z * s->size[1] + y) * s->size[2]) *
                                                  w->block;
                for (int64_t i = 0; i < w->in_blocks; i++)
                    one_row(w, partial + (o * w->in_blocks + i) * tile,
                            w->in + (n * w->in_blocks + i) * voxels * w->in_block, dout, z, y);
            }
    }
    return LAR_OK;
}

static work work_of(const lar_conv_shape *s, int block)
{
    work w = { .s = s, .block = block, .in_block = s->planar ? 1 : block };
    w.taps = s->kernel * s->kernel * s->kernel;
    w.in_blocks = (s->in + w.in_block - 1) / w.in_block;
    w.out_blocks = (s->out + block - 1) / block;
    return w;
}

static int64_t slab_planes(const lar_conv_shape *s)
{
    return lar_piece_count(s->batch * s->size[0], SLABS);
}

size_t lar_blocked_weights_scratch(const lar_conv_shape *s, int block)
{
    const work w = work_of(s, block);
    return (size_t)(lar_piece_count(s->batch * s->size[0], slab_planes(s)) * partial_floats(&w)) *
           sizeof(float);
}

lar_status lar_blocked_weights(const lar_conv_shape *s, int block, const float *in,
                               const float *dout, float *gradient, bool add, void *scratch)
{
    work w = work_of(s, block);
    w.in = in;
    w.dout = dout;
    w.partial = scratch;
    const int64_t planes = s->batch * s->size[0], grain = slab_planes(s);
    const lar_status status = lar_parallel(planes, grain, slab, &w);
    const int64_t slabs = lar_piece_count(planes, grain);
    for (int64_t o = 0; o < s->out; o++)
        for (int64_t i = 0; i < s->in; i++)
            for (int64_t t = 0; t < w.taps; t++) {
                const int64_t pair = o / block * w.in_blocks + i / w.in_block;
                const float *from = w.partial +
                                    ((pair * w.taps + t) * w.in_block + i % w.in_block) * block +
                                    o % block;
                float *to = gradient + (o * s->in + i) * w.taps + t;
                double sum = add ? (double)*to : 0;
                for (int64_t p = 0; p < slabs; p++) sum += (double)from[p * partial_floats(&w)];
                *to = (float)sum;
            }
    return status;
}
