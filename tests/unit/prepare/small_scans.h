/* Small scans with structure, for tests of preparation.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_SMALL_SCANS_H
#define LAR_SMALL_SCANS_H

#include "check.h"
#include "image/image.h"
#include "math/math.h"
#include "prepare/prepare.h"

/* An axis-aligned RAS grid. */
static inline lar_grid small_grid(int64_t x, int64_t y, int64_t z, double mm)
{
    lar_grid grid = { .size = { x, y, z }, .to_world = lar_affine_identity() };
    for (int a = 0; a < 3; a++) {
        grid.to_world.m[a][a] = mm;
        grid.to_world.m[a][3] = -mm * (double)(grid.size[a] - 1) / 2;
    }
    return grid;
}

/* A smooth scene of the world, one of many by `kind`. */
static inline double small_scene(const double xyz[3], int kind)
{
    return 100 + 40 * sin(0.31 * xyz[0] + kind) + 30 * cos(0.23 * xyz[1] - 0.11 * xyz[2]) +
           20 * sin(0.17 * xyz[2] + 0.3 * kind);
}

static inline lar_image *small_image(const lar_grid *grid, lar_type type, int kind)
{
    lar_image *image, *typed;
    CHECK_OK(lar_image_new(&image, grid, 1, LAR_F64));
    double *voxels = image->voxels;
    for (int64_t k = 0; k < grid->size[2]; k++)
        for (int64_t j = 0; j < grid->size[1]; j++)
            for (int64_t i = 0; i < grid->size[0]; i++) {
                double xyz[3];
                lar_grid_to_world(grid, (double[3]){ (double)i, (double)j, (double)k }, xyz);
                *voxels++ = small_scene(xyz, kind);
            }
    CHECK_OK(lar_image_to_type(&typed, image, type));
    lar_image_free(image);
    return typed;
}

static inline void small_write(lar_image *image, const char *path)
{
    lar_arena *arena;
    CHECK_OK(lar_arena_new(&arena));
    CHECK_OK(lar_folder_make(lar_path_folder(arena, path)));
    CHECK_OK(lar_image_write(image, path, true));
    lar_arena_free(arena);
    lar_image_free(image);
}

/* A study of the text, whose folder is `folder`. */
static inline lar_study *small_study(const char *text, const char *folder)
{
    lar_study *study;
    CHECK_OK(lar_study_parse(&study, text, (int64_t)strlen(text), "exp.yaml", folder));
    return study;
}

#endif
