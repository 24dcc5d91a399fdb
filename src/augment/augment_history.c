/* What was drawn, as JSON and back.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>

#include "augment/augment_parts.h"

/* Whole numbers as such, others with as many digits as bring back the same bits. */
static json_t *number(double value)
{
    const bool is_whole = value == floor(value) && fabs(value) < 0x1p53 && !signbit(value);
    return is_whole ? json_integer((json_int_t)value) : json_real(value);
}

static json_t *drawn_to_json(const lar_drawn *drawn)
{
    json_t *object = json_object(), *values = json_object();
    bool failed = !object || !values;
    for (int n = 0; !failed && drawn->kind->names[n]; n++)
        failed = json_object_set_new(values, drawn->kind->names[n], number(drawn->values[n])) != 0;
    if (!failed) failed = json_object_set_new(object, "step", json_integer(drawn->step)) != 0;
    if (!failed) {
        failed = json_object_set_new(object, drawn->kind->name, values) != 0;
        values = NULL; /* the object has it, or it is gone */
    }
    if (!failed) return object;
    json_decref(values);
    json_decref(object);
    return NULL;
}

struct json_t *lar_history_to_json(const lar_history *history)
{
    json_t *array = json_array();
    for (int64_t n = 0; array && n < history->count; n++)
        if (json_array_append_new(array, drawn_to_json(&history->at[n])) != 0) {
            json_decref(array);
            array = NULL;
        }
    if (!array) lar_fail(LAR_EMEMORY, "not enough memory");
    return array;
}

static lar_status drawn_from_json(lar_drawn *out, const json_t *object, const lar_augments *list)
{
    const json_t *step = json_object_get(object, "step");
    if (!json_is_integer(step) || json_integer_value(step) < 0 ||
        json_integer_value(step) >= list->count)
        return lar_fail(LAR_EFORMAT, "a history names no 'step' of the %lld augmentations",
                        (long long)list->count);
    out->step = json_integer_value(step);
    out->kind = list->at[out->step].kind;
    const json_t *values = json_object_get(object, out->kind->name);
    if (!json_is_object(values) || json_object_size(object) != 2)
        return lar_fail(LAR_EFORMAT, "a history says nothing of '%s', which step %lld is",
                        out->kind->name, (long long)out->step);
    size_t count = 0;
    for (; out->kind->names[count]; count++) {
        const char *name = out->kind->names[count];
        const json_t *value = json_object_get(values, name);
        if (!json_is_number(value))
            return lar_fail(LAR_EFORMAT, "a history lacks the number '%s' of '%s'", name,
                            out->kind->name);
        out->values[count] = json_number_value(value);
    }
    if (json_object_size(values) != count)
        return lar_fail(LAR_EFORMAT, "a history has %zu numbers of '%s', and not %zu",
                        json_object_size(values), out->kind->name, count);
    return LAR_OK;
}

lar_status lar_history_from_json(lar_history *out, const struct json_t *array,
                                 const lar_augments *list, lar_arena *arena)
{
    const size_t count = json_array_size(array);
    *out = (lar_history){ 0 };
    if (!json_is_array(array) || count > (size_t)list->count)
        return lar_fail(LAR_EFORMAT, "a history is no list of at most %lld augmentations",
                        (long long)list->count);
    out->at = lar_arena_take(arena, (int64_t)count, sizeof *out->at);
    if (!out->at) return LAR_EMEMORY;
    for (size_t n = 0; n < count; n++) {
        lar_drawn *drawn = &out->at[n];
        const lar_status status = drawn_from_json(drawn, json_array_get(array, n), list);
        if (status != LAR_OK) return status;
        if (n > 0 && drawn->step <= drawn[-1].step)
            return lar_fail(LAR_EFORMAT, "a history's steps are not in order");
        out->count++;
    }
    return LAR_OK;
}
