/* One image of `larmor convert` to its file, and its sidecar.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/convert/convert.h"
#include "image/image.h"

/* keep, then what --type may name; 64-bit integers are left out: many tools refuse them */
const char *const lar_convert_type_names[] = { "keep",  "uint8",  "int8",    "uint16",  "int16",
                                               "int32", "uint32", "float32", "float64", NULL };
static const lar_type types[] = { 0,       LAR_U8,  LAR_I8,  LAR_U16, LAR_I16,
                                  LAR_I32, LAR_U32, LAR_F32, LAR_F64 };

/* Warnings of a file and of its series, with the name the user knows. */
static void say(const lar_convert_image *image, const char *lines)
{
    while (*lines) {
        const size_t length = strcspn(lines, "\n");
        if (image->input->is_dicom)
            lar_log(LAR_LOG_WARNING, "'%s', series %s: %.*s", image->input->path, image->name,
                    (int)length, lines);
        else
            lar_log(LAR_LOG_WARNING, "'%s': %.*s", image->input->path, (int)length, lines);
        lines += length + (lines[length] == '\n');
    }
}

static lar_status pick_volume(lar_image **image, const lar_convert_options *o, const char *path)
{
    lar_status status = LAR_OK;
    lar_image *one = NULL;
    if (o->volume == LAR_INT_AUTO) return LAR_OK;
    if (o->volume >= (*image)->channels)
        return lar_fail(LAR_EARGUMENT, "'%s' has %lld volumes, from 0: there is no --volume %lld",
                        path, (long long)(*image)->channels, (long long)o->volume);
    LAR_TRY(lar_image_channel(&one, *image, o->volume));
    lar_image_free(*image);
    *image = one;
done:
    return status;
}

static lar_status write_sidecar(const lar_convert_image *image, const lar_convert_options *o,
                                lar_arena *arena)
{
    lar_status status = LAR_OK;
    if (!image->facts && !*image->warnings) return LAR_OK; /* nothing to say */
    json_t *facts = image->facts ? json_deep_copy(image->facts) : json_object();
    const char *key;
    json_t *value;
    void *next;
    char *text = NULL;
    const char *folder = lar_path_folder(arena, image->target);
    const char *stem = lar_path_stem(arena, image->target);
    const char *path = folder && stem
                           ? lar_path_join(arena, folder, lar_arena_format(arena, "%s.json", stem))
                           : NULL;
    if (!facts || !path) {
        status = LAR_EMEMORY;
        goto done;
    }
    if (!o->patient)
        json_object_foreach_safe(facts, next, key, value) if (!lar_dicom_is_kept(key))
            json_object_del(facts, key);
    for (const char *line = image->warnings; *line;) { /* what is odd stays known */
        const size_t length = strcspn(line, "\n");
        json_t *list = json_object_get(facts, "ConversionWarnings");
        if (!list) json_object_set_new(facts, "ConversionWarnings", list = json_array());
        json_array_append_new(list, json_stringn(line, length));
        line += length + (line[length] == '\n');
    }
    text = json_dumps(facts, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15));
    if (!text) {
        status = lar_fail(LAR_EMEMORY, "out of memory");
        goto done;
    }
    lar_text line = { 0 };
    lar_text_add(&line, "%s\n", text);
    status = lar_file_write(path, lar_text_get(&line), line.length, o->force);
    lar_text_clear(&line);
done:
    free(text);
    json_decref(facts);
    return status;
}

lar_status lar_convert_write(const lar_convert_image *image, const lar_convert_options *o,
                             lar_arena *arena)
{
    lar_status status = LAR_OK;
    lar_image *in = NULL, *typed = NULL;
    lar_image_about about = { 0 };
    int64_t not_held;
    char words[96];
    const lar_write_params params = {
        .force = o->force,
        .version = o->version,
        .level = o->compress == LAR_INT_AUTO ? 0
                 : o->compress == 0          ? -1
                                             : (int)o->compress,
    };

    const lar_read_params how = { .form = o->form, .scaling = o->scaling };

    LAR_TRY(lar_image_read_with(&in, &about, image->file, &how));
    say(image, lar_text_get(&about.warnings));
    say(image, image->warnings);
    LAR_TRY(pick_volume(&in, o, image->input->path));
    LAR_TRY(lar_image_to_type_counted(&typed, &not_held, in, o->type ? types[o->type] : in->type));
    if (not_held)
        lar_log(LAR_LOG_WARNING,
                "'%s': %lld voxels did not fit into %s and were set to the nearest value",
                image->target, (long long)not_held, lar_type_name(typed->type));
    const char *folder = lar_path_folder(arena, image->target);
    if (!folder) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_folder_make(folder));
    LAR_TRY(lar_image_write_with(typed, image->target, &params));
    if (o->sidecar || o->bids) LAR_TRY(write_sidecar(image, o, arena));
    lar_grid_words(&typed->grid, words, sizeof words);
    lar_log(LAR_LOG_NOTE, "'%s': %s, %s", image->target, words, lar_type_name(typed->type));
done:
    lar_image_about_clear(&about);
    lar_image_free(typed);
    lar_image_free(in);
    return status;
}
