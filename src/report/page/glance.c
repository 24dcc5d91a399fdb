/* Small pictures of an image, for pages that show hundreds. Where the head is, is found once on a
 * coarse grid; what lies on the image is then looked at in the same places.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/image.h"
#include "report/page/glance.h"

enum { POINTS = 40000 }; /* of the head, at most: a tail of 1 in 1000 is still 40 of them */
static const double DRAWN_MM = 200, AIR_MM = 5;

/* ---- where ----------------------------------------------------------------------------- */

static void take_points(lar_glance *g, const lar_head *head, const lar_look *look, bool core)
{
    const int64_t samples = head->size[0] * head->size[1] * head->size[2];
    int64_t inside = 0, met = 0;
    for (int64_t n = 0; n < samples; n++) inside += head->inside[n] && isfinite(head->values[n]);
    const int64_t every = inside / POINTS + 1;
    for (int64_t n = 0; n < samples; n++) {
        if (!head->inside[n] || !isfinite(head->values[n])) continue;
        if (met++ % every != 0 || (head->inside[n] == 3) != core) continue;
        const int64_t index[3] = { n % head->size[0], n / head->size[0] % head->size[1],
                                   n / head->size[0] / head->size[1] };
        double ijk[3];
        for (int a = 0; a < 3; a++) ijk[a] = (double)(index[a] * head->step[a] + head->step[a] / 2);
        lar_grid_to_world(&look->ras->grid, ijk, g->points[g->count++]);
    }
}

lar_status lar_glance_new(lar_glance **out, const lar_image *image)
{
    lar_status status = LAR_OK;
    lar_look look = { 0 };
    lar_head head = { 0 };
    lar_glance *g = lar_alloc(1, sizeof *g);

    *out = NULL;
    if (!g) return LAR_EMEMORY;
    LAR_TRY(lar_look_init(&look, image));
    LAR_TRY(lar_head_init(&head, &look));
    for (int a = 0; a < 3; a++) {
        g->low[a] = head.low[a] - AIR_MM;
        g->high[a] = head.high[a] + AIR_MM;
        g->centre[a] = head.centre[a];
    }
    g->low[2] = fmax(g->low[2], head.high[2] - DRAWN_MM); /* the neck is left out */
    g->points = lar_alloc_raw(POINTS + 1, sizeof *g->points);
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
static lar_status find_range(double out[2], const lar_glance *g, bool core, const lar_image *image,
                             double low, double high)
{
    double *sorted;
    int64_t count;
    const lar_status status = lar_glance_values(&sorted, &count, g, core, image, NULL);
    if (status != LAR_OK) return status;
    out[0] = 0;
    out[1] = 1;
    if (count > 0) {
        out[0] = lar_glance_percentile(sorted, count, low);
        out[1] = lar_glance_percentile(sorted, count, high);
        if (out[0] == out[1]) { /* a mask, or an image with few values */
            out[0] = sorted[0];
            out[1] = sorted[count - 1];
        }
        if (out[0] == out[1]) out[1] = out[0] + fmax(1, fabs(out[0]));
    }
    lar_free(sorted);
    return LAR_OK;
}

lar_status lar_glance_window(double out[2], const lar_glance *g, const lar_image *image)
{
    return find_range(out, g, true, image, 1, 99.5);
}

lar_status lar_glance_count(lar_glance_counts *out, const lar_glance *g, const lar_image *image)
{
    lar_status status = LAR_OK;
    double range[2], *sorted = NULL;
    int64_t count;

    *out = (lar_glance_counts){ 0 };
    LAR_TRY(find_range(range, g, false, image, 0.1, 99.9));
    const double beyond = 0.1 * (range[1] - range[0]);
    out->low = range[0] - beyond;
    out->high = range[1] + beyond;
    const double width = (out->high - out->low) / LAR_GLANCE_BINS;
    LAR_TRY(lar_glance_values(&sorted, &count, g, false, image, NULL));
    for (int64_t n = 0; n < count; n++) {
        const double bin = floor((sorted[n] - out->low) / width);
        if (bin >= 0 && bin < LAR_GLANCE_BINS) out->at[(int)bin]++;
    }
done:
    lar_free(sorted);
    return status;
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
