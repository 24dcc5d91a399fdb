/* Piecewise linear maps of intensities. Each piece is the one before it and a hinge, so that a row
 * of voxels is mapped without a branch.
 * SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>

#include "base/base.h"
#include "image/image.h"
#include "intensity/intensity.h"

enum { CHUNK = 512, ROWS = 64 }; /* voxels of a row at a time; rows of a piece */

lar_curve lar_curve_linear(double shift, double scale)
{
    return (lar_curve){ .count = 2, .from = { shift, shift + scale }, .to = { 0, 1 } };
}

lar_status lar_found_scale(lar_found *out, double measure, double to, const char *what)
{
    if (!(measure > 0)) {
        lar_fail(LAR_ENUMERIC, "%s is %.9g, and an image is scaled by a value above 0", what,
                 measure);
        return lar_hint(LAR_ENUMERIC, "larmor normalize zscore or whitestripe, which shift too");
    }
    out->values = (lar_reals){ 1, { measure } };
    out->curve = lar_curve_linear(0, measure / to);
    return LAR_OK;
}

/* out = to + slope (x - from) + the sum over n of bends[n] max(0, x - at[n]) */
typedef struct hinges {
    double low, high; /* x is held within */
    double from, to, slope;
    int64_t count;
    double at[LAR_LIST_MAX], bends[LAR_LIST_MAX];
} hinges;

static hinges hinges_of(const double *from, const double *to, int64_t count, bool clips)
{
    hinges h = { .low = clips ? from[0] : -INFINITY,
                 .high = clips ? from[count - 1] : INFINITY,
                 .from = from[0],
                 .to = to[0] };
    for (int64_t n = 0; n + 1 < count; n++) {
        const double slope = (to[n + 1] - to[n]) / (from[n + 1] - from[n]);
        if (n == 0) {
            h.slope = slope;
            continue;
        }
        h.at[h.count] = from[n];
        h.bends[h.count++] = slope - (to[n] - to[n - 1]) / (from[n] - from[n - 1]);
    }
    return h;
}

LAR_CLONES
static void map_values(float *restrict out, double *restrict x, int64_t count, const hinges *h)
{
    double sum[CHUNK];
    for (int64_t n = 0; n < count; n++) {
        const double high = x[n] > h->high ? h->high : x[n];
        x[n] = high < h->low ? h->low : high;
        sum[n] = h->to + h->slope * (x[n] - h->from);
    }
    for (int64_t b = 0; b < h->count; b++)
        for (int64_t n = 0; n < count; n++) {
            const double past = x[n] - h->at[b];
            sum[n] += h->bends[b] * (past > 0 ? past : 0);
        }
    for (int64_t n = 0; n < count; n++) out[n] = (float)sum[n];
}

typedef struct mapping {
    const lar_image *in;
    lar_image *out;
    hinges map;
    int64_t *broken; /* per piece: results that are not finite */
} mapping;

static lar_status map_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    const mapping *job = arg;
    const int64_t *size = job->in->grid.size;
    double row[CHUNK];
    int64_t broken = 0;
    for (int64_t r = begin; r < end; r++) {
        const int64_t j = r % size[1], k = r / size[1] % size[2], c = r / (size[1] * size[2]);
        float *out = (float *)job->out->voxels + r * size[0];
        for (int64_t i = 0; i < size[0]; i += CHUNK) {
            const int64_t count = size[0] - i < CHUNK ? size[0] - i : CHUNK;
            lar_image_load(row, job->in, i, j, k, c, count);
            map_values(out + i, row, count, &job->map);
            for (int64_t n = 0; n < count; n++) broken += !(fabsf(out[i + n]) <= FLT_MAX);
        }
    }
    job->broken[piece] = broken;
    return LAR_OK;
}

static lar_status map_image(lar_image **out, const lar_image *in, const hinges *map)
{
    lar_status status = LAR_OK;
    const int64_t rows = in->grid.size[1] * in->grid.size[2] * in->channels;
    const int64_t pieces = lar_piece_count(rows, ROWS);
    lar_image *result = NULL;
    int64_t total = 0, *broken = lar_alloc(pieces, sizeof *broken);

    *out = NULL;
    if (!broken) return LAR_EMEMORY;
    LAR_TRY(lar_image_blank(&result, in, LAR_F32));
    mapping job = { .in = in, .out = result, .map = *map, .broken = broken };
    LAR_TRY(lar_parallel(rows, ROWS, map_rows, &job));
    for (int64_t n = 0; n < pieces; n++) total += broken[n];
    if (total > 0) {
        status = lar_fail(LAR_ENUMERIC, "%lld of %lld voxels are not finite, or become too large",
                          (long long)total, (long long)(lar_image_voxel_count(in) * in->channels));
        lar_hint(status, "larmor info --voxels");
        goto done;
    }
    *out = result;
    result = NULL;
done:
    lar_image_free(result);
    lar_free(broken);
    return status;
}

static lar_status check_curve(const lar_curve *curve)
{
    bool valid = curve->count >= 2 && curve->count <= LAR_LIST_MAX;
    for (int64_t n = 0; valid && n < curve->count; n++)
        valid = isfinite(curve->from[n]) && isfinite(curve->to[n]) &&
                (n == 0 || curve->from[n] > curve->from[n - 1]);
    return valid ? LAR_OK : lar_fail(LAR_EARGUMENT, "the knots of an intensity map do not rise");
}

lar_status lar_curve_apply(lar_image **out, const lar_curve *curve, const lar_image *in)
{
    *out = NULL;
    const lar_status status = check_curve(curve);
    if (status != LAR_OK) return status;
    const hinges map = hinges_of(curve->from, curve->to, curve->count, curve->clips);
    return map_image(out, in, &map);
}

lar_status lar_curve_undo(lar_image **out, const lar_curve *curve, const lar_image *in)
{
    *out = NULL;
    const lar_status status = check_curve(curve);
    if (status != LAR_OK) return status;
    for (int64_t n = 1; n < curve->count; n++)
        if (!(curve->to[n] > curve->to[n - 1]))
            return lar_fail(LAR_EUNSUPPORTED,
                            "this intensity map cannot be undone: from %.9g to "
                            "%.9g it does not rise",
                            curve->from[n - 1], curve->from[n]);
    const hinges map = hinges_of(curve->to, curve->from, curve->count, false);
    return map_image(out, in, &map);
}
