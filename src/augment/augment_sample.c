/* A sample of a subject's images: interpolated once through the composed map, then changed.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "augment/augment_parts.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"

/* What a row of the sample needs, and the bend. */
typedef struct gathering {
    const lar_sampled *images;
    int64_t count;
    const lar_sample_box *box;
    lar_augment_map map;
    bool is_bent, is_cut;
    lar_flex bending;
    lar_row row;
    bool copies; /* whole voxels along whole rows, at most reversed */
} gathering;

static lar_status refuse(const lar_sampled *images, int64_t count, const lar_sample_box *box)
{
    for (int64_t n = 0; n < count; n++) {
        const lar_image *v = images[n].volume;
        const int64_t *size = v->grid.size, *first = images[0].volume->grid.size;
        if (v->channels != 1 || !lar_image_is_contiguous(v))
            return lar_fail(LAR_EARGUMENT, "a sample is of contiguous volumes of one channel");
        if (!images[n].is_label && v->type != LAR_F32)
            return lar_fail(LAR_EARGUMENT, "a sample is of float32 volumes, not of %s",
                            lar_type_name(v->type));
        if (size[0] != first[0] || size[1] != first[1] || size[2] != first[2])
            return lar_fail(LAR_EGEOMETRY, "a sample is of volumes of one size");
        if (size[0] * size[1] > INT32_MAX / size[2])
            return lar_fail(LAR_EUNSUPPORTED, "a volume of 2^31 voxels or more cannot be sampled");
    }
    for (int a = 0; a < 3; a++)
        if (box->size[a] < 1)
            return lar_fail(LAR_EARGUMENT, "a sample of %lldx%lldx%lld voxels has none",
                            (long long)box->size[0], (long long)box->size[1],
                            (long long)box->size[2]);
    return LAR_OK;
}

#define FAR 0x1p40 /* voxels: nothing is so far away */

/* Each axis stays one, at most reversed, and voxels fall on voxels. */
static bool is_copy(const gathering *g)
{
    const double(*m)[4] = g->map.affine.m;
    bool copies = !g->is_bent;
    for (int r = 0; r < 3; r++) {
        for (int c = 0; c < 3; c++) copies = copies && fabs(m[r][c]) == (r == c ? 1 : 0);
        copies = copies && m[r][3] == floor(m[r][3]) && fabs(m[r][3]) < FAR;
    }
    return copies;
}

/* Blocks of one piece of memory, each aligned to 64 bytes. */
static lar_status prepare(gathering *g, lar_augment_scratch *scratch)
{
    const int64_t count = (g->box->size[0] + 15) / 16 * 16;
    const int64_t bending = lar_flex_room(&g->map);
    const int64_t floats = 3 + 1 + 1; /* above, below, inside */
    char *room = lar_scratch_take(scratch, bending + count * (6 * 8 + floats * 4));
    if (!room) return LAR_EMEMORY;
    if (g->is_bent) lar_flex_init(&g->bending, &g->map, room);
    double *real = (double *)(room + bending);
    float *single = (float *)(real + 6 * count);
    g->row.count = g->box->size[0];
    for (int a = 0; a < 3; a++) {
        g->row.at[a] = real + a * count;
        g->row.off[a] = real + (3 + a) * count;
        g->row.above[a] = single + a * count;
    }
    g->row.below = (int32_t *)(single + 3 * count);
    g->row.inside = g->row.below + count;
    return LAR_OK;
}

/* x[i] = start + step (i + off[0][i]) + across (off[1][i]) + ... */
LAR_CLONES static void place_bent(double *restrict x, int64_t count, double start,
                                  const double m[3], const double *restrict u,
                                  const double *restrict v, const double *restrict w)
{
    for (int64_t n = 0; n < count; n++)
        x[n] = start + m[0] * ((double)n + u[n]) + m[1] * v[n] + m[2] * w[n];
}

LAR_CLONES static void place_straight(double *restrict x, int64_t count, double start, double step)
{
    for (int64_t n = 0; n < count; n++) x[n] = start + step * (double)n;
}

static void place_row(gathering *g, int64_t j, int64_t k)
{
    if (g->is_bent) lar_flex_row(&g->bending, j, g->row.off);
    for (int a = 0; a < 3; a++) {
        const double *m = g->map.affine.m[a];
        const double start =
            m[1] * (double)j + m[2] * (double)k + (m[3] + (double)g->box->corner[a]);
        if (g->is_bent)
            place_bent(g->row.at[a], g->row.count, start, m, g->row.off[0], g->row.off[1],
                       g->row.off[2]);
        else
            place_straight(g->row.at[a], g->row.count, start, m[0]);
    }
}

/* Voxels as they are: bits are kept. The row's places are whole numbers. */
static void copy_row(float *out, const lar_sampled *image, lar_row *row)
{
    const int64_t *size = image->volume->grid.size;
    const int64_t j = (int64_t)row->at[1][0], k = (int64_t)row->at[2][0];
    const int64_t start = (int64_t)row->at[0][0], last = row->count - 1;
    const bool reversed = last > 0 && row->at[0][1] < row->at[0][0];
    const bool seen = j >= 0 && j < size[1] && k >= 0 && k < size[2];
    const int64_t least = reversed ? start - last : start; /* of the row's voxels, the lowest */
    const int64_t begin = least > 0 ? least : 0;
    const int64_t end = least + last < size[0] ? least + last + 1 : size[0];
    for (int64_t n = 0; n <= last; n++) out[n] = image->outside;
    if (!seen || begin >= end) return;
    if (image->volume->type == LAR_F32 && !reversed) {
        const float *from = (const float *)image->volume->voxels + (k * size[1] + j) * size[0];
        memcpy(out + begin - least, from + begin, (size_t)(end - begin) * sizeof *out);
        return;
    }
    lar_image_load(row->off[0], image->volume, begin, j, k, 0, end - begin);
    for (int64_t i = begin; i < end; i++)
        out[reversed ? last - (i - least) : i - least] = (float)row->off[0][i - begin];
}

/* What is beyond the box that was kept. */
static void cut_row(float *out, const gathering *g, int64_t j, int64_t k, float outside)
{
    const lar_augment_map *map = &g->map;
    const bool kept = (double)j >= map->low[1] && (double)j <= map->high[1] &&
                      (double)k >= map->low[2] && (double)k <= map->high[2];
    for (int64_t i = 0; i < g->row.count; i++)
        if (!kept || (double)i < map->low[0] || (double)i > map->high[0]) out[i] = outside;
}

static void gather_row(float *const *out, gathering *g, int64_t j, int64_t k)
{
    const int64_t at = (k * g->box->size[1] + j) * g->box->size[0];
    place_row(g, j, k);
    if (!g->copies) lar_row_find(&g->row, g->images[0].volume->grid.size);
    for (int64_t n = 0; n < g->count; n++) {
        const lar_sampled *image = &g->images[n];
        float *row = out[n] + at;
        if (g->copies)
            copy_row(row, image, &g->row);
        else if (image->is_label)
            lar_label_row(row, image->volume, (const double *const *)g->row.at, g->row.count,
                          image->outside);
        else
            lar_row_sample(row, &g->row, image->volume->voxels, image->volume->grid.size,
                           image->outside);
        if (g->is_cut) cut_row(row, g, j, k, image->outside);
    }
}

static lar_status change(float *const *out, const lar_sampled *images, int64_t count,
                         const lar_sample_box *box, const lar_drawn *drawn,
                         const lar_augments *list, lar_augment_scratch *scratch)
{
    const bool *on = list->at[drawn->step].on;
    for (int64_t n = 0; n < count; n++) {
        if (images[n].is_label || (on && !on[images[n].number])) continue;
        lar_augment_work work = {
            .voxels = out[n], .image = &images[n], .box = box, .scratch = scratch
        };
        const lar_status status = drawn->kind->change(&work, drawn->values);
        if (status != LAR_OK) return status;
    }
    return LAR_OK;
}

lar_status lar_augment_sample(float *const *out, const lar_sampled *images, int64_t count,
                              const lar_sample_box *box, const lar_history *history,
                              const lar_augments *list, lar_augment_scratch *scratch)
{
    gathering g = { .images = images, .count = count, .box = box };
    lar_status status = LAR_OK;
    if (count == 0) return LAR_OK;
    LAR_TRY(refuse(images, count, box));
    lar_map_init(&g.map, &images[0].volume->grid, box, history);
    g.is_bent = g.map.bend.points[0] > 0;
    for (int a = 0; a < 3; a++)
        g.is_cut |= g.map.low[a] > 0 || g.map.high[a] < (double)(box->size[a] - 1);
    g.copies = is_copy(&g);
    LAR_TRY(prepare(&g, scratch));
    for (int64_t k = 0; k < box->size[2]; k++) {
        if (g.is_bent) lar_flex_plane(&g.bending, k);
        for (int64_t j = 0; j < box->size[1]; j++) gather_row(out, &g, j, k);
    }
    for (int64_t n = 0; n < history->count; n++)
        if (!history->at[n].kind->spatial)
            LAR_TRY(change(out, images, count, box, &history->at[n], list, scratch));
done:
    return status;
}

void lar_augment_grid(lar_grid *out, const lar_grid *volume, const lar_sample_box *box,
                      const lar_history *history)
{
    lar_augment_map map;
    lar_map_init(&map, volume, box, history);
    for (int a = 0; a < 3; a++) {
        map.affine.m[a][3] += (double)box->corner[a];
        out->size[a] = box->size[a];
    }
    out->to_world = lar_affine_chain(&map.affine, &volume->to_world);
}
