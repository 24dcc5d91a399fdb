/* Names of what `larmor convert` writes, by a pattern.
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

#include "command/convert/convert.h"

/* What stands in braces, and the fact of a sidecar that it takes. */
static const struct {
    const char *field, *fact;
} fields[] = {
    { "number", "SeriesNumber" },   { "description", "SeriesDescription" },
    { "protocol", "ProtocolName" }, { "modality", "Modality" },
    { "echo", "EchoNumber" },       { "sequence", "SequenceName" },
};

/* As part of a file's name: what is no letter, digit or one of "_-+." becomes "_". */
static void add_clean(lar_text *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        const bool kept = isalnum((unsigned char)*c) || strchr("_-+.", *c);
        lar_text_add_bytes(out, kept && (c > text || *c != '.') ? c : "_", 1);
    }
}

static bool add_fact(lar_text *out, const lar_convert_image *image, const char *fact)
{
    const json_t *value = json_object_get(image->facts, fact);
    if (json_is_string(value))
        add_clean(out, json_string_value(value));
    else if (json_is_number(value))
        lar_text_add(out, "%.10g", json_number_value(value));
    else
        return false;
    return true;
}

static lar_status add_field(lar_text *out, const lar_convert_image *image, const char *field,
                            size_t length, lar_arena *arena)
{
    lar_text valid = { 0 };
    const lar_convert_input *input = image->input;
    const char *name = lar_arena_text(arena, field, length);
    if (!name) return LAR_EMEMORY;
    if (lar_text_is(name, "name")) {
        lar_text_add(out, "%s", image->name);
        return LAR_OK;
    }
    if (lar_text_is(name, "path")) {
        lar_text_add(out, "%s", input->inside);
        return LAR_OK;
    }
    if (lar_text_is(name, "folder")) {
        const char *folder = input->is_dicom ? input->path : lar_path_folder(arena, input->path);
        if (!folder) return LAR_EMEMORY;
        add_clean(out, lar_path_name(folder));
        return LAR_OK;
    }
    if (lar_text_is(name, "format")) { /* "nii" of t1.nii.gz */
        const char *end =
            input->is_dicom ? ".dcm" : lar_path_name(input->path) + strlen(image->name);
        end += *end == '.';
        add_clean(out, lar_arena_text(arena, end, strcspn(end, ".")));
        return LAR_OK;
    }
    for (size_t n = 0; n < sizeof fields / sizeof *fields; n++) {
        lar_text_add(&valid, " {%s}", fields[n].field);
        if (!lar_text_is(name, fields[n].field)) continue;
        lar_text_clear(&valid);
        if (add_fact(out, image, fields[n].fact)) return LAR_OK;
        return lar_fail(LAR_EARGUMENT, "'%s' has no {%s} for its name", input->path, name);
    }
    const lar_status status =
        lar_fail(LAR_EARGUMENT, "--name knows no {%s}, expected {name} {path} {folder} {format}%s",
                 name, lar_text_get(&valid));
    lar_text_clear(&valid);
    return status;
}

/* "a//b" and "/a" to "a/b" and "a"; a part of dots would lead elsewhere. */
static lar_status tidy(char *path, const char *pattern)
{
    char *to = path;
    for (const char *at = path; *at;) {
        const size_t length = strcspn(at, "/");
        if (length > 0 && length == strspn(at, "."))
            return lar_fail(LAR_EARGUMENT, "--name '%s' gives a name that leads out of the folder",
                            pattern);
        if (length > 0 && to > path) *to++ = '/';
        memmove(to, at, length);
        to += length;
        at += length + (at[length] == '/');
    }
    *to = 0;
    return LAR_OK;
}

lar_status lar_convert_name(lar_convert_image *image, const lar_convert_options *o,
                            lar_arena *arena)
{
    lar_status status = LAR_OK;
    lar_text text = { 0 };

    for (const char *at = o->name; *at;) {
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        if (end) {
            LAR_TRY(add_field(&text, image, at + 1, (size_t)(end - at - 1), arena));
            at = end + 1;
        } else {
            lar_text_add_bytes(&text, at++, 1);
        }
    }
    char *relative = lar_arena_text(arena, lar_text_get(&text), text.length);
    if (!relative || text.failed) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(tidy(relative, o->name));
    if (!*relative) {
        status =
            lar_fail(LAR_EARGUMENT, "--name '%s' gives '%s' no name", o->name, image->input->path);
        goto done;
    }
    image->target =
        lar_path_join(arena, o->output, lar_arena_format(arena, "%s%s", relative, o->extension));
    if (!image->target) status = LAR_EMEMORY;
done:
    lar_text_clear(&text);
    return status;
}
