/* The iterations of N4. Each goes over the coarse grid three times: the field is evaluated and
 * taken off; the histogram is counted; what sharpening would change is fitted by the spline.
 * Samples are worked on in lanes, sums are kept for each plane, counts are whole numbers: so the
 * result is the same for any number of threads. SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>

#include "base/base.h"
#include "filter/n4_parts.h"

enum { LANES = LAR_N4_LANES, TABLES = 4, FRACTION_BITS = 16, COUNT_BITS = 40 };
/* A lattice beyond this is a mistake: it would take 2 GB. */
#define POINTS_MAX ((int64_t)1 << 28)

/* Points with less weight than this stay as they are: what ITK takes for zero in float. */
#define ITK_LEAST 1.1920929e-8
/* More samples could overflow the counts: each of the tables holds 2^24 in one bin. */
#define SAMPLES_MAX ((int64_t)TABLES << (64 - COUNT_BITS))
/* A sample adds one unit and its fraction of a bin: no rounding, whatever the order. */
#define ONE ((uint64_t)1 << COUNT_BITS)

/* What the field's change and the log intensities do over a plane. */
typedef struct plane_sums {
    double change, squares; /* of exp(old log field - new) - 1 */
    float low, high;
} plane_sums;

typedef struct desk { /* of one thread */
    float *plane;     /* (y points, width) */
    uint64_t *counts; /* TABLES histograms of bins + 1; the last bin takes what does not count */
    int32_t *bins;    /* of a row */
    lar_n4_expected *expected;
} desk;

typedef struct estimate {
    const lar_n4_grid *grid;
    const lar_n4_plan *plan;
    lar_n4_lattice total, step; /* of the field, and of one iteration */
    lar_n4_lattice weight;      /* of the samples, at this level: what step is divided by */
    lar_n4_taps value[3], fit[3];
    float *now;       /* log intensities less the log field */
    float *rows;      /* (z points, y points, width) */
    float *planes;    /* (z, y points, width) */
    plane_sums *sums; /* of each plane */
    double *partial;
    int threads;
    desk *rooms;
    float low, per_slope;
    lar_n4_expected *table;
    double *histogram;
} estimate;

/* exp(x) - 1 by Taylor's polynomial: changes are far below 1, where it is good to 2e-4; a larger
 * one is too large in any case. */
static inline float less_one(float x)
{
    float sum = 1.0f / 720;
    sum = sum * x + 1.0f / 120;
    sum = sum * x + 1.0f / 24;
    sum = sum * x + 1.0f / 6;
    sum = sum * x + 0.5f;
    sum = sum * x + 1.0f;
    return sum * x;
}

/* ---- the three passes ------------------------------------------------------------------- */

LAR_CLONES
static void renew_plane(const estimate *job, int64_t k, float *plane, plane_sums *out)
{
    const lar_n4_grid *grid = job->grid;
    const int64_t width = grid->width;
    float change[LANES] = { 0 }, squares[LANES] = { 0 }, low[LANES], high[LANES];
    plane_sums sums = { .low = FLT_MAX, .high = -FLT_MAX };
    for (int l = 0; l < LANES; l++) {
        low[l] = FLT_MAX;
        high[l] = -FLT_MAX;
    }
    lar_n4_spread_plane(plane, job->rows, job->total.size[1] * width, &job->value[2], k);
    for (int64_t j = 0; j < grid->size[1]; j++) {
        const int64_t r = k * grid->size[1] + j;
        const float *w = job->value[1].weights + 4 * j;
        const float *restrict a = plane + job->value[1].first[j] * width, *restrict b = a + width;
        const float *restrict c = b + width, *restrict d = c + width;
        const float *restrict logs = grid->logs + r * width;
        const float *restrict weights = grid->weights + r * width;
        float *restrict now = job->now + r * width;
        for (int64_t i = grid->ends[2 * r]; i < grid->ends[2 * r + 1]; i += LANES)
            for (int l = 0; l < LANES; l++) {
                const float field =
                    (w[0] * a[i + l] + w[1] * b[i + l]) + (w[2] * c[i + l] + w[3] * d[i + l]);
                const float value = logs[i + l] - field;
                const float ratio = less_one(value - now[i + l]);
                const bool counts = weights[i + l] > 0;
                const float e = counts ? ratio : 0.0f;
                now[i + l] = value;
                change[l] += e;
                squares[l] += e * e;
                low[l] = counts && value < low[l] ? value : low[l];
                high[l] = counts && value > high[l] ? value : high[l];
            }
        if (j % 16 < 15 && j + 1 < grid->size[1]) continue; /* lanes are short of digits */
        for (int l = 0; l < LANES; l++) {
            sums.change += (double)change[l];
            sums.squares += (double)squares[l];
            change[l] = squares[l] = 0;
        }
    }
    for (int l = 0; l < LANES; l++) {
        sums.low = low[l] < sums.low ? low[l] : sums.low;
        sums.high = high[l] > sums.high ? high[l] : sums.high;
    }
    *out = sums;
}

/* The bins of a row in units of 1 / 65536 bin; what does not count goes to the bin after the last.
 */
LAR_CLONES
static void find_bins(int32_t *restrict bins, const float *restrict now,
                      const float *restrict weights, int64_t count, float low, float per_slope,
                      int32_t last)
{
    const float top = (float)last;
    for (int64_t i = 0; i < count; i++) {
        float bin = (now[i] - low) * per_slope;
        bin = bin > 0 ? bin : 0;
        bin = bin < top ? bin : top;
        const int32_t place = (int32_t)(bin * (float)(1 << FRACTION_BITS));
        bins[i] = weights[i] > 0 ? place : (last + 1) << FRACTION_BITS;
    }
}

static void count_plane(const estimate *job, int64_t k, const desk *r)
{
    const lar_n4_grid *grid = job->grid;
    const int64_t table = job->plan->bins + 1;
    uint64_t *restrict a = r->counts, *restrict b = a + table, *restrict c = b + table,
                       *restrict d = c + table;
    for (int64_t row = k * grid->size[1]; row < (k + 1) * grid->size[1]; row++) {
        const int64_t begin = grid->ends[2 * row], count = grid->ends[2 * row + 1] - begin;
        const int64_t at = row * grid->width + begin;
        const int32_t *restrict bins = r->bins;
        find_bins(r->bins, job->now + at, grid->weights + at, count, job->low, job->per_slope,
                  (int32_t)job->plan->bins - 1);
        for (int64_t i = 0; i < count; i += 4) {
            a[bins[i] >> FRACTION_BITS] += ONE | (uint64_t)(bins[i] & 0xffff);
            b[bins[i + 1] >> FRACTION_BITS] += ONE | (uint64_t)(bins[i + 1] & 0xffff);
            c[bins[i + 2] >> FRACTION_BITS] += ONE | (uint64_t)(bins[i + 2] & 0xffff);
            d[bins[i + 3] >> FRACTION_BITS] += ONE | (uint64_t)(bins[i + 3] & 0xffff);
        }
    }
}

/* What sharpening takes off a row, weighted, added to the four rows of points around it. */
LAR_CLONES
static void fit_row(float *restrict a, float *restrict b, float *restrict c, float *restrict d,
                    const float *w, const float *restrict now, const float *restrict weights,
                    const lar_n4_expected *restrict expected, const int32_t *restrict bins,
                    int64_t count, float low, float per_slope)
{
    const float wa = w[0], wb = w[1], wc = w[2], wd = w[3];
    for (int64_t i = 0; i < count; i++) {
        const float fraction = (now[i] - low) * per_slope - (float)(bins[i] >> FRACTION_BITS);
        const float sharp = expected[i].value + expected[i].rise * fraction;
        const float rest = weights[i] * (now[i] - sharp);
        a[i] += wa * rest;
        b[i] += wb * rest;
        c[i] += wc * rest;
        d[i] += wd * rest;
    }
}

static void fit_plane(const estimate *job, int64_t k, const desk *room)
{
    const lar_n4_grid *grid = job->grid;
    const int64_t width = grid->width, points = job->total.size[1];
    float *plane = job->planes + k * points * width;
    memset(plane, 0, (size_t)(points * width) * sizeof *plane);
    for (int64_t j = 0; j < grid->size[1]; j++) {
        const int64_t row = k * grid->size[1] + j;
        const int64_t begin = grid->ends[2 * row], count = grid->ends[2 * row + 1] - begin;
        const int64_t at = row * width + begin;
        find_bins(room->bins, job->now + at, grid->weights + at, count, job->low, job->per_slope,
                  (int32_t)job->plan->bins - 1);
        for (int64_t i = 0; i < count; i++)
            room->expected[i] = job->table[room->bins[i] >> FRACTION_BITS];
        float *a = plane + job->fit[1].first[j] * width + begin;
        fit_row(a, a + width, a + 2 * width, a + 3 * width, job->fit[1].weights + 4 * j,
                job->now + at, grid->weights + at, room->expected, room->bins, count, job->low,
                job->per_slope);
    }
}

/* The weights themselves, in place of what sharpening changes. */
static void weigh_plane(const estimate *job, int64_t k, const lar_n4_taps *y)
{
    const lar_n4_grid *grid = job->grid;
    const int64_t width = grid->width, points = job->total.size[1];
    float *plane = job->planes + k * points * width;
    memset(plane, 0, (size_t)(points * width) * sizeof *plane);
    for (int64_t j = 0; j < grid->size[1]; j++) {
        const float *weights = grid->weights + (k * grid->size[1] + j) * width;
        for (int t = 0; t < 4; t++) {
            float *to = plane + (y->first[j] + t) * width;
            const float w = y->weights[4 * j + t];
            for (int64_t i = 0; i < width; i++) to[i] += w * weights[i];
        }
    }
}

static lar_status renew_planes(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const estimate *job = arg;
    for (int64_t k = begin; k < end; k++)
        renew_plane(job, k, job->rooms[lar_thread_number()].plane, &job->sums[k]);
    return LAR_OK;
}

static lar_status count_planes(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const estimate *job = arg;
    for (int64_t k = begin; k < end; k++) count_plane(job, k, &job->rooms[lar_thread_number()]);
    return LAR_OK;
}

static lar_status fit_planes(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const estimate *job = arg;
    for (int64_t k = begin; k < end; k++) fit_plane(job, k, &job->rooms[lar_thread_number()]);
    return LAR_OK;
}

/* ---- one iteration ---------------------------------------------------------------------- */

/* Planes for each piece of work: some more pieces than any machine has processors to spare. */
static int64_t grain_of(const lar_n4_grid *grid)
{
    return 1 + grid->size[2] / 16;
}

static lar_status renew(estimate *job, double *change)
{
    const lar_n4_grid *grid = job->grid;
    lar_n4_spread_rows(job->rows, &job->total, &job->value[0]);
    const lar_status status = lar_parallel(grid->size[2], grain_of(grid), renew_planes, job);
    if (status != LAR_OK) return status;
    float low = FLT_MAX, high = -FLT_MAX;
    for (int64_t k = 0; k < grid->size[2]; k++) {
        low = fminf(low, job->sums[k].low);
        high = fmaxf(high, job->sums[k].high);
        job->partial[k] = job->sums[k].change;
    }
    const double voxels = (double)grid->voxels;
    const double mean = lar_sum_pairs(job->partial, grid->size[2]) / voxels;
    for (int64_t k = 0; k < grid->size[2]; k++) job->partial[k] = job->sums[k].squares;
    const double squares = lar_sum_pairs(job->partial, grid->size[2]);
    *change = sqrt(fmax(squares - voxels * mean * mean, 0) / (voxels - 1)) / (1 + mean);
    job->low = low;
    job->per_slope = (float)((double)(job->plan->bins - 1) / (double)(high - low));
    return LAR_OK;
}

static bool is_flat(const estimate *job)
{
    return !(job->per_slope > 0) || job->per_slope > FLT_MAX;
}

static lar_status sharpen(estimate *job, lar_n4_sharpener *sharpener)
{
    const int64_t bins = job->plan->bins, table = bins + 1;
    for (int t = 0; t < job->threads; t++)
        memset(job->rooms[t].counts, 0, (size_t)(TABLES * table) * sizeof(uint64_t));
    const lar_status status =
        lar_parallel(job->grid->size[2], grain_of(job->grid), count_planes, job);
    if (status != LAR_OK) return status;
    memset(job->histogram, 0, (size_t)(bins + 1) * sizeof *job->histogram);
    for (int64_t b = 0; b < bins; b++) {
        uint64_t count = 0, fraction = 0;
        for (int64_t t = 0; t < job->threads * TABLES; t++) {
            const uint64_t both = job->rooms[t / TABLES].counts[t % TABLES * table + b];
            count += both >> COUNT_BITS;
            fraction += both & (ONE - 1);
        }
        const double above = (double)fraction / (1 << FRACTION_BITS);
        job->histogram[b] += (double)count - above;
        job->histogram[b + 1] += above;
    }
    lar_n4_sharpen(sharpener, job->table, job->histogram, (double)job->low,
                   1 / (double)job->per_slope);
    return LAR_OK;
}

static lar_status advance(estimate *job)
{
    const lar_status status =
        lar_parallel(job->grid->size[2], grain_of(job->grid), fit_planes, job);
    if (status != LAR_OK) return status;
    lar_n4_gather(&job->step, job->rows, job->planes, &job->fit[0], &job->fit[2]);
    const int64_t points = job->total.size[0] * job->total.size[1] * job->total.size[2];
    const double least = job->plan->itk ? ITK_LEAST : 0;
    for (int64_t n = 0; n < points; n++)
        if (job->weight.points[n] > least)
            job->total.points[n] += job->step.points[n] / job->weight.points[n];
    return LAR_OK;
}

/* ---- levels ----------------------------------------------------------------------------- */

static void leave_level(estimate *job)
{
    for (int a = 0; a < 3; a++) {
        lar_n4_taps_clear(&job->value[a]);
        lar_n4_taps_clear(&job->fit[a]);
    }
    lar_n4_lattice_clear(&job->step);
    lar_n4_lattice_clear(&job->weight);
    lar_free(job->rows);
    lar_free(job->planes);
    job->rows = job->planes = NULL;
    for (int t = 0; t < job->threads; t++) {
        lar_free(job->rooms[t].plane);
        job->rooms[t].plane = NULL;
    }
}

static lar_status weigh(estimate *job, const lar_n4_axis axes[3])
{
    lar_status status = LAR_OK;
    lar_n4_taps square[3] = { { 0 } };
    for (int a = 0; a < 3; a++)
        LAR_TRY(lar_n4_taps_init(&square[a], axes[a].sample_places, axes[a].samples, axes[a].mesh,
                                 job->total.pieces[a], axes[a].sample_rim, LAR_N4_SQUARE));
    for (int64_t k = 0; k < job->grid->size[2]; k++) weigh_plane(job, k, &square[1]);
    lar_n4_gather(&job->weight, job->rows, job->planes, &square[0], &square[2]);
done:
    for (int a = 0; a < 3; a++) lar_n4_taps_clear(&square[a]);
    return status;
}

static lar_status enter_level(estimate *job, const lar_n4_axis axes[3])
{
    lar_status status = LAR_OK;
    const int64_t *points = job->total.size, width = job->grid->width;
    for (int a = 0; a < 3; a++) {
        const lar_n4_axis *axis = &axes[a];
        LAR_TRY(lar_n4_taps_init(&job->value[a], axis->sample_places, axis->samples, axis->mesh,
                                 job->total.pieces[a], axis->sample_rim, LAR_N4_VALUE));
        LAR_TRY(lar_n4_taps_init(&job->fit[a], axis->sample_places, axis->samples, axis->mesh,
                                 job->total.pieces[a], axis->sample_rim, LAR_N4_FIT));
    }
    LAR_TRY(lar_n4_lattice_init(&job->step, job->total.pieces));
    LAR_TRY(lar_n4_lattice_init(&job->weight, job->total.pieces));
    job->rows = lar_alloc(points[2] * points[1] * width, sizeof *job->rows);
    job->planes = lar_alloc(job->grid->size[2] * points[1] * width, sizeof *job->planes);
    if (!job->rows || !job->planes) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int t = 0; t < job->threads; t++) {
        job->rooms[t].plane = lar_alloc(points[1] * width, sizeof(float));
        if (!job->rooms[t].plane) {
            status = LAR_EMEMORY;
            goto done;
        }
    }
    status = weigh(job, axes);
done:
    return status;
}

static lar_status run_level(estimate *job, lar_n4_report *report, lar_n4_sharpener *sharpener,
                            int64_t most)
{
    lar_status status = LAR_OK;
    const int64_t level = report->levels;
    double change = INFINITY;
    int64_t done = 0;
    while (done < most && !(change <= job->plan->tolerance) && !is_flat(job)) {
        LAR_TRY(sharpen(job, sharpener));
        LAR_TRY(advance(job));
        LAR_TRY(renew(job, &change));
        done++;
    }
    report->iterations[level] = done;
    report->change[level] = done ? change : 0;
    report->converged[level] = done && (change <= job->plan->tolerance || is_flat(job));
done:
    return status;
}

/* A piece of the spline is halved while the coarse grid has two samples or more for each; ITK
 * halves in any case. */
static void next_mesh(bool along[3], const estimate *job)
{
    for (int a = 0; a < 3; a++)
        along[a] = job->grid->size[a] > 1 &&
                   (job->plan->itk || 4 * job->total.pieces[a] <= job->grid->size[a]);
}

static lar_status check_size(const lar_n4_grid *grid, const lar_n4_axis axes[3],
                             const lar_n4_plan *plan)
{
    double points = 1;
    if (grid->width * grid->size[1] * grid->size[2] >= SAMPLES_MAX) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT, "the coarse grid has %lldx%lldx%lld samples, %lld at most",
                     (long long)grid->size[0], (long long)grid->size[1], (long long)grid->size[2],
                     (long long)SAMPLES_MAX);
        return lar_hint(status, "a larger --shrink");
    }
    for (int a = 0; a < 3; a++) {
        const double pieces = ldexp((double)axes[a].mesh, (int)plan->iterations.count - 1);
        const double most =
            plan->itk || pieces < (double)axes[a].samples ? pieces : (double)axes[a].samples;
        points *= axes[a].samples > 1 ? most + 3 : 4;
    }
    if (points <= (double)POINTS_MAX) return LAR_OK;
    const lar_status status =
        lar_fail(LAR_EARGUMENT, "the spline of level %lld would have %.3g points, more than %lld",
                 (long long)plan->iterations.count, points, (long long)POINTS_MAX);
    return lar_hint(status, "fewer levels, or a wider mesh");
}

static lar_status make_rooms(estimate *job)
{
    const int64_t rows = job->grid->size[1] * job->grid->size[2], width = job->grid->width;
    const int64_t bins = job->plan->bins;
    job->now = lar_alloc_raw(rows * width, sizeof *job->now);
    job->sums = lar_alloc(job->grid->size[2], sizeof *job->sums);
    job->partial = lar_alloc(job->grid->size[2], sizeof *job->partial);
    job->table = lar_alloc(bins + 1, sizeof *job->table); /* the last: for what does not count */
    job->histogram = lar_alloc(bins + 1, sizeof *job->histogram);
    job->rooms = lar_alloc(job->threads, sizeof *job->rooms);
    if (!job->now || !job->sums || !job->partial || !job->table || !job->histogram || !job->rooms)
        return LAR_EMEMORY;
    memcpy(job->now, job->grid->logs, (size_t)(rows * width) * sizeof *job->now);
    for (int t = 0; t < job->threads; t++) {
        desk *r = &job->rooms[t];
        r->counts = lar_alloc(TABLES * (bins + 1), sizeof *r->counts);
        r->bins = lar_alloc(width, sizeof *r->bins);
        r->expected = lar_alloc(width, sizeof *r->expected);
        if (!r->counts || !r->bins || !r->expected) return LAR_EMEMORY;
    }
    return LAR_OK;
}

static void clear(estimate *job)
{
    if (job->rooms) leave_level(job);
    for (int t = 0; job->rooms && t < job->threads; t++) {
        lar_free(job->rooms[t].counts);
        lar_free(job->rooms[t].bins);
        lar_free(job->rooms[t].expected);
    }
    lar_free(job->rooms);
    lar_free(job->now);
    lar_free(job->sums);
    lar_free(job->partial);
    lar_free(job->table);
    lar_free(job->histogram);
    lar_n4_lattice_clear(&job->total);
}

/* The field's logarithm has mean 0 over the samples that count. */
static lar_status centre(estimate *job)
{
    const lar_n4_grid *grid = job->grid;
    for (int64_t k = 0; k < grid->size[2]; k++) {
        double sum = 0;
        for (int64_t n = k * grid->size[1] * grid->width; n < (k + 1) * grid->size[1] * grid->width;
             n++)
            if (grid->weights[n] > 0) sum += (double)grid->logs[n] - (double)job->now[n];
        job->partial[k] = sum;
    }
    const double mean = lar_sum_pairs(job->partial, grid->size[2]) / (double)grid->voxels;
    const int64_t points = job->total.size[0] * job->total.size[1] * job->total.size[2];
    for (int64_t n = 0; n < points; n++) job->total.points[n] -= mean;
    return LAR_OK;
}

lar_status lar_n4_estimate(lar_n4_lattice *lattice, lar_n4_report *report, const lar_n4_grid *grid,
                           const lar_n4_axis axes[3], const lar_n4_plan *plan)
{
    lar_status status = LAR_OK;
    lar_n4_sharpener *sharpener = NULL;
    estimate job = { .grid = grid, .plan = plan, .threads = lar_threads_get() };
    double change;
    const int64_t mesh[3] = { axes[0].mesh, axes[1].mesh, axes[2].mesh };

    *lattice = (lar_n4_lattice){ 0 };
    *report = (lar_n4_report){ .voxels = grid->voxels };
    memcpy(report->size, grid->size, sizeof report->size);
    LAR_TRY(check_size(grid, axes, plan));
    LAR_TRY(lar_n4_sharpener_new(&sharpener, plan->bins, plan->fwhm, plan->wiener));
    LAR_TRY(make_rooms(&job));
    LAR_TRY(lar_n4_lattice_init(&job.total, mesh));
    for (int64_t level = 0; level < plan->iterations.count; level++) {
        bool along[3] = { false };
        if (level > 0) {
            next_mesh(along, &job);
            leave_level(&job);
            LAR_TRY(lar_n4_lattice_refine(&job.total, along));
        }
        LAR_TRY(enter_level(&job, axes));
        LAR_TRY(renew(&job, &change)); /* for the range; the field stays */
        if (is_flat(&job) && level == 0) {
            status = lar_fail(LAR_ENUMERIC, "the image is constant inside the mask");
            goto done;
        }
        LAR_TRY(run_level(&job, report, sharpener, plan->iterations.at[level]));
        report->levels++;
    }
    if (!plan->itk) LAR_TRY(centre(&job));
    *lattice = job.total;
    job.total = (lar_n4_lattice){ 0 };
done:
    clear(&job);
    lar_n4_sharpener_free(sharpener);
    return status;
}
