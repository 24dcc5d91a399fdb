/* What training makes small: mean squared and mean absolute error. A row per loss.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "net/net.h"

#include <math.h>

static double squared(const float *output, const float *target, float *gradient, int64_t count,
                      float scale)
{
    double sum = 0;
    for (int64_t n = 0; n < count; n++) {
        const float d = output[n] - target[n];
        sum += (double)d * (double)d;
        if (gradient) gradient[n] = 2 * scale * d;
    }
    return sum;
}

static double absolute(const float *output, const float *target, float *gradient, int64_t count,
                       float scale)
{
    double sum = 0;
    for (int64_t n = 0; n < count; n++) {
        const float d = output[n] - target[n];
        sum += fabs((double)d);
        if (gradient) gradient[n] = d > 0 ? scale : d < 0 ? -scale : 0;
    }
    return sum;
}

const lar_loss lar_losses[] = { { "mse", squared }, { "mae", absolute }, { NULL, NULL } };
const char *const lar_loss_names[] = { "mse", "mae", NULL };
