/* Local correlation of two volumes on one grid, and its exact slope. For a box around voxel k with
 * the sums s of products, A and B of squares (all about the means), its likeness is s^2 / (A B);
 * the slope along a value m in it is 2 s / (A B) (f - mean f) - 2 s^2 / (A B^2) (m - mean m), and a
 * value is in all boxes around it (Avants 2008, doi:10.1016/j.media.2007.06.004). Both sweeps go
 * slice by slice with the sums of few slices at hand.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "register/register_parts.h"

enum { CHUNK = 16, FIRST = 6, SECOND = LAR_LNCC_TERMS, SUMS_MAX = 6 };

/* A box with less variance than this, of values that range over about 1, is noise. */
#define LEAST 2.5e-4F

struct lar_lncc {
    int64_t size[3], radius[3];
    float *terms[SECOND]; /* of each box: 2 s / A B; twice s^2 / A B^2, and what it leaves for the
                             mean, of the moving values; the same two of the fixed ones */
    bool lent;            /* the terms are someone else's memory */
    double *partial;      /* of each chunk of slices: the sum of likeness, and of boxes */
    /* of the call */
    const float *fixed, *moving;
    float *slope_fixed, *slope_moving;
    double scale;
};

void lar_lncc_radius(int64_t radius[3], const double spacing_mm[3], double radius_mm)
{
    for (int a = 0; a < 3; a++) {
        radius[a] = (int64_t)floor(radius_mm / spacing_mm[a] + 0.5);
        if (radius[a] < 1) radius[a] = 1;
    }
}

lar_status lar_lncc_new(lar_lncc **out, const int64_t size[3], const int64_t radius[3], bool lent)
{
    const int64_t count = size[0] * size[1] * size[2];
    lar_lncc *l = lar_alloc(1, sizeof *l);
    *out = l;
    if (!l) return LAR_EMEMORY;
    memcpy(l->size, size, sizeof l->size);
    memcpy(l->radius, radius, sizeof l->radius);
    l->lent = lent;
    for (int q = 0; q < SECOND && !lent; q++)
        if (!(l->terms[q] = lar_alloc_raw(count, sizeof(float)))) return LAR_EMEMORY;
    l->partial = lar_alloc(2 * lar_piece_count(size[2], CHUNK), sizeof *l->partial);
    return l->partial ? LAR_OK : LAR_EMEMORY;
}

void lar_lncc_lend(lar_lncc *l, float *const terms[LAR_LNCC_TERMS])
{
    memcpy(l->terms, terms, sizeof l->terms);
}

void lar_lncc_free(lar_lncc *l)
{
    if (!l) return;
    for (int q = 0; q < SECOND && !l->lent; q++) lar_free(l->terms[q]);
    lar_free(l->partial);
    lar_free(l);
}

/* ---- sums over boxes ------------------------------------------------------------------------- */

/* Slices that were summed along i and j, of the 2 r + 1 last ones: slice k at k mod (2 r + 1). */
typedef struct ring {
    float *slices[SUMS_MAX]; /* (2 r + 1, height, width) */
    float *row, *rows;       /* a row with zeros around; a slice summed along i */
    int64_t depth, plane, padded;
} ring;

static lar_status ring_init(ring *at, const lar_lncc *l, int count)
{
    *at = (ring){ .depth = 2 * l->radius[2] + 1,
                  .plane = l->size[0] * l->size[1],
                  .padded = l->size[0] + 2 * l->radius[0] };
    at->row = lar_alloc(at->padded, sizeof(float));
    at->rows = lar_alloc_raw(at->plane, sizeof(float));
    if (!at->row || !at->rows) return LAR_EMEMORY;
    for (int q = 0; q < count; q++)
        if (!(at->slices[q] = lar_alloc_raw(at->depth * at->plane, sizeof(float))))
            return LAR_EMEMORY;
    return LAR_OK;
}

static void ring_clear(ring *at)
{
    for (int q = 0; q < SUMS_MAX; q++) lar_free(at->slices[q]);
    lar_free(at->row);
    lar_free(at->rows);
}

/* Row j of slice k of a quantity: of fixed values f and moving values m, 0 where one is missing. */
static inline void quantity(float *restrict out, const float *restrict f, const float *restrict m,
                            int64_t width, int q)
{
    for (int64_t i = 0; i < width; i++) {
        const bool known = f[i] == f[i] && m[i] == m[i];
        const float a = q == 0 ? 1 : q == 1 || q == 3 || q == 5 ? f[i] : m[i];
        const float b = q < 3 ? 1 : q == 3 ? f[i] : m[i];
        out[i] = known ? a * b : 0; /* 1, f, m, f f, m m, f m */
    }
}

/* Sums a slice, given row by row in ring->row (which `fill` puts there), along i and j. */
static inline void sum_slice(ring *at, float *restrict out, const lar_lncc *l)
{
    const int64_t width = l->size[0], height = l->size[1], reach = l->radius[1];
    for (int64_t j = 0; j < height; j++) {
        const int64_t first = j < reach ? 0 : j - reach;
        const int64_t last = j + reach < height ? j + reach : height - 1;
        float *restrict to = out + j * width;
        memcpy(to, at->rows + first * width, (size_t)width * sizeof *to);
        for (int64_t r = first + 1; r <= last; r++) {
            const float *restrict from = at->rows + r * width;
            for (int64_t i = 0; i < width; i++) to[i] += from[i];
        }
    }
}

static inline void sum_row(ring *at, int64_t j, const lar_lncc *l)
{
    const int64_t width = l->size[0], taps = 2 * l->radius[0] + 1;
    float *restrict to = at->rows + j * width;
    const float *restrict from = at->row;
    memcpy(to, from, (size_t)width * sizeof *to);
    for (int64_t t = 1; t < taps; t++)
        for (int64_t i = 0; i < width; i++) to[i] += from[i + t];
}

/* Row j of the sums around slice k, of one quantity. */
static inline void sum_deep(float *restrict out, const ring *at, int q, int64_t j, int64_t k,
                            const lar_lncc *l)
{
    const int64_t width = l->size[0], reach = l->radius[2];
    const int64_t first = k < reach ? 0 : k - reach;
    const int64_t last = k + reach < l->size[2] ? k + reach : l->size[2] - 1;
    for (int64_t s = first; s <= last; s++) {
        const float *restrict from = at->slices[q] + s % at->depth * at->plane + j * width;
        if (s == first)
            memcpy(out, from, (size_t)width * sizeof *out);
        else
            for (int64_t i = 0; i < width; i++) out[i] += from[i];
    }
}

/* ---- first sweep: likeness of each box, and its terms ---------------------------------------- */

static inline void take_slice(ring *at, const lar_lncc *l, int64_t k)
{
    const int64_t width = l->size[0], height = l->size[1];
    for (int q = 0; q < FIRST; q++) {
        for (int64_t j = 0; j < height; j++) {
            const int64_t from = k * at->plane + j * width;
            quantity(at->row + l->radius[0], l->fixed + from, l->moving + from, width, q);
            sum_row(at, j, l);
        }
        sum_slice(at, at->slices[q] + k % at->depth * at->plane, l);
    }
}

static inline void weigh_row(const lar_lncc *l, int64_t from, float *const sums[FIRST],
                             double partial[2])
{
    const int64_t width = l->size[0];
    float *restrict t0 = l->terms[0] + from, *restrict t1 = l->terms[1] + from;
    float *restrict t2 = l->terms[2] + from, *restrict t3 = l->terms[3] + from;
    float *restrict t4 = l->terms[4] + from;
    const float *restrict c = sums[0], *restrict sf = sums[1], *restrict sm = sums[2];
    const float *restrict sff = sums[3], *restrict smm = sums[4], *restrict sfm = sums[5];
    float likeness = 0, boxes = 0;
    for (int64_t i = 0; i < width; i++) {
        const bool enough = c[i] > 1.5F;
        const float n = enough ? c[i] : 2, f = sf[i] / n, m = sm[i] / n;
        const float a = sff[i] - f * sf[i] + LEAST * n, b = smm[i] - m * sm[i] + LEAST * n;
        const float s = enough ? sfm[i] - f * sm[i] : 0;
        const float by = 2 * s / (a * b), of_m = by * s / b, of_f = by * s / a;
        t0[i] = by;
        t1[i] = of_m;
        t2[i] = of_m * m - by * f;
        t3[i] = of_f;
        t4[i] = of_f * f - by * m;
        likeness += 0.5F * by * s;
        boxes += enough;
    }
    partial[0] += (double)likeness;
    partial[1] += (double)boxes;
}

LAR_CLONES static lar_status first_sweep(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    lar_status status = LAR_OK;
    lar_lncc *l = arg;
    const int64_t reach = l->radius[2], width = l->size[0];
    ring at;
    float *sums[FIRST] = { NULL };
    double *partial = l->partial + 2 * piece;
    int64_t next = begin < reach ? 0 : begin - reach;
    LAR_TRY(ring_init(&at, l, FIRST));
    for (int q = 0; q < FIRST; q++)
        if (!(sums[q] = lar_alloc_raw(width, sizeof(float)))) {
            status = LAR_EMEMORY;
            goto done;
        }
    partial[0] = partial[1] = 0;
    for (int64_t k = begin; k < end; k++) {
        for (; next <= k + reach && next < l->size[2]; next++) take_slice(&at, l, next);
        for (int64_t j = 0; j < l->size[1]; j++) {
            for (int q = 0; q < FIRST; q++) sum_deep(sums[q], &at, q, j, k, l);
            weigh_row(l, k * at.plane + j * width, sums, partial);
        }
    }
done:
    for (int q = 0; q < FIRST; q++) lar_free(sums[q]);
    ring_clear(&at);
    return status;
}

/* ---- second sweep: what each value does to all the boxes that it is in ------------------------
 */

static inline void slope_row(float *restrict out, const float *restrict own,
                             const float *restrict other, const float *restrict by,
                             const float *restrict of, const float *restrict rest, int64_t width,
                             float scale)
{
    for (int64_t i = 0; i < width; i++) {
        const bool known = own[i] == own[i] && other[i] == other[i];
        const float slope = other[i] * by[i] - own[i] * of[i] + rest[i];
        out[i] = known ? scale * slope : 0;
    }
}

LAR_CLONES static lar_status second_sweep(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    lar_status status = LAR_OK;
    lar_lncc *l = arg;
    const int64_t reach = l->radius[2], width = l->size[0];
    const int count = l->slope_fixed ? SECOND : 3;
    const float scale = (float)l->scale;
    ring at;
    float *sums[SECOND] = { NULL };
    int64_t next = begin < reach ? 0 : begin - reach;
    LAR_TRY(ring_init(&at, l, count));
    for (int q = 0; q < count; q++)
        if (!(sums[q] = lar_alloc_raw(width, sizeof(float)))) {
            status = LAR_EMEMORY;
            goto done;
        }
    for (int64_t k = begin; k < end; k++) {
        for (; next <= k + reach && next < l->size[2]; next++)
            for (int q = 0; q < count; q++) {
                for (int64_t j = 0; j < l->size[1]; j++) {
                    memcpy(at.row + l->radius[0], l->terms[q] + next * at.plane + j * width,
                           (size_t)width * sizeof(float));
                    sum_row(&at, j, l);
                }
                sum_slice(&at, at.slices[q] + next % at.depth * at.plane, l);
            }
        for (int64_t j = 0; j < l->size[1]; j++) {
            const int64_t from = k * at.plane + j * width;
            const float *f = l->fixed + from, *m = l->moving + from;
            for (int q = 0; q < count; q++) sum_deep(sums[q], &at, q, j, k, l);
            slope_row(l->slope_moving + from, m, f, sums[0], sums[1], sums[2], width, scale);
            if (l->slope_fixed)
                slope_row(l->slope_fixed + from, f, m, sums[0], sums[3], sums[4], width, scale);
        }
    }
done:
    for (int q = 0; q < count; q++) lar_free(sums[q]);
    ring_clear(&at);
    return status;
}

lar_status lar_lncc_value(double *value, float *slope_fixed, float *slope_moving, lar_lncc *l,
                          const float *fixed, const float *moving)
{
    lar_status status = LAR_OK;
    double sum = 0, boxes = 0;
    l->fixed = fixed;
    l->moving = moving;
    l->slope_fixed = slope_fixed;
    l->slope_moving = slope_moving;
    LAR_TRY(lar_parallel(l->size[2], CHUNK, first_sweep, l));
    for (int64_t p = 0; p < lar_piece_count(l->size[2], CHUNK); p++) {
        sum += l->partial[2 * p];
        boxes += l->partial[2 * p + 1];
    }
    *value = boxes > 0 ? sum / boxes : 0;
    l->scale = boxes > 0 ? 1 / boxes : 0;
    if (slope_moving) LAR_TRY(lar_parallel(l->size[2], CHUNK, second_sweep, l));
done:
    return status;
}
