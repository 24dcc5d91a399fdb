/* The likeness of two images under a linear map, its slope, and the way up to the best map near.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "image/image.h"
#include "math/math.h"
#include "register/register_parts.h"
#include "register/spots.h"

enum { GRAIN = 32768, BLOCK = LAR_SPOTS, SUMS = 12 };

struct lar_match {
    const lar_samples *samples;
    const lar_probe *probe;
    int metric;
    double radius_mm;
    lar_affine map_to_voxel; /* of the map that is looked at: from mm about the samples' centre */
    float *value, *slope, *steep[3]; /* of each sample: value, d(likeness) / d(value), gradient of
                                        the other image per voxel */
    double *sums;                    /* of each piece */
    lar_lncc *lncc;                  /* where boxes are correlated */
    int kind;                        /* what climb() varies */
    lar_affine base;
};

static void clear(lar_match *match)
{
    lar_free(match->value);
    lar_free(match->slope);
    for (int a = 0; a < 3; a++) lar_free(match->steep[a]);
    lar_free(match->sums);
    lar_lncc_free(match->lncc);
}

void lar_match_free(lar_match *match)
{
    if (match) clear(match);
    lar_free(match);
}

lar_status lar_match_new(lar_match **out, const lar_samples *samples, const lar_probe *probe,
                         int metric, double radius_mm, double box_mm)
{
    lar_match *match = lar_alloc(1, sizeof *match);
    const int64_t count = samples->count;
    *out = match;
    if (!match) return LAR_EMEMORY;
    *match =
        (lar_match){ .samples = samples, .probe = probe, .metric = metric, .radius_mm = radius_mm };
    match->value = lar_alloc_raw(count, sizeof(float));
    match->slope = lar_alloc_raw(count, sizeof(float));
    for (int a = 0; a < 3; a++) match->steep[a] = lar_alloc_raw(count, sizeof(float));
    match->sums = lar_alloc(lar_piece_count(count, GRAIN) * SUMS, sizeof(double));
    if (metric == LAR_METRIC_LNCC) {
        int64_t radius[3];
        lar_lncc_radius(radius, samples->spacing_mm, box_mm);
        const lar_status status = lar_lncc_new(&match->lncc, samples->size, radius, false);
        if (status != LAR_OK) return status;
    }
    return match->value && match->slope && match->steep[0] && match->steep[1] && match->steep[2] &&
                   match->sums
               ? LAR_OK
               : LAR_EMEMORY;
}

int64_t lar_match_samples(const lar_match *match)
{
    return match->samples->count;
}

/* ---- values under a map -------------------------------------------------------------------- */

LAR_CLONES static lar_status look_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    lar_match *match = arg;
    const lar_samples *s = match->samples;
    const int64_t *size = match->probe->image->grid.size;
    float m[3][4], at[3][BLOCK];
    lar_spots spots;
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++) m[r][c] = (float)match->map_to_voxel.m[r][c];
    for (int64_t first = begin; first < end; first += BLOCK) {
        const int64_t count = end - first < BLOCK ? end - first : BLOCK;
        const float *x = s->at[0] + first, *y = s->at[1] + first, *z = s->at[2] + first;
        for (int r = 0; r < 3; r++)
            for (int64_t n = 0; n < count; n++)
                at[r][n] = m[r][0] * x[n] + m[r][1] * y[n] + m[r][2] * z[n] + m[r][3];
        lar_spots_find(&spots, at[0], at[1], at[2], count, size);
        lar_spots_look(match->value + first, match->steep[0] + first, match->steep[1] + first,
                       match->steep[2] + first, &spots, count, match->probe->image->voxels, size);
        for (int64_t n = first; n < first + count; n++) {
            const float value = match->value[n] + spots.beyond[n - first];
            match->value[n] = value;
            for (int r = 0; r < 3; r++) /* no value: no slope, which 0 times NaN would not be */
                match->steep[r][n] = value == value ? match->steep[r][n] : 0;
        }
    }
    return LAR_OK;
}

/* Sums of slope times gradient times place: what each entry of the map to voxels does. */
LAR_CLONES static lar_status sum_piece(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    lar_match *match = arg;
    const lar_samples *s = match->samples;
    double *sums = match->sums + piece * SUMS;
    memset(sums, 0, SUMS * sizeof *sums);
    for (int64_t first = begin; first < end; first += BLOCK) {
        const int64_t count = end - first < BLOCK ? end - first : BLOCK;
        const float *at[3] = { s->at[0] + first, s->at[1] + first, s->at[2] + first };
        for (int r = 0; r < 3; r++) {
            const float *slope = match->slope + first, *steep = match->steep[r] + first;
            enum { LANES = 16 };
            float sum[4][LANES] = { { 0 } };
            int64_t n = 0;
            for (; n + LANES <= count; n += LANES)
                for (int l = 0; l < LANES; l++) {
                    const float force = slope[n + l] * steep[n + l];
                    sum[0][l] += force * at[0][n + l];
                    sum[1][l] += force * at[1][n + l];
                    sum[2][l] += force * at[2][n + l];
                    sum[3][l] += force;
                }
            for (int l = 0; n < count; n++, l++) {
                const float force = slope[n] * steep[n];
                sum[0][l] += force * at[0][n];
                sum[1][l] += force * at[1][n];
                sum[2][l] += force * at[2][n];
                sum[3][l] += force;
            }
            for (int c = 0; c < 4; c++)
                for (int l = 0; l < LANES; l++) sums[4 * r + c] += (double)sum[c][l];
        }
    }
    return LAR_OK;
}

static lar_affine to_voxel(const lar_match *match, const lar_affine *map)
{
    lar_affine moved = *map;
    for (int r = 0; r < 3; r++) moved.m[r][3] += match->probe->centre_mm[r];
    return lar_affine_chain(&moved, &match->probe->to_voxel);
}

/* How many samples met the other image, of those that have a value themselves. */
static double share_of(const lar_match *match, int64_t used)
{
    const lar_samples *s = match->samples;
    int64_t known = s->count;
    if (match->lncc) {
        used = known = 0;
        for (int64_t n = 0; n < s->count; n++) {
            const bool is_known = s->value[n] == s->value[n];
            known += is_known;
            used += is_known && match->value[n] == match->value[n];
        }
    }
    const double share = known ? (double)used / (double)known / match->probe->expected : 0;
    return share < 1 ? share : 1;
}

lar_status lar_match_value(double *value, double *share, double slope[12], lar_match *match,
                           const lar_affine *map)
{
    lar_status status = LAR_OK;
    const lar_samples *s = match->samples;
    float *const along = slope ? match->slope : NULL;
    int64_t used = 0;
    match->map_to_voxel = to_voxel(match, map);
    LAR_TRY(lar_parallel(s->count, GRAIN, look_piece, match));
    if (match->lncc)
        LAR_TRY(lar_lncc_value(value, NULL, along, match->lncc, s->value, match->value));
    else
        LAR_TRY(lar_mi_value(value, &used, along, match->metric, s->bin, s->bins, match->value,
                             &match->probe->bins, s->count));
    if (share) *share = share_of(match, used);
    if (slope) {
        double voxel[SUMS] = { 0 };
        LAR_TRY(lar_parallel(s->count, GRAIN, sum_piece, match));
        for (int64_t p = 0; p < lar_piece_count(s->count, GRAIN); p++)
            for (int e = 0; e < SUMS; e++) voxel[e] += match->sums[p * SUMS + e];
        for (int r = 0; r < 3; r++) /* of the map itself: through the turn from mm to voxels */
            for (int c = 0; c < 4; c++) {
                slope[4 * r + c] = 0;
                for (int k = 0; k < 3; k++)
                    slope[4 * r + c] += match->probe->to_voxel.m[k][r] * voxel[4 * k + c];
            }
    }
done:
    return status;
}

/* ---- the way up ---------------------------------------------------------------------------- */

static lar_status downhill(void *arg, const double *x, double *value, double *slope)
{
    lar_match *match = arg;
    double slopes[12][12], of_map[12];
    const lar_affine move = lar_linear_move(match->kind, x, match->radius_mm);
    const lar_affine map = lar_affine_chain(&match->base, &move);
    const lar_status status = lar_match_value(value, NULL, of_map, match, &map);
    lar_linear_slopes(slopes, match->kind, x, match->radius_mm, &match->base);
    for (int n = 0; n < lar_linear_count(match->kind); n++) {
        slope[n] = 0;
        for (int e = 0; e < 12; e++) slope[n] -= slopes[n][e] * of_map[e];
    }
    *value = -*value;
    return status;
}

/* How the squared difference of values would curve: each sample's gradient along the parameters,
 * times itself (Gauss-Newton). To a factor this is how likeness curves too. */
static void curvature(double *out, lar_match *match, int n)
{
    enum { SKIP = 8 };
    const lar_samples *s = match->samples;
    const double none[12] = { 0 };
    double slopes[12][12], g[12];
    lar_linear_slopes(slopes, match->kind, none, match->radius_mm, &match->base);
    memset(out, 0, (size_t)(n * n) * sizeof *out);
    for (int64_t v = 0; v < s->count; v += SKIP) {
        if (match->value[v] != match->value[v]) continue;
        const double at[4] = { (double)s->at[0][v], (double)s->at[1][v], (double)s->at[2][v], 1 };
        double mm[3] = { 0 };
        for (int k = 0; k < 3; k++)
            for (int r = 0; r < 3; r++)
                mm[r] += match->probe->to_voxel.m[k][r] * (double)match->steep[k][v];
        for (int p = 0; p < n; p++) {
            g[p] = 0;
            for (int e = 0; e < 12; e++) g[p] += slopes[p][e] * mm[e / 4] * at[e % 4];
        }
        for (int p = 0; p < n; p++)
            for (int q = 0; q <= p; q++) out[p * n + q] += g[p] * g[q];
    }
    for (int p = 0; p < n; p++)
        for (int q = p + 1; q < n; q++) out[p * n + q] = out[q * n + p];
}

lar_status lar_match_climb(lar_affine *map, double *value, lar_match *match, int kind,
                           int64_t iterations, double first_step_mm, double tolerance_mm)
{
    lar_status status = LAR_OK;
    double x[12] = { 0 }, curve[144];
    match->kind = kind;
    match->base = *map;
    LAR_TRY(lar_match_value(value, NULL, NULL, match, map));
    curvature(curve, match, lar_linear_count(kind));
    const lar_minimizing how = { .function = downhill,
                                 .arg = match,
                                 .count = lar_linear_count(kind),
                                 .curvature = curve,
                                 .iterations = iterations,
                                 .first_step = first_step_mm,
                                 .largest_step = 4 * first_step_mm,
                                 .tolerance = tolerance_mm };
    LAR_TRY(lar_minimize(x, value, &how));
    *value = -*value;
    const lar_affine move = lar_linear_move(kind, x, match->radius_mm);
    *map = lar_affine_chain(&match->base, &move);
done:
    return status;
}
