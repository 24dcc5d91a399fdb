/* Fuzzy c-means of three classes: every value belongs to each class by the inverse square of its
 * distance from the centre, and a centre is the mean weighted with the squares of these
 * memberships. From two fixed starts to their fixed points, on the points of a narrow histogram.
 * Bezdek 1981, doi:10.1007/978-1-4757-0450-1.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "intensity/tissue.h"

enum { ROUNDS = 2000 };
static const double still = 1e-10; /* of the range: a centre that moves less has arrived */

static const double fractions[3] = { 1.0 / 6, 0.5, 5.0 / 6 };

/* The values at these fractions of the range. */
static void start_apart(double centres[3], const lar_points *points)
{
    const double low = points->values[0], high = points->values[points->count - 1];
    for (int t = 0; t < 3; t++) centres[t] = low + (high - low) * fractions[t];
}

/* The values at these fractions of the weight. */
static void start_alike(double centres[3], const lar_points *points, double total)
{
    double below = 0;
    int found = 0;
    for (int64_t n = 0; n < points->count && found < 3; n++) {
        below += points->weights[n];
        while (found < 3 && below >= fractions[found] * total) centres[found++] = points->values[n];
    }
    /* where many voxels share one value: apart, in order */
    if (!(centres[0] < centres[1] && centres[1] < centres[2])) start_apart(centres, points);
}

/* One round: sums of weights and weighted values per class, each in four lanes. */
static void round_of(double next[3], const double centres[3], const lar_points *points)
{
    enum { LANES = 4 };
    double sums[3][LANES] = { 0 }, weights[3][LANES] = { 0 };
    const double *restrict values = points->values, *restrict counts = points->weights;
    const int64_t whole = points->count / LANES * LANES;
    for (int64_t n = 0; n < points->count; n += LANES)
        for (int l = 0; l < (n < whole ? LANES : (int)(points->count - whole)); l++) {
            double shares[3];
            lar_tissues_membership(shares, centres, values[n + l]);
            for (int t = 0; t < 3; t++) {
                const double weight = counts[n + l] * shares[t] * shares[t];
                weights[t][l] += weight;
                sums[t][l] += weight * values[n + l];
            }
        }
    for (int t = 0; t < 3; t++)
        next[t] = (sums[t][0] + sums[t][1] + (sums[t][2] + sums[t][3])) /
                  (weights[t][0] + weights[t][1] + (weights[t][2] + weights[t][3]));
}

static void settle(double centres[3], const lar_points *points)
{
    const double range = points->values[points->count - 1] - points->values[0];
    for (int n = 0; n < ROUNDS; n++) {
        double next[3], moved = 0;
        round_of(next, centres, points);
        for (int t = 0; t < 3; t++) {
            moved = fmax(moved, fabs(next[t] - centres[t]));
            centres[t] = next[t];
        }
        if (moved <= still * range) break;
    }
}

/* What fuzzy c-means makes small: squared distances, weighted with squared memberships. */
static double objective(const double centres[3], const lar_points *points)
{
    double sum = 0;
    for (int64_t n = 0; n < points->count; n++) {
        double shares[3];
        lar_tissues_membership(shares, centres, points->values[n]);
        for (int t = 0; t < 3; t++) {
            const double away = shares[t] * (points->values[n] - centres[t]);
            sum += points->weights[n] * away * away;
        }
    }
    return sum;
}

static void measure(lar_tissues *out, const lar_points *points, double total)
{
    double sums[3] = { 0 }, weights[3] = { 0 };
    for (int64_t n = 0; n < points->count; n++) {
        double shares[3];
        lar_tissues_membership(shares, out->centres, points->values[n]);
        for (int t = 0; t < 3; t++) {
            weights[t] += points->weights[n] * shares[t];
            sums[t] += points->weights[n] * shares[t] * points->values[n];
        }
    }
    for (int t = 0; t < 3; t++) {
        out->means[t] = sums[t] / weights[t];
        out->shares[t] = weights[t] / total;
    }
}

lar_status lar_tissues_from_points(lar_tissues *out, const lar_points *points, double total)
{
    if (points->count < 3) {
        lar_fail(LAR_ENUMERIC,
                 "three tissues cannot be told apart: the %lld voxels that count hold only %lld "
                 "different value%s",
                 (long long)total, (long long)points->count, points->count == 1 ? "" : "s");
        return lar_hint(LAR_ENUMERIC, "a mask of the brain, and the scan before it was labelled");
    }
    /* there is more than one fixed point: of two starts the one that ends lower */
    double other[3];
    start_alike(out->centres, points, total);
    settle(out->centres, points);
    start_apart(other, points);
    settle(other, points);
    if (objective(other, points) < objective(out->centres, points))
        memcpy(out->centres, other, sizeof other);
    measure(out, points, total);
    return LAR_OK;
}

lar_status lar_tissues_find(lar_tissues *out, const lar_sample *sample)
{
    lar_points points;
    lar_status status = lar_points_of(&points, sample);
    if (status != LAR_OK) return status;
    status = lar_tissues_from_points(out, &points, (double)sample->count);
    lar_points_clear(&points);
    return status;
}
