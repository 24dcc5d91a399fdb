/* A linear registration from coarse to fine.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "math/math.h"
#include "register/register_parts.h"

/* most: samples at most, which fill the joint histogram well. */
typedef struct stage {
    double spacing_mm;
    int64_t most, iterations;
    double first_step_mm, tolerance_mm;
} stage;
static const stage coarse = { 8, 10000, 0, 0, 0 };
static const stage stages[] = {
    { 4, 40000, 30, 2, 0.05 },
    { 2, 150000, 30, 0.5, 0.02 },
    { 1, 300000, 20, 0.2, 0.005 },
};
enum { STAGES = sizeof stages / sizeof *stages, TRIED = 6, TRY_STEPS = 20 };

/* A level is worth it where one of both images has voxels so much smaller than the one before. */
#define FINER 0.75

lar_affine lar_linear_about(const lar_affine *world, const lar_side *from, const lar_side *to)
{
    lar_affine out = *world;
    double moved[3];
    lar_affine_point(world, from->centre_mm, moved);
    for (int r = 0; r < 3; r++) out.m[r][3] = moved[r] - to->centre_mm[r];
    return out;
}

static lar_affine to_world(const lar_affine *map, const lar_side *from, const lar_side *to)
{
    lar_affine out = *map;
    for (int r = 0; r < 3; r++) {
        out.m[r][3] += to->centre_mm[r];
        for (int c = 0; c < 3; c++) out.m[r][3] -= map->m[r][c] * from->centre_mm[c];
    }
    return out;
}

static double smallest_voxel(const lar_side *side)
{
    double spacing[3];
    lar_grid_spacing(&side->full->grid, spacing);
    return fmin(spacing[0], fmin(spacing[1], spacing[2]));
}

static int rigid_of(int kind)
{
    return kind == LAR_REGISTER_TRANSLATION ? LAR_REGISTER_TRANSLATION : LAR_REGISTER_RIGID;
}

/* The hill of the coarse search that is the highest on the next level. */
static lar_status best_start(lar_affine *map, const lar_side *sampled, const lar_side *probed,
                             bool far, const lar_register_params *params)
{
    lar_status status = LAR_OK;
    lar_level level = { 0 };
    lar_pose poses[TRIED];
    int64_t found = 0, best = 0;
    const lar_affine none = lar_affine_identity();
    const lar_affine header = lar_linear_about(&none, sampled, probed);
    const int kind = rigid_of(params->kind);
    LAR_TRY(lar_level_init(&level, sampled, probed, coarse.spacing_mm, coarse.most, LAR_METRIC_NMI,
                           params));
    LAR_TRY(
        lar_search(poses, &found, TRIED, level.match, &header, kind == LAR_REGISTER_RIGID, far));
    lar_level_clear(&level);
    LAR_TRY(lar_level_init(&level, sampled, probed, stages[0].spacing_mm, stages[0].most,
                           LAR_METRIC_NMI, params));
    for (int64_t n = 0; n < found; n++) {
        double share = 0;
        LAR_TRY(lar_match_climb(&poses[n].map, &poses[n].value, level.match, kind, TRY_STEPS,
                                stages[0].first_step_mm, 4 * stages[0].tolerance_mm));
        LAR_TRY(lar_match_value(&poses[n].value, &share, NULL, level.match, &poses[n].map));
        poses[n].value *= sqrt(share);
        if (poses[n].value > poses[best].value) best = n;
    }
    *map = poses[best].map;
done:
    lar_level_clear(&level);
    return status;
}

lar_status lar_linear_find(lar_affine *map, const lar_side *sampled, const lar_side *probed,
                           const lar_affine *start, bool far, const lar_register_params *params)
{
    lar_status status = LAR_OK;
    lar_level level = { 0 };
    const int kind = params->kind < LAR_REGISTER_AFFINE ? params->kind : LAR_REGISTER_AFFINE;
    const double finest = fmin(smallest_voxel(sampled), smallest_voxel(probed));
    lar_affine found;
    double value;
    if (start)
        found = lar_linear_about(start, sampled, probed);
    else
        LAR_TRY(best_start(&found, sampled, probed, far, params));
    for (int n = 0; n < STAGES; n++) {
        const stage *s = &stages[n];
        if (n > 0 && FINER * stages[n - 1].spacing_mm <= finest) break;
        if (n == STAGES - 1 && params->kind == LAR_REGISTER_DEFORMABLE)
            break; /* it bends further */
        lar_level_clear(&level);
        LAR_TRY(lar_level_init(&level, sampled, probed, s->spacing_mm, s->most, params->metric,
                               params));
        LAR_TRY(lar_match_climb(&found, &value, level.match, kind, s->iterations, s->first_step_mm,
                                s->tolerance_mm));
    }
    *map = to_world(&found, sampled, probed);
done:
    lar_level_clear(&level);
    return status;
}
