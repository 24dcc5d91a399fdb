/* The spline of N4. On a regular grid the fit to scattered data of Lee, Wolberg and Shin (1997,
 * doi:10.1109/2945.620490) is a product of three axes, mask and weights included, and so is the
 * evaluation; no voxel is treated on its own.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "filter/n4_parts.h"
#include "math/math.h"

enum { LANES = LAR_N4_LANES };

void lar_n4_taps_clear(lar_n4_taps *taps)
{
    lar_free(taps->first);
    lar_free(taps->weights);
    lar_free(taps->ends);
    lar_free(taps->rows);
    *taps = (lar_n4_taps){ 0 };
}

/* The row of point p is the weight of p at every place. */
static void fill_rows(lar_n4_taps *taps)
{
    for (int64_t p = 0; p < taps->points; p++) {
        int64_t *ends = taps->ends + 2 * p;
        ends[0] = taps->width;
        for (int64_t n = 0; n < taps->count; n++) {
            const int64_t t = p - taps->first[n];
            if (t < 0 || t > 3) continue;
            taps->rows[p * taps->width + n] = taps->weights[4 * n + t];
            if (ends[0] > n) ends[0] = n / LANES * LANES;
            ends[1] = (n / LANES + 1) * LANES;
        }
        if (ends[1] == 0) ends[0] = 0;
    }
}

lar_status lar_n4_taps_init(lar_n4_taps *taps, const double *places, int64_t count, int64_t mesh,
                            int64_t pieces, double rim, lar_n4_kind kind)
{
    const double scale = (double)pieces / (double)mesh;
    const int64_t width = (count + LANES - 1) / LANES * LANES;
    *taps = (lar_n4_taps){ .count = count, .points = pieces + 3, .width = width };
    taps->first = lar_alloc(count, sizeof *taps->first);
    taps->weights = lar_alloc(count, 4 * sizeof *taps->weights);
    taps->ends = lar_alloc(taps->points, 2 * sizeof *taps->ends);
    taps->rows = lar_alloc(taps->points * width, sizeof *taps->rows);
    if (!taps->first || !taps->weights || !taps->ends || !taps->rows) {
        lar_n4_taps_clear(taps);
        return LAR_EMEMORY;
    }
    for (int64_t n = 0; n < count; n++) {
        double place = places[n] * scale, w[4], squares = 0;
        if (fabs(place - (double)pieces) <= rim * scale) place = (double)pieces - rim * scale;
        place = place > 0 ? place : 0;
        const int64_t piece = place < (double)pieces ? (int64_t)place : pieces - 1;
        lar_spline_weights(w, fmin(place - (double)piece, 1));
        for (int t = 0; t < 4; t++) squares += w[t] * w[t];
        taps->first[n] = piece;
        for (int t = 0; t < 4; t++) {
            const double weight = kind == LAR_N4_VALUE    ? w[t]
                                  : kind == LAR_N4_SQUARE ? w[t] * w[t]
                                                          : w[t] * w[t] * w[t] / squares;
            taps->weights[4 * n + t] = (float)weight;
        }
    }
    fill_rows(taps);
    return LAR_OK;
}

lar_status lar_n4_lattice_init(lar_n4_lattice *lattice, const int64_t pieces[3])
{
    *lattice = (lar_n4_lattice){ 0 };
    for (int a = 0; a < 3; a++) {
        lattice->pieces[a] = pieces[a];
        lattice->size[a] = pieces[a] + 3;
    }
    lattice->points =
        lar_alloc(lattice->size[0] * lattice->size[1] * lattice->size[2], sizeof *lattice->points);
    return lattice->points ? LAR_OK : LAR_EMEMORY;
}

void lar_n4_lattice_clear(lar_n4_lattice *lattice)
{
    lar_free(lattice->points);
    *lattice = (lar_n4_lattice){ 0 };
}

/* One line, `step` apart: the same spline over halved pieces. Points of the finer lattice lie
 * between two old ones, or on one. */
static void refine_line(double *out, const double *in, int64_t step, int64_t size)
{
    for (int64_t n = 0; n + 1 < size; n++) {
        out[2 * n * step] = 0.5 * (in[n * step] + in[(n + 1) * step]);
        if (n + 2 < size)
            out[(2 * n + 1) * step] =
                0.125 * (in[n * step] + 6 * in[(n + 1) * step] + in[(n + 2) * step]);
    }
}

static lar_status refine_axis(lar_n4_lattice *lattice, int a)
{
    lar_n4_lattice fine;
    int64_t pieces[3] = { lattice->pieces[0], lattice->pieces[1], lattice->pieces[2] };
    pieces[a] *= 2;
    if (lar_n4_lattice_init(&fine, pieces) != LAR_OK) return LAR_EMEMORY;
    int64_t step = 1, outer = 1;
    for (int b = 0; b < a; b++) step *= lattice->size[b];
    for (int b = a + 1; b < 3; b++) outer *= lattice->size[b];
    for (int64_t m = 0; m < outer; m++)
        for (int64_t n = 0; n < step; n++)
            refine_line(fine.points + m * step * fine.size[a] + n,
                        lattice->points + m * step * lattice->size[a] + n, step, lattice->size[a]);
    lar_n4_lattice_clear(lattice);
    *lattice = fine;
    return LAR_OK;
}

lar_status lar_n4_lattice_refine(lar_n4_lattice *lattice, const bool along[3])
{
    for (int a = 0; a < 3; a++)
        if (along[a] && refine_axis(lattice, a) != LAR_OK) return LAR_EMEMORY;
    return LAR_OK;
}

LAR_CLONES
void lar_n4_spread_rows(float *rows, const lar_n4_lattice *lattice, const lar_n4_taps *x)
{
    const int64_t lines = lattice->size[1] * lattice->size[2], points = lattice->size[0];
    memset(rows, 0, (size_t)(lines * x->width) * sizeof *rows);
    for (int64_t n = 0; n < lines; n++) {
        float *restrict row = rows + n * x->width;
        for (int64_t p = 0; p < points; p++) {
            const float point = (float)lattice->points[n * points + p];
            const float *restrict weights = x->rows + p * x->width;
            for (int64_t i = x->ends[2 * p]; i < x->ends[2 * p + 1]; i++)
                row[i] += point * weights[i];
        }
    }
}

LAR_CLONES
void lar_n4_spread_plane(float *plane, const float *rows, int64_t plane_size, const lar_n4_taps *z,
                         int64_t k)
{
    const float *w = z->weights + 4 * k;
    const float *restrict a = rows + z->first[k] * plane_size, *restrict b = a + plane_size;
    const float *restrict c = b + plane_size, *restrict d = c + plane_size;
    float *restrict to = plane;
    for (int64_t n = 0; n < plane_size; n++)
        to[n] = (w[0] * a[n] + w[1] * b[n]) + (w[2] * c[n] + w[3] * d[n]);
}

LAR_CLONES
static void gather_planes(float *rows, const float *planes, int64_t plane_size,
                          const lar_n4_taps *z)
{
    memset(rows, 0, (size_t)(z->points * plane_size) * sizeof *rows);
    for (int64_t k = 0; k < z->count; k++) {
        const float *w = z->weights + 4 * k;
        const float *restrict plane = planes + k * plane_size;
        float *restrict a = rows + z->first[k] * plane_size, *restrict b = a + plane_size;
        float *restrict c = b + plane_size, *restrict d = c + plane_size;
        for (int64_t n = 0; n < plane_size; n++) {
            a[n] += w[0] * plane[n];
            b[n] += w[1] * plane[n];
            c[n] += w[2] * plane[n];
            d[n] += w[3] * plane[n];
        }
    }
}

LAR_CLONES
void lar_n4_gather(lar_n4_lattice *lattice, float *rows, const float *planes, const lar_n4_taps *x,
                   const lar_n4_taps *z)
{
    const int64_t lines = lattice->size[1] * lattice->size[2], points = lattice->size[0];
    gather_planes(rows, planes, lattice->size[1] * x->width, z);
    for (int64_t n = 0; n < lines; n++) {
        const float *restrict row = rows + n * x->width;
        for (int64_t p = 0; p < points; p++) {
            const float *restrict weights = x->rows + p * x->width;
            float lanes[LANES] = { 0 };
            for (int64_t i = x->ends[2 * p]; i < x->ends[2 * p + 1]; i += LANES)
                for (int l = 0; l < LANES; l++) lanes[l] += weights[i + l] * row[i + l];
            double sum = 0;
            for (int l = 0; l < LANES; l++) sum += (double)lanes[l];
            lattice->points[n * points + p] = sum;
        }
    }
}
