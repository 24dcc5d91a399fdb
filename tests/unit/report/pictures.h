/* What the tests of pictures share: a folder, images made from functions of the world, pixels.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_PICTURES_H
#define LAR_PICTURES_H

#include <cairo.h>

#include "check.h"
#include "image/image.h"
#include "math/math.h"

/* Where the first panel of a figure without a title begins, and the gap between columns. */
enum { LEFT = 44, TOP = 66, GAP = 10 };

static const char *folder;

static inline const char *file(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

typedef double (*scene_fn)(const double xyz[3]);

static inline lar_image *fill(const lar_grid *grid, scene_fn scene, lar_type type)
{
    lar_image *image, *real;
    CHECK_OK(lar_image_new(&real, grid, 1, LAR_F32));
    float *voxel = real->voxels;
    for (int64_t k = 0; k < grid->size[2]; k++)
        for (int64_t j = 0; j < grid->size[1]; j++)
            for (int64_t i = 0; i < grid->size[0]; i++) {
                double xyz[3];
                lar_grid_to_world(grid, (double[3]){ (double)i, (double)j, (double)k }, xyz);
                *voxel++ = (float)scene(xyz);
            }
    CHECK_OK(lar_image_to_type(&image, real, type));
    lar_image_free(real);
    return image;
}

static inline lar_grid box_grid(double sx, double sy, double sz, double edge)
{
    lar_grid grid = { .to_world = { { { sx, 0, 0, 0 }, { 0, sy, 0, 0 }, { 0, 0, sz, 0 } } } };
    for (int a = 0; a < 3; a++) {
        grid.size[a] = (int64_t)ceil(edge / grid.to_world.m[a][a]);
        grid.to_world.m[a][3] = -grid.to_world.m[a][a] * (double)(grid.size[a] - 1) / 2;
    }
    return grid;
}

static inline double distance(const double xyz[3])
{
    return sqrt(xyz[0] * xyz[0] + xyz[1] * xyz[1] + xyz[2] * xyz[2]);
}

/* A head of three layers and a nose, nothing symmetric. */
static inline double head(const double xyz[3])
{
    const double r = distance((double[3]){ xyz[0] / 0.8, xyz[1], xyz[2] / 0.9 + 3 });
    if (r > 60) return 3 + sin(xyz[0] * 7 + xyz[1] * 5 + xyz[2]);
    if (r > 54) return 900;
    return 300 + xyz[0] + 2 * xyz[1] + 50 * sin(xyz[2] / 9) + (xyz[1] > 30 ? 100 : 0);
}

/* The same voxels at the same places, stored in orientation n of 48. */
static inline lar_image *stored(const lar_image *ras, int n)
{
    static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                      { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    const int *order = orders[n / 8];
    lar_grid grid = ras->grid;
    lar_image *out;
    for (int a = 0; a < 3; a++) {
        const bool flip = n >> a & 1;
        grid.size[a] = ras->grid.size[order[a]];
        for (int r = 0; r < 3; r++) {
            const double step = ras->grid.to_world.m[r][order[a]];
            grid.to_world.m[r][a] = flip ? -step : step;
            if (flip) grid.to_world.m[r][3] += step * (double)(grid.size[a] - 1);
        }
    }
    CHECK_OK(lar_image_new(&out, &grid, 1, LAR_F32));
    float *voxel = out->voxels;
    int64_t to[3], from[3];
    for (to[2] = 0; to[2] < grid.size[2]; to[2]++)
        for (to[1] = 0; to[1] < grid.size[1]; to[1]++)
            for (to[0] = 0; to[0] < grid.size[0]; to[0]++) {
                for (int a = 0; a < 3; a++)
                    from[order[a]] = n >> a & 1 ? grid.size[a] - 1 - to[a] : to[a];
                *voxel++ = (float)lar_image_at(ras, from[0], from[1], from[2], 0);
            }
    return out;
}

typedef struct picture {
    cairo_surface_t *surface;
    int width, height, stride;
    const unsigned char *bytes;
} picture;

static inline picture open_picture(const char *path)
{
    picture p = { .surface = cairo_image_surface_create_from_png(path) };
    assert_int_equal(cairo_surface_status(p.surface), CAIRO_STATUS_SUCCESS);
    p.width = cairo_image_surface_get_width(p.surface);
    p.height = cairo_image_surface_get_height(p.surface);
    p.stride = cairo_image_surface_get_stride(p.surface);
    p.bytes = cairo_image_surface_get_data(p.surface);
    return p;
}

static inline uint32_t pixel(const picture *p, int x, int y)
{
    uint32_t value;
    memcpy(&value, p->bytes + y * p->stride + 4 * x, 4);
    return value & 0xffffff;
}

static inline int green(const picture *p, int x, int y)
{
    return (int)(pixel(p, x, y) >> 8 & 255);
}

static inline int64_t different_pixels(const char *a, const char *b)
{
    picture pa = open_picture(a), pb = open_picture(b);
    int64_t count = 0;
    assert_int_equal(pa.width, pb.width);
    assert_int_equal(pa.height, pb.height);
    for (int y = 0; y < pa.height; y++)
        for (int x = 0; x < pa.width; x++) count += pixel(&pa, x, y) != pixel(&pb, x, y);
    cairo_surface_destroy(pa.surface);
    cairo_surface_destroy(pb.surface);
    return count;
}

static inline int make_folder(void **state)
{
    (void)state;
    folder = check_folder();
    return folder == NULL;
}

static inline int remove_folder(void **state)
{
    lar_arena *arena;
    lar_texts names;
    (void)state;
    if (lar_arena_new(&arena) != LAR_OK || lar_folder_list(&names, folder, arena) != LAR_OK)
        return 1;
    for (int64_t n = 0; n < names.count; n++) lar_file_remove(file(names.at[n]));
    lar_arena_free(arena);
    return rmdir(folder); /* fails where a temporary file was left behind */
}

#endif
