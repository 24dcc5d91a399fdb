/* Whether a mask has the shape of a brain, of whatever size: how far its surface is from its middle
 * in 200 directions, beside the same of a mean brain that is turned and shifted onto it. Heads lie
 * differently in scanners, so the turn is searched, up to 35 degrees about each axis.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "base/base.h"
#include "brain/mean_shape.h"
#include "brain/verdict_shape.h"
#include "image/image.h"

enum { COUNT = LAR_SHAPE_DIRECTIONS, REWEIGHTED = 3 };

#define CAP_COSINE 0.98769 /* 9 degrees: the part of the surface that is one direction */
#define QUANTILE   0.8     /* of the radii there: gaps between folds count little */
#define FIRST_TURN 0.25    /* radians */
#define LAST_TURN  0.04
#define MOST_TURN  0.6
#define SMALL      0.03 /* radii: smaller differences weigh no more in the shift */

typedef struct fitting {
    double directions[COUNT][3], radii[COUNT]; /* NaN: no surface there */
    double turned[COUNT], rest[COUNT], shift[3];
} fitting;

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static lar_status measure_radii(fitting *f, const lar_rim *rim)
{
    double *found = lar_alloc_raw(rim->count, sizeof *found);
    double *length = lar_alloc_raw(rim->count, sizeof *length);
    if (!found || !length) {
        lar_free(found);
        lar_free(length);
        return LAR_EMEMORY;
    }
    for (int64_t s = 0; s < rim->count; s++) {
        const float *at = rim->samples[s].from_middle;
        length[s] = sqrt((double)(at[0] * at[0] + at[1] * at[1] + at[2] * at[2]));
    }
    for (int n = 0; n < COUNT; n++) {
        int64_t count = 0;
        for (int64_t s = 0; s < rim->count; s++) {
            const float *at = rim->samples[s].from_middle;
            const double along = (double)at[0] * f->directions[n][0] +
                                 (double)at[1] * f->directions[n][1] +
                                 (double)at[2] * f->directions[n][2];
            if (along > CAP_COSINE * length[s]) found[count++] = length[s];
        }
        qsort(found, (size_t)count, sizeof *found, by_size);
        f->radii[n] =
            count ? found[(int64_t)(QUANTILE * (double)(count - 1))] / rim->radius_mm : NAN;
    }
    lar_free(found);
    lar_free(length);
    return LAR_OK;
}

/* x of the symmetric a x = b, by Cramer's rule; nothing where it is singular. */
static void solve(double x[3], double a[3][3], const double b[3])
{
    const double d = a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1]) -
                     a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0]) +
                     a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0]);
    if (!(fabs(d) > 1e-12)) return;
    for (int c = 0; c < 3; c++) {
        double m[3][3];
        for (int r = 0; r < 3; r++)
            for (int k = 0; k < 3; k++) m[r][k] = k == c ? b[r] : a[r][k];
        x[c] = (m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
                m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
                m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])) /
               d;
    }
}

/* A shift of the middle changes radii along a direction by what it is along it. What of the
 * difference is a shift is found by least absolute differences, so that a bump does not move it. */
static void take_shift_away(fitting *f)
{
    for (int a = 0; a < 3; a++) f->shift[a] = 0;
    for (int pass = 0; pass <= REWEIGHTED; pass++) {
        double m[3][3] = { { 0 } }, b[3] = { 0 };
        for (int n = 0; n < COUNT; n++) {
            if (isnan(f->radii[n])) continue;
            const double difference = f->radii[n] - f->turned[n];
            const double away = fabs(difference - dot(f->directions[n], f->shift));
            const double weight = pass == 0 ? 1 : 1 / (fmax(away, SMALL) * fmax(away, SMALL));
            for (int r = 0; r < 3; r++) {
                b[r] += weight * f->directions[n][r] * difference;
                for (int c = 0; c < 3; c++)
                    m[r][c] += weight * f->directions[n][r] * f->directions[n][c];
            }
        }
        solve(f->shift, m, b);
    }
    for (int n = 0; n < COUNT; n++)
        f->rest[n] = f->radii[n] - f->turned[n] - dot(f->directions[n], f->shift);
}

/* The mean difference that is left at a turn. */
static double apart_at(fitting *f, const double angle[3])
{
    double m[3][3], shape[COUNT], sum = 0;
    int count = 0;
    lar_shape_turn(m, angle);
    for (int n = 0; n < COUNT; n++) shape[n] = (double)lar_brain_shape[n];
    for (int n = 0; n < COUNT; n++) {
        double at[3];
        for (int c = 0; c < 3; c++)
            at[c] = f->directions[n][0] * m[0][c] + f->directions[n][1] * m[1][c] +
                    f->directions[n][2] * m[2][c];
        f->turned[n] = lar_shape_between(shape, f->directions, at);
    }
    take_shift_away(f);
    for (int n = 0; n < COUNT; n++)
        if (!isnan(f->rest[n])) {
            sum += fabs(f->rest[n]);
            count++;
        }
    return count ? sum / count : INFINITY;
}

static double search(fitting *f, double angle[3])
{
    double least = apart_at(f, angle);
    for (double step = FIRST_TURN; step > LAST_TURN;) {
        bool moved = false;
        for (int a = 0; a < 3; a++)
            for (int way = -1; way <= 1; way += 2) {
                double other[3] = { angle[0], angle[1], angle[2] };
                other[a] += way * step;
                if (fabs(other[a]) > MOST_TURN) continue;
                const double apart = apart_at(f, other);
                if (apart >= least - 1e-5) continue;
                least = apart;
                memcpy(angle, other, sizeof other);
                moved = true;
            }
        if (!moved) step /= 2;
    }
    return apart_at(f, angle);
}

/* Dice of the mask and what it is mirrored to across the plane that the turned x axis is normal to,
 * through the shifted middle. */
static double symmetry_of(const lar_rim *rim, const fitting *f, const double angle[3])
{
    double m[3][3], normal[3], middle[3];
    const int64_t *size = rim->mask->grid.size;
    const uint8_t *mask = rim->mask->voxels;
    int64_t inside = 0, both = 0, n = 0;
    lar_shape_turn(m, angle);
    for (int a = 0; a < 3; a++) {
        normal[a] = m[a][0];
        middle[a] = rim->middle[a] + f->shift[a] * rim->radius_mm / rim->spacing_mm;
    }
    for (int64_t k = 0; k < size[2]; k++)
        for (int64_t j = 0; j < size[1]; j++)
            for (int64_t i = 0; i < size[0]; i++, n++) {
                if (!mask[n]) continue;
                const double away[3] = { (double)i - middle[0], (double)j - middle[1],
                                         (double)k - middle[2] };
                const double along = 2 * dot(away, normal);
                const int64_t at[3] = { llround((double)i - along * normal[0]),
                                        llround((double)j - along * normal[1]),
                                        llround((double)k - along * normal[2]) };
                inside++;
                if (at[0] >= 0 && at[0] < size[0] && at[1] >= 0 && at[1] < size[1] && at[2] >= 0 &&
                    at[2] < size[2])
                    both += mask[at[0] + size[0] * (at[1] + size[1] * at[2])];
            }
    return inside ? (double)both / (double)inside : 0;
}

lar_status lar_shape_compare(lar_shape_fit *out, const lar_rim *rim)
{
    fitting *f = lar_alloc(1, sizeof *f);
    double angle[3] = { 0, 0, 0 };
    *out = (lar_shape_fit){ 0 };
    if (!f) return LAR_EMEMORY;
    lar_shape_directions(f->directions);
    lar_status status = measure_radii(f, rim);
    if (status == LAR_OK) {
        out->apart = search(f, angle);
        for (int n = 0; n < COUNT; n++) {
            const double away = lar_shape_between(f->rest, f->directions, f->directions[n]);
            if (-away > out->dent) {
                out->dent = -away;
                memcpy(out->dent_at, f->directions[n], sizeof out->dent_at);
            }
            if (away > out->bump) {
                out->bump = away;
                memcpy(out->bump_at, f->directions[n], sizeof out->bump_at);
            }
        }
        out->symmetry = symmetry_of(rim, f, angle);
        lar_shape_turn(out->turn, angle);
    }
    lar_free(f);
    return status;
}
