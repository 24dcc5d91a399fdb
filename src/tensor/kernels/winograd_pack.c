/* Weights of Winograd's convolution: G w G' along each axis, 27 taps to 64 frequencies.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/winograd.h"

enum { LANES = 16 };

/* Three taps to four frequencies, both `step` apart, of several output channels. */
INLINE void spread(double (*to)[LANES], double (*from)[LANES], int step)
{
    for (int k = 0; k < LANES; k++) {
        const double even = from[0][k] + from[2 * step][k], odd = from[step][k];
        to[0][k] = from[0][k];
        to[step][k] = (even + odd) / 2;
        to[2 * step][k] = (even - odd) / 2;
        to[3 * step][k] = from[2 * step][k];
    }
}

FMA_CLONES static void frequencies(double (*to)[LANES], double (*taps)[LANES])
{
    double a[36][LANES], b[48][LANES];
    for (int n = 0; n < 9; n++) spread(a + n, taps + n, 9);
    for (int z = 0; z < 4; z++)
        for (int x = 0; x < 3; x++) spread(b + 12 * z + x, a + 9 * z + x, 3);
    for (int n = 0; n < 16; n++) spread(to + 4 * n, b + 3 * n, 1);
}

typedef struct work {
    const lar_conv_shape *s;
    int block;
    bool data;
    const float *weights;
    float *packed;
} work;

/* For one block of output channels and one input channel, numbers begin to end. */
static lar_status piece(void *arg, int64_t number, int64_t begin, int64_t end)
{
    (void)number;
    const work *w = arg;
    const int64_t in = w->data ? w->s->out : w->s->in, out = w->data ? w->s->in : w->s->out;
    const int block = w->block;
    double taps[27][LANES] = { { 0 } }, f[64][LANES];
    for (int64_t n = begin; n < end; n++) {
        const int64_t o = n / in, i = n % in;
        for (int k = 0; k < block; k++) {
            const int64_t from = o * block + k; /* an output channel */
            const float *w27 = w->weights + (w->data ? i * out + from : from * in + i) * 27;
            for (int t = 0; t < 27; t++) taps[t][k] = (double)w27[w->data ? 26 - t : t];
        }
        frequencies(f, taps);
        for (int q = 0; q < 64; q++) {
            float *to = w->packed + (((q / 4 * (out / block) + o) * in + i) * 4 + q % 4) * block;
            for (int k = 0; k < block; k++) to[k] = (float)f[q][k];
        }
    }
    return LAR_OK;
}

void lar_winograd_pack(const lar_conv_shape *s, int block, int pass, const float *weights,
                       void *packed)
{
    work w = { s, block, pass == LAR_CONV_DATA, weights, packed };
    lar_parallel(s->in * s->out / block, 64, piece, &w); /* cannot fail */
}
