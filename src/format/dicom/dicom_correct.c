/* Tilted or unevenly spaced slices to an upright grid of equal steps: each voxel from the two
 * slices around it, linear along the normal and, where a slice is shifted by a part of a voxel,
 * within it. SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "format/dicom/dicom.h"

/* A slice, as seen from the first: deeper, and shifted by so many voxels. */
typedef struct shift {
    double depth_mm, i, j;
} shift;

typedef struct job {
    const lar_image *in;
    lar_image *out;
    const shift *shifts;
    double step_mm, outside; /* between slices of the result; the value beside the slices */
    int64_t lead[2];         /* of the result's first voxel, from the first slice's */
    int64_t lost;
} job;

static int numbers_compare(const void *a, const void *b)
{
    const double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

/* Between two voxels, or on one: headers are rounded to some digits. */
static double settled(double place)
{
    const double nearest = round(place);
    return fabs(place - nearest) < 1e-3 ? nearest : place;
}

/* One row of a slice at a place between its voxels, added to `out` by `weight`. */
static void add_row(double *out, double *rows, const job *k, int64_t slice, int64_t channel,
                    int64_t row, double weight)
{
    const int64_t *size = k->in->grid.size, width = k->out->grid.size[0];
    const shift *s = &k->shifts[slice];
    const double j = settled((double)(row + k->lead[1]) - s->j);
    const double below = floor(j), part = j - below;
    double *second = rows + size[0];
    const bool inside = below >= 0 && below + (part > 0) < (double)size[1];
    if (inside) {
        lar_image_load(rows, k->in, 0, (int64_t)below, slice, channel, size[0]);
        if (part > 0) {
            lar_image_load(second, k->in, 0, (int64_t)below + 1, slice, channel, size[0]);
            for (int64_t n = 0; n < size[0]; n++) rows[n] = rows[n] * (1 - part) + second[n] * part;
        }
    }
    for (int64_t n = 0; n < width; n++) {
        const double i = settled((double)(n + k->lead[0]) - s->i);
        const double left = floor(i), more = i - left;
        double value = k->outside;
        if (inside && left >= 0 && left + (more > 0) < (double)size[0]) {
            value = rows[(int64_t)left];
            if (more > 0) value = value * (1 - more) + rows[(int64_t)left + 1] * more;
        }
        out[n] += weight * value;
    }
}

static lar_status fill_slice(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    job *k = arg;
    const int64_t *size = k->out->grid.size, width = k->in->grid.size[0];
    double *rows = lar_alloc_raw(2 * width + size[0], sizeof *rows), *row = rows + 2 * width;
    (void)piece;
    if (!rows) return LAR_EMEMORY;
    for (int64_t z = begin; z < end; z++) {
        const double depth = (double)z * k->step_mm;
        int64_t slice = 0;
        while (slice + 2 < k->in->grid.size[2] && k->shifts[slice + 1].depth_mm <= depth) slice++;
        const double before = k->shifts[slice].depth_mm;
        double part = (depth - before) / (k->shifts[slice + 1].depth_mm - before);
        part = part > 0.9999 ? 1 : part < 0.0001 ? 0 : part;
        for (int64_t c = 0; c < k->out->channels; c++)
            for (int64_t j = 0; j < size[1]; j++) {
                memset(row, 0, (size_t)size[0] * sizeof *row);
                if (part < 1) add_row(row, rows, k, slice, c, j, 1 - part);
                if (part > 0) add_row(row, rows, k, slice + 1, c, j, part);
                (void)lar_image_store(k->out, 0, j, z, c, row, size[0]);
            }
    }
    lar_free(rows);
    return LAR_OK;
}

static double column_length(const lar_affine *a, int column)
{
    return sqrt(a->m[0][column] * a->m[0][column] + a->m[1][column] * a->m[1][column] +
                a->m[2][column] * a->m[2][column]);
}

/* How much wider the result must be than a slice, from the smallest shift to the largest. */
static int64_t widen(int64_t *lead, const shift *shifts, int64_t count, int axis)
{
    double low = 0, high = 0;
    for (int64_t n = 0; n < count; n++) {
        const double value = axis ? shifts[n].j : shifts[n].i;
        low = fmin(low, value);
        high = fmax(high, value);
    }
    *lead = (int64_t)floor(low + 1e-3);
    return (int64_t)ceil(high - 1e-3) - *lead;
}

/* The most usual distance: their median, the lower one of two. */
static lar_status usual_gap(double *out, const shift *shifts, int64_t count)
{
    double *gaps = lar_alloc(count, sizeof *gaps);
    if (!gaps) return LAR_EMEMORY;
    for (int64_t n = 1; n < count; n++) gaps[n - 1] = shifts[n].depth_mm - shifts[n - 1].depth_mm;
    qsort(gaps, (size_t)count - 1, sizeof *gaps, numbers_compare);
    *out = gaps[(count - 2) / 2];
    lar_free(gaps);
    return LAR_OK;
}

static void find_shifts(shift *out, const lar_dicom_place *place, int64_t count)
{
    for (int64_t s = 0; s < count; s++) {
        double along[2] = { 0, 0 };
        out[s].depth_mm = 0;
        for (int n = 0; n < 3; n++) {
            const double moved = place->at[s][n] - place->at[0][n];
            out[s].depth_mm += moved * place->normal[n];
            for (int a = 0; a < 2; a++) along[a] += moved * place->to_world.m[n][a];
        }
        for (int a = 0; a < 2; a++) {
            const double edge = column_length(&place->to_world, a);
            *(a ? &out[s].j : &out[s].i) = along[a] / (edge * edge);
        }
    }
}

lar_status lar_dicom_correct(lar_image **out, const lar_image *in, const lar_dicom_place *place)
{
    lar_status status = LAR_OK;
    const int64_t count = in->grid.size[2];
    lar_range range;
    lar_grid grid = in->grid;
    job k = { .in = in };

    *out = NULL;
    if (count < 2 || !place->known)
        return lar_fail(LAR_EGEOMETRY, "slices that do not say where they are cannot be corrected");
    shift *shifts = lar_alloc(count, sizeof *shifts);
    if (!shifts) return LAR_EMEMORY;
    k.shifts = shifts;
    find_shifts(shifts, place, count);
    LAR_TRY(usual_gap(&k.step_mm, shifts, count));
    LAR_TRY(lar_image_range(&range, in));
    k.outside = range.low;
    for (int a = 0; a < 2; a++) grid.size[a] += widen(&k.lead[a], shifts, count, a);
    grid.size[2] = 1 + (int64_t)floor(shifts[count - 1].depth_mm / k.step_mm + 1e-3);
    grid.to_world = place->to_world;
    for (int n = 0; n < 3; n++) {
        grid.to_world.m[n][2] = place->normal[n] * k.step_mm;
        for (int a = 0; a < 2; a++)
            grid.to_world.m[n][3] += (double)k.lead[a] * grid.to_world.m[n][a];
    }
    LAR_TRY(lar_image_new(out, &grid, in->channels, in->type));
    k.out = *out;
    LAR_TRY(lar_parallel(grid.size[2], 1, fill_slice, &k));
    lar_image_set_notes(*out, in->notes);
done:
    if (status != LAR_OK) {
        lar_image_free(*out);
        *out = NULL;
    }
    lar_free(shifts);
    return status;
}
