/* Normalization by one of three Gaussians in the histogram, found by expectation and maximization
 * (Dempster 1977, doi:10.1111/j.2517-6161.1977.tb01600.x) on the points of a narrow histogram, from
 * the tissues of fuzzy c-means.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "intensity/intensity.h"
#include "intensity/tissue.h"

enum { ROUNDS = 4000, CLASSES = 3 };
static const double still = 1e-7; /* of the range: means that move less have arrived */
static const double flat = 1e-3;  /* of the range: the least deviation of a class */

typedef struct mixture {
    double share[CLASSES], mean[CLASSES], variance[CLASSES];
} mixture;

/* What each point is of each class, summed up. */
typedef struct sums {
    double weight, first, second; /* of x - the class's last mean, and its square */
} sums;

static void start(mixture *out, const lar_points *points, const lar_tissues *tissues, double least)
{
    double weights[CLASSES] = { 0 }, squares[CLASSES] = { 0 }, all = 0;
    for (int64_t n = 0; n < points->count; n++) {
        double shares[CLASSES];
        lar_tissues_membership(shares, tissues->centres, points->values[n]);
        for (int c = 0; c < CLASSES; c++) {
            const double weight = shares[c] * shares[c] * points->weights[n];
            const double away = points->values[n] - tissues->centres[c];
            weights[c] += weight;
            squares[c] += weight * away * away;
            all += weight;
        }
    }
    for (int c = 0; c < CLASSES; c++) {
        out->share[c] = weights[c] / all;
        out->mean[c] = tissues->centres[c];
        out->variance[c] = fmax(squares[c] / weights[c], least);
    }
}

/* One round; returns how far the means moved. The largest exponent is taken out, so that a point
 * far from all classes still belongs to the nearest. */
static double round_of(mixture *m, const lar_points *points, double total, double least)
{
    sums all[CLASSES] = { 0 };
    double scale[CLASSES], narrow[CLASSES], moved = 0;
    for (int c = 0; c < CLASSES; c++) {
        scale[c] = log(m->share[c]) - 0.5 * log(m->variance[c]);
        narrow[c] = -0.5 / m->variance[c];
    }
    for (int64_t n = 0; n < points->count; n++) {
        double away[CLASSES], power[CLASSES], most = -INFINITY, sum = 0;
        for (int c = 0; c < CLASSES; c++) {
            away[c] = points->values[n] - m->mean[c];
            power[c] = scale[c] + narrow[c] * away[c] * away[c];
            most = power[c] > most ? power[c] : most;
        }
        for (int c = 0; c < CLASSES; c++) sum += power[c] = exp(power[c] - most);
        const double weight = points->weights[n] / sum;
        for (int c = 0; c < CLASSES; c++) {
            const double part = weight * power[c];
            all[c].weight += part;
            all[c].first += part * away[c];
            all[c].second += part * away[c] * away[c];
        }
    }
    for (int c = 0; c < CLASSES; c++) {
        if (!(all[c].weight > 1e-9 * total)) continue; /* a class without voxels stays */
        const double shift = all[c].first / all[c].weight;
        m->share[c] = all[c].weight / total;
        m->mean[c] += shift;
        m->variance[c] = fmax(all[c].second / all[c].weight - shift * shift, least);
        moved = fmax(moved, fabs(shift));
    }
    return moved;
}

/* Which class by the contrast, of those in the order of their means. */
static int class_of(const mixture *m, int contrast)
{
    int order[CLASSES] = { 0, 1, 2 };
    for (int a = 0; a < CLASSES; a++)
        for (int b = a + 1; b < CLASSES; b++)
            if (m->mean[order[b]] < m->mean[order[a]]) {
                const int swap = order[a];
                order[a] = order[b];
                order[b] = swap;
            }
    switch (contrast) {
    case LAR_CONTRAST_T2:
    case LAR_CONTRAST_PD:
    case LAR_CONTRAST_MD:
        return order[0];
    case LAR_CONTRAST_FLAIR:
        return order[1];
    default:
        return order[2];
    }
}

static lar_status fit_points(lar_found *out, const lar_points *points, double total,
                             const lar_normalize_params *params)
{
    lar_status status = LAR_OK;
    lar_tissues tissues;
    mixture m;
    LAR_TRY(lar_tissues_from_points(&tissues, points, total));
    const double range = tissues.centres[2] - tissues.centres[0],
                 least = flat * flat * range * range;
    start(&m, points, &tissues, least);
    for (int n = 0; n < ROUNDS; n++)
        if (round_of(&m, points, total, least) <= still * range) break;
    const int c = class_of(&m, params->contrast);
    LAR_TRY(lar_found_scale(out, m.mean[c], params->to, "the mean of the Gaussian"));
    out->values = (lar_reals){ 3, { m.mean[c], sqrt(m.variance[c]), m.share[c] } };
done:
    return status;
}

static lar_status gmm_fit(lar_found *out, const lar_fitting *of)
{
    lar_status status = LAR_OK;
    lar_sample sample = { 0 };
    lar_points points = { 0 };

    LAR_TRY(lar_sample_take(&sample, of->image, of->mask));
    LAR_TRY(lar_points_of(&points, &sample));
    LAR_TRY(fit_points(out, &points, (double)sample.count, of->params));
done:
    lar_points_clear(&points);
    lar_sample_clear(&sample);
    return status;
}

static const char *const value_names[] = { "mean", "std", "share", NULL };
static const char *const keys[] = { "contrast", "foreground", "to", NULL };

const lar_normalizer_method lar_normalizer_gmm = {
    .name = "gmm",
    .summary = "the mean of white matter, one of three Gaussians, becomes 1",
    .about = "Fits three Gaussians to the voxels of --mask (without one: of the head; a mask of "
             "the brain is wanted), takes one by the contrast (t1, other: the largest mean; flair: "
             "the middle one; t2, pd, md: the smallest), and divides the image by its mean, times "
             "--to.",
    .cite = "Reinhold 2019, doi:10.1117/12.2513089",
    .value_names = value_names,
    .keys = keys,
    .foreground = LAR_FOREGROUND_HEAD,
    .fit = gmm_fit,
};
