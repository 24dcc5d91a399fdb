/* Files of the learned method's models: safetensors whose notes say all that is not weights. Two
 * hashes stand in them, of the weights and of the notes, so that a change is told.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"
#include "brain/brain.h"
#include "codec/codec.h"
#include "image/image.h"
#include "net/net.h"

/* What a reader must understand; counted up where an old one would go wrong. */
#define VERSION "1"
enum { MOST_WEIGHTS = 64 << 20, MOST_VALUES = 16 << 20 };

static const lar_param recipe_table[] = {
    LAR_P_REAL(lar_strip_recipe, spacing_mm, "spacing", 0, "1", 0.25, 8, "mm", "of the grid"),
    LAR_P_TEXT(lar_strip_recipe, axes, "axes", 0, "LIA", "code", "of the grid"),
    LAR_P_REAL(lar_strip_recipe, margin_mm, "margin", 0, "20", 0, 100, "mm", "around the head"),
    LAR_P_REAL(lar_strip_recipe, low, "low", 0, "0.02", 0, 1, "fraction", "that becomes 0"),
    LAR_P_REAL(lar_strip_recipe, high, "high", 0, "0.98", 0, 1, "fraction", "that becomes 1"),
    LAR_P_REALS(lar_strip_recipe, hounsfield, "hounsfield", 0, "", -2000, 4000, "HU",
                "limits of CT"),
    LAR_P_END,
};

/* ---- notes ------------------------------------------------------------------------------- */

enum { NAME, ABOUT, CITE, LICENCE, ORIGIN, ORIGIN_FILE, NETWORK, INPUT, WEIGHTS, TEXTS };
static const char *const keys[TEXTS] = { "name",   "about",   "cite",  "licence", "origin",
                                         "source", "network", "input", "weights" };

static void seal_of(char hex[LAR_SHA256_ROOM], const char *const texts[TEXTS])
{
    lar_bytes parts[2 * TEXTS];
    for (int n = 0; n < TEXTS; n++) { /* with the 0 at their ends */
        parts[2 * n] = (lar_bytes){ keys[n], strlen(keys[n]) + 1 };
        parts[2 * n + 1] = (lar_bytes){ texts[n], strlen(texts[n]) + 1 };
    }
    lar_sha256(hex, parts, 2 * TEXTS);
}

static void weights_of(char hex[LAR_SHA256_ROOM], struct lar_net *net)
{
    const lar_bytes part = { lar_net_weights(net),
                             (size_t)lar_net_weight_count(net) * sizeof(float) };
    lar_sha256(hex, &part, 1);
}

static void add_table(lar_text *out, const lar_param *table, const void *params)
{
    for (const lar_param *p = table; p->name; p++) {
        lar_text_add(out, "%s: ", p->name);
        lar_param_get(out, p, params);
        lar_text_add(out, "\n");
    }
}

/* Lines "key: value", as add_table() writes them, after a word that begins each. */
static lar_status read_table(const lar_param *table, void *params, const char *text,
                             const char *first, const char *shown, lar_arena *arena)
{
    const size_t skip = strlen(first);
    lar_param_defaults(table, params);
    while (*text) {
        const size_t length = strcspn(text, "\n");
        char *line = lar_arena_text(arena, text, length);
        if (!line) return LAR_EMEMORY;
        text += length + (text[length] != 0);
        char *colon = strstr(line, ": ");
        const lar_param *param = NULL;
        if (colon && lar_text_starts(line, first)) {
            *colon = 0;
            param = lar_param_find(table, line + skip);
        }
        if (!param)
            return lar_fail(LAR_EFORMAT, "'%s' says '%s', which this larmor does not know", shown,
                            line);
        if (colon[2] && lar_param_set(param, params, colon + 2, param->name, arena) != LAR_OK)
            return lar_while(LAR_EFORMAT, "'%s' is damaged", shown);
    }
    return LAR_OK;
}

/* ---- writing ----------------------------------------------------------------------------- */

lar_status lar_strip_model_write(const lar_strip_model *model, const char *path, bool force)
{
    lar_status status = LAR_OK;
    int64_t count;
    char weights[LAR_SHA256_ROOM], seal[LAR_SHA256_ROOM];
    lar_text network = { 0 }, input = { 0 };

    (void)lar_net_params(model->net, &count);
    lar_safetensor *tensors = lar_alloc(count, sizeof *tensors);
    lar_network_describe(&network, &model->network);
    add_table(&input, recipe_table, &model->recipe);
    if (!tensors || network.failed || input.failed) {
        status = lar_fail(LAR_EMEMORY, "out of memory while writing '%s'", path);
        goto done;
    }
    lar_net_save(model->net, tensors);
    weights_of(weights, model->net);
    const char *const texts[TEXTS] = { model->name,
                                       model->about,
                                       model->cite,
                                       model->licence,
                                       model->origin,
                                       model->origin_file,
                                       lar_text_get(&network),
                                       lar_text_get(&input),
                                       weights };
    lar_safetensor_note notes[TEXTS + 4] = {
        { "larmor", lar_version() }, { "kind", "strip" }, { "version", VERSION }, { "seal", seal }
    };
    for (int n = 0; n < TEXTS; n++) notes[4 + n] = (lar_safetensor_note){ keys[n], texts[n] };
    seal_of(seal, texts);
    LAR_TRY(lar_safetensors_write(path, tensors, count, notes, TEXTS + 4, force));
done:
    lar_free(tensors);
    lar_text_clear(&network);
    lar_text_clear(&input);
    return status;
}

/* ---- reading ----------------------------------------------------------------------------- */

static lar_status check_kind(const lar_safetensors *file, const char *shown)
{
    const char *kind = lar_safetensors_note(file, "kind");
    const char *version = lar_safetensors_note(file, "version");
    if (!kind && lar_safetensors_note(file, "study")) {
        const lar_status status =
            lar_fail(LAR_EFORMAT,
                     "'%s' is a model that larmor trained on a study, not one that "
                     "strips skulls",
                     shown);
        return lar_hint(status, "larmor predict, which reads it where it lies");
    }
    if (!lar_text_is(kind, "strip"))
        return lar_fail(LAR_EFORMAT, "'%s' is a safetensors file, but not a model of larmor's",
                        shown);
    if (!lar_text_is(version, VERSION)) {
        const lar_status status =
            lar_fail(LAR_EFORMAT, "'%s' is a model of version %s, expected %s", shown,
                     version ? version : "unknown", VERSION);
        return lar_hint(status, "the larmor that wrote it, or adding the original file anew");
    }
    return LAR_OK;
}

static lar_status read_texts(const char *texts[TEXTS], const lar_safetensors *file,
                             const char *shown)
{
    char seal[LAR_SHA256_ROOM];
    for (int n = 0; n < TEXTS; n++) {
        texts[n] = lar_safetensors_note(file, keys[n]);
        if (!texts[n])
            return lar_fail(LAR_EFORMAT, "'%s' is damaged: it lacks the note '%s'", shown, keys[n]);
    }
    seal_of(seal, texts);
    if (!lar_text_is(lar_safetensors_note(file, "seal"), seal))
        return lar_fail(LAR_EFORMAT, "'%s' is damaged: its notes are not those that were written",
                        shown);
    return LAR_OK;
}

static lar_status check_name(const char *name, const char *shown)
{
    const size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789-_");
    if (length == 0 || length > 64 || name[length] || name[0] == '-')
        return lar_fail(LAR_EFORMAT,
                        "'%s' calls its model '%.80s': expected up to 64 letters, "
                        "digits, - and _",
                        shown, name);
    return LAR_OK;
}

/* What a file of any origin may say, before anything is made of it. */
static lar_status check_sizes(const lar_strip_model *m, const char *shown)
{
    int world[3];
    bool backward[3];
    const lar_strip_recipe *r = &m->recipe;
    const lar_network_params *n = &m->network;
    const double layers = (double)(n->dilations.count * n->repeat);
    if (!lar_text_is(lar_models[n->name].name, "meshnet") ||
        layers * (double)(n->channels * n->channels) * pow((double)n->kernel, 3) > MOST_VALUES)
        return lar_fail(LAR_EFORMAT, "'%s': its network is not one that can strip skulls", shown);
    if (lar_axes_parse(world, backward, r->axes) != LAR_OK)
        return lar_while(LAR_EFORMAT, "'%s' is damaged", shown);
    if (r->low >= r->high ||
        (r->hounsfield.count != 0 &&
         (r->hounsfield.count != 2 || r->hounsfield.at[0] >= r->hounsfield.at[1])))
        return lar_fail(LAR_EFORMAT, "'%s' is damaged: its limits of intensity do not rise", shown);
    return LAR_OK;
}

static lar_status check_weights(const lar_strip_model *m, const char *noted, const char *shown)
{
    const float *weights = lar_net_weights(m->net);
    const int64_t count = lar_net_weight_count(m->net);
    for (int64_t n = 0; n < count; n++)
        if (!isfinite(weights[n]))
            return lar_fail(LAR_EFORMAT, "'%s' is damaged: a weight is not finite", shown);
    if (!lar_text_is(noted, m->sha256))
        return lar_fail(LAR_EFORMAT, "'%s' is damaged: its weights are not those that were written",
                        shown);
    return LAR_OK;
}

static const char *copy(lar_arena *arena, const char *text)
{
    return lar_arena_text(arena, text, strlen(text));
}

static lar_status fill(lar_strip_model *m, const lar_safetensors *file, const char *shown)
{
    lar_status status = LAR_OK;
    const char *texts[TEXTS];
    LAR_TRY(check_kind(file, shown));
    LAR_TRY(read_texts(texts, file, shown));
    LAR_TRY(check_name(texts[NAME], shown));
    m->name = copy(m->arena, texts[NAME]);
    m->about = copy(m->arena, texts[ABOUT]);
    m->cite = copy(m->arena, texts[CITE]);
    m->licence = copy(m->arena, texts[LICENCE]);
    m->origin = copy(m->arena, texts[ORIGIN]);
    m->origin_file = copy(m->arena, texts[ORIGIN_FILE]);
    if (!m->name || !m->about || !m->cite || !m->licence || !m->origin || !m->origin_file)
        return LAR_EMEMORY;
    LAR_TRY(
        read_table(lar_network_table, &m->network, texts[NETWORK], "network ", shown, m->arena));
    LAR_TRY(read_table(recipe_table, &m->recipe, texts[INPUT], "", shown, m->arena));
    LAR_TRY(check_sizes(m, shown));
    LAR_TRY(lar_network_build(&m->net, &m->network, 1, 1, 0));
    status = lar_net_load(m->net, file);
    if (status != LAR_OK) {
        lar_while(status, "'%s' is damaged", shown);
        goto done;
    }
    weights_of(m->sha256, m->net);
    LAR_TRY(check_weights(m, texts[WEIGHTS], shown));
done:
    return status;
}

lar_status lar_strip_model_parse(lar_strip_model **out, char *bytes, size_t count,
                                 const char *shown)
{
    lar_status status = LAR_OK;
    lar_safetensors *file = NULL;
    lar_strip_model *m = NULL;

    *out = NULL;
    LAR_TRY(lar_safetensors_parse(&file, bytes, count, shown));
    m = lar_alloc(1, sizeof *m);
    if (!m) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_arena_new(&m->arena));
    LAR_TRY(fill(m, file, shown));
    m->bytes = (int64_t)count;
    *out = m;
    m = NULL;
done:
    lar_strip_model_free(m);
    lar_safetensors_free(file);
    return status;
}

lar_status lar_strip_model_read(lar_strip_model **out, const char *path)
{
    char *bytes;
    size_t count;
    *out = NULL;
    const lar_status status = lar_file_read(&bytes, &count, path, MOST_WEIGHTS);
    return status == LAR_OK ? lar_strip_model_parse(out, bytes, count, path) : status;
}

bool lar_strip_model_is(const char *bytes, size_t count)
{
    return count > 8 && bytes[8] == '{';
}

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

void lar_strip_model_words(lar_text *out, const lar_strip_model *model)
{
    const lar_network_params *n = &model->network;
    const int64_t layers = n->dilations.count * n->repeat;
    lar_text_add(out, "%s, %lld layer%s of %lld channel%s, %lld weights", lar_models[n->name].name,
                 (long long)layers, plural(layers), (long long)n->channels, plural(n->channels),
                 (long long)lar_net_weight_count(model->net));
}

void lar_strip_model_free(lar_strip_model *model)
{
    if (!model) return;
    lar_net_free(model->net);
    lar_arena_free(model->arena);
    lar_free(model);
}
