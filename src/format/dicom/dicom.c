/* DICOM: every series of a folder through dcm2niix, each in a process apart; what comes back is
 * checked against the headers of its files, cleaned of the patient, and named.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/dicom/dicom.h"

#include <jansson.h>

enum { MOST_RESULTS = 4096 };

/* What belongs to an open folder. */
struct lar_dicom_parts {
    lar_arena *arena;
    lar_text folder, failures;
    int64_t room;
};

typedef struct opening {
    lar_dicom *dicom;
    lar_arena *arena;
    lar_dicom_params params;
    const char *path;
    int64_t strange; /* files that may have been slices */
} opening;

/* ---- one series -------------------------------------------------------------------------- */

static lar_dicom_series *new_series(opening *o)
{
    lar_dicom *d = o->dicom;
    if (d->count == d->parts->room) {
        const int64_t room = d->parts->room ? 2 * d->parts->room : 16;
        lar_dicom_series *grown = lar_arena_take(o->arena, room, sizeof *grown);
        if (!grown) return NULL;
        if (d->count) memcpy(grown, d->series, (size_t)d->count * sizeof *grown);
        d->series = grown;
        d->parts->room = room;
    }
    return &d->series[d->count];
}

/* One file that dcm2niix made: "s_e1.nii" is `stem` "s_e1". */
static lar_status take_result(opening *o, const char *folder, const char *stem,
                              const lar_dicom_file *files, int64_t count, const char *printed,
                              int64_t *slices)
{
    lar_status status = LAR_OK;
    lar_text warnings = { 0 };
    json_t *facts = NULL;
    lar_dicom_series *s = new_series(o);
    const char *file = lar_arena_format(o->arena, "%s/%s.nii", folder, stem);
    const char *sidecar = lar_arena_format(o->arena, "%s/%s.json", folder, stem);
    int64_t dropped, here = 0;

    if (!s || !file || !sidecar) return LAR_EMEMORY;
    LAR_TRY(lar_dicom_facts(&facts, &dropped, sidecar, o->params.patient));
    if (dropped < 0)
        lar_text_add(&warnings, "what dcm2niix says of it cannot be read, and is left out\n");
    if (o->strange)
        lar_text_add(&warnings, "%lld of the files beside it are named as DICOM, but are not\n",
                     (long long)o->strange);
    LAR_TRY(lar_dicom_settle(&here, &warnings, file, files, count, o->params.correct, o->arena));
    lar_dicom_say(&warnings, printed);
    *slices += here;
    const int64_t number = files[0].known
                               ? files[0].tags.number
                               : json_integer_value(json_object_get(facts, "SeriesNumber"));
    *s = (lar_dicom_series){ .file = file, .facts = facts, .dropped = dropped };
    s->name = lar_dicom_name(o->dicom, number, facts, stem + 1, o->arena);
    s->warnings = lar_arena_text(o->arena, lar_text_get(&warnings), warnings.length);
    if (!s->name || !s->warnings) {
        status = LAR_EMEMORY;
        goto done;
    }
    o->dicom->count++;
    facts = NULL;
done:
    lar_text_clear(&warnings);
    json_decref(facts);
    return status;
}

/* dcm2niix's own corrections, which end in these, are left: ours start from the slices' places. */
static bool is_corrected(const char *stem)
{
    return strstr(stem, "_Tilt") || strstr(stem, "_Eq");
}

static bool is_image_name(const char *name)
{
    return lar_text_starts(name, "s") && lar_text_ends(name, ".nii");
}

/* A word where slices of the series are in none of its images. */
static void say_lost(opening *o, int64_t first, const lar_dicom_file *files, int64_t count,
                     int64_t slices)
{
    int64_t frames = 0;
    for (int64_t n = 0; n < count; n++) frames += files[n].known ? files[n].tags.frames : 1;
    if (slices >= frames) return; /* a mosaic has more */
    for (int64_t n = first; n < o->dicom->count; n++) {
        lar_dicom_series *s = &o->dicom->series[n];
        const char *more =
            lar_arena_format(o->arena, "%s%lld of the series' %lld slices are in no image\n",
                             s->warnings, (long long)(frames - slices), (long long)frames);
        if (more) s->warnings = more;
    }
}

/* What dcm2niix would not notice. */
static lar_status check_files(const lar_dicom_file *files, int64_t count)
{
    for (int64_t n = 0; n < count; n++) {
        if (!files[n].known) continue;
        if (files[n].tags.packed_at && files[n].tags.frames > 1)
            return lar_fail(LAR_EFORMAT,
                            "'%s' holds %lld compressed frames, which dcm2niix does not read "
                            "rightly; to be decompressed first, as gdcmconv --raw does",
                            lar_path_name(files[n].path), (long long)files[n].tags.frames);
        if (files[n].tags.end <= files[n].bytes && !files[n].tags.pixels)
            return lar_fail(LAR_EFORMAT, "'%s' is cut short: it ends before its image",
                            lar_path_name(files[n].path));
        if (files[n].tags.end > files[n].bytes)
            return lar_fail(LAR_EFORMAT,
                            "'%s' is too short: it has %llu bytes, its header describes %llu",
                            lar_path_name(files[n].path), (unsigned long long)files[n].bytes,
                            (unsigned long long)files[n].tags.end);
    }
    return LAR_OK;
}

static lar_status convert_series(opening *o, const lar_dicom_file *files, int64_t count, int64_t n)
{
    lar_status status = LAR_OK;
    lar_text printed = { 0 };
    lar_texts names;
    const int64_t first = o->dicom->count;
    int64_t slices = 0, skipped = 0;
    const char *folder =
        lar_arena_format(o->arena, "%s/%lld", lar_text_get(&o->dicom->parts->folder), (long long)n);
    const char *out = folder ? lar_path_join(o->arena, folder, "out") : NULL;

    if (!out) return LAR_EMEMORY;
    LAR_TRY(check_files(files, count));
    LAR_TRY(lar_folder_make(folder));
    LAR_TRY(lar_dicom_run(&printed, files, count, folder, &o->params, o->arena));
    LAR_TRY(lar_folder_list(&names, out, o->arena));
    for (int64_t f = 0; f < names.count; f++) {
        if (!is_image_name(names.at[f]) || f > MOST_RESULTS) continue;
        const char *stem = lar_arena_text(o->arena, names.at[f], strlen(names.at[f]) - 4);
        if (!stem) {
            status = LAR_EMEMORY;
            goto done;
        }
        if (is_corrected(stem))
            skipped++;
        else
            LAR_TRY(take_result(o, out, stem, files, count, lar_text_get(&printed), &slices));
    }
    if (o->dicom->count == first)
        status = lar_fail(LAR_EFORMAT, "'dcm2niix' made no image of it%s",
                          skipped ? ", but corrected ones" : "");
    else
        say_lost(o, first, files, count, slices);
done:
    lar_text_clear(&printed);
    return status;
}

/* Failures that the next series would meet, too. */
static bool is_general(lar_status status)
{
    return status == LAR_EMEMORY || status == LAR_ESTOPPED || status == LAR_EUNSUPPORTED ||
           status == LAR_EIO || status == LAR_EEXISTS;
}

static lar_status convert_all(opening *o, const lar_dicom_table *table)
{
    lar_status status = LAR_OK;
    lar_dicom *d = o->dicom;
    int64_t group = 0;
    for (int64_t begin = 0, end; begin < table->count; begin = end) {
        const lar_dicom_file *first = &table->files[begin];
        for (end = begin + 1; end < table->count && first->known == table->files[end].known &&
                              lar_text_is(first->tags.series, table->files[end].tags.series);)
            end++;
        status = convert_series(o, first, end - begin, group++);
        if (is_general(status)) return status;
        if (status == LAR_OK) continue;
        d->failed++;
        lar_text_add(&d->parts->failures, "series %lld (%lld file%s): %s\n",
                     (long long)first->tags.number, (long long)(end - begin),
                     end - begin == 1 ? "" : "s", lar_error());
    }
    if (d->count) {
        qsort(d->series, (size_t)d->count, sizeof *d->series, lar_dicom_compare);
        return LAR_OK;
    }
    if (d->failed > 1)
        return lar_fail(LAR_EFORMAT, "none of the %lld series in '%s' gives an image: %.500s",
                        (long long)d->failed, o->path, lar_text_get(&d->parts->failures));
    return lar_while(status, "'%s' is not read as DICOM", o->path);
}

lar_status lar_dicom_open(lar_dicom **out, const char *path, const lar_dicom_params *params)
{
    lar_status status = LAR_OK;
    lar_dicom_table table;
    lar_text program = { 0 };
    lar_dicom *d = lar_alloc(1, sizeof *d);
    opening o = { .dicom = d, .path = path };

    *out = NULL;
    if (!d) return LAR_EMEMORY;
    if (params) o.params = *params;
    d->parts = lar_alloc(1, sizeof *d->parts);
    if (!d->parts) {
        status = LAR_EMEMORY;
        goto done;
    }
    LAR_TRY(lar_arena_new(&d->parts->arena));
    o.arena = d->parts->arena;
    LAR_TRY(lar_dicom_list(&table, path, o.arena));
    o.strange = table.strange;
    LAR_TRY(lar_dicom_program(&program));
    LAR_TRY(lar_folder_private(&d->parts->folder));
    LAR_TRY(convert_all(&o, &table));
    d->failures = lar_text_get(&d->parts->failures);
    *out = d;
    d = NULL;
done:
    lar_text_clear(&program);
    lar_dicom_free(d);
    return status;
}

void lar_dicom_free(lar_dicom *dicom)
{
    if (!dicom) return;
    for (int64_t n = 0; n < dicom->count; n++) json_decref(dicom->series[n].facts);
    if (dicom->parts) {
        if (dicom->parts->folder.length) lar_folder_remove(lar_text_get(&dicom->parts->folder));
        lar_text_clear(&dicom->parts->folder);
        lar_text_clear(&dicom->parts->failures);
        lar_arena_free(dicom->parts->arena);
    }
    lar_free(dicom->parts);
    lar_free(dicom);
}
