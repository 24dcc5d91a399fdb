/* Least squares of tissue means: each image is scaled so that its means of CSF, grey and white
 * matter come closest to a standard, which is the first image of the population with its CSF at 1
 * (as intensity-normalization 2.2.4, https://github.com/jcreinhold/intensity-normalization).
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>

#include "base/base.h"
#include "image/image.h"
#include "intensity/normalizer.h"
#include "intensity/tissue.h"

enum { TISSUES = 3, CHUNK = 256 };

typedef struct standard {
    bool found;
    double means[TISSUES]; /* CSF, grey, white */
} standard;

/* Means weighted with memberships that were found elsewhere, one channel per tissue. */
static lar_status means_by_maps(double means[TISSUES], const lar_fitting *of)
{
    const int64_t *size = of->image->grid.size;
    double row[CHUNK], inside[CHUNK], share[CHUNK], sums[TISSUES] = { 0 }, weights[TISSUES] = { 0 };
    for (int64_t n = 0; n < CHUNK; n++) inside[n] = 1;
    for (int64_t r = 0; r < size[1] * size[2]; r++)
        for (int64_t i = 0; i < size[0]; i += CHUNK) {
            const int64_t count = size[0] - i < CHUNK ? size[0] - i : CHUNK;
            const int64_t j = r % size[1], k = r / size[1];
            lar_image_load(row, of->image, i, j, k, 0, count);
            if (of->mask) lar_image_load(inside, of->mask, i, j, k, 0, count);
            for (int t = 0; t < TISSUES; t++) {
                lar_image_load(share, of->tissue, i, j, k, t, count);
                for (int64_t n = 0; n < count; n++) {
                    if (inside[n] == 0 || share[n] == 0) continue;
                    weights[t] += share[n];
                    sums[t] += share[n] * row[n];
                }
            }
        }
    for (int t = 0; t < TISSUES; t++) {
        means[t] = sums[t] / weights[t];
        if (!(weights[t] > 0) || !isfinite(means[t]))
            return lar_fail(LAR_ENUMERIC, "no voxel that counts is of tissue %d of the map", t + 1);
    }
    return LAR_OK;
}

static lar_status means_by_values(double means[TISSUES], const lar_fitting *of)
{
    lar_status status = LAR_OK;
    lar_sample sample = { 0 };
    lar_tissues tissues;
    LAR_TRY(lar_sample_take(&sample, of->image, of->mask));
    LAR_TRY(lar_tissues_find(&tissues, &sample));
    memcpy(means, tissues.means, sizeof tissues.means);
done:
    lar_sample_clear(&sample);
    return status;
}

static lar_status find_means(double means[TISSUES], const lar_fitting *of)
{
    const int contrast = of->params->contrast;
    if (of->tissue && of->tissue->channels != TISSUES)
        return lar_fail(LAR_EARGUMENT,
                        "the map holds %lld tissue%s, expected 3 volumes: CSF, grey and white",
                        (long long)of->tissue->channels, of->tissue->channels == 1 ? "" : "s");
    if (of->tissue) return means_by_maps(means, of);
    if (contrast == LAR_CONTRAST_AUTO || contrast == LAR_CONTRAST_T1)
        return means_by_values(means, of);
    lar_fail(LAR_EARGUMENT, "which tissue is which can be seen on a T1 alone");
    return lar_hint(LAR_EARGUMENT, "the tissue map of the same head's T1");
}

static lar_status lsq_learn(void *into, int pass, const lar_fitting *of)
{
    (void)pass;
    standard *s = into;
    double means[TISSUES];
    if (s->found) return LAR_OK; /* the first image alone sets the standard */
    const lar_status status = find_means(means, of);
    if (status != LAR_OK) return status;
    if (!(means[0] > 0))
        return lar_fail(LAR_ENUMERIC,
                        "the mean of CSF is %.9g, and only a scale above 0 can make it %.9g",
                        means[0], of->params->to);
    for (int t = 0; t < TISSUES; t++) s->means[t] = means[t] / means[0] * of->params->to;
    s->found = true;
    return LAR_OK;
}

static lar_status lsq_end_pass(void *into, int pass, const lar_normalize_params *params)
{
    (void)into;
    (void)pass;
    (void)params;
    return LAR_OK;
}

/* The a that brings a * means closest to the standard. */
static lar_status lsq_fit(lar_found *out, const lar_fitting *of)
{
    const standard *s = of->standard;
    double means[TISSUES], across = 0, square = 0;
    const lar_status status = find_means(means, of);
    if (status != LAR_OK) return status;
    for (int t = 0; t < TISSUES; t++) {
        across += means[t] * s->means[t];
        square += means[t] * means[t];
    }
    const double scale = across / square;
    if (!(scale > 0) || !isfinite(scale))
        return lar_fail(LAR_ENUMERIC,
                        "the tissue means %.9g, %.9g and %.9g cannot be scaled onto the standard "
                        "%.9g, %.9g and %.9g",
                        means[0], means[1], means[2], s->means[0], s->means[1], s->means[2]);
    out->values = (lar_reals){ .count = 4, .at = { means[0], means[1], means[2], scale } };
    out->curve = lar_curve_linear(0, 1 / scale);
    return LAR_OK;
}

static lar_status lsq_write(json_t *json, const void *of, const char *path, bool force)
{
    (void)path;
    (void)force;
    const standard *s = of;
    if (json_object_set_new(json, "means", lar_reals_to_json(s->means, TISSUES)) != 0)
        return lar_fail(LAR_EMEMORY, "out of memory while writing tissue means");
    return LAR_OK;
}

static lar_status lsq_read(void *into, const json_t *json, const char *path)
{
    standard *s = into;
    lar_reals means;
    if (!lar_reals_from_json(&means, json_object_get(json, "means")) || means.count != TISSUES ||
        !(means.at[0] > 0))
        return lar_fail(LAR_EFORMAT, "'%s' does not hold three tissue means, CSF above 0", path);
    memcpy(s->means, means.at, sizeof s->means);
    s->found = true;
    return LAR_OK;
}

static const char *const value_names[] = { "csf", "grey", "white", "scale", NULL };
static const char *const keys[] = { "contrast", "foreground", "to", NULL };
static const lar_population population = {
    .passes = 1,
    .size = sizeof(standard),
    .learn = lsq_learn,
    .end_pass = lsq_end_pass,
    .write = lsq_write,
    .read = lsq_read,
};

const lar_normalizer_method lar_normalizer_lsq = {
    .name = "lsq",
    .summary = "scaled so that the means of three tissues fit those of the first image",
    .about = "Fuzzy c-means finds CSF, grey and white matter on a T1; for other contrasts give the "
             "map of the T1's three tissues. The tissue means of the first image, divided by that "
             "of its CSF (which becomes --to), are the standard; each image is multiplied with the "
             "one number that brings its own three means closest to it, in the sense of least "
             "squares. The first image alone is the population: its choice matters, the order of "
             "the others does not.",
    .value_names = value_names,
    .keys = keys,
    .foreground = LAR_FOREGROUND_HEAD,
    .takes_tissue = true,
    .population = &population,
    .fit = lsq_fit,
};
