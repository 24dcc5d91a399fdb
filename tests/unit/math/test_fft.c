/* The Fourier transform against the sum it stands for, its inverse, and the sizes it takes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "math/math.h"

enum { MOST = 512 };

static void equals_the_sum(void **state)
{
    (void)state;
    for (int64_t size = 1; size <= MOST; size *= 2) {
        double real[MOST], imaginary[MOST], to_real[MOST], to_imaginary[MOST];
        lar_fft *fft;
        CHECK_OK(lar_fft_new(&fft, size));
        for (int64_t n = 0; n < size; n++) {
            real[n] = to_real[n] = lar_random_normal(3, 0, (uint64_t)n);
            imaginary[n] = to_imaginary[n] = lar_random_normal(3, 1, (uint64_t)n);
        }
        lar_fft_forward(fft, to_real, to_imaginary);
        for (int64_t f = 0; f < size; f++) {
            double sum_real = 0, sum_imaginary = 0;
            for (int64_t n = 0; n < size; n++) {
                const double angle = -2 * acos(-1) * (double)(f * n % size) / (double)size;
                sum_real += real[n] * cos(angle) - imaginary[n] * sin(angle);
                sum_imaginary += real[n] * sin(angle) + imaginary[n] * cos(angle);
            }
            CHECK_NEAR(to_real[f], sum_real, 1e-11);
            CHECK_NEAR(to_imaginary[f], sum_imaginary, 1e-11);
        }
        lar_fft_backward(fft, to_real, to_imaginary);
        for (int64_t n = 0; n < size; n++) {
            CHECK_NEAR(to_real[n] / (double)size, real[n], 1e-13);
            CHECK_NEAR(to_imaginary[n] / (double)size, imaginary[n], 1e-13);
        }
        lar_fft_free(fft);
    }
}

static void other_sizes_are_refused(void **state)
{
    (void)state;
    lar_fft *fft;
    const int64_t wrong[] = { 0, -4, 3, 511, (int64_t)1 << 40 };
    for (size_t n = 0; n < sizeof wrong / sizeof *wrong; n++) {
        CHECK_FAILS(lar_fft_new(&fft, wrong[n]), LAR_EARGUMENT, "power of two");
        assert_null(fft);
    }
    lar_fft_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_sum),
        cmocka_unit_test(other_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
