/* What registrations found in a case, and whether it can be trusted, kept with the cases of a
 * cohort. SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>

#include "data/data.h"
#include "math/math.h"

/* JSON has no infinity and no NaN: null. */
static json_t *real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static double read_real(const json_t *value)
{
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* The numbers of a verdict, by name. */
static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    { "overlap", offsetof(lar_register_verdict, overlap) },
    { "metric_before", offsetof(lar_register_verdict, metric_before) },
    { "metric_after", offsetof(lar_register_verdict, metric_after) },
    { "sharpness", offsetof(lar_register_verdict, sharpness) },
    { "angle_degrees", offsetof(lar_register_verdict, angle_degrees) },
    { "shift_mm", offsetof(lar_register_verdict, shift_mm) },
    { "smallest_scale", offsetof(lar_register_verdict, scale[0]) },
    { "middle_scale", offsetof(lar_register_verdict, scale[1]) },
    { "largest_scale", offsetof(lar_register_verdict, scale[2]) },
    { "determinant", offsetof(lar_register_verdict, determinant) },
    { "consistency_mm", offsetof(lar_register_verdict, consistency_mm) },
    { "smallest_jacobian", offsetof(lar_register_verdict, jacobian[0]) },
    { "largest_jacobian", offsetof(lar_register_verdict, jacobian[1]) },
};

json_t *lar_case_map_to_json(const lar_case_map *map)
{
    const lar_register_verdict *v = &map->verdict;
    json_t *affine = json_array();
    for (int r = 0; r < 3; r++) {
        const double *row = map->affine.m[r];
        json_array_append_new(affine, json_pack("[f,f,f,f]", row[0], row[1], row[2], row[3]));
    }
    json_t *out = json_pack("{s:I, s:s, s:s, s:o, s:b}", "step", (json_int_t)map->step, "move",
                            map->move, "to", map->to, "affine", affine, "doubtful", v->doubtful);
    if (v->doubtful) json_object_set_new(out, "reason", json_string(v->reason));
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
        json_object_set_new(out, numbers[n].name,
                            real(*(const double *)((const char *)v + numbers[n].offset)));
    json_object_set_new(out, "folded", json_integer(v->folded));
    return out;
}

static bool read_affine(lar_affine *out, const json_t *rows)
{
    lar_affine inverse;
    if (json_array_size(rows) != 3) return false;
    for (size_t r = 0; r < 3; r++) {
        const json_t *row = json_array_get(rows, r);
        if (json_array_size(row) != 4) return false;
        for (size_t c = 0; c < 4; c++) out->m[r][c] = json_number_value(json_array_get(row, c));
    }
    return lar_affine_invert(&inverse, out);
}

static const char *text_of(const json_t *object, const char *key, lar_arena *arena)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? lar_arena_text(arena, text, strlen(text)) : NULL;
}

lar_status lar_case_map_from_json(lar_case_map *out, const json_t *object, lar_arena *arena)
{
    lar_register_verdict *v = &out->verdict;
    const char *reason = json_string_value(json_object_get(object, "reason"));
    *out = (lar_case_map){ .step = json_integer_value(json_object_get(object, "step")),
                           .move = text_of(object, "move", arena),
                           .to = text_of(object, "to", arena) };
    if (out->step < 1 || !out->move || !out->to ||
        !read_affine(&out->affine, json_object_get(object, "affine")))
        return LAR_EFORMAT;
    v->doubtful = json_is_true(json_object_get(object, "doubtful"));
    if (v->doubtful != (reason != NULL)) return LAR_EFORMAT;
    if (reason) snprintf(v->reason, sizeof v->reason, "%s", reason);
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
        *(double *)((char *)v + numbers[n].offset) =
            read_real(json_object_get(object, numbers[n].name));
    v->folded = json_integer_value(json_object_get(object, "folded"));
    return LAR_OK;
}

lar_case_map *lar_case_maps_copy(const lar_case_map *maps, int64_t count, lar_arena *arena)
{
    lar_case_map *copy = lar_arena_take(arena, count, sizeof *copy);
    for (int64_t n = 0; copy && n < count; n++) {
        copy[n] = maps[n];
        copy[n].move = lar_arena_text(arena, maps[n].move, strlen(maps[n].move));
        copy[n].to = lar_arena_text(arena, maps[n].to, strlen(maps[n].to));
        if (!copy[n].move || !copy[n].to) return NULL;
    }
    return copy;
}
