/* Finds the head among the air, roughly and fast, so that windows and frames follow the head: the
 * threshold of Otsu (1979, doi:10.1109/TSMC.1979.4310076) on a coarse grid, then everything that
 * lies between the first and the last bright sample along all three axes. Percentiles are of its
 * core, below skin and skull.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/image.h"
#include "math/math.h"
#include "report/figure/look.h"

enum { SAMPLES = 64, BINS = 256, HEAD = 1, CORE = 2 };

static const double HEAD_MM = 130, /* below the top begins the neck */
    CORE_MM = 100, /* and begin the face and the base of the skull, with their fat */
    DEPTH_MM = 15; /* skin and skull */

static double otsu(const double *values, int64_t count, double low, double high)
{
    double counts[BINS] = { 0 }, total = 0, best = -1, threshold = low;
    for (int64_t n = 0; n < count; n++) {
        const double at = (values[n] - low) / (high - low) * BINS;
        counts[at >= BINS ? BINS - 1 : at > 0 ? (int)at : 0]++;
    }
    for (int n = 0; n < BINS; n++) total += n * counts[n];
    double below = 0, below_sum = 0;
    for (int n = 0; n + 1 < BINS; n++) {
        below += counts[n];
        below_sum += n * counts[n];
        const double above = (double)count - below;
        if (below == 0 || above == 0) continue;
        const double apart = below_sum / below - (total - below_sum) / above;
        if (below * above * apart * apart > best) {
            best = below * above * apart * apart;
            threshold = low + (n + 1) * (high - low) / BINS;
        }
    }
    return threshold;
}

/* Bright, and not alone: two of the six neighbours are too. */
static bool is_solid(const lar_head *head, const int64_t ijk[3], int64_t at, double threshold)
{
    int company = 0;
    int64_t stride = 1;
    if (!(head->values[at] > threshold)) return false;
    for (int a = 0; a < 3; a++) {
        if (ijk[a] > 0) company += head->values[at - stride] > threshold;
        if (ijk[a] + 1 < head->size[a]) company += head->values[at + stride] > threshold;
        stride *= head->size[a];
    }
    return company >= 2;
}

/* Marks with `bit` what lies between the first and the last solid sample of a line. */
static void fill_line(unsigned char *first, int64_t stride, int64_t count, unsigned char bit)
{
    int64_t begin = 0, end = count;
    while (begin < end && !(first[begin * stride] & 1)) begin++;
    while (end > begin && !(first[(end - 1) * stride] & 1)) end--;
    for (int64_t n = begin; n < end; n++) first[n * stride] |= bit;
}

/* True where at least one sample is in the head. */
static bool mark_head(lar_head *head, double threshold)
{
    const int64_t *size = head->size, count = size[0] * size[1] * size[2];
    bool any = false;
    for (int64_t n = 0; n < count; n++) {
        const int64_t ijk[3] = { n % size[0], n / size[0] % size[1], n / size[0] / size[1] };
        head->inside[n] = is_solid(head, ijk, n, threshold);
    }
    for (int64_t n = 0; n < count; n++) {
        const int64_t ijk[3] = { n % size[0], n / size[0] % size[1], n / size[0] / size[1] };
        int64_t stride = 1;
        for (int a = 0; a < 3; a++) {
            if (size[a] == 1)
                head->inside[n] |= (unsigned char)(2 << a); /* a flat image has no such lines */
            else if (ijk[a] == 0)
                fill_line(head->inside + n, stride, size[a], (unsigned char)(2 << a));
            stride *= size[a];
        }
    }
    for (int64_t n = 0; n < count; n++) {
        head->inside[n] = head->inside[n] >> 1 == 7;
        any |= head->inside[n];
    }
    return any;
}

static void sample_place(const lar_head *head, const lar_look *look, int64_t n, double xyz[3])
{
    double ijk[3];
    for (int a = 0; a < 3; a++) {
        ijk[a] = (double)(n % head->size[a] * head->step[a] + head->step[a] / 2);
        n /= head->size[a];
    }
    lar_grid_to_world(&look->ras->grid, ijk, xyz);
}

/* Sets CORE where DEPTH_MM up and down each axis is head too, and not further below the top than
 * CORE_MM: brain for the most part. Fat below the skin is far brighter than the brain in many scans
 * and would leave it dark. The edge of the field of view is no surface. */
static void mark_core(lar_head *head, const lar_look *look, double top)
{
    const int64_t *size = head->size, count = size[0] * size[1] * size[2];
    int64_t in_head = 0, in_core = 0;
    for (int64_t n = 0; n < count; n++) {
        const int64_t ijk[3] = { n % size[0], n / size[0] % size[1], n / size[0] / size[1] };
        int64_t stride = 1;
        double xyz[3];
        if (!(head->inside[n] & HEAD)) continue;
        in_head++;
        sample_place(head, look, n, xyz);
        bool core = xyz[2] >= top - CORE_MM;
        for (int a = 0; a < 3; a++) {
            const double reach = ceil(DEPTH_MM / (look->spacing_mm[a] * (double)head->step[a]));
            if (reach < (double)size[a]) {
                const int64_t far = (int64_t)reach;
                if (ijk[a] >= far) core = core && head->inside[n - far * stride] & HEAD;
                if (ijk[a] + far < size[a]) core = core && head->inside[n + far * stride] & HEAD;
            }
            stride *= size[a];
        }
        if (!core) continue;
        head->inside[n] |= CORE;
        in_core++;
    }
    if (in_core * 20 >= in_head) return;
    for (int64_t n = 0; n < count; n++) /* a small object has no depth */
        if (head->inside[n]) head->inside[n] = HEAD | CORE;
}

/* Box and centre of the marked samples. */
static void measure_head(lar_head *head, const lar_look *look)
{
    const int64_t count = head->size[0] * head->size[1] * head->size[2];
    double field_low[3], field_high[3], reach[3] = { 0 }, sum[3] = { 0 }, ijk[3], weight = 0;
    lar_look_box(look, field_low, field_high);
    for (int a = 0; a < 3; a++) { /* half a sample around its point */
        for (int r = 0; r < 3; r++)
            reach[r] += (double)head->step[a] / 2 * fabs(look->ras->grid.to_world.m[r][a]);
        head->low[a] = INFINITY;
        head->high[a] = -INFINITY;
    }
    for (int64_t n = 0; n < count; n++) {
        double xyz[3];
        if (!head->inside[n]) continue;
        sample_place(head, look, n, xyz);
        for (int a = 0; a < 3; a++) {
            head->low[a] = fmin(head->low[a], xyz[a] - reach[a]);
            head->high[a] = fmax(head->high[a], xyz[a] + reach[a]);
        }
    }
    const double top = head->high[2] - reach[2];
    for (int64_t n = 0; n < count; n++) {
        double xyz[3];
        if (!head->inside[n]) continue;
        sample_place(head, look, n, xyz);
        if (xyz[2] < top - HEAD_MM) continue; /* the neck would draw the centre down */
        for (int a = 0; a < 3; a++) sum[a] += xyz[a];
        weight++;
    }
    for (int a = 0; a < 3; a++) {
        sum[a] /= weight;
        head->low[a] = fmax(head->low[a], field_low[a]);
        head->high[a] = fmin(head->high[a], field_high[a]);
    }
    lar_affine_point(&look->world_to_voxel, sum, ijk);
    for (int a = 0; a < 3; a++) {
        const double last = (double)(look->ras->grid.size[a] - 1);
        ijk[a] = fmin(fmax(floor(ijk[a] + 0.5 - 1e-6), 0), last); /* a tie goes down */
    }
    lar_grid_to_world(&look->ras->grid, ijk, head->centre);
    mark_core(head, look, top);
}

lar_status lar_head_init(lar_head *out, const lar_look *look)
{
    lar_status status = LAR_OK;
    double *values = NULL;
    int64_t count = 1;
    lar_head head = { 0 };

    for (int a = 0; a < 3; a++) {
        head.step[a] = (look->ras->grid.size[a] + SAMPLES - 1) / SAMPLES;
        head.size[a] = look->ras->grid.size[a] / head.step[a];
        count *= head.size[a];
    }
    head.values = lar_alloc(count, sizeof *head.values);
    head.inside = lar_alloc(count, 1);
    values = lar_alloc(count, sizeof *values);
    if (!head.values || !head.inside || !values) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (int64_t n = 0; n < count; n++) {
        const int64_t i = n % head.size[0], j = n / head.size[0] % head.size[1],
                      k = n / head.size[0] / head.size[1];
        const double value = lar_look_voxel(look, i * head.step[0] + head.step[0] / 2,
                                            j * head.step[1] + head.step[1] / 2,
                                            k * head.step[2] + head.step[2] / 2);
        head.values[n] = isfinite(value) ? value : NAN;
        if (isfinite(value)) values[head.finite++] = value;
    }
    double least = INFINITY, most = -INFINITY;
    for (int64_t n = 0; n < head.finite; n++) {
        least = fmin(least, values[n]);
        most = fmax(most, values[n]);
    }
    head.constant = head.finite > 0 && least == most;
    head.at_all = head.constant ? least : NAN;
    bool found = false;
    if (head.finite > 0 && !head.constant) {
        /* a few voxels far off would leave one bin for all the others */
        const double low = lar_percentile_of(values, head.finite, 1),
                     high = lar_percentile_of(values, head.finite, 99);
        found = mark_head(&head, low < high ? otsu(values, head.finite, low, high) : least);
    }
    if (!found) memset(head.inside, HEAD, (size_t)count);
    measure_head(&head, look);
    *out = head;
    head = (lar_head){ 0 };
done:
    lar_head_clear(&head);
    lar_free(values);
    return status;
}

void lar_head_clear(lar_head *head)
{
    lar_free(head->values);
    lar_free(head->inside);
    *head = (lar_head){ 0 };
}

lar_status lar_head_window(double out[2], const lar_head *head, const double percentiles[2])
{
    const int64_t samples = head->size[0] * head->size[1] * head->size[2];
    int64_t count = 0;
    double *values = lar_alloc(samples, sizeof *values);

    if (!values) return LAR_EMEMORY;
    for (int64_t n = 0; n < samples; n++)
        if (head->inside[n] & CORE && isfinite(head->values[n])) values[count++] = head->values[n];
    out[0] = 0;
    out[1] = 1;
    if (count > 0) {
        for (int n = 0; n < 2; n++) out[n] = lar_percentile_of(values, count, percentiles[n]);
        if (out[0] == out[1]) { /* a mask, or an image with few values */
            out[0] = INFINITY;
            out[1] = -INFINITY;
            for (int64_t n = 0; n < samples; n++) {
                out[0] = fmin(out[0], head->values[n]); /* fmin passes NaN by */
                out[1] = fmax(out[1], head->values[n]);
            }
        }
        if (out[0] == out[1]) out[1] = out[0] + fmax(1, fabs(out[0])); /* constant: black */
    }
    lar_free(values);
    return LAR_OK;
}

lar_status lar_head_difference(double *out, const lar_head *head, const lar_look *a,
                               const lar_look *b, double percentile, int interpolation)
{
    const int64_t samples = head->size[0] * head->size[1] * head->size[2];
    int64_t count = 0;
    double *values = lar_alloc(samples, sizeof *values);

    *out = 0;
    if (!values) return LAR_EMEMORY;
    for (int64_t n = 0; n < samples; n++) {
        double xyz[3];
        if (!(head->inside[n] & CORE)) continue;
        sample_place(head, a, n, xyz);
        const double apart = fabs(lar_look_at(b, xyz, interpolation) - head->values[n]);
        if (isfinite(apart)) values[count++] = apart;
    }
    if (count > 0) {
        *out = lar_percentile_of(values, count, percentile);
    }
    lar_free(values);
    return LAR_OK;
}
