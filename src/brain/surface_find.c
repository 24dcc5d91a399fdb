/* The brain in a scan of MR, whatever its contrast, or of CT. What all contrasts have in common is
 * that the bone around the brain is dark, and that brain tissue is of about one brightness; so the
 * surface is cheap where it runs through voxels that are dark beside the tissue around (the local
 * threshold of Smith 2002, doi:10.1002/hbm.10062), and what it should enclose is said by a shape:
 * first that of a mean brain, placed below the outline of the head, then half that and half what
 * was found before. In CT tissue is a range of Hounsfield units in place of a brightness.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "brain/strip_parts.h"
#include "brain/surface_parts.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"

#define SCALP_MM 8.0  /* no brain lies less deep in a head */
#define CORE_MM  20.0 /* what lies so deep in the brain of mean shape is brain */
#define FOUND    0.5f /* of the shape that is expected; the rest is the mean one */
#define BIAS_MM  25.0 /* sigma; a coil's brightness changes over more */
/* Costs: of dark voxels per mm2, beside 1 of tissue; per mm3 for what lies SHAPE_MM outside of the
 * surface that is expected, four times that from twice as far, against what is no tissue, and for
 * what is: as much as the surface of a ball of the size of a brain pulls, 2 / radius. */
#define EDGE_LEAST    0.05
#define SHAPE_PER_MM  0.06
#define SHAPE_MM      15.0
#define DARK_PER_MM   0.04f
#define BONE_PER_MM   0.1f
#define BRIGHT_PER_MM 0.03
/* Fluid begins between 2 and 4 spreads of tissue from its middle, where the histogram says. */
#define CUT_LEAST 2.0
#define CUT_MOST  4.0
#define CUT_WIDTH 0.55 /* of the way from there to the middle */
#define FAR_OFF   0.75 /* farther counts no more: fat of the face is farther than any fluid */
#define DEEP_MM   12.0 /* so far inside there is no bone */
#define LOW_LEAST 0.55 /* grey matter of T1 is brighter */
#define LOW_MOST  0.85
#define BONE      0.6 /* where fluid is bright: half way between bone and tissue */

enum { ROUNDS = 3, COARSE_STEPS = 200, FINE_STEPS = 60 }; /* after these u hardly changes */

#define LEAST_ML 50.0  /* less is no head of a patient */
#define SURELY   10.0f /* per mm: more than any surface costs */

/* What is known at one size of voxels. */
typedef struct stage {
    lar_surface_box box;
    float *value; /* above air */
    float *depth; /* mm below the surface of the head */
    float *u;
    float *shape; /* mm from the surface that is expected, below 0 inside */
    float *level; /* of the tissue around */
    float *edge, *inside, *room;
    uint8_t *mask, *core; /* core: certainly brain */
} stage;

enum { FLOATS = 8 };

/* What brain tissue is, as parts of the level around: below low, or above high, it is something
 * else. At `low` and `high` the cost is half way. */
typedef struct range {
    float low, high; /* high: INFINITY where fluid is dark */
    float low_width, high_width;
    float
        outside; /* cost per mm3 of what is beyond: bone, or where fluid is as dark, perhaps that */
} range;

/* Hounsfield units: fluid and brain, between fat or air and bone (Muschelli 2015,
 * doi:10.1016/j.neuroimage.2015.03.074). */
static const range hounsfield = { 0, 100, 20, 60, BONE_PER_MM };
static const range any_contrast = { 0.55f, INFINITY, 0.25f, 1, DARK_PER_MM };

static lar_status stage_init(stage *s, const lar_surface_box *box)
{
    *s = (stage){ .box = *box };
    s->value = lar_alloc(box->count * FLOATS, sizeof *s->value);
    s->mask = lar_alloc(box->count * 2, 1);
    if (!s->value || !s->mask) return LAR_EMEMORY;
    s->depth = s->value + box->count;
    s->u = s->depth + box->count;
    s->shape = s->u + box->count;
    s->level = s->shape + box->count;
    s->edge = s->level + box->count;
    s->inside = s->edge + box->count;
    s->room = s->inside + box->count;
    s->core = s->mask + box->count;
    return LAR_OK;
}

static void stage_clear(stage *s)
{
    lar_free(s->value);
    lar_free(s->mask);
}

static void take_core(stage *s, const float *shape)
{
    for (int64_t n = 0; n < s->box.count; n++) s->core[n] = shape[n] < -(float)CORE_MM;
}

static lar_status begin_shape(stage *s, lar_brain_pose *pose)
{
    lar_status status = LAR_OK;
    const int64_t count = s->box.count;
    for (int64_t n = 0; n < count; n++) s->mask[n] = s->depth[n] > 0;
    LAR_TRY(lar_surface_distance(s->room, s->mask, 1, &s->box));
    for (int64_t n = 0; n < count; n++) s->room[n] = s->depth[n] - s->room[n];
    lar_surface_place_in_head(pose, s->room, &s->box);
    lar_surface_of_pose(s->shape, pose, &s->box);
    take_core(s, s->shape);
    for (int64_t n = 0; n < count; n++) {
        s->mask[n] = s->shape[n] < 0;
        s->u[n] = s->mask[n];
    }
done:
    return status;
}

/* The brightness of tissue around each voxel: a mean over those of the mask that are near the
 * middle one, as far as the bias of a coil reaches. */
static lar_status find_level(stage *s, bool ct)
{
    lar_status status = LAR_OK;
    if (ct) {
        for (int64_t n = 0; n < s->box.count; n++) s->level[n] = 1;
        return LAR_OK;
    }
    const double voxels = BIAS_MM / s->box.mm, sigma[3] = { voxels, voxels, voxels };
    float middle;
    LAR_TRY(lar_brain_median(&middle, s->value, s->mask, s->box.count, s->room));
    if (!(middle > 0)) {
        status =
            lar_fail(LAR_ENUMERIC, "no brain was found: the middle of the head is as dark as air");
        goto done;
    }
    float *weight = s->room;
    for (int64_t n = 0; n < s->box.count; n++) {
        const float value = s->value[n];
        const bool tissue = s->mask[n] && value > 0.5f * middle && value < 1.6f * middle;
        weight[n] = tissue ? 1 : 1e-4f;
        s->level[n] = weight[n] * (tissue ? value : middle);
    }
    LAR_TRY(lar_smooth_voxels(s->level, s->box.size, sigma));
    LAR_TRY(lar_smooth_voxels(weight, s->box.size, sigma));
    for (int64_t n = 0; n < s->box.count; n++) s->level[n] /= weight[n];
done:
    return status;
}

/* From what was found, and the mean brain that is most like it. */
static lar_status find_shape(stage *s, lar_brain_pose *pose)
{
    lar_status status = LAR_OK;
    LAR_TRY(lar_surface_distance(s->shape, s->mask, 1, &s->box));
    LAR_TRY(lar_surface_distance(s->room, s->mask, 0, &s->box));
    for (int64_t n = 0; n < s->box.count; n++) s->shape[n] -= s->room[n];
    lar_surface_place_on_mask(pose, s->shape, &s->box);
    lar_surface_of_pose(s->room, pose, &s->box);
    take_core(s, s->room);
    for (int64_t n = 0; n < s->box.count; n++)
        s->shape[n] = FOUND * s->shape[n] + (1 - FOUND) * s->room[n];
done:
    return status;
}

/* Which side of tissue the fluid is on, and where between both. Deep in the brain there is no bone:
 * what is far from the middle there is fluid of ventricles and fissures. The other half of the
 * distribution says how far tissue itself spreads. */
static lar_status find_range(range *out, stage *s, int contrast)
{
    static const double fractions[3] = { 0.16, 0.5, 0.84 };
    double at[3], moment = 0;
    int64_t found = 0;
    float *deep = s->room;
    for (int64_t n = 0; n < s->box.count; n++)
        if (s->mask[n] && s->shape[n] < -(float)DEEP_MM) deep[found++] = s->value[n] / s->level[n];
    const lar_status status = lar_quantiles(at, fractions, 3, deep, found);
    if (status != LAR_OK) return status;
    for (int64_t n = 0; n < found; n++) {
        const double away = fmin(fmax((double)deep[n] - at[1], -FAR_OFF), FAR_OFF);
        moment += away * away * away;
    }
    const bool told =
        contrast == LAR_STRIP_T1 || contrast == LAR_STRIP_T2 || contrast == LAR_STRIP_FLAIR;
    const bool bright = told ? contrast == LAR_STRIP_T2 : moment > 0;
    const double spread = bright ? at[1] - at[0] : at[2] - at[1];
    int64_t beyond = 0;
    double otsu = 0;
    for (int64_t n = 0; n < found; n++)
        if (bright ? deep[n] > at[1] : deep[n] < at[1]) deep[beyond++] = deep[n];
    lar_otsu split;
    if (lar_otsu_split(&split, deep, beyond) == LAR_OK) otsu = split.threshold;
    double cut = fabs(otsu - at[1]);
    cut = fmin(fmax(cut, CUT_LEAST * spread), CUT_MOST * spread);
    *out = any_contrast;
    if (bright) {
        out->low = (float)BONE;
        out->low_width = 0.25f;
        out->outside = BONE_PER_MM;
    } else {
        out->low = (float)fmin(fmax(at[1] - cut, LOW_LEAST), LOW_MOST);
        out->low_width = (float)CUT_WIDTH * (1 - out->low);
    }
    return LAR_OK;
}

static float step(float x, float at, float width)
{
    const float part = fminf(fmaxf((x - at) / width * 0.5f + 0.5f, 0), 1);
    return part * part * (3 - 2 * part);
}

static void find_costs(stage *s, const range *tissue)
{
    const float least = (float)EDGE_LEAST, shape_mm = (float)SHAPE_MM,
                per_shape = (float)SHAPE_PER_MM, per_dark = tissue->outside,
                per_bright = (float)BRIGHT_PER_MM, scalp = (float)SCALP_MM;
    for (int64_t n = 0; n < s->box.count; n++) {
        const float x = s->value[n] / s->level[n];
        float bright = step(x, tissue->low, tissue->low_width);
        if (tissue->high < INFINITY) bright *= 1 - step(x, tissue->high, tissue->high_width);
        const float away = fminf(fmaxf(s->shape[n] / shape_mm, -2), 2);
        s->edge[n] = least + (1 - least) * bright;
        s->inside[n] =
            per_shape * away * fabsf(away) + per_dark * (1 - bright) - per_bright * bright;
        if (s->depth[n] < scalp)
            s->inside[n] = SURELY;
        else if (s->core[n])
            s->inside[n] = -SURELY;
    }
}

static lar_status settle(stage *s, const range *tissue, int64_t steps)
{
    lar_status status = LAR_OK;
    find_costs(s, tissue);
    LAR_TRY(lar_surface_minimize(s->u, s->edge, s->inside, steps, &s->box));
    for (int64_t n = 0; n < s->box.count; n++) s->mask[n] = s->u[n] > 0.5f;
    LAR_TRY(lar_mask_keep_largest(s->mask, s->box.size));
    LAR_TRY(lar_mask_fill_holes(s->mask, s->box.size));
    const double millilitres =
        (double)lar_mask_count(s->mask, s->box.count) * pow(s->box.mm, 3) / 1000;
    if (millilitres < LEAST_ML)
        status = lar_fail(LAR_ENUMERIC, "no brain was found: the surface closes around %.0f ml",
                          millilitres);
done:
    return status;
}

/* Values above air, and depth, in the box of the head. */
static lar_status look(stage *fine, int64_t first[3], const lar_image *scan, bool ct,
                       const lar_surface_box *whole)
{
    lar_status status = LAR_OK;
    lar_image *head = NULL;
    float *room = NULL, air = 0;
    uint8_t *outside = NULL;
    lar_surface_box box;
    LAR_TRY(lar_brain_head(&head, scan, ct));
    const uint8_t *inside = head->voxels;
    const float *values = scan->voxels;
    lar_surface_box_of(first, &box, inside, whole);
    LAR_TRY(stage_init(fine, &box));
    room = lar_alloc_raw(whole->count, sizeof *room);
    outside = lar_alloc_raw(whole->count, 1);
    if (!room || !outside) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < whole->count; n++) outside[n] = !inside[n];
    if (!ct && lar_mask_count(inside, whole->count) < whole->count)
        LAR_TRY(lar_brain_median(&air, values, outside, whole->count, room));
    for (int64_t k = 0, n = 0; k < box.size[2]; k++)
        for (int64_t j = 0; j < box.size[1]; j++)
            for (int64_t i = 0; i < box.size[0]; i++, n++) {
                const int64_t at =
                    first[0] + i +
                    whole->size[0] * (first[1] + j + whole->size[1] * (first[2] + k));
                fine->mask[n] = inside[at];
                fine->value[n] = values[at] - air;
            }
    LAR_TRY(lar_surface_distance(fine->depth, fine->mask, 0, &box));
done:
    lar_image_free(head);
    lar_free(room);
    lar_free(outside);
    return status;
}

lar_status lar_surface_find(float *u, const lar_image *scan, int contrast,
                            const lar_surface_box *whole)
{
    const bool ct = contrast == LAR_STRIP_CT;
    lar_status status = LAR_OK;
    stage fine = { 0 }, coarse = { 0 };
    int64_t first[3];
    lar_brain_pose pose;
    lar_surface_box half = { .mm = 2 * whole->mm, .count = 1 };
    LAR_TRY(look(&fine, first, scan, ct, whole));
    for (int a = 0; a < 3; a++) {
        half.size[a] = (fine.box.size[a] + 1) / 2;
        half.count *= half.size[a];
    }
    LAR_TRY(stage_init(&coarse, &half));
    lar_surface_halve(coarse.value, &half, fine.value, &fine.box);
    lar_surface_halve(coarse.depth, &half, fine.depth, &fine.box);
    LAR_TRY(begin_shape(&coarse, &pose));
    range tissue = ct ? hounsfield : any_contrast;
    for (int round = 0; round < ROUNDS; round++) {
        LAR_TRY(find_level(&coarse, ct));
        if (round) LAR_TRY(find_shape(&coarse, &pose));
        if (round && !ct) LAR_TRY(find_range(&tissue, &coarse, contrast));
        LAR_TRY(settle(&coarse, &tissue, COARSE_STEPS));
    }
    LAR_TRY(find_level(&coarse, ct));
    LAR_TRY(find_shape(&coarse, &pose));
    if (!ct) LAR_TRY(find_range(&tissue, &coarse, contrast));
    lar_surface_of_pose(coarse.room, &pose, &half);
    lar_surface_refine(fine.shape, &fine.box, coarse.room, &half);
    take_core(&fine, fine.shape);
    lar_surface_refine(fine.shape, &fine.box, coarse.shape, &half);
    lar_surface_refine(fine.level, &fine.box, coarse.level, &half);
    lar_surface_refine(fine.u, &fine.box, coarse.u, &half);
    for (int64_t n = 0; n < fine.box.count; n++) fine.mask[n] = fine.shape[n] < 0;
    LAR_TRY(settle(&fine, &tissue, FINE_STEPS));
    for (int64_t k = 0, n = 0; k < fine.box.size[2]; k++)
        for (int64_t j = 0; j < fine.box.size[1]; j++)
            for (int64_t i = 0; i < fine.box.size[0]; i++, n++)
                u[first[0] + i +
                  whole->size[0] * (first[1] + j + whole->size[1] * (first[2] + k))] = fine.mask[n];
done:
    stage_clear(&fine);
    stage_clear(&coarse);
    return status;
}
