/* Sinc under Lanczos' window, 5 samples to each side; the weights are scaled to sum to 1, so that a
 * constant stays one. Meijering 2001, doi:10.1016/S1361-8415(00)00040-2, compares such windows.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/resample_parts.h"

#define PI 3.14159265358979323846

static double sinc(double x)
{
    return fabs(x) < 1e-9 ? 1 : sin(PI * x) / (PI * x);
}

void lar_sinc_weights(double weights[LAR_SINC_TAPS], double fraction)
{
    double sum = 0;
    for (int t = 0; t < LAR_SINC_TAPS; t++) {
        const double away = fraction - (double)(t - LAR_SINC_RADIUS + 1);
        weights[t] = sinc(away) * sinc(away / LAR_SINC_RADIUS);
        sum += weights[t];
    }
    for (int t = 0; t < LAR_SINC_TAPS; t++) weights[t] /= sum;
}
