/* z-score: mean 0 and standard deviation 1, over the whole image or a mask. The deviation is that
 * of the population (divided by n), as numpy.std and the packages before us have it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "image/image.h"
#include "intensity/intensity.h"

enum { MEAN, STD };
enum { CHUNK = 256, ROWS = 64 }; /* voxels of a row at a time; rows of a piece */

/* Sums of one piece, or of all. */
typedef struct moments {
    double *first, *second; /* of x - centre, and its square; per piece */
    int64_t *count, *not_finite;
} moments;

typedef struct summing {
    const lar_image *image, *mask;
    double centre;
    moments sums;
} summing;

static lar_status sum_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const summing *job = arg;
    const int64_t *size = job->image->grid.size;
    double row[CHUNK], inside[CHUNK];
    double first = 0, second = 0;
    int64_t counted = 0, not_finite = 0;
    for (int64_t n = 0; n < CHUNK; n++) inside[n] = 1;
    for (int64_t r = begin; r < end; r++) {
        const int64_t j = r % size[1], k = r / size[1] % size[2], c = r / (size[1] * size[2]);
        for (int64_t i = 0; i < size[0]; i += CHUNK) {
            const int64_t count = size[0] - i < CHUNK ? size[0] - i : CHUNK;
            lar_image_load(row, job->image, i, j, k, c, count);
            if (job->mask) lar_image_load(inside, job->mask, i, j, k, 0, count);
            for (int64_t n = 0; n < count; n++) {
                if (inside[n] == 0) continue;
                if (!isfinite(row[n])) {
                    not_finite++;
                    continue;
                }
                const double away = row[n] - job->centre;
                first += away;
                second += away * away;
                counted++;
            }
        }
    }
    job->sums.first[piece] = first;
    job->sums.second[piece] = second;
    job->sums.count[piece] = counted;
    job->sums.not_finite[piece] = not_finite;
    return LAR_OK;
}

static int64_t total(const int64_t *counts, int64_t pieces)
{
    int64_t sum = 0;
    for (int64_t n = 0; n < pieces; n++) sum += counts[n];
    return sum;
}

/* Two passes: the squares are of distances from the mean, so that they do not cancel. */
static lar_status fit_moments(lar_reals *values, summing *job, int64_t rows)
{
    lar_status status = LAR_OK;
    const int64_t pieces = lar_piece_count(rows, ROWS);
    const char *where = job->mask ? "inside the mask" : "of the image";

    LAR_TRY(lar_parallel(rows, ROWS, sum_rows, job));
    const int64_t count = total(job->sums.count, pieces);
    const int64_t not_finite = total(job->sums.not_finite, pieces);
    if (not_finite) {
        status = lar_fail(LAR_ENUMERIC, "%lld of %lld voxels %s are not finite",
                          (long long)not_finite, (long long)(count + not_finite), where);
        lar_hint(status, "larmor info --voxels, or a mask without them");
        goto done;
    }
    if (count == 0) {
        status = lar_fail(LAR_ENUMERIC, "the mask is empty: none of its %lld voxels is set",
                          (long long)lar_image_voxel_count(job->mask));
        goto done;
    }
    const double mean = lar_sum_pairs(job->sums.first, pieces) / (double)count;
    job->centre = mean;
    LAR_TRY(lar_parallel(rows, ROWS, sum_rows, job));
    const double std = sqrt(lar_sum_pairs(job->sums.second, pieces) / (double)count);
    if (!(std > 1e-9 * fabs(mean))) { /* the rounding of a mean of equal values stays below this */
        status =
            lar_fail(LAR_ENUMERIC,
                     "the image is constant: all %lld voxels %s are %.9g, and a z-score divides "
                     "by their deviation",
                     (long long)count, where, mean);
        goto done;
    }
    *values = (lar_reals){ .count = 2, .at = { [MEAN] = mean, [STD] = std } };
done:
    return status;
}

static lar_status zscore_fit(lar_found *out, const lar_fitting *of)
{
    lar_status status = LAR_OK;
    const lar_image *image = of->image;
    const int64_t rows = image->grid.size[1] * image->grid.size[2] * image->channels;
    const int64_t pieces = lar_piece_count(rows, ROWS);
    double *sums = lar_alloc(2 * pieces, sizeof *sums);
    int64_t *counts = lar_alloc(2 * pieces, sizeof *counts);

    if (!sums || !counts) {
        status = LAR_EMEMORY;
        goto done;
    }
    summing job = { .image = image,
                    .mask = of->mask,
                    .sums = { sums, sums + pieces, counts, counts + pieces } };
    LAR_TRY(fit_moments(&out->values, &job, rows));
    out->curve = lar_curve_linear(out->values.at[MEAN], out->values.at[STD]);
done:
    lar_free(sums);
    lar_free(counts);
    return status;
}

static const char *const value_names[] = { [MEAN] = "mean", [STD] = "std", NULL };
static const char *const keys[] = { "foreground", NULL };

const lar_normalizer_method lar_normalizer_zscore = {
    .name = "zscore",
    .summary = "mean 0 and standard deviation 1, over the whole image or a mask",
    .about = "Subtracts the mean and divides by the standard deviation (of the population, divided "
             "by n) of the whole image, or of the voxels of --mask, which lies on the image's "
             "grid. All voxels are mapped, outside the mask too.",
    .value_names = value_names,
    .keys = keys,
    .foreground = LAR_FOREGROUND_WHOLE,
    .fit = zscore_fit,
};
