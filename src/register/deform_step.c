/* A step of a diffeomorphism: up the slope of the likeness of both images as they are seen from the
 * middle, smoothed, and composed.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "register/deform_parts.h"

/* How far the voxel that moves most moves at once, in voxels. */
#define STEP 0.4

enum { PIECE = 1 << 15 };

typedef struct pushing {
    const lar_bending *d;
    int side;
} pushing;

/* The way up at each voxel: the slope along its value times the gradient of what is seen, per mm;
 * nothing at the border, so that the field ends at none. */
LAR_CLONES static lar_status push_slices(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const pushing *job = arg;
    const lar_bending *d = job->d;
    const int64_t *size = d->grid.size, row = size[0], plane = row * size[1];
    const float *seen = d->seen[job->side], *slope = d->slope[job->side];
    const float per[3] = { (float)(0.5 / d->spacing[0]), (float)(0.5 / d->spacing[1]),
                           (float)(0.5 / d->spacing[2]) };
    for (int64_t k = begin; k < end; k++)
        for (int64_t j = 0; j < size[1]; j++) {
            float *restrict x = d->step + k * plane + j * row, *restrict y = x + d->count;
            float *restrict z = y + d->count;
            const float *restrict s = slope + k * plane + j * row, *restrict v =
                                                                       seen + k * plane + j * row;
            if (k == 0 || k == size[2] - 1 || j == 0 || j == size[1] - 1) {
                for (int64_t i = 0; i < row; i++) x[i] = y[i] = z[i] = 0;
                continue;
            }
            x[0] = y[0] = z[0] = x[row - 1] = y[row - 1] = z[row - 1] = 0;
            for (int64_t i = 1; i < row - 1; i++) {
                const float a = per[0] * (v[i + 1] - v[i - 1]);
                const float b = per[1] * (v[i + row] - v[i - row]);
                const float c = per[2] * (v[i + plane] - v[i - plane]);
                const float f = s[i];
                x[i] = a == a ? f * a : 0;
                y[i] = b == b ? f * b : 0;
                z[i] = c == c ? f * c : 0;
            }
        }
    return LAR_OK;
}

typedef struct measuring {
    const lar_bending *d;
    float *most; /* of each piece: the longest step, squared */
} measuring;

LAR_CLONES static lar_status measure_steps(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    enum { LANES = 16 };
    const measuring *job = arg;
    const float *x = job->d->step, *y = x + job->d->count, *z = y + job->d->count;
    float most[LANES] = { 0 };
    for (int64_t n = begin; n < end; n++) {
        const float square = x[n] * x[n] + y[n] * y[n] + z[n] * z[n];
        most[n % LANES] = square > most[n % LANES] ? square : most[n % LANES];
    }
    job->most[piece] = 0;
    for (int l = 0; l < LANES; l++)
        if (most[l] > job->most[piece]) job->most[piece] = most[l];
    return LAR_OK;
}

/* Steps in mm become voxels, the longest one STEP of them. */
static lar_status scale_steps(lar_bending *d)
{
    lar_status status = LAR_OK;
    const int64_t pieces = lar_piece_count(d->count, PIECE);
    float most = 0;
    measuring job = { .d = d, .most = lar_alloc(pieces, sizeof(float)) };
    if (!job.most) return LAR_EMEMORY;
    LAR_TRY(lar_parallel(d->count, PIECE, measure_steps, &job));
    for (int64_t p = 0; p < pieces; p++)
        if (job.most[p] > most) most = job.most[p];
    for (int a = 0; a < 3; a++) {
        float *restrict along = d->step + a * d->count;
        const float scale =
            most > 0 ? (float)(STEP * d->voxel_mm / d->spacing[a] / sqrt((double)most)) : 0;
        for (int64_t n = 0; n < d->count; n++) along[n] *= scale;
    }
done:
    lar_free(job.most);
    return status;
}

/* The slope of mutual information along the values of `seen`, with the others in bins. */
static lar_status mutual_slope(float *slope, lar_bending *d, const float *others, const float *seen)
{
    enum { BINS = 32 };
    const lar_bins bins = lar_bins_between(0, 1, BINS);
    double value;
    int64_t used;
    float *const known = d->next; /* free until the step is composed */
    for (int64_t n = 0; n < d->count; n++) {
        const float at = others[n] * BINS;
        const bool missing = at != at;
        d->bins[n] = missing ? 0 : (uint8_t)(at < BINS ? at : BINS - 1);
        known[n] = missing ? NAN : seen[n];
    }
    return lar_mi_value(&value, &used, slope, d->metric, d->bins, BINS, known, &bins, d->count);
}

lar_status lar_bending_step(lar_bending *d)
{
    double value;
    lar_status status = LAR_OK;
    const int64_t *size = d->grid.size;
    LAR_TRY(lar_bend_image(d->seen[0], d->fixed->voxels, d->bend[0], size));
    LAR_TRY(lar_bend_image(d->seen[1], d->moving->voxels, d->bend[1], size));
    if (d->lncc) { /* what steps are made in is free until then */
        float *const free_now[LAR_LNCC_TERMS] = { d->step, d->step + d->count,
                                                  d->step + 2 * d->count, d->next,
                                                  d->next + d->count };
        lar_lncc_lend(d->lncc, free_now);
        LAR_TRY(lar_lncc_value(&value, d->slope[0], d->slope[1], d->lncc, d->seen[0], d->seen[1]));
    } else {
        LAR_TRY(mutual_slope(d->slope[0], d, d->seen[1], d->seen[0]));
        LAR_TRY(mutual_slope(d->slope[1], d, d->seen[0], d->seen[1]));
    }
    for (int s = 0; s < 2; s++) {
        pushing job = { .d = d, .side = s };
        LAR_TRY(lar_parallel(size[2], 1, push_slices, &job));
        for (int a = 0; a < 3; a++)
            LAR_TRY(lar_smooth_voxels(d->step + a * d->count, size, d->sigma));
        LAR_TRY(scale_steps(d));
        LAR_TRY(lar_bend_compose(d->next, d->bend[s], d->step, size));
        float *const old = d->bend[s];
        d->bend[s] = d->next;
        d->next = old;
    }
done:
    return status;
}
