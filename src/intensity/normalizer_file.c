/* Normalizers as JSON files: the parameters that the method reads, what was learned of a
 * population, and what was found in the image that it was last fitted to.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>

#include "base/base.h"
#include "intensity/normalizer.h"

enum { VERSION = 1, FILE_LIMIT = 1 << 24 }; /* bytes */

/* ---- lists of numbers ------------------------------------------------------------------- */

json_t *lar_reals_to_json(const double *at, int64_t count)
{
    json_t *list = json_array();
    for (int64_t n = 0; n < count; n++) json_array_append_new(list, json_real(at[n]));
    return list;
}

bool lar_reals_from_json(lar_reals *out, const json_t *list)
{
    out->count = 0;
    if (!json_is_array(list) || json_array_size(list) > LAR_LIST_MAX) return false;
    for (size_t n = 0; n < json_array_size(list); n++) {
        const json_t *item = json_array_get(list, n);
        if (!json_is_number(item) || !isfinite(json_number_value(item))) return false;
        out->at[out->count++] = json_number_value(item);
    }
    return true;
}

/* ---- writing ----------------------------------------------------------------------------- */

static lar_status params_to_json(json_t *root, const lar_normalizer *n)
{
    lar_status status = LAR_OK;
    json_t *object = json_object();
    for (const char *const *key = n->method->keys; *key && status == LAR_OK; key++) {
        lar_text text = { 0 };
        const lar_param *param = lar_param_find(lar_normalize_table, *key);
        if (!param) continue;
        lar_param_get(&text, param, &n->params);
        if (text.failed || json_object_set_new(object, *key, json_string(lar_text_get(&text))) != 0)
            status = LAR_EMEMORY;
        lar_text_clear(&text);
    }
    json_object_set_new(root, "parameters", object);
    return status;
}

static json_t *fit_to_json(const lar_found *found)
{
    const lar_curve *curve = &found->curve;
    return json_pack("{s:o, s:o, s:o, s:b}", "values",
                     lar_reals_to_json(found->values.at, found->values.count), "from",
                     lar_reals_to_json(curve->from, curve->count), "to",
                     lar_reals_to_json(curve->to, curve->count), "clips", curve->clips);
}

lar_status lar_normalizer_write(const lar_normalizer *n, const char *path, bool force)
{
    lar_status status = LAR_OK;
    json_t *root = NULL, *standard = NULL;
    char *text = NULL;

    if (lar_normalizer_passes(n) > 0 || (!n->method->population && !n->fitted))
        return lar_fail(LAR_EARGUMENT, "the normalizer '%s' has learned nothing yet",
                        n->method->name);
    if (!force && lar_path_exists(path)) { /* before the maps that may lie beside it */
        status = lar_fail(LAR_EEXISTS, "'%s' exists already", path);
        return lar_hint(status, "--force to replace it, or another name");
    }
    root = json_pack("{s:s, s:i, s:s}", "larmor", "normalizer", "version", VERSION, "method",
                     n->method->name);
    LAR_TRY(params_to_json(root, n));
    if (n->method->population) {
        standard = json_object();
        LAR_TRY(n->method->population->write(standard, n->standard, path, force));
        json_object_set(root, "standard", standard);
    }
    if (n->fitted) json_object_set_new(root, "fit", fit_to_json(&n->found));
    text = json_dumps(root, JSON_REAL_PRECISION(17) | JSON_INDENT(2));
    if (!text) {
        status = lar_fail(LAR_EMEMORY, "out of memory while writing '%s'", path);
        goto done;
    }
    LAR_TRY(lar_file_write(path, text, strlen(text), force));
done:
    free(text);
    json_decref(standard);
    json_decref(root);
    return status;
}

/* ---- reading ----------------------------------------------------------------------------- */

static lar_status damaged(const char *path, const char *what)
{
    return lar_fail(LAR_EFORMAT, "'%s' is no fit of a normalizer: %s", path, what);
}

static lar_status params_from_json(lar_normalize_params *out, const json_t *root, const char *path,
                                   lar_arena *arena)
{
    const char *key, *name = json_string_value(json_object_get(root, "method"));
    json_t *value, *object = json_object_get(root, "parameters");
    if (!name || !json_is_object(object)) return damaged(path, "it names no method or parameters");
    *out = lar_normalize_default();
    if (lar_normalize_choose(out, name) != LAR_OK)
        return lar_while(LAR_EFORMAT, "'%s' is of a method that is not known here", path);
    const lar_normalizer_method *method = lar_normalizer_methods[out->method];
    json_object_foreach(object, key, value)
    {
        bool known = false;
        for (const char *const *k = method->keys; *k; k++) known = known || lar_text_is(*k, key);
        const lar_param *param = known ? lar_param_find(lar_normalize_table, key) : NULL;
        if (!param || !json_is_string(value))
            return lar_fail(LAR_EFORMAT, "'%s' holds a parameter '%.40s' that '%s' does not have",
                            path, key, name);
        if (lar_param_set(param, out, json_string_value(value), key, arena) != LAR_OK)
            return lar_while(LAR_EFORMAT, "'%s' holds a parameter that is not valid", path);
    }
    return LAR_OK;
}

static bool curve_from_json(lar_curve *out, const json_t *fit)
{
    lar_reals from, to;
    if (!lar_reals_from_json(&from, json_object_get(fit, "from")) ||
        !lar_reals_from_json(&to, json_object_get(fit, "to")) || from.count != to.count ||
        from.count < 2 || !json_is_boolean(json_object_get(fit, "clips")))
        return false;
    *out = (lar_curve){ .count = from.count, .clips = json_is_true(json_object_get(fit, "clips")) };
    for (int64_t n = 0; n < from.count; n++) {
        if (n > 0 && !(from.at[n] > from.at[n - 1])) return false;
        out->from[n] = from.at[n];
        out->to[n] = to.at[n];
    }
    return true;
}

static lar_status fit_from_json(lar_normalizer *n, const json_t *fit, const char *path)
{
    int64_t names = 0;
    while (n->method->value_names[names]) names++;
    if (!lar_reals_from_json(&n->found.values, json_object_get(fit, "values")) ||
        n->found.values.count > names || !curve_from_json(&n->found.curve, fit))
        return damaged(path, "the values or the map of its fit are not valid");
    n->fitted = true;
    return LAR_OK;
}

static lar_status check_root(const json_t *root, const json_error_t *error, const char *path)
{
    if (!root)
        return lar_fail(LAR_EFORMAT, "'%s' is no JSON: %s (line %d)", path, error->text,
                        error->line);
    const json_t *version = json_object_get(root, "version");
    if (!lar_text_is(json_string_value(json_object_get(root, "larmor")), "normalizer") ||
        !json_is_integer(version))
        return damaged(path, "it does not say that it is one");
    if (json_integer_value(version) != VERSION)
        return lar_fail(LAR_EUNSUPPORTED, "'%s' is of version %lld, and version %d is known here",
                        path, (long long)json_integer_value(version), VERSION);
    return LAR_OK;
}

lar_status lar_normalizer_parse(lar_normalizer **out, const char *text, size_t count,
                                const char *path)
{
    lar_status status = LAR_OK;
    lar_normalize_params params;
    lar_normalizer *n = NULL;
    lar_arena *arena = NULL;
    json_error_t error;
    json_t *root = json_loadb(text, count, JSON_REJECT_DUPLICATES, &error);

    *out = NULL;
    LAR_TRY(check_root(root, &error, path));
    LAR_TRY(lar_arena_new(&arena));
    LAR_TRY(params_from_json(&params, root, path, arena));
    LAR_TRY(lar_normalizer_new(&n, &params));
    const json_t *standard = json_object_get(root, "standard"), *fit = json_object_get(root, "fit");
    if (n->method->population) {
        if (!json_is_object(standard)) {
            status = damaged(path, "it holds nothing that was learned of a population");
            goto done;
        }
        LAR_TRY(n->method->population->read(n->standard, standard, path));
        n->pass = n->method->population->passes;
    } else if (!fit) {
        status = damaged(path, "it holds no fit");
        goto done;
    }
    if (fit) LAR_TRY(fit_from_json(n, fit, path));
    *out = n;
    n = NULL;
done:
    lar_normalizer_free(n);
    lar_arena_free(arena);
    json_decref(root);
    return status;
}

lar_status lar_normalizer_read(lar_normalizer **out, const char *path)
{
    char *text = NULL;
    size_t count;
    *out = NULL;
    lar_status status = lar_file_read(&text, &count, path, FILE_LIMIT);
    if (status == LAR_OK) status = lar_normalizer_parse(out, text, count, path);
    lar_free(text);
    return status;
}

/* ---- what was asked for -------------------------------------------------------------------- */

lar_status lar_normalizer_expect(const lar_normalizer *n, const lar_normalize_params *asked,
                                 const char *path)
{
    const char *wanted = lar_normalizer_methods[asked->method]->name;
    if (!lar_text_is(wanted, n->method->name))
        return lar_fail(LAR_EARGUMENT, "'%s' is a fit of '%s', and '%s' is asked for", path,
                        n->method->name, wanted);
    const int contrast = n->params.contrast;
    if (contrast == LAR_CONTRAST_AUTO || asked->contrast == LAR_CONTRAST_AUTO ||
        contrast == asked->contrast)
        return LAR_OK;
    const char *const *names = lar_param_find(lar_normalize_table, "contrast")->choices;
    return lar_fail(LAR_EARGUMENT, "'%s' is a fit for the contrast %s, and the scan is %s", path,
                    names[contrast], names[asked->contrast]);
}
