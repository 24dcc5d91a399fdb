/* Where a prepared volume comes from, beside it as JSON: its sources with their hashes, the steps
 * with all their parameters as they ran, what they found. Keys of BIDS' derivatives where it has
 * some (bids-specification.readthedocs.io, "Derivatives"). Of the same inputs always the same
 * bytes: no times; of the patient nothing but what the study's own ids say; paths are relative.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>

#include "prepare/cohort_pass.h"

enum { TEXT_MAX = 1 << 22 /* bytes of such a file */ };

const char *lar_provenance_path(const lar_cohort_pass *p, lar_arena *arena,
                                const lar_case_record *record, int64_t image, bool flagged)
{
    const char *volume = lar_cohort_volume(p, arena, record, image, flagged);
    if (!volume) return NULL;
    return lar_arena_format(arena, "%.*s.json", (int)strlen(volume) - 4, volume); /* .nii */
}

/* ---- paths ----------------------------------------------------------------------------- */

/* From a folder to a file, by what the folders are called where they really are; the path as it is
 * where one of them is not there. */
static const char *relative(lar_arena *arena, const char *folder, const char *path)
{
    lar_text out = { 0 };
    const char *shown = path, *above = lar_path_folder(arena, path);
    char *from = realpath(folder, NULL), *to = above ? realpath(above, NULL) : NULL;
    if (from && to) {
        size_t common = 0;
        for (size_t n = 0;; n++) {
            const bool from_ends = from[n] == '/' || !from[n], to_ends = to[n] == '/' || !to[n];
            if (from_ends && to_ends) common = n;
            if (from[n] != to[n] || !from[n]) break;
        }
        const char *up = from + common, *down = to + common;
        for (; *up; up++)
            if (*up == '/' && up[1]) lar_text_add(&out, "../");
        down += *down == '/';
        lar_text_add(&out, *down ? "%s/%s" : "%s%s", down, lar_path_name(path));
        if (!out.failed) shown = lar_arena_text(arena, lar_text_get(&out), out.length);
    }
    free(from);
    free(to);
    lar_text_clear(&out);
    return shown;
}

/* ---- parameters ------------------------------------------------------------------------ */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *value_json(const lar_param *param, const void *params)
{
    const void *field = (const char *)params + param->offset;
    json_t *list;
    switch (param->kind) {
    case LAR_KIND_FLAG:
        return json_boolean(*(const bool *)field);
    case LAR_KIND_INT:
    case LAR_KIND_SIZE:
        if (*(const int64_t *)field == LAR_INT_AUTO) return json_string("auto");
        return json_integer(*(const int64_t *)field);
    case LAR_KIND_REAL:
        if (isnan(*(const double *)field)) return json_string("auto");
        return number(*(const double *)field);
    case LAR_KIND_TEXT: {
        const char *text = *(const char *const *)field;
        return text ? json_string(text) : json_null();
    }
    case LAR_KIND_CHOICE:
        return json_string(param->choices[*(const int *)field]);
    case LAR_KIND_REALS:
        list = json_array();
        for (int64_t n = 0; n < ((const lar_reals *)field)->count; n++)
            json_array_append_new(list, number(((const lar_reals *)field)->at[n]));
        return list;
    case LAR_KIND_INTS:
        list = json_array();
        for (int64_t n = 0; n < ((const lar_ints *)field)->count; n++)
            json_array_append_new(list, json_integer(((const lar_ints *)field)->at[n]));
        return list;
    case LAR_KIND_TEXTS:
        list = json_array();
        for (int64_t n = 0; n < ((const lar_texts *)field)->count; n++)
            json_array_append_new(list, json_string(((const lar_texts *)field)->at[n]));
        return list;
    case LAR_KIND_END:
        break;
    }
    return json_null();
}

static json_t *params_json(const lar_step *step)
{
    json_t *out = json_object();
    for (int t = 0; t < LAR_STEP_TABLES && step->kind->tables[t]; t++)
        for (const lar_param *param = step->kind->tables[t]; param->name; param++) {
            char key[64];
            snprintf(key, sizeof key, "%s", param->name);
            for (char *c = key; *c; c++)
                if (*c == '-') *c = '_'; /* as a study writes it */
            json_object_set_new(out, key, value_json(param, step->params));
        }
    return out;
}

/* ---- what it depends on ---------------------------------------------------------------- */

static bool makes_or_changes(const lar_study *study, const lar_step *step, int64_t image)
{
    return step->on[image] || (lar_step_is_strip(step) && lar_step_makes(step, study, image));
}

/* The images whose voxels or grid went into one, through the steps that were done to it and to
 * those. */
static void find_needed(bool *needed, const lar_study *study, int64_t image)
{
    const int64_t count = study->data.image_count;
    needed[image] = true;
    for (int64_t round = 0; round < count; round++)
        for (int64_t s = study->step_count - 1; s >= 0; s--) {
            const lar_step *step = &study->steps[s];
            bool runs = false;
            for (int64_t n = 0; n < count; n++)
                runs |= needed[n] && makes_or_changes(study, step, n);
            if (runs && step->kind->uses) step->kind->uses(step, &study->data, needed);
        }
    for (int64_t n = 0; n < count; n++)
        if (needed[n]) needed[lar_step_follows(&study->data, n)] = true;
}

static json_t *sources_json(json_t **hashes, const lar_study *study, const lar_case_record *record,
                            int64_t image, const char *folder, lar_arena *arena)
{
    bool needed[LAR_IMAGES_MAX] = { false };
    json_t *paths = json_array();
    *hashes = json_object();
    find_needed(needed, study, image);
    for (int64_t turn = 0; turn < 2; turn++) /* its own scan first */
        for (int64_t n = 0; n < study->data.image_count; n++) {
            if (!needed[n] || (n == image) != (turn == 0)) continue;
            for (int64_t f = 0; f < record->files[n].from_count; f++) {
                const lar_seen_file *file = &record->files[n].from[f];
                const char *path = relative(arena, folder, file->path);
                if (!path || json_object_get(*hashes, path)) continue;
                json_array_append_new(paths, json_string(path));
                json_object_set_new(*hashes, path, json_string(file->sha256));
            }
        }
    return paths;
}

/* ---- what steps found ------------------------------------------------------------------ */

/* A standard that was learned of the training subjects: its file, and what tells it apart. */
static void add_standard(json_t *found, const lar_cohort_pass *p, int64_t step, int64_t image)
{
    for (int64_t n = 0; n < p->standards->count; n++) {
        const lar_standard *standard = &p->standards->at[n];
        char hex[LAR_SHA256_ROOM], path[300];
        if (standard->step != step || standard->image != image || !standard->text) continue;
        lar_sha256(hex, &(lar_bytes){ standard->text, strlen(standard->text) }, 1);
        snprintf(path, sizeof path, "../fits/%s.json", standard->name);
        json_object_set_new(found, "standard",
                            json_pack("{s:s, s:s}", "file", path, "sha256", hex));
    }
}

static json_t *found_json(const lar_cohort_pass *p, const lar_case_record *record, int64_t s,
                          int64_t image)
{
    json_t *found = json_object();
    const lar_step *step = &p->study->steps[s];
    const lar_fit *fit = &record->files[image].fit;
    for (int64_t n = 0; n < record->findings.map_count; n++)
        if (record->findings.maps[n].step == s + 1)
            json_object_set_new(found, "registration",
                                lar_case_map_to_json(&record->findings.maps[n]));
    for (int64_t n = 0; n < record->findings.strip_count; n++)
        if (record->findings.strips[n].step == s + 1)
            json_object_set_new(found, "mask", lar_case_strip_to_json(&record->findings.strips[n]));
    if (lar_step_is_normalize(step)) {
        add_standard(found, p, s, image);
        if (fit->method) json_object_set_new(found, "fit", lar_fit_to_json(fit));
    }
    return found;
}

static json_t *steps_json(const lar_cohort_pass *p, const lar_case_record *record, int64_t image)
{
    json_t *list = json_array();
    for (int64_t s = 0; s < p->study->step_count; s++) {
        const lar_step *step = &p->study->steps[s];
        if (!makes_or_changes(p->study, step, image)) continue;
        json_t *one = json_pack(
            "{s:I, s:s, s:s, s:o}", "Step", (json_int_t)s + 1, "Name", step->kind->name, "When",
            step->only_training ? "training" : "always", "Parameters", params_json(step));
        json_t *found = found_json(p, record, s, image);
        if (json_object_size(found)) json_object_set(one, "Found", found);
        json_decref(found);
        json_array_append_new(list, one);
    }
    return list;
}

static bool is_stripped(const lar_study *study, int64_t image)
{
    for (int64_t s = 0; s < study->step_count; s++)
        if (lar_step_is_strip(&study->steps[s]) && study->steps[s].on[image]) return true;
    return false;
}

static char *describe(const lar_cohort_pass *p, const lar_case_record *record, int64_t image,
                      const char *folder, lar_arena *arena)
{
    const lar_image_spec *spec = &p->study->data.images[image];
    const lar_case_file *file = &record->files[image];
    json_t *hashes, *sources = sources_json(&hashes, p->study, record, image, folder, arena);
    json_t *root =
        json_pack("{s:s, s:s, s:b, s:o, s:o, s:[{s:s, s:s}], s:o, s:o, s:{s:I, s:s}}", "Image",
                  spec->name, "Role", lar_role_names[spec->role], "SkullStripped",
                  (int)is_stripped(p->study, image), "Sources", sources, "SourcesSHA256", hashes,
                  "GeneratedBy", "Name", "larmor", "Version", record->version, "Steps",
                  steps_json(p, record, image), "Grid", lar_grid_to_json(&record->grid), "Volume",
                  "Bytes", (json_int_t)file->bytes, "SHA256", file->sha256);
    if (root && spec->contrast) json_object_set_new(root, "Contrast", json_string(spec->contrast));
    char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(root);
    return text;
}

static bool is_there(const char *path, const char *text)
{
    char *before;
    size_t length;
    if (!lar_path_exists(path) || lar_file_read(&before, &length, path, TEXT_MAX) != LAR_OK)
        return false;
    const bool same = length == strlen(text) && memcmp(before, text, length) == 0;
    lar_free(before);
    return same;
}

lar_status lar_provenance_write(const lar_cohort_pass *p, const lar_case_record *record)
{
    lar_status status = LAR_OK;
    lar_arena *arena;
    LAR_TRY(lar_arena_new(&arena));
    for (int64_t m = 0; m < p->study->data.image_count && status == LAR_OK; m++) {
        const char *path =
            lar_provenance_path(p, arena, record, m, record->state == LAR_CASE_FLAGGED);
        const char *folder = path ? lar_path_folder(arena, path) : NULL;
        char *text = folder ? describe(p, record, m, folder, arena) : NULL;
        if (!text)
            status = lar_fail(LAR_EMEMORY,
                              "where '%s' of '%s' comes from cannot be written: names "
                              "must be UTF-8",
                              p->study->data.images[m].name, record->id);
        else if (!is_there(path, text))
            status = lar_file_write(path, text, strlen(text), true);
        free(text);
    }
    lar_arena_free(arena);
done:
    return status;
}
