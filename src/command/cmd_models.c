/* larmor models: the networks that strip learns from, listed, added and described.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "brain/brain.h"
#include "command/command.h"

#define CITE "MindGrab: Fani 2025, arXiv:2506.11860"
#define WHERE                                                                                      \
    "Models are kept in the folder that LARMOR_MODELS names, else in larmor/models of the user's " \
    "data folder (XDG_DATA_HOME, or ~/.local/share)."

/* ---- what is said of one ------------------------------------------------------------------- */

static void first_line(char out[64], const char *text)
{
    snprintf(out, 64, "%.*s", (int)strcspn(text, "\n"), text);
}

static json_t *model_json(const lar_strip_model *m, const char *path)
{
    char licence[64];
    const char *blank = strchr(m->origin_file, ' ');
    first_line(licence, m->licence);
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s}", "name", m->name, "task", "strip",
                  "about", m->about, "sha256", m->sha256, "bytes", (json_int_t)m->bytes, "licence",
                  licence, "origin", m->origin, "cite", m->cite, "file", path);
    if (blank) json_object_set_new(object, "origin_sha256", json_string(blank + 1));
    return object;
}

static lar_status print_json(json_t *root)
{
    return lar_cli_print_json(root, JSON_INDENT(4));
}

static lar_status print(lar_text *text)
{
    const lar_status status =
        text->failed ? lar_fail(LAR_EMEMORY, "out of memory") : lar_cli_print(lar_text_get(text));
    lar_text_clear(text);
    return status;
}

/* ---- models -------------------------------------------------------------------------------- */

typedef struct rows {
    lar_text text;
    json_t *list;
    int64_t damaged;
} rows;

/* One that cannot be read is a warning, and the rest is listed. */
static void add_row(rows *r, const char *path, lar_arena *arena)
{
    lar_strip_model *m = NULL;
    const char *stem = lar_path_stem(arena, path);
    if (lar_strip_store_open(&m, stem ? stem : path) != LAR_OK) {
        lar_log(LAR_LOG_WARNING, "%s", lar_error());
        r->damaged++;
        return;
    }
    char licence[64], size[32];
    first_line(licence, m->licence);
    snprintf(size, sizeof size, "%lld kB", (long long)(m->bytes + 999) / 1000);
    if (r->text.length == 0)
        lar_text_add(&r->text, "%-16s %-6s %-10s %-12s  %8s  %s\n", "name", "task", "licence",
                     "SHA-256", "size", "from");
    lar_text_add(&r->text, "%-16s %-6s %-10s %.12s  %8s  %s\n", m->name, "strip", licence,
                 m->sha256, size, m->origin);
    json_array_append_new(r->list, model_json(m, path));
    lar_strip_model_free(m);
}

static lar_status list_run(lar_call *call)
{
    lar_status status = LAR_OK;
    lar_texts paths;
    lar_text folder = { 0 };
    rows r = { .list = json_array() };

    LAR_TRY(lar_strip_store(&folder));
    LAR_TRY(lar_strip_store_list(&paths, call->arena));
    for (int64_t n = 0; n < paths.count; n++) add_row(&r, paths.at[n], call->arena);
    if (call->json) {
        json_t *list = r.list;
        r.list = NULL;
        status = print_json(list);
        goto done;
    }
    if (paths.count == 0)
        lar_log(LAR_LOG_NOTE, "no model is in '%s'\n  try larmor models add model.bin",
                lar_text_get(&folder));
    if (r.text.length) LAR_TRY(print(&r.text));
    if (r.damaged)
        status = lar_fail(LAR_EFORMAT, "%lld of %lld models cannot be used", (long long)r.damaged,
                          (long long)paths.count);
done:
    json_decref(r.list);
    lar_text_clear(&r.text);
    lar_text_clear(&folder);
    return status;
}

const lar_command lar_command_models = {
    .name = "models",
    .group = "prepare",
    .summary = "list the networks that larmor strip can use",
    .about = WHERE " Of each is told what it does, its licence, the first digits of the SHA-256 of "
                   "its weights, as masks and reports name it, and where the weights come from. "
                   "With --json all of it, as a list.",
    .cite = CITE,
    .json = true,
    .examples = (const lar_example[]){ { "larmor models", "what is there" },
                                       { "larmor models --json", "the same, for a program" },
                                       { NULL, NULL } },
    .run = list_run,
};

/* ---- models add ---------------------------------------------------------------------------- */

typedef struct add_options {
    bool force;
} add_options;

static const lar_param add_table[] = {
    LAR_P_FLAG(add_options, force, "force", 'f', "replace a model of the same name"),
    LAR_P_END,
};

static lar_status add_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const add_options *o = call->options;
    for (int64_t n = 0; n < call->arg_count && status == LAR_OK; n++) {
        lar_strip_model *m = NULL;
        lar_text path = { 0 };
        bool fresh;
        status = lar_strip_store_add(&m, &path, &fresh, call->args[n], o->force);
        if (status == LAR_OK)
            lar_log(LAR_LOG_NOTE,
                    fresh ? "'%s' is there now: '%s'" : "'%s' was there already: '%s'", m->name,
                    lar_text_get(&path));
        lar_strip_model_free(m);
        lar_text_clear(&path);
    }
    return status;
}

const lar_command lar_command_models_add = {
    .name = "models add",
    .group = "prepare",
    .summary = "import a file of weights, so that larmor strip can use it",
    .about =
        "Takes MindGrab's model.bin as it is published at https://github.com/neuroneural/brainchop "
        "(public/models/mindgrab, 584948 bytes, MIT licence), known by its SHA-256, or a model "
        "file "
        "that larmor wrote. Anything else, and a file that is cut short or changed, is refused. "
        "What is kept is a safetensors file that holds the weights, how the network's input is "
        "made, the licence, whom to cite, and the SHA-256 of the file that it came from. " WHERE,
    .cite = CITE,
    .args =
        (const lar_arg[]){
            { .name = "file", .help = "weights to import", .repeats = true, .is_path = true },
            { 0 } },
    .tables = { { add_table, 0 } },
    .size = sizeof(add_options),
    .examples = (const lar_example[]){ { "larmor models add model.bin", "the weights of MindGrab" },
                                       { NULL, NULL } },
    .run = add_run,
};

/* ---- models show --------------------------------------------------------------------------- */

static void add_about(lar_text *out, const lar_strip_model *m)
{
    const lar_strip_recipe *r = &m->recipe;
    const char *blank = strchr(m->origin_file, ' ');
    lar_text network = { 0 };
    lar_strip_model_words(&network, m);
    lar_text_add(out, "name       %s\ntask       strip: %s\nnetwork    %s\n", m->name, m->about,
                 lar_text_get(&network));
    lar_text_add(
        out,
        "input      the head with %g mm around it, voxels of %g mm, axes %s; the quantiles "
        "%g and %g become 0 and 1\n",
        r->margin_mm, r->spacing_mm, r->axes, r->low, r->high);
    if (r->hounsfield.count)
        lar_text_add(out, "CT         clipped to %g to %g HU first\n", r->hounsfield.at[0],
                     r->hounsfield.at[1]);
    lar_text_add(out, "SHA-256    %s, of the weights\nfrom       %s\n", m->sha256, m->origin);
    if (blank) lar_text_add(out, "           SHA-256 %s\n", blank + 1);
    lar_text_add(out, "cite       %s\nlicence    ", m->cite);
    for (const char *at = m->licence; *at;) {
        const int length = (int)strcspn(at, "\n");
        lar_text_add(out, "%s%.*s\n", at == m->licence || length == 0 ? "" : "           ", length,
                     at);
        at += length + (at[length] != 0);
    }
    lar_text_clear(&network);
}

static lar_status show_run(lar_call *call)
{
    lar_status status = LAR_OK;
    lar_strip_model *m = NULL;
    lar_text text = { 0 };

    LAR_TRY(lar_strip_store_open(&m, call->args[0]));
    if (call->json) {
        json_t *object = model_json(m, call->args[0]);
        json_object_set_new(object, "licence_text", json_string(m->licence));
        status = print_json(object);
        goto done;
    }
    add_about(&text, m);
    status = print(&text);
done:
    lar_strip_model_free(m);
    lar_text_clear(&text);
    return status;
}

const lar_command lar_command_models_show = {
    .name = "models show",
    .group = "prepare",
    .summary = "describe a network that larmor strip can use",
    .about =
        "Prints what it is, how its input is made of a scan, where its weights come from, whom "
        "to cite, and the whole text of its licence.",
    .cite = CITE,
    .args = (const lar_arg[]){ { .name = "name",
                                 .help = "one that larmor models lists, or a model file",
                                 .is_path = true },
                               { 0 } },
    .json = true,
    .examples = (const lar_example[]){ { "larmor models show mindgrab", "and its licence" },
                                       { NULL, NULL } },
    .run = show_run,
};
