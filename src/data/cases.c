/* The record beside prepared volumes, as JSON: what each case came from, what became of it, and
 * the lines of the study that made it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>

#include "data/data.h"
#include "data/find.h"
#include "image/image.h"

static const char *const state_names[] = { "pending", "done", "failed", "flagged", NULL };

enum { FORM = 1, RECORD_MAX = 256 << 20 /* bytes */ };

const char *lar_cases_path(lar_arena *arena, const char *work)
{
    return lar_path_join(arena, work, "prepared/cases.json");
}

const char *lar_cases_volume(lar_arena *arena, const char *work, const char *id, const char *image,
                             bool flagged)
{
    const char *name =
        lar_arena_format(arena, "prepared/%s/%s%s.nii", id, image, flagged ? ".flagged" : "");
    return name ? lar_path_join(arena, work, name) : NULL;
}

/* Whether the line gives a key no value, which is what a line that is not there says. */
static bool is_empty(const char *line, size_t length)
{
    while (length > 0 && line[length - 1] == ' ') length--;
    return length > 0 && line[length - 1] == ':';
}

bool lar_lines_differ(lar_text *out, const char *before, const char *now)
{
    while (*before || *now) {
        size_t a = strcspn(before, "\n"), b = strcspn(now, "\n");
        if (a != b || memcmp(before, now, a) != 0) {
            const size_t key = strcspn(before, ":\n");
            const bool one_key = key == strcspn(now, ":\n") && memcmp(before, now, key) == 0;
            const bool skip_now = !one_key && is_empty(now, b);
            const bool skip_before = !one_key && !skip_now && is_empty(before, a);
            if (skip_now) now += b + (now[b] == '\n');
            if (skip_before) before += a + (before[a] == '\n');
            if (skip_now || skip_before) continue;
            lar_text_add(out, "it was made with '%.*s', the study now says '%.*s'", (int)a, before,
                         (int)b, now);
            return true;
        }
        before += a + (before[a] == '\n');
        now += b + (now[b] == '\n');
    }
    return false;
}

/* ---- writing --------------------------------------------------------------------------- */

static json_t *lines_json(const char *lines)
{
    json_t *list = json_array();
    while (*lines) {
        const size_t length = strcspn(lines, "\n");
        json_array_append_new(list, json_stringn(lines, length));
        lines += length + (lines[length] == '\n');
    }
    return list;
}

static json_t *case_json(const lar_cases *cases, const lar_case_record *record)
{
    json_t *out = json_pack("{s:s, s:s, s:s}", "subject", record->id, "split",
                            lar_split_names[record->split], "status", state_names[record->state]);
    if (record->subject && !lar_text_is(record->subject, record->id))
        json_object_set_new(out, "participant", json_string(record->subject));
    if (record->state == LAR_CASE_FAILED || record->state == LAR_CASE_FLAGGED)
        json_object_set_new(out, "reason", json_string(record->reason));
    if (!lar_case_has_volumes(record->state)) return out;
    if (*record->version) json_object_set_new(out, "larmor", json_string(record->version));
    json_object_set_new(out, "grid", lar_grid_to_json(&record->grid));
    json_t *files = json_object();
    for (int64_t n = 0; n < cases->image_count; n++)
        json_object_set_new(files, cases->images[n].name, lar_case_file_to_json(&record->files[n]));
    json_object_set_new(out, "images", files);
    const lar_case_findings *f = &record->findings;
    json_t *maps = json_array(), *strips = json_array();
    for (int64_t n = 0; n < f->map_count; n++)
        json_array_append_new(maps, lar_case_map_to_json(&f->maps[n]));
    for (int64_t n = 0; n < f->strip_count; n++)
        json_array_append_new(strips, lar_case_strip_to_json(&f->strips[n]));
    if (f->map_count) json_object_set(out, "registrations", maps);
    if (f->strip_count) json_object_set(out, "strips", strips);
    json_decref(maps);
    json_decref(strips);
    return out;
}

lar_status lar_cases_write(const lar_cases *cases, const char *path)
{
    json_t *images = json_array(), *list = json_array();
    for (int64_t n = 0; n < cases->image_count; n++) {
        json_t *image = json_pack("{s:s, s:s}", "name", cases->images[n].name, "role",
                                  lar_role_names[cases->images[n].role]);
        if (cases->images[n].contrast)
            json_object_set_new(image, "contrast", json_string(cases->images[n].contrast));
        if (cases->images[n].made_of)
            json_object_set_new(image, "made_of", json_string(cases->images[n].made_of));
        json_array_append_new(images, image);
    }
    for (int64_t n = 0; n < cases->case_count; n++)
        json_array_append_new(list, case_json(cases, &cases->cases[n]));
    json_t *root = json_pack("{s:s, s:i, s:o, s:o, s:o, s:o}", "larmor", lar_version(), "form",
                             FORM, "recipe", lines_json(cases->recipe), "draw",
                             lines_json(cases->draw), "images", images, "cases", list);
    if (*cases->standards) json_object_set_new(root, "standards", lines_json(cases->standards));
    char *text = root ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(root);
    if (!text) return lar_fail(LAR_EMEMORY, "'%s' cannot be written: names must be UTF-8", path);
    const lar_status status = lar_file_write(path, text, strlen(text), true);
    free(text);
    return status;
}

/* ---- reading --------------------------------------------------------------------------- */

typedef struct reader {
    const char *path;
    lar_arena *arena;
    lar_cases *cases;
} reader;

static lar_status broken(const reader *r, const char *what)
{
    lar_fail(LAR_EFORMAT, "'%s' is not what prepare writes: %s", r->path, what);
    return lar_hint(LAR_EFORMAT, "larmor prepare with --force");
}

/* Text of the arena, or NULL where the member is no text. */
static const char *text_of(const reader *r, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? lar_arena_text(r->arena, text, strlen(text)) : NULL;
}

static int index_of(const char *const *names, const char *name)
{
    for (int n = 0; names[n]; n++)
        if (lar_text_is(names[n], name)) return n;
    return -1;
}

static const char *read_lines(const reader *r, const json_t *list)
{
    lar_text text = { 0 };
    for (size_t n = 0; n < json_array_size(list); n++) {
        const char *line = json_string_value(json_array_get(list, n));
        lar_text_add(&text, "%s\n", line ? line : "");
    }
    const char *lines = lar_arena_text(r->arena, lar_text_get(&text), text.length);
    lar_text_clear(&text);
    return lines;
}

/* Older files have no "strips". */
static lar_status read_findings(const reader *r, lar_case_findings *f, const json_t *object)
{
    const json_t *maps = json_object_get(object, "registrations"),
                 *strips = json_object_get(object, "strips");
    f->map_count = (int64_t)json_array_size(maps);
    f->strip_count = (int64_t)json_array_size(strips);
    f->maps = lar_arena_take(r->arena, f->map_count, sizeof *f->maps);
    f->strips = lar_arena_take(r->arena, f->strip_count, sizeof *f->strips);
    if (!f->maps || !f->strips) return LAR_EMEMORY;
    for (int64_t n = 0; n < f->map_count; n++) {
        const lar_status status =
            lar_case_map_from_json(&f->maps[n], json_array_get(maps, (size_t)n), r->arena);
        if (status != LAR_OK) return status == LAR_EFORMAT ? broken(r, "a registration") : status;
    }
    for (int64_t n = 0; n < f->strip_count; n++) {
        const lar_status status =
            lar_case_strip_from_json(&f->strips[n], json_array_get(strips, (size_t)n), r->arena);
        if (status != LAR_OK) return status == LAR_EFORMAT ? broken(r, "a strip") : status;
    }
    return LAR_OK;
}

static lar_status read_case(const reader *r, lar_case_record *record, const json_t *object)
{
    record->id = text_of(r, object, "subject");
    record->subject = text_of(r, object, "participant");
    record->split = index_of(lar_split_names, json_string_value(json_object_get(object, "split")));
    record->reason = text_of(r, object, "reason");
    record->version = text_of(r, object, "larmor");
    if (!record->version) record->version = "";
    record->state = index_of(state_names, json_string_value(json_object_get(object, "status")));
    if (!record->id || record->split < 0 || record->state < 0)
        return broken(r, "a case without subject, split or status");
    if (lar_id_check(record->id, r->path) != LAR_OK || strchr(record->id, '/'))
        return broken(r, "a subject's id");
    const bool needs_reason = record->state == LAR_CASE_FAILED || record->state == LAR_CASE_FLAGGED;
    if (needs_reason && !record->reason) return broken(r, "no reason");
    if (!lar_case_has_volumes(record->state)) return LAR_OK;
    if (!lar_grid_from_json(&record->grid, json_object_get(object, "grid")))
        return broken(r, "a grid");
    record->files = lar_arena_take(r->arena, r->cases->image_count, sizeof *record->files);
    if (!record->files) return LAR_EMEMORY;
    for (int64_t n = 0; n < r->cases->image_count; n++) {
        const json_t *image =
            json_object_get(json_object_get(object, "images"), r->cases->images[n].name);
        const lar_status status = lar_case_file_from_json(
            &record->files[n], image, r->cases->images[n].made_of != NULL, r->arena);
        if (status != LAR_OK)
            return status == LAR_EFORMAT ? broken(r, "an image of a case") : status;
    }
    return read_findings(r, &record->findings, object);
}

static lar_status read_all(const reader *r, const json_t *root)
{
    lar_status status = LAR_OK;
    lar_cases *cases = r->cases;
    const json_t *images = json_object_get(root, "images"), *list = json_object_get(root, "cases");
    if (json_integer_value(json_object_get(root, "form")) != FORM)
        return broken(r, "another form of file");
    cases->recipe = read_lines(r, json_object_get(root, "recipe"));
    cases->draw = read_lines(r, json_object_get(root, "draw"));
    cases->standards = read_lines(r, json_object_get(root, "standards"));
    cases->image_count = (int64_t)json_array_size(images);
    cases->case_count = (int64_t)json_array_size(list);
    lar_image_spec *specs = lar_arena_take(r->arena, cases->image_count, sizeof *specs);
    cases->cases = lar_arena_take(r->arena, cases->case_count, sizeof *cases->cases);
    if (!cases->recipe || !cases->draw || !cases->standards || !specs || !cases->cases)
        return LAR_EMEMORY;
    cases->images = specs;
    for (int64_t n = 0; n < cases->image_count; n++) {
        const json_t *image = json_array_get(images, (size_t)n);
        specs[n].name = text_of(r, image, "name");
        specs[n].role = index_of(lar_role_names, json_string_value(json_object_get(image, "role")));
        specs[n].contrast = text_of(r, image, "contrast");
        specs[n].made_of = text_of(r, image, "made_of");
        if (!specs[n].name || specs[n].role < 0 || strchr(specs[n].name, '/'))
            return broken(r, "an image");
    }
    for (int64_t n = 0; n < cases->case_count; n++)
        LAR_TRY(read_case(r, &cases->cases[n], json_array_get(list, (size_t)n)));
done:
    return status;
}

lar_status lar_cases_read(lar_cases **out, const char *path)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    json_t *root = NULL;
    json_error_t error;
    char *text = NULL;
    size_t length;

    *out = NULL;
    LAR_TRY(lar_arena_new(&arena));
    reader r = { .path = path, .arena = arena };
    r.cases = lar_arena_take(arena, 1, sizeof *r.cases);
    if (!r.cases) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_file_read(&text, &length, path, RECORD_MAX));
    root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        status = broken(&r, error.text);
        goto done;
    }
    LAR_TRY(read_all(&r, root));
    r.cases->arena = arena;
    *out = r.cases;
    arena = NULL;
done:
    json_decref(root);
    lar_free(text);
    lar_arena_free(arena);
    return status;
}

void lar_cases_free(lar_cases *cases)
{
    if (cases) lar_arena_free(cases->arena);
}
