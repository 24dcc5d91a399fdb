/* Small pictures of an image, for pages that show hundreds. Where the head is, is found once on a
 * coarse grid; what lies on the image is then looked at in the same places.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/image.h"
#include "report/page/glance.h"

enum { COARSE = 32, POINTS = COARSE * COARSE * COARSE }; /* samples along an axis; in all */
static const double DRAWN_MM = 200, AIR_MM = 5;

/* ---- where ----------------------------------------------------------------------------- */

static void take_points(lar_glance *g, const lar_head *head, const lar_look *look, bool core)
{
    const int64_t samples = head->size[0] * head->size[1] * head->size[2];
    for (int64_t n = 0; n < samples; n++) {
        if (!head->inside[n] || !isfinite(head->values[n])) continue;
        if ((head->inside[n] == 3) != core) continue;
        const int64_t index[3] = { n % head->size[0], n / head->size[0] % head->size[1],
                                   n / head->size[0] / head->size[1] };
        double ijk[3];
        for (int a = 0; a < 3; a++) ijk[a] = (double)(index[a] * head->step[a] + head->step[a] / 2);
        lar_grid_to_world(&look->ras->grid, ijk, g->points[g->count++]);
    }
}

lar_status lar_thinned(lar_image **out, const lar_image *image, int64_t most)
{
    lar_status status = LAR_OK;
    lar_look look = { 0 };
    int64_t step[3];
    double first[3];

    *out = NULL;
    LAR_TRY(lar_look_init(&look, image));
    lar_grid grid = look.ras->grid;
    for (int a = 0; a < 3; a++) {
        step[a] = (grid.size[a] + most - 1) / most;
        grid.size[a] /= step[a];
        first[a] = (double)(step[a] / 2);
    }
    lar_grid_to_world(&look.ras->grid, first, first);
    for (int r = 0; r < 3; r++) {
        for (int a = 0; a < 3; a++) grid.to_world.m[r][a] *= (double)step[a];
        grid.to_world.m[r][3] = first[r];
    }
    LAR_TRY(lar_image_new(out, &grid, 1, LAR_F32));
    float *to = (*out)->voxels;
    for (int64_t k = 0; k < grid.size[2]; k++)
        for (int64_t j = 0; j < grid.size[1]; j++)
            for (int64_t i = 0; i < grid.size[0]; i++)
                *to++ =
                    (float)lar_image_at(look.ras, i * step[0] + step[0] / 2,
                                        j * step[1] + step[1] / 2, k * step[2] + step[2] / 2, 0);
done:
    lar_look_clear(&look);
    return status;
}

lar_status lar_glance_new(lar_glance **out, const lar_image *image)
{
    lar_status status = LAR_OK;
    lar_image *coarse = NULL;
    lar_look look = { 0 };
    lar_head head = { 0 };
    lar_glance *g = lar_alloc(1, sizeof *g);

    *out = NULL;
    if (!g) return LAR_EMEMORY;
    LAR_TRY(lar_thinned(&coarse, image, COARSE));
    LAR_TRY(lar_look_init(&look, coarse));
    LAR_TRY(lar_head_init(&head, &look));
    for (int a = 0; a < 3; a++) {
        g->low[a] = head.low[a] - AIR_MM;
        g->high[a] = head.high[a] + AIR_MM;
        g->centre[a] = head.centre[a];
    }
    g->low[2] = fmax(g->low[2], head.high[2] - DRAWN_MM); /* the neck is left out */
    g->points = lar_alloc_raw(POINTS, sizeof *g->points);
    if (!g->points) {
        status = LAR_EMEMORY;
        goto done;
    }
    take_points(g, &head, &look, true);
    g->core = g->count;
    take_points(g, &head, &look, false);
    *out = g;
    g = NULL;
done:
    lar_glance_free(g);
    lar_head_clear(&head);
    lar_look_clear(&look);
    lar_image_free(coarse);
    return status;
}

void lar_glance_free(lar_glance *g)
{
    if (!g) return;
    lar_free(g->points);
    lar_free(g);
}

/* ---- values ---------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

lar_status lar_glance_values(double **out, int64_t *count, const lar_glance *g, bool core,
                             const lar_image *a, const lar_image *b)
{
    lar_status status = LAR_OK;
    lar_look look = { 0 }, other = { 0 };
    const int64_t points = core && g->core > 0 ? g->core : g->count;

    *count = 0;
    *out = lar_alloc_raw(points + 1, sizeof **out);
    if (!*out) return LAR_EMEMORY;
    LAR_TRY(lar_look_init(&look, a));
    if (b) LAR_TRY(lar_look_init(&other, b));
    for (int64_t n = 0; n < points; n++) {
        double value = lar_look_at(&look, g->points[n], LAR_NEAREST);
        if (b) value = fabs(lar_look_at(&other, g->points[n], LAR_NEAREST) - value);
        if (isfinite(value)) (*out)[(*count)++] = value;
    }
    qsort(*out, (size_t)*count, sizeof **out, compare);
done:
    lar_look_clear(&look);
    lar_look_clear(&other);
    if (status != LAR_OK) {
        lar_free(*out);
        *out = NULL;
    }
    return status;
}

double lar_glance_percentile(const double *sorted, int64_t count, double percent)
{
    return sorted[(int64_t)((double)(count - 1) * percent / 100 + 0.5)];
}

/* Two percentiles, made unequal where they are not. */
static void find_range(double out[2], const double *rising, int64_t count, double low, double high)
{
    out[0] = 0;
    out[1] = 1;
    if (count == 0) return;
    out[0] = lar_glance_percentile(rising, count, low);
    out[1] = lar_glance_percentile(rising, count, high);
    if (out[0] == out[1]) { /* a mask, or an image with few values */
        out[0] = rising[0];
        out[1] = rising[count - 1];
    }
    if (out[0] == out[1]) out[1] = out[0] + fmax(1, fabs(out[0]));
}

lar_status lar_glance_window(double out[2], const lar_glance *g, const lar_image *image)
{
    double *rising;
    int64_t count;
    const lar_status status = lar_glance_values(&rising, &count, g, true, image, NULL);
    if (status != LAR_OK) return status;
    find_range(out, rising, count, 1, 99.5);
    lar_free(rising);
    return LAR_OK;
}

lar_status lar_glance_count(lar_glance_counts *out, const lar_glance *g, const lar_image *image)
{
    double range[2], *rising;
    int64_t count;
    const lar_status status = lar_glance_values(&rising, &count, g, false, image, NULL);

    *out = (lar_glance_counts){ 0 };
    if (status != LAR_OK) return status;
    find_range(range, rising, count, 0.1, 99.9);
    const double beyond = 0.1 * (range[1] - range[0]);
    out->low = range[0] - beyond;
    out->high = range[1] + beyond;
    const double width = (out->high - out->low) / LAR_GLANCE_BINS;
    for (int64_t n = 0; n < count; n++) {
        const double bin = floor((rising[n] - out->low) / width);
        if (bin >= 0 && bin < LAR_GLANCE_BINS) out->at[(int)bin]++;
    }
    lar_free(rising);
    return LAR_OK;
}

void lar_glance_recount(double *out, double low, double high, int64_t bins,
                        const lar_glance_counts *counts)
{
    const double own = (counts->high - counts->low) / LAR_GLANCE_BINS,
                 width = (high - low) / (double)bins;
    for (int64_t b = 0; b < bins; b++) out[b] = 0;
    if (!(own > 0) || !(width > 0)) return;
    for (int n = 0; n < LAR_GLANCE_BINS; n++) {
        const double begin = (counts->low + n * own - low) / width, end = begin + own / width;
        for (int64_t b = (int64_t)fmax(floor(begin), 0); b < bins && (double)b < end; b++) {
            const double shared = fmin(end, (double)b + 1) - fmax(begin, (double)b);
            if (shared > 0) out[b] += counts->at[n] * shared / (end - begin);
        }
    }
}
