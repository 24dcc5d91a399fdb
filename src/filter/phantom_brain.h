/* What the files of the phantom's brain share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PHANTOM_BRAIN_H
#define LAR_PHANTOM_BRAIN_H

#include "filter/phantom.h"
#include "filter/phantom_shape.h"

/* Outside (positive) or inside the ellipse through the middle of the corpus callosum, mm. */
static inline float lar_phantom_callosum_ring(point m)
{
    return -ellipsoid((point){ 0, m.y, m.z }, (point){ 0, -6, 2 }, (point){ 1e3f, 37, 23 });
}

/* Height of the Sylvian fissure. */
float lar_phantom_sylvian_height(float y);
/* Depth below the folded surface, mm; negative in the fluid. `insula`: distance to the insula. */
float lar_phantom_pial_depth(const phantom_anatomy *a, const float p[3], float hull,
                             const float wobble[4], float *insula);
/* Grey and white of the cerebellum, with folia. */
void lar_phantom_cerebellum_lay(const phantom_anatomy *a, point p, float hull, float width_mm,
                                const float wobble[4], float mix[PH_TISSUE_COUNT]);

#endif
