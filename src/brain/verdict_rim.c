/* What lies along lines through the surface of a mask: so far below the skin, then skull, which is
 * dark in MR of any contrast and bright in CT, then fluid or brain. Where a mask cuts through the
 * brain, more brain follows outside; where it holds skull or skin, no skull follows.
 * SPDX-License-Identifier: Apache-2.0 */
#include "brain/verdict_rim.h"

#include <math.h>
#include <stdlib.h>

#include "base/base.h"
#include "brain/strip_parts.h"
#include "filter/filter.h"
#include "image/image.h"

#define GRID_MM  2.0
#define CLOSE_MM 6.0 /* sulci and fissures are no outline */
#define SMOOTH   1.2 /* voxels: of the distance, for its slope */

/* ---- making the lines ---------------------------------------------------------------------- */

/* Linear between voxels; NaN outside. */
static float value_at(const float *values, const int64_t size[3], const double p[3])
{
    int64_t n = 0, stride[3] = { 1, size[0], size[0] * size[1] };
    double part[3], sum = 0;
    for (int a = 0; a < 3; a++) {
        const double low = floor(p[a]);
        if (!(low >= 0 && low + 1 < (double)size[a])) return NAN;
        part[a] = p[a] - low;
        n += (int64_t)low * stride[a];
    }
    for (int c = 0; c < 8; c++) {
        double weight = 1;
        int64_t at = n;
        for (int a = 0; a < 3; a++) {
            const int up = c >> a & 1;
            weight *= up ? part[a] : 1 - part[a];
            at += up * stride[a];
        }
        sum += weight * (double)values[at];
    }
    return (float)sum;
}

static bool is_surface(const lar_rim *rim, int64_t n)
{
    const float *distance = rim->distance->voxels;
    return distance[n] < 0 && (double)distance[n] > -0.51 * rim->spacing_mm;
}

static void find_middle(lar_rim *rim)
{
    const uint8_t *mask = rim->mask->voxels;
    const int64_t *size = rim->mask->grid.size;
    int64_t inside = 0, n = 0;
    double sum[3] = { 0 };
    for (int64_t k = 0; k < size[2]; k++)
        for (int64_t j = 0; j < size[1]; j++)
            for (int64_t i = 0; i < size[0]; i++, n++) {
                if (!mask[n]) continue;
                inside++;
                sum[0] += (double)i;
                sum[1] += (double)j;
                sum[2] += (double)k;
            }
    for (int a = 0; a < 3; a++) rim->middle[a] = sum[a] / (double)inside;
    rim->radius_mm = rim->spacing_mm * cbrt(3 * (double)inside / (4 * 3.14159265358979323846));
}

/* False at the edge of the grid, and where the surface has no direction. */
static bool sample_at(lar_rim_sample *s, const lar_rim *rim, const float *slope, int64_t n)
{
    const int64_t *size = rim->mask->grid.size, stride[3] = { 1, size[0], size[0] * size[1] };
    double at[3], normal[3], length = 0;
    for (int a = 0; a < 3; a++) {
        const int64_t place = n / stride[a] % size[a];
        if (place == 0 || place == size[a] - 1) return false;
        at[a] = (double)place;
        normal[a] = (double)slope[n + stride[a]] - (double)slope[n - stride[a]];
        length += normal[a] * normal[a];
        s->from_middle[a] = (float)((at[a] - rim->middle[a]) * rim->spacing_mm);
    }
    if (!(length > 0)) return false;
    s->depth = rim->depth ? -((const float *)rim->depth->voxels)[n] : NAN;
    for (int t = 0; rim->depth && t < LAR_RIM_STEPS; t++) {
        double p[3];
        for (int a = 0; a < 3; a++)
            p[a] = at[a] + normal[a] / sqrt(length) * (t - LAR_RIM_INNER) / rim->spacing_mm;
        s->values[t] = value_at(rim->values->voxels, size, p);
        s->depths[t] = -value_at(rim->depth->voxels, size, p);
    }
    return true;
}

static lar_status take_samples(lar_rim *rim)
{
    lar_status status = LAR_OK;
    lar_image *smooth = NULL;
    const int64_t count = lar_image_voxel_count(rim->mask);
    const double sigma[3] = { SMOOTH, SMOOTH, SMOOTH };
    int64_t room = 0;
    LAR_TRY(lar_image_copy(&smooth, rim->distance));
    LAR_TRY(lar_smooth_voxels(smooth->voxels, smooth->grid.size, sigma));
    for (int64_t n = 0; n < count; n++) room += is_surface(rim, n);
    rim->samples = lar_alloc(room, sizeof *rim->samples);
    if (!rim->samples) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < count; n++)
        if (is_surface(rim, n))
            rim->count += sample_at(&rim->samples[rim->count], rim, smooth->voxels, n);
done:
    lar_image_free(smooth);
    return status;
}

lar_status lar_rim_init(lar_rim *rim, const lar_image *floats, const lar_image *mask, bool head,
                        bool ct)
{
    lar_status status = LAR_OK;
    lar_image *ras = NULL, *share = NULL, *skin = NULL;
    lar_resample_params how = lar_resample_default();
    const double mm[3] = { GRID_MM, GRID_MM, GRID_MM };
    *rim = (lar_rim){ .spacing_mm = GRID_MM };
    LAR_TRY(lar_image_to_ras(&ras, floats));
    const lar_grid grid = lar_grid_with_spacing(&ras->grid, mm);
    how.interpolation = LAR_LINEAR;
    LAR_TRY(lar_resample(&rim->values, floats, &grid, &how));
    how.pad = 0;
    LAR_TRY(lar_resample(&share, mask, &grid, &how));
    LAR_TRY(lar_threshold(&rim->mask, share, 0.5, INFINITY));
    LAR_TRY(lar_mask_dilate(rim->mask->voxels, grid.size, mm, CLOSE_MM));
    LAR_TRY(lar_mask_erode(rim->mask->voxels, grid.size, mm, CLOSE_MM));
    const double closed = lar_strip_millilitres(rim->mask);
    LAR_TRY(lar_mask_fill_holes(rim->mask->voxels, grid.size));
    rim->holes = lar_strip_millilitres(rim->mask) - closed;
    if (lar_mask_count(rim->mask->voxels, lar_image_voxel_count(rim->mask)) == 0) goto done;
    LAR_TRY(lar_mask_distance(&rim->distance, rim->mask));
    if (head) {
        LAR_TRY(lar_brain_head(&skin, rim->values, ct));
        LAR_TRY(lar_mask_distance(&rim->depth, skin));
    }
    find_middle(rim);
    LAR_TRY(take_samples(rim));
done:
    lar_image_free(skin);
    lar_image_free(share);
    lar_image_free(ras);
    return status;
}

void lar_rim_clear(lar_rim *rim)
{
    lar_free(rim->samples);
    lar_image_free(rim->depth);
    lar_image_free(rim->distance);
    lar_image_free(rim->mask);
    lar_image_free(rim->values);
}

/* ---- what is seen along them --------------------------------------------------------------- */

#define SKIN_MM   4.0
#define UNDER_MM  2.5  /* what is nearer to the skin is skin or air */
#define DARK      0.55 /* of the brain's value at that place: skull */
#define LIKE_LOW  0.65 /* and brain */
#define LIKE_HIGH 1.25
#define LIKE_MOST 0.7 /* of the 7 mm outside */
#define CT_BONE   250.0
#define CT_BRAIN  80.0
#define CAP_COS   0.927 /* 22 degrees: a part of the surface */
#define LOW_Z     0.25  /* of the direction from the middle: the vault lies above */

enum { DEEP = 10, OUT = 7, CAPS = 120, CAP_LEAST = 40 };

static int by_size(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double quantile(float *values, int64_t count, double fraction)
{
    qsort(values, (size_t)count, sizeof *values, by_size);
    return count ? (double)values[(int64_t)(fraction * (double)(count - 1))] : NAN;
}

/* The value of brain at that place: the upper quartile of 5 to 14 mm inside. */
static double brain_at(const lar_rim_sample *s)
{
    float deep[DEEP];
    int64_t count = 0;
    for (int t = 0; t < DEEP; t++)
        if (isfinite(s->values[t])) deep[count++] = s->values[t];
    return quantile(deep, count, 0.75);
}

static bool skull_is_outside(const lar_rim_sample *s, double brain, bool ct)
{
    for (int t = LAR_RIM_INNER + 1; t < LAR_RIM_STEPS; t++) {
        const double value = (double)s->values[t];
        if (!((double)s->depths[t] > UNDER_MM)) continue;
        if (ct ? value > CT_BONE : value < DARK * brain) return true;
    }
    return false;
}

static bool brain_is_outside(const lar_rim_sample *s, double brain, bool ct)
{
    int like = 0;
    for (int t = LAR_RIM_INNER + 1; t <= LAR_RIM_INNER + OUT; t++) {
        const double value = (double)s->values[t];
        like += ct ? value > 0 && value < CT_BRAIN
                   : value > LIKE_LOW * brain && value < LIKE_HIGH * brain;
    }
    return like > LIKE_MOST * OUT;
}

/* The part of the lower half, as large as a lobe's end, outside of which skull is seen least. */
static void find_worst(lar_rim_report *out, const lar_rim *rim, const bool *seen)
{
    out->worst = 1;
    for (int c = 0; c < CAPS; c++) {
        const double z = 1 - 2 * (c + 0.5) / CAPS, across = sqrt(1 - z * z);
        const double turn = 3.14159265358979323846 * (1 + sqrt(5.0)) * (c + 0.5);
        const double at[3] = { cos(turn) * across, sin(turn) * across, z };
        int64_t all = 0, skull = 0;
        if (z > LOW_Z) continue;
        for (int64_t n = 0; n < rim->count; n++) {
            const float *p = rim->samples[n].from_middle;
            const double x = (double)p[0], y = (double)p[1], w = (double)p[2];
            if (x * at[0] + y * at[1] + w * at[2] < CAP_COS * sqrt(x * x + y * y + w * w)) continue;
            all++;
            skull += seen[n];
        }
        if (all < CAP_LEAST || (double)skull >= out->worst * (double)all) continue;
        out->worst = (double)skull / (double)all;
        memcpy(out->worst_at, at, sizeof at);
    }
}

lar_status lar_rim_measure(lar_rim_report *out, const lar_rim *rim, bool ct)
{
    const int64_t count = rim->count;
    bool *seen = lar_alloc(count, sizeof *seen);
    float *upper = lar_alloc_raw(count, sizeof *upper);
    int64_t skin = 0, skull = 0, missed = 0, above = 0;
    *out = (lar_rim_report){ .worst = 1 };
    if (!seen || !upper) {
        lar_free(seen);
        lar_free(upper);
        return LAR_EMEMORY;
    }
    for (int64_t n = 0; n < count; n++) {
        const lar_rim_sample *s = &rim->samples[n];
        const double brain = brain_at(s);
        seen[n] = skull_is_outside(s, brain, ct);
        skull += seen[n];
        missed += brain_is_outside(s, brain, ct);
        skin += (double)s->depth < SKIN_MM;
        if (s->from_middle[2] > 0) upper[above++] = s->depth;
    }
    if (count > 0) {
        out->skin = (double)skin / (double)count;
        out->skull = (double)skull / (double)count;
        out->missed = (double)missed / (double)count;
        out->depth_mm = quantile(upper, above, 0.5);
        out->deepest_mm = quantile(upper, above, 0.95);
        find_worst(out, rim, seen);
    }
    lar_free(seen);
    lar_free(upper);
    return LAR_OK;
}
