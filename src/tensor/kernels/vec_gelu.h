/* GELU (Hendrycks 2016, arXiv:1606.08415; the exact one) for sixteen floats at once.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_VEC_GELU_H
#define LAR_VEC_GELU_H

#include "tensor/kernels/vec_math.h"

#ifdef __AVX512BW__

/* gelu(x) = max(x, 0) - g(|x|) with g(t) = t times the normal probability of more than t. g by
 * polynomials of degree 5 around 16 knots that are 5.75 / 15.5 apart, looked up in registers:
 * Chebyshev fits in double, 9e-9 from g (g is at most 0.17); beyond 5.75 it is below 3e-8. */
INLINE vec vec_gelu(vec x)
{
    static const float fits[6][16] = {
        { 0.0f, 0.131816253f, 0.169950128f, 0.147877023f, 0.102270737f, 0.0590017363f,
          0.0289656948f, 0.0122183086f, 0.0044515538f, 0.00140507042f, 0.00038492278f,
          9.16328354e-05f, 1.89701241e-05f, 3.4171369e-06f, 5.35784238e-07f, 7.3142381e-08f },
        { 0.185483843f, 0.0805656314f, 0.00159165007f, -0.0393732525f, -0.047464069f,
          -0.0373439603f, -0.0228379555f, -0.0114494013f, -0.00481572468f, -0.00172012078f,
          -0.000525490323f, -0.000137925206f, -3.11975964e-05f, -6.09443396e-06f, -1.02983154e-06f,
          -1.50708345e-07f },
        { -0.0549006164f, -0.0477236174f, -0.0302169323f, -0.0112529611f, 0.00184243172f,
          0.00707879569f, 0.00681098923f, 0.00447062263f, 0.00228576665f, 0.000953451323f,
          0.000331656542f, 9.73914648e-05f, 2.43273535e-05f, 5.19530658e-06f, 9.51957588e-07f,
          1.50054092e-07f },
        { -5.56467921e-06f, 0.00454005552f, 0.00659707049f, 0.00561579084f, 0.00301206321f,
          0.000630818773f, -0.000605464855f, -0.000830227043f, -0.000592384662f, -0.00030757155f,
          -0.00012627519f, -4.24392456e-05f, -1.18900844e-05f, -2.80734957e-06f, -5.62590742e-07f,
          -9.61661684e-08f },
        { 0.0012807668f, 0.000892283511f, 0.000109711487f, -0.000524905103f, -0.000682366313f,
          -0.000463899778f, -0.000163855904f, 2.27587861e-05f, 7.58594979e-05f, 5.99290106e-05f,
          3.15291218e-05f, 1.26903942e-05f, 4.10810571e-06f, 1.09613802e-06f, 2.44514325e-07f,
          4.60153871e-08f },
        { -3.85273561e-05f, -0.000132293731f, -0.000159989751f, -8.25090028e-05f, 1.52065259e-05f,
          6.14908058e-05f, 5.19882851e-05f, 2.24039431e-05f, 1.26916768e-06f, -5.73578518e-06f,
          -4.97229621e-06f, -2.59794638e-06f, -1.00661089e-06f, -3.08736503e-07f, -7.72626692e-08f,
          -1.60474158e-08f },
    };
    const vec t = (vec)((vec_words)x & 0x7fffffffU);
    const __m512 y = _mm512_min_ps((__m512)(t * vec_of(15.5f / 5.75f)), _mm512_set1_ps(15.49f));
    const vec shifted = (vec)y + vec_of(0x1.8p23f); /* rounds: the low bits are the knot */
    const vec u = (vec)y - (shifted - vec_of(0x1.8p23f));
    vec p = (vec)_mm512_permutexvar_ps((__m512i)shifted, _mm512_loadu_ps(fits[5]));
    for (int n = 4; n >= 0; n--)
        p = p * u + (vec)_mm512_permutexvar_ps((__m512i)shifted, _mm512_loadu_ps(fits[n]));
    return (vec)_mm512_max_ps(_mm512_setzero_ps(), (__m512)x) - p; /* the second where NaN */
}

#else

INLINE vec vec_gelu(vec x)
{
    vec density;
    const vec t = vec_most((vec)((vec_words)x & 0x7fffffffU), 14);
    const vec tail = vec_normal_tail(t, &density);
    const vec below = vec_choose(x < (vec){ 0 }, tail, vec_of(1) - tail);
    return vec_least(x, -14) * below;
}

#endif
#endif
