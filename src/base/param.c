/* Tables that describe the fields of a struct: defaults, checked setting from text, and back.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"

static void *field_of(const lar_param *param, void *params)
{
    return (char *)params + param->offset;
}

static bool has_range(const lar_param *param)
{
    return param->low < param->high;
}

static bool in_range(const lar_param *param, double value)
{
    return !has_range(param) || (value >= param->low && value <= param->high);
}

void lar_param_valid(lar_text *out, const lar_param *param)
{
    static const char *const kind_words[] = {
        [LAR_KIND_FLAG] = "yes or no",
        [LAR_KIND_INT] = "a whole number",
        [LAR_KIND_REAL] = "a number",
        [LAR_KIND_TEXT] = "text",
        [LAR_KIND_CHOICE] = "one of",
        [LAR_KIND_REALS] = "numbers",
        [LAR_KIND_INTS] = "whole numbers",
        [LAR_KIND_TEXTS] = "texts",
        [LAR_KIND_SIZE] = "bytes, such as 900M or 2G",
    };
    lar_text_add(out, "%s", kind_words[param->kind]);
    for (const char *const *word = param->choices; word && *word; word++)
        lar_text_add(out, " %s", *word);
    const bool automatic = lar_text_is(param->fallback, "auto") && !param->choices;
    if (!has_range(param)) {
        if (automatic) lar_text_add(out, ", or auto");
        return;
    }
    if (isinf(param->high))
        lar_text_add(out, ", at least %.10g", param->low);
    else if (isinf(param->low))
        lar_text_add(out, ", at most %.10g", param->high);
    else
        lar_text_add(out, " from %.10g to %.10g", param->low, param->high);
    if (automatic) lar_text_add(out, ", or auto");
}

/* One item of a list at a time; false at the end. `item` holds the text of the item. */
static bool next_item(const char **list, const char *between, char *item, size_t room)
{
    *list += strspn(*list, between);
    const size_t length = strcspn(*list, between);
    if (length == 0) return false;
    snprintf(item, room, "%.*s", (int)length, *list);
    *list += length;
    return true;
}

static bool set_list(const lar_param *param, void *field, const char *value)
{
    lar_reals reals = { 0 };
    lar_ints ints = { 0 };
    char item[64];
    int64_t count = 0;
    const char *between = param->kind == LAR_KIND_INTS ? ", \t[]x" : ", \t[]"; /* 96x96x64 */
    while (next_item(&value, between, item, sizeof item)) {
        if (count == LAR_LIST_MAX) return false;
        double real;
        if (param->kind == LAR_KIND_INTS) {
            if (!lar_parse_int(&ints.at[count], item)) return false;
            real = (double)ints.at[count];
        } else {
            if (!lar_parse_real(&reals.at[count], item)) return false;
            real = reals.at[count];
        }
        if (!in_range(param, real)) return false;
        count++;
    }
    reals.count = ints.count = count;
    if (param->kind == LAR_KIND_INTS)
        *(lar_ints *)field = ints;
    else
        *(lar_reals *)field = reals;
    return true;
}

static bool set_flag(bool *field, const char *value)
{
    static const char *const words[2][4] = { { "no", "false", "off", "0" },
                                             { "yes", "true", "on", "1" } };
    for (int state = 0; state < 2; state++)
        for (int n = 0; n < 4; n++)
            if (lar_text_is(value, words[state][n])) {
                *field = state;
                return true;
            }
    return false;
}

static bool set_choice(const lar_param *param, int *field, const char *value)
{
    for (int n = 0; param->choices[n]; n++)
        if (lar_text_is(value, param->choices[n])) {
            *field = n;
            return true;
        }
    return false;
}

static lar_status append_text(lar_texts *field, const char *value, lar_arena *arena)
{
    const char **grown = lar_arena_take(arena, field->count + 1, sizeof *grown);
    char *copy = lar_arena_text(arena, value, strlen(value));
    if (!grown || !copy) return LAR_EMEMORY;
    for (int64_t n = 0; n < field->count; n++) grown[n] = field->at[n];
    grown[field->count] = copy;
    *field = (lar_texts){ .count = field->count + 1, .at = grown };
    return LAR_OK;
}

/* Everything but texts, which need an arena; false where the value is not valid. */
static bool set_plain(const lar_param *param, void *params, const char *value)
{
    void *field = field_of(param, params);
    const bool is_auto = lar_text_is(param->fallback, "auto") && lar_text_is(value, "auto");
    double real;
    int64_t whole;
    switch (param->kind) {
    case LAR_KIND_FLAG:
        return set_flag(field, value);
    case LAR_KIND_CHOICE:
        return set_choice(param, field, value);
    case LAR_KIND_REALS:
    case LAR_KIND_INTS:
        return set_list(param, field, value);
    case LAR_KIND_INT:
        if (is_auto)
            whole = LAR_INT_AUTO;
        else if (!lar_parse_int(&whole, value) || !in_range(param, (double)whole))
            return false;
        *(int64_t *)field = whole;
        return true;
    case LAR_KIND_SIZE:
        if (is_auto)
            whole = LAR_INT_AUTO;
        else if (!lar_parse_size(&whole, value))
            return false;
        *(int64_t *)field = whole;
        return true;
    case LAR_KIND_REAL:
        if (is_auto)
            real = NAN;
        else if (!lar_parse_real(&real, value) || !in_range(param, real))
            return false;
        *(double *)field = real;
        return true;
    default:
        return false;
    }
}

void lar_param_defaults(const lar_param *table, void *params)
{
    for (const lar_param *param = table; param->name; param++) {
        if (param->kind == LAR_KIND_TEXT)
            *(const char **)field_of(param, params) = *param->fallback ? param->fallback : NULL;
        else if (param->kind == LAR_KIND_TEXTS)
            *(lar_texts *)field_of(param, params) = (lar_texts){ 0 };
        else
            (void)set_plain(param, params, param->fallback); /* a test reads every table so */
    }
}

const lar_param *lar_param_find(const lar_param *table, const char *name)
{
    for (const lar_param *param = table; param->name; param++)
        if (lar_text_is(param->name, name)) return param;
    return NULL;
}

lar_status lar_param_set(const lar_param *param, void *params, const char *value, const char *shown,
                         lar_arena *arena)
{
    if (param->kind == LAR_KIND_TEXTS) return append_text(field_of(param, params), value, arena);
    if (param->kind == LAR_KIND_TEXT) {
        char *copy = lar_arena_text(arena, value, strlen(value));
        *(const char **)field_of(param, params) = copy;
        return copy ? LAR_OK : LAR_EMEMORY;
    }
    if (set_plain(param, params, value)) return LAR_OK;
    lar_text valid = { 0 };
    lar_param_valid(&valid, param);
    lar_status status =
        lar_fail(LAR_EARGUMENT, "'%s' is not a valid %s (%s)", value, shown, lar_text_get(&valid));
    if (param->choices) {
        const char *nearest = lar_text_nearest(value, param->choices);
        if (nearest) lar_hint(status, "%s", nearest);
    }
    lar_text_clear(&valid);
    return status;
}

static void add_real(lar_text *out, double value)
{
    char digits[32];
    for (int precision = 6; precision <= 17; precision++) { /* the shortest that reads back */
        double back;
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (lar_parse_real(&back, digits) && back == value) break;
    }
    lar_text_add(out, "%s", isnan(value) ? "auto" : digits);
}

static void add_size(lar_text *out, int64_t bytes)
{
    static const char units[] = "TGMK";
    int64_t unit = 1000000000000;
    for (int n = 0; n < 4 && bytes != LAR_INT_AUTO; n++, unit /= 1000)
        if (bytes % unit == 0) {
            lar_text_add(out, "%lld%c", (long long)(bytes / unit), units[n]);
            return;
        }
    if (bytes == LAR_INT_AUTO)
        lar_text_add(out, "auto");
    else
        lar_text_add(out, "%lld", (long long)bytes);
}

void lar_param_get(lar_text *out, const lar_param *param, const void *params)
{
    const void *field = (const char *)params + param->offset;
    switch (param->kind) {
    case LAR_KIND_FLAG:
        lar_text_add(out, "%s", *(const bool *)field ? "yes" : "no");
        break;
    case LAR_KIND_INT:
        if (*(const int64_t *)field == LAR_INT_AUTO)
            lar_text_add(out, "auto");
        else
            lar_text_add(out, "%lld", (long long)*(const int64_t *)field);
        break;
    case LAR_KIND_REAL:
        add_real(out, *(const double *)field);
        break;
    case LAR_KIND_TEXT: {
        const char *text = *(const char *const *)field;
        lar_text_add(out, "%s", text ? text : "");
        break;
    }
    case LAR_KIND_CHOICE:
        lar_text_add(out, "%s", param->choices[*(const int *)field]);
        break;
    case LAR_KIND_REALS: {
        const lar_reals *list = field;
        for (int64_t n = 0; n < list->count; n++) {
            lar_text_add(out, n ? " " : "");
            add_real(out, list->at[n]);
        }
        break;
    }
    case LAR_KIND_INTS: {
        const lar_ints *list = field;
        for (int64_t n = 0; n < list->count; n++)
            lar_text_add(out, n ? " %lld" : "%lld", (long long)list->at[n]);
        break;
    }
    case LAR_KIND_TEXTS: {
        const lar_texts *list = field;
        for (int64_t n = 0; n < list->count; n++) lar_text_add(out, n ? " %s" : "%s", list->at[n]);
        break;
    }
    case LAR_KIND_SIZE:
        add_size(out, *(const int64_t *)field);
        break;
    case LAR_KIND_END:
        break;
    }
}

const char *const *lar_param_names(const lar_param *table, lar_arena *arena)
{
    int64_t count = 0;
    while (table[count].name) count++;
    const char **names = lar_arena_take(arena, count + 1, sizeof *names);
    for (int64_t n = 0; names && n < count; n++) names[n] = table[n].name;
    return names;
}
