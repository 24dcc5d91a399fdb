/* What the commands `larmor normalize METHOD` share: the names of inputs and outputs, one image
 * after another, and what is printed.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "command/describe.h"
#include "command/normalize_run.h"
#include "image/image.h"

typedef lar_normalize_options options;

/* One image of the call. */
typedef struct one_case {
    const char *in, *out, *mask, *tissue; /* paths; the last two NULL: none */
    bool failed;
    char reason[1024]; /* of the failure */
    lar_reals values;
} one_case;

/* ---- names ----------------------------------------------------------------------------- */

static const char hole[] = "{name}";

/* The text with every {name} filled in. */
static const char *filled(const char *text, const char *name, lar_arena *arena)
{
    lar_text out = { 0 };
    if (!text) return NULL;
    for (const char *at = text, *next; *at; at = next) {
        const char *found = strstr(at, hole);
        const size_t length = found ? (size_t)(found - at) : strlen(at);
        lar_text_add_bytes(&out, at, length);
        if (found) lar_text_add(&out, "%s", name);
        next = at + length + (found ? sizeof hole - 1 : 0);
    }
    const char *copy = out.failed ? NULL : lar_arena_text(arena, lar_text_get(&out), out.length);
    lar_text_clear(&out);
    return copy;
}

static const char *output_of(const lar_call *call, const options *o, const char *name,
                             const char *method)
{
    const char *output = o->output;
    const bool is_folder = lar_text_ends(output, "/") || lar_path_is_folder(output);
    if (strstr(output, hole)) return filled(output, name, call->arena);
    if (call->arg_count == 1 && !is_folder) return output;
    return lar_path_join(call->arena, output,
                         lar_arena_format(call->arena, "%s_%s.nii.gz", name, method));
}

static lar_status name_cases(one_case *cases, const lar_call *call, const options *o,
                             const char *method)
{
    if (!o->output) return lar_cli_output(call, o->output, o->force);
    if (call->arg_count > 1 && !strstr(o->output, hole) && lar_path_is_image(o->output)) {
        lar_fail(LAR_EARGUMENT, "%lld images cannot all be '%s'", (long long)call->arg_count,
                 o->output);
        return lar_hint(LAR_EARGUMENT, "-o FOLDER/, or -o '{name}_%s.nii.gz'", method);
    }
    for (int64_t n = 0; n < call->arg_count; n++) {
        one_case *c = &cases[n];
        c->in = call->args[n];
        const char *name = lar_path_stem(call->arena, lar_path_name(c->in));
        if (!name) return LAR_EMEMORY;
        c->out = output_of(call, o, name, method);
        c->mask = filled(o->mask, name, call->arena);
        c->tissue = filled(o->tissue_map, name, call->arena);
        if (!c->out || (o->mask && !c->mask) || (o->tissue_map && !c->tissue)) return LAR_EMEMORY;
        for (int64_t m = 0; m < n; m++)
            if (lar_text_is(cases[m].out, c->out))
                return lar_fail(LAR_EARGUMENT, "'%s' and '%s' would both become '%s'", cases[m].in,
                                c->in, c->out);
        const lar_status status = lar_cli_output(call, c->out, o->force);
        if (status != LAR_OK) return status;
    }
    return LAR_OK;
}

/* ---- one image ------------------------------------------------------------------------- */

typedef struct images {
    lar_image *in, *mask, *tissue;
} images;

static void images_clear(images *i)
{
    lar_image_free(i->in);
    lar_image_free(i->mask);
    lar_image_free(i->tissue);
    *i = (images){ 0 };
}

static lar_status images_read(images *out, const one_case *c)
{
    lar_status status = LAR_OK;
    *out = (images){ 0 };
    LAR_TRY(lar_image_read(&out->in, c->in));
    if (c->mask) LAR_TRY(lar_image_read(&out->mask, c->mask));
    if (c->tissue) LAR_TRY(lar_image_read(&out->tissue, c->tissue));
done:
    return status;
}

static lar_status in_context(lar_status status, const one_case *c)
{
    if (status == LAR_OK) return status;
    return lar_while(status,
                     c->mask ? "cannot normalize '%s' with the mask '%s'" : "cannot normalize '%s'",
                     c->in, c->mask);
}

static lar_status learn_one(lar_normalizer *n, const one_case *c)
{
    images i;
    lar_status status = images_read(&i, c);
    if (status == LAR_OK) status = in_context(lar_normalizer_learn(n, i.in, i.mask, i.tissue), c);
    images_clear(&i);
    return status;
}

static lar_status normalize_one(lar_normalizer *n, one_case *c, bool force)
{
    lar_status status = LAR_OK;
    images i;
    lar_image *out = NULL;
    LAR_TRY(images_read(&i, c));
    LAR_TRY(in_context(lar_normalizer_fit(n, i.in, i.mask, i.tissue), c));
    LAR_TRY(in_context(lar_normalizer_apply(&out, n, i.in), c));
    LAR_TRY(lar_image_write(out, c->out, force));
    c->values = lar_normalizer_values(n);
done:
    lar_image_free(out);
    images_clear(&i);
    return status;
}

/* ---- all images ------------------------------------------------------------------------ */

/* One image alone ends the call; one of several is told of and left out. */
static lar_status note_failure(one_case *c, lar_status status, int64_t count)
{
    if (status == LAR_OK || count == 1 || status == LAR_EMEMORY) return status;
    c->failed = true;
    snprintf(c->reason, sizeof c->reason, "%s", lar_error());
    lar_log(LAR_LOG_WARNING, "%s", c->reason);
    return LAR_OK;
}

static lar_status stopped(const lar_call *call, const one_case *c, int64_t n)
{
    if (lar_progress_say(call->progress, c->in, (double)n / (double)call->arg_count)) return LAR_OK;
    return lar_fail(LAR_ESTOPPED, "stopped at '%s'", c->in);
}

static lar_status learn_all(lar_normalizer *n, one_case *cases, const lar_call *call)
{
    lar_status status = LAR_OK;
    while (lar_normalizer_passes(n) > 0) {
        for (int64_t c = 0; c < call->arg_count; c++) {
            if (cases[c].failed) continue;
            LAR_TRY(stopped(call, &cases[c], c));
            LAR_TRY(note_failure(&cases[c], learn_one(n, &cases[c]), call->arg_count));
        }
        LAR_TRY(lar_normalizer_end_pass(n));
    }
done:
    return status;
}

static lar_status new_normalizer(lar_normalizer **out, const options *o,
                                 const lar_normalize_params *params)
{
    if (!o->fit) return lar_normalizer_new(out, params);
    const lar_status status = lar_normalizer_read(out, o->fit);
    return status == LAR_OK ? lar_normalizer_expect(*out, params, o->fit) : status;
}

static lar_status normalize_all(one_case *cases, const lar_call *call, const options *o,
                                const lar_normalize_params *params)
{
    lar_status status = LAR_OK;
    lar_normalizer *n = NULL;
    LAR_TRY(new_normalizer(&n, o, params));
    LAR_TRY(learn_all(n, cases, call));
    if (o->save_fit) LAR_TRY(lar_normalizer_write(n, o->save_fit, o->force));
    for (int64_t c = 0; c < call->arg_count; c++) {
        if (cases[c].failed) continue;
        LAR_TRY(stopped(call, &cases[c], c));
        LAR_TRY(note_failure(&cases[c], normalize_one(n, &cases[c], o->force), call->arg_count));
    }
done:
    lar_normalizer_free(n);
    return status;
}

/* ---- what is printed ------------------------------------------------------------------- */

static void add_values(json_t *object, const lar_reals *values, const char *const *names)
{
    for (int64_t v = 0; v < values->count; v++)
        json_object_set_new(object, names[v], json_real(values->at[v]));
}

static json_t *case_json(const one_case *c, const char *const *names)
{
    json_t *object = json_object();
    json_object_set_new(object, "in", lar_describe_words(c->in));
    json_object_set_new(object, c->failed ? "error" : "out",
                        lar_describe_words(c->failed ? c->reason : c->out));
    if (!c->failed) add_values(object, &c->values, names);
    return object;
}

static lar_status print_json(const one_case *cases, int64_t count,
                             const lar_normalizer_method *method)
{
    json_t *root = json_object(), *list = NULL;
    json_object_set_new(root, "method", json_string(method->name));
    if (count == 1) {
        add_values(root, &cases->values, method->value_names);
    } else {
        json_object_set_new(root, "images", list = json_array());
        for (int64_t c = 0; c < count; c++)
            json_array_append_new(list, case_json(&cases[c], method->value_names));
    }
    char *dumped = json_dumps(root, JSON_REAL_PRECISION(17) | (list ? JSON_INDENT(2) : 0));
    json_decref(root);
    if (!dumped) return lar_fail(LAR_EMEMORY, "out of memory while printing");
    lar_text text = { 0 };
    lar_text_add(&text, "%s\n", dumped);
    const lar_status status = lar_cli_print(lar_text_get(&text));
    lar_text_clear(&text);
    free(dumped);
    return status;
}

static lar_status print_words(const one_case *cases, int64_t count,
                              const lar_normalizer_method *method)
{
    const char *const *names = method->value_names;
    lar_text text = { 0 };
    for (int64_t c = 0; c < count; c++) {
        if (cases[c].failed) continue;
        if (count > 1) lar_text_add(&text, "%s ", cases[c].out);
        for (int64_t v = 0; v < cases[c].values.count; v++)
            lar_text_add(&text, count > 1 ? " %s %.9g" : "%-5s %.9g\n", names[v],
                         cases[c].values.at[v]);
        if (count > 1) lar_text_add(&text, "\n");
    }
    const lar_status status = lar_cli_print(lar_text_get(&text));
    lar_text_clear(&text);
    return status;
}

lar_status lar_normalize_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    const int64_t count = call->arg_count;
    lar_normalize_params params = o->normalize;
    int64_t failed = 0;
    one_case *cases = lar_arena_take(call->arena, count, sizeof *cases);

    if (!cases) return LAR_EMEMORY;
    const char *word = strchr(call->command->name, ' ') + 1;
    LAR_TRY(lar_normalize_choose(&params, word));
    const lar_normalizer_method *method = lar_normalizer_methods[params.method];
    LAR_TRY(name_cases(cases, call, o, word));
    if (o->save_fit) LAR_TRY(lar_cli_output(call, o->save_fit, o->force));
    if (o->fit && o->save_fit)
        return lar_fail(LAR_EARGUMENT, "--fit and --save-fit exclude each other");
    LAR_TRY(lar_folder_make(lar_path_folder(call->arena, cases->out)));
    LAR_TRY(normalize_all(cases, call, o, &params));
    for (int64_t c = 0; c < count; c++) failed += cases[c].failed;
    LAR_TRY((call->json ? print_json : print_words)(cases, count, method));
    if (failed)
        status = lar_fail(LAR_EPARTIAL, "%lld of %lld images could not be normalized",
                          (long long)failed, (long long)count);
done:
    return status;
}
