/* The folded surface of the phantom's cerebrum. Sulci are sheets where a band of noise, taken at
 * the nearest place on the surface, passes zero: sheets stand upright on the surface and keep a
 * distance of half the band's wavelength, so that the crowns between them look like gyri.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "filter/phantom.h"
#include "filter/phantom_brain.h"

/* Wavelength of the folding noise, for knots of 8 mm: sulci are half of it apart. */
static const float FOLD_MM = 23;

static point nearest_on(point p, point a, point b)
{
    const point ab = minus(b, a);
    const float t = clamp01(dot(minus(p, a), ab) / dot(ab, ab));
    return (point){ a.x + t * ab.x, a.y + t * ab.y, a.z + t * ab.z };
}

/* A sheet's edge is round: distance outside the wedge of two half-spaces. */
static float outside_both(float a, float b)
{
    if (a > 0 && b > 0) return sqrtf(a * a + b * b);
    return fmaxf(a, b);
}

/* Distance in mm to the nearest sheet; `low`: slow noise there, for its depth. */
static float fold_distance(const phantom_anatomy *a, point p, point out, float depth,
                           const float wobble[4], float *low)
{
    const float radius = fmaxf(length(out), 1), up = depth / radius;
    const float surface[3] = { p.x + out.x * up + 1.3f * wobble[0],
                               p.y + out.y * up + 1.3f * wobble[1],
                               p.z + out.z * up + 1.3f * wobble[2] };
    float slope[3], slow[PH_NOISE_CHANNELS];
    const float value = lar_phantom_noise_slope(&a->fold, surface, slope);
    lar_phantom_noise_at(&a->shape, surface, slow);
    *low = slow[3];
    const point unit = { out.x / radius, out.y / radius, out.z / radius };
    const point s = { slope[0], slope[1], slope[2] };
    const float along = dot(s, unit);
    const float tangential = sqrtf(fmaxf(dot(s, s) - along * along, 1e-12f));
    /* the phase of a wave of this wavelength; the sheets draw together on the way in */
    const float wave = 6.2831853f / FOLD_MM;
    return atan2f(fabsf(value), tangential / wave) / wave * radius / (radius + 0.6f * depth);
}

float lar_phantom_sylvian_height(float y)
{
    return -3 - 0.42f * y;
}

float lar_phantom_pial_depth(const phantom_anatomy *a, const float at[3], float hull,
                             const float wobble[4], float *insula)
{
    const point p = { at[0], at[1], at[2] };
    const float side = p.x < 0 ? -1.f : 1.f;
    const point m = { fabsf(p.x), p.y, p.z };
    float depth = hull;

    /* between the hemispheres, above the corpus callosum */
    const float ring = lar_phantom_callosum_ring(m);
    const float fissure = outside_both(fabsf(p.x + 1.2f * wobble[0]) - a->fissure_mm, 5 - ring);
    depth = fminf(depth, fissure);

    /* the Sylvian fissure opens on the insula */
    const float above = m.z - lar_phantom_sylvian_height(m.y) - 2 * wobble[1];
    const float beyond = fmaxf(m.y - 24, -46 - m.y);
    const float cleft = a->sulcus_mm + 0.4f;
    const float slit = outside_both(fabsf(above) * 0.92f - cleft, fmaxf(beyond, 39 - m.x));
    const float bow =
        41 + 2 * wobble[2] - 0.006f * (m.y + 4) * (m.y + 4) - 0.012f * (above - 4) * (above - 4);
    const float pocket = outside_both(fabsf(m.x - bow) - cleft,
                                      fmaxf(fabsf(above - 2) - 13, fmaxf(m.y - 21, -27 - m.y)));
    *insula = pocket;
    const float open = fminf(depth, fminf(slit, pocket));
    if (hull <= 0 || hull > 34) return fminf(open, hull);

    const float temporal =
        smooth_step(4, -6, above) * smooth_step(18, 30, m.x) * smooth_step(-70, -45, m.y);
    point core = nearest_on(m, (point){ 26, 24, 10 }, (point){ 24, -62, 14 });
    const point lobe = nearest_on(m, (point){ 40, 14, -27 }, (point){ 48, -45, -12 });
    core = (point){ side * mixed(core.x, lobe.x, temporal), mixed(core.y, lobe.y, temporal),
                    mixed(core.z, lobe.z, temporal) };
    const point out = minus(p, core);
    const float inside = fmaxf(depth, 0);
    float low;
    const float sheet = fold_distance(a, p, out, inside, wobble, &low);
    const float deep = fminf(17 + 5.5f * (low < -1.5f  ? -1.5f
                                          : low > 1.5f ? 1.5f
                                                       : low),
                             0.55f * (length(out) + inside));
    const float half = a->sulcus_mm * (1 - 0.5f * fminf(inside / deep, 1));
    const float fold = outside_both(sheet - half, inside - deep);
    return soft_cut(open, fold, 2.5f); /* crowns are round */
}
