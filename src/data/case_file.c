/* One prepared volume in the record beside it: its hash, the files that it was made of and theirs,
 * and what was learned of the scan. SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "data/data.h"
#include "image/image.h"

void lar_seen_mark(char hex[LAR_SHA256_ROOM], const lar_seen_file *files, int64_t count)
{
    lar_text all = { 0 };
    for (int64_t n = 0; n < count; n++) lar_text_add(&all, "%s\n", files[n].sha256);
    if (count == 1)
        memcpy(hex, files[0].sha256, LAR_SHA256_ROOM);
    else
        lar_sha256(hex, &(lar_bytes){ lar_text_get(&all), all.length }, 1);
    lar_text_clear(&all);
}

json_t *lar_grid_to_json(const lar_grid *grid)
{
    json_t *affine = json_array();
    for (int r = 0; r < 3; r++)
        json_array_append_new(affine,
                              json_pack("[f,f,f,f]", grid->to_world.m[r][0], grid->to_world.m[r][1],
                                        grid->to_world.m[r][2], grid->to_world.m[r][3]));
    return json_pack("{s:[I,I,I], s:o}", "size", (json_int_t)grid->size[0],
                     (json_int_t)grid->size[1], (json_int_t)grid->size[2], "to_world", affine);
}

bool lar_grid_from_json(lar_grid *out, const json_t *object)
{
    const json_t *size = json_object_get(object, "size");
    const json_t *affine = json_object_get(object, "to_world");
    if (json_array_size(size) != 3 || json_array_size(affine) != 3) return false;
    for (size_t row = 0; row < 3; row++) {
        const json_t *values = json_array_get(affine, row);
        out->size[row] = json_integer_value(json_array_get(size, row));
        if (json_array_size(values) != 4) return false;
        for (size_t n = 0; n < 4; n++)
            out->to_world.m[row][n] = json_number_value(json_array_get(values, n));
    }
    return lar_grid_is_valid(out);
}

static json_t *from_json_of(const lar_case_file *file)
{
    json_t *list = json_array();
    for (int64_t n = 0; n < file->from_count; n++) {
        const lar_seen_file *f = &file->from[n];
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:I, s:I, s:I, s:I}", "path", f->path, "sha256", f->sha256,
                            "bytes", (json_int_t)f->bytes, "time_ns", (json_int_t)f->time_ns,
                            "change_ns", (json_int_t)f->change_ns, "inode", (json_int_t)f->inode));
    }
    return list;
}

json_t *lar_case_file_to_json(const lar_case_file *file)
{
    json_t *out = json_pack("{s:I}", "bytes", (json_int_t)file->bytes);
    if (*file->sha256) json_object_set_new(out, "sha256", json_string(file->sha256));
    if (!file->source) return out;
    json_object_set_new(out, "source", json_string(file->source));
    if (file->from_count) json_object_set_new(out, "from", from_json_of(file));
    json_object_set_new(out, "raw", lar_grid_to_json(&file->raw));
    if (file->fit.method) json_object_set_new(out, "fit", lar_fit_to_json(&file->fit));
    if (*file->mark) json_object_set_new(out, "mark", json_string(file->mark));
    return out;
}

/* Whether it is a hash; copied where it is. */
static bool take_hash(char hex[LAR_SHA256_ROOM], const json_t *text)
{
    const char *digits = json_string_value(text);
    if (!digits || strlen(digits) != 64 || strspn(digits, "0123456789abcdef") != 64) return false;
    memcpy(hex, digits, LAR_SHA256_ROOM);
    return true;
}

static lar_status read_from(lar_case_file *out, const json_t *list, lar_arena *arena)
{
    out->from_count = (int64_t)json_array_size(list);
    lar_seen_file *from = lar_arena_take(arena, out->from_count, sizeof *from);
    if (!from) return LAR_EMEMORY;
    for (int64_t n = 0; n < out->from_count; n++) {
        const json_t *object = json_array_get(list, (size_t)n);
        const char *path = json_string_value(json_object_get(object, "path"));
        if (!path || !take_hash(from[n].sha256, json_object_get(object, "sha256")))
            return LAR_EFORMAT;
        from[n].path = lar_arena_text(arena, path, strlen(path));
        if (!from[n].path) return LAR_EMEMORY;
        from[n].bytes = json_integer_value(json_object_get(object, "bytes"));
        from[n].time_ns = json_integer_value(json_object_get(object, "time_ns"));
        from[n].change_ns = json_integer_value(json_object_get(object, "change_ns"));
        from[n].inode = json_integer_value(json_object_get(object, "inode"));
    }
    out->from = from;
    return LAR_OK;
}

/* Older files have neither "sha256" nor "from" nor "mark". */
lar_status lar_case_file_from_json(lar_case_file *out, const json_t *object, bool made,
                                   lar_arena *arena)
{
    *out = (lar_case_file){ 0 };
    if (!json_is_object(object)) return LAR_EFORMAT;
    out->bytes = json_integer_value(json_object_get(object, "bytes"));
    const json_t *hash = json_object_get(object, "sha256");
    if (hash && !take_hash(out->sha256, hash)) return LAR_EFORMAT;
    if (made) return LAR_OK;
    const char *source = json_string_value(json_object_get(object, "source"));
    if (!source || !lar_grid_from_json(&out->raw, json_object_get(object, "raw")))
        return LAR_EFORMAT;
    out->source = lar_arena_text(arena, source, strlen(source));
    if (!out->source) return LAR_EMEMORY;
    const char *mark = json_string_value(json_object_get(object, "mark"));
    snprintf(out->mark, sizeof out->mark, "%s", mark ? mark : "");
    const lar_status status = read_from(out, json_object_get(object, "from"), arena);
    if (status != LAR_OK) return status;
    const json_t *fit = json_object_get(object, "fit");
    return fit ? lar_fit_from_json(&out->fit, fit, arena) : LAR_OK;
}

lar_status lar_case_file_copy(lar_case_file *out, const lar_case_file *from, lar_arena *arena)
{
    *out = *from;
    if (!from->source) return LAR_OK;
    lar_seen_file *files = lar_arena_take(arena, from->from_count, sizeof *files);
    out->source = lar_arena_text(arena, from->source, strlen(from->source));
    if (!files || !out->source) return LAR_EMEMORY;
    for (int64_t n = 0; n < from->from_count; n++) {
        files[n] = from->from[n];
        files[n].path = lar_arena_text(arena, files[n].path, strlen(files[n].path));
        if (!files[n].path) return LAR_EMEMORY;
    }
    out->from = files;
    if (!from->fit.method) return LAR_OK;
    out->fit.method = lar_arena_text(arena, from->fit.method, strlen(from->fit.method));
    return out->fit.method ? LAR_OK : LAR_EMEMORY;
}
