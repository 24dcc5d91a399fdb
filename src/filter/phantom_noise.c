/* Smooth random fields for the phantom: quadratic B-splines with random coefficients. Cheap at any
 * point, with an exact gradient, and a function of the seed alone.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "filter/phantom.h"
#include "math/math.h"

enum { SIZE = PH_NOISE_SIZE, CHANNELS = PH_NOISE_CHANNELS };

static int64_t knot(int64_t x, int64_t y, int64_t z)
{
    return ((z & (SIZE - 1)) * SIZE + (y & (SIZE - 1))) * SIZE + (x & (SIZE - 1));
}

/* The coefficient minus the mean of its 26 neighbours and itself, twice as wide for each pass: what
 * is slower than about 6 knots goes. */
static void take_slow_part(float *at, const float *white)
{
    for (int64_t z = 0; z < SIZE; z++)
        for (int64_t y = 0; y < SIZE; y++)
            for (int64_t x = 0; x < SIZE; x++)
                for (int64_t c = 0; c < CHANNELS; c++) {
                    float near = 0;
                    for (int n = 0; n < 27; n++)
                        near +=
                            white[knot(x + n % 3 - 1, y + n / 3 % 3 - 1, z + n / 9 - 1) * CHANNELS +
                                  c];
                    const int64_t here = knot(x, y, z) * CHANNELS + c;
                    at[here] = white[here] - near / 27;
                }
}

lar_status lar_phantom_noise_new(phantom_noise *noise, uint64_t seed, uint64_t stream,
                                 double knot_mm, bool band)
{
    lar_status status = LAR_OK;
    const int64_t count = (int64_t)SIZE * SIZE * SIZE * CHANNELS;
    /* a sum of squared weights of 0.55 in each direction is what the spline leaves of the
     * coefficients' deviation; band-passing leaves less */
    const float scale = band ? 2.7f : 2.45f;
    float *white = lar_alloc_raw(count, sizeof *white);

    noise->knots_per_mm = (float)(1 / knot_mm);
    noise->at = lar_alloc_raw(count, sizeof *noise->at);
    if (!white || !noise->at) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < count; n += 4) {
        uint32_t bits[4];
        lar_random_bits(bits, seed, stream, (uint64_t)n);
        for (int c = 0; c < 4; c++) /* uniform, deviation 1 */
            white[n + c] = scale * 1.7320508f * ((float)(bits[c] >> 8) * 0x1p-23f - 1);
    }
    if (band)
        take_slow_part(noise->at, white);
    else
        memcpy(noise->at, white, (size_t)count * sizeof *white);
done:
    lar_free(white);
    return status;
}

void lar_phantom_noise_clear(phantom_noise *noise)
{
    lar_free(noise->at);
    noise->at = NULL;
}

/* First knot and the three weights, and their slopes, along one axis. */
static int64_t weigh(float at, float weight[3], float slope[3])
{
    const float nearest = floorf(at + 0.5f), d = at - nearest;
    weight[0] = 0.5f * (0.5f - d) * (0.5f - d);
    weight[1] = 0.75f - d * d;
    weight[2] = 0.5f * (0.5f + d) * (0.5f + d);
    slope[0] = d - 0.5f;
    slope[1] = -2 * d;
    slope[2] = d + 0.5f;
    return (int64_t)nearest - 1;
}

void lar_phantom_noise_at(const phantom_noise *noise, const float p[3], float value[CHANNELS])
{
    float w[3][3], unused[3];
    int64_t first[3];
    for (int a = 0; a < 3; a++) first[a] = weigh(p[a] * noise->knots_per_mm, w[a], unused);
    for (int c = 0; c < CHANNELS; c++) value[c] = 0;
    for (int k = 0; k < 3; k++)
        for (int j = 0; j < 3; j++) {
            const float wkj = w[2][k] * w[1][j];
            for (int i = 0; i < 3; i++) {
                const float *at =
                    noise->at + knot(first[0] + i, first[1] + j, first[2] + k) * CHANNELS;
                for (int c = 0; c < CHANNELS; c++) value[c] += wkj * w[0][i] * at[c];
            }
        }
}

float lar_phantom_noise_slope(const phantom_noise *noise, const float p[3], float slope[3])
{
    float w[3][3], s[3][3], sum[4] = { 0 };
    int64_t first[3];
    for (int a = 0; a < 3; a++) first[a] = weigh(p[a] * noise->knots_per_mm, w[a], s[a]);
    for (int k = 0; k < 3; k++)
        for (int j = 0; j < 3; j++)
            for (int i = 0; i < 3; i++) {
                const float at =
                    noise->at[knot(first[0] + i, first[1] + j, first[2] + k) * CHANNELS];
                sum[0] += at * w[0][i] * w[1][j] * w[2][k];
                sum[1] += at * s[0][i] * w[1][j] * w[2][k];
                sum[2] += at * w[0][i] * s[1][j] * w[2][k];
                sum[3] += at * w[0][i] * w[1][j] * s[2][k];
            }
    for (int a = 0; a < 3; a++) slope[a] = sum[a + 1] * noise->knots_per_mm;
    return sum[0];
}
