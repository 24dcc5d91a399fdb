/* A network with the study it belongs to: fresh, or from a model file.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>

#include "base/base.h"
#include "train/session.h"

static lar_status find_roles(lar_trained *t)
{
    const lar_data_params *data = &t->study->data;
    int64_t *inputs = lar_arena_take(t->arena, data->image_count, sizeof *inputs);
    int64_t *targets = lar_arena_take(t->arena, data->image_count, sizeof *targets);
    if (!inputs || !targets) return LAR_EMEMORY;
    for (int64_t n = 0; n < data->image_count; n++) {
        if (data->images[n].role == LAR_INPUT) inputs[t->input_count++] = n;
        if (data->images[n].role == LAR_TARGET) targets[t->target_count++] = n;
    }
    t->inputs = inputs;
    t->targets = targets;
    t->target_fits = lar_arena_take(t->arena, t->target_count, sizeof *t->target_fits);
    if (!t->target_fits) return LAR_EMEMORY;
    if (t->input_count == 0 || t->target_count == 0) {
        const bool input = t->input_count == 0;
        const lar_status status = lar_fail(LAR_EARGUMENT, "%s: no image has the role %s",
                                           t->study->name, input ? "input" : "target");
        return lar_hint(status, "role: %s for one of data: images", input ? "input" : "target");
    }
    return LAR_OK;
}

/* The mean, over the training cases, of what each target's normalizer found. */
static lar_status average_fits(lar_trained *t, const lar_prepared *prepared)
{
    lar_status status = LAR_OK;
    const lar_fit **fits = lar_alloc(prepared->case_count, sizeof *fits);
    if (!fits) return LAR_EMEMORY;
    for (int64_t n = 0; n < t->target_count; n++) {
        int64_t count = 0;
        for (int64_t c = 0; c < prepared->case_count; c++)
            if (prepared->cases[c].split == LAR_TRAIN)
                fits[count++] = &prepared->cases[c].fits[t->targets[n]];
        LAR_TRY(lar_fit_average(&t->target_fits[n], fits, count, t->arena));
    }
done:
    lar_free(fits);
    return status;
}

static bool has_line(const char *lines, const char *line)
{
    const size_t length = strlen(line);
    for (; *lines; lines += strcspn(lines, "\n") + 1)
        if (strncmp(lines, line, length) == 0 && lines[length] == '\n') return true;
    return false;
}

bool lar_trained_strips_so(const lar_trained *t, const lar_case_strip *strip)
{
    lar_text words = { 0 };
    lar_case_strip_words(&words, strip);
    const bool so = !*t->strips || has_line(t->strips, lar_text_get(&words));
    lar_text_clear(&words);
    return so;
}

static lar_status gather_strips(lar_trained *t, const lar_prepared *prepared)
{
    lar_text lines = { 0 };
    for (int64_t c = 0; c < prepared->record->case_count; c++) {
        const lar_case_record *record = &prepared->record->cases[c];
        if (record->split != LAR_TRAIN || record->state != LAR_CASE_DONE) continue;
        for (int64_t n = 0; n < record->findings.strip_count; n++) {
            lar_text words = { 0 };
            lar_case_strip_words(&words, &record->findings.strips[n]);
            if (!has_line(lar_text_get(&lines), lar_text_get(&words)))
                lar_text_add(&lines, "%s\n", lar_text_get(&words));
            lar_text_clear(&words);
        }
    }
    t->strips = lines.failed ? NULL : lar_arena_text(t->arena, lar_text_get(&lines), lines.length);
    lar_text_clear(&lines);
    return t->strips ? LAR_OK : LAR_EMEMORY;
}

/* With its own copy of the study, from text. */
static lar_status trained_start(lar_trained **out, const char *text, int64_t length,
                                const char *name, const char *folder)
{
    lar_status status = LAR_OK;
    lar_trained *t = lar_alloc(1, sizeof *t);

    *out = NULL;
    if (!t) return LAR_EMEMORY;
    LAR_TRY(lar_arena_new(&t->arena));
    t->strips = "";
    LAR_TRY(lar_study_parse(&t->study, text, length, name, folder));
    LAR_TRY(find_roles(t));
    LAR_TRY(lar_standards_new(&t->standards, t->study));
    LAR_TRY(lar_standards_travel(t->standards, t->study));
    LAR_TRY(lar_network_build(&t->net, &t->study->network,
                              t->input_count * lar_sample_slices(&t->study->train.sample),
                              t->target_count, (uint64_t)t->study->train.seed));
    *out = t;
    t = NULL;
done:
    lar_trained_free(t);
    return status;
}

lar_status lar_trained_new(lar_trained **out, const lar_study *study, const lar_prepared *prepared)
{
    lar_status status = LAR_OK;
    LAR_TRY(trained_start(out, study->text, study->length, study->name, study->folder));
    status = average_fits(*out, prepared);
    if (status == LAR_OK) status = gather_strips(*out, prepared);
    if (status == LAR_OK)
        status = lar_standards_read((*out)->standards, study, prepared->work,
                                    prepared->record->standards);
    if (status != LAR_OK) {
        lar_trained_free(*out);
        *out = NULL;
    }
done:
    return status;
}

void lar_trained_free(lar_trained *t)
{
    if (!t) return;
    lar_net_free(t->net);
    lar_standards_free(t->standards);
    lar_study_free(t->study);
    lar_arena_free(t->arena);
    lar_free(t);
}

/* {"flair": {...}}, as train_state.c writes it */
static lar_status read_fits(lar_trained *t, const char *text, const char *path)
{
    lar_status status = LAR_OK;
    json_t *root = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    for (int64_t n = 0; n < t->target_count && status == LAR_OK; n++) {
        const char *name = t->study->data.images[t->targets[n]].name;
        status = lar_fit_from_json(&t->target_fits[n], json_object_get(root, name), t->arena);
        if (status == LAR_EFORMAT)
            lar_fail(status, "'%s' does not tell the units of '%s'", path, name);
    }
    json_decref(root);
    return status;
}

static lar_status read_standards(lar_trained *t, const lar_safetensors *file, const char *path)
{
    for (int64_t n = 0; n < t->standards->count; n++) {
        lar_standard *standard = &t->standards->at[n];
        const char *key = lar_arena_format(t->arena, LAR_STANDARD_NOTE "%s", standard->name);
        if (!key) return LAR_EMEMORY;
        const char *text = lar_safetensors_note(file, key);
        if (!text)
            return lar_fail(LAR_EFORMAT, "'%s' lacks '%s', which its study learned", path, key);
        const lar_status status =
            lar_standard_parse(standard, t->study, t->standards->arena, text, path);
        if (status != LAR_OK) return status;
    }
    return LAR_OK;
}

lar_status lar_trained_read(lar_trained **out, const char *path)
{
    lar_status status = LAR_OK;
    lar_trained *t = NULL;
    lar_safetensors *file = NULL;
    int64_t epoch = 0;

    *out = NULL;
    LAR_TRY(lar_safetensors_read(&file, path));
    const char *text = lar_safetensors_note(file, "study");
    const char *seen = lar_safetensors_note(file, "epoch");
    if (!text || !seen || !lar_parse_int(&epoch, seen)) {
        status = lar_fail(LAR_EFORMAT, "'%s' is not a model that larmor trained: it holds no study",
                          path);
        goto done;
    }
    status = trained_start(&t, text, (int64_t)strlen(text), path, ".");
    if (status != LAR_OK) {
        lar_while(status, "cannot use the study inside '%s'", path);
        goto done;
    }
    LAR_TRY(lar_net_load(t->net, file));
    LAR_TRY(read_fits(t, lar_safetensors_note(file, "targets"), path));
    LAR_TRY(read_standards(t, file, path));
    const char *strips = lar_safetensors_note(file, LAR_STRIPS_NOTE);
    if (strips) t->strips = lar_arena_text(t->arena, strips, strlen(strips));
    if (!t->strips) {
        status = LAR_EMEMORY;
        goto done;
    }
    t->epoch = epoch;
    const char *precision =
        lar_safetensors_note(file, "precision"); /* --precision, or the study's */
    if (lar_text_is(precision, lar_precision_names[LAR_BFLOAT16])) t->precision = LAR_BFLOAT16;
    *out = t;
    t = NULL;
done:
    lar_trained_free(t);
    lar_safetensors_free(file);
    return status;
}

static void add_section(lar_text *out, const char *section, const lar_param *table,
                        const void *params)
{
    static const char *const same_bits[] = { "memory", "deterministic", "histories", NULL };
    for (const lar_param *p = table; p->name; p++) {
        int n = 0;
        while (same_bits[n] && !lar_text_is(p->name, same_bits[n])) n++;
        if (same_bits[n]) continue;
        lar_text_add(out, "%s %s: ", section, p->name);
        lar_param_get(out, p, params);
        lar_text_add(out, "\n");
    }
}

const char *lar_trained_settings(const lar_study *study, lar_arena *arena)
{
    lar_text text = { 0 };
    lar_network_describe(&text, &study->network);
    lar_study_describe_samples(&text, study);
    add_section(&text, "train", lar_train_table, &study->train);
    const char *kept = text.failed ? NULL : lar_arena_text(arena, text.at, text.length);
    lar_text_clear(&text);
    return kept;
}
