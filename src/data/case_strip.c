/* The brain masks that were found in a case, and whether they can be trusted, kept with the cases
 * of a cohort. SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>

#include "data/data.h"

/* The numbers of a verdict, by name. */
static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    { "millilitres", offsetof(lar_strip_verdict, millilitres) },
    { "largest", offsetof(lar_strip_verdict, largest) },
    { "holes", offsetof(lar_strip_verdict, holes) },
    { "edge", offsetof(lar_strip_verdict, edge) },
    { "symmetry", offsetof(lar_strip_verdict, symmetry) },
    { "boundary_contrast", offsetof(lar_strip_verdict, contrast) },
};

json_t *lar_case_strip_to_json(const lar_case_strip *strip)
{
    const lar_strip_verdict *v = &strip->verdict;
    json_t *out = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:b}", "step", (json_int_t)strip->step,
                            "of", strip->of, "mask", strip->mask, "method", strip->method, "model",
                            strip->model, "contrast", strip->contrast, "doubtful", v->doubtful);
    if (v->doubtful) json_object_set_new(out, "reason", json_string(v->reason));
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
        const double value = *(const double *)((const char *)v + numbers[n].offset);
        /* JSON has no infinity and no NaN: null */
        json_object_set_new(out, numbers[n].name, isfinite(value) ? json_real(value) : json_null());
    }
    json_object_set_new(out, "pieces", json_integer(v->pieces));
    return out;
}

static const char *text_of(const json_t *object, const char *key, lar_arena *arena)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? lar_arena_text(arena, text, strlen(text)) : NULL;
}

lar_status lar_case_strip_from_json(lar_case_strip *out, const json_t *object, lar_arena *arena)
{
    lar_strip_verdict *v = &out->verdict;
    const char *reason = json_string_value(json_object_get(object, "reason"));
    *out = (lar_case_strip){ .step = json_integer_value(json_object_get(object, "step")),
                             .of = text_of(object, "of", arena),
                             .mask = text_of(object, "mask", arena),
                             .method = text_of(object, "method", arena),
                             .model = text_of(object, "model", arena),
                             .contrast = text_of(object, "contrast", arena) };
    if (out->step < 1 || !out->of || !out->mask || !out->method || !out->model || !out->contrast)
        return LAR_EFORMAT;
    v->doubtful = json_is_true(json_object_get(object, "doubtful"));
    if (v->doubtful != (reason != NULL)) return LAR_EFORMAT;
    if (reason) snprintf(v->reason, sizeof v->reason, "%s", reason);
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
        const json_t *value = json_object_get(object, numbers[n].name);
        *(double *)((char *)v + numbers[n].offset) =
            json_is_number(value) ? json_number_value(value) : NAN;
    }
    v->pieces = json_integer_value(json_object_get(object, "pieces"));
    return LAR_OK;
}

void lar_case_strip_words(lar_text *out, const lar_case_strip *strip)
{
    if (lar_text_is(strip->method, "stripped"))
        lar_text_add(out, "%s of a scan that was stripped before", strip->mask);
    else
        lar_text_add(out, "%s by %s", strip->mask, strip->method);
    if (*strip->model) lar_text_add(out, " (%s)", strip->model);
}

lar_case_strip *lar_case_strips_copy(const lar_case_strip *strips, int64_t count, lar_arena *arena)
{
    lar_case_strip *copy = lar_arena_take(arena, count, sizeof *copy);
    for (int64_t n = 0; copy && n < count; n++) {
        const char **texts[] = { &copy[n].of, &copy[n].mask, &copy[n].method, &copy[n].model,
                                 &copy[n].contrast };
        copy[n] = strips[n];
        for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
            *texts[t] = lar_arena_text(arena, *texts[t], strlen(*texts[t]));
            if (!*texts[t]) return NULL;
        }
    }
    return copy;
}
