/* The sharpening step of N4: the histogram without its convolution by the field's distribution, by
 * Wiener's filter, and from it the log intensity that is expected where one is seen. Sled 1998,
 * doi:10.1109/42.668698, section III; the histogram is padded with zeros to twice a power of two.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/n4_parts.h"
#include "math/math.h"

struct lar_n4_sharpener {
    int64_t bins, size, before; /* size: with the padding, of which `before` lies before the bins */
    double fwhm, wiener;
    lar_fft *fft;
    double *real, *imaginary; /* of the transforms */
    double *kernel;           /* the transform of the Gaussian: real, because it is even */
};

void lar_n4_sharpener_free(lar_n4_sharpener *sharpener)
{
    if (!sharpener) return;
    lar_fft_free(sharpener->fft);
    lar_free(sharpener->real);
    lar_free(sharpener);
}

lar_status lar_n4_sharpener_new(lar_n4_sharpener **out, int64_t bins, double fwhm, double wiener)
{
    lar_status status = LAR_OK;
    int64_t size = 2;
    while (size < 2 * bins) size *= 2;
    *out = NULL;
    lar_n4_sharpener *made = lar_alloc(1, sizeof *made);
    if (!made) return LAR_EMEMORY;
    *made = (lar_n4_sharpener){
        .bins = bins, .size = size, .before = (size - bins) / 2, .fwhm = fwhm, .wiener = wiener
    };
    LAR_TRY(lar_fft_new(&made->fft, size));
    made->real = lar_alloc(3 * size, sizeof *made->real);
    if (!made->real) {
        status = LAR_EMEMORY;
        goto done;
    }
    made->imaginary = made->real + size;
    made->kernel = made->real + 2 * size;
    *out = made;
    made = NULL;
done:
    lar_n4_sharpener_free(made);
    return status;
}

/* A Gaussian around 0, its left half at the far end, of the given full width at half maximum. */
static void put_gaussian(double *out, int64_t size, double width)
{
    const double factor = 4 * log(2) / (width * width);
    const double height = 2 * sqrt(log(2) / acos(-1)) / width;
    memset(out, 0, (size_t)size * sizeof *out);
    out[0] = height;
    for (int64_t n = 1; n <= size / 2; n++) {
        const double power = (double)(n * n) * factor;
        if (power > 80) break; /* below 1e-34 of the height */
        out[n] = out[size - n] = height * exp(-power);
    }
}

void lar_n4_sharpen(lar_n4_sharpener *sharpener, lar_n4_expected *table, const double *counts,
                    double low, double slope)
{
    const int64_t size = sharpener->size, bins = sharpener->bins, before = sharpener->before;
    double *real = sharpener->real, *imaginary = sharpener->imaginary, *kernel = sharpener->kernel;

    /* Both are real: one transform of histogram + i Gaussian gives both. */
    memset(real, 0, (size_t)size * sizeof *real);
    memcpy(real + before, counts, (size_t)bins * sizeof *real);
    put_gaussian(imaginary, size, sharpener->fwhm / slope);
    lar_fft_forward(sharpener->fft, real, imaginary);
    for (int64_t n = 0, m = 0; n <= size / 2; n++, m = size - n) {
        const double seen_r = 0.5 * (real[n] + real[m]);
        const double seen_i = 0.5 * (imaginary[n] - imaginary[m]);
        const double g = 0.5 * (imaginary[n] + imaginary[m]);
        const double wiener = g / (g * g + sharpener->wiener);
        kernel[n] = kernel[m] = g;
        real[n] = real[m] = seen_r * wiener;
        imaginary[n] = seen_i * wiener;
        imaginary[m] = -imaginary[n];
    }
    lar_fft_backward(sharpener->fft, real, imaginary);

    /* The sharp histogram, and what it holds times the log intensity: again two real ones. */
    for (int64_t n = 0; n < size; n++) {
        const double sharp = real[n] > 0 ? real[n] : 0;
        real[n] = sharp;
        imaginary[n] = sharp * (low + (double)(n - before) * slope);
    }
    lar_fft_forward(sharpener->fft, real, imaginary);
    for (int64_t n = 0; n < size; n++) {
        real[n] *= kernel[n];
        imaginary[n] *= kernel[n];
    }
    lar_fft_backward(sharpener->fft, real, imaginary);

    double most = 0;
    for (int64_t n = 0; n < bins; n++) most = fmax(most, real[before + n]);
    for (int64_t n = 0; n < bins; n++) { /* rounding alone where nothing is expected: keep it */
        const double weight = real[before + n];
        table[n].value = (float)(weight > 1e-14 * most ? imaginary[before + n] / weight
                                                       : low + (double)n * slope);
    }
    for (int64_t n = 0; n + 1 < bins; n++) table[n].rise = table[n + 1].value - table[n].value;
    table[bins - 1].rise = 0;
}
