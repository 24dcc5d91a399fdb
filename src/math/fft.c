/* The discrete Fourier transform of a power of two, in double (Stockham's form, which needs no
 * reordering: Cochran 1967, doi:10.1109/PROC.1967.5957).
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "math/math.h"

struct lar_fft {
    int64_t size;
    double *cosine, *sine; /* of -2 pi n / size, n below size / 2 */
    double *real, *imaginary;
};

lar_status lar_fft_new(lar_fft **out, int64_t size)
{
    *out = NULL;
    if (size < 1 || size > (int64_t)1 << 30 || (size & (size - 1)))
        return lar_fail(LAR_EARGUMENT, "a transform of %lld values: it takes a power of two",
                        (long long)size);
    lar_fft *fft = lar_alloc(1, sizeof *fft);
    double *room = lar_alloc(3 * size, sizeof *room);
    if (!fft || !room) {
        lar_free(room);
        lar_free(fft);
        return LAR_EMEMORY;
    }
    *fft = (lar_fft){ .size = size,
                      .real = room,
                      .imaginary = room + size,
                      .cosine = room + 2 * size,
                      .sine = room + 2 * size + size / 2 };
    for (int64_t n = 0; n < size / 2; n++) {
        const double angle = -2 * acos(-1) * (double)n / (double)size;
        fft->cosine[n] = cos(angle);
        fft->sine[n] = sin(angle);
    }
    *out = fft;
    return LAR_OK;
}

void lar_fft_free(lar_fft *fft)
{
    if (!fft) return;
    lar_free(fft->real);
    lar_free(fft);
}

/* One pass: pairs `half` apart in groups of `step` become neighbours. */
static void pass(const lar_fft *fft, int64_t half, int64_t step, const double *restrict in_real,
                 const double *restrict in_imaginary, double *restrict real,
                 double *restrict imaginary)
{
    for (int64_t p = 0; p < half; p++) {
        const double c = fft->cosine[p * step], s = fft->sine[p * step];
        const double *ar = in_real + p * step, *ai = in_imaginary + p * step;
        const double *br = ar + half * step, *bi = ai + half * step;
        double *sum_r = real + 2 * p * step, *sum_i = imaginary + 2 * p * step;
        double *turned_r = sum_r + step, *turned_i = sum_i + step;
        for (int64_t q = 0; q < step; q++) {
            const double dr = ar[q] - br[q], di = ai[q] - bi[q];
            sum_r[q] = ar[q] + br[q];
            sum_i[q] = ai[q] + bi[q];
            turned_r[q] = dr * c - di * s;
            turned_i[q] = dr * s + di * c;
        }
    }
}

void lar_fft_forward(lar_fft *fft, double *real, double *imaginary)
{
    double *in[2] = { real, imaginary }, *out[2] = { fft->real, fft->imaginary };
    for (int64_t half = fft->size / 2, step = 1; half > 0; half /= 2, step *= 2) {
        pass(fft, half, step, in[0], in[1], out[0], out[1]);
        for (int c = 0; c < 2; c++) {
            double *swap = in[c];
            in[c] = out[c];
            out[c] = swap;
        }
    }
    if (in[0] != real) {
        memcpy(real, in[0], (size_t)fft->size * sizeof *real);
        memcpy(imaginary, in[1], (size_t)fft->size * sizeof *real);
    }
}

void lar_fft_backward(lar_fft *fft, double *real, double *imaginary)
{
    lar_fft_forward(fft, imaginary, real);
}
