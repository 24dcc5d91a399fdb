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

/* Among those that are there, in rising order. False: there is no room. */
static bool add_label(lar_case_look *look, double label)
{
    int64_t at = 0;
    while (at < look->classes && look->labels[at] < label) at++;
    if (at < look->classes && look->labels[at] == label) return true;
    if (look->classes == CLASSES_MAX) return false;
    memmove(look->labels + at + 1, look->labels + at,
            (size_t)(look->classes - at) * sizeof *look->labels);
    look->labels[at] = label;
    look->classes++;
    return true;
}

/* Those that are asked for, or all that the image has but 0. */
static lar_status find_labels(lar_case_look *look, const lar_ints *asked, const lar_image *image,
                              double *row)
{
    const int64_t *size = image->grid.size;
    look->labels = lar_alloc(CLASSES_MAX, sizeof *look->labels);
    if (!look->labels) return LAR_EMEMORY;
    for (int64_t n = 0; n < asked->count; n++) add_label(look, (double)asked->at[n]);
    if (asked->count) return LAR_OK;
    for (int64_t r = 0; r < size[1] * size[2]; r++) {
        lar_image_load(row, image, 0, r % size[1], r / size[1], 0, size[0]);
        for (int64_t i = 0; i < size[0]; i++)
            if (row[i] != 0 && !add_label(look, row[i]))
                return lar_fail(LAR_EUNSUPPORTED, "more than %d labels are in one image",
                                CLASSES_MAX);
    }
    return LAR_OK;
}

static lar_status sum_up(lar_case_look *look, const lar_sampler *s, const lar_image *image,
                         double *row)
{
    const int64_t *size = image->grid.size, planes = size[2];
    int64_t low[3], high[3];
    lar_sampler_allowed(low, high, &s->params.sample, size);
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
    int64_t kept = 0; /* labels that are asked for, or lie outside of the range, may be missing */
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
        LAR_TRY(find_labels(look, &s->params.sample.labels, image, row));
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

static double ratio_of(const lar_case_look *look, int64_t class, const lar_sample_params *p)
{
    for (int64_t n = 0; n < p->ratios.count; n++)
        if ((double)p->labels.at[n] == look->labels[class]) return p->ratios.at[n];
    return 1;
}

/* Each as often as its ratio to the others that are there; -1: none. */
static int64_t pick_class(const lar_case_look *look, const lar_sample_params *p, double u)
{
    int64_t picked = -1;
    double left = 0;
    for (int64_t c = 0; c < look->classes; c++) left += ratio_of(look, c, p);
    left *= u;
    for (int64_t c = 0; c < look->classes && (picked < 0 || left >= 0); c++) {
        const double ratio = ratio_of(look, c, p);
        if (ratio > 0) picked = c;
        left -= ratio;
    }
    return picked;
}

static lar_status no_label(const lar_sampler *s, int64_t n)
{
    const lar_sample_params *p = &s->params.sample;
    lar_text all = { 0 };
    for (int64_t m = 0; m < p->labels.count; m++)
        if (!p->ratios.count || p->ratios.at[m] > 0)
            lar_text_add(&all, " %lld", (long long)p->labels.at[m]);
    const bool whole = p->range.at[0] == 0 && p->range.at[1] == 1;
    lar_fail(LAR_EARGUMENT, "'%s' of '%s' has none of the 'labels' that are picked%s:%s", p->of,
             s->params.prepared->cases[s->params.cases[n]].id, whole ? "" : " in 'range'",
             lar_text_get(&all));
    lar_text_clear(&all);
    return lar_hint(LAR_EARGUMENT, "0 among 'labels', with a ratio, or 'leave_out' for the case");
}

lar_status lar_sampler_pick(bool *found, int64_t voxel[3], lar_sampler *s, int64_t n,
                            const double u[2])
{
    lar_status status = LAR_OK;
    const lar_sample_params *p = &s->params.sample;
    const lar_case_look *look;
    lar_image *image = NULL;
    double *row = NULL;
    int64_t low[3], high[3], k = 0;
    *found = false;
    LAR_TRY(lar_sampler_look(&look, s, n));
    const int64_t c = pick_class(look, p, u[0]);
    if (c < 0) return p->labels.count ? no_label(s, n) : LAR_OK;
    LAR_TRY(lar_prepared_map(&image, s->params.prepared, s->params.cases[n],
                             s->of >= 0 ? s->of : s->params.images[0].number));
    const int64_t *size = image->grid.size;
    const double *sums = look->sums + c * size[2];
    double left = u[1] * sums[size[2] - 1];
    while (k < size[2] - 1 && sums[k] <= left) k++;
    if (k > 0) left -= sums[k - 1];
    row = lar_alloc(size[0], sizeof *row);
    if (!row) {
        status = LAR_EMEMORY;
        goto done;
    }
    lar_sampler_allowed(low, high, &s->params.sample, size);
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
