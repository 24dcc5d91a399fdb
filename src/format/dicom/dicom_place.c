/* Where slices are, by what each file says of its own: Image Position, Image Orientation and Pixel
 * Spacing (DICOM PS3.3 section C.7.6.2). One affine cannot say it where they are uneven; where the
 * gantry was tilted, the affine has a shear (dcm2niix 1.0.20220720 gives such a series another).
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "format/dicom/dicom.h"
#include "math/math.h"

/* A slice, in LPS as the files have it. */
typedef struct slice {
    const lar_dicom_tags *tags;
    double depth_mm; /* along the normal */
} slice;

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static double length(const double a[3])
{
    return sqrt(dot(a, a));
}

static void cross(double out[3], const double a[3], const double b[3])
{
    for (int n = 0; n < 3; n++)
        out[n] = a[(n + 1) % 3] * b[(n + 2) % 3] - a[(n + 2) % 3] * b[(n + 1) % 3];
}

static void difference(double out[3], const double a[3], const double b[3])
{
    for (int n = 0; n < 3; n++) out[n] = a[n] - b[n];
}

static double degrees_between(const double a[3], const double b[3])
{
    double third[3];
    cross(third, a, b);
    return atan2(length(third), fabs(dot(a, b))) * 180 / M_PI;
}

/* RAS to LPS and back. */
static void flip(double out[3], const double in[3])
{
    out[0] = -in[0];
    out[1] = -in[1];
    out[2] = in[2];
}

/* The direction of a voxel axis, LPS. */
static void axis_of(double out[3], const lar_grid *grid, int axis)
{
    const double column[3] = { grid->to_world.m[0][axis], grid->to_world.m[1][axis],
                               grid->to_world.m[2][axis] };
    flip(out, column);
    const double size = length(column);
    for (int n = 0; n < 3; n++) out[n] /= size;
}

static int depths_compare(const void *a, const void *b)
{
    const double one = ((const slice *)a)->depth_mm, other = ((const slice *)b)->depth_mm;
    return (one > other) - (one < other);
}

/* Could the file be a slice of this image? dcm2niix turns rows upside down. */
static bool fits(const lar_dicom_file *file, const lar_grid *grid, const double i[3],
                 const double j[3])
{
    const lar_dicom_tags *t = &file->tags;
    return file->known && t->placed && t->frames == 1 && t->columns == grid->size[0] &&
           t->rows == grid->size[1] && fabs(length(t->along) - 1) < 1e-3 &&
           fabs(length(t->down) - 1) < 1e-3 && fabs(dot(t->along, t->down)) < 1e-3 &&
           dot(t->along, i) > 0.999 && dot(t->down, j) < -0.98;
}

/* The places, each once: echoes and time points share them. *count is 0 where two slices are at the
 * same depth, but not at the same place. */
static lar_status take_slices(slice **out, int64_t *count, const lar_grid *grid,
                              const lar_dicom_file *files, int64_t file_count, lar_arena *arena)
{
    double i[3], j[3], normal[3] = { 0 };
    slice *slices = lar_arena_take(arena, file_count + 1, sizeof *slices);
    int64_t found = 0, kept = 0;
    *out = slices;
    *count = 0;
    if (!slices) return LAR_EMEMORY;
    axis_of(i, grid, 0);
    axis_of(j, grid, 1);
    for (int64_t n = 0; n < file_count; n++) {
        if (!fits(&files[n], grid, i, j)) continue;
        if (!found) cross(normal, files[n].tags.along, files[n].tags.down);
        slices[found].tags = &files[n].tags;
        slices[found++].depth_mm = dot(normal, files[n].tags.position);
    }
    if (!found) return LAR_OK;
    qsort(slices, (size_t)found, sizeof *slices, depths_compare);
    for (int64_t n = 0; n < found; n++) {
        double apart[3];
        if (kept && slices[n].depth_mm - slices[kept - 1].depth_mm < 1e-3) {
            difference(apart, slices[n].tags->position, slices[kept - 1].tags->position);
            if (length(apart) > 1e-2) return LAR_OK;
            continue;
        }
        slices[kept++] = slices[n];
    }
    *count = kept;
    return LAR_OK;
}

static void reverse(slice *slices, int64_t count)
{
    for (int64_t n = 0; n < count / 2; n++) {
        const slice other = slices[n];
        slices[n] = slices[count - 1 - n];
        slices[count - 1 - n] = other;
    }
}

/* Steps between the slices: how large, how equal, how far from the normal. */
static void measure(lar_dicom_place *out, const slice *slices, int64_t count,
                    const double normal[3], const double step[3])
{
    bool signs = true;
    out->gap_mm[0] = INFINITY;
    for (int64_t n = 1; n < count; n++) {
        double gap[3], off[3];
        difference(gap, slices[n].tags->position, slices[n - 1].tags->position);
        const double size = length(gap);
        if (size < out->gap_mm[0]) out->gap_mm[0] = size;
        if (size > out->gap_mm[1]) out->gap_mm[1] = size;
        for (int c = 0; c < 3; c++)
            off[c] =
                slices[n].tags->position[c] - slices[0].tags->position[c] - (double)n * step[c];
        if (length(off) > out->off_mm) out->off_mm = length(off);
        signs &= slices[n].tags->has_tilt == slices[0].tags->has_tilt &&
                 slices[n].tags->tilt == slices[0].tags->tilt;
    }
    for (int64_t n = 0; n < count; n++) {
        double other[3];
        cross(other, slices[n].tags->along, slices[n].tags->down);
        const double turn = degrees_between(normal, other);
        if (turn > out->turn_degrees) out->turn_degrees = turn;
    }
    if (count < 2) return;
    out->tilt_degrees = degrees_between(normal, step);
    const double said = slices[0].tags->tilt;
    if (signs && slices[0].tags->has_tilt && fabs(fabs(said) - out->tilt_degrees) < 0.5)
        out->tilt_degrees = said;
    out->tilted = fabs(out->tilt_degrees) > 0.1;
    const double spread = out->gap_mm[1] - out->gap_mm[0];
    out->uneven = spread > 0.01 && spread > 0.01 * out->gap_mm[1];
}

lar_status lar_dicom_find_place(lar_dicom_place *out, const lar_grid *grid,
                                const lar_dicom_file *files, int64_t count, lar_arena *arena)
{
    lar_status status = LAR_OK;
    slice *slices;
    int64_t found;
    double k[3], normal[3], step[3];

    *out = (lar_dicom_place){ 0 };
    LAR_TRY(take_slices(&slices, &found, grid, files, count, arena));
    out->places = found;
    if (found != grid->size[2]) return LAR_OK;
    const lar_dicom_tags *first = slices[0].tags;
    cross(normal, first->along, first->down);
    axis_of(k, grid, 2);
    if (dot(k, normal) < 0) {
        reverse(slices, found);
        for (int n = 0; n < 3; n++) normal[n] = -normal[n];
    }
    first = slices[0].tags;
    const lar_dicom_tags *last = slices[found - 1].tags;
    const double thick = length((const double[3]){ grid->to_world.m[0][2], grid->to_world.m[1][2],
                                                   grid->to_world.m[2][2] });
    for (int n = 0; n < 3; n++)
        step[n] = found > 1 ? (last->position[n] - first->position[n]) / (double)(found - 1)
                            : normal[n] * thick;
    measure(out, slices, found, normal, step);
    out->at = lar_arena_take(arena, found, sizeof *out->at);
    if (!out->at) return LAR_EMEMORY;
    for (int64_t s = 0; s < found; s++) {
        const lar_dicom_tags *t = slices[s].tags;
        double corner[3];
        for (int n = 0; n < 3; n++)
            corner[n] = t->position[n] + (double)(t->rows - 1) * t->down_mm * t->down[n];
        flip(out->at[s], corner);
    }
    for (int n = 0; n < 3; n++) {
        const double sign = n < 2 ? -1 : 1;
        out->normal[n] = sign * normal[n];
        out->to_world.m[n][0] = sign * first->along[n] * first->across_mm;
        out->to_world.m[n][1] = -sign * first->down[n] * first->down_mm;
        out->to_world.m[n][2] = sign * step[n];
        out->to_world.m[n][3] = out->at[0][n];
    }
    const lar_grid placed = { .size = { grid->size[0], grid->size[1], grid->size[2] },
                              .to_world = out->to_world };
    out->known = lar_grid_is_valid(&placed);
done:
    return status;
}

/* Slices that were lost leave gaps of whole multiples of the smallest. */
static int64_t missing_slices(int64_t *after, const lar_dicom_place *place, int64_t slices)
{
    int64_t missing = 0;
    for (int64_t n = 1; n < slices; n++) {
        double gap[3];
        difference(gap, place->at[n], place->at[n - 1]);
        const double steps = length(gap) / place->gap_mm[0];
        if (fabs(steps - round(steps)) > 0.02 * steps) return 0;
        if (steps > 1.5 && !missing) *after = n;
        missing += (int64_t)round(steps) - 1;
    }
    return missing;
}

void lar_dicom_say_place(lar_text *warnings, const lar_dicom_place *place, int64_t slices,
                         bool corrected)
{
    int64_t after = 0;
    if (place->turn_degrees > 0.01)
        lar_text_add(warnings,
                     "its slices are not parallel, up to %.3g degrees apart: only the first is "
                     "where it was scanned\n",
                     place->turn_degrees);
    if (place->tilted)
        lar_text_add(warnings, "gantry tilt of %.3g degrees: %s\n", place->tilt_degrees,
                     corrected ? "resampled to upright slices"
                               : "its slices are sheared against each other, as scanned");
    if (!place->uneven) return;
    const int64_t missing = missing_slices(&after, place, slices);
    lar_text_add(warnings, "slices are unevenly spaced: %.3g to %.3g mm", place->gap_mm[0],
                 place->gap_mm[1]);
    if (missing && missing < slices)
        lar_text_add(warnings, ", as if %lld were missing, the first behind slice %lld",
                     (long long)missing, (long long)after);
    if (corrected)
        lar_text_add(warnings, "; resampled to equal spacing\n");
    else
        lar_text_add(warnings, "; written in equal steps, up to %.3g mm from their place\n",
                     place->off_mm);
}
