/* Weights of Winograd's convolution: G w G along each axis, 27 taps to 64 frequencies.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/kernels/winograd.h"

/* Three taps, `step` apart, to four frequencies. */
static void spread(double *to, const double *from, int step)
{
    const double even = from[0] + from[2 * step], odd = from[step];
    to[0] = from[0];
    to[step] = (even + odd) / 2;
    to[2 * step] = (even - odd) / 2;
    to[3 * step] = from[2 * step];
}

static void frequencies(double to[64], const double taps[27])
{
    double a[36], b[48];
    for (int n = 0; n < 9; n++) spread(a + n, taps + n, 9);
    for (int z = 0; z < 4; z++)
        for (int x = 0; x < 3; x++) spread(b + 12 * z + x, a + 9 * z + x, 3);
    for (int n = 0; n < 16; n++) spread(to + 4 * n, b + 3 * n, 1);
}

void lar_winograd_pack(const lar_conv_shape *s, int block, int pass, const float *weights,
                       void *packed)
{
    const bool data = pass == LAR_CONV_DATA;
    const int64_t in = data ? s->out : s->in, out = data ? s->in : s->out;
    float *to = packed;
    for (int64_t o = 0; o < out; o++)
        for (int64_t i = 0; i < in; i++) {
            const float *from = weights + (data ? i * s->in + o : o * s->in + i) * 27;
            double taps[27], f[64];
            for (int n = 0; n < 27; n++) taps[n] = (double)from[data ? 26 - n : n];
            frequencies(f, taps);
            for (int q = 0; q < 16; q++)
                for (int x = 0; x < 4; x++)
                    to[(((q * (out / block) + o / block) * in + i) * 4 + x) * block + o % block] =
                        (float)f[4 * q + x];
        }
}
