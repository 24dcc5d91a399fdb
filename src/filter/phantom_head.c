/* The phantom's head around the brain: skull with diploe, scalp, eyes, sinuses, face and neck; and
 * the whole head at a point.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "filter/phantom_brain.h"
#include "math/math.h"

static const float SKIN_MM = 2.2f;

static float part(float depth, float width)
{
    return clamp01(0.5f + depth / width);
}

/* Depths of the layers around the skull's inside. */
typedef struct layers {
    float head;  /* below the skin's surface */
    float skull; /* below the outer table; the inner one is at hull->inside = 0 */
    float muscle;
} layers;

static layers layers_at(const phantom_anatomy *a, point m, float inside, const float slow[4])
{
    const float thin = smooth_step(38, 60, m.x) * smooth_step(25, 0, m.z);
    const float skull_mm = a->skull_mm * (1 + 0.18f * slow[2]) * (1 - 0.5f * thin);
    const float scalp_mm = SKIN_MM + a->scalp_fat_mm * (1 + 0.15f * slow[0]);
    layers l = { .skull = inside + skull_mm };
    l.muscle = ellipsoid(m, (point){ 50, 14, -10 }, (point){ 22, 34, 36 });
    float head = soft_union(l.skull + scalp_mm, l.muscle + scalp_mm, 8);
    if (m.z < 25) {
        float face = boxy(m, (point){ 0, 34, -56 }, (point){ 64, 60, 66 }, 0.3f);
        face = soft_cut(face, m.z + 135, 10);
        const float nose = rod(m, (point){ 0, 82, -22 }, (point){ 0, 100, -52 }, 8, 13);
        const float chin = ellipsoid(m, (point){ 0, 66, -100 }, (point){ 26, 24, 18 });
        const float socket = ellipsoid(m, (point){ 32, 90, -36 }, (point){ 15, 14, 11 });
        face = soft_union(soft_union(face, nose, 6), chin, 10);
        face = soft_cut(face, -socket, 6);
        face = soft_union(face, ellipsoid(m, (point){ 33, 58, -35 }, (point){ 15, 15, 14 }), 3);
        const float neck = soft_cut(
            ellipsoid((point){ m.x, m.y, 0 }, (point){ 0, -30, 0 }, (point){ 58, 58, 1e3f }),
            -40 - m.z, 30);
        head = soft_union(soft_union(head, face, 9), neck, 14);
        const point ear = { m.x - 0.25f * (-28 - m.y), m.y, m.z };
        head = soft_union(head, ellipsoid(ear, (point){ 80, -26, -28 }, (point){ 4, 14, 24 }), 2);
    }
    l.head = head;
    return l;
}

static void lay_soft(const phantom_anatomy *a, const layers *l, point m, float width,
                     const float fine[4], float mix[PH_TISSUE_COUNT])
{
    mix[PH_FAT] = 1;
    const float below = l->head - SKIN_MM - a->scalp_fat_mm;
    const float deep = smooth_step(0, -25, m.z) * part(below - 3 - 2 * fine[0], fmaxf(width, 2));
    lar_phantom_lay(mix, PH_MUSCLE, fmaxf(deep, part(fminf(l->muscle, below + 2), width)));
    if (deep <= 0) return;
    /* fat between the muscles, which run up and down */
    const float stretched[3] = { 0.8f * m.x, 0.8f * m.y, 0.25f * m.z };
    float strand[PH_NOISE_CHANNELS];
    lar_phantom_noise_at(&a->fine, stretched, strand);
    const float streak = fabsf(strand[1] + 0.3f * fine[2]) - 0.22f;
    lar_phantom_lay(mix, PH_FAT, 0.8f * deep * clamp01(0.5f - 3 * streak / fmaxf(width, 1)));
}

/* Shells one in another, of parts `outer` and `inner` of a voxel: how much of what lies beyond the
 * brain and below the outer surface lies below the inner one too. Without it shells thinner than a
 * voxel would hide what they cover. */
static float share_below(float inner, float outer, float brain)
{
    return outer > brain ? clamp01((inner - brain) / (outer - brain)) : 0;
}

static void lay_skull(const layers *l, float inside, float below_skin, float brain, float width,
                      const float fine[4], float mix[PH_TISSUE_COUNT])
{
    const float bone = part(l->skull, width);
    const float diploe = part(l->skull - 1.7f, width) - part(inside + 1.5f, width);
    lar_phantom_lay(mix, PH_BONE, share_below(bone, below_skin, brain));
    if (diploe <= 0) return;
    const float marrow = share_below(brain + diploe, below_skin, brain) * (0.85f + 0.1f * fine[2]);
    const float taken = fminf(marrow, mix[PH_BONE]);
    mix[PH_BONE] -= taken;
    mix[PH_MARROW] += taken;
}

/* Bone with a marrow core. */
static void lay_bone(float depth, float table_mm, float width, float mix[PH_TISSUE_COUNT])
{
    lar_phantom_lay(mix, PH_BONE, part(depth, width));
    lar_phantom_lay(mix, PH_MARROW, part(depth - table_mm, width));
}

/* Air in a bony cell, lined with mucosa. */
static void lay_sinus(float depth, float width, float mix[PH_TISSUE_COUNT])
{
    lar_phantom_lay(mix, PH_BONE, part(depth + 1.6f, width));
    lar_phantom_lay(mix, PH_MUCOSA, part(depth + 0.2f, width));
    lar_phantom_lay(mix, PH_AIR, part(depth - 0.8f, width));
}

static void lay_eye(const phantom_anatomy *a, point m, float side, float width,
                    float mix[PH_TISSUE_COUNT])
{
    const point eye = { 32, 60, -35 };
    const float orbit = ellipsoid(m, (point){ 30, 44, -34 }, (point){ 18, 28, 17 });
    lar_phantom_lay(mix, PH_BONE, part(orbit + 1.8f, width) * smooth_step(70, 62, m.y));
    lar_phantom_lay(mix, PH_FAT, part(orbit, width));
    const point apex = { 9, 14, -24 };
    for (int n = 0; n < 4; n++) {
        const float dx = n == 0   ? 10.f
                         : n == 1 ? -10.f
                                  : 0,
                    dz = n == 2   ? 10.f
                         : n == 3 ? -10.f
                                  : 0;
        const float straight =
            rod(m, (point){ eye.x + dx, eye.y - 6, eye.z + dz }, apex, 1.6f, 1.8f);
        lar_phantom_lay(mix, PH_MUSCLE, part(straight, width));
    }
    lar_phantom_lay(mix, PH_NERVE,
                    part(rod(m, (point){ eye.x - 2, eye.y - 11, eye.z }, apex, 2.2f, 2.2f), width));
    const float ball = 12.3f - length(minus(m, eye));
    lar_phantom_lay(mix, PH_DURA, part(ball, width));
    lar_phantom_lay(mix, PH_VITREOUS, part(ball - 1.2f, width));
    /* the gaze turns both lenses to the same side */
    const float gaze = side * a->iris_degrees * 0.01745f;
    const point lens = { eye.x + 8.5f * sinf(gaze), eye.y + 8.5f * cosf(gaze), eye.z };
    lar_phantom_lay(mix, PH_LENS, part(ellipsoid(m, lens, (point){ 4.6f, 2.2f, 4.6f }), width));
}

static void lay_face(const phantom_anatomy *a, point p, point m, float width, const float fine[4],
                     float mix[PH_TISSUE_COUNT])
{
    /* upper jaw with its sinuses, cheek bone, skull base, lower jaw, spine */
    lay_bone(ellipsoid(m, (point){ 0, 54, -72 }, (point){ 30, 28, 9 }), 2, width, mix);
    lay_bone(rod(m, (point){ 44, 58, -52 }, (point){ 60, 20, -46 }, 5, 3), 1.8f, width, mix);
    lay_bone(rod(m, (point){ 0, -8, -32 }, (point){ 0, -20, -56 }, 7, 6), 1.5f, width, mix);
    lar_phantom_lay(mix, PH_BONE,
                    part(rod(m, (point){ 56, -36, -38 }, (point){ 16, -14, -40 }, 9, 5), width));
    const float jaw = fmaxf(rod(m, (point){ 50, 4, -52 }, (point){ 46, 12, -94 }, 5, 6),
                            rod(m, (point){ 46, 12, -96 }, (point){ 8, 66, -104 }, 7, 7));
    lay_bone(jaw, 2, width, mix);
    const float mouth = ellipsoid(m, (point){ 0, 36, -88 }, (point){ 25, 32, 15 });
    lar_phantom_lay(mix, PH_MUSCLE, part(mouth, width));
    lay_sinus(ellipsoid(m, (point){ 28, 46, -60 }, (point){ 12, 16, 14 }), width, mix);
    lay_sinus(ellipsoid(m, (point){ 7, 14, -34 }, (point){ 7, 11, 9 }), width, mix);
    lay_sinus(ellipsoid(m, (point){ 9, 73, -12 }, (point){ 9, 4.5f, 9 }), width, mix);
    /* mastoid cells */
    const float mastoid = ellipsoid(m, (point){ 54, -36, -44 }, (point){ 9, 12, 15 });
    lar_phantom_lay(mix, PH_BONE, part(mastoid, width));
    lar_phantom_lay(mix, PH_AIR, part(mastoid - 1.5f, width) * clamp01(0.5f + 1.5f * fine[1]));
    lar_phantom_lay(mix, PH_AIR,
                    part(rod(m, (point){ 80, -26, -34 }, (point){ 50, -24, -36 }, 3.5f, 3), width));
    /* nose: conchae in air, septum; ethmoid cells above */
    const float nose = fminf(boxy(p, (point){ 0, 56, -48 }, (point){ 14, 38, 19 }, 0.6f),
                             boxy(p, (point){ 0, 50, -48 }, (point){ 30, 48, 20 }, 0.5f));
    lar_phantom_lay(mix, PH_MUCOSA, part(nose, width));
    const float concha = 0.5f + 1.2f * (fine[0] + 0.3f * sinf(0.55f * p.z));
    lar_phantom_lay(mix, PH_AIR, part(nose - 2, width) * clamp01(concha + 0.3f));
    lar_phantom_lay(mix, PH_DURA, part(fminf(nose, 1 - fabsf(p.x + fine[3])), width));
    lar_phantom_lay(mix, PH_AIR,
                    part(rod(m, (point){ 0, 6, -46 }, (point){ 0, -8, -140 }, 7, 7), width));
    lay_eye(a, m, p.x < 0 ? -1.f : 1.f, width, mix);
}

static void lay_neck(point m, float width, float mix[PH_TISSUE_COUNT])
{
    const float disc = 0.5f + 0.5f * cosf(0.37f * m.z);
    const float body = rod(m, (point){ 0, -28, -64 }, (point){ 0, -38, -140 }, 11, 11);
    lar_phantom_lay(mix, PH_BONE, part(body, width));
    lar_phantom_lay(mix, PH_MARROW, part(body - 1.5f, width) * (1 - disc * disc * disc));
    const float arch = rod(m, (point){ 8, -46, -68 }, (point){ 10, -58, -140 }, 11.5f, 11.5f);
    lay_bone(arch, 2.2f, width, mix);
    lar_phantom_lay(mix, PH_BLOOD,
                    part(rod(m, (point){ 28, -8, -46 }, (point){ 30, -2, -140 }, 3.5f, 4), width));
    lar_phantom_lay(mix, PH_BLOOD,
                    part(rod(m, (point){ 34, -18, -46 }, (point){ 36, -10, -140 }, 4, 5), width));
}

static void lay_head(const phantom_anatomy *a, point p, const phantom_hull *hull, float width,
                     const float slow[4], float mix[PH_TISSUE_COUNT])
{
    const point m = { fabsf(p.x), p.y, p.z };
    const float at[3] = { p.x, p.y, p.z };
    float fine[PH_NOISE_CHANNELS];
    const layers l = layers_at(a, m, hull->inside, slow);
    if (l.head < -width) {
        mix[PH_AIR] = 1;
        return;
    }
    lar_phantom_noise_at(&a->fine, at, fine);
    lay_soft(a, &l, m, width, fine, mix);
    if (p.z < -44) lay_neck(m, width, mix);
    const float brain = part(hull->inside, width), head = part(l.head, width);
    const float below = part(l.head - SKIN_MM, width);
    lay_skull(&l, hull->inside, below, brain, width, fine, mix);
    if (p.z < 10 && (p.y > -60)) lay_face(a, p, m, width, fine, mix);
    /* skin closes over it all, and ends in air */
    const float in_head = share_below(head, 1, brain);
    const float in_skin = share_below(below, 1, brain);
    for (int n = 0; n < PH_TISSUE_COUNT; n++) mix[n] *= in_skin;
    mix[PH_SKIN] += in_head - in_skin;
    mix[PH_AIR] += 1 - in_head;
}

/* The veins and folds of the dura that lie in the fluid. */
static void lay_dura(point p, float inside, float width, float mix[PH_TISSUE_COUNT])
{
    const float fluid = mix[PH_CSF];
    if (fluid <= 0) return;
    const float sinus = fminf(5 - inside, 4.5f - fabsf(p.x));
    float blood = p.z > -5 || p.y < -60 ? part(sinus, width) : 0;
    const float dura = 1 - part(inside - 0.9f, width) / fmaxf(part(inside, width), 1e-6f);
    blood *= fluid;
    mix[PH_BLOOD] += blood;
    mix[PH_DURA] += dura * (fluid - blood);
    mix[PH_CSF] = (fluid - blood) * (1 - dura);
}

/* Air for certain: beyond an ellipsoid around the vault, or a cylinder around face and neck. */
static bool far_from_head(point p)
{
    const float x = p.x / 100, y = (p.y + 8) / 128, z = p.z > 0 ? p.z / 104 : 0;
    return x * x + y * y + z * z > 1.04f;
}

void lar_phantom_anatomy_add(const phantom_anatomy *a, const double xyz[3], double width_mm,
                             float weight, float mix[PH_TISSUE_COUNT])
{
    float at[3], bend[PH_NOISE_CHANNELS];
    const float width = (float)width_mm;
    for (int c = 0; c < 3; c++) at[c] = (float)xyz[c] * a->inverse_scale[c];
    if (far_from_head((point){ at[0], at[1], at[2] })) {
        mix[PH_AIR] += weight;
        return;
    }
    lar_phantom_noise_at(&a->shape, at, bend);
    point p = { at[0] + 1.8f * bend[0], at[1] + 1.8f * bend[1], at[2] + 1.8f * bend[2] };
    p.y += a->torque * p.x * 0.045f;
    const float warped[3] = { p.x, p.y, p.z };
    phantom_hull hull;
    lar_phantom_hull_at(&hull, a, warped);

    float own[PH_TISSUE_COUNT] = { 0 };
    const float skull = part(-hull.inside, width);
    if (skull > 0) lay_head(a, p, &hull, width, bend, own);
    if (skull < 1) {
        float brain[PH_TISSUE_COUNT];
        lar_phantom_brain_mix(a, warped, &hull, width, brain);
        lay_dura(p, hull.inside, width, brain);
        for (int n = 0; n < PH_TISSUE_COUNT; n++) own[n] = own[n] * skull + brain[n] * (1 - skull);
    }
    for (int n = 0; n < PH_TISSUE_COUNT; n++) mix[n] += weight * own[n];
}
