/* Whether images agree: Jensen-Shannon divergence of their histograms, pair by pair (Lin 1991,
 * doi:10.1109/18.61115; as norm-quality of intensity-normalization 1.x: 200 bins over the range
 * that the images share), its root, which is a distance (Endres and Schindelin 2003,
 * doi:10.1109/TIT.2003.813506), and how far the mean of a tissue moves from image to image.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "image/image.h"
#include "intensity/intensity.h"
#include "intensity/sample.h"
#include "intensity/spread.h"
#include "math/math.h"

enum { CODES = 1 << 16, CHUNK = 256 };

const lar_param lar_quality_table[] = {
    LAR_P_INT(lar_quality_params, bins, "bins", 0, "200", 2, 65536, "count",
              "of each histogram, over the range that all images share"),
    LAR_P_REALS(lar_quality_params, percentiles, "percentiles", 0, "0 100", 0, 100, "percent",
                "ends of that range: the lowest and the highest over images; what lies outside "
                "counts in the end bins"),
    LAR_P_REALS(lar_quality_params, range, "range", 0, "", 0, 0, "intensity",
                "its ends themselves, LOW HIGH; with --after for both groups, or two for each"),
    LAR_P_FLAG(lar_quality_params, combs, "combs", 0,
               "count each value in one bin, integers too; else an image of few different values "
               "has them spread over their steps"),
    LAR_P_END,
};

lar_quality_params lar_quality_default(void)
{
    lar_quality_params params = { 0 };
    lar_param_defaults(lar_quality_table, &params);
    return params;
}

/* One label in one image. */
typedef struct labelled {
    int64_t code, image;
    double mean, std;
} labelled;

struct lar_quality {
    lar_quality_params params;
    int64_t looked, added, room;
    double low, high;
    double *counts; /* room x bins */
    double *divergences;
    labelled *found;
    int64_t found_count, found_room;
    lar_quality_tissue *tissues;
    lar_quality_result result;
};

lar_status lar_quality_new(lar_quality **out, const lar_quality_params *params)
{
    *out = NULL;
    const lar_reals *p = &params->percentiles;
    if (p->count != 2 || !(p->at[0] < p->at[1]))
        return lar_fail(LAR_EARGUMENT,
                        "the percentiles of a range are two that rise, such as 0 100");
    const lar_reals *r = &params->range;
    if (r->count && (r->count != 2 || !(r->at[0] < r->at[1])))
        return lar_fail(LAR_EARGUMENT, "a range is two numbers that rise, such as 0 1000");
    lar_quality *q = lar_alloc(1, sizeof *q);
    if (!q) return LAR_EMEMORY;
    q->params = *params;
    q->low = INFINITY;
    q->high = -INFINITY;
    *out = q;
    return LAR_OK;
}

/* Twice the room, with what was in it. */
static lar_status grow(void **block, int64_t *room, int64_t used, size_t size)
{
    if (used < *room) return LAR_OK;
    const int64_t wanted = *room ? 2 * *room : 16;
    void *larger = lar_alloc(wanted, size);
    if (!larger) return LAR_EMEMORY;
    if (used) memcpy(larger, *block, (size_t)used * size);
    lar_free(*block);
    *block = larger;
    *room = wanted;
    return LAR_OK;
}

static lar_status check_grids(const lar_image *image, const lar_image *other, const char *what)
{
    char here[96], there[96];
    if (!other || lar_grid_matches(&image->grid, &other->grid)) return LAR_OK;
    lar_grid_words(&image->grid, here, sizeof here);
    lar_grid_words(&other->grid, there, sizeof there);
    return lar_fail(LAR_EGEOMETRY, "the %s (%s) is not on the grid of the image (%s)", what, there,
                    here);
}

/* ---- the images, one at a time ------------------------------------------------------------ */

lar_status lar_quality_look(lar_quality *q, const lar_image *image, const lar_image *mask)
{
    lar_sample sample = { 0 };
    double ends[2];
    const double fractions[2] = { q->params.percentiles.at[0] / 100,
                                  q->params.percentiles.at[1] / 100 };
    lar_status status = LAR_OK;
    LAR_TRY(check_grids(image, mask, "mask"));
    LAR_TRY(lar_sample_take(&sample, image, mask));
    LAR_TRY(lar_quantiles(ends, fractions, 2, sample.values, sample.count));
    const lar_reals *range = &q->params.range;
    q->low = range->count ? range->at[0] : fmin(q->low, ends[0]);
    q->high = range->count ? range->at[1] : fmax(q->high, ends[1]);
    q->looked++;
done:
    lar_sample_clear(&sample);
    return status;
}

/* Sums over the voxels of one label, of values less `centre`. */
typedef struct sums {
    double first, second;
    int64_t count;
} sums;

static lar_status sum_labels(sums *of, double *centre, const lar_image *image,
                             const lar_image *labels)
{
    const int64_t *size = image->grid.size;
    double row[CHUNK], codes[CHUNK];
    *centre = lar_image_at(image, size[0] / 2, size[1] / 2, size[2] / 2, 0);
    for (int64_t r = 0; r < size[1] * size[2]; r++)
        for (int64_t i = 0; i < size[0]; i += CHUNK) {
            const int64_t count = size[0] - i < CHUNK ? size[0] - i : CHUNK;
            lar_image_load(row, image, i, r % size[1], r / size[1], 0, count);
            lar_image_load(codes, labels, i, r % size[1], r / size[1], 0, count);
            for (int64_t n = 0; n < count; n++) {
                if (codes[n] == 0) continue;
                if (!(codes[n] > 0 && codes[n] < CODES) || codes[n] != floor(codes[n]))
                    return lar_fail(LAR_EARGUMENT,
                                    "the labels hold %.9g, expected integers from 0 to %d",
                                    codes[n], CODES - 1);
                if (!isfinite(row[n]))
                    return lar_fail(LAR_ENUMERIC, "a voxel of label %.0f is not finite", codes[n]);
                sums *s = &of[(int64_t)codes[n]];
                const double away = row[n] - *centre;
                s->first += away;
                s->second += away * away;
                s->count++;
            }
        }
    return LAR_OK;
}

static lar_status add_labels(lar_quality *q, const lar_image *image, const lar_image *labels)
{
    lar_status status = LAR_OK;
    double centre;
    sums *of = lar_alloc(CODES, sizeof *of);
    if (!of) return LAR_EMEMORY;
    LAR_TRY(sum_labels(of, &centre, image, labels));
    for (int64_t code = 1; code < CODES; code++) {
        const sums *s = &of[code];
        if (s->count == 0) continue;
        LAR_TRY(grow((void **)&q->found, &q->found_room, q->found_count, sizeof *q->found));
        const double mean = s->first / (double)s->count;
        const double variance = s->second / (double)s->count - mean * mean;
        q->found[q->found_count++] = (labelled){ .code = code,
                                                 .image = q->added,
                                                 .mean = centre + mean,
                                                 .std = sqrt(variance > 0 ? variance : 0) };
    }
done:
    lar_free(of);
    return status;
}

/* As the values are, or without combs. */
static lar_status count_voxels(double *counts, const lar_quality *q, const lar_sample *sample)
{
    const int64_t bins = q->params.bins;
    if (!q->params.combs) return lar_spread_histogram(counts, bins, q->low, q->high, sample);
    int64_t *whole = lar_alloc(bins, sizeof *whole);
    if (!whole) return LAR_EMEMORY;
    lar_histogram(whole, bins, q->low, q->high, sample->values, sample->count);
    for (int64_t b = 0; b < bins; b++) counts[b] = (double)whole[b];
    lar_free(whole);
    return LAR_OK;
}

lar_status lar_quality_add(lar_quality *q, const lar_image *image, const lar_image *mask,
                           const lar_image *labels)
{
    lar_status status = LAR_OK;
    lar_sample sample = { 0 };
    const int64_t bins = q->params.bins;

    if (q->added >= q->looked)
        return lar_fail(LAR_EARGUMENT, "an image is added that was not looked at");
    if (!(q->high > q->low))
        return lar_fail(LAR_ENUMERIC, "the images are constant: every value is %.9g", q->low);
    LAR_TRY(check_grids(image, mask, "mask"));
    LAR_TRY(check_grids(image, labels, "labels image"));
    LAR_TRY(lar_sample_take(&sample, image, mask));
    LAR_TRY(grow((void **)&q->counts, &q->room, q->added, (size_t)bins * sizeof *q->counts));
    LAR_TRY(count_voxels(q->counts + q->added * bins, q, &sample));
    if (labels) LAR_TRY(add_labels(q, image, labels));
    q->added++;
done:
    lar_sample_clear(&sample);
    return status;
}

/* ---- what they have in common --------------------------------------------------------------- */

/* Half the relative entropies of both to their mean; p log(p / m) is 0 where p is. */
static double divergence(const double *p, const double *q, int64_t bins)
{
    double p_sum = 0, q_sum = 0, sum = 0;
    for (int64_t b = 0; b < bins; b++) {
        p_sum += p[b];
        q_sum += q[b];
    }
    for (int64_t b = 0; b < bins; b++) {
        const double x = p[b] / p_sum, y = q[b] / q_sum, m = (x + y) / 2;
        if (x > 0) sum += x * log(x / m);
        if (y > 0) sum += y * log(y / m);
    }
    return sum > 0 ? sum / 2 : 0;
}

static lar_status compare_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    lar_quality *q = arg;
    const int64_t bins = q->params.bins;
    for (int64_t n = begin; n < end; n++)
        for (int64_t m = n + 1; m < q->added; m++)
            q->divergences[n * q->added + m] =
                divergence(q->counts + n * bins, q->counts + m * bins, bins);
    return LAR_OK;
}

static int by_code(const void *a, const void *b)
{
    const labelled *x = a, *y = b;
    if (x->code != y->code) return x->code < y->code ? -1 : 1;
    return (x->image > y->image) - (x->image < y->image);
}

/* One tissue from its images. */
static lar_quality_tissue sum_up(const labelled *of, int64_t count)
{
    lar_quality_tissue t = { .code = of->code, .images = count };
    double within = 0, squares = 0;
    bool one_sign = true;
    for (int64_t n = 0; n < count; n++) t.mean += of[n].mean / (double)count;
    for (int64_t n = 0; n < count; n++) {
        one_sign = one_sign && of[n].mean * t.mean > 0;
        within += of[n].std / fabs(of[n].mean) / (double)count;
        squares += (of[n].mean - t.mean) * (of[n].mean - t.mean) / (double)count;
    }
    t.within = one_sign ? within : NAN;
    t.across = one_sign ? sqrt(squares) / fabs(t.mean) : NAN;
    t.scatter = sqrt(squares); /* to be divided by the contrast */
    return t;
}

static double mean_of(const lar_quality_tissue *t, int64_t count, size_t field)
{
    double sum = 0;
    for (int64_t n = 0; n < count; n++)
        sum += *(const double *)((const char *)&t[n] + field) / (double)count;
    return count ? sum : NAN; /* NaN where one tissue's is */
}

static lar_status sum_up_tissues(lar_quality *q)
{
    lar_quality_result *r = &q->result;
    double low = INFINITY, high = -INFINITY;
    qsort(q->found, (size_t)q->found_count, sizeof *q->found, by_code);
    q->tissues = lar_alloc(q->found_count, sizeof *q->tissues); /* at most */
    if (!q->tissues) return LAR_EMEMORY;
    for (int64_t n = 0, count; n < q->found_count; n += count) {
        count = 1;
        while (n + count < q->found_count && q->found[n + count].code == q->found[n].code) count++;
        q->tissues[r->tissue_count++] = sum_up(q->found + n, count);
    }
    for (int64_t n = 0; n < r->tissue_count; n++) {
        low = fmin(low, q->tissues[n].mean);
        high = fmax(high, q->tissues[n].mean);
    }
    for (int64_t n = 0; n < r->tissue_count; n++)
        q->tissues[n].scatter = high > low ? q->tissues[n].scatter / (high - low) : NAN;
    r->tissues = q->tissues;
    r->within = mean_of(q->tissues, r->tissue_count, offsetof(lar_quality_tissue, within));
    r->across = mean_of(q->tissues, r->tissue_count, offsetof(lar_quality_tissue, across));
    r->scatter = mean_of(q->tissues, r->tissue_count, offsetof(lar_quality_tissue, scatter));
    return LAR_OK;
}

lar_status lar_quality_end(const lar_quality_result **out, lar_quality *q)
{
    lar_status status = LAR_OK;
    const int64_t images = q->added;
    double sum = 0, roots = 0;

    *out = NULL;
    if (images < 1 || q->divergences)
        return lar_fail(LAR_EARGUMENT, "there is no image to compare, or all were compared");
    q->divergences = lar_alloc(images * images, sizeof *q->divergences);
    if (!q->divergences) return LAR_EMEMORY;
    LAR_TRY(lar_parallel(images, 4, compare_rows, q));
    for (int64_t n = 0; n < images; n++)
        for (int64_t m = n + 1; m < images; m++) {
            q->divergences[m * images + n] = q->divergences[n * images + m];
            sum += q->divergences[n * images + m];
            roots += sqrt(q->divergences[n * images + m]);
        }
    const double pairs = (double)(images * (images - 1)) / 2; /* 0: both means are NaN */
    q->result = (lar_quality_result){ .images = images,
                                      .bins = q->params.bins,
                                      .low = q->low,
                                      .high = q->high,
                                      .counts = q->counts,
                                      .divergences = q->divergences,
                                      .divergence = sum / pairs,
                                      .distance = roots / pairs };
    LAR_TRY(sum_up_tissues(q));
    *out = &q->result;
done:
    return status;
}

void lar_quality_free(lar_quality *q)
{
    if (!q) return;
    lar_free(q->counts);
    lar_free(q->divergences);
    lar_free(q->found);
    lar_free(q->tissues);
    lar_free(q);
}
