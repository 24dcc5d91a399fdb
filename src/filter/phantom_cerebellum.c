/* The phantom's cerebellum: folia are sheets that fan out from the fourth ventricle, as the tree of
 * life does in a sagittal cut.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "filter/phantom_brain.h"

/* Distance between folia where they reach the surface, about 26 mm from the fourth ventricle. */
static const float FOLIA_MM = 5.5f, REACH_MM = 26;

void lar_phantom_cerebellum_lay(const phantom_anatomy *a, point p, float hull, float width,
                                const float wobble[4], float mix[PH_TISSUE_COUNT])
{
    const float back = -46 - p.y, up = p.z + 35, aside = 0.45f * p.x;
    const float radius = fmaxf(sqrtf(back * back + up * up + aside * aside), 4);
    const float at[3] = { p.x, p.y, p.z };
    float bend[PH_NOISE_CHANNELS];
    lar_phantom_noise_at(&a->folia, at, bend);
    const float turn = atan2f(up, back + 6) * REACH_MM + 2.2f * bend[0] + 0.06f * fabsf(p.x);
    const float phase = turn / FOLIA_MM;
    const float off =
        fabsf(phase - floorf(phase) - 0.5f) * FOLIA_MM * fminf(radius / REACH_MM, 1.2f);
    const bool primary = ((int64_t)floorf(phase) & 3) == 0;
    const float deep = primary ? 15 : 8 + 1.5f * wobble[1];
    const float slit = fmaxf(off - 0.3f - (primary ? 0.25f : 0), hull - deep);
    const float depth = fminf(hull, slit);
    const float part = clamp01(0.5f + depth / width);
    const float white = fminf(clamp01(0.5f + (depth - 1.7f) / width), part);
    const float all = clamp01(0.5f + hull / width);

    lar_phantom_lay(mix, PH_CSF, all);
    lar_phantom_lay(mix, PH_CEREBELLAR_GREY, part);
    const float core = fminf(white, mix[PH_CEREBELLAR_GREY]);
    mix[PH_CEREBELLAR_GREY] -= core;
    mix[PH_CEREBELLAR_WHITE] += core;
    const float dentate =
        ellipsoid((point){ fabsf(p.x), p.y, p.z }, (point){ 15, -58, -36 }, (point){ 5, 7, 3.5f });
    lar_phantom_lay(mix, PH_IRON_GREY, 0.8f * clamp01(0.5f + dentate / width));
}
