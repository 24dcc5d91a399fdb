/* The coarse grid of N4: log intensities, and which of them count.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "filter/n4_parts.h"
#include "image/image.h"
#include "math/math.h"

enum { LANES = LAR_N4_LANES };

/* A block whose voxels vary by this fraction of their mean counts half: edges, and the noise of
 * dark tissue, say little about the field. */
#define UNEVEN 0.2

typedef struct laying {
    lar_n4_grid *grid;
    const lar_n4_axis *axes;
    const lar_image *in, *mask, *weights; /* the last two may be NULL */
    float *means;                         /* of all voxels of each block; NULL: not wanted */
} laying;

void lar_n4_grid_clear(lar_n4_grid *grid)
{
    lar_free(grid->logs);
    lar_free(grid->weights);
    lar_free(grid->ends);
    *grid = (lar_n4_grid){ 0 };
}

/* A row of voxels, and how much each counts. */
static void load_row(double *values, double *counts, const laying *job, int64_t j, int64_t k)
{
    const int64_t size = job->in->grid.size[0];
    lar_image_load(values, job->in, 0, j, k, 0, size);
    if (job->weights)
        lar_image_load(counts, job->weights, 0, j, k, 0, size);
    else
        for (int64_t i = 0; i < size; i++) counts[i] = 1;
    if (!job->mask) return;
    double *mask = counts + size;
    lar_image_load(mask, job->mask, 0, j, k, 0, size);
    for (int64_t i = 0; i < size; i++) counts[i] = mask[i] != 0 ? counts[i] : 0;
}

/* ITK's: the single voxel, and its plain value where it has no logarithm. */
static lar_status pick_planes(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const laying *job = arg;
    const lar_n4_axis *axes = job->axes;
    const lar_n4_grid *grid = job->grid;
    const int64_t *full = job->in->grid.size;
    double *row = lar_alloc_raw(3 * full[0], sizeof *row), *counts = row + full[0];
    if (!row) return LAR_EMEMORY;
    for (int64_t r = begin * grid->size[1]; r < end * grid->size[1]; r++) {
        const int64_t j = axes[1].first + r % grid->size[1] * axes[1].step;
        const int64_t k = axes[2].first + r / grid->size[1] * axes[2].step;
        if (j < 0 || j >= full[1] || k < 0 || k >= full[2]) continue;
        load_row(row, counts, job, j, k);
        for (int64_t n = 0; n < grid->size[0]; n++) {
            const int64_t i = axes[0].first + n * axes[0].step;
            if (i < 0 || i >= full[0] || !(counts[i] > 0)) continue;
            const float value = (float)row[i];
            grid->logs[r * grid->width + n] = value > 0 ? logf(value) : value;
            grid->weights[r * grid->width + n] = (float)counts[i];
        }
    }
    lar_free(row);
    return LAR_OK;
}

typedef struct range {
    int64_t begin, end;
} range;

static range voxels_of(const lar_n4_axis *axis, int64_t sample)
{
    const int64_t begin = axis->first + sample * axis->step, end = begin + axis->step;
    return (range){ begin > 0 ? begin : 0, end < axis->voxels ? end : axis->voxels };
}

/* Sums over the blocks of one row of the coarse grid. */
typedef struct sums {
    double all, values, squares, weights;
    int64_t voxels, counted;
} sums;

static void add_row(sums *blocks, const lar_n4_axis *axis, const double *row, const double *counts)
{
    for (int64_t n = 0; n < axis->samples; n++) {
        const range x = voxels_of(axis, n);
        sums s = blocks[n];
        for (int64_t i = x.begin; i < x.end; i++) {
            const bool counted = row[i] > 0 && counts[i] > 0;
            s.all += row[i];
            s.values += counted ? counts[i] * row[i] : 0;
            s.squares += counted ? counts[i] * row[i] * row[i] : 0;
            s.weights += counted ? counts[i] : 0;
            s.counted += counted;
        }
        s.voxels += x.end - x.begin;
        blocks[n] = s;
    }
}

/* 1 where the voxels of the block are equal, towards 0 the more they vary. */
static double evenness(const sums *s)
{
    const double mean = s->values / s->weights;
    const double variance = s->squares / s->weights - mean * mean;
    return variance > 0 ? 1 / (1 + variance / (mean * mean * UNEVEN * UNEVEN)) : 1;
}

/* The mean of the positive voxels, where they are half of the block or more. */
static lar_status average_planes(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const laying *job = arg;
    const lar_n4_axis *axes = job->axes;
    const lar_n4_grid *grid = job->grid;
    const int64_t full = job->in->grid.size[0], size = grid->size[0];
    double *row = lar_alloc_raw(3 * full, sizeof *row);
    sums *blocks = lar_alloc_raw(size, sizeof *blocks);
    for (int64_t r = begin * grid->size[1]; row && blocks && r < end * grid->size[1]; r++) {
        const range y = voxels_of(&axes[1], r % grid->size[1]);
        const range z = voxels_of(&axes[2], r / grid->size[1]);
        memset(blocks, 0, (size_t)size * sizeof *blocks);
        for (int64_t k = z.begin; k < z.end; k++)
            for (int64_t j = y.begin; j < y.end; j++) {
                load_row(row, row + full, job, j, k);
                add_row(blocks, &axes[0], row, row + full);
            }
        for (int64_t n = 0; n < size; n++) {
            const sums s = blocks[n];
            if (job->means) job->means[r * size + n] = (float)(s.all / (double)s.voxels);
            if (2 * s.counted < s.voxels || s.counted == 0) continue;
            grid->logs[r * grid->width + n] = (float)log(s.values / s.weights);
            grid->weights[r * grid->width + n] =
                (float)(evenness(&s) * s.weights / (double)s.voxels);
        }
    }
    const bool made = row && blocks;
    lar_free(row);
    lar_free(blocks);
    return made ? LAR_OK : LAR_EMEMORY;
}

/* Leaves out what is not of the head; the mask is taken on the coarse grid. */
static lar_status keep_head(lar_n4_grid *grid, const lar_image *means)
{
    lar_image *head = NULL;
    const lar_status status = lar_head_mask(&head, means);
    if (status != LAR_OK) return status;
    const uint8_t *inside = head->voxels;
    for (int64_t r = 0; r < grid->size[1] * grid->size[2]; r++)
        for (int64_t i = 0; i < grid->size[0]; i++)
            if (!inside[r * grid->size[0] + i]) grid->weights[r * grid->width + i] = 0;
    lar_image_free(head);
    return LAR_OK;
}

static void find_ends(lar_n4_grid *grid)
{
    for (int64_t r = 0; r < grid->size[1] * grid->size[2]; r++) {
        const float *weights = grid->weights + r * grid->width;
        int64_t low = grid->size[0], high = 0;
        for (int64_t i = 0; i < grid->size[0]; i++) {
            if (!(weights[i] > 0)) continue;
            grid->voxels++;
            low = low < i ? low : i;
            high = i + 1;
        }
        grid->ends[2 * r] = high ? low / LANES * LANES : 0;
        grid->ends[2 * r + 1] = (high + LANES - 1) / LANES * LANES;
    }
}

void lar_n4_grid_box(int64_t box[3][2], const lar_n4_grid *grid)
{
    for (int a = 0; a < 3; a++) {
        box[a][0] = grid->size[a];
        box[a][1] = 0;
    }
    for (int64_t r = 0; r < grid->size[1] * grid->size[2]; r++)
        for (int64_t i = 0; i < grid->size[0]; i++) {
            if (!(grid->weights[r * grid->width + i] > 0)) continue;
            const int64_t at[3] = { i, r % grid->size[1], r / grid->size[1] };
            for (int a = 0; a < 3; a++) {
                if (at[a] < box[a][0]) box[a][0] = at[a];
                if (at[a] >= box[a][1]) box[a][1] = at[a] + 1;
            }
        }
}

/* The grid of the blocks, for a mask: spacing counts, the place need not be exact. */
static lar_grid coarse_grid(const lar_image *in, const lar_n4_axis axes[3])
{
    lar_grid grid = in->grid;
    for (int a = 0; a < 3; a++) {
        grid.size[a] = axes[a].samples;
        for (int c = 0; c < 3; c++) grid.to_world.m[c][a] *= (double)axes[a].step;
    }
    return grid;
}

lar_status lar_n4_grid_init(lar_n4_grid *grid, const lar_n4_axis axes[3], const lar_n4_plan *plan,
                            const lar_image *in, const lar_image *mask, const lar_image *weights)
{
    lar_status status = LAR_OK;
    lar_image *means = NULL;
    laying job = { .grid = grid, .axes = axes, .in = in, .mask = mask, .weights = weights };
    *grid = (lar_n4_grid){ 0 };
    for (int a = 0; a < 3; a++) grid->size[a] = axes[a].samples;
    grid->width = (grid->size[0] + LANES - 1) / LANES * LANES;
    const int64_t rows = grid->size[1] * grid->size[2];
    grid->logs = lar_alloc(rows * grid->width, sizeof *grid->logs);
    grid->weights = lar_alloc(rows * grid->width, sizeof *grid->weights);
    grid->ends = lar_alloc(rows, 2 * sizeof *grid->ends);
    if (!grid->logs || !grid->weights || !grid->ends) {
        status = LAR_EMEMORY;
        goto done;
    }
    if (plan->itk) {
        LAR_TRY(lar_parallel(grid->size[2], 1, pick_planes, &job));
    } else {
        const lar_grid coarse = coarse_grid(in, axes);
        if (!mask) {
            LAR_TRY(lar_image_new(&means, &coarse, 1, LAR_F32));
            job.means = means->voxels;
        }
        LAR_TRY(lar_parallel(grid->size[2], 1, average_planes, &job));
        if (means) LAR_TRY(keep_head(grid, means));
    }
    find_ends(grid);
    if (grid->voxels < 2) {
        status = lar_fail(LAR_ENUMERIC,
                          "%lld voxels of the coarse grid are positive and inside "
                          "the mask: there is nothing to work with",
                          (long long)grid->voxels);
        lar_hint(status, mask ? "another mask" : "a mask");
    }
done:
    lar_image_free(means);
    if (status != LAR_OK) lar_n4_grid_clear(grid);
    return status;
}
