/* Whether a map can be trusted. Measured on T1, T2 and FLAIR of 16 people (./dev bench register
 * verdict): of one person at least 17 % of the mutual information is lost 2 mm beside, of two
 * people at most 11 %, of one who is mirrored at most 15 %. Where there is doubt, a second run
 * begins elsewhere, with the roles of both images exchanged, and the better of both maps is kept.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "image/image.h"
#include "math/math.h"
#include "register/register_parts.h"

/* What a map needs not to be doubted, and not to be looked at twice. */
typedef struct bounds {
    double sharpness, overlap, scale, consistency_mm;
} bounds;
static const bounds same = { 0.135, 0.5, 1.25, 3 };
static const bounds different = { 0.02, 0.4, 1.6, 10 };
static const bounds sure = { 0.15, 0.75, 1.15, 0 };

#define SURE_DEGREES 60.0 /* larger turns are looked at twice */
#define NOTICED_MM   1.0  /* a map so near the headers' need not fit better than they do */
#define CLEARLY      1.05 /* so many times better */
#define SPACING_MM   2.0
#define MIRRORED     0.165 /* a mirrored head was never sharper */
enum { MOST = 60000, MIRROR_STEPS = 25 };

/* ---- the verdict --------------------------------------------------------------------------- */

static bool are_same(const lar_register_params *params)
{
    return params->heads == LAR_HEADS_SAME ||
           (params->heads == LAR_HEADS_AUTO && params->kind != LAR_REGISTER_DEFORMABLE);
}

/* A sharpness as of small voxels. Further beside more is lost, of heads that do not fit too: about
 * as the power 1.5 of the distance on phantoms of 4 to 7 mm. Larger voxels tell people apart no
 * longer; from there on the bound does not rise. */
static double sharpness_of(const lar_register_verdict *v)
{
    return v->sharpness / fmin(pow(v->beside_mm / 2, 1.5), 2.45);
}

static bool is_stretched(const lar_register_verdict *v, double most)
{
    return v->scale[0] < 1 / most || v->scale[2] > most;
}

#define doubt(v, ...) lar_doubt(&(v)->doubtful, (v)->reason, __VA_ARGS__)

static void decide(lar_register_verdict *v, double moved_mm, const lar_register_params *params)
{
    const bool alike = are_same(params);
    const bounds *least = alike ? &same : &different;
    if (v->overlap < least->overlap)
        doubt(v, "the heads overlap by only %.0f %%", 100 * v->overlap);
    if (v->consistency_mm > least->consistency_mm)
        doubt(v, "a second run that began elsewhere ended %.1f mm away", v->consistency_mm);
    if (v->metric_after < v->metric_before && moved_mm > NOTICED_MM)
        doubt(v, "it fits less well than the headers do: mutual information %.3f, by headers %.3f",
              v->metric_after, v->metric_before);
    if (is_stretched(v, least->scale))
        doubt(v, "it stretches the head by %.2f to %.2f", v->scale[0], v->scale[2]);
    if (sharpness_of(v) < least->sharpness && alike)
        doubt(v,
              "%.3g mm beside it fits nearly as well (%.1f %% less): it failed, or these are the "
              "heads of two people",
              v->beside_mm, 100 * v->sharpness);
    else if (sharpness_of(v) < least->sharpness)
        doubt(v, "%.3g mm beside it fits as well (%.1f %% less)", v->beside_mm, 100 * v->sharpness);
}

static bool is_sure(const lar_register_verdict *v, const lar_register_params *params)
{
    return sharpness_of(v) >= (are_same(params) ? sure.sharpness : 2 * different.sharpness) &&
           v->overlap >= sure.overlap && !is_stretched(v, sure.scale) &&
           v->angle_degrees <= SURE_DEGREES && v->metric_after >= v->metric_before;
}

/* A head and its mirror image differ less than two heads do: so the moving image is also tried as
 * its own mirror image, left for right. */
static lar_status try_mirrored(lar_register_verdict *v, lar_level *level, const lar_affine *map,
                               const lar_side *sampled, const lar_side *probed,
                               const lar_register_params *params)
{
    lar_status status = LAR_OK;
    double value;
    lar_affine flip = lar_affine_identity(), about;
    flip.m[0][0] = -1;
    about = lar_linear_about(map, sampled, probed);
    about = lar_affine_chain(&flip, &about);
    LAR_TRY(lar_match_climb(&about, &value, level->match,
                            params->kind < LAR_REGISTER_AFFINE ? params->kind : LAR_REGISTER_AFFINE,
                            MIRROR_STEPS, 2, 0.1));
    LAR_TRY(lar_match_value(&value, NULL, NULL, level->match, &about));
    if (value > CLEARLY * v->metric_after)
        doubt(
            v,
            "mirrored, left for right, it fits better (mutual information %.3f, not %.3f): one of "
            "the headers names the wrong side",
            value, v->metric_after);
done:
    return status;
}

/* From elsewhere: the other image is sampled, and all turns are tried. */
static lar_status look_again(lar_register_verdict *v, lar_affine *map, lar_level *level,
                             const lar_side *sampled, const lar_side *probed, bool backward,
                             const lar_register_params *params)
{
    lar_status status = LAR_OK;
    lar_affine second, back;
    lar_register_verdict other = { .consistency_mm = NAN };
    LAR_TRY(lar_linear_find(&back, probed, sampled, NULL, true, params));
    if (!lar_affine_invert(&second, &back)) goto done;
    LAR_TRY(lar_measure_map(&other, level, &second, sampled, probed, backward));
    v->consistency_mm = lar_map_distance_mm(map, &second, sampled);
    const double first_worth = v->metric_after * v->sharpness;
    const double second_worth = other.metric_after * other.sharpness;
    const bool far_apart = v->consistency_mm > same.consistency_mm;
    if (far_apart && second_worth > CLEARLY * first_worth) {
        other.consistency_mm = v->consistency_mm;
        *v = other;
        *map = second;
    }
    /* a hill that is clearly lower takes nothing from the higher one */
    if (far_apart && fmin(first_worth, second_worth) < fmax(first_worth, second_worth) / 2)
        v->consistency_mm = NAN;
done:
    return status;
}

lar_status lar_judge_map(lar_register_verdict *v, lar_affine *map, const lar_side *sampled,
                         const lar_side *probed, bool backward, bool searched,
                         const lar_register_params *params)
{
    lar_status status = LAR_OK;
    lar_level level = { 0 };
    const lar_affine none = lar_affine_identity();
    *v = (lar_register_verdict){ .consistency_mm = NAN, .jacobian = { 1, 1 } };
    LAR_TRY(lar_level_init(&level, sampled, probed, SPACING_MM, MOST, LAR_METRIC_MI, params));
    LAR_TRY(lar_measure_map(v, &level, map, sampled, probed, backward));
    if (searched && !is_sure(v, params))
        LAR_TRY(look_again(v, map, &level, sampled, probed, backward, params));
    if (are_same(params) && sharpness_of(v) < MIRRORED)
        LAR_TRY(try_mirrored(v, &level, map, sampled, probed, params));
    decide(v, lar_map_distance_mm(map, &none, sampled), params);
done:
    lar_level_clear(&level);
    return status;
}

lar_status lar_judge_field(lar_register_verdict *v, const lar_image *field)
{
    lar_status status = LAR_OK;
    lar_image *jacobian = NULL;
    lar_range range;
    LAR_TRY(lar_field_jacobian(&jacobian, field));
    LAR_TRY(lar_image_range(&range, jacobian));
    v->jacobian[0] = range.low;
    v->jacobian[1] = range.high;
    const float *values = jacobian->voxels;
    for (int64_t n = 0; n < lar_image_voxel_count(jacobian); n++) v->folded += !(values[n] > 0);
    if (v->folded) doubt(v, "the deformation folds at %lld voxels", (long long)v->folded);
done:
    lar_image_free(jacobian);
    return status;
}
