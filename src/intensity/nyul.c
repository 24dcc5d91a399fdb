/* Landmarks of the histogram onto a standard scale: Nyul and Udupa 1999,
 * doi:10.1002/(SICI)1522-2594(199912)42:6<1072::AID-MRM11>3.0.CO;2-M; Nyul, Udupa and Zhang 2000,
 * doi:10.1109/42.836373; percentiles of Shah 2011, doi:10.1016/j.media.2010.12.003.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>

#include "base/base.h"
#include "intensity/normalizer.h"
#include "intensity/sample.h"
#include "math/math.h"

/* Landmarks that lie closer than this part of their range are one: between them the map would be
 * as good as vertical. */
static const double apart = 1e-6;

typedef struct standard {
    int64_t images;
    lar_reals percentiles;
    double at[LAR_LIST_MAX]; /* while learning: sums over images */
} standard;

static lar_status choose_percentiles(lar_reals *out, const lar_normalize_params *params)
{
    *out = params->percentiles;
    if (out->count == 0)
        *out = (lar_reals){ .count = 11, .at = { 1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 99 } };
    bool rising = out->count >= 2;
    for (int64_t n = 1; n < out->count; n++) rising = rising && out->at[n] > out->at[n - 1];
    if (!rising)
        return lar_fail(LAR_EARGUMENT,
                        "the percentiles of landmarks are two or more that rise, such as 1 50 99");
    const lar_reals *range = &params->range;
    if (range->count != 0 && (range->count != 2 || !(range->at[0] < range->at[1])))
        return lar_fail(LAR_EARGUMENT,
                        "the ends of a standard scale are two numbers that rise, such as 1 100");
    return LAR_OK;
}

static lar_status find_landmarks(double at[LAR_LIST_MAX], const lar_reals *percentiles,
                                 const lar_fitting *of)
{
    lar_status status = LAR_OK;
    lar_sample sample = { 0 };
    double fractions[LAR_LIST_MAX];
    const int64_t last = percentiles->count - 1;

    for (int64_t n = 0; n <= last; n++) fractions[n] = percentiles->at[n] / 100;
    LAR_TRY(lar_sample_take(&sample, of->image, of->mask));
    LAR_TRY(lar_quantiles(at, fractions, percentiles->count, sample.values, sample.count));
    if (!(at[last] > at[0])) {
        status =
            lar_fail(LAR_ENUMERIC,
                     "all landmarks are %.9g: percentile %.9g to %.9g of the %lld voxels that "
                     "count are equal",
                     at[0], percentiles->at[0], percentiles->at[last], (long long)sample.count);
        lar_hint(status, "a mask without the background, or other --percentiles");
    }
done:
    lar_sample_clear(&sample);
    return status;
}

static lar_status nyul_learn(void *into, int pass, const lar_fitting *of)
{
    (void)pass;
    standard *s = into;
    double at[LAR_LIST_MAX];
    const lar_reals *range = &of->params->range;
    const double low = range->count ? range->at[0] : 1, high = range->count ? range->at[1] : 100;
    lar_status status = choose_percentiles(&s->percentiles, of->params);
    if (status == LAR_OK) status = find_landmarks(at, &s->percentiles, of);
    if (status != LAR_OK) return status;
    const double first = at[0], length = at[s->percentiles.count - 1] - first;
    for (int64_t n = 0; n < s->percentiles.count; n++)
        s->at[n] += low + (high - low) * ((at[n] - first) / length);
    s->images++;
    return LAR_OK;
}

static lar_status nyul_end_pass(void *into, int pass, const lar_normalize_params *params)
{
    (void)pass;
    (void)params;
    standard *s = into;
    for (int64_t n = 0; n < s->percentiles.count; n++) s->at[n] /= (double)s->images;
    return LAR_OK;
}

/* Landmarks that coincide (many voxels of one value) become one knot, at the mean of their places
 * on the standard scale. */
static lar_status nyul_fit(lar_found *out, const lar_fitting *of)
{
    const standard *s = of->standard;
    lar_curve *curve = &out->curve;
    const int64_t count = s->percentiles.count;
    double at[LAR_LIST_MAX];
    const lar_status status = find_landmarks(at, &s->percentiles, of);
    if (status != LAR_OK) return status;
    const double least = apart * (at[count - 1] - at[0]);
    for (int64_t n = 0, equal; n < count; n += equal) {
        double from = 0, to = 0;
        for (equal = 0; n + equal < count && at[n + equal] - at[n] <= least; equal++) {
            from += at[n + equal] - at[n];
            to += s->at[n + equal];
        }
        curve->from[curve->count] = at[n] + from / (double)equal;
        curve->to[curve->count++] = to / (double)equal;
    }
    out->values.count = count;
    memcpy(out->values.at, at, (size_t)count * sizeof *at);
    return LAR_OK;
}

static lar_status nyul_write(json_t *json, const void *of, const char *path, bool force)
{
    (void)path;
    (void)force;
    const standard *s = of;
    const int failed =
        json_object_set_new(json, "images", json_integer(s->images)) |
        json_object_set_new(json, "percentiles",
                            lar_reals_to_json(s->percentiles.at, s->percentiles.count)) |
        json_object_set_new(json, "landmarks", lar_reals_to_json(s->at, s->percentiles.count));
    return failed ? lar_fail(LAR_EMEMORY, "out of memory while writing landmarks") : LAR_OK;
}

static lar_status nyul_read(void *into, const json_t *json, const char *path)
{
    standard *s = into;
    lar_reals at;
    const json_t *images = json_object_get(json, "images");
    bool valid = lar_reals_from_json(&s->percentiles, json_object_get(json, "percentiles")) &&
                 lar_reals_from_json(&at, json_object_get(json, "landmarks")) &&
                 at.count == s->percentiles.count && at.count >= 2 && json_is_integer(images) &&
                 json_integer_value(images) > 0;
    for (int64_t n = 0; valid && n < at.count; n++) {
        const double percent = s->percentiles.at[n];
        valid = percent >= 0 && percent <= 100 &&
                (n == 0 || (percent > s->percentiles.at[n - 1] && at.at[n] >= at.at[n - 1]));
        s->at[n] = at.at[n];
    }
    if (!valid)
        return lar_fail(LAR_EFORMAT, "'%s' does not hold landmarks that rise and their percentiles",
                        path);
    s->images = json_integer_value(images);
    return LAR_OK;
}

static const char *const value_names[] = {
    "landmark 1",  "landmark 2",  "landmark 3",  "landmark 4",  "landmark 5",  "landmark 6",
    "landmark 7",  "landmark 8",  "landmark 9",  "landmark 10", "landmark 11", "landmark 12",
    "landmark 13", "landmark 14", "landmark 15", "landmark 16", NULL
};
static const char *const keys[] = { "contrast", "foreground", "percentiles", "range", NULL };
static const lar_population population = {
    .passes = 1,
    .size = sizeof(standard),
    .learn = nyul_learn,
    .end_pass = nyul_end_pass,
    .write = nyul_write,
    .read = nyul_read,
};

const lar_normalizer_method lar_normalizer_nyul = {
    .name = "nyul",
    .summary = "landmarks of the histogram onto the standard scale of a population",
    .about =
        "Learns from a population in one pass: percentiles 1, 10, 20 ... 90, 99 of each image, "
        "moved so that the first is 1 and the last 100 (--percentiles, --range), averaged over the "
        "images. An image's own landmarks are then brought onto these, linearly between them, and "
        "beyond the ends as in the nearest piece. Landmarks that coincide, as where many voxels "
        "have one value, become one. One image is a population too: its map is a straight line. "
        "The contrast is not used; it is kept with the fit, so that a scan of another is refused.",
    .cite = "Nyul 2000, doi:10.1109/42.836373; Shah 2011, doi:10.1016/j.media.2010.12.003",
    .value_names = value_names,
    .keys = keys,
    .foreground = LAR_FOREGROUND_HEAD,
    .population = &population,
    .fit = nyul_fit,
};
