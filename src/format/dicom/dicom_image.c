/* DICOM where one image is asked for: a folder that holds one series, or a single file.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/dicom/dicom.h"

static bool dicom_sniff(const lar_source *source)
{
    return source->head_count >= 132 && memcmp(source->head + 128, "DICM", 4) == 0;
}

static lar_status too_many(const lar_dicom *dicom, const char *path)
{
    lar_text names = { 0 };
    for (int64_t n = 0; n < dicom->count && n < 12; n++)
        lar_text_add(&names, "%s%s", n ? ", " : "", dicom->series[n].name);
    if (dicom->count > 12) lar_text_add(&names, " ...");
    const lar_status status =
        lar_fail(LAR_EARGUMENT, "'%s' holds %lld images, one was expected: %s", path,
                 (long long)dicom->count, lar_text_get(&names));
    lar_text_clear(&names);
    return lar_hint(status, "larmor convert %s -o FOLDER, and take one of those", path);
}

/* One file of a series that has more. */
static lar_status say_alone(lar_image_about *about, const char *path)
{
    lar_status status = LAR_OK;
    lar_arena *arena = NULL;
    lar_dicom_table all, one;
    int64_t others = 0;

    LAR_TRY(lar_arena_new(&arena));
    const char *folder = lar_path_folder(arena, path);
    if (!folder) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_dicom_list(&one, path, arena));
    LAR_TRY(lar_dicom_list(&all, folder, arena));
    for (int64_t n = 0; n < all.count && one.files[0].known; n++)
        others +=
            all.files[n].known && lar_text_is(all.files[n].tags.series, one.files[0].tags.series);
    if (others > 1)
        lar_text_add(&about->warnings,
                     "it is one of %lld files of its series; name its folder to read them all\n",
                     (long long)others);
done:
    lar_arena_free(arena);
    return status;
}

lar_status lar_dicom_series_read(lar_image **out, lar_image_about *about,
                                 const lar_dicom_series *series, const char *path, int form)
{
    lar_text_add(&about->warnings, "%s", series->warnings);
    const lar_status status = lar_about_adopt(out, about, series->file, path, form);
    if (status != LAR_OK) return status;
    about->format = "DICOM";
    about->affine_from = "slice positions";
    return LAR_OK;
}

lar_status lar_dicom_image(lar_image **out, lar_image_about *about, const char *path, int form)
{
    lar_status status = LAR_OK;
    lar_dicom *dicom = NULL;

    LAR_TRY(lar_dicom_open(&dicom, path, NULL));
    if (dicom->count > 1) {
        status = too_many(dicom, path);
        goto done;
    }
    for (const char *line = dicom->failures; *line; line += strcspn(line, "\n") + 1)
        lar_text_add(&about->warnings, "no image of %.*s\n", (int)strcspn(line, "\n"), line);
    LAR_TRY(lar_dicom_series_read(out, about, &dicom->series[0], path, form));
    if (!lar_path_is_folder(path)) LAR_TRY(say_alone(about, path));
done:
    lar_dicom_free(dicom);
    return status;
}

static lar_status dicom_read(lar_image **out, lar_image_about *about, lar_source *source, int form)
{
    if (source->alone || source->gzip)
        return lar_fail(LAR_EUNSUPPORTED, "'%s' is DICOM, which is read from plain files alone",
                        source->path);
    return lar_dicom_image(out, about, source->path, form);
}

static lar_status dicom_about(lar_image_about *about, lar_source *source, int form)
{
    return dicom_read(NULL, about, source, form);
}

static const char *const suffixes[] = { ".dcm", ".ima", ".IMA", NULL };

const lar_format lar_format_dicom = {
    .name = "DICOM",
    .suffixes = suffixes,
    .sniff = dicom_sniff,
    .about = dicom_about,
    .read = dicom_read,
};
