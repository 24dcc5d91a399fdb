/* What normalizers found, kept with the cases of a cohort and in model files.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>

#include "data/data.h"

static json_t *numbers(const double *at, int64_t count)
{
    json_t *list = json_array();
    for (int64_t n = 0; n < count; n++) json_array_append_new(list, json_real(at[n]));
    return list;
}

static int64_t read_numbers(double at[LAR_LIST_MAX], const json_t *list)
{
    const size_t count = json_array_size(list);
    if (count > LAR_LIST_MAX) return -1;
    for (size_t n = 0; n < count; n++) at[n] = json_number_value(json_array_get(list, n));
    return (int64_t)count;
}

json_t *lar_fit_to_json(const lar_fit *fit)
{
    return json_pack("{s:s?, s:o, s:o, s:o, s:b}", "method", fit->method, "values",
                     numbers(fit->values.at, fit->values.count), "from",
                     numbers(fit->curve.from, fit->curve.count), "to",
                     numbers(fit->curve.to, fit->curve.count), "clips", fit->curve.clips);
}

lar_status lar_fit_from_json(lar_fit *out, const json_t *object, lar_arena *arena)
{
    *out = (lar_fit){ 0 };
    if (!json_is_object(object)) return LAR_EFORMAT;
    const char *method = json_string_value(json_object_get(object, "method"));
    if (!method) return LAR_OK; /* was not normalized */
    out->values.count = read_numbers(out->values.at, json_object_get(object, "values"));
    out->curve.count = read_numbers(out->curve.from, json_object_get(object, "from"));
    out->curve.clips = json_is_true(json_object_get(object, "clips"));
    if (out->values.count < 0 || out->curve.count < 2 ||
        read_numbers(out->curve.to, json_object_get(object, "to")) != out->curve.count)
        return LAR_EFORMAT;
    for (int64_t n = 1; n < out->curve.count; n++)
        if (!(out->curve.from[n] > out->curve.from[n - 1])) return LAR_EFORMAT;
    out->method = lar_arena_text(arena, method, strlen(method));
    return out->method ? LAR_OK : LAR_EMEMORY;
}

/* What becomes y; beyond the ends the first and the last piece go on. */
static double undone(const lar_curve *curve, double y)
{
    int64_t n = 0;
    while (n < curve->count - 2 && y > curve->to[n + 1]) n++;
    const double rise = curve->to[n + 1] - curve->to[n];
    if (!(rise > 0)) return curve->from[n];
    return curve->from[n] + (y - curve->to[n]) / rise * (curve->from[n + 1] - curve->from[n]);
}

/* Of unequal curves, the mean of what they undo, at the knots of the one that has most. */
static void average_unequal(lar_curve *out, const lar_fit *const *fits, int64_t count)
{
    for (int64_t n = 0; n < count; n++)
        if (fits[n]->curve.count > out->count) *out = fits[n]->curve;
    for (int64_t v = 0; v < out->count; v++) {
        double from = 0;
        for (int64_t n = 0; n < count; n++) from += undone(&fits[n]->curve, out->to[v]);
        out->from[v] = from / (double)count;
    }
}

lar_status lar_fit_average(lar_fit *out, const lar_fit *const *fits, int64_t count,
                           lar_arena *arena)
{
    *out = (lar_fit){ 0 };
    if (count == 0 || !fits[0]->method) return LAR_OK;
    *out = *fits[0];
    out->method = lar_arena_text(arena, fits[0]->method, strlen(fits[0]->method));
    if (!out->method) return LAR_EMEMORY;
    for (int64_t v = 0; v < out->values.count; v++) {
        double sum = 0;
        for (int64_t n = 0; n < count; n++) sum += fits[n]->values.at[v];
        out->values.at[v] = sum / (double)count;
    }
    for (int64_t n = 0; n < count; n++)
        if (fits[n]->curve.count != out->curve.count) {
            average_unequal(&out->curve, fits, count);
            return LAR_OK;
        }
    for (int64_t v = 0; v < out->curve.count; v++) {
        double from = 0, to = 0;
        for (int64_t n = 0; n < count; n++) {
            from += fits[n]->curve.from[v];
            to += fits[n]->curve.to[v];
        }
        out->curve.from[v] = from / (double)count;
        out->curve.to[v] = to / (double)count;
    }
    return LAR_OK;
}
