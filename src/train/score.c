/* How like the truth a synthesis is, inside a mask: mean absolute and squared error, peak signal to
 * noise, structural similarity (Wang 2004, doi:10.1109/TIP.2003.819861), correlation.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "image/image.h"
#include "train/train.h"

enum { GRAIN = 1 << 15, RADIUS = 5, TAPS = 2 * RADIUS + 1, FIELDS = 5 };

typedef struct sums {
    double count, truth, synthesis, absolute, squared;
    double low, high; /* of the truth */
} sums;

typedef struct score_job {
    const float *truth, *synthesis;
    const uint8_t *mask; /* NULL: everywhere */
    sums *partial;
    double mean_truth, mean_synthesis;
    double (*moments)[3]; /* per piece: var truth, var synthesis, covariance, times count */
} score_job;

static lar_status first_pass(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const score_job *job = arg;
    sums s = { .low = INFINITY, .high = -INFINITY };
    for (int64_t n = begin; n < end; n++) {
        if (job->mask && !job->mask[n]) continue;
        const double t = job->truth[n], p = job->synthesis[n];
        s.count++;
        s.truth += t;
        s.synthesis += p;
        s.absolute += fabs(p - t);
        s.squared += (p - t) * (p - t);
        s.low = fmin(s.low, t);
        s.high = fmax(s.high, t);
    }
    job->partial[piece] = s;
    return LAR_OK;
}

static lar_status second_pass(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const score_job *job = arg;
    double tt = 0, pp = 0, tp = 0;
    for (int64_t n = begin; n < end; n++) {
        if (job->mask && !job->mask[n]) continue;
        const double t = job->truth[n] - job->mean_truth;
        const double p = job->synthesis[n] - job->mean_synthesis;
        tt += t * t;
        pp += p * p;
        tp += t * p;
    }
    job->moments[piece][0] = tt;
    job->moments[piece][1] = pp;
    job->moments[piece][2] = tp;
    return LAR_OK;
}

/* The five local means of SSIM: t, p, t*t, p*p, t*p, each smoothed by a Gaussian of 1.5 voxels. */
typedef struct smooth_job {
    const float *in;
    float *out;
    int64_t size[3];
    int axis;
    double weight[TAPS];
} smooth_job;

/* Index reflected about the edges (the edge voxel is repeated: d c b a | a b c d). */
static int64_t reflect(int64_t n, int64_t size)
{
    const int64_t period = 2 * size;
    n = ((n % period) + period) % period;
    return n < size ? n : period - 1 - n;
}

static lar_status smooth_lines(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const smooth_job *job = arg;
    const int64_t *size = job->size;
    const int64_t stride = job->axis == 0 ? 1 : job->axis == 1 ? size[0] : size[0] * size[1];
    const int64_t length = size[job->axis];
    (void)piece;
    for (int64_t row = begin; row < end; row++) { /* rows along i: contiguous */
        const int64_t j = row % size[1], k = row / size[1];
        const int64_t place = job->axis == 1 ? j : k;
        for (int64_t i = 0; i < size[0]; i++) {
            const int64_t here = job->axis == 0 ? i : place;
            const float *line = job->in + row * size[0] + i - here * stride;
            double sum = 0;
            for (int t = 0; t < TAPS; t++)
                sum += job->weight[t] * line[reflect(here + t - RADIUS, length) * stride];
            job->out[row * size[0] + i] = (float)sum;
        }
    }
    return LAR_OK;
}

static lar_status smooth(float *field, float *scratch, const int64_t size[3])
{
    lar_status status = LAR_OK;
    smooth_job job = { .in = field, .out = scratch, .size = { size[0], size[1], size[2] } };
    double total = 0;
    for (int t = 0; t < TAPS; t++) {
        const double d = (t - RADIUS) / 1.5;
        total += job.weight[t] = exp(-d * d / 2);
    }
    for (int t = 0; t < TAPS; t++) job.weight[t] /= total;
    for (job.axis = 0; job.axis < 3; job.axis++) {
        LAR_TRY(lar_parallel(size[1] * size[2], 256, smooth_lines, &job));
        float *out = job.out;
        job.out = (float *)(uintptr_t)job.in;
        job.in = out;
    }
    /* three passes: the result lies in scratch */
    memcpy(field, scratch, (size_t)(size[0] * size[1] * size[2]) * sizeof *field);
done:
    return status;
}

/* Mean of the SSIM map over the mask. `range` is the peak of PSNR. */
static lar_status similarity(double *out, const score_job *job, const int64_t size[3], double range)
{
    lar_status status = LAR_OK;
    const int64_t count = size[0] * size[1] * size[2];
    float *fields = lar_alloc_raw(count * (FIELDS + 1), sizeof *fields);
    const double c1 = 0.01 * range * 0.01 * range, c2 = 0.03 * range * 0.03 * range;
    double sum = 0, voxels = 0;

    if (!fields) return LAR_EMEMORY;
    /* about the means: the products keep their digits for intensities far from 0 */
    const double mt = job->mean_truth, mp = job->mean_synthesis;
    float *f[FIELDS + 1];
    for (int n = 0; n <= FIELDS; n++) f[n] = fields + n * count;
    for (int64_t n = 0; n < count; n++) {
        const double t = job->truth[n] - mt, p = job->synthesis[n] - mp;
        f[0][n] = (float)t;
        f[1][n] = (float)p;
        f[2][n] = (float)(t * t);
        f[3][n] = (float)(p * p);
        f[4][n] = (float)(t * p);
    }
    for (int n = 0; n < FIELDS; n++) LAR_TRY(smooth(f[n], f[FIELDS], size));
    for (int64_t n = 0; n < count; n++) {
        if (job->mask && !job->mask[n]) continue;
        const double t = f[0][n], p = f[1][n];
        const double tt = f[2][n] - t * t, pp = f[3][n] - p * p, tp = f[4][n] - t * p;
        const double a = t + mt, b = p + mp;
        sum += (2 * a * b + c1) * (2 * tp + c2) / ((a * a + b * b + c1) * (tt + pp + c2));
        voxels++;
    }
    *out = sum / voxels;
done:
    lar_free(fields);
    return status;
}

/* Float voxels of both and bytes of the mask, all contiguous. */
static lar_status score_arrays(lar_scores *out, score_job *job, const int64_t size[3])
{
    lar_status status = LAR_OK;
    const int64_t count = size[0] * size[1] * size[2], pieces = lar_piece_count(count, GRAIN);
    sums s = { .low = INFINITY, .high = -INFINITY };

    job->partial = lar_alloc(pieces, sizeof *job->partial);
    job->moments = lar_alloc(pieces, sizeof *job->moments);
    if (!job->partial || !job->moments) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_parallel(count, GRAIN, first_pass, job));
    for (int64_t n = 0; n < pieces; n++) {
        s.count += job->partial[n].count;
        s.truth += job->partial[n].truth;
        s.synthesis += job->partial[n].synthesis;
        s.absolute += job->partial[n].absolute;
        s.squared += job->partial[n].squared;
        s.low = fmin(s.low, job->partial[n].low);
        s.high = fmax(s.high, job->partial[n].high);
    }
    if (s.count == 0) {
        status = lar_fail(LAR_ENUMERIC, "there is nothing to score: the mask is empty");
        goto done;
    }
    if (!isfinite(s.squared)) {
        status = lar_fail(LAR_ENUMERIC, "there are voxels inside the mask that are not finite");
        goto done;
    }
    job->mean_truth = s.truth / s.count;
    job->mean_synthesis = s.synthesis / s.count;
    LAR_TRY(lar_parallel(count, GRAIN, second_pass, job));
    double tt = 0, pp = 0, tp = 0;
    for (int64_t n = 0; n < pieces; n++) {
        tt += job->moments[n][0];
        pp += job->moments[n][1];
        tp += job->moments[n][2];
    }
    const double range = s.high - s.low;
    *out = (lar_scores){
        .voxels = (int64_t)s.count,
        .mae = s.absolute / s.count,
        .mse = s.squared / s.count,
        .psnr = 10 * log10(range * range / (s.squared / s.count)), /* inf where equal */
        .ncc = tt > 0 && pp > 0 ? tp / sqrt(tt * pp) : 0,
        .ssim = 1,
    };
    if (range > 0) LAR_TRY(similarity(&out->ssim, job, size, range));
done:
    lar_free(job->partial);
    lar_free(job->moments);
    return status;
}

lar_status lar_score(lar_scores *out, const lar_image *truth, const lar_image *synthesis,
                     const lar_image *mask)
{
    lar_status status = LAR_OK;
    lar_image *t = NULL, *p = NULL, *m = NULL;

    *out = (lar_scores){ 0 };
    if (!lar_grid_matches(&truth->grid, &synthesis->grid) ||
        (mask && !lar_grid_matches(&truth->grid, &mask->grid))) {
        char a[96], b[96];
        lar_grid_words(&truth->grid, a, sizeof a);
        lar_grid_words(lar_grid_matches(&truth->grid, &synthesis->grid) ? &mask->grid
                                                                        : &synthesis->grid,
                       b, sizeof b);
        status = lar_fail(LAR_EGEOMETRY, "the grids differ: %s against %s", a, b);
        return lar_hint(status, "larmor resample --like");
    }
    LAR_TRY(lar_image_to_type(&t, truth, LAR_F32));
    LAR_TRY(lar_image_to_type(&p, synthesis, LAR_F32));
    if (mask) LAR_TRY(lar_image_to_type(&m, mask, LAR_U8));
    score_job job = { .truth = t->voxels, .synthesis = p->voxels, .mask = m ? m->voxels : NULL };
    status = score_arrays(out, &job, truth->grid.size);
done:
    lar_image_free(t);
    lar_image_free(p);
    lar_image_free(m);
    return status;
}
