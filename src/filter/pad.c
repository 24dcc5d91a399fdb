/* More voxels around an image, whose own stay where they are in the world.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"

static const char *const modes[] = { "constant", "edge", "mirror", NULL };

const lar_param lar_pad_table[] = {
    LAR_P_INTS(lar_pad_params, size, "size", 'n', "", 1, 65536, "count",
               "voxels along x y z, or one number for all; new ones go to both sides alike"),
    LAR_P_INTS(lar_pad_params, by, "by", 'b', "", 0, 65536, "count",
               "new voxels: one number for all sides, three along x y z, or six: left right back "
               "front foot head"),
    LAR_P_INTS(lar_pad_params, multiple_of, "multiple-of", 0, "", 1, 4096, "count",
               "up to the next size that this divides; one number, or three along x y z"),
    LAR_P_CHOICE(
        lar_pad_params, mode, "mode", 'm', "constant", modes,
        "what new voxels hold: --value, the nearest voxel, or the image mirrored about its "
        "last voxel"),
    LAR_P_REAL(lar_pad_params, value, "value", 0, "0", -1e30, 1e30, "value",
               "of new voxels with --mode constant"),
    LAR_P_END,
};

lar_pad_params lar_pad_default(void)
{
    lar_pad_params params;
    lar_param_defaults(lar_pad_table, &params);
    return params;
}

/* One number for all, or three along x y z, at the voxel axes that run so. */
static lar_status to_voxel_axes(int64_t out[3], const lar_ints *given, const int axis[3],
                                const char *what)
{
    if (given->count != 1 && given->count != 3)
        return lar_fail(LAR_EARGUMENT, "%s is one number or three, not %lld", what,
                        (long long)given->count);
    for (int r = 0; r < 3; r++) out[axis[r]] = given->at[given->count == 3 ? r : 0];
    return LAR_OK;
}

static lar_status sides_by(int64_t before[3], int64_t after[3], const lar_ints *by,
                           const int axis[3], const bool flipped[3])
{
    if (by->count != 1 && by->count != 3 && by->count != 6)
        return lar_fail(LAR_EARGUMENT, "voxels to pad by are one number, three or six, not %lld",
                        (long long)by->count);
    for (int r = 0; r < 3; r++) {
        const int64_t low = by->at[by->count == 6 ? 2 * r : by->count == 3 ? r : 0];
        const int64_t high = by->at[by->count == 6 ? 2 * r + 1 : by->count == 3 ? r : 0];
        if (low < 0 || high < 0)
            return lar_fail(LAR_EARGUMENT, "an image cannot be padded by %lld voxels",
                            (long long)(low < 0 ? low : high));
        before[axis[r]] = flipped[r] ? high : low;
        after[axis[r]] = flipped[r] ? low : high;
    }
    return LAR_OK;
}

lar_status lar_pad_sides(int64_t before[3], int64_t after[3], const lar_grid *grid,
                         const lar_pad_params *p)
{
    lar_status status = LAR_OK;
    int axis[3];
    bool flipped[3];
    int64_t size[3];
    const int ways = (p->size.count > 0) + (p->by.count > 0) + (p->multiple_of.count > 0);

    if (ways != 1) {
        status = lar_fail(LAR_EARGUMENT, ways ? "a size, voxels to pad by and a multiple exclude "
                                                "each other"
                                              : "how far to pad is missing");
        return lar_hint(status, "one of size, by and multiple-of");
    }
    lar_grid_axis_order(grid, axis, flipped);
    if (p->by.count) return sides_by(before, after, &p->by, axis, flipped);
    if (p->size.count)
        LAR_TRY(to_voxel_axes(size, &p->size, axis, "a size"));
    else
        LAR_TRY(to_voxel_axes(size, &p->multiple_of, axis, "a multiple"));
    for (int a = 0; a < 3; a++) {
        const int64_t have = grid->size[a];
        if (size[a] < 1)
            return lar_fail(LAR_EARGUMENT, "an image cannot have %lld voxels along an axis",
                            (long long)size[a]);
        if (p->multiple_of.count) size[a] *= (have + size[a] - 1) / size[a];
        if (size[a] < have) {
            status = lar_fail(LAR_EARGUMENT,
                              "%lld voxels do not fit into %lld along axis %c of the file",
                              (long long)have, (long long)size[a], "ijk"[a]);
            return lar_hint(status, "a larger size, or larmor crop --size first");
        }
        before[a] = (size[a] - have) / 2; /* as lar_grid_fit() */
        after[a] = size[a] - have - before[a];
    }
done:
    return status;
}

/* How far the image lies within `like`, whose voxels must coincide with its own. */
static lar_status sides_like(int64_t before[3], int64_t after[3], const lar_grid *grid,
                             const lar_grid *like)
{
    lar_affine inverse;
    double corner[3], first[3];
    const double zero[3] = { 0, 0, 0 };
    int64_t at[3];
    char mine[96], theirs[96];

    lar_grid_words(grid, mine, sizeof mine);
    lar_grid_words(like, theirs, sizeof theirs);
    if (!lar_affine_invert(&inverse, &like->to_world))
        return lar_fail(LAR_EGEOMETRY, "a grid has no extent along some direction");
    lar_grid_to_world(grid, zero, corner);
    lar_affine_point(&inverse, corner, first);
    /* far beyond any image: rounding must not overflow */
    for (int a = 0; a < 3; a++) at[a] = fabs(first[a]) < 1e9 ? llround(first[a]) : INT32_MAX;
    const lar_grid box = lar_grid_box(like, at, grid->size);
    if (!lar_grid_matches(&box, grid)) {
        const lar_status status = lar_fail(
            LAR_EGEOMETRY, "the voxels (%s) are not among those of the grid (%s)", mine, theirs);
        return lar_hint(status, "larmor resample --like, which interpolates");
    }
    for (int a = 0; a < 3; a++) {
        before[a] = at[a];
        after[a] = like->size[a] - grid->size[a] - at[a];
        if (before[a] < 0 || after[a] < 0) {
            const lar_status status =
                lar_fail(LAR_EGEOMETRY,
                         "the image (%s) reaches out of the grid (%s) along axis %c of the file",
                         mine, theirs, "ijk"[a]);
            return lar_hint(status, "larmor crop first, or larmor resample --like");
        }
    }
    return LAR_OK;
}

typedef struct padding {
    const lar_image *in;
    lar_image *out;
    const int64_t *before;
    int mode;
    size_t item;
    unsigned char value[8]; /* one voxel */
} padding;

/* The voxel of the image that stands for one outside, or -1. */
static int64_t source_of(const padding *p, int64_t n, int a)
{
    const int64_t size = p->in->grid.size[a];
    if (n >= 0 && n < size) return n;
    if (p->mode == LAR_PAD_CONSTANT) return -1;
    if (p->mode == LAR_PAD_EDGE) return n < 0 ? 0 : size - 1;
    return lar_mirror(n, size);
}

static void repeat(char *to, const void *item, size_t size, int64_t count)
{
    for (int64_t n = 0; n < count; n++) memcpy(to + n * (int64_t)size, item, size);
}

/* Voxels `begin` to `end` of a row whose middle is there. */
static void pad_ends(const padding *p, char *row, int64_t begin, int64_t end)
{
    const int64_t first = p->before[0], item = (int64_t)p->item;
    for (int64_t i = begin; i < end; i++) {
        const int64_t s = source_of(p, i - first, 0);
        memcpy(row + i * item, s < 0 ? (const char *)p->value : row + (first + s) * item, p->item);
    }
}

static lar_status pad_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const padding *p = arg;
    const int64_t *size = p->out->grid.size, item = (int64_t)p->item;
    const int64_t inner = p->in->grid.size[0], first = p->before[0];
    for (int64_t r = begin; r < end; r++) {
        const int64_t j = source_of(p, r % size[1] - p->before[1], 1);
        const int64_t k = source_of(p, r / size[1] % size[2] - p->before[2], 2);
        const int64_t c = r / (size[1] * size[2]);
        char *row = (char *)p->out->voxels + r * size[0] * item;
        if (j < 0 || k < 0) {
            repeat(row, p->value, p->item, size[0]);
            continue;
        }
        const int64_t *stride = p->in->stride;
        const char *from =
            (const char *)p->in->voxels + (j * stride[1] + k * stride[2] + c * stride[3]) * item;
        if (stride[0] == 1)
            memcpy(row + first * item, from, (size_t)(inner * item));
        else
            for (int64_t i = 0; i < inner; i++)
                memcpy(row + (first + i) * item, from + i * stride[0] * item, p->item);
        pad_ends(p, row, 0, first);
        pad_ends(p, row, first + inner, size[0]);
    }
    return LAR_OK;
}

lar_status lar_pad(lar_image **out, const lar_image *in, const lar_grid *like,
                   const lar_pad_params *params)
{
    lar_status status = LAR_OK;
    int64_t before[3], after[3], first[3], size[3];
    lar_image *result = NULL;

    *out = NULL;
    if (like && (params->size.count || params->by.count || params->multiple_of.count)) {
        status = lar_fail(LAR_EARGUMENT, "a grid to pad to excludes a size, voxels and a multiple");
        goto done;
    }
    if (like)
        LAR_TRY(sides_like(before, after, &in->grid, like));
    else
        LAR_TRY(lar_pad_sides(before, after, &in->grid, params));
    for (int a = 0; a < 3; a++) {
        first[a] = -before[a];
        size[a] = before[a] + in->grid.size[a] + after[a];
    }
    padding p = {
        .in = in, .before = before, .mode = params->mode, .item = lar_type_size(in->type)
    };
    if (params->mode == LAR_PAD_CONSTANT) LAR_TRY(lar_type_store(p.value, in->type, params->value));
    const lar_grid grid = like ? *like : lar_grid_box(&in->grid, first, size);
    LAR_TRY(lar_image_new(&result, &grid, in->channels, in->type));
    lar_image_set_notes(result, in->notes);
    p.out = result;
    LAR_TRY(lar_parallel(size[1] * size[2] * in->channels, 256, pad_rows, &p));
    *out = result;
    result = NULL;
done:
    lar_image_free(result);
    return status;
}
