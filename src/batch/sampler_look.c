/* What of a case's voxels samplers need: what lies outside, and how likely each voxel is to be
 * the middle of a sample. Kept as sums by slice; the slice itself is read when it was drawn.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "batch/sampler_parts.h"
#include "image/image.h"

enum { CLASSES_MAX = 1024 };

/* How much a voxel counts, and for which class. */
static double weight_of(int64_t *class, const lar_sampler *s, const lar_case_look *look,
                        double value)
{
    *class = 0;
    switch (s->params.sample.pick) {
    case LAR_PICK_LABELS: {
        int64_t low = 0, high = look->classes;
        while (low < high) {
            const int64_t middle = (low + high) / 2;
            if (look->labels[middle] < value)
                low = middle + 1;
            else
                high = middle;
        }
        *class = low;
        return low < look->classes && look->labels[low] == value;
    }
    case LAR_PICK_WEIGHTS:
        return value > 0 && isfinite(value) ? value : 0;
    default:
        return s->of >= 0 ? value != 0 : value > look->threshold;
    }
}

/* Which voxels may be picked: of slices, those in the range. */
static void allowed(int64_t low[3], int64_t high[3], const lar_sampler *s, const int64_t size[3])
{
    const lar_sample_params *p = &s->params.sample;
    for (int a = 0; a < 3; a++) {
        low[a] = 0;
        high[a] = size[a];
    }
    if (p->kind != LAR_SAMPLE_SLICE) return;
    int64_t first, count;
    lar_sampler_slices(&first, &count, p, size);
    low[p->axis] = first;
    high[p->axis] = first + count;
}

static lar_status find_labels(lar_case_look *look, const lar_image *image, double *row)
{
    const int64_t *size = image->grid.size;
    look->labels = lar_alloc(CLASSES_MAX, sizeof *look->labels);
    if (!look->labels) return LAR_EMEMORY;
    for (int64_t r = 0; r < size[1] * size[2]; r++) {
        lar_image_load(row, image, 0, r % size[1], r / size[1], 0, size[0]);
        for (int64_t i = 0; i < size[0]; i++) {
            int64_t at = 0;
            if (row[i] == 0) continue;
            while (at < look->classes && look->labels[at] < row[i]) at++;
            if (at < look->classes && look->labels[at] == row[i]) continue;
            if (look->classes == CLASSES_MAX)
                return lar_fail(LAR_EUNSUPPORTED, "more than %d labels are in one image",
                                CLASSES_MAX);
            memmove(look->labels + at + 1, look->labels + at,
                    (size_t)(look->classes - at) * sizeof *look->labels);
            look->labels[at] = row[i];
            look->classes++;
        }
    }
    return LAR_OK;
}

static lar_status sum_up(lar_case_look *look, const lar_sampler *s, const lar_image *image,
                         double *row)
{
    const int64_t *size = image->grid.size, planes = size[2];
    int64_t low[3], high[3];
    allowed(low, high, s, size);
    look->sums = lar_alloc(look->classes * planes + 1, sizeof *look->sums);
    if (!look->sums) return LAR_EMEMORY;
    for (int64_t k = low[2]; k < high[2]; k++)
        for (int64_t j = low[1]; j < high[1]; j++) {
            lar_image_load(row, image, 0, j, k, 0, size[0]);
            for (int64_t i = low[0]; i < high[0]; i++) {
                int64_t c;
                const double weight = weight_of(&c, s, look, row[i]);
                if (weight > 0) look->sums[c * planes + k] += weight;
            }
        }
    int64_t kept = 0; /* labels may lie outside of the range of slices */
    for (int64_t c = 0; c < look->classes; c++) {
        for (int64_t k = 1; k < planes; k++)
            look->sums[c * planes + k] += look->sums[c * planes + k - 1];
        if (!(look->sums[c * planes + planes - 1] > 0)) continue;
        memmove(look->sums + kept * planes, look->sums + c * planes,
                (size_t)planes * sizeof *look->sums);
        if (look->labels) look->labels[kept] = look->labels[c];
        kept++;
    }
    look->classes = kept;
    return LAR_OK;
}

static double mean_of(const lar_image *image)
{
    const float *values = image->voxels;
    const int64_t count = lar_image_voxel_count(image);
    double sum = 0;
    for (int64_t n = 0; n < count; n++) sum += (double)values[n];
    return sum / (double)count;
}

static lar_status look_at_pick(lar_case_look *look, const lar_sampler *s, int64_t index)
{
    lar_status status = LAR_OK;
    lar_image *image = NULL;
    double *row = NULL;
    const int pick = s->params.sample.pick;
    LAR_TRY(lar_prepared_map(&image, s->params.prepared, index,
                             s->of >= 0 ? s->of : s->params.images[0].number));
    row = lar_alloc(image->grid.size[0], sizeof *row);
    if (!row) {
        status = LAR_EMEMORY;
        goto done;
    }
    if (pick == LAR_PICK_LABELS)
        LAR_TRY(find_labels(look, image, row));
    else
        look->classes = 1;
    if (pick == LAR_PICK_FOREGROUND && s->of < 0) look->threshold = mean_of(image);
    LAR_TRY(sum_up(look, s, image, row));
done:
    lar_free(row);
    lar_image_free(image);
    return status;
}

static lar_status look_outside(lar_case_look *look, const lar_sampler *s, int64_t index)
{
    const lar_prepared *prepared = s->params.prepared;
    for (int64_t n = 0; n < s->params.image_count; n++) {
        lar_image *image;
        const int64_t number = s->params.images[n].number;
        if (!lar_role_is_measured(prepared->images[number].role)) continue;
        const lar_status status = lar_prepared_map(&image, prepared, index, number);
        if (status != LAR_OK) return status;
        const float *values = image->voxels;
        float least = values[0];
        for (int64_t v = 1; v < lar_image_voxel_count(image); v++) least = fminf(least, values[v]);
        look->outside[n] = least;
        lar_image_free(image);
    }
    return LAR_OK;
}

void lar_case_look_clear(lar_case_look *look)
{
    lar_free(look->labels);
    lar_free(look->sums);
    look->labels = look->sums = NULL;
    look->classes = 0;
}

lar_status lar_sampler_look(const lar_case_look **out, lar_sampler *s, int64_t n)
{
    lar_status status = LAR_OK;
    lar_case_look *look = &s->looks[n];
    const lar_sample_params *p = &s->params.sample;
    *out = look;
    pthread_mutex_lock(&look->lock);
    if (!look->done) {
        status = look_outside(look, s, s->params.cases[n]);
        if (status == LAR_OK && p->kind != LAR_SAMPLE_VOLUME && p->pick != LAR_PICK_UNIFORM &&
            p->pick != LAR_PICK_GRID)
            status = look_at_pick(look, s, s->params.cases[n]);
        look->done = status == LAR_OK;
        if (!look->done) lar_case_look_clear(look);
    }
    pthread_mutex_unlock(&look->lock);
    return status;
}

lar_status lar_sampler_pick(bool *found, int64_t voxel[3], lar_sampler *s, int64_t n,
                            const double u[2])
{
    lar_status status = LAR_OK;
    const lar_case_look *look;
    lar_image *image = NULL;
    double *row = NULL;
    int64_t low[3], high[3], k = 0;
    *found = false;
    LAR_TRY(lar_sampler_look(&look, s, n));
    if (look->classes == 0) return LAR_OK;
    LAR_TRY(lar_prepared_map(&image, s->params.prepared, s->params.cases[n],
                             s->of >= 0 ? s->of : s->params.images[0].number));
    const int64_t *size = image->grid.size;
    int64_t c = (int64_t)(u[0] * (double)look->classes);
    if (c >= look->classes) c = look->classes - 1;
    const double *sums = look->sums + c * size[2];
    double left = u[1] * sums[size[2] - 1];
    while (k < size[2] - 1 && sums[k] <= left) k++;
    if (k > 0) left -= sums[k - 1];
    row = lar_alloc(size[0], sizeof *row);
    if (!row) {
        status = LAR_EMEMORY;
        goto done;
    }
    allowed(low, high, s, size);
    for (int64_t j = low[1]; j < high[1] && !(*found && left < 0); j++) {
        lar_image_load(row, image, 0, j, k, 0, size[0]);
        for (int64_t i = low[0]; i < high[0] && !(*found && left < 0); i++) {
            int64_t class;
            const double weight = weight_of(&class, s, look, row[i]);
            if (!(weight > 0) || class != c)
                continue; /* the last one that counts, where sums were rounded */
            voxel[0] = i;
            voxel[1] = j;
            voxel[2] = k;
            *found = true;
            left -= weight;
        }
    }
done:
    lar_free(row);
    lar_image_free(image);
    return status;
}
