/* Elementary functions of many floats at once.
 * SPDX-License-Identifier: Apache-2.0 */
#include "math/floats.h"
#include "base/base.h"
#include "math/math.h"

LAR_CLONES void lar_floats_exp(float *values, int64_t count)
{
    for (int64_t n = 0; n < count; n++) values[n] = lar_exp_of(values[n]);
}

/* What is added is lost in all but 0, and keeps its logarithm finite; a choice instead would become
 * a branch, which ends vectors, and so would one loop in place of these. 1 gives 1 by itself. */
LAR_CLONES void lar_floats_power(float *values, int64_t count, float exponent)
{
    enum { PIECE = 256 };
    const float least = 1.17549435e-38f; /* of normal numbers */
    float powers[PIECE];
    for (int64_t begin = 0; begin < count; begin += PIECE) {
        const int64_t some = count - begin < PIECE ? count - begin : PIECE;
        float *at = values + begin;
        for (int64_t n = 0; n < some; n++) powers[n] = exponent * lar_log_of(at[n] + least);
        for (int64_t n = 0; n < some; n++) powers[n] = lar_exp_of(powers[n]);
        for (int64_t n = 0; n < some; n++) at[n] = at[n] > 0 ? powers[n] : 0;
    }
}
