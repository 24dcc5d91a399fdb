/* A diffeomorphism between two heads: both are bent towards a middle, by small smooth steps up the
 * slope of their likeness there, one after another (greedy symmetric normalization, Avants 2008,
 * doi:10.1016/j.media.2007.06.004).
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"
#include "math/math.h"
#include "register/register_parts.h"

/* AROUND_MM: what is seen of the air around the head; the field ends there. STEP: how far the voxel
 * that moves most moves at once, in voxels. SMOOTH_AT: the parameters' millimetres are those of the
 * finest level, and as many voxels of the others. */
#define AROUND_MM 14.0
#define STEP      0.4
static const double spacings_mm[] = { 8, 4, 2 };
enum { LEVELS = sizeof spacings_mm / sizeof *spacings_mm, PIECE = 1 << 15 };

/* One level: both images on one grid, the moving one as the affine map places it. */
typedef struct deforming {
    lar_grid grid;
    int64_t count;
    double spacing[3], voxel_mm; /* of the voxels: each edge, and the cube root of the volume */
    float *fixed, *moving;
    float *bend[2];  /* from the middle to the fixed and to the moving image: voxels, 3 volumes */
    float *seen[2];  /* both images as seen from the middle */
    float *slope[2]; /* of the likeness along their values */
    float *step, *next; /* 3 volumes each */
    lar_lncc *lncc;
    uint8_t *bins; /* in place of lncc, for mutual information */
    int metric;
    double sigma[3]; /* of the smoothing, in voxels */
} deforming;

/* What is not needed any more once the steps are done. */
static void slim(deforming *d)
{
    lar_free(d->fixed);
    lar_free(d->moving);
    lar_free(d->next);
    d->fixed = d->moving = d->next = NULL;
    for (int s = 0; s < 2; s++) {
        lar_free(d->seen[s]);
        lar_free(d->slope[s]);
        d->seen[s] = d->slope[s] = NULL;
    }
}

static void clear(deforming *d)
{
    slim(d);
    for (int s = 0; s < 2; s++) lar_free(d->bend[s]);
    lar_free(d->step);
    lar_lncc_free(d->lncc);
    lar_free(d->bins);
    *d = (deforming){ 0 };
}

static float *copy_voxels(const lar_image *image)
{
    const int64_t count = lar_image_voxel_count(image);
    float *out = lar_alloc_raw(count, sizeof *out);
    if (out) memcpy(out, image->voxels, (size_t)count * sizeof *out);
    return out;
}

static lar_status load(deforming *d, const lar_side *fixed, const lar_side *moving,
                       const lar_affine *map, double spacing_mm)
{
    lar_status status = LAR_OK;
    lar_image *f = NULL, *m = NULL, *there = NULL;
    lar_chain *chain = NULL;
    lar_resample_params how = lar_resample_default();
    how.interpolation = LAR_LINEAR;
    how.pad = NAN;
    LAR_TRY(lar_side_at(&f, fixed->image, spacing_mm));
    LAR_TRY(lar_side_at(&m, moving->image, spacing_mm));
    LAR_TRY(lar_chain_new(&chain));
    LAR_TRY(lar_chain_add_affine(chain, map));
    LAR_TRY(lar_resample_through(&there, m, &f->grid, chain, &how));
    d->grid = f->grid;
    d->count = lar_image_voxel_count(f);
    lar_grid_spacing(&f->grid, d->spacing);
    d->voxel_mm = cbrt(d->spacing[0] * d->spacing[1] * d->spacing[2]);
    d->fixed = copy_voxels(f);
    d->moving = copy_voxels(there);
    if (!d->fixed || !d->moving) status = LAR_EMEMORY;
done:
    lar_chain_free(chain);
    lar_image_free(there);
    lar_image_free(m);
    lar_image_free(f);
    return status;
}

/* The displacements of a coarser level, or none. */
static lar_status begin_bend(deforming *d, const deforming *coarse)
{
    lar_status status = LAR_OK;
    lar_image *from = NULL, *to = NULL;
    lar_resample_params how = lar_resample_default();
    how.interpolation = LAR_LINEAR;
    how.border = LAR_BORDER_EDGE;
    for (int s = 0; s < 2; s++) {
        if (!(d->bend[s] = lar_alloc(3 * d->count, sizeof(float)))) return LAR_EMEMORY;
        if (!coarse->count) continue;
        LAR_TRY(lar_image_new(&from, &coarse->grid, 3, LAR_F32));
        memcpy(from->voxels, coarse->bend[s], (size_t)(3 * coarse->count) * sizeof(float));
        LAR_TRY(lar_resample(&to, from, &d->grid, &how));
        const float *in = to->voxels;
        for (int a = 0; a < 3; a++) {
            const float scale = (float)(coarse->spacing[a] / d->spacing[a]);
            for (int64_t n = 0; n < d->count; n++)
                d->bend[s][a * d->count + n] = scale * in[a * d->count + n];
        }
        lar_image_free(from);
        lar_image_free(to);
        from = to = NULL;
    }
done:
    lar_image_free(from);
    lar_image_free(to);
    return status;
}

static lar_status make_room(deforming *d)
{
    bool ready = true;
    for (int s = 0; s < 2; s++) {
        d->seen[s] = lar_alloc_raw(d->count, sizeof(float));
        d->slope[s] = lar_alloc_raw(d->count, sizeof(float));
        ready = ready && d->seen[s] && d->slope[s];
    }
    d->step = lar_alloc_raw(3 * d->count, sizeof(float));
    d->next = lar_alloc_raw(3 * d->count, sizeof(float));
    return ready && d->step && d->next ? LAR_OK : LAR_EMEMORY;
}

typedef struct pushing {
    const deforming *d;
    int side;
} pushing;

/* The way up at each voxel: the slope along its value times the gradient of what is seen, per mm;
 * nothing at the border, so that the field ends at none. */
LAR_CLONES static lar_status push_slices(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const pushing *job = arg;
    const deforming *d = job->d;
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
    const deforming *d;
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
static lar_status scale_steps(deforming *d)
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
static lar_status mutual_slope(double *value, float *slope, deforming *d, const float *others,
                               const float *seen)
{
    enum { BINS = 32 };
    const lar_bins bins = lar_bins_between(0, 1, BINS);
    int64_t used;
    float *const known = d->next; /* free until the step is composed */
    for (int64_t n = 0; n < d->count; n++) {
        const float at = others[n] * BINS;
        const bool missing = at != at;
        d->bins[n] = missing ? 0 : (uint8_t)(at < BINS ? at : BINS - 1);
        known[n] = missing ? NAN : seen[n];
    }
    return lar_mi_value(value, &used, slope, d->metric, d->bins, BINS, known, &bins, d->count);
}

static lar_status advance(deforming *d, double *value)
{
    lar_status status = LAR_OK;
    const int64_t *size = d->grid.size;
    LAR_TRY(lar_bend_image(d->seen[0], d->fixed, d->bend[0], size));
    LAR_TRY(lar_bend_image(d->seen[1], d->moving, d->bend[1], size));
    if (d->lncc) { /* what steps are made in is free until then */
        float *const free_now[LAR_LNCC_TERMS] = { d->step, d->step + d->count,
                                                  d->step + 2 * d->count, d->next,
                                                  d->next + d->count };
        lar_lncc_lend(d->lncc, free_now);
        LAR_TRY(lar_lncc_value(value, d->slope[0], d->slope[1], d->lncc, d->seen[0], d->seen[1]));
    } else {
        LAR_TRY(mutual_slope(value, d->slope[0], d, d->seen[1], d->seen[0]));
        LAR_TRY(mutual_slope(value, d->slope[1], d, d->seen[0], d->seen[1]));
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

/* Both halves as one: fixed to middle to moving, in voxels; `a` and `b` are the halves. */
static lar_status join(float *out, deforming *d, int a, int b)
{
    lar_status status = LAR_OK;
    LAR_TRY(lar_bend_invert(d->step, d->bend[a], d->grid.size));
    LAR_TRY(lar_bend_compose(out, d->bend[b], d->step, d->grid.size));
done:
    return status;
}

/* The same as an image, in mm along x y z. */
static lar_status join_to_world(lar_image **out, deforming *d, int a, int b)
{
    lar_status status = LAR_OK;
    const double(*m)[4] = d->grid.to_world.m;
    LAR_TRY(lar_image_new(out, &d->grid, 3, LAR_F32));
    float *x = (*out)->voxels, *y = x + d->count, *z = y + d->count;
    LAR_TRY(join(x, d, a, b));
    for (int64_t n = 0; n < d->count; n++) {
        const double i = (double)x[n], j = (double)y[n], k = (double)z[n];
        x[n] = (float)(m[0][0] * i + m[0][1] * j + m[0][2] * k);
        y[n] = (float)(m[1][0] * i + m[1][1] * j + m[1][2] * k);
        z[n] = (float)(m[2][0] * i + m[2][1] * j + m[2][2] * k);
    }
done:
    return status;
}

/* The fixed side, cut to the head and what is around it. */
static lar_status cut(lar_side *out, const lar_side *fixed)
{
    lar_status status = LAR_OK;
    lar_image *view = NULL;
    int64_t first[3], size[3];
    const lar_crop_params how = { .margin_mm = AROUND_MM };
    *out = *fixed;
    out->image = NULL;
    LAR_TRY(lar_crop_box(first, size, fixed->image, fixed->mask, &how));
    LAR_TRY(lar_image_box(&view, fixed->image, first, size));
    LAR_TRY(lar_image_copy(&out->image, view));
done:
    lar_image_free(view);
    return status;
}

static lar_status prepare_metric(deforming *d, const lar_register_params *params)
{
    lar_status status = LAR_OK;
    int64_t radius[3];
    const double finer = d->voxel_mm / spacings_mm[LEVELS - 1];
    d->metric = params->bend_metric == LAR_METRIC_AUTO ? LAR_METRIC_LNCC : params->bend_metric;
    for (int a = 0; a < 3; a++) d->sigma[a] = params->smooth_mm * finer / d->spacing[a];
    if (d->metric == LAR_METRIC_LNCC) {
        lar_lncc_radius(radius, d->spacing, params->radius_mm * finer);
        LAR_TRY(lar_lncc_new(&d->lncc, d->grid.size, radius, true));
    } else if (!(d->bins = lar_alloc_raw(d->count, 1))) {
        status = LAR_EMEMORY;
    }
done:
    return status;
}

lar_status lar_deform(lar_image **field, lar_image **inverse, const lar_side *fixed,
                      const lar_side *moving, const lar_affine *map,
                      const lar_register_params *params)
{
    lar_status status = LAR_OK;
    deforming now = { 0 }, before = { 0 };
    lar_side head = { 0 };
    *field = *inverse = NULL;
    LAR_TRY(cut(&head, fixed));
    for (int n = 0; n < LEVELS; n++) {
        const int64_t turns = n < params->iterations.count ? params->iterations.at[n] : 0;
        double value;
        LAR_TRY(load(&now, &head, moving, map, spacings_mm[n]));
        LAR_TRY(begin_bend(&now, &before));
        clear(&before);
        LAR_TRY(make_room(&now));
        LAR_TRY(prepare_metric(&now, params));
        for (int64_t turn = 0; turn < turns; turn++) LAR_TRY(advance(&now, &value));
        before = now;
        now = (deforming){ 0 };
    }
    slim(&before);
    LAR_TRY(join_to_world(field, &before, 0, 1));
    LAR_TRY(join_to_world(inverse, &before, 1, 0));
done:
    lar_image_free(head.image);
    clear(&now);
    clear(&before);
    return status;
}
