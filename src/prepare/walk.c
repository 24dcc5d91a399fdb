/* Every section of a study is a map that one or two parameter tables describe: so the keys, what
 * is valid, and the defaults are those of the command line and its help.
 * SPDX-License-Identifier: Apache-2.0 */
#include "prepare/walk.h"

lar_status lar_walk_place(const lar_walk *walk, int64_t line, int64_t column, lar_status status)
{
    lar_text sentence = { 0 };
    if (status == LAR_OK || status == LAR_EMEMORY) return status;
    lar_text_add(&sentence, "%s", lar_error());
    lar_fail(status, "%s:%lld:%lld: %s", walk->name, (long long)line, (long long)column,
             lar_text_get(&sentence));
    lar_text_clear(&sentence);
    return status;
}

lar_status lar_walk_fail(const lar_walk *walk, int64_t line, int64_t column, const char *format,
                         ...)
{
    char sentence[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(sentence, sizeof sentence, format, list);
    va_end(list);
    return lar_fail(LAR_EARGUMENT, "%s:%lld:%lld: %s", walk->name, (long long)line,
                    (long long)column, sentence);
}

lar_status lar_walk_is_map(const lar_walk *walk, const lar_yaml *node, const char *what)
{
    if (node->kind == LAR_YAML_MAP) return LAR_OK;
    lar_walk_fail(walk, node->line, node->column, "'%s' must be a map of keys and values", what);
    return lar_hint(LAR_EARGUMENT, "'%s:' with lines 'key: value' under it, further in", what);
}

const lar_yaml *lar_walk_child(const lar_yaml *map, const char *key)
{
    for (const lar_yaml *node = map->first; node; node = node->next)
        if (lar_text_is(node->key, key)) return node;
    return NULL;
}

const char *lar_walk_key(const lar_walk *walk, const lar_param *param)
{
    char *key = lar_arena_text(walk->arena, param->name, strlen(param->name));
    for (char *c = key; c && *c; c++)
        if (*c == '-') *c = '_';
    return key;
}

static bool key_is(const char *key, const char *name)
{
    for (; *key && *name; key++, name++)
        if (*key != (*name == '-' ? '_' : *name)) return false;
    return !*key && !*name;
}

static bool is_list_kind(lar_param_kind kind)
{
    return kind == LAR_KIND_REALS || kind == LAR_KIND_INTS || kind == LAR_KIND_TEXTS;
}

static lar_status set_one(const lar_walk *walk, const lar_yaml *node, const lar_param *param,
                          void *params, const char *value, const char *key)
{
    return lar_walk_place(walk, node->line, node->column,
                          lar_param_set(param, params, value, key, walk->arena));
}

static lar_status set_list(const lar_walk *walk, const lar_yaml *node, const lar_param *param,
                           void *params, const char *key)
{
    lar_status status = LAR_OK;
    lar_text joined = { 0 };

    if (!is_list_kind(param->kind))
        return lar_walk_fail(walk, node->line, node->column, "'%s' is one value, not a list", key);
    for (const lar_yaml *item = node->first; item; item = item->next) {
        if (item->kind != LAR_YAML_SCALAR || item->absent || !*item->text) {
            status = lar_walk_fail(walk, item->line, item->column,
                                   "an item of '%s' must be one value", key);
            goto done;
        }
        if (param->kind == LAR_KIND_TEXTS)
            LAR_TRY(set_one(walk, item, param, params, item->text, key));
        else
            lar_text_add(&joined, joined.length ? ", %s" : "%s", item->text);
    }
    if (joined.failed) status = LAR_EMEMORY;
    if (status == LAR_OK && param->kind != LAR_KIND_TEXTS)
        status = set_one(walk, node, param, params, lar_text_get(&joined), key);
done:
    lar_text_clear(&joined);
    return status;
}

static lar_status set_field(const lar_walk *walk, const lar_yaml *node, const lar_param *param,
                            void *params)
{
    const char *key = node->key;
    switch (node->kind) {
    case LAR_YAML_MAP:
        return lar_walk_fail(walk, node->line, node->column,
                             "'%s' is one value, not a map of keys and values", key);
    case LAR_YAML_LIST:
        return set_list(walk, node, param, params, key);
    default:
        break;
    }
    if (node->absent || (!*node->text && param->kind != LAR_KIND_TEXT))
        return lar_walk_fail(walk, node->key_line, node->key_column, "'%s' has no value", key);
    return set_one(walk, node, param, params, node->text, key);
}

static lar_status unknown_key(const lar_walk *walk, const lar_yaml *node, const char *what,
                              const lar_fields *fields, int64_t count, const char *const *rest)
{
    const char *names[128];
    int64_t known = 0;
    for (int64_t n = 0; n < count; n++)
        for (const lar_param *param = fields[n].table; param->name && known < 127; param++)
            names[known++] = lar_walk_key(walk, param);
    for (; rest && *rest && known < 127; rest++) names[known++] = *rest;
    names[known] = NULL;
    for (int64_t n = 0; n < known; n++)
        if (!names[n]) return LAR_EMEMORY;
    lar_walk_fail(walk, node->key_line, node->key_column, "'%s' has no key '%s'", what, node->key);
    const char *nearest = lar_text_nearest(node->key, names);
    if (nearest) return lar_hint(LAR_EARGUMENT, "'%s'", nearest);
    lar_text all = { 0 };
    for (int64_t n = 0; n < known; n++) lar_text_add(&all, n ? " %s" : "%s", names[n]);
    lar_hint(LAR_EARGUMENT, "one of %s", lar_text_get(&all));
    lar_text_clear(&all);
    return LAR_EARGUMENT;
}

lar_status lar_walk_map(const lar_walk *walk, const lar_yaml *map, const char *what,
                        const lar_fields *fields, int64_t count, const char *const *rest)
{
    lar_status status = lar_walk_is_map(walk, map, what);
    for (const lar_yaml *node = map->first; node && status == LAR_OK; node = node->next) {
        const lar_param *param = NULL;
        void *params = NULL;
        for (int64_t n = 0; n < count && !param; n++)
            for (const lar_param *p = fields[n].table; p->name && !param; p++)
                if (key_is(node->key, p->name)) {
                    param = p;
                    params = fields[n].params;
                }
        bool callers = false;
        for (int64_t n = 0; rest && rest[n]; n++) callers |= lar_text_is(rest[n], node->key);
        if (param)
            status = set_field(walk, node, param, params);
        else if (!callers)
            status = unknown_key(walk, node, what, fields, count, rest);
    }
    return status;
}
