/* What a synthesis must beat: the mean target of the training subjects, the best linear map of the
 * input, and the best look-up table of the input's intensity, each fitted on the training subjects'
 * heads by least squares.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/filter.h"
#include "image/image.h"
#include "train/train.h"

enum { BINS = 512 };

struct lar_baselines {
    float *mean; /* of the targets, voxel by voxel; NULL where the sizes differ */
    int64_t size[3];
    double slope, offset;
    double low, step; /* of the table's bins */
    double value[BINS];
};

typedef struct pair {
    lar_image *input, *target, *head;
    const float *x, *y;
    const uint8_t *inside;
    int64_t count;
} pair;

static void pair_close(pair *p)
{
    lar_image_free(p->input);
    lar_image_free(p->target);
    lar_image_free(p->head);
    *p = (pair){ 0 };
}

static lar_status pair_open(pair *p, const lar_prepared *prepared, int64_t index, int64_t input,
                            int64_t target)
{
    lar_status status = LAR_OK;
    *p = (pair){ 0 };
    LAR_TRY(lar_prepared_map(&p->input, prepared, index, input));
    LAR_TRY(lar_prepared_map(&p->target, prepared, index, target));
    LAR_TRY(lar_head_mask(&p->head, p->input));
    p->x = p->input->voxels;
    p->y = p->target->voxels;
    p->inside = p->head->voxels;
    p->count = lar_image_voxel_count(p->input);
done:
    if (status != LAR_OK) pair_close(p);
    return status;
}

/* Sums over the training heads. */
typedef struct sums {
    double n, x, y, xx, xy;
    double low, high; /* of x */
    double *mean;
    double cases;
    double bin_count[BINS], bin_sum[BINS];
} sums;

static bool same_size(const lar_prepared *prepared, int64_t size[3])
{
    bool first = true;
    for (int64_t n = 0; n < prepared->case_count; n++)
        for (int a = 0; a < 3; a++) {
            const int64_t here = prepared->cases[n].grid.size[a];
            if (first) size[a] = here;
            if (size[a] != here) return false;
            if (a == 2) first = false;
        }
    return true;
}

static void add_moments(sums *s, const pair *p)
{
    for (int64_t n = 0; n < p->count; n++) {
        if (s->mean) s->mean[n] += p->y[n];
        if (!p->inside[n]) continue;
        const double x = p->x[n], y = p->y[n];
        s->n++;
        s->x += x;
        s->y += y;
        s->xx += x * x;
        s->xy += x * y;
        s->low = fmin(s->low, x);
        s->high = fmax(s->high, x);
    }
    s->cases++;
}

static int bin_of(const lar_baselines *b, double x)
{
    const double bin = (x - b->low) / b->step;
    return bin < 0 ? 0 : bin >= BINS ? BINS - 1 : (int)bin;
}

static void add_bins(sums *s, const lar_baselines *b, const pair *p)
{
    for (int64_t n = 0; n < p->count; n++) {
        if (!p->inside[n]) continue;
        const int bin = bin_of(b, p->x[n]);
        s->bin_count[bin]++;
        s->bin_sum[bin] += p->y[n];
    }
}

/* Empty bins take the value of the nearest bin that is not. */
static void fill_table(lar_baselines *b, const sums *s)
{
    for (int n = 0; n < BINS; n++) {
        int near = n;
        for (int d = 0; d < BINS && s->bin_count[near] == 0; d++) {
            if (n - d >= 0 && s->bin_count[n - d] > 0) near = n - d;
            if (n + d < BINS && s->bin_count[n + d] > 0) near = n + d;
        }
        b->value[n] = s->bin_count[near] > 0 ? s->bin_sum[near] / s->bin_count[near] : 0;
    }
}

lar_status lar_baselines_fit(lar_baselines **out, const lar_prepared *prepared, int64_t input,
                             int64_t target)
{
    lar_status status = LAR_OK;
    pair p = { 0 };
    lar_baselines *b = lar_alloc(1, sizeof *b);
    sums *s = lar_alloc(1, sizeof *s);

    *out = NULL;
    if (!b || !s) {
        status = LAR_EMEMORY;
        goto done;
    }
    s->low = INFINITY;
    s->high = -INFINITY;
    if (same_size(prepared, b->size)) {
        const int64_t count = b->size[0] * b->size[1] * b->size[2];
        s->mean = lar_alloc(count, sizeof *s->mean);
        b->mean = lar_alloc(count, sizeof *b->mean);
        if (!s->mean || !b->mean) {
            status = LAR_EMEMORY;
            goto done;
        }
    }
    for (int64_t n = 0; n < prepared->case_count; n++) {
        if (prepared->cases[n].split != LAR_TRAIN) continue;
        LAR_TRY(pair_open(&p, prepared, n, input, target));
        add_moments(s, &p);
        pair_close(&p);
    }
    const double variance = s->n * s->xx - s->x * s->x;
    if (!(s->n > 0) || !(variance > 0)) {
        status = lar_fail(LAR_ENUMERIC, "the training inputs are constant or have no head");
        goto done;
    }
    b->slope = (s->n * s->xy - s->x * s->y) / variance;
    b->offset = (s->y - b->slope * s->x) / s->n;
    b->low = s->low;
    b->step = (s->high - s->low) / BINS;
    for (int64_t n = 0; b->mean && n < b->size[0] * b->size[1] * b->size[2]; n++)
        b->mean[n] = (float)(s->mean[n] / s->cases);
    for (int64_t n = 0; n < prepared->case_count; n++) {
        if (prepared->cases[n].split != LAR_TRAIN) continue;
        LAR_TRY(pair_open(&p, prepared, n, input, target));
        add_bins(s, b, &p);
        pair_close(&p);
    }
    fill_table(b, s);
    *out = b;
    b = NULL;
done:
    pair_close(&p);
    if (s) lar_free(s->mean);
    lar_free(s);
    lar_baselines_free(b);
    return status;
}

const char *const lar_baseline_names[LAR_BASELINE_COUNT] = {
    "mean target of the training set",
    "best linear map of the input",
    "best look-up table of the input",
};

lar_status lar_baselines_apply(lar_image **out, const lar_baselines *b, int which,
                               const lar_image *input)
{
    lar_image *image;
    *out = NULL;
    if (which == LAR_BASELINE_MEAN && !b->mean)
        return lar_fail(LAR_EGEOMETRY, "there is no mean target: the prepared sizes differ");
    const lar_status status = lar_image_like(&image, input, LAR_F32);
    if (status != LAR_OK) return status;
    const float *x = input->voxels;
    float *y = image->voxels;
    for (int64_t n = 0; n < lar_image_voxel_count(input); n++)
        y[n] = which == LAR_BASELINE_MEAN     ? b->mean[n]
               : which == LAR_BASELINE_LINEAR ? (float)(b->slope * x[n] + b->offset)
                                              : (float)b->value[bin_of(b, x[n])];
    *out = image;
    return LAR_OK;
}

bool lar_baselines_has_mean(const lar_baselines *b)
{
    return b->mean != NULL;
}

void lar_baselines_free(lar_baselines *b)
{
    if (!b) return;
    lar_free(b->mean);
    lar_free(b);
}
