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

/* Each coefficient minus the mean of the 27 around it: what is slower than about 6 knots goes. */
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
    /* the spline smooths: between knots it leaves about 0.41 of the coefficients' deviation, and of
     * what the band keeps about 0.34 */
    const float scale = band ? 2.9f : 2.45f;
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

/* The middle one of the three knots that matter along an axis, and the distance to it in knots. */
static inline int32_t middle_of(float at, float *off)
{
    const int32_t nearest = (int32_t)(at + 16384.5f) - 16384; /* rounds without a call */
    *off = at - (float)nearest;
    return nearest;
}

/* Where the three knots lie in the table, and their weights. */
typedef struct reach {
    int32_t at[3];
    float weight[3];
} reach;

static inline void reach_from(reach *r, int32_t middle, float d, int32_t step)
{
    r->weight[0] = 0.5f * (0.5f - d) * (0.5f - d);
    r->weight[1] = 0.75f - d * d;
    r->weight[2] = 0.5f * (0.5f + d) * (0.5f + d);
    for (int n = 0; n < 3; n++) r->at[n] = ((middle - 1 + n) & (SIZE - 1)) * step;
}

static inline void reach_to(reach r[3], float off[3], const phantom_noise *noise, const float p[3])
{
    static const int32_t steps[3] = { CHANNELS, SIZE * CHANNELS, SIZE * SIZE * CHANNELS };
    for (int c = 0; c < 3; c++) {
        const int32_t middle = middle_of(p[c] * noise->knots_per_mm, &off[c]);
        reach_from(&r[c], middle, off[c], steps[c]);
    }
}

void lar_phantom_noise_at(const phantom_noise *noise, const float p[3], float value[CHANNELS])
{
    reach r[3];
    float off[3], sum[CHANNELS] = { 0 };
    reach_to(r, off, noise, p);
    for (int k = 0; k < 3; k++)
        for (int j = 0; j < 3; j++) {
            const float *row = noise->at + r[2].at[k] + r[1].at[j];
            const float weight = r[2].weight[k] * r[1].weight[j];
            for (int i = 0; i < 3; i++) {
                const float *at = row + r[0].at[i];
                const float w = weight * r[0].weight[i];
                for (int c = 0; c < CHANNELS; c++) sum[c] += w * at[c];
            }
        }
    for (int c = 0; c < CHANNELS; c++) value[c] = sum[c];
}

float lar_phantom_noise_slope(const phantom_noise *noise, const float p[3], float slope[3])
{
    reach r[3];
    float off[3], rise[3][3], sum[4] = { 0 };
    reach_to(r, off, noise, p);
    for (int c = 0; c < 3; c++) {
        rise[c][0] = off[c] - 0.5f;
        rise[c][1] = -2 * off[c];
        rise[c][2] = off[c] + 0.5f;
    }
    for (int k = 0; k < 3; k++)
        for (int j = 0; j < 3; j++) {
            const float *row = noise->at + r[2].at[k] + r[1].at[j];
            float value = 0, along = 0;
            for (int i = 0; i < 3; i++) {
                const float at = row[r[0].at[i]];
                value += at * r[0].weight[i];
                along += at * rise[0][i];
            }
            sum[0] += value * r[1].weight[j] * r[2].weight[k];
            sum[1] += along * r[1].weight[j] * r[2].weight[k];
            sum[2] += value * rise[1][j] * r[2].weight[k];
            sum[3] += value * r[1].weight[j] * rise[2][k];
        }
    for (int c = 0; c < 3; c++) slope[c] = sum[c + 1] * noise->knots_per_mm;
    return sum[0];
}
