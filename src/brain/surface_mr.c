/* The brain in a scan of MR, whatever its contrast. What all contrasts have in common is that the
 * bone around the brain is dark, and that brain tissue is of about one brightness; so the surface
 * is cheap where it runs through voxels that are dark beside the tissue around (the local threshold
 * of Smith 2002, doi:10.1002/hbm.10062), and what it should enclose is said by a shape: first that
 * of the cranium, made from the outline of the head alone, then what was found before. Nothing
 * knows which way is up.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "brain/surface_parts.h"
#include "filter/filter.h"
#include "math/math.h"

#define BALL          0.75
#define SKULL_MM      14
#define CORE_MM       40
#define SCALP_MM      8
#define BIAS_MM       25
#define DARK          0.3
#define BRIGHT        0.8
#define EDGE_LEAST    0.05
#define SHAPE_PER_MM  0.02
#define SHAPE_MM      15
#define DARK_PER_MM   0.02
#define BRIGHT_PER_MM 0.01
#define COARSE_STEPS  200
#define FINE_STEPS    60
#define ROUNDS        2

#define SURELY 10.0f /* per mm: more than any surface costs */

/* What is known at one size of voxels. */
typedef struct stage {
    lar_surface_box box;
    float *value; /* above air */
    float *depth; /* mm below the surface of the head */
    float *u;
    float *shape; /* mm from the surface that is expected, below 0 inside */
    float *level; /* of the tissue around */
    float *edge, *inside, *room;
    uint8_t *mask, *core;
} stage;

enum { FLOATS = 8 };

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

/* Of the values where `mask` is 1. */
static lar_status median_of(float *out, const float *values, const uint8_t *mask, int64_t count,
                            float *room)
{
    static const double half = 0.5;
    double median;
    int64_t found = 0;
    for (int64_t n = 0; n < count; n++)
        if (mask[n]) room[found++] = values[n];
    const lar_status status = lar_quantiles(&median, &half, 1, room, found);
    *out = (float)median;
    return status;
}

/* Means of eight voxels. */
static void halve(float *out, const lar_surface_box *coarse, const float *in,
                  const lar_surface_box *fine)
{
    const int64_t *size = coarse->size, row = fine->size[0], plane = row * fine->size[1];
    for (int64_t k = 0; k < size[2]; k++)
        for (int64_t j = 0; j < size[1]; j++)
            for (int64_t i = 0; i < size[0]; i++) {
                float sum = 0;
                int taken = 0;
                for (int64_t c = 2 * k; c < 2 * k + 2 && c < fine->size[2]; c++)
                    for (int64_t b = 2 * j; b < 2 * j + 2 && b < fine->size[1]; b++)
                        for (int64_t a = 2 * i; a < 2 * i + 2 && a < fine->size[0]; a++, taken++)
                            sum += in[c * plane + b * row + a];
                *out++ = sum / (float)taken;
            }
}

/* The other way, linear. */
static void refine(float *out, const lar_surface_box *fine, const float *in,
                   const lar_surface_box *coarse)
{
    const int64_t *size = coarse->size, row = size[0], plane = row * size[1];
    for (int64_t k = 0; k < fine->size[2]; k++)
        for (int64_t j = 0; j < fine->size[1]; j++)
            for (int64_t i = 0; i < fine->size[0]; i++) {
                const int64_t at[3] = { i / 2, j / 2, k / 2 };
                int64_t other[3];
                for (int a = 0; a < 3; a++) {
                    const int64_t way = (a == 0 ? i : a == 1 ? j : k) % 2 ? 1 : -1;
                    other[a] = at[a] + way;
                    if (other[a] < 0 || other[a] >= size[a]) other[a] = at[a];
                }
                float sum = 0;
                for (int c = 0; c < 8; c++)
                    sum += (c & 1 ? 0.25f : 0.75f) * (c & 2 ? 0.25f : 0.75f) *
                           (c & 4 ? 0.25f : 0.75f) *
                           in[(c & 1 ? other[0] : at[0]) + (c & 2 ? other[1] : at[1]) * row +
                              (c & 4 ? other[2] : at[2]) * plane];
                *out++ = sum;
            }
}

/* Where a ball of nearly the size of the largest one fits into the head: the cranium without face
 * and neck; its surface lies SKULL_MM deeper. */
static lar_status begin_shape(stage *s)
{
    lar_status status = LAR_OK;
    const int64_t *size = s->box.size, count = s->box.count;
    float most = 0;
    for (int64_t k = 0, n = 0; k < size[2]; k++)
        for (int64_t j = 0; j < size[1]; j++)
            for (int64_t i = 0; i < size[0]; i++, n++)
                s->mask[n] = s->depth[n] > 0 && i && j && k && i < size[0] - 1 && j < size[1] - 1 &&
                             k < size[2] - 1;
    LAR_TRY(lar_surface_distance(s->room, s->mask, 0, &s->box));
    for (int64_t n = 0; n < count; n++) most = fmaxf(most, s->room[n]);
    const float ball = (float)BALL * most;
    for (int64_t n = 0; n < count; n++) s->mask[n] = s->room[n] >= ball;
    LAR_TRY(lar_surface_distance(s->shape, s->mask, 1, &s->box));
    for (int64_t n = 0; n < count; n++) {
        const float outside = s->shape[n] - ball;
        s->core[n] = outside < -(float)CORE_MM;
        s->shape[n] = outside + (float)SKULL_MM;
        s->mask[n] = s->shape[n] < 0;
        s->u[n] = s->mask[n];
    }
done:
    return status;
}

/* The brightness of tissue around each voxel: a mean over those of the mask that are near the
 * middle one, as far as the bias of a coil reaches. */
static lar_status find_level(stage *s)
{
    lar_status status = LAR_OK;
    const double voxels = BIAS_MM / s->box.mm, sigma[3] = { voxels, voxels, voxels };
    float middle;
    LAR_TRY(median_of(&middle, s->value, s->mask, s->box.count, s->room));
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

static lar_status find_shape(stage *s)
{
    lar_status status = LAR_OK;
    LAR_TRY(lar_surface_distance(s->shape, s->mask, 1, &s->box));
    LAR_TRY(lar_surface_distance(s->room, s->mask, 0, &s->box));
    for (int64_t n = 0; n < s->box.count; n++) s->shape[n] -= s->room[n];
done:
    return status;
}

static void find_costs(stage *s, bool keep_core)
{
    const float least = (float)EDGE_LEAST, dark = (float)DARK, range = (float)(BRIGHT - DARK),
                shape_mm = (float)SHAPE_MM, per_shape = (float)SHAPE_PER_MM,
                per_dark = (float)DARK_PER_MM, per_bright = (float)BRIGHT_PER_MM,
                scalp = (float)SCALP_MM;
    for (int64_t n = 0; n < s->box.count; n++) {
        const float part = fminf(fmaxf((s->value[n] / s->level[n] - dark) / range, 0), 1);
        const float bright = part * part * (3 - 2 * part);
        const float away = fminf(fmaxf(s->shape[n] / shape_mm, -1), 1);
        s->edge[n] = least + (1 - least) * bright;
        s->inside[n] = per_shape * away + per_dark * (1 - bright) - per_bright * bright;
        if (s->depth[n] < scalp)
            s->inside[n] = SURELY;
        else if (keep_core && s->core[n])
            s->inside[n] = -SURELY;
    }
}

static lar_status settle(stage *s, int64_t steps, bool keep_core)
{
    lar_status status = LAR_OK;
    find_costs(s, keep_core);
    LAR_TRY(lar_surface_minimize(s->u, s->edge, s->inside, steps, &s->box));
    for (int64_t n = 0; n < s->box.count; n++) s->mask[n] = s->u[n] > 0.5f;
    LAR_TRY(lar_mask_keep_largest(s->mask, s->box.size));
    LAR_TRY(lar_mask_fill_holes(s->mask, s->box.size));
done:
    return status;
}

static void box_of(int64_t first[3], lar_surface_box *out, const uint8_t *mask,
                   const lar_surface_box *whole)
{
    int64_t last[3] = { -1, -1, -1 };
    for (int a = 0; a < 3; a++) first[a] = whole->size[a];
    for (int64_t k = 0, n = 0; k < whole->size[2]; k++)
        for (int64_t j = 0; j < whole->size[1]; j++)
            for (int64_t i = 0; i < whole->size[0]; i++, n++) {
                if (!mask[n]) continue;
                const int64_t at[3] = { i, j, k };
                for (int a = 0; a < 3; a++) {
                    if (at[a] < first[a]) first[a] = at[a];
                    if (at[a] > last[a]) last[a] = at[a];
                }
            }
    *out = (lar_surface_box){ .mm = whole->mm, .count = 1 };
    for (int a = 0; a < 3; a++) {
        first[a] = first[a] > 1 ? first[a] - 2 : 0;
        const int64_t end = last[a] + 3 < whole->size[a] ? last[a] + 3 : whole->size[a];
        out->size[a] = end - first[a];
        out->count *= out->size[a];
    }
}

/* Values above air, and depth, in the box of the head. */
static lar_status look(stage *fine, int64_t first[3], const lar_image *scan,
                       const lar_surface_box *whole)
{
    lar_status status = LAR_OK;
    lar_image *head = NULL;
    float *room = NULL, air = 0;
    uint8_t *outside = NULL;
    lar_surface_box box;
    LAR_TRY(lar_head_mask(&head, scan));
    const uint8_t *inside = head->voxels;
    const float *values = scan->voxels;
    box_of(first, &box, inside, whole);
    LAR_TRY(stage_init(fine, &box));
    room = lar_alloc_raw(whole->count, sizeof *room);
    outside = lar_alloc_raw(whole->count, 1);
    if (!room || !outside) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < whole->count; n++) outside[n] = !inside[n];
    LAR_TRY(median_of(&air, values, outside, whole->count, room));
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

lar_status lar_surface_of_mr(float *u, const lar_image *scan, const lar_surface_box *whole)
{
    lar_status status = LAR_OK;
    stage fine = { 0 }, coarse = { 0 };
    int64_t first[3];
    lar_surface_box half = { .mm = 2 * whole->mm, .count = 1 };
    LAR_TRY(look(&fine, first, scan, whole));
    for (int a = 0; a < 3; a++) {
        half.size[a] = (fine.box.size[a] + 1) / 2;
        half.count *= half.size[a];
    }
    LAR_TRY(stage_init(&coarse, &half));
    halve(coarse.value, &half, fine.value, &fine.box);
    halve(coarse.depth, &half, fine.depth, &fine.box);
    LAR_TRY(begin_shape(&coarse));
    for (int round = 0; round < ROUNDS; round++) {
        LAR_TRY(find_level(&coarse));
        if (round) LAR_TRY(find_shape(&coarse));
        LAR_TRY(settle(&coarse, COARSE_STEPS, round == 0));
    }
    LAR_TRY(find_level(&coarse));
    LAR_TRY(find_shape(&coarse));
    refine(fine.shape, &fine.box, coarse.shape, &half);
    refine(fine.level, &fine.box, coarse.level, &half);
    refine(fine.u, &fine.box, coarse.u, &half);
    LAR_TRY(settle(&fine, FINE_STEPS, false));
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
