/* Every image format, and reading and writing by them: by content first, the name comes second.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>

#include "format/format.h"
#include "format/seen.h"
#include "format/source.h"

/* In the order in which a file's content is asked. */
/* clang-format off */
const lar_format *const lar_formats[] = {
    &lar_format_nifti,
    &lar_format_analyze,
    &lar_format_metaimage,
    &lar_format_nrrd,
    &lar_format_mgh,
    &lar_format_afni,
    &lar_format_parrec,
    &lar_format_minc,
    &lar_format_dicom,
    &lar_format_tiff,
    &lar_format_png,
    NULL,
};
/* clang-format on */

const char *const lar_scaling_names[] = { "dv", "fp", NULL };

static bool has_suffix(const lar_format *format, const char *path)
{
    for (const char *const *s = format->suffixes; *s; s++)
        if (lar_text_ends(path, *s) && strlen(lar_path_name(path)) > strlen(*s)) return true;
    return false;
}

static const lar_format *format_of_name(const char *path)
{
    for (const lar_format *const *f = lar_formats; *f; f++)
        if (has_suffix(*f, path)) return *f;
    return NULL;
}

bool lar_path_is_image(const char *path)
{
    const lar_format *format = format_of_name(path);
    return format && format->write;
}

bool lar_format_at(int n, const char **name, const char *const **suffixes)
{
    if (n < 0 || n >= (int)(sizeof lar_formats / sizeof *lar_formats) || !lar_formats[n])
        return false;
    *name = lar_formats[n]->name;
    *suffixes = lar_formats[n]->suffixes;
    return true;
}

static lar_status unknown_content(const lar_source *source)
{
    char shown[3 * 8 + 1] = "";
    const size_t count = source->head_count < 8 ? source->head_count : 8;
    for (size_t n = 0; n < count; n++)
        snprintf(shown + 3 * n, 4, " %02x", (unsigned)source->head[n]);
    return lar_fail(LAR_EFORMAT, "'%s' is no image that larmor knows: its %scontent begins with%s",
                    source->path, source->gzip ? "inflated " : "", count ? shown : " nothing");
}

static const lar_format *sniffed(const lar_source *source, const char *path)
{
    lar_source called = *source;
    called.path = path;
    for (const lar_format *const *f = lar_formats; *f; f++)
        if ((*f)->sniff(&called)) return *f;
    return NULL;
}

/* As if the file had no name, then by its name. */
static lar_status format_of_content(const lar_format **out, lar_image_about *about,
                                    const lar_source *source)
{
    *out = sniffed(source, "");
    if (!*out) *out = sniffed(source, source->path);
    if (!*out) return unknown_content(source);
    if (source->alone) return LAR_OK;
    if (source->gzip != (lar_text_ends(source->path, ".gz") || lar_text_ends(source->path, ".mgz")))
        lar_text_add(&about->warnings, "its name says %scompressed, its content is%s\n",
                     source->gzip ? "not " : "", source->gzip ? "" : " not");
    const lar_format *named = format_of_name(source->path);
    if (named && !has_suffix(*out, source->path))
        lar_text_add(&about->warnings, "its name is that of %s, its content is %s\n", named->name,
                     (*out)->name);
    return LAR_OK;
}

void lar_about_say(const lar_image_about *about, const char *path)
{
    for (const char *line = lar_text_get(&about->warnings); *line;) {
        const size_t length = strcspn(line, "\n");
        lar_log(LAR_LOG_WARNING, "'%s': %.*s", path, (int)length, line);
        line += length + (line[length] == '\n');
    }
}

void lar_image_about_clear(lar_image_about *about)
{
    lar_notes_drop(about->notes);
    lar_text_clear(&about->warnings);
    *about = (lar_image_about){ 0 };
}

static lar_status read_source(lar_image **out, lar_image_about *about, lar_source *source, int form)
{
    lar_status status = LAR_OK;
    const lar_format *format;

    LAR_TRY(format_of_content(&format, about, source));
    LAR_TRY(format->read(out, about, source, form));
done:
    return status;
}

static lar_status read_path(lar_image **out, lar_image_about *about, const char *path,
                            const lar_read_params *params)
{
    lar_source source;
    *out = NULL;
    lar_status status;
    *about = (lar_image_about){ 0 };
    if (lar_path_is_folder(path)) {
        status = lar_dicom_image(out, about, path, params->form);
    } else {
        status = lar_source_open_seen(&source, path, false, params->seen);
        source.scaling = params->scaling;
        if (status == LAR_OK) status = read_source(out, about, &source, params->form);
        lar_source_clear(&source);
    }
    if (status == LAR_OK && params->seen) status = lar_seen_finish(params->seen, path);
    if (status != LAR_OK) {
        lar_image_free(*out);
        *out = NULL;
    }
    return status;
}

lar_status lar_image_read_about(lar_image **out, lar_image_about *about, const char *path, int form)
{
    const lar_read_params params = { .form = form };
    return read_path(out, about, path, &params);
}

lar_status lar_image_read_with(lar_image **out, lar_image_about *about, const char *path,
                               const lar_read_params *params)
{
    lar_image_about own;
    if (about) return read_path(out, about, path, params);
    const lar_status status = read_path(out, &own, path, params);
    if (status == LAR_OK) lar_about_say(&own, path);
    lar_image_about_clear(&own);
    return status;
}

lar_status lar_about_adopt(lar_image **out, lar_image_about *about, const char *made,
                           const char *path, int form)
{
    lar_image_about inner;
    struct stat what;
    /* whoever made it may have been taken over: a link could lead anywhere */
    if (lstat(made, &what) != 0 || !S_ISREG(what.st_mode))
        return lar_fail(LAR_EFORMAT, "'%s' gives no image", path);
    const lar_status status = out ? lar_image_read_about(out, &inner, made, form)
                                  : lar_image_read_header_form(&inner, made, form);
    if (status != LAR_OK) {
        lar_image_about_clear(&inner);
        return lar_while(status, "cannot read what was made of '%s'", path);
    }
    lar_text_add(&about->warnings, "%s", lar_text_get(&inner.warnings));
    lar_text_clear(&inner.warnings);
    inner.warnings = about->warnings;
    lar_notes_drop(about->notes);
    *about = inner;
    about->form_codes[0] = about->form_codes[1] = 0;
    about->scale_unset = false;
    return LAR_OK;
}

lar_status lar_image_read(lar_image **out, const char *path)
{
    const lar_read_params params = { 0 };
    return lar_image_read_with(out, NULL, path, &params);
}

lar_status lar_image_read_bytes(lar_image **out, const void *bytes, size_t count, const char *name)
{
    return lar_image_read_pair(out, bytes, count, NULL, 0, name);
}

lar_status lar_image_read_pair(lar_image **out, const void *header, size_t header_count,
                               const void *voxels, size_t voxel_count, const char *name)
{
    lar_source source;
    lar_image_about about = { 0 };
    *out = NULL;
    lar_status status = lar_source_over(&source, header, header_count, name);
    source.beside = voxels;
    source.beside_count = voxel_count;
    if (status == LAR_OK) status = read_source(out, &about, &source, LAR_FORM_AUTO);
    if (status == LAR_OK) lar_about_say(&about, name);
    lar_image_about_clear(&about);
    lar_source_clear(&source);
    return status;
}

static lar_status read_header(lar_image_about *out, const char *path, int form, lar_seen *seen)
{
    lar_status status = LAR_OK;
    lar_source source;
    const lar_format *format;

    *out = (lar_image_about){ 0 };
    if (lar_path_is_folder(path)) return lar_dicom_image(NULL, out, path, form);
    LAR_TRY(lar_source_open_seen(&source, path, true, seen));
    LAR_TRY(format_of_content(&format, out, &source));
    LAR_TRY(format->about(out, &source, form));
done:
    lar_source_clear(&source);
    return status;
}

lar_status lar_image_read_header_form(lar_image_about *out, const char *path, int form)
{
    return read_header(out, path, form, NULL);
}

lar_status lar_image_files(lar_seen *out, const char *path)
{
    lar_image_about about;
    lar_status status = LAR_OK;
    *out = (lar_seen){ 0 };
    /* a series is all that is in its folder, and takes a while to look into */
    out->series = !lar_path_is_folder(path) && lar_dicom_is(path);
    if (!lar_path_is_folder(path) && !out->series) {
        status = read_header(&about, path, LAR_FORM_AUTO, out);
        lar_image_about_clear(&about);
    }
    return status == LAR_OK ? lar_seen_finish(out, path) : status;
}

lar_status lar_image_read_header(lar_image_about *out, const char *path)
{
    return lar_image_read_header_form(out, path, LAR_FORM_AUTO);
}

lar_status lar_image_write_with(const lar_image *image, const char *path,
                                const lar_write_params *params)
{
    const lar_format *format = format_of_name(path);
    if (format && format->write) return format->write(image, path, params);
    if (format)
        return lar_fail(LAR_EUNSUPPORTED, "cannot write '%s': larmor reads %s, but writes none",
                        path, format->name);
    lar_text list = { 0 };
    for (const lar_format *const *f = lar_formats; *f; f++)
        for (const char *const *s = (*f)->suffixes; *s && (*f)->write; s++)
            lar_text_add(&list, " %s", *s);
    const lar_status status =
        lar_fail(LAR_EARGUMENT, "cannot tell the format of '%s' from its name, expected one of%s",
                 path, lar_text_get(&list));
    lar_text_clear(&list);
    return status;
}

lar_status lar_image_write(const lar_image *image, const char *path, bool force)
{
    const lar_write_params params = { .force = force };
    return lar_image_write_with(image, path, &params);
}
