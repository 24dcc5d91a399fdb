/* What is inside the phantom's skull: hulls of the parts of the brain, grey and white matter, deep
 * nuclei, ventricles, lesions. Positions follow the MNI space, sizes are those of textbooks.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "filter/phantom_brain.h"

/* Lower surface of the cerebrum: the floor of the skull in front, the tentorium behind. */
static float floor_height(point m)
{
    const float front = mixed(-17, -23, smooth_step(30, 5, m.y));
    const float tent = -15 + 13 * smooth_step(45, 0, m.x);
    return mixed(front, tent, smooth_step(-30, -50, m.y));
}

static float cerebrum_hull(point m)
{
    float main = boxy(m, (point){ 0, -17, 14 }, (point){ 68, 87, 65 }, 0.25f);
    main = soft_cut(main, m.z - floor_height(m), 9);
    if (m.z > 20) return main; /* far above the temporal lobe */
    const float temporal = rod(m, (point){ 40, 14, -27 }, (point){ 48, -45, -12 }, 16, 19);
    return soft_union(main, temporal, 7);
}

static float cerebellum_hull(point m)
{
    const float half = ellipsoid(m, (point){ 23, -64, -38 }, (point){ 30, 27, 21 });
    const float worm = ellipsoid(m, (point){ 0, -62, -34 }, (point){ 14, 23, 20 });
    return soft_cut(soft_union(half, worm, 4), floor_height(m) - 1.5f - m.z, 3);
}

static float stem_hull(point m)
{
    float d = ellipsoid(m, (point){ 0, -23, -10 }, (point){ 17, 13, 13 });
    d = soft_union(d, ellipsoid(m, (point){ 0, -24, -30 }, (point){ 18, 13.5f, 14 }), 5);
    d = soft_union(d, rod(m, (point){ 0, -30, -42 }, (point){ 0, -42, -70 }, 9.5f, 7), 5);
    d = soft_union(d, rod(m, (point){ 12, -36, -30 }, (point){ 22, -52, -35 }, 6.5f, 7), 4);
    return soft_union(d, rod(m, (point){ 0, -42, -70 }, (point){ 0, -56, -140 }, 6.5f, 6), 3);
}

void lar_phantom_hull_at(phantom_hull *hull, const phantom_anatomy *a, const float p[3])
{
    const point m = { fabsf(p[0]), p[1], p[2] };
    hull->cerebrum = cerebrum_hull(m);
    hull->cerebellum = hull->stem = -50; /* where they are too far to matter */
    float d = hull->cerebrum;
    if (m.z < 25 && m.y < -5) {
        hull->cerebellum = cerebellum_hull(m);
        d = soft_union(d, hull->cerebellum, 16);
    }
    if (m.z < 25 && m.x < 50 && m.y < 15) {
        hull->stem = stem_hull(m);
        d = soft_union(d, hull->stem, 10);
    }
    hull->inside = d + a->csf_gap_mm;
    if (m.z > -50) return;
    const float canal = rod(m, (point){ 0, -42, -64 }, (point){ 0, -56, -140 }, 8, 8);
    hull->inside = soft_union(hull->inside, canal, 4);
}

static float part(float depth, float width)
{
    return clamp01(0.5f + depth / width);
}

static float lateral_ventricle(point m, float s)
{
    float d = rod(m, (point){ 6, 31, 0 }, (point){ 9, 18, 13 }, 2.2f * s, 4.2f * s);
    d = soft_union(d, rod(m, (point){ 9, 18, 13 }, (point){ 12, -18, 21 }, 4.2f * s, 4.6f * s), 3);
    d = soft_union(d, rod(m, (point){ 12, -18, 21 }, (point){ 21, -39, 13 }, 4.6f * s, 6.2f * s),
                   3);
    d = soft_union(d, rod(m, (point){ 21, -39, 13 }, (point){ 22, -72, 4 }, 5.5f * s, 1.2f * s), 3);
    d = soft_union(d, rod(m, (point){ 22, -39, 11 }, (point){ 33, -28, -9 }, 5 * s, 2.4f * s), 3);
    d = soft_union(d, rod(m, (point){ 33, -28, -9 }, (point){ 29, -8, -19 }, 2.4f * s, 1.8f * s),
                   2);
    return fminf(d, m.x - 0.7f); /* the septum keeps them apart */
}

static void lay_nuclei(point m, float width, float mix[PH_TISSUE_COUNT])
{
    const point turned = { 0.97f * m.x + 0.24f * m.y, -0.24f * m.x + 0.97f * m.y, m.z };
    const float putamen = ellipsoid(turned, (point){ 27, -4, 1 }, (point){ 5, 16, 11 });
    const float pallidum = ellipsoid(turned, (point){ 19.5f, -8, -1 }, (point){ 4.2f, 9.5f, 7 });
    const float thalamus = ellipsoid((point){ 0.92f * m.x + 0.38f * m.y, m.y, m.z },
                                     (point){ 4.5f, -18, 7 }, (point){ 8.5f, 14, 9 });
    float caudate = ellipsoid(m, (point){ 13, 15, 6 }, (point){ 5.5f, 9, 9.5f });
    caudate = soft_union(caudate, rod(m, (point){ 15, 8, 14 }, (point){ 20, -24, 22 }, 4, 2), 3);
    const float claustrum =
        0.7f - fabsf(ellipsoid(turned, (point){ 26, -4, 1 }, (point){ 9, 19, 14 }));
    const float tract = rod(m, (point){ 25, -20, 28 }, (point){ 17, -16, -2 }, 4.5f, 3.5f);
    lar_phantom_lay(mix, PH_TRACT, part(tract, 3));
    if (m.x > 29) lar_phantom_lay(mix, PH_GREY, 0.8f * part(claustrum, fmaxf(width, 1)));
    lar_phantom_lay(mix, PH_THALAMUS, part(fminf(thalamus, m.x - 1.8f), width));
    lar_phantom_lay(mix, PH_CAUDATE, part(caudate, width));
    lar_phantom_lay(mix, PH_PUTAMEN, part(putamen, width));
    lar_phantom_lay(mix, PH_PALLIDUM, part(pallidum, width));
    float hippocampus = rod(m, (point){ 25, -10, -19 }, (point){ 27, -36, -4 }, 5, 3.5f);
    hippocampus =
        soft_union(hippocampus, ellipsoid(m, (point){ 22, -3, -19 }, (point){ 7, 7, 7 }), 2);
    lar_phantom_lay(mix, PH_LIMBIC_GREY, part(hippocampus, width));
}

static void lay_lesions(const phantom_anatomy *a, point p, float width, const float wobble[4],
                        float mix[PH_TISSUE_COUNT])
{
    int64_t cell[3];
    const float at[3] = { p.x, p.y, p.z };
    for (int c = 0; c < 3; c++) {
        cell[c] = (int64_t)floorf(at[c] / PH_CELL_MM) + PH_CELLS / 2;
        if (cell[c] < 0 || cell[c] >= PH_CELLS) return;
    }
    uint64_t near = a->cells[(cell[2] * PH_CELLS + cell[1]) * PH_CELLS + cell[0]];
    for (int n = 0; near; n++, near >>= 1) {
        if (!(near & 1)) continue;
        const phantom_lesion *l = &a->lesions[n];
        const float d = ellipsoid(p, (point){ l->centre[0], l->centre[1], l->centre[2] },
                                  (point){ l->radius[0], l->radius[1], l->radius[2] });
        /* only white matter falls ill here */
        const float white = mix[PH_WHITE] + mix[PH_TRACT];
        const float ill = part(d + 1.1f * wobble[n & 3], width + 1);
        mix[l->tissue] += ill * white;
        mix[PH_WHITE] *= 1 - ill;
        mix[PH_TRACT] *= 1 - ill;
    }
}

static void lay_ventricles(const phantom_anatomy *a, point p, point m, float width,
                           float mix[PH_TISSUE_COUNT])
{
    const float lateral = lateral_ventricle(m, a->ventricle[p.x > 0]);
    float third = ellipsoid(m, (point){ 0, -12, -2 }, (point){ 1e3f, 15, 11 });
    third = fminf(third, a->third_mm - m.x);
    const float fourth = fminf(ellipsoid(m, (point){ 0, -43, -33 }, (point){ 9, 6, 12 }),
                               4.5f + 0.5f * a->third_mm - 0.5f * m.x);
    const float aqueduct = rod(m, (point){ 0, -28, -6 }, (point){ 0, -40, -24 }, 1, 1.2f);
    const float any = fmaxf(fmaxf(lateral, third), fmaxf(fourth, aqueduct));
    const float ill = a->halo * smooth_step(-1.5f - 4 * a->halo, 0, lateral);
    if (ill > 0) {
        mix[PH_LESION_FLAIR] += ill * mix[PH_WHITE];
        mix[PH_WHITE] *= 1 - ill;
    }
    lar_phantom_lay(mix, PH_VENTRICLE, part(any, width));
    const float plexus =
        fminf(ellipsoid(m, (point){ 20.5f, -39, 12 }, (point){ 3, 7, 3.5f }), lateral - 0.5f);
    lar_phantom_lay(mix, PH_CHOROID, part(plexus, width));
}

static void lay_stem(point m, float stem, float width, float mix[PH_TISSUE_COUNT])
{
    lar_phantom_lay(mix, PH_BRAIN_STEM, part(stem, width));
    const float red = ellipsoid(m, (point){ 4.5f, -20, -9 }, (point){ 3, 3, 3.5f });
    const float nigra = rod(m, (point){ 5, -14, -13 }, (point){ 12, -18, -10 }, 1.6f, 1.4f);
    lar_phantom_lay(mix, PH_IRON_GREY, part(fmaxf(red, nigra), width));
}

void lar_phantom_brain_mix(const phantom_anatomy *a, const float at[3], const phantom_hull *hull,
                           float width, float mix[PH_TISSUE_COUNT])
{
    const point p = { at[0], at[1], at[2] }, m = { fabsf(at[0]), at[1], at[2] };
    float wobble[PH_NOISE_CHANNELS];
    lar_phantom_noise_at(&a->fine, at, wobble);

    for (int n = 0; n < PH_TISSUE_COUNT; n++) mix[n] = 0;
    mix[PH_CSF] = 1;
    if (hull->cerebrum > -width) {
        float insula;
        const float depth = lar_phantom_pial_depth(a, at, hull->cerebrum, wobble, &insula);
        const float brain = part(depth, width);
        const float grey_mm = a->grey_mm * (1 + 0.1f * wobble[3]);
        const float white = fminf(part(depth - grey_mm, width), brain);
        const float ring = lar_phantom_callosum_ring(m);
        /* insula, cingulate and the inner temporal lobe are limbic */
        float limbic = smooth_step(9, 4, insula);
        limbic = fmaxf(limbic, smooth_step(15, 10, fabsf(ring)) * smooth_step(14, 9, m.x));
        mix[PH_CSF] = 1 - brain;
        mix[PH_WHITE] = white;
        mix[PH_GREY] = (brain - white) * (1 - limbic);
        mix[PH_LIMBIC_GREY] = (brain - white) * limbic;
        if (ring < 8 && m.x < 42 && m.z > -40) {
            const float callosum = fminf(3.2f - fabsf(ring - 1.2f), fminf(16 - m.x, m.z + 4));
            lar_phantom_lay(mix, PH_WHITE, part(callosum, width));
        }
        if (m.x < 42 && fabsf(m.z - 2) < 36 && fabsf(m.y + 6) < 44) lay_nuclei(m, width, mix);
        lay_lesions(a, p, width, wobble, mix);
    }
    if (hull->cerebellum > -width)
        lar_phantom_cerebellum_lay(a, p, hull->cerebellum, width, wobble, mix);
    /* cisterns: above the sella, and around the midbrain */
    const float cistern = fmaxf(ellipsoid(m, (point){ 0, 0, -21 }, (point){ 15, 12, 9 }),
                                fminf(fminf(hull->stem + 3.5f, -7 - p.z), p.z + 26));
    if (hull->cerebellum < 0) lar_phantom_lay(mix, PH_CSF, part(cistern, width));
    if (hull->stem > -width) lay_stem(m, hull->stem, width, mix);
    if (m.x < 46 && p.z > -60 && p.z < 40 && m.y > -90 && m.y < 46)
        lay_ventricles(a, p, m, width, mix);
}
